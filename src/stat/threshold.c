#include "stat/threshold.h"

#include "base/num.h"

/* In the order in which they are searched; `===` before `==`, whose right side would begin with `=`. */
static const struct {
    const char *text;
    br_cmp cmp;
} operators[] = {
    {"<=", BR_LE}, {"<", BR_LT}, {">=", BR_GE}, {">", BR_GT}, {"===", BR_EQ}, {"==", BR_EQ}, {"!=", BR_NE}};

static bool split(br_str text, br_str *ret_agg, br_cmp *ret_cmp, br_str *ret_limit)
{
    for (size_t i = 0; i < BR_COUNT_OF(operators); i++) {
        br_str op = br_str_of(operators[i].text);
        ptrdiff_t at = br_str_find(text, op);
        if (at < 0) continue;
        br_str right = br_str_trim(br_str_sub(text, (size_t) at + op.n, text.n));
        if (right.n == 0) continue;
        *ret_agg = br_str_trim(br_str_sub(text, 0, (size_t) at));
        *ret_limit = right;
        *ret_cmp = operators[i].cmp;
        return true;
    }
    return false;
}

br_code br_threshold_parse(br_str text, br_threshold *ret, br_err *err)
{
    br_str agg, limit;
    br_threshold t;
    if (!split(text, &agg, &t.cmp, &limit)) {
        return br_fail(err, BR_ESYNTAX,
            "failed parsing threshold expression \"" BR_FMT "\"; reason: malformed threshold expression",
            BR_ARG(text));
    }
    br_code rc = br_agg_parse(agg, &t.agg);
    if (rc == BR_ELIMIT) {
        return br_fail(err, BR_ESYNTAX,
            "failed parsing threshold expression \"" BR_FMT "\"; reason: a percentile is between 0 and 100",
            BR_ARG(text));
    }
    if (rc != BR_OK) {
        bool percentile = br_str_starts(agg, BR_STR("p(")) && agg.p[agg.n - 1] == ')';
        return br_fail(err, BR_ESYNTAX,
            percentile ? "failed parsing threshold expression's \"" BR_FMT
                         "\" left hand side; reason: malformed percentile value; reason: strconv.ParseFloat: "
                         "parsing \"" BR_FMT "\": invalid syntax"
                       : "failed parsing threshold expression's \"" BR_FMT
                         "\" left hand side; reason: failed parsing method from expression",
            BR_ARG(text), BR_ARG(percentile ? br_str_sub(agg, 2, agg.n - 1) : agg));
    }
    if (br_parse_f64(limit, &t.limit) != BR_OK) { /* "expresion": as k6 writes it */
        return br_fail(err, BR_ESYNTAX,
            "failed parsing threshold expresion's \"" BR_FMT
            "\" right hand side; reason: strconv.ParseFloat: parsing \"" BR_FMT "\": invalid syntax",
            BR_ARG(text), BR_ARG(limit));
    }
    *ret = t;
    return BR_OK;
}

bool br_cmp_holds(double value, br_cmp cmp, double limit)
{
    switch (cmp) {
        case BR_LE: return value <= limit;
        case BR_LT: return value < limit;
        case BR_GE: return value >= limit;
        case BR_GT: return value > limit;
        case BR_EQ: return value == limit;
        case BR_NE: return value != limit;
    }
    return false;
}

bool br_threshold_check(const br_threshold *t, const br_sink *s, br_ns duration, double *ret_value)
{
    double value = br_sink_value(s, t->agg, duration);
    if (ret_value) *ret_value = value;
    if (s->type == BR_RATE && s->count == 0) return true;
    return br_cmp_holds(value, t->cmp, t->limit);
}

br_code br_metric_name_split(br_str text, br_str *ret_name, br_str *ret_selector, br_err *err)
{
    ptrdiff_t open = br_str_find_char(text, '{');
    if (open < 0 && br_str_find_char(text, '}') < 0) {
        *ret_name = text;
        *ret_selector = BR_STR_NONE;
        return BR_OK;
    }
    bool closed = br_str_find_char(text, '}') >= 0;
    if (open < 0 || !closed || text.p[text.n - 1] != '}') {
        return br_fail(err, BR_ESYNTAX, "parsing metric name failed, metric \"" BR_FMT "\" %s", BR_ARG(text),
            open < 0 || !closed ? "has unmatched opening/close curly brace"
                                : "lacks a closing curly brace in its last position");
    }
    *ret_name = br_str_sub(text, 0, (size_t) open);
    *ret_selector = br_str_sub(text, (size_t) open + 1, text.n - 1);
    return BR_OK;
}
