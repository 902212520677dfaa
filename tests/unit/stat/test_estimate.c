#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "stat/distributions.h"
#include "stat/estimate.h"
#include "stat/two_level.h"

/* Reference values without another source: scipy 1.10.1 (scipy.stats: norm, t, mannwhitneyu, binomtest). */

static void near(double got, double wanted, double relative)
{
    if (fabs(got - wanted) <= relative * fabs(wanted)) return;
    fail_msg("got %.15g, wanted %.15g", got, wanted);
}

/* Distributions ---------------------------------------------------------------------------------- */

static void normal_agrees_with_scipy(void **state)
{
    (void) state;
    near(br_normal_quantile(0.001), -3.090232306167813, 1e-9);
    near(br_normal_quantile(0.05), -1.6448536269514729, 1e-9);
    near(br_normal_quantile(0.975), 1.959963984540054, 1e-9);
    near(br_normal_quantile(0.9999), 3.719016485455709, 1e-9);
    near(br_normal_cdf(1.959963984540054), 0.975, 1e-12);
    assert_true(isinf(br_normal_quantile(0)) && br_normal_quantile(0) < 0);
    assert_true(isinf(br_normal_quantile(1)));
}

static void student_agrees_with_scipy(void **state)
{
    (void) state;
    near(br_student_cdf(2.0, 5), 0.9490302605850709, 1e-12);
    near(br_student_cdf(-1.3, 2.5), 0.15024339463535397, 1e-12);
    near(br_student_cdf(6.0, 13), 0.999977769977765, 1e-12);
    near(br_student_cdf(0.5, 200), 0.6911876238417696, 1e-12);
    near(br_student_quantile(0.975, 4), 2.7764451051977987, 1e-9);
    near(br_student_quantile(0.998, 13), 3.4886730230700103, 1e-8);
    near(br_student_quantile(0.05, 2.5), -2.558218614136003, 1e-9);
    assert_true(br_student_cdf(INFINITY, 3) == 1);
}

static void rank_sums_are_counted_exactly(void **state)
{
    (void) state;
    /* By going through all 3,003 orders of 10 and 5 values. */
    static const double wanted[] = {0.000333000333000333, 0.000666000666000666, 0.001332001332001332,
        0.002331002331002331, 0.003996003996003996, 0.006327006327006327};
    for (size_t u = 0; u < 6; u++) {
        near(br_rank_cdf(10, 5, (double) u), wanted[u], 1e-10);
        near(br_rank_cdf(5, 10, (double) u), wanted[u], 1e-10);
    }
    near(br_rank_cdf(1, 1, 0), 0.5, 1e-12);
    near(br_rank_cdf(8, 1, 0), 1.0 / 9, 1e-12);
    assert_true(br_rank_cdf(8, 1, -1) == 0);
    assert_true(br_rank_cdf(8, 1, 8) == 1);
    /* Exact and approximate meet where one takes over from the other. */
    near(br_rank_cdf(20, 21, 168), 0.141195835808384, 0.02); /* counted exactly elsewhere */
}

/* Shares, counts, quantiles ---------------------------------------------------------------------- */

static void wilson_agrees_with_scipy(void **state)
{
    (void) state;
    double z = br_normal_quantile(0.975);
    br_bounds i = br_wilson(2, 20, z);
    near(i.low, 0.027866481213768224, 1e-9);
    near(i.high, 0.30103364522848725, 1e-9);
    i = br_wilson(66, 1000, z);
    near(i.low, 0.05221235045948584, 1e-9);
    i = br_wilson(0, 0, z);
    assert_true(i.low == 0 && i.high == 1);
    i = br_wilson(0, 100, z);
    assert_true(i.low == 0 && i.high > 0 && i.high < 0.04);
}

static void count_interval_is_close_to_the_exact_one(void **state)
{
    (void) state;
    br_bounds i = br_count_interval(10, br_normal_quantile(0.975));
    near(i.low, 4.7953886961324335, 0.01); /* chi-squared quantiles */
    near(i.high, 18.39035604201778, 0.01);
    i = br_count_interval(0, br_normal_quantile(0.975));
    assert_true(i.low == 0 && i.high > 3 && i.high < 4);
}

