/* Knee, breaking point, the law: against published examples and curves made by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "judge/capacity.h"
#include "judge/isotonic.h"
#include "judge/knee.h"
#include "judge/usl.h"
#include "unit/report/fixture.h"

#define assert_near(value, expected, by) assert_true(fabs((value) - (expected)) <= (by))

static br_arena arena;
static br_capacity_report report;

static int set_up(void **state)
{
    (void) state;
    br_arena_init(&arena, 4096);
    return 0;
}

static int tear_down(void **state)
{
    (void) state;
    br_arena_deinit(&arena);
    return 0;
}

static void has(const char *part)
{
    if (br_str_find(report.sentence, br_str_of(part)) < 0)
        fail_msg("'%s' is not in: " BR_FMT, part, BR_ARG(report.sentence));
}

/* The law ---------------------------------------------------------------------------------------- */

/*
 * Throughput of a Cisco router by Schwartz, "Practical Scalability Analysis with the Universal Scalability
 * Law", also the example of usl4j: sigma 0.02671591, kappa 7.690945e-4, lambda 995.6486. SciPy's curve_fit
 * gives 0.02671596, 7.690936e-4, 995.6489, with the maximum of 12342.85 at 35.57.
 */
static void law_of_the_book(void **state)
{
    (void) state;
    static const double x[] = {955.16, 1878.91, 2688.01, 3548.68, 4315.54, 5130.43, 5931.37, 6531.08, 7219.8,
        7867.61, 8278.71, 8646.7, 9047.84, 9426.55, 9645.37, 9897.24, 10097.6, 10240.5, 10532.39, 10798.52,
        11151.43, 11518.63, 11806.0, 12089.37, 12075.41, 12177.29, 12211.41, 12158.93, 12155.27, 12118.04,
        12140.4, 12074.39};
    double n[BR_COUNT_OF(x)];
    br_usl u;
    for (size_t i = 0; i < BR_COUNT_OF(x); i++)
        n[i] = (double) i + 1;
    assert_true(br_usl_fit(n, x, BR_COUNT_OF(x), &u));
    assert_near(u.sigma, 0.02671591, 0.02671591 * 2e-4);
    assert_near(u.kappa, 7.690945e-4, 7.690945e-4 * 2e-4);
    assert_near(u.lambda, 995.6486, 995.6486 * 2e-4);
    assert_near(u.load_max, 35.57, 0.02);
    assert_near(u.throughput_max, 12342.85, 2);
    assert_true(
        u.ceiling_low < 12342 && u.ceiling_low > 12000 && u.ceiling_high > 12343 && u.ceiling_high < 12700);
    assert_true(u.explained > 0.99);
}

/* SciPy's curve_fit: lambda 4227.037, sigma 0.00855027, kappa 3.005492e-5. */
static void law_of_few_levels(void **state)
{
    (void) state;
    static const double n[] = {1, 2, 4, 8, 16, 32, 64},
                        x[] = {4227, 8382, 16479, 31856, 59564, 104462, 162985};
    br_usl u;
    assert_true(br_usl_fit(n, x, BR_COUNT_OF(x), &u));
    assert_near(u.lambda, 4227.037, 0.5);
    assert_near(u.sigma, 0.00855027, 1e-5);
    assert_near(u.kappa, 3.005492e-5, 1e-7);
    u.lambda = 42;
    assert_false(br_usl_fit(n, x, 5, &u));
    assert_near(u.lambda, 42, 0);
}

static void law_without_an_end(void **state)
{
    (void) state;
    double n[8], x[8];
    br_usl u;
    for (int i = 0; i < 8; i++) {
        n[i] = 10 * (i + 1);
        x[i] = 30 * n[i];
    }
    assert_true(br_usl_fit(n, x, 8, &u));
    assert_near(u.lambda, 30, 0.01);
    assert_true(u.throughput_max == 0 || u.throughput_max > 1e5);
}

/* Knee ------------------------------------------------------------------------------------------- */

