#include <math.h>
#include <stdlib.h>
#include "judge/verdict_int.h"

/* From the guide's table of bottlenecks: an action appears only if this run has evidence for it. */
#define LATENCY_LIMIT_MS  500.0
#define SLOW_FACTOR       3.0
#define SLOW_FLOOR_MS     100.0
#define SLOW_REQUESTS_MIN 20
#define SLOW_SHOWN_MAX    3
#define RECEIVING_SHARE   0.5
#define CONNECTING_SHARE  0.2

/* Slow endpoints --------------------------------------------------------------------------------- */

/* What the guide advises for the endpoints it knows; the first that fits. */
static const struct {
    const char *part, *advice;
} endpoint_advice[] = {
    {"/analytics",
        "Look for its queries in pg_stat_statements. Indexes on analytics(created_at, platform) and "
        "analytics(platform, created_at, revenue); keep the overview in a cache for 5 minutes."},
    {"/products", "Look for its queries in pg_stat_statements. An index on products(created_at desc); "
                  "pages of 50; join instead of one query a row."},
    {"/content", "Look for its queries in pg_stat_statements. An index on content(status, created_at); "
                 "if it waits for a provider, a time limit of 10 s and a circuit breaker."},
    {"/video", "If it waits for a provider: a time limit of 10 s and a circuit breaker (opens after 5 "
               "failures, tries again after 60 s)."},
    {"/orchestrator", "Look at the workflow queue: time from schedule to start, backlog, free slots. "
                      "More workers, 100 concurrent workflow tasks and activities each."},
    {"", "Look for its queries in pg_stat_statements (missing index, one query a row), for time spent "
         "waiting for a connection, and for calls to other services."},
};

typedef struct slow {
    const br_endpoint *endpoint;
    double p95_ms;
} slow;

static int slowest_first(const void *a, const void *b)
{
    const slow *x = a, *y = b;
    return (x->p95_ms < y->p95_ms) - (x->p95_ms > y->p95_ms);
}

static double latency_limit_of(const br_judge_plan *plan)
{
    for (size_t i = 0; i < plan->criterion_count; i++) {
        const br_criterion *c = &plan->criteria[i];
        bool is_p95 = c->kind == BR_CRITERION_METRIC && c->agg.agg == BR_AGG_P && c->agg.p == 95;
        if (is_p95 && br_str_is(c->metric, "http_req_duration")) return c->limit;
    }
    return LATENCY_LIMIT_MS;
}

static const char *advice_for(br_str name)
{
    size_t i = 0;
    while (br_str_find(name, br_str_of(endpoint_advice[i].part)) < 0 && endpoint_advice[i].part[0]) {
        i++;
    }
    return endpoint_advice[i].advice;
}

static void slow_endpoint_action(br_judgement *j, const slow *s, double median_ms, double limit_ms)
{
    const br_endpoint *e = s->endpoint;
    br_str label = br_endpoint_label(e, &j->arena);
    br_action *a = br_judge_action(j, br_arena_printf(&j->arena, "Speed up " BR_FMT, BR_ARG(label)));
    a->evidence = br_str_of(br_arena_printf(&j->arena,
        "Its p95 of http_req_duration is %.0f ms over %llu requests; the median endpoint's is %.0f ms (%.1f times), the "
        "limit %.0f ms.",
        s->p95_ms, (unsigned long long) e->requests, median_ms, median_ms > 0 ? s->p95_ms / median_ms : 0,
        limit_ms));
    a->advice = br_str_of(advice_for(e->name));
}

static void all_slow_action(br_judgement *j, const br_figures *f, double median_ms, double limit_ms)
{
    if (!f->has_p95 || f->p95_ms <= limit_ms) return;
    br_action *a = br_judge_action(j, "Look at what all endpoints share");
    a->evidence = br_str_of(br_arena_printf(&j->arena,
        "p95 of http_req_duration is %.0f ms (limit %.0f ms) and no endpoint stands out: the median endpoint's p95 is %.0f "
        "ms.",
        f->p95_ms, limit_ms, median_ms));
    a->advice = BR_STR(
        "Check the service's CPU (over 70 %: scale from 2 towards 10 instances), the connection pool "
        "(pg_stat_activity against its limit) and the database's load while the test runs.");
}

static void latency_actions(
    br_judgement *j, const br_judge_plan *plan, const br_run_result *r, const br_figures *f)
{
    double limit_ms = latency_limit_of(plan);
    slow *all = br_arena_zalloc(&j->arena, (r->endpoint_count + 1) * sizeof(slow));
    size_t n = 0;
    for (size_t i = 0; i < r->endpoint_count; i++) {
        const br_endpoint *e = &r->endpoints[i];
        if (e->requests < SLOW_REQUESTS_MIN) continue;
        all[n++] = (slow){e, br_sink_percentile(&e->duration, 95)};
    }
    if (n == 0) return;
    qsort(all, n, sizeof *all, slowest_first);
    double median_ms = all[n / 2].p95_ms;
    size_t shown = 0;
    for (size_t i = 0; i < n && shown < SLOW_SHOWN_MAX; i++) {
        bool stands_out = n > 1 && all[i].p95_ms >= SLOW_FACTOR * median_ms && all[i].p95_ms >= SLOW_FLOOR_MS;
        bool only_one = n == 1 && all[i].p95_ms > limit_ms;
        if (!stands_out && !only_one) break;
        slow_endpoint_action(j, &all[i], median_ms, limit_ms);
        shown++;
    }
    if (shown == 0) all_slow_action(j, f, median_ms, limit_ms);
}

