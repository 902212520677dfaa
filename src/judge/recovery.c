#include "judge/recovery.h"
#include <math.h>
#include "base/buf.h"
#include "base/mem.h"

#define Q       0.95
#define Z_UPPER 1.96
#define Z_SPAN  1.645 /* one-sided 95 % */
#define Z_WINDOW                                                                                             \
    3.5 /* so small a chance that not one of 15 windows in 20 spans is bad by it: the binomial is skew */
#define STALLED      0.5  /* of the requests that the reference's rate gives */
#define METASTABLE_S 30.0 /* watched at least */
#define NO_BETTER    0.8  /* p95 at the end, as a share of that in the middle */

static double seconds(br_ns t)
{
    return (double) t / (double) BR_SEC;
}

/* Sums over the slices before index i. */
typedef struct sums {
    double s, requests, slow, offered, bad, good;
} sums;

typedef struct course {
    const br_slice *slices; /* of the probe if there was one, else of all requests */
    size_t count;
    sums *upto;          /* [slice_count + 1] */
    size_t window, hold; /* in slices */
    br_recovery_report *report;
} course;

static sums between(const course *c, size_t from, size_t to)
{
    const sums *a = &c->upto[from], *b = &c->upto[to];
    return (sums){b->s - a->s, b->requests - a->requests, b->slow - a->slow, b->offered - a->offered,
        b->bad - a->bad, b->good - a->good};
}

/* The reference ---------------------------------------------------------------------------------- */

static void reference_slices(const course *c, br_ns spike_start, size_t *ret_from, size_t *ret_to)
{
    size_t to = 0;
    while (to < c->count && c->slices[to].start + c->slices[to].length <= spike_start)
        to++;
    size_t from = to;
    while (from > 0 && spike_start - c->slices[from - 1].start <= BR_RECOVERY_REFERENCE)
        from--;
    *ret_from = from;
    *ret_to = to;
}

/* Returns how many requests it rests on; with fewer than a window's, the report is as it was. */
static uint64_t set_reference(const course *c, br_ns spike_start, br_recovery_report *report)
{
    size_t from, to;
    uint64_t failed = 0, dropped = 0;
    br_ns length = 0;
    br_hist latency;
    reference_slices(c, spike_start, &from, &to);
    br_hist_init(&latency);
    for (size_t i = from; i < to; i++) {
        const br_slice *s = &c->slices[i];
        failed += s->failed;
        dropped += s->dropped;
        length += s->length;
        br_hist_merge(&latency, &s->latency_us);
    }
    uint64_t n = latency.total;
    if (n >= BR_RECOVERY_WINDOW_REQUESTS) {
        double upper = fmin(1, Q + Z_UPPER * sqrt(Q * (1 - Q) / (double) n));
        double p95 = br_hist_quantile(&latency, Q) / 1000;
        report->reference_s = seconds(length);
        report->p95_before_ms = p95;
        report->p95_limit_ms = fmax(BR_RECOVERY_LATENCY * p95, p95 + BR_RECOVERY_LATENCY_MS);
        report->p95_limit_ms = fmax(report->p95_limit_ms, br_hist_quantile(&latency, upper) / 1000);
        report->error_share_before = (double) (failed + dropped) / (double) (n + dropped);
        report->goodput_before = (double) (n - failed) / seconds(length);
    }
    br_hist_deinit(&latency);
    return n;
}

/* Spans ------------------------------------------------------------------------------------------ */

static void sum_up(course *c)
{
    int64_t limit_us = (int64_t) (c->report->p95_limit_ms * 1000 + 0.5);
    c->upto = BR_NEW_ARRAY(sums, c->count + 1);
    for (size_t i = 0; i < c->count; i++) {
        const br_slice *s = &c->slices[i];
        const sums *a = &c->upto[i];
        uint64_t slow = s->latency_us.total - br_hist_count_at_or_below(&s->latency_us, limit_us);
        c->upto[i + 1] = (sums){a->s + seconds(s->length), a->requests + (double) s->requests,
            a->slow + (double) slow, a->offered + (double) (s->requests + s->dropped),
            a->bad + (double) (s->failed + s->dropped), a->good + (double) (s->requests - s->failed)};
    }
}

/* At most so many of n may be, if their share is p and chance may add z standard deviations. */
static double at_most(double n, double p, double z)
{
    return n * p + z * sqrt(n * p * (1 - p));
}

typedef bool span_test(const course *c, const sums *s, double z);

