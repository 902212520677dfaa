/* http/h2_int.h: requests and answers over HTTP/2. */
#include <stdio.h>
#include "h2_env.h"

static void gets_and_reuses(void **state)
{
    (void) state;
    h2_env h;
    call c;
    h2_env_init(&h, play_hello);
    call_get(&c, &h.e, "/a?b");
    assert_ok(&c, 200);
    assert_body(&c, "hello");
    assert_false(c.response.reused);
    assert_int_equal(c.response.http_major, 2);
    assert_true(br_str_is(br_http_response_proto(&c.response), "HTTP/2.0"));
    assert_true(br_str_is(br_http_response_reason(&c.response), "OK"));
    assert_string_equal(c.response.remote_ip, "127.0.0.1");
    br_http_phases p = br_http_response_phases(&c.response);
    assert_true(p.connecting > 0 && p.blocked >= p.connecting && p.sending > 0 && p.waiting > 0);
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
    h2_env_deinit(&h);
}

static void play_slowly(h2_peer *p, unsigned connection)
{
    (void) connection;
    if (!h2_begin(p)) return;
    uint32_t s = h2_read_request(p);
    h2_pause(20);
    h2_send_headers(p, 0, s,
        ":status\0"
        "103\0"
        "x-early\0"
        "1\0");
    h2_send_headers(p, 0, s,
        ":status\0"
        "404\0"
        "x-a\0"
        "b\0"
        "x-a\0"
        "c\0");
    h2_pause(20);
    h2_send_text(p, H2_DATA, 0, s, "hel");
    h2_send_text(p, H2_DATA, 0, s, "lo");
    h2_send_headers(p, H2_END_STREAM, s,
        "x-trailer\0"
        "1\0");
    h2_drain(p);
}

static void measures_and_reads_fields(void **state)
{
    (void) state;
    h2_env h;
    call c;
    h2_env_init(&h, play_slowly);
    call_get(&c, &h.e, "/");
    assert_ok(&c, 404);
    assert_body(&c, "hello");
    br_http_phases p = br_http_response_phases(&c.response);
    assert_true(p.waiting >= 15 * BR_MS && p.receiving >= 15 * BR_MS);
    assert_int_equal(c.response.fields.len, 2); /* neither the early hint nor the trailer */
    assert_true(br_str_is(br_http_field_name(&c.response, 1), "x-a"));
    assert_true(br_str_is(br_http_field_value(&c.response, 1), "c"));
    assert_true(br_str_is(br_http_response_reason(&c.response), "Not Found"));
    call_deinit(&c);
    h2_env_deinit(&h);
}

static void play_echo_fields(h2_peer *p, unsigned connection)
{
    (void) connection;
    h2_frame f;
    char text[2000];
    if (!h2_begin(p)) return;
    while (h2_read_until(p, H2_HEADERS, &f)) {
        h2_decode(p, &f, text, sizeof(text));
        h2_answer(p, f.stream, text);
    }
}

static void maps_fields(void **state)
{
    (void) state;
    static const br_http_header headers[] = {
        {BR_STR_INIT("User-Agent"), BR_STR_INIT("ua")},
        {BR_STR_INIT("Connection"), BR_STR_INIT("keep-alive")},
        {BR_STR_INIT("keep-alive"), BR_STR_INIT("1")},
        {BR_STR_INIT("Proxy-Connection"), BR_STR_INIT("1")},
        {BR_STR_INIT("Transfer-Encoding"), BR_STR_INIT("chunked")},
        {BR_STR_INIT("Upgrade"), BR_STR_INIT("h2c")},
        {BR_STR_INIT("Host"), BR_STR_INIT("other")},
        {BR_STR_INIT("TE"), BR_STR_INIT("gzip")},
        {BR_STR_INIT("TE"), BR_STR_INIT("trailers")},
        {BR_STR_INIT("X-Mixed-Case"), BR_STR_INIT("Value")},
        {BR_STR_INIT("Cookie"), BR_STR_INIT("a=1; b=2")},
    };
    h2_env h;
    call c;
    h2_env_init(&h, play_echo_fields);
    call_init(&c, &h.e, "DELETE", "/p q?r");
    c.request.headers = headers;
    c.request.header_count = BR_COUNT_OF(headers);
    c.request.host = BR_STR("elsewhere.test");
    call_run(&c);
    assert_body(&c, ":authority: elsewhere.test\n:method: DELETE\n:path: /p%20q?r\n:scheme: http\n"
                    "user-agent: ua\nte: trailers\nx-mixed-case: Value\ncookie: a=1; b=2\n");
    c.request.method = BR_STR("CONNECT");
    c.request.header_count = 1;
    call_run(&c);
    assert_body(&c, ":authority: elsewhere.test\n:method: CONNECT\nuser-agent: ua\n");
    c.request.method = BR_STR("in valid");
    call_run(&c);
    assert_failed(&c, BR_EINVAL, 1000, "net/http: invalid method \"in valid\"");
    call_deinit(&c);
    h2_env_deinit(&h);
}

