#include <math.h>
#include "judge/compare_int.h"
#include "judge/criteria.h"
#include "judge/format.h"

br_str br_compare_row_name(br_arena *arena, const br_comparison_row *r)
{
    if (r->endpoint.n > 0)
        return br_str_of(
            br_arena_printf(arena, BR_FMT " of " BR_FMT, BR_ARG(r->measure), BR_ARG(r->endpoint)));
    bool quantile = br_str_is(r->measure, "p50") || br_str_is(r->measure, "p95") ||
                    br_str_is(r->measure, "p99");
    bool of_requests = quantile || br_str_is(r->measure, "error_rate");
    return of_requests ? br_str_of(br_arena_printf(arena, BR_FMT " of all requests", BR_ARG(r->measure)))
                       : r->measure;
}

static br_str value_text(br_arena *arena, const br_comparison_row *r, double value)
{
    return br_figure_text(arena, value, r->unit);
}

/* "1.43 (1.31 to 1.55)": now by before, also of what is better if there is more of it. */
static const char *ratio_text(br_arena *arena, const br_comparison_row *r)
{
    br_now_by_before n = br_comparison_now_by_before(r);
    if (isinf(n.ratio)) return "more than";
    if (isinf(n.high)) return br_arena_printf(arena, "%.2f (uncertain)", n.ratio);
    return br_arena_printf(arena, "%.2f (%.2f to %.2f)", n.ratio, n.low, n.high);
}

/* "p95 of GET /products is 1.43 (1.31 to 1.55) times what it was" */
static const char *finding_text(br_arena *arena, const br_comparison_row *r)
{
    br_str name = br_compare_row_name(arena, r);
    if (r->bound > 0)
        return br_arena_printf(arena,
            BR_FMT " is 0%% as before, but so few requests only show that it is below " BR_FMT, BR_ARG(name),
            BR_ARG(value_text(arena, r, r->bound)));
    if (r->old_value <= 0)
        return br_arena_printf(arena, BR_FMT " went from " BR_FMT " to " BR_FMT, BR_ARG(name),
            BR_ARG(value_text(arena, r, r->old_value)), BR_ARG(value_text(arena, r, r->new_value)));
    return br_arena_printf(arena, BR_FMT " is %s times what it was", BR_ARG(name), ratio_text(arena, r));
}

static const char *meaning(const br_compare_work *w, const br_compare_row *r)
{
    br_arena *arena = &w->c->arena;
    double percent = (w->config.limit - 1) * 100;
    if (!r->judged && r->kind == BR_MEASURE_NONE)
        return "it was 0 in some runs and cannot be compared as a ratio";
    if (!r->judged && !(r->row.bound > 0)) return "too few requests a run to judge it";
    switch (r->row.change) {
        case BR_CHANGE_OK: return br_arena_printf(arena, "not worse by %.0f %%", percent);
        case BR_CHANGE_IMPROVED: return "improved";
        case BR_CHANGE_REGRESSED:
            if (r->kind != BR_MEASURE_LEVEL) return "regressed";
            return r->row.low >= w->config.limit
                       ? br_arena_printf(arena, "regressed, by more than %.0f %%", percent)
                       : br_arena_printf(arena,
                             "regressed: worse for certain, by %.0f %% or more for all "
                             "that is known",
                             percent);
        case BR_CHANGE_INCONCLUSIVE: break;
    }
    return "inconclusive";
}

