#include "report/out_csv.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/num.h"
#include "report/out_file_int.h"

#define FLUSH_BYTES ((size_t) 256 << 10)

struct br_out_csv {
    pthread_mutex_t lock;
    br_out_file *file;
    br_buf buf, joined; /* joined: one column of several tags */
    br_ns flushed, save_interval;
    br_csv_time time;
    br_str columns[BR_SYSTEM_TAG_COUNT]; /* sorted */
    size_t column_count;
};

const br_out_csv_config br_out_csv_defaults = {.path = BR_STR_INIT("file.csv"),
    .save_interval = BR_SEC,
    .time = BR_CSV_UNIX,
    .system_tags = BR_SYSTEM_TAGS_DEFAULT};

static br_code set_time(br_out_csv_config *c, br_str value, br_err *err)
{
    static const char *const names[] = {[BR_CSV_UNIX] = "unix",
        [BR_CSV_UNIX_MILLI] = "unix_milli",
        [BR_CSV_UNIX_MICRO] = "unix_micro",
        [BR_CSV_UNIX_NANO] = "unix_nano",
        [BR_CSV_RFC3339] = "rfc3339",
        [BR_CSV_RFC3339_NANO] = "rfc3339_nano"};
    for (size_t i = 0; i < BR_COUNT_OF(names); i++) {
        if (!br_str_is(value, names[i])) continue;
        c->time = (br_csv_time) i;
        return BR_OK;
    }
    return br_fail(err, BR_EINVAL,
        "unknown CSV time format: \"" BR_FMT
        "\", use unix, unix_milli, unix_micro, unix_nano, rfc3339 or rfc3339_nano",
        BR_ARG(value));
}

br_code br_out_csv_set(br_out_csv_config *c, br_str key, br_str value, br_err *err)
{
    if (br_str_is(key, "fileName")) {
        c->path = value;
        return BR_OK;
    }
    if (br_str_is(key, "timeFormat")) return set_time(c, value, err);
    if (!br_str_is(key, "saveInterval"))
        return br_fail(
            err, BR_ENOTFOUND, "unknown key \"" BR_FMT "\" as argument for csv output", BR_ARG(key));
    br_ns interval;
    if (br_parse_duration(value, BR_DURATION_K6, &interval) != BR_OK || interval < 0)
        return br_fail(err, BR_EINVAL,
            "saveInterval of the csv output: \"" BR_FMT "\" is no duration such as 1s or 500ms",
            BR_ARG(value));
    c->save_interval = interval;
    return BR_OK;
}

/* Lines ------------------------------------------------------------------------------------------ */

/* Go quotes a field with a comma, a quote or a line break in it, or a blank before it. */
static bool needs_quotes(br_str s)
{
    if (s.n == 0) return false;
    if (br_str_is(s, "\\.") || s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\v' || s.p[0] == '\f')
        return true;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == ',' || s.p[i] == '"' || s.p[i] == '\r' || s.p[i] == '\n') return true;
    }
    return false;
}

static void put_field(br_buf *b, br_str s)
{
    if (!needs_quotes(s)) {
        (void) br_buf_put(b, s);
        return;
    }
    (void) br_buf_putc(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"') (void) br_buf_putc(b, '"');
        (void) br_buf_putc(b, s.p[i]);
    }
    (void) br_buf_putc(b, '"');
}

static void put_time(br_buf *b, br_ns wall, br_csv_time form)
{
    switch (form) {
        case BR_CSV_UNIX: (void) br_buf_printf(b, "%lld", (long long) (wall / BR_SEC)); break;
        case BR_CSV_UNIX_MILLI: (void) br_buf_printf(b, "%lld", (long long) (wall / BR_MS)); break;
        case BR_CSV_UNIX_MICRO: (void) br_buf_printf(b, "%lld", (long long) (wall / BR_US)); break;
        case BR_CSV_UNIX_NANO: (void) br_buf_printf(b, "%lld", (long long) wall); break;
        case BR_CSV_RFC3339: (void) br_buf_put_rfc3339(b, wall, false); break;
        case BR_CSV_RFC3339_NANO: (void) br_buf_put_rfc3339(b, wall, true); break;
    }
}

static void join(br_buf *b, const br_tag *tag)
{
    if (b->len) (void) br_buf_putc(b, '&');
    (void) br_buf_put(b, tag->key);
    (void) br_buf_putc(b, '=');
    (void) br_buf_put(b, tag->value);
}

