#include <math.h>
#include "judge/criterion_int.h"
#include "judge/shape_int.h"
#include "stat/distributions.h"

#define UNKNOWN ((br_bounds){-INFINITY, INFINITY})

/* Batches of slices for the interval of a rate. With fewer, the count alone gives it. */
#define BATCHES_MIN 5
#define BATCHES_MAX 20
/* The load counts as constant if it leaves this band around its highest value in no more than one slice
 * of 20. */
#define LOAD_BAND  0.9
#define LOAD_SHARE 0.95

/* Intervals -------------------------------------------------------------------------------------- */

static double value_at(const br_sink *s, int64_t rank)
{
    return s->count > 1 ? br_sink_percentile(s, 100 * (double) rank / (double) (s->count - 1)) : s->min;
}

/* Of a percentile, by order statistics; a side is unknown if there are too few samples beyond. */
static br_bounds quantile_interval(const br_sink *s, double p)
{
    int64_t low, high;
    br_quantile_ranks(s->count, p / 100, BR_CRITERION_Z, &low, &high);
    if (low < 0 || high < 0 || (uint64_t) high >= s->count) return UNKNOWN;
    return (br_bounds){value_at(s, low), value_at(s, high)};
}

static bool load_is_constant(const br_run_result *r)
{
    double highest = 0;
    size_t near = 0;
    for (size_t i = 0; i < r->slice_count; i++) {
        highest = fmax(highest, r->slices[i].vus);
    }
    for (size_t i = 0; i < r->slice_count; i++) {
        near += r->slices[i].vus >= LOAD_BAND * highest;
    }
    return (double) near >= LOAD_SHARE * (double) r->slice_count;
}

/* Requests of a second come in bursts: the rate's error is that of the means of batches of slices. */
static double batch_error(const br_run_result *r)
{
    size_t batches = r->slice_count < BATCHES_MAX ? r->slice_count : BATCHES_MAX;
    size_t each = r->slice_count / batches;
    double rates[BATCHES_MAX], mean = 0, squares = 0;
    for (size_t b = 0; b < batches; b++) {
        double requests = 0, seconds = 0;
        for (size_t i = b * each; i < (b + 1) * each; i++) {
            requests += (double) r->slices[i].requests;
            seconds += (double) r->slices[i].length / (double) BR_SEC;
        }
        rates[b] = seconds > 0 ? requests / seconds : 0;
        mean += rates[b] / (double) batches;
    }
    for (size_t b = 0; b < batches; b++) {
        squares += (rates[b] - mean) * (rates[b] - mean);
    }
    double n = (double) batches;
    return br_student_quantile(0.975, n - 1) * sqrt(squares / (n - 1) / n);
}

/* Of a count per second, as if its events were independent. */
static br_bounds count_interval(double count, br_ns duration)
{
    double seconds = (double) duration / (double) BR_SEC;
    if (seconds <= 0) return UNKNOWN;
    br_bounds i = br_count_interval(count, BR_CRITERION_Z);
    return (br_bounds){i.low / seconds, i.high / seconds};
}

static br_bounds throughput_interval(const br_run_result *r, double count, double rate)
{
    if (r->slice_count < BATCHES_MIN || !load_is_constant(r)) return count_interval(count, r->duration);
    double error = batch_error(r);
    return (br_bounds){fmax(0, rate - error), rate + error};
}

static br_bounds sink_interval(const br_criterion *c, const br_sink *s, br_ns duration)
{
    switch (c->agg.agg) {
        case BR_AGG_P: return quantile_interval(s, c->agg.p);
        case BR_AGG_MED: return quantile_interval(s, 50);
        case BR_AGG_RATE:
            if (s->type == BR_RATE) return br_wilson((double) s->nonzero, (double) s->count, BR_CRITERION_Z);
            /* A counter that counts events one by one. */
            if (s->sum == (double) s->count) return count_interval(s->sum, duration);
            break;
        case BR_AGG_AVG:
        case BR_AGG_MIN:
        case BR_AGG_MAX:
        case BR_AGG_COUNT:
        case BR_AGG_VALUE: break;
    }
    return UNKNOWN;
}

/* Metrics ---------------------------------------------------------------------------------------- */

/* An aggregation of a metric without samples is no figure, but a counter without samples is 0. */
static void of_all(const br_run_result *r, br_arena *arena, br_criterion_result *ret)
{
    const br_criterion *c = ret->criterion;
    const br_result_metric *m = br_run_result_find(r, c->metric);
    bool is_counter = m ? m->type == BR_COUNTER : c->agg.agg == BR_AGG_COUNT;
    if (!is_counter && (!m || m->sink.count == 0)) {
        br_criterion_not_measured(ret, arena,
            br_arena_printf(arena, "the run has no samples of the metric " BR_FMT, BR_ARG(c->metric)));
        return;
    }
    if (m && !br_agg_fits(c->agg.agg, m->type)) {
        br_criterion_not_measured(ret, arena,
            br_arena_printf(arena, "the metric " BR_FMT " is a %s and has no such figure", BR_ARG(c->metric),
                br_metric_type_name(m->type)));
        return;
    }
    double value = m ? br_sink_value(&m->sink, c->agg, r->duration) : 0;
    br_bounds interval = UNKNOWN;
    if (m && br_str_is(c->metric, "http_reqs") && c->agg.agg == BR_AGG_RATE) {
        interval = throughput_interval(r, m->sink.sum, value);
    } else if (m) {
        interval = sink_interval(c, &m->sink, r->duration);
    }
    br_criterion_figure(ret, arena, value, interval);
}

