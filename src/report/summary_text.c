#include "report/summary_text.h"
#include <math.h>
#include <stdlib.h>
#include "base/map.h"
#include "base/num.h"
#include "base/num.h"
#include "judge/format.h"
#include "report/metric_order.h"

/* What is needed all the way down. Rows and their texts live in `arena`. */
typedef struct summary {
    const br_run_result *result;
    bool colour, full;
    size_t indent; /* of nested groups */
    br_arena arena;
    br_buf scratch; /* for making one text */
    br_buf out;
} summary;

#define EXTRAS_MAX 2

/* One line `label...: value extras` or, for a trend, `label...: column column ...`. */
typedef struct row {
    br_str label;
    br_str value, extras[EXTRAS_MAX];
    size_t extra_count;
    br_str *columns; /* trend: [trend_stat_count] values */
} row;

typedef struct widths {
    size_t label, value, extras[EXTRAS_MAX];
    size_t *columns;
} widths;

/* Colours ---------------------------------------------------------------------------------------- */

#define BOLD       "\x1b[1m"
#define RED        "\x1b[31m"
#define GREEN      "\x1b[32m"
#define CYAN       "\x1b[36m"
#define FAINT      "\x1b[2m"
#define FAINT_CYAN "\x1b[36;2m"

static void put(summary *s, const char *colour, br_str text)
{
    if (s->colour) (void) br_buf_puts(&s->out, colour);
    (void) br_buf_put(&s->out, text);
    if (s->colour) (void) br_buf_puts(&s->out, "\x1b[0m");
}

static void put_spaces(summary *s, size_t n)
{
    (void) br_buf_printf(&s->out, "%*s", (int) n, "");
}

static void put_mark(summary *s, bool ok)
{
    put(s, ok ? GREEN : RED, ok ? BR_STR("✓") : BR_STR("✗"));
}

/* Texts in the arena ----------------------------------------------------------------------------- */

static br_str scratch_text(summary *s)
{
    br_str text = br_arena_str(&s->arena, br_buf_view(&s->scratch));
    br_buf_reset(&s->scratch);
    return text;
}

static br_str value_text(summary *s, const br_result_metric *m, double value)
{
    br_format_metric(&s->scratch, value, m->type, m->contains, s->result->time_unit);
    return scratch_text(s);
}

static br_str per_second_text(summary *s, const br_result_metric *m)
{
    double rate = br_sink_value(&m->sink, (br_agg_spec){BR_AGG_RATE, 0}, s->result->duration);
    br_format_metric(&s->scratch, rate, m->type, m->contains, s->result->time_unit);
    (void) br_buf_puts(&s->scratch, "/s");
    return scratch_text(s);
}

static br_str labelled_text(summary *s, const char *label, br_str value)
{
    return br_str_of(br_arena_printf(&s->arena, "%s=" BR_FMT, label, BR_ARG(value)));
}

static br_str out_of_text(summary *s, uint64_t part, uint64_t all)
{
    return br_str_of(
        br_arena_printf(&s->arena, "%llu out of %llu", (unsigned long long) part, (unsigned long long) all));
}

static br_str share_text(summary *s, uint64_t part, uint64_t all)
{
    br_format_share(&s->scratch, all ? (double) part / (double) all : 0);
    return scratch_text(s);
}

/* Rows ------------------------------------------------------------------------------------------- */

/* The figure of a trend's column: count is a plain integer, everything else is in the metric's unit. */
static br_str trend_stat_text(summary *s, const br_result_metric *m, br_str stat)
{
    br_agg_spec spec;
    if (br_agg_parse(stat, &spec) != BR_OK) return BR_STR("");
    double value = br_sink_value(&m->sink, spec, s->result->duration);
    if (spec.agg != BR_AGG_COUNT) return value_text(s, m, value);
    br_format_number(&s->scratch, value, 0);
    return scratch_text(s);
}

static void fill_trend(summary *s, const br_result_metric *m, row *r)
{
    size_t n = s->result->trend_stat_count;
    r->columns = br_arena_zalloc(&s->arena, (n + 1) * sizeof(br_str));
    for (size_t i = 0; i < n; i++) {
        r->columns[i] = trend_stat_text(s, m, s->result->trend_stats[i]);
    }
}

