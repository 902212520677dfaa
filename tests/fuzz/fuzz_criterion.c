#include "judge/criteria.h"

/* A criterion that parses is complete: a known comparison, a finite limit, a name within the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    br_criterion c;
    br_err err;
    br_str text = {(const char *) data, size};
    if (br_criterion_parse(text, &c, &err) != BR_OK) {
        BR_ASSERT(err.msg[0] != 0);
        return 0;
    }
    BR_ASSERT(c.cmp == BR_LT || c.cmp == BR_LE || c.cmp == BR_GT || c.cmp == BR_GE);
    BR_ASSERT(c.limit - c.limit == 0);
    BR_ASSERT(c.name.p >= text.p && c.name.p + c.name.n <= text.p + text.n);
    BR_ASSERT(c.kind != BR_CRITERION_METRIC || c.metric.n > 0);
    BR_ASSERT(!c.endpoint.n || (c.endpoint.p >= text.p && c.endpoint.p + c.endpoint.n <= text.p + text.n));
    br_arena arena;
    br_arena_init(&arena, 1024);
    br_criterion of = {0};
    if (br_criterion_parse_endpoint(BR_STR("GET /a"), text, &arena, &of, &err) == BR_OK) {
        br_criterion again = {0};
        BR_ASSERT(br_criterion_parse(of.text, &again, &err) == BR_OK);
        BR_ASSERT(br_str_is(again.endpoint, "GET /a") && again.limit == of.limit && again.cmp == of.cmp);
    }
    br_run_result empty = {0};
    br_criterion_inputs inputs = {0};
    br_criterion_result result;
    br_criterion_evaluate(&c, &empty, &inputs, &arena, &result);
    BR_ASSERT(result.sentence.n > 0 && result.limit_text.n > 0);
    br_arena_deinit(&arena);
    return 0;
}
