/* Comma-separated values by Go's rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "base/buf.h"
#include "codec/csv.h"

/* Records as "a|b/c|d/", then "!error" if that ended it. */
static void check(const char *text, const char *delimiter, const char *want)
{
    br_csv c;
    br_err err = {0};
    br_buf got;
    br_arena arena;
    br_str *fields;
    size_t n;
    br_arena_init(&arena, 256);
    br_buf_init(&got, 1 << 16);
    assert_int_equal(br_csv_init(&c, br_str_of(text), br_str_of(delimiter), &err), BR_OK);
    br_code code;
    while ((code = br_csv_next(&c, &arena, &fields, &n, &err)) == BR_OK) {
        for (size_t i = 0; i < n; i++)
            (void) br_buf_printf(&got, "%s" BR_FMT, i ? "|" : "", BR_ARG(fields[i]));
        (void) br_buf_puts(&got, "/");
    }
    if (code != BR_EOF) (void) br_buf_printf(&got, "!%s", err.msg);
    assert_string_equal(got.data ? got.data : "", want);
    br_buf_deinit(&got);
    br_arena_deinit(&arena);
}

static void reads_records(void **state)
{
    (void) state;
    check("a,b,c\n1,2,3\n", ",", "a|b|c/1|2|3/");
    check("a,b\r\n1,\r\n", ",", "a|b/1|/");
    check("\n\r\na\n\n\nb", ",", "a/b/");
    check(" a , b \n", ",", " a | b /");
    check("a;b,c;\n", ";", "a|b,c|/");
    check("aλb\n", "λ", "a|b/");
    check("", ",", "");
    check(",\n", ",", "|/");
    check("a\r", ",", "a/");
}

static void reads_quoted_fields(void **state)
{
    (void) state;
    check("\"a\",\"b,c\",\"d\"\"e\"\n", ",", "a|b,c|d\"e/");
    check("\"two\r\nlines\",x\n\"\",y", ",", "two\nlines|x/|y/");
    check("\"\"\"\"\n", ",", "\"/");
    check("\"a\",", ",", "a|/");
}

static void refuses_what_go_refuses(void **state)
{
    (void) state;
    check("a,b\n1\n", ",", "a|b/!record on line 2: wrong number of fields");
    check("a\nb\"c\n", ",", "a/!parse error on line 2, column 2: bare \" in non-quoted field");
    check("\"a\"b\n", ",", "!parse error on line 1, column 3: extraneous or missing \" in quoted-field");
    check("x\n\"a\nb\"c\n", ",",
        "x/!record on line 2; parse error on line 3, column 2: extraneous or missing \" in quoted-field");
    check("\"a", ",", "!parse error on line 1, column 3: extraneous or missing \" in quoted-field");
    br_csv c;
    br_err err = {0};
    static const char *const bad[] = {"", ",,", "\"", "\n", "\r", "\xff", "\xef\xbf\xbd"};
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++)
        assert_int_equal(br_csv_init(&c, BR_STR("a"), br_str_of(bad[i]), &err), BR_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_records),
        cmocka_unit_test(reads_quoted_fields),
        cmocka_unit_test(refuses_what_go_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
