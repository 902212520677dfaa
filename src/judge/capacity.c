#include "judge/capacity.h"
#include <math.h>
#include <stdlib.h>
#include "base/buf.h"
#include "judge/isotonic.h"
#include "judge/knee.h"
#include "judge/usl.h"

#define BEYOND_FACTOR 1.5
#define USL_EXPLAINED 0.9 /* a law that explains less is not shown */
#define BEST_SHARE    6   /* 1 / share of the steps that are the best together, */
#define BEST_LEAST    3   /* and how many at least */
#define PEAK_HELD     0.9 /* share of the peak's goodput below which it counts as fallen */
#define POWER_ERRORS  0.01
#define TOP_SHARE     0.9 /* of the highest load, where nothing broke */
#define NEAR          4   /* steps to both sides by which the noise is estimated */
#define AGREE         0.1 /* knees that differ by no more are one */

const char *br_beyond_name(br_beyond b)
{
    static const char *const names[] = {"unknown", "graceful", "degraded", "collapse"};
    return names[b];
}

const char *br_beyond_phrase(br_beyond b)
{
    static const char *const phrases[] = {"", "degrades gracefully", "is degraded", "collapses"};
    return phrases[b];
}

/* Steps by load, and what is made of them. */
typedef struct levels {
    const br_capacity_step *steps;
    size_t n;
    const br_capacity_limits *limits;
    /* Isotonic: */
    double load[BR_CAPACITY_STEPS_MAX], goodput[BR_CAPACITY_STEPS_MAX], p95[BR_CAPACITY_STEPS_MAX],
        errors[BR_CAPACITY_STEPS_MAX];
} levels;

static int by_load(const void *a, const void *b)
{
    const br_capacity_step *x = a, *y = b;
    return (x->load > y->load) - (x->load < y->load);
}

/* The lower of the two neighbours takes the other in; percentiles become means, weighted by requests. */
static void merge_steps(br_capacity_step *into, const br_capacity_step *s)
{
    double a = (double) into->length, b = (double) s->length, all = a + b;
    double ra = (double) into->requests, rb = (double) s->requests, requests = fmax(1, ra + rb);
    into->load = (into->load * a + s->load * b) / all;
    into->throughput = (into->throughput * a + s->throughput * b) / all;
    into->goodput = (into->goodput * a + s->goodput * b) / all;
    into->p50_ms = (into->p50_ms * ra + s->p50_ms * rb) / requests;
    into->p95_ms = (into->p95_ms * ra + s->p95_ms * rb) / requests;
    into->error_share = (into->error_share * ra + s->error_share * rb) / requests;
    into->length += s->length;
    into->requests += s->requests;
    if (s->start < into->start) into->start = s->start;
}

/* Steps of the same load become one: a search asks for a level more than once. */
static size_t unite(br_capacity_step *steps, size_t n)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(steps[i].load > 0) || steps[i].length <= 0) continue;
        if (len > 0 && steps[i].load - steps[len - 1].load <= 0.001 * steps[i].load)
            merge_steps(&steps[len - 1], &steps[i]);
        else
            steps[len++] = steps[i];
    }
    return len;
}

static size_t sort_steps(const br_capacity_step *steps, size_t count, br_arena *arena, br_capacity_step **ret)
{
    br_capacity_step *copy = br_arena_zalloc(arena, (count + 1) * sizeof(*copy));
    if (count > 0) memcpy(copy, steps, count * sizeof(*copy));
    qsort(copy, count, sizeof(*copy), by_load);
    size_t n = unite(copy, count);
    while (n > BR_CAPACITY_STEPS_MAX) {
        for (size_t i = 0; i + 1 < n; i += 2) {
            copy[i / 2] = copy[i];
            merge_steps(&copy[i / 2], &copy[i + 1]);
        }
        if (n % 2) copy[n / 2] = copy[n - 1];
        n = (n + 1) / 2;
    }
    *ret = copy;
    return n;
}

/* Goodput of the steps; where it has fallen behind its peak, the peak: the knee of a service that collapses
 * is that of its rise. */
static void take_goodput(levels *l)
{
    double peak = 0;
    for (size_t i = 0; i < l->n; i++) {
        double around = l->steps[i].goodput;
        if (i > 0 && i + 1 < l->n) around = (l->steps[i - 1].goodput + around + l->steps[i + 1].goodput) / 3;
        peak = fmax(peak, around);
        l->goodput[i] = around < PEAK_HELD * peak ? peak : l->steps[i].goodput;
    }
}

