#include "judge/criteria.h"
#include <math.h>
#include "judge/criterion_int.h"
#include "judge/format.h"
#include "judge/estimates_int.h"
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

br_str br_figure_text(br_arena *arena, double value, br_str unit)
{
    static const br_unit known[] = {BR_UNIT_MS, BR_UNIT_SHARE, BR_UNIT_PER_S, BR_UNIT_MB_PER_H};
    for (size_t i = 0; i < BR_COUNT_OF(known); i++) {
        if (br_str_is(unit, br_unit_name(known[i]))) return br_unit_text(arena, value, known[i]);
    }
    bool bare = unit.n == 0 || br_str_is(unit, "count") || br_str_is(unit, br_unit_name(BR_UNIT_NUMBER));
    br_buf b;
    br_buf_init(&b, BR_BUF_NO_LIMIT);
    if (br_str_is(unit, "bytes")) {
        br_format_bytes(&b, value);
        bare = true;
    } else if (value != 0 && fabs(value) < 0.01) {
        (void) br_buf_printf(&b, "%.3g", value); /* three decimals would leave little of it */
    } else {
        br_format_number(&b, value, 3);
    }
    if (!bare) (void) br_buf_printf(&b, " " BR_FMT, BR_ARG(unit));
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

/* " (95 % interval 300ms to 330ms)" */
static const char *interval_text(const br_criterion_result *r, br_arena *arena)
{
    if (!r->has_interval) return "";
    br_str low = br_unit_text(arena, r->low, r->criterion->unit);
    br_str high = br_unit_text(arena, r->high, r->criterion->unit);
    bool close = r->low < r->criterion->limit && r->high > r->criterion->limit;
    return br_arena_printf(arena, " (95 %% interval " BR_FMT " to " BR_FMT "%s)", BR_ARG(low), BR_ARG(high),
        close ? ", the limit lies within" : "");
}

static void say_measured(br_criterion_result *ret, br_arena *arena)
{
    const br_criterion *c = ret->criterion;
    bool upper = c->cmp == BR_LT || c->cmp == BR_LE, passed = ret->state == BR_CRITERION_PASSED;
    br_str limit = br_unit_text(arena, c->limit, c->unit);
    br_str distance = br_unit_text(arena, fabs(ret->value - c->limit), c->unit);
    const char *side = upper == passed ? "below" : "above", *interval = interval_text(ret, arena);
    if (c->limit == 0 || ret->value == c->limit) {
        ret->sentence = br_str_of(br_arena_printf(arena, BR_FMT " is " BR_FMT ", the limit is " BR_FMT "%s.",
            BR_ARG(c->name), BR_ARG(ret->value_text), BR_ARG(ret->limit_text), interval));
        return;
    }
    ret->sentence = br_str_of(br_arena_printf(arena,
        BR_FMT " is " BR_FMT ", " BR_FMT " (%.1f %%) %s the limit of " BR_FMT "%s.", BR_ARG(c->name),
        BR_ARG(ret->value_text), BR_ARG(distance), fabs(ret->margin) * 100, side, BR_ARG(limit), interval));
}

void br_criterion_figure(br_criterion_result *ret, br_arena *arena, double value, br_bounds interval)
{
    br_criterion_measured(ret, value);
    ret->value_text = br_unit_text(arena, value, ret->criterion->unit);
    ret->has_interval = isfinite(interval.low) && isfinite(interval.high);
    if (ret->has_interval) {
        ret->low = fmin(interval.low, value);
        ret->high = fmax(interval.high, value);
    }
    say_measured(ret, arena);
}

void br_criterion_evaluate(const br_criterion *c, const br_run_result *result,
    const br_criterion_inputs *inputs, br_arena *arena, br_criterion_result *ret)
{
    *ret = (br_criterion_result){.criterion = c};
    br_str limit = br_unit_text(arena, c->limit, c->unit);
    ret->limit_text = br_str_of(br_arena_printf(arena, "%s " BR_FMT, cmp_text(c->cmp), BR_ARG(limit)));
    switch (c->kind) {
        case BR_CRITERION_METRIC: br_criterion_metric(result, arena, ret); break;
        case BR_CRITERION_STABLE: br_shape_stable(result, arena, ret); break;
        case BR_CRITERION_GRACEFUL: br_shape_graceful(result, inputs, arena, ret); break;
        case BR_CRITERION_RECOVERY: br_criterion_recovery(result, inputs, arena, ret); break;
        case BR_CRITERION_MEMORY: br_criterion_memory(inputs, arena, ret); break;
    }
}
