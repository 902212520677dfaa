#include "report/verdict_text.h"
#include "judge/format.h"
#include "report/lines_int.h"

static const char *level_colour(br_level level)
{
    switch (level) {
        case BR_LEVEL_EXCELLENT:
        case BR_LEVEL_ACCEPTABLE: return BR_LINES_GREEN;
        case BR_LEVEL_NEEDS_OPTIMIZATION: return BR_LINES_YELLOW;
        case BR_LEVEL_CRITICAL:
        case BR_LEVEL_INVALID: return BR_LINES_RED;
    }
    return "";
}

static void widen(size_t *width, br_str s)
{
    size_t n = br_format_width(s);
    if (n > *width) *width = n;
}

static void put_cell(br_lines *t, br_str s, size_t width)
{
    (void) br_buf_put(&t->out, s);
    br_lines_spaces(t, width - br_format_width(s) + 2);
}

static void put_mark(br_lines *t, br_criterion_state state)
{
    static const char *const marks[] = {"✓", "✗", "–"}, *const colours[] = {
                                                            BR_LINES_GREEN, BR_LINES_RED, BR_LINES_YELLOW};
    br_lines_put(t, colours[state], br_str_of(marks[state]));
}

static void put_margin(br_lines *t, const br_criterion_result *c)
{
    bool upper = c->criterion->cmp == BR_LT || c->criterion->cmp == BR_LE;
    double percent = 100 * (c->margin < 0 ? -c->margin : c->margin);
    (void) br_buf_printf(&t->out, "%.1f %% %s", percent,
        c->margin > 0 ? "to spare"
        : upper       ? "over"
                      : "short");
}

static void put_interval(br_lines *t, const br_criterion_result *c)
{
    if (!c->has_value || !c->has_interval) return;
    br_arena arena;
    br_arena_init(&arena, 256);
    br_str low = br_unit_text(&arena, c->low, c->criterion->unit);
    br_str high = br_unit_text(&arena, c->high, c->criterion->unit);
    (void) br_buf_printf(
        &t->out, "%s(" BR_FMT " to " BR_FMT ")", c->margin != 0 ? "  " : "", BR_ARG(low), BR_ARG(high));
    br_arena_deinit(&arena);
}

/* Mark, criterion as written, figure, and how far it is from the limit. */
static void put_criteria(br_lines *t, const br_judgement *j)
{
    if (j->criterion_count == 0) return;
    br_lines_title(t, "Criteria");
    size_t criterion = 0, value = 0;
    for (size_t i = 0; i < j->criterion_count; i++) {
        widen(&criterion, j->criteria[i].criterion->text);
        widen(&value, j->criteria[i].value_text);
    }
    for (size_t i = 0; i < j->criterion_count; i++) {
        const br_criterion_result *c = &j->criteria[i];
        br_lines_spaces(t, 4);
        put_mark(t, c->state);
        br_lines_spaces(t, 1);
        put_cell(t, c->criterion->text, criterion);
        put_cell(t, c->value_text, value);
        if (c->state == BR_CRITERION_NOT_MEASURED) {
            (void) br_buf_puts(&t->out, "not measured");
        } else if (c->margin != 0) {
            put_margin(t, c);
        }
        put_interval(t, c);
        while (t->out.data[t->out.len - 1] == ' ') {
            t->out.len--;
        }
        (void) br_buf_putc(&t->out, '\n');
    }
}

static void put_reasons(br_lines *t, const br_judgement *j)
{
    if (j->reasons.len == 0) return;
    static const char *const marks[] = {"· ", "! ", "! "}, *const colours[] = {
                                                               BR_LINES_FAINT, BR_LINES_YELLOW, BR_LINES_RED};
    br_lines_title(t, "Reasons");
    for (int severity = BR_SEVERITY_CRITICAL; severity >= BR_SEVERITY_INFO; severity--) {
        for (size_t i = 0; i < j->reasons.len; i++) {
            if ((int) j->reasons.data[i].severity != severity) continue;
            br_lines_spaces(t, 4);
            br_lines_put(t, colours[severity], br_str_of(marks[severity]));
            br_lines_wrap(t, j->reasons.data[i].text, 6, 6);
        }
    }
}

