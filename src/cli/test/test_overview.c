#include "cli/test/test_overview.h"

static int status_of(const br_test_row *row)
{
    return row->ran ? row->outcome.status : br_outcome_exit_status(BR_OUTCOME_INVALID);
}

/* By severity, not by number. What is not here could not be run (configuration, exception, ...): worse. */
static size_t severity_of(int status)
{
    static const int order[] = {0, 3, 2, 1, 4, 5};
    size_t i = 0;
    while (i < BR_COUNT_OF(order) && order[i] != status)
        i++;
    return i;
}

int br_test_overview_status(const br_test_row *rows, size_t count)
{
    int worst = 0;
    for (size_t i = 0; i < count; i++) {
        int status = status_of(&rows[i]);
        if (severity_of(status) > severity_of(worst)) worst = status;
    }
    return worst;
}

static void put_judged(const br_test_row *row, const char *dir, br_buf *out)
{
    const br_test_outcome *o = &row->outcome;
    char p95[32] = "-", errors[32] = "-";
    if (o->requests) {
        (void) snprintf(p95, sizeof(p95), "%.4gms", o->p95_ms);
        (void) snprintf(errors, sizeof(errors), "%.2f%%", 100 * o->error_share);
    }
    (void) br_buf_printf(out, "%-20s %-20s %10s %8s   %s/" BR_FMT ".html", br_level_name(o->level),
        br_outcome_name(o->outcome), p95, errors, dir, BR_ARG(row->test));
}

void br_test_overview_put(const br_test_row *rows, size_t count, const char *dir, br_buf *out)
{
    int width = 4;
    for (size_t i = 0; i < count; i++)
        width = (int) rows[i].test.n > width ? (int) rows[i].test.n : width;
    (void) br_buf_printf(out, "\n  All tests\n\n    %-*s  %-20s %-20s %10s %8s   %s\n", width, "test",
        "verdict", "outcome", "p95", "errors", "report");
    for (size_t i = 0; i < count; i++) {
        const br_test_row *row = &rows[i];
        (void) br_buf_printf(out, "    %-*.*s  ", width, (int) row->test.n, row->test.p);
        if (row->ran && row->outcome.judged)
            put_judged(row, dir, out);
        else if (row->ran)
            (void) br_buf_printf(out, "could not be run (exit status %d)", row->outcome.status);
        else
            (void) br_buf_puts(out, "not begun");
        (void) br_buf_puts(out, "\n");
    }
    (void) br_buf_printf(out, "\n    exit status %d\n\n", br_test_overview_status(rows, count));
}
