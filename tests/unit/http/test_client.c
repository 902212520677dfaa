/* http/client.h: what works, on one connection and on several. */
#include <stdio.h>
#include <unistd.h>
#include "env.h"

static void gets_and_measures(void **state)
{
    (void) state;
    static const char first[] = "HTTP/1.1 200 Fine\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhe";
    static const mini_script script = {{REQUEST, PAUSE(20), SEND(first), PAUSE(20), SEND("llo"), WAIT}};
    env e;
    call c;
    env_init(&e, &script, 1);
    call_get(&c, &e, "/a?b#c");
    assert_ok(&c, 200);
    assert_body(&c, "hello");
    assert_true(br_str_is(br_http_response_reason(&c.response), "Fine"));
    assert_true(br_str_is(br_http_response_header(&c.response, BR_STR("x-a")), "b"));
    assert_int_equal(c.response.http_minor, 1);
    assert_string_equal(c.response.remote_ip, "127.0.0.1");
    assert_int_equal(c.response.remote_port, mini_server_port(e.server));
    assert_false(c.response.reused);
    br_http_phases p = br_http_response_phases(&c.response);
    assert_true(p.waiting >= 15 * BR_MS && p.waiting + p.receiving >= 30 * BR_MS); /* it may be read late */
    assert_true(p.connecting > 0 && p.blocked >= p.connecting && p.sending > 0);
    char sent[512];
    mini_server_last_request(e.server, sent, sizeof(sent));
    char want[512];
    snprintf(
        want, sizeof(want), "GET /a?b HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n", mini_server_port(e.server));
    assert_string_equal(sent, want);
    assert_int_equal(c.response.sent_bytes, strlen(want));
    assert_int_equal(c.response.received_bytes, sizeof(first) - 1 + 3);
    const br_http_totals *t = br_http_client_totals(e.client);
    assert_int_equal(t->sent_bytes, strlen(want));
    assert_int_equal(t->received_bytes, sizeof(first) - 1 + 3);
    assert_int_equal(t->requests, 1);
    assert_int_equal(t->connections_opened, 1);
    call_deinit(&c);
    env_deinit(&e);
}

static void reuses_its_connection(void **state)
{
    (void) state;
    static const mini_script script = {{REQUEST, SEND(HELLO), AGAIN}};
    env e;
    call c;
    env_init(&e, &script, 1);
    call_get(&c, &e, "/");
    for (int i = 0; i < 10; i++) {
        call_run(&c);
        assert_ok(&c, 200);
        assert_body(&c, "hello");
        assert_true(c.response.reused);
        assert_string_equal(c.response.remote_ip, "127.0.0.1");
        br_http_phases p = br_http_response_phases(&c.response);
        assert_int_equal(p.connecting, 0);
        assert_int_equal(p.blocked, 0);
        assert_int_equal(c.response.times.connect_start, 0);
    }
    assert_int_equal(mini_server_connections(e.server), 1);
    br_http_client_close_idle(e.client);
    call_run(&c);
    assert_ok(&c, 200);
    assert_int_equal(mini_server_connections(e.server), 2);
    call_deinit(&c);
    env_deinit(&e);
}

static void sends_headers_in_order(void **state)
{
    (void) state;
    static const mini_script script = {{REQUEST, SEND(HELLO), AGAIN}};
    static const br_http_header headers[] = {
        {BR_STR_INIT("User-Agent"), BR_STR_INIT("ua/1")},
        {BR_STR_INIT("Content-Length"), BR_STR_INIT("4")},
        {BR_STR_INIT("x-b"), BR_STR_INIT("2\t\xc3\xa9")},
        {BR_STR_INIT("A"), BR_STR_INIT("")},
    };
    env e;
    call c;
    char sent[512];
    env_init(&e, &script, 1);
    e.config.no_reuse = true;
    call_init(&c, &e, "POST", "/p q");
    c.request.headers = headers;
    c.request.header_count = 4;
    c.request.body = BR_STR("body");
    c.request.host = BR_STR("elsewhere.test");
    call_run(&c);
    assert_ok(&c, 200);
    mini_server_last_request(e.server, sent, sizeof(sent));
    assert_string_equal(sent,
        "POST /p%20q HTTP/1.1\r\nHost: elsewhere.test\r\nUser-Agent: ua/1\r\nConnection: close\r\n"
        "Content-Length: 4\r\nx-b: 2\t\xc3\xa9\r\nA: \r\n\r\nbody");
    call_run(&c);
    assert_false(c.response.reused);
    assert_int_equal(mini_server_connections(e.server), 2);
    call_deinit(&c);
    env_deinit(&e);
}

