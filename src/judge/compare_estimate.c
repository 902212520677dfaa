#include <math.h>
#include "judge/compare_int.h"
#include "stat/distributions.h"
#include "stat/estimate.h"

#define CONFIDENCE 0.975 /* of each side: a 95 % interval */
#define POWER      0.8
/* The rank interval is used once it leaves something out: as many orders of the runs as give it a say. */
#define RANK_P_MIN       0.0025
#define SCATTER_ROWS_MIN 6

/* Levels ----------------------------------------------------------------------------------------- */

static double level_of(const br_compare_row *r, const br_measured *m)
{
    return r->row.more_is_better ? -log(m->value) : log(m->value);
}

/* Mean variance within the runs, and what it means for the difference of means. */
static double sampling(const br_measured *runs, size_t n, double *sum)
{
    double mean = 0;
    for (size_t i = 0; i < n; i++) {
        mean += runs[i].variance / (double) n;
    }
    *sum += mean / (double) n;
    return mean;
}

static double session_sum(const br_measured *runs, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++) {
            if (runs[i].session == runs[k].session) sum += 1 / ((double) n * (double) n);
        }
    }
    return sum;
}

static void fit_levels(
    const br_compare_work *w, br_compare_row *r, const double *old_levels, const double *new_levels)
{
    size_t n = r->old_count + r->new_count;
    br_two_level_run *runs = br_malloc(n * sizeof *runs);
    for (size_t i = 0; i < r->old_count; i++) {
        runs[i] = (br_two_level_run){old_levels[i], r->old_runs[i].session, false};
    }
    for (size_t i = 0; i < r->new_count; i++) {
        runs[r->old_count + i] = (br_two_level_run){new_levels[i], r->new_runs[i].session, true};
    }
    br_two_level_prior prior = {.df = BR_COMPARE_NOISE_DF};
    double within = sampling(r->old_runs, r->old_count, &prior.least) * (double) r->old_count +
                    sampling(r->new_runs, r->new_count, &prior.least) * (double) r->new_count;
    prior.variance = w->noise + within / (double) n;
    br_two_level_fit(runs, n, &prior, &r->fit);
    br_free(runs);
}

static void estimate_level(const br_compare_work *w, br_compare_row *r)
{
    double *old_levels = br_malloc((r->old_count + r->new_count) * sizeof(double));
    double *new_levels = old_levels + r->old_count;
    for (size_t i = 0; i < r->old_count; i++) {
        old_levels[i] = level_of(r, &r->old_runs[i]);
    }
    for (size_t i = 0; i < r->new_count; i++) {
        new_levels[i] = level_of(r, &r->new_runs[i]);
    }
    fit_levels(w, r, old_levels, new_levels);
    br_rank_shift rank = br_rank_shift_of(
        old_levels, r->old_count, new_levels, r->new_count, 2 * CONFIDENCE - 1);
    br_free(old_levels);
    double reach = br_two_level_reach(&r->fit, CONFIDENCE), p = br_two_level_p(&r->fit, rank.shift);
    double low = rank.shift - reach, high = rank.shift + reach;
    r->rank = rank.p_least <= RANK_P_MIN;
    if (r->rank) {
        low = fmin(low, rank.interval.low);
        high = fmax(high, rank.interval.high);
        p = fmax(p, rank.p_greater);
    }
    r->row.ratio = exp(rank.shift);
    r->row.low = exp(low);
    r->row.high = exp(high);
    r->row.p_value = p;
}

/* Shares ----------------------------------------------------------------------------------------- */

typedef struct share {
    double failed, requests, share;
} share;

static share share_of(const br_measured *runs, size_t n)
{
    share s = {0};
    for (size_t i = 0; i < n; i++) {
        s.failed += runs[i].failed;
        s.requests += runs[i].requests;
    }
    s.share = s.failed / s.requests;
    return s;
}

/* Pearson's chi-squared of the sessions of one group against their common share. */
static double chi_squared(const br_measured *runs, size_t n, const share *all, double *ret_df)
{
    double sum = 0, cells = 0;
    if (all->failed <= 0 || all->failed >= all->requests) return 0;
    for (size_t i = 0; i < n; i++) {
        share s = {0};
        bool first = true;
        for (size_t k = 0; k < n; k++) {
            if (runs[k].session != runs[i].session) continue;
            if (k < i) first = false;
            s.failed += runs[k].failed;
            s.requests += runs[k].requests;
        }
        if (!first) continue;
        double off = s.failed - s.requests * all->share;
        sum += off * off / (s.requests * all->share * (1 - all->share));
        cells++;
    }
    *ret_df = cells - 1;
    return sum;
}