static void put_joined(br_out_csv *o)
{
    (void) br_buf_putc(&o->buf, ',');
    put_field(&o->buf, br_buf_view(&o->joined));
    br_buf_reset(&o->joined);
}

/* Columns and tags are both sorted by name: one pass serves both. */
static void put_tags(br_out_csv *o, const br_tagset *tags)
{
    size_t next = 0, count = tags ? tags->count : 0;
    for (size_t i = 0; i < o->column_count; i++) {
        (void) br_buf_putc(&o->buf, ',');
        while (next < count && br_str_cmp(tags->tags[next].key, o->columns[i]) < 0)
            join(&o->joined, &tags->tags[next++]);
        if (next < count && br_str_eq(tags->tags[next].key, o->columns[i]))
            put_field(&o->buf, tags->tags[next++].value);
    }
    while (next < count)
        join(&o->joined, &tags->tags[next++]);
    put_joined(o);
}

static void put_sample(br_out_csv *o, const br_sample *s)
{
    put_field(&o->buf, s->metric->name);
    (void) br_buf_putc(&o->buf, ',');
    put_time(&o->buf, s->wall, o->time);
    (void) br_buf_printf(&o->buf, ",%f", s->value);
    put_tags(o, s->tags);
    for (size_t i = 0; i < s->metadata_count; i++)
        join(&o->joined, &s->metadata[i]);
    put_joined(o);
    (void) br_buf_putc(&o->buf, '\n');
}

/* Life ------------------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return br_str_cmp(*(const br_str *) a, *(const br_str *) b);
}

/* iter and vu are metadata, no tags. */
static void set_columns(br_out_csv *o, uint32_t system_tags)
{
    for (unsigned i = 0; i < BR_SYSTEM_TAG_COUNT; i++) {
        if (i == BR_SYSTEM_TAG_ITER_BIT || i == BR_SYSTEM_TAG_VU_BIT) continue;
        if (system_tags & 1u << i) o->columns[o->column_count++] = br_system_tag_name(i);
    }
    qsort(o->columns, o->column_count, sizeof(o->columns[0]), by_text);
}

static void put_header(br_out_csv *o)
{
    (void) br_buf_puts(&o->buf, "metric_name,timestamp,metric_value");
    for (size_t i = 0; i < o->column_count; i++) {
        (void) br_buf_putc(&o->buf, ',');
        (void) br_buf_put(&o->buf, o->columns[i]);
    }
    (void) br_buf_puts(&o->buf, ",extra_tags,metadata\n");
}

static void flush(br_out_csv *o)
{
    br_out_file_write(o->file, br_buf_view(&o->buf));
    br_buf_reset(&o->buf);
}

br_code br_out_csv_open(const br_out_csv_config *c, br_out_csv **ret, br_err *err)
{
    br_out_file *file = NULL;
    br_code code = br_out_file_open(c->path, &file, err);
    if (code != BR_OK) return code;
    br_out_csv *o = BR_NEW(br_out_csv);
    pthread_mutex_init(&o->lock, NULL);
    o->file = file;
    o->time = c->time;
    o->save_interval = c->save_interval;
    br_buf_init(&o->buf, BR_BUF_NO_LIMIT);
    br_buf_init(&o->joined, BR_BUF_NO_LIMIT);
    set_columns(o, c->system_tags);
    put_header(o);
    flush(o);
    *ret = o;
    return BR_OK;
}

void br_out_csv_tap(void *out, const br_sample *samples, size_t count)
{
    br_out_csv *o = out;
    pthread_mutex_lock(&o->lock);
    for (size_t i = 0; i < count; i++)
        put_sample(o, &samples[i]);
    if (count && (o->buf.len >= FLUSH_BYTES || samples[0].wall - o->flushed >= o->save_interval)) {
        flush(o);
        o->flushed = samples[0].wall;
    }
    pthread_mutex_unlock(&o->lock);
}

br_code br_out_csv_close(br_out_csv *o, br_err *err)
{
    flush(o);
    br_code code = br_out_file_close(o->file, err);
    br_buf_deinit(&o->buf);
    br_buf_deinit(&o->joined);
    pthread_mutex_destroy(&o->lock);
    br_free(o);
    return code;
}
