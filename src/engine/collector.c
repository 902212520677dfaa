/* Totals, slices of time, thresholds and the result: everything on the control thread. */
#include "base/log.h"
#include "engine/run_int.h"

struct br_collector {
    br_engine *engine;
    br_shard *totals;
    br_timeline *timeline, *probe; /* probe: NULL without */
    BR_VEC(br_shard *) spare;
    uint32_t outstanding; /* shards asked for and not yet back */
    /* Of the last second, for the progress line: */
    br_sink second_duration;
    uint64_t second_requests, second_failed;
    uint64_t shown_requests, shown_failed;
    double shown_p95;
};

/* Probes ------------------------------------------------------------------------------------------- */

/* "http_reqs{scenario:probe}" */
static const char *of_scenario(char *out, size_t size, const char *metric, br_str scenario)
{
    snprintf(out, size, "%s{scenario:" BR_FMT "}", metric, BR_ARG(scenario));
    return out;
}

static const char *const probe_metrics[] = {
    "http_reqs", "http_req_failed", "iterations", "dropped_iterations", "http_res_time"};

br_code br_run_register_probe(br_metrics *metrics, br_str scenario, br_err *err)
{
    char name[300];
    for (size_t i = 0; i < BR_COUNT_OF(probe_metrics); i++) {
        br_metric *m;
        br_str full = br_str_of(of_scenario(name, sizeof(name), probe_metrics[i], scenario));
        br_code code = br_metrics_get_sub(metrics, full, &m, err);
        if (code != BR_OK) return code;
    }
    return BR_OK;
}

static br_timeline *probe_timeline(const br_run_config *config)
{
    char name[300];
    uint32_t ids[BR_COUNT_OF(probe_metrics)];
    for (size_t i = 0; i < BR_COUNT_OF(probe_metrics); i++) {
        const br_metric *m = br_metrics_find(
            config->metrics, br_str_of(of_scenario(name, sizeof(name), probe_metrics[i], config->probe)));
        BR_ASSERT(m); /* br_run_register_probe() */
        ids[i] = m->id;
    }
    return br_timeline_new_of(BR_SEC, &(br_timeline_sinks){.requests = ids[0],
                                          .failed = ids[1],
                                          .iterations = ids[2],
                                          .checks = BR_TIMELINE_NONE,
                                          .dropped = ids[3],
                                          .received = BR_TIMELINE_NONE,
                                          .sent = BR_TIMELINE_NONE,
                                          .latency = ids[4]});
}

/* Life --------------------------------------------------------------------------------------------- */

br_collector *br_collector_new(br_engine *e)
{
    br_collector *c = BR_NEW(br_collector);
    c->engine = e;
    c->totals = br_shard_new(e->config->metrics);
    c->timeline = br_timeline_new(BR_SEC);
    if (e->config->probe.n) c->probe = probe_timeline(e->config);
    br_sink_init(&c->second_duration, BR_TREND);
    return c;
}

void br_collector_free(br_collector *c)
{
    if (!c) return;
    br_shard_free(c->totals);
    br_timeline_free(c->timeline);
    br_timeline_free(c->probe);
    for (size_t i = 0; i < c->spare.len; i++)
        br_shard_free(c->spare.data[i]);
    br_vec_deinit(&c->spare);
    br_sink_deinit(&c->second_duration);
    br_free(c);
}

br_shard *br_collector_spare(br_collector *c)
{
    c->outstanding++;
    if (c->spare.len) return c->spare.data[--c->spare.len];
    return br_shard_new(c->engine->config->metrics);
}

uint32_t br_collector_outstanding(const br_collector *c)
{
    return c->outstanding;
}

/* What open scenarios were to start so far, without the probe. */
static uint64_t open_starts(br_engine *e)
{
    const br_options *o = e->config->options;
    uint64_t sum = 0;
    for (size_t k = 0; k < o->scenario_count; k++) {
        const br_scenario *s = &o->scenarios[k];
        if (!br_scenario_is_open(s) || br_str_eq(s->name, e->config->probe)) continue;
        sum += (uint64_t) atomic_load(&e->shared[k].iterations_started) +
               (uint64_t) atomic_load(&e->shared[k].dropped) + (uint64_t) atomic_load(&e->shared[k].missed);
    }
    return sum;
}

void br_collector_take(br_collector *c, br_shard *shard, br_ns at)
{
    br_engine *e = c->engine;
    BR_ASSERT(c->outstanding > 0);
    c->outstanding--;
    br_shard_merge(c->totals, shard, e->config->metrics);
    br_ns relative = at - e->start;
    if (e->start && relative > 0) {
        double vus = (double) br_engine_active_vus(e);
        br_timeline_add(c->timeline, relative, shard, vus);
        br_timeline_count_starts(c->timeline, relative, open_starts(e));
        if (c->probe) br_timeline_add(c->probe, relative, shard, vus);
    }
    br_sink_merge(&c->second_duration, &shard->sinks[BR_M_HTTP_REQ_DURATION]);
    c->second_requests += shard->sinks[BR_M_HTTP_REQS].count;
    c->second_failed += shard->sinks[BR_M_HTTP_REQ_FAILED].nonzero;
    br_shard_reset(shard);
    *br_vec_push(&c->spare) = shard;
    if (c->outstanding > 0) return;
    c->shown_requests = c->second_requests;
    c->shown_failed = c->second_failed;
    c->shown_p95 = br_sink_percentile(&c->second_duration, 95);
    br_sink_reset(&c->second_duration);
    c->second_requests = c->second_failed = 0;
    if (e->control_waits) br_fiber_wake(e->control, BR_OK);
}

