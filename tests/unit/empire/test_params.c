/* empire/api/params.h: query parameters and numbers in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "empire/api/params.h"

static const char *const names[] = {"page", "limit", NULL};

static void assert_str(br_str got, const char *want)
{
    if (!br_str_is(got, want)) fail_msg("got \"" BR_FMT "\", want \"%s\"", BR_ARG(got), want);
}

static void reads_values(void **state)
{
    (void) state;
    emp_params p;
    assert_int_equal(emp_params_parse(BR_STR_NONE, names, &p, NULL), BR_OK);
    assert_null(p.value[0].p);
    assert_null(p.value[1].p);
    assert_int_equal(emp_params_parse(BR_STR(""), names, &p, NULL), BR_OK);
    assert_int_equal(emp_params_parse(BR_STR("limit=%31+2&p%61ge=a=b"), names, &p, NULL), BR_OK);
    assert_str(p.value[0], "a=b");
    assert_str(p.value[1], "1 2");
    assert_int_equal(emp_params_parse(BR_STR("limit=3"), names, &p, NULL), BR_OK);
    assert_null(p.value[0].p); /* nothing is left of the former query */
}

static void names_what_is_wrong(void **state)
{
    (void) state;
    static const struct {
        const char *query, *message;
    } cases[] = {
        {"limt=1", "unknown parameter 'limt'"},
        {"Page=1", "unknown parameter 'Page'"},
        {"page=1&page=1", "parameter 'page' is given twice"},
        {"page", "parameter 'page' has no value"},
        {"page=", "parameter 'page' has no value"},
        {"page=%", "parameter 'page' is not percent-encoded correctly"},
        {"page=%00", "parameter 'page' is not percent-encoded correctly"},
        {"%zz=1", "a parameter's name is not percent-encoded correctly"},
        {"=1", "the query has a parameter without a name"},
        {"&", "the query has a parameter without a name"},
        {"page=1&", "the query has a parameter without a name"},
        {"page=1&&limit=2", "the query has a parameter without a name"},
        {"page=1234567890123456789012345678901234567890123456789012345678901234",
            "parameter 'page' is longer than 63 bytes"},
        {"x234567890123456789012345678901234567890123456789012345678901234=1",
            "unknown parameter with a name of over 63 bytes"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        emp_params p;
        br_err err = {0};
        assert_int_equal(emp_params_parse(br_str_of(cases[i].query), names, &p, &err), BR_EINVAL);
        assert_string_equal(err.msg, cases[i].message);
    }
}

static void numbers_are_strict(void **state)
{
    (void) state;
    const emp_int_range range = {"limit", 1, 200, 50};
    int64_t v = 7;
    assert_int_equal(emp_param_int(BR_STR_NONE, &range, &v, NULL), BR_OK);
    assert_int_equal(v, 50);
    assert_int_equal(emp_param_int(BR_STR("200"), &range, &v, NULL), BR_OK);
    assert_int_equal(v, 200);
    assert_int_equal(emp_param_int(BR_STR("1"), &range, &v, NULL), BR_OK);
    static const char *const bad[] = {"0", "201", "-1", "+1", " 1", "1 ", "1.0", "1e1", "0x1", "",
        "99999999999999999999999", "18446744073709551617"};
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        br_err err = {0};
        assert_int_equal(emp_param_int(br_str_of(bad[i]), &range, &v, &err), BR_EINVAL);
        assert_string_equal(err.msg, "parameter 'limit' must be a whole number from 1 to 200");
        assert_int_equal(v, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_values),
        cmocka_unit_test(names_what_is_wrong),
        cmocka_unit_test(numbers_are_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
