/* codec/ws.h: the RFC's examples, frames cut at every byte, what a server must not send, what we send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include "codec/ws.h"

#define BYTES(literal) ((br_str){"" literal, sizeof(literal) - 1})

/* What the callbacks saw, as text: "text:Hello|ping:x|close:1000:bye|". */
typedef struct seen {
    br_buf log;
    br_code stop; /* answer of on_message */
} seen;

static br_code on_message(void *ctx, bool text, bool compressed, br_str payload)
{
    seen *s = ctx;
    br_str shown = br_str_sub(payload, 0, 40);
    br_buf_printf(&s->log, "%s%s%zu:" BR_FMT "|", compressed ? "packed " : "", text ? "text" : "binary",
        payload.n, BR_ARG(shown));
    return s->stop;
}

static br_code on_ping(void *ctx, br_str payload)
{
    br_buf_printf(&((seen *) ctx)->log, "ping:" BR_FMT "|", BR_ARG(payload));
    return BR_OK;
}

static br_code on_pong(void *ctx, br_str payload)
{
    br_buf_printf(&((seen *) ctx)->log, "pong:" BR_FMT "|", BR_ARG(payload));
    return BR_OK;
}

static br_code on_close(void *ctx, int code, br_str reason)
{
    br_buf_printf(&((seen *) ctx)->log, "close:%d:" BR_FMT "|", code, BR_ARG(reason));
    return BR_ECANCEL;
}

static const br_ws_events events = {
    .on_message = on_message, .on_ping = on_ping, .on_pong = on_pong, .on_close = on_close};

/* Reads `bytes` in pieces of that size, and compares what came of it. */
static void expect_in(
    size_t piece, br_str bytes, bool deflate, br_code want, const char *log, const char *error)
{
    br_ws_reader r;
    seen s = {.stop = BR_OK};
    br_buf_init(&s.log, BR_BUF_NO_LIMIT);
    br_ws_reader_init(&r, &events, &s, 70000, deflate);
    br_code code = BR_AGAIN;
    for (size_t i = 0; i < bytes.n && code == BR_AGAIN; i += piece)
        code = br_ws_read(&r, br_str_sub(bytes, i, i + piece));
    assert_int_equal(code, want);
    assert_string_equal(s.log.data ? s.log.data : "", log);
    assert_string_equal(r.error, error);
    br_ws_reader_deinit(&r);
    br_buf_deinit(&s.log);
}

static void expect(br_str bytes, bool deflate, br_code want, const char *log, const char *error)
{
    for (size_t piece = 1; piece <= bytes.n && piece < 20; piece++)
        expect_in(piece, bytes, deflate, want, log, error);
    expect_in(bytes.n, bytes, deflate, want, log, error);
}

static void expect_good(br_str bytes, const char *log)
{
    expect(bytes, false, BR_AGAIN, log, "");
}

static void expect_bad(br_str bytes, const char *error)
{
    expect(bytes, false, BR_EPROTO, "", error);
}

/* RFC 6455 section 5.7. */
static void test_examples(void **state)
{
    (void) state;
    expect_good(BYTES("\x81\x05Hello"), "text5:Hello|");
    expect_good(BYTES("\x01\x03Hel\x80\x02lo"), "text5:Hello|");
    expect_good(BYTES("\x89\x05Hello"), "ping:Hello|");
    expect_good(BYTES("\x8a\x05Hello"), "pong:Hello|");
    expect(BYTES("\x88\x00"), false, BR_ECANCEL, "close:1005:|", "");
    expect(BYTES("\x88\x05\x03\xe8"
                 "bye"),
        false, BR_ECANCEL, "close:1000:bye|", "");
}

static void put_long(br_buf *b, const char *head, size_t head_bytes, size_t n)
{
    assert_int_equal(br_buf_append(b, head, head_bytes), BR_OK);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(br_buf_putc(b, 'x'), BR_OK);
}