/* What one session's share varies by adds to what chance does to its count of errors. */
static double overdispersion(const br_compare_work *w, const share *s, size_t sessions)
{
    double room = 1 - s->share;
    return 1 + w->error_noise * room * room * s->failed / (double) sessions;
}

/* Newcombe 1998, method 10: upper bound of b - a from Wilson's intervals, with fewer effective requests. */
static double difference_high(const share *a, const share *b, double over_a, double over_b, double z)
{
    br_bounds first = br_wilson(a->failed / over_a, a->requests / over_a, z);
    br_bounds second = br_wilson(b->failed / over_b, b->requests / over_b, z);
    return b->share - a->share + hypot(second.high - b->share, a->share - first.low);
}

static size_t sessions_of(const br_measured *runs, size_t n)
{
    return (size_t) lround(1 / session_sum(runs, n)); /* as many as count, if they are uneven */
}

/*
 * On logarithms: var = error_noise (1-p)^2 / sessions, of both sides (the noise is one of the odds, so a
 * share near 1 cannot vary much), and what counting adds, (1-p)/k for k errors.
 * Half an error is added to both, so that no errors have a logarithm.
 */
static void estimate_share(br_compare_work *w, br_compare_row *r)
{
    share a = share_of(r->old_runs, r->old_count), b = share_of(r->new_runs, r->new_count);
    size_t old_sessions = sessions_of(r->old_runs, r->old_count);
    size_t new_sessions = sessions_of(r->new_runs, r->new_count);
    double df = (double) (old_sessions + new_sessions) - 2 + BR_COMPARE_NOISE_DF;
    double z = br_student_quantile(CONFIDENCE, df);
    r->row.old_value = a.share;
    r->row.new_value = b.share;
    r->difference_high = difference_high(&a, &b, overdispersion(w, &a, old_sessions),
        overdispersion(w, &b, new_sessions), br_normal_quantile(0.95));
    double first = (a.failed + 0.5) / (a.requests + 1), second = (b.failed + 0.5) / (b.requests + 1);
    double noise = w->error_noise *
                   (pow(1 - first, 2) / (double) old_sessions + pow(1 - second, 2) / (double) new_sessions);
    double error = sqrt(noise + (1 - first) / (a.failed + 0.5) + (1 - second) / (b.failed + 0.5));
    bool none = a.failed <= 0 && b.failed <= 0;
    if (none) r->row.bound = r->difference_high; /* of Wilson's interval: about 2.7 by the requests */
    r->row.p_value = br_student_cdf(-log(second / first) / error, df);
    r->row.ratio = none ? 1 : second / first;
    r->row.low = none ? 0 : exp(log(second / first) - z * error);
    r->row.high = none ? INFINITY : exp(log(second / first) + z * error);
    if (a.failed > 0) {
        double seen = exp((z + br_student_quantile(POWER, df)) * error);
        r->row.detectable = fmax(seen, 1 + BR_COMPARE_ERROR_FLOOR / a.share);
    }
    /* An endpoint with so few requests that even no error at all would leave the question open. */
    bool resolved = br_wilson(0, b.requests, br_normal_quantile(0.95)).high < BR_COMPARE_ERROR_FLOOR;
    bool worse = b.share - a.share >= BR_COMPARE_ERROR_FLOOR && r->row.p_value <= w->config.q;
    if (r->row.endpoint.n > 0 && !resolved && !worse) r->row.gates = false;
}

/* Noise that rows have in common ----------------------------------------------------------------- */

/* Mean square of the levels around the mean of their group. */
static double variance_of(const br_compare_row *r)
{
    double squares = 0;
    for (int g = 0; g < 2; g++) {
        const br_measured *runs = g == 0 ? r->old_runs : r->new_runs;
        size_t n = g == 0 ? r->old_count : r->new_count;
        double mean = 0;
        for (size_t i = 0; i < n; i++) {
            mean += level_of(r, &runs[i]) / (double) n;
        }
        for (size_t i = 0; i < n; i++) {
            squares += pow(level_of(r, &runs[i]) - mean, 2);
        }
    }
    return squares / (double) (r->old_count + r->new_count - 2);
}

/*
 * Chi-squared of a group's sessions is on average (sessions - 1) (1 + error_noise * errors of a session):
 * what all rows together exceed chance by.
 */
