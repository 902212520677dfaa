/*
 * stat/distributions.h - the distributions that intervals and tests are read off.
 *
 * What: normal, Student's t, and the null distribution of the rank-sum statistic.
 * Why here: everything that speaks of certainty needs them; pure numbers.
 * Threads: any; pure.
 * Sources: normal quantile by Acklam's rational approximation with one step of Halley (relative error below
 *     1e-9); the incomplete beta function by its continued fraction (Lentz); rank sums counted exactly.
 */
#pragma once
#include <stddef.h>

double br_normal_cdf(double z);
double br_normal_quantile(double p); /* p in (0, 1); outside: -infinity or infinity */

/* df > 0, not necessarily whole. */
double br_student_cdf(double t, double df);
double br_student_quantile(double p, double df);

/*
 * Mann-Whitney: of n and m values without ties, the probability that at most `u` of the n*m pairs have the
 * second value smaller. n, m >= 1. Exact up to BR_RANK_EXACT_MAX pairs, beyond by the normal approximation
 * with continuity correction.
 */
#define BR_RANK_EXACT_MAX 400
double br_rank_cdf(size_t n, size_t m, double u);
