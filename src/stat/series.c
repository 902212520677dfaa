#include "stat/recorder_int.h"

#include <stdio.h>

#include "stat/tags_int.h"

/*
 * The way of one request: key -> series -> sinks. The key holds only what can make a difference: method,
 * name, status and error code (for the endpoint table), the expectation, and those tags that a selector of a
 * sub-metric asks for. So neither unique URLs behind one name nor changing tags fill the cache when nobody
 * selects by them.
 */
#define SLOT_COUNT  ((size_t) 2 * BR_SERIES_CACHE_MAX) /* a power of two; load stays under 1/2 */
#define CHUNK_BYTES 16384

/* Tags that a request itself sets; all others come from the origin or from params.tags. */
#define REQUEST_TAGS                                                                                         \
    (BR_SYSTEM_TAG(PROTO) | BR_SYSTEM_TAG(STATUS) | BR_SYSTEM_TAG(METHOD) | BR_SYSTEM_TAG(URL) |             \
        BR_SYSTEM_TAG(NAME) | BR_SYSTEM_TAG(ERROR) | BR_SYSTEM_TAG(ERROR_CODE) |                             \
        BR_SYSTEM_TAG(TLS_VERSION) | BR_SYSTEM_TAG(EXPECTED_RESPONSE) | BR_SYSTEM_TAG(IP))
#define REQUEST_TAG_COUNT 10
#define OTHER_TAG         (1u << 31) /* in `selected`: some tag that requests do not set */
#define STATUS_TEXT_BYTES 16

BR_STATIC_ASSERT((BR_SERIES_CACHE_MAX & (BR_SERIES_CACHE_MAX - 1)) == 0, "slots are masked");
BR_STATIC_ASSERT(BR_M_HTTP_REQ_FAILED - BR_M_HTTP_REQS == BR_HTTP_SAMPLES - 1,
    "the ten follow each other, the one that may be absent last");
BR_STATIC_ASSERT(BR_SYSTEM_TAG_COUNT < 31, "OTHER_TAG is free");

void br_series_cache_init(br_series_cache *c)
{
    *c = (br_series_cache){0};
    br_arena_init(&c->arena, CHUNK_BYTES);
    c->slots = BR_NEW_ARRAY(uint32_t, SLOT_COUNT);
}

void br_series_cache_deinit(br_series_cache *c)
{
    br_arena_deinit(&c->arena);
    br_vec_deinit(&c->entries);
    br_free(c->slots);
}

static void cache_clear(br_series_cache *c)
{
    br_vec_reset(&c->entries);
    br_arena_reset(&c->arena);
    memset(c->slots, 0, SLOT_COUNT * sizeof(c->slots[0]));
}

static BR_NOINLINE void cache_prepare(br_recorder *r)
{
    br_series_cache *c = &r->series;
    for (unsigned i = 0; i < BR_HTTP_SAMPLES; i++) {
        const br_metric *m = c->metrics[i] = br_metrics_at(r->config.metrics, BR_M_HTTP_REQS + i);
        c->sub_count += m->subs.len;
        for (size_t j = 0; j < m->subs.len; j++) {
            const br_selector *s = &m->subs.data[j]->selector;
            for (size_t k = 0; k < s->count; k++) {
                uint32_t tag = br_system_tag_of(s->tags[k].key) & REQUEST_TAGS;
                c->selected |= tag ? tag : OTHER_TAG;
            }
        }
    }
    c->ready = true;
}

/* Tags ------------------------------------------------------------------------------------------ */

/* The system tags that this request sets. */
static inline uint32_t present_tags(const br_recorder *r, const br_http_sample *s)
{
    uint32_t tags = BR_SYSTEM_TAG(STATUS) | BR_SYSTEM_TAG(METHOD) | BR_SYSTEM_TAG(URL) | BR_SYSTEM_TAG(NAME);
    if (s->proto.n) tags |= BR_SYSTEM_TAG(PROTO);
    if (s->has_expectation) tags |= BR_SYSTEM_TAG(EXPECTED_RESPONSE);
    if (s->error.n) tags |= BR_SYSTEM_TAG(ERROR);
    if (s->error_code) tags |= BR_SYSTEM_TAG(ERROR_CODE);
    if (s->tls_version.n) tags |= BR_SYSTEM_TAG(TLS_VERSION);
    if (s->ocsp_status.n) tags |= BR_SYSTEM_TAG(OCSP_STATUS);
    if (s->ip.n) tags |= BR_SYSTEM_TAG(IP);
    return tags & r->config.system_tags;
}

