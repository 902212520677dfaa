/*
 * Targets and queries of empire: splitting, decoding, parameters, dates. Besides not crashing: what is
 * accepted has no control character, is as long as it may be, and a date that is accepted is one that exists.
 */
#include "base/assert.h"
#include "empire/api/params.h"
#include "empire/api/target.h"
#include "empire/domain/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_value(br_str v)
{
    int64_t day = 0;
    BR_ASSERT(v.n > 0 && v.n <= EMP_PARAM_VALUE_MAX);
    for (size_t i = 0; i < v.n; i++) {
        BR_ASSERT((unsigned char) v.p[i] >= ' ' && v.p[i] != 0x7F);
    }
    if (emp_date_parse(v, &day) != BR_OK) return;
    BR_ASSERT(v.n == 10 && day >= -719162 && day <= 2932896); /* 0001-01-01, 9999-12-31 */
}

static void check_query(br_str query)
{
    static const char *const names[] = {"page", "limit", "startDate", "endDate", NULL};
    emp_params params;
    br_err err;
    if (emp_params_parse(query, names, &params, &err) != BR_OK) return;
    for (size_t i = 0; i < EMP_PARAMS_MAX; i++) {
        if (params.value[i].p) check_value(params.value[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    br_str target = {(const char *) data, size}, path, query;
    char decoded[256];
    size_t len = 0;
    check_query(target);
    if (emp_target_split(target, &path, &query, NULL) != BR_OK) return 0;
    BR_ASSERT(path.n > 0 && path.p[0] == '/');
    if (emp_percent_decode(path, EMP_ESCAPES_PATH, decoded, sizeof(decoded), &len) == BR_OK) {
        BR_ASSERT(len <= path.n && len < sizeof(decoded) && strlen(decoded) == len);
    }
    check_query(query);
    return 0;
}
