/*
 * domain/analytics.h - views, clicks, conversions and revenue of a period.
 *
 * What: the queries of /analytics/overview and /analytics/revenue and their answers.
 * Why here: both read analytics_daily, the sums per day and platform that the database keeps (migration 2).
 * Threads: any. Memory: answers are appended to the caller's buffer (domain/rows.h).
 * "Today": periods end at the latest day that has data, not at the clock's. Test data ends at a fixed day;
 *     measured against the clock, every figure would fade to zero as time goes by.
 */
#pragma once
#include "base/buf.h"
#include "empire/db/query.h"

#define EMP_RANGE_DAYS_MAX 366

extern const char *const emp_platforms[]; /* NULL at the end */

/* "1d", "7d", "30d" or "90d"; BR_EINVAL otherwise. */
BR_NODISCARD br_code emp_period_parse(br_str s, int64_t *ret_days);

/* Sums of the last `days` days, of one platform or (BR_STR_NONE) all, and per platform. */
void emp_overview_query(emp_query *q, int64_t days, br_str platform);
void emp_overview_put(br_buf *out, const emp_result *r, int64_t days, br_str platform);

/* Revenue day by day; days without data are there with zero. Dates are YYYY-MM-DD, both included. */
void emp_revenue_period_query(emp_query *q, int64_t days);
void emp_revenue_range_query(emp_query *q, br_str first, br_str last);
void emp_revenue_put(br_buf *out, const emp_result *r);