static bool latency_good(const course *c, const sums *s, double z)
{
    (void) c;
    return s->slow <= at_most(s->requests, 1 - Q, z);
}

static bool errors_good(const course *c, const sums *s, double z)
{
    return s->bad <= at_most(s->offered, fmin(1, c->report->error_share_before + BR_RECOVERY_ERRORS), z);
}

/* Of answers that come at random, so many may be missing by chance. */
static bool goodput_good(const course *c, const sums *s, double z)
{
    double expected = c->report->goodput_before * s->s;
    return s->good >= BR_RECOVERY_GOODPUT * expected - z * sqrt(expected);
}

static bool all_good(const course *c, const sums *s, double z)
{
    return latency_good(c, s, z) && errors_good(c, s, z) && goodput_good(c, s, z);
}

/* A window in which next to nothing was answered says nothing of latency: that is no recovery. */
static bool stalled(const course *c, const sums *s)
{
    return s->requests < STALLED * c->report->goodput_before * s->s;
}

static bool holds(const course *c, size_t from, span_test *test)
{
    sums all = between(c, from, from + c->hold);
    if (!test(c, &all, Z_SPAN)) return false;
    for (size_t i = from; i + c->window <= from + c->hold; i++) {
        sums one = between(c, i, i + c->window);
        if (stalled(c, &one) || !test(c, &one, Z_WINDOW)) return false;
    }
    return true;
}

/* Seconds from the spike's end to the first span that holds; `observed` if there is none. */
static bool first_good(const course *c, size_t after, br_ns spike_end, span_test *test, double *ret_s)
{
    *ret_s = c->report->observed_s;
    for (size_t i = after; i + c->hold <= c->count; i++) {
        if (!holds(c, i, test)) continue;
        *ret_s = fmax(0, seconds(c->slices[i].start - spike_end));
        return true;
    }
    return false;
}

/* What the spike did ----------------------------------------------------------------------------- */

static double window_p95_ms(const course *c, size_t from, size_t to)
{
    br_hist h;
    br_hist_init(&h);
    for (size_t i = from; i < to; i++)
        br_hist_merge(&h, &c->slices[i].latency_us);
    double p95 = br_hist_quantile(&h, Q) / 1000;
    br_hist_deinit(&h);
    return p95;
}

/* Window by window from the spike's start: peaks, and behind its end what is above the reference. */
static void set_overshoot(const course *c, size_t first, size_t after)
{
    br_recovery_report *report = c->report;
    double until = c->upto[after].s + report->total_s;
    for (size_t i = first; i + c->window <= c->count; i += c->window) {
        sums s = between(c, i, i + c->window);
        double p95 = window_p95_ms(c, i, i + c->window);
        report->p95_peak_ms = fmax(report->p95_peak_ms, p95);
        if (s.offered > 0) report->error_share_peak = fmax(report->error_share_peak, s.bad / s.offered);
        if (i >= after && c->upto[i].s < until)
            report->area_s += fmax(0, p95 / report->p95_before_ms - 1) * s.s;
    }
}

static double mean_vus(const course *c, size_t from, size_t to)
{
    double sum = 0;
    for (size_t i = from; i < to; i++)
        sum += c->slices[i].vus;
    return to > from ? sum / (double) (to - from) : 0;
}

/* The load was back at the base, and the last third was no better than the one before it. */
static bool is_metastable(const course *c, br_ns spike_start, size_t after)
{
    size_t from, to, third = (c->count - after) / 3, end = c->count;
    if (c->report->recovered || c->report->observed_s < METASTABLE_S || third == 0) return false;
    reference_slices(c, spike_start, &from, &to);
    sums before = between(c, from, to), last = between(c, end - third, end);
    bool rate_back = last.offered / last.s <= 1.1 * before.offered / before.s;
    bool users_back = mean_vus(c, end - third, end) <= 1.1 * mean_vus(c, from, to);
    double middle = window_p95_ms(c, end - 2 * third, end - third), late = window_p95_ms(c, end - third, end);
    return (rate_back || users_back) && late >= NO_BETTER * middle;
}

/* Words ------------------------------------------------------------------------------------------ */