/* The paper's example, y = 5 - 1 / (x + 0.1) at ten points from 0 to 1: the knee is at 0.22. */
static void knee_of_the_paper(void **state)
{
    (void) state;
    double x[10], y[10];
    for (int i = 0; i < 10; i++) {
        x[i] = i / 9.0;
        y[i] = 5 - 1 / (x[i] + 0.1);
    }
    size_t knee = br_knee_kneedle(x, y, 10, 1);
    assert_int_equal(knee, 2);
    assert_near(x[knee], 0.22, 0.005);
    for (int i = 0; i < 10; i++)
        y[i] = 3 * x[i];
    assert_int_equal(br_knee_kneedle(x, y, 10, 1), 10);
}

/* The fitted curve finds the corner of a perfect queue between the points, and the knee of a round one. */
static void knee_between_points(void **state)
{
    (void) state;
    double x[20], y[20];
    br_knee k;
    for (int i = 0; i < 20; i++) {
        x[i] = 10 * (i + 1);
        y[i] = fmin(4 * x[i], 300); /* corner at 75 */
    }
    assert_true(br_knee_find(x, y, 20, &k));
    assert_near(k.x, 75, 1.5);
    assert_near(k.y, 300, 12);
    for (int i = 0; i < 20; i++)
        y[i] = 300 * x[i] /
               (x[i] + 50); /* 1 / (1 + sqrt(1 + 200/50)): the tangent is as steep as the chord */
    assert_true(br_knee_find(x, y, 20, &k));
    assert_near(k.x, 50 * (sqrt(1 + 200.0 / 50) - 1), 3);
    assert_false(br_knee_find(x, y, 3, &k));
}

static void isotonic(void **state)
{
    (void) state;
    double y[] = {1, 3, 2, 4, 3, 3, 10};
    static const double expected[] = {1, 2.5, 2.5, 10.0 / 3, 10.0 / 3, 10.0 / 3, 10};
    br_isotonic(y, NULL, 7, y);
    for (int i = 0; i < 7; i++)
        assert_near(y[i], expected[i], 1e-12);
    double z[] = {4, 1}, weights[] = {1, 2};
    br_isotonic(z, weights, 2, z);
    assert_near(z[0], 2, 1e-12);
    assert_near(z[1], 2, 1e-12);
}

/* Steps ------------------------------------------------------------------------------------------ */

/* A service of 400/s at 20 ms: users beyond 8 wait. `beyond`: goodput from 40 users on. */
static size_t make_steps(br_capacity_step *steps, double goodput_beyond)
{
    size_t n = 0;
    for (int users = 2; users <= 60; users += 2) {
        double x = fmin(users / 0.020, 400), good = users >= 40 ? goodput_beyond : x;
        steps[n++] = (br_capacity_step){.start = 5 * users * BR_SEC,
            .length = 10 * BR_SEC,
            .load = users,
            .throughput = x,
            .goodput = good,
            .p50_ms = 1000 * users / x,
            .p95_ms = 1100 * users / x,
            .error_share = 1 - good / x,
            .requests = (uint64_t) (10 * x)};
    }
    return n;
}

static void knee_and_breaking_point(void **state)
{
    (void) state;
    br_capacity_step steps[40];
    size_t n = make_steps(steps, 400);
    for (size_t i = 0; i < n / 2; i++) { /* in any order */
        br_capacity_step s = steps[i];
        steps[i] = steps[n - 1 - i];
        steps[n - 1 - i] = s;
    }
    br_capacity_limits limits = {.p95_ms = 75, .error_share = 0.05}; /* 27.3 users */
    br_capacity_judge(steps, n, false, &limits, &arena, &report);
    assert_true(report.measured && report.knee.found && report.breaking.found);
    assert_near(report.knee.load, 8, 0.4);
    assert_near(report.knee.throughput, 400, 20);
    assert_true(report.knee.load_low < 8 && report.knee.load_high > 8);
    assert_near(report.breaking.load, 27.27, 0.3);
    assert_true(report.breaking.load_low < 27.2 && report.breaking.load_high > 27.3);
    assert_int_equal(report.beyond, BR_BEYOND_GRACEFUL);
    assert_near(report.goodput_beyond, 1, 0.01);
    for (size_t i = 1; i < report.step_count; i++)
        assert_true(report.steps[i].load > report.steps[i - 1].load);
    has("virtual users");
}

