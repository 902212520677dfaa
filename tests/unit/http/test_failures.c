/* http/client.h: everything that goes wrong, in k6's words. */
#include <stdio.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include "env.h"

#define BROKEN "net/http: HTTP/1.x transport connection broken: "

typedef struct failure {
    mini_script script;
    br_code code;
    int k6_code;
    const char *text;
    int status; /* what was read of the answer stays */
    const char *body;
} failure;

static void run_failures(const failure *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        env e;
        call c;
        env_init(&e, &cases[i].script, 1);
        e.config.max_head_bytes = 100000;
        e.config.max_body_bytes = 50000;
        call_get(&c, &e, "/");
        assert_failed(&c, cases[i].code, cases[i].k6_code, cases[i].text);
        assert_int_equal(c.response.status, cases[i].status);
        if (cases[i].body != NULL) assert_body(&c, cases[i].body);
        assert_true(c.response.times.end >= c.response.times.start);
        call_start(&c); /* whatever it was, the connection is not used again */
        assert_false(c.response.reused);
        br_http_cancel(&c.exchange);
        call_deinit(&c);
        env_deinit(&e);
    }
}

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static void cut_off(void **state)
{
    (void) state;
    static const failure cases[] = {
        {{{REQUEST, {.op = MINI_END}}}, BR_EOF, 1000, "EOF", 0, ""},
        {{{REQUEST, RESET}}, BR_ERESET, 1220, "read: connection reset by peer", 0, ""},
        {{{REQUEST, SEND("HTTP/1.1 20")}}, BR_EOF, 1000, BROKEN "unexpected EOF", 0, ""},
        {{{REQUEST, SEND("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")}}, BR_EOF, 1000,
            "unexpected EOF", 200, "hello"},
        {{{REQUEST, SEND("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"), PAUSE(20), RESET}}, BR_ERESET,
            1220, "read: connection reset by peer", 200, "hello"},
        {{{REQUEST, SEND(CHUNKED "5\r\nhello\r\n")}}, BR_EOF, 1000, "unexpected EOF", 200, "hello"},
    };
    run_failures(cases, BR_COUNT_OF(cases));
}

static void malformed(void **state)
{
    (void) state;
    static const failure cases[] = {
        {{{REQUEST, SEND("this is no http answer\r\n\r\n"), WAIT}}, BR_EPROTO, 1000,
            BROKEN "malformed HTTP status code \"is\"", 0, ""},
        {{{REQUEST, SEND("garbage\r\n"), WAIT}}, BR_EPROTO, 1000,
            BROKEN "malformed HTTP response \"garbage\"", 0, ""},
        {{{REQUEST, SEND("HTTP/1.1 200 OK\r\nbad line\r\n\r\n"), WAIT}}, BR_EPROTO, 1000,
            BROKEN "malformed MIME header line: bad line", 0, ""},
        {{{REQUEST, SEND(CHUNKED "5\r\nhello\r\nxyz\r\n"), WAIT}}, BR_EPROTO, 1000,
            "invalid byte in chunk length", 200, "hello"},
        {{{REQUEST, SEND("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nxx"),
             WAIT}},
            BR_EPROTO, 1000, "unsupported response status: 101 Switching Protocols", 101, ""},
    };
    run_failures(cases, BR_COUNT_OF(cases));
}

static void over_a_limit(void **state)
{
    (void) state;
    static const failure cases[] = {
        {{{REQUEST, SEND("HTTP/1.1 200 OK\r\nX: "), FILL(1 << 20), SEND("\r\n\r\n"), WAIT}}, BR_ELIMIT, 1000,
            "net/http: server response headers exceeded 100000 bytes; aborted", 0, ""},
        {{{REQUEST, SEND("HTTP/1.1 200 OK\r\nContent-Length: 50001\r\n\r\n"), FILL(50001), WAIT}}, BR_ELIMIT,
            1000, "response body exceeds the limit of 50000 bytes; --max-body raises it", 200, ""},
        {{{REQUEST, SEND(CHUNKED "f4240\r\n"), FILL(1000000), WAIT}}, BR_ELIMIT, 1000,
            "response body exceeds the limit of 50000 bytes; --max-body raises it", 200, NULL},
        {{{REQUEST, SEND("HTTP/1.1 200 OK\r\n\r\n"), FILL(100000), WAIT}}, BR_ELIMIT, 1000,
            "response body exceeds the limit of 50000 bytes; --max-body raises it", 200, NULL},
    };
    run_failures(cases, BR_COUNT_OF(cases));
}