static void many_fields(void **state)
{
    (void) state;
    br_http_header headers[200];
    for (size_t i = 0; i < 200; i++)
        headers[i] = (br_http_header){BR_STR("x-many"), BR_STR("value")};
    h2_env h;
    call c;
    h2_env_init(&h, play_echo_fields);
    call_init(&c, &h.e, "GET", "/");
    c.request.headers = headers;
    c.request.header_count = 200;
    call_run(&c);
    assert_ok(&c, 200);
    call_deinit(&c);
    h2_env_deinit(&h);
}

/* Reads a body, opening the windows again after each frame; answers with its length and sum. */
static void play_sum(h2_peer *p, unsigned connection)
{
    (void) connection;
    h2_frame f;
    unsigned long length = 0, sum = 0;
    char text[64];
    if (!h2_begin(p)) return;
    while (h2_read(p, &f)) {
        if (f.type == H2_HEADERS) length = sum = 0;
        if (f.type != H2_DATA) continue;
        length += f.len;
        for (size_t i = 0; i < f.len; i++)
            sum += f.payload[i];
        if (f.flags & H2_END_STREAM) {
            snprintf(text, sizeof(text), "%lu %lu", length, sum);
            h2_answer(p, f.stream, text);
        } else if (f.len > 0) {
            h2_send_u32(p, H2_WINDOW_UPDATE, 0, (uint32_t) f.len);
            h2_send_u32(p, H2_WINDOW_UPDATE, f.stream, (uint32_t) f.len);
        }
    }
}

static void sends_bodies(void **state)
{
    (void) state;
    static const size_t sizes[] = {1, 16384, 65535, 65536, 8 << 20};
    h2_env h;
    call c;
    char want[64];
    h2_env_init(&h, play_sum);
    call_init(&c, &h.e, "POST", "/");
    for (size_t i = 0; i < BR_COUNT_OF(sizes); i++) {
        char *body = malloc(sizes[i]);
        unsigned long sum = 0;
        for (size_t k = 0; k < sizes[i]; k++) {
            body[k] = (char) (k * 7 % 251);
            sum += (unsigned char) body[k];
        }
        c.request.body = (br_str){body, sizes[i]};
        call_run(&c);
        snprintf(want, sizeof(want), "%zu %lu", sizes[i], sum);
        assert_body(&c, want);
        assert_true(c.response.sent_bytes > sizes[i]);
        assert_true(br_http_response_phases(&c.response).sending > 0);
        free(body);
    }
    assert_int_equal(h2_server_connections(h.server), 1);
    call_deinit(&c);
    h2_env_deinit(&h);
}

/* Several large bodies share the connection's window. */
static void sends_bodies_side_by_side(void **state)
{
    (void) state;
    static char body[300000];
    h2_env h;
    call c[8];
    h2_env_init(&h, play_sum);
    for (int i = 0; i < 8; i++) {
        call_init(&c[i], &h.e, "POST", "/");
        c[i].request.body = (br_str){body, sizeof(body)};
        call_start(&c[i]);
    }
    br_loop_run(h.e.loop);
    for (int i = 0; i < 8; i++)
        assert_ok(&c[i], 200); /* the sum mixes them */
    calls_deinit(c, 8);
    h2_env_deinit(&h);
}

static void play_early(h2_peer *p, unsigned connection)
{
    (void) connection;
    h2_frame f;
    if (!h2_begin(p)) return;
    uint32_t s = h2_read_request(p);
    h2_answer(p, s, "no");
    while (h2_read_until(p, H2_RST_STREAM, &f) && f.stream != s) {
    }
    while ((s = h2_read_request(p)) != 0)
        h2_answer(p, s, "hello");
}

static void an_answer_before_the_body_is_sent(void **state)
{
    (void) state;
    static char body[1 << 20]; /* larger than the windows */
    h2_env h;
    call c;
    h2_env_init(&h, play_early);
    call_init(&c, &h.e, "POST", "/");
    c.request.body = (br_str){body, sizeof(body)};
    call_run(&c);
    assert_ok(&c, 200);
    assert_body(&c, "no");
    c.request.body = BR_STR("");
    call_run(&c);
    assert_body(&c, "hello");
    assert_int_equal(h2_server_connections(h.server), 1);
    call_deinit(&c);
    h2_env_deinit(&h);
}

