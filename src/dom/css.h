/*
 * dom/css.h - CSS selectors as k6 has them (Go's cascadia).
 *
 * What: parses a selector, says whether a node matches it. CSS 3 without pseudo-elements and namespaces;
 * besides [a!=b], [a#=regex], :contains, :containsown, :matches, :matchesown, :has, :haschild, :input. Why
 * here: k6's dialect is no other library's: what is an error there must match nothing here. Threads: one
 * matcher, one thread. Memory: a selector lives in the arena that it was parsed into, its texts point into
 * what was parsed or the arena. Invariants: matching is bounded: after BR_CSS_MAX_STEPS everything fails to
 * match and `exhausted` is set.
 */
#pragma once
#include "base/arena.h"
#include "dom/dom.h"

#define BR_CSS_MAX_BYTES 65536
#define BR_CSS_MAX_DEPTH 16        /* of :not(:has(...)) */
#define BR_CSS_MAX_PARTS 32        /* compounds joined by combinators */
#define BR_CSS_MAX_STEPS 20000000u /* tests of one search: tenths of a second */

typedef struct br_css br_css;

/* Regular expressions are the caller's: it has an engine already. */
typedef struct br_regex_engine {
    void *(*compile)(void *ctx, br_str pattern); /* NULL: not valid */
    bool (*matches)(void *ctx, void *regex, br_str text);
    void *ctx; /* owns what compile() made */
} br_regex_engine;

typedef struct br_matcher {
    const br_regex_engine *regexes;
    uint64_t steps;
    bool exhausted;
    br_buf _text;
} br_matcher;

/* BR_ESYNTAX: not valid, it matches nothing; BR_ELIMIT: nested or joined too often, or too long: the same. */
BR_NODISCARD br_code br_css_parse(
    br_str text, br_arena *arena, const br_regex_engine *regexes, const br_css **ret);

void br_matcher_init(br_matcher *m, const br_regex_engine *regexes);
void br_matcher_deinit(br_matcher *m);
bool br_css_matches(br_matcher *m, const br_css *selector, const br_dom_node *node);
