#include "stat/run_figures.h"
#include <math.h>
#include <stdlib.h>
#include "base/mem.h"

#define US_PER_MS  1000.0
#define VALUES_MAX 100

/* Distributions ----------------------------------------------------------------------------------- */

typedef struct rebucket {
    const br_hist *from; /* in steps of a sink */
    br_hist *into;
} rebucket;

#define STEPS_PER_US ((int64_t) (BR_SINK_STEPS_PER_UNIT / US_PER_MS))

static int64_t rounded_us(int64_t steps)
{
    return steps / STEPS_PER_US + (steps % STEPS_PER_US >= STEPS_PER_US / 2);
}

static bool take_one(const rebucket *r, int64_t value, int64_t low, int64_t high, uint64_t *count)
{
    if (*count == 0 || value < low || value > high) return false;
    br_hist_record(r->into, rounded_us(value));
    --*count;
    return true;
}

/* Each value is taken as the middle of its bucket, but the least and the greatest as they are. */
static void put_bucket(void *ctx, int64_t low, int64_t high, uint64_t count)
{
    const rebucket *r = ctx;
    if (take_one(r, r->from->min, low, high, &count)) low = r->from->min;
    if (take_one(r, r->from->max, low, high, &count)) high = r->from->max;
    br_hist_record_n(r->into, rounded_us(low + (high - low) / 2), count);
}

/* Of a trend in ms. The error of a bucket adds up: 0.1 % in all; the least and the greatest are exact. */
static void latency_of(const br_sink *s, br_hist *ret)
{
    br_hist_init(ret);
    for (uint32_t i = 0; i < s->exact_len; i++)
        br_hist_record(ret, llround(s->exact[i] * US_PER_MS));
    if (s->hist) br_hist_each(s->hist, put_bucket, &(rebucket){s->hist, ret});
    if (s->negative) br_hist_record_n(ret, 0, s->negative->total); /* a clock that was set back */
}

/* Endpoints --------------------------------------------------------------------------------------- */

static double sum_of(const br_run_result *r, const char *metric)
{
    const br_result_metric *m = br_run_result_find(r, br_str_of(metric));
    return m ? m->sink.sum : 0;
}

static void put_all(br_run_figures *f, const br_run_result *r)
{
    br_figures_endpoint *e = &f->endpoints[f->endpoint_count++];
    const br_result_metric *duration = br_run_result_find(r, BR_STR("http_req_duration")),
                           *failed = br_run_result_find(r, BR_STR("http_req_failed"));
    e->name = BR_STR("");
    e->requests = (uint64_t) sum_of(r, "http_reqs");
    e->failed = failed ? failed->sink.nonzero : 0;
    br_hist_init(&e->latency_us);
    if (duration) latency_of(&duration->sink, &e->latency_us);
}

static int by_name(const void *a, const void *b)
{
    return br_str_cmp(((const br_figures_endpoint *) a)->name, ((const br_figures_endpoint *) b)->name);
}

/* Those with most requests; the rest row is left out, for what is in it differs from run to run. */
static void put_endpoints(br_run_figures *f, const br_run_result *r)
{
    f->endpoints = br_arena_zalloc(&f->arena, (r->endpoint_count + 1) * sizeof(*f->endpoints));
    put_all(f, r);
    for (size_t i = 0; i < r->endpoint_count && f->endpoint_count < BR_FIGURES_ENDPOINTS_MAX; i++) {
        const br_endpoint *from = &r->endpoints[i];
        if (from->method.n == 0) continue;
        br_figures_endpoint *e = &f->endpoints[f->endpoint_count++];
        e->name = br_arena_str(&f->arena, br_endpoint_label(from, &f->arena));
        e->requests = from->requests;
        e->failed = from->failed;
        latency_of(&from->duration, &e->latency_us);
    }
    qsort(f->endpoints, f->endpoint_count, sizeof(*f->endpoints), by_name);
}

/* Values ------------------------------------------------------------------------------------------ */

