/* JSON as text: what is valid, walking, strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "codec/json_text.h"

static void accepts_what_rfc_8259_allows(void **state)
{
    (void) state;
    static const char *const valid[] = {"{}", "[]", " [ ] ", "0", "-0.5e+10", "\"a\\u00e9\\n\"", "true",
        "null\n", "[1,[2,{\"a\":[{}]}],\"]\"]", "{\"a\":1,\"b\":{\"c\":[true,false]}}", "\t{\"\":\"\"}\r\n"};
    for (size_t i = 0; i < BR_COUNT_OF(valid); i++)
        assert_true(br_json_valid(br_str_of(valid[i])));
}

static void refuses_everything_else(void **state)
{
    (void) state;
    static const char *const wrong[] = {"", " ", "{", "[", "}", "[1", "[1,]", "[,1]", "[1 2]", "{\"a\"}",
        "{\"a\":}", "{a:1}", "{\"a\":1,}", "{\"a\":1]", "[1}", "01", "-", "1.", ".5", "1e", "+1", "tru",
        "nul", "\"", "\"\n\"", "\"\\x\"", "\"\\u12g4\"", "\"\\u12", "[1]]", "{} {}", "'a'", "NaN", "--1"};
    for (size_t i = 0; i < BR_COUNT_OF(wrong); i++)
        assert_false(br_json_valid(br_str_of(wrong[i])));
    assert_false(br_json_valid(BR_STR_NONE));
}

static bool valid_at_depth(size_t depth)
{
    char *text = malloc(2 * depth);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    bool ok = br_json_valid((br_str){text, 2 * depth});
    free(text);
    return ok;
}

static void depth_is_limited(void **state)
{
    (void) state;
    assert_true(valid_at_depth(BR_JSON_DEPTH_MAX));
    assert_false(valid_at_depth(BR_JSON_DEPTH_MAX + 1));
}

static void walks_over_members(void **state)
{
    (void) state;
    br_json_iter it = br_json_iterate(BR_STR("{ \"a\" : [1, {\"}\":2}] ,\"b\\\"\":\"x,y\" }"));
    assert_true(br_json_next(&it));
    assert_true(br_str_is(it.key, "\"a\"") && br_str_is(it.value, "[1, {\"}\":2}]"));
    assert_true(br_json_next(&it));
    assert_true(br_str_is(it.key, "\"b\\\"\"") && br_str_is(it.value, "\"x,y\""));
    assert_false(br_json_next(&it));
    it = br_json_iterate(BR_STR("[1 ,null]"));
    assert_true(br_json_next(&it) && !it.key.p && br_str_is(it.value, "1"));
    assert_true(br_json_next(&it) && br_str_is(it.value, "null"));
    assert_false(br_json_next(&it));
}

static void decodes_strings(void **state)
{
    (void) state;
    br_arena arena;
    br_arena_init(&arena, 256);
    br_str plain = BR_STR("\"abc\""), s = br_json_string(plain, &arena);
    assert_true(br_str_is(s, "abc") && s.p == plain.p + 1);
    assert_true(
        br_str_is(br_json_string(BR_STR("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), &arena), "\"\\/\b\f\n\r\t"));
    assert_true(br_str_is(br_json_string(BR_STR("\"\\u00e9 \\u6f22 \\ud83d\\ude00\""), &arena), "é 漢 😀"));
    assert_true(
        br_str_is(br_json_string(BR_STR("\"\\ud83d \\ude00\""), &arena), "\xef\xbf\xbd \xef\xbf\xbd"));
    br_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_what_rfc_8259_allows),
        cmocka_unit_test(refuses_everything_else),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(walks_over_members),
        cmocka_unit_test(decodes_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