static br_str number_text(br_arena *a, int n)
{
    char *text = br_arena_alloc(a, STATUS_TEXT_BYTES);
    int len = snprintf(text, STATUS_TEXT_BYTES, "%d", n);
    return (br_str){text, (size_t) len};
}

/* The tags of a request in the scratch arena: origin, then params.tags, then system tags. */
static const br_tagset *build_tags(br_recorder *r, const br_origin *origin, const br_http_sample *s)
{
    uint32_t present = present_tags(r, s);
    br_arena *a = &r->scratch;
    br_tagset *set = br_tagset_begin(a, origin->tags, s->extra_count + REQUEST_TAG_COUNT);
    for (size_t i = 0; i < s->extra_count; i++) {
        br_tagset_put(set, s->extra[i].key, s->extra[i].value);
    }
    if (present & BR_SYSTEM_TAG(PROTO)) br_tagset_put(set, BR_STR("proto"), s->proto);
    if (present & BR_SYSTEM_TAG(STATUS)) br_tagset_put(set, BR_STR("status"), number_text(a, s->status));
    if (present & BR_SYSTEM_TAG(METHOD)) br_tagset_put(set, BR_STR("method"), s->method);
    if (present & BR_SYSTEM_TAG(URL)) br_tagset_put(set, BR_STR("url"), s->url);
    if (present & BR_SYSTEM_TAG(NAME)) br_tagset_put(set, BR_STR("name"), s->name);
    if (present & BR_SYSTEM_TAG(ERROR)) br_tagset_put(set, BR_STR("error"), s->error);
    if (present & BR_SYSTEM_TAG(ERROR_CODE)) {
        br_tagset_put(set, BR_STR("error_code"), number_text(a, s->error_code));
    }
    if (present & BR_SYSTEM_TAG(TLS_VERSION)) br_tagset_put(set, BR_STR("tls_version"), s->tls_version);
    if (present & BR_SYSTEM_TAG(OCSP_STATUS)) br_tagset_put(set, BR_STR("ocsp_status"), s->ocsp_status);
    if (present & BR_SYSTEM_TAG(IP)) br_tagset_put(set, BR_STR("ip"), s->ip);
    if (present & BR_SYSTEM_TAG(EXPECTED_RESPONSE)) {
        br_tagset_put(set, BR_STR("expected_response"), s->expected ? BR_STR("true") : BR_STR("false"));
    }
    return set;
}

/* Keys ------------------------------------------------------------------------------------------ */

/* The fixed part of a key, without padding; strings with their lengths follow. */
typedef struct key_head {
    uint64_t origin; /* address of its tag set, 0 if no selector looks at it */
    int32_t status, error_code;
    uint32_t present, expected;
    uint32_t method_bytes, name_bytes;
} key_head;
BR_STATIC_ASSERT(sizeof(key_head) == 32, "keys are compared as bytes");

typedef struct key_writer {
    char *at, *end; /* at == NULL: it did not fit */
} key_writer;

static inline void put_bytes(key_writer *w, const void *p, size_t n)
{
    if (!w->at) return;
    if (BR_UNLIKELY(n > (size_t) (w->end - w->at))) {
        w->at = NULL;
        return;
    }
    if (n) memcpy(w->at, p, n);
    w->at += n;
}

static void put_str(key_writer *w, br_str s)
{
    put_bytes(w, &s.n, sizeof(s.n));
    put_bytes(w, s.p, s.n);
}

/* What the origin and params.tags say; needed if a selector asks for a tag that the request leaves to them.
 */
static void put_extra(key_writer *w, const br_http_sample *s)
{
    for (size_t i = 0; i < s->extra_count; i++) {
        put_str(w, s->extra[i].key);
        put_str(w, s->extra[i].value);
    }
}

