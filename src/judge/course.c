#include "judge/course_int.h"
#include <math.h>
#include "judge/least_squares.h"
#include "judge/trend.h"

#define EDGE         4  /* blocks at least on both sides of a warm-up's end */
#define STEP_EDGE    3  /* and of a step */
#define TAUS         48 /* time constants that are tried: from a block to four times the length */
#define TAU_HALVINGS 12
#define FINE_STEPS   24 /* to both sides of the best one, in which its interval is looked for */
#define FINE_FACTOR  1.02
#define F_95         3.84
#define CACHE_SLOPES 4 /* parameters of the cache with a line: a, b, c, tau */

typedef struct series {
    const double *t, *y;
    size_t n;
    double floor_rest; /* sum of squares that counts as a perfect fit */
} series;

/* Bytes are given in pages: differences below one say nothing. */
static series make_series(const double *t, const double *y, size_t n)
{
    return (series){t, y, n, (double) n * 0.004096 * 0.004096};
}

typedef struct fit {
    bool ok;
    double rest, bic, x[BR_LSQ_UNKNOWNS_MAX], inverse[BR_LSQ_UNKNOWNS_MAX];
} fit;

static fit solve(const series *s, const br_lsq *l, size_t parameters)
{
    fit f = {0};
    f.ok = br_lsq_solve(l, f.x, &f.rest, f.inverse);
    f.bic = f.ok ? br_lsq_bic(f.rest, s->floor_rest, s->n, parameters) : (double) INFINITY;
    return f;
}

/* A line with steps before the blocks steps[0..count). */
static fit fit_steps(const series *s, const size_t *steps, size_t count)
{
    br_lsq l;
    br_lsq_init(&l, 2 + count);
    for (size_t i = 0; i < s->n; i++) {
        double row[BR_LSQ_UNKNOWNS_MAX] = {1, s->t[i] - s->t[0]};
        for (size_t k = 0; k < count; k++)
            row[2 + k] = i >= steps[k];
        br_lsq_add(&l, row, s->y[i] - s->y[0]);
    }
    return solve(s, &l, 2 + 2 * count);
}

/* A cache with the time constant, and a line under it or none. x: a, c, b. */
static fit fit_cache(const series *s, double tau, bool line)
{
    br_lsq l;
    br_lsq_init(&l, line ? 3 : 2);
    for (size_t i = 0; i < s->n; i++) {
        double t = s->t[i] - s->t[0], row[] = {1, 1 - exp(-t / tau), t};
        br_lsq_add(&l, row, s->y[i] - s->y[0]);
    }
    return solve(s, &l, line ? CACHE_SLOPES : CACHE_SLOPES - 1);
}

/* Two lines that have nothing to do with each other, the second from block `cut` on. */
static fit fit_cut(const series *s, size_t cut)
{
    static const size_t none[1] = {0};
    series head = make_series(s->t, s->y, cut);
    series tail = make_series(s->t + cut, s->y + cut, s->n - cut);
    fit a = fit_steps(&head, none, 0), b = fit_steps(&tail, none, 0), f = {.ok = a.ok && b.ok};
    f.rest = a.rest + b.rest;
    f.bic = f.ok ? br_lsq_bic(f.rest, s->floor_rest, s->n, 5) : (double) INFINITY;
    return f;
}

static double tau_at(const series *s, size_t i)
{
    double length = s->t[s->n - 1] - s->t[0], least = length / (double) s->n;
    return least * pow(4 * length / least, (double) i / (TAUS - 1));
}

/* Best of each kind ------------------------------------------------------------------------------ */

typedef struct cache_fit {
    fit fit;
    double tau;
} cache_fit;

static void try_tau(const series *s, double tau, bool line, cache_fit *best)
{
    fit f = fit_cache(s, tau, line);
    if (f.ok && f.x[1] > 0 && f.rest < best->fit.rest) *best = (cache_fit){f, tau};
}

/* The time constant that leaves least: first on a coarse grid, then between its neighbours. */
static cache_fit best_cache(const series *s, bool line)
{
    cache_fit best = {.fit = {.rest = INFINITY, .bic = INFINITY}};
    for (size_t i = 0; i < TAUS; i++)
        try_tau(s, tau_at(s, i), line, &best);
    double reach = tau_at(s, 1) / tau_at(s, 0);
    for (int i = 0; best.fit.ok && i < TAU_HALVINGS; i++) {
        double middle = best.tau;
        reach = sqrt(reach);
        try_tau(s, middle / reach, line, &best);
        try_tau(s, middle * reach, line, &best);
    }
    return best;
}

static fit best_cut(const series *s, size_t *ret_cut)
{
    fit best = {.bic = INFINITY};
    for (size_t cut = EDGE; cut <= s->n / 2 && cut + EDGE <= s->n; cut++) {
        fit f = fit_cut(s, cut);
        if (f.bic >= best.bic) continue;
        best = f;
        *ret_cut = cut;
    }
    return best;
}