static void too_many_fields(void **state)
{
    (void) state;
    br_buf answer;
    br_buf_init(&answer, BR_BUF_NO_LIMIT);
    assert_int_equal(br_buf_puts(&answer, "HTTP/1.1 200 OK\r\n"), BR_OK);
    for (int i = 0; i < 1001; i++) {
        assert_int_equal(br_buf_printf(&answer, "A%d: b\r\n", i), BR_OK);
    }
    assert_int_equal(br_buf_puts(&answer, "\r\n"), BR_OK);
    failure f = {{{REQUEST, SEND(answer.data), WAIT}}, BR_ELIMIT, 1000,
        "response has more than 1000 header fields", 0, ""};
    run_failures(&f, 1);
    br_buf_deinit(&answer);
}

static void refused_by_the_peer(void **state)
{
    (void) state;
    env e;
    call c;
    char url[64], raw[128];
    int fd;
    uint16_t port = mini_closed_port(&fd);
    env_init(&e, NULL, 0);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/gone", port);
    snprintf(raw, sizeof(raw), "dial tcp 127.0.0.1:%u: connect: connection refused", port);
    call_to(&c, &e, "GET", url);
    call_run(&c);
    assert_failed(&c, BR_EREFUSED, 1212, "dial: connection refused");
    assert_string_equal(c.response.error.raw, raw);
    assert_int_equal(c.response.error.step, BR_STEP_DIAL);
    assert_string_equal(c.response.remote_ip, "");
    assert_int_equal(br_http_response_phases(&c.response).blocked, 0);
    call_deinit(&c);
    env_deinit(&e);
    mini_closed_port_free(fd);
}

/* A listener with its queue full drops connection requests: the dial neither fails nor ends. */
typedef struct deaf {
    int listener, fill[4];
    char url[64];
} deaf;

static void deaf_init(deaf *d)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(a);
    d->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(d->listener, (struct sockaddr *) &a, size), 0);
    assert_int_equal(getsockname(d->listener, (struct sockaddr *) &a, &size), 0);
    assert_int_equal(listen(d->listener, 0), 0);
    for (int i = 0; i < 4; i++) {
        d->fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void) connect(d->fill[i], (struct sockaddr *) &a, size);
    }
    usleep(10000);
    snprintf(d->url, sizeof(d->url), "http://127.0.0.1:%u/", ntohs(a.sin_port));
}

static void deaf_deinit(deaf *d)
{
    for (int i = 0; i < 4; i++)
        close(d->fill[i]);
    close(d->listener);
}

static void dialling_takes_too_long(void **state)
{
    (void) state;
    env e;
    call c;
    deaf d;
    deaf_init(&d);
    env_init(&e, NULL, 0);
    e.config.connect_timeout_ns = 50 * BR_MS;
    call_to(&c, &e, "GET", d.url);
    call_run(&c);
    assert_failed(&c, BR_EDIALTIMEOUT, 1211, "dial: i/o timeout");
    e.config.connect_timeout_ns = 30 * BR_SEC;
    env_restart_client(&e);
    c.request.timeout_ns = 50 * BR_MS; /* the request's own time is over first */
    call_run(&c);
    assert_failed(&c, BR_ETIMEOUT, 1050, "request timeout");
    call_deinit(&c);
    env_deinit(&e);
    deaf_deinit(&d);
}

static void answers_take_too_long(void **state)
{
    (void) state;
    static const mini_script scripts[] = {
        {{REQUEST, WAIT}},
        {{REQUEST, SEND("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"), WAIT}},
    };
    static const char *const bodies[] = {"", "hello"};
    for (size_t i = 0; i < 2; i++) {
        env e;
        call c;
        env_init(&e, &scripts[i], 1);
        call_init(&c, &e, "GET", "/");
        c.request.timeout_ns = 60 * BR_MS;
        call_run(&c);
        assert_failed(&c, BR_ETIMEOUT, 1050, "request timeout");
        assert_body(&c, bodies[i]);
        br_ns took = c.response.times.end - c.response.times.start;
        assert_true(took >= 60 * BR_MS && took < 2 * BR_SEC);
        call_deinit(&c);
        env_deinit(&e);
    }
}

