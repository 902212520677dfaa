/*
 * dom/query.h - sets of nodes, and the ways from one set to another.
 *
 * What: the traversal of jQuery as k6 has it (Go's goquery): children, parents, siblings and so on of every
 * node of a set, each node once, in the order in which they are found. Why here: without JavaScript, so that
 * it can be tested alone. Threads: one set, one thread. Memory: sets are heap memory of the caller
 * (br_nodes_deinit); nodes belong to their document.
 */
#pragma once
#include "base/vec.h"
#include "dom/css.h"

typedef BR_VEC(const br_dom_node *) br_nodes;
#define br_nodes_deinit(set) br_vec_deinit(set)

/* What nodes are picked by: a selector (NULL in `selector`: one that matches nothing) or a set. */
typedef struct br_pick {
    br_matcher *matcher;
    const br_css *selector;
    const br_nodes *set; /* if not NULL it decides */
} br_pick;

typedef enum br_way {
    BR_WAY_CHILDREN, /* elements */
    BR_WAY_CONTENTS, /* all nodes */
    BR_WAY_PARENT,
    BR_WAY_PARENTS,
    BR_WAY_NEXT,
    BR_WAY_NEXT_ALL,
    BR_WAY_PREV,
    BR_WAY_PREV_ALL,
    BR_WAY_SIBLINGS
} br_way;

/* All append to *out, which is empty at first, each node once. `dom` is the document that the nodes are of.
 */

/* Descendants that are picked; with `one` only the first of the document's order. */
void br_query_find(const br_dom *dom, const br_nodes *from, const br_pick *pick, bool one, br_nodes *out);
/*
 * The nodes on the way. `until`: for PARENTS, NEXT_ALL, PREV_ALL, the walk ends before a node that it picks;
 * NULL: at the end. `filter` NULL: all.
 */
void br_query_walk(const br_dom *dom, const br_nodes *from, br_way way, const br_pick *until,
    const br_pick *filter, br_nodes *out);
/* Of each node, itself or the nearest ancestor that is picked. */
void br_query_closest(const br_dom *dom, const br_nodes *from, const br_pick *pick, br_nodes *out);
/* Those that are picked, or with `wanted` false those that are not. */
void br_query_filter(const br_nodes *from, const br_pick *pick, bool wanted, br_nodes *out);
/* Those that have a picked descendant. */
void br_query_has(const br_dom *dom, const br_nodes *from, const br_pick *pick, br_nodes *out);
/* The nodes of both, those of `from` first. */
void br_query_add(const br_dom *dom, const br_nodes *from, const br_nodes *more, br_nodes *out);

bool br_pick_has(const br_pick *pick, const br_dom_node *node);
ptrdiff_t br_nodes_index(const br_nodes *set, const br_dom_node *node); /* -1: not in it */
