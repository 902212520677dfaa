#include <math.h>
#include "judge/compare_int.h"
#include "stat/distributions.h"
#include "stat/estimate.h"

#define POWER 0.95 /* that runs which are asked for decide a change at the limit */

/* Many rows -------------------------------------------------------------------------------------- */

/*
 * False discovery rate over the rows of requests that gate; over those of values, so that a page with a
 * hundred counters does not blunt the rest; and over the rows that are only shown.
 */
static unsigned family_of(const br_compare_row *r)
{
    return r->row.gates ? r->value : 2;
}

static void correct(br_compare_work *w, unsigned family)
{
    double *p = br_malloc((2 * w->rows.len + 1) * sizeof(double)), *q = p + w->rows.len;
    size_t n = 0;
    for (size_t i = 0; i < w->rows.len; i++) {
        if (family_of(&w->rows.data[i]) == family) p[n++] = w->rows.data[i].row.p_value;
    }
    br_false_discovery(p, n, q);
    n = 0;
    for (size_t i = 0; i < w->rows.len; i++) {
        if (family_of(&w->rows.data[i]) == family) w->rows.data[i].row.q_value = q[n++];
    }
    br_free(p);
}

/* One row ---------------------------------------------------------------------------------------- */

/* Worse for certain, and by the limit for all that is known; certain to be within it; or neither. */
static br_change change_of_level(const br_compare_work *w, const br_comparison_row *r)
{
    if (r->q_value <= w->config.q && r->low > 1 && r->high >= w->config.limit) return BR_CHANGE_REGRESSED;
    if (r->high < 1 && r->ratio < 1 / w->config.limit) return BR_CHANGE_IMPROVED;
    return r->high < w->config.limit ? BR_CHANGE_OK : BR_CHANGE_INCONCLUSIVE;
}

/* The same, but a rise that is too small in absolute terms is no alarm, however large it is as a ratio. */
static br_change change_of_share(const br_compare_work *w, const br_compare_row *row)
{
    const br_comparison_row *r = &row->row;
    bool risen = r->new_value - r->old_value >= BR_COMPARE_ERROR_FLOOR;
    if (risen && r->q_value <= w->config.q && r->high >= w->config.limit) return BR_CHANGE_REGRESSED;
    if (r->high < 1 && r->ratio < 1 / w->config.limit) return BR_CHANGE_IMPROVED;
    bool harmless = row->difference_high < BR_COMPARE_ERROR_FLOOR || r->high < w->config.limit;
    return harmless ? BR_CHANGE_OK : BR_CHANGE_INCONCLUSIVE;
}

/* Known exactly: one more of what is counted is a change; of other things, the limit decides. */
static br_change change_of_exact(const br_compare_work *w, const br_comparison_row *r)
{
    bool counted = br_str_is(r->unit, "count");
    if (r->new_value > r->old_value && (counted || r->ratio >= w->config.limit)) return BR_CHANGE_REGRESSED;
    return r->ratio < 1 / w->config.limit ? BR_CHANGE_IMPROVED : BR_CHANGE_OK;
}

static br_change change_of(const br_compare_work *w, const br_compare_row *r)
{
    /* Counts add up over runs: no error in all of them may say enough where one run has too few requests. */
    if (!r->judged && !(r->row.bound > 0)) return BR_CHANGE_INCONCLUSIVE;
    switch (r->kind) {
        case BR_MEASURE_LEVEL: return change_of_level(w, &r->row);
        case BR_MEASURE_SHARE: return change_of_share(w, r);
        case BR_MEASURE_EXACT: return change_of_exact(w, &r->row);
        case BR_MEASURE_NONE: break;
    }
    return BR_CHANGE_INCONCLUSIVE;
}

/* How many runs more ----------------------------------------------------------------------------- */

/* Of what is asked for: so many new runs in all, those to come in sessions of their own or like those so far.
 */
typedef struct proposal {
    size_t runs;
    bool other_sessions;
} proposal;

static double share_in(const br_measured *runs, size_t n, size_t session)
{
    size_t in = 0;
    for (size_t i = 0; i < n; i++) {
        in += runs[i].session == session;
    }
    return (double) in / (double) n;
}

/* Adds one session to the sum over all: the square of the difference between its shares of both versions. */
static double part_of_session(const br_compare_row *r, const proposal *p, size_t session)
{
    double share = share_in(r->new_runs, r->new_count, session);
    if (p->other_sessions) share *= (double) r->new_count / (double) p->runs;
    double d = share - share_in(r->old_runs, r->old_count, session);
    return d * d;
}

static bool seen_before(const br_measured *runs, size_t count, size_t session)
{
    for (size_t i = 0; i < count; i++) {
        if (runs[i].session == session) return true;
    }
    return false;
}

static double session_sum(const br_compare_row *r, const proposal *p)
{
    double sum = 0, runs = (double) p->runs;
    for (size_t i = 0; i < r->old_count; i++) {
        size_t session = r->old_runs[i].session;
        if (!seen_before(r->old_runs, i, session)) sum += part_of_session(r, p, session);
    }
    for (size_t i = 0; i < r->new_count; i++) {
        size_t session = r->new_runs[i].session;
        bool counted = seen_before(r->new_runs, i, session) ||
                       seen_before(r->old_runs, r->old_count, session);
        if (!counted) sum += part_of_session(r, p, session);
    }
    return p->other_sessions ? sum + (runs - (double) r->new_count) / (runs * runs) : sum;
}

