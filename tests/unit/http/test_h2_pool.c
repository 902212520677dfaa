/* http/client.h: HTTP/2 connections that are shared, refused, left, and waited for. */
#include <stdio.h>
#include <unistd.h>
#include "h2_env.h"

/* Sharing ------------------------------------------------------------------------------------------ */

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

static void share_a_connection(void **state)
{
    (void) state;
    h2_env h;
    call c[10];
    int connecting = 0;
    h2_env_init(&h, play_ten);
    calls_run(c, 10, &h);
    for (int i = 0; i < 10; i++) {
        assert_ok(&c[i], 200);
        assert_body(&c[i], "hello");
        connecting += c[i].response.times.connect_start != 0;
        assert_true(br_http_response_phases(&c[i].response).blocked > 0);
    }
    assert_int_equal(connecting, 1);
    assert_int_equal(h2_server_connections(h.server), 1);
    calls_deinit(c, 10);
    h2_env_deinit(&h);
}

/* Allows two streams. */
static void play_two(h2_peer *p, unsigned connection)
{
    (void) connection;
    uint32_t s;
    if (!h2_begin(p) || !h2_send_setting(p, H2_MAX_CONCURRENT_STREAMS, 2)) return;
    while ((s = h2_read_request(p)) != 0) {
        if (connection > 0) h2_pause(10);
        h2_answer(p, s, "hello");
    }
}

static void more_than_the_server_allows_take_more_connections(void **state)
{
    (void) state;
    h2_env h;
    call first, c[10];
    h2_env_init(&h, play_two);
    call_get(&first, &h.e, "/");
    for (int round = 0; round < 3; round++) {
        calls_run(c, 10, &h);
        for (int i = 0; i < 10; i++)
            assert_body(&c[i], "hello");
        calls_deinit(c, 10);
    }
    assert_in_range(h2_server_connections(h.server), 4, 5);
    call_deinit(&first);
    h2_env_deinit(&h);
}

static void no_reuse(void **state)
{
    (void) state;
    h2_env h;
    call c[3], one;
    h2_env_init(&h, play_hello);
    h.e.config.no_reuse = true;
    calls_run(c, 3, &h);
    call_get(&one, &h.e, "/");
    assert_ok(&one, 200);
    assert_false(one.response.reused);
    for (int i = 0; i < 3; i++)
        assert_ok(&c[i], 200);
    assert_int_equal(h2_server_connections(h.server), 4);
    calls_deinit(c, 3);
    call_deinit(&one);
    h2_env_deinit(&h);
}

static void asks_for_a_close(void **state)
{
    (void) state;
    static const br_http_header header = {BR_STR_INIT("Connection"), BR_STR_INIT("close")};
    h2_env h;
    call c;
    h2_env_init(&h, play_hello);
    call_init(&c, &h.e, "GET", "/");
    c.request.headers = &header;
    c.request.header_count = 1;
    call_run(&c);
    call_run(&c);
    assert_ok(&c, 200);
    assert_int_equal(h2_server_connections(h.server), 2);
    call_deinit(&c);
    h2_env_deinit(&h);
}

static void idle_ones_are_closed(void **state)
{
    (void) state;
    h2_env h;
    call c;
    h2_env_init(&h, play_hello);
    call_get(&c, &h.e, "/");
    br_http_client_close_idle(h.e.client);
    call_run(&c);
    assert_ok(&c, 200);
    assert_int_equal(h2_server_connections(h.server), 2);
    h.e.config.max_idle = 0;
    env_restart_client(&h.e);
    call_run(&c);
    call_run(&c);
    assert_int_equal(h2_server_connections(h.server), 4);
    call_deinit(&c);
    h2_env_deinit(&h);
}

/* Dialling ----------------------------------------------------------------------------------------- */

static void a_refused_dial_fails_all(void **state)
{
    (void) state;
    env e;
    call c[20];
    char url[64];
    int fd;
    env_init(&e, NULL, 0);
    e.config.h2c = true;
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", mini_closed_port(&fd));
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 20; i++) {
            call_to(&c[i], &e, "GET", url);
            call_start(&c[i]);
        }
        br_loop_run(e.loop);
        for (int i = 0; i < 20; i++)
            assert_failed(&c[i], BR_EREFUSED, 1212, "dial: connection refused");
        calls_deinit(c, 20);
    }
    mini_closed_port_free(fd);
    env_deinit(&e);
}

