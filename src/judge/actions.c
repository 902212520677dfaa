#include <math.h>
#include <stdlib.h>
#include "judge/verdict_int.h"

/* From the guide's table of bottlenecks: an action appears only if this run has evidence for it. */
#define RATE_LIMIT_SHARE       0.01
#define SERVER_ERROR_SHARE     0.01
#define TIMEOUT_SHARE          0.001
#define DIAL_SHARE             0.001
#define RESET_SHARE            0.001
#define LATENCY_LIMIT_MS       500.0
#define SLOW_FACTOR            3.0
#define SLOW_FLOOR_MS          100.0
#define SLOW_REQUESTS_MIN      20
#define SLOW_SHOWN_MAX         3
#define RECEIVING_SHARE        0.5
#define CONNECTING_SHARE       0.2
#define ERROR_CODE_TIMEOUT     1050
#define ERROR_CODE_DNS         1100
#define ERROR_CODE_NO_HOST     1101
#define ERROR_CODE_BROKEN_PIPE 1201
#define ERROR_CODE_DIAL_MIN    1210
#define ERROR_CODE_DIAL_MAX    1213
#define ERROR_CODE_RESET       1220

/* Answers of one kind, over all endpoints. */
typedef struct evidence {
    uint64_t count;
    const br_endpoint *worst; /* the endpoint with most of them */
    uint64_t worst_count;
    const br_endpoint_outcome *example;
} evidence;

typedef bool outcome_test(const br_endpoint_outcome *o);

static evidence gather(const br_run_result *r, outcome_test *test)
{
    evidence e = {0};
    for (size_t i = 0; i < r->endpoint_count; i++) {
        const br_endpoint *ep = &r->endpoints[i];
        uint64_t here = 0;
        for (size_t k = 0; k < ep->outcomes.len; k++) {
            const br_endpoint_outcome *o = &ep->outcomes.data[k];
            if (!test(o)) continue;
            here += o->count;
            if (!e.example || o->count > e.example->count) e.example = o;
        }
        e.count += here;
        if (here > e.worst_count) {
            e.worst_count = here;
            e.worst = ep;
        }
    }
    return e;
}

static bool contains_nocase(const char *text, const char *needle)
{
    br_str haystack = br_str_of(text), n = br_str_of(needle);
    for (size_t i = 0; i + n.n <= haystack.n; i++) {
        if (br_str_eq_nocase(br_str_sub(haystack, i, i + n.n), n)) return true;
    }
    return false;
}

static bool is_pool_timeout(const br_endpoint_outcome *o)
{
    return contains_nocase(o->error_text, "timeout acquiring connection");
}

static bool is_rate_limit(const br_endpoint_outcome *o)
{
    return o->status == 429;
}
static bool is_server_error(const br_endpoint_outcome *o)
{
    return o->status >= 500 && !is_pool_timeout(o);
}
static bool is_timeout(const br_endpoint_outcome *o)
{
    return o->status == 504 || o->error_code == ERROR_CODE_TIMEOUT;
}
static bool is_dial_error(const br_endpoint_outcome *o)
{
    return o->error_code == ERROR_CODE_DNS || o->error_code == ERROR_CODE_NO_HOST ||
           (o->error_code >= ERROR_CODE_DIAL_MIN && o->error_code <= ERROR_CODE_DIAL_MAX);
}
static bool is_reset(const br_endpoint_outcome *o)
{
    return o->error_code == ERROR_CODE_RESET || o->error_code == ERROR_CODE_BROKEN_PIPE;
}

static br_str evidence_text(br_judgement *j, const evidence *e, const br_figures *f, const char *what)
{
    br_str worst = br_endpoint_label(e->worst, &j->arena);
    br_str share = br_unit_text(&j->arena, (double) e->count / (double) f->requests, BR_UNIT_SHARE);
    const char *text = br_arena_printf(&j->arena,
        "%llu of %llu requests (" BR_FMT ") %s, most of them (%llu) at " BR_FMT "%s%s%s.",
        (unsigned long long) e->count, (unsigned long long) f->requests, BR_ARG(share), what,
        (unsigned long long) e->worst_count, BR_ARG(worst),
        e->example->error_text[0] ? ", for example \"" : "", e->example->error_text,
        e->example->error_text[0] ? "\"" : "");
    return br_str_of(text);
}

