/* http/h2_int.h: servers that break the rules, or use them against us. Each request ends, and with a reason.
 */
#include <stdio.h>
#include "h2_env.h"

#define CONNECTION "http2: connection error with http2 ErrCode "
#define STREAM     "http2: stream error with http2 ErrCode "
#define STATUS_200                                                                                           \
    ":status\0"                                                                                              \
    "200\0"

/* The start ---------------------------------------------------------------------------------------- */

static void play_http1(h2_peer *p, unsigned connection)
{
    (void) connection;
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    h2_send_raw(p, answer, sizeof(answer) - 1);
    h2_drain(p);
}

static void play_zeros(h2_peer *p, unsigned connection)
{
    (void) connection;
    static const char zeros[1000];
    h2_send_raw(p, zeros, sizeof(zeros));
    h2_drain(p);
}

static void play_goaway_first(h2_peer *p, unsigned connection)
{
    (void) connection;
    h2_send_goaway(p, 0, 0, "");
    h2_drain(p);
}

static void play_nothing(h2_peer *p, unsigned connection)
{
    (void) connection;
    h2_drain(p);
}

static void play_close(h2_peer *p, unsigned connection)
{
    (void) connection;
    h2_read_preface(p);
}

static void play_end(h2_peer *p, unsigned connection)
{
    (void) connection;
    h2_begin(p);
    h2_read_request(p);
}

static void the_server_does_not_begin_well(void **state)
{
    (void) state;
    static const char hint[] = CONNECTION "PROTOCOL_ERROR (does the server speak HTTP/2 without TLS?)";
    assert_fails(play_http1, BR_EPROTO, 1652, hint);
    assert_fails(play_zeros, BR_EPROTO, 1652, hint);
    assert_fails(play_goaway_first, BR_EPROTO, 1652, hint);
    assert_fails(play_close, BR_EOF, 1000, "unexpected EOF (does the server speak HTTP/2 without TLS?)");
    assert_fails(play_nothing, BR_ETIMEOUT, 1050, "request timeout");
    assert_fails(play_end, BR_EOF, 1000, "unexpected EOF");
}

/* Heads -------------------------------------------------------------------------------------------- */

static void answer_with(h2_peer *p, uint8_t flags, const char *fields)
{
    if (h2_begin(p)) h2_send_headers(p, flags, h2_read_request(p), fields);
    h2_drain(p);
}

static void play_no_status(h2_peer *p, unsigned connection)
{
    (void) connection;
    answer_with(p, H2_END_STREAM,
        "x-a\0"
        "b\0");
}

static void play_two_status(h2_peer *p, unsigned connection)
{
    (void) connection;
    answer_with(p, H2_END_STREAM, STATUS_200 STATUS_200);
}

static void play_odd_status(h2_peer *p, unsigned connection)
{
    (void) connection;
    answer_with(p, H2_END_STREAM,
        ":status\0"
        "2x0\0");
}

/* Found by fuzzing. */
static void play_status_below_100(h2_peer *p, unsigned connection)
{
    (void) connection;
    answer_with(p, H2_END_STREAM,
        ":status\0"
        "051\0");
}

static void play_switching(h2_peer *p, unsigned connection)
{
    (void) connection;
    answer_with(p, 0,
        ":status\0"
        "101\0");
}

static void play_upper_case(h2_peer *p, unsigned connection)
{
    (void) connection;
    answer_with(p, H2_END_STREAM,
        STATUS_200 "X-Upper\0"
                   "1\0");
}

static void play_smuggled_line(h2_peer *p, unsigned connection)
{
    (void) connection;
    answer_with(p, H2_END_STREAM,
        STATUS_200 "x-a\0"
                   "b\r\nx-c: d\0");
}

static void play_two_heads(h2_peer *p, unsigned connection)
{
    (void) connection;
    if (!h2_begin(p)) return;
    uint32_t s = h2_read_request(p);
    h2_send_headers(p, 0, s, STATUS_200);
    h2_send_headers(p, 0, s, STATUS_200);
    h2_drain(p);
}

static void play_data_before_the_head(h2_peer *p, unsigned connection)
{
    (void) connection;
    if (!h2_begin(p)) return;
    h2_send_text(p, H2_DATA, H2_END_STREAM, h2_read_request(p), "hello");
    h2_drain(p);
}

