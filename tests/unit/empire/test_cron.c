/* empire/workflow/cron.h: when a schedule is due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <time.h>
#include "empire/workflow/cron.h"

/* "2026-11-26 04:00:00" as a time. */
static br_ns at(const char *text)
{
    struct tm tm = {0};
    assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &tm));
    return (br_ns) timegm(&tm) * BR_SEC;
}

static emp_cron parsed(const char *text)
{
    emp_cron c;
    br_err err = {0};
    if (emp_cron_parse(br_str_of(text), &c, &err) != BR_OK) fail_msg("%s: %s", text, err.msg);
    return c;
}

static void assert_next(const char *cron, const char *after, const char *want)
{
    const emp_cron c = parsed(cron);
    char got[32];
    const time_t seconds = (time_t) (emp_cron_next(&c, at(after)) / BR_SEC);
    struct tm tm;
    strftime(got, sizeof(got), "%Y-%m-%d %H:%M:%S", gmtime_r(&seconds, &tm));
    assert_string_equal(got, want);
}

static void next_times(void **state)
{
    (void) state;
    assert_next("0 4 * * *", "2026-11-26 03:59:59", "2026-11-26 04:00:00");
    assert_next("0 4 * * *", "2026-11-26 04:00:00", "2026-11-27 04:00:00"); /* after, not at */
    assert_next("* * * * *", "2026-12-31 23:59:00", "2027-01-01 00:00:00");
    assert_next("*/15 8-9 * * *", "2026-11-26 08:50:00", "2026-11-26 09:00:00");
    assert_next("*/15 8-9 * * *", "2026-11-26 09:45:00", "2026-11-27 08:00:00");
    assert_next("30 4 * * mon", "2026-11-26 00:00:00", "2026-11-30 04:30:00"); /* a Thursday */
    assert_next("30 4 * * 1", "2026-11-30 04:30:00", "2026-12-07 04:30:00");
    assert_next("0 0 * * 7", "2026-11-26 00:00:00", "2026-11-29 00:00:00");
    assert_next("0 0 * * sun", "2026-11-26 00:00:00", "2026-11-29 00:00:00");
    assert_next("0 0 * * FRI-SAT", "2026-11-28 00:00:00", "2026-12-04 00:00:00");
    assert_next("0 0 31 * *", "2026-11-30 00:00:00", "2026-12-31 00:00:00");
    assert_next("0 0 31 4,jun,Jul *", "2026-01-01 00:00:00", "2026-07-31 00:00:00");
    assert_next("0 0 29 2 *", "2026-01-01 00:00:00", "2028-02-29 00:00:00");
    assert_next("0 0 29 2 *", "2096-02-29 00:00:00", "2104-02-29 00:00:00"); /* 2100 has none */
    assert_next("5,7-9,50-59/3 0 * * *", "2026-11-26 00:09:00", "2026-11-26 00:50:00");
    assert_next("5,7-9,50-59/3 0 * * *", "2026-11-26 00:50:00", "2026-11-26 00:53:00");
    assert_next("@daily", "1970-01-01 00:00:00", "1970-01-02 00:00:00");
    assert_next("@weekly", "1970-01-01 00:00:00", "1970-01-04 00:00:00");
    assert_next("@hourly", "2026-11-26 00:00:01", "2026-11-26 01:00:00");
    assert_next("@monthly", "2026-11-26 00:00:01", "2026-12-01 00:00:00");
    assert_next("  0   4  *  *  1-7 ", "2026-11-26 00:00:00", "2026-11-26 04:00:00");
    assert_next("0 4 1 * 0-6", "2026-11-26 00:00:00", "2026-12-01 04:00:00"); /* all days are no condition */
    assert_next("0 4 1-31 * mon", "2026-11-26 00:00:00", "2026-11-30 04:00:00");
}

static void wrong_texts(void **state)
{
    (void) state;
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "five fields"},
        {"0 4 * *", "five fields"},
        {"0 4 * * * *", "five fields"},
        {"@yearly", "five fields"},
        {"60 4 * * *", "'60' is not a minute: 0 to 59"},
        {"0 24 * * *", "'24' is not a hour"},
        {"0 4 0 * *", "'0' is not a day of the month"},
        {"0 4 * 13 *", "'13' is not a month"},
        {"0 4 * jam *", "'jam' is not a month"},
        {"0 4 * * 8", "'8' is not a day of the week"},
        {"0 4 * * monday", "'monday'"},
        {"-1 4 * * *", "'-1'"},
        {"+1 4 * * *", "'+1'"},
        {"1-0 4 * * *", "'1-0'"},
        {"1- 4 * * *", "'1-'"},
        {"5/10 4 * * *", "'5/10'"},
        {"*/0 4 * * *", "'*/0'"},
        {"*/60 4 * * *", "'*/60'"},
        {"*/ 4 * * *", "'*/'"},
        {"1,,2 4 * * *", "''"},
        {"1, 4 * * *", "''"},
        {"001 4 * * *", "'001'"},
        {"0\t4 * * *", "five fields"},
        {"0 4 30 2 *", "no date"},
        {"0 4 31 4,6 *", "no date"},
        {"0 4 13 * 5", "either"},
        {"0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0 4 * * *", "longer than 63"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        emp_cron c;
        br_err err = {0};
        assert_int_equal(emp_cron_parse(br_str_of(cases[i].text), &c, &err), BR_EINVAL);
        if (!strstr(err.msg, cases[i].why)) fail_msg("%s: %s", cases[i].text, err.msg);
    }
}

static void assert_turn(const char *due, const char *now, br_ns catch_up, const emp_cron_turn *want)
{
    const emp_cron c = parsed("0 4 * * *");
    const emp_cron_turn t = emp_cron_turn_of(&c, at(due), at(now), catch_up);
    assert_true(t.at == want->at && t.next == want->next);
    assert_int_equal(t.missed, want->missed);
    assert_int_equal(t.skipped, want->skipped);
}

static void turns(void **state)
{
    (void) state;
    const br_ns hour = 3600 * BR_SEC, day = 24 * hour;
    const br_ns d26 = at("2026-11-26 04:00:00");
    /* Just now; within the window; over it. */
    assert_turn("2026-11-26 04:00:00", "2026-11-26 04:00:00", 0, &(emp_cron_turn){d26, 0, 0, d26 + day});
    assert_turn("2026-11-26 04:00:00", "2026-11-26 05:00:00", hour, &(emp_cron_turn){d26, 0, 0, d26 + day});
    assert_turn("2026-11-26 04:00:00", "2026-11-26 05:00:01", hour, &(emp_cron_turn){-1, 1, 0, d26 + day});
    /* Three days away: the first within the window is taken, the ones behind it find it running. */
    assert_turn("2026-11-26 04:00:00", "2026-11-28 05:00:00", hour,
        &(emp_cron_turn){d26 + 2 * day, 2, 0, d26 + 3 * day});
    assert_turn("2026-11-26 04:00:00", "2026-11-28 05:00:00", 26 * hour,
        &(emp_cron_turn){d26 + day, 1, 1, d26 + 3 * day});
    /* Not due: looked at too early, nothing is done. */
    assert_turn("2026-11-26 04:00:00", "2026-11-26 03:59:59", hour, &(emp_cron_turn){-1, 0, 0, d26});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_times),
        cmocka_unit_test(wrong_texts),
        cmocka_unit_test(turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
