/*
 * judge/trend.h - the slope of a noisy series, with an interval that can be believed.
 *
 * What: Theil-Sen slope; its interval from Kendall's ranks, widened where neighbours are alike.
 * Why here: memory over hours is no Gaussian noise around a line: outliers and dependence are the rule.
 * Threads: any; pure.
 * Memory: n^2 / 2 numbers while it runs.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#define BR_TREND_POINTS_MAX 512
#define BR_TREND_Z95        1.959964 /* two-sided 95 % of the normal distribution */

typedef struct br_trend {
    double slope, low, high; /* units of y per unit of t */
    double intercept;        /* median of y - slope * t */
    double inflation;        /* of the variance of Kendall's S for dependence, >= 1 */
} br_trend;

/*
 * t ascending, n from 3 to BR_TREND_POINTS_MAX; false, and *ret untouched, with fewer points or no time
 * between them. z: quantile of the normal distribution for the interval. `dependent`: widen it for
 * autocorrelation of the residuals' ranks.
 * Sources: Sen, JASA 63 (1968), with the correction for ties; Hamed and Rao, J. Hydrology 204 (1998), whose
 * factor n/n_eff uses the autocorrelations that differ from 0 at 5 %, here up to lag n/3. It is too small
 * where the dependence is strong, so it is at least that of a first-order process (Yue and Wang, Water Res.
 * Mgmt. 18, 2004).
 */
bool br_trend_fit(const double *t, const double *y, size_t n, double z, bool dependent, br_trend *ret);
