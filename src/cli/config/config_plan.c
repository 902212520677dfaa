#include <math.h>
#include "cli/config/config.h"

/* Load plans --------------------------------------------------------------------------------------- */

static br_ns scaled(br_ns t, double factor)
{
    return (br_ns) llround((double) t * factor / (double) BR_MS) * BR_MS;
}

/* Instants are scaled rather than lengths, so rounding never adds up. */
static br_load_stage *scale_stages(const br_load_plan *plan, double factor, br_arena *arena)
{
    br_load_stage *stages = br_arena_alloc(arena, plan->stage_count * sizeof(*stages));
    br_ns before = 0, at = 0;
    for (size_t i = 0; i < plan->stage_count; i++) {
        at += plan->stages[i].duration;
        br_ns end = scaled(at, factor);
        stages[i] = (br_load_stage){end - before, plan->stages[i].target};
        before = end;
    }
    return stages;
}

br_code br_config_scale(
    const br_load_plan *plan, double factor, br_arena *arena, br_load_plan *ret, br_err *err)
{
    BR_ASSERT(plan->duration >= BR_CONFIG_DURATION_MIN);
    if (!isfinite(factor) || factor <= 0) {
        return br_fail(err, BR_EINVAL, "the duration scale must be a number above 0, such as 0.1");
    }
    if (factor == 1) {
        *ret = *plan;
        return BR_OK;
    }
    double full = (double) plan->duration;
    if (full * factor > (double) BR_CONFIG_DURATION_MAX) {
        return br_fail(
            err, BR_ELIMIT, "the test would last longer than 7 days; use a smaller duration scale");
    }
    if (full * factor < (double) BR_CONFIG_DURATION_MIN) factor = (double) BR_CONFIG_DURATION_MIN / full;
    br_load_plan result = *plan;
    result.duration = scaled(plan->duration, factor);
    result.factor = plan->factor * (double) result.duration / full;
    if (plan->stage_count) result.stages = scale_stages(plan, factor, arena);
    *ret = result;
    return BR_OK;
}

/* The stage in which the peak is reached first; stage_count if the load starts at its peak. */
static size_t peak_stage(const br_load_plan *plan)
{
    int64_t peak = plan->start_vus;
    size_t at = plan->stage_count;
    for (size_t i = 0; i < plan->stage_count; i++) {
        if (plan->stages[i].target <= peak) continue;
        peak = plan->stages[i].target;
        at = i;
    }
    return at;
}

static int64_t level_before(const br_load_plan *plan, size_t i)
{
    return i ? plan->stages[i - 1].target : plan->start_vus;
}

static br_ns begin_of(const br_load_plan *plan, size_t i)
{
    br_ns at = 0;
    for (size_t k = 0; k < i; k++) {
        at += plan->stages[k].duration;
    }
    return at;
}

bool br_config_spike(const br_load_plan *plan, br_ns *ret_start, br_ns *ret_end)
{
    size_t peak = peak_stage(plan);
    if (peak == plan->stage_count) return false;
    size_t first = peak, end = peak + 1;
    while (first > 0 && plan->stages[first - 1].target > level_before(plan, first - 1)) {
        first--;
    }
    while (end < plan->stage_count && plan->stages[end].target == plan->stages[peak].target) {
        end++; /* hold */
    }
    while (end < plan->stage_count && plan->stages[end].target < level_before(plan, end)) {
        end++; /* fall */
    }
    br_ns start_at = begin_of(plan, first), end_at = begin_of(plan, end);
    if (end_at >= plan->duration || level_before(plan, end) == 0) return false;
    *ret_start = start_at;
    *ret_end = end_at;
    return true;
}
