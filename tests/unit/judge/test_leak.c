/* Leaks, and what only looks like one; bench/statistics/memory_traces.c says how often over many traces. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "base/random.h"
#include "judge/leak.h"
#include "stat/target_series.h"

#define assert_near(value, expected, by) assert_true(fabs((value) - (expected)) <= (by))

#define MOST 8000

static br_target_sample samples[MOST];
static br_target_series series;
static br_arena arena;
static br_leak_report report;

static int set_up(void **state)
{
    (void) state;
    br_arena_init(&arena, 1024);
    return 0;
}

static int tear_down(void **state)
{
    (void) state;
    br_arena_deinit(&arena);
    return 0;
}

typedef double course(double t_s);

/* Judges the course in MB, sampled every interval, with noise of so many MB. */
static void judge(course *f, double length_s, double interval_s, double noise_mb, double limit)
{
    br_random r;
    br_random_seed(&r, 3);
    series = (br_target_series){.samples = samples};
    for (int i = 0; i * interval_s <= length_s && series.count < MOST; i++) {
        double t = i * interval_s, y = f(t) + noise_mb * (br_random_f64(&r) - 0.5) * 3.46;
        samples[series.count++] = (br_target_sample){(br_ns) (t * 1e9), y * 1e6};
    }
    br_leak_judge(&series, limit, 100000, &arena, &report);
}

static void has(const char *part)
{
    if (br_str_find(report.sentence, br_str_of(part)) < 0)
        fail_msg("'%s' is not in: " BR_FMT, part, BR_ARG(report.sentence));
}

static double leak_80(double t)
{
    return 200 + 80 * t / 3600;
}
static double flat(double t)
{
    (void) t;
    return 200;
}
static double saw(double t)
{
    return 200 + 80 * t / 3600 + 100 * fmod(t, 300) / 300;
}
static double saw_only(double t)
{
    return 200 + 100 * fmod(t, 300) / 300;
}
static double cache(double t)
{
    return 200 + 300 * (1 - exp(-t / 1500));
}
static double slow_cache(double t)
{
    return 200 + 600 * (1 - exp(-t / 9000));
}
static double cache_and_leak(double t)
{
    return cache(t) + 80 * t / 3600;
}
static double steps(double t)
{
    return 200 + (t > 2000 ? 150 : 0) + (t > 5000 ? 100 : 0);
}
static double warm_up(double t)
{
    return 100 + fmin(t, 900) / 3 + 60 * t / 3600;
}

static void finds_a_leak(void **state)
{
    (void) state;
    judge(leak_80, 7200, 5, 10, 50);
    assert_true(report.measured && report.firm);
    assert_int_equal(report.answer, BR_LEAK_FOUND);
    assert_true(report.low < 80 && report.high > 80 && report.high - report.low < 10);
    assert_near(report.per_1000_requests, 1.6, 0.1); /* 160 MB with 100,000 requests */
    assert_near(report.limit_after_s, 0, 0);
    has("a leak: the limit is 50 MB/h");
    judge(leak_80, 7200, 5, 10, 200);
    assert_int_equal(report.answer, BR_LEAK_NONE);
    has("no leak");
}

static void without_noise(void **state)
{
    (void) state;
    judge(leak_80, 7200, 1, 0, 50);
    assert_int_equal(report.answer, BR_LEAK_FOUND);
    assert_near(report.slope, 80, 0.01);
    judge(flat, 7200, 1, 0, 50);
    assert_int_equal(report.answer, BR_LEAK_NONE);
    assert_near(report.slope, 0, 0.01);
    assert_near(report.needed_s, 0, 0);
}

static void looks_below_the_saw_tooth(void **state)
{
    (void) state;
    judge(saw, 7200, 5, 1, 50);
    assert_int_equal(report.answer, BR_LEAK_FOUND);
    assert_true(report.low <= 80 && report.high >= 80);
    assert_true(report.start_mb < 210 && report.max_mb > 400);
    judge(saw_only, 7200, 5, 1, 50);
    assert_int_equal(report.answer, BR_LEAK_NONE);
}

static void a_cache_is_no_leak(void **state)
{
    (void) state;
    judge(cache, 7200, 5, 2, 50);
    assert_int_equal(report.answer, BR_LEAK_NONE);
    assert_near(report.cache_tau_s, 1500, 200);
    has("fills up");
    judge(slow_cache, 7200, 5, 2, 50);
    assert_int_equal(report.answer, BR_LEAK_UNDECIDED);
    assert_true(report.needed_s > 7200);
    judge(cache_and_leak, 7200, 5, 2, 50);
    assert_int_equal(report.answer, BR_LEAK_FOUND);
    assert_true(report.low <= 80 && report.high >= 80);
    assert_int_equal(report.course, BR_LEAK_CACHE_LINE);
}

