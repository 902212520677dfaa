/*
 * stat/tags.h - interned tag sets and selectors over them.
 *
 * What: an immutable, sorted set of key=value pairs that exists once per store, so that equality is
 *     pointer equality; selectors `{name:login,status:200}` of sub-metrics.
 * Why here: samples of a virtual user share their tags; nobody copies or compares them per sample.
 * Threads: one store, one thread (each worker has its own).
 * Memory: sets live as long as their store.
 */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/str.h"

typedef struct br_tag {
    br_str key, value;
} br_tag;

typedef struct br_tagset {
    size_t count;
    br_tag tags[]; /* sorted by key, keys unique */
} br_tagset;

typedef struct br_tag_store {
    br_arena arena;
    br_map sets; /* canonical bytes -> br_tagset */
    br_arena _scratch;
} br_tag_store;

void br_tag_store_init(br_tag_store *s);
void br_tag_store_deinit(br_tag_store *s);

/* The set of these tags (any order; a later one with the same key wins). Copies what it keeps. */
const br_tagset *br_tags_intern(br_tag_store *s, const br_tag *tags, size_t count);
/* base + extra (extra wins). base may be NULL. */
const br_tagset *br_tags_with(br_tag_store *s, const br_tagset *base, const br_tag *extra, size_t count);
br_str br_tags_get(const br_tagset *set, br_str key); /* p == NULL if absent */

/* A sub-metric's selector. Every tag must be present with exactly this value. */
typedef struct br_selector {
    br_tag *tags; /* sorted by key, keys unique: of a key given twice the later value counts */
    size_t count;
} br_selector;

/*
 * Parses the text between the braces: split on ',', each at its first ':', quotes and blanks trimmed.
 * Slices point into memory of `arena`. BR_ESYNTAX: empty key or value, no ':'.
 */
BR_NODISCARD br_code br_selector_parse(br_arena *arena, br_str text, br_selector *ret, br_err *err);
/* `extra` (may be NULL) hides tags of `base` with the same key. */
bool br_selector_matches(
    const br_selector *s, const br_tagset *base, const br_tag *extra, size_t extra_count);
