#include "stat/distributions.h"
#include <math.h>
#include <string.h>
#include "base/mem.h"

double br_normal_cdf(double z)
{
    return 0.5 * erfc(-z / M_SQRT2);
}

static double acklam(double p)
{
    static const double a[] = {-3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02,
        1.383577518672690e+02, -3.066479806614716e+01, 2.506628277459239e+00};
    static const double b[] = {-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02,
        6.680131188771972e+01, -1.328068155288572e+01};
    static const double c[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
        -2.549732539343734e+00, 4.374664141464968e+00, 2.938163982698783e+00};
    static const double d[] = {
        7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00};
    if (p < 0.02425 || p > 1 - 0.02425) {
        double q = sqrt(-2 * log(p < 0.5 ? p : 1 - p));
        double z = (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
                   ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
        return p < 0.5 ? z : -z;
    }
    double q = p - 0.5, r = q * q;
    return (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
           (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
}

double br_normal_quantile(double p)
{
    if (p <= 0) return -INFINITY;
    if (p >= 1) return INFINITY;
    double z = acklam(p);
    double e = br_normal_cdf(z) - p, u = e * sqrt(2 * M_PI) * exp(z * z / 2);
    return z - u / (1 + z * u / 2);
}

/* Student's t ------------------------------------------------------------------------------------ */

#define FRACTION_STEPS 300
#define FRACTION_TINY  1e-300

/* Continued fraction of the incomplete beta function, converges fast for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < FRACTION_TINY ? FRACTION_TINY : d);
    double h = d;
    for (int i = 1; i <= FRACTION_STEPS; i++) {
        double m = i;
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double before = h;
        for (int k = 0; k < 2; k++) {
            double term = k == 0 ? even : odd;
            d = 1 + term * d;
            c = 1 + term / c;
            d = 1 / (fabs(d) < FRACTION_TINY ? FRACTION_TINY : d);
            if (fabs(c) < FRACTION_TINY) c = FRACTION_TINY;
            h *= c * d;
        }
        if (fabs(h - before) <= 1e-15 * fabs(h)) break;
    }
    return h;
}

/* Regularized incomplete beta function I_x(a, b). */
static double beta_cdf(double a, double b, double x)
{
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double br_student_cdf(double t, double df)
{
    if (isinf(t)) return t > 0;
    double tail = 0.5 * beta_cdf(df / 2, 0.5, df / (df + t * t));
    return t > 0 ? 1 - tail : tail;
}

double br_student_quantile(double p, double df)
{
    if (p <= 0) return -INFINITY;
    if (p >= 1) return INFINITY;
    if (p < 0.5) return -br_student_quantile(1 - p, df);
    double low = 0, high = 2;
    while (br_student_cdf(high, df) < p && high < 1e12) {
        high *= 2;
    }
    for (int i = 0; i < 100 && high - low > 1e-12 * (1 + high); i++) {
        double middle = (low + high) / 2;
        if (br_student_cdf(middle, df) < p)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

/* Rank sums -------------------------------------------------------------------------------------- */

/*
 * counts[u]: in how many of the C(n+m, n) orders the statistic is u. They are the coefficients of the
 * Gaussian binomial, product over i = 1..n of (1 - x^(m+i)) / (1 - x^i); as shares, so nothing overflows.
 */
static double exact_cdf(size_t n, size_t m, size_t u)
{
    size_t top = n * m;
    double *share = br_calloc(top + 1, sizeof(double));
    share[0] = 1;
    for (size_t i = 1; i <= n; i++) {
        for (size_t k = top; k >= m + i; k--) {
            share[k] -= share[k - m - i];
        }
        for (size_t k = i; k <= top; k++) {
            share[k] += share[k - i];
        }
        for (size_t k = 0; k <= top; k++) {
            share[k] *= (double) i / (double) (m + i);
        }
    }
    double sum = 0;
    for (size_t k = 0; k <= u; k++) {
        sum += share[k];
    }
    br_free(share);
    return fmin(1, fmax(0, sum));
}

double br_rank_cdf(size_t n, size_t m, double u)
{
    double pairs = (double) n * (double) m;
    if (u < 0) return 0;
    if (u >= pairs) return 1;
    if (pairs <= BR_RANK_EXACT_MAX) return exact_cdf(n, m, (size_t) floor(u));
    double sd = sqrt(pairs * ((double) n + (double) m + 1) / 12);
    return br_normal_cdf((floor(u) + 0.5 - pairs / 2) / sd);
}
