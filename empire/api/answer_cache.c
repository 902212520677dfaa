#include "empire/api/answer_cache.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/mem.h"

typedef struct slot {
    br_buf body;       /* empty: nothing is kept */
    br_ns made, asked; /* asked: since when somebody makes the next one; 0: nobody does */
    char etag[EMP_ETAG_BYTES];
} slot;

struct emp_answer_cache {
    pthread_mutex_t mutex; /* over everything; held for a copy of a few kilobytes */
    br_ns keep;
    emp_cache_stats stats;
    size_t count;
    slot slots[];
};

emp_answer_cache *emp_answer_cache_new(size_t slots, br_ns keep)
{
    emp_answer_cache *c = br_calloc(1, sizeof(*c) + slots * sizeof(c->slots[0]));
    pthread_mutex_init(&c->mutex, NULL);
    c->keep = keep;
    c->count = slots;
    for (size_t i = 0; i < slots; i++)
        br_buf_init(&c->slots[i].body, EMP_CACHED_BYTES_MAX);
    return c;
}

void emp_answer_cache_free(emp_answer_cache *c)
{
    if (!c) return;
    for (size_t i = 0; i < c->count; i++)
        br_buf_deinit(&c->slots[i].body);
    pthread_mutex_destroy(&c->mutex);
    br_free(c);
}

/* May the body be given? An old one may while another request makes the next. */
static bool serves(const emp_answer_cache *c, const slot *s, br_ns now)
{
    if (s->body.len == 0) return false;
    br_ns age = now - s->made;
    if (age < c->keep) return true;
    return s->asked && now - s->asked < EMP_CACHE_GRACE && age < c->keep + EMP_CACHE_GRACE;
}

bool emp_answer_cache_get(
    emp_answer_cache *c, size_t index, br_ns now, br_buf *out, char ret_etag[EMP_ETAG_BYTES], br_ns *ret_age)
{
    BR_ASSERT(index < c->count);
    pthread_mutex_lock(&c->mutex);
    slot *s = &c->slots[index];
    bool hit = serves(c, s, now);
    if (hit) {
        (void) br_buf_put(out, br_buf_view(&s->body));
        memcpy(ret_etag, s->etag, EMP_ETAG_BYTES);
        *ret_age = now - s->made;
        c->stats.hits++;
    } else {
        s->asked = now;
        c->stats.misses++;
    }
    pthread_mutex_unlock(&c->mutex);
    return hit;
}

void emp_answer_cache_put(emp_answer_cache *c, size_t index, br_ns now, br_str body)
{
    BR_ASSERT(index < c->count);
    if (c->keep == 0) return;
    pthread_mutex_lock(&c->mutex);
    slot *s = &c->slots[index];
    br_buf_reset(&s->body);
    (void) br_buf_put(&s->body, body); /* over the limit: the slot stays empty */
    s->made = now;
    s->asked = 0;
    emp_etag_of(body, s->etag);
    pthread_mutex_unlock(&c->mutex);
}

emp_cache_stats emp_answer_cache_stats(const emp_answer_cache *c)
{
    emp_answer_cache *m = (emp_answer_cache *) (uintptr_t) c; /* only its lock changes */
    pthread_mutex_lock(&m->mutex);
    emp_cache_stats s = c->stats;
    pthread_mutex_unlock(&m->mutex);
    return s;
}

void emp_etag_of(br_str body, char ret_etag[EMP_ETAG_BYTES])
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a, 64 bits */
    for (size_t i = 0; i < body.n; i++)
        h = (h ^ (unsigned char) body.p[i]) * 0x100000001b3u;
    snprintf(ret_etag, EMP_ETAG_BYTES, "\"%016" PRIx64 "\"", h);
}
