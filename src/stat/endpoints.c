#include "stat/recorder_int.h"

#define METHOD_BYTES_MAX  64
#define ARENA_CHUNK_BYTES 4096

void br_endpoint_table_init(br_endpoint_table *t)
{
    *t = (br_endpoint_table){0};
    br_arena_init(&t->arena, ARENA_CHUNK_BYTES);
    br_map_init(&t->by_key);
}

void br_endpoint_table_deinit(br_endpoint_table *t)
{
    for (size_t i = 0; i < t->rows.len; i++) {
        br_endpoint_deinit(t->rows.data[i]);
    }
    br_vec_deinit(&t->rows);
    br_map_deinit(&t->by_key);
    br_arena_deinit(&t->arena);
}

void br_endpoint_deinit(br_endpoint *row)
{
    br_sink_deinit(&row->duration);
    br_sink_deinit(&row->waiting);
    br_vec_deinit(&row->outcomes);
}

/* At most `max` bytes, not ending within a UTF-8 sequence. */
static br_str cut_at(br_str s, size_t max)
{
    if (s.n <= max) return s;
    while (max > 0 && ((unsigned char) s.p[max] & 0xC0) == 0x80) {
        max--;
    }
    return br_str_sub(s, 0, max);
}

static br_endpoint *find_or_add(br_endpoint_table *t, br_str method, br_str name, size_t rows_max)
{
    char bytes[METHOD_BYTES_MAX + 1 + BR_ENDPOINT_NAME_MAX];
    if (method.n) memcpy(bytes, method.p, method.n);
    bytes[method.n] = '\0';
    if (name.n) memcpy(bytes + method.n + 1, name.p, name.n);
    br_str key = {bytes, method.n + 1 + name.n};
    br_endpoint *row = br_map_get(&t->by_key, key);
    if (row || t->rows.len >= rows_max) return row;
    row = BR_ARENA_NEW(&t->arena, br_endpoint);
    row->method = br_arena_str(&t->arena, method);
    row->name = br_arena_str(&t->arena, name);
    br_sink_init(&row->duration, BR_TREND);
    br_sink_init(&row->waiting, BR_TREND);
    *br_vec_push(&t->rows) = row;
    br_map_set(&t->by_key, key, row);
    return row;
}

br_endpoint *br_endpoint_table_row(br_endpoint_table *t, br_str method, br_str name)
{
    br_endpoint *row = find_or_add(
        t, cut_at(method, METHOD_BYTES_MAX), cut_at(name, BR_ENDPOINT_NAME_MAX), BR_ENDPOINTS_MAX);
    return row ? row : find_or_add(t, BR_STR(""), BR_STR(BR_ENDPOINT_REST), BR_ENDPOINTS_MAX + 1);
}

static size_t find_outcome(const br_endpoint *row, int status, int error_code)
{
    size_t i = 0;
    for (; i < row->outcomes.len; i++) {
        const br_endpoint_outcome *o = &row->outcomes.data[i];
        if (o->status == status && o->error_code == error_code) break;
    }
    return i;
}

size_t br_endpoint_outcome_index(br_endpoint *row, int status, int error_code, br_str error)
{
    size_t i = find_outcome(row, status, error_code);
    if (i == row->outcomes.len && i >= BR_OUTCOMES_MAX) {
        status = -1;
        error_code = 0;
        error = BR_STR("other outcomes");
        i = find_outcome(row, status, error_code);
    }
    if (i < row->outcomes.len) return i;
    br_endpoint_outcome *o = br_vec_push(&row->outcomes);
    o->status = status;
    o->error_code = error_code;
    error = cut_at(error, sizeof(o->error_text) - 1);
    if (error.n) memcpy(o->error_text, error.p, error.n);
    return i;
}

void br_endpoint_merge(br_endpoint *into, const br_endpoint *from)
{
    br_sink_merge(&into->duration, &from->duration);
    br_sink_merge(&into->waiting, &from->waiting);
    into->requests += from->requests;
    into->failed += from->failed;
    into->received_bytes += from->received_bytes;
    for (size_t i = 0; i < from->outcomes.len; i++) {
        const br_endpoint_outcome *o = &from->outcomes.data[i];
        size_t at = br_endpoint_outcome_index(into, o->status, o->error_code, br_str_of(o->error_text));
        into->outcomes.data[at].count += o->count;
    }
}
