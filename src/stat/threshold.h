/*
 * stat/threshold.h - threshold expressions: `p(95)<500`, `rate >= 0.99`.
 *
 * What: k6's grammar (docs of k6: "agg op number", blanks free, operators <= < >= > === == !=).
 * Why here: pure, used by the engine (abortOnFail), the summary and judge/.
 * Threads: values.
 */
#pragma once
#include "stat/sink.h"

typedef enum br_cmp { BR_LE, BR_LT, BR_GE, BR_GT, BR_EQ, BR_NE } br_cmp;

bool br_cmp_holds(double value, br_cmp cmp, double limit); /* value cmp limit */

typedef struct br_threshold {
    br_agg_spec agg;
    br_cmp cmp;
    double limit;
} br_threshold;

/*
 * The operator is searched in the order <= < >= > === == != and the first one with a non-empty right side
 * wins. The number takes signs and exponents. BR_ESYNTAX with a message naming the expression.
 */
BR_NODISCARD br_code br_threshold_parse(br_str text, br_threshold *ret, br_err *err);
/* Passes? `ret_value` (may be NULL) gets the figure compared. An empty rate passes; an empty counter is 0. */
bool br_threshold_check(const br_threshold *t, const br_sink *s, br_ns duration, double *ret_value);

/* Splits "metric{selector}" into its parts; selector.p == NULL without braces. BR_ESYNTAX on bad braces. */
BR_NODISCARD br_code br_metric_name_split(br_str text, br_str *ret_name, br_str *ret_selector, br_err *err);
