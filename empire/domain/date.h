/*
 * domain/date.h - calendar days.
 *
 * What: reads YYYY-MM-DD strictly and numbers the days.
 * Why here: a wrong date must be the client's error (400) and never reach SQL.
 * Threads: any.
 */
#pragma once
#include <stdint.h>
#include "base/err.h"
#include "base/str.h"

/*
 * The day as its number since 1970-01-01 in the Gregorian calendar. Exactly ten characters, years 0001 to
 * 9999. BR_ESYNTAX: not that form; BR_EINVAL: no such day (2025-02-29).
 */
BR_NODISCARD br_code emp_date_parse(br_str s, int64_t *ret_day);
