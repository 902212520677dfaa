#include "judge/criteria.h"
#include <math.h>
#include "base/num.h"
#include "judge/shape_int.h"

static const char forms[] =
    "p95, p(99), avg, min, med or max (optionally of a metric: p95(name)), count(name), rate(name), "
    "value(name), error_rate, throughput, checks, requests, iterations, dropped_iterations, recovery, "
    "memory_growth, stable, degrades gracefully";

/* Larger limits are slips of the hand, and would overflow when their unit is applied. */
#define LIMIT_MAX 1e15

/* Named criteria of a metric. */
static const struct {
    const char *name;
    br_str metric;
    br_agg agg;
    br_unit unit;
} named[] = {
    {"error_rate", BR_STR_INIT("http_req_failed"), BR_AGG_RATE, BR_UNIT_SHARE},
    {"throughput", BR_STR_INIT("http_reqs"), BR_AGG_RATE, BR_UNIT_PER_S},
    {"checks", BR_STR_INIT("checks"), BR_AGG_RATE, BR_UNIT_SHARE},
    {"requests", BR_STR_INIT("http_reqs"), BR_AGG_COUNT, BR_UNIT_NUMBER},
    {"iterations", BR_STR_INIT("iterations"), BR_AGG_COUNT, BR_UNIT_NUMBER},
    {"dropped_iterations", BR_STR_INIT("dropped_iterations"), BR_AGG_COUNT, BR_UNIT_NUMBER},
};

/* Units as written. Several spellings, one factor to the unit in which values are held. */
static const struct {
    const char *text;
    br_unit unit;
    double factor;
} spellings[] = {
    {"us", BR_UNIT_MS, 0.001},
    {"µs", BR_UNIT_MS, 0.001},
    {"ms", BR_UNIT_MS, 1},
    {"s", BR_UNIT_MS, 1000},
    {"m", BR_UNIT_MS, 60e3},
    {"min", BR_UNIT_MS, 60e3},
    {"h", BR_UNIT_MS, 3600e3},
    {"%", BR_UNIT_SHARE, 0.01},
    {"/s", BR_UNIT_PER_S, 1},
    {"rps", BR_UNIT_PER_S, 1},
    {"req/s", BR_UNIT_PER_S, 1},
    {"/min", BR_UNIT_PER_S, 1.0 / 60},
    {"/h", BR_UNIT_PER_S, 1.0 / 3600},
    {"KB/h", BR_UNIT_MB_PER_H, 0.001},
    {"MB/h", BR_UNIT_MB_PER_H, 1},
    {"MB/hour", BR_UNIT_MB_PER_H, 1},
    {"GB/h", BR_UNIT_MB_PER_H, 1000},
};

static const char *const allowed_units[] = {
    [BR_UNIT_NUMBER] = "none",
    [BR_UNIT_MS] = "us, ms, s, min, h",
    [BR_UNIT_SHARE] = "% (or a number below 1)",
    [BR_UNIT_PER_S] = "/s, /min, /h",
    [BR_UNIT_MB_PER_H] = "KB/h, MB/h, GB/h",
};

/* Equal but for capitals and for blanks, hyphens and underscores, which are one and the same. */
static bool same_name(br_str a, const char *name)
{
    br_str b = br_str_of(name);
    if (a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++) {
        char x = a.p[i] == ' ' || a.p[i] == '-' ? '_' : a.p[i];
        char y = b.p[i];
        if (x >= 'A' && x <= 'Z') x = (char) (x - 'A' + 'a');
        if (x != y) return false;
    }
    return true;
}

static bool parse_agg(br_str text, br_agg_spec *ret)
{
    if (br_agg_parse(text, ret) == BR_OK) return true;
    if (text.n < 2 || text.p[0] != 'p') return false;
    double p;
    if (br_parse_f64(br_str_sub(text, 1, text.n), &p) != BR_OK || p < 0 || p > 100) return false;
    *ret = (br_agg_spec){BR_AGG_P, p};
    return true;
}

/* "p95", "p(95)", "avg": of http_req_duration. "p95(m)", "p(95)(m)", "rate(m)": of the metric named. */
static bool parse_aggregation(br_str name, br_criterion *c)
{
    c->kind = BR_CRITERION_METRIC;
    c->metric = BR_STR("http_req_duration");
    c->unit = BR_UNIT_MS;
    if (parse_agg(name, &c->agg)) return br_agg_fits(c->agg.agg, BR_TREND);
    if (!br_str_ends(name, BR_STR(")"))) return false;
    size_t open = name.n;
    while (open > 0 && name.p[open - 1] != '(') {
        open--;
    }
    if (open < 2 || open + 1 >= name.n) return false;
    c->metric = br_str_trim(br_str_sub(name, open, name.n - 1));
    c->unit = BR_UNIT_NUMBER; /* whatever the limit is given in */
    return c->metric.n > 0 && parse_agg(br_str_trim(br_str_sub(name, 0, open - 1)), &c->agg);
}