/* Values of request tags that neither the head nor the names hold. */
static void put_selected(key_writer *w, const br_http_sample *s, uint32_t tags)
{
    if (tags & BR_SYSTEM_TAG(URL)) put_str(w, s->url);
    if (tags & BR_SYSTEM_TAG(PROTO)) put_str(w, s->proto);
    if (tags & BR_SYSTEM_TAG(ERROR)) put_str(w, s->error);
    if (tags & BR_SYSTEM_TAG(TLS_VERSION)) put_str(w, s->tls_version);
    if (tags & BR_SYSTEM_TAG(OCSP_STATUS)) put_str(w, s->ocsp_status);
    if (tags & BR_SYSTEM_TAG(IP)) put_str(w, s->ip);
}

/* The key of a request in r->key; n == 0 if it is too long. */
static inline br_str make_key(br_recorder *r, const br_origin *origin, const br_http_sample *s)
{
    uint32_t selected = r->series.selected, present = present_tags(r, s);
    bool ask_origin = (selected & ~present) != 0;
    key_head head = {
        .origin = ask_origin ? (uint64_t) (uintptr_t) origin->tags : 0,
        .status = s->status,
        .error_code = s->error_code,
        .present = present & selected,
        .expected = s->has_expectation ? 1 + (uint32_t) s->expected : 0,
        .method_bytes = (uint32_t) s->method.n,
        .name_bytes = (uint32_t) s->name.n,
    };
    key_writer w = {(char *) r->key, (char *) r->key + sizeof(r->key)};
    put_bytes(&w, &head, sizeof(head));
    put_bytes(&w, s->method.p, s->method.n);
    put_bytes(&w, s->name.p, s->name.n);
    if (selected & present) put_selected(&w, s, selected & present);
    if (ask_origin) put_extra(&w, s);
    return (br_str){(char *) r->key, w.at ? (size_t) (w.at - (char *) r->key) : 0};
}

/* Eight bytes a step, multiply and fold; the constant is 2^64 / golden ratio. */
static inline uint64_t hash_key(br_str key)
{
    const uint64_t factor = 0x9E3779B97F4A7C15u;
    uint64_t h = key.n * factor, word;
    size_t i = 0;
    for (; i + sizeof(word) <= key.n; i += sizeof(word)) {
        memcpy(&word, key.p + i, sizeof(word));
        h = (h ^ word) * factor;
        h ^= h >> 32;
    }
    if (i < key.n) {
        word = 0;
        memcpy(&word, key.p + i, key.n - i);
        h = (h ^ word) * factor;
        h ^= h >> 32;
    }
    return h;
}

/* The cache ------------------------------------------------------------------------------------- */

/* Finds sinks and rows; what stays with the series is put into `arena`. */
static void resolve(
    br_recorder *r, const br_origin *origin, const br_http_sample *s, br_arena *arena, br_series *ret)
{
    br_series_cache *c = &r->series;
    const br_tagset *tags = build_tags(r, origin, s);
    br_series_hit *hits = br_arena_alloc(&r->scratch, c->sub_count * sizeof(*hits));
    size_t count = 0;
    for (uint32_t i = 0; i < (s->has_expectation ? BR_HTTP_SAMPLES : BR_HTTP_SAMPLES - 1); i++) {
        for (size_t j = 0; j < c->metrics[i]->subs.len; j++) {
            const br_metric *sub = c->metrics[i]->subs.data[j];
            if (!br_selector_matches(&sub->selector, tags, NULL, 0)) continue;
            hits[count++] = (br_series_hit){.sink = sub->id, .sample = i};
        }
    }
    br_series_hit *kept = br_arena_alloc(arena, count * sizeof(*kept));
    memcpy(kept, hits, count * sizeof(*kept));
    ret->hits = kept;
    ret->hit_count = count;
    ret->endpoint = br_endpoint_table_row(&r->endpoints, s->method, s->name);
    ret->outcome = br_endpoint_outcome_index(ret->endpoint, s->status, s->error_code, s->error);
}

