#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/err.h"

static void test_names_and_texts(void **state)
{
    (void) state;
    assert_string_equal(br_code_name(BR_OK), "BR_OK");
    assert_string_equal(br_code_name(BR_ENOPORTS), "BR_ENOPORTS");
    assert_string_equal(br_code_text(BR_ETLS), "TLS error");
    for (int code = 0; code < (int) BR_CODE_COUNT; code++) {
        assert_true(strncmp(br_code_name((br_code) code), "BR_", 3) == 0);
        assert_true(strlen(br_code_text((br_code) code)) > 0);
    }
    assert_string_equal(br_code_text(BR_CODE_COUNT), "unknown error");
}

static void test_fail_fills_and_returns(void **state)
{
    (void) state;
    br_err err = {.sys_errno = 5};
    assert_int_equal(br_fail(&err, BR_EINVAL, "bad %s: %d", "port", 70000), BR_EINVAL);
    assert_int_equal(err.code, BR_EINVAL);
    assert_int_equal(err.sys_errno, 0);
    assert_string_equal(err.msg, "bad port: 70000");
    assert_int_equal(br_fail(NULL, BR_EIO, "nobody reads %s", "this"), BR_EIO);
    assert_int_equal(br_fail_errno(NULL, BR_EIO, EIO, "x"), BR_EIO);
    assert_int_equal(br_wrap(NULL, BR_EIO, "x"), BR_EIO);
}

static void test_errno_and_wrap(void **state)
{
    (void) state;
    br_err err = {0};
    br_code rc = br_fail_errno(&err, BR_ENOTFOUND, ENOENT, "cannot open %s", "a.js");
    assert_string_equal(err.msg, "cannot open a.js: No such file or directory");
    assert_int_equal(err.sys_errno, ENOENT);
    assert_int_equal(br_wrap(&err, rc, "scenario '%s'", "load"), BR_ENOTFOUND);
    assert_string_equal(err.msg, "scenario 'load': cannot open a.js: No such file or directory");
    assert_int_equal(err.sys_errno, ENOENT);
}

static void test_wrap_of_an_empty_message_uses_the_text_of_the_code(void **state)
{
    (void) state;
    br_err err = {0};
    br_wrap(&err, BR_ETIMEOUT, "dial");
    assert_string_equal(err.msg, "dial: timeout");
}

static void test_message_may_be_its_own_argument(void **state)
{
    (void) state;
    br_err err = {0};
    br_fail(&err, BR_EIO, "inner");
    br_fail(&err, BR_EABORT, "outer (%s)", err.msg);
    assert_string_equal(err.msg, "outer (inner)");
}

static void test_long_messages_are_cut(void **state)
{
    (void) state;
    br_err err = {0};
    char long_text[sizeof(err.msg) + 1000];
    memset(long_text, 'x', sizeof(long_text));
    long_text[sizeof(long_text) - 1] = '\0';
    br_fail(&err, BR_EIO, "%s", long_text);
    assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
    br_wrap(&err, BR_EIO, "%s", "head");
    assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
    assert_true(strncmp(err.msg, "head: xxx", 9) == 0);
    br_wrap(&err, BR_EIO, "%s", long_text);
    assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
}

static void test_codes_of_errnos(void **state)
{
    (void) state;
    assert_int_equal(br_code_from_errno(0), BR_OK);
    assert_int_equal(br_code_from_errno(ENOENT), BR_ENOTFOUND);
    assert_int_equal(br_code_from_errno(EACCES), BR_EACCESS);
    assert_int_equal(br_code_from_errno(EPERM), BR_EACCESS);
    assert_int_equal(br_code_from_errno(EROFS), BR_EACCESS);
    assert_int_equal(br_code_from_errno(EEXIST), BR_EEXISTS);
    assert_int_equal(br_code_from_errno(EISDIR), BR_EINVAL);
    assert_int_equal(br_code_from_errno(EMFILE), BR_ENOFDS);
    assert_int_equal(br_code_from_errno(ENOSPC), BR_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_and_texts),
        cmocka_unit_test(test_fail_fills_and_returns),
        cmocka_unit_test(test_errno_and_wrap),
        cmocka_unit_test(test_wrap_of_an_empty_message_uses_the_text_of_the_code),
        cmocka_unit_test(test_message_may_be_its_own_argument),
        cmocka_unit_test(test_long_messages_are_cut),
        cmocka_unit_test(test_codes_of_errnos),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