static void cancelling_the_one_that_dials(void **state)
{
    (void) state;
    h2_env h;
    call c[10];
    h2_env_init(&h, play_ten);
    calls_start(c, 10, &h);
    call extra;
    call_init(&extra, &h.e, "GET", "/");
    call_start(&extra);
    br_http_cancel(&c[0].exchange); /* dials */
    br_http_cancel(&c[3].exchange); /* waits */
    assert_int_equal(c[0].done + c[3].done, 2);
    call again;
    call_init(&again, &h.e, "GET", "/");
    call_start(&again);
    br_loop_run(h.e.loop);
    for (int i = 0; i < 10; i++) {
        if (i == 0 || i == 3)
            assert_failed(&c[i], BR_ECANCEL, 1000, "context canceled");
        else
            assert_ok(&c[i], 200);
    }
    assert_ok(&extra, 200);
    assert_ok(&again, 200);
    calls_deinit(c, 10);
    call_deinit(&extra);
    call_deinit(&again);
    h2_env_deinit(&h);
}

static void many_origins(void **state)
{
    (void) state;
    env e;
    call c;
    char url[64];
    int fd;
    env_init(&e, NULL, 0);
    e.config.h2c = true;
    uint16_t port = mini_closed_port(&fd);
    for (int i = 1; i <= 200; i++) {
        snprintf(url, sizeof(url), "http://127.0.0.%d:%u/", i, port);
        call_to(&c, &e, "GET", url);
        call_run(&c);
        assert_failed(&c, BR_EREFUSED, 1212, "dial: connection refused");
        call_deinit(&c);
    }
    mini_closed_port_free(fd);
    env_deinit(&e);
}

/* Refused streams ----------------------------------------------------------------------------------- */

/* Refuses the first requests of the server, `refusals` of them. */
static _Atomic unsigned refusals, refusal_code;

static void play_refuse(h2_peer *p, unsigned connection)
{
    (void) connection;
    uint32_t s;
    if (!h2_begin(p)) return;
    while ((s = h2_read_request(p)) != 0) {
        if (refusals > 0) {
            refusals--;
            h2_send_u32(p, H2_RST_STREAM, s, refusal_code);
        } else {
            h2_answer(p, s, "hello");
        }
    }
}

static void a_refused_stream_is_sent_once_more(void **state)
{
    (void) state;
    h2_env h;
    call c;
    h2_env_init(&h, play_refuse);
    refusals = 1;
    refusal_code = 7; /* REFUSED_STREAM */
    call_init(&c, &h.e, "POST", "/");
    c.request.body = BR_STR("body");
    call_run(&c);
    assert_ok(&c, 200);
    assert_int_equal(h2_server_requests(h.server), 2);
    refusals = 2;
    call_run(&c);
    assert_stream_error(&c, 1638, "REFUSED_STREAM");
    assert_non_null(strstr(c.response.error.raw, "stream error: stream ID "));
    assert_non_null(strstr(c.response.error.raw, "; REFUSED_STREAM; received from peer"));
    assert_int_equal(h2_server_connections(h.server), 1);
    call_run(&c);
    assert_ok(&c, 200);
    call_deinit(&c);
    h2_env_deinit(&h);
}

static void a_protocol_error_takes_another_connection(void **state)
{
    (void) state;
    h2_env h;
    call c;
    h2_env_init(&h, play_refuse);
    refusals = 1;
    refusal_code = 1; /* PROTOCOL_ERROR */
    call_get(&c, &h.e, "/");
    assert_ok(&c, 200);
    assert_int_equal(h2_server_connections(h.server), 2);
    refusals = 2;
    call_run(&c);
    assert_stream_error(&c, 1632, "PROTOCOL_ERROR");
    call_deinit(&c);
    h2_env_deinit(&h);
}

static _Atomic uint32_t goaway_last, goaway_code;

/* The first connection says goodbye to its first request, the others answer. */
static void play_goaway(h2_peer *p, unsigned connection)
{
    uint32_t s;
    if (!h2_begin(p)) return;
    if (connection == 0) {
        h2_read_request(p);
        h2_send_goaway(p, goaway_last, goaway_code, "no \"more\"");
        return;
    }
    while ((s = h2_read_request(p)) != 0)
        h2_answer(p, s, "hello");
}

static void a_goaway_before_the_stream(void **state)
{
    (void) state;
    h2_env h;
    call c;
    h2_env_init(&h, play_goaway);
    goaway_last = 0, goaway_code = 0;
    call_get(&c, &h.e, "/");
    assert_ok(&c, 200);
    assert_int_equal(h2_server_connections(h.server), 2);
    assert_false(c.response.reused);
    call_deinit(&c);
    h2_env_deinit(&h);
}

