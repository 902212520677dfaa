#include "unit/report/fixture.h"
#include <stdio.h>

static br_str copy(br_run_result *r, const char *text)
{
    return br_arena_str(&r->arena, br_str_of(text));
}

br_run_result *fixture_new(br_ns duration)
{
    static const char *const stats[] = {"avg", "min", "med", "max", "p(90)", "p(95)"};
    br_run_result *r = br_run_result_new();
    r->duration = duration;
    r->started_wall = INT64_C(1700000000) * BR_SEC;
    r->script = BR_STR("tests/baseline.js");
    r->metrics = br_arena_zalloc(&r->arena, FIXTURE_METRICS_MAX * sizeof *r->metrics);
    r->endpoints = br_arena_zalloc(&r->arena, FIXTURE_ENDPOINTS_MAX * sizeof *r->endpoints);
    r->root_group = BR_ARENA_NEW(&r->arena, br_group);
    r->root_group->name = r->root_group->path = BR_STR("");
    r->trend_stats = br_arena_zalloc(&r->arena, sizeof stats / sizeof *stats * sizeof(br_str));
    for (size_t i = 0; i < BR_COUNT_OF(stats); i++) {
        r->trend_stats[r->trend_stat_count++] = br_str_of(stats[i]);
    }
    r->workers = BR_ARENA_NEW(&r->arena, br_worker_health);
    r->worker_count = 1;
    r->workers[0] = (br_worker_health){
        .cpu_share = 0.12, .timer_late_ns_max = 400 * BR_US, .turn_ns_max = 900 * BR_US};
    r->scenarios = BR_ARENA_NEW(&r->arena, br_result_scenario);
    r->scenario_count = 1;
    r->scenarios[0] = (br_result_scenario){
        BR_STR("default"), BR_STR("constant-vus"), BR_STR("10 looping VUs for 30s (gracefulStop: 30s)")};
    return r;
}

br_result_metric *fixture_metric(
    br_run_result *r, const char *name, br_metric_type type, br_metric_contains contains)
{
    BR_ASSERT(r->metric_count < FIXTURE_METRICS_MAX);
    br_result_metric *m = &r->metrics[r->metric_count++];
    m->name = copy(r, name);
    m->type = type;
    m->contains = contains;
    br_sink_init(&m->sink, type);
    ptrdiff_t brace = br_str_find_char(m->name, '{');
    if (brace >= 0) {
        m->parent = br_str_sub(m->name, 0, (size_t) brace);
        m->suffix = br_str_sub(m->name, (size_t) brace + 1, m->name.n - 1);
    }
    return m;
}

void fixture_add(br_result_metric *m, double value)
{
    br_sink_add(&m->sink, value, (br_ns) m->sink.count);
}

void fixture_add_n(br_result_metric *m, double value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        fixture_add(m, value);
    }
}

void fixture_threshold(br_run_result *r, br_result_metric *m, const char *source, bool ok)
{
    enum { MAX = 8 };
    br_threshold t;
    BR_ASSERT(br_threshold_parse(br_str_of(source), &t, NULL) == BR_OK);
    BR_ASSERT(m->threshold_count < MAX);
    if (!m->thresholds) m->thresholds = br_arena_zalloc(&r->arena, MAX * sizeof *m->thresholds);
    br_result_threshold *result = &m->thresholds[m->threshold_count++];
    *result = (br_result_threshold){.source = copy(r, source), .ok = ok, .agg = t.agg};
    result->value = br_sink_value(&m->sink, t.agg, r->duration);
}

br_group *fixture_group(br_run_result *r, br_group *parent, const char *name)
{
    if (!parent) parent = r->root_group;
    br_group *g = BR_ARENA_NEW(&r->arena, br_group);
    g->name = copy(r, name);
    g->path = br_str_of(br_arena_printf(&r->arena, BR_FMT "::%s", BR_ARG(parent->path), name));
    g->parent = parent;
    *br_vec_push(&parent->groups) = g;
    return g;
}

void fixture_check(br_run_result *r, br_group *group, const char *name, uint64_t passes, uint64_t fails)
{
    static uint64_t order;
    br_check *c = BR_ARENA_NEW(&r->arena, br_check);
    *c = (br_check){.name = copy(r, name), .passes = passes, .fails = fails, .order = ++order};
    if (!group) group = r->root_group;
    *br_vec_push(&group->checks) = c;
}

br_endpoint *fixture_endpoint(br_run_result *r, const char *method, const char *name)
{
    BR_ASSERT(r->endpoint_count < FIXTURE_ENDPOINTS_MAX);
    br_endpoint *e = &r->endpoints[r->endpoint_count++];
    e->method = copy(r, method);
    e->name = copy(r, name);
    br_sink_init(&e->duration, BR_TREND);
    br_sink_init(&e->waiting, BR_TREND);
    return e;
}

