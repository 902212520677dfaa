/*
 * judge/usl.h - the universal scalability law, X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1)).
 *
 * What: lambda (throughput of one), sigma (share that waits in line), kappa (share that waits for agreement)
 * from levels of concurrency with their throughput; where the maximum lies. Why here: capacity.c asks; pure,
 * so that it can be held against published examples. Threads: any; pure, random numbers have a fixed seed.
 * Source: Gunther, "Guerrilla Capacity Planning", 2007; Schwartz, "Practical Scalability Analysis with the
 *     Universal Scalability Law", 2015. Linear start on N/X, then Gauss-Newton with shortened steps.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#define BR_USL_POINTS_MIN 6
#define BR_USL_POINTS_MAX 400

typedef struct br_usl {
    double lambda, sigma, kappa;      /* all >= 0, lambda > 0 */
    double load_max, throughput_max;  /* 0: kappa is 0, throughput nears lambda / sigma */
    double ceiling;                   /* throughput_max, else lambda / sigma, else 0: no end in sight */
    double ceiling_low, ceiling_high; /* 95 % by resampling of the residuals, 0 if ceiling is */
    double explained;                 /* share of the variance, up to 1 */
} br_usl;

/* false, *ret untouched: too few points, or none that the law could explain (lambda would not be above 0). */
bool br_usl_fit(const double *load, const double *throughput, size_t n, br_usl *ret);
