#include "judge/shape_int.h"
#include <math.h>
#include <stdlib.h>
#include "base/vec.h"

/* What happened over some neighbouring slices. */
typedef struct window {
    br_ns start, length;
    uint64_t requests, failed;
    double vus_max;
    br_hist latency_us;
} window;

/* Merges slices [from, to); deinit with br_hist_deinit(&w.latency_us). */
static window merge(const br_run_result *r, size_t from, size_t to)
{
    window w = {.start = r->slices[from].start};
    br_hist_init(&w.latency_us);
    for (size_t i = from; i < to; i++) {
        const br_slice *s = &r->slices[i];
        w.length += s->length;
        w.requests += s->requests;
        w.failed += s->failed;
        if (s->vus > w.vus_max) w.vus_max = s->vus;
        br_hist_merge(&w.latency_us, &s->latency_us);
    }
    return w;
}

static double seconds(br_ns t)
{
    return (double) t / (double) BR_SEC;
}
static double p95_ms(const window *w)
{
    return br_hist_quantile(&w->latency_us, 0.95) / 1000;
}
static double per_second(uint64_t n, br_ns length)
{
    return length > 0 ? (double) n / seconds(length) : 0;
}
static double error_share(uint64_t failed, uint64_t all)
{
    return all ? (double) failed / (double) all : 0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    if (n == 0) return 0;
    qsort(values, n, sizeof(double), by_value);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static uint64_t requests_of(const br_run_result *r)
{
    uint64_t n = 0;
    for (size_t i = 0; i < r->slice_count; i++) {
        n += r->slices[i].requests;
    }
    return n;
}

/* stable ----------------------------------------------------------------------------------------- */

typedef struct third {
    size_t windows;
    double p95_ms, vus;        /* medians over the windows */
    double per_second, error2; /* mean, and the square of its standard error */
} third;

static void set_mean(third *t, const double *rates, size_t n)
{
    double squares = 0;
    for (size_t i = 0; i < n; i++) {
        t->per_second += rates[i] / (double) n;
    }
    for (size_t i = 0; i < n; i++) {
        squares += (rates[i] - t->per_second) * (rates[i] - t->per_second);
    }
    if (n > 1) t->error2 = squares / (double) (n - 1) / (double) n;
}

static third third_of(const br_run_result *r, size_t from, size_t to, size_t window_slices)
{
    size_t n = (to - from) / window_slices;
    double *figures = br_malloc((3 * n + 1) * sizeof(double));
    double *p95 = figures, *rate = figures + n, *vus = figures + 2 * n;
    size_t with_p95 = 0;
    for (size_t i = 0; i < n; i++) {
        window w = merge(r, from + i * window_slices, from + (i + 1) * window_slices);
        if (w.requests > 0) p95[with_p95++] = p95_ms(&w);
        rate[i] = per_second(w.requests, w.length);
        vus[i] = w.vus_max;
        br_hist_deinit(&w.latency_us);
    }
    third t = {.windows = n, .p95_ms = median(p95, with_p95), .vus = median(vus, n)};
    set_mean(&t, rate, n);
    br_free(figures);
    return t;
}

/* How many slices there are before the virtual users leave at the end. */
static size_t slices_under_load(const br_run_result *r)
{
    double highest = 0;
    for (size_t i = 0; i < r->slice_count; i++) {
        highest = fmax(highest, r->slices[i].vus);
    }
    size_t n = r->slice_count;
    while (n > 0 && r->slices[n - 1].vus < 0.9 * highest) {
        n--;
    }
    return n;
}

static void say_stable(br_criterion_result *ret, br_arena *arena, const third *a, const third *b)
{
    double latency = a->p95_ms > 0 ? b->p95_ms / a->p95_ms - 1 : 0;
    double rate = a->per_second > 0 ? b->per_second / a->per_second - 1 : 0;
    bool slower = latency > BR_STABLE_LATENCY_DRIFT && b->p95_ms - a->p95_ms > BR_STABLE_LATENCY_MS;
    bool less = rate < -BR_STABLE_THROUGHPUT_DRIFT &&
                a->per_second - b->per_second > 2 * sqrt(a->error2 + b->error2);
    ret->state = slower || less ? BR_CRITERION_FAILED : BR_CRITERION_PASSED;
    ret->has_value = true;
    ret->value = latency;
    ret->value_text = br_str_of(
        br_arena_printf(arena, "p95 %+.1f%%, rate %+.1f%%", latency * 100, rate * 100));
    ret->sentence = br_str_of(br_arena_printf(arena,
        "From the second to the third third of the run p95 went from %.1f ms to %.1f ms (%+.1f %%) and "
        "throughput from %.1f/s to %.1f/s (%+.1f %%); allowed are %+.0f %% (or %.0f ms) and %+.0f %%: "
        "%s.",
        a->p95_ms, b->p95_ms, latency * 100, a->per_second, b->per_second, rate * 100,
        BR_STABLE_LATENCY_DRIFT * 100, BR_STABLE_LATENCY_MS, -BR_STABLE_THROUGHPUT_DRIFT * 100,
        slower && less ? "latency and throughput drift"
        : slower       ? "latency drifts"
        : less         ? "throughput drifts"
                       : "stable"));
}

void br_shape_stable(const br_run_result *r, br_arena *arena, br_criterion_result *ret)
{
    uint64_t requests = requests_of(r);
    size_t n = slices_under_load(r);
    ret->limit_text = br_str_of(br_arena_printf(arena, "drift <= %.0f%%", BR_STABLE_LATENCY_DRIFT * 100));
    if (requests == 0 || n == 0) {
        br_criterion_not_measured(ret, arena, "there were no requests");
        return;
    }
    size_t window_slices = (size_t) ceil(BR_WINDOW_REQUESTS_MIN * (double) n / (double) requests);
    if (n / 3 / window_slices < BR_STABLE_WINDOWS_MIN) {
        br_criterion_not_measured(ret, arena,
            br_arena_printf(arena, "%zu time slices with %llu requests are too few for a trend", n,
                (unsigned long long) requests));
        return;
    }
    third a = third_of(r, n / 3, n / 3 + n / 3, window_slices);
    third b = third_of(r, n - n / 3, n, window_slices);
    if (fabs(a.vus - b.vus) > 0.1 * fmax(a.vus, b.vus)) {
        br_criterion_not_measured(ret, arena,
            br_arena_printf(
                arena, "the load was not constant (%.0f and then %.0f virtual users)", a.vus, b.vus));
        return;
    }
    say_stable(ret, arena, &a, &b);
}

/* degrades gracefully ---------------------------------------------------------------------------- */

typedef struct ramp {
    double vus_max, vus_first; /* highest number, and highest in the first tenth of the run */
    double best, top;          /* goodput per second */
    double top_errors;
} ramp;

static double best_goodput(const br_run_result *r)
{
    size_t n = r->slice_count, span = n / 20 > 3 ? n / 20 : 3;
    double best = 0;
    for (size_t i = 0; i + span <= n; i++) {
        uint64_t good = 0;
        br_ns length = 0;
        for (size_t k = i; k < i + span; k++) {
            good += r->slices[k].requests - r->slices[k].failed;
            length += r->slices[k].length;
        }
        best = fmax(best, per_second(good, length));
    }
    return best;
}

static ramp ramp_of(const br_run_result *r)
{
    ramp m = {.best = best_goodput(r)};
    for (size_t i = 0; i < r->slice_count; i++) {
        m.vus_max = fmax(m.vus_max, r->slices[i].vus);
        if (i < r->slice_count / 10 + 1) m.vus_first = fmax(m.vus_first, r->slices[i].vus);
    }
    uint64_t requests = 0, failed = 0;
    br_ns length = 0;
    for (size_t i = 0; i < r->slice_count; i++) {
        const br_slice *s = &r->slices[i];
        if (s->vus < 0.9 * m.vus_max) continue;
        requests += s->requests;
        failed += s->failed;
        length += s->length;
    }
    m.top = per_second(requests - failed, length);
    m.top_errors = error_share(failed, requests);
    return m;
}

static void say_graceful(
    const ramp *m, double share, double error_limit, br_arena *arena, br_criterion_result *ret)
{
    const char *word = share >= BR_GRACEFUL_SHARE      ? "degrades gracefully"
                       : share >= BR_GRACEFUL_COLLAPSE ? "is degraded, not graceful"
                                                       : "collapses";
    bool errors = m->top_errors > error_limit;
    if (errors) ret->state = BR_CRITERION_FAILED;
    ret->value_text = br_str_of(br_arena_printf(arena, "%.1f%% of the best", share * 100));
    ret->sentence = br_str_of(br_arena_printf(arena,
        "At the top load (%.0f virtual users) goodput was %.1f/s, %.1f %% of the best sustained %.1f/s "
        "(limit %.0f %%), and %.2f %% of the requests failed (limit %.0f %%): the service %s%s.",
        m->vus_max, m->top, share * 100, m->best, BR_GRACEFUL_SHARE * 100, m->top_errors * 100,
        error_limit * 100, word, errors ? ", and errors are over their limit" : ""));
}

void br_shape_graceful(
    const br_run_result *r, const br_criterion_inputs *inputs, br_arena *arena, br_criterion_result *ret)
{
    ret->limit_text = br_str_of(br_arena_printf(arena, ">= %.0f%% of the best", BR_GRACEFUL_SHARE * 100));
    const char *reason = NULL;
    ramp m = {0};
    if (r->slice_count < BR_GRACEFUL_SLICES_MIN) {
        reason = br_arena_printf(arena, "%zu time slices are too few for a ramp", r->slice_count);
    } else {
        m = ramp_of(r);
        if (m.best <= 0) {
            reason = "no request succeeded";
        } else if (m.vus_first > 0.5 * m.vus_max) {
            reason = br_arena_printf(arena,
                "the load was not ramped (%.0f virtual users at the start, %.0f at most)", m.vus_first,
                m.vus_max);
        } else if (m.vus_max < 0.9 * r->vus_max) {
            reason = br_arena_printf(arena, "the run ended at %.0f of %u virtual users, before the top load",
                m.vus_max, r->vus_max);
        }
    }
    if (reason) {
        br_criterion_not_measured(ret, arena, reason);
        return;
    }
    double share = m.top / m.best;
    br_criterion_measured(ret, share);
    say_graceful(&m, share, inputs->error_limit, arena, ret);
}