static br_endpoint_outcome *outcome_of(br_endpoint *e, int status, int error_code)
{
    for (size_t i = 0; i < e->outcomes.len; i++) {
        br_endpoint_outcome *o = &e->outcomes.data[i];
        if (o->status == status && o->error_code == error_code) return o;
    }
    br_endpoint_outcome *o = br_vec_push(&e->outcomes);
    o->status = status;
    o->error_code = error_code;
    return o;
}

void fixture_requests(
    br_endpoint *e, size_t n, double latency_ms, int status, int error_code, const char *error)
{
    br_endpoint_outcome *o = outcome_of(e, status, error_code);
    if (error) (void) snprintf(o->error_text, sizeof o->error_text, "%s", error);
    o->count += n;
    e->requests += n;
    e->received_bytes += 1200 * n;
    if (status == 0 || status >= 400) e->failed += n;
    for (size_t i = 0; i < n; i++) {
        br_sink_add(&e->duration, latency_ms, 0);
        br_sink_add(&e->waiting, latency_ms * 0.9, 0);
    }
}

void fixture_slices(br_run_result *r, size_t n)
{
    r->slices = br_arena_zalloc(&r->arena, n * sizeof *r->slices);
    r->slice_count = n;
    for (size_t i = 0; i < n; i++) {
        r->slices[i].length = r->duration / (br_ns) n;
        r->slices[i].start = (br_ns) i * r->slices[i].length;
        br_hist_init(&r->slices[i].latency_us);
    }
}

void fixture_slice_fill(br_slice *s, size_t requests, size_t failed, double latency_ms, double vus)
{
    s->requests += requests;
    s->failed += failed;
    s->vus = vus;
    br_hist_record_n(&s->latency_us, (int64_t) (latency_ms * 1000), requests);
}

/* 0.5 .. 1.5, the same every time. */
static double spread(size_t i)
{
    return 0.5 + (double) (i * 7919 % 1000) / 1000;
}

typedef struct builtin {
    br_result_metric *reqs, *duration, *failed, *iterations, *iteration_duration, *vus, *vus_max, *received,
        *sent;
} builtin;

static builtin add_builtin(br_run_result *r)
{
    builtin m;
    m.vus = fixture_metric(r, "vus", BR_GAUGE, BR_CONTAINS_DEFAULT);
    m.vus_max = fixture_metric(r, "vus_max", BR_GAUGE, BR_CONTAINS_DEFAULT);
    m.iterations = fixture_metric(r, "iterations", BR_COUNTER, BR_CONTAINS_DEFAULT);
    m.iteration_duration = fixture_metric(r, "iteration_duration", BR_TREND, BR_CONTAINS_TIME);
    m.reqs = fixture_metric(r, "http_reqs", BR_COUNTER, BR_CONTAINS_DEFAULT);
    m.duration = fixture_metric(r, "http_req_duration", BR_TREND, BR_CONTAINS_TIME);
    m.failed = fixture_metric(r, "http_req_failed", BR_RATE, BR_CONTAINS_DEFAULT);
    m.sent = fixture_metric(r, "data_sent", BR_COUNTER, BR_CONTAINS_DATA);
    m.received = fixture_metric(r, "data_received", BR_COUNTER, BR_CONTAINS_DATA);
    return m;
}

static void one_request(const builtin *m, br_endpoint *e, br_slice *s, double ms, bool failed)
{
    fixture_add(m->reqs, 1);
    fixture_add(m->duration, ms);
    fixture_add(m->failed, failed);
    fixture_add(m->received, 1200);
    fixture_add(m->sent, 300);
    fixture_requests(e, 1, ms, failed ? 500 : 200, failed ? 1500 : 0, NULL);
    fixture_slice_fill(s, 1, failed, ms, 10);
    s->received_bytes += 1200;
    s->sent_bytes += 300;
}

br_run_result *fixture_baseline(unsigned seconds, unsigned per_second, double latency_ms, double error_share)
{
    static const char *const paths[] = {"/health", "/products", "/products/top", "/analytics/overview"};
    br_run_result *r = fixture_new(seconds * BR_SEC);
    builtin m = add_builtin(r);
    br_endpoint *endpoints[BR_COUNT_OF(paths)];
    for (size_t i = 0; i < BR_COUNT_OF(paths); i++) {
        endpoints[i] = fixture_endpoint(r, "GET", paths[i]);
    }
    fixture_slices(r, seconds);
    size_t n = 0;
    for (unsigned t = 0; t < seconds; t++) {
        fixture_add(m.vus, 10);
        fixture_add(m.vus_max, 10);
        for (unsigned i = 0; i < per_second; i++, n++) {
            bool failed = error_share > 0 && (double) (n * 7919 % 10000) < error_share * 10000;
            one_request(&m, endpoints[n % BR_COUNT_OF(paths)], &r->slices[t], latency_ms * spread(n), failed);
        }
        fixture_add(m.iterations, 1);
        fixture_add(m.iteration_duration, 10000); /* ten virtual users end one a second */
        r->slices[t].iterations = 1;
    }
    r->iterations_complete = seconds;
    r->vus_max = 10;
    return r;
}
