#include "report/quick_json.h"
#include <stdio.h>
#include "base/num.h"
#include "judge/quick_check.h"
#include "report/generator_json_int.h"

#define SCHEMA_VERSION 1
#define HISTOGRAM_ROWS 32

static double seconds(br_ns t)
{
    return (double) t / 1e9;
}

static double ms(double ns)
{
    return br_json_rounded(ns / 1e6, 6);
}

static void open_member(br_json *j, const char *key, char bracket)
{
    br_json_key(j, br_str_of(key));
    br_json_open(j, bracket);
}

static double per_second(const br_quick_result *r, uint64_t n)
{
    return r->elapsed > 0 ? br_json_rounded((double) n / seconds(r->elapsed), 3) : 0;
}

/* Times ------------------------------------------------------------------------------------------- */

static void put_percentiles(br_json *j, const br_hist *h, const br_percentiles *p)
{
    open_member(j, "percentiles", '{');
    for (size_t i = 0; i < p->count; i++) {
        char name[32];
        snprintf(name, sizeof(name), "%g", p->list[i]);
        br_json_put_f64(j, name, ms(br_hist_quantile(h, p->list[i] / 100)));
    }
    br_json_close(j, '}');
}

static void put_histogram(br_json *j, const br_hist *h)
{
    br_bars b = br_bars_of(h, HISTOGRAM_ROWS);
    open_member(j, "histogram", '[');
    for (size_t i = 0; i < b.count; i++) {
        if (b.counts[i] == 0) continue;
        br_json_open(j, '{');
        br_json_put_f64(j, "to", ms(b.to_ns[i]));
        br_json_put_u64(j, "count", b.counts[i]);
        br_json_close(j, '}');
    }
    br_json_close(j, ']');
}

static void put_times(
    br_json *j, const char *key, const char *meaning, const br_hist *h, const br_percentiles *p)
{
    open_member(j, key, '{');
    br_json_put_str(j, "meaning", br_str_of(meaning));
    br_json_put_str(j, "unit", BR_STR("ms"));
    br_json_put_u64(j, "count", h->total);
    if (h->total > 0) {
        br_json_put_f64(j, "min", ms((double) h->min));
        br_json_put_f64(j, "mean", ms(br_hist_mean(h)));
        br_json_put_f64(j, "max", ms((double) h->max));
        put_percentiles(j, h, p);
        put_histogram(j, h);
    }
    br_json_close(j, '}');
}

/* What was asked for, and counts ------------------------------------------------------------------ */

static void put_load(br_json *j, const br_quick_result *r)
{
    open_member(j, "load", '{');
    br_json_put_str(j, "model", r->rate > 0 ? BR_STR("open") : BR_STR("closed"));
    br_json_put_u64(j, "connections", r->connections);
    br_json_put_u64(j, "streams", r->streams);
    br_json_put_u64(j, "workers", r->worker_count);
    br_json_put_u64(j, "targets", r->targets);
    if (r->rate > 0) br_json_put_f64(j, "rate", r->rate);
    if (r->wanted)
        br_json_put_u64(j, "requests", r->wanted);
    else
        br_json_put_f64(j, "duration_s", seconds(r->planned));
    br_json_close(j, '}');
}

static void put_requests(br_json *j, const br_quick_result *r)
{
    const br_quick_tally *t = &r->tally;
    open_member(j, "requests", '{');
    br_json_put_u64(j, "total", t->requests);
    br_json_put_f64(j, "rate", br_json_rounded(br_quick_rate(r), 3));
    br_json_put_u64(j, "answered", t->requests - t->failed);
    br_json_put_u64(j, "failed", t->failed);
    br_json_put_u64(j, "timeouts", t->timeouts);
    br_json_put_u64(j, "redirects", t->redirects);
    br_json_put_u64(j, "late", t->late);
    br_json_put_u64(j, "queued", t->queued);
    br_json_put_u64(j, "unstarted", r->unstarted);
    br_json_put_u64(j, "cancelled", r->cancelled);
    br_json_close(j, '}');
}