static void smooth(levels *l)
{
    double length[BR_CAPACITY_STEPS_MAX], requests[BR_CAPACITY_STEPS_MAX];
    for (size_t i = 0; i < l->n; i++) {
        const br_capacity_step *s = &l->steps[i];
        l->load[i] = s->load;
        length[i] = (double) s->length;
        requests[i] = (double) s->requests + 1;
        l->p95[i] = s->p95_ms;
        l->errors[i] = s->error_share;
    }
    take_goodput(l);
    br_isotonic(l->goodput, length, l->n, l->goodput);
    br_isotonic(l->p95, requests, l->n, l->p95);
    br_isotonic(l->errors, requests, l->n, l->errors);
}

/* The goodput at a load between the steps. */
static double goodput_at(const levels *l, double load)
{
    size_t i = 0;
    while (i < l->n && l->load[i] < load)
        i++;
    if (i == 0) return l->goodput[0] * load / l->load[0];
    if (i == l->n) return l->goodput[l->n - 1];
    double share = (load - l->load[i - 1]) / (l->load[i] - l->load[i - 1]);
    return l->goodput[i - 1] + share * (l->goodput[i] - l->goodput[i - 1]);
}

/* Distance of the steps around a load. */
static double spacing_at(const levels *l, double load)
{
    size_t i = 0;
    while (i + 1 < l->n && l->load[i] < load)
        i++;
    return i > 0 ? l->load[i] - l->load[i - 1] : l->load[0];
}

/* Knee ------------------------------------------------------------------------------------------- */

/* The load of the highest power, throughput by latency; 0: unknown. */
static double power_knee(const levels *l)
{
    double best = 0, load = 0;
    for (size_t i = 0; i < l->n; i++) {
        const br_capacity_step *s = &l->steps[i];
        double power = s->p50_ms > 0 ? s->goodput / s->p50_ms : 0;
        if (power <= best || s->error_share > POWER_ERRORS) continue; /* refusals are quick */
        best = power;
        load = s->load;
    }
    return load;
}

static void set_knee(const levels *l, br_capacity_figure *ret)
{
    br_knee k;
    if (!br_knee_find(l->load, l->goodput, l->n, &k) || k.height < BR_KNEE_LEAST) return;
    double power = power_knee(l), half = spacing_at(l, k.x) / 2;
    *ret = (br_capacity_figure){
        .found = true, .load = k.x, .throughput = k.y, .load_low = k.low - half, .load_high = k.high + half};
    if (power > 0 && fabs(power - k.x) > AGREE * k.x) {
        ret->load_low = fmin(ret->load_low, power);
        ret->load_high = fmax(ret->load_high, power);
    }
}

/* Breaking point --------------------------------------------------------------------------------- */

/* A figure that rises with the load, and its limit. */
typedef struct rising {
    const double *values; /* isotonic */
    double limit;         /* 0: none */
    bool as_logarithm;    /* grows by factors */
} rising;

static double raw_of(const levels *l, const rising *r, size_t i)
{
    return r->values == l->p95 ? l->steps[i].p95_ms : l->steps[i].error_share;
}

/* Where the figure crosses the limit, between two steps; the highest load if it does not. */
static double crossing(const levels *l, const rising *r, double limit)
{
    size_t i = 0;
    while (i < l->n && r->values[i] <= limit)
        i++;
    if (i == l->n) return l->load[l->n - 1];
    if (i == 0) return l->load[0] / 2;
    double from = r->values[i - 1], to = r->values[i], share = (limit - from) / (to - from);
    if (r->as_logarithm && from > 0) share = log(limit / from) / log(to / from);
    return l->load[i - 1] + share * (l->load[i] - l->load[i - 1]);
}

/* How far single steps are off the rising curve near the limit, relative to the limit. */
static double noise_of(const levels *l, const rising *r)
{
    size_t i = 0, n = 0;
    double squares = 0;
    while (i < l->n && r->values[i] <= r->limit)
        i++;
    for (size_t k = i > NEAR ? i - NEAR : 0; k < l->n && k <= i + NEAR; k++, n++) {
        double off = (raw_of(l, r, k) - r->values[k]) / fmax(r->limit, r->values[k]);
        squares += off * off;
    }
    return n > 0 ? sqrt(squares / (double) n) : 0;
}

