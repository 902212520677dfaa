#include "judge/compare.h"
#include <math.h>
#include <stdlib.h>
#include "judge/compare_int.h"
#include "stat/estimate.h"

const char *br_change_name(br_change c)
{
    static const char *const names[] = {"ok", "regressed", "improved", "inconclusive"};
    return names[c];
}

const char *br_comparison_answer_name(br_comparison_answer answer)
{
    static const char *const names[] = {"ok", "regressed", "inconclusive", "no baseline", "invalid"};
    return names[answer];
}

br_now_by_before br_comparison_now_by_before(const br_comparison_row *r)
{
    if (!r->more_is_better) return (br_now_by_before){r->ratio, r->low, r->high, r->detectable};
    return (br_now_by_before){.ratio = r->ratio > 0 ? 1 / r->ratio : INFINITY,
        .low = isfinite(r->high) && r->high > 0 ? 1 / r->high : 0,
        .high = r->low > 0 ? 1 / r->low : INFINITY,
        .detectable = r->detectable > 0 ? 1 / r->detectable : 0};
}

/* Runs ------------------------------------------------------------------------------------------- */

/* The latest runs are kept if there are more than the arithmetic takes. */
#define RUNS_MAX (BR_TWO_LEVEL_RUNS_MAX / 2)

static int latest_first(const void *a, const void *b)
{
    br_ns x = ((const br_compare_run *) a)->figures->started_wall;
    br_ns y = ((const br_compare_run *) b)->figures->started_wall;
    return (x < y) - (x > y);
}

static size_t take_runs(br_comparison *c, const br_run_figures *const *runs, size_t count, const char *which,
    br_compare_run **ret, int64_t **ret_ids)
{
    *ret = br_arena_zalloc(&c->arena, (count + 1) * sizeof **ret);
    size_t n = 0, invalid = 0;
    for (size_t i = 0; i < count; i++) {
        if (runs[i]->valid)
            (*ret)[n++].figures = runs[i];
        else
            invalid++;
    }
    if (invalid > 0) {
        BR_COMPARE_NOTE(c, "%zu of %zu %s run%s %s left out: invalid as evidence.", invalid, count, which,
            count == 1 ? "" : "s", invalid == 1 ? "was" : "were");
    }
    qsort(*ret, n, sizeof **ret, latest_first);
    if (n > RUNS_MAX) {
        BR_COMPARE_NOTE(c, "Of %zu %s runs the latest %d are compared.", n, which, RUNS_MAX);
        n = RUNS_MAX;
    }
    *ret_ids = br_arena_zalloc(&c->arena, (n + 1) * sizeof **ret_ids);
    for (size_t i = 0; i < n; i++) {
        (*ret_ids)[i] = (*ret)[i].figures->id;
    }
    return n;
}

/* A run belongs to the session of the run before it, of either version, if it started soon after. */
static void set_sessions(br_compare_work *w)
{
    br_ns last = INT64_MAX;
    size_t session = 0, old_at = 0, new_at = 0;
    while (old_at < w->old_count || new_at < w->new_count) { /* both are latest first */
        bool take_old = new_at >= w->new_count ||
                        (old_at < w->old_count && w->old_runs[old_at].figures->started_wall >=
                                                      w->new_runs[new_at].figures->started_wall);
        br_compare_run *run = take_old ? &w->old_runs[old_at++] : &w->new_runs[new_at++];
        br_ns started = run->figures->started_wall;
        if (last != INT64_MAX && (double) last - (double) started > (double) BR_COMPARE_SESSION) session++;
        run->session = session;
        last = started;
    }
}

static bool fingerprints_differ(const br_compare_work *w)
{
    br_str first = w->new_runs[0].figures->fingerprint;
    for (size_t i = 0; i < w->old_count + w->new_count; i++) {
        const br_compare_run *run = i < w->old_count ? &w->old_runs[i] : &w->new_runs[i - w->old_count];
        if (!br_str_eq(run->figures->fingerprint, first)) return true;
    }
    return false;
}

static void note_runs(br_compare_work *w)
{
    if (fingerprints_differ(w)) {
        BR_COMPARE_NOTE(w->c, "The runs differ in script, load, environment or generator (their fingerprints "
                              "differ): a change may come from there.");
    }
    size_t sessions = 0;
    for (size_t i = 0; i < w->old_count; i++) {
        if (i == 0 || w->old_runs[i].session != w->old_runs[i - 1].session) sessions++;
    }
    if (w->old_count == 1) {
        BR_COMPARE_NOTE(w->c,
            "There is one old run: how much runs differ by themselves is mostly assumed (%.0f %%), not measured.",
            BR_COMPARE_NOISE_FEW * 100);
    } else if (sessions == 1) {
        BR_COMPARE_NOTE(w->c,
            "All %zu old runs are of one session: how much sessions differ is assumed, not "
            "measured.",
            w->old_count);
    } else if (w->old_count < 5) {
        BR_COMPARE_NOTE(w->c,
            "%zu old runs say little about how much runs differ by themselves; an assumption weighs in.",
            w->old_count);
    }
}