/* The one step, or the two, that explain most. */
static fit best_steps(const series *s, size_t count, size_t *ret_steps)
{
    fit best = {.bic = INFINITY};
    for (size_t i = STEP_EDGE; i + STEP_EDGE <= s->n; i++) {
        size_t from = count > 1 ? i + STEP_EDGE : s->n - STEP_EDGE;
        for (size_t k = from; k + STEP_EDGE <= s->n; k++) {
            size_t steps[2] = {i, k};
            fit f = fit_steps(s, steps, count);
            if (f.bic >= best.bic) continue;
            best = f;
            ret_steps[0] = i;
            ret_steps[1] = k;
        }
    }
    return best;
}

/* Taking away ------------------------------------------------------------------------------------ */

static void subtract_steps(br_course *c, const fit *f, const size_t *steps, size_t count)
{
    c->kind = BR_LEAK_STEPS;
    for (size_t k = 0; k < count; k++) {
        c->step_mb += f->x[2 + k];
        for (size_t i = steps[k]; i < c->n; i++)
            c->y[i] -= f->x[2 + k];
    }
}

static void subtract_cache(br_course *c, const cache_fit *f)
{
    double start = c->t[0];
    for (size_t i = 0; i < c->n; i++)
        c->y[i] -= f->fit.x[1] * (1 - exp(-(c->t[i] - start) / f->tau));
    c->cache_mb = f->fit.x[1] * (1 - exp(-(c->t[c->n - 1] - start) / f->tau));
    c->tau_h = f->tau;
}

static void widen(br_course *c, double slope, double half)
{
    c->low = fmin(c->low, slope - half);
    c->high = fmax(c->high, slope + half);
}

/* Which slopes are possible with this time constant, if it explains the series about as well as the best. */
static void widen_by_cache(br_course *c, const series *s, double tau, double most_rest)
{
    double freedom = (double) s->n - CACHE_SLOPES;
    fit f = fit_cache(s, tau, true);
    if (!f.ok || f.rest > most_rest || f.x[1] < 0) return;
    widen(c, f.x[2], BR_TREND_Z95 * sqrt(f.inverse[2] * fmax(f.rest, s->floor_rest) / freedom));
}

static void set_cache_interval(br_course *c, const series *s, const cache_fit *best)
{
    double rest = fmax(best->fit.rest, s->floor_rest);
    double most = rest * (1 + F_95 / ((double) s->n - CACHE_SLOPES));
    for (size_t i = 0; i < TAUS; i++)
        widen_by_cache(c, s, tau_at(s, i), most);
    for (int i = -FINE_STEPS; i <= FINE_STEPS; i++)
        widen_by_cache(c, s, best->tau * pow(FINE_FACTOR, i), most);
}

/* Where a step is uncertain, so is the slope. */
static void set_step_interval(br_course *c, const series *s, const fit *f, size_t count)
{
    double freedom = (double) (s->n - 2 - 2 * count);
    widen(c, f->x[1], BR_TREND_Z95 * sqrt(f->inverse[1] * fmax(f->rest, s->floor_rest) / freedom));
}

/* The choice ------------------------------------------------------------------------------------- */

static void cut_warm_up(br_course *c, size_t cut)
{
    c->kind = BR_LEAK_WARM_UP;
    c->first += cut;
    c->n -= cut;
    for (size_t i = 0; i < c->n; i++) {
        c->t[i] = c->t[i + cut];
        c->y[i] = c->y[i + cut];
    }
}

/* Takes the best course; true: a warm-up was cut, and what remains has to be looked at once more. */
static bool choose(br_course *c, bool may_cut)
{
    series s = make_series(c->t, c->y, c->n);
    size_t once[2] = {0}, twice[2] = {0}, cut = 0;
    double line = fit_steps(&s, once, 0).bic;
    cache_fit cache = best_cache(&s, false), both = best_cache(&s, true);
    fit one = best_steps(&s, 1, once), two = best_steps(&s, 2, twice);
    fit warm = may_cut ? best_cut(&s, &cut) : (fit){.bic = INFINITY};
    double step = fmin(one.bic, two.bic + BR_LEAK_BIC), filling = fmin(cache.fit.bic, both.fit.bic);
    if (fmin(fmin(step, filling), warm.bic) > line - BR_LEAK_BIC) return false;
    if (warm.bic < fmin(step, filling)) {
        cut_warm_up(c, cut);
        return true;
    }
    if (filling <= step) {
        bool only = cache.fit.bic <= both.fit.bic + 2;
        c->kind = only ? BR_LEAK_CACHE : BR_LEAK_CACHE_LINE;
        if (both.fit.ok) set_cache_interval(c, &s, &both);
        subtract_cache(c, only ? &cache : &both);
    } else {
        bool single = one.bic <= two.bic + BR_LEAK_BIC;
        set_step_interval(c, &s, single ? &one : &two, single ? 1 : 2);
        subtract_steps(c, single ? &one : &two, single ? once : twice, single ? 1 : 2);
    }
    return false;
}

void br_course_of(const br_envelope *e, br_course *ret)
{
    *ret = (br_course){.kind = BR_LEAK_LINE, .n = e->n, .low = INFINITY, .high = -INFINITY};
    for (size_t i = 0; i < e->n; i++) {
        ret->t[i] = e->t[i];
        ret->y[i] = e->y[i];
    }
    if (ret->n < 2 * EDGE) return; /* each model below has fewer parameters than points then */
    if (choose(ret, true) && ret->n >= 2 * EDGE) {
        (void) choose(ret, false);
    }
}