static void what_is_beyond(void **state)
{
    (void) state;
    static const struct {
        double goodput;
        br_beyond beyond;
        const char *word;
    } cases[] = {{390, BR_BEYOND_GRACEFUL, "gracefully"}, {280, BR_BEYOND_DEGRADED, "degraded"},
        {100, BR_BEYOND_COLLAPSE, "collapses"}};
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        br_capacity_step steps[40];
        size_t n = make_steps(steps, cases[i].goodput);
        br_capacity_limits limits = {.p95_ms = 1000, .error_share = 0.02};
        br_capacity_judge(steps, n, false, &limits, &arena, &report);
        assert_int_equal(report.beyond, cases[i].beyond);
        assert_near(report.goodput_beyond, cases[i].goodput / 400, 0.02);
        assert_near(report.knee.load, 8, 0.5); /* a collapse does not move the knee */
        assert_near(report.breaking.load, 39, 1.01);
        has(cases[i].word);
    }
}

static void nothing_broke(void **state)
{
    (void) state;
    br_capacity_step steps[40];
    size_t n = make_steps(steps, 400);
    br_capacity_limits limits = {.p95_ms = 5000, .error_share = 0.05};
    br_capacity_judge(steps, 4, false, &limits, &arena, &report); /* up to 8 users: a straight line */
    assert_true(report.measured && !report.knee.found && !report.breaking.found);
    has("No knee");
    has("the limits were met up to the highest load of 8 virtual users");
    assert_near(report.goodput_beyond, 1, 1e-9); /* the best is what the last one did */
    assert_near(report.best_goodput, 400, 1);
    br_capacity_judge(steps, 3, false, &limits, &arena, &report);
    assert_false(report.measured);
    has("too few");
    br_capacity_judge(steps, n, true, &limits, &arena, &report);
    assert_true(report.open && !report.usl);
    has("starts/s");
}

/* Of 195.2 virtual users a fifth has not been seen. */
static void users_are_whole(void **state)
{
    (void) state;
    br_capacity_step steps[8];
    for (size_t i = 0; i < BR_COUNT_OF(steps); i++)
        steps[i] = (br_capacity_step){.length = BR_SEC,
            .load = 24.4 * (double) (i + 1),
            .throughput = 100,
            .goodput = 100,
            .p95_ms = 10,
            .requests = 100};
    static const br_capacity_limits no_limits = {0};
    br_capacity_judge(steps, BR_COUNT_OF(steps), false, &no_limits, &arena, &report);
    has("highest load of 195 virtual users");
    has("at 195 virtual users goodput was 100.0/s, 100.0 % of the best 100.0/s");
    assert_string_equal(br_capacity_range_text(&report, 24.4, 48.8, &arena), "24 to 49");
    br_capacity_judge(steps, BR_COUNT_OF(steps), true, &no_limits, &arena, &report);
    has("195.2 starts/s");
}

/* Missed from the first level on; and limits of 0 are none. */
static void odd_limits(void **state)
{
    (void) state;
    br_capacity_step steps[40];
    size_t n = make_steps(steps, 400);
    br_capacity_judge(steps, n, false, &(br_capacity_limits){.p95_ms = 1}, &arena, &report);
    assert_true(report.breaking.found && report.breaking.load <= 2 && report.breaking.load_low == 0);
    br_capacity_judge(steps, n, false, &(br_capacity_limits){0}, &arena, &report);
    assert_false(report.breaking.found);
}

/* Slices ----------------------------------------------------------------------------------------- */