static row metric_row(summary *s, const br_result_metric *m)
{
    row r = {.label = m->name};
    if (m->suffix.n > 0)
        r.label = br_str_of(br_arena_printf(&s->arena, "  { " BR_FMT " }", BR_ARG(m->suffix)));
    const br_sink *sink = &m->sink;
    switch (m->type) {
        case BR_TREND: fill_trend(s, m, &r); break;
        case BR_COUNTER:
            r.value = value_text(s, m, sink->sum);
            r.extras[r.extra_count++] = per_second_text(s, m);
            break;
        case BR_RATE:
            r.value = share_text(s, sink->nonzero, sink->count);
            r.extras[r.extra_count++] = out_of_text(s, sink->nonzero, sink->count);
            break;
        case BR_GAUGE:
            r.value = value_text(s, m, sink->count ? sink->last : 0);
            r.extras[r.extra_count++] = labelled_text(
                s, "min", value_text(s, m, sink->count ? sink->min : 0));
            r.extras[r.extra_count++] = labelled_text(
                s, "max", value_text(s, m, sink->count ? sink->max : 0));
            break;
    }
    return r;
}

static void widen(size_t *width, br_str text)
{
    size_t n = br_format_width(text);
    if (n > *width) *width = n;
}

static widths widths_of(summary *s, const row *rows, size_t count)
{
    size_t columns = s->result->trend_stat_count;
    widths w = {.columns = br_arena_zalloc(&s->arena, (columns + 1) * sizeof(size_t))};
    for (size_t i = 0; i < count; i++) {
        widen(&w.label, rows[i].label);
        widen(&w.value, rows[i].value);
        for (size_t k = 0; k < rows[i].extra_count; k++) {
            widen(&w.extras[k], rows[i].extras[k]);
        }
        for (size_t k = 0; rows[i].columns && k < columns; k++) {
            widen(&w.columns[k], rows[i].columns[k]);
        }
    }
    return w;
}

static void put_columns(summary *s, const row *r, const widths *w)
{
    for (size_t i = 0; i < s->result->trend_stat_count; i++) {
        if (i > 0) put_spaces(s, 1);
        (void) br_buf_printf(&s->out, BR_FMT "=", BR_ARG(s->result->trend_stats[i]));
        put(s, CYAN, r->columns[i]);
        put_spaces(s, w->columns[i] - br_format_width(r->columns[i]));
    }
}

static void put_value(summary *s, const row *r, const widths *w)
{
    put(s, CYAN, r->value);
    put_spaces(s, w->value - br_format_width(r->value));
    for (size_t i = 0; i < r->extra_count; i++) {
        put_spaces(s, 1);
        put(s, FAINT_CYAN, r->extras[i]);
        /* A single extra ends its line; two are columns, and columns are filled up. */
        if (r->extra_count > 1) put_spaces(s, w->extras[i] - br_format_width(r->extras[i]));
    }
}

/* The longest label gets three dots. */
static void put_row(summary *s, const row *r, const widths *w)
{
    put_spaces(s, s->indent + 4);
    (void) br_buf_put(&s->out, r->label);
    size_t dots = w->label - br_format_width(r->label) + 3;
    for (size_t i = 0; i < dots; i++) {
        (void) br_buf_putc(&s->scratch, '.');
    }
    (void) br_buf_putc(&s->scratch, ':');
    put(s, FAINT, scratch_text(s));
    put_spaces(s, 1);
    r->columns ? put_columns(s, r, w) : put_value(s, r, w);
    (void) br_buf_putc(&s->out, '\n');
}

static void put_title(summary *s, const char *title)
{
    put_spaces(s, s->indent + 2);
    (void) br_buf_puts(&s->out, s->indent ? "↳ " : "█ ");
    put(s, BOLD, br_str_of(title));
    (void) br_buf_puts(&s->out, " \n\n");
}

/* Thresholds ------------------------------------------------------------------------------------- */

