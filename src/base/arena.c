#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/assert.h"
#include "base/mem.h"

#ifdef BR_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION((p), (n))
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#define GAP_BYTES      16 /* poisoned bytes between two blocks, to catch running over the end */
#else
#define POISON(p, n)   ((void) (p), (void) (n))
#define UNPOISON(p, n) ((void) (p), (void) (n))
#define GAP_BYTES      0
#endif

#define ALIGN_BYTES     ((size_t) 16)
#define CHUNK_BYTES_MIN ((size_t) 256)
#define CHUNK_BYTES_MAX ((size_t) 1 << 20) /* where doubling ends */

/*
 * The chunks form one list from _first on; _current is somewhere in it and takes the small blocks.
 * A block too large for that gets a chunk of its own, so that the rest of _current is not lost.
 * Nothing is allocated before the first block: most of thousands of arenas may stay empty.
 */
struct br_arena_chunk {
    br_arena_chunk *next;
    size_t size_bytes; /* of payload */
    size_t used_bytes;
    size_t _pad; /* keeps the payload aligned */
    char payload[];
};

BR_STATIC_ASSERT(sizeof(br_arena_chunk) % 16 == 0, "payload is 16-byte aligned");

static size_t round_up(size_t n)
{
    return (n + ALIGN_BYTES - 1) & ~(ALIGN_BYTES - 1);
}

static br_arena_chunk *chunk_new(size_t payload_bytes)
{
    br_arena_chunk *c = br_malloc(sizeof(*c) + payload_bytes);
    *c = (br_arena_chunk){.size_bytes = payload_bytes};
    POISON(c->payload, payload_bytes);
    return c;
}

static void chunk_free(br_arena_chunk *c)
{
    UNPOISON(c->payload, c->size_bytes);
    br_free(c);
}

static size_t chunk_room(const br_arena_chunk *c)
{
    return c->size_bytes - c->used_bytes;
}

static void *chunk_take(br_arena_chunk *c, size_t size_bytes, size_t step_bytes)
{
    char *p = c->payload + c->used_bytes;
    c->used_bytes += step_bytes;
    UNPOISON(p, size_bytes);
    return p;
}

static br_arena_chunk *insert_behind(br_arena_chunk *where, br_arena_chunk *c)
{
    c->next = where->next;
    where->next = c;
    return c;
}

void br_arena_init(br_arena *a, size_t chunk_bytes)
{
    if (chunk_bytes < CHUNK_BYTES_MIN) chunk_bytes = CHUNK_BYTES_MIN;
    *a = (br_arena){._chunk_bytes = chunk_bytes};
}

static void free_list(br_arena_chunk *c)
{
    while (c) {
        br_arena_chunk *next = c->next;
        chunk_free(c);
        c = next;
    }
}

void br_arena_deinit(br_arena *a)
{
    free_list(a->_first);
    a->_first = a->_current = NULL;
}

void br_arena_reset(br_arena *a)
{
    br_arena_chunk *first = a->_first;
    if (!first) return;
    free_list(first->next);
    first->next = NULL;
#if !defined(NDEBUG) && !defined(BR_ASAN)
    memset(first->payload, 0xA5, first->used_bytes); /* stale pointers read nonsense, not luck */
#endif
    first->used_bytes = 0;
    POISON(first->payload, first->size_bytes);
    a->_current = first;
}

/* The chunk that the next block of `step_bytes` comes from. */
static br_arena_chunk *find_chunk(br_arena *a, size_t step_bytes)
{
    if (!a->_first) {
        a->_first = a->_current = chunk_new(round_up(a->_chunk_bytes) - sizeof(br_arena_chunk));
    }
    br_arena_chunk *current = a->_current;
    if (BR_LIKELY(chunk_room(current) >= step_bytes)) return current;
    if (step_bytes > current->size_bytes / 2) {
        return insert_behind(current, chunk_new(step_bytes));
    }
    size_t size_bytes = current->size_bytes;
    if (size_bytes < CHUNK_BYTES_MAX) size_bytes = round_up(size_bytes * 2);
    return a->_current = insert_behind(current, chunk_new(size_bytes));
}

void *br_arena_alloc(br_arena *a, size_t size_bytes)
{
    BR_ASSERT(a->_chunk_bytes > 0); /* initialised */
    BR_ASSERT(size_bytes < SIZE_MAX / 2);
    size_t step_bytes = round_up(size_bytes ? size_bytes : 1) + GAP_BYTES;
    return chunk_take(find_chunk(a, step_bytes), size_bytes, step_bytes);
}

size_t br_arena_bytes(const br_arena *a)
{
    size_t bytes = 0;
    for (const br_arena_chunk *c = a->_first; c; c = c->next)
        bytes += sizeof(*c) + c->size_bytes;
    return bytes;
}

void *br_arena_zalloc(br_arena *a, size_t size_bytes)
{
    return memset(br_arena_alloc(a, size_bytes), 0, size_bytes);
}

char *br_arena_cstr(br_arena *a, br_str s)
{
    char *copy = br_arena_alloc(a, s.n + 1);
    if (s.n) memcpy(copy, s.p, s.n);
    copy[s.n] = '\0';
    return copy;
}

br_str br_arena_str(br_arena *a, br_str s)
{
    return (br_str){br_arena_cstr(a, s), s.n};
}

char *br_arena_printf(br_arena *a, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    BR_ASSERT(n >= 0);
    char *text = br_arena_alloc(a, (size_t) n + 1);
    vsnprintf(text, (size_t) n + 1, fmt, again);
    va_end(again);
    return text;
}
