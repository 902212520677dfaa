#include "judge/estimates_int.h"
#include <math.h>
#include "judge/shape_int.h"

#define RAMP_FACTOR 2.0 /* highest load by lowest, for a load that rises */

/* Limits ----------------------------------------------------------------------------------------- */

static bool is_upper(const br_criterion *c)
{
    return c->endpoint.n == 0 && (c->cmp == BR_LT || c->cmp == BR_LE);
}

static br_capacity_limits limits_of(const br_judge_plan *plan)
{
    br_capacity_limits limits = {0};
    for (size_t i = 0; i < plan->criterion_count; i++) {
        const br_criterion *c = &plan->criteria[i];
        if (c->kind != BR_CRITERION_METRIC || !is_upper(c)) continue;
        if (br_str_is(c->metric, "http_req_duration") && c->agg.agg == BR_AGG_P && c->agg.p == 95)
            limits.p95_ms = c->limit;
        if (br_str_is(c->metric, "http_req_failed")) limits.error_share = c->limit;
    }
    return limits;
}

static double leak_limit_of(const br_judge_plan *plan)
{
    for (size_t i = 0; i < plan->criterion_count; i++) {
        const br_criterion *c = &plan->criteria[i];
        if (c->kind == BR_CRITERION_MEMORY && is_upper(c) && c->limit > 0) return c->limit;
    }
    return BR_LEAK_LIMIT_MB_PER_H;
}

/* Estimates -------------------------------------------------------------------------------------- */

static bool rises(const br_capacity_step *steps, size_t n)
{
    double low = INFINITY, high = 0;
    for (size_t i = 0; i < n; i++) {
        low = fmin(low, steps[i].load);
        high = fmax(high, steps[i].load);
    }
    return n > 1 && high >= RAMP_FACTOR * low;
}

const br_capacity_report *br_estimate_capacity(
    const br_judge_plan *plan, const br_run_result *r, br_arena *arena)
{
    br_capacity_step *steps;
    size_t n;
    if (plan->spike_end > plan->spike_start) return NULL;
    br_capacity_steps(r, arena, &steps, &n);
    if (!rises(steps, n)) return NULL;
    br_capacity_limits limits = limits_of(plan);
    br_capacity_report *report = BR_ARENA_NEW(arena, br_capacity_report);
    br_capacity_judge(steps, n, br_capacity_is_open(r), &limits, arena, report);
    return report;
}

/* A trial is too short for a backlog that grows to reach the limit on latency; the search saw that it grows.
 * Its bracket is the breaking point, not where the curve of latencies crosses the limit. */
static void take_bracket(const br_search_report *s, br_capacity_report *ret)
{
    ret->breaking = (br_capacity_figure){.found = s->low > 0 && s->high > 0};
    if (!ret->breaking.found) return;
    ret->breaking.load_low = s->low;
    ret->breaking.load_high = s->high;
    ret->breaking.load = (s->low + s->high) / 2;
    for (size_t i = 0; i < s->step_count; i++) {
        if (s->steps[i].load <= s->low) ret->breaking.throughput = s->steps[i].throughput;
    }
}

static br_str searched_sentence(const br_capacity_report *c, br_arena *arena)
{
    const char *knee = "no knee was found", *beyond = "";
    if (c->knee.found)
        knee = br_arena_printf(arena, "the knee is at %s (%s) with %.4g requests/s",
            br_capacity_load_text(c, c->knee.load, arena),
            br_capacity_range_text(c, c->knee.load_low, c->knee.load_high, arena), c->knee.throughput);
    if (c->beyond != BR_BEYOND_UNKNOWN)
        beyond = br_arena_printf(
            arena, "; %s: the service %s", br_capacity_beyond_text(c, arena), br_beyond_phrase(c->beyond));
    return br_str_of(br_arena_printf(arena, "By the curve through its levels %s%s.", knee, beyond));
}

const br_capacity_report *br_estimate_searched(const br_judge_plan *plan, br_arena *arena)
{
    if (!plan->search) return NULL;
    br_capacity_limits limits = limits_of(plan);
    br_capacity_report *report = BR_ARENA_NEW(arena, br_capacity_report);
    br_capacity_judge(plan->search->steps, plan->search->step_count, true, &limits, arena, report);
    take_bracket(plan->search, report);
    report->sentence = searched_sentence(report, arena);
    return report;
}

const br_recovery_report *br_estimate_recovery(
    const br_judge_plan *plan, const br_run_result *r, br_arena *arena)
{
    if (plan->spike_end <= plan->spike_start) return NULL;
    br_recovery_report *report = BR_ARENA_NEW(arena, br_recovery_report);
    br_recovery_judge(r, plan->spike_start, plan->spike_end, arena, report);
    return report;
}

