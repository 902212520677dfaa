#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/random.h"

static void test_growing_keeps_content_and_end(void **state)
{
    (void) state;
    br_buf b;
    br_buf_init(&b, BR_BUF_NO_LIMIT);
    for (size_t i = 0; i < 10000; i++) {
        assert_int_equal(br_buf_putc(&b, (char) ('a' + i % 26)), BR_OK);
        assert_int_equal(b.data[b.len], 0);
    }
    assert_int_equal(b.len, 10000);
    for (size_t i = 0; i < b.len; i++) {
        assert_int_equal(b.data[i], 'a' + i % 26);
    }
    br_buf_reset(&b);
    assert_int_equal(b.len, 0);
    assert_string_equal(b.data, "");
    br_buf_deinit(&b);
    br_buf_deinit(&b);
}

static void test_limit_is_exact_and_keeps_what_was_there(void **state)
{
    (void) state;
    br_buf b;
    br_buf_init(&b, 10);
    assert_int_equal(br_buf_puts(&b, "12345678"), BR_OK);
    assert_int_equal(br_buf_puts(&b, "901"), BR_ELIMIT);
    assert_int_equal(br_buf_printf(&b, "%s", "901"), BR_ELIMIT);
    assert_int_equal(br_buf_put_json_str(&b, BR_STR("x")), BR_ELIMIT);
    assert_int_equal(br_buf_reserve(&b, SIZE_MAX), BR_ELIMIT);
    assert_string_equal(b.data, "12345678");
    assert_int_equal(b.len, 8);
    assert_int_equal(br_buf_printf(&b, "%d", 90), BR_OK);
    assert_string_equal(b.data, "1234567890");
    assert_int_equal(br_buf_putc(&b, 'x'), BR_ELIMIT);
    assert_int_equal(br_buf_append(&b, NULL, 0), BR_OK);
    br_buf_deinit(&b);
}

static void test_json_over_the_limit_leaves_nothing(void **state)
{
    (void) state;
    for (size_t max = 0; max < 12; max++) {
        br_buf b;
        br_buf_init(&b, max);
        br_code rc = br_buf_put_json_str(&b, BR_STR("ab\n\x01")); /* "ab\n\u0001" takes 12 */
        assert_int_equal(rc, BR_ELIMIT);
        assert_int_equal(b.len, 0);
        br_buf_deinit(&b);
    }
}

static void test_detach_is_never_null(void **state)
{
    (void) state;
    br_buf b;
    br_buf_init(&b, 100);
    char *empty = br_buf_detach(&b);
    assert_string_equal(empty, "");
    br_free(empty);
    br_buf_puts(&b, "abc");
    char *text = br_buf_detach(&b);
    assert_string_equal(text, "abc");
    assert_int_equal(b.len, 0);
    br_free(text);
    br_buf_deinit(&b);
}

static void test_formats(void **state)
{
    (void) state;
    br_buf b;
    br_buf_init(&b, BR_BUF_NO_LIMIT);
    br_buf_put_u64(&b, 0);
    br_buf_putc(&b, ' ');
    br_buf_put_u64(&b, UINT64_MAX);
    br_buf_putc(&b, ' ');
    br_buf_put(&b, BR_STR("str"));
    assert_string_equal(b.data, "0 18446744073709551615 str");
    br_buf_reset(&b);
    br_buf_printf(&b, "%*s|", 500, "wide"); /* longer than the room that was there */
    assert_int_equal(b.len, 501);
    assert_string_equal(b.data + 496, "wide|");
    br_buf_deinit(&b);
}

/* A text of exactly the room that is left has no space for its NUL: found by trying every length. */
static void test_printf_at_every_fill(void **state)
{
    (void) state;
    for (int fill = 0; fill < 70; fill++) {
        br_buf b;
        br_buf_init(&b, BR_BUF_NO_LIMIT);
        br_buf_puts(&b, "");
        br_buf_printf(&b, "%*s", fill, "");
        br_buf_printf(&b, "%d", 1234567);
        assert_int_equal(b.len, fill + 7);
        assert_string_equal(b.data + fill, "1234567");
        br_buf_deinit(&b);
    }
}

