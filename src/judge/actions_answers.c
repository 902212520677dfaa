/* What the answers say of a bottleneck: their status, their errors, how long they took. */
#include <math.h>
#include <string.h>
#include "judge/verdict_int.h"

#define RATE_LIMIT_SHARE       0.01
#define SERVER_ERROR_SHARE     0.01
#define TIMEOUT_SHARE          0.001
#define DIAL_SHARE             0.001
#define RESET_SHARE            0.001
#define ERROR_CODE_TIMEOUT     1050
#define ERROR_CODE_DNS         1100
#define ERROR_CODE_NO_HOST     1101
#define ERROR_CODE_BROKEN_PIPE 1201
#define ERROR_CODE_DIAL_MIN    1210
#define ERROR_CODE_DIAL_MAX    1213
#define ERROR_CODE_RESET       1220

/* A limit of requests in a time keeps goodput as constant as this; over slices, or over minutes. */
#define CLAMPED_VARIATION 0.10
#define CLAMPED_WINDOWS   5
/* Requests that end just behind a time limit, and few just before it. */
#define MODE_SHARE 0.002
#define MODE_LEAST 5
#define MODE_RATIO 5

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
        "http_reqs: %llu of %llu requests (" BR_FMT ") %s, most of them (%llu) at " BR_FMT "%s%s%s.",
        (unsigned long long) e->count, (unsigned long long) f->requests, BR_ARG(share), what,
        (unsigned long long) e->worst_count, BR_ARG(worst),
        e->example->error_text[0] ? ", for example \"" : "", e->example->error_text,
        e->example->error_text[0] ? "\"" : "");
    return br_str_of(text);
}

/* The rate limit --------------------------------------------------------------------------------- */

/* Average of what failed, when nearly all of it is of this kind; else 0. */
static double failed_ms(const br_run_result *r, uint64_t count)
{
    const br_result_metric *all = br_run_result_find(r, BR_STR("http_req_duration"));
    const br_result_metric *good = br_run_result_find(r, BR_STR("http_req_duration{expected_response:true}"));
    if (!all || !good || all->sink.count <= good->sink.count) return 0;
    uint64_t failed = all->sink.count - good->sink.count;
    if ((double) count < 0.9 * (double) failed || good->sink.count == 0) return 0;
    return (all->sink.sum - good->sink.sum) / (double) failed;
}

/* Mean and coefficient of variation of goodput over windows that had failures. */
static bool goodput_of(const br_run_result *r, br_ns window, double *ret_mean, double *ret_variation)
{
    double sum = 0, squares = 0, good = 0;
    uint64_t failed = 0;
    br_ns length = 0;
    size_t n = 0;
    for (size_t i = 0; i < r->slice_count; i++) {
        const br_slice *s = &r->slices[i];
        good += (double) (s->requests - s->failed);
        failed += s->failed;
        length += s->length;
        if (length < window || length <= 0) continue;
        double rate = good / ((double) length / (double) BR_SEC);
        if (failed > 0) sum += rate, squares += rate * rate, n++;
        good = 0;
        failed = 0;
        length = 0;
    }
    if (n < CLAMPED_WINDOWS || sum <= 0) return false;
    *ret_mean = sum / (double) n;
    *ret_variation = sqrt(fmax(0, squares / (double) n - *ret_mean * *ret_mean)) / *ret_mean;
    return true;
}

static const char *clamp_text(br_judgement *j, const br_run_result *r)
{
    double mean, variation;
    if (goodput_of(r, 0, &mean, &variation) && variation <= CLAMPED_VARIATION) {
        return br_arena_printf(&j->arena,
            " Meanwhile http_reqs without failure stayed at %.1f/s (variation %.0f %%): that is the limit.",
            mean, variation * 100);
    }
    if (goodput_of(r, 60 * BR_SEC, &mean, &variation) && variation <= CLAMPED_VARIATION) {
        return br_arena_printf(&j->arena,
            " Meanwhile http_reqs without failure were %.0f in each minute (variation %.0f %%): that is the "
            "limit.",
            mean * 60, variation * 100);
    }
    return "";
}

static br_str rate_limit_text(br_judgement *j, const br_run_result *r, const evidence *e, br_str text)
{
    const br_result_metric *good = br_run_result_find(r, BR_STR("http_req_duration{expected_response:true}"));
    double refused = failed_ms(r, e->count), served = good ? br_sink_avg(&good->sink) : 0;
    const char *faster = "";
    if (refused > 0 && refused < served) {
        faster = br_arena_printf(&j->arena,
            " They took %.1f ms on average (http_req_duration), the others %.1f ms: refused, not overloaded.",
            refused, served);
    }
    return br_str_of(br_arena_printf(&j->arena, BR_FMT "%s%s", BR_ARG(text), faster, clamp_text(j, r)));
}

