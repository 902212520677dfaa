/*
 * Little's law: what is under way on average is what ends per second times how long it takes.
 *
 * A virtual user of a closed scenario is always in an iteration, whatever its pauses, so the sum of all
 * iterations' durations is the virtual users' time. In open scenarios virtual users wait for their start: the
 * sum can only be less. Requests of a script that sends one after another fit into its iterations, in the run
 * and in each tenth of it. A run that breaks this has counted or timed wrongly.
 */
#include <math.h>
#include "judge/verdict_int.h"

#define TOLERANCE   0.05
#define TENTHS      10
#define REQUESTS_OK 100 /* fewer in a window say nothing */

static double seconds(br_ns t)
{
    return (double) t / (double) BR_SEC;
}

static double sum_s(const br_run_result *r, br_str metric)
{
    const br_result_metric *m = br_run_result_find(r, metric);
    return m && m->type == BR_TREND ? m->sink.sum / 1000 : 0;
}

/* Virtual users are known at the ends of slices; between them they may have been as many as at either. */
typedef struct vu_time {
    double least_s, most_s, longest_s;
} vu_time;

static vu_time vu_time_of(const br_run_result *r)
{
    vu_time t = {0};
    double before = r->slice_count > 0 ? r->slices[0].vus : 0;
    for (size_t i = 0; i < r->slice_count; i++) {
        const br_slice *s = &r->slices[i];
        t.least_s += fmin(before, s->vus) * seconds(s->length);
        t.most_s += fmax(before, s->vus) * seconds(s->length);
        t.longest_s = fmax(t.longest_s, seconds(s->length));
        before = s->vus;
    }
    return t;
}

static bool all_looping(const br_run_result *r)
{
    for (size_t i = 0; i < r->scenario_count; i++) {
        br_str executor = r->scenarios[i].executor;
        if (!br_str_is(executor, "constant-vus") && !br_str_is(executor, "ramping-vus")) return false;
    }
    return r->scenario_count > 0;
}

/* Iterations that were cut off at the end, or were under way while slices did not count them, are unknown. */
static void check_iterations(br_judgement *j, const br_run_result *r)
{
    const br_result_metric *m = br_run_result_find(r, BR_STR("iteration_duration"));
    if (!m || m->sink.count == 0 || r->slice_count == 0 || r->iterations_complete == 0) return;
    vu_time t = vu_time_of(r);
    double spent = sum_s(r, m->name), mean = spent / (double) m->sink.count;
    double edge = 2 * t.longest_s * r->vus_max;
    double unknown = 2 * mean * (double) (r->iterations_interrupted + r->vus_max) + edge;
    bool closed = all_looping(r);
    /* A virtual user that has left may end its iteration, in a graceful stop. */
    bool too_much = spent > t.most_s * (1 + TOLERANCE) + edge + mean * r->vus_max;
    bool too_little = closed && spent + unknown < t.least_s * (1 - TOLERANCE);
    const char *law = closed ? "equal" : "fit into";
    br_judge_add_check(j, "little's law", too_much, !too_much && !too_little,
        br_arena_printf(&j->arena,
            "iteration_duration adds up to %.1f s (%.2f iterations/s of %.3f s), which should %s the virtual "
            "users' time of %.1f s%s",
            spent, seconds(r->duration) > 0 ? (double) m->sink.count / seconds(r->duration) : 0, mean, law,
            t.most_s,
            too_much     ? ": more than there was"
            : too_little ? ": virtual users were idle"
                         : ""));
}

/* In each tenth of the run: requests per second times mean duration, against the virtual users in it. */
static bool window_holds(
    const br_run_result *r, size_t from, size_t to, double *ret_in_flight, double *ret_vus)
{
    double spent = 0, length = 0, vus = from > 0 ? r->slices[from - 1].vus : 0, longest = 0;
    uint64_t requests = 0;
    for (size_t i = from; i < to; i++) {
        const br_slice *s = &r->slices[i];
        spent += br_hist_mean(&s->latency_us) * 1e-6 * (double) s->latency_us.total;
        requests += s->latency_us.total;
        length += seconds(s->length);
        vus = fmax(vus, s->vus);
        if (s->latency_us.total > 0) longest = fmax(longest, (double) s->latency_us.max * 1e-6);
    }
    if (requests < REQUESTS_OK || length <= 0) return true;
    *ret_in_flight = spent / length;
    *ret_vus = vus;
    /* A request counts where it ends: what it took before the window is in it as well. */
    return spent <= vus * length * (1 + TOLERANCE) + vus * longest;
}

static void check_requests(br_judgement *j, const br_run_result *r)
{
    double iterations = sum_s(r, BR_STR("iteration_duration")), in_flight = 0, vus = 0;
    double requests = sum_s(r, BR_STR("http_req_duration"));
    if (iterations <= 0 || r->slice_count < TENTHS || requests > iterations) return; /* sends in parallel */
    for (size_t w = 0; w < TENTHS; w++) {
        size_t from = w * r->slice_count / TENTHS, to = (w + 1) * r->slice_count / TENTHS;
        if (window_holds(r, from, to, &in_flight, &vus)) continue;
        br_judge_add_check(j, "requests in flight", false, false,
            br_arena_printf(&j->arena,
                "in tenth %zu of the run http_reqs/s times http_req_duration are %.1f requests in flight, of "
                "at most %.0f virtual users",
                w + 1, in_flight, vus));
        return;
    }
    br_judge_add_check(j, "requests in flight", false, true,
        br_arena_printf(&j->arena, "http_reqs/s times http_req_duration never exceed the virtual users "
                                   "(Little's law in each tenth of the run)"));
}

void br_judge_littles_law(br_judgement *j, const br_run_result *r)
{
    check_iterations(j, r);
    check_requests(j, r);
}
