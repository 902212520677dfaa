#include "judge/least_squares.h"
#include <math.h>
#include "base/assert.h"

#define WIDTH (2 * BR_LSQ_UNKNOWNS_MAX)

void br_lsq_init(br_lsq *l, size_t unknowns)
{
    BR_ASSERT(unknowns >= 1 && unknowns <= BR_LSQ_UNKNOWNS_MAX);
    *l = (br_lsq){.unknowns = unknowns};
}

void br_lsq_add(br_lsq *l, const double *row, double value)
{
    for (size_t i = 0; i < l->unknowns; i++) {
        for (size_t k = 0; k < l->unknowns; k++)
            l->normal[i][k] += row[i] * row[k];
        l->right[i] += row[i] * value;
    }
    l->squares += value * value;
    l->count++;
}

static void swap_rows(double *a, double *b)
{
    for (size_t k = 0; k < WIDTH; k++) {
        double x = a[k];
        a[k] = b[k];
        b[k] = x;
    }
}

/* Gauss-Jordan on [m | 1] with pivots; false: (nearly) singular. */
static bool invert(double m[BR_LSQ_UNKNOWNS_MAX][WIDTH], size_t n)
{
    for (size_t c = 0; c < n; c++) {
        size_t pivot = c;
        for (size_t r = c + 1; r < n; r++)
            if (fabs(m[r][c]) > fabs(m[pivot][c])) pivot = r;
        if (fabs(m[pivot][c]) < 1e-12) return false;
        if (pivot != c) swap_rows(m[pivot], m[c]);
        double p = m[c][c];
        for (size_t k = 0; k < 2 * n; k++)
            m[c][k] /= p;
        for (size_t r = 0; r < n; r++) {
            double f = m[r][c];
            for (size_t k = 0; r != c && k < 2 * n; k++)
                m[r][k] -= f * m[c][k];
        }
    }
    return true;
}

bool br_lsq_solve(const br_lsq *l, double *x, double *rest, double *inverse_diagonal)
{
    double m[BR_LSQ_UNKNOWNS_MAX][WIDTH] = {0}, scale[BR_LSQ_UNKNOWNS_MAX];
    size_t n = l->unknowns;
    if (l->count < n) return false;
    for (size_t i = 0; i < n; i++) {
        scale[i] = sqrt(l->normal[i][i]);
        if (!(scale[i] > 0)) return false;
    }
    for (size_t i = 0; i < n; i++) { /* unknowns of very different size: scaled to a diagonal of 1 */
        for (size_t k = 0; k < n; k++)
            m[i][k] = l->normal[i][k] / scale[i] / scale[k];
        m[i][n + i] = 1;
    }
    if (!invert(m, n)) return false;
    double left = l->squares;
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t k = 0; k < n; k++)
            sum += m[i][n + k] * l->right[k] / scale[k];
        x[i] = sum / scale[i];
        left -= x[i] * l->right[i];
        if (inverse_diagonal) inverse_diagonal[i] = m[i][n + i] / scale[i] / scale[i];
    }
    *rest = fmax(0, left);
    return true;
}

double br_lsq_bic(double rest, double floor_rest, size_t count, size_t parameters)
{
    double n = (double) count;
    return n * log(fmax(rest, floor_rest) / n) + (double) parameters * log(n);
}
