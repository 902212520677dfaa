#include "judge/knee.h"
#include <math.h>
#include <stdlib.h>
#include "base/assert.h"
#include "base/random.h"
#include "judge/least_squares.h"

#define POINTS_MIN 4
#define ITERATIONS 60
#define HALVINGS   10
#define BEND_LEAST 0.7
#define BEND_MOST  60.0
#define ENOUGH     1e-9
#define SAMPLES    60
#define SEARCH     60 /* halvings in the search of the knee on the curve */

/* Kneedle ---------------------------------------------------------------------------------------- */

size_t br_knee_kneedle(const double *x, const double *y, size_t n, double sensitivity)
{
    BR_ASSERT(n <= BR_KNEE_POINTS_MAX);
    if (n < 3 || !(x[n - 1] > x[0]) || !(y[n - 1] > y[0])) return n;
    double d[BR_KNEE_POINTS_MAX], fall = sensitivity / (double) (n - 1); /* mean distance of normalised x */
    for (size_t i = 0; i < n; i++)
        d[i] = (y[i] - y[0]) / (y[n - 1] - y[0]) - (x[i] - x[0]) / (x[n - 1] - x[0]);
    for (size_t i = 1; i + 1 < n; i++) {
        if (d[i] < d[i - 1] || d[i] < d[i + 1]) continue;
        bool higher = false;
        for (size_t k = i + 1; k < n && !higher; k++) {
            if (d[k] < d[i] - fall) return i;
            higher = d[k] > d[i]; /* another maximum comes first */
        }
    }
    return n;
}

/* The curve -------------------------------------------------------------------------------------- */

double br_knee_curve_at(const br_knee_curve *c, double x)
{
    double r = c->slope * x / c->ceiling;
    if (r > 1) return c->ceiling / pow(1 + pow(1 / r, c->bend), 1 / c->bend);
    return c->slope * x / pow(1 + pow(r, c->bend), 1 / c->bend);
}

static double squares_of(const br_knee_curve *c, const double *x, const double *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (y[i] - br_knee_curve_at(c, x[i])) * (y[i] - br_knee_curve_at(c, x[i]));
    return sum;
}

/* The parameters as logarithms, which keeps them above 0. */
static br_knee_curve moved(const br_knee_curve *c, const double *d, double factor)
{
    double bend = c->bend * exp(fmin(1, fmax(-1, factor * d[2])));
    return (br_knee_curve){c->slope * exp(fmin(1, fmax(-1, factor * d[0]))),
        c->ceiling * exp(fmin(1, fmax(-1, factor * d[1]))), fmin(BEND_MOST, fmax(BEND_LEAST, bend))};
}

/* Gauss-Newton with differences for derivatives, a little of Levenberg's damping, and shortened steps. */
static bool direction(const br_knee_curve *c, const double *x, const double *y, size_t n, double *ret)
{
    static const double h = 1e-5;
    br_lsq l;
    double rest, scale = c->ceiling * 1e-4;
    br_lsq_init(&l, 3);
    for (size_t i = 0; i < n; i++) {
        double row[3], at = br_knee_curve_at(c, x[i]);
        for (size_t k = 0; k < 3; k++) {
            double d[3] = {0};
            d[k] = h;
            br_knee_curve near = moved(c, d, 1);
            row[k] = (br_knee_curve_at(&near, x[i]) - at) / h;
        }
        br_lsq_add(&l, row, y[i] - at);
    }
    for (size_t k = 0; k < 3; k++) {
        double row[3] = {0};
        row[k] = scale;
        br_lsq_add(&l, row, 0);
    }
    return br_lsq_solve(&l, ret, &rest, NULL);
}

static br_knee_curve refine(br_knee_curve c, const double *x, const double *y, size_t n)
{
    double best = squares_of(&c, x, y, n);
    for (int i = 0; i < ITERATIONS; i++) {
        double d[3], before = best;
        if (!direction(&c, x, y, n, d)) break;
        for (int k = 0; k < HALVINGS; k++) {
            double factor = ldexp(1, -k);
            br_knee_curve next = moved(&c, d, factor);
            double squares = squares_of(&next, x, y, n);
            if (squares >= best) continue;
            best = squares;
            c = next;
            break;
        }
        if (before - best <= ENOUGH * before) break;
    }
    return c;
}

/* From several bends, since the best one may be far from any one start. */
static br_knee_curve fit(const double *x, const double *y, size_t n)
{
    static const double bends[] = {1.5, 4, 15, 45};
    double top = 0, slope = 0, best = INFINITY;
    br_knee_curve ret = {1, 1, 1};
    for (size_t i = 0; i < n; i++) {
        top = fmax(top, y[i]);
        slope = fmax(slope, y[i] / x[i]);
    }
    for (size_t i = 0; i < sizeof bends / sizeof bends[0]; i++) {
        br_knee_curve c = refine((br_knee_curve){slope, top, bends[i]}, x, y, n);
        double squares = squares_of(&c, x, y, n);
        if (squares >= best) continue;
        best = squares;
        ret = c;
    }
    return ret;
}

/* The knee --------------------------------------------------------------------------------------- */

/* Height above the diagonal from the origin to the curve's value at `most`, both axes 0..1. */
static double height(const br_knee_curve *c, double x, double most)
{
    return br_knee_curve_at(c, x) / br_knee_curve_at(c, most) - x / most;
}

/* The curve is concave, so its height has one maximum: by thirds. */
static double knee_of(const br_knee_curve *c, double most)
{
    double low = 0, high = most;
    for (int i = 0; i < SEARCH; i++) {
        double a = low + (high - low) / 3, b = high - (high - low) / 3;
        if (height(c, a, most) < height(c, b, most))
            low = a;
        else
            high = b;
    }
    return (low + high) / 2;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

/* Knees of the curve plus residuals drawn again from near, since noise grows with the load. */
static void set_interval(const double *x, const double *y, size_t n, br_knee *k)
{
    double again[BR_KNEE_POINTS_MAX], knees[SAMPLES];
    br_random random;
    br_random_seed(&random, 1);
    for (size_t s = 0; s < SAMPLES; s++) {
        for (size_t i = 0; i < n; i++) {
            size_t from = (size_t) br_random_below(&random, n);
            double share = br_knee_curve_at(&k->curve, x[i]) / br_knee_curve_at(&k->curve, x[from]);
            double rest = y[from] - br_knee_curve_at(&k->curve, x[from]);
            again[i] = fmax(0, br_knee_curve_at(&k->curve, x[i]) + rest * sqrt(share));
        }
        br_knee_curve c = refine(k->curve, x, again, n);
        knees[s] = knee_of(&c, x[n - 1]);
    }
    qsort(knees, SAMPLES, sizeof *knees, by_value);
    k->low = fmin(k->x, knees[SAMPLES / 40]);
    k->high = fmax(k->x, knees[SAMPLES - 1 - SAMPLES / 40]);
}

bool br_knee_find(const double *x, const double *y, size_t n, br_knee *ret)
{
    double top = 0;
    for (size_t i = 0; i < n; i++)
        top = fmax(top, y[i]);
    if (n < POINTS_MIN || n > BR_KNEE_POINTS_MAX || top <= 0) return false;
    br_knee k = {.curve = fit(x, y, n)};
    k.x = knee_of(&k.curve, x[n - 1]);
    k.y = br_knee_curve_at(&k.curve, k.x);
    k.height = height(&k.curve, k.x, x[n - 1]);
    set_interval(x, y, n, &k);
    *ret = k;
    return true;
}
