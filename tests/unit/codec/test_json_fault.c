/* Where a text stops being JSON. Texts and places are those of Go's decoder, which k6 uses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "codec/json_fault.h"

static void says_what_is_wrong(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        size_t offset;
        const char *fault;
    } cases[] = {
        {"", 0, "unexpected end of JSON input"},
        {" \n", 2, "unexpected end of JSON input"},
        {"<html>", 1, "invalid character '<' looking for beginning of value"},
        {"[1,]", 4, "invalid character ']' looking for beginning of value"},
        {"[1 2]", 4, "invalid character '2' after array element"},
        {"[1", 2, "unexpected end of JSON input"},
        {"{a:1}", 2, "invalid character 'a' looking for beginning of object key string"},
        {"{\"a\":1,}", 8, "invalid character '}' looking for beginning of object key string"},
        {"{\"a\" 1}", 6, "invalid character '1' after object key"},
        {"{\"a\":1]", 7, "invalid character ']' after object key:value pair"},
        {"{} {}", 4, "invalid character '{' after top-level value"},
        {"01", 2, "invalid character '1' after top-level value"},
        {"-x", 2, "invalid character 'x' in numeric literal"},
        {"-", 1, "invalid character ' ' in numeric literal"},
        {"1.", 2, "invalid character ' ' after decimal point in numeric literal"},
        {"1e+]", 4, "invalid character ']' in exponent of numeric literal"},
        {"trap", 3, "invalid character 'a' in literal true (expecting 'u')"},
        {"nul", 3, "invalid character ' ' in literal null (expecting 'l')"},
        {"\"abc", 4, "unexpected end of JSON input"},
        {"\"a\nb\"", 3, "invalid character '\\n' in string literal"},
        {"\"\\x\"", 3, "invalid character 'x' in string escape code"},
        {"\"\\", 2, "invalid character ' ' in string escape code"},
        {"\"\\u12g4\"", 6, "invalid character 'g' in \\u hexadecimal character escape"},
        {"'a'", 1, "invalid character '\\'' looking for beginning of value"},
        {"\\", 1, "invalid character '\\\\' looking for beginning of value"},
        {"\x7f", 1, "invalid character '\\x7f' looking for beginning of value"},
        {"[\xc3\xa9]", 2, "invalid character '\xc3\x83' looking for beginning of value"},
        {"\xa0", 1, "invalid character '\\u00a0' looking for beginning of value"},
        {"\xef\xbb\xbf{}", 1, "invalid character '\xc3\xaf' looking for beginning of value"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        br_json_fault fault = {0};
        assert_true(br_json_fault_find(br_str_of(cases[i].text), &fault));
        assert_string_equal(fault.text, cases[i].fault);
        assert_int_equal(fault.offset, cases[i].offset);
        assert_false(br_json_valid(br_str_of(cases[i].text)));
    }
    br_json_fault fault = {0};
    assert_true(br_json_fault_find((br_str){"[\0]", 3}, &fault));
    assert_string_equal(fault.text, "invalid character '\\x00' looking for beginning of value");
    assert_true(br_json_fault_find(BR_STR_NONE, &fault));
}

static void finds_none_in_json(void **state)
{
    (void) state;
    static const char *const valid[] = {"{}", "[]", " [ ] ", "0", "-0.5e+10", "\"a\\u00e9\\n\"", "true",
        "null\n", "[1,[2,{\"a\":[{}]}],\"]\"]", "{\"a\":1,\"b\":{\"c\":[true,false]}}", "\t{\"\":\"\"}\r\n",
        "\"\xff\""};
    br_json_fault fault;
    for (size_t i = 0; i < BR_COUNT_OF(valid); i++)
        assert_false(br_json_fault_find(br_str_of(valid[i]), &fault));
}

static void depth_is_limited(void **state)
{
    (void) state;
    enum { DEPTH = BR_JSON_DEPTH_MAX + 1 };
    static char text[2 * DEPTH];
    br_json_fault fault;
    memset(text, '[', DEPTH);
    memset(text + DEPTH, ']', DEPTH);
    assert_false(br_json_fault_find((br_str){text + 1, sizeof(text) - 2}, &fault));
    assert_true(br_json_fault_find((br_str){text, sizeof(text)}, &fault));
    assert_string_equal(fault.text, "invalid character '[' exceeded max depth");
    assert_int_equal(fault.offset, DEPTH);
}

static void places_are_those_of_k6(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        size_t line, character;
    } cases[] = {
        {"", 1, 0},
        {"<html>", 1, 2},
        {"{\n  \"a\": x\n}", 3, 1}, /* behind the x is the next line's newline */
        {"{\n  \"a\": x}", 2, 10},
        {"[\"\xc3\xa9\xe6\xbc\xa2\", x]", 1, 9}, /* runes count, not bytes */
        {"[\xc3\xa9, 1]", 1, 6},                 /* nothing begins within a rune: the text's end */
        {"[1,\n\n2", 3, 2},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        br_json_fault fault;
        size_t line, character;
        assert_true(br_json_fault_find(br_str_of(cases[i].text), &fault));
        br_json_fault_place(br_str_of(cases[i].text), &fault, &line, &character);
        assert_int_equal(line, cases[i].line);
        assert_int_equal(character, cases[i].character);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(finds_none_in_json),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(places_are_those_of_k6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
