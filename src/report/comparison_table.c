#include "report/comparison_table.h"
#include <math.h>
#include "judge/criteria.h"
#include "report/json_int.h"
#include "report/result_parts_int.h"
#include "report/table.h"

static const br_table_column columns[] = {{"", false}, {"endpoint", false}, {"figure", false},
    {"before", true}, {"now", true}, {"now/before", true}, {"95 % interval", false}, {"detects", true}};

static const br_paint change_paints[] = {BR_PAINT_GOOD, BR_PAINT_BAD, BR_PAINT_GOOD, BR_PAINT_WARN};

/* Rows --------------------------------------------------------------------------------------------- */

static const char *interval_text(br_arena *arena, const br_comparison_row *r)
{
    br_now_by_before n = br_comparison_now_by_before(r);
    bool low = n.low > 0, high = isfinite(n.high);
    if (r->bound > 0)
        return br_arena_printf(arena, "now below " BR_FMT, BR_ARG(br_figure_text(arena, r->bound, r->unit)));
    if (!low && !high) return "unknown";
    if (!high) return br_arena_printf(arena, "%.2f or more", n.low);
    return low ? br_arena_printf(arena, "%.2f to %.2f", n.low, n.high)
               : br_arena_printf(arena, "up to %.2f", n.high);
}

static void put_row(br_table *t, const br_comparison_row *r, br_arena *arena)
{
    br_now_by_before n = br_comparison_now_by_before(r);
    br_paint paint = r->gates ? change_paints[r->change] : BR_PAINT_FAINT;
    br_table_put(t, br_str_of(br_change_name(r->change)), paint);
    br_table_put(t, r->endpoint.n ? r->endpoint : BR_STR("all requests"), BR_PAINT_NONE);
    br_table_printf(
        t, BR_PAINT_NONE, BR_FMT "%s", BR_ARG(r->measure), r->more_is_better ? " (more is better)" : "");
    br_table_put(t, br_figure_text(arena, r->old_value, r->unit), BR_PAINT_NONE);
    br_table_put(t, br_figure_text(arena, r->new_value, r->unit), BR_PAINT_NONE);
    if (isfinite(n.ratio) && !(r->bound > 0))
        br_table_printf(t, paint, "%.2f", n.ratio);
    else
        br_table_put(t, BR_STR("-"), paint);
    br_table_put(t, br_str_of(interval_text(arena, r)), BR_PAINT_NONE);
    if (r->detectable > 1 && isfinite(r->detectable))
        br_table_printf(t, BR_PAINT_NONE, "%.2f", n.detectable);
    else
        br_table_put(t, BR_STR("-"), BR_PAINT_NONE);
}

static bool is_shown(const br_comparison_row *r, const br_comparison_table_style *style)
{
    return style->all_rows || (r->gates && (r->endpoint.n == 0 || r->change != BR_CHANGE_OK)) ||
           r->change == BR_CHANGE_REGRESSED || r->change == BR_CHANGE_IMPROVED;
}

static void put_rows(const br_comparison *c, const br_comparison_table_style *style, br_buf *out)
{
    br_arena arena;
    br_table t;
    size_t hidden = 0;
    br_arena_init(&arena, 16384);
    br_table_init(&t, &arena, columns, BR_COUNT_OF(columns));
    for (size_t i = 0; i < c->row_count; i++) {
        if (is_shown(&c->rows[i], style))
            put_row(&t, &c->rows[i], &arena);
        else
            hidden++;
    }
    (void) br_buf_putc(out, '\n');
    if (style->markdown)
        br_table_print_markdown(&t, out);
    else
        br_table_print(&t, 2, style->colour, out);
    if (hidden > 0)
        (void) br_buf_printf(out, "%s%zu more figure%s not worse, or not counted for the answer%s\n",
            style->markdown ? "\n" : "  ", hidden, hidden == 1 ? " is" : "s are",
            style->has_flag ? " (--all-rows shows them)" : "");
    br_table_deinit(&t);
    br_arena_deinit(&arena);
}

/* The whole ---------------------------------------------------------------------------------------- */

static void put_ids(br_buf *out, const int64_t *ids, size_t count)
{
    for (size_t i = count; i > 0; i--) /* latest first in the comparison */
        (void) br_buf_printf(out, "%s%lld", i == count ? "" : ", ", (long long) ids[i - 1]);
}

static void put_headline(const br_comparison *c, const br_comparison_table_style *style, br_buf *out)
{
    static const char *const codes[] = {"\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[33m", "\x1b[31m"};
    if (style->markdown) {
        (void) br_buf_printf(out, "**" BR_FMT "**\n\n", BR_ARG(c->headline));
    } else {
        bool painted = style->colour;
        (void) br_buf_printf(out, "  █ %s" BR_FMT "%s\n    ", painted ? codes[c->answer] : "",
            BR_ARG(c->headline), painted ? "\x1b[0m" : "");
    }
    (void) br_buf_printf(out, "run%s ", c->new_count == 1 ? "" : "s");
    put_ids(out, c->new_ids, c->new_count);
    (void) br_buf_printf(out, " against %s%s",
        *style->against     ? style->against
        : c->old_count == 1 ? "run"
                            : "runs",
        c->old_count == 0 ? ""
        : *style->against ? ": "
                          : " ");
    put_ids(out, c->old_ids, c->old_count);
    (void) br_buf_putc(out, '\n');
}

void br_report_comparison_legend(bool markdown, bool colour, br_buf *out)
{
    (void) br_buf_printf(out,
        "\n%s%snow/before: 1 is as before; above 1 is more, which is worse but for throughput. detects: the "
        "smallest%sworsening that these runs had a chance of 80 %% to show.%s\n",
        markdown ? "" : "  ", colour ? "\x1b[2m" : "", markdown ? " " : "\n  ", colour ? "\x1b[0m" : "");
}

void br_report_comparison_table(const br_comparison *c, const br_comparison_table_style *style, br_buf *out)
{
    put_headline(c, style, out);
    if (c->row_count > 0) put_rows(c, style, out);
    if (c->notes.len > 0) (void) br_buf_putc(out, '\n');
    for (size_t i = 0; i < c->notes.len; i++)
        (void) br_buf_printf(
            out, "%s" BR_FMT "\n", style->markdown ? "* " : "  · ", BR_ARG(c->notes.data[i]));
}

void br_report_comparison_json(const br_comparison *c, br_buf *out)
{
    br_json j;
    br_json_init(&j, out, 0);
    br_json_comparison(&j, c, 0);
}