/* Several with different times: each ends at its own, although one timer serves all. */
static void timeouts_keep_their_order(void **state)
{
    (void) state;
    static const mini_script script = {{REQUEST, WAIT}};
    static const br_ns timeouts[] = {90 * BR_MS, 30 * BR_MS, 0, 60 * BR_MS, 30 * BR_MS};
    env e;
    call calls[5];
    env_init(&e, &script, 1);
    for (int i = 0; i < 5; i++) {
        call_init(&calls[i], &e, "GET", "/");
        calls[i].request.timeout_ns = timeouts[i];
        call_start(&calls[i]);
    }
    e.open--; /* the one without a time-out does not end */
    br_loop_run(e.loop);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(calls[i].done, i == 2 ? 0 : 1);
        br_ns took = calls[i].response.times.end - calls[i].response.times.start;
        if (i != 2) assert_true(took >= timeouts[i] && took < timeouts[i] + 25 * BR_MS * 10);
    }
    e.open++;
    br_http_cancel(&calls[2].exchange);
    assert_int_equal(calls[2].done, 1);
    for (int i = 0; i < 5; i++)
        call_deinit(&calls[i]);
    env_deinit(&e);
}

/* The timer of a finished exchange is left running and must harm nobody. */
static void an_old_timer_does_no_harm(void **state)
{
    (void) state;
    static const mini_script script = {{REQUEST, SEND(HELLO), REQUEST, PAUSE(120), SEND(HELLO), AGAIN}};
    env e;
    call c;
    env_init(&e, &script, 1);
    call_init(&c, &e, "GET", "/");
    c.request.timeout_ns = 60 * BR_MS;
    call_run(&c);
    assert_ok(&c, 200);
    c.request.timeout_ns = 10 * BR_SEC;
    call_run(&c);
    assert_ok(&c, 200);
    call_deinit(&c);
    env_deinit(&e);
}

static void cancel_now(br_timer *timer, void *ctx)
{
    (void) timer;
    call *c = ctx;
    br_http_cancel(&c->exchange);
}

static void cancelled_at_every_stage(void **state)
{
    (void) state;
    static const mini_script script = {
        {REQUEST, SEND("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"), WAIT}};
    env e;
    call c;
    deaf d;
    deaf_init(&d);
    env_init(&e, &script, 1);
    static const int delays_ms[] = {-1, 0, 30}; /* at once: looking up; next turn: dialling; in the body */
    for (size_t i = 0; i < 3; i++) {
        call_init(&c, &e, "GET", "/");
        call_start(&c);
        br_timer timer = {0};
        if (delays_ms[i] < 0) {
            br_http_cancel(&c.exchange);
        } else {
            br_timer_start(e.loop, &timer, br_loop_now(e.loop) + delays_ms[i] * BR_MS, cancel_now, &c);
        }
        br_loop_run(e.loop);
        assert_int_equal(c.done, 1);
        assert_failed(&c, BR_ECANCEL, 1000, "context canceled");
        br_http_cancel(&c.exchange); /* fine if not running */
        assert_int_equal(c.done, 1);
        call_deinit(&c);
    }
    call_to(&c, &e, "GET", d.url); /* while dialling */
    call_start(&c);
    br_timer timer = {0};
    br_timer_start(e.loop, &timer, br_loop_now(e.loop) + 20 * BR_MS, cancel_now, &c);
    br_loop_run(e.loop);
    assert_failed(&c, BR_ECANCEL, 1000, "context canceled");
    call_deinit(&c);
    call_to(&c, &e, "GET", "https://127.0.0.1/"); /* while its failure waits to be told */
    call_start(&c);
    br_http_cancel(&c.exchange);
    assert_int_equal(c.done, 1);
    call_deinit(&c);
    env_deinit(&e);
    deaf_deinit(&d);
}

