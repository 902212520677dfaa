#include "empire/domain/date.h"

#include <stdbool.h>

/* Digits at [from, to), which may be nothing else; -1 otherwise. */
static int digits(br_str s, size_t from, size_t to)
{
    int v = 0;
    for (size_t i = from; i < to; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return -1;
        v = v * 10 + (s.p[i] - '0');
    }
    return v;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days from 0001-01-01 to the first of January of `year`. */
static int64_t days_before_year(int year)
{
    int64_t y = year - 1;
    return y * 365 + y / 4 - y / 100 + y / 400;
}

br_code emp_date_parse(br_str s, int64_t *ret_day)
{
    if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-') return BR_ESYNTAX;
    int year = digits(s, 0, 4), month = digits(s, 5, 7), day = digits(s, 8, 10);
    if (year < 0 || month < 0 || day < 0) return BR_ESYNTAX;
    if (year == 0 || month < 1 || month > 12 || day < 1 || day > month_days(year, month)) return BR_EINVAL;
    int64_t n = days_before_year(year) - days_before_year(1970) + day - 1;
    for (int m = 1; m < month; m++) {
        n += month_days(year, m);
    }
    *ret_day = n;
    return BR_OK;
}
