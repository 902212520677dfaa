/*
 * base/arena.h - one lifetime, one arena.
 *
 * What: bump allocation in chunks; everything is freed together.
 * Why here: run, VU, iteration and request each own one; error paths then cannot leak.
 * Threads: one arena, one thread.
 * Memory: chunks grow from `chunk_bytes` up; reset keeps the first chunk.
 * Invariants: a pointer from an arena is valid until reset/deinit of that arena.
 */
#pragma once
#include <stddef.h>
#include "base/compiler.h"
#include "base/str.h"

typedef struct br_arena_chunk br_arena_chunk;
typedef struct br_arena {
    br_arena_chunk *_first, *_current;
    size_t _chunk_bytes;
} br_arena;

void br_arena_init(br_arena *a, size_t chunk_bytes);
void br_arena_deinit(br_arena *a);
void br_arena_reset(br_arena *a);         /* everything allocated so far is gone */
size_t br_arena_bytes(const br_arena *a); /* what it holds of the process's memory */

void *br_arena_alloc(br_arena *a, size_t size_bytes);  /* 16-byte aligned, not zeroed */
void *br_arena_zalloc(br_arena *a, size_t size_bytes); /* zeroed */
char *br_arena_cstr(br_arena *a, br_str s);            /* NUL-terminated copy */
br_str br_arena_str(br_arena *a, br_str s);            /* copy, NUL-terminated behind its end */
BR_PRINTF(2, 3) char *br_arena_printf(br_arena *a, const char *fmt, ...);

#define BR_ARENA_NEW(arena, type) ((type *) br_arena_zalloc((arena), sizeof(type)))
