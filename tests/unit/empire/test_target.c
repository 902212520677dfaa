/* empire/api/target.h: splitting and percent-decoding of request targets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/mem.h"
#include "base/random.h"
#include "empire/api/target.h"

static void assert_str(br_str got, const char *want)
{
    if (!br_str_is(got, want)) fail_msg("got \"" BR_FMT "\", want \"%s\"", BR_ARG(got), want);
}

static void splits(void **state)
{
    (void) state;
    static const struct {
        const char *target, *path, *query; /* query NULL: there is none */
    } cases[] = {
        {"/", "/", NULL},
        {"/products", "/products", NULL},
        {"/products?", "/products", ""},
        {"/products?a=b?c", "/products", "a=b?c"},
        {"/a%2Fb?x=%20", "/a%2Fb", "x=%20"},
        {"http://host/products?x=1", "/products", "x=1"},
        {"http://host:80", "/", NULL},
        {"//host/x", "//host/x", NULL},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        br_str path, query;
        assert_int_equal(emp_target_split(br_str_of(cases[i].target), &path, &query, NULL), BR_OK);
        assert_str(path, cases[i].path);
        assert_int_equal(query.p == NULL, cases[i].query == NULL);
        if (cases[i].query) assert_str(query, cases[i].query);
    }
}

static void refuses_targets(void **state)
{
    (void) state;
    static const char *const bad[] = {"", "*", "products", "?a=b", "/a b", "/a#b", "/a\tb", "/\x80", "/a\"",
        "/{}", "http://", "http:///x", "http://h?x=1", "https://h/", "host:80"};
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        br_str path = BR_STR("same"), query = BR_STR("same");
        br_err err = {0};
        if (emp_target_split(br_str_of(bad[i]), &path, &query, &err) != BR_EINVAL)
            fail_msg("took \"%s\"", bad[i]);
        assert_true(err.msg[0] != 0);
        assert_str(path, "same");
        assert_str(query, "same");
    }
}

static void assert_decodes(const char *text, emp_escapes kind, br_code want_code, const char *want)
{
    char out[16];
    size_t len = 99;
    br_code rc = emp_percent_decode(br_str_of(text), kind, out, sizeof(out), &len);
    if (rc != want_code) fail_msg("\"%s\": %s", text, br_code_name(rc));
    if (rc == BR_OK) {
        assert_str((br_str){out, len}, want);
        assert_int_equal(out[len], 0);
    } else {
        assert_int_equal(len, 99);
    }
}

static void decodes(void **state)
{
    (void) state;
    assert_decodes("", EMP_ESCAPES_QUERY, BR_OK, "");
    assert_decodes("a%20b+c", EMP_ESCAPES_QUERY, BR_OK, "a b c");
    assert_decodes("a+b", EMP_ESCAPES_PATH, BR_OK, "a+b");
    assert_decodes("%41%7a%7A", EMP_ESCAPES_QUERY, BR_OK, "Azz");
    assert_decodes("%C3%a9", EMP_ESCAPES_QUERY, BR_OK, "\xC3\xA9");
    assert_decodes("%2F", EMP_ESCAPES_QUERY, BR_OK, "/");
    assert_decodes("%2f", EMP_ESCAPES_PATH, BR_EINVAL, NULL);
    assert_decodes("%", EMP_ESCAPES_QUERY, BR_ESYNTAX, NULL);
    assert_decodes("%4", EMP_ESCAPES_QUERY, BR_ESYNTAX, NULL);
    assert_decodes("%4g", EMP_ESCAPES_QUERY, BR_ESYNTAX, NULL);
    assert_decodes("%-1", EMP_ESCAPES_QUERY, BR_ESYNTAX, NULL);
    assert_decodes("%00", EMP_ESCAPES_QUERY, BR_EINVAL, NULL);
    assert_decodes("%0d", EMP_ESCAPES_QUERY, BR_EINVAL, NULL);
    assert_decodes("%7F", EMP_ESCAPES_QUERY, BR_EINVAL, NULL);
    assert_decodes("123456789012345", EMP_ESCAPES_QUERY, BR_OK, "123456789012345");
    assert_decodes("1234567890123456", EMP_ESCAPES_QUERY, BR_ELIMIT, NULL);
    assert_decodes(
        "%31%32%33%34%35%36%37%38%39%30%31%32%33%34%35", EMP_ESCAPES_QUERY, BR_OK, "123456789012345");
}

/* What is encoded byte by byte comes back, for all bytes that may be in a value. */
static void decoding_undoes_encoding(void **state)
{
    (void) state;
    static const char hex[] = "0123456789abcdef";
    br_random random;
    br_random_seed(&random, 7);
    for (int round = 0; round < 2000; round++) {
        char plain[32], encoded[96], out[33];
        size_t n = (size_t) br_random_below(&random, sizeof(plain)), len = 0;
        for (size_t i = 0; i < n; i++) {
            unsigned v = 32 + (unsigned) br_random_below(&random, 224);
            if (v == 0x7F) v = 'x';
            plain[i] = (char) v;
            encoded[3 * i] = '%';
            encoded[3 * i + 1] = hex[v >> 4];
            encoded[3 * i + 2] = hex[v & 15];
        }
        assert_int_equal(
            emp_percent_decode((br_str){encoded, 3 * n}, EMP_ESCAPES_QUERY, out, sizeof(out), &len), BR_OK);
        assert_int_equal(len, n);
        assert_memory_equal(out, plain, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits),
        cmocka_unit_test(refuses_targets),
        cmocka_unit_test(decodes),
        cmocka_unit_test(decoding_undoes_encoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