static bool stat_is_shown(const br_run_result *r, br_agg_spec spec)
{
    for (size_t i = 0; i < r->trend_stat_count; i++) {
        br_agg_spec shown;
        if (br_agg_parse(r->trend_stats[i], &shown) == BR_OK && shown.agg == spec.agg) return true;
    }
    return false;
}

/* As k6, a trend's figure is empty unless it is a percentile or one of the summary's columns. */
static br_str threshold_value_text(summary *s, const br_result_metric *m, const br_result_threshold *t)
{
    if (m->type == BR_TREND && t->agg.agg != BR_AGG_P && !stat_is_shown(s->result, t->agg)) return BR_STR("");
    br_str text = value_text(s, m, t->value);
    if (m->type != BR_COUNTER || t->agg.agg != BR_AGG_RATE) return text;
    return br_str_of(br_arena_printf(&s->arena, BR_FMT "/s", BR_ARG(text)));
}

static void put_agg_name(summary *s, br_agg_spec spec)
{
    static const char *const names[] = {"avg", "min", "med", "max", "count", "rate", "value"};
    if (spec.agg != BR_AGG_P) {
        (void) br_buf_puts(&s->out, names[spec.agg]);
        return;
    }
    (void) br_buf_puts(&s->out, "p(");
    (void) br_buf_put_f64(&s->out, spec.p);
    (void) br_buf_putc(&s->out, ')');
}

static void put_metric_thresholds(summary *s, const br_result_metric *m, bool nested)
{
    size_t indent = nested ? 6 : 4;
    put_spaces(s, indent);
    nested ? (void) br_buf_printf(&s->out, "{" BR_FMT "}\n", BR_ARG(m->suffix))
           : (void) br_buf_printf(&s->out, BR_FMT "\n", BR_ARG(m->name));
    for (size_t i = 0; i < m->threshold_count; i++) {
        const br_result_threshold *t = &m->thresholds[i];
        put_spaces(s, indent);
        put_mark(s, t->ok);
        (void) br_buf_printf(&s->out, " '" BR_FMT "' ", BR_ARG(br_str_trim(t->source)));
        put_agg_name(s, t->agg);
        (void) br_buf_putc(&s->out, '=');
        put(s, CYAN, threshold_value_text(s, m, t));
        (void) br_buf_putc(&s->out, '\n');
    }
    (void) br_buf_putc(&s->out, '\n');
}

static bool parent_has_thresholds(const br_run_result *r, const br_result_metric *m)
{
    if (m->suffix.n == 0) return false;
    const br_result_metric *parent = br_metric_order_find(r, m->parent);
    return parent && parent->threshold_count > 0;
}

static void put_thresholds(summary *s, const br_result_metric *const *sorted, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (sorted[i]->threshold_count == 0) continue;
        if (!any) put_title(s, "THRESHOLDS");
        any = true;
        put_metric_thresholds(s, sorted[i], parent_has_thresholds(s->result, sorted[i]));
    }
    if (any) (void) br_buf_putc(&s->out, '\n');
}

/* Checks ----------------------------------------------------------------------------------------- */

typedef BR_VEC(br_check) check_vec;

/* Same-named checks of different groups are one line here, at the place where the first was seen. `index`
 * maps a name to its place in `all`, counted from 1. */
static void collect_checks(const br_group *g, check_vec *all, br_map *index)
{
    if (!g) return;
    for (size_t i = 0; i < g->checks.len; i++) {
        const br_check *c = g->checks.data[i];
        size_t place = (size_t) (uintptr_t) br_map_get(index, c->name);
        if (place == 0) {
            *br_vec_push(all) = *c;
            br_map_set(index, c->name, (void *) (uintptr_t) all->len);
            continue;
        }
        br_check *same = &all->data[place - 1];
        same->passes += c->passes;
        same->fails += c->fails;
        if (c->order < same->order) same->order = c->order;
    }
    for (size_t i = 0; i < g->groups.len; i++) {
        collect_checks(g->groups.data[i], all, index);
    }
}