void br_collector_last_second(br_collector *c, br_run_status *status)
{
    status->requests = c->shown_requests;
    status->failed = c->shown_failed;
    status->p95_ms = c->shown_p95;
    const br_sink *duration = &c->totals->sinks[BR_M_HTTP_REQ_DURATION];
    status->all_requests = (uint64_t) c->totals->sinks[BR_M_HTTP_REQS].sum;
    status->all_failed = c->totals->sinks[BR_M_HTTP_REQ_FAILED].nonzero;
    status->all_p95_ms = duration->count ? br_sink_percentile(duration, 95) : 0;
}

/* Thresholds ---------------------------------------------------------------------------------------- */

static const br_sink *total_of(br_collector *c, const br_metric *m)
{
    static const br_sink empty_trend = {.type = BR_TREND};
    return m->id < c->totals->sink_count ? &c->totals->sinks[m->id] : &empty_trend;
}

static void add_name(char *names, size_t size, br_str name)
{
    size_t used = strlen(names);
    if (used + name.n + 3 < size)
        snprintf(names + used, size - used, "%s" BR_FMT, used ? ", " : "", BR_ARG(name));
}

static int by_name(const void *a, const void *b)
{
    return br_str_cmp((*(br_metric *const *) a)->name, (*(br_metric *const *) b)->name);
}

/* Metrics with thresholds by name, as k6 lists them. */
static size_t with_thresholds(br_metrics *metrics, br_metric ***ret)
{
    size_t n = 0, all = br_metrics_count(metrics);
    br_metric **list = br_calloc(all + 1, sizeof(*list));
    for (uint32_t i = 0; i < all; i++) {
        br_metric *m = br_metrics_at(metrics, i);
        if (m->thresholds.len) list[n++] = m;
    }
    qsort(list, n, sizeof(*list), by_name);
    *ret = list;
    return n;
}

bool br_collector_thresholds(
    br_collector *c, br_ns elapsed, bool final, char *failed_names, size_t failed_size)
{
    br_metric **list;
    size_t n = with_thresholds(c->engine->config->metrics, &list);
    bool abort = false;
    failed_names[0] = 0;
    for (size_t i = 0; i < n; i++) {
        const br_sink *sink = total_of(c, list[i]);
        if (!final && sink->count == 0) continue;
        bool metric_failed = false;
        for (size_t k = 0; k < list[i]->thresholds.len; k++) {
            br_metric_threshold *t = &list[i]->thresholds.data[k];
            t->failed = !br_threshold_check(&t->expr, sink, elapsed, NULL);
            metric_failed = metric_failed || t->failed;
            if (t->failed && t->abort_on_fail && elapsed > t->delay_abort_ns) abort = true;
        }
        if (metric_failed) add_name(failed_names, failed_size, list[i]->name);
    }
    br_free(list);
    return abort;
}

/* Result -------------------------------------------------------------------------------------------- */

static void result_thresholds(br_run_result *r, br_result_metric *to, const br_metric *m, const br_sink *sink)
{
    to->threshold_count = m->thresholds.len;
    to->thresholds = br_arena_zalloc(&r->arena, (m->thresholds.len + 1) * sizeof(*to->thresholds));
    for (size_t i = 0; i < m->thresholds.len; i++) {
        const br_metric_threshold *t = &m->thresholds.data[i];
        br_result_threshold *out = &to->thresholds[i];
        out->source = br_arena_str(&r->arena, t->source);
        out->agg = t->expr.agg;
        out->ok = br_threshold_check(&t->expr, sink, r->duration, &out->value);
    }
}

static void result_metrics(br_collector *c, br_run_result *r)
{
    br_metrics *metrics = c->engine->config->metrics;
    size_t all = br_metrics_count(metrics);
    r->metrics = br_arena_zalloc(&r->arena, (all + 1) * sizeof(*r->metrics));
    for (uint32_t i = 0; i < all; i++) {
        const br_metric *m = br_metrics_at(metrics, i);
        const br_sink *sink = total_of(c, m);
        /* Sub-metrics that a script names appear even when empty: that is how scripts ask for them. */
        bool shown = sink->count || m->thresholds.len ||
                     (m->parent && m->listed && total_of(c, m->parent)->count);
        if (!shown) continue;
        br_result_metric *to = &r->metrics[r->metric_count++];
        to->name = br_arena_str(&r->arena, m->name);
        to->suffix = br_arena_str(&r->arena, m->suffix);
        to->parent = m->parent ? br_arena_str(&r->arena, m->parent->name) : BR_STR("");
        to->type = m->type;
        to->contains = m->contains;
        br_sink_init(&to->sink, m->type);
        if (sink->count) br_sink_merge(&to->sink, sink);
        result_thresholds(r, to, m, &to->sink);
    }
}