/* One row a kind of answer. */
static const struct {
    outcome_test *test;
    double share_min; /* of all requests */
    const char *title, *what, *advice;
} answers[] = {
    {is_dial_error, DIAL_SHARE, "Make the target reachable", "found no connection",
        "Check that the service listens at that address (call /health), that its accept backlog and its "
        "limit of open files suffice, and that nothing between refuses connections."},
    {is_reset, RESET_SHARE, "Find out who closes connections", "lost their connection before the answer",
        "Check whether the service restarted or crashed (its log, its memory limit), and whether a "
        "proxy before it closes idle connections earlier than the service does."},
    {is_rate_limit, RATE_LIMIT_SHARE, "Raise the rate limit", "were answered with 429",
        "The service limits this client (100 requests a minute by default): raise the limit for the "
        "load test's address, and let clients honour Retry-After. Throughput above the limit was not "
        "tested."},
    {is_pool_timeout, 0, "Enlarge the connection pool", "waited in vain for a database connection",
        "Compare the active connections in pg_stat_activity with the pool's limit: a larger pool (50, "
        "waiting up to 10 s), no connection kept during calls to others, a retry for this error."},
    {is_timeout, TIMEOUT_SHARE, "Find what the timeouts wait for", "timed out",
        "If the endpoint calls another service: a time limit of 10 s and a circuit breaker (opens after "
        "5 failures, tries again after 60 s). If it does not: look for slow queries and for waits on "
        "locks or connections."},
    {is_server_error, SERVER_ERROR_SHARE, "Find the cause of the server errors",
        "were answered with a 5xx status",
        "Read the service's log of that time. Frequent causes under load: connection pool exhausted "
        "(compare pg_stat_activity with the pool's limit), a dependency that times out, memory."},
};

static void answers_actions(br_judgement *j, const br_run_result *r, const br_figures *f)
{
    for (size_t i = 0; i < BR_COUNT_OF(answers); i++) {
        evidence e = gather(r, answers[i].test);
        if (e.count == 0 || (double) e.count < answers[i].share_min * (double) f->requests) continue;
        br_action *a = br_judge_action(j, answers[i].title);
        a->evidence = evidence_text(j, &e, f, answers[i].what);
        a->advice = br_str_of(answers[i].advice);
    }
}

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
        "Its p95 is %.0f ms over %llu requests; the median endpoint's is %.0f ms (%.1f times), the "
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
        "p95 is %.0f ms (limit %.0f ms) and no endpoint stands out: the median endpoint's p95 is %.0f "
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
        a->evidence = br_str_of(
            br_arena_printf(&j->arena, "Receiving takes %.1f ms of %.1f ms on average (%.0f %%).", receiving,
                total, 100 * receiving / total));
        a->advice = BR_STR("Paginate (50 per page), stream large data, compress.");
    }
    if (connecting > 1 && connecting > CONNECTING_SHARE * total) {
        br_action *a = br_judge_action(j, "Keep connections open");
        a->evidence = br_str_of(br_arena_printf(&j->arena,
            "Connecting and TLS take %.1f ms a request on average, %.0f %% on top of %.1f ms.", connecting,
            100 * connecting / total, total));
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

static void generator_actions(br_judgement *j)
{
    for (size_t i = 0; i < j->self_checks.len; i++) {
        const br_self_check *c = &j->self_checks.data[i];
        if (c->ok || !c->fatal) continue;
        if (!c->remedy.p && !br_str_starts(br_str_of(c->name), BR_STR("generator"))) continue;
        br_action *a = br_judge_action(j, "Give the generator more room");
        a->evidence = c->text;
        a->advice = c->remedy.p ? c->remedy
                                : BR_STR("Run it on a machine of its own or with more cores, or lower the "
                                         "load; then measure again.");
    }
}

static void throughput_action(br_judgement *j, const br_figures *f)
{
    if (j->outcome == BR_OUTCOME_INVALID || f->per_second >= BR_THROUGHPUT_PRODUCTION) return;
    br_action *a = br_judge_action(j, "Show more throughput before production");
    a->evidence = br_str_of(br_arena_printf(&j->arena,
        "This run reached %.1f requests/s; more than %.0f/s should have been seen.", f->per_second,
        BR_THROUGHPUT_PRODUCTION));
    a->advice = BR_STR("If the script's pauses or the number of virtual users set this rate, it says "
                       "nothing against the service: run the stress test.");
}

void br_judge_actions(br_judgement *j, const br_judge_plan *plan, const br_run_result *r, const br_figures *f)
{
    generator_actions(j);
    if (f->requests == 0) return;
    answers_actions(j, r, f);
    if (j->outcome == BR_OUTCOME_UNAVAILABLE) return;
    latency_actions(j, plan, r, f);
    phase_actions(j, r);
    criterion_actions(j);
    throughput_action(j, f);
}
