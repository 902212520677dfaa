#include "cli/quick/quick_view.h"
#include <stdio.h>
#include "base/num.h"
#include "judge/format.h"
#include "report/quick_text.h"

#define BARS_MAX      16
#define BARS_MIN      4
#define LINES_ABOVE   13 /* of the block, when everything is to be said; and the cursor's */
#define BAR_FRAME     29 /* columns of a bar's line that are no bar */
#define PROGRESS_LEFT 34 /* columns behind the progress bar */
#define BOLD          "\x1b[1m"
#define RED           "\x1b[31m"
#define GREEN         "\x1b[32m"
#define FAINT         "\x1b[2m"
#define RESET         "\x1b[0m"

void br_quick_view_init(br_quick_view *v, const br_quick_config *config, bool terminal, bool colour)
{
    *v = (br_quick_view){.config = config};
    br_screen_init(&v->screen, terminal, colour);
}

void br_quick_view_deinit(br_quick_view *v)
{
    br_screen_clear(&v->screen);
    br_screen_deinit(&v->screen);
}

br_ns br_quick_view_interval(const br_quick_view *v)
{
    return v->screen.terminal ? BR_SEC / BR_QUICK_VIEW_TICKS : BR_SEC;
}

/* Figures ----------------------------------------------------------------------------------------- */

static const br_hist *headline(const br_quick_view *v, const br_quick_tally *t)
{
    return v->config->uncorrected ? &t->service : &t->response;
}

static double per_second(uint64_t n, br_ns length)
{
    return length > 0 ? (double) n * 1e9 / (double) length : 0;
}

static double done_share(const br_quick_view *v, br_ns elapsed, const br_quick_tally *total)
{
    const br_quick_config *c = v->config;
    double share = c->requests ? (double) total->requests / (double) c->requests
                               : (double) elapsed / (double) c->duration;
    return share > 1 ? 1 : share;
}

static double rate_now(br_quick_view *v, br_ns length, uint64_t requests)
{
    uint64_t n = 0;
    br_ns all = 0;
    v->requests[v->tick] = requests;
    v->lengths[v->tick] = length;
    v->tick = (v->tick + 1) % BR_QUICK_VIEW_TICKS;
    for (unsigned i = 0; i < BR_QUICK_VIEW_TICKS; i++) {
        n += v->requests[i];
        all += v->lengths[i];
    }
    return per_second(n, all);
}

/* The block --------------------------------------------------------------------------------------- */

static void put(br_quick_view *v, const char *escape, const char *text)
{
    bool colour = v->screen.colour;
    (void) br_buf_printf(&v->screen.block, "%s%s%s", colour ? escape : "", text, colour ? RESET : "");
}

static void label(br_quick_view *v, const char *text)
{
    char padded[32];
    snprintf(padded, sizeof(padded), "  %-14s", text);
    put(v, BOLD, padded);
}

static void put_title(br_quick_view *v)
{
    const br_quick_config *c = v->config;
    br_buf *out = &v->screen.block;
    (void) br_buf_printf(out, "\n  %u connection%s", c->connections, c->connections == 1 ? "" : "s");
    if (c->streams > 1) (void) br_buf_printf(out, " with %u streams", c->streams);
    if (c->rate > 0) (void) br_buf_printf(out, ", %g starts a second", c->rate);
    (void) br_buf_puts(out, " to ");
    (void) br_buf_put(out, c->targets[0].url.text);
    if (c->target_count > 1) (void) br_buf_printf(out, " and %zu more", c->target_count - 1);
    (void) br_buf_puts(out, "\n");
}

static void put_progress(br_quick_view *v, br_ns elapsed, const br_quick_tally *total)
{
    br_buf *out = &v->screen.block;
    double share = done_share(v, elapsed, total), length = (double) elapsed / 1e9;
    size_t room = v->screen.columns > PROGRESS_LEFT + 10 ? v->screen.columns - PROGRESS_LEFT : 10;
    size_t width = room > 60 ? 60 : room, filled = (size_t) (share * (double) width);
    (void) br_buf_puts(out, "  [");
    for (size_t i = 0; i < width; i++)
        (void) br_buf_putc(out, i < filled ? '=' : i == filled ? '>' : '-');
    (void) br_buf_printf(out, "] %3.0f%%  %.1fs", share * 100, length);
    if (share >= 1)
        (void) br_buf_puts(out, ", the last answers");
    else if (share > 0.01)
        (void) br_buf_printf(out, ", %.0fs left", length * (1 - share) / share);
    (void) br_buf_puts(out, "\n\n");
}