static void malformed_heads(void **state)
{
    (void) state;
    static h2_play_fn *const plays[] = {play_no_status, play_two_status, play_odd_status,
        play_status_below_100, play_switching, play_upper_case, play_smuggled_line, play_two_heads};
    for (size_t i = 0; i < BR_COUNT_OF(plays); i++)
        assert_fails(plays[i], BR_EPROTO, 1632, STREAM "PROTOCOL_ERROR");
    assert_fails(play_data_before_the_head, BR_EPROTO, 1652, CONNECTION "PROTOCOL_ERROR");
}

static void play_many_fields(h2_peer *p, unsigned connection)
{
    (void) connection;
    uint8_t block[16000];
    size_t n = h2_encode(STATUS_200, block, sizeof(block));
    for (int i = 0; i < 1001; i++)
        n += h2_encode("x-a\0"
                       "b\0",
            block + n, sizeof(block) - n);
    if (!h2_begin(p)) return;
    h2_send(p, H2_HEADERS, H2_END_HEADERS | H2_END_STREAM, h2_read_request(p), block, n);
    h2_answer(p, h2_read_request(p), "still there");
    h2_drain(p);
}

/* A field of 4000 bytes enters the table; each byte that follows stands for it. */
static void play_bomb(h2_peer *p, unsigned connection)
{
    (void) connection;
    static uint8_t block[16000];
    size_t n = h2_encode(STATUS_200, block, sizeof(block));
    block[n++] = 0x40, block[n++] = 1, block[n++] = 'x';
    block[n++] = 0x7f, block[n++] = 0x81, block[n++] = 30; /* 127 + 1 + 30 * 128 */
    memset(block + n, 'x', 3968);
    memset(block + n + 3968, 0x80 | 62, sizeof(block) - n - 3968);
    if (!h2_begin(p)) return;
    h2_send(p, H2_HEADERS, H2_END_HEADERS | H2_END_STREAM, h2_read_request(p), block, sizeof(block));
    h2_answer(p, h2_read_request(p), "still there");
    h2_drain(p);
}

static void play_endless_hints(h2_peer *p, unsigned connection)
{
    (void) connection;
    if (!h2_begin(p)) return;
    uint32_t s = h2_read_request(p);
    while (h2_send_headers(p, 0, s,
        ":status\0"
        "103\0"
        "link\0"
        "</style.css>; rel=preload\0")) {
    }
}

static void heads_without_end(void **state)
{
    (void) state;
    static const char too_large[] = "http2: response header list larger than advertised limit";
    h2_env h;
    call c;
    assert_fails(play_endless_hints, BR_ELIMIT, 1000, too_large);
    h2_env_init(&h, play_many_fields);
    call_get(&c, &h.e, "/");
    assert_failed(&c, BR_ELIMIT, 1000, "response has more than 1000 header fields");
    call_run(&c);
    assert_body(&c, "still there");
    call_deinit(&c);
    h2_env_deinit(&h);
    h2_env_init(&h, play_bomb);
    call_get(&c, &h.e, "/");
    assert_failed(&c, BR_ELIMIT, 1000, too_large);
    assert_true(c.response.head.cap <= 2 << 20);
    call_run(&c); /* the table is still the server's */
    assert_body(&c, "still there");
    call_deinit(&c);
    h2_env_deinit(&h);
}

static void flood_continuations(h2_peer *p, const uint8_t *block, size_t n)
{
    if (!h2_begin(p)) return;
    uint32_t s = h2_read_request(p);
    h2_send(p, H2_HEADERS, 0, s, NULL, 0);
    for (int i = 0; i < 100000 && h2_send(p, H2_CONTINUATION, 0, s, block, n); i++) {
    }
    h2_drain(p);
}

static void play_empty_continuations(h2_peer *p, unsigned connection)
{
    (void) connection;
    flood_continuations(p, NULL, 0);
}

static void play_full_continuations(h2_peer *p, unsigned connection)
{
    (void) connection;
    uint8_t block[32];
    flood_continuations(p, block,
        h2_encode("x-a\0"
                  "b\0",
            block, sizeof(block)));
}

static void continuations_without_end(void **state)
{
    (void) state;
    assert_fails(play_empty_continuations, BR_EPROTO, 1662, CONNECTION "ENHANCE_YOUR_CALM");
    assert_fails(play_full_continuations, BR_EPROTO, 1662, CONNECTION "ENHANCE_YOUR_CALM");
}