static void put_tables(br_json *j, const br_quick_result *r)
{
    const br_quick_tally *t = &r->tally;
    open_member(j, "status", '{');
    for (int s = 0; s < BR_QUICK_STATUS_MAX; s++) {
        char name[16];
        snprintf(name, sizeof(name), "%d", s);
        if (t->status[s]) br_json_put_u64(j, name, t->status[s]);
    }
    br_json_close(j, '}');
    open_member(j, "errors", '[');
    for (size_t i = 0; i < t->error_count; i++) {
        br_json_open(j, '{');
        br_json_put_u64(j, "code", (uint64_t) t->errors[i].code);
        br_json_put_str(j, "text", br_str_of(t->errors[i].text));
        br_json_put_u64(j, "count", t->errors[i].count);
        br_json_close(j, '}');
    }
    br_json_close(j, ']');
    br_json_put_u64(j, "errors_beyond", t->errors_beyond);
}

static void put_volume(br_json *j, const br_quick_result *r)
{
    const br_quick_tally *t = &r->tally;
    open_member(j, "bytes", '{');
    br_json_put_u64(j, "sent", t->sent_bytes);
    br_json_put_u64(j, "received", t->received_bytes);
    br_json_put_u64(j, "bodies", t->body_bytes);
    br_json_put_f64(j, "received_per_second", per_second(r, t->received_bytes));
    br_json_close(j, '}');
    open_member(j, "connections", '{');
    br_json_put_u64(j, "opened", r->connections_opened);
    br_json_put_u64(j, "requests_on_new", t->opened);
    br_json_put_u64(j, "requests_on_reused", t->reused);
    br_json_put_u64(j, "http2_answers", t->http2);
    br_json_close(j, '}');
}

static void put_generator(br_json *j, const br_quick_result *r)
{
    br_quick_check c = br_quick_check_of(r);
    br_generator_view view = br_quick_generator_view(r);
    open_member(j, "generator", '{');
    br_json_put_bool(j, "valid", c.standing != BR_QUICK_INVALID);
    br_json_put_bool(j, "lower_bound", c.standing == BR_QUICK_LOWER_BOUND);
    open_member(j, "findings", '[');
    for (size_t i = 0; i < c.count; i++)
        br_json_str(j, br_str_of(c.findings[i]));
    br_json_close(j, ']');
    br_json_put_generator(j, &view);
    br_json_close(j, '}');
}

void br_quick_json_write(const br_quick_result *r, const br_percentiles *p, br_buf *out)
{
    br_json j;
    br_buf started;
    const br_quick_tally *t = &r->tally;
    br_json_init(&j, out, 2);
    br_buf_init(&started, BR_BUF_NO_LIMIT);
    (void) br_buf_put_rfc3339(&started, r->started_wall, true);
    br_json_open(&j, '{');
    br_json_put_u64(&j, "schema", SCHEMA_VERSION);
    br_json_put_str(&j, "url", r->url);
    br_json_put_str(&j, "started", br_buf_view(&started));
    br_json_put_f64(&j, "elapsed_s", br_json_rounded(seconds(r->elapsed), 6));
    br_json_put_bool(&j, "interrupted", r->interrupted);
    put_load(&j, r);
    put_requests(&j, r);
    put_tables(&j, r);
    put_volume(&j, r);
    put_times(&j, "service_time", "from sending to the end of the answer", &t->service, p);
    if (!r->uncorrected)
        put_times(&j, "response_time", "from when the request was meant to start to the end of the answer",
            &t->response, p);
    put_times(&j, "connect_time", "of new connections: name, TCP and TLS", &t->connect, p);
    if (r->rate > 0)
        put_times(&j, "queue_time", "of starts that were due while all connections were busy", &t->wait, p);
    put_generator(&j, r);
    br_json_close(&j, '}');
    (void) br_buf_putc(out, '\n');
    br_buf_deinit(&started);
}