/* Kinds of answers ------------------------------------------------------------------------------- */

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

/* Time limits ------------------------------------------------------------------------------------ */

/* How many requests took from `low_ms` to below `high_ms`. */
static uint64_t count_between(const br_sink *s, double low_ms, double high_ms)
{
    if (s->hist) {
        int64_t low = (int64_t) (low_ms * BR_SINK_STEPS_PER_UNIT);
        int64_t high = (int64_t) (high_ms * BR_SINK_STEPS_PER_UNIT);
        return br_hist_count_at_or_below(s->hist, high) - br_hist_count_at_or_below(s->hist, low);
    }
    uint64_t n = 0;
    for (uint32_t i = 0; i < s->exact_len; i++) {
        n += s->exact[i] >= low_ms && s->exact[i] < high_ms;
    }
    return n;
}

static br_action *action_called(br_judgement *j, const char *title)
{
    for (size_t i = 0; i < j->actions.len; i++) {
        if (br_str_is(j->actions.data[i].title, title)) return &j->actions.data[i];
    }
    return NULL;
}

static bool any_503(const br_run_result *r)
{
    for (size_t i = 0; i < r->endpoint_count; i++) {
        for (size_t k = 0; k < r->endpoints[i].outcomes.len; k++) {
            if (r->endpoints[i].outcomes.data[k].status == 503) return true;
        }
    }
    return false;
}

/* To the action of that title, which may be there already with other evidence. */
static void add_evidence(br_judgement *j, const char *title, const char *text)
{
    br_action *a = action_called(j, title);
    if (a) {
        a->evidence = br_str_of(br_arena_printf(&j->arena, BR_FMT " %s", BR_ARG(a->evidence), text));
        return;
    }
    a = br_judge_action(j, title);
    a->evidence = br_str_of(text);
    for (size_t i = 0; i < BR_COUNT_OF(answers); i++) {
        if (strcmp(answers[i].title, title) == 0) a->advice = br_str_of(answers[i].advice);
    }
}

/* Requests heaped behind a usual time limit: something that they wait for gives up after it. */
static void mode_action(br_judgement *j, const br_run_result *r)
{
    static const double limits_s[] = {5, 10, 15, 30, 60};
    const br_result_metric *m = br_run_result_find(r, BR_STR("http_req_duration"));
    if (!m || m->sink.count == 0) return;
    for (size_t i = 0; i < BR_COUNT_OF(limits_s); i++) {
        double ms = limits_s[i] * 1000;
        uint64_t heap = count_between(&m->sink, 0.98 * ms, 1.1 * ms);
        uint64_t before = count_between(&m->sink, 0.6 * ms, 0.98 * ms);
        bool enough = heap >= MODE_LEAST && (double) heap >= MODE_SHARE * (double) m->sink.count;
        if (!enough || heap < MODE_RATIO * before || br_sink_percentile(&m->sink, 50) > ms / 2) continue;
        bool pool = limits_s[i] == 10 && any_503(r);
        add_evidence(j, pool ? "Enlarge the connection pool" : "Find what the timeouts wait for",
            br_arena_printf(&j->arena,
                "http_req_duration heaps up at %.0f s: %llu requests took %.1f to %.1f s, %llu took %.1f to %.1f s%s.",
                limits_s[i], (unsigned long long) heap, 0.98 * limits_s[i], 1.1 * limits_s[i],
                (unsigned long long) before, 0.6 * limits_s[i], 0.98 * limits_s[i],
                pool ? ", and there were answers with 503: the time limit of waiting for a connection" : ""));
        return;
    }
}

void br_judge_answer_actions(br_judgement *j, const br_run_result *r, const br_figures *f)
{
    for (size_t i = 0; i < BR_COUNT_OF(answers); i++) {
        evidence e = gather(r, answers[i].test);
        if (e.count == 0 || (double) e.count < answers[i].share_min * (double) f->requests) continue;
        br_action *a = br_judge_action(j, answers[i].title);
        a->evidence = evidence_text(j, &e, f, answers[i].what);
        if (answers[i].test == is_rate_limit) a->evidence = rate_limit_text(j, r, &e, a->evidence);
        a->advice = br_str_of(answers[i].advice);
    }
    mode_action(j, r);
}
