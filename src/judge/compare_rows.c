#include <math.h>
#include <string.h>
#include "judge/compare_int.h"
#include "stat/estimate.h"

/* Shorter than a microsecond is taken as half of one: figures have to be positive. */
#define LEAST_US 0.5

static int compare_names(br_str a, br_str b)
{
    int d = memcmp(a.p ? a.p : "", b.p ? b.p : "", a.n < b.n ? a.n : b.n);
    return d ? d : (a.n > b.n) - (a.n < b.n);
}

/* Endpoints ascend by name. */
static const br_figures_endpoint *endpoint_of(const br_run_figures *f, br_str name)
{
    size_t low = 0, high = f->endpoint_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int d = compare_names(f->endpoints[middle].name, name);
        if (d == 0) return &f->endpoints[middle];
        if (d < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static const br_figures_value *value_of(const br_run_figures *f, br_str name)
{
    for (size_t i = 0; i < f->value_count; i++) {
        if (br_str_eq(f->values[i].name, name)) return &f->values[i];
    }
    return NULL;
}

/* Rows ------------------------------------------------------------------------------------------- */

typedef struct source {
    br_str endpoint, measure, unit;
    double quantile; /* of a latency; 0: another measure */
} source;

/* Fills *ret from one run; false: the run does not have it. */
typedef bool measure_fn(const source *s, const br_run_figures *f, br_measured *ret);

static bool measure_latency(const source *s, const br_run_figures *f, br_measured *ret)
{
    const br_figures_endpoint *e = endpoint_of(f, s->endpoint);
    if (!e || e->latency_us.total == 0) return false;
    ret->value = fmax(LEAST_US, br_hist_quantile(&e->latency_us, s->quantile)) / 1000;
    ret->variance = br_quantile_log_variance(&e->latency_us, s->quantile);
    ret->requests = (double) e->latency_us.total;
    return true;
}

static bool measure_errors(const source *s, const br_run_figures *f, br_measured *ret)
{
    const br_figures_endpoint *e = endpoint_of(f, s->endpoint);
    if (!e || e->requests == 0) return false;
    ret->requests = (double) e->requests;
    ret->failed = fmin((double) e->failed, ret->requests);
    ret->value = ret->failed / ret->requests;
    return true;
}

static bool measure_throughput(const source *s, const br_run_figures *f, br_measured *ret)
{
    const br_figures_endpoint *e = endpoint_of(f, s->endpoint);
    if (!e || e->requests == 0 || !(f->duration_s > 0)) return false;
    ret->requests = (double) e->requests;
    ret->value = ret->requests / f->duration_s;
    ret->variance = 1 / ret->requests;
    return true;
}

static bool measure_value(const source *s, const br_run_figures *f, br_measured *ret)
{
    const br_figures_value *v = value_of(f, s->measure);
    if (!v || !isfinite(v->value)) return false;
    ret->value = v->value;
    return true;
}

static size_t measure_all(br_compare_work *w, const source *s, measure_fn *measure,
    const br_compare_run *runs, size_t count, br_measured **ret)
{
    *ret = br_arena_zalloc(&w->c->arena, (count + 1) * sizeof(br_measured));
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        br_measured m = {.session = runs[i].session};
        if (measure(s, runs[i].figures, &m)) (*ret)[n++] = m;
    }
    return n;
}

static double median_value(const br_measured *runs, size_t n, bool requests)
{
    double *values = br_malloc((n + 1) * sizeof(double));
    for (size_t i = 0; i < n; i++) {
        values[i] = requests ? runs[i].requests : runs[i].value;
    }
    double m = br_median(values, n);
    br_free(values);
    return m;
}

/* NULL if one side has no run with this measure. The pointer is good until the next row. */
static br_compare_row *add_row(br_compare_work *w, const source *s, measure_fn *measure, br_measure_kind kind)
{
    br_compare_row r = {.kind = kind, .judged = true};
    r.row.endpoint = br_arena_str(&w->c->arena, s->endpoint);
    r.row.measure = br_arena_str(&w->c->arena, s->measure);
    r.row.unit = br_arena_str(&w->c->arena, s->unit);
    r.old_count = measure_all(w, s, measure, w->old_runs, w->old_count, &r.old_runs);
    r.new_count = measure_all(w, s, measure, w->new_runs, w->new_count, &r.new_runs);
    if (r.old_count == 0 || r.new_count == 0) return NULL;
    r.row.old_value = median_value(r.old_runs, r.old_count, false);
    r.row.new_value = median_value(r.new_runs, r.new_count, false);
    br_compare_row *row = br_vec_push(&w->rows);
    *row = r;
    return row;
}

static double requests_a_run(const br_compare_row *r)
{
    return fmin(median_value(r->old_runs, r->old_count, true), median_value(r->new_runs, r->new_count, true));
}

/*
 * What a session does to errors cancels where it holds both versions: such runs count one by one. Their
 * session numbers become ones of their own.
 */
static void part_shared_sessions(br_compare_row *r)
{
    size_t next = BR_TWO_LEVEL_RUNS_MAX;
    for (size_t i = 0; i < r->old_count; i++) {
        size_t session = r->old_runs[i].session;
        bool shared = false;
        for (size_t k = 0; k < r->new_count; k++) {
            if (r->new_runs[k].session != session) continue;
            r->new_runs[k].session = next++;
            shared = true;
        }
        for (size_t k = i; k < r->old_count && shared; k++) {
            if (r->old_runs[k].session == session) r->old_runs[k].session = next++;
        }
    }
}

/* `gates`: the endpoint is more than a repetition of another one. */
static void add_endpoint(br_compare_work *w, br_str name, bool gates)
{
    static const struct {
        const char *name;
        double quantile, requests_min; /* requests_min 0: as configured */
        bool gates;
    } quantiles[] = {{"p50", 0.5, 0, true}, {"p95", 0.95, 0, true}, {"p99", 0.99, BR_COMPARE_P99_MIN, false}};
    for (size_t i = 0; i < BR_COUNT_OF(quantiles); i++) {
        source s = {name, br_str_of(quantiles[i].name), BR_STR("ms"), quantiles[i].quantile};
        br_compare_row *r = add_row(w, &s, measure_latency, BR_MEASURE_LEVEL);
        if (!r) continue;
        r->judged = requests_a_run(r) >= fmax((double) w->config.requests_min, quantiles[i].requests_min);
        r->row.gates = gates && r->judged && quantiles[i].gates;
    }
    source s = {name, BR_STR("error_rate"), BR_STR("share"), 0};
    br_compare_row *r = add_row(w, &s, measure_errors, BR_MEASURE_SHARE);
    if (!r) return;
    part_shared_sessions(r);
    r->judged = requests_a_run(r) >= (double) w->config.requests_min;
    r->row.gates = gates && r->judged;
}

static bool all_equal(const br_measured *runs, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (runs[i].value != runs[0].value) return false;
    }
    return true;
}

