/* Which frequencies name a period. What is due by them: tests/e2e/cli/history.mjs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "cli/history/due.h"

#define HOUR (3600 * BR_SEC)
#define DAY  (24 * HOUR)

static void periods(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        br_ns period;
    } list[] = {{"hourly", HOUR}, {"daily", DAY}, {"Nightly", DAY}, {"weekly", 7 * DAY},
        {"weekly, Monday 02:00 UTC", 7 * DAY}, {"monthly", 30 * DAY}, {"quarterly", 91 * DAY},
        {"yearly", 365 * DAY}, {"every week", 7 * DAY}, {"Every  2 weeks", 14 * DAY},
        {"every 36h", 36 * HOUR}, {"every 7d", 7 * DAY}, {"every 1 day", DAY}, {"once a month", 30 * DAY},
        {"once an hour", HOUR}, {"once per quarter", 91 * DAY}};
    for (size_t i = 0; i < BR_COUNT_OF(list); i++) {
        br_ns period = 0;
        if (!br_due_period(br_str_of(list[i].text), &period)) fail_msg("%s names no period", list[i].text);
        assert_int_equal(period, list[i].period);
    }
}

static void occasions(void **state)
{
    (void) state;
    static const char *const list[] = {"after every deployment", "before a major release", "every deployment",
        "every 3", "every 0 days", "every -2 weeks", "every 99999999999 years", "every 0s", "every -5h",
        "week", "once in a week", "weekly or so", "twice a week", "every", "", " ", ","};
    for (size_t i = 0; i < BR_COUNT_OF(list); i++) {
        br_ns period = 7;
        if (br_due_period(br_str_of(list[i]), &period)) fail_msg("%s names a period", list[i]);
        assert_int_equal(period, 7);
    }
}

static void never_run_is_overdue_only_with_a_period(void **state)
{
    (void) state;
    br_due d = {.period = DAY};
    assert_true(br_due_is_overdue(&d, 5 * DAY));
    d = (br_due){.period = DAY, .run = 1, .last = 4 * DAY, .at = 5 * DAY};
    assert_false(br_due_is_overdue(&d, 5 * DAY));
    assert_true(br_due_is_overdue(&d, 5 * DAY + 1));
    assert_false(br_due_is_overdue(&(br_due){0}, 5 * DAY));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(periods), cmocka_unit_test(occasions),
        cmocka_unit_test(never_run_is_overdue_only_with_a_period)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
