#include <math.h>
#include "judge/generator.h"
#include "judge/verdict_int.h"

/* Share of the demanded length that counts as all of it: ends of stages and slices are not exact. */
#define LENGTH_TOLERANCE 0.98
/* Counts that reach the result on two ways may differ a little. */
#define COUNT_TOLERANCE 0.02
#define COUNT_SLACK     20
/* What setup() and teardown() request is in the totals but not in the time slices. */
#define SETUP_TOLERANCE 0.10
#define SETUP_SLACK     100
/* Of the lateness of single timers: a warning, and worthless after a stall of a second. */
#define LATE_WARNING_MS    10.0
#define LATE_WARNING_SHARE 0.1
#define LATE_INVALID       (1 * BR_SEC)

br_self_check *br_judge_add_check(br_judgement *j, const char *name, bool fatal, bool ok, const char *text)
{
    br_self_check *c = br_vec_push(&j->self_checks);
    *c = (br_self_check){.name = name, .ok = ok, .fatal = fatal, .text = br_str_of(text)};
    return c;
}

static double seconds(br_ns t)
{
    return (double) t / (double) BR_SEC;
}

static void check_end(br_judgement *j, const br_run_result *r)
{
    switch (r->end) {
        case BR_RUN_COMPLETE: br_judge_add_check(j, "end", true, true, "the run ran its course"); break;
        case BR_RUN_INTERRUPTED: br_judge_add_check(j, "end", true, false, "the run was interrupted"); break;
        case BR_RUN_ABORTED:
            br_judge_add_check(j, "end", true, false,
                br_arena_printf(&j->arena, "the run was aborted: " BR_FMT, BR_ARG(r->end_reason)));
            break;
        case BR_RUN_DECIDED:
            br_judge_add_check(j, "end", true, true,
                br_arena_printf(&j->arena, "the run was ended early: " BR_FMT, BR_ARG(r->end_reason)));
            break;
        case BR_RUN_THRESHOLD: /* stopping early because it was bad enough is a result */
            br_judge_add_check(j, "end", false, false,
                br_arena_printf(
                    &j->arena, "the run was stopped by a threshold: " BR_FMT, BR_ARG(r->end_reason)));
            break;
    }
}

static void check_length(br_judgement *j, const br_judge_plan *plan, const br_run_result *r)
{
    if (plan->length <= 0) return;
    double scale = plan->scale > 0 ? plan->scale : 1;
    double demanded = seconds(plan->length), planned = demanded * scale, ran = seconds(r->duration);
    bool ok = ran >= planned * LENGTH_TOLERANCE;
    j->full_length = ran >= demanded * LENGTH_TOLERANCE;
    bool excused = r->end == BR_RUN_THRESHOLD || r->end == BR_RUN_DECIDED;
    if (r->end == BR_RUN_DECIDED && !ok)
        BR_NOTE(j, "Ended after %.0f s of %.0f s: " BR_FMT, ran, planned, BR_ARG(r->end_reason));
    br_judge_add_check(j, "length", !excused, ok || r->end == BR_RUN_DECIDED,
        br_arena_printf(&j->arena, "the run took %.1f s of the %.1f s %s", ran, planned,
            scale < 1 ? "to which it was shortened" : "that the test demands"));
    if (scale < 1) {
        BR_NOTE(j, "Shortened to %.3g %% of the test's length (%.0f s of %.0f s): not a full test.",
            scale * 100, planned, demanded);
    }
}

static bool close_enough(uint64_t a, uint64_t b)
{
    double difference = fabs((double) a - (double) b);
    return difference <= COUNT_SLACK || difference <= COUNT_TOLERANCE * fmax((double) a, (double) b);
}

static bool slices_fit(uint64_t in_slices, uint64_t all)
{
    double missing = (double) all - (double) in_slices;
    return close_enough(in_slices, all) ||
           (missing > 0 && missing <= fmax(SETUP_SLACK, SETUP_TOLERANCE * (double) all));
}

static uint64_t count_of(const br_run_result *r, br_str name, bool samples)
{
    const br_result_metric *m = br_run_result_find(r, name);
    if (!m) return 0;
    return samples ? m->sink.count : (uint64_t) m->sink.sum;
}

typedef struct counts {
    uint64_t in_slices, failed_in_slices, at_endpoints, failed_at_endpoints, answered;
} counts;

static counts count_all(const br_run_result *r)
{
    counts n = {0};
    for (size_t i = 0; i < r->slice_count; i++) {
        n.in_slices += r->slices[i].requests;
        n.failed_in_slices += r->slices[i].failed;
    }
    for (size_t i = 0; i < r->endpoint_count; i++) {
        const br_endpoint *e = &r->endpoints[i];
        n.at_endpoints += e->requests;
        n.failed_at_endpoints += e->failed;
        for (size_t k = 0; k < e->outcomes.len; k++) {
            n.answered += e->outcomes.data[k].count;
        }
    }
    return n;
}

static const char *verdict_on(bool ok)
{
    return ok ? "" : "; they contradict each other";
}