/* The part of a series that was taken while the load ran: before and after it memory has other reasons to
 * change. */
static br_target_series under_load(const br_target_series *s, br_ns duration)
{
    br_target_series part = *s;
    while (part.count > 0 && part.samples[0].at < 0) {
        part.samples++;
        part.count--;
    }
    while (part.count > 0 && part.samples[part.count - 1].at > duration)
        part.count--;
    return part;
}

static uint64_t requests_of(const br_run_result *r)
{
    const br_result_metric *m = br_run_result_find(r, BR_STR("http_reqs"));
    return m ? (uint64_t) m->sink.sum : 0;
}

/* Measured before not measured, then the higher lower bound. */
static bool surer(const br_leak_report *a, const br_leak_report *b)
{
    if (a->measured != b->measured) return a->measured;
    return a->measured && a->low > b->low;
}

const br_leak_report *br_estimate_leak(const br_judge_plan *plan, const br_run_result *r, br_arena *arena)
{
    br_leak_report *best = NULL;
    for (size_t i = 0; i < r->target_count; i++) {
        const br_target_series *s = &r->target[i];
        if (!br_str_is(s->name, "memory") || !br_str_is(s->unit, "bytes")) continue;
        br_target_series part = under_load(s, r->duration);
        br_leak_report *report = BR_ARENA_NEW(arena, br_leak_report);
        br_leak_judge(&part, leak_limit_of(plan), requests_of(r), arena, report);
        if (!best || surer(report, best)) best = report;
    }
    return best;
}

/* Criteria --------------------------------------------------------------------------------------- */

static void say_recovery(const br_recovery_report *report, br_arena *arena, br_criterion_result *ret)
{
    double limit_s = ret->criterion->limit / 1000;
    const char *side = ret->state == BR_CRITERION_PASSED ? "within" : "over";
    ret->sentence = br_str_of(br_arena_printf(
        arena, BR_FMT " That is %s the limit of %.0f s.", BR_ARG(report->sentence), side, limit_s));
}

void br_criterion_recovery(
    const br_run_result *r, const br_criterion_inputs *inputs, br_arena *arena, br_criterion_result *ret)
{
    br_recovery_report made;
    const br_recovery_report *report = inputs->recovery;
    if (!report) {
        br_recovery_judge(r, inputs->spike_start, inputs->spike_end, arena, &made);
        report = &made;
    }
    double limit_s = ret->criterion->limit / 1000;
    if (!report->measured) {
        br_criterion_not_measured(ret, arena, br_arena_cstr(arena, report->reason));
        return;
    }
    if (report->recovered) {
        br_criterion_measured(ret, report->total_s * 1000);
        ret->value_text = br_unit_text(arena, ret->value, BR_UNIT_MS);
        ret->has_interval = true;
        ret->low = fmax(0, report->total_s - report->resolution_s) * 1000;
        ret->high = (report->total_s + report->resolution_s) * 1000;
    } else if (inputs->shortened &&
               report->observed_s < limit_s + (double) BR_RECOVERY_HOLD / (double) BR_SEC) {
        br_criterion_not_measured(ret, arena,
            br_arena_printf(arena,
                "the shortened run watched %.0f s after the spike without seeing a recovery; the limit is "
                "%.0f s",
                report->observed_s, limit_s));
        return;
    } else {
        ret->state = BR_CRITERION_FAILED;
        ret->value_text = br_str_of(br_arena_printf(arena, "> %.0fs", report->observed_s));
    }
    say_recovery(report, arena, ret);
}

/* Passed and failed are answers about the leak, not about the figure alone: an interval across the limit is
 * neither. */
void br_criterion_memory(const br_criterion_inputs *inputs, br_arena *arena, br_criterion_result *ret)
{
    const br_leak_report *leak = inputs->leak;
    if (!leak) {
        br_criterion_not_measured(ret, arena, "the memory of the target was not watched");
        return;
    }
    if (!leak->measured || leak->answer == BR_LEAK_UNDECIDED) {
        br_criterion_not_measured(
            ret, arena, br_arena_printf(arena, "undecided. " BR_FMT, BR_ARG(leak->sentence)));
        return;
    }
    br_criterion_measured(ret, leak->slope);
    ret->state = leak->answer == BR_LEAK_NONE ? BR_CRITERION_PASSED : BR_CRITERION_FAILED;
    ret->value_text = br_unit_text(arena, leak->slope, BR_UNIT_MB_PER_H);
    ret->has_interval = true;
    ret->low = leak->low;
    ret->high = leak->high;
    ret->sentence = leak->sentence;
}
