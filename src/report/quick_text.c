#include "report/quick_text.h"
#include <math.h>
#include <stdio.h>
#include "base/num.h"
#include "judge/format.h"
#include "judge/quick_check.h"
#include "report/generator_text.h"

#define BOLD       "\x1b[1m"
#define RED        "\x1b[31m"
#define GREEN      "\x1b[32m"
#define YELLOW     "\x1b[33m"
#define CYAN       "\x1b[36m"
#define FAINT      "\x1b[2m"
#define RESET      "\x1b[0m"
#define LABEL      14
#define COLUMN     26
#define BARS       11
#define BARS_WIDTH 40
#define WRAP       79
#define HUNDREDTHS 10000 /* in one */

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

/* Sentences behind a label, broken between words. */
static void put_wrapped(page *p, const char *escape, const char *text)
{
    br_str rest = br_str_of(text), word;
    size_t column = LABEL;
    if (p->colour) (void) br_buf_puts(p->out, escape);
    while (br_str_cut(&rest, ' ', &word)) {
        size_t width = br_format_width(word);
        if (column > LABEL && column + 1 + width > WRAP) {
            (void) br_buf_printf(p->out, "\n%*s", LABEL, "");
            column = LABEL;
        } else if (column > LABEL) {
            (void) br_buf_putc(p->out, ' ');
            column++;
        }
        (void) br_buf_put(p->out, word);
        column += width;
    }
    (void) br_buf_printf(p->out, "%s\n", p->colour ? RESET : "");
}

void br_quick_text_count(br_buf *out, uint64_t n)
{
    char digits[32];
    int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long) n);
    for (int i = 0; i < len; i++) {
        (void) br_buf_putc(out, digits[i]);
        if ((len - i) % 3 == 1 && i + 1 < len) (void) br_buf_putc(out, ',');
    }
}

/* Truncated, so that 99.999 % is not shown as all of them. */
static double percent(uint64_t part, uint64_t all)
{
    return all ? floor((double) part / (double) all * HUNDREDTHS) / (HUNDREDTHS / 100.0) : 0;
}

static double seconds(br_ns t)
{
    return (double) t / 1e9;
}

void br_quick_text_time(br_buf *out, double ns, size_t width)
{
    size_t before = out->len;
    br_format_duration(out, ns / 1e6);
    size_t used = br_format_width((br_str){out->data + before, out->len - before});
    if (used < width) (void) br_buf_printf(out, "%*s", (int) (width - used), "");
}

/* What was asked for ------------------------------------------------------------------------------ */

static void put_length(page *p, const br_quick_result *r)
{
    if (r->wanted) {
        (void) br_buf_puts(p->out, ", ");
        br_quick_text_count(p->out, r->wanted);
        (void) br_buf_printf(p->out, " request%s", r->wanted == 1 ? "" : "s");
    } else {
        (void) br_buf_puts(p->out, " for ");
        (void) br_buf_put_duration(p->out, r->planned);
    }
}

static void put_head(page *p, const br_quick_result *r)
{
    br_buf *out = p->out;
    put(p, BOLD, "brunt quick ");
    (void) br_buf_put(out, r->url);
    if (r->targets > 1)
        (void) br_buf_printf(out, " and %zu more target%s", r->targets - 1, r->targets == 2 ? "" : "s");
    (void) br_buf_printf(out, "\n%u connection%s", r->connections, r->connections == 1 ? "" : "s");
    if (r->streams > 1) (void) br_buf_printf(out, " with %u streams each", r->streams);
    put_length(p, r);
    (void) br_buf_printf(out, ", %u worker%s\n", r->worker_count, r->worker_count == 1 ? "" : "s");
    if (r->rate > 0)
        (void) br_buf_printf(
            out, "open model: %g requests a second are meant to start, whatever the answers do\n\n", r->rate);
    else
        (void) br_buf_puts(
            out, "closed model: a connection sends its next request when it has the answer\n\n");
}

/* Counts ------------------------------------------------------------------------------------------ */