static void play_empty(h2_peer *p, unsigned connection)
{
    (void) connection;
    uint32_t s;
    if (!h2_begin(p)) return;
    s = h2_read_request(p);
    h2_send_headers(p, H2_END_STREAM, s,
        ":status\0"
        "200\0"
        "content-length\0"
        "500\0");
    s = h2_read_request(p);
    h2_send_headers(p, H2_END_STREAM, s,
        ":status\0"
        "304\0"
        "content-length\0"
        "500\0");
    s = h2_read_request(p);
    h2_send_headers(p, 0, s,
        ":status\0"
        "204\0");
    h2_send(p, H2_DATA, H2_END_STREAM, s, NULL, 0);
    h2_drain(p);
}

static void answers_without_a_body(void **state)
{
    (void) state;
    h2_env h;
    call c;
    h2_env_init(&h, play_empty);
    call_init(&c, &h.e, "HEAD", "/");
    call_run(&c);
    assert_ok(&c, 200);
    assert_true(br_str_is(br_http_response_header(&c.response, BR_STR("Content-Length")), "500"));
    c.request.method = BR_STR("GET");
    call_run(&c);
    assert_ok(&c, 304);
    call_run(&c);
    assert_ok(&c, 204);
    assert_int_equal(c.response.body_bytes, 0);
    call_deinit(&c);
    h2_env_deinit(&h);
}

#define BIG (20u << 20)

/* Sends as much as the windows allow, padded frames among them. */
static void play_big(h2_peer *p, unsigned connection)
{
    (void) connection;
    static uint8_t block[16384];
    h2_frame f;
    if (!h2_begin(p)) return;
    for (uint32_t s; (s = h2_read_request(p)) != 0;) {
        size_t left = BIG, window = 4 << 20;
        block[0] = 100; /* length of the padding, of the last bytes of a padded frame */
        h2_send_headers(p, 0, s,
            ":status\0"
            "200\0");
        while (left > 0) {
            size_t n = left < sizeof(block) ? left : sizeof(block);
            while (window < n && h2_read_until(p, H2_WINDOW_UPDATE, &f)) {
                if (f.stream == s)
                    window += (size_t) f.payload[1] << 16 | (size_t) f.payload[2] << 8 | f.payload[3];
            }
            if (window < n) return;
            if (!h2_send(p, H2_DATA, left % 3 == 0 ? 8 : 0, s, block, n)) return;
            left -= n;
            window -= n;
        }
        h2_send(p, H2_DATA, H2_END_STREAM, s, NULL, 0);
    }
}

static void reads_large_bodies(void **state)
{
    (void) state;
    h2_env h;
    call c;
    h2_env_init(&h, play_big);
    call_get(&c, &h.e, "/");
    assert_ok(&c, 200);
    assert_true(c.response.body.len > BIG / 2 && c.response.body.len == c.response.body_bytes);
    assert_true(c.response.received_bytes >= c.response.body_bytes);
    size_t kept = c.response.body.len;
    c.request.drop_body = true;
    call_run(&c);
    assert_ok(&c, 200);
    assert_int_equal(c.response.body.len, 0);
    assert_int_equal(c.response.body_bytes, kept);
    call_deinit(&c);
    h.e.config.max_body_bytes = 1 << 20;
    env_restart_client(&h.e);
    call_get(&c, &h.e, "/");
    assert_failed(
        &c, BR_ELIMIT, 1000, "response body exceeds the limit of 1048576 bytes; --max-body raises it");
    call_deinit(&c);
    h2_env_deinit(&h);
}

static void play_length(h2_peer *p, unsigned connection)
{
    (void) connection;
    uint32_t s;
    if (!h2_begin(p)) return;
    s = h2_read_request(p);
    h2_send_headers(p, 0, s,
        ":status\0"
        "200\0"
        "content-length\0"
        "2000000\0");
    h2_drain(p);
}

static void an_announced_body_over_the_limit(void **state)
{
    (void) state;
    h2_env h;
    call c;
    h2_env_init(&h, play_length);
    h.e.config.max_body_bytes = 1 << 20;
    call_get(&c, &h.e, "/");
    assert_failed(
        &c, BR_ELIMIT, 1000, "response body exceeds the limit of 1048576 bytes; --max-body raises it");
    call_deinit(&c);
    h2_env_deinit(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gets_and_reuses),
        cmocka_unit_test(measures_and_reads_fields),
        cmocka_unit_test(maps_fields),
        cmocka_unit_test(many_fields),
        cmocka_unit_test(sends_bodies),
        cmocka_unit_test(sends_bodies_side_by_side),
        cmocka_unit_test(an_answer_before_the_body_is_sent),
        cmocka_unit_test(answers_without_a_body),
        cmocka_unit_test(reads_large_bodies),
        cmocka_unit_test(an_announced_body_over_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