static void quantile_interval_has_the_ranks_of_the_book(void **state)
{
    (void) state;
    int64_t low, high;
    /* 12,543 values: the p95 lies between the sample's quantiles 0.9462 and 0.9538. */
    br_quantile_ranks(12543, 0.95, 1.96, &low, &high);
    near((double) low / 12543, 0.9462, 1e-3);
    near((double) high / 12543, 0.9538, 1e-3);
    /* Of 58 values the largest may lie below the p95; a bound is not known. */
    br_quantile_ranks(58, 0.95, 1.96, &low, &high);
    assert_int_equal(high, 58);
    br_quantile_ranks(73, 0.95, 1.96, &low, &high); /* 0.95^73 < 0.025 */
    assert_int_equal(high, 72);
    br_quantile_ranks(100, 0.5, 1.96, &low, &high); /* the 40th and the 61st: tables of Conover */
    assert_int_equal(low, 39);
    assert_int_equal(high, 60);
    br_quantile_ranks(10, 0.05, 1.96, &low, &high);
    assert_int_equal(low, -1);
    br_hist h;
    br_hist_init(&h);
    br_bounds i = br_quantile_interval(&h, 0.95, 1.96);
    assert_true(isinf(i.low) && isinf(i.high));
    for (int v = 1; v <= 1000; v++) {
        br_hist_record(&h, v);
    }
    i = br_quantile_interval(&h, 0.5, 1.96);
    assert_true(i.low > 465 && i.low < 471 && i.high > 530 && i.high < 535);
    /* A uniform distribution on 0..1000 has the log-variance q(1-q)/n / q^2 at q: 0.001 at the median. */
    near(br_quantile_log_variance(&h, 0.5), 0.001, 0.02);
    br_hist_deinit(&h);
}

/* Two groups ------------------------------------------------------------------------------------- */

