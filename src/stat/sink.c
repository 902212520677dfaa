#include "stat/sink.h"

#include <math.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/mem.h"
#include "base/num.h"

#define EXACT_FIRST 16 /* values that the first allocation holds */

const char *br_metric_type_name(br_metric_type t)
{
    static const char *const names[] = {"counter", "gauge", "rate", "trend"};
    return names[t];
}

const char *br_metric_contains_name(br_metric_contains c)
{
    static const char *const names[] = {"default", "time", "data"};
    return names[c];
}

/* Life cycle ------------------------------------------------------------------------------------ */

void br_sink_init(br_sink *s, br_metric_type type)
{
    *s = (br_sink){.type = type};
}

static void hist_free(br_hist *h)
{
    if (!h) return;
    br_hist_deinit(h);
    br_free(h);
}

void br_sink_deinit(br_sink *s)
{
    br_free(s->exact);
    hist_free(s->hist);
    hist_free(s->negative);
    hist_free(s->_spare[0]);
    hist_free(s->_spare[1]);
    br_sink_init(s, s->type);
}

static void put_aside(br_sink *s, br_hist *h)
{
    if (!h) return;
    br_hist_reset(h);
    s->_spare[s->_spare[0] ? 1 : 0] = h;
}

void br_sink_reset(br_sink *s)
{
    put_aside(s, s->hist);
    put_aside(s, s->negative);
    *s = (br_sink){.type = s->type,
        .exact = s->exact,
        .exact_cap = s->exact_cap,
        ._spare = {s->_spare[0], s->_spare[1]}};
}

static BR_NOINLINE br_hist *hist_take(br_sink *s)
{
    br_hist *h = s->_spare[0];
    if (h) {
        s->_spare[0] = s->_spare[1];
        s->_spare[1] = NULL;
        return h;
    }
    h = BR_NEW(br_hist);
    br_hist_init(h);
    return h;
}

/* Trends ---------------------------------------------------------------------------------------- */

/* A magnitude in histogram steps; what is too large counts as the largest, NaN as 0. */
static inline int64_t steps_of(double magnitude)
{
    double steps = magnitude * BR_SINK_STEPS_PER_UNIT + 0.5;
    if (BR_UNLIKELY(!(steps < 0x1p63))) return steps >= 0x1p63 ? BR_HIST_VALUE_MAX : 0;
    return (int64_t) steps;
}

static inline void record(br_sink *s, double value)
{
    if (BR_LIKELY(value >= 0)) {
        br_hist_record(s->hist, steps_of(value));
        return;
    }
    if (!s->negative) s->negative = hist_take(s);
    br_hist_record(s->negative, steps_of(-value));
}

static BR_NOINLINE void spill(br_sink *s)
{
    if (s->hist) return;
    s->hist = hist_take(s);
    for (uint32_t i = 0; i < s->exact_len; i++) {
        record(s, s->exact[i]);
    }
    s->exact_len = 0;
}

/* Room for `more` values in `exact`; the caller has seen that they fit under the limit. */
static BR_NOINLINE void exact_reserve(br_sink *s, uint32_t more)
{
    uint32_t need = s->exact_len + more;
    uint32_t cap = s->exact_cap ? s->exact_cap : EXACT_FIRST;
    while (cap < need) {
        cap *= 2;
    }
    if (cap > BR_SINK_EXACT_MAX) cap = BR_SINK_EXACT_MAX;
    BR_ASSERT(need <= cap);
    s->exact = br_realloc(s->exact, cap * sizeof(s->exact[0]));
    s->exact_cap = cap;
}

static inline void widen(br_sink *s, double min, double max)
{
    if (s->count == 0 || min < s->min) s->min = min;
    if (s->count == 0 || max > s->max) s->max = max;
}

static inline void add_trend(br_sink *s, double value)
{
    widen(s, value, value);
    s->sum += value;
    if (BR_UNLIKELY(!s->hist)) {
        if (s->exact_len < BR_SINK_EXACT_MAX) {
            if (s->exact_len == s->exact_cap) exact_reserve(s, 1);
            s->exact[s->exact_len++] = value;
            return;
        }
        spill(s);
    }
    record(s, value);
}

static void merge_exact(br_sink *into, const br_sink *from)
{
    if (!into->hist && into->exact_len + from->exact_len <= BR_SINK_EXACT_MAX) {
        if (into->exact_len + from->exact_len > into->exact_cap) exact_reserve(into, from->exact_len);
        memcpy(into->exact + into->exact_len, from->exact, from->exact_len * sizeof(from->exact[0]));
        into->exact_len += from->exact_len;
        return;
    }
    spill(into);
    for (uint32_t i = 0; i < from->exact_len; i++) {
        record(into, from->exact[i]);
    }
}

static void merge_trend(br_sink *into, const br_sink *from)
{
    widen(into, from->min, from->max);
    if (!from->hist) {
        merge_exact(into, from);
        return;
    }
    spill(into);
    br_hist_merge(into->hist, from->hist);
    if (!from->negative) return;
    if (!into->negative) into->negative = hist_take(into);
    br_hist_merge(into->negative, from->negative);
}

/* Adding and merging ---------------------------------------------------------------------------- */

static inline void set_last(br_sink *s, double value, br_ns at)
{
    if (s->count && at < s->last_at) return;
    s->last = value;
    s->last_at = at;
}

void br_sink_add(br_sink *s, double value, br_ns at)
{
    switch (s->type) {
        case BR_COUNTER: s->sum += value; break;
        case BR_GAUGE:
            widen(s, value, value);
            set_last(s, value, at);
            break;
        case BR_RATE: s->nonzero += value != 0; break;
        case BR_TREND: add_trend(s, value); break;
    }
    s->count++;
}

