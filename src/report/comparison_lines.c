#include "report/comparison_lines.h"
#include <math.h>
#include "judge/format.h"
#include "report/lines_int.h"
#include "report/result_parts_int.h"

static const char *change_colour(br_change change)
{
    switch (change) {
        case BR_CHANGE_OK: return BR_LINES_FAINT;
        case BR_CHANGE_REGRESSED: return BR_LINES_RED;
        case BR_CHANGE_IMPROVED: return BR_LINES_GREEN;
        case BR_CHANGE_INCONCLUSIVE: return BR_LINES_YELLOW;
    }
    return "";
}

static const char *answer_colour(br_comparison_answer answer)
{
    switch (answer) {
        case BR_COMPARISON_OK: return BR_LINES_GREEN;
        case BR_COMPARISON_REGRESSED:
        case BR_COMPARISON_INVALID: return BR_LINES_RED;
        case BR_COMPARISON_INCONCLUSIVE:
        case BR_COMPARISON_NO_BASELINE: return BR_LINES_YELLOW;
    }
    return "";
}

static void put_row(br_lines *t, const br_comparison_row *r)
{
    br_lines_spaces(t, 4);
    br_buf name;
    br_buf_init(&name, BR_BUF_NO_LIMIT);
    (void) br_buf_printf(&name, "%-13s", br_change_name(r->change));
    br_lines_put(t, change_colour(r->change), br_buf_view(&name));
    br_buf_deinit(&name);
    (void) br_buf_printf(&t->out, "%6.2f", r->ratio);
    if (r->low > 0 && isfinite(r->high))
        (void) br_buf_printf(&t->out, "  (%.2f to %.2f)", r->low, r->high);
    else
        (void) br_buf_puts(&t->out, "  (unknown)     ");
    if (r->detectable > 0)
        (void) br_buf_printf(&t->out, "  detects %.2f", r->detectable);
    else
        (void) br_buf_puts(&t->out, "              ");
    (void) br_buf_printf(&t->out, "  " BR_FMT " " BR_FMT "%s\n", BR_ARG(r->measure),
        BR_ARG(r->endpoint.n > 0 ? r->endpoint : BR_STR("all requests")),
        r->gates ? "" : " (does not count)");
}

static void put_rows(br_lines *t, const br_comparison *c, size_t ok_max)
{
    size_t ok = 0;
    for (size_t i = 0; i < c->row_count; i++) {
        if (c->rows[i].change == BR_CHANGE_OK && ++ok > ok_max) continue;
        put_row(t, &c->rows[i]);
    }
    if (ok > ok_max) (void) br_buf_printf(&t->out, "    %zu more are as they were\n", ok - ok_max);
}

br_code br_report_comparison_lines(
    const br_comparison *comparison, size_t ok_max, bool colour, br_buf *out, br_err *err)
{
    br_lines t = {.colour = colour};
    br_buf_init(&t.out, BR_BUF_NO_LIMIT);
    br_lines_title(&t, "Comparison with earlier runs: times worse, with its 95 % interval");
    br_lines_spaces(&t, 4);
    br_lines_put(&t, answer_colour(comparison->answer), comparison->headline);
    (void) br_buf_putc(&t.out, '\n');
    put_rows(&t, comparison, ok_max);
    if (comparison->runs_wanted > 0) {
        (void) br_buf_printf(&t.out, "    %u more %s would probably decide", comparison->runs_wanted,
            comparison->runs_wanted == 1 ? "run" : "runs");
        if (comparison->sessions_wanted > 0)
            (void) br_buf_printf(&t.out, ", %u of them hours apart", comparison->sessions_wanted);
        (void) br_buf_putc(&t.out, '\n');
    }
    for (size_t i = 0; i < comparison->notes.len; i++) {
        (void) br_buf_puts(&t.out, "    · ");
        br_lines_wrap(&t, comparison->notes.data[i], 6, 6);
    }
    br_code rc = br_buf_append(out, t.out.data, t.out.len);
    br_buf_deinit(&t.out);
    if (rc != BR_OK) rc = br_fail(err, rc, "the comparison does not fit into %zu bytes", out->max_bytes);
    return rc;
}
