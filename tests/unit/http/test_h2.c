/* http/h2_int.h and the pool over it: what works over HTTP/2. */
#include <stdio.h>
#include "env.h"
#include "support/h2_server.h"

typedef struct h2_env {
    env e;
    h2_server *server;
} h2_env;

static void begin(h2_env *h, h2_play_fn *play)
{
    env_init(&h->e, NULL, 0);
    h->e.config.h2c = true;
    h->server = h2_server_start(play);
    snprintf(h->e.base, sizeof(h->e.base), "http://127.0.0.1:%u", h2_server_port(h->server));
}

static void end(h2_env *h)
{
    env_deinit(&h->e);
    h2_server_stop(h->server);
}

/* Answers every request with `hello`. */
static void play_hello(h2_peer *p, unsigned connection)
{
    (void) connection;
    uint32_t stream;
    if (!h2_begin(p)) return;
    while ((stream = h2_read_request(p)) != 0 && h2_answer(p, stream, "hello")) {
    }
}

static void gets_and_reuses(void **state)
{
    (void) state;
    h2_env h;
    call c;
    begin(&h, play_hello);
    call_get(&c, &h.e, "/a?b");
    assert_ok(&c, 200);
    assert_body(&c, "hello");
    assert_false(c.response.reused);
    assert_int_equal(c.response.http_major, 2);
    assert_true(br_str_is(br_http_response_proto(&c.response), "HTTP/2.0"));
    assert_true(br_str_is(br_http_response_reason(&c.response), "OK"));
    assert_string_equal(c.response.remote_ip, "127.0.0.1");
    for (int i = 0; i < 5; i++) {
        call_run(&c);
        assert_ok(&c, 200);
        assert_body(&c, "hello");
        assert_true(c.response.reused);
        assert_int_equal(c.response.times.connect_start, 0);
        assert_int_equal(br_http_response_phases(&c.response).blocked, 0);
    }
    assert_int_equal(h2_server_connections(h.server), 1);
    assert_int_equal(br_http_client_totals(h.e.client)->connections_opened, 1);
    call_deinit(&c);
    end(&h);
}

/* Answers when ten are there, in reverse. */
static void play_ten(h2_peer *p, unsigned connection)
{
    (void) connection;
    uint32_t streams[10];
    if (!h2_begin(p)) return;
    for (int i = 0; i < 10; i++)
        streams[i] = h2_read_request(p);
    for (int i = 9; i >= 0; i--)
        h2_answer(p, streams[i], "hello");
    h2_drain(p);
}

static void shares_a_connection(void **state)
{
    (void) state;
    h2_env h;
    call c[10];
    int connecting = 0;
    begin(&h, play_ten);
    for (int i = 0; i < 10; i++) {
        call_init(&c[i], &h.e, "GET", "/");
        call_start(&c[i]);
    }
    br_loop_run(h.e.loop);
    for (int i = 0; i < 10; i++) {
        assert_ok(&c[i], 200);
        assert_body(&c[i], "hello");
        connecting += c[i].response.times.connect_start != 0;
        assert_true(br_http_response_phases(&c[i].response).blocked > 0);
        call_deinit(&c[i]);
    }
    assert_int_equal(connecting, 1);
    assert_int_equal(h2_server_connections(h.server), 1);
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gets_and_reuses),
        cmocka_unit_test(shares_a_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