static void check_json(br_str in, const char *want)
{
    br_buf b;
    br_buf_init(&b, BR_BUF_NO_LIMIT);
    assert_int_equal(br_buf_put_json_str(&b, in), BR_OK);
    assert_string_equal(b.data, want);
    br_buf_deinit(&b);
}

#define FFFD "\xEF\xBF\xBD"

static void test_json_strings(void **state)
{
    (void) state;
    check_json(BR_STR_NONE, "\"\"");
    check_json(BR_STR("plain </script> & \x7f"), "\"plain </script> & \x7f\"");
    check_json(BR_STR("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
    check_json(BR_STR("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"");
    check_json(BR_STR("\0\x01\x1f"), "\"\\u0000\\u0001\\u001f\"");
    check_json(
        BR_STR("h\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"), "\"h\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\"");
    check_json(BR_STR("\xF4\x8F\xBF\xBF"), "\"\xF4\x8F\xBF\xBF\""); /* U+10FFFF is the last */
}

static void test_json_replaces_invalid_utf8(void **state)
{
    (void) state;
    check_json(BR_STR("a\xff"
                      "b"),
        "\"a" FFFD "b\"");
    check_json(BR_STR("\x80"), "\"" FFFD "\"");
    check_json(BR_STR("\xC3"), "\"" FFFD "\""); /* cut at the end */
    check_json(BR_STR("\xE2\x82"), "\"" FFFD FFFD "\"");
    check_json(BR_STR("\xE2\x82x"), "\"" FFFD FFFD "x\"");
    check_json(BR_STR("\xC0\xAF"), "\"" FFFD FFFD "\"");                   /* overlong '/' */
    check_json(BR_STR("\xE0\x80\xAF"), "\"" FFFD FFFD FFFD "\"");          /* overlong '/' */
    check_json(BR_STR("\xED\xA0\x80"), "\"" FFFD FFFD FFFD "\"");          /* surrogate */
    check_json(BR_STR("\xF4\x90\x80\x80"), "\"" FFFD FFFD FFFD FFFD "\""); /* over U+10FFFF */
    check_json(BR_STR("\xF8\x88\x80\x80\x80\n"), "\"" FFFD FFFD FFFD FFFD FFFD "\\n\"");
}

/* Whatever goes in, what comes out has no control character and an even number of bare quotes. */
static void test_json_of_random_bytes(void **state)
{
    (void) state;
    br_random r;
    br_random_seed(&r, 7);
    br_buf b;
    br_buf_init(&b, BR_BUF_NO_LIMIT);
    for (int round = 0; round < 2000; round++) {
        char in[40];
        size_t n = (size_t) br_random_below(&r, sizeof(in));
        for (size_t i = 0; i < n; i++) {
            in[i] = (char) br_random_below(&r, 256);
        }
        br_buf_reset(&b);
        assert_int_equal(br_buf_put_json_str(&b, (br_str){in, n}), BR_OK);
        assert_true(b.len >= 2 && b.data[0] == '"' && b.data[b.len - 1] == '"');
        for (size_t i = 1; i + 1 < b.len; i++) {
            assert_true((unsigned char) b.data[i] >= 0x20 && b.data[i] != '"');
            if (b.data[i] == '\\') assert_non_null(strchr("\"\\bfnrtu", b.data[++i]));
        }
    }
    br_buf_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_growing_keeps_content_and_end),
        cmocka_unit_test(test_limit_is_exact_and_keeps_what_was_there),
        cmocka_unit_test(test_json_over_the_limit_leaves_nothing),
        cmocka_unit_test(test_detach_is_never_null),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_printf_at_every_fill),
        cmocka_unit_test(test_json_strings),
        cmocka_unit_test(test_json_replaces_invalid_utf8),
        cmocka_unit_test(test_json_of_random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
