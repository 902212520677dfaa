#include "report/out_json.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include "base/num.h"

#define FLUSH_BYTES ((size_t) 256 << 10)

struct br_out_json {
    pthread_mutex_t lock;
    FILE *file;
    br_buf buf;
    bool told[BR_METRICS_MAX]; /* the metric's own line was written */
    int failed_errno;
};

br_code br_out_json_open(const char *path, br_out_json **ret, br_err *err)
{
    FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    if (!file)
        return br_fail_errno(err, br_code_from_errno(errno), errno, "cannot write the output '%s'", path);
    br_out_json *o = BR_NEW(br_out_json);
    pthread_mutex_init(&o->lock, NULL);
    o->file = file;
    br_buf_init(&o->buf, BR_BUF_NO_LIMIT);
    *ret = o;
    return BR_OK;
}

static void flush(br_out_json *o)
{
    if (o->buf.len && fwrite(o->buf.data, 1, o->buf.len, o->file) != o->buf.len && !o->failed_errno)
        o->failed_errno = errno;
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

static void put_metric(br_buf *b, const br_metric *m)
{
    (void) br_buf_puts(b, "{\"type\":\"Metric\",\"data\":{\"name\":");
    (void) br_buf_put_json_str(b, m->name);
    (void) br_buf_printf(b, ",\"type\":\"%s\",\"contains\":\"%s\",\"thresholds\":[",
        br_metric_type_name(m->type), br_metric_contains_name(m->contains));
    for (size_t i = 0; i < m->thresholds.len; i++) {
        if (i) (void) br_buf_putc(b, ',');
        (void) br_buf_put_json_str(b, m->thresholds.data[i].source);
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
    if (o->buf.len >= FLUSH_BYTES) flush(o);
    pthread_mutex_unlock(&o->lock);
}

br_code br_out_json_close(br_out_json *o, br_err *err)
{
    flush(o);
    int failed = o->failed_errno;
    if ((o->file == stdout ? fflush(o->file) : fclose(o->file)) != 0 && !failed) failed = errno;
    br_buf_deinit(&o->buf);
    pthread_mutex_destroy(&o->lock);
    br_free(o);
    return failed ? br_fail_errno(err, BR_EIO, failed, "writing the JSON output failed") : BR_OK;
}
