/*
 * stat/sink.h - what is kept of the samples of one metric or sub-metric.
 *
 * What: k6's four kinds (counter, gauge, rate, trend) in one struct that merges.
 * Why here: workers, the collector, thresholds and summaries all speak of sinks.
 * Threads: one writer.
 * Memory: a trend keeps its first BR_SINK_EXACT_MAX values as they are, so that small runs give exact
 *     percentiles; then it moves them into histograms (one for values >= 0, one for negatives) in steps of
 *     1e-6 of its unit, and never grows again.
 * Invariants: count is the number of samples; hist != NULL means exact_len == 0. Whether a trend is exact
 *     depends on its count alone, so percentiles are the same however samples were split before a merge.
 */
#pragma once
#include "base/clock.h"
#include "stat/hist.h"

typedef enum br_metric_type { BR_COUNTER, BR_GAUGE, BR_RATE, BR_TREND } br_metric_type;
typedef enum br_metric_contains {
    BR_CONTAINS_DEFAULT,
    BR_CONTAINS_TIME,
    BR_CONTAINS_DATA
} br_metric_contains;
const char *br_metric_type_name(br_metric_type t);         /* "counter" ... */
const char *br_metric_contains_name(br_metric_contains c); /* "default", "time", "data" */

#define BR_SINK_EXACT_MAX      1000
#define BR_SINK_STEPS_PER_UNIT 1e6 /* histogram steps per unit: a nanosecond for values in ms */

typedef struct br_sink {
    br_metric_type type;
    uint64_t count;
    uint64_t nonzero; /* rate: samples that are not 0 */
    double sum;       /* counter: the total; trend: for avg */
    double min, max;  /* gauge, trend; valid if count > 0 */
    double last;      /* gauge */
    br_ns last_at;    /* gauge: of `last`, decides merges */
    double *exact;    /* trend: [exact_len], cap grows to BR_SINK_EXACT_MAX */
    uint32_t exact_len, exact_cap;
    br_hist *hist, *negative; /* trend, after spilling; negative may be NULL */
    br_hist *_spare[2];       /* histograms that a reset put aside */
} br_sink;

void br_sink_init(br_sink *s, br_metric_type type);
void br_sink_deinit(br_sink *s);
void br_sink_reset(br_sink *s);                         /* keeps memory */
void br_sink_add(br_sink *s, double value, br_ns at);   /* value finite */
void br_sink_merge(br_sink *into, const br_sink *from); /* same type */

double br_sink_avg(const br_sink *s);                  /* 0 if empty */
double br_sink_percentile(const br_sink *s, double p); /* p in [0, 100]; k6's interpolation; 0 if empty */

/* An aggregation named in a threshold or in summaryTrendStats. */
typedef enum br_agg {
    BR_AGG_AVG,
    BR_AGG_MIN,
    BR_AGG_MED,
    BR_AGG_MAX,
    BR_AGG_COUNT,
    BR_AGG_RATE,
    BR_AGG_VALUE,
    BR_AGG_P
} br_agg;
typedef struct br_agg_spec {
    br_agg agg;
    double p; /* for BR_AGG_P */
} br_agg_spec;

/* "avg" "min" "med" "max" "count" "rate" "value" "p(99.9)"; BR_ESYNTAX, BR_ELIMIT (p outside 0..100). */
BR_NODISCARD br_code br_agg_parse(br_str text, br_agg_spec *ret_spec);

/* Value of an aggregation; counter rate = sum / duration (0 if duration is 0), rate's rate = nonzero / count.
 */
/* Aggregations that a type does not have give 0, but `count` is the number of samples for all but counters.
 */
double br_sink_value(const br_sink *s, br_agg_spec spec, br_ns duration);
bool br_agg_fits(
    br_agg agg, br_metric_type type); /* k6: counter count,rate; gauge value; rate rate; trend the rest */
const char *br_agg_name(br_agg agg);  /* "avg" ... "p" */
const char *br_agg_list(br_metric_type type); /* those that fit: "count, rate" */