/* Bodies ------------------------------------------------------------------------------------------- */

static void play_short(h2_peer *p, unsigned connection)
{
    (void) connection;
    if (!h2_begin(p)) return;
    uint32_t s = h2_read_request(p);
    h2_send_headers(p, 0, s,
        STATUS_200 "content-length\0"
                   "10\0");
    h2_send_text(p, H2_DATA, H2_END_STREAM, s, "short");
    h2_drain(p);
}

static void play_long(h2_peer *p, unsigned connection)
{
    (void) connection;
    if (!h2_begin(p)) return;
    uint32_t s = h2_read_request(p);
    h2_send_headers(p, 0, s,
        STATUS_200 "content-length\0"
                   "2\0");
    h2_send_text(p, H2_DATA, H2_END_STREAM, s, "long");
    h2_drain(p);
}

static void play_no_length(h2_peer *p, unsigned connection)
{
    (void) connection;
    answer_with(p, H2_END_STREAM,
        STATUS_200 "content-length\0"
                   "-1\0");
}

static void wrong_lengths(void **state)
{
    (void) state;
    assert_fails(play_short, BR_EOF, 1000, "unexpected EOF");
    assert_fails(play_long, BR_EPROTO, 1632, STREAM "PROTOCOL_ERROR");
    assert_fails(play_no_length, BR_EPROTO, 1632, STREAM "PROTOCOL_ERROR");
}

static void play_empty_data(h2_peer *p, unsigned connection)
{
    (void) connection;
    if (!h2_begin(p)) return;
    uint32_t s = h2_read_request(p);
    h2_send_headers(p, 0, s, STATUS_200);
    while (h2_send(p, H2_DATA, 0, s, NULL, 0)) {
    }
}

static void a_body_without_bytes_or_end(void **state)
{
    (void) state;
    h2_env h;
    call c;
    h2_env_init(&h, play_empty_data);
    call_init(&c, &h.e, "GET", "/");
    c.request.timeout_ns = 100 * BR_MS;
    call_run(&c);
    assert_failed(&c, BR_ETIMEOUT, 1050, "request timeout");
    assert_int_equal(c.response.body_bytes, 0);
    call_deinit(&c);
    h2_env_deinit(&h);
}

/* Streams ------------------------------------------------------------------------------------------- */

static void play_resets(h2_peer *p, unsigned connection)
{
    (void) connection;
    uint32_t s;
    if (!h2_begin(p)) return;
    for (unsigned i = 0; (s = h2_read_request(p)) != 0; i++) {
        if (i % 3 >= 1) h2_send_headers(p, 0, s, STATUS_200);
        if (i % 3 == 2) h2_send_text(p, H2_DATA, 0, s, "hel");
        h2_send_u32(p, H2_RST_STREAM, s, 8);
        h2_send_u32(p, H2_RST_STREAM, s, 8); /* once more, for a stream that is closed */
    }
}

static void rapid_reset(void **state)
{
    (void) state;
    h2_env h;
    call c;
    h2_env_init(&h, play_resets);
    call_init(&c, &h.e, "GET", "/");
    for (int i = 0; i < 999; i++) {
        call_run(&c);
        assert_stream_error(&c, 1639, "CANCEL");
    }
    assert_int_equal(h2_server_connections(h.server), 1);
    call_deinit(&c);
    h2_env_deinit(&h);
}

static void play_unknown_stream(h2_peer *p, unsigned connection)
{
    (void) connection;
    if (!h2_begin(p)) return;
    h2_read_request(p);
    h2_send_text(p, H2_DATA, 0, 99, "hello");
    h2_drain(p);
}

static void play_even_stream(h2_peer *p, unsigned connection)
{
    (void) connection;
    if (!h2_begin(p)) return;
    h2_read_request(p);
    h2_send_headers(p, 0, 2, STATUS_200);
    h2_drain(p);
}

static void play_push(h2_peer *p, unsigned connection)
{
    (void) connection;
    static const uint8_t promised[] = {0, 0, 0, 2, 0x82, 0x84, 0x86};
    if (!h2_begin(p)) return;
    h2_send(p, H2_PUSH_PROMISE, H2_END_HEADERS, h2_read_request(p), promised, sizeof(promised));
    h2_drain(p);
}

