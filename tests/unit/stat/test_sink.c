#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "stat/sink.h"

static void test_counter(void **state)
{
    (void) state;
    br_sink s;
    br_sink_init(&s, BR_COUNTER);
    assert_true(br_sink_value(&s, (br_agg_spec){BR_AGG_COUNT, 0}, BR_SEC) == 0);
    br_sink_add(&s, 2.5, 1);
    br_sink_add(&s, 4, 2);
    assert_true(br_sink_value(&s, (br_agg_spec){BR_AGG_COUNT, 0}, 0) == 6.5);
    assert_true(br_sink_value(&s, (br_agg_spec){BR_AGG_RATE, 0}, 2 * BR_SEC) == 3.25);
    assert_true(br_sink_value(&s, (br_agg_spec){BR_AGG_RATE, 0}, 0) == 0);
    assert_int_equal(s.count, 2);
    br_sink_deinit(&s);
}

static void test_gauge_merges_by_time(void **state)
{
    (void) state;
    br_sink a, b;
    br_sink_init(&a, BR_GAUGE);
    br_sink_init(&b, BR_GAUGE);
    br_sink_add(&a, -3, 100);
    br_sink_add(&a, 7, 300);
    br_sink_add(&b, 12, 200);
    br_sink_merge(&a, &b); /* older: its value does not win, but counts for max */
    assert_true(br_sink_value(&a, (br_agg_spec){BR_AGG_VALUE, 0}, 0) == 7);
    assert_true(a.min == -3 && a.max == 12);
    br_sink_add(&b, 1, 400);
    br_sink_merge(&a, &b);
    assert_true(a.last == 1);
    br_sink empty;
    br_sink_init(&empty, BR_GAUGE);
    br_sink_merge(&a, &empty);
    assert_true(a.last == 1 && a.min == -3);
    br_sink_merge(&empty, &a);
    assert_true(empty.last == 1 && empty.min == -3 && empty.max == 12);
}

static void test_rate(void **state)
{
    (void) state;
    br_sink a, b;
    br_sink_init(&a, BR_RATE);
    br_sink_init(&b, BR_RATE);
    assert_true(br_sink_value(&a, (br_agg_spec){BR_AGG_RATE, 0}, 0) == 0);
    br_sink_add(&a, 1, 0);
    br_sink_add(&a, 0, 0);
    br_sink_add(&b, -2, 0);
    br_sink_add(&b, 0, 0);
    br_sink_merge(&a, &b);
    assert_int_equal(a.nonzero, 2);
    assert_true(br_sink_value(&a, (br_agg_spec){BR_AGG_RATE, 0}, BR_SEC) == 0.5);
}

static void test_trend_exact(void **state)
{
    (void) state;
    br_sink s;
    br_sink_init(&s, BR_TREND);
    assert_true(br_sink_percentile(&s, 95) == 0);
    static const double values[] = {5, -1.25, 3, 100.000001, 3};
    for (size_t i = 0; i < BR_COUNT_OF(values); i++) {
        br_sink_add(&s, values[i], 0);
    }
    assert_true(br_sink_percentile(&s, 0) == -1.25);
    assert_true(br_sink_percentile(&s, 100) == 100.000001);
    assert_true(br_sink_value(&s, (br_agg_spec){BR_AGG_MED, 0}, 0) == 3);
    assert_true(br_sink_value(&s, (br_agg_spec){BR_AGG_P, 75}, 0) == 5);
    assert_true(fabs(br_sink_percentile(&s, 90) - (5 + (100.000001 - 5) * 0.6)) < 1e-9);
    assert_true(fabs(br_sink_avg(&s) - 109.750001 / 5) < 1e-12);
    assert_true(br_sink_value(&s, (br_agg_spec){BR_AGG_MIN, 0}, 0) == -1.25);
    assert_true(br_sink_value(&s, (br_agg_spec){BR_AGG_MAX, 0}, 0) == 100.000001);
    assert_true(br_sink_value(&s, (br_agg_spec){BR_AGG_COUNT, 0}, 0) == 5);
    br_sink_deinit(&s);
}