static void check_counts(br_judgement *j, const br_run_result *r, const br_figures *f)
{
    counts n = count_all(r);
    uint64_t timed = count_of(r, BR_STR("http_req_duration"), true);
    br_judge_add_check(j, "requests", true, f->requests > 0,
        br_arena_printf(&j->arena, "%llu requests were sent", (unsigned long long) f->requests));
    bool ok = slices_fit(n.in_slices, f->requests) && close_enough(n.at_endpoints, f->requests) &&
              close_enough(timed, f->requests) && close_enough(n.answered, f->requests);
    br_judge_add_check(j, "request counts", true, ok,
        br_arena_printf(&j->arena,
            "requests counted: %llu in total, %llu over time, %llu by endpoint, %llu by answer, %llu with a "
            "duration%s",
            (unsigned long long) f->requests, (unsigned long long) n.in_slices,
            (unsigned long long) n.at_endpoints, (unsigned long long) n.answered, (unsigned long long) timed,
            verdict_on(ok)));
    ok = slices_fit(n.failed_in_slices, f->failed) && close_enough(n.failed_at_endpoints, f->failed);
    br_judge_add_check(j, "failure counts", true, ok,
        br_arena_printf(&j->arena,
            "failed requests counted: %llu in total, %llu over time, %llu by endpoint%s",
            (unsigned long long) f->failed, (unsigned long long) n.failed_in_slices,
            (unsigned long long) n.failed_at_endpoints, verdict_on(ok)));
    uint64_t iterations = count_of(r, BR_STR("iterations"), false);
    ok = close_enough(iterations, r->iterations_complete);
    br_judge_add_check(j, "iteration counts", true, ok,
        br_arena_printf(&j->arena, "iterations counted: %llu as metric, %llu by the engine%s",
            (unsigned long long) iterations, (unsigned long long) r->iterations_complete, verdict_on(ok)));
}

/* The guide's first doubt: is the count what rate and length say? The rate is that of the slices. */
static void check_rate(br_judgement *j, const br_run_result *r, const br_figures *f)
{
    double requests = 0, covered = 0;
    for (size_t i = 0; i < r->slice_count; i++) {
        requests += (double) r->slices[i].requests;
        covered += seconds(r->slices[i].length);
    }
    double ran = seconds(r->duration);
    if (covered <= 0 || ran <= 0 || f->requests == 0) return;
    /* The slices begin with the scenarios, and may go on through a graceful stop. */
    double rate = requests / covered, predicted = rate * fmax(covered, ran);
    bool ok = slices_fit((uint64_t) predicted, f->requests);
    br_judge_add_check(j, "rate", true, ok,
        br_arena_printf(&j->arena, "%.2f requests/s over %.1f s are %.0f requests, %llu were counted%s", rate,
            fmax(covered, ran), predicted, (unsigned long long) f->requests, verdict_on(ok)));
}

static void check_slices(br_judgement *j, const br_run_result *r)
{
    if (r->slice_count == 0) return;
    br_ns covered = 0, longest = 0;
    for (size_t i = 0; i < r->slice_count; i++) {
        covered += r->slices[i].length;
        if (r->slices[i].length > longest) longest = r->slices[i].length;
    }
    double slack = 2 * seconds(longest) + 0.02 * seconds(r->duration);
    /* Setup before and graceful stops behind may make the slices longer than the scenarios; never shorter. */
    bool ok = seconds(covered) + slack >= seconds(r->duration);
    br_judge_add_check(j, "time slices", true, ok,
        br_arena_printf(&j->arena, "the time slices cover %.1f s of the %.1f s of the run", seconds(covered),
            seconds(r->duration)));
}

static void check_lateness(br_judgement *j, const br_run_result *r, const br_figures *f)
{
    br_ns late = 0;
    for (size_t i = 0; i < r->worker_count; i++) {
        if (r->workers[i].timer_late_ns_max > late) late = r->workers[i].timer_late_ns_max;
    }
    double late_ms = (double) late / (double) BR_MS;
    double warning_ms = fmax(LATE_WARNING_MS, LATE_WARNING_SHARE * f->p50_ms);
    bool fatal = late > LATE_INVALID;
    br_judge_add_check(j, "generator lateness", fatal, late_ms <= warning_ms,
        br_arena_printf(
            &j->arena, "timers were at most %.1f ms late (%.1f ms are harmless)", late_ms, warning_ms));
    if (late_ms > warning_ms && !fatal) {
        BR_NOTE(j,
            "The generator's timers were up to %.0f ms late: single latencies may be the "
            "generator's.",
            late_ms);
    }
}

static void check_generator(br_judgement *j, const br_run_result *r, const br_figures *f)
{
    if (r->worker_count == 0) {
        BR_NOTE(j, "The generator's own health was not measured.");
        return;
    }
    br_generator_report report;
    br_generator_view view = br_generator_view_of(r);
    br_judge_generator(&view, &j->arena, &report);
    for (size_t i = 0; i < report.count; i++) {
        const br_generator_finding *g = &report.findings[i];
        br_self_check *c = br_judge_add_check(j, g->name, true, g->ok, g->text.p);
        if (!g->ok) c->remedy = g->remedy;
    }
    check_lateness(j, r, f);
}

/* Of scenarios with a number of iterations, which ended before they were all begun. */
static void note_dropped(br_judgement *j, const br_run_result *r)
{
    uint64_t dropped = count_of(r, BR_STR("dropped_iterations"), false);
    uint64_t all = dropped + r->iterations_complete + r->iterations_interrupted;
    dropped -= dropped < r->generator.starts_dropped ? dropped : r->generator.starts_dropped;
    if (dropped == 0) return;
    BR_NOTE(j,
        "%llu of %llu iterations were not begun before the time was up: the load was lower than planned.",
        (unsigned long long) dropped, (unsigned long long) all);
}

void br_judge_self_checks(
    br_judgement *j, const br_judge_plan *plan, const br_run_result *r, const br_figures *f)
{
    check_end(j, r);
    check_length(j, plan, r);
    check_counts(j, r, f);
    check_slices(j, r);
    check_rate(j, r, f);
    br_judge_littles_law(j, r);
    check_generator(j, r, f);
    note_dropped(j, r);
}
