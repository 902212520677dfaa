#include "report/verdict_text.h"
#include "judge/format.h"

#define LINE_WIDTH 100
#define BOLD       "\x1b[1m"
#define RED        "\x1b[31m"
#define GREEN      "\x1b[32m"
#define YELLOW     "\x1b[33m"
#define FAINT      "\x1b[2m"

typedef struct text {
    br_buf out;
    bool colour;
} text;

static void put(text *t, const char *colour, br_str s)
{
    if (t->colour) (void) br_buf_puts(&t->out, colour);
    (void) br_buf_put(&t->out, s);
    if (t->colour) (void) br_buf_puts(&t->out, "\x1b[0m");
}

static void put_spaces(text *t, size_t n)
{
    (void) br_buf_printf(&t->out, "%*s", (int) n, "");
}

/* Words of `s`, wrapped at LINE_WIDTH; the first line goes on at `column`, later ones start at `indent`. */
static void put_wrapped(text *t, br_str s, size_t column, size_t indent)
{
    br_str word;
    bool first = true;
    while (br_str_cut(&s, ' ', &word)) {
        size_t width = br_format_width(word);
        if (!first && column + 1 + width > LINE_WIDTH) {
            (void) br_buf_putc(&t->out, '\n');
            put_spaces(t, indent);
            column = indent;
            first = true;
        }
        if (!first) (void) br_buf_putc(&t->out, ' ');
        (void) br_buf_put(&t->out, word);
        column += width + (first ? 0 : 1);
        first = false;
    }
    (void) br_buf_putc(&t->out, '\n');
}

static const char *level_colour(br_level level)
{
    switch (level) {
        case BR_LEVEL_EXCELLENT:
        case BR_LEVEL_ACCEPTABLE: return GREEN;
        case BR_LEVEL_NEEDS_OPTIMIZATION: return YELLOW;
        case BR_LEVEL_CRITICAL:
        case BR_LEVEL_INVALID: return RED;
    }
    return "";
}

static void put_title(text *t, const char *title)
{
    (void) br_buf_puts(&t->out, "\n  ");
    put(t, BOLD, br_str_of(title));
    (void) br_buf_putc(&t->out, '\n');
}

static void widen(size_t *width, br_str s)
{
    size_t n = br_format_width(s);
    if (n > *width) *width = n;
}

static void put_cell(text *t, br_str s, size_t width)
{
    (void) br_buf_put(&t->out, s);
    put_spaces(t, width - br_format_width(s) + 2);
}

static void put_mark(text *t, br_criterion_state state)
{
    static const char *const marks[] = {"✓", "✗", "–"}, *const colours[] = {GREEN, RED, YELLOW};
    put(t, colours[state], br_str_of(marks[state]));
}

static void put_margin(text *t, const br_criterion_result *c)
{
    bool upper = c->criterion->cmp == BR_LT || c->criterion->cmp == BR_LE;
    double percent = 100 * (c->margin < 0 ? -c->margin : c->margin);
    (void) br_buf_printf(&t->out, "%.1f %% %s", percent,
        c->margin > 0 ? "to spare"
        : upper       ? "over"
                      : "short");
}

/* Mark, criterion as written, figure, and how far it is from the limit. */
static void put_criteria(text *t, const br_judgement *j)
{
    if (j->criterion_count == 0) return;
    put_title(t, "Criteria");
    size_t criterion = 0, value = 0;
    for (size_t i = 0; i < j->criterion_count; i++) {
        widen(&criterion, j->criteria[i].criterion->text);
        widen(&value, j->criteria[i].value_text);
    }
    for (size_t i = 0; i < j->criterion_count; i++) {
        const br_criterion_result *c = &j->criteria[i];
        put_spaces(t, 4);
        put_mark(t, c->state);
        put_spaces(t, 1);
        put_cell(t, c->criterion->text, criterion);
        put_cell(t, c->value_text, value);
        if (c->state == BR_CRITERION_NOT_MEASURED) {
            (void) br_buf_puts(&t->out, "not measured");
        } else if (c->margin != 0) {
            put_margin(t, c);
        }
        while (t->out.data[t->out.len - 1] == ' ') {
            t->out.len--;
        }
        (void) br_buf_putc(&t->out, '\n');
    }
}

static void put_reasons(text *t, const br_judgement *j)
{
    if (j->reasons.len == 0) return;
    static const char *const marks[] = {"· ", "! ", "! "}, *const colours[] = {FAINT, YELLOW, RED};
    put_title(t, "Reasons");
    for (int severity = BR_SEVERITY_CRITICAL; severity >= BR_SEVERITY_INFO; severity--) {
        for (size_t i = 0; i < j->reasons.len; i++) {
            if ((int) j->reasons.data[i].severity != severity) continue;
            put_spaces(t, 4);
            put(t, colours[severity], br_str_of(marks[severity]));
            put_wrapped(t, j->reasons.data[i].text, 6, 6);
        }
    }
}

static void put_actions(text *t, const br_judgement *j)
{
    if (j->actions.len == 0) return;
    put_title(t, "What to do");
    for (size_t i = 0; i < j->actions.len; i++) {
        const br_action *a = &j->actions.data[i];
        (void) br_buf_printf(&t->out, "    %zu. ", i + 1);
        put(t, BOLD, a->title);
        (void) br_buf_putc(&t->out, '\n');
        put_spaces(t, 7);
        put_wrapped(t, a->evidence, 7, 7);
        put_spaces(t, 7);
        put_wrapped(t, a->advice, 7, 7);
    }
}

static void put_notes(text *t, const br_judgement *j)
{
    if (j->notes.len == 0) return;
    put_title(t, "Notes");
    for (size_t i = 0; i < j->notes.len; i++) {
        put_spaces(t, 4);
        (void) br_buf_puts(&t->out, "· ");
        put_wrapped(t, j->notes.data[i], 6, 6);
    }
}

br_code br_report_verdict_text(
    const br_judgement *judgement, const br_judge_plan *plan, bool colour, br_buf *out, br_err *err)
{
    text t = {.colour = colour};
    br_buf_init(&t.out, BR_BUF_NO_LIMIT);
    (void) br_buf_puts(&t.out, "  █ ");
    put(&t, level_colour(judgement->level), judgement->headline);
    (void) br_buf_putc(&t.out, '\n');
    if (plan && plan->test.n > 0) {
        (void) br_buf_printf(&t.out, "    Test " BR_FMT, BR_ARG(plan->test));
        if (plan->target.n > 0) (void) br_buf_printf(&t.out, " against " BR_FMT, BR_ARG(plan->target));
        (void) br_buf_putc(&t.out, '\n');
    }
    put_criteria(&t, judgement);
    put_reasons(&t, judgement);
    put_actions(&t, judgement);
    put_notes(&t, judgement);
    br_code rc = br_buf_append(out, t.out.data, t.out.len);
    br_buf_deinit(&t.out);
    if (rc != BR_OK) rc = br_fail(err, rc, "the verdict does not fit into %zu bytes", out->max_bytes);
    return rc;
}