static void steps_are_no_leak(void **state)
{
    (void) state;
    judge(steps, 7200, 5, 5, 50);
    assert_int_equal(report.answer, BR_LEAK_NONE);
    assert_int_equal(report.course, BR_LEAK_STEPS);
    assert_near(report.step_mb, 250, 15);
    has("A step of +2");
}

static void warm_up_is_cut(void **state)
{
    (void) state;
    judge(warm_up, 7200, 5, 1, 50);
    assert_int_equal(report.answer, BR_LEAK_FOUND);
    assert_true(report.low <= 60 && report.high >= 60 && report.high < 75);
    assert_near((double) report.warm_up / 1e9, 900, 300);
    has("warm-up");
}

/* 50 MB/h cannot be decided in ten minutes of noise; the length that it asks for suffices. */
static void says_what_it_needs(void **state)
{
    (void) state;
    judge(leak_80, 600, 5, 20, 50);
    assert_int_equal(report.answer, BR_LEAK_UNDECIDED);
    assert_true(report.needed_s > 700 && report.needed_s < 20000);
    has("would decide it");
    judge(leak_80, 1.5 * report.needed_s, 5, 20, 50);
    assert_int_equal(report.answer, BR_LEAK_FOUND);
}

static void projects_to_the_limit(void **state)
{
    (void) state;
    judge(leak_80, 7200, 5, 1, 50);
    series.limit = 520e6; /* 360 MB at the end: 160 MB more, 2 h */
    br_leak_judge(&series, 50, 0, &arena, &report);
    assert_near(report.limit_after_s, 7200, 300);
    assert_near(report.per_1000_requests, 0, 0);
    has("the memory limit is reached in 2h");
}

static double leak_8000(double t)
{
    return 200 + 8000 * t / 3600;
}

/* Half a minute tells neither a leak nor its absence, unless 50 MB are gone already. The slope is told. */
static void short_series(void **state)
{
    (void) state;
    judge(leak_80, 30, 1, 0, 50);
    assert_true(report.measured && !report.firm);
    assert_int_equal(report.answer, BR_LEAK_UNDECIDED);
    assert_near(report.slope, 80, 1);
    assert_near(report.needed_s, 600, 0.1);
    has("so short a run cannot tell warm-up and leaks apart. A run of about 10m0s would decide it");
    judge(flat, 30, 1, 0, 50);
    assert_int_equal(report.answer, BR_LEAK_UNDECIDED);
    judge(leak_8000, 30, 1, 0, 50);
    assert_int_equal(report.answer, BR_LEAK_FOUND);
    judge(leak_80, 600, 5, 0, 50);
    assert_int_equal(report.answer, BR_LEAK_FOUND);
    judge(leak_80, 10, 1, 0, 50);
    assert_false(report.measured);
    assert_int_equal(report.answer, BR_LEAK_UNDECIDED);
    has("too little");
    series.count = 0;
    br_leak_judge(&series, 50, 0, &arena, &report);
    assert_false(report.measured);
}

/* Instants that stand still, values that do: nothing breaks. */
static void odd_series(void **state)
{
    (void) state;
    series = (br_target_series){.samples = samples, .count = 40};
    for (int i = 0; i < 40; i++)
        samples[i] = (br_target_sample){BR_SEC, 1e6};
    br_leak_judge(&series, 50, 0, &arena, &report);
    assert_false(report.measured);
    for (int i = 0; i < 40; i++)
        samples[i] = (br_target_sample){i < 39 ? i : 3600 * BR_SEC, (i % 2) * 1e6};
    br_leak_judge(&series, 50, 0, &arena, &report);
    assert_int_equal(report.answer, BR_LEAK_UNDECIDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_leak),
        cmocka_unit_test(without_noise),
        cmocka_unit_test(looks_below_the_saw_tooth),
        cmocka_unit_test(a_cache_is_no_leak),
        cmocka_unit_test(steps_are_no_leak),
        cmocka_unit_test(warm_up_is_cut),
        cmocka_unit_test(says_what_it_needs),
        cmocka_unit_test(projects_to_the_limit),
        cmocka_unit_test(short_series),
        cmocka_unit_test(odd_series),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
