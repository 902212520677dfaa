#include "judge/criteria.h"

/* What an endpoint has figures of. */
static bool fits_endpoint(const br_criterion *c)
{
    return c->kind == BR_CRITERION_METRIC && !c->endpoint.n &&
           (br_str_is(c->metric, "http_req_duration") || br_str_is(c->metric, "http_req_failed") ||
               br_str_is(c->metric, "http_reqs"));
}

br_code br_criterion_parse_endpoint(
    br_str endpoint, br_str text, br_arena *arena, br_criterion *ret, br_err *err)
{
    br_criterion c;
    br_code code = br_criterion_parse(text, &c, err);
    if (code != BR_OK) return code;
    if (!fits_endpoint(&c)) {
        return br_fail(err, BR_EUNSUPPORTED,
            "criterion \"" BR_FMT
            "\": of an endpoint only p95, avg, min, med, max, error_rate, throughput and "
            "requests can be judged, not " BR_FMT,
            BR_ARG(text), BR_ARG(c.name.n ? c.name : c.text));
    }
    br_str limit = br_str_sub(c.text, (size_t) (c.name.p - c.text.p) + c.name.n, c.text.n);
    c.endpoint = endpoint;
    c.name = br_str_of(br_arena_printf(arena, BR_FMT "(" BR_FMT ")", BR_ARG(c.name), BR_ARG(endpoint)));
    c.text = br_str_of(br_arena_printf(arena, BR_FMT BR_FMT, BR_ARG(c.name), BR_ARG(limit)));
    *ret = c;
    return BR_OK;
}