static bool parse_name(br_str name, br_criterion *c)
{
    for (size_t i = 0; i < BR_COUNT_OF(named); i++) {
        if (!same_name(name, named[i].name)) continue;
        c->kind = BR_CRITERION_METRIC;
        c->metric = named[i].metric;
        c->agg = (br_agg_spec){named[i].agg, 0};
        c->unit = named[i].unit;
        return true;
    }
    if (same_name(name, "recovery")) {
        c->kind = BR_CRITERION_RECOVERY;
        c->unit = BR_UNIT_MS;
        return true;
    }
    if (same_name(name, "memory_growth")) {
        c->kind = BR_CRITERION_MEMORY;
        c->unit = BR_UNIT_MB_PER_H;
        return true;
    }
    return parse_aggregation(name, c);
}

/* Criteria that are words; their limits are part of their definition. */
static bool parse_word(br_str text, br_criterion *c)
{
    if (same_name(text, "stable")) {
        *c = (br_criterion){.kind = BR_CRITERION_STABLE, .cmp = BR_LE, .limit = BR_STABLE_LATENCY_DRIFT};
    } else if (same_name(text, "degrades_gracefully")) {
        *c = (br_criterion){.kind = BR_CRITERION_GRACEFUL, .cmp = BR_GE, .limit = BR_GRACEFUL_SHARE};
    } else {
        return false;
    }
    c->unit = BR_UNIT_SHARE;
    c->text = c->name = text;
    return true;
}

/* `what`: the name without its endpoint; an aggregation of a metric by name takes any unit. */
static br_code parse_limit(br_str text, br_str what, br_str value, br_criterion *c, br_err *err)
{
    size_t digits = 0;
    while (digits < value.n && br_str_find_char(BR_STR("+-.0123456789"), value.p[digits]) >= 0) {
        digits++;
    }
    double number;
    if (br_parse_f64(br_str_sub(value, 0, digits), &number) != BR_OK || fabs(number) > LIMIT_MAX) {
        return br_fail(err, BR_ESYNTAX,
            "criterion \"" BR_FMT "\": \"" BR_FMT "\" does not begin with a number of a sensible size",
            BR_ARG(text), BR_ARG(value));
    }
    br_str unit = br_str_trim(br_str_sub(value, digits, value.n));
    bool any_unit = c->kind == BR_CRITERION_METRIC && c->unit == BR_UNIT_NUMBER &&
                    br_str_ends(what, BR_STR(")"));
    if (unit.n == 0 && (c->unit == BR_UNIT_NUMBER || (c->unit == BR_UNIT_SHARE && number < 1))) {
        c->limit = number;
        return BR_OK;
    }
    for (size_t i = 0; i < BR_COUNT_OF(spellings); i++) {
        if (!br_str_eq_nocase(unit, br_str_of(spellings[i].text))) continue;
        if (!any_unit && spellings[i].unit != c->unit) continue;
        c->unit = spellings[i].unit;
        c->limit = number * spellings[i].factor;
        return BR_OK;
    }
    const char *allowed = any_unit ? "us, ms, s, min, h, %, /s" : allowed_units[c->unit];
    if (unit.n == 0)
        return br_fail(err, BR_ESYNTAX,
            "criterion \"" BR_FMT "\": a unit is missing after " BR_FMT " for " BR_FMT "; allowed: %s",
            BR_ARG(text), BR_ARG(value), BR_ARG(c->name), allowed);
    return br_fail(err, BR_ESYNTAX,
        "criterion \"" BR_FMT "\": unknown unit \"" BR_FMT "\" for " BR_FMT "; allowed: %s", BR_ARG(text),
        BR_ARG(unit), BR_ARG(c->name), allowed);
}