static int by_order(const void *a, const void *b)
{
    const br_check *x = a, *y = b;
    return (x->order > y->order) - (x->order < y->order);
}

static void put_check(summary *s, const br_check *c)
{
    put_spaces(s, s->indent + 4);
    const char *colour = c->fails == 0 ? GREEN : RED;
    put(s, colour, c->fails == 0 ? BR_STR("✓ ") : BR_STR("✗ "));
    put(s, colour, c->name);
    (void) br_buf_putc(&s->out, '\n');
    if (c->fails == 0) return;
    double percent = floor(100 * (double) c->passes / (double) (c->passes + c->fails));
    put_spaces(s, s->indent);
    (void) br_buf_printf(&s->scratch, "      ↳  %.0f%% — ✓ %llu / ✗ %llu", percent,
        (unsigned long long) c->passes, (unsigned long long) c->fails);
    put(s, colour, scratch_text(s));
    (void) br_buf_putc(&s->out, '\n');
}

static void put_check_totals(summary *s, const br_sink *checks)
{
    uint64_t all = checks->count, passed = checks->nonzero;
    row rows[3] = {{.label = BR_STR("checks_total"), .extra_count = 1},
        {.label = BR_STR("checks_succeeded"), .value = share_text(s, passed, all), .extra_count = 1},
        {.label = BR_STR("checks_failed"), .value = share_text(s, all - passed, all), .extra_count = 1}};
    double seconds = (double) s->result->duration / (double) BR_SEC;
    rows[0].value = br_str_of(br_arena_printf(&s->arena, "%llu", (unsigned long long) all));
    br_format_number(&s->scratch, seconds > 0 ? (double) all / seconds : 0, 6);
    (void) br_buf_puts(&s->scratch, "/s");
    rows[0].extras[0] = scratch_text(s);
    rows[1].extras[0] = out_of_text(s, passed, all);
    rows[2].extras[0] = out_of_text(s, all - passed, all);
    widths w = widths_of(s, rows, 3);
    for (size_t i = 0; i < 3; i++) {
        put_row(s, &rows[i], &w);
    }
    (void) br_buf_putc(&s->out, '\n');
}

static void put_checks(summary *s)
{
    const br_result_metric *m = br_metric_order_find(s->result, BR_STR("checks"));
    if (!m || m->sink.count == 0) return;
    put_check_totals(s, &m->sink);
    check_vec all = {0};
    br_map index;
    br_map_init(&index);
    collect_checks(s->result->root_group, &all, &index);
    br_map_deinit(&index);
    if (all.len > 0) {
        qsort(all.data, all.len, sizeof(*all.data), by_order);
        for (size_t i = 0; i < all.len; i++) {
            put_check(s, &all.data[i]);
        }
        (void) br_buf_putc(&s->out, '\n');
    }
    br_vec_deinit(&all);
}

/* Metrics ---------------------------------------------------------------------------------------- */

static void put_metrics(summary *s, const br_result_metric *const *sorted, size_t count)
{
    row *rows = br_arena_zalloc(&s->arena, (count + 1) * sizeof(row));
    br_metric_category *categories = br_arena_zalloc(&s->arena, (count + 1) * sizeof(*categories));
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        br_metric_category category = br_metric_category_of(sorted[i]->name);
        if (category == BR_CATEGORY_DETAIL && s->full) category = BR_CATEGORY_HTTP;
        if (category == BR_CATEGORY_HIDDEN || category == BR_CATEGORY_DETAIL) continue;
        categories[n] = category;
        rows[n++] = metric_row(s, sorted[i]);
    }
    widths w = widths_of(s, rows, n);
    for (br_metric_category c = 0; c < BR_CATEGORY_HIDDEN; c++) {
        bool any = false;
        for (size_t i = 0; i < n; i++) {
            if (categories[i] != c) continue;
            if (!any) {
                put_spaces(s, s->indent + 4);
                put(s, BOLD, br_str_of(br_metric_category_name(c)));
                (void) br_buf_putc(&s->out, '\n');
            }
            any = true;
            put_row(s, &rows[i], &w);
        }
        if (any) (void) br_buf_putc(&s->out, '\n');
    }
}