static void levels_of_a_staircase(void **state)
{
    (void) state;
    br_run_result *run = fixture_new(100 * BR_SEC);
    fixture_slices(run, 100);
    for (size_t i = 0; i < 100; i++) {
        size_t users = 10 * (i / 20 + 1);
        fixture_slice_fill(&run->slices[i], users * 10, i % 20 == 0 ? 5 : 0, (double) users, (double) users);
    }
    br_capacity_step *steps;
    size_t n;
    br_capacity_steps(run, &arena, &steps, &n);
    assert_int_equal(n, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_near(steps[i].load, 10.0 * (double) (i + 1), 0.01);
        assert_near(steps[i].throughput, 100.0 * (double) (i + 1), 1);
        assert_near(steps[i].error_share, 0, 0); /* those of the change are not counted */
        assert_near(steps[i].p95_ms, 10.0 * (double) (i + 1), 0.2);
    }
    br_run_result_free(run);
}

/* A ramp to 200 users in 200 s and down again: bins of the way up only. */
static void bins_of_a_ramp(void **state)
{
    (void) state;
    br_run_result *run = fixture_new(260 * BR_SEC);
    fixture_slices(run, 260);
    for (size_t i = 0; i < 260; i++) {
        double users = i < 200 ? (double) i + 1 : 200 - 3.0 * (double) (i - 199);
        fixture_slice_fill(&run->slices[i], 100, i < 200 ? 0 : 100, 20, users);
    }
    br_capacity_step *steps;
    size_t n;
    br_capacity_steps(run, &arena, &steps, &n);
    assert_in_range(n, 38, 40);
    for (size_t i = 0; i < n; i++) {
        assert_near(steps[i].error_share, 0, 0);
        assert_near(steps[i].throughput, 100, 0.01);
    }
    assert_near(steps[n - 1].load, 197, 3);
    br_run_result_free(run);
}

/* In the open model the load is what was to start, whatever came of it; a probe is not the load. */
static void starts_are_the_load(void **state)
{
    (void) state;
    br_run_result *run = fixture_new(100 * BR_SEC);
    br_result_scenario scenarios[] = {{.name = BR_STR("load"), .executor = BR_STR("ramping-arrival-rate")},
        {.name = BR_STR("probe"), .executor = BR_STR("constant-vus")}};
    run->scenarios = scenarios;
    run->scenario_count = 2;
    assert_false(br_capacity_is_open(run));
    run->probe = BR_STR("probe");
    assert_true(br_capacity_is_open(run));
    fixture_slices(run, 100);
    for (size_t i = 0; i < 100; i++) {
        run->slices[i].starts = 50 * (i / 25 + 1);
        run->slices[i].dropped = i >= 75 ? 100 : 0;
        fixture_slice_fill(&run->slices[i], i >= 75 ? 100 : 50 * (i / 25 + 1), 0, 10, 77);
    }
    br_capacity_step *steps;
    size_t n;
    br_capacity_steps(run, &arena, &steps, &n);
    assert_int_equal(n, 4);
    assert_near(steps[3].load, 200, 0.01);
    assert_near(steps[3].goodput, 100, 0.01);
    assert_near(steps[3].error_share, 0.5, 0.01); /* dropped starts are failures */
    run->scenario_count = 0;
    br_run_result_free(run);
}

static void nothing_to_cut(void **state)
{
    (void) state;
    br_run_result *run = fixture_new(10 * BR_SEC);
    br_capacity_step *steps;
    size_t n = 7;
    br_capacity_steps(run, &arena, &steps, &n);
    assert_int_equal(n, 0);
    fixture_slices(run, 10);
    br_capacity_steps(run, &arena, &steps, &n);
    assert_int_equal(n, 0);
    br_run_result_free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(law_of_the_book),
        cmocka_unit_test(law_of_few_levels),
        cmocka_unit_test(law_without_an_end),
        cmocka_unit_test(knee_of_the_paper),
        cmocka_unit_test(knee_between_points),
        cmocka_unit_test(isotonic),
        cmocka_unit_test(knee_and_breaking_point),
        cmocka_unit_test(what_is_beyond),
        cmocka_unit_test(nothing_broke),
        cmocka_unit_test(users_are_whole),
        cmocka_unit_test(odd_limits),
        cmocka_unit_test(levels_of_a_staircase),
        cmocka_unit_test(bins_of_a_ramp),
        cmocka_unit_test(starts_are_the_load),
        cmocka_unit_test(nothing_to_cut),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
