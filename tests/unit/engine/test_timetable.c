/* When iterations of arrival rates start: k6's rules, and the integral of the rate. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "base/random.h"
#include "engine/timetable.h"

static br_scenario constant(int64_t rate, br_ns unit, br_ns duration)
{
    return (br_scenario){
        .executor = BR_EXEC_CONSTANT_ARRIVAL_RATE, .rate = rate, .time_unit = unit, .duration = duration};
}

static br_scenario ramping(int64_t from, br_ns unit, const br_stage *stages, size_t count)
{
    br_scenario s = {.executor = BR_EXEC_RAMPING_ARRIVAL_RATE,
        .rate = from,
        .time_unit = unit,
        .stages = (br_stage *) (uintptr_t) stages,
        .stage_count = count};
    for (size_t i = 0; i < count; i++)
        s.duration += stages[i].duration;
    return s;
}

/* `want`: microseconds. */
static void assert_starts(const br_scenario *s, const int *want, size_t count)
{
    br_timetable t;
    br_timetable_init(&t, s);
    for (size_t k = 0; k < count; k++) {
        br_ns at = br_timetable_at(&t, (int64_t) k);
        if (llabs(at - (br_ns) want[k] * 1000) > 1000)
            fail_msg("start %zu at %lld ns, want %d us", k, (long long) at, want[k]);
    }
    assert_int_equal(br_timetable_at(&t, (int64_t) count), -1);
    assert_int_equal(br_timetable_count(s), (int64_t) count);
}
#define ASSERT_STARTS(s, ...)                                                                                \
    assert_starts(s, (const int[]){__VA_ARGS__}, sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

static void constant_rates_begin_at_once(void **state)
{
    (void) state;
    br_scenario s = constant(2, BR_SEC, 2 * BR_SEC);
    ASSERT_STARTS(&s, 0, 500000, 1000000, 1500000, 2000000); /* as k6 was seen to do */
    s = constant(3, BR_SEC, BR_SEC);
    ASSERT_STARTS(&s, 0, 333333, 666666, 1000000);
    s = constant(3, 2 * BR_SEC, BR_SEC);
    ASSERT_STARTS(&s, 0, 666666);
    assert_true(br_timetable_rate(&s, 5) == 1.5);
}

static void flat_ramps_begin_after_one_period(void **state)
{
    (void) state;
    const br_stage stages[] = {{BR_SEC, 4}};
    br_scenario s = ramping(4, BR_SEC, stages, 1);
    ASSERT_STARTS(&s, 250000, 500000, 750000, 1000000);
}

/* From 0 to r over D the area is r t^2 / 2D: start k + 1 at sqrt(2 D (k + 1) / r). */
static void goes_up_by_the_root(void **state)
{
    (void) state;
    const br_stage stages[] = {{2 * BR_SEC, 4}};
    br_scenario s = ramping(0, BR_SEC, stages, 1);
    ASSERT_STARTS(&s, 1000000, 1414213, 1732050, 2000000);
    assert_true(br_timetable_rate(&s, BR_SEC) == 2);
    assert_true(br_timetable_peak_rate(&s) == 4);
}

/* Mirrored, shifted by the whole: t = D - sqrt(2 D (A - i) / r). */
static void goes_down_to_nothing(void **state)
{
    (void) state;
    const br_stage stages[] = {{2 * BR_SEC, 0}};
    br_scenario s = ramping(4, BR_SEC, stages, 1);
    ASSERT_STARTS(&s, 267949, 585786, 1000000, 2000000);
}

static void carries_fractions_through_pauses(void **state)
{
    (void) state;
    /* Areas: 1.5, then 0 for a second, then 1.5, then a jump and 2. */
    const br_stage stages[] = {{BR_SEC, 0}, {BR_SEC, 0}, {BR_SEC, 3}, {0, 1}, {2 * BR_SEC, 1}};
    br_scenario s = ramping(3, BR_SEC, stages, 5);
    ASSERT_STARTS(&s, 422649, 2577350, 3000000, 4000000, 5000000);
    assert_true(br_timetable_rate(&s, 1500 * BR_MS) == 0);
}

static void nothing_starts_at_no_rate(void **state)
{
    (void) state;
    const br_stage stages[] = {{BR_SEC, 0}, {0, 0}};
    br_scenario s = ramping(0, BR_SEC, stages, 2);
    br_timetable t;
    br_timetable_init(&t, &s);
    assert_int_equal(br_timetable_at(&t, 0), -1);
    assert_int_equal(br_timetable_count(&s), 0);
}

/* Area under the rate from 0 to `at`, in iterations. */
static long double area(const br_scenario *s, br_ns at)
{
    long double sum = 0, from = (long double) s->rate;
    for (size_t i = 0; i < s->stage_count && at > 0; i++) {
        long double d = (long double) s->stages[i].duration, to = (long double) s->stages[i].target;
        long double x = at < s->stages[i].duration ? (long double) at : d;
        if (d > 0) sum += from * x + (to - from) * x * x / (2 * d);
        at -= s->stages[i].duration;
        from = to;
    }
    return sum / (long double) s->time_unit;
}

static void check_random(br_random *rng)
{
    br_stage stages[6];
    size_t n = 1 + br_random_below(rng, 6);
    int64_t top = (int64_t) 1 << br_random_below(rng, 14);
    for (size_t i = 0; i < n; i++) {
        stages[i].duration = (br_ns) br_random_below(rng, 5) * (br_ns) br_random_below(rng, 3 * BR_SEC);
        stages[i].target = br_random_below(rng, 3) ? (int64_t) br_random_below(rng, (uint64_t) top) : 0;
    }
    br_scenario s = ramping((int64_t) br_random_below(rng, (uint64_t) top), BR_SEC, stages, n);
    br_timetable t;
    br_timetable_init(&t, &s);
    br_ns before = 0;
    int64_t k = 0;
    for (br_ns at; (at = br_timetable_at(&t, k)) >= 0; k++) {
        long double rate = (long double) br_timetable_rate(&s, at) + 1;
        if (at < before || at > s.duration) fail_msg("start %lld goes back", (long long) k);
        /* Off by less than what happens in two nanoseconds. */
        if (fabsl(area(&s, at) - (long double) (k + 1)) > 2e-9L * rate + 1e-9L)
            fail_msg("start %lld: area %.12Lf", (long long) k, area(&s, at));
        before = at;
    }
    assert_int_equal(k, br_timetable_count(&s));
    assert_true(fabsl(area(&s, s.duration) - (long double) k) < 1 + 1e-6L);
}

static void starts_are_the_integral_of_the_rate(void **state)
{
    (void) state;
    br_random rng;
    br_random_seed(&rng, 7);
    for (int i = 0; i < 200; i++)
        check_random(&rng);
}

/* Workers and machines that take every n-th start make all of them together. */
static void shares_add_up(void **state)
{
    (void) state;
    const br_stage stages[] = {{BR_SEC, 700}, {2 * BR_SEC, 100}};
    br_scenario s = ramping(10, BR_SEC, stages, 2);
    br_timetable whole, part[3];
    br_timetable_init(&whole, &s);
    for (int i = 0; i < 3; i++)
        br_timetable_init(&part[i], &s);
    for (int64_t k = 0; k < br_timetable_count(&s); k++)
        assert_int_equal(br_timetable_at(&whole, k), br_timetable_at(&part[k % 3], k));
}

/* 30,000/s for a day: no drift. */
static void long_runs_do_not_drift(void **state)
{
    (void) state;
    br_scenario s = constant(30000, BR_SEC, 86400 * BR_SEC);
    br_timetable t;
    br_timetable_init(&t, &s);
    assert_int_equal(br_timetable_at(&t, 30000LL * 86400), 86400 * BR_SEC);
    assert_int_equal(br_timetable_at(&t, 30000LL * 86400 + 1), -1);
    const br_stage stages[] = {{86400 * BR_SEC, 30000}};
    s = ramping(30000, BR_SEC, stages, 1);
    br_timetable_init(&t, &s);
    assert_int_equal(br_timetable_at(&t, 30000LL * 86399 - 1), 86399 * BR_SEC);
}

int main(int argc, char **argv)
{
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant_rates_begin_at_once),
        cmocka_unit_test(flat_ramps_begin_after_one_period),
        cmocka_unit_test(goes_up_by_the_root),
        cmocka_unit_test(goes_down_to_nothing),
        cmocka_unit_test(carries_fractions_through_pauses),
        cmocka_unit_test(nothing_starts_at_no_rate),
        cmocka_unit_test(starts_are_the_integral_of_the_rate),
        cmocka_unit_test(shares_add_up),
        cmocka_unit_test(long_runs_do_not_drift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
