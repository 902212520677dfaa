#include "cli/test/test_search.h"

#include <math.h>
#include <stdio.h>
#include "cli/terminal/interrupt.h"
#include "cli/load/job.h"
#include "judge/generator.h"

#define WARM_UP        BR_SEC
#define TAIL           BR_SEC /* the last slice of a run is not exact */
#define TRIAL_S        5.0    /* steady part of a trial that is not shortened */
#define TRIAL_LEAST_S  2.0
#define DEFAULT_P95_MS 1000.0
#define LAG_SHARE      0.05 /* of the latency limit that starts may be late */
#define START_SHARE    0.25 /* of the ramp's best throughput */
#define VUS_SPARE      10
#define RATE_UNIT_S    10 /* rates are sent to the engine as iterations in so many seconds */

typedef struct searcher {
    const br_test_search_input *in;
    br_search machine;
    const char *exec;   /* function of an iteration; NULL: not known yet */
    double requests;    /* of an iteration */
    double iteration_s; /* its mean length in the ramp */
    br_ns begin;        /* clock */
    br_ns steady;       /* length of the steady part of the trial in hand */
} searcher;

/* Where to begin ------------------------------------------------------------------------------------ */

bool br_test_search_fits(const br_test_plan *plan)
{
    return plan->load.stage_count > 0 && plan->judge.spike_end == 0;
}

static br_capacity_limits limits_of(const br_judge_plan *plan)
{
    br_capacity_limits limits = {0};
    for (size_t i = 0; i < plan->criterion_count; i++) {
        const br_criterion *c = &plan->criteria[i];
        bool upper = c->cmp == BR_LT || c->cmp == BR_LE;
        if (c->kind != BR_CRITERION_METRIC || c->endpoint.n || !upper) continue;
        bool p95 = c->agg.agg == BR_AGG_P && c->agg.p >= 95 && c->agg.p <= 95;
        if (br_str_is(c->metric, "http_req_duration") && p95) limits.p95_ms = c->limit;
        if (br_str_is(c->metric, "http_req_failed")) limits.error_share = c->limit;
    }
    if (limits.p95_ms <= 0) limits.p95_ms = DEFAULT_P95_MS;
    return limits;
}

/* Highest rate of finished iterations over a slice of the ramp. */
static double best_rate(const br_run_result *r)
{
    double best = 0;
    for (size_t i = 0; i < r->slice_count; i++) {
        const br_slice *s = &r->slices[i];
        if (s->length > 0) best = fmax(best, (double) s->iterations * 1e9 / (double) s->length);
    }
    return best;
}

static void learn_from_ramp(searcher *s)
{
    const br_run_result *r = s->in->ramp;
    const br_result_metric *requests = br_run_result_find(r, BR_STR("http_reqs"));
    const br_result_metric *iteration = br_run_result_find(r, BR_STR("iteration_duration"));
    double n = (double) r->iterations_complete;
    s->requests = requests && n > 0 ? fmax(1, requests->sink.sum / n) : 1;
    s->iteration_s = iteration && iteration->sink.count
                         ? iteration->sink.sum / (double) iteration->sink.count / 1000
                         : 1;
    br_search_config config = {.start = fmax(1, START_SHARE * best_rate(r)),
        .max = s->in->limits->max_rate,
        .width = BR_TEST_SEARCH_WIDTH,
        .limits = limits_of(&s->in->plan->judge)};
    br_search_init(&s->machine, &config);
}

/* Trials -------------------------------------------------------------------------------------------- */

/* As many as may be at work while answers are as slow as the limit allows. */
static int64_t vus_for(const searcher *s, double rate)
{
    double most = rate * (s->machine.config.limits.p95_ms / 1000 * s->requests + s->iteration_s) + VUS_SPARE;
    return most < (double) s->in->limits->max_vus ? (int64_t) most : s->in->limits->max_vus;
}

static json_t *scenario_of(const searcher *s, double rate, const char *exec)
{
    br_ns length = WARM_UP + s->steady + TAIL;
    return json_pack("{s:s,s:s,s:I,s:s,s:f,s:I,s:s}", "executor", "constant-arrival-rate", "exec", exec,
        "rate", (json_int_t) llround(rate * RATE_UNIT_S), "timeUnit", "10s", "duration",
        (double) length / 1e6, "preAllocatedVUs", (json_int_t) vus_for(s, rate), "gracefulStop", "0s");
}