static void what_is_not_repeated(void **state)
{
    (void) state;
    static const mini_script script = {{REQUEST, SEND(HELLO), REQUEST, {.op = MINI_END}}};
    env e;
    call c;
    env_init(&e, &script, 1);
    call_init(&c, &e, "POST", "/");
    call_run(&c);
    assert_ok(&c, 200);
    call_run(&c);
    assert_failed(&c, BR_EOF, 1000, "EOF");
    assert_true(c.response.reused);
    assert_int_equal(mini_server_connections(e.server), 1);
    /* but with a key that says that it may be */
    static const br_http_header key = {BR_STR_INIT("idempotency-key"), BR_STR_INIT("1")};
    c.request.headers = &key;
    c.request.header_count = 1;
    call_run(&c);
    assert_ok(&c, 200);
    call_run(&c);
    assert_ok(&c, 200);
    assert_int_equal(mini_server_connections(e.server), 3);
    call_deinit(&c);
    env_deinit(&e);
}

static void repeats_once_only(void **state)
{
    (void) state;
    static const mini_script scripts[] = {{{REQUEST, SEND(HELLO), REQUEST, RESET}}, {{REQUEST, RESET}}};
    env e;
    call c;
    env_init(&e, scripts, 2);
    call_get(&c, &e, "/");
    assert_ok(&c, 200);
    call_run(&c);
    assert_failed(&c, BR_ERESET, 1220, "read: connection reset by peer");
    assert_int_equal(mini_server_connections(e.server), 2);
    assert_non_null(strstr(c.response.error.raw, "read tcp 127.0.0.1:"));
    assert_non_null(strstr(c.response.error.raw, ": read: connection reset by peer"));
    call_deinit(&c);
    env_deinit(&e);
}

static void invalid_requests(void **state)
{
    (void) state;
    static const struct {
        const char *method;
        br_http_header header;
        br_str host;
        const char *text;
    } cases[] = {
        {"GET", {BR_STR_INIT("a b"), BR_STR_INIT("")}, BR_STR_INIT("h"),
            "net/http: invalid header field name \"a b\""},
        {"GET", {BR_STR_INIT(""), BR_STR_INIT("")}, BR_STR_INIT("h"),
            "net/http: invalid header field name \"\""},
        {"GET", {BR_STR_INIT("a\r\nb"), BR_STR_INIT("")}, BR_STR_INIT("h"),
            "net/http: invalid header field name \"a\\r\\nb\""},
        {"GET", {BR_STR_INIT("A"), BR_STR_INIT("x\r\nB: y")}, BR_STR_INIT("h"),
            "net/http: invalid header field value for \"A\""},
        {"GET", {BR_STR_INIT("A"), BR_STR_INIT("x\0y")}, BR_STR_INIT("h"),
            "net/http: invalid header field value for \"A\""},
        {"GE T", {BR_STR_INIT("A"), BR_STR_INIT("")}, BR_STR_INIT("h"), "net/http: invalid method \"GE T\""},
        {"", {BR_STR_INIT("A"), BR_STR_INIT("")}, BR_STR_INIT("h"), "net/http: invalid method \"\""},
        {"GET", {BR_STR_INIT("A"), BR_STR_INIT("")}, BR_STR_INIT("a\nb"), "http: invalid Host header"},
    };
    static const mini_script script = {{REQUEST, SEND(HELLO), AGAIN}};
    env e;
    call c;
    env_init(&e, &script, 1);
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        call_init(&c, &e, cases[i].method, "/");
        c.request.headers = &cases[i].header;
        c.request.header_count = 1;
        c.request.host = cases[i].host;
        call_run(&c);
        assert_failed(&c, BR_EINVAL, 1000, cases[i].text);
        call_deinit(&c);
    }
    assert_int_equal(mini_server_connections(e.server), 0);
    env_deinit(&e);
}

static void https_without_a_context(void **state)
{
    (void) state;
    env e;
    call c;
    env_init(&e, NULL, 0);
    call_to(&c, &e, "GET", "https://127.0.0.1/");
    call_run(&c);
    assert_failed(&c, BR_EUNSUPPORTED, 1000, "https is not available here");
    call_deinit(&c);
    env_deinit(&e);
}

