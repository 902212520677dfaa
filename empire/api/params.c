#include "empire/api/params.h"

#include <inttypes.h>

#include "base/assert.h"
#include "base/num.h"
#include "empire/api/target.h"

/* Index of `name` in `names`, or -1. */
static int index_of(const char *const *names, br_str name)
{
    for (int i = 0; names[i]; i++) {
        BR_ASSERT(i < EMP_PARAMS_MAX);
        if (br_str_is(name, names[i])) return i;
    }
    return -1;
}

static br_code parse_value(br_str encoded, const char *name, char *text, br_str *ret_value, br_err *err)
{
    size_t len = 0;
    br_code rc = emp_percent_decode(encoded, EMP_ESCAPES_QUERY, text, EMP_PARAM_VALUE_MAX + 1, &len);
    if (rc == BR_ELIMIT) {
        return br_fail(err, BR_EINVAL, "parameter '%s' is longer than %d bytes", name, EMP_PARAM_VALUE_MAX);
    }
    if (rc != BR_OK) return br_fail(err, BR_EINVAL, "parameter '%s' is not percent-encoded correctly", name);
    if (len == 0) return br_fail(err, BR_EINVAL, "parameter '%s' has no value", name);
    *ret_value = (br_str){text, len};
    return BR_OK;
}

static br_code parse_pair(br_str pair, const char *const *names, emp_params *params, br_err *err)
{
    char name[64];
    size_t name_len = 0;
    ptrdiff_t equals = br_str_find_char(pair, '=');
    br_str encoded_name = equals < 0 ? pair : br_str_sub(pair, 0, (size_t) equals);
    br_str encoded_value = equals < 0 ? BR_STR_NONE : br_str_sub(pair, (size_t) equals + 1, pair.n);
    br_code rc = emp_percent_decode(encoded_name, EMP_ESCAPES_QUERY, name, sizeof(name), &name_len);
    if (rc == BR_ELIMIT) return br_fail(err, BR_EINVAL, "unknown parameter with a name of over 63 bytes");
    if (rc != BR_OK) return br_fail(err, BR_EINVAL, "a parameter's name is not percent-encoded correctly");
    if (name_len == 0) return br_fail(err, BR_EINVAL, "the query has a parameter without a name");
    int i = index_of(names, (br_str){name, name_len});
    if (i < 0) return br_fail(err, BR_EINVAL, "unknown parameter '%s'", name);
    if (params->value[i].p) return br_fail(err, BR_EINVAL, "parameter '%s' is given twice", name);
    return parse_value(encoded_value, names[i], params->_text[i], &params->value[i], err);
}

br_code emp_params_parse(br_str query, const char *const *names, emp_params *ret_params, br_err *err)
{
    for (size_t i = 0; i < EMP_PARAMS_MAX; i++) {
        ret_params->value[i] = BR_STR_NONE;
    }
    if (query.n == 0) return BR_OK;
    br_str pair;
    while (br_str_cut(&query, '&', &pair)) {
        br_code rc = parse_pair(pair, names, ret_params, err);
        if (rc != BR_OK) return rc;
    }
    return BR_OK;
}

br_code emp_param_int(br_str value, const emp_int_range *range, int64_t *ret_value, br_err *err)
{
    uint64_t v = 0;
    if (!value.p) {
        *ret_value = range->otherwise;
        return BR_OK;
    }
    BR_ASSERT(range->min >= 0);
    br_code rc = br_parse_u64(value, &v);
    if (rc != BR_OK || v < (uint64_t) range->min || v > (uint64_t) range->max) {
        return br_fail(err, BR_EINVAL, "parameter '%s' must be a whole number from %" PRId64 " to %" PRId64,
            range->name, range->min, range->max);
    }
    *ret_value = (int64_t) v;
    return BR_OK;
}