static void put_actions(br_lines *t, const br_judgement *j)
{
    if (j->actions.len == 0) return;
    br_lines_title(t, "What to do");
    for (size_t i = 0; i < j->actions.len; i++) {
        const br_action *a = &j->actions.data[i];
        (void) br_buf_printf(&t->out, "    %zu. ", i + 1);
        br_lines_put(t, BR_LINES_BOLD, a->title);
        (void) br_buf_putc(&t->out, '\n');
        br_lines_spaces(t, 7);
        br_lines_wrap(t, a->evidence, 7, 7);
        br_lines_spaces(t, 7);
        br_lines_wrap(t, a->advice, 7, 7);
    }
}

static void put_sentence(br_lines *t, br_str sentence)
{
    br_lines_spaces(t, 4);
    (void) br_buf_puts(&t->out, "· ");
    br_lines_wrap(t, sentence, 6, 6);
}

static bool is_reason(const br_judgement *j, br_str sentence)
{
    for (size_t i = 0; i < j->reasons.len; i++) {
        if (br_str_eq(j->reasons.data[i].text, sentence)) return true;
    }
    return false;
}

/* What ramps, spikes and soaks found out, as far as the reasons have not said it. */
static void put_findings(br_lines *t, const br_judgement *j)
{
    br_str sentences[] = {j->capacity ? j->capacity->sentence : BR_STR_NONE,
        j->recovery ? j->recovery->sentence : BR_STR_NONE, j->leak ? j->leak->sentence : BR_STR_NONE};
    bool any = false;
    for (size_t i = 0; i < BR_COUNT_OF(sentences); i++) {
        if (sentences[i].n == 0 || is_reason(j, sentences[i])) continue;
        if (!any) br_lines_title(t, "Found");
        any = true;
        put_sentence(t, sentences[i]);
    }
}

/* What can be done about the run itself; that it was not as it should be is among reasons and notes. */
static void put_self_checks(br_lines *t, const br_judgement *j)
{
    bool any = false;
    for (size_t i = 0; i < j->self_checks.len; i++) {
        const br_self_check *c = &j->self_checks.data[i];
        if (c->ok || c->remedy.n == 0) continue;
        if (!any) br_lines_title(t, "The run itself");
        any = true;
        br_lines_spaces(t, 4);
        br_lines_put(t, c->fatal ? BR_LINES_RED : BR_LINES_YELLOW, BR_STR("! "));
        br_lines_wrap(t, c->text, 6, 6);
        br_lines_spaces(t, 6);
        br_lines_wrap(t, c->remedy, 6, 6);
    }
}

static void put_notes(br_lines *t, const br_judgement *j)
{
    if (j->notes.len == 0) return;
    br_lines_title(t, "Notes");
    for (size_t i = 0; i < j->notes.len; i++)
        put_sentence(t, j->notes.data[i]);
}

br_code br_report_verdict_text(
    const br_judgement *judgement, const br_judge_plan *plan, bool colour, br_buf *out, br_err *err)
{
    br_lines t = {.colour = colour};
    br_buf_init(&t.out, BR_BUF_NO_LIMIT);
    (void) br_buf_puts(&t.out, "  █ ");
    br_lines_put(&t, level_colour(judgement->level), judgement->headline);
    (void) br_buf_putc(&t.out, '\n');
    if (plan && plan->test.n > 0) {
        (void) br_buf_printf(&t.out, "    Test " BR_FMT, BR_ARG(plan->test));
        if (plan->target.n > 0) (void) br_buf_printf(&t.out, " against " BR_FMT, BR_ARG(plan->target));
        (void) br_buf_putc(&t.out, '\n');
    }
    put_criteria(&t, judgement);
    put_reasons(&t, judgement);
    put_findings(&t, judgement);
    put_actions(&t, judgement);
    put_self_checks(&t, judgement);
    put_notes(&t, judgement);
    br_code rc = br_buf_append(out, t.out.data, t.out.len);
    br_buf_deinit(&t.out);
    if (rc != BR_OK) rc = br_fail(err, rc, "the verdict does not fit into %zu bytes", out->max_bytes);
    return rc;
}