static void streams_that_nobody_opened(void **state)
{
    (void) state;
    assert_fails(play_unknown_stream, BR_EPROTO, 1652, CONNECTION "PROTOCOL_ERROR");
    assert_fails(play_even_stream, BR_EPROTO, 1652, CONNECTION "PROTOCOL_ERROR");
    assert_fails(play_push, BR_EPROTO, 1652, CONNECTION "PROTOCOL_ERROR");
}

/* Answers twice; the second one is for a stream that is closed. */
static void play_twice(h2_peer *p, unsigned connection)
{
    (void) connection;
    uint32_t s;
    if (!h2_begin(p)) return;
    while ((s = h2_read_request(p)) != 0) {
        h2_answer(p, s, "hello");
        h2_send_text(p, H2_DATA, H2_END_STREAM, s, "again");
        h2_send(p, 0xbe, 7, 0, "unknown type", 12);
    }
}

static void answers_to_closed_streams(void **state)
{
    (void) state;
    h2_env h;
    call c;
    h2_env_init(&h, play_twice);
    call_init(&c, &h.e, "GET", "/");
    for (int i = 0; i < 20; i++) {
        call_run(&c);
        assert_ok(&c, 200);
        assert_body(&c, "hello");
    }
    call_deinit(&c);
    h2_env_deinit(&h);
}

/* Windows ------------------------------------------------------------------------------------------- */

static void play_no_window(h2_peer *p, unsigned connection)
{
    (void) connection;
    if (h2_begin(p)) h2_send_setting(p, H2_INITIAL_WINDOW_SIZE, 0);
    h2_drain(p);
}

static void a_window_that_never_opens(void **state)
{
    (void) state;
    static char body[100000]; /* larger than the first window */
    h2_env h;
    call c;
    h2_env_init(&h, play_no_window);
    call_init(&c, &h.e, "POST", "/");
    c.request.timeout_ns = 100 * BR_MS;
    c.request.body = (br_str){body, sizeof(body)};
    for (int i = 0; i < 2; i++) {
        call_run(&c);
        assert_failed(&c, BR_ETIMEOUT, 1050, "request timeout");
        assert_true(c.response.sent_bytes < sizeof(body));
    }
    call_deinit(&c);
    h2_env_deinit(&h);
}

static void play_window_overflow(h2_peer *p, unsigned connection)
{
    (void) connection;
    if (!h2_begin(p)) return;
    h2_read_request(p);
    h2_send_u32(p, H2_WINDOW_UPDATE, 0, 0x7fffffff);
    h2_drain(p);
}

static void play_stream_window_overflow(h2_peer *p, unsigned connection)
{
    (void) connection;
    if (!h2_begin(p)) return;
    h2_send_u32(p, H2_WINDOW_UPDATE, h2_read_request(p), 0x7fffffff);
    h2_drain(p);
}

static void play_huge_initial_window(h2_peer *p, unsigned connection)
{
    (void) connection;
    if (h2_begin(p)) h2_send_setting(p, H2_INITIAL_WINDOW_SIZE, 0x80000000);
    h2_drain(p);
}

static void play_zero_increment(h2_peer *p, unsigned connection)
{
    (void) connection;
    if (!h2_begin(p)) return;
    h2_read_request(p);
    h2_send_u32(p, H2_WINDOW_UPDATE, 0, 0);
    h2_drain(p);
}

/* More than the client allowed: 4 MiB for a stream. */
static void play_flood_data(h2_peer *p, unsigned connection)
{
    (void) connection;
    static uint8_t block[16384];
    if (!h2_begin(p)) return;
    uint32_t s = h2_read_request(p);
    h2_send_headers(p, 0, s, STATUS_200);
    for (int i = 0; i < 100000 && h2_send(p, H2_DATA, 0, s, block, sizeof(block)); i++) {
    }
    h2_drain(p);
}

static void window_tricks(void **state)
{
    (void) state;
    assert_fails(play_window_overflow, BR_EPROTO, 1654, CONNECTION "FLOW_CONTROL_ERROR");
    assert_fails(play_stream_window_overflow, BR_EPROTO, 1634, STREAM "FLOW_CONTROL_ERROR");
    assert_fails(play_huge_initial_window, BR_EPROTO, 1654, CONNECTION "FLOW_CONTROL_ERROR");
    assert_fails(play_zero_increment, BR_EPROTO, 1652, CONNECTION "PROTOCOL_ERROR");
    h2_env h;
    call c;
    h2_env_init(&h, play_flood_data);
    h.e.config.max_body_bytes = 8 << 20;
    call_get(&c, &h.e, "/"); /* whichever comes first: its window or ours */
    assert_true(c.response.error.code == BR_ELIMIT || c.response.error.k6_code == 1634);
    assert_true(c.response.body.len <= 8 << 20);
    call_deinit(&c);
    h2_env_deinit(&h);
}

