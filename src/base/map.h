/*
 * base/map.h - hash map from strings to pointers.
 *
 * What: open addressing with linear probing; iteration in insertion order.
 * Why here: the one map of the project: tags, metric names, options, routes.
 * Threads: one map, one thread.
 * Memory: keys are copied, values are borrowed. Deinit frees keys, never values.
 * Invariants: load <= 3/4; entry indexes are stable until a removal.
 */
#pragma once
#include "base/str.h"

typedef struct br_map_entry {
    br_str key; /* owned by the map, NUL-terminated */
    void *value;
    uint64_t hash;
} br_map_entry;

typedef struct br_map {
    br_map_entry *entries; /* [len], insertion order; public for iteration */
    size_t len, _cap;
    uint32_t *_slots; /* index into entries + 1, 0 = free */
    size_t _slot_count;
} br_map;

void br_map_init(br_map *m);
void br_map_deinit(br_map *m);
void br_map_clear(br_map *m);
void *br_map_get(const br_map *m, br_str key);          /* NULL if absent */
br_map_entry *br_map_find(const br_map *m, br_str key); /* NULL if absent */
void *br_map_set(br_map *m, br_str key, void *value);   /* returns the former value or NULL */
void *br_map_remove(br_map *m, br_str key);             /* returns the value; keeps the order */
