/*
 * judge/least_squares.h - linear least squares with a few unknowns.
 *
 * What: normal equations, solved with pivots; the sum of squares that is left, and the criterion by which
 *     models of different size are compared.
 * Why here: leak.c, envelope.c and usl.c fit small models.
 * Threads: any; pure; no allocation.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#define BR_LSQ_UNKNOWNS_MAX 5

typedef struct br_lsq {
    size_t unknowns, count;
    double normal[BR_LSQ_UNKNOWNS_MAX][BR_LSQ_UNKNOWNS_MAX], right[BR_LSQ_UNKNOWNS_MAX], squares;
} br_lsq;

void br_lsq_init(br_lsq *l, size_t unknowns);
void br_lsq_add(br_lsq *l, const double *row, double value); /* an equation row * x = value */
/*
 * x: the solution; rest: the sum of squares of what it does not explain, at least 0; inverse_diagonal (may be
 * NULL): of the normal matrix, so that variance(x[i]) = inverse_diagonal[i] * rest / (count - unknowns).
 * false, outputs untouched: the equations do not determine x.
 */
bool br_lsq_solve(const br_lsq *l, double *x, double *rest, double *inverse_diagonal);

/*
 * Bayesian information criterion of a model with normal errors: count ln(rest / count) + parameters
 * ln(count). Smaller is better. `rest` is taken as at least `floor_rest`: fits of data without noise are all
 * perfect.
 */
double br_lsq_bic(double rest, double floor_rest, size_t count, size_t parameters);