/* What the figure that people look at first says of noise; nothing if it is mostly the assumption. */
static void note_noise(br_compare_work *w)
{
    for (size_t i = 0; i < w->rows.len; i++) {
        const br_compare_row *r = &w->rows.data[i];
        if (r->kind != BR_MEASURE_LEVEL || r->row.endpoint.n > 0 || !br_str_is(r->row.measure, "p95"))
            continue;
        if (r->fit.df < 2 * BR_COMPARE_NOISE_DF) return;
        BR_COMPARE_NOTE(w->c,
            "p95 of all requests differs by %.1f %% from run to run by itself, of which runs of one session "
            "have about %.0f %% of the variance in common.",
            sqrt(r->fit.variance) * 100, r->fit.share * 100);
        return;
    }
}

/* Rows ------------------------------------------------------------------------------------------- */

static int rank_of(const br_comparison_row *r)
{
    static const int ranks[] = {[BR_CHANGE_REGRESSED] = 0,
        [BR_CHANGE_INCONCLUSIVE] = 2,
        [BR_CHANGE_OK] = 4,
        [BR_CHANGE_IMPROVED] = 4};
    return ranks[r->change] + !r->gates;
}

static int worst_first(const void *a, const void *b)
{
    const br_comparison_row *x = a, *y = b;
    if (rank_of(x) != rank_of(y)) return rank_of(x) - rank_of(y);
    if (x->ratio != y->ratio) return x->ratio > y->ratio ? -1 : 1;
    int d = strncmp(
        x->endpoint.p, y->endpoint.p, x->endpoint.n < y->endpoint.n ? x->endpoint.n : y->endpoint.n);
    if (d == 0) d = (x->endpoint.n > y->endpoint.n) - (x->endpoint.n < y->endpoint.n);
    return d ? d : strcmp(x->measure.p, y->measure.p); /* of the arena: end in NUL */
}

static void compare_rows(br_compare_work *w)
{
    br_comparison *c = w->c;
    br_compare_make_rows(w);
    br_compare_learn_noise(w);
    for (size_t i = 0; i < w->rows.len; i++) {
        br_compare_estimate(w, &w->rows.data[i]);
    }
    note_noise(w);
    br_compare_decide(w);
    c->row_count = w->rows.len;
    c->rows = br_arena_zalloc(&c->arena, (w->rows.len + 1) * sizeof *c->rows);
    for (size_t i = 0; i < w->rows.len; i++) {
        br_compare_say_row(w, &w->rows.data[i]);
        c->rows[i] = w->rows.data[i].row;
    }
    qsort(c->rows, c->row_count, sizeof *c->rows, worst_first);
    br_compare_say(w);
    if (c->sessions_wanted > 0) {
        BR_COMPARE_NOTE(c,
            "Cheaper than runs on other days: both versions in turn within the hour, five times "
            "each; then what that hour was like cancels.");
    }
    br_vec_deinit(&w->rows);
}

br_comparison *br_compare(const br_run_figures *const *old_runs, size_t old_count,
    const br_run_figures *const *new_runs, size_t new_count, const br_compare_config *config)
{
    br_comparison *c = BR_NEW(br_comparison);
    br_arena_init(&c->arena, 8192);
    br_compare_work w = {.c = c};
    if (config) w.config = *config;
    if (!(w.config.limit > 1)) w.config.limit = 1.2;
    c->limit = w.config.limit;
    if (!(w.config.q > 0)) w.config.q = BR_COMPARE_Q;
    if (w.config.requests_min == 0) w.config.requests_min = BR_COMPARE_P95_MIN;
    c->old_count = w.old_count = take_runs(c, old_runs, old_count, "old", &w.old_runs, &c->old_ids);
    c->new_count = w.new_count = take_runs(c, new_runs, new_count, "new", &w.new_runs, &c->new_ids);
    if (w.new_count == 0) {
        c->answer = BR_COMPARISON_INVALID;
        c->headline = BR_STR("INVALID: there is no valid new run to compare.");
        return c;
    }
    if (w.old_count == 0) {
        c->answer = BR_COMPARISON_NO_BASELINE;
        c->headline = BR_STR("NO BASELINE: there is no valid earlier run to compare with.");
        return c;
    }
    set_sessions(&w);
    note_runs(&w);
    compare_rows(&w);
    return c;
}

bool br_comparison_wants_repeat(br_comparison_answer answer, uint32_t runs_wanted, size_t runs)
{
    switch (answer) {
        case BR_COMPARISON_INCONCLUSIVE: return runs_wanted > 0;
        case BR_COMPARISON_INVALID: return true;
        case BR_COMPARISON_REGRESSED: return runs == 1;
        case BR_COMPARISON_OK:
        case BR_COMPARISON_NO_BASELINE: break;
    }
    return false;
}

void br_comparison_free(br_comparison *c)
{
    if (!c) return;
    br_vec_deinit(&c->notes);
    br_arena_deinit(&c->arena);
    br_free(c);
}