static bool breaks(const levels *l, const rising *r)
{
    return r->limit > 0 && r->values[l->n - 1] > r->limit;
}

static void set_breaking(const levels *l, br_capacity_figure *ret)
{
    rising latency = {l->p95, l->limits->p95_ms, true}, errors = {l->errors, l->limits->error_share, false};
    const rising *first = &latency;
    if (!breaks(l, &latency) ||
        (breaks(l, &errors) && crossing(l, &errors, errors.limit) < crossing(l, &latency, latency.limit)))
        first = &errors;
    if (!breaks(l, first)) return;
    double off = fmin(0.5, noise_of(l, first));
    ret->found = true;
    ret->load = crossing(l, first, first->limit);
    double step = spacing_at(l, ret->load);
    ret->load_low = fmax(0, crossing(l, first, first->limit * (1 - off)) - step);
    ret->load_high = crossing(l, first, first->limit * (1 + off)) + step;
    ret->throughput = goodput_at(l, ret->load);
}

/* Beyond ----------------------------------------------------------------------------------------- */

/* The best of some neighbouring steps: that of one would be the luckiest. */
static double best_goodput(const levels *l)
{
    size_t span = l->n / BEST_SHARE > BEST_LEAST ? l->n / BEST_SHARE : BEST_LEAST;
    double best = 0;
    for (size_t i = 0; i + span <= l->n; i++) {
        double sum = 0, time = 0;
        for (size_t k = i; k < i + span; k++) {
            sum += l->steps[k].goodput * (double) l->steps[k].length;
            time += (double) l->steps[k].length;
        }
        best = fmax(best, sum / time);
    }
    return best;
}

static br_beyond beyond_of(double share)
{
    if (share >= BR_GRACEFUL_SHARE) return BR_BEYOND_GRACEFUL;
    return share >= BR_GRACEFUL_COLLAPSE ? BR_BEYOND_DEGRADED : BR_BEYOND_COLLAPSE;
}

/* Where the loads begin that are beyond what the service can do, or the highest that it saw. */
static double beyond_from(const levels *l, const br_capacity_figure *breaking)
{
    double highest = l->load[l->n - 1];
    if (!breaking->found) return TOP_SHARE * highest;
    double from = fmin(highest, BEYOND_FACTOR * breaking->load);
    return fmax(fmin(from, l->load[l->n - 3]), fmin(highest, breaking->load)); /* three steps if there are */
}

static void set_beyond(const levels *l, br_capacity_report *r)
{
    double from = beyond_from(l, &r->breaking), sum = 0, time = 0, failed = 0, requests = 0;
    for (size_t i = 0; i < l->n; i++) {
        const br_capacity_step *s = &l->steps[i];
        if (s->load < from) continue;
        if (time <= 0) r->beyond_load = s->load;
        sum += s->goodput * (double) s->length;
        time += (double) s->length;
        failed += s->error_share * (double) s->requests;
        requests += (double) s->requests;
    }
    r->best_goodput = fmax(best_goodput(l), sum / time); /* fewer steps than those may be better */
    if (r->best_goodput <= 0) return;
    r->goodput_beyond = sum / time / r->best_goodput;
    r->beyond_errors = requests > 0 ? failed / requests : 0;
    r->beyond = beyond_of(r->goodput_beyond);
}

/* The law ---------------------------------------------------------------------------------------- */

static bool met_limits(const levels *l, const br_capacity_step *s)
{
    return (l->limits->error_share <= 0 || s->error_share <= l->limits->error_share) && s->requests > 0;
}

static void set_law(const levels *l, br_capacity_report *r)
{
    double load[BR_CAPACITY_STEPS_MAX], x[BR_CAPACITY_STEPS_MAX];
    size_t n = 0;
    br_usl u;
    for (size_t i = 0; i < l->n && !r->open; i++) {
        if (!met_limits(l, &l->steps[i])) continue;
        load[n] = l->steps[i].load;
        x[n++] = l->steps[i].throughput;
    }
    if (!br_usl_fit(load, x, n, &u) || u.explained < USL_EXPLAINED) return;
    r->usl = true;
    r->usl_lambda = u.lambda;
    r->usl_sigma = u.sigma;
    r->usl_kappa = u.kappa;
    r->usl_load_max = u.load_max;
    r->usl_throughput_max = u.throughput_max;
    r->usl_throughput_low = u.ceiling_low;
    r->usl_throughput_high = u.ceiling_high;
}