static void put_requests(
    br_quick_view *v, br_ns elapsed, const br_quick_tally *total, const br_quick_tally *recent)
{
    br_buf *out = &v->screen.block;
    char text[48];
    label(v, "requests");
    snprintf(text, sizeof(text), "%.0f/s", rate_now(v, elapsed - v->last, recent->requests));
    put(v, GREEN, text);
    (void) br_buf_printf(out, " now, %.0f/s on average, ", per_second(total->requests, elapsed));
    br_quick_text_count(out, total->requests);
    (void) br_buf_puts(out, " in all");
    if (total->failed) {
        snprintf(text, sizeof(text), ", %llu failed", (unsigned long long) total->failed);
        put(v, RED, text);
    }
    (void) br_buf_puts(out, "\n");
}

static void put_quantiles(br_quick_view *v, const char *name, const br_hist *total, const br_hist *recent)
{
    static const double list[] = {0.5, 0.9, 0.99};
    br_buf *out = &v->screen.block;
    label(v, name);
    if (total->total == 0) {
        (void) br_buf_puts(out, "-\n");
        return;
    }
    for (size_t i = 0; i < BR_COUNT_OF(list); i++) {
        (void) br_buf_printf(out, "p%g ", list[i] * 100);
        br_quick_text_time(out, br_hist_quantile(total, list[i]), 11);
    }
    put(v, FAINT, "now p99 ");
    br_quick_text_time(out, br_hist_quantile(recent, 0.99), 0);
    (void) br_buf_puts(out, "\n");
}

static void put_troubles(br_quick_view *v, const br_quick_tally *total, const br_quick_tally *recent)
{
    br_buf *out = &v->screen.block;
    if (recent->queued > 0) {
        label(v, "waiting");
        (void) br_buf_printf(out, "%.0f%% of the starts found all connections busy\n",
            100.0 * (double) recent->queued / (double) recent->lag.total);
    }
    const br_quick_error *most = NULL;
    for (size_t i = 0; i < total->error_count; i++)
        most = most && most->count >= total->errors[i].count ? most : &total->errors[i];
    if (most) {
        label(v, "errors");
        br_quick_text_count(out, most->count);
        (void) br_buf_putc(out, ' ');
        put(v, RED, most->text);
        if (total->error_count > 1)
            (void) br_buf_printf(out, ", and others for %zu more reasons", total->error_count - 1);
        (void) br_buf_puts(out, "\n");
    }
}

static void put_bars(br_quick_view *v, const br_quick_tally *total)
{
    const br_screen *s = &v->screen;
    size_t rows = s->rows > LINES_ABOVE + BARS_MIN ? s->rows - LINES_ABOVE : 0;
    size_t width = s->columns > BAR_FRAME + 10 ? s->columns - BAR_FRAME : 10;
    if (rows == 0) return;
    (void) br_buf_puts(&v->screen.block, "\n");
    br_quick_text_bars(headline(v, total), rows > BARS_MAX ? BARS_MAX : rows, width > 60 ? 60 : width,
        s->colour, &v->screen.block);
}

static void build(br_quick_view *v, br_ns elapsed, const br_quick_tally *total, const br_quick_tally *recent)
{
    put_title(v);
    put_progress(v, elapsed, total);
    put_requests(v, elapsed, total, recent);
    put_quantiles(v, "service time", &total->service, &recent->service);
    if (!v->config->uncorrected) put_quantiles(v, "response time", &total->response, &recent->response);
    label(v, "status");
    br_quick_text_statuses(total, &v->screen.block);
    (void) br_buf_puts(&v->screen.block, "\n");
    put_troubles(v, total, recent);
    put_bars(v, total);
}

/* Lines ------------------------------------------------------------------------------------------- */

static void put_line(const br_quick_view *v, br_ns elapsed, const br_quick_tally *recent)
{
    br_buf line;
    br_buf_init(&line, BR_BUF_NO_LIMIT);
    const br_hist *h = headline(v, recent);
    (void) br_buf_printf(&line, "%5.0fs  %9.0f requests/s  %s time p50 ", (double) elapsed / 1e9,
        per_second(recent->requests, elapsed - v->last), v->config->uncorrected ? "service" : "response");
    br_quick_text_time(&line, br_hist_quantile(h, 0.5), 10);
    (void) br_buf_puts(&line, "p99 ");
    br_quick_text_time(&line, br_hist_quantile(h, 0.99), 10);
    (void) br_buf_printf(&line, "%llu failed\n", (unsigned long long) recent->failed);
    fwrite(line.data, 1, line.len, stderr);
    br_buf_deinit(&line);
}

void br_quick_view_status(
    void *view, br_ns elapsed, const br_quick_tally *total, const br_quick_tally *recent)
{
    br_quick_view *v = view;
    if (v->screen.terminal) {
        br_screen_begin(&v->screen);
        build(v, elapsed, total, recent);
        br_screen_end(&v->screen);
    } else {
        put_line(v, elapsed, recent);
    }
    v->last = elapsed;
}
