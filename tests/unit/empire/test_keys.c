/* empire/api/keys.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "empire/api/keys.h"

/* SHA-256 of "abc": FIPS 180-2, appendix B.1. */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void finds_the_holder(void **state)
{
    (void) state;
    emp_keys *keys = NULL;
    br_err err = {0};
    assert_int_equal(
        emp_keys_parse("ci:" ABC " , ops.2:0000000000000000000000000000000000000000000000000000000000000000",
            &keys, &err),
        BR_OK);
    assert_string_equal(emp_keys_find(keys, BR_STR("abc")), "ci");
    assert_null(emp_keys_find(keys, BR_STR("abd")));
    assert_null(emp_keys_find(keys, BR_STR("")));
    assert_null(emp_keys_find(keys, BR_STR_NONE));
    char text[EMP_KEY_TEXT_MAX + 1];
    memset(text, 'a', sizeof(text));
    assert_null(emp_keys_find(keys, (br_str){text, sizeof(text)}));
    emp_keys_free(keys);
}

static void refuses_what_is_no_list(void **state)
{
    (void) state;
    static const char *const wrong[] = {"ci", "ci:", ":" ABC, "ci:" ABC "0",
        "ci:xa7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "c i:" ABC, "a:" ABC ",,",
        "a:" ABC ",b"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        emp_keys *keys = NULL;
        br_err err = {0};
        if (emp_keys_parse(wrong[i], &keys, &err) == BR_OK) fail_msg("accepted: %s", wrong[i]);
        assert_null(keys);
        assert_null(strstr(err.msg, "7816bf")); /* no hash in a message */
        assert_non_null(strstr(err.msg, "empire key"));
    }
}

static void makes_keys_that_work(void **state)
{
    (void) state;
    br_buf one, two;
    char hash[EMP_KEY_HASH_HEX + 1], other[EMP_KEY_HASH_HEX + 1], entry[100];
    br_buf_init(&one, EMP_KEY_TEXT_MAX);
    br_buf_init(&two, EMP_KEY_TEXT_MAX);
    emp_key_make(&one, hash);
    emp_key_make(&two, other);
    assert_int_equal(one.len, 4 + 43);
    assert_string_not_equal(one.data, two.data);
    emp_keys *keys = NULL;
    snprintf(entry, sizeof(entry), "x:%s", hash);
    assert_int_equal(emp_keys_parse(entry, &keys, NULL), BR_OK);
    assert_string_equal(emp_keys_find(keys, br_buf_view(&one)), "x");
    assert_null(emp_keys_find(keys, br_buf_view(&two)));
    emp_keys_free(keys);
    br_buf_deinit(&one);
    br_buf_deinit(&two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_holder),
        cmocka_unit_test(refuses_what_is_no_list),
        cmocka_unit_test(makes_keys_that_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
