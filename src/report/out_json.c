#include "report/out_json.h"

#include <pthread.h>
#include "base/num.h"
#include "report/out_file_int.h"

#define FLUSH_BYTES    ((size_t) 256 << 10)
#define FLUSH_INTERVAL (200 * BR_MS)

struct br_out_json {
    pthread_mutex_t lock;
    br_out_file *file;
    br_buf buf;
    br_ns flushed;             /* wall */
    bool told[BR_METRICS_MAX]; /* the metric's own line was written */
};

br_code br_out_json_open(br_str path, br_out_json **ret, br_err *err)
{
    br_out_file *file = NULL;
    br_code code = br_out_file_open(path, &file, err);
    if (code != BR_OK) return code;
    br_out_json *o = BR_NEW(br_out_json);
    pthread_mutex_init(&o->lock, NULL);
    o->file = file;
    br_buf_init(&o->buf, BR_BUF_NO_LIMIT);
    *ret = o;
    return BR_OK;
}

static void flush(br_out_json *o)
{
    br_out_file_write(o->file, br_buf_view(&o->buf));
    br_buf_reset(&o->buf);
}

static void put_tags(br_buf *b, const br_tag *tags, size_t count)
{
    (void) br_buf_putc(b, '{');
    for (size_t i = 0; i < count; i++) {
        if (i) (void) br_buf_putc(b, ',');
        (void) br_buf_put_json_str(b, tags[i].key);
        (void) br_buf_putc(b, ':');
        (void) br_buf_put_json_str(b, tags[i].value);
    }
    (void) br_buf_putc(b, '}');
}

static void put_subs(br_buf *b, const br_metric *m)
{
    if (m->subs.len == 0) {
        (void) br_buf_puts(b, "null");
        return;
    }
    for (size_t i = 0; i < m->subs.len; i++) {
        const br_metric *sub = m->subs.data[i];
        (void) br_buf_puts(b, i ? ",{\"name\":" : "[{\"name\":");
        (void) br_buf_put_json_str(b, sub->name);
        (void) br_buf_puts(b, ",\"suffix\":");
        (void) br_buf_put_json_str(b, sub->suffix);
        (void) br_buf_puts(b, ",\"tags\":");
        put_tags(b, sub->selector.tags, sub->selector.count);
        (void) br_buf_putc(b, '}');
    }
    (void) br_buf_putc(b, ']');
}

/* An object only where more than the expression is said. */
static void put_threshold(br_buf *b, const br_metric_threshold *t)
{
    if (t->abort_on_fail) (void) br_buf_puts(b, "{\"threshold\":");
    (void) br_buf_put_json_str(b, t->source);
    if (!t->abort_on_fail) return;
    (void) br_buf_puts(b, ",\"abortOnFail\":true,\"delayAbortEval\":");
    if (t->delay_abort_ns == 0) {
        (void) br_buf_puts(b, "null}");
        return;
    }
    (void) br_buf_putc(b, '"');
    (void) br_buf_put_duration(b, t->delay_abort_ns);
    (void) br_buf_puts(b, "\"}");
}

static void put_metric(br_buf *b, const br_metric *m)
{
    (void) br_buf_puts(b, "{\"type\":\"Metric\",\"data\":{\"name\":");
    (void) br_buf_put_json_str(b, m->name);
    (void) br_buf_printf(b, ",\"type\":\"%s\",\"contains\":\"%s\",\"thresholds\":[",
        br_metric_type_name(m->type), br_metric_contains_name(m->contains));
    for (size_t i = 0; i < m->thresholds.len; i++) {
        if (i) (void) br_buf_putc(b, ',');
        put_threshold(b, &m->thresholds.data[i]);
    }
    (void) br_buf_puts(b, "],\"submetrics\":");
    put_subs(b, m);
    (void) br_buf_puts(b, "},\"metric\":");
    (void) br_buf_put_json_str(b, m->name);
    (void) br_buf_puts(b, "}\n");
}

static void put_sample(br_buf *b, const br_sample *s)
{
    (void) br_buf_puts(b, "{\"metric\":");
    (void) br_buf_put_json_str(b, s->metric->name);
    (void) br_buf_puts(b, ",\"type\":\"Point\",\"data\":{\"time\":\"");
    (void) br_buf_put_rfc3339(b, s->wall, true);
    (void) br_buf_puts(b, "\",\"value\":");
    (void) br_buf_put_f64(b, s->value);
    (void) br_buf_puts(b, ",\"tags\":");
    if (s->tags)
        put_tags(b, s->tags->tags, s->tags->count);
    else
        (void) br_buf_puts(b, "{}");
    if (s->metadata_count) {
        (void) br_buf_puts(b, ",\"metadata\":");
        put_tags(b, s->metadata, s->metadata_count);
    }
    (void) br_buf_puts(b, "}}\n");
}

void br_out_json_tap(void *out, const br_sample *samples, size_t count)
{
    br_out_json *o = out;
    pthread_mutex_lock(&o->lock);
    for (size_t i = 0; i < count; i++) {
        const br_metric *m = samples[i].metric;
        if (!o->told[m->id]) put_metric(&o->buf, m);
        o->told[m->id] = true;
        put_sample(&o->buf, &samples[i]);
    }
    if (count && (o->buf.len >= FLUSH_BYTES || samples[0].wall - o->flushed >= FLUSH_INTERVAL)) {
        flush(o);
        o->flushed = samples[0].wall;
    }
    pthread_mutex_unlock(&o->lock);
}

br_code br_out_json_close(br_out_json *o, br_err *err)
{
    flush(o);
    br_code code = br_out_file_close(o->file, err);
    br_buf_deinit(&o->buf);
    pthread_mutex_destroy(&o->lock);
    br_free(o);
    return code;
}