void br_compare_say_row(br_compare_work *w, br_compare_row *row)
{
    br_arena *arena = &w->c->arena;
    br_comparison_row *r = &row->row;
    br_str name = br_compare_row_name(arena, r);
    br_str before = value_text(arena, r, r->old_value), after = value_text(arena, r, r->new_value);
    const char *power = "";
    if (r->detectable > 1 && isfinite(r->detectable) && row->judged)
        power = br_arena_printf(
            arena, " These runs would have shown %.2f times.", br_comparison_now_by_before(r).detectable);
    const char *text;
    if (row->kind == BR_MEASURE_EXACT && r->ratio == 1) {
        text = br_arena_printf(
            arena, BR_FMT " is exactly what it was, " BR_FMT ".", BR_ARG(name), BR_ARG(after));
    } else if (row->kind == BR_MEASURE_EXACT) {
        text = br_arena_printf(arena, BR_FMT " went from exactly " BR_FMT " to exactly " BR_FMT ": %s.",
            BR_ARG(name), BR_ARG(before), BR_ARG(after), meaning(w, row));
    } else if (r->bound > 0) {
        text = br_arena_printf(arena,
            BR_FMT " is " BR_FMT " as before; so many requests without an error show that it is below " BR_FMT
                   " (95 %% certain), where %.1f points matter: %s.",
            BR_ARG(name), BR_ARG(after), BR_ARG(value_text(arena, r, r->bound)), BR_COMPARE_ERROR_FLOOR * 100,
            br_change_name(r->change));
    } else if (row->kind == BR_MEASURE_NONE || (row->kind == BR_MEASURE_SHARE && r->old_value <= 0)) {
        text = br_arena_printf(arena, BR_FMT " went from " BR_FMT " to " BR_FMT ": %s.", BR_ARG(name),
            BR_ARG(before), BR_ARG(after), meaning(w, row));
    } else if (row->kind == BR_MEASURE_SHARE) {
        text = br_arena_printf(arena, BR_FMT " went from " BR_FMT " to " BR_FMT ", %s times: %s.%s",
            BR_ARG(name), BR_ARG(before), BR_ARG(after), ratio_text(arena, r), meaning(w, row), power);
    } else {
        text = br_arena_printf(arena,
            BR_FMT " is %s times what it was (" BR_FMT ", before " BR_FMT "): %s.%s", BR_ARG(name),
            ratio_text(arena, r), BR_ARG(after), BR_ARG(before), meaning(w, row), power);
    }
    r->sentence = br_str_of(text);
}

/* Headline --------------------------------------------------------------------------------------- */

static const br_comparison_row *first_with(const br_comparison *c, br_change change, size_t *ret_count)
{
    const br_comparison_row *first = NULL;
    *ret_count = 0;
    for (size_t i = 0; i < c->row_count; i++) {
        if (!c->rows[i].gates || c->rows[i].change != change) continue;
        if (!first) first = &c->rows[i];
        ++*ret_count;
    }
    return first;
}

static const char *more(br_arena *arena, size_t count)
{
    return count > 1 ? br_arena_printf(arena, " (and %zu more)", count - 1) : "";
}

static const char *runs_text(const br_comparison *c, br_arena *arena)
{
    if (c->runs_wanted == 0) return "More runs like these would not decide it";
    if (c->sessions_wanted == 0)
        return br_arena_printf(arena, "%u more new run%s would probably decide it", c->runs_wanted,
            c->runs_wanted == 1 ? "" : "s");
    return br_arena_printf(arena, "%u more new run%s on other days (or hours apart) would probably decide it",
        c->runs_wanted, c->runs_wanted == 1 ? "" : "s");
}

static void say_inconclusive(br_comparison *c)
{
    size_t count;
    const br_comparison_row *r = first_with(c, BR_CHANGE_INCONCLUSIVE, &count);
    if (!r) {
        c->headline = BR_STR("INCONCLUSIVE: nothing could be compared.");
        return;
    }
    c->headline = br_str_of(br_arena_printf(&c->arena, "INCONCLUSIVE: %s%s. %s.", finding_text(&c->arena, r),
        more(&c->arena, count), runs_text(c, &c->arena)));
}

static void say_ok(br_compare_work *w)
{
    br_comparison *c = w->c;
    size_t improved, ok;
    const br_comparison_row *best = first_with(c, BR_CHANGE_IMPROVED, &improved);
    (void) first_with(c, BR_CHANGE_OK, &ok);
    const char *better = "";
    if (best) {
        better = br_arena_printf(
            &c->arena, " Improved: %s%s.", finding_text(&c->arena, best), more(&c->arena, improved));
    }
    c->headline = br_str_of(br_arena_printf(&c->arena, "OK: none of %zu figures is worse by %.0f %%.%s",
        ok + improved, (w->config.limit - 1) * 100, better));
}

void br_compare_say(br_compare_work *w)
{
    br_comparison *c = w->c;
    size_t count;
    const br_comparison_row *r = first_with(c, BR_CHANGE_REGRESSED, &count);
    if (r) {
        c->headline = br_str_of(br_arena_printf(
            &c->arena, "REGRESSED: %s%s.", finding_text(&c->arena, r), more(&c->arena, count)));
    } else if (c->answer == BR_COMPARISON_OK) {
        say_ok(w);
    } else {
        say_inconclusive(c);
    }
}
