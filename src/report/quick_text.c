#include "report/quick_text.h"
#include <math.h>
#include <stdio.h>
#include "base/num.h"
#include "judge/format.h"
#include "judge/quick_check.h"

#define BOLD       "\x1b[1m"
#define RED        "\x1b[31m"
#define GREEN      "\x1b[32m"
#define YELLOW     "\x1b[33m"
#define CYAN       "\x1b[36m"
#define FAINT      "\x1b[2m"
#define RESET      "\x1b[0m"
#define LABEL      14
#define COLUMN     22
#define BARS       11
#define BARS_WIDTH 40

typedef struct page {
    br_buf *out;
    bool colour;
} page;

static void put(page *p, const char *escape, const char *text)
{
    (void) br_buf_printf(p->out, "%s%s%s", p->colour ? escape : "", text, p->colour ? RESET : "");
}

static void label(page *p, const char *text)
{
    char padded[64];
    snprintf(padded, sizeof(padded), "%-*s", LABEL, text);
    put(p, BOLD, padded);
}

/* 1234567 -> "1,234,567". */
static void put_count(br_buf *out, uint64_t n)
{
    char digits[32];
    int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long) n);
    for (int i = 0; i < len; i++) {
        (void) br_buf_putc(out, digits[i]);
        if ((len - i) % 3 == 1 && i + 1 < len) (void) br_buf_putc(out, ',');
    }
}

static double seconds(br_ns t)
{
    return (double) t / 1e9;
}

static double rate_of(const br_quick_result *r, uint64_t n)
{
    return r->elapsed > 0 ? (double) n / seconds(r->elapsed) : 0;
}

/* What was asked for ------------------------------------------------------------------------------ */

static void put_head(page *p, const br_quick_result *r)
{
    br_buf *out = p->out;
    put(p, BOLD, "brunt quick ");
    (void) br_buf_put(out, r->url);
    if (r->targets > 1) (void) br_buf_printf(out, " and %zu more targets", r->targets - 1);
    (void) br_buf_printf(out, "\n%u connection%s", r->connections, r->connections == 1 ? "" : "s");
    if (r->streams > 1) (void) br_buf_printf(out, " with %u streams each", r->streams);
    if (r->wanted) {
        (void) br_buf_puts(out, ", ");
        put_count(out, r->wanted);
        (void) br_buf_puts(out, " requests");
    } else {
        (void) br_buf_puts(out, " for ");
        (void) br_buf_put_duration(out, r->planned);
    }
    if (r->rate > 0)
        (void) br_buf_printf(out, ", open model: %g starts a second", r->rate);
    else
        (void) br_buf_puts(out, ", closed model: each sends its next request when it has the answer");
    (void) br_buf_printf(out, "; %u worker%s\n\n", r->worker_count, r->worker_count == 1 ? "" : "s");
}

/* Counts ------------------------------------------------------------------------------------------ */

static void put_requests(page *p, const br_quick_result *r)
{
    const br_quick_tally *t = &r->tally;
    label(p, "requests");
    put_count(p->out, t->requests);
    (void) br_buf_printf(p->out, " in %.2fs, ", seconds(r->elapsed));
    char rate[48];
    snprintf(rate, sizeof(rate), "%.1f/s", rate_of(r, t->requests));
    put(p, CYAN, rate);
    if (t->failed) {
        char failed[64];
        snprintf(failed, sizeof(failed), ", %llu failed", (unsigned long long) t->failed);
        put(p, RED, failed);
    }
    if (r->interrupted) put(p, YELLOW, ", interrupted");
    (void) br_buf_puts(p->out, "\n");
    if (r->cancelled) {
        label(p, "");
        (void) br_buf_printf(
            p->out, "%llu were in flight and are not counted\n", (unsigned long long) r->cancelled);
    }
}