/* As k6, whose transport sets no time for it: the body goes at once, and the server's word is passed over. */
static void does_not_wait_for_100_continue(void **state)
{
    (void) state;
    static const mini_script script = {
        {REQUEST, SEND("HTTP/1.1 100 Continue\r\n\r\n"), PAUSE(20), SEND(HELLO), AGAIN}};
    static const br_http_header headers[] = {{BR_STR_INIT("Content-Length"), BR_STR_INIT("4")},
        {BR_STR_INIT("Expect"), BR_STR_INIT("100-continue")}};
    env e;
    call c;
    char sent[512];
    env_init(&e, &script, 1);
    call_init(&c, &e, "POST", "/");
    c.request.headers = headers;
    c.request.header_count = 2;
    c.request.body = BR_STR("body");
    for (int i = 0; i < 2; i++) { /* the server says nothing before it has the whole body */
        call_run(&c);
        assert_ok(&c, 200);
        assert_body(&c, "hello");
        assert_int_equal(c.response.fields.len, 1);
    }
    mini_server_last_request(e.server, sent, sizeof(sent));
    assert_non_null(strstr(sent, "\r\nExpect: 100-continue\r\n\r\nbody"));
    assert_int_equal(mini_server_connections(e.server), 1);
    call_deinit(&c);
    env_deinit(&e);
}

/* A final answer before the body is sent: it counts, and the connection, with half a request on it, does not.
 */
static void an_answer_before_the_body(void **state)
{
    (void) state;
    static const mini_script script = {
        {SEND("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"), WAIT}};
    static const size_t size = 64 << 20; /* more than the system takes from us */
    char *body = calloc(1, size), length[32];
    snprintf(length, sizeof(length), "%zu", size);
    br_http_header headers[] = {
        {BR_STR("Content-Length"), br_str_of(length)}, {BR_STR("Expect"), BR_STR("100-continue")}};
    env e;
    call c;
    env_init(&e, &script, 1);
    call_init(&c, &e, "PUT", "/");
    c.request.headers = headers;
    c.request.header_count = 2;
    c.request.body = (br_str){body, size};
    for (unsigned i = 1; i <= 2; i++) {
        call_run(&c);
        assert_int_equal(c.done, i);
        assert_int_equal(c.response.error.code, BR_OK);
        assert_int_equal(c.response.status, 417);
        assert_int_equal(mini_server_connections(e.server), i);
    }
    call_deinit(&c);
    env_deinit(&e);
    free(body);
}

static void sends_large_bodies(void **state)
{
    (void) state;
    static const mini_script script = {{PAUSE(20), REQUEST, SEND(HELLO), AGAIN}};
    static const size_t size = 12 << 20;
    char *body = calloc(1, size), length[32];
    snprintf(length, sizeof(length), "%zu", size);
    env e;
    call c;
    env_init(&e, &script, 1);
    call_init(&c, &e, "PUT", "/");
    br_http_header header = {BR_STR("Content-Length"), br_str_of(length)};
    c.request.headers = &header;
    c.request.header_count = 1;
    c.request.body = (br_str){body, size};
    for (int i = 0; i < 2; i++) {
        call_run(&c);
        assert_ok(&c, 200);
        assert_true(c.response.sent_bytes > size);
        assert_true(c.response.times.sent > c.response.times.ready);
    }
    assert_true(c.response.reused);
    call_deinit(&c);
    env_deinit(&e);
    free(body);
}

