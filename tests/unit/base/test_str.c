#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/str.h"

static void test_equality_and_order(void **state)
{
    (void) state;
    assert_true(br_str_eq(BR_STR("abc"), br_str_of("abc")));
    assert_true(br_str_eq(BR_STR_NONE, BR_STR("")));
    assert_true(br_str_eq(br_str_of(NULL), BR_STR_NONE));
    assert_false(br_str_eq(BR_STR("a\0b"), BR_STR("a\0c")));
    assert_true(br_str_is(BR_STR("x"), "x"));
    assert_true(br_str_eq_nocase(BR_STR("Content-TYPE"), BR_STR("content-type")));
    assert_false(br_str_eq_nocase(BR_STR("a["), BR_STR("a{"))); /* 0x20 apart, but no letters */
    assert_false(br_str_eq_nocase(BR_STR("a"), BR_STR("ab")));
    assert_true(br_str_cmp(BR_STR("ab"), BR_STR("abc")) < 0);
    assert_true(br_str_cmp(BR_STR("b"), BR_STR("abc")) > 0);
    assert_true(br_str_cmp(BR_STR("\xff"), BR_STR("a")) > 0); /* bytes are unsigned */
    assert_int_equal(br_str_cmp(BR_STR_NONE, BR_STR("")), 0);
}

static void test_ends_and_parts(void **state)
{
    (void) state;
    assert_true(br_str_starts(BR_STR("https://x"), BR_STR("https:")));
    assert_true(br_str_starts(BR_STR("x"), BR_STR("")));
    assert_false(br_str_starts(BR_STR("h"), BR_STR("https")));
    assert_true(br_str_ends(BR_STR("a.json"), BR_STR(".json")));
    assert_true(br_str_ends(BR_STR_NONE, BR_STR_NONE));
    assert_false(br_str_ends(BR_STR("json"), BR_STR(".json")));
    assert_true(br_str_is(br_str_sub(BR_STR("hello"), 1, 3), "el"));
    assert_true(br_str_is(br_str_sub(BR_STR("hello"), 3, 99), "lo"));
    assert_int_equal(br_str_sub(BR_STR("hello"), 4, 2).n, 0);
    assert_int_equal(br_str_sub(BR_STR_NONE, 1, 2).n, 0);
    assert_true(br_str_is(br_str_trim(BR_STR(" \t a b\r\n")), "a b"));
    assert_int_equal(br_str_trim(BR_STR("  ")).n, 0);
}

static void test_finding(void **state)
{
    (void) state;
    assert_int_equal(br_str_find_char(BR_STR("a=b=c"), '='), 1);
    assert_int_equal(br_str_find_char(BR_STR("abc"), '='), -1);
    assert_int_equal(br_str_find_char(BR_STR_NONE, 'x'), -1);
    assert_int_equal(br_str_find(BR_STR("a\r\n\r\nb"), BR_STR("\r\n\r\n")), 1);
    assert_int_equal(br_str_find(BR_STR("abc"), BR_STR("bd")), -1);
    assert_int_equal(br_str_find(BR_STR("abc"), BR_STR("abcd")), -1);
    assert_int_equal(br_str_find(BR_STR_NONE, BR_STR("")), 0);
}

static void test_cutting_keeps_empty_fields(void **state)
{
    (void) state;
    br_str rest = BR_STR("a,,b,"), field = BR_STR_NONE;
    const char *const want[] = {"a", "", "b", ""};
    for (size_t i = 0; i < BR_COUNT_OF(want); i++) {
        assert_true(br_str_cut(&rest, ',', &field));
        assert_true(br_str_is(field, want[i]));
    }
    field = BR_STR("kept");
    assert_false(br_str_cut(&rest, ',', &field));
    assert_true(br_str_is(field, "kept"));
    rest = BR_STR(""); /* one empty field */
    assert_true(br_str_cut(&rest, ',', &field));
    assert_int_equal(field.n, 0);
    assert_false(br_str_cut(&rest, ',', &field));
}

/* With 4096 keys in 4096 buckets, random hashing leaves 1/e (37 %) empty; a weak mix leaves more. */
static void test_hash_spreads_short_keys_over_low_bits(void **state)
{
    (void) state;
    static unsigned char used[4096];
    size_t used_count = 0;
    for (unsigned i = 0; i < 4096; i++) {
        char key[2] = {(char) (i & 0xFF), (char) (i >> 8)};
        size_t bucket = br_str_hash((br_str){key, 2}) % 4096;
        used_count += !used[bucket];
        used[bucket] = 1;
    }
    assert_in_range(used_count, 2400, 2800);
    assert_true(br_str_hash(BR_STR("")) == br_str_hash(BR_STR_NONE));
    assert_true(br_str_hash(BR_STR("a")) != br_str_hash(BR_STR("b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equality_and_order),
        cmocka_unit_test(test_ends_and_parts),
        cmocka_unit_test(test_finding),
        cmocka_unit_test(test_cutting_keeps_empty_fields),
        cmocka_unit_test(test_hash_spreads_short_keys_over_low_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