static void put_bytes(page *p, const br_quick_result *r)
{
    const br_quick_tally *t = &r->tally;
    label(p, "data");
    br_format_bytes(p->out, (double) t->received_bytes);
    (void) br_buf_puts(p->out, " received (");
    br_format_bytes(p->out, rate_of(r, t->received_bytes));
    (void) br_buf_puts(p->out, "/s), ");
    br_format_bytes(p->out, (double) t->sent_bytes);
    (void) br_buf_puts(p->out, " sent\n");
    label(p, "connections");
    put_count(p->out, t->opened);
    (void) br_buf_puts(p->out, " requests on a new one, ");
    put_count(p->out, t->reused);
    (void) br_buf_printf(p->out, " on a reused one (%.2f%%)%s\n",
        t->requests ? 100.0 * (double) t->reused / (double) t->requests : 0, t->http2 ? ", HTTP/2" : "");
}

/* Times ------------------------------------------------------------------------------------------- */

static void put_time(page *p, double ns, bool last)
{
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    br_format_duration(&text, ns / 1e6);
    int pad = COLUMN - (int) br_format_width(br_buf_view(&text));
    (void) br_buf_put(p->out, br_buf_view(&text));
    if (!last) (void) br_buf_printf(p->out, "%*s", pad > 0 ? pad : 1, "");
    br_buf_deinit(&text);
}

static void put_row(page *p, const char *name, double service, double response)
{
    (void) br_buf_printf(p->out, "  %-*s", LABEL - 2, name);
    put_time(p, service, false);
    put_time(p, response, true);
    (void) br_buf_puts(p->out, "\n");
}

static void put_times(page *p, const br_quick_result *r, const br_percentiles *list)
{
    const br_hist *s = &r->tally.service, *w = br_quick_response(r);
    if (s->total == 0) return;
    (void) br_buf_printf(p->out, "\n%*s", LABEL, "");
    char column[64];
    snprintf(column, sizeof(column), "%-*s", COLUMN, "service time");
    put(p, BOLD, column);
    put(p, BOLD, "response time");
    (void) br_buf_printf(p->out, "\n%*s", LABEL, "");
    snprintf(column, sizeof(column), "%-*s", COLUMN, "sending to end");
    put(p, FAINT, column);
    put(p, FAINT, "intended start to end");
    (void) br_buf_puts(p->out, "\n");
    put_row(p, "min", (double) s->min, (double) w->min);
    put_row(p, "mean", br_hist_mean(s), br_hist_mean(w));
    for (size_t i = 0; i < list->count; i++) {
        char name[32];
        snprintf(name, sizeof(name), "p%g", list->list[i]);
        put_row(p, name, br_hist_quantile(s, list->list[i] / 100), br_hist_quantile(w, list->list[i] / 100));
    }
    put_row(p, "max", (double) s->max, (double) w->max);
    if (r->rate <= 0) {
        put(p, FAINT,
            "  In the closed model both are the same, and a server that stands still is not asked meanwhile:\n"
            "  what users who come at their own pace would have waited is not in here. -R RATE measures it.\n");
    }
}

/* Histogram ---------------------------------------------------------------------------------------- */

/* Edges on a scale of ratios between p0 and p99.9, the rest in the last row. */
void br_quick_text_bars(const br_hist *h, size_t rows, size_t width, bool colour, br_buf *out)
{
    if (h->total == 0 || rows < 2) return;
    double low = fmax((double) h->min, 1), high = fmax(br_hist_quantile(h, 0.999), low * 1.001);
    uint64_t counts[64], most = 1, before = 0;
    if (rows > 64) rows = 64;
    for (size_t i = 0; i < rows; i++) {
        double edge = low * pow(high / low, (double) (i + 1) / (double) (rows - 1));
        uint64_t below = i + 1 == rows ? h->total : br_hist_count_at_or_below(h, (int64_t) edge);
        counts[i] = below - before;
        before = below;
        most = counts[i] > most ? counts[i] : most;
    }
    for (size_t i = 0; i < rows; i++) {
        double edge = i + 1 == rows ? (double) h->max
                                    : low * pow(high / low, (double) (i + 1) / (double) (rows - 1));
        br_buf text;
        br_buf_init(&text, BR_BUF_NO_LIMIT);
        br_format_duration(&text, edge / 1e6);
        int pad = 10 - (int) br_format_width(br_buf_view(&text));
        (void) br_buf_printf(out, "  %*s", pad > 0 ? pad : 0, "");
        (void) br_buf_put(out, br_buf_view(&text));
        br_buf_deinit(&text);
        (void) br_buf_printf(out, " %9llu %s", (unsigned long long) counts[i], colour ? CYAN : "");
        size_t bar = (size_t) ((double) counts[i] * (double) width / (double) most + 0.5);
        if (bar == 0 && counts[i] > 0) bar = 1;
        for (size_t k = 0; k < bar; k++)
            (void) br_buf_puts(out, "■");
        (void) br_buf_printf(out, "%s\n", colour ? RESET : "");
    }
}

