/* net/tunnel.h over a stream of the test's own: what is said to proxies, and what hostile ones say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "net/tunnel.h"

typedef struct rig {
    br_stream lower;
    br_tunnel tunnel;
    br_proxy proxy;
    br_buf said; /* to the proxy */
    int opened, closed;
    br_code code;
    size_t received;
} rig;

static br_code lower_write(br_stream *s, const struct iovec *iov, int count)
{
    rig *r = (rig *) (void *) s;
    for (int i = 0; i < count; i++)
        assert_int_equal(br_buf_append(&r->said, iov[i].iov_base, iov[i].iov_len), BR_OK);
    return BR_OK;
}

static void lower_close(br_stream *s)
{
    (void) s;
}

static const br_stream_ops lower_ops = {.write = lower_write, .close = lower_close};

static void on_open(void *owner)
{
    ((rig *) owner)->opened++;
}

static void on_data(void *owner, br_str bytes)
{
    ((rig *) owner)->received += bytes.n;
}

static void on_sent(void *owner)
{
    (void) owner;
}

static void on_closed(void *owner, br_code code)
{
    ((rig *) owner)->closed++;
    ((rig *) owner)->code = code;
}

static const br_stream_events events = {
    .on_open = on_open, .on_data = on_data, .on_sent = on_sent, .on_closed = on_closed};

static void rig_init(rig *r, br_proxy_kind kind, bool user, const char *host)
{
    *r = (rig){.lower = {.ops = &lower_ops}, .proxy = {.kind = kind}};
    if (user) {
        r->proxy.user = BR_STR("joe");
        r->proxy.password = BR_STR("pw");
        r->proxy.authorization = BR_STR("Basic am9lOnB3");
    }
    br_buf_init(&r->said, BR_BUF_NO_LIMIT);
    br_tunnel_init(&r->tunnel, &r->lower, &r->proxy, br_str_of(host), 443, &events, r);
    br_tunnel_lower_events.on_open(&r->tunnel);
}

static void rig_deinit(rig *r)
{
    br_stream_close(&r->tunnel.stream);
    br_stream_close(&r->tunnel.stream);
    br_buf_deinit(&r->said);
}

static void answer(rig *r, const void *bytes, size_t n)
{
    r->lower.received_bytes += n;
    br_tunnel_lower_events.on_data(&r->tunnel, (br_str){bytes, n});
}

static void assert_said(rig *r, const char *bytes, size_t n)
{
    assert_int_equal(r->said.len, n);
    assert_memory_equal(r->said.data, bytes, n);
    br_buf_reset(&r->said);
}

static void asks_with_connect(void **state)
{
    (void) state;
    static const char want[] = "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n"
                               "Proxy-Authorization: Basic am9lOnB3\r\n\r\n";
    static const char yes[] = "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n";
    rig r;
    rig_init(&r, BR_PROXY_HTTP, true, "::1");
    assert_said(&r, want, sizeof(want) - 1);
    for (size_t i = 0; i < sizeof(yes) - 1; i++) { /* a byte at a time */
        assert_int_equal(r.opened, 0);
        answer(&r, yes + i, 1);
    }
    assert_int_equal(r.opened, 1);
    answer(&r, "hello", 5);
    assert_int_equal(r.received, 5);
    br_tunnel_lower_events.on_closed(&r.tunnel, BR_EOF);
    assert_int_equal(r.code, BR_EOF);
    rig_deinit(&r);
}

static void check_refused(const char *text, const char *error)
{
    rig r;
    rig_init(&r, BR_PROXY_HTTP, false, "a.test");
    answer(&r, text, strlen(text));
    assert_int_equal(r.opened, 0);
    assert_int_equal(r.closed, 1);
    assert_int_equal(r.code, BR_EPROXY);
    assert_string_equal(r.tunnel.error, error);
    answer(&r, "more", 4); /* before the owner closes */
    assert_int_equal(r.closed, 1);
    rig_deinit(&r);
}

static void refusals_are_told(void **state)
{
    (void) state;
    check_refused("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 99999999\r\n\r\nhuge",
        "Proxy Authentication Required");
    check_refused("HTTP/1.0 502 Bad Gateway\r\n\r\n", "Bad Gateway");
    check_refused("SSH-2.0-OpenSSH\r\n\r\n", "malformed HTTP response from the proxy");
    check_refused("HTTP/1.1 2x0 OK\r\n\r\n", "malformed HTTP response from the proxy");
    check_refused("HTTP/1.1 200 OK\r\n\r\nearly", "proxy sent 5 bytes behind its answer");
}

static void endless_headers_end(void **state)
{
    (void) state;
    char block[1000];
    rig r;
    memset(block, 'x', sizeof(block));
    rig_init(&r, BR_PROXY_HTTP, false, "a.test");
    answer(&r, "HTTP/1.1 200 OK\r\n", 17);
    for (int i = 0; i < 20 && r.closed == 0; i++)
        answer(&r, block, sizeof(block));
    assert_int_equal(r.code, BR_EPROXY);
    assert_non_null(strstr(r.tunnel.error, "exceeds"));
    rig_deinit(&r);
}