static void say(const course *c, br_arena *arena)
{
    br_recovery_report *r = c->report;
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    double errors = (r->error_share_before + BR_RECOVERY_ERRORS) * 100;
    if (r->recovered) {
        (void) br_buf_printf(&out, "Back to normal %.0f s after the spike (to within %.0f s)", r->total_s,
            ceil(r->resolution_s));
    } else {
        (void) br_buf_printf(&out, "No recovery in the %.0f s observed after the spike", r->observed_s);
    }
    (void) br_buf_printf(&out,
        ": latency after %s%.0f s (p95 within %.1f ms for 15 s; %.1f ms before the spike, %.1f ms at the worst), "
        "errors "
        "after %s%.0f s (within %.2f %%), goodput after %s%.0f s (%.1f/s before the spike).",
        r->latency_s < r->observed_s ? "" : "more than ", r->latency_s, r->p95_limit_ms, r->p95_before_ms,
        r->p95_peak_ms, r->error_s < r->observed_s ? "" : "more than ", r->error_s, errors,
        r->goodput_s < r->observed_s ? "" : "more than ", r->goodput_s, r->goodput_before);
    if (r->metastable)
        (void) br_buf_puts(&out, " The load was back at its base and it got no better: the overload "
                                 "sustains itself.");
    if (r->reference_s < 0.9 * seconds(BR_RECOVERY_REFERENCE))
        (void) br_buf_printf(&out, " The reference is only %.0f s long instead of 60 s.", r->reference_s);
    r->sentence = br_arena_str(arena, br_buf_view(&out));
    br_buf_deinit(&out);
}

/* The report ------------------------------------------------------------------------------------- */

static size_t slices_for(double s, double slice_s)
{
    return (size_t) fmax(1, ceil(s / slice_s - 1e-9));
}

/* Always false. */
static bool not_measured(br_recovery_report *r, br_arena *arena, const char *reason)
{
    r->reason = br_str_of(reason);
    r->sentence = br_str_of(br_arena_printf(arena, "Recovery was not measured: %s.", reason));
    return false;
}

/* false: the report says why nothing can be said. */
static bool prepare(course *c, br_ns spike_start, br_ns spike_end, size_t *ret_after, br_arena *arena)
{
    br_recovery_report *report = c->report;
    if (spike_end <= spike_start) return not_measured(report, arena, "the test has no spike");
    uint64_t n = c->count > 0 ? set_reference(c, spike_start, report) : 0;
    if (n < BR_RECOVERY_WINDOW_REQUESTS) {
        return not_measured(report, arena,
            br_arena_printf(arena,
                "%llu requests in the 60 s before the spike are too few for a reference; %d are needed",
                (unsigned long long) n, BR_RECOVERY_WINDOW_REQUESTS));
    }
    if (report->goodput_before <= 0)
        return not_measured(report, arena, "no request before the spike succeeded");
    double slice_s = seconds(c->slices[0].length);
    c->window = slices_for(BR_RECOVERY_WINDOW_REQUESTS / report->goodput_before, slice_s);
    c->hold = slices_for(seconds(BR_RECOVERY_HOLD), slice_s);
    if (c->hold < c->window) c->hold = c->window;
    report->resolution_s = (double) c->window * slice_s;
    size_t after = 0;
    while (after < c->count && c->slices[after].start < spike_end)
        after++;
    *ret_after = after;
    const br_slice *last = &c->slices[c->count - 1];
    report->observed_s = fmax(0, seconds(last->start + last->length - spike_end));
    if (after + c->hold > c->count) {
        return not_measured(report, arena,
            br_arena_printf(arena,
                "the run ended %.0f s after the spike, and %.0f s are needed to see that it holds",
                report->observed_s, (double) c->hold * slice_s));
    }
    return true;
}

void br_recovery_judge(
    const br_run_result *result, br_ns spike_start, br_ns spike_end, br_arena *arena, br_recovery_report *ret)
{
    size_t after = 0, first = 0;
    *ret = (br_recovery_report){0};
    bool probed = result->probe_slice_count > 0;
    course c = {.slices = probed ? result->probe_slices : result->slices,
        .count = probed ? result->probe_slice_count : result->slice_count,
        .report = ret};
    if (!prepare(&c, spike_start, spike_end, &after, arena)) return;
    ret->measured = true;
    sum_up(&c);
    while (c.slices[first].start < spike_start)
        first++;
    ret->recovered = first_good(&c, after, spike_end, all_good, &ret->total_s);
    (void) first_good(&c, after, spike_end, latency_good, &ret->latency_s);
    (void) first_good(&c, after, spike_end, errors_good, &ret->error_s);
    (void) first_good(&c, after, spike_end, goodput_good, &ret->goodput_s);
    set_overshoot(&c, first, after);
    ret->metastable = is_metastable(&c, spike_start, after);
    say(&c, arena);
    br_free(c.upto);
}
