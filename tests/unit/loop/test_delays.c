/* The coarse histogram against sorted lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "base/random.h"
#include "loop/delays.h"

static void an_empty_one_has_no_delays(void **state)
{
    (void) state;
    br_delays d = {0};
    assert_int_equal(br_delays_quantile(&d, 0.99), 0);
}

static void buckets_cover_everything(void **state)
{
    (void) state;
    assert_int_equal(br_delays_bucket(-5), 0);
    assert_int_equal(br_delays_bucket(7), 7);
    assert_int_equal(br_delays_bucket(8), 8);
    assert_true(br_delays_bucket(BR_NS_MAX) < BR_DELAY_BUCKETS);
    unsigned before = 0;
    for (br_ns v = 0; v < 100000; v++) {
        unsigned b = br_delays_bucket(v);
        assert_true(b == before || b == before + 1);
        before = b;
    }
}

static int ascending(const void *a, const void *b)
{
    br_ns x = *(const br_ns *) a, y = *(const br_ns *) b;
    return (x > y) - (x < y);
}

static void quantiles_are_an_eighth_too_high_at_most(void **state)
{
    (void) state;
    enum { N = 5000 };
    static br_ns list[N];
    static br_delays d;
    br_random random;
    br_random_seed(&random, 11);
    for (int i = 0; i < N; i++) {
        list[i] = (br_ns) br_random_below(&random, (uint64_t) 1 << (1 + br_random_below(&random, 40)));
        br_delays_add(&d, list[i], 1);
    }
    qsort(list, N, sizeof(list[0]), ascending);
    for (int p = 1; p <= 1000; p++) {
        br_ns exact = list[(size_t) p * N / 1000 - 1], got = br_delays_quantile(&d, p / 1000.0);
        if (got < exact || (double) got > (double) exact * 1.126 + 1)
            fail_msg("p%d: %lld, want %lld", p, (long long) got, (long long) exact);
    }
    assert_int_equal(br_delays_quantile(&d, 1), list[N - 1]);
}

static void weights_count(void **state)
{
    (void) state;
    br_delays d = {0};
    br_delays_add(&d, 0, 985);
    br_delays_add(&d, 1000, 10);
    br_delays_add(&d, 2000, 5);
    assert_int_equal(br_delays_quantile(&d, 0.98), 0);
    assert_in_range(br_delays_quantile(&d, 0.99), 1000, 1125);
    assert_int_equal(br_delays_quantile(&d, 0.999), 2000);
}

int main(int argc, char **argv)
{
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_one_has_no_delays),
        cmocka_unit_test(buckets_cover_everything),
        cmocka_unit_test(quantiles_are_an_eighth_too_high_at_most),
        cmocka_unit_test(weights_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