/* One endpoint ----------------------------------------------------------------------------------- */

#define NAME_MAX_COMPARED 96

/* Levenshtein distance of the names' first bytes. */
static size_t distance(br_str a, br_str b)
{
    size_t row[NAME_MAX_COMPARED + 1], n = b.n < NAME_MAX_COMPARED ? b.n : NAME_MAX_COMPARED;
    for (size_t k = 0; k <= n; k++) {
        row[k] = k;
    }
    for (size_t i = 1; i <= a.n && i <= NAME_MAX_COMPARED; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t k = 1; k <= n; k++) {
            size_t up = row[k], cost = diagonal + (a.p[i - 1] != b.p[k - 1]);
            size_t least = up < row[k - 1] ? up + 1 : row[k - 1] + 1;
            row[k] = cost < least ? cost : least;
            diagonal = up;
        }
    }
    return row[n];
}

/* The endpoint of that name; NULL: none, and *ret_nearest is the name most like it, if there is any. */
static const br_endpoint *endpoint_of(
    const br_run_result *r, br_str name, br_arena *arena, br_str *ret_nearest)
{
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < r->endpoint_count; i++) {
        br_str label = br_endpoint_label(&r->endpoints[i], arena);
        if (br_str_eq(label, name)) return &r->endpoints[i];
        size_t d = distance(name, label);
        if (d >= least || r->endpoints[i].method.n == 0) continue;
        least = d;
        *ret_nearest = label;
    }
    return NULL;
}

static void of_sink(const br_sink *s, br_ns duration, br_arena *arena, br_criterion_result *ret)
{
    if (s->count == 0) {
        br_criterion_not_measured(ret, arena, "none of its requests has one");
        return;
    }
    double value = br_sink_value(s, ret->criterion->agg, duration);
    br_criterion_figure(ret, arena, value, sink_interval(ret->criterion, s, duration));
}

static void of_counts(const br_endpoint *e, br_ns duration, br_arena *arena, br_criterion_result *ret)
{
    const br_criterion *c = ret->criterion;
    double requests = (double) e->requests, seconds = (double) duration / (double) BR_SEC;
    if (br_str_is(c->metric, "http_req_failed")) {
        double share = requests > 0 ? (double) e->failed / requests : 0;
        br_criterion_figure(ret, arena, share, br_wilson((double) e->failed, requests, BR_CRITERION_Z));
    } else if (c->agg.agg == BR_AGG_COUNT) {
        br_criterion_figure(ret, arena, requests, UNKNOWN);
    } else {
        double rate = seconds > 0 ? requests / seconds : 0;
        br_criterion_figure(ret, arena, rate, count_interval(requests, duration));
    }
}

static void of_endpoint(const br_run_result *r, br_arena *arena, br_criterion_result *ret)
{
    const br_criterion *c = ret->criterion;
    br_str nearest = {0};
    const br_endpoint *e = endpoint_of(r, c->endpoint, arena, &nearest);
    if (!e || e->requests == 0) {
        const char *more = nearest.n ? br_arena_printf(
                                           arena, "; the nearest name is \"" BR_FMT "\"", BR_ARG(nearest))
                                     : "";
        br_criterion_not_measured(ret, arena,
            br_arena_printf(
                arena, "the run has no requests named \"" BR_FMT "\"%s", BR_ARG(c->endpoint), more));
    } else if (br_str_is(c->metric, "http_req_duration")) {
        of_sink(&e->duration, r->duration, arena, ret);
    } else if (br_str_is(c->metric, "http_req_waiting")) {
        of_sink(&e->waiting, r->duration, arena, ret);
    } else if (br_str_is(c->metric, "http_req_failed") || br_str_is(c->metric, "http_reqs")) {
        of_counts(e, r->duration, arena, ret);
    } else {
        br_criterion_not_measured(ret, arena,
            br_arena_printf(arena, "the metric " BR_FMT " is not kept by endpoint", BR_ARG(c->metric)));
    }
}

void br_criterion_metric(const br_run_result *result, br_arena *arena, br_criterion_result *ret)
{
    if (ret->criterion->endpoint.n > 0)
        of_endpoint(result, arena, ret);
    else
        of_all(result, arena, ret);
}
