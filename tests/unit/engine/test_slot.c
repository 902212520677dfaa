/* When each virtual user of ramping-vus iterates, against k6's rule and against a naive simulation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "base/random.h"
#include "engine/run_int.h"

static br_scenario ramping(int64_t start, const br_stage *stages, size_t count)
{
    br_scenario s = {.executor = BR_EXEC_RAMPING_VUS,
        .vus = start,
        .stages = (br_stage *) (uintptr_t) stages,
        .stage_count = count};
    for (size_t i = 0; i < count; i++)
        s.duration += stages[i].duration;
    return s;
}

/* `want`: starts and stops in milliseconds, count of numbers. */
static void assert_intervals(const br_scenario *s, int64_t v, const int *want, size_t count)
{
    br_interval *list;
    size_t n = br_slot_intervals(s, v, &list);
    if (n * 2 != count) fail_msg("user %d has %zu intervals, want %zu", (int) v, n, count / 2);
    for (size_t i = 0; i < n; i++) {
        if (list[i].start != want[2 * i] * BR_MS || list[i].stop != want[2 * i + 1] * BR_MS) {
            fail_msg("user %d, interval %zu: %lld to %lld us", (int) v, i, (long long) list[i].start / 1000,
                (long long) list[i].stop / 1000);
        }
    }
    br_free(list);
}
#define ASSERT_INTERVALS(s, v, ...)                                                                          \
    assert_intervals(s, v, (const int[]){__VA_ARGS__}, sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

static void goes_up_as_k6_does(void **state)
{
    (void) state;
    const br_stage stages[] = {{BR_SEC, 4}};
    br_scenario s = ramping(0, stages, 1);
    assert_int_equal(br_scenario_max_vus(&s), 4);
    ASSERT_INTERVALS(&s, 0, 250, 1000);
    ASSERT_INTERVALS(&s, 1, 500, 1000);
    ASSERT_INTERVALS(&s, 2, 750, 1000);
    assert_intervals(&s, 3, NULL, 0); /* would begin at the very end */
    const br_stage hold[] = {{BR_SEC, 4}, {BR_SEC, 4}};
    s = ramping(0, hold, 2);
    ASSERT_INTERVALS(&s, 3, 1000, 2000);
}

static void goes_down_highest_first(void **state)
{
    (void) state;
    const br_stage stages[] = {{BR_SEC, 0}};
    br_scenario s = ramping(4, stages, 1);
    ASSERT_INTERVALS(&s, 3, 0, 250);
    ASSERT_INTERVALS(&s, 2, 0, 500);
    ASSERT_INTERVALS(&s, 1, 0, 750);
    ASSERT_INTERVALS(&s, 0, 0, 1000);
}

static void jumps_in_stages_of_no_length(void **state)
{
    (void) state;
    const br_stage stages[] = {{0, 3}, {BR_SEC, 3}, {0, 1}, {BR_SEC, 1}, {0, 0}, {BR_SEC, 0}};
    br_scenario s = ramping(0, stages, 6);
    ASSERT_INTERVALS(&s, 0, 0, 2000);
    ASSERT_INTERVALS(&s, 1, 0, 1000);
    ASSERT_INTERVALS(&s, 2, 0, 1000);
    const br_stage blip[] = {{BR_SEC, 1}, {0, 5}, {0, 1}, {BR_SEC, 1}};
    s = ramping(1, blip, 4);
    ASSERT_INTERVALS(&s, 0, 0, 2000);
    assert_intervals(&s, 3, NULL, 0);
}

static void comes_back(void **state)
{
    (void) state;
    const br_stage stages[] = {{BR_SEC, 2}, {BR_SEC, 0}, {BR_SEC, 0}, {BR_SEC, 2}};
    br_scenario s = ramping(0, stages, 4);
    ASSERT_INTERVALS(&s, 0, 500, 2000, 3500, 4000);
    ASSERT_INTERVALS(&s, 1, 1000, 1500);
    const br_stage v[] = {{BR_SEC, 0}, {BR_SEC, 2}};
    s = ramping(2, v, 2);
    ASSERT_INTERVALS(&s, 0, 0, 1000, 1500, 2000); /* stops at 1000, starts at 1500 */
}

static void other_executors_have_one_interval(void **state)
{
    (void) state;
    br_scenario s = {.executor = BR_EXEC_CONSTANT_VUS, .vus = 3, .duration = 5 * BR_SEC};
    ASSERT_INTERVALS(&s, 2, 0, 5000);
    s.executor = BR_EXEC_SHARED_ITERATIONS;
    ASSERT_INTERVALS(&s, 0, 0, 5000);
}

static void does_not_overflow(void **state)
{
    (void) state;
    const br_stage stages[] = {{BR_OPTION_DURATION_MAX / 2, BR_VUS_MAX}, {BR_OPTION_DURATION_MAX / 2, 1}};
    br_scenario s = ramping(0, stages, 2);
    br_interval *list;
    assert_int_equal(br_slot_intervals(&s, BR_VUS_MAX / 2 - 1, &list), 1);
    assert_int_equal(list[0].start, BR_OPTION_DURATION_MAX / 4);
    br_free(list);
}

/* Property ------------------------------------------------------------------------------------------- */

/* VUs wanted at instant t by the straight lines between the targets. At the instants of steps themselves the
 * rule says that the new number holds; times between them are compared. */
static double wanted_at(const br_scenario *s, br_ns t)
{
    br_ns begin = 0;
    double from = (double) s->vus;
    for (size_t i = 0; i < s->stage_count; i++) {
        const br_stage *g = &s->stages[i];
        if (t < begin + g->duration)
            return from + ((double) g->target - from) * ((double) (t - begin) / (double) g->duration);
        begin += g->duration;
        from = (double) g->target;
    }
    return 0;
}

static int64_t active_at(br_interval **lists, const size_t *counts, int64_t users, br_ns t)
{
    int64_t n = 0;
    for (int64_t v = 0; v < users; v++) {
        for (size_t i = 0; i < counts[v]; i++)
            n += lists[v][i].start <= t && t < lists[v][i].stop;
    }
    return n;
}

static void check_shape(const br_interval *list, size_t n, br_ns duration)
{
    for (size_t i = 0; i < n; i++) {
        assert_true(list[i].start >= 0 && list[i].start < list[i].stop && list[i].stop <= duration);
        if (i) assert_true(list[i].start > list[i - 1].stop);
    }
}

static void follows_the_lines(void **state)
{
    (void) state;
    enum { USERS = 12, STAGES = 7 };
    br_random r;
    br_random_seed(&r, 4711);
    for (int round = 0; round < 400; round++) {
        br_stage stages[STAGES];
        size_t count = 1 + br_random_below(&r, STAGES);
        for (size_t i = 0; i < count; i++) {
            stages[i] = (br_stage){
                (br_ns) br_random_below(&r, 4) * 777777777, (int64_t) br_random_below(&r, USERS + 1)};
        }
        br_scenario s = ramping((int64_t) br_random_below(&r, USERS + 1), stages, count);
        br_interval *lists[USERS];
        size_t counts[USERS];
        for (int64_t v = 0; v < USERS; v++) {
            counts[v] = br_slot_intervals(&s, v, &lists[v]);
            check_shape(lists[v], counts[v], s.duration);
        }
        for (br_ns t = 1000; t < s.duration; t += 7654321) {
            /* Up: the v-th begins when the line reaches v. Down: it stops when the line has reached v - 1. */
            double line = wanted_at(&s, t);
            int64_t n = active_at(lists, counts, USERS, t);
            if (!((double) n > line - 1.0001 && (double) n < line + 1.0001))
                fail_msg(
                    "round %d: %d users at %lld, the line is at %f", round, (int) n, (long long) t, line);
        }
        for (int v = 0; v < USERS; v++)
            br_free(lists[v]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_up_as_k6_does),
        cmocka_unit_test(goes_down_highest_first),
        cmocka_unit_test(jumps_in_stages_of_no_length),
        cmocka_unit_test(comes_back),
        cmocka_unit_test(other_executors_have_one_interval),
        cmocka_unit_test(does_not_overflow),
        cmocka_unit_test(follows_the_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