static BR_NOINLINE br_series *add_series(
    br_recorder *r, const br_origin *origin, const br_http_sample *s, br_str key, uint64_t hash)
{
    br_series_cache *c = &r->series;
    if (c->entries.len == BR_SERIES_CACHE_MAX) cache_clear(c);
    br_series *e = br_vec_push(&c->entries);
    e->hash = hash;
    e->key = br_arena_str(&c->arena, key);
    resolve(r, origin, s, &c->arena, e);
    size_t at = (size_t) hash & (SLOT_COUNT - 1);
    while (c->slots[at]) {
        at = (at + 1) & (SLOT_COUNT - 1);
    }
    c->slots[at] = (uint32_t) c->entries.len;
    return e;
}

static inline const br_series *find_series(
    br_recorder *r, const br_origin *origin, const br_http_sample *s, br_str key)
{
    const br_series_cache *c = &r->series;
    uint64_t hash = hash_key(key);
    for (size_t at = (size_t) hash & (SLOT_COUNT - 1); c->slots[at]; at = (at + 1) & (SLOT_COUNT - 1)) {
        const br_series *e = &c->entries.data[c->slots[at] - 1];
        if (e->hash == hash && br_str_eq(e->key, key)) return e;
    }
    return add_series(r, origin, s, key, hash);
}

/* Recording ------------------------------------------------------------------------------------- */

static inline double to_ms(br_ns ns)
{
    return (double) ns / (double) BR_MS;
}

static inline void count_endpoint(
    const br_series *e, const br_http_sample *s, double duration_ms, double waiting_ms)
{
    br_endpoint *row = e->endpoint;
    row->requests++;
    row->failed += s->has_expectation && !s->expected;
    row->received_bytes += s->received_bytes;
    row->outcomes.data[e->outcome].count++;
    br_sink_add(&row->duration, duration_ms, s->wall);
    br_sink_add(&row->waiting, waiting_ms, s->wall);
}

static BR_NOINLINE void tap_http(
    br_recorder *r, const br_origin *origin, const br_http_sample *s, const double *values, size_t count)
{
    br_sample samples[BR_HTTP_SAMPLES] = {0};
    for (size_t i = 0; i < count; i++) {
        samples[i].metric = r->series.metrics[i];
        samples[i].value = values[i];
    }
    br_recorder_tap(r, &(br_tap_call){.origin = origin,
                           .tags = build_tags(r, origin, s),
                           .wall = s->wall,
                           .samples = samples,
                           .count = count});
}

BR_HOT void br_recorder_http(br_recorder *r, const br_origin *origin, const br_http_sample *s)
{
    if (BR_UNLIKELY(!r->series.ready)) cache_prepare(r);
    br_arena_reset(&r->scratch);
    br_series uncached;
    const br_series *e = &uncached;
    br_str key = make_key(r, origin, s);
    if (BR_LIKELY(key.n)) {
        e = find_series(r, origin, s, key);
    } else {
        resolve(r, origin, s, &r->scratch, &uncached);
    }
    const double values[BR_HTTP_SAMPLES] = {1, to_ms(s->duration), to_ms(s->blocked), to_ms(s->connecting),
        to_ms(s->tls_handshaking), to_ms(s->sending), to_ms(s->waiting), to_ms(s->receiving),
        to_ms(s->response), s->expected ? 0 : 1};
    size_t count = s->has_expectation ? BR_HTTP_SAMPLES : BR_HTTP_SAMPLES - 1;
    for (uint32_t i = 0; i < count; i++) {
        br_sink_add(br_recorder_sink(r, BR_M_HTTP_REQS + i), values[i], s->wall);
    }
    for (size_t i = 0; i < e->hit_count; i++) {
        br_sink_add(br_recorder_sink(r, e->hits[i].sink), values[e->hits[i].sample], s->wall);
    }
    count_endpoint(e, s, values[BR_M_HTTP_REQ_DURATION - BR_M_HTTP_REQS],
        values[BR_M_HTTP_REQ_WAITING - BR_M_HTTP_REQS]);
    if (BR_UNLIKELY(s->failure == BR_ENOFDS)) r->shortages.descriptors++;
    if (BR_UNLIKELY(s->failure == BR_ENOPORTS)) r->shortages.ports++;
    if (r->config.tap) tap_http(r, origin, s, values, count);
}