static void a_proxy_that_leaves(void **state)
{
    (void) state;
    rig r;
    rig_init(&r, BR_PROXY_HTTP, false, "a.test");
    answer(&r, "HTTP/1.1 20", 11);
    br_tunnel_lower_events.on_closed(&r.tunnel, BR_EOF);
    assert_int_equal(r.code, BR_EOF);
    assert_int_equal(r.closed, 1);
    rig_deinit(&r);
}

static void speaks_socks(void **state)
{
    (void) state;
    rig r;
    rig_init(&r, BR_PROXY_SOCKS5, true, "a.test");
    assert_said(&r, "\x05\x02\x00\x02", 4);
    answer(&r, "\x05\x02", 2);
    assert_said(&r, "\x01\x03joe\x02pw", 8);
    answer(&r, "\x01", 1);
    answer(&r, "\x00", 1);
    assert_said(&r,
        "\x05\x01\x00\x03\x06"
        "a.test\x01\xbb",
        13);
    answer(&r, "\x05\x00\x00\x01\x7f\x00\x00", 7);
    answer(&r, "\x01\x00\x50", 3);
    assert_int_equal(r.opened, 1);
    rig_deinit(&r);
    rig_init(&r, BR_PROXY_SOCKS5, false, "10.0.0.1");
    assert_said(&r, "\x05\x01\x00", 3);
    answer(&r, "\x05\x00", 2);
    assert_said(&r, "\x05\x01\x00\x01\x0a\x00\x00\x01\x01\xbb", 10);
    answer(&r, "\x05\x00\x00\x03\x01x\x00\x50", 8);
    assert_int_equal(r.opened, 1);
    rig_deinit(&r);
}

static void check_socks(
    bool user, const char *first, size_t n, const char *second, size_t m, const char *error)
{
    rig r;
    rig_init(&r, BR_PROXY_SOCKS5, user, "a.test");
    answer(&r, first, n);
    if (m > 0) answer(&r, second, m);
    assert_int_equal(r.code, BR_EPROXY);
    assert_string_equal(r.tunnel.error, error);
    rig_deinit(&r);
}

static void socks_refusals_are_told(void **state)
{
    (void) state;
    check_socks(false, "\x04\x00", 2, "", 0, "socks connect: unexpected protocol version 4");
    check_socks(false, "\x05\xff", 2, "", 0, "socks connect: no acceptable authentication methods");
    check_socks(false, "\x05\x02", 2, "", 0, "socks connect: no acceptable authentication methods");
    check_socks(true, "\x05\x02", 2, "\x01\x01", 2, "socks connect: username/password authentication failed");
    check_socks(false, "\x05\x00", 2, "\x04", 1, "socks connect: unexpected protocol version 4");
    check_socks(false, "\x05\x00", 2, "\x05\x05", 2, "socks connect: unknown error connection refused");
    check_socks(false, "\x05\x00", 2, "\x05\x00\x00\x09\x00", 5, "socks connect: unknown address type 9");
}

static void an_answer_before_the_question(void **state)
{
    (void) state;
    rig r = {0};
    rig_init(&r, BR_PROXY_HTTP, false, "a.test");
    r.tunnel._busy = true; /* as if the lower stream were still sending */
    answer(&r, "HTTP/1.1 200 OK\r\n\r\n", 19);
    assert_int_equal(r.code, BR_EPROXY);
    rig_deinit(&r);
}

/* The limit of time holds until the proxy has answered, in virtual time. */
static void a_silent_proxy_is_cut_off(void **state)
{
    (void) state;
    static const char *const answers[] = {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r\n"};
    for (size_t i = 0; i < 3; i++) {
        rig r = {.lower = {.ops = &lower_ops}, .proxy = {.kind = BR_PROXY_HTTP}};
        br_loop *loop = br_loop_new_simulated(0);
        br_buf_init(&r.said, BR_BUF_NO_LIMIT);
        br_tunnel_init(&r.tunnel, &r.lower, &r.proxy, BR_STR("a.test"), 443, &events, &r);
        br_tunnel_limit(&r.tunnel, loop, 30 * BR_SEC);
        br_tunnel_lower_events.on_open(&r.tunnel);
        if (answers[i][0]) answer(&r, answers[i], strlen(answers[i]));
        br_loop_run(loop);
        bool open = i == 2;
        assert_int_equal(r.opened, open);
        assert_int_equal(r.closed, !open);
        if (!open) {
            assert_int_equal(r.code, BR_EDIALTIMEOUT);
            assert_int_equal(r.tunnel.stream.failed_op, BR_STREAM_DIAL);
            assert_int_equal(br_loop_now(loop), 30 * BR_SEC);
        }
        rig_deinit(&r);
        br_loop_free(loop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_with_connect),
        cmocka_unit_test(refusals_are_told),
        cmocka_unit_test(endless_headers_end),
        cmocka_unit_test(a_proxy_that_leaves),
        cmocka_unit_test(speaks_socks),
        cmocka_unit_test(socks_refusals_are_told),
        cmocka_unit_test(an_answer_before_the_question),
        cmocka_unit_test(a_silent_proxy_is_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
