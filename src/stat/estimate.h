/*
 * stat/estimate.h - estimates with their intervals.
 *
 * What: order statistics of a quantile, Wilson's interval of a share, Hodges and Lehmann's shift between two
 *     groups with the interval that ranks give, false discovery rate of many tests.
 * Why here: judge/ speaks of certainty in many places; the formulas live once.
 * Threads: any; pure.
 */
#pragma once
#include <stdbool.h>
#include "stat/hist.h"

typedef struct br_bounds {
    double low, high;
} br_bounds;

/*
 * Between which of the recorded values quantile q of the distribution lies, by order statistics: ranks by the
 * binomial distribution, of more than 1,000 values by nq -+ z sqrt(nq(1-q)). A bound beyond the least or
 * largest value is not known: -INFINITY or INFINITY.
 */
br_bounds br_quantile_interval(const br_hist *h, double q, double z);
/* Ranks (0-based) of that interval; may be -1 and n: not known. */
void br_quantile_ranks(uint64_t n, double q, double z, int64_t *ret_low, int64_t *ret_high);
/* Squared standard error of the logarithm of the quantile, of at least three values; else 0. */
double br_quantile_log_variance(const br_hist *h, double q);

/* Of a share, k of n (Wilson 1927); n 0: 0 to 1. */
br_bounds br_wilson(double k, double n, double z);
/* Of the expectation of a count (Byar's approximation, Breslow and Day 1987, p. 69). */
br_bounds br_count_interval(double count, double z);

double br_median(double *values, size_t n); /* sorts; 0 if n == 0 */

/* How far `b` lies above `a`: median of all differences (Hodges and Lehmann 1963). */
typedef struct br_rank_shift {
    double shift;
    br_bounds interval; /* two-sided at `confidence`, from the exact rank-sum distribution; may be infinite */
    double p_greater;   /* one-sided: that b is not above a, ties counting against */
    double p_least;     /* the smallest p_greater that so many values can give */
} br_rank_shift;
/* n, m >= 1; n * m <= BR_RANK_SHIFT_MAX. */
#define BR_RANK_SHIFT_MAX 1000000
br_rank_shift br_rank_shift_of(const double *a, size_t n, const double *b, size_t m, double confidence);

/* Benjamini and Hochberg 1995: q[i], the least false discovery rate at which test i is a discovery. */
void br_false_discovery(const double *p, size_t n, double *ret_q);
