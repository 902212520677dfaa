#include "report/markdown.h"
#include <math.h>
#include "base/num.h"
#include "judge/format.h"
#include "report/markdown_int.h"
#include "report/result_parts_int.h"

/* Bounds: a comment is read, not studied. The report's page has everything. */
#define NAME_MAX_BYTES 120
#define TEXT_MAX_BYTES 500
#define ROWS_MAX       40
#define CRITERIA_MAX   60
#define ACTIONS_MAX    5
#define ENDPOINTS_MAX  15
#define NOTES_MAX      8

typedef struct writer {
    const br_run_result *result;
    const br_result_info *info;
    const br_judgement *judgement;
    br_arena *arena;
    br_buf out;
} writer;

static const char *const marks[] = {"✅", "❌", "➖"};

/* Verdict ---------------------------------------------------------------------------------------- */

static const char *level_mark(br_level level)
{
    switch (level) {
        case BR_LEVEL_EXCELLENT:
        case BR_LEVEL_ACCEPTABLE: return "✅";
        case BR_LEVEL_NEEDS_OPTIMIZATION: return "⚠️";
        case BR_LEVEL_CRITICAL: return "❌";
        case BR_LEVEL_INVALID: return "🚫";
    }
    return "";
}

static br_str test_name(const writer *w)
{
    return w->info->plan && w->info->plan->test.n > 0 ? w->info->plan->test : w->result->script;
}

