/*
 * stat/tags_int.h - building a tag set in an arena of the caller's, without interning it.
 *
 * What: begin with room for a number of tags, then put one after the other.
 * Why here: the store uses it before it looks a set up; the recorder for the tags of one request, which
 *     must not stay for ever.
 * Memory: the set lives in the arena; keys and values are borrowed.
 */
#pragma once
#include "stat/tags.h"

/* A set with the tags of `base` (may be NULL) and room for `more`. */
br_tagset *br_tagset_begin(br_arena *a, const br_tagset *base, size_t more);
/* Adds or replaces; at most `more` times. */
void br_tagset_put(br_tagset *set, br_str key, br_str value);