static size_t sessions_in(const br_measured *runs, size_t n)
{
    size_t sessions = 0;
    for (size_t i = 0; i < n; i++) {
        sessions += !seen_before(runs, i, runs[i].session);
    }
    return sessions;
}

/* Would they find a change at the limit? */
static bool level_decides(const br_compare_work *w, const br_compare_row *r, const proposal *p)
{
    double df = r->fit.df + (double) (p->runs - r->new_count);
    double alpha = fmin(0.025, w->config.q / (double) w->family[r->value]);
    double reach = br_student_quantile(1 - alpha, df) + br_student_quantile(POWER, df);
    double error = br_two_level_error(&r->fit, session_sum(r, p), r->old_count, p->runs);
    return reach * error <= log(w->config.limit);
}

/* Would they show that errors did not rise, if they did not? */
static bool share_decides(const br_compare_work *w, const br_compare_row *r, const proposal *p)
{
    double requests = 0, old_requests = 0, sessions = (double) sessions_in(r->new_runs, r->new_count);
    for (size_t i = 0; i < r->old_count; i++) {
        old_requests += r->old_runs[i].requests;
    }
    for (size_t i = 0; i < r->new_count; i++) {
        requests += r->new_runs[i].requests * (double) p->runs / (double) r->new_count;
    }
    /* Runs of a session that holds both versions count one by one (part_shared_sessions). */
    bool more = p->other_sessions || sessions >= (double) r->new_count;
    if (more) sessions += (double) (p->runs - r->new_count);
    double share = fmax(r->row.old_value, 1 / old_requests), old_sessions = 1 / r->old_session_sum;
    double error = share * sqrt(w->error_noise * (1 / old_sessions + 1 / sessions) +
                                (1 - share) / share * (1 / old_requests + 1 / requests));
    double allowed = fmax(BR_COMPARE_ERROR_FLOOR, (w->config.limit - 1) * share);
    return (br_normal_quantile(0.975) + br_normal_quantile(POWER)) * error <= allowed;
}

static bool decides(const br_compare_work *w, const br_compare_row *r, const proposal *p)
{
    return r->kind == BR_MEASURE_LEVEL ? level_decides(w, r, p) : share_decides(w, r, p);
}

typedef struct wanted {
    size_t runs, sessions; /* more; sessions: of them, that the new runs have not been in */
} wanted;

static wanted wanted_by(const br_compare_work *w, const br_compare_row *r)
{
    size_t have = r->new_count, repeats = sessions_in(r->new_runs, have) * BR_COMPARE_REPEATS_MAX;
    if (have >= BR_COMPARE_RUNS_MAX) return (wanted){0};
    for (size_t k = have + 1; k <= repeats && k <= BR_COMPARE_RUNS_MAX; k++) {
        if (decides(w, r, &(proposal){k, false})) return (wanted){k - have, 0};
    }
    /* Repeats would not do: what a session has in common only shrinks with other sessions. */
    size_t k = have + 1;
    while (k < BR_COMPARE_RUNS_MAX && !decides(w, r, &(proposal){k, true})) {
        k++;
    }
    return (wanted){k - have, k - have};
}

static void want_runs(br_compare_work *w)
{
    wanted most = {0};
    for (size_t i = 0; i < w->rows.len; i++) {
        const br_compare_row *r = &w->rows.data[i];
        if (!r->row.gates || r->row.change != BR_CHANGE_INCONCLUSIVE) continue;
        wanted here = wanted_by(w, r);
        if (here.runs > most.runs) most.runs = here.runs;
        if (here.sessions > most.sessions) most.sessions = here.sessions;
    }
    w->c->runs_wanted = (uint32_t) most.runs;
    w->c->sessions_wanted = (uint32_t) most.sessions;
}

/* All -------------------------------------------------------------------------------------------- */

static void answer(br_compare_work *w)
{
    bool regressed = false, open = false, any = false;
    for (size_t i = 0; i < w->rows.len; i++) {
        const br_comparison_row *r = &w->rows.data[i].row;
        if (!r->gates) continue;
        any = true;
        if (r->change == BR_CHANGE_REGRESSED) regressed = true;
        if (r->change == BR_CHANGE_INCONCLUSIVE) open = true;
    }
    w->c->answer = regressed      ? BR_COMPARISON_REGRESSED
                   : open || !any ? BR_COMPARISON_INCONCLUSIVE
                                  : BR_COMPARISON_OK;
    if (w->c->answer == BR_COMPARISON_INCONCLUSIVE) want_runs(w);
}

void br_compare_decide(br_compare_work *w)
{
    for (size_t i = 0; i < w->rows.len; i++) {
        if (w->rows.data[i].row.gates) w->family[w->rows.data[i].value]++;
    }
    for (unsigned family = 0; family < 3; family++) {
        correct(w, family);
    }
    for (size_t i = 0; i < w->rows.len; i++) {
        br_compare_row *r = &w->rows.data[i];
        r->row.detectable = br_compare_detectable(w, r);
        r->row.change = change_of(w, r);
    }
    answer(w);
}