static void test_lengths(void **state)
{
    (void) state;
    br_buf b;
    br_buf_init(&b, BR_BUF_NO_LIMIT);
    put_long(&b, "\x82\x7e\x01\x00", 4, 256);
    put_long(&b, "\x82\x7f\0\0\0\0\0\x01\0\0", 10, 65536);
    expect(br_buf_view(&b), false, BR_AGAIN,
        "binary256:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx|"
        "binary65536:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx|",
        "");
    br_buf_deinit(&b);
    expect_good(BYTES("\x81\x00\x02\x00\x80\x00\x82\x7e\x00\x01x"), "text0:|binary0:|binary1:x|");
}

static void test_control_between_fragments(void **state)
{
    (void) state;
    expect_good(BYTES("\x01\x03"
                      "abc\x89\x02pi\x00\x00\x8a\x00\x80\x01"
                      "d\x81\x01"
                      "e"),
        "ping:pi|pong:|text4:abcd|text1:e|");
}

static void test_faults(void **state)
{
    (void) state;
    expect_bad(BYTES("\xc1\x00"), "RSV1 set");
    expect_bad(BYTES("\xa1\x00"), "RSV2 set");
    expect_bad(BYTES("\x91\x00"), "RSV3 set");
    expect_bad(BYTES("\x83\x00"), "bad opcode 3");
    expect_bad(BYTES("\x8b\x00"), "bad opcode 11");
    expect_bad(BYTES("\x89\x7e\x00\x7e"), "len > 125 for control");
    expect_bad(BYTES("\x09\x00"), "FIN not set on control");
    expect_bad(BYTES("\x01\x01x\x01\x01x"), "data before FIN");
    expect_bad(BYTES("\x80\x01x"), "continuation after FIN");
    expect_bad(BYTES("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "bad MASK");
    expect_bad(BYTES("\x88\x02\x03\xe7"), "bad close code 999");
    expect_bad(BYTES("\x88\x02\x03\xed"), "bad close code 1005");
    expect_bad(BYTES("\x88\x04\x03\xe8\xff\xff"), "invalid utf8 payload in close frame");
    expect_bad(BYTES("\x81\x02\xc3\x28"), "invalid UTF-8 in a text message");
    expect_bad(BYTES("\x01\x01\xe2\x80\x01\x82"), "invalid UTF-8 in a text message");
    expect(BYTES("\xc9\x00"), true, BR_EPROTO, "", "RSV1 set");
    expect(BYTES("\x41\x00\xc0\x00"), true, BR_EPROTO, "", "RSV1 set");
}

/* A code point may be cut by fragments; binary messages may hold anything. */
static void test_utf8(void **state)
{
    (void) state;
    expect_good(BYTES("\x01\x02\xe2\x82\x80\x01\xac"), "text3:\xe2\x82\xac|");
    expect_good(BYTES("\x82\x02\xc3\x28"), "binary2:\xc3\x28|");
    assert_true(br_ws_utf8_valid(BYTES("abcdefgh\xf0\x9f\x98\x80 ijklmnop")));
    assert_false(br_ws_utf8_valid(BYTES("abcdefgh\xed\xa0\x80 ijklmnop"))); /* a surrogate */
    assert_false(br_ws_utf8_valid(BYTES("abcdefghijklmno\xc0\x80")));
    assert_false(br_ws_utf8_valid(BYTES("abcdefghijklm\xe2\x82")));
}

static void test_compressed(void **state)
{
    (void) state;
    expect(BYTES("\xc1\x02"
                 "ab\x41\x01"
                 "c\x80\x01"
                 "d"),
        true, BR_AGAIN, "packed text2:ab|packed text2:cd|", "");
    expect(BYTES("\x81\x01x"), true, BR_AGAIN, "text1:x|", "");
}

static void test_limit(void **state)
{
    (void) state;
    br_buf b;
    br_buf_init(&b, BR_BUF_NO_LIMIT);
    expect(BYTES("\x82\x7f\0\0\0\0\0\x01\x11\x71"), false, BR_ELIMIT, "",
        "message is longer than the limit of 70000 bytes");
    expect(BYTES("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"), false, BR_ELIMIT, "",
        "message is longer than the limit of 70000 bytes");
    put_long(&b, "\x02\x7e\xff\xff", 4, 65535); /* in pieces as well */
    put_long(&b, "\x80\x7e\x11\x72", 4, 0);
    expect(br_buf_view(&b), false, BR_ELIMIT, "", "message is longer than the limit of 70000 bytes");
    br_buf_deinit(&b);
}

static void test_callback_stops(void **state)
{
    (void) state;
    br_ws_reader r;
    seen s = {.stop = BR_ECANCEL};
    br_buf_init(&s.log, BR_BUF_NO_LIMIT);
    br_ws_reader_init(&r, &events, &s, 100, false);
    assert_int_equal(br_ws_read(&r, BYTES("\x81\x01"
                                          "a\x81\x01"
                                          "b")),
        BR_ECANCEL);
    assert_string_equal(s.log.data, "text1:a|");
    br_ws_reader_deinit(&r);
    br_buf_deinit(&s.log);
}

/* RFC 6455 section 5.7: a masked text, a masked pong. */
static void test_writing(void **state)
{
    (void) state;
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    br_buf out;
    br_buf_init(&out, 1 << 17);
    assert_int_equal(br_ws_put_frame(&out, BR_WS_TEXT, false, mask, BR_STR("Hello")), BR_OK);
    assert_true(br_str_eq(br_buf_view(&out), BYTES("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")));
    br_buf_reset(&out);
    assert_int_equal(br_ws_put_frame(&out, BR_WS_PONG, false, mask, BR_STR("Hello")), BR_OK);
    assert_true(br_str_eq(br_buf_view(&out), BYTES("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")));
    br_buf_reset(&out);
    char bytes[65536];
    memset(bytes, 'y', sizeof(bytes));
    assert_int_equal(br_ws_put_frame(&out, BR_WS_BINARY, true, mask, (br_str){bytes, 126}), BR_OK);
    assert_memory_equal(out.data, "\xc2\xfe\x00\x7e\x37\xfa\x21\x3d", 8);
    for (size_t i = 0; i < 126; i++)
        assert_int_equal((unsigned char) out.data[8 + i], (unsigned char) 'y' ^ mask[i & 3]);
    br_buf_reset(&out);
    assert_int_equal(br_ws_put_frame(&out, BR_WS_BINARY, false, mask, (br_str){bytes, sizeof(bytes)}), BR_OK);
    assert_memory_equal(out.data, "\x82\xff\0\0\0\0\0\x01\0\0\x37\xfa\x21\x3d", 14);
    assert_int_equal(out.len, 14 + sizeof(bytes));
    size_t before = out.len;
    assert_int_equal(
        br_ws_put_frame(&out, BR_WS_BINARY, false, mask, (br_str){bytes, sizeof(bytes)}), BR_ELIMIT);
    assert_int_equal(out.len, before);
    br_buf_deinit(&out);
}

static void test_close_payload(void **state)
{
    (void) state;
    char out[BR_WS_CONTROL_MAX], reason[200];
    memset(reason, 'r', sizeof(reason));
    assert_true(br_str_eq(br_ws_close_payload(1000, BR_STR("bye"), out), BYTES("\x03\xe8"
                                                                               "bye")));
    assert_int_equal(br_ws_close_payload(BR_WS_NO_STATUS, BR_STR("x"), out).n, 0);
    assert_int_equal(br_ws_close_payload(4999, (br_str){reason, sizeof(reason)}, out).n, BR_WS_CONTROL_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_control_between_fragments),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_compressed),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_callback_stops),
        cmocka_unit_test(test_writing),
        cmocka_unit_test(test_close_payload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
