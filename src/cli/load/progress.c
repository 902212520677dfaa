#include "cli/load/progress.h"

#include <stdio.h>
#include "base/mem.h"
#include "base/num.h"
#include "cli/terminal/screen.h"
#include "engine/timetable.h"

#define BAR_WIDTH     38 /* without the brackets; less on a narrow terminal */
#define BAR_WIDTH_MIN 10
#define BAR_FRAME     7 /* mark, brackets and blanks around a bar, and the last column, which stays free */
#define NAME_WIDTH    30
#define NAME_SHARE    4 /* of the columns, the names take at most one in so many */

struct br_progress {
    br_screen screen;
    br_progress_line_fn *head; /* NULL: none */
    void *head_ctx;
};

br_progress *br_progress_new(bool terminal, bool colour)
{
    br_progress *p = BR_NEW(br_progress);
    br_screen_init(&p->screen, terminal, colour);
    return p;
}

void br_progress_free(br_progress *p)
{
    if (!p) return;
    br_screen_deinit(&p->screen);
    br_free(p);
}

void br_progress_head(br_progress *p, br_progress_line_fn *fn, void *ctx)
{
    p->head = fn;
    p->head_ctx = ctx;
}

br_ns br_progress_interval(const br_progress *p)
{
    return p->screen.terminal ? 100 * BR_MS : BR_SEC;
}

/* "12.3s", "05m12.3s", "1h05m12.3s": only as many units as `max` needs. */
static void put_time(br_buf *b, br_ns t, br_ns max)
{
    if (t < 0) t = 0;
    long tenths = (long) (t / (BR_SEC / 10)), minutes = tenths / 600;
    if (max >= 60 * BR_SEC) tenths %= 600;
    if (max >= 3600 * BR_SEC)
        (void) br_buf_printf(b, "%ldh%02ldm", minutes / 60, minutes % 60);
    else if (max >= 60 * BR_SEC)
        (void) br_buf_printf(b, "%02ldm", minutes);
    (void) br_buf_printf(b, "%02ld.%lds", tenths / 10, tenths % 10);
}

static const char *phase_text(const br_run_status *s)
{
    switch (s->phase) {
        case BR_RUN_INIT: return "init";
        case BR_RUN_SETUP: return "setup()";
        case BR_RUN_TEARDOWN: return "teardown()";
        case BR_RUN_RUNNING:
        case BR_RUN_DONE: break;
    }
    return s->stopping ? "stopping" : "running";
}

static void put_requests(br_buf *b, const br_run_status *s)
{
    (void) br_buf_printf(b, "%llu reqs/s, p95 %.4gms", (unsigned long long) s->requests, s->p95_ms);
    if (s->failed) (void) br_buf_printf(b, ", %llu failed", (unsigned long long) s->failed);
}

/* What the requests do is worth a line of its own where it would be cut off. */
static void put_status(br_buf *b, const br_run_status *s, size_t columns)
{
    if (s->phase == BR_RUN_INIT) {
        (void) br_buf_printf(
            b, "init, %lld/%lld VUs initialized\n", (long long) s->vus_ready, (long long) s->vus_total);
        return;
    }
    size_t start = b->len;
    (void) br_buf_printf(b, "%s (", phase_text(s));
    put_time(b, s->elapsed, s->elapsed);
    (void) br_buf_printf(b, "), %lld/%lld VUs, %llu complete and %llu interrupted iterations",
        (long long) s->vus_active, (long long) s->vus_total, (unsigned long long) s->complete,
        (unsigned long long) s->interrupted);
    if (s->requests) {
        size_t joint = b->len;
        (void) br_buf_puts(b, ", ");
        put_requests(b, s);
        if (columns && b->len - start >= columns) {
            b->len = joint;
            (void) br_buf_puts(b, "\n        ");
            put_requests(b, s);
        }
    }
    (void) br_buf_puts(b, "\n");
}

/* How far a scenario has come, 0..1. `stopping`: one that has ended need not have reached its end. */
static double fraction_of(const br_scenario_status *sc, bool stopping)
{
    const br_scenario *s = sc->scenario;
    if (sc->done && !stopping) return 1;
    if (!sc->started) return 0;
    if (sc->elapsed >= s->duration) return 1;
    double total = (double) s->iterations * (s->executor == BR_EXEC_PER_VU_ITERATIONS ? (double) s->vus : 1);
    bool by_count = s->executor == BR_EXEC_SHARED_ITERATIONS || s->executor == BR_EXEC_PER_VU_ITERATIONS;
    double f = by_count ? (double) sc->iterations / total : (double) sc->elapsed / (double) s->duration;
    return f > 1 ? 1 : f;
}

/* The mark behind the name: what became of the scenario. */
static void put_mark(br_buf *b, const br_scenario_status *sc, bool stopping, bool colour)
{
    const char *mark = sc->elapsed > sc->scenario->duration ? "↓" : " ", *escape = NULL;
    if (sc->done) {
        bool whole = fraction_of(sc, stopping) >= 1;
        mark = whole ? "✓" : "✗";
        escape = whole ? "\033[32m" : "\033[31m";
    } else if (!sc->started) {
        mark = "•";
    }
    if (escape && colour)
        (void) br_buf_printf(b, "%s%s\033[0m", escape, mark);
    else
        (void) br_buf_puts(b, mark);
}