static void test_spills_at_the_limit(void **state)
{
    (void) state;
    br_sink s;
    br_sink_init(&s, BR_TREND);
    for (int i = 1; i <= BR_SINK_EXACT_MAX; i++) {
        br_sink_add(&s, i, 0);
    }
    assert_null(s.hist);
    assert_int_equal(s.exact_len, BR_SINK_EXACT_MAX);
    double before = br_sink_percentile(&s, 95);
    br_sink_add(&s, 1001, 0);
    assert_non_null(s.hist);
    assert_int_equal(s.exact_len, 0);
    assert_int_equal(s.hist->total, 1001);
    assert_true(fabs(br_sink_percentile(&s, 95) - before - 0.95) < 0.001 * before);
    assert_true(br_sink_percentile(&s, 100) == 1001);
    br_sink_deinit(&s);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static void test_negative_values(void **state)
{
    (void) state;
    enum { N = 5001 };
    static double v[N];
    br_random r;
    br_random_seed(&r, 21);
    br_sink s;
    br_sink_init(&s, BR_TREND);
    for (size_t i = 0; i < N; i++) {
        v[i] = (br_random_f64(&r) - 0.3) * 1000;
        br_sink_add(&s, v[i], 0);
    }
    qsort(v, N, sizeof(v[0]), compare);
    for (int p = 0; p <= 100; p++) {
        double want = v[p * 50], got = br_sink_percentile(&s, p);
        if (fabs(got - want) > 0.001 * fabs(want)) fail_msg("p%d: want %g, got %g", p, want, got);
    }
    br_sink_deinit(&s);
}

static void test_extreme_values(void **state)
{
    (void) state;
    br_sink s;
    br_sink_init(&s, BR_TREND);
    for (int i = 0; i < 600; i++) {
        br_sink_add(&s, 1e300, 0);
        br_sink_add(&s, -1e300, 0);
    }
    assert_true(br_sink_percentile(&s, 100) == 1e300);
    assert_true(br_sink_percentile(&s, 0) == -1e300);
    assert_true(isfinite(br_sink_percentile(&s, 50)));
    br_sink_deinit(&s);
    br_sink_init(&s, BR_TREND);
    for (int i = 0; i < 1200; i++) {
        br_sink_add(&s, 1.7e12 + i, 0); /* milliseconds since 1970 */
    }
    assert_true(fabs(br_sink_percentile(&s, 50) / 1.7e12 - 1) < 0.001);
    br_sink_deinit(&s);
}

/* However samples are split over shards, and whenever those are merged and reset, percentiles are the same.
 */
static void test_splits_do_not_matter(void **state)
{
    (void) state;
    static const size_t sizes[] = {1, 10, 999, 1000, 1001, 1500, 5000};
    br_random r;
    br_random_seed(&r, 22);
    for (size_t k = 0; k < 3 * BR_COUNT_OF(sizes); k++) {
        size_t n = sizes[k % BR_COUNT_OF(sizes)];
        br_sink direct, total, shards[3];
        br_sink_init(&direct, BR_TREND);
        br_sink_init(&total, BR_TREND);
        for (size_t i = 0; i < BR_COUNT_OF(shards); i++) {
            br_sink_init(&shards[i], BR_TREND);
        }
        for (size_t i = 0; i < n; i++) {
            double v = -log(1 - br_random_f64(&r)) * 50 - (double) br_random_below(&r, 2) * 20;
            br_sink *shard = &shards[br_random_below(&r, BR_COUNT_OF(shards))];
            br_sink_add(&direct, v, 0);
            br_sink_add(shard, v, 0);
            if (br_random_below(&r, n / 3 + 1) == 0) {
                br_sink_merge(&total, shard);
                br_sink_reset(shard);
            }
        }
        for (size_t i = 0; i < BR_COUNT_OF(shards); i++) {
            br_sink_merge(&total, &shards[i]);
            br_sink_deinit(&shards[i]);
        }
        assert_int_equal(total.count, n);
        assert_int_equal(total.hist != NULL, n > BR_SINK_EXACT_MAX);
        assert_true(total.min == direct.min && total.max == direct.max);
        assert_true(fabs(total.sum - direct.sum) <= 1e-7 * (double) n);
        for (int p = 0; p <= 1000; p += 25) {
            assert_true(br_sink_percentile(&total, p / 10.0) == br_sink_percentile(&direct, p / 10.0));
        }
        br_sink_deinit(&direct);
        br_sink_deinit(&total);
    }
}

static void test_reset_keeps_memory(void **state)
{
    (void) state;
    br_sink s;
    br_sink_init(&s, BR_TREND);
    for (int i = 0; i < 1500; i++) {
        br_sink_add(&s, i % 2 ? i : -i, 0);
    }
    const br_hist *used[2] = {s.hist, s.negative};
    br_sink_reset(&s);
    assert_null(s.hist);
    assert_int_equal(s.count, 0);
    br_sink_add(&s, 42, 0);
    assert_true(br_sink_percentile(&s, 50) == 42 && s.min == 42 && s.max == 42);
    for (int i = 0; i < 1500; i++) {
        br_sink_add(&s, i % 2 ? i : -i, 0);
    }
    assert_true(s.hist == used[0] || s.hist == used[1]);
    assert_true(s.negative == used[0] || s.negative == used[1]);
    br_sink_deinit(&s);
}

static void test_agg_parse(void **state)
{
    (void) state;
    br_agg_spec spec = {BR_AGG_MAX, 77};
    assert_int_equal(br_agg_parse(BR_STR("avg"), &spec), BR_OK);
    assert_int_equal(spec.agg, BR_AGG_AVG);
    assert_int_equal(br_agg_parse(BR_STR("p(99.99)"), &spec), BR_OK);
    assert_int_equal(spec.agg, BR_AGG_P);
    assert_true(spec.p == 99.99);
    assert_int_equal(br_agg_parse(BR_STR("p(100)"), &spec), BR_OK);
    assert_int_equal(br_agg_parse(BR_STR("p(0)"), &spec), BR_OK);
    assert_int_equal(br_agg_parse(BR_STR("p(100.1)"), &spec), BR_ELIMIT);
    assert_int_equal(br_agg_parse(BR_STR("p(-1)"), &spec), BR_ELIMIT);
    static const char *const bad[] = {
        "", "p", "p()", "p(", "p(x)", "p(95", "P(95)", "average", "Avg", "p (95)"};
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        if (br_agg_parse(br_str_of(bad[i]), &spec) != BR_ESYNTAX) fail_msg("'%s' was taken", bad[i]);
    }
    assert_true(spec.agg == BR_AGG_P && spec.p == 0); /* untouched since the last good one */
}