/* Floods and broken frames ---------------------------------------------------------------------------- */

static void play_settings_flood(h2_peer *p, unsigned connection)
{
    (void) connection;
    if (!h2_begin(p)) return;
    for (int i = 0; i < 1000000 && h2_send_setting(p, H2_MAX_CONCURRENT_STREAMS, 100); i++) {
    }
    h2_drain(p);
}

static void play_ping_flood(h2_peer *p, unsigned connection)
{
    (void) connection;
    if (!h2_begin(p)) return;
    for (int i = 0; i < 1000000 && h2_send_text(p, H2_PING, 0, 0, "12345678"); i++) {
    }
    h2_drain(p);
}

/* As before, but in one piece, so that the client reads many at once. */
static void send_block(h2_peer *p, const uint8_t *frame, size_t n)
{
    uint8_t block[64000];
    size_t len = 0;
    for (; len + n <= sizeof(block); len += n)
        memcpy(block + len, frame, n);
    h2_send_raw(p, block, len);
}

static void play_settings_block(h2_peer *p, unsigned connection)
{
    (void) connection;
    static const uint8_t frame[9] = {0, 0, 0, H2_SETTINGS};
    if (!h2_begin(p)) return;
    h2_read_request(p);
    send_block(p, frame, sizeof(frame));
    h2_drain(p);
}

static void play_ping_block(h2_peer *p, unsigned connection)
{
    (void) connection;
    static const uint8_t frame[17] = {0, 0, 8, H2_PING};
    if (!h2_begin(p)) return;
    h2_read_request(p);
    send_block(p, frame, sizeof(frame));
    h2_drain(p);
}

static void play_many_settings(h2_peer *p, unsigned connection)
{
    (void) connection;
    static const uint8_t entries[6 * 1000];
    if (!h2_begin(p)) return;
    h2_send(p, H2_SETTINGS, 0, 0, entries, sizeof(entries));
    h2_drain(p);
}

static void ends_somehow(h2_play_fn *play)
{
    h2_env h;
    call c;
    h2_env_init(&h, play);
    call_init(&c, &h.e, "GET", "/");
    c.request.timeout_ns = 300 * BR_MS;
    call_run(&c);
    assert_true(c.response.error.k6_code == 1662 || c.response.error.k6_code == 1050);
    call_deinit(&c);
    h2_env_deinit(&h);
}

static void floods(void **state)
{
    (void) state;
    ends_somehow(play_settings_flood);
    ends_somehow(play_ping_flood);
    assert_fails(play_settings_block, BR_EPROTO, 1662, CONNECTION "ENHANCE_YOUR_CALM");
    assert_fails(play_ping_block, BR_EPROTO, 1662, CONNECTION "ENHANCE_YOUR_CALM");
    assert_fails(play_many_settings, BR_EPROTO, 1662, CONNECTION "ENHANCE_YOUR_CALM");
}

static void play_large_frame(h2_peer *p, unsigned connection)
{
    (void) connection;
    static uint8_t block[20000];
    if (!h2_begin(p)) return;
    h2_send(p, H2_DATA, 0, h2_read_request(p), block, sizeof(block));
    h2_drain(p);
}

static void play_bad_compression(h2_peer *p, unsigned connection)
{
    (void) connection;
    static const uint8_t block[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0x0f};
    if (!h2_begin(p)) return;
    h2_send(p, H2_HEADERS, H2_END_HEADERS, h2_read_request(p), block, sizeof(block));
    h2_drain(p);
}

static void play_interrupted_head(h2_peer *p, unsigned connection)
{
    (void) connection;
    if (!h2_begin(p)) return;
    h2_send(p, H2_HEADERS, 0, h2_read_request(p), NULL, 0);
    h2_send_text(p, H2_PING, 0, 0, "12345678");
    h2_drain(p);
}

