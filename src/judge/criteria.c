#include "judge/criteria.h"
#include <math.h>
#include "judge/format.h"
#include "judge/shape_int.h"

const char *br_unit_name(br_unit unit)
{
    static const char *const names[] = {"number", "ms", "share", "per_s", "mb_per_h"};
    return names[unit];
}

const char *br_criterion_state_name(br_criterion_state state)
{
    static const char *const names[] = {"passed", "failed", "not measured"};
    return names[state];
}

/* Cut to two decimals as the summary does, so that both show the same figure: 0.886 % is 0.88%. The small
 * addend makes up for figures such as 0.57, whose double is a little less. */
static void put_share(br_buf *b, double value)
{
    br_format_number(b, trunc(value * 1e4 + 1e-6) / 100, 2);
    (void) br_buf_putc(b, '%');
}

br_str br_unit_text(br_arena *arena, double value, br_unit unit)
{
    br_buf b;
    br_buf_init(&b, 256);
    switch (unit) {
        case BR_UNIT_MS: br_format_duration(&b, value); break;
        case BR_UNIT_SHARE: put_share(&b, value); break;
        case BR_UNIT_PER_S: br_format_number(&b, value, 1), (void) br_buf_puts(&b, "/s"); break;
        case BR_UNIT_MB_PER_H: br_format_number(&b, value, 1), (void) br_buf_puts(&b, " MB/h"); break;
        case BR_UNIT_NUMBER: br_format_number(&b, value, 3); break;
    }
    br_str text = br_arena_str(arena, br_buf_view(&b));
    br_buf_deinit(&b);
    return text;
}

static const char *cmp_text(br_cmp cmp)
{
    switch (cmp) {
        case BR_LE: return "<=";
        case BR_LT: return "<";
        case BR_GE: return ">=";
        case BR_GT: return ">";
        case BR_EQ: return "==";
        case BR_NE: return "!=";
    }
    return "?";
}

void br_criterion_not_measured(br_criterion_result *ret, br_arena *arena, const char *reason)
{
    ret->state = BR_CRITERION_NOT_MEASURED;
    ret->value_text = BR_STR("-");
    ret->sentence = br_str_of(
        br_arena_printf(arena, BR_FMT " was not measured: %s.", BR_ARG(ret->criterion->name), reason));
}

void br_criterion_measured(br_criterion_result *ret, double value)
{
    const br_criterion *c = ret->criterion;
    ret->has_value = true;
    ret->value = value;
    ret->state = br_cmp_holds(value, c->cmp, c->limit) ? BR_CRITERION_PASSED : BR_CRITERION_FAILED;
    bool upper = c->cmp == BR_LT || c->cmp == BR_LE;
    if (c->limit != 0) ret->margin = (upper ? c->limit - value : value - c->limit) / fabs(c->limit);
}

static void say_measured(br_criterion_result *ret, br_arena *arena)
{
    const br_criterion *c = ret->criterion;
    bool upper = c->cmp == BR_LT || c->cmp == BR_LE, passed = ret->state == BR_CRITERION_PASSED;
    br_str limit = br_unit_text(arena, c->limit, c->unit);
    br_str distance = br_unit_text(arena, fabs(ret->value - c->limit), c->unit);
    const char *side = upper == passed ? "below" : "above";
    if (c->limit == 0 || ret->value == c->limit) {
        ret->sentence = br_str_of(br_arena_printf(arena, BR_FMT " is " BR_FMT ", the limit is " BR_FMT ".",
            BR_ARG(c->name), BR_ARG(ret->value_text), BR_ARG(ret->limit_text)));
        return;
    }
    ret->sentence = br_str_of(br_arena_printf(arena,
        BR_FMT " is " BR_FMT ", " BR_FMT " (%.1f %%) %s the limit of " BR_FMT ".", BR_ARG(c->name),
        BR_ARG(ret->value_text), BR_ARG(distance), fabs(ret->margin) * 100, side, BR_ARG(limit)));
}

/* An aggregation of a metric without samples is no figure, but a counter without samples is 0. */
static void evaluate_metric(
    const br_criterion *c, const br_run_result *result, br_arena *arena, br_criterion_result *ret)
{
    const br_result_metric *m = br_run_result_find(result, c->metric);
    bool is_counter = m ? m->type == BR_COUNTER : c->agg.agg == BR_AGG_COUNT;
    if (!is_counter && (!m || m->sink.count == 0)) {
        br_criterion_not_measured(ret, arena,
            br_arena_printf(arena, "the run has no samples of the metric " BR_FMT, BR_ARG(c->metric)));
        return;
    }
    if (m && !br_agg_fits(c->agg.agg, m->type)) {
        br_criterion_not_measured(ret, arena,
            br_arena_printf(arena,
                "the metric " BR_FMT " is a %s and has no such "
                "figure",
                BR_ARG(c->metric), br_metric_type_name(m->type)));
        return;
    }
    br_criterion_measured(ret, m ? br_sink_value(&m->sink, c->agg, result->duration) : 0);
    ret->value_text = br_unit_text(arena, ret->value, c->unit);
    say_measured(ret, arena);
}

void br_criterion_evaluate(const br_criterion *c, const br_run_result *result,
    const br_criterion_inputs *inputs, br_arena *arena, br_criterion_result *ret)
{
    *ret = (br_criterion_result){.criterion = c};
    br_str limit = br_unit_text(arena, c->limit, c->unit);
    ret->limit_text = br_str_of(br_arena_printf(arena, "%s " BR_FMT, cmp_text(c->cmp), BR_ARG(limit)));
    switch (c->kind) {
        case BR_CRITERION_METRIC: evaluate_metric(c, result, arena, ret); break;
        case BR_CRITERION_STABLE: br_shape_stable(result, arena, ret); break;
        case BR_CRITERION_GRACEFUL: br_shape_graceful(result, inputs, arena, ret); break;
        case BR_CRITERION_RECOVERY: br_shape_recovery(result, inputs, arena, ret); break;
        case BR_CRITERION_MEMORY:
            br_criterion_not_measured(ret, arena,
                "this version has no probe for the memory of the target; watch it from "
                "outside");
            break;
    }
}
