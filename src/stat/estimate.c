#include "stat/estimate.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/assert.h"
#include "base/mem.h"
#include "stat/distributions.h"

/* Quantiles and shares --------------------------------------------------------------------------- */

#define BINOMIAL_EXACT_MAX 1000

/* Sums the binomial distribution until both tails are found. */
static void exact_ranks(int64_t n, double q, double alpha, int64_t *ret_low, int64_t *ret_high)
{
    double sum = 0, count = (double) n;
    *ret_low = -1;
    *ret_high = n;
    for (int64_t k = 0; k < n; k++) {
        double x = (double) k;
        sum += exp(
            lgamma(count + 1) - lgamma(x + 1) - lgamma(count - x + 1) + x * log(q) + (count - x) * log1p(-q));
        if (sum <= alpha) *ret_low = k;
        if (sum < 1 - alpha) continue;
        *ret_high = k;
        return;
    }
}

void br_quantile_ranks(uint64_t n, double q, double z, int64_t *ret_low, int64_t *ret_high)
{
    if (q <= 0 || q >= 1) { /* the ends of a distribution have no bound beyond the sample's */
        *ret_low = q <= 0 ? -1 : (int64_t) n - 1;
        *ret_high = q <= 0 ? 0 : (int64_t) n;
        return;
    }
    if (n <= BINOMIAL_EXACT_MAX) {
        exact_ranks((int64_t) n, q, br_normal_cdf(-z), ret_low, ret_high);
        return;
    }
    double nq = (double) n * q, d = z * sqrt(nq * (1 - q));
    double low = floor(nq - d) - 1, high = ceil(nq + d);
    *ret_low = low < 0 ? -1 : (int64_t) low;
    *ret_high = high >= (double) n ? (int64_t) n : (int64_t) high;
}

br_bounds br_quantile_interval(const br_hist *h, double q, double z)
{
    int64_t low, high;
    br_quantile_ranks(h->total, q, z, &low, &high);
    br_bounds i = {-INFINITY, INFINITY};
    if (low >= 0) i.low = br_hist_value_at(h, (uint64_t) low);
    if (high >= 0 && (uint64_t) high < h->total) i.high = br_hist_value_at(h, (uint64_t) high);
    return i;
}

double br_quantile_log_variance(const br_hist *h, double q)
{
    if (h->total < 3) return 0;
    double n = (double) h->total, d = sqrt(n * q * (1 - q)), at = (n - 1) * q;
    double low = br_hist_quantile(h, fmax(0, at - d) / (n - 1));
    double high = br_hist_quantile(h, fmin(n - 1, at + d) / (n - 1));
    double ranks = fmin(n - 1, at + d) - fmax(0, at - d);
    if (low <= 0 || high <= 0 || ranks <= 0) return 0;
    double error = log(high / low) * d / ranks; /* half of the width, a cut-off side made up for */
    return error * error;
}

br_bounds br_wilson(double k, double n, double z)
{
    if (n <= 0) return (br_bounds){0, 1};
    double p = k / n, z2 = z * z;
    double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
    double half = z * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n);
    return (br_bounds){k <= 0 ? 0 : fmax(0, middle - half), k >= n ? 1 : fmin(1, middle + half)};
}

static double byar(double count, double z)
{
    if (count <= 0) return 0;
    double c = 1 - 1 / (9 * count) + z / (3 * sqrt(count));
    return count * c * c * c;
}

br_bounds br_count_interval(double count, double z)
{
    return (br_bounds){fmax(0, byar(count, -z)), byar(count + 1, z)};
}

/* Two groups ------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static double middle_of(const double *sorted, size_t n)
{
    if (n == 0) return 0;
    return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

double br_median(double *values, size_t n)
{
    if (n > 0) qsort(values, n, sizeof(double), by_value);
    return middle_of(values, n);
}

/* The interval leaves out the k smallest and k largest differences: the largest k with P(U < k) <= alpha. */
static size_t left_out(size_t n, size_t m, double alpha)
{
    size_t low = 0, high = n * m / 2; /* P(U <= k - 1) <= alpha holds for k = 0 */
    while (low < high) {
        size_t k = (low + high + 1) / 2;
        if (br_rank_cdf(n, m, (double) k - 1) <= alpha)
            low = k;
        else
            high = k - 1;
    }
    return low;
}

br_rank_shift br_rank_shift_of(const double *a, size_t n, const double *b, size_t m, double confidence)
{
    BR_ASSERT(n > 0 && m > 0 && n * m <= BR_RANK_SHIFT_MAX);
    double *difference = br_malloc(n * m * sizeof(double));
    size_t count = 0, not_above = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < m; k++) {
            difference[count++] = b[k] - a[i];
            if (b[k] <= a[i]) not_above++;
        }
    }
    qsort(difference, count, sizeof(double), by_value);
    size_t out = left_out(n, m, (1 - confidence) / 2);
    br_rank_shift s = {.shift = middle_of(difference, count),
        .interval = {out > 0 ? difference[out - 1] : -INFINITY, out > 0 ? difference[count - out] : INFINITY},
        .p_greater = br_rank_cdf(n, m, (double) not_above),
        .p_least = br_rank_cdf(n, m, 0)};
    br_free(difference);
    return s;
}

/* Many tests ------------------------------------------------------------------------------------- */

typedef struct test {
    double p;
    size_t index;
} test;

static int by_p(const void *a, const void *b)
{
    double x = ((const test *) a)->p, y = ((const test *) b)->p;
    return (x > y) - (x < y);
}

void br_false_discovery(const double *p, size_t n, double *ret_q)
{
    test *tests = br_malloc((n + 1) * sizeof(test));
    for (size_t i = 0; i < n; i++) {
        tests[i] = (test){p[i], i};
    }
    qsort(tests, n, sizeof(test), by_p);
    double least = 1;
    for (size_t i = n; i-- > 0;) {
        least = fmin(least, tests[i].p * (double) n / (double) (i + 1));
        ret_q[tests[i].index] = least;
    }
    br_free(tests);
}
