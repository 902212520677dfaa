#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include "base/clock.h"

static void test_monotonic_never_goes_back(void **state)
{
    (void) state;
    br_ns last = br_clock_now();
    for (int i = 0; i < 10000; i++) {
        br_ns now = br_clock_now();
        assert_true(now >= last);
        last = now;
    }
}

static void test_monotonic_measures_a_sleep(void **state)
{
    (void) state;
    br_ns start = br_clock_now();
    nanosleep(&(struct timespec){.tv_nsec = 5 * BR_MS}, NULL);
    assert_true(br_clock_now() - start >= 5 * BR_MS);
}

static void test_wall_agrees_with_time(void **state)
{
    (void) state;
    time_t before = time(NULL);
    br_ns wall = br_clock_wall();
    assert_in_range(wall / BR_SEC, (uint64_t) before - 1, (uint64_t) time(NULL) + 1);
}

static void test_thread_cpu_counts_work_and_not_sleep(void **state)
{
    (void) state;
    br_ns start = br_clock_thread_cpu();
    nanosleep(&(struct timespec){.tv_nsec = 20 * BR_MS}, NULL);
    br_ns slept = br_clock_thread_cpu() - start;
    assert_true(slept < 20 * BR_MS);
    while (br_clock_thread_cpu() - start < slept + BR_MS) {
        /* works until a millisecond was used; ends only if the clock moves */
    }
}

static void test_starving_only_grows(void **state)
{
    (void) state;
    br_ns before = br_clock_thread_starved();
    assert_true(before >= 0);
    nanosleep(&(struct timespec){.tv_nsec = BR_MS}, NULL);
    assert_true(br_clock_thread_starved() >= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_monotonic_never_goes_back),
        cmocka_unit_test(test_monotonic_measures_a_sleep),
        cmocka_unit_test(test_wall_agrees_with_time),
        cmocka_unit_test(test_thread_cpu_counts_work_and_not_sleep),
        cmocka_unit_test(test_starving_only_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