static void shift_is_that_of_hollander_and_wolfe(void **state)
{
    (void) state;
    /* Permeability of the amnion (Nonparametric Statistical Methods, example 4.1). */
    static const double at_term[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
    static const double early[] = {1.15, 0.88, 0.90, 0.74, 1.21};
    br_rank_shift s = br_rank_shift_of(early, 5, at_term, 10, 0.95);
    near(s.shift, 0.305, 1e-12);
    near(s.p_greater, 0.1272061272061272, 1e-10);
    near(s.interval.low, -0.15, 1e-12);
    near(s.interval.high, 0.76, 1e-12);
}

static void few_values_have_no_bound(void **state)
{
    (void) state;
    static const double a[] = {1, 2, 3}, b[] = {9};
    br_rank_shift s = br_rank_shift_of(a, 3, b, 1, 0.95);
    near(s.shift, 7, 1e-12);
    near(s.p_greater, 0.25, 1e-12);
    near(s.p_least, 0.25, 1e-12);
    assert_true(isinf(s.interval.low) && isinf(s.interval.high));
    s = br_rank_shift_of(a, 3, a, 3, 0.95);
    assert_true(s.shift == 0 && s.p_greater > 0.5);
}

static void false_discoveries_are_those_of_the_paper(void **state)
{
    (void) state;
    /* Benjamini and Hochberg 1995, section 4.1: four of 15 at 5 %. */
    static const double p[] = {0.0344, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0001, 0.0459, 0.3240,
        0.4262, 0.5719, 0.6528, 0.7590, 1.0};
    double q[15];
    br_false_discovery(p, 15, q);
    unsigned found = 0;
    for (size_t i = 0; i < 15; i++) {
        found += q[i] <= 0.05;
    }
    assert_int_equal(found, 4);
    near(q[7], 0.0015, 1e-12);
    near(q[3], 0.035625, 1e-12);
    near(q[0], 0.0645, 1e-12);
    near(q[5], 0.06385714285714286, 1e-12);
    br_false_discovery(NULL, 0, NULL);
}

/* Two levels ------------------------------------------------------------------------------------- */

static void without_repeats_it_is_the_t_test(void **state)
{
    (void) state;
    static const double values[] = {5.1, 4.9, 5.3, 5.0, 5.6, 5.4, 5.9};
    br_two_level_run runs[7];
    for (size_t i = 0; i < 7; i++) {
        runs[i] = (br_two_level_run){values[i], i, i >= 4};
    }
    br_two_level t;
    br_two_level_fit(runs, 7, &(br_two_level_prior){1e-12, 1e-9, 0}, &t);
    near(t.difference, 5.6333333333 - 5.075, 1e-9);
    near(br_two_level_p(&t, t.difference), 0.008350376039573492, 1e-6); /* scipy.stats.ttest_ind */
}

static void check_fit(const br_two_level *t, const double wanted[5])
{
    near(t->difference, wanted[0], 1e-9);
    near(br_two_level_p(t, t->difference), wanted[1], 1e-7);
    near(br_two_level_reach(t, 0.975), wanted[2], 1e-6);
    near(t->variance, wanted[3], 1e-9);
    near(t->share, wanted[4], 1e-9);
}

/* Wanted: the same model with full matrices, by numpy and scipy. */
static void repeats_agree_with_full_matrices(void **state)
{
    (void) state;
    static const double y[] = {.02, -.03, .05, .00, .04, -.06, .01, .15, .18, .11, .09};
    static const size_t session[] = {0, 0, 1, 1, 2, 3, 4, 5, 5, 5, 6};
    br_two_level_run runs[11];
    for (size_t i = 0; i < 11; i++) {
        runs[i] = (br_two_level_run){y[i], session[i], i >= 7};
    }
    br_two_level t;
    br_two_level_fit(runs, 11, &(br_two_level_prior){0.0025, 4, 0}, &t);
    check_fit(&t, (double[]){0.1282142857142857, 0.002217620887462771, 0.07655405057386373,
                      0.0021421044398054626, 0.37023210424984515});

    static const double y2[] = {1.0, 1.1, 0.9, 1.3, 1.25, 1.2};
    static const size_t shared[] = {0, 0, 1, 0, 1, 1};
    for (size_t i = 0; i < 6; i++) {
        runs[i] = (br_two_level_run){y2[i], shared[i], i >= 3};
    }
    br_two_level_fit(runs, 6, &(br_two_level_prior){0.01, 4, 0}, &t);
    check_fit(&t, (double[]){0.25, 0.0021412707133376878, 0.14488413147140822, 0.009515870886630596,
                      0.5157038194032416});
}

static void repeats_of_one_session_know_less(void **state)
{
    (void) state;
    br_two_level_run runs[10];
    br_two_level apart, together, interleaved;
    br_two_level_prior prior = {0.0025, 4, 0};
    for (size_t i = 0; i < 10; i++) {
        double y = i % 2 ? 0.03 : -0.03;
        runs[i] = (br_two_level_run){y, i, i >= 5};
    }
    br_two_level_fit(runs, 10, &prior, &apart);
    for (size_t i = 5; i < 10; i++) {
        runs[i].session = 5;
    }
    br_two_level_fit(runs, 10, &prior, &together);
    for (size_t i = 0; i < 10; i++) {
        runs[i].session = i % 5;
    }
    br_two_level_fit(runs, 10, &prior, &interleaved);
    double a = br_two_level_reach(&apart, 0.975), b = br_two_level_reach(&together, 0.975);
    assert_true(b > 1.3 * a);
    assert_true(br_two_level_reach(&interleaved, 0.975) < a);
    /* More runs in the same session never reach what as many on other days do. */
    double same = br_two_level_error(&together, 0.2 + 1, 5, 10);
    double days = br_two_level_error(&together, 0.2 + 6 * 0.01 + 0.16, 5, 10);
    assert_true(days < same);
}

static void equal_runs_leave_the_assumption(void **state)
{
    (void) state;
    br_two_level_run runs[] = {{1, 0, false}, {1, 1, true}};
    br_two_level t;
    br_two_level_fit(runs, 2, &(br_two_level_prior){0.0025, 4, 0}, &t);
    near(t.variance, 0.0025, 1e-12);
    near(br_two_level_reach(&t, 0.975), 2.7764451051977987 * sqrt(2 * 0.0025), 1e-6);
    near(br_two_level_p(&t, 0), 0.5, 1e-12);
    br_two_level_fit(runs, 2, &(br_two_level_prior){0.0025, 4, 1}, &t);
    near(br_two_level_reach(&t, 0.975), 2.7764451051977987, 1e-6); /* never less than `least` */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_agrees_with_scipy),
        cmocka_unit_test(student_agrees_with_scipy),
        cmocka_unit_test(rank_sums_are_counted_exactly),
        cmocka_unit_test(wilson_agrees_with_scipy),
        cmocka_unit_test(count_interval_is_close_to_the_exact_one),
        cmocka_unit_test(quantile_interval_has_the_ranks_of_the_book),
        cmocka_unit_test(shift_is_that_of_hollander_and_wolfe),
        cmocka_unit_test(few_values_have_no_bound),
        cmocka_unit_test(false_discoveries_are_those_of_the_paper),
        cmocka_unit_test(without_repeats_it_is_the_t_test),
        cmocka_unit_test(repeats_agree_with_full_matrices),
        cmocka_unit_test(repeats_of_one_session_know_less),
        cmocka_unit_test(equal_runs_leave_the_assumption),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