static double learn_error_noise(const br_compare_work *w)
{
    double excess = 0, errors = 0, cells = 0;
    for (size_t i = 0; i < w->rows.len; i++) {
        const br_compare_row *r = &w->rows.data[i];
        if (!r->row.gates || r->kind != BR_MEASURE_SHARE) continue;
        for (int g = 0; g < 2; g++) {
            const br_measured *runs = g == 0 ? r->old_runs : r->new_runs;
            size_t n = g == 0 ? r->old_count : r->new_count;
            share all = share_of(runs, n);
            double df = 0, squares = chi_squared(runs, n, &all, &df);
            if (df <= 0) continue;
            excess += squares - df;
            errors += df * all.failed / (df + 1);
            if (all.failed > df) cells = fmax(cells, df);
        }
    }
    double assumed = BR_COMPARE_ERROR_NOISE * BR_COMPARE_ERROR_NOISE;
    if (errors <= 0) return assumed;
    return (BR_COMPARE_NOISE_DF * assumed + cells * fmax(0, excess / errors)) / (BR_COMPARE_NOISE_DF + cells);
}

static bool is_latency(const br_compare_row *r)
{
    return r->row.gates && r->kind == BR_MEASURE_LEVEL && br_str_is(r->row.unit, "ms");
}

/*
 * With so few runs that they cannot tell, the rows can: how differently endpoints changed, by the median of
 * their distances from the median change (times 1.4826: a normal distribution's standard deviation), which a
 * few that really changed do not move. As the variance of one run; 0 if there are too few rows.
 */
static double scatter_of_rows(const br_compare_work *w)
{
    double *changes = br_malloc((w->rows.len + 1) * sizeof(double));
    size_t n = 0;
    for (size_t i = 0; i < w->rows.len; i++) {
        const br_compare_row *r = &w->rows.data[i];
        if (is_latency(r) && r->row.endpoint.n > 0) changes[n++] = log(r->row.new_value / r->row.old_value);
    }
    double middle = br_median(changes, n);
    for (size_t i = 0; i < n; i++) {
        changes[i] = fabs(changes[i] - middle);
    }
    double deviation = 1.4826 * br_median(changes, n);
    br_free(changes);
    double each = 1 / (double) w->old_count + 1 / (double) w->new_count;
    return n >= SCATTER_ROWS_MIN ? deviation * deviation / each : 0;
}

/* Rows of one comparison are as noisy as each other, roughly; never less than the assumption. */
void br_compare_learn_noise(br_compare_work *w)
{
    double variance = 0, rows = 0, runs = (double) (w->old_count + w->new_count);
    for (size_t i = 0; i < w->rows.len; i++) {
        const br_compare_row *r = &w->rows.data[i];
        if (!is_latency(r) || r->old_count + r->new_count <= 2) continue;
        variance += variance_of(r);
        rows++;
    }
    double least = BR_COMPARE_NOISE * BR_COMPARE_NOISE, few = BR_COMPARE_NOISE_FEW * BR_COMPARE_NOISE_FEW;
    w->noise = fmax(least + (few - least) / (runs - 1), rows > 0 ? variance / rows : 0);
    if (runs - 2 < BR_COMPARE_NOISE_DF) w->noise = fmax(w->noise, scatter_of_rows(w));
    w->error_noise = learn_error_noise(w);
}

/* All -------------------------------------------------------------------------------------------- */

static void estimate_exact(br_compare_row *r)
{
    double a = r->old_runs[0].value, b = r->new_runs[0].value;
    r->row.ratio = a == b ? 1 : a > 0 && b >= 0 ? b / a : b > a ? INFINITY : 0;
    r->row.low = r->row.high = r->row.detectable = r->row.ratio;
    r->row.detectable = 1;
    r->row.p_value = b > a ? 0 : 1;
}

void br_compare_estimate(br_compare_work *w, br_compare_row *r)
{
    r->old_session_sum = session_sum(r->old_runs, r->old_count);
    switch (r->kind) {
        case BR_MEASURE_LEVEL: estimate_level(w, r); break;
        case BR_MEASURE_SHARE: estimate_share(w, r); break;
        case BR_MEASURE_EXACT: estimate_exact(r); break;
        case BR_MEASURE_NONE:
            r->row.ratio = 1;
            r->row.high = INFINITY;
            r->row.p_value = 1;
            break;
    }
}

/* (t_{1-alpha} + t_{power}) times the standard error, alpha being what the correction leaves to one row. */
double br_compare_detectable(const br_compare_work *w, const br_compare_row *r)
{
    if (r->kind != BR_MEASURE_LEVEL) return r->row.detectable;
    double alpha = fmin(1 - CONFIDENCE, w->config.q / fmax(1, (double) w->family[r->value]));
    double reach = br_two_level_reach(&r->fit, 1 - alpha);
    double power = br_two_level_reach(&r->fit, POWER);
    return exp(reach + power);
}