static bool any_not_positive(const br_measured *runs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!(runs[i].value > 0)) return true;
    }
    return false;
}

/*
 * A count per request that is the same in all runs of a version (queries, rows) decides exactly; one that
 * differs is shown, for of an unknown counter nobody knows which side is better. What appears in a single run
 * and was 0 before is not yet a property of the version.
 */
static void add_value(br_compare_work *w, const br_figures_value *v)
{
    source s = {BR_STR(""), v->name, v->unit, 0};
    br_compare_row *r = add_row(w, &s, measure_value, BR_MEASURE_LEVEL);
    if (!r) return;
    double old_value = r->old_runs[0].value, new_value = r->new_runs[0].value;
    bool constant = all_equal(r->old_runs, r->old_count) && all_equal(r->new_runs, r->new_count);
    r->value = true;
    if (constant && (r->old_count > 1 || old_value == new_value)) {
        r->kind = BR_MEASURE_EXACT;
        r->row.gates = old_value > 0 || old_value == new_value || r->new_count > 1;
    } else if (any_not_positive(r->old_runs, r->old_count) || any_not_positive(r->new_runs, r->new_count)) {
        r->kind = BR_MEASURE_NONE;
        r->judged = false;
    } else {
        r->row.gates = !br_str_is(v->unit, "count");
    }
}

