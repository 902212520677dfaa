#include "judge/shape_int.h"
#include <math.h>
#include <stdlib.h>
#include "base/vec.h"

#define TOP_REACHED 0.9 /* of the virtual users, for a ramp that got to its top */

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
    double seconds;            /* how long it was */
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
    br_ns length = 0;
    for (size_t i = 0; i < n; i++) {
        window w = merge(r, from + i * window_slices, from + (i + 1) * window_slices);
        if (w.requests > 0) p95[with_p95++] = p95_ms(&w);
        rate[i] = per_second(w.requests, w.length);
        vus[i] = w.vus_max;
        length += w.length;
        br_hist_deinit(&w.latency_us);
    }
    third t = {
        .windows = n, .seconds = seconds(length), .p95_ms = median(p95, with_p95), .vus = median(vus, n)};
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

/* What the generator was late by itself. */
typedef struct lateness {
    double delay_ms; /* p99 of its delays, of the worst worker */
    double lost_s;   /* its longest stall, and how long it waited for a processor */
} lateness;

static lateness lateness_of(const br_run_result *r)
{
    br_ns delay = 0;
    double lost = 0;
    for (size_t i = 0; i < r->worker_count; i++) {
        const br_worker_health *w = &r->workers[i];
        const br_delay_figures *all[] = {&w->timers, &w->held, &w->starts};
        br_ns stall = 0;
        for (size_t k = 0; k < BR_COUNT_OF(all); k++) {
            if (all[k]->p99 > delay) delay = all[k]->p99;
            if (all[k]->max > stall) stall = all[k]->max;
        }
        lost = fmax(lost, seconds(stall) + w->starved_share * seconds(r->duration));
    }
    return (lateness){(double) delay / (double) BR_MS, lost};
}

/* The drift from a to b, after taking off what was the generator's. */
typedef struct drift {
    double latency, rate; /* relative */
    bool slower, less;
} drift;

static drift drift_of(const third *a, const third *b, const lateness *late)
{
    double p95 = fmax(0, b->p95_ms - late->delay_ms);
    double share = b->seconds > 0 ? fmin(late->lost_s / b->seconds, 1) : 0;
    double per_second = share < 1 ? b->per_second / (1 - share) : INFINITY;
    drift d = {.latency = a->p95_ms > 0 ? p95 / a->p95_ms - 1 : 0,
        .rate = a->per_second > 0 ? per_second / a->per_second - 1 : 0};
    d.slower = d.latency > BR_STABLE_LATENCY_DRIFT && p95 - a->p95_ms > BR_STABLE_LATENCY_MS;
    d.less = d.rate < -BR_STABLE_THROUGHPUT_DRIFT &&
             a->per_second - per_second > 2 * sqrt(a->error2 + b->error2);
    return d;
}

static const char *drifts_text(const drift *d)
{
    if (d->slower && d->less) return "latency and throughput drift";
    return d->slower ? "latency drifts" : d->less ? "throughput drifts" : "stable";
}

static void say_stable(
    br_criterion_result *ret, br_arena *arena, const third *a, const third *b, const lateness *late)
{
    static const lateness none = {0};
    drift seen = drift_of(a, b, &none), left = drift_of(a, b, late);
    /* Of a constant number of users, who wait for answers, throughput falls with latency. */
    bool explained = seen.slower ? !left.slower : seen.less && !left.less;
    const char *course = br_arena_printf(arena,
        "from the second to the third third of the run p95 went from %.1f ms to %.1f ms (%+.1f %%) and "
        "throughput from %.1f/s to %.1f/s (%+.1f %%)",
        a->p95_ms, b->p95_ms, seen.latency * 100, a->per_second, b->per_second, seen.rate * 100);
    if (explained) {
        br_criterion_not_measured(ret, arena,
            br_arena_printf(arena,
                "%s, but the generator itself was late, by %.1f ms at p99 and up to %.1f s of the %.1f s of a "
                "third, which alone explains it",
                course, late->delay_ms, fmin(late->lost_s, b->seconds), b->seconds));
        return;
    }
    ret->state = seen.slower || seen.less ? BR_CRITERION_FAILED : BR_CRITERION_PASSED;
    ret->has_value = true;
    ret->value = seen.latency;
    ret->value_text = br_str_of(
        br_arena_printf(arena, "p95 %+.1f%%, rate %+.1f%%", seen.latency * 100, seen.rate * 100));
    ret->sentence = br_str_of(br_arena_printf(arena,
        "F%s; allowed are %+.0f %% (or %.0f ms) and %+.0f %%: %s.", course + 1, BR_STABLE_LATENCY_DRIFT * 100,
        BR_STABLE_LATENCY_MS, -BR_STABLE_THROUGHPUT_DRIFT * 100, drifts_text(&seen)));
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
    lateness late = lateness_of(r);
    say_stable(ret, arena, &a, &b, &late);
}

/* degrades gracefully ---------------------------------------------------------------------------- */

static double highest_vus(const br_run_result *r)
{
    double highest = 0;
    for (size_t i = 0; i < r->slice_count; i++)
        highest = fmax(highest, r->slices[i].vus);
    return highest;
}

/* Why nothing can be said of the top of the ramp; NULL: it can. */
static const char *no_grace(const br_run_result *r, const br_capacity_report *c, br_arena *arena)
{
    if (!c) return "the load was not ramped: it has to rise to twice its lowest at least";
    if (!c->measured)
        return br_arena_printf(arena, "%zu levels of load are too few for a ramp (%d are needed)",
            c->step_count, BR_CAPACITY_STEPS_MIN);
    if (c->beyond == BR_BEYOND_UNKNOWN) return "no request succeeded";
    double highest = highest_vus(r);
    if (!c->open && highest < TOP_REACHED * r->vus_max)
        return br_arena_printf(
            arena, "the run ended at %.0f of %u virtual users, before the top load", highest, r->vus_max);
    return NULL;
}

void br_shape_graceful(
    const br_run_result *r, const br_criterion_inputs *inputs, br_arena *arena, br_criterion_result *ret)
{
    const br_capacity_report *c = inputs->capacity;
    const char *reason = no_grace(r, c, arena);
    ret->limit_text = br_str_of(br_arena_printf(arena, ">= %.0f%% of the best", BR_GRACEFUL_SHARE * 100));
    if (reason) {
        br_criterion_not_measured(ret, arena, reason);
        return;
    }
    bool errors = c->beyond_errors > inputs->error_limit;
    br_criterion_measured(ret, c->goodput_beyond);
    if (errors) ret->state = BR_CRITERION_FAILED;
    ret->value_text = br_str_of(br_arena_printf(arena, "%.1f%% of the best", c->goodput_beyond * 100));
    ret->sentence = br_str_of(br_arena_printf(arena,
        "At the highest load, %s (limit %.0f %%), and %.2f %% of the requests failed (limit %.0f %%): the "
        "service %s%s.",
        br_capacity_beyond_text(c, arena), BR_GRACEFUL_SHARE * 100, c->beyond_errors * 100,
        inputs->error_limit * 100, br_beyond_phrase(c->beyond),
        errors ? ", and errors are over their limit" : ""));
}
