/*
 * api/params.h - query parameters, strictly.
 *
 * What: reads a query into the parameters that a route knows.
 * Why here: a misspelt or repeated parameter that is ignored is a test that measures something else than its
 *     author thinks; here it is an error that names it.
 * Threads: any.
 * Memory: values lie inside emp_params; it may not be copied.
 */
#pragma once
#include "base/err.h"
#include "base/str.h"

#define EMP_PARAMS_MAX      4
#define EMP_PARAM_VALUE_MAX 63 /* bytes, decoded */

typedef struct emp_params {
    br_str value[EMP_PARAMS_MAX]; /* in the order of the names; p == NULL: not given */
    char _text[EMP_PARAMS_MAX][EMP_PARAM_VALUE_MAX + 1];
} emp_params;

/*
 * `query` is what stands behind the `?`, still encoded; `names` ends with NULL and has at most EMP_PARAMS_MAX
 * names. BR_EINVAL with a message that names the parameter: unknown, given twice, empty, too long, wrongly
 * encoded.
 */
BR_NODISCARD br_code emp_params_parse(
    br_str query, const char *const *names, emp_params *ret_params, br_err *err);

typedef struct emp_int_range {
    const char *name;
    int64_t min, max, otherwise; /* otherwise: when it is not given */
} emp_int_range;

/* A whole number in decimal digits, nothing else. BR_EINVAL with a message that names it and the range. */
BR_NODISCARD br_code emp_param_int(br_str value, const emp_int_range *range, int64_t *ret_value, br_err *err);