static void add_throughput(br_compare_work *w)
{
    for (size_t i = 0; i < w->old_count + w->new_count; i++) {
        const br_compare_run *run = i < w->old_count ? &w->old_runs[i] : &w->new_runs[i - w->old_count];
        if (run->figures->open) return;
    }
    source s = {BR_STR(""), BR_STR("throughput"), BR_STR("per_s"), 0};
    br_compare_row *r = add_row(w, &s, measure_throughput, BR_MEASURE_LEVEL);
    if (!r) return;
    r->row.more_is_better = true;
    r->judged = requests_a_run(r) >= (double) w->config.requests_min;
    r->row.gates = r->judged;
}

/* Endpoints ------------------------------------------------------------------------------------------ */

static bool known(const br_compare_run *runs, size_t count, br_str endpoint)
{
    for (size_t i = 0; i < count; i++) {
        if (endpoint_of(runs[i].figures, endpoint)) return true;
    }
    return false;
}

/* All names of the runs, each once: those not in an earlier run. */
typedef void name_fn(br_compare_work *w, br_str name, void *ctx);

static void each_endpoint(
    br_compare_work *w, const br_compare_run *runs, size_t count, name_fn *fn, void *ctx)
{
    for (size_t i = 0; i < count; i++) {
        const br_run_figures *f = runs[i].figures;
        for (size_t k = 0; k < f->endpoint_count; k++) {
            if (!known(runs, i, f->endpoints[k].name)) fn(w, f->endpoints[k].name, ctx);
        }
    }
}

static void count_shared(br_compare_work *w, br_str name, void *ctx)
{
    size_t *named = ctx;
    if (name.n > 0 && known(w->old_runs, w->old_count, name)) ++*named;
}

static void note_vanished(br_compare_work *w, br_str name, void *ctx)
{
    (void) ctx;
    if (known(w->new_runs, w->new_count, name)) return;
    BR_COMPARE_NOTE(w->c, BR_FMT " was not requested by the new runs: it is not compared.", BR_ARG(name));
}

static void add_shared(br_compare_work *w, br_str name, void *ctx)
{
    const size_t *named = ctx;
    if (!known(w->old_runs, w->old_count, name)) {
        BR_COMPARE_NOTE(w->c, BR_FMT " was not requested by the old runs: it has no baseline.", BR_ARG(name));
        return;
    }
    /* All requests of a run with one endpoint are that endpoint's. */
    add_endpoint(w, name, name.n > 0 || *named != 1);
}

static void add_values(br_compare_work *w)
{
    for (size_t i = 0; i < w->new_count; i++) {
        const br_run_figures *f = w->new_runs[i].figures;
        for (size_t k = 0; k < f->value_count; k++) {
            bool seen = false;
            for (size_t e = 0; e < i && !seen; e++) {
                seen = value_of(w->new_runs[e].figures, f->values[k].name) != NULL;
            }
            if (!seen) add_value(w, &f->values[k]);
        }
    }
}

void br_compare_make_rows(br_compare_work *w)
{
    size_t named = 0;
    each_endpoint(w, w->new_runs, w->new_count, count_shared, &named);
    each_endpoint(w, w->new_runs, w->new_count, add_shared, &named);
    each_endpoint(w, w->old_runs, w->old_count, note_vanished, NULL);
    add_throughput(w);
    add_values(w);
}
