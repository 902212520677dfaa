#include "judge/trend.h"
#include <math.h>
#include <stdlib.h>
#include "base/mem.h"

static int by_value(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static double sorted_median(const double *v, size_t n)
{
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* All slopes between two points, sorted; returns how many. */
static size_t pair_slopes(const double *t, const double *y, size_t n, double *ret)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = i + 1; k < n; k++) {
            if (t[k] > t[i]) ret[count++] = (y[k] - y[i]) / (t[k] - t[i]);
        }
    }
    qsort(ret, count, sizeof *ret, by_value);
    return count;
}

/* The sum of k (k - 1) (2 k + 5) over groups of k equal values; sorts v. */
static double ties(double *v, size_t n)
{
    double sum = 0;
    qsort(v, n, sizeof *v, by_value);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && v[end] <= v[i]; end++) {
        }
        double k = (double) (end - i);
        sum += k * (k - 1) * (2 * k + 5);
    }
    return sum;
}

/* Variance of Kendall's S for independent values. */
static double kendall_variance(const double *t, const double *y, size_t n, double *scratch)
{
    double k = (double) n, var = k * (k - 1) * (2 * k + 5);
    for (size_t i = 0; i < n; i++)
        scratch[i] = t[i];
    var -= ties(scratch, n);
    for (size_t i = 0; i < n; i++)
        scratch[i] = y[i];
    return fmax(0, (var - ties(scratch, n)) / 18);
}

/* Ranks, ties sharing their mean. */
static void rank(const double *v, size_t n, double *ret)
{
    for (size_t i = 0; i < n; i++) {
        double below = 0, same = 0;
        for (size_t k = 0; k < n; k++) {
            below += v[k] < v[i];
            same += v[k] == v[i]; // NOLINT(clang-diagnostic-float-equal): ties are equal to the bit
        }
        ret[i] = below + (same + 1) / 2;
    }
}

/* The same for a dependence that decays from lag to lag. r is what is seen after a line was taken away, which
 * makes it (2 + 4 r) / n too small. */
static double decaying(double r, size_t n)
{
    double k = (double) n, rho = fmin(0.98, r + (2 + 4 * r) / k), sum = 0, power = 1;
    for (size_t lag = 1; rho > 0 && lag < n; lag++) {
        power *= rho;
        sum += (1 - (double) lag / k) * power;
    }
    return 1 + 2 * sum;
}

/* n / n_eff of Hamed and Rao; scratch: 2 n. */
static double inflation_of(const double *t, const double *y, size_t n, double slope, double *scratch)
{
    double *rest = scratch, *ranks = scratch + n, mean = ((double) n + 1) / 2, squares = 0, sum = 0,
           decay = 1;
    for (size_t i = 0; i < n; i++)
        rest[i] = y[i] - slope * t[i];
    rank(rest, n, ranks);
    for (size_t i = 0; i < n; i++)
        squares += (ranks[i] - mean) * (ranks[i] - mean);
    if (squares <= 0 || n < 4) return 1;
    for (size_t lag = 1; lag <= n / 3; lag++) {
        double r = 0, left = (double) (n - lag);
        for (size_t i = 0; i + lag < n; i++)
            r += (ranks[i] - mean) * (ranks[i + lag] - mean);
        r /= squares;
        if (fabs(r) <= BR_TREND_Z95 / sqrt((double) n)) continue;
        sum += left * (left - 1) * (left - 2) * r;
        if (lag == 1) decay = decaying(r, n);
    }
    double k = (double) n;
    return fmax(decay, 1 + 2 * sum / (k * (k - 1) * (k - 2)));
}

/* As Sen: with the slopes in order, the interval reaches z sd(S) / 2 ranks to both sides of the middle. */
static void set_interval(const double *slopes, size_t count, double sd, double z, br_trend *ret)
{
    double upper = nearbyint(((double) count + z * sd) / 2);
    double lower = nearbyint(((double) count - z * sd) / 2) - 1;
    ret->high = slopes[upper < (double) count ? (size_t) upper : count - 1];
    ret->low = slopes[lower > 0 ? (size_t) lower : 0];
}

bool br_trend_fit(const double *t, const double *y, size_t n, double z, bool dependent, br_trend *ret)
{
    if (n < 3 || n > BR_TREND_POINTS_MAX) return false;
    double *slopes = br_malloc((n * (n - 1) / 2 + 2 * n) * sizeof *slopes),
           *scratch = slopes + n * (n - 1) / 2;
    size_t count = pair_slopes(t, y, n, slopes);
    if (count > 0) {
        br_trend f = {.slope = sorted_median(slopes, count), .inflation = 1};
        if (dependent) f.inflation = inflation_of(t, y, n, f.slope, scratch);
        set_interval(slopes, count, sqrt(kendall_variance(t, y, n, scratch) * f.inflation), z, &f);
        for (size_t i = 0; i < n; i++)
            scratch[i] = y[i] - f.slope * t[i];
        qsort(scratch, n, sizeof *scratch, by_value);
        f.intercept = sorted_median(scratch, n);
        *ret = f;
    }
    br_free(slopes);
    return count > 0;
}
