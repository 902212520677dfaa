/* codec/base64.h: the vectors of RFC 4648, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "codec/base64.h"

static void assert_put(const char *bytes, bool url, bool padded, const char *want)
{
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    br_base64_put(br_str_of(bytes), url, padded, &out);
    assert_true(br_str_is(br_buf_view(&out), want));
    br_buf_deinit(&out);
}

static bool decodes(const char *text, bool url, bool padded, const char *want)
{
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    bool ok = br_base64_decode(br_str_of(text), url, padded, &out, NULL);
    if (ok) assert_true(br_str_is(br_buf_view(&out), want));
    br_buf_deinit(&out);
    return ok;
}

/* Source: RFC 4648 section 10. */
static const char *const vectors[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};

static void vectors_there_and_back(void **state)
{
    (void) state;
    for (size_t i = 0; i < BR_COUNT_OF(vectors); i++) {
        assert_put(vectors[i][0], false, true, vectors[i][1]);
        assert_true(decodes(vectors[i][1], false, true, vectors[i][0]));
    }
}

static void variants_differ_in_letters_and_padding(void **state)
{
    (void) state;
    assert_put("\xfb\xff", false, true, "+/8=");
    assert_put("\xfb\xff", true, true, "-_8=");
    assert_put("\xfb\xff", true, false, "-_8");
    assert_true(decodes("-_8", true, false, "\xfb\xff"));
    assert_false(decodes("-_8=", false, true, ""));
    assert_false(decodes("+/8=", true, true, ""));
}

static void what_is_no_base64_is_refused(void **state)
{
    (void) state;
    static const char *const bad[] = {"Z", "Zg", "Zg=", "Zg===", "Zm9v=", "Z!==", "Zg==Zg==", "=Zg="};
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        if (decodes(bad[i], false, true, "")) fail_msg("taken: %s", bad[i]);
    }
    assert_true(decodes("Zm9v\r\nYmFy\n", false, true, "foobar"));
}

/* Source: the byte in Go's "illegal base64 data at input byte N". */
static void a_fault_is_where_go_names_it(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        bool padded;
        size_t fault;
    } cases[] = {{"@@", true, 0}, {"aGVsbG8", true, 4}, {"a", true, 0}, {"a", false, 0},
        {"aGVsbG8=", false, 7}, {"aa=a", true, 2}, {"aa=", true, 3}, {"====", true, 0}, {"Zg==Zg==", true, 4},
        {"Zm9v=", true, 4}, {"Zg=\n=x", true, 5}, {"Zm9\n!", true, 4}, {"Zg==", true, SIZE_MAX},
        {"Zg", false, SIZE_MAX}};
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        br_buf out;
        br_buf_init(&out, BR_BUF_NO_LIMIT);
        size_t fault = 0;
        bool ok = br_base64_decode(br_str_of(cases[i].text), false, cases[i].padded, &out, &fault);
        br_buf_deinit(&out);
        if (fault != cases[i].fault || ok != (fault == SIZE_MAX)) fail_msg("%s: %zu", cases[i].text, fault);
    }
}

static void text_stands_behind_its_prefix(void **state)
{
    (void) state;
    br_arena arena;
    br_arena_init(&arena, 256);
    br_str text = br_base64_text(&arena, "Basic ", BR_STR("a:b"));
    assert_true(br_str_is(text, "Basic YTpi"));
    assert_int_equal(text.p[text.n], 0);
    br_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_there_and_back),
        cmocka_unit_test(variants_differ_in_letters_and_padding),
        cmocka_unit_test(what_is_no_base64_is_refused),
        cmocka_unit_test(a_fault_is_where_go_names_it),
        cmocka_unit_test(text_stands_behind_its_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
