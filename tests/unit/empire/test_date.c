/* empire/domain/date.h: calendar days, against the C library's calendar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <time.h>
#include "empire/domain/date.h"

static void agrees_with_the_c_library(void **state)
{
    (void) state;
    /* Every day of 1 .. 9999 would be 3.6 million; a stride of 13 meets every weekday, month and leap rule.
     */
    struct tm first = {.tm_year = 1 - 1900, .tm_mday = 1},
              last = {.tm_year = 9999 - 1900, .tm_mon = 11, .tm_mday = 31};
    int64_t from = timegm(&first) / 86400, to = timegm(&last) / 86400;
    for (int64_t day = from; day <= to; day += 13) {
        time_t seconds = day * 86400;
        struct tm t;
        char text[16];
        int64_t got = 0;
        gmtime_r(&seconds, &t);
        snprintf(text, sizeof(text), "%04u-%02u-%02u", (unsigned) (t.tm_year + 1900) % 10000u,
            (unsigned) (t.tm_mon + 1) % 100u, (unsigned) t.tm_mday % 100u);
        assert_int_equal(emp_date_parse(br_str_of(text), &got), BR_OK);
        assert_int_equal(got, day);
    }
}

static void refuses(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        br_code code;
    } cases[] = {
        {"", BR_ESYNTAX},
        {"2025-1-01", BR_ESYNTAX},
        {"2025-01-1", BR_ESYNTAX},
        {"20250101", BR_ESYNTAX},
        {"2025/01/01", BR_ESYNTAX},
        {"2025-01-01T", BR_ESYNTAX},
        {"2025-01-0x", BR_ESYNTAX},
        {"+025-01-01", BR_ESYNTAX},
        {" 025-01-01", BR_ESYNTAX},
        {"0000-01-01", BR_EINVAL},
        {"2025-00-10", BR_EINVAL},
        {"2025-13-10", BR_EINVAL},
        {"2025-01-00", BR_EINVAL},
        {"2025-01-32", BR_EINVAL},
        {"2025-04-31", BR_EINVAL},
        {"2025-02-29", BR_EINVAL},
        {"1900-02-29", BR_EINVAL},
        {"2024-02-30", BR_EINVAL},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        int64_t day = 42;
        br_code rc = emp_date_parse(br_str_of(cases[i].text), &day);
        if (rc != cases[i].code) fail_msg("\"%s\": %s", cases[i].text, br_code_name(rc));
        assert_int_equal(day, 42);
    }
}

static void knows_leap_days(void **state)
{
    (void) state;
    int64_t day = 0;
    assert_int_equal(emp_date_parse(BR_STR("1970-01-01"), &day), BR_OK);
    assert_int_equal(day, 0);
    assert_int_equal(emp_date_parse(BR_STR("2024-02-29"), &day), BR_OK);
    assert_int_equal(day, 19782);
    assert_int_equal(emp_date_parse(BR_STR("2000-02-29"), &day), BR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_c_library),
        cmocka_unit_test(refuses),
        cmocka_unit_test(knows_leap_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