static void unknown_host(void **state)
{
    (void) state;
    env e;
    call c;
    env_init(&e, NULL, 0);
    call_to(&c, &e, "GET", "http://nobody.invalid/");
    call_run(&c);
    assert_failed(&c, BR_ENOHOST, 1101, "lookup: no such host");
    assert_string_equal(c.response.error.raw, "lookup nobody.invalid: no such host");
    call_deinit(&c);
    env_deinit(&e);
}

/* An answer that comes while the request is still being sent is taken; the connection is not kept. */
static void answered_before_all_was_sent(void **state)
{
    (void) state;
    static const mini_script script = {
        {SEND("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"), PAUSE(50), WAIT}};
    static const size_t size = 30 << 20;
    char *body = calloc(1, size);
    env e;
    call c;
    env_init(&e, &script, 1);
    call_init(&c, &e, "POST", "/");
    c.request.body = (br_str){body, size};
    call_run(&c);
    assert_ok(&c, 413);
    assert_body(&c, "no");
    assert_true(br_http_response_phases(&c.response).waiting >= 0);
    call_start(&c);
    assert_false(c.response.reused);
    br_http_cancel(&c.exchange);
    call_deinit(&c);
    env_deinit(&e);
    free(body);
}

/* Proxies of a test: the scripted server, for targets that need not exist. */
static void use_proxy(env *e, br_arena *arena, br_proxies *p, const char *scheme)
{
    char url[64];
    snprintf(url, sizeof(url), "%s://127.0.0.1:%u", scheme, mini_server_port(e->server));
    assert_int_equal(br_proxies_parse(arena, url, NULL, NULL, p, NULL), BR_OK);
    e->config.proxies = p;
}

/* It accepts the connection and says nothing: that is a dial that takes too long. */
static void a_silent_proxy(void **state)
{
    (void) state;
    static const mini_script script = {{WAIT}};
    env e;
    call c;
    br_arena arena;
    br_proxies p;
    br_arena_init(&arena, 512);
    env_init(&e, &script, 1);
    use_proxy(&e, &arena, &p, "socks5");
    e.config.connect_timeout_ns = 200 * BR_MS;
    call_to(&c, &e, "GET", "http://target.test/");
    call_run(&c);
    assert_failed(&c, BR_EDIALTIMEOUT, 1211, "dial: i/o timeout");
    char want[100];
    snprintf(want, sizeof(want), "proxyconnect tcp: dial tcp 127.0.0.1:%u: i/o timeout",
        mini_server_port(e.server));
    assert_string_equal(c.response.error.raw, want);
    call_deinit(&c);
    env_deinit(&e);
    br_arena_deinit(&arena);
}

/* The zone of an address is for our side of the connection only. */
static void zones_are_not_told(void **state)
{
    (void) state;
    static const mini_script script = {{REQUEST, SEND(HELLO), AGAIN}};
    env e;
    call c;
    br_arena arena;
    br_proxies p;
    char sent[256];
    br_arena_init(&arena, 512);
    env_init(&e, &script, 1);
    use_proxy(&e, &arena, &p, "http");
    call_to(&c, &e, "GET", "http://[fe80::1%25lo]:8080/x");
    call_run(&c);
    assert_ok(&c, 200);
    mini_server_last_request(e.server, sent, sizeof(sent));
    assert_string_equal(sent, "GET http://[fe80::1]:8080/x HTTP/1.1\r\nHost: [fe80::1]:8080\r\n\r\n");
    call_deinit(&c);
    env_deinit(&e);
    br_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_off),
        cmocka_unit_test(malformed),
        cmocka_unit_test(over_a_limit),
        cmocka_unit_test(too_many_fields),
        cmocka_unit_test(refused_by_the_peer),
        cmocka_unit_test(dialling_takes_too_long),
        cmocka_unit_test(answers_take_too_long),
        cmocka_unit_test(timeouts_keep_their_order),
        cmocka_unit_test(an_old_timer_does_no_harm),
        cmocka_unit_test(cancelled_at_every_stage),
        cmocka_unit_test(what_is_not_repeated),
        cmocka_unit_test(repeats_once_only),
        cmocka_unit_test(invalid_requests),
        cmocka_unit_test(https_without_a_context),
        cmocka_unit_test(unknown_host),
        cmocka_unit_test(answered_before_all_was_sent),
        cmocka_unit_test(a_silent_proxy),
        cmocka_unit_test(zones_are_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