/* Groups and scenarios --------------------------------------------------------------------------- */

/* The figures of a part in the form in which those of the whole run come. */
static void put_part_metrics(summary *s, const br_breakdown *b, const br_part *p)
{
    br_run_result part = {
        .metrics = br_arena_zalloc(&s->arena, (p->shard->sink_count + 1) * sizeof(*part.metrics))};
    for (size_t i = 0; i < p->shard->sink_count; i++) {
        if (p->shard->sinks[i].count == 0) continue;
        const br_metric *m = br_breakdown_metric(b, i);
        part.metrics[part.metric_count++] = (br_result_metric){
            .name = m->name, .type = m->type, .contains = m->contains, .sink = p->shard->sinks[i]};
    }
    const br_result_metric **sorted = br_metric_order_sorted(&part, &s->arena);
    const br_result_metric *checks = br_metric_order_find(&part, BR_STR("checks"));
    if (checks) {
        put_check_totals(s, &checks->sink);
        for (size_t i = 0; i < p->checks.len; i++)
            put_check(s, p->checks.data[i]);
        (void) br_buf_putc(&s->out, '\n');
    }
    put_metrics(s, sorted, part.metric_count);
}

static void put_part(summary *s, const br_breakdown *b, const char *kind, const br_part *p)
{
    if (!s->indent) (void) br_buf_putc(&s->out, '\n');
    put_title(s, br_arena_printf(&s->arena, "%s: " BR_FMT, kind, BR_ARG(p->name)));
    put_part_metrics(s, b, p);
    s->indent += 2;
    for (size_t i = 0; i < p->groups.len; i++)
        put_part(s, b, "GROUP", p->groups.data[i]);
    s->indent -= 2;
}

static int by_part_name(const void *a, const void *b)
{
    return br_str_cmp((*(const br_part *const *) a)->name, (*(const br_part *const *) b)->name);
}

static void put_parts(summary *s, const br_breakdown *b)
{
    const br_part *root = br_breakdown_root(b);
    for (size_t i = 0; i < root->groups.len; i++) {
        br_str name = root->groups.data[i]->name;
        if (!br_str_is(name, "setup") && !br_str_is(name, "teardown"))
            put_part(s, b, "GROUP", root->groups.data[i]);
    }
    size_t n;
    const br_part *const *scenarios = br_breakdown_scenarios(b, &n);
    const br_part **sorted = br_arena_alloc(&s->arena, (n + 1) * sizeof(*sorted));
    for (size_t i = 0; i < n; i++)
        sorted[i] = scenarios[i];
    qsort(sorted, n, sizeof(*sorted), by_part_name);
    for (size_t i = 0; i < n; i++)
        put_part(s, b, "SCENARIO", sorted[i]);
}

br_code br_report_summary_text(
    const br_run_result *result, const br_summary_style *style, br_buf *out, br_err *err)
{
    summary s = {.result = result, .colour = style->colour, .full = style->breakdown};
    br_arena_init(&s.arena, 16384);
    br_buf_init(&s.scratch, BR_BUF_NO_LIMIT);
    br_buf_init(&s.out, BR_BUF_NO_LIMIT);
    const br_result_metric **sorted = br_metric_order_sorted(result, &s.arena);
    put_thresholds(&s, sorted, result->metric_count);
    put_title(&s, "TOTAL RESULTS");
    put_checks(&s);
    put_metrics(&s, sorted, result->metric_count);
    if (style->breakdown) put_parts(&s, style->breakdown);
    /* Every block ends with a blank line; the summary itself ends with its last line. */
    while (s.out.len > 0 && s.out.data[s.out.len - 1] == '\n') {
        s.out.len--;
    }
    br_code rc = br_buf_append(out, s.out.data, s.out.len);
    if (rc != BR_OK) rc = br_fail(err, rc, "the summary does not fit into %zu bytes", out->max_bytes);
    br_buf_deinit(&s.out);
    br_buf_deinit(&s.scratch);
    br_arena_deinit(&s.arena);
    return rc;
}