static void put_value(br_run_figures *f, const char *name, const char *unit, double value)
{
    if (f->value_count == VALUES_MAX || !isfinite(value)) return;
    f->values[f->value_count++] = (br_figures_value){
        br_arena_str(&f->arena, br_str_of(name)), br_arena_str(&f->arena, br_str_of(unit)), value};
}

/* Integral over the samples (trapezoids), in value * seconds. */
static double area(const br_target_series *s)
{
    double sum = 0;
    for (size_t i = 1; i < s->count; i++) {
        double seconds = (double) (s->samples[i].at - s->samples[i - 1].at) / (double) BR_SEC;
        sum += (s->samples[i].value + s->samples[i - 1].value) / 2 * seconds;
    }
    return sum;
}

/* NAN if it fell: the counter was reset, and what it counted before is unknown. */
static double growth(const br_target_series *s)
{
    for (size_t i = 1; i < s->count; i++) {
        if (s->samples[i].value < s->samples[i - 1].value) return NAN;
    }
    return s->samples[s->count - 1].value - s->samples[0].value;
}

static double peak(const br_target_series *s)
{
    double most = s->samples[0].value;
    for (size_t i = 1; i < s->count; i++)
        most = fmax(most, s->samples[i].value);
    return most;
}

/* Processor time, counters (by their name in Prometheus: *_total) and memory; others have no better side. */
static void put_series(br_run_figures *f, const br_target_series *s, double requests)
{
    ptrdiff_t brace = br_str_find_char(s->name, '{');
    br_str family = brace < 0 ? s->name : br_str_sub(s->name, 0, (size_t) brace);
    if (s->count < 2 || requests <= 0) return;
    if (br_str_is(s->unit, "cores")) {
        put_value(f, br_arena_printf(&f->arena, BR_FMT " per request", BR_ARG(s->name)), "ms",
            area(s) * 1000 / requests);
    } else if (br_str_ends(family, BR_STR("_total"))) {
        put_value(f, br_arena_printf(&f->arena, BR_FMT " per request", BR_ARG(s->name)), "count",
            growth(s) / requests);
    } else if (br_str_is(s->unit, "bytes")) {
        put_value(f, br_arena_printf(&f->arena, "peak of " BR_FMT, BR_ARG(s->name)), "bytes", peak(s));
    }
}

static void put_values(br_run_figures *f, const br_run_result *r)
{
    double requests = sum_of(r, "http_reqs");
    f->values = br_arena_zalloc(&f->arena, VALUES_MAX * sizeof(*f->values));
    if (requests <= 0) return;
    put_value(f, "received per request", "bytes", sum_of(r, "data_received") / requests);
    put_value(f, "sent per request", "bytes", sum_of(r, "data_sent") / requests);
    for (size_t i = 0; i < r->target_count; i++)
        put_series(f, &r->target[i], requests);
}

/* The whole --------------------------------------------------------------------------------------- */

/* All scenarios start by a timetable. */
static bool is_open(const br_run_result *r)
{
    bool open = r->scenario_count > 0;
    for (size_t i = 0; i < r->scenario_count; i++)
        open = open && br_str_ends(r->scenarios[i].executor, BR_STR("-arrival-rate"));
    return open;
}

br_run_figures *br_run_figures_of(const br_run_result *r)
{
    br_run_figures *f = BR_NEW(br_run_figures);
    br_arena_init(&f->arena, 16384);
    f->started_wall = r->started_wall;
    f->duration_s = (double) r->duration / (double) BR_SEC;
    f->test = f->environment = f->fingerprint = f->version = BR_STR("");
    f->valid = r->end == BR_RUN_COMPLETE || r->end == BR_RUN_DECIDED;
    f->open = is_open(r);
    put_endpoints(f, r);
    put_values(f, r);
    return f;
}

void br_run_figures_free(br_run_figures *f)
{
    if (!f) return;
    for (size_t i = 0; i < f->endpoint_count; i++)
        br_hist_deinit(&f->endpoints[i].latency_us);
    br_arena_deinit(&f->arena);
    br_free(f);
}