/* Prepares and runs one job with the function; *ret_known false: the script does not export it. */
static br_code run_job(
    const searcher *s, double rate, const char *exec, br_job *ret, bool *ret_known, br_err *err)
{
    const br_test_plan *plan = s->in->plan;
    json_t *options = json_pack("{s:{}}", "scenarios"), *probe = scenario_of(s, rate, exec);
    br_exit_code exit_code = BR_EXIT_OTHER;
    br_job_config config = {.script = plan->script.p,
        .system_env = true,
        .env = plan->env,
        .env_count = plan->env_count,
        .overrides = options,
        .probe = probe,
        .no_thresholds = true,
        .quiet = true,
        .workers = s->in->workers,
        .module_args = s->in->args,
        .interrupted = br_interrupted,
        .loop = s->in->loop};
    config.maps = br_config_modules(s->in->config, &config.map_count);
    br_code code = br_job_prepare(&config, ret, &exit_code, err);
    if (code == BR_OK) {
        *ret_known = ret->probed;
        if (ret->probed) code = br_job_run(ret, &config, &exit_code, err);
        if (code != BR_OK || !ret->probed) br_job_deinit(ret);
    }
    json_decref(options);
    json_decref(probe);
    return code;
}

/* The first trial finds out which function the script has. */
static br_code run_any(searcher *s, double rate, br_job *ret, br_err *err)
{
    static const char *const functions[] = {"arrival", "default"};
    for (size_t i = 0; i < BR_COUNT_OF(functions); i++) {
        const char *exec = s->exec ? s->exec : functions[i];
        bool known = false;
        br_code code = run_job(s, rate, exec, ret, &known, err);
        if (code != BR_OK) return code;
        s->exec = exec;
        if (known) return BR_OK;
        s->exec = NULL;
    }
    return br_fail(err, BR_ENOTFOUND, "the script exports neither arrival() nor a default function");
}

/* Was the generator the limit? What is late by little against the limit of latency changes no answer. */
static bool generator_failed(const searcher *s, const br_run_result *r)
{
    double lag_max = LAG_SHARE * s->machine.config.limits.p95_ms * (double) BR_MS;
    for (size_t i = 0; i < r->worker_count; i++) {
        if (br_generator_need(&r->workers[i]) > BR_GENERATOR_CPU_MAX) return true;
        if ((double) r->workers[i].starts.p99 > lag_max) return true;
    }
    return r->generator.out_of_descriptors + r->generator.out_of_ports > 0;
}

static void show(const searcher *s, br_search_order order, const br_search_trial *t, br_search_answer answer)
{
    static const char *const answers[] = {"held", "broke", "no evidence: the generator was the limit"};
    if (s->in->quiet) return;
    double errors = t->requests ? 100 * (double) t->failed / (double) t->requests : 0;
    printf("  search: %s%8.4g/s  p95 %.4gms  %.2f%% errors  %s\n", order.rest ? "rest at " : "        ",
        order.rate, br_hist_quantile(t->latency_us, 0.95) / 1000, errors, answers[answer]);
    fflush(stdout);
}

/* Whole seconds: slices have that length. Whether the service is back shows in less than whether it holds. */
static br_ns steady_of(const searcher *s, bool rest)
{
    return (br_ns) (rest ? TRIAL_LEAST_S : ceil(fmax(TRIAL_S * s->in->scale, TRIAL_LEAST_S))) * BR_SEC;
}

static br_code make_trial(searcher *s, br_search_order order, br_err *err)
{
    br_job job = {0};
    br_ns start = br_clock_now() - s->begin;
    s->steady = steady_of(s, order.rest);
    br_code code = run_any(s, order.rate, &job, err);
    if (code != BR_OK) return code;
    if (job.exit_code == BR_EXIT_INTERRUPTED) br_interrupt_note();
    br_search_trial trial;
    br_hist latency;
    if (!br_interrupted() && br_search_measure(job.result, WARM_UP, WARM_UP + s->steady, &trial, &latency)) {
        trial.start = start;
        trial.generator_failed = generator_failed(s, job.result);
        show(s, order, &trial, br_search_tell(&s->machine, &trial));
        br_hist_deinit(&latency);
    } else if (!br_interrupted()) {
        br_hist_deinit(&latency);
        code = br_fail(err, BR_EINVAL, "a trial of the search ended before it could measure anything");
    }
    br_job_deinit(&job);
    return code;
}

/* The search ---------------------------------------------------------------------------------------- */

br_code br_test_search(const br_test_search_input *in, br_arena *arena, br_search_report *ret, br_err *err)
{
    searcher s = {.in = in, .begin = br_clock_now()};
    learn_from_ramp(&s);
    br_ns end = s.begin + in->limits->time;
    br_code code = BR_OK;
    for (br_search_order o = br_search_next(&s.machine); o.rate > 0 && code == BR_OK;
         o = br_search_next(&s.machine)) {
        if (br_clock_now() >= end || br_interrupted()) {
            br_search_stop(&s.machine);
            break;
        }
        code = make_trial(&s, o, err);
    }
    if (code == BR_OK) br_search_report_make(&s.machine, "iterations/s", arena, ret);
    br_search_deinit(&s.machine);
    return code;
}
