#include "report/quick_json.h"
#include <stdio.h>
#include "base/num.h"
#include "judge/quick_check.h"
#include "report/json_int.h"

#define SCHEMA_VERSION 1

static double seconds(br_ns t)
{
    return (double) t / 1e9;
}

static double ms(double ns)
{
    return br_json_rounded(ns / 1e6, 6);
}

static double per_second(const br_quick_result *r, uint64_t n)
{
    return r->elapsed > 0 ? br_json_rounded((double) n / seconds(r->elapsed), 3) : 0;
}

static void put_times(
    br_json *j, const char *key, const char *from, const br_hist *h, const br_percentiles *p)
{
    br_json_key(j, br_str_of(key));
    br_json_open(j, '{');
    br_json_put_str(j, "from", br_str_of(from));
    br_json_put_str(j, "unit", BR_STR("ms"));
    br_json_put_u64(j, "count", h->total);
    if (h->total > 0) {
        br_json_put_f64(j, "min", ms((double) h->min));
        br_json_put_f64(j, "mean", ms(br_hist_mean(h)));
        br_json_put_f64(j, "max", ms((double) h->max));
        br_json_key(j, BR_STR("percentiles"));
        br_json_open(j, '{');
        for (size_t i = 0; i < p->count; i++) {
            char name[32];
            snprintf(name, sizeof(name), "%g", p->list[i]);
            br_json_put_f64(j, name, ms(br_hist_quantile(h, p->list[i] / 100)));
        }
        br_json_close(j, '}');
    }
    br_json_close(j, '}');
}

static void put_load(br_json *j, const br_quick_result *r)
{
    br_json_key(j, BR_STR("load"));
    br_json_open(j, '{');
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
    br_json_key(j, BR_STR("requests"));
    br_json_open(j, '{');
    br_json_put_u64(j, "total", t->requests);
    br_json_put_f64(j, "rate", per_second(r, t->requests));
    br_json_put_u64(j, "answered", t->requests - t->failed);
    br_json_put_u64(j, "failed", t->failed);
    br_json_put_u64(j, "timeouts", t->timeouts);
    br_json_put_u64(j, "unstarted", r->unstarted);
    br_json_put_u64(j, "cancelled", r->cancelled);
    br_json_close(j, '}');
}

static void put_tables(br_json *j, const br_quick_result *r)
{
    const br_quick_tally *t = &r->tally;
    br_json_key(j, BR_STR("status"));
    br_json_open(j, '{');
    for (int s = 0; s < BR_QUICK_STATUS_MAX; s++) {
        char name[16];
        snprintf(name, sizeof(name), "%d", s);
        if (t->status[s]) br_json_put_u64(j, name, t->status[s]);
    }
    br_json_close(j, '}');
    br_json_key(j, BR_STR("errors"));
    br_json_open(j, '[');
    for (size_t i = 0; i < t->error_count; i++) {
        br_json_open(j, '{');
        br_json_put_u64(j, "code", (uint64_t) t->errors[i].code);
        br_json_put_str(j, "text", br_str_of(t->errors[i].text));
        br_json_put_u64(j, "count", t->errors[i].count);
        br_json_close(j, '}');
    }
    br_json_close(j, ']');
}

static void put_volume(br_json *j, const br_quick_result *r)
{
    const br_quick_tally *t = &r->tally;
    br_json_key(j, BR_STR("bytes"));
    br_json_open(j, '{');
    br_json_put_u64(j, "sent", t->sent_bytes);
    br_json_put_u64(j, "received", t->received_bytes);
    br_json_put_u64(j, "bodies", t->body_bytes);
    br_json_put_f64(j, "received_per_second", per_second(r, t->received_bytes));
    br_json_close(j, '}');
    br_json_key(j, BR_STR("connections"));
    br_json_open(j, '{');
    br_json_put_u64(j, "requests_on_new", t->opened);
    br_json_put_u64(j, "requests_on_reused", t->reused);
    br_json_put_u64(j, "http2_answers", t->http2);
    br_json_close(j, '}');
}

static void put_generator(br_json *j, const br_quick_result *r)
{
    br_quick_check c = br_quick_check_of(r);
    br_json_key(j, BR_STR("generator"));
    br_json_open(j, '{');
    br_json_put_bool(j, "valid", c.valid);
    br_json_put_bool(j, "lower_bound", c.lower_bound);
    br_json_key(j, BR_STR("findings"));
    br_json_open(j, '[');
    for (size_t i = 0; i < c.count; i++)
        br_json_str(j, br_str_of(c.findings[i]));
    br_json_close(j, ']');
    br_json_key(j, BR_STR("workers"));
    br_json_open(j, '[');
    for (uint32_t i = 0; i < r->worker_count; i++) {
        br_json_open(j, '{');
        br_json_put_f64(j, "cpu_share", br_json_rounded(r->workers[i].cpu_share, 4));
        br_json_put_f64(j, "timer_late_max_ms", ms((double) r->workers[i].timer_late_ns_max));
        br_json_put_f64(j, "turn_max_ms", ms((double) r->workers[i].turn_ns_max));
        br_json_close(j, '}');
    }
    br_json_close(j, ']');
    br_json_close(j, '}');
}

void br_quick_json_write(const br_quick_result *r, const br_percentiles *p, br_buf *out)
{
    br_json j;
    br_buf started;
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
    put_times(&j, "service_time", "sending", &r->tally.service, p);
    put_times(&j, "response_time", r->rate > 0 ? "intended start" : "sending", br_quick_response(r), p);
    if (r->rate > 0) put_times(&j, "lag", "intended start to start", &r->tally.lag, p);
    put_generator(&j, r);
    br_json_close(&j, '}');
    (void) br_buf_putc(out, '\n');
    br_buf_deinit(&started);
}