void br_sink_merge(br_sink *into, const br_sink *from)
{
    BR_ASSERT(into->type == from->type);
    if (from->count == 0) return;
    if (into->type == BR_TREND) {
        merge_trend(into, from);
    } else if (into->type == BR_GAUGE) {
        widen(into, from->min, from->max);
        set_last(into, from->last, from->last_at);
    }
    into->count += from->count;
    into->nonzero += from->nonzero;
    into->sum += from->sum;
}

/* Reading --------------------------------------------------------------------------------------- */

double br_sink_avg(const br_sink *s)
{
    return s->count ? s->sum / (double) s->count : 0;
}

static int compare_doubles(const void *a, const void *b)
{
    double x, y;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

/* The values at `rank` and behind it in sorted order; both ranks exist. */
typedef struct neighbours {
    double low, high;
} neighbours;

static neighbours exact_at(const br_sink *s, uint64_t rank)
{
    double *sorted = BR_NEW_ARRAY(double, s->exact_len);
    memcpy(sorted, s->exact, s->exact_len * sizeof(sorted[0]));
    qsort(sorted, s->exact_len, sizeof(sorted[0]), compare_doubles);
    neighbours n = {sorted[rank], sorted[rank + 1 < s->exact_len ? rank + 1 : rank]};
    br_free(sorted);
    return n;
}

/* Negative values come first, the largest magnitude at rank 0. The outermost ones are known exactly. */
static double spilled_value(const br_sink *s, uint64_t rank)
{
    if (rank == 0) return s->min;
    if (rank >= s->count - 1) return s->max;
    uint64_t below_zero = s->negative ? s->negative->total : 0;
    double v = rank < below_zero
                   ? -br_hist_value_at(s->negative, below_zero - 1 - rank) / BR_SINK_STEPS_PER_UNIT
                   : br_hist_value_at(s->hist, rank - below_zero) / BR_SINK_STEPS_PER_UNIT;
    return v < s->min ? s->min : v > s->max ? s->max : v;
}

double br_sink_percentile(const br_sink *s, double p)
{
    if (s->type != BR_TREND || s->count == 0) return 0;
    double at = (p > 0 ? p < 100 ? p / 100 : 1 : 0) * (double) (s->count - 1);
    uint64_t rank = (uint64_t) at;
    double part = at - (double) rank;
    neighbours n;
    if (s->hist) {
        n.low = spilled_value(s, rank);
        n.high = part > 0 ? spilled_value(s, rank + 1) : n.low;
    } else {
        n = exact_at(s, rank);
    }
    return n.low + (n.high - n.low) * part;
}

/* Aggregations ---------------------------------------------------------------------------------- */

static const char *const agg_names[] = {"avg", "min", "med", "max", "count", "rate", "value", "p"};

const char *br_agg_name(br_agg agg)
{
    return agg_names[agg];
}

br_code br_agg_parse(br_str text, br_agg_spec *ret_spec)
{
    for (unsigned i = 0; i < BR_AGG_P; i++) {
        if (!br_str_is(text, agg_names[i])) continue;
        *ret_spec = (br_agg_spec){.agg = (br_agg) i};
        return BR_OK;
    }
    if (text.n < 4 || !br_str_starts(text, BR_STR("p(")) || text.p[text.n - 1] != ')') return BR_ESYNTAX;
    double p;
    br_code rc = br_parse_f64(br_str_sub(text, 2, text.n - 1), &p);
    if (rc != BR_OK) return rc;
    if (p < 0 || p > 100) return BR_ELIMIT;
    *ret_spec = (br_agg_spec){.agg = BR_AGG_P, .p = p};
    return BR_OK;
}

static double share(const br_sink *s)
{
    return s->count ? (double) s->nonzero / (double) s->count : 0;
}

static double per_second(const br_sink *s, br_ns duration)
{
    if (s->type == BR_RATE) return share(s);
    if (s->type != BR_COUNTER || duration <= 0) return 0;
    return s->sum / ((double) duration / (double) BR_SEC);
}

static double plain_value(const br_sink *s)
{
    switch (s->type) {
        case BR_COUNTER: return s->sum;
        case BR_GAUGE: return s->last;
        case BR_RATE: return share(s);
        case BR_TREND: break;
    }
    return 0;
}

double br_sink_value(const br_sink *s, br_agg_spec spec, br_ns duration)
{
    switch (spec.agg) {
        case BR_AGG_AVG: return s->type == BR_TREND ? br_sink_avg(s) : 0;
        case BR_AGG_MIN: return s->min;
        case BR_AGG_MED: return br_sink_percentile(s, 50);
        case BR_AGG_MAX: return s->max;
        case BR_AGG_COUNT: return s->type == BR_COUNTER ? s->sum : (double) s->count;
        case BR_AGG_RATE: return per_second(s, duration);
        case BR_AGG_VALUE: return plain_value(s);
        case BR_AGG_P: return br_sink_percentile(s, spec.p);
    }
    return 0;
}

bool br_agg_fits(br_agg agg, br_metric_type type)
{
    switch (type) {
        case BR_COUNTER: return agg == BR_AGG_COUNT || agg == BR_AGG_RATE;
        case BR_GAUGE: return agg == BR_AGG_VALUE;
        case BR_RATE: return agg == BR_AGG_RATE;
        case BR_TREND: break;
    }
    return agg != BR_AGG_COUNT && agg != BR_AGG_RATE && agg != BR_AGG_VALUE;
}

const char *br_agg_list(br_metric_type type)
{
    static const char *const lists[] = {"count, rate", "value", "rate", "avg, min, max, med, p(N)"};
    return lists[type];
}
