#include "cli/history/history_changes.h"
#include <stdlib.h>
#include "base/mem.h"
#include "cli/history/history_view.h"
#include "judge/compare.h"

#define POINTS_MAX 16 /* of one series */

static double p95(const br_stored_run *r)
{
    return r->p95_ms;
}

static const struct {
    const char *name;
    double (*figure)(const br_stored_run *r);
    bool less_is_better, measured_in_open_model;
} measures[] = {{"p95", p95, true, true}, {"throughput", br_history_per_second, false, false}};

static bool same_series(const br_stored_run *a, const br_stored_run *b)
{
    return br_str_eq(a->test, b->test) && br_str_eq(a->environment, b->environment) &&
           br_str_eq(a->fingerprint, b->fingerprint);
}

static void find_in(const br_stored_run *const *series, size_t count, size_t measure, br_history_changes *out)
{
    br_change_point points[POINTS_MAX];
    double *values = BR_NEW_ARRAY(double, count + 1);
    for (size_t i = 0; i < count; i++)
        values[i] = measures[measure].figure(series[i]);
    size_t found = br_change_points(values, count, points, POINTS_MAX);
    for (size_t i = 0; i < found; i++) {
        const br_change_point *p = &points[i];
        if (p->at == 0 || p->at >= count) continue;
        const br_stored_run *r = series[p->at];
        *br_vec_push(out) = (br_history_change){.run = r->id,
            .previous = series[p->at - 1]->id,
            .test = r->test,
            .environment = r->environment,
            .measure = measures[measure].name,
            .before = p->before,
            .after = p->after,
            .p_value = p->p_value,
            .worse = (p->after > p->before) == measures[measure].less_is_better};
    }
    br_free(values);
}

/* The series that begins with runs[at], in the order of time; those before `at` belong to others. */
static size_t take_series(const br_stored_run *runs, size_t at, const br_stored_run **series)
{
    size_t n = 0;
    for (size_t i = at + 1; i > 0; i--) {
        if (runs[i - 1].valid && same_series(&runs[i - 1], &runs[at])) series[n++] = &runs[i - 1];
    }
    return n;
}

static bool is_oldest_of_its_series(const br_stored_run *runs, size_t count, size_t at)
{
    for (size_t i = at + 1; i < count; i++) {
        if (same_series(&runs[i], &runs[at])) return false;
    }
    return true;
}

static int by_run(const void *a, const void *b)
{
    int64_t x = ((const br_history_change *) a)->run, y = ((const br_history_change *) b)->run;
    return (x > y) - (x < y);
}

void br_history_find_changes(const br_stored_run *runs, size_t count, br_history_changes *out)
{
    const br_stored_run **series = BR_NEW_ARRAY(const br_stored_run *, count + 1);
    for (size_t i = 0; i < count; i++) {
        if (!is_oldest_of_its_series(runs, count, i)) continue;
        size_t n = take_series(runs, i, series);
        for (size_t m = 0; m < BR_COUNT_OF(measures); m++) {
            if (n > 0 && (measures[m].measured_in_open_model || !series[0]->open)) find_in(series, n, m, out);
        }
    }
    if (out->len > 1) qsort(out->data, out->len, sizeof(*out->data), by_run);
    br_free(series);
}

br_str br_history_change_text(const br_history_change *c, br_arena *arena)
{
    bool latency = strcmp(c->measure, "p95") == 0;
    const char *before = latency ? br_history_ms(arena, c->before).p
                                 : br_arena_printf(arena, "%.4g/s", c->before),
               *after = latency ? br_history_ms(arena, c->after).p
                                : br_arena_printf(arena, "%.4g/s", c->after);
    return br_str_of(
        br_arena_printf(arena, "%s of " BR_FMT "%s" BR_FMT " %s from %s to %s with run %lld (p = %.2g)",
            c->measure, BR_ARG(c->test), c->environment.n ? " on " : "", BR_ARG(c->environment),
            c->after > c->before ? "rose" : "fell", before, after, (long long) c->run, c->p_value));
}

static json_t *change_json(const br_history_change *c)
{
    return json_pack("{s:I,s:s%,s:s%,s:s,s:f,s:f,s:f,s:b}", "run", (json_int_t) c->run, "test", c->test.p,
        c->test.n, "environment", c->environment.p, c->environment.n, "measure", c->measure, "before",
        c->before, "after", c->after, "p_value", c->p_value, "worse", (int) c->worse);
}

json_t *br_history_changes_json(const br_history_changes *changes)
{
    json_t *list = json_array();
    for (size_t i = 0; i < changes->len; i++)
        json_array_append_new(list, change_json(&changes->data[i]));
    return list;
}