/* As in Go: the next connection would be refused as well. */
static void a_goaway_with_an_error_for_the_first_stream(void **state)
{
    (void) state;
    h2_env h;
    call c;
    h2_env_init(&h, play_goaway);
    goaway_last = 0, goaway_code = 11;
    call_get(&c, &h.e, "/");
    assert_failed(&c, BR_EPROTO, 1622, "http2: received GoAway with http2 ErrCode ENHANCE_YOUR_CALM");
    assert_string_equal(c.response.error.raw,
        "http2: server sent GOAWAY and closed the connection; LastStreamID=0, ErrCode=ENHANCE_YOUR_CALM, "
        "debug=\"no ?more?\"");
    call_run(&c);
    assert_ok(&c, 200);
    call_deinit(&c);
    h2_env_deinit(&h);
}

static void a_goaway_and_the_end_inside_the_stream(void **state)
{
    (void) state;
    h2_env h;
    call c;
    h2_env_init(&h, play_goaway);
    goaway_last = 1, goaway_code = 0;
    call_get(&c, &h.e, "/");
    assert_failed(&c, BR_EPROTO, 1611, "http2: received GoAway with http2 ErrCode NO_ERROR");
    goaway_code = 99;
    call_deinit(&c);
    h2_env_deinit(&h);
    h2_env_init(&h, play_goaway);
    call_get(&c, &h.e, "/");
    assert_failed(&c, BR_EPROTO, 1610, "http2: received GoAway with http2 ErrCode unknown error code 0x63");
    call_deinit(&c);
    h2_env_deinit(&h);
}

/* The first connection answers its first stream and refuses the other nine. */
static void play_graceful(h2_peer *p, unsigned connection)
{
    uint32_t s;
    if (!h2_begin(p)) return;
    if (connection == 0) {
        uint32_t first = h2_read_request(p);
        for (int i = 0; i < 9; i++)
            h2_read_request(p);
        h2_send_goaway(p, 0x7fffffff, 0, "");
        h2_send_goaway(p, first, 0, "");
        h2_pause(10);
        h2_answer(p, first, "first");
        h2_drain(p);
    }
    while ((s = h2_read_request(p)) != 0)
        h2_answer(p, s, "hello");
}

static void a_graceful_goaway(void **state)
{
    (void) state;
    h2_env h;
    call c[10];
    h2_env_init(&h, play_graceful);
    calls_run(c, 10, &h);
    assert_body(&c[0], "first");
    for (int i = 1; i < 10; i++)
        assert_body(&c[i], "hello");
    assert_int_equal(h2_server_connections(h.server), 2);
    calls_deinit(c, 10);
    h2_env_deinit(&h);
}

/* Idle connections ------------------------------------------------------------------------------------ */

static void play_idle(h2_peer *p, unsigned connection)
{
    h2_frame f;
    uint32_t s;
    if (!h2_begin(p)) return;
    s = h2_read_request(p);
    h2_answer(p, s, "hello");
    if (connection == 0) {
        h2_send_text(p, H2_PING, 0, 0, "12345678");
        while (h2_read_until(p, H2_PING, &f) && !(f.flags & H2_ACK)) {
        }
        h2_answer(p, h2_read_request(p), "acknowledged");
        h2_send_goaway(p, 0x7fffffff, 0, "");
        h2_drain(p);
    } /* the second one just closes */
}

static void stop_loop(br_timer *timer, void *ctx)
{
    (void) timer;
    br_loop_stop(ctx);
}

static void wait_a_moment(env *e)
{
    br_timer timer = {0};
    br_timer_start(e->loop, &timer, br_loop_now(e->loop) + 20 * BR_MS, stop_loop, e->loop);
    br_loop_run(e->loop);
}

static void idle_connections_are_spoken_to(void **state)
{
    (void) state;
    h2_env h;
    call c;
    h2_env_init(&h, play_idle);
    call_get(&c, &h.e, "/");
    wait_a_moment(&h.e);
    call_run(&c);
    assert_body(&c, "acknowledged");
    for (int i = 0; i < 2; i++) { /* after GOAWAY, and after the end */
        wait_a_moment(&h.e);
        call_run(&c);
        assert_body(&c, "hello");
        assert_false(c.response.reused);
    }
    assert_int_equal(h2_server_connections(h.server), 3);
    call_deinit(&c);
    h2_env_deinit(&h);
}

/* Time-outs and cancels -------------------------------------------------------------------------------- */

/* Never answers the first of two streams, but the second. */
static void play_partly(h2_peer *p, unsigned connection)
{
    (void) connection;
    h2_frame f;
    if (!h2_begin(p)) return;
    uint32_t first = h2_read_request(p);
    h2_answer(p, h2_read_request(p), "hello");
    h2_read_until(p, H2_RST_STREAM, &f);
    bool cancelled = f.stream == first && f.payload[3] == 8;
    h2_answer(p, first, "too late");
    h2_answer(p, h2_read_request(p), cancelled ? "cancelled" : "?");
    h2_drain(p);
}