/* Tables ------------------------------------------------------------------------------------------- */

void br_quick_text_statuses(const br_quick_tally *t, br_buf *out)
{
    const char *gap = "";
    for (int s = 0; s < BR_QUICK_STATUS_MAX; s++) {
        if (!t->status[s]) continue;
        (void) br_buf_printf(out, "%s%d: ", gap, s);
        put_count(out, t->status[s]);
        gap = "   ";
    }
}

static void put_statuses(page *p, const br_quick_result *r)
{
    if (r->tally.requests == r->tally.failed) return;
    label(p, "\nstatus");
    (void) br_buf_puts(p->out, " ");
    br_quick_text_statuses(&r->tally, p->out);
    (void) br_buf_puts(p->out, "\n");
}

static void put_errors(page *p, const br_quick_result *r)
{
    const br_quick_tally *t = &r->tally;
    if (!t->failed) return;
    (void) br_buf_puts(p->out, "\n");
    put(p, RED, "errors\n");
    for (size_t i = 0; i < t->error_count; i++)
        (void) br_buf_printf(p->out, "  %9llu  %s (%d)\n", (unsigned long long) t->errors[i].count,
            t->errors[i].text, t->errors[i].code);
    if (t->errors_beyond)
        (void) br_buf_printf(p->out, "  %9llu  for other reasons\n", (unsigned long long) t->errors_beyond);
}

static void put_generator(page *p, const br_quick_result *r)
{
    br_quick_check c = br_quick_check_of(r);
    double most = 0, late = 0;
    for (uint32_t i = 0; i < r->worker_count; i++) {
        most = fmax(most, r->workers[i].cpu_share);
        late = fmax(late, (double) r->workers[i].timer_late_ns_max);
    }
    (void) br_buf_puts(p->out, "\n");
    label(p, "generator");
    put(p, c.valid ? (c.lower_bound ? YELLOW : GREEN) : RED,
        !c.valid        ? "INVALID as evidence"
        : c.lower_bound ? "was the limit"
                        : "healthy");
    (void) br_buf_printf(p->out, ": busiest core %.0f%%", most * 100);
    if (r->rate > 0) {
        (void) br_buf_puts(p->out, ", starts late by ");
        br_format_duration(p->out, br_hist_quantile(&r->tally.lag, 0.5) / 1e6);
        (void) br_buf_puts(p->out, " (p50), ");
        br_format_duration(p->out, br_hist_quantile(&r->tally.lag, 0.99) / 1e6);
        (void) br_buf_puts(p->out, " (p99)");
    }
    (void) br_buf_puts(p->out, "\n");
    for (size_t i = 0; i < c.count; i++) {
        label(p, "");
        (void) br_buf_printf(p->out, "%s\n", c.findings[i]);
    }
}

void br_quick_text_write(const br_quick_result *r, const br_percentiles *list, bool colour, br_buf *out)
{
    page p = {out, colour};
    put_head(&p, r);
    put_requests(&p, r);
    put_bytes(&p, r);
    put_times(&p, r, list);
    if (r->tally.service.total > 0) {
        put(&p, BOLD, r->rate > 0 ? "\nresponse time\n" : "\ntime\n");
        br_quick_text_bars(br_quick_response(r), BARS, BARS_WIDTH, colour, out);
    }
    put_statuses(&p, r);
    put_errors(&p, r);
    put_generator(&p, r);
}