static void test_agg_fits(void **state)
{
    (void) state;
    static const char *const want[] = {/* avg min med max count rate value p */
        [BR_COUNTER] = "....CR..",
        [BR_GAUGE] = "......V.",
        [BR_RATE] = ".....R..",
        [BR_TREND] = "AIMX...P"};
    for (int type = BR_COUNTER; type <= BR_TREND; type++) {
        for (int agg = BR_AGG_AVG; agg <= BR_AGG_P; agg++) {
            assert_int_equal(br_agg_fits((br_agg) agg, (br_metric_type) type), want[type][agg] != '.');
        }
    }
    assert_string_equal(br_agg_list(BR_COUNTER), "count, rate");
    assert_string_equal(br_metric_type_name(BR_TREND), "trend");
    assert_string_equal(br_metric_contains_name(BR_CONTAINS_DATA), "data");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counter),
        cmocka_unit_test(test_gauge_merges_by_time),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_trend_exact),
        cmocka_unit_test(test_spills_at_the_limit),
        cmocka_unit_test(test_negative_values),
        cmocka_unit_test(test_extreme_values),
        cmocka_unit_test(test_splits_do_not_matter),
        cmocka_unit_test(test_reset_keeps_memory),
        cmocka_unit_test(test_agg_parse),
        cmocka_unit_test(test_agg_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