static void put_note(page *p, const char *escape, uint64_t n, const char *what)
{
    br_buf line;
    if (n == 0) return;
    br_buf_init(&line, BR_BUF_NO_LIMIT);
    br_quick_text_count(&line, n);
    (void) br_buf_printf(&line, " %s", what);
    label(p, "");
    put_wrapped(p, escape, line.data);
    br_buf_deinit(&line);
}

static void put_requests(page *p, const br_quick_result *r)
{
    const br_quick_tally *t = &r->tally;
    char text[96];
    label(p, "requests");
    br_quick_text_count(p->out, t->requests);
    (void) br_buf_printf(p->out, " in %.2fs, ", seconds(r->elapsed));
    snprintf(text, sizeof(text), "%.1f per second", br_quick_rate(r));
    put(p, CYAN, text);
    if (t->failed) {
        snprintf(text, sizeof(text), ", %llu failed", (unsigned long long) t->failed);
        put(p, RED, text);
    }
    if (r->interrupted) put(p, YELLOW, ", interrupted");
    (void) br_buf_puts(p->out, "\n");
    put_note(p, FAINT, r->interrupted ? 0 : t->late, "ended after the planned end and are not in that rate");
    put_note(p, FAINT, t->redirects, "redirects were followed: a time is that of the whole chain");
    put_note(p, FAINT, r->cancelled, "were in flight when it was interrupted, and are not counted");
}

static void put_data(page *p, const br_quick_result *r)
{
    const br_quick_tally *t = &r->tally;
    double length = r->elapsed > 0 ? seconds(r->elapsed) : 1;
    label(p, "data");
    br_format_bytes(p->out, (double) t->received_bytes);
    (void) br_buf_puts(p->out, " received (");
    br_format_bytes(p->out, (double) t->received_bytes / length);
    (void) br_buf_puts(p->out, "/s), ");
    br_format_bytes(p->out, (double) t->sent_bytes);
    (void) br_buf_puts(p->out, " sent\n");
}

static void put_connections(page *p, const br_quick_result *r)
{
    const br_quick_tally *t = &r->tally;
    label(p, "connections");
    br_quick_text_count(p->out, r->connections_opened);
    (void) br_buf_puts(p->out, " opened");
    if (t->connect.total > 0) {
        (void) br_buf_puts(p->out, " (p50 ");
        br_quick_text_time(p->out, br_hist_quantile(&t->connect, 0.5), 0);
        (void) br_buf_puts(p->out, ", longest ");
        br_quick_text_time(p->out, (double) t->connect.max, 0);
        (void) br_buf_puts(p->out, ")");
    }
    if (t->reused + t->opened > 0)
        (void) br_buf_printf(p->out, ", %.2f%% of the requests on one that was open already",
            percent(t->reused, t->reused + t->opened));
    (void) br_buf_puts(p->out, t->http2 ? "; HTTP/2\n" : "\n");
}

/* Open model: how the timetable was kept. */
static void put_starts(page *p, const br_quick_result *r)
{
    const br_quick_tally *t = &r->tally;
    uint64_t made = t->lag.total;
    if (r->rate <= 0) return;
    label(p, "starts");
    br_quick_text_count(p->out, made);
    if (t->queued == 0) {
        (void) br_buf_puts(p->out, ", each found a free connection\n");
    } else {
        (void) br_buf_puts(p->out, "; ");
        br_quick_text_count(p->out, t->queued);
        (void) br_buf_printf(
            p->out, " (%.2f%%) had to wait for a connection: p50 ", percent(t->queued, made));
        br_quick_text_time(p->out, br_hist_quantile(&t->wait, 0.5), 0);
        (void) br_buf_puts(p->out, ", longest ");
        br_quick_text_time(p->out, (double) t->wait.max, 0);
        (void) br_buf_puts(p->out, "\n");
    }
    put_note(p, RED, r->unstarted, "more were due and never happened");
}

/* Times ------------------------------------------------------------------------------------------- */

