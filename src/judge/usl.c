#include "judge/usl.h"
#include <math.h>
#include <stdlib.h>
#include "base/random.h"
#include "judge/least_squares.h"

#define ITERATIONS 60
#define HALVINGS   12
#define SAMPLES    200
#define ENOUGH     1e-10 /* relative gain that ends the iterations */

typedef struct law {
    double lambda, sigma, kappa;
} law;

static double law_at(const law *l, double n)
{
    return l->lambda * n / (1 + l->sigma * (n - 1) + l->kappa * n * (n - 1));
}

static double squares_of(const law *l, const double *load, const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (x[i] - law_at(l, load[i])) * (x[i] - law_at(l, load[i]));
    return sum;
}

/* N/X = 1/lambda + sigma/lambda (N - 1) + kappa/lambda N (N - 1), each point weighted as X weighs it. */
static bool linear_start(const double *load, const double *x, size_t n, law *ret)
{
    br_lsq l;
    double a[3], rest;
    br_lsq_init(&l, 3);
    for (size_t i = 0; i < n; i++) {
        double w = x[i] * x[i] / load[i];
        br_lsq_add(&l, (double[]){w, w * (load[i] - 1), w * load[i] * (load[i] - 1)}, w * load[i] / x[i]);
    }
    if (!br_lsq_solve(&l, a, &rest, NULL) || a[0] <= 0) return false;
    *ret = (law){1 / a[0], fmax(0, a[1] / a[0]), fmax(0, a[2] / a[0])};
    return true;
}

/* One step of Gauss-Newton; parameters at their bound of 0 that would go below stay there. */
static bool direction(const law *l, const double *load, const double *x, size_t n, double *ret)
{
    br_lsq q;
    double rest;
    br_lsq_init(&q, 3);
    for (size_t i = 0; i < n; i++) {
        double at = law_at(l, load[i]), scale = at / l->lambda * at / load[i];
        br_lsq_add(&q, (double[]){at / l->lambda, -scale * (load[i] - 1), -scale * load[i] * (load[i] - 1)},
            x[i] - at);
    }
    return br_lsq_solve(&q, ret, &rest, NULL);
}

static law refine(law l, const double *load, const double *x, size_t n)
{
    double best = squares_of(&l, load, x, n);
    for (int i = 0; i < ITERATIONS; i++) {
        double d[3], before = best;
        if (!direction(&l, load, x, n, d)) break;
        for (int k = 0; k < HALVINGS; k++) {
            double factor = ldexp(1, -k);
            law next = {
                l.lambda + factor * d[0], fmax(0, l.sigma + factor * d[1]), fmax(0, l.kappa + factor * d[2])};
            double squares = next.lambda > 0 ? squares_of(&next, load, x, n) : (double) INFINITY;
            if (squares >= best) continue;
            best = squares;
            l = next;
            break;
        }
        if (before - best <= ENOUGH * before) break;
    }
    return l;
}

static bool fit(const double *load, const double *x, size_t n, law *ret)
{
    law start;
    if (!linear_start(load, x, n, &start)) return false;
    *ret = refine(start, load, x, n);
    return true;
}

static double ceiling_of(const law *l, double *ret_load)
{
    *ret_load = l->kappa > 0 && l->sigma < 1 ? sqrt((1 - l->sigma) / l->kappa) : 0;
    if (*ret_load > 0) return law_at(l, *ret_load);
    return l->sigma > 0 ? l->lambda / l->sigma : 0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

/* Fits to what the law says plus residuals drawn again; those without an end count as infinite. */
static void set_interval(const law *l, const double *load, const double *x, size_t n, br_usl *ret)
{
    static const double degrees = 3;
    double y[BR_USL_POINTS_MAX], ceilings[SAMPLES], at;
    double scale = sqrt((double) n / ((double) n - degrees));
    br_random random;
    br_random_seed(&random, 1);
    for (size_t k = 0; k < SAMPLES; k++) {
        for (size_t i = 0; i < n; i++) {
            size_t from = (size_t) br_random_below(&random, n);
            y[i] = fmax(1e-9, law_at(l, load[i]) + scale * (x[from] - law_at(l, load[from])));
        }
        law sample;
        double ceiling = fit(load, y, n, &sample) ? ceiling_of(&sample, &at) : 0;
        ceilings[k] = ceiling > 0 ? ceiling : (double) INFINITY;
    }
    qsort(ceilings, SAMPLES, sizeof *ceilings, by_value);
    ret->ceiling_low = fmin(ret->ceiling, ceilings[SAMPLES / 40]);
    ret->ceiling_high = fmax(ret->ceiling, ceilings[SAMPLES - 1 - SAMPLES / 40]);
}

bool br_usl_fit(const double *load, const double *x, size_t n, br_usl *ret)
{
    law l;
    double mean = 0, spread = 0;
    if (n < BR_USL_POINTS_MIN || n > BR_USL_POINTS_MAX) return false;
    for (size_t i = 0; i < n; i++) {
        if (!(load[i] > 0) || !(x[i] > 0)) return false;
        mean += x[i] / (double) n;
    }
    if (!fit(load, x, n, &l)) return false;
    for (size_t i = 0; i < n; i++)
        spread += (x[i] - mean) * (x[i] - mean);
    br_usl u = {.lambda = l.lambda, .sigma = l.sigma, .kappa = l.kappa};
    u.ceiling = ceiling_of(&l, &u.load_max);
    u.throughput_max = u.load_max > 0 ? u.ceiling : 0;
    u.explained = spread > 0 ? 1 - squares_of(&l, load, x, n) / spread : 1;
    if (u.ceiling > 0) set_interval(&l, load, x, n, &u);
    *ret = u;
    return true;
}