static void understands_all_kinds_of_bodies(void **state)
{
    (void) state;
    static const mini_script scripts[] = {
        {{REQUEST,
            DRIP("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "3\r\nhel\r\n2\r\nlo\r\n0\r\nX: y\r\n\r\n"),
            WAIT}},
        {{REQUEST, DRIP("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" HELLO), WAIT}},
        {{REQUEST, SEND("HTTP/1.1 200 OK\r\n\r\nhel"), PAUSE(5), SEND("lo")}},
        {{REQUEST, SEND("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"), WAIT}},
        {{REQUEST, SEND("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"), WAIT}},
    };
    static const bool reuse[] = {true, true, false, false, false};
    for (size_t i = 0; i < BR_COUNT_OF(scripts); i++) {
        env e;
        call c;
        env_init(&e, &scripts[i], 1);
        call_get(&c, &e, "/");
        assert_ok(&c, 200);
        assert_body(&c, "hello");
        assert_int_equal(c.response.fields.len, i == 2 ? 0 : i == 4 ? 2 : 1);
        call_start(&c);
        assert_int_equal(c.response.reused, reuse[i]);
        br_http_cancel(&c.exchange);
        call_deinit(&c);
        env_deinit(&e);
    }
}

static void answers_without_body(void **state)
{
    (void) state;
    static const mini_script script = {
        {REQUEST, SEND("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n"), /* to HEAD */
            REQUEST, SEND("HTTP/1.1 204 No Content\r\n\r\n"), REQUEST,
            SEND("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), REQUEST, SEND(HELLO), WAIT}};
    env e;
    call c;
    env_init(&e, &script, 1);
    call_init(&c, &e, "HEAD", "/");
    call_run(&c);
    assert_ok(&c, 200);
    assert_body(&c, "");
    c.request.method = BR_STR("GET");
    call_run(&c);
    assert_ok(&c, 204);
    call_run(&c);
    assert_ok(&c, 304);
    assert_body(&c, "");
    call_run(&c);
    assert_body(&c, "hello");
    assert_int_equal(mini_server_connections(e.server), 1);
    call_deinit(&c);
    env_deinit(&e);
}

static void drops_bodies_on_request(void **state)
{
    (void) state;
    static const mini_script script = {
        {REQUEST, SEND("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n"), FILL(300000), AGAIN}};
    env e;
    call c;
    env_init(&e, &script, 1);
    e.config.max_body_bytes = 1000; /* of kept ones */
    call_init(&c, &e, "GET", "/");
    c.request.drop_body = true;
    call_run(&c);
    assert_ok(&c, 200);
    assert_int_equal(c.response.body.len, 0);
    assert_int_equal(c.response.body_bytes, 300000);
    call_run(&c);
    assert_true(c.response.reused);
    call_deinit(&c);
    env_deinit(&e);
}

static void surplus_bytes_end_a_connection(void **state)
{
    (void) state;
    static const mini_script scripts[] = {
        {{REQUEST, SEND(HELLO "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad"),
            WAIT}},                                           /* with the answer */
        {{REQUEST, SEND(HELLO), PAUSE(10), SEND("x"), WAIT}}, /* later, while idle */
        {{REQUEST, SEND(HELLO), AGAIN}},
    };
    env e;
    call c;
    env_init(&e, scripts, 3);
    call_get(&c, &e, "/");
    assert_body(&c, "hello");
    call_run(&c);
    assert_false(c.response.reused);
    assert_body(&c, "hello");
    usleep(30000);
    call pause; /* something for the loop to do meanwhile */
    call_to(&pause, &e, "GET", "http://nobody.invalid/");
    call_run(&pause);
    call_run(&c);
    assert_ok(&c, 200);
    assert_body(&c, "hello");
    assert_false(c.response.reused);
    assert_int_equal(mini_server_connections(e.server), 3);
    call_deinit(&pause);
    call_deinit(&c);
    env_deinit(&e);
}

static void repeats_what_may_be_repeated(void **state)
{
    (void) state;
    static const mini_script scripts[] = {
        {{REQUEST, SEND(HELLO), REQUEST, RESET}}, /* dies under the second request */
        {{REQUEST, SEND(HELLO), REQUEST, {.op = MINI_END}}},
        {{REQUEST, SEND(HELLO), AGAIN}},
    };
    env e;
    call c;
    env_init(&e, scripts, 3);
    call_get(&c, &e, "/");
    for (unsigned i = 2; i <= 3; i++) {
        call_run(&c);
        assert_ok(&c, 200);
        assert_body(&c, "hello");
        assert_false(c.response.reused);
        assert_true(br_http_response_phases(&c.response).connecting > 0);
        assert_int_equal(mini_server_connections(e.server), i);
    }
    call_deinit(&c);
    env_deinit(&e);
}

static void keeps_connections_within_limits(void **state)
{
    (void) state;
    static const mini_script script = {{REQUEST, PAUSE(10), SEND(HELLO), AGAIN}};
    env e;
    call calls[5];
    env_init(&e, &script, 1);
    e.config.max_idle_per_host = 3;
    for (int i = 0; i < 5; i++) {
        call_init(&calls[i], &e, "GET", "/");
        call_start(&calls[i]);
    }
    br_loop_run(e.loop);
    assert_int_equal(mini_server_connections(e.server), 5);
    int reused = 0;
    for (int i = 0; i < 5; i++)
        call_start(&calls[i]);
    br_loop_run(e.loop);
    for (int i = 0; i < 5; i++) {
        assert_ok(&calls[i], 200);
        reused += calls[i].response.reused;
    }
    assert_int_equal(reused, 3);
    e.config.max_idle = 2; /* in all */
    env_restart_client(&e);
    for (int i = 0; i < 5; i++)
        call_start(&calls[i]);
    br_loop_run(e.loop);
    reused = 0;
    for (int i = 0; i < 5; i++)
        call_start(&calls[i]);
    br_loop_run(e.loop);
    for (int i = 0; i < 5; i++) {
        reused += calls[i].response.reused;
        call_deinit(&calls[i]);
    }
    assert_int_equal(reused, 2);
    env_deinit(&e);
}

static void a_name_is_looked_up(void **state)
{
    (void) state;
    static const mini_script script = {{REQUEST, SEND(HELLO), AGAIN}};
    env e;
    call c;
    char url[64];
    env_init(&e, &script, 1);
    snprintf(url, sizeof(url), "http://localhost:%u/", mini_server_port(e.server));
    call_to(&c, &e, "GET", url);
    call_run(&c);
    assert_ok(&c, 200);
    call_deinit(&c);
    call_get(&c, &e, "/"); /* the same address by another name is another origin */
    assert_false(c.response.reused);
    call_deinit(&c);
    env_deinit(&e);
}

/* on_done may start the next exchange, and free the client after the last. */
typedef struct chain {
    call call;
    int left;
} chain;

static void next_in_chain(br_http_exchange *x, void *ctx)
{
    chain *c = ctx;
    env *e = c->call.env;
    assert_int_equal(c->call.response.error.code, BR_OK);
    if (--c->left > 0) {
        br_http_start(e->client, x, &c->call.request, &c->call.response, next_in_chain, c);
        return;
    }
    br_http_client_free(e->client);
    e->client = NULL;
    br_loop_stop(e->loop);
}

static void goes_on_inside_on_done(void **state)
{
    (void) state;
    static const mini_script script = {{REQUEST, SEND(HELLO), AGAIN}};
    env e;
    chain c = {.left = 50};
    env_init(&e, &script, 1);
    call_init(&c.call, &e, "GET", "/");
    br_http_start(env_client(&e), &c.call.exchange, &c.call.request, &c.call.response, next_in_chain, &c);
    br_loop_run(e.loop);
    assert_int_equal(c.left, 0);
    assert_int_equal(mini_server_connections(e.server), 1);
    call_deinit(&c.call);
    env_deinit(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gets_and_measures),
        cmocka_unit_test(reuses_its_connection),
        cmocka_unit_test(sends_headers_in_order),
        cmocka_unit_test(does_not_wait_for_100_continue),
        cmocka_unit_test(an_answer_before_the_body),
        cmocka_unit_test(sends_large_bodies),
        cmocka_unit_test(understands_all_kinds_of_bodies),
        cmocka_unit_test(answers_without_body),
        cmocka_unit_test(drops_bodies_on_request),
        cmocka_unit_test(surplus_bytes_end_a_connection),
        cmocka_unit_test(repeats_what_may_be_repeated),
        cmocka_unit_test(keeps_connections_within_limits),
        cmocka_unit_test(a_name_is_looked_up),
        cmocka_unit_test(goes_on_inside_on_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
