/*
 * report/metric_order.h - the order and the categories in which reports list metrics.
 *
 * What: k6's sort order (parent's name, then the sub-metric's suffix) and its categories by prefix.
 * Why here: summary, JSON and page list metrics alike.
 * Threads: any.
 */
#pragma once
#include "stat/run_result.h"

typedef enum br_metric_category {
    BR_CATEGORY_CUSTOM,
    BR_CATEGORY_HTTP,
    BR_CATEGORY_EXECUTION,
    BR_CATEGORY_NETWORK,
    BR_CATEGORY_BROWSER,
    BR_CATEGORY_WEB_VITALS,
    BR_CATEGORY_GRPC,
    BR_CATEGORY_WEBSOCKET,
    BR_CATEGORY_HIDDEN, /* checks and group_duration: told elsewhere */
    BR_CATEGORY_DETAIL, /* the phases of a request: left out of the compact summary */
} br_metric_category;

/* By prefix, as in k6: a custom metric called http_reqs_x belongs to HTTP. */
br_metric_category br_metric_category_of(br_str name);
const char *br_metric_category_name(br_metric_category category); /* "CUSTOM", "HTTP", ... */

/* The metrics of `result`, [metric_count], sorted; memory of `arena`. */
const br_result_metric **br_metric_order_sorted(const br_run_result *result, br_arena *arena);
/* The metric of that name that is no sub-metric; NULL if absent. */
const br_result_metric *br_metric_order_find(const br_run_result *result, br_str name);
/* Order of names for people: punctuation, digits, letters; capitals count only between equal names. */
int br_metric_order_names(br_str a, br_str b);