static void put_row(page *p, const char *name, double service, double response, bool both)
{
    (void) br_buf_printf(p->out, "  %-*s", LABEL - 2, name);
    br_quick_text_time(p->out, service, both ? COLUMN : 0);
    if (both) br_quick_text_time(p->out, response, 0);
    (void) br_buf_puts(p->out, "\n");
}

static void put_column_heads(page *p, const char *escape, const char *service, const char *response)
{
    char column[64];
    (void) br_buf_printf(p->out, "%*s", LABEL, "");
    snprintf(column, sizeof(column), "%-*s", response ? COLUMN : 0, service);
    put(p, escape, column);
    if (response) put(p, escape, response);
    (void) br_buf_puts(p->out, "\n");
}

/* Percentiles that so few values do not bound. */
static void put_doubts(page *p, uint64_t count, const br_percentiles *list)
{
    br_buf line;
    br_buf_init(&line, BR_BUF_NO_LIMIT);
    for (size_t i = 0; i < list->count; i++) {
        uint64_t needs = br_percentile_needs(list->list[i]);
        if (needs <= count) continue;
        (void) br_buf_printf(
            &line, "%sp%g (of %llu)", line.len ? ", " : "", list->list[i], (unsigned long long) needs);
    }
    if (line.len > 0) {
        (void) br_buf_puts(&line, ": too few requests to tell");
        label(p, "");
        put_wrapped(p, YELLOW, line.data);
    }
    br_buf_deinit(&line);
}

static void put_times(page *p, const br_quick_result *r, const br_percentiles *list)
{
    const br_hist *s = &r->tally.service, *w = &r->tally.response;
    bool both = !r->uncorrected;
    if (br_quick_headline(r)->total == 0) return;
    (void) br_buf_puts(p->out, "\n");
    put_column_heads(p, BOLD, "service time", both ? "response time" : NULL);
    put_column_heads(p, FAINT, "from sending to the end", both ? "from when the request was" : NULL);
    put_column_heads(p, FAINT, "of the answer", both ? "meant to start to the end" : NULL);
    put_row(p, "min", s->total ? (double) s->min : 0, w->total ? (double) w->min : 0, both);
    put_row(p, "mean", br_hist_mean(s), br_hist_mean(w), both);
    for (size_t i = 0; i < list->count; i++) {
        char name[32];
        double q = list->list[i] / 100;
        snprintf(name, sizeof(name), "p%g", list->list[i]);
        put_row(p, name, br_hist_quantile(s, q), br_hist_quantile(w, q), both);
    }
    put_row(p, "max", s->total ? (double) s->max : 0, w->total ? (double) w->max : 0, both);
    put_doubts(p, br_quick_headline(r)->total, list);
}

static void put_meaning(page *p, const br_quick_result *r)
{
    if (br_quick_headline(r)->total == 0) return;
    if (r->uncorrected) {
        label(p, "");
        put_wrapped(p, FAINT,
            "Without latency correction: what users waited because the target was busy with others is missing.");
    } else if (r->rate <= 0) {
        label(p, "");
        put_wrapped(p, FAINT,
            "In a closed loop the response time is the service time, and opening connections: a target that "
            "stands still is not asked meanwhile (coordinated omission). What users who come at their own pace "
            "would wait is not in here; -R RATE measures it.");
    }
}

/* Histogram ---------------------------------------------------------------------------------------- */

void br_quick_text_bars(const br_hist *h, size_t rows, size_t width, bool colour, br_buf *out)
{
    br_bars b = br_bars_of(h, rows);
    for (size_t i = 0; i < b.count; i++) {
        size_t before = out->len, bar = 0;
        br_format_duration(out, b.to_ns[i] / 1e6);
        br_str text = {out->data + before, out->len - before};
        int pad = 12 - (int) br_format_width(text);
        char edge[32];
        snprintf(edge, sizeof(edge), BR_FMT, BR_ARG(text));
        out->len = before;
        (void) br_buf_printf(out, "%*s%s %11llu %s", pad > 0 ? pad : 0, "", edge,
            (unsigned long long) b.counts[i], colour ? CYAN : "");
        if (b.most > 0) bar = (size_t) ((double) b.counts[i] * (double) width / (double) b.most + 0.5);
        if (bar == 0 && b.counts[i] > 0) bar = 1;
        for (size_t k = 0; k < bar; k++)
            (void) br_buf_puts(out, "■");
        (void) br_buf_printf(out, "%s\n", colour ? RESET : "");
    }
}

