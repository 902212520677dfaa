#include "cli/load/limits.h"
#include <stdlib.h>
#include "base/num.h"
#include "engine/run.h"

const br_arg br_limit_args[] = {
    {"vu-memory", 0, BR_ARG_VALUE, "MIB",
        "JavaScript memory of one virtual user, in MiB; 0: no limit (default 512)", "BRUNT_VU_MEMORY"},
    {"vu-stack", 0, BR_ARG_VALUE, "KIB",
        "stack of one virtual user, in KiB: how deep functions may call each other (default 4096)",
        "BRUNT_VU_STACK"},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

static br_code read_number(
    const br_args *a, const br_arg *arg, int64_t least, int64_t most, size_t unit, size_t *ret, br_err *err)
{
    const char *flag = a ? br_args_get(a, arg->name) : NULL, *text = flag ? flag : getenv(arg->variable);
    int64_t n;
    if (!text || (!flag && !*text)) return BR_OK;
    if (br_parse_i64(br_str_of(text), &n) != BR_OK || n < least || n > most)
        return br_fail(err, BR_EINVAL, "invalid argument \"%s\" for %s%s: use %lld to %lld (%s)", text,
            flag ? "--" : "the variable ", flag ? arg->name : arg->variable, (long long) least,
            (long long) most, arg->value_name);
    *ret = (size_t) n * unit;
    return BR_OK;
}

br_code br_limits_read(const br_args *a, br_limits *ret, br_err *err)
{
    br_limits limits = {BR_VU_MEMORY_DEFAULT, BR_VU_STACK_DEFAULT};
    br_code code = read_number(a, &br_limit_args[0], 0, 1 << 20, 1 << 20, &limits.memory_bytes, err);
    if (code == BR_OK)
        code = read_number(a, &br_limit_args[1], 128, 1 << 20, 1 << 10, &limits.stack_bytes, err);
    if (code == BR_OK) *ret = limits;
    return code;
}