static void put_counts(br_buf *b, const br_scenario_status *sc)
{
    const br_scenario *s = sc->scenario;
    unsigned long long n = sc->iterations, limit = (unsigned long long) s->iterations;
    if (s->executor == BR_EXEC_SHARED_ITERATIONS) {
        (void) br_buf_printf(b, "  %llu/%llu shared iters", n < limit ? n : limit, limit);
    } else if (s->executor == BR_EXEC_PER_VU_ITERATIONS) {
        (void) br_buf_printf(
            b, "  %llu/%llu iters, %llu per VU", n, limit * (unsigned long long) s->vus, limit);
    } else if (br_scenario_is_open(s)) {
        (void) br_buf_printf(b, "  %.2f iters/s", br_timetable_rate(s, sc->elapsed));
    }
}

static void put_figures(br_buf *b, const br_scenario_status *sc)
{
    const br_scenario *s = sc->scenario;
    if (!sc->started) {
        (void) br_buf_puts(b, "waiting  ");
        put_time(b, -sc->elapsed, s->start_time);
        return;
    }
    long long max = (long long) br_scenario_max_vus(s);
    if (s->executor == BR_EXEC_RAMPING_VUS)
        (void) br_buf_printf(b, "%lld/%lld VUs  ", (long long) sc->vus_active, max);
    else if (br_scenario_is_open(s))
        (void) br_buf_printf(b, "%lld/%lld VUs  ", (long long) sc->vus_busy, (long long) sc->vus_had);
    else
        (void) br_buf_printf(b, "%lld VUs  ", max);
    put_time(b, sc->elapsed < s->duration ? sc->elapsed : s->duration, s->duration);
    (void) br_buf_puts(b, "/");
    (void) br_buf_put_duration(b, s->duration);
    put_counts(b, sc);
}

static size_t name_columns(const br_progress *p, const br_run_status *s)
{
    size_t most = 0, room = p->screen.columns / NAME_SHARE;
    for (size_t i = 0; i < s->scenario_count; i++) {
        size_t n = s->scenarios[i].scenario->name.n;
        most = n > most ? n : most;
    }
    if (room > NAME_WIDTH) room = NAME_WIDTH;
    if (room < 4) room = 4; /* "a..." */
    return most > room ? room : most;
}

/* What the terminal has left for the bar beside the name and the figures. */
static size_t bar_width(size_t columns, size_t others)
{
    size_t room = columns > others ? columns - others : 0;
    if (room < BAR_WIDTH_MIN) return BAR_WIDTH_MIN;
    return room > BAR_WIDTH ? BAR_WIDTH : room;
}

static void put_bar(br_progress *p, const br_scenario_status *sc, size_t names, bool stopping)
{
    br_buf *b = &p->screen.block, figures;
    br_str name = sc->scenario->name;
    bool cut = name.n > names;
    br_buf_init(&figures, BR_BUF_NO_LIMIT);
    put_figures(&figures, sc);
    (void) br_buf_printf(b, "%-*.*s%s ", (int) (cut ? names - 3 : names), (int) (cut ? names - 3 : name.n),
        name.p, cut ? "..." : "");
    put_mark(b, sc, stopping, p->screen.colour);
    size_t width = bar_width(p->screen.columns, names + figures.len + BAR_FRAME);
    size_t filled = (size_t) (fraction_of(sc, stopping) * (double) width);
    (void) br_buf_puts(b, " [");
    for (size_t i = 0; i < width; i++)
        (void) br_buf_putc(b, i < filled ? '=' : i == filled && !sc->done ? '>' : '-');
    (void) br_buf_puts(b, "] ");
    (void) br_buf_put(b, br_buf_view(&figures));
    (void) br_buf_puts(b, "\n");
    br_buf_deinit(&figures);
}

static void build(br_progress *p, const br_run_status *s)
{
    br_buf *block = &p->screen.block;
    bool terminal = p->screen.terminal;
    if (terminal) (void) br_buf_puts(block, "\n");
    if (terminal && p->head) {
        p->head(p->head_ctx, s, block);
        (void) br_buf_puts(block, "\n");
    }
    put_status(block, s, terminal ? p->screen.columns : 0);
    size_t names = name_columns(p, s);
    for (size_t i = 0; i < s->scenario_count && terminal && s->phase != BR_RUN_INIT; i++) {
        put_bar(p, &s->scenarios[i], names, s->stopping);
    }
}

void br_progress_status(void *progress, const br_run_status *status)
{
    br_progress *p = progress;
    br_screen_begin(&p->screen);
    build(p, status);
    br_screen_end(&p->screen);
}

void br_progress_finish(br_progress *p)
{
    br_screen_keep(&p->screen);
}
