/*
 * report/quick_figures.h - figures of a load without a script that several reports show.
 *
 * What: lists of percentiles, a histogram in few bars, and when a percentile rests on too little.
 * Threads: any.
 */
#pragma once
#include "stat/quick_result.h"

#define BR_PERCENTILES_MAX 64
#define BR_BARS_MAX        64

/* Percentiles that are shown, 0..100. */
typedef struct br_percentiles {
    double list[BR_PERCENTILES_MAX];
    size_t count;
} br_percentiles;

typedef struct br_bars {
    size_t count;
    double to_ns[BR_BARS_MAX]; /* upper edges, rising; the last is the largest value */
    uint64_t counts[BR_BARS_MAX];
    uint64_t most;
} br_bars;

/*
 * Edges on a scale of ratios from the smallest value to p99.9; what is above that is in the last bar. Empty
 * for an empty histogram. 2 <= rows <= BR_BARS_MAX.
 */
br_bars br_bars_of(const br_hist *h, size_t rows);

/*
 * How many values it takes to say with 95 % certainty what the percentile is at most: the largest of n values
 * is above the quantile q with probability 1 - q^n. Source: order statistics; 59 for p95, 299 for p99. 0 for
 * p100, which no number of values bounds, and for p0.
 */
uint64_t br_percentile_needs(double percentile);
