/* The levels of load of a run, from its slices. */
#include <math.h>
#include "base/mem.h"
#include "judge/capacity.h"

#define SAME_LOAD      0.02 /* loads that differ by no more are one level */
#define SAME_USERS     0.5
#define LEVEL_SLICES   5   /* at least */
#define LEVELS_SHARE   0.6 /* of the time in levels, for it to be a staircase */
#define LEVELS_MIN     3
#define BINS_MOST      40
#define BIN_REQUESTS   200 /* in each on average, for a p95 that means something */
#define SETTLING_SHARE 10  /* 1 / share of a level that the change to it takes */

static double seconds(br_ns t)
{
    return (double) t / (double) BR_SEC;
}

bool br_capacity_is_open(const br_run_result *r)
{
    size_t open = 0, closed = 0;
    for (size_t i = 0; i < r->scenario_count; i++) {
        const br_result_scenario *s = &r->scenarios[i];
        if (r->probe.n && br_str_eq(s->name, r->probe)) continue;
        bool is_open = br_str_ends(s->executor, BR_STR("arrival-rate"));
        open += is_open;
        closed += !is_open;
    }
    return open > 0 && closed == 0;
}

/* Load of each slice: starts per second, or the mean of the virtual users at its two ends. */
static double *loads_of(const br_run_result *r, bool open)
{
    double *load = BR_NEW_ARRAY(double, r->slice_count + 1), before = r->slices[0].vus;
    for (size_t i = 0; i < r->slice_count; i++) {
        const br_slice *s = &r->slices[i];
        load[i] = open ? (double) s->starts / seconds(s->length) : (before + s->vus) / 2;
        before = s->vus;
    }
    return load;
}

/* Adding up slices to a step --------------------------------------------------------------------- */

typedef struct adder {
    br_ns start, length;
    double load_time;
    uint64_t requests, failed, dropped;
    br_hist latency_us;
} adder;

static adder new_adder(void)
{
    adder a = {.start = BR_NS_MAX};
    br_hist_init(&a.latency_us);
    return a;
}

static void add(adder *a, const br_slice *s, double load)
{
    if (s->start < a->start) a->start = s->start;
    a->length += s->length;
    a->load_time += load * seconds(s->length);
    a->requests += s->requests;
    a->failed += s->failed;
    a->dropped += s->dropped;
    br_hist_merge(&a->latency_us, &s->latency_us);
}

/* Ends the adder; false: nothing was added. */
static bool to_step(adder *a, br_capacity_step *ret)
{
    double length = seconds(a->length), offered = (double) (a->requests + a->dropped);
    if (a->length > 0) {
        *ret = (br_capacity_step){.start = a->start,
            .length = a->length,
            .load = a->load_time / length,
            .throughput = (double) a->requests / length,
            .goodput = (double) (a->requests - a->failed) / length,
            .p50_ms = br_hist_quantile(&a->latency_us, 0.50) / 1000,
            .p95_ms = br_hist_quantile(&a->latency_us, 0.95) / 1000,
            .error_share = offered > 0 ? (double) (a->failed + a->dropped) / offered : 0,
            .requests = a->requests};
    }
    br_hist_deinit(&a->latency_us);
    return a->length > 0;
}

/* Levels ----------------------------------------------------------------------------------------- */

static bool same(double a, double b, bool open)
{
    double room = fmax(SAME_LOAD * fmax(a, b), open ? 0 : SAME_USERS);
    /* Starts of a second vary by one, and a second's edge takes another. */
    return fabs(a - b) <= (open ? fmax(room, 2) : room);
}

static size_t level_end(const double *load, size_t from, size_t n, bool open)
{
    size_t to = from + 1;
    double sum = load[from];
    while (to < n && same(load[to], sum / (double) (to - from), open))
        sum += load[to++];
    return to;
}

static size_t find_levels(
    const br_run_result *r, const double *load, bool open, br_capacity_step *ret, size_t *ret_slices)
{
    size_t count = 0;
    for (size_t from = 0, to; from < r->slice_count && count < BR_CAPACITY_STEPS_MAX; from = to) {
        to = level_end(load, from, r->slice_count, open);
        if (to - from < LEVEL_SLICES || load[from + 1] <= 0) continue;
        adder a = new_adder();
        for (size_t i = from + 1 + (to - from) / SETTLING_SHARE; i < to; i++)
            add(&a, &r->slices[i], load[i]);
        count += to_step(&a, &ret[count]);
        *ret_slices += to - from;
    }
    return count;
}

/* Ramps ------------------------------------------------------------------------------------------ */

/* Slices until the load falls for good: what comes down again still suffers from the top. */
static size_t rising_end(const double *load, size_t n, double highest)
{
    size_t end = n;
    while (end > 0 && load[end - 1] < 0.995 * highest)
        end--;
    return end;
}

/* Starts of single seconds go up and down by chance; bins of them would be bins of chance. */
static void smooth_loads(double *load, size_t n, size_t half)
{
    double *sums = BR_NEW_ARRAY(double, n + 1);
    for (size_t i = 0; i < n; i++)
        sums[i + 1] = sums[i] + load[i];
    for (size_t i = 0; i < n; i++) {
        size_t reach = i < half ? i : half; /* symmetric, so that a ramp stays one */
        if (n - 1 - i < reach) reach = n - 1 - i;
        load[i] = (sums[i + reach + 1] - sums[i - reach]) / (double) (2 * reach + 1);
    }
    br_free(sums);
}

/* As many as requests and slices allow; a slice is not divided. */
static size_t bins_for(const br_run_result *r, size_t slices)
{
    uint64_t requests = 0;
    for (size_t i = 0; i < slices; i++)
        requests += r->slices[i].requests;
    uint64_t bins = requests / BIN_REQUESTS < slices ? requests / BIN_REQUESTS : slices;
    return bins < BINS_MOST ? (size_t) bins : BINS_MOST;
}

static size_t bin_ramp(const br_run_result *r, double *load, bool open, br_capacity_step *ret)
{
    double highest = 0;
    if (open) smooth_loads(load, r->slice_count, r->slice_count / BINS_MOST / 2 + 2);
    for (size_t i = 0; i < r->slice_count; i++)
        highest = fmax(highest, load[i]);
    size_t end = rising_end(load, r->slice_count, highest), count = 0;
    size_t bins = bins_for(r, end);
    if (highest <= 0) return 0;
    for (size_t b = 0; b < bins; b++) {
        adder a = new_adder();
        for (size_t i = 0; i < end; i++) {
            size_t bin = (size_t) (load[i] / highest * (double) bins);
            if (load[i] > 0 && (bin < bins ? bin : bins - 1) == b) add(&a, &r->slices[i], load[i]);
        }
        count += to_step(&a, &ret[count]);
    }
    return count;
}

void br_capacity_steps(
    const br_run_result *result, br_arena *arena, br_capacity_step **ret, size_t *ret_count)
{
    *ret = br_arena_zalloc(arena, BR_CAPACITY_STEPS_MAX * sizeof(**ret));
    *ret_count = 0;
    if (result->slice_count == 0) return;
    bool open = br_capacity_is_open(result);
    double *load = loads_of(result, open);
    size_t in_levels = 0, count = find_levels(result, load, open, *ret, &in_levels);
    if (count < LEVELS_MIN || (double) in_levels < LEVELS_SHARE * (double) result->slice_count)
        count = bin_ramp(result, load, open, *ret);
    *ret_count = count;
    br_free(load);
}