static void put_bars(page *p, const br_quick_result *r)
{
    if (br_quick_headline(r)->total == 0) return;
    put(p, BOLD, r->uncorrected ? "\nservice time" : "\nresponse time");
    (void) br_buf_puts(p->out, " up to, requests\n");
    br_quick_text_bars(br_quick_headline(r), BARS, BARS_WIDTH, p->colour, p->out);
}

/* Tables ------------------------------------------------------------------------------------------- */

void br_quick_text_statuses(const br_quick_tally *t, br_buf *out)
{
    const char *gap = "";
    for (int s = 0; s < BR_QUICK_STATUS_MAX; s++) {
        if (!t->status[s]) continue;
        (void) br_buf_printf(out, "%s%d: ", gap, s);
        br_quick_text_count(out, t->status[s]);
        gap = "   ";
    }
}

static void put_table_row(page *p, uint64_t n, uint64_t all, const char *text)
{
    br_buf count;
    br_buf_init(&count, BR_BUF_NO_LIMIT);
    br_quick_text_count(&count, n);
    (void) br_buf_printf(p->out, "%14s %7.2f%%  %s\n", count.data, percent(n, all), text);
    br_buf_deinit(&count);
}

static void put_statuses(page *p, const br_quick_result *r)
{
    const br_quick_tally *t = &r->tally;
    if (t->requests == t->failed) return;
    put(p, BOLD, "\nstatus\n");
    for (int s = 0; s < BR_QUICK_STATUS_MAX; s++) {
        char name[32];
        snprintf(name, sizeof(name), s ? "%d" : "a status above 599", s);
        if (t->status[s]) put_table_row(p, t->status[s], t->requests, name);
    }
}

static void put_errors(page *p, const br_quick_result *r)
{
    const br_quick_tally *t = &r->tally;
    if (!t->failed) return;
    put(p, RED, "\nerrors\n");
    for (size_t i = 0; i < t->error_count; i++) {
        char text[220];
        snprintf(text, sizeof(text), "%s (code %d)", t->errors[i].text, t->errors[i].code);
        put_table_row(p, t->errors[i].count, t->requests, text);
    }
    if (t->errors_beyond) put_table_row(p, t->errors_beyond, t->requests, "for other reasons");
}

static void put_generator(page *p, const br_quick_result *r)
{
    static const char *const colours[] = {GREEN, YELLOW, RED};
    br_quick_check c = br_quick_check_of(r);
    br_generator_view view = br_quick_generator_view(r);
    br_buf figures;
    (void) br_buf_puts(p->out, "\n");
    label(p, "generator");
    put(p, colours[c.standing],
        c.standing == BR_QUICK_INVALID       ? "INVALID as evidence"
        : c.standing == BR_QUICK_LOWER_BOUND ? "was the limit: a lower bound"
                                             : "healthy");
    (void) br_buf_puts(p->out, "\n");
    br_buf_init(&figures, BR_BUF_NO_LIMIT);
    br_report_generator_figures(&view, &figures);
    label(p, "");
    put_wrapped(p, "", figures.data ? figures.data : "");
    br_buf_deinit(&figures);
    for (size_t i = 0; i < c.count; i++) {
        label(p, "");
        put_wrapped(p, colours[c.standing], c.findings[i]);
    }
}

void br_quick_text_write(const br_quick_result *r, const br_percentiles *list, bool colour, br_buf *out)
{
    page p = {out, colour};
    put_head(&p, r);
    put_requests(&p, r);
    put_data(&p, r);
    put_connections(&p, r);
    put_starts(&p, r);
    put_times(&p, r, list);
    put_meaning(&p, r);
    put_bars(&p, r);
    put_statuses(&p, r);
    put_errors(&p, r);
    put_generator(&p, r);
}