/* Words ------------------------------------------------------------------------------------------ */

static const char *unit_of(const br_capacity_report *r)
{
    return r->open ? "starts/s" : "virtual users";
}

/* Loads of a closed model are means over a level; of users there are whole ones. */
static double whole(const br_capacity_report *r, double load, double (*rounded)(double))
{
    return r->open ? load : rounded(load);
}

const char *br_capacity_load_text(const br_capacity_report *r, double load, br_arena *arena)
{
    return br_arena_printf(arena, "%.*g %s", r->open ? 4 : 9, whole(r, load, round), unit_of(r));
}

const char *br_capacity_range_text(const br_capacity_report *r, double low, double high, br_arena *arena)
{
    int digits = r->open ? 4 : 9;
    return br_arena_printf(arena, "%.*g to %.*g", digits, whole(r, low, floor), digits, whole(r, high, ceil));
}

const char *br_capacity_beyond_text(const br_capacity_report *r, br_arena *arena)
{
    int digits = r->open ? 4 : 9;
    double from = whole(r, r->beyond_load, round), to = whole(r, r->steps[r->step_count - 1].load, round);
    const char *range = from < to ? br_arena_printf(arena, "from %.*g to %.*g", digits, from, digits, to)
                                  : br_arena_printf(arena, "at %.*g", digits, to);
    return br_arena_printf(arena, "%s %s goodput was %.1f/s, %.1f %% of the best %.1f/s", range, unit_of(r),
        r->goodput_beyond * r->best_goodput, r->goodput_beyond * 100, r->best_goodput);
}

static void put_figure(
    br_buf *out, const char *what, const br_capacity_report *r, const br_capacity_figure *f, br_arena *arena)
{
    (void) br_buf_printf(out, "%s %s (%s) with %.4g requests/s", what,
        br_capacity_load_text(r, f->load, arena), br_capacity_range_text(r, f->load_low, f->load_high, arena),
        f->throughput);
}

static void say(const levels *l, br_capacity_report *r, br_arena *arena)
{
    const char *highest = br_capacity_load_text(r, l->load[l->n - 1], arena);
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    if (r->knee.found)
        put_figure(&out, "The knee is at", r, &r->knee, arena);
    else
        (void) br_buf_printf(&out, "No knee up to %s: throughput still grew with the load", highest);
    if (r->breaking.found)
        put_figure(&out, "; the limits are missed from", r, &r->breaking, arena);
    else
        (void) br_buf_printf(&out, "; the limits were met up to the highest load of %s", highest);
    if (r->beyond != BR_BEYOND_UNKNOWN)
        (void) br_buf_printf(
            &out, "; %s: the service %s", br_capacity_beyond_text(r, arena), br_beyond_phrase(r->beyond));
    (void) br_buf_putc(&out, '.');
    if (r->usl && r->usl_throughput_max > 0)
        (void) br_buf_printf(&out,
            " By the universal scalability law no more than %.4g requests/s (%.4g to %.4g) are possible, at "
            "%s.",
            r->usl_throughput_max, r->usl_throughput_low, r->usl_throughput_high,
            br_capacity_load_text(r, r->usl_load_max, arena));
    r->sentence = br_arena_str(arena, br_buf_view(&out));
    br_buf_deinit(&out);
}

void br_capacity_judge(const br_capacity_step *steps, size_t count, bool open,
    const br_capacity_limits *limits, br_arena *arena, br_capacity_report *ret)
{
    levels l = {.limits = limits};
    *ret = (br_capacity_report){.open = open};
    ret->step_count = l.n = sort_steps(steps, count, arena, &ret->steps);
    l.steps = ret->steps;
    if (l.n < BR_CAPACITY_STEPS_MIN) {
        ret->sentence = br_str_of(br_arena_printf(arena,
            "Capacity was not measured: %zu levels of load are too few, %d are needed.", l.n,
            BR_CAPACITY_STEPS_MIN));
        return;
    }
    ret->measured = true;
    smooth(&l);
    set_knee(&l, &ret->knee);
    set_breaking(&l, &ret->breaking);
    set_beyond(&l, ret);
    set_law(&l, ret);
    say(&l, ret, arena);
}