static void result_scenarios(br_collector *c, br_run_result *r)
{
    const br_options *o = c->engine->config->options;
    r->scenarios = br_arena_zalloc(&r->arena, (o->scenario_count + 1) * sizeof(*r->scenarios));
    r->scenario_count = o->scenario_count;
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    for (size_t i = 0; i < o->scenario_count; i++) {
        br_buf_reset(&text);
        br_scenario_describe(&o->scenarios[i], &text);
        r->scenarios[i].name = br_arena_str(&r->arena, o->scenarios[i].name);
        r->scenarios[i].executor = br_str_of(br_executor_name(o->scenarios[i].executor));
        r->scenarios[i].description = br_arena_str(&r->arena, br_buf_view(&text));
    }
    br_buf_deinit(&text);
}

static void result_options(const br_options *o, br_run_result *r)
{
    r->trend_stats = br_arena_zalloc(&r->arena, (o->trend_stat_count + 1) * sizeof(br_str));
    r->trend_stat_count = o->trend_stat_count;
    for (size_t i = 0; i < o->trend_stat_count; i++)
        r->trend_stats[i] = br_arena_str(&r->arena, o->trend_stats[i]);
    r->time_unit = br_arena_str(&r->arena, o->time_unit);
}

static void result_workers(br_engine *e, br_run_result *r)
{
    r->workers = br_arena_zalloc(&r->arena, (e->worker_count + 1) * sizeof(*r->workers));
    r->worker_count = e->worker_count;
    for (uint32_t i = 0; i < e->worker_count; i++) {
        r->workers[i] = e->workers[i].health;
        r->iterations_complete += br_gauge64_get(&e->workers[i].complete);
        r->iterations_interrupted += br_gauge64_get(&e->workers[i].interrupted);
        r->iterations_threw += br_gauge64_get(&e->workers[i].threw);
    }
}

static void result_generator(br_engine *e, br_run_result *r)
{
    br_generator *g = &r->generator;
    const br_options *o = e->config->options;
    const br_resources *use = &e->resources;
    g->resources = (br_generator_resources){
        use->descriptors_peak, use->descriptors_limit, use->ports_peak, use->ports_limit};
    for (uint32_t i = 0; i < e->worker_count; i++) {
        br_shortages s = br_recorder_shortages(e->workers[i].recorder);
        g->out_of_descriptors += s.descriptors;
        g->out_of_ports += s.ports;
        br_hist_merge(&g->start_lag, &e->workers[i].start_lag);
    }
    for (size_t k = 0; k < o->scenario_count; k++) {
        if (!br_scenario_is_open(&o->scenarios[k])) continue;
        uint64_t dropped = (uint64_t) atomic_load(&e->shared[k].dropped),
                 missed = (uint64_t) atomic_load(&e->shared[k].missed);
        g->starts_dropped += dropped;
        g->starts_missed += missed;
        g->starts_scheduled += dropped + missed + (uint64_t) atomic_load(&e->shared[k].iterations_started);
    }
}

br_run_result *br_collector_result(br_collector *c)
{
    br_engine *e = c->engine;
    br_run_result *r = br_run_result_new();
    r->script = br_arena_str(&r->arena, br_str_of(br_program_path(e->config->program)));
    r->started_wall = e->begin_wall;
    r->started_clock = e->start ? e->start : e->begin;
    r->duration = e->stop_at > e->begin ? e->stop_at - e->begin : 0;
    r->end = e->end;
    r->end_reason = br_arena_str(&r->arena, br_str_of(e->end_reason));
    r->vus_max = (uint32_t) atomic_load(&e->vus_ready);
    result_workers(e, r);
    result_generator(e, r);
    result_metrics(c, r);
    result_scenarios(c, r);
    result_options(e->config->options, r);
    if (e->setup_data.p) r->setup_data_json = br_arena_str(&r->arena, e->setup_data);
    br_recorder **recorders = br_calloc(e->worker_count + 1, sizeof(*recorders));
    recorders[0] = e->recorder; /* setup() comes first */
    for (uint32_t i = 0; i < e->worker_count; i++)
        recorders[i + 1] = e->workers[i].recorder;
    br_run_result_merge_groups(r, recorders, e->worker_count + 1);
    br_run_result_merge_endpoints(r, recorders, e->worker_count + 1);
    br_free(recorders);
    br_timeline_finish(c->timeline, r);
    if (c->probe) {
        r->probe = br_arena_str(&r->arena, e->config->probe);
        br_timeline_detach(c->probe, &r->arena, &r->probe_slices, &r->probe_slice_count);
    }
    return r;
}

br_run_result *br_collector_so_far(br_collector *c, br_ns elapsed)
{
    br_run_result *r = br_run_result_new();
    r->started_clock = c->engine->start;
    r->duration = elapsed;
    result_metrics(c, r);
    br_timeline_copy(c->timeline, &r->arena, &r->slices, &r->slice_count);
    return r;
}
