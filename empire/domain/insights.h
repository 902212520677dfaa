/*
 * domain/insights.h - what earns, where, and what to do about it.
 *
 * What: the queries of /analytics/top-products, /analytics/platform-comparison and /optimizer/analyze and
 *     their answers.
 * Why here: they compare, while domain/analytics.h adds up.
 * Threads: any. Memory: answers are appended to the caller's buffer (domain/rows.h).
 * Cost: comparison and analysis read a few rows a day of analytics_daily. Top products add up raw rows of the
 *     period (index analytics_created_at_platform), tens of milliseconds a month: the API keeps the answer.
 */
#pragma once
#include "base/buf.h"
#include "empire/db/query.h"

/* By revenue in the last `days` days, of one platform or (BR_STR_NONE) all. */
void emp_top_products_query(emp_query *q, int64_t days, br_str platform, int64_t limit);
void emp_top_products_put(br_buf *out, const emp_result *r, int64_t days, br_str platform, int64_t limit);

/* Each platform with its rates, its share of the revenue, and its change against the period before. */
void emp_comparison_query(emp_query *q, int64_t days);
void emp_comparison_put(br_buf *out, const emp_result *r, int64_t days);

/* The comparison's figures with a recommendation for each platform. Same rows as the comparison. */
void emp_analysis_put(br_buf *out, const emp_result *r, int64_t days);
