#include "stat/two_level.h"
#include <math.h>
#include <string.h>
#include "base/assert.h"
#include "base/mem.h"
#include "stat/distributions.h"

/* Sums over one session: counts and sums of both groups, squares of all. */
typedef struct cell {
    double n[2], sum[2], squares;
} cell;

double br_two_level_rho(size_t i)
{
    return 0.05 + 0.9 * (double) i / (BR_TWO_LEVEL_SHARES - 1);
}

/* Generalized least squares for one rho; correlation matrix (1 - rho) I + rho 1 1' in each session. */
typedef struct normal_equations {
    double xx[3], xy[2], yy; /* xx: first*first, first*second, second*second */
    double log_determinant;  /* of the correlation matrix */
} normal_equations;

static void add_cell(normal_equations *e, const cell *c, double rho)
{
    double n = c->n[0] + c->n[1], sum = c->sum[0] + c->sum[1];
    if (n <= 0) return;
    double a = 1 / (1 - rho), together = 1 - rho + rho * n, b = rho * a / together;
    e->xx[0] += a * c->n[0] - b * c->n[0] * c->n[0];
    e->xx[1] -= b * c->n[0] * c->n[1];
    e->xx[2] += a * c->n[1] - b * c->n[1] * c->n[1];
    e->xy[0] += a * c->sum[0] - b * c->n[0] * sum;
    e->xy[1] += a * c->sum[1] - b * c->n[1] * sum;
    e->yy += a * c->squares - b * sum * sum;
    e->log_determinant += (n - 1) * log(1 - rho) + log(together);
}

static double residual_squares(const normal_equations *e, double *ret_determinant)
{
    double determinant = e->xx[0] * e->xx[2] - e->xx[1] * e->xx[1];
    double first = (e->xx[2] * e->xy[0] - e->xx[1] * e->xy[1]) / determinant;
    double second = (e->xx[0] * e->xy[1] - e->xx[1] * e->xy[0]) / determinant;
    *ret_determinant = determinant;
    return fmax(0, e->yy - first * e->xy[0] - second * e->xy[1]);
}

/* Squared shares of the sessions in the difference of the plain means. */
static double session_sum(const cell *cells, size_t count, const double total[2])
{
    double sum = 0;
    for (size_t s = 0; s < count; s++) {
        double d = cells[s].n[1] / total[1] - cells[s].n[0] / total[0];
        sum += d * d;
    }
    return sum;
}

typedef struct sums {
    cell cells[BR_TWO_LEVEL_RUNS_MAX];
    size_t sessions;
    double total[2], sum[2];
} sums;

/* Values are taken relative to the first, so that the squares do not swallow the residuals. */
static void fill(sums *f, const br_two_level_run *runs, size_t count)
{
    memset(f, 0, sizeof *f);
    for (size_t i = 0; i < count; i++) {
        BR_ASSERT(runs[i].session < BR_TWO_LEVEL_RUNS_MAX);
        cell *c = &f->cells[runs[i].session];
        double y = runs[i].value - runs[0].value;
        if (runs[i].session >= f->sessions) f->sessions = runs[i].session + 1;
        c->n[runs[i].second] += 1;
        c->sum[runs[i].second] += y;
        c->squares += y * y;
        f->total[runs[i].second] += 1;
        f->sum[runs[i].second] += y;
    }
}

/* Log-likelihoods to weights that add up to 1. */
static void weigh(double *weight)
{
    double best = weight[0], sum = 0;
    for (size_t i = 1; i < BR_TWO_LEVEL_SHARES; i++) {
        best = fmax(best, weight[i]);
    }
    for (size_t i = 0; i < BR_TWO_LEVEL_SHARES; i++) {
        weight[i] = exp(weight[i] - best);
        sum += weight[i];
    }
    for (size_t i = 0; i < BR_TWO_LEVEL_SHARES; i++) {
        weight[i] /= sum;
    }
}

void br_two_level_fit(
    const br_two_level_run *runs, size_t count, const br_two_level_prior *prior, br_two_level *ret)
{
    BR_ASSERT(count >= 2 && count <= BR_TWO_LEVEL_RUNS_MAX);
    sums *f = br_malloc(sizeof *f);
    fill(f, runs, count);
    BR_ASSERT(f->total[0] > 0 && f->total[1] > 0);
    double sessions = session_sum(f->cells, f->sessions, f->total);
    double each = 1 / f->total[0] + 1 / f->total[1];
    *ret = (br_two_level){.difference = f->sum[1] / f->total[1] - f->sum[0] / f->total[0],
        .df = (double) count - 2 + prior->df};
    for (size_t i = 0; i < BR_TWO_LEVEL_SHARES; i++) {
        double rho = br_two_level_rho(i), determinant;
        normal_equations e = {0};
        for (size_t s = 0; s < f->sessions; s++) {
            add_cell(&e, &f->cells[s], rho);
        }
        double squares = prior->df * prior->variance + residual_squares(&e, &determinant);
        ret->scale[i] = squares / ret->df;
        ret->error[i] = sqrt(fmax(prior->least, ret->scale[i] * (rho * sessions + (1 - rho) * each)));
        ret->weight[i] = -0.5 * (e.log_determinant + log(determinant) + ret->df * log(squares));
    }
    br_free(f);
    weigh(ret->weight);
    for (size_t i = 0; i < BR_TWO_LEVEL_SHARES; i++) {
        ret->variance += ret->weight[i] * ret->scale[i];
        ret->share += ret->weight[i] * br_two_level_rho(i);
    }
}

double br_two_level_p(const br_two_level *t, double center)
{
    double p = 0;
    for (size_t i = 0; i < BR_TWO_LEVEL_SHARES; i++) {
        if (t->error[i] > 0)
            p += t->weight[i] * br_student_cdf(-center / t->error[i], t->df);
        else
            p += t->weight[i] * (center > 0 ? 0 : 1);
    }
    return fmin(1, p);
}

double br_two_level_reach(const br_two_level *t, double confidence)
{
    double low = 0, high = 0;
    for (size_t i = 0; i < BR_TWO_LEVEL_SHARES; i++) {
        high = fmax(high, t->error[i]);
    }
    high *= br_student_quantile(confidence, t->df);
    for (int i = 0; i < 60 && high - low > 1e-9 * high; i++) {
        double middle = (low + high) / 2;
        if (br_two_level_p(t, middle) > 1 - confidence)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

double br_two_level_error(const br_two_level *t, double session_sum, size_t first_runs, size_t second_runs)
{
    double variance = 0, each = 1 / (double) first_runs + 1 / (double) second_runs;
    for (size_t i = 0; i < BR_TWO_LEVEL_SHARES; i++) {
        double rho = br_two_level_rho(i);
        variance += t->weight[i] * t->scale[i] * (rho * session_sum + (1 - rho) * each);
    }
    return sqrt(variance);
}