static void broken_frames(void **state)
{
    (void) state;
    assert_fails(play_large_frame, BR_EPROTO, 1657, CONNECTION "FRAME_SIZE_ERROR");
    assert_fails(play_bad_compression, BR_EPROTO, 1660, CONNECTION "COMPRESSION_ERROR");
    assert_fails(play_interrupted_head, BR_EPROTO, 1652, CONNECTION "PROTOCOL_ERROR");
}

/* Concurrency ----------------------------------------------------------------------------------------- */

#define MANY 10000

static _Atomic unsigned allowed_later;

/* Allows no streams; after a while one, if the test says so. Those that were sent before are refused. */
static void play_none_allowed(h2_peer *p, unsigned connection)
{
    (void) connection;
    h2_frame f;
    if (!h2_read_preface(p) || !h2_send_setting(p, H2_MAX_CONCURRENT_STREAMS, 0)) return;
    while (h2_read(p, &f)) {
        if (f.type == H2_SETTINGS && (f.flags & H2_ACK) && allowed_later > 0) {
            h2_pause(20);
            h2_send_setting(p, H2_MAX_CONCURRENT_STREAMS, allowed_later);
            allowed_later = 0;
        } else if (f.type == H2_HEADERS) {
            h2_answer(p, f.stream, "hello");
        } else if (f.type == H2_SETTINGS && !(f.flags & H2_ACK)) {
            h2_send(p, H2_SETTINGS, H2_ACK, 0, NULL, 0);
        }
    }
}

static void no_streams_allowed(void **state)
{
    (void) state;
    h2_env h;
    call first, *c = calloc(MANY, sizeof(*c));
    h2_env_init(&h, play_none_allowed);
    allowed_later = 0;
    call_get(&first, &h.e, "/"); /* was sent before the setting came */
    assert_ok(&first, 200);
    for (int i = 0; i < MANY; i++) {
        call_init(&c[i], &h.e, "GET", "/");
        c[i].request.timeout_ns = 200 * BR_MS;
        call_start(&c[i]);
    }
    br_loop_run(h.e.loop);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(c[i].done, 1);
        if (c[i].response.error.code != BR_OK) assert_failed(&c[i], BR_ETIMEOUT, 1050, "request timeout");
    }
    assert_true(h2_server_connections(h.server) <= 3);
    calls_deinit(c, MANY);
    call_deinit(&first);
    free(c);
    h2_env_deinit(&h);
}

static void streams_allowed_later(void **state)
{
    (void) state;
    h2_env h;
    call c[300];
    h2_env_init(&h, play_none_allowed);
    allowed_later = 100;
    calls_run(c, 300, &h);
    for (int i = 0; i < 300; i++)
        assert_ok(&c[i], 200);
    calls_deinit(c, 300);
    h2_env_deinit(&h);
}

static void play_one_allowed(h2_peer *p, unsigned connection)
{
    (void) connection;
    uint32_t s;
    if (!h2_read_preface(p) || !h2_send_setting(p, H2_MAX_CONCURRENT_STREAMS, 1)) return;
    while ((s = h2_read_request(p)) != 0)
        h2_answer(p, s, "hello");
}

/* Each beyond the first takes a connection, as in Go. */
static void one_stream_allowed(void **state)
{
    (void) state;
    h2_env h;
    call first, c[300];
    h2_env_init(&h, play_one_allowed);
    call_get(&first, &h.e, "/");
    assert_ok(&first, 200);
    for (int round = 0; round < 2; round++) {
        calls_run(c, 300, &h);
        for (int i = 0; i < 300; i++)
            assert_ok(&c[i], 200);
        calls_deinit(c, 300);
    }
    assert_true(h2_server_connections(h.server) <= 600);
    call_deinit(&first);
    h2_env_deinit(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_server_does_not_begin_well),
        cmocka_unit_test(malformed_heads),
        cmocka_unit_test(heads_without_end),
        cmocka_unit_test(continuations_without_end),
        cmocka_unit_test(wrong_lengths),
        cmocka_unit_test(a_body_without_bytes_or_end),
        cmocka_unit_test(rapid_reset),
        cmocka_unit_test(streams_that_nobody_opened),
        cmocka_unit_test(answers_to_closed_streams),
        cmocka_unit_test(a_window_that_never_opens),
        cmocka_unit_test(window_tricks),
        cmocka_unit_test(floods),
        cmocka_unit_test(broken_frames),
        cmocka_unit_test(no_streams_allowed),
        cmocka_unit_test(streams_allowed_later),
        cmocka_unit_test(one_stream_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