/* Phases ----------------------------------------------------------------------------------------- */

static double average_ms(const br_run_result *r, br_str name)
{
    const br_result_metric *m = br_run_result_find(r, name);
    return m ? br_sink_avg(&m->sink) : 0;
}

static void phase_actions(br_judgement *j, const br_run_result *r)
{
    double total = average_ms(r, BR_STR("http_req_duration"));
    double receiving = average_ms(r, BR_STR("http_req_receiving"));
    double connecting = average_ms(r, BR_STR("http_req_connecting")) +
                        average_ms(r, BR_STR("http_req_tls_handshaking"));
    if (total > SLOW_FLOOR_MS && receiving > RECEIVING_SHARE * total) {
        br_action *a = br_judge_action(j, "Make the answers smaller");
        a->evidence = br_str_of(br_arena_printf(&j->arena,
            "http_req_receiving takes %.1f ms of %.1f ms of http_req_duration on average (%.0f %%).",
            receiving, total, 100 * receiving / total));
        a->advice = BR_STR("Paginate (50 per page), stream large data, compress.");
    }
    if (connecting > 1 && connecting > CONNECTING_SHARE * total) {
        br_action *a = br_judge_action(j, "Keep connections open");
        a->evidence = br_str_of(br_arena_printf(&j->arena,
            "http_req_connecting and http_req_tls_handshaking take %.1f ms a request on average, %.0f %% on top of "
            "%.1f ms of http_req_duration.",
            connecting, 100 * connecting / total, total));
        a->advice = BR_STR(
            "Let the service and what stands before it keep connections alive; check that the script "
            "does not turn connection reuse off.");
    }
}

/* Criteria and the run itself -------------------------------------------------------------------- */

static void criterion_actions(br_judgement *j)
{
    for (size_t i = 0; i < j->criterion_count; i++) {
        const br_criterion_result *c = &j->criteria[i];
        if (c->state != BR_CRITERION_FAILED) continue;
        if (c->criterion->kind == BR_CRITERION_STABLE) {
            br_action *a = br_judge_action(j, "Find out why the service gets slower");
            a->evidence = c->sentence;
            a->advice = BR_STR(
                "Watch the service's memory, its queues and the size of its tables; run the soak test. "
                "A slope of more than 50 MB/h is a leak.");
        } else if (c->criterion->kind == BR_CRITERION_RECOVERY) {
            br_action *a = br_judge_action(j, "Scale earlier");
            a->evidence = c->sentence;
            a->advice = BR_STR(
                "Have more instances ready (2 to 10; health check every 30 s with a limit of 5 s and 10 "
                "s of grace), bound the queues, and shed load instead of queueing it.");
        } else if (c->criterion->kind == BR_CRITERION_GRACEFUL) {
            br_action *a = br_judge_action(j, "Bound the work that is accepted");
            a->evidence = c->sentence;
            a->advice = BR_STR(
                "Past its capacity a service must refuse quickly (429 or 503) rather than queue: limit "
                "concurrency, bound the queues, and scale out before the knee.");
        }
    }
}

static br_action *action_with(br_judgement *j, const char *title, br_str advice)
{
    for (size_t i = 0; i < j->actions.len; i++) {
        br_action *a = &j->actions.data[i];
        if (br_str_is(a->title, title) && br_str_eq(a->advice, advice)) return a;
    }
    return NULL;
}

/* The same advice is given once, with all that calls for it. */
static void generator_actions(br_judgement *j)
{
    static const char title[] = "Give the generator more room";
    for (size_t i = 0; i < j->self_checks.len; i++) {
        const br_self_check *c = &j->self_checks.data[i];
        if (c->ok || !c->fatal) continue;
        if (!c->remedy.p && !br_str_starts(br_str_of(c->name), BR_STR("generator"))) continue;
        br_str advice = c->remedy.p ? c->remedy
                                    : BR_STR("Run it on a machine of its own or with more cores, or lower "
                                             "the load; then measure again.");
        br_action *a = action_with(j, title, advice);
        if (a) {
            a->evidence = br_str_of(
                br_arena_printf(&j->arena, BR_FMT "; " BR_FMT, BR_ARG(a->evidence), BR_ARG(c->text)));
            continue;
        }
        a = br_judge_action(j, title);
        a->evidence = c->text;
        a->advice = advice;
    }
}

static void throughput_action(br_judgement *j, const br_figures *f)
{
    if (j->outcome == BR_OUTCOME_INVALID || f->per_second >= BR_THROUGHPUT_PRODUCTION) return;
    br_action *a = br_judge_action(j, "Show more throughput before production");
    a->evidence = br_str_of(br_arena_printf(&j->arena,
        "http_reqs: this run reached %.1f requests/s; more than %.0f/s should have been seen.", f->per_second,
        BR_THROUGHPUT_PRODUCTION));
    a->advice = BR_STR("If the script's pauses or the number of virtual users set this rate, it says "
                       "nothing against the service: run the stress test.");
}

void br_judge_actions(br_judgement *j, const br_judge_plan *plan, const br_run_result *r, const br_figures *f)
{
    generator_actions(j);
    if (f->requests == 0) return;
    br_judge_answer_actions(j, r, f);
    if (j->outcome == BR_OUTCOME_UNAVAILABLE) return;
    latency_actions(j, plan, r, f);
    phase_actions(j, r);
    criterion_actions(j);
    br_judge_target_actions(j, r);
    throughput_action(j, f);
}
