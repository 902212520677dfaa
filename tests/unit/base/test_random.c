#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/random.h"

static void test_same_seed_same_sequence(void **state)
{
    (void) state;
    br_random a, b, c;
    br_random_seed(&a, 123);
    br_random_seed(&b, 123);
    br_random_seed(&c, 124);
    int same = 0;
    for (int i = 0; i < 100; i++) {
        uint64_t v = br_random_u64(&a);
        assert_true(v == br_random_u64(&b));
        same += v == br_random_u64(&c);
    }
    assert_int_equal(same, 0);
}

/* The first outputs of the published xoshiro256** for the state 1, 2, 3, 4. */
static void test_known_sequence(void **state)
{
    (void) state;
    br_random r = {{1, 2, 3, 4}};
    const uint64_t want[] = {11520, 0, 1509978240, 1215971899390074240};
    for (size_t i = 0; i < 4; i++) {
        assert_true(br_random_u64(&r) == want[i]);
    }
}

static void test_f64_is_in_range_and_even(void **state)
{
    (void) state;
    br_random r;
    br_random_seed(&r, 0);
    double sum = 0;
    for (int i = 0; i < 100000; i++) {
        double v = br_random_f64(&r);
        assert_true(v >= 0 && v < 1);
        sum += v;
    }
    assert_true(sum > 49500 && sum < 50500); /* 5 standard deviations are 456 */
}

static void test_below_reaches_all_evenly(void **state)
{
    (void) state;
    br_random r;
    br_random_seed(&r, 5);
    int count[7] = {0};
    for (int i = 0; i < 70000; i++) {
        uint64_t v = br_random_below(&r, 7);
        assert_true(v < 7);
        count[v]++;
    }
    for (int i = 0; i < 7; i++) {
        assert_in_range(count[i], 9500, 10500); /* 5 standard deviations are 463 */
    }
    assert_true(br_random_below(&r, 1) == 0);
}

/* n = 3 * 2^62: a plain multiplication would give every third value twice as often. */
static void test_below_has_no_bias_for_large_n(void **state)
{
    (void) state;
    br_random r;
    br_random_seed(&r, 6);
    int third = 0;
    for (int i = 0; i < 30000; i++) {
        uint64_t v = br_random_below(&r, (uint64_t) 3 << 62);
        assert_true(v < (uint64_t) 3 << 62);
        third += v % 3 == 0;
    }
    assert_in_range(third, 9500, 10500);
}

static void test_seeds_of_the_kernel_differ(void **state)
{
    (void) state;
    br_random a, b;
    br_random_seed_os(&a);
    br_random_seed_os(&b);
    assert_memory_not_equal(&a, &b, sizeof(a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_seed_same_sequence),
        cmocka_unit_test(test_known_sequence),
        cmocka_unit_test(test_f64_is_in_range_and_even),
        cmocka_unit_test(test_below_reaches_all_evenly),
        cmocka_unit_test(test_below_has_no_bias_for_large_n),
        cmocka_unit_test(test_seeds_of_the_kernel_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