static void a_timeout_ends_its_stream_only(void **state)
{
    (void) state;
    h2_env h;
    call c[2];
    h2_env_init(&h, play_partly);
    call_init(&c[0], &h.e, "GET", "/");
    c[0].request.timeout_ns = 50 * BR_MS;
    call_start(&c[0]);
    call_init(&c[1], &h.e, "GET", "/");
    call_start(&c[1]);
    br_loop_run(h.e.loop);
    assert_failed(&c[0], BR_ETIMEOUT, 1050, "request timeout");
    assert_body(&c[1], "hello");
    call_run(&c[1]);
    assert_body(&c[1], "cancelled");
    assert_int_equal(h2_server_connections(h.server), 1);
    calls_deinit(c, 2);
    h2_env_deinit(&h);
}

/* The first connection falls silent after its first answer. */
static void play_silent(h2_peer *p, unsigned connection)
{
    uint32_t s;
    if (!h2_begin(p)) return;
    while ((s = h2_read_request(p)) != 0) {
        h2_answer(p, s, "hello");
        if (connection == 0) h2_drain(p);
    }
}

static void a_silent_connection_is_left(void **state)
{
    (void) state;
    h2_env h;
    call c;
    h2_env_init(&h, play_silent);
    call_get(&c, &h.e, "/");
    c.request.timeout_ns = 50 * BR_MS;
    call_run(&c);
    assert_failed(&c, BR_ETIMEOUT, 1050, "request timeout");
    c.request.timeout_ns = 10 * BR_SEC;
    call_run(&c);
    assert_ok(&c, 200);
    assert_int_equal(h2_server_connections(h.server), 2);
    call_deinit(&c);
    h2_env_deinit(&h);
}

/* What on_done may do ----------------------------------------------------------------------------------- */

typedef struct group {
    br_http_exchange x[10];
    br_http_response r[10];
    h2_env *h;
    int done, cancelled;
    bool frees;
} group;

/* The first one that ends cancels all others, whose answers came with the same bytes, and perhaps frees. */
static void cancel_others(br_http_exchange *x, void *ctx)
{
    group *g = ctx;
    g->done++;
    g->cancelled += x->response->error.code == BR_ECANCEL;
    if (g->done > 1) return;
    for (int i = 0; i < 10; i++)
        br_http_cancel(&g->x[i]);
    if (g->frees) {
        br_http_client_free(g->h->e.client);
        g->h->e.client = NULL;
    } else {
        br_http_client_close_idle(g->h->e.client);
    }
    br_loop_stop(g->h->e.loop);
}

static void on_done_cancels_and_frees(void **state)
{
    (void) state;
    for (int frees = 0; frees < 2; frees++) {
        h2_env h;
        group g = {.h = &h, .frees = frees != 0};
        br_http_request request = {.method = BR_STR("GET")};
        char url[64];
        h2_env_init(&h, play_ten);
        snprintf(url, sizeof(url), "%s/", h.e.base);
        assert_int_equal(br_url_parse(br_str_of(url), &request.url, NULL), BR_OK);
        for (int i = 0; i < 10; i++) {
            br_http_response_init(&g.r[i]);
            br_http_start(env_client(&h.e), &g.x[i], &request, &g.r[i], cancel_others, &g);
        }
        br_loop_run(h.e.loop);
        assert_int_equal(g.done, 10);
        assert_int_equal(g.cancelled, 9);
        for (int i = 0; i < 10; i++)
            br_http_response_deinit(&g.r[i]);
        wait_a_moment(&h.e);
        h2_env_deinit(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(share_a_connection),
        cmocka_unit_test(more_than_the_server_allows_take_more_connections),
        cmocka_unit_test(no_reuse),
        cmocka_unit_test(asks_for_a_close),
        cmocka_unit_test(idle_ones_are_closed),
        cmocka_unit_test(a_refused_dial_fails_all),
        cmocka_unit_test(cancelling_the_one_that_dials),
        cmocka_unit_test(many_origins),
        cmocka_unit_test(a_refused_stream_is_sent_once_more),
        cmocka_unit_test(a_protocol_error_takes_another_connection),
        cmocka_unit_test(a_goaway_before_the_stream),
        cmocka_unit_test(a_goaway_with_an_error_for_the_first_stream),
        cmocka_unit_test(a_goaway_and_the_end_inside_the_stream),
        cmocka_unit_test(a_graceful_goaway),
        cmocka_unit_test(idle_connections_are_spoken_to),
        cmocka_unit_test(a_timeout_ends_its_stream_only),
        cmocka_unit_test(a_silent_connection_is_left),
        cmocka_unit_test(on_done_cancels_and_frees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