/* The marker is a comment: nothing in it may end it. */
static void put_marker(const writer *w, br_buf *out)
{
    br_str name = test_name(w);
    (void) br_buf_puts(out, "<!-- brunt: ");
    for (size_t i = 0; i < name.n && i < NAME_MAX_BYTES; i++) {
        char c = name.p[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                     c == '.' || c == '/';
        (void) br_buf_putc(out, plain ? c : '_');
    }
    (void) br_buf_puts(out, " -->\n");
}

static void put_facts(const writer *w, br_buf *out)
{
    const br_run_result *r = w->result;
    if (w->info->plan && w->info->plan->target.n > 0) {
        (void) br_buf_puts(out, "Against ");
        br_markdown_code(out, w->info->plan->target, TEXT_MAX_BYTES);
        (void) br_buf_puts(out, ", ");
    }
    br_format_duration(out, (double) r->duration / (double) BR_MS);
    (void) br_buf_printf(out, ", up to %u virtual users", r->vus_max);
    const br_result_metric *requests = br_run_result_find(r, BR_STR("http_reqs"));
    if (requests && r->duration > 0) {
        (void) br_buf_puts(out, ", ");
        br_format_number(out, requests->sink.sum, 0);
        (void) br_buf_puts(out, " requests (");
        br_format_number(out, requests->sink.sum / ((double) r->duration / (double) BR_SEC), 1);
        (void) br_buf_puts(out, "/s)");
    }
    (void) br_buf_puts(out, ".\n");
}

static void put_verdict(const writer *w, br_buf *out)
{
    put_marker(w, out);
    (void) br_buf_printf(out, "## %s ", level_mark(w->judgement->level));
    br_markdown_text(out, test_name(w), NAME_MAX_BYTES);
    (void) br_buf_printf(out, ": %s\n\n**", br_level_name(w->judgement->level));
    br_markdown_text(out, w->judgement->headline, TEXT_MAX_BYTES);
    (void) br_buf_puts(out, "**\n\n");
    put_facts(w, out);
}

/* Self-checks ------------------------------------------------------------------------------------ */

static void put_warnings(const writer *w, br_buf *out)
{
    bool any = false;
    for (size_t i = 0; i < w->judgement->self_checks.len; i++) {
        const br_self_check *c = &w->judgement->self_checks.data[i];
        if (c->ok) continue;
        if (!any) (void) br_buf_puts(out, "\n> [!WARNING]\n> What the run says about itself:\n");
        any = true;
        (void) br_buf_printf(out, "> * %s", c->fatal ? "**no evidence**: " : "");
        br_markdown_text(out, c->text, TEXT_MAX_BYTES);
        if (c->remedy.n > 0) {
            (void) br_buf_putc(out, ' ');
            br_markdown_text(out, c->remedy, TEXT_MAX_BYTES);
        }
        (void) br_buf_putc(out, '\n');
    }
}

/* Criteria --------------------------------------------------------------------------------------- */

static void put_margin(br_buf *out, const br_criterion_result *c)
{
    if (c->state == BR_CRITERION_NOT_MEASURED) {
        (void) br_buf_puts(out, "not measured");
    } else if (c->margin != 0) {
        bool upper = c->criterion->cmp == BR_LT || c->criterion->cmp == BR_LE;
        (void) br_buf_printf(out, "%.1f %% %s", 100 * fabs(c->margin),
            c->margin > 0 ? "to spare"
            : upper       ? "over"
                          : "short");
    }
}

static void put_interval(const writer *w, br_buf *out, const br_criterion_result *c)
{
    if (!c->has_value || !c->has_interval) return;
    br_str low = br_unit_text(w->arena, c->low, c->criterion->unit);
    br_str high = br_unit_text(w->arena, c->high, c->criterion->unit);
    (void) br_buf_printf(out, BR_FMT " to " BR_FMT, BR_ARG(low), BR_ARG(high));
}

static void put_criteria(const writer *w, br_buf *out)
{
    const br_judgement *j = w->judgement;
    if (j->criterion_count == 0) return;
    (void) br_buf_puts(out,
        "\n### Criteria\n\n| | Criterion | Figure | 95 % interval | Margin |\n|---|---|---:|---:|---:|\n");
    for (size_t i = 0; i < j->criterion_count && i < CRITERIA_MAX; i++) {
        const br_criterion_result *c = &j->criteria[i];
        (void) br_buf_printf(out, "| %s | ", marks[c->state]);
        br_markdown_code(out, c->criterion->text, NAME_MAX_BYTES);
        (void) br_buf_puts(out, " | ");
        br_markdown_text(out, c->value_text, NAME_MAX_BYTES);
        (void) br_buf_puts(out, " | ");
        put_interval(w, out, c);
        (void) br_buf_puts(out, " | ");
        put_margin(out, c);
        (void) br_buf_puts(out, " |\n");
    }
    if (j->criterion_count > CRITERIA_MAX)
        (void) br_buf_printf(
            out, "\n%zu more are in the other reports.\n", j->criterion_count - CRITERIA_MAX);
}

/* Comparison ------------------------------------------------------------------------------------- */

static const char *change_mark(br_change change)
{
    switch (change) {
        case BR_CHANGE_OK: return "✅";
        case BR_CHANGE_REGRESSED: return "❌";
        case BR_CHANGE_IMPROVED: return "🚀";
        case BR_CHANGE_INCONCLUSIVE: return "❔";
    }
    return "";
}

static void put_value(br_buf *out, double value, br_str unit)
{
    if (br_str_is(unit, "ms")) {
        br_format_duration(out, value);
    } else if (br_str_is(unit, "share")) {
        br_format_share(out, value);
    } else if (br_str_is(unit, "bytes")) {
        br_format_bytes(out, value);
    } else {
        br_format_number(out, value, fabs(value) < 10 ? 3 : 1);
        if (br_str_is(unit, "per_s"))
            (void) br_buf_puts(out, "/s");
        else if (unit.n > 0 && !br_str_is(unit, "number") && !br_str_is(unit, "count")) {
            (void) br_buf_putc(out, ' ');
            br_markdown_text(out, unit, NAME_MAX_BYTES);
        }
    }
}

static void put_row(br_buf *out, const br_comparison_row *r)
{
    (void) br_buf_printf(out, "| %s %s | ", change_mark(r->change), br_change_name(r->change));
    if (r->endpoint.n > 0)
        br_markdown_code(out, r->endpoint, NAME_MAX_BYTES);
    else
        (void) br_buf_puts(out, "all requests");
    (void) br_buf_puts(out, " | ");
    br_markdown_text(out, r->measure, NAME_MAX_BYTES);
    (void) br_buf_puts(out, r->more_is_better ? " (more is better) | " : " | ");
    put_value(out, r->old_value, r->unit);
    (void) br_buf_puts(out, " | ");
    put_value(out, r->new_value, r->unit);
    br_now_by_before n = br_comparison_now_by_before(r);
    if (r->bound > 0) {
        (void) br_buf_puts(out, " | now below ");
        put_value(out, r->bound, r->unit);
    } else if (n.low > 0 && isfinite(n.high)) {
        (void) br_buf_printf(out, " | %.2f (%.2f to %.2f)", n.ratio, n.low, n.high);
    } else {
        (void) br_buf_printf(out, " | %.2f (interval unknown)", n.ratio);
    }
    if (n.detectable > 0)
        (void) br_buf_printf(out, " | %.2f |\n", n.detectable);
    else
        (void) br_buf_puts(out, " | unknown |\n");
}

static void put_ids(br_buf *out, const char *title, const int64_t *ids, size_t count)
{
    (void) br_buf_puts(out, title);
    for (size_t i = 0; i < count && i < 20; i++)
        (void) br_buf_printf(out, "%s%lld", i ? ", " : " ", (long long) ids[i]);
    if (count > 20) (void) br_buf_printf(out, " and %zu more", count - 20);
}

static void put_runs(br_buf *out, const br_comparison *c)
{
    (void) br_buf_puts(
        out, "\nNow/before above 1 is more, which is worse but for throughput; with its 95 % interval.");
    if (c->old_count > 0) put_ids(out, " Before: run", c->old_ids, c->old_count);
    if (c->new_count > 0) put_ids(out, "; now: run", c->new_ids, c->new_count);
    if (c->runs_wanted > 0) (void) br_buf_printf(out, "; %u more would probably decide", c->runs_wanted);
    if (c->sessions_wanted > 0) (void) br_buf_printf(out, ", %u of them hours apart", c->sessions_wanted);
    (void) br_buf_puts(out, ".\n");
    for (size_t i = 0; i < c->notes.len && i < NOTES_MAX; i++) {
        (void) br_buf_puts(out, i ? "* " : "\n* ");
        br_markdown_text(out, c->notes.data[i], TEXT_MAX_BYTES);
        (void) br_buf_putc(out, '\n');
    }
    if (c->also.n > 0) {
        (void) br_buf_puts(out, c->notes.len ? "* " : "\n* ");
        br_markdown_text(out, c->also, TEXT_MAX_BYTES);
        (void) br_buf_putc(out, '\n');
    }
}

static void put_comparison(const writer *w, br_buf *out)
{
    const br_comparison *c = w->info->comparison;
    if (!c) return;
    (void) br_buf_puts(out, "\n### Comparison with earlier runs\n\n**");
    br_markdown_text(out, c->headline, TEXT_MAX_BYTES);
    (void) br_buf_puts(out, "**\n");
    if (c->row_count > 0)
        (void) br_buf_puts(out,
            "\n| | Endpoint | Measure | Before | Now | Now/before | Smallest worsening these "
            "runs could show |\n|---|---|---|---:|---:|---:|---:|\n");
    /* The worst come first; those that are ok make room for those that are not. */
    size_t shown = 0;
    for (int ok = 0; ok < 2; ok++) {
        for (size_t i = 0; i < c->row_count && shown < ROWS_MAX; i++) {
            if ((c->rows[i].change == BR_CHANGE_OK) != (ok == 1)) continue;
            put_row(out, &c->rows[i]);
            shown++;
        }
    }
    if (shown < c->row_count)
        (void) br_buf_printf(out, "\n%zu more are in the other reports.\n", c->row_count - shown);
    put_runs(out, c);
}

/* Findings, actions, endpoints ------------------------------------------------------------------- */

static void put_sentence(br_buf *out, br_str sentence)
{
    (void) br_buf_puts(out, "\n* ");
    br_markdown_text(out, sentence, TEXT_MAX_BYTES);
}

static void put_findings(const writer *w, br_buf *out)
{
    const br_judgement *j = w->judgement;
    const br_search_report *search = w->info->plan ? w->info->plan->search : NULL;
    if (!j->capacity && !search && !j->recovery && !j->leak) return;
    (void) br_buf_puts(out, "\n### Found\n");
    if (j->capacity) put_sentence(out, j->capacity->sentence);
    if (search) put_sentence(out, search->sentence);
    if (j->recovery) put_sentence(out, j->recovery->sentence);
    if (j->leak) put_sentence(out, j->leak->sentence);
    (void) br_buf_putc(out, '\n');
}

static void put_actions(const writer *w, br_buf *out)
{
    const br_judgement *j = w->judgement;
    if (j->actions.len == 0) return;
    (void) br_buf_puts(out, "\n### What to do\n\n");
    for (size_t i = 0; i < j->actions.len && i < ACTIONS_MAX; i++) {
        const br_action *a = &j->actions.data[i];
        (void) br_buf_printf(out, "%zu. **", i + 1);
        br_markdown_text(out, a->title, NAME_MAX_BYTES);
        (void) br_buf_puts(out, "** ");
        br_markdown_text(out, a->advice, TEXT_MAX_BYTES);
        (void) br_buf_puts(out, "  \n   Evidence: ");
        br_markdown_text(out, a->evidence, TEXT_MAX_BYTES);
        (void) br_buf_putc(out, '\n');
    }
}

static void put_percentile(br_buf *out, const br_endpoint *e, double percentile)
{
    (void) br_buf_puts(out, " | ");
    if (e->duration.count > 0)
        br_format_duration(out, br_sink_percentile(&e->duration, percentile));
    else
        (void) br_buf_putc(out, '-');
}

static void put_endpoints(const writer *w, br_buf *out)
{
    const br_run_result *r = w->result;
    if (r->endpoint_count == 0) return;
    (void) br_buf_puts(out,
        "\n<details><summary>Endpoints</summary>\n\n| Endpoint | Requests | Failed | p50 | "
        "p95 | p99 |\n|---|---:|---:|---:|---:|---:|\n");
    for (size_t i = 0; i < r->endpoint_count && i < ENDPOINTS_MAX; i++) {
        const br_endpoint *e = &r->endpoints[i];
        (void) br_buf_puts(out, "| ");
        br_markdown_code(out, br_endpoint_label(e, w->arena), NAME_MAX_BYTES);
        (void) br_buf_printf(out, " | %llu | ", (unsigned long long) e->requests);
        br_format_share(out, e->requests > 0 ? (double) e->failed / (double) e->requests : 0);
        put_percentile(out, e, 50);
        put_percentile(out, e, 95);
        put_percentile(out, e, 99);
        (void) br_buf_puts(out, " |\n");
    }
    if (r->endpoint_count > ENDPOINTS_MAX)
        (void) br_buf_printf(
            out, "\n%zu more are in the other reports.\n", r->endpoint_count - ENDPOINTS_MAX);
    (void) br_buf_puts(out, "\n</details>\n");
}

/* Whole -------------------------------------------------------------------------------------------- */

typedef void put_fn(const writer *w, br_buf *out);

/* Appends a part, or says that it was left out. */
static void add(writer *w, const char *name, put_fn *put)
{
    br_buf part;
    br_buf_init(&part, BR_BUF_NO_LIMIT);
    put(w, &part);
    if (w->out.len + part.len + 200 <= BR_MARKDOWN_MAX)
        (void) br_buf_append(&w->out, part.data, part.len);
    else
        (void) br_buf_printf(&w->out, "\n(%s: too long for this form, see the other reports.)\n", name);
    br_buf_deinit(&part);
}

br_code br_report_markdown(const br_run_result *result, const br_result_info *info, br_buf *out, br_err *err)
{
    br_arena arena;
    br_arena_init(&arena, 1024);
    writer w = {.result = result, .info = info, .judgement = info->judgement, .arena = &arena};
    br_buf_init(&w.out, BR_BUF_NO_LIMIT);
    add(&w, "verdict", put_verdict);
    add(&w, "warnings", put_warnings);
    add(&w, "comparison", put_comparison);
    add(&w, "criteria", put_criteria);
    add(&w, "findings", put_findings);
    add(&w, "actions", put_actions);
    add(&w, "endpoints", put_endpoints);
    (void) br_buf_printf(&w.out, "\n<sub>brunt " BR_FMT "</sub>\n", BR_ARG(info->tool_version));
    br_code rc = br_buf_append(out, w.out.data, w.out.len);
    br_buf_deinit(&w.out);
    br_arena_deinit(&arena);
    if (rc != BR_OK) rc = br_fail(err, rc, "the Markdown does not fit into %zu bytes", out->max_bytes);
    return rc;
}