static bool parse_operator(br_str text, size_t *ret_at, size_t *ret_length, br_cmp *ret_cmp)
{
    size_t open = 0; /* names of endpoints may hold such characters: "p95(GET /search?q=x) < 1s" */
    for (size_t i = 0; i < text.n; i++) {
        open += text.p[i] == '(';
        open -= text.p[i] == ')' && open > 0;
        if (open > 0 || br_str_find_char(BR_STR("<>=!"), text.p[i]) < 0) continue;
        bool or_equal = i + 1 < text.n && text.p[i + 1] == '=';
        *ret_at = i;
        *ret_length = or_equal ? 2 : 1;
        if (text.p[i] == '<') *ret_cmp = or_equal ? BR_LE : BR_LT;
        if (text.p[i] == '>') *ret_cmp = or_equal ? BR_GE : BR_GT;
        return text.p[i] == '<' || text.p[i] == '>';
    }
    *ret_length = 0;
    return false;
}

/* Endpoints -------------------------------------------------------------------------------------- */

/* What an endpoint has figures of. */
static bool fits_endpoint(const br_criterion *c)
{
    return c->kind == BR_CRITERION_METRIC &&
           (br_str_is(c->metric, "http_req_duration") || br_str_is(c->metric, "http_req_failed") ||
               br_str_is(c->metric, "http_reqs"));
}

static br_code fail_endpoint(const br_criterion *c, br_err *err)
{
    return br_fail(err, BR_EUNSUPPORTED,
        "criterion \"" BR_FMT
        "\": of an endpoint only p95, p(99), avg, min, med, max, error_rate, throughput "
        "and requests can be judged, not " BR_FMT,
        BR_ARG(c->text), BR_ARG(c->name));
}

/* "p95(GET /products)": a method, a blank and the rest of the endpoint's name in the last brackets. False: it
 * is no such name. Names of metrics hold no blanks. */
static bool split_endpoint(br_str name, br_str *ret_name, br_str *ret_endpoint)
{
    if (!name.p || !br_str_ends(name, BR_STR(")"))) return false;
    size_t open = name.n - 1, depth = 1;
    while (open > 0 && depth > 0) {
        open--;
        depth += name.p[open] == ')';
        depth -= name.p[open] == '(';
    }
    br_str inside = br_str_trim(br_str_sub(name, open + 1, name.n - 1));
    size_t method = 0;
    while (inside.p && method < inside.n && inside.p[method] >= 'A' && inside.p[method] <= 'Z')
        method++;
    if (depth > 0 || !inside.p || method == 0 || method + 1 >= inside.n || inside.p[method] != ' ')
        return false;
    *ret_name = br_str_trim(br_str_sub(name, 0, open));
    *ret_endpoint = inside;
    return true;
}

br_code br_criterion_parse(br_str text, br_criterion *ret, br_err *err)
{
    text = br_str_trim(text);
    br_criterion c;
    if (parse_word(text, &c)) {
        *ret = c;
        return BR_OK;
    }
    c = (br_criterion){.text = text};
    size_t at, length;
    if (!parse_operator(text, &at, &length, &c.cmp)) {
        return br_fail(err, BR_ESYNTAX,
            "criterion \"" BR_FMT
            "\": %s; write `name < limit` with <, <=, > or >=, where the name is one of: %s",
            BR_ARG(text), length ? "unknown operator" : "there is no operator", forms);
    }
    c.name = br_str_trim(br_str_sub(text, 0, at));
    br_str what = c.name;
    bool of_endpoint = split_endpoint(c.name, &what, &c.endpoint);
    if (!parse_name(what, &c)) {
        return br_fail(err, BR_ESYNTAX, "criterion \"" BR_FMT "\": \"" BR_FMT "\" is unknown; allowed: %s",
            BR_ARG(text), BR_ARG(c.name), forms);
    }
    if (of_endpoint && !fits_endpoint(&c)) return fail_endpoint(&c, err);
    br_code rc = parse_limit(text, what, br_str_trim(br_str_sub(text, at + length, text.n)), &c, err);
    if (rc == BR_OK) *ret = c;
    return rc;
}

br_code br_criterion_parse_endpoint(
    br_str endpoint, br_str text, br_arena *arena, br_criterion *ret, br_err *err)
{
    br_criterion c = {0};
    br_code code = br_criterion_parse(text, &c, err);
    if (code != BR_OK) return code;
    if (c.endpoint.n || !fits_endpoint(&c)) return fail_endpoint(&c, err);
    br_str limit = br_str_sub(c.text, (size_t) (c.name.p - c.text.p) + c.name.n, c.text.n);
    c.endpoint = endpoint;
    c.name = br_str_of(br_arena_printf(arena, BR_FMT "(" BR_FMT ")", BR_ARG(c.name), BR_ARG(endpoint)));
    c.text = br_str_of(br_arena_printf(arena, BR_FMT BR_FMT, BR_ARG(c.name), BR_ARG(limit)));
    *ret = c;
    return BR_OK;
}
