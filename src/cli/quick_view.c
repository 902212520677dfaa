#include "cli/quick_view.h"
#include <stdio.h>
#include "base/num.h"
#include "judge/format.h"
#include "report/quick_text.h"

#define BARS       10
#define BARS_WIDTH 36
#define BAR_WIDTH  30

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
    return v->screen.terminal ? 200 * BR_MS : BR_SEC;
}

static const br_hist *response_of(const br_quick_view *v, const br_quick_tally *t)
{
    return v->config->rate > 0 ? &t->response : &t->service;
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

static void put_progress(br_quick_view *v, br_ns elapsed, const br_quick_tally *total)
{
    br_buf *out = &v->screen.block;
    double share = done_share(v, elapsed, total);
    size_t filled = (size_t) (share * BAR_WIDTH);
    (void) br_buf_puts(out, "  [");
    for (size_t i = 0; i < BAR_WIDTH; i++)
        (void) br_buf_putc(out, i < filled ? '=' : i == filled ? '>' : '-');
    (void) br_buf_printf(out, "] %3.0f%%  %.1fs", share * 100, (double) elapsed / 1e9);
    if (share > 0.01 && share < 1)
        (void) br_buf_printf(out, ", %.0fs left", (double) elapsed / 1e9 * (1 - share) / share);
    (void) br_buf_puts(out, "\n");
}

static void put_quantiles(br_buf *out, const char *name, const br_hist *h)
{
    static const double list[] = {0.5, 0.9, 0.99};
    (void) br_buf_printf(out, "  %-14s", name);
    for (size_t i = 0; i < BR_COUNT_OF(list); i++) {
        br_buf text;
        br_buf_init(&text, BR_BUF_NO_LIMIT);
        br_format_duration(&text, br_hist_quantile(h, list[i]) / 1e6);
        int pad = 12 - (int) br_format_width(br_buf_view(&text));
        (void) br_buf_printf(out, "p%-3g", list[i] * 100);
        (void) br_buf_put(out, br_buf_view(&text));
        (void) br_buf_printf(out, "%*s", pad > 0 ? pad : 1, "");
        br_buf_deinit(&text);
    }
    (void) br_buf_puts(out, "\n");
}

static void build(br_quick_view *v, br_ns elapsed, const br_quick_tally *total, const br_quick_tally *recent)
{
    br_buf *out = &v->screen.block;
    (void) br_buf_puts(out, "\n");
    put_progress(v, elapsed, total);
    (void) br_buf_printf(out, "\n  %-14s%.0f/s now, %.0f/s on average, %llu in all", "requests",
        per_second(recent->requests, elapsed - v->last), per_second(total->requests, elapsed),
        (unsigned long long) total->requests);
    if (total->failed) (void) br_buf_printf(out, ", %llu failed", (unsigned long long) total->failed);
    (void) br_buf_puts(out, "\n");
    put_quantiles(out, "service time", &total->service);
    put_quantiles(out, "response time", response_of(v, total));
    (void) br_buf_printf(out, "  %-14s", "status");
    br_quick_text_statuses(total, out);
    (void) br_buf_puts(out, "\n\n");
    br_quick_text_bars(response_of(v, total), BARS, BARS_WIDTH, v->screen.colour, out);
}

static void put_line(const br_quick_view *v, br_ns elapsed, const br_quick_tally *recent)
{
    br_buf line;
    br_buf_init(&line, BR_BUF_NO_LIMIT);
    const br_hist *h = response_of(v, recent);
    (void) br_buf_printf(&line, "%5.0fs  %9.0f requests/s  response time p50 ", (double) elapsed / 1e9,
        per_second(recent->requests, elapsed - v->last));
    br_format_duration(&line, br_hist_quantile(h, 0.5) / 1e6);
    (void) br_buf_puts(&line, " p99 ");
    br_format_duration(&line, br_hist_quantile(h, 0.99) / 1e6);
    (void) br_buf_printf(&line, "  %llu failed\n", (unsigned long long) recent->failed);
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
