#include "dom/query.h"

/* Which nodes of a document were seen: a bit each. */
typedef struct seen {
    uint64_t *bits;
} seen;

static seen seen_of(const br_dom *dom)
{
    return (seen){BR_NEW_ARRAY(uint64_t, br_dom_node_count(dom) / 64 + 1)};
}

static void seen_free(seen *s)
{
    br_free(s->bits);
}

/* False: it was there already. */
static bool add(br_nodes *out, seen *s, const br_dom_node *node)
{
    uint64_t bit = (uint64_t) 1 << (node->order % 64);
    if (s->bits[node->order / 64] & bit) return false;
    s->bits[node->order / 64] |= bit;
    *br_vec_push(out) = node;
    return true;
}

ptrdiff_t br_nodes_index(const br_nodes *set, const br_dom_node *node)
{
    for (size_t i = 0; i < set->len; i++) {
        if (set->data[i] == node) return (ptrdiff_t) i;
    }
    return -1;
}

bool br_pick_has(const br_pick *pick, const br_dom_node *node)
{
    if (pick->set) return br_nodes_index(pick->set, node) >= 0;
    return pick->selector && br_css_matches(pick->matcher, pick->selector, node);
}

/* Nodes of a set inside of `top`, in the set's order. */
static void find_in_set(const br_nodes *from, const br_pick *pick, br_nodes *out, seen *s)
{
    for (size_t i = 0; i < pick->set->len; i++) {
        for (size_t k = 0; k < from->len; k++) {
            if (!br_dom_contains(from->data[k], pick->set->data[i])) continue;
            (void) add(out, s, pick->set->data[i]);
            break;
        }
    }
}

static void find_in(const br_dom_node *top, const br_pick *pick, bool one, br_nodes *out, seen *s)
{
    for (const br_dom_node *n = br_dom_next(top, top); n; n = br_dom_next(n, top)) {
        if (n->kind != BR_DOM_ELEMENT || !br_pick_has(pick, n)) continue;
        (void) add(out, s, n);
        if (one) return;
    }
}

void br_query_find(const br_dom *dom, const br_nodes *from, const br_pick *pick, bool one, br_nodes *out)
{
    if (!pick->set && !pick->selector) return;
    seen s = seen_of(dom);
    if (pick->set) find_in_set(from, pick, out, &s);
    for (size_t i = 0; i < from->len && !pick->set && !(one && out->len); i++)
        find_in(from->data[i], pick, one, out, &s);
    if (one && out->len > 1) out->len = 1;
    seen_free(&s);
}

static const br_dom_node *sibling(const br_dom_node *node, bool forward)
{
    do
        node = forward ? node->next : node->prev;
    while (node && node->kind != BR_DOM_ELEMENT);
    return node;
}

static const br_dom_node *parent_element(const br_dom_node *node)
{
    const br_dom_node *parent = node->parent;
    return parent && parent->kind == BR_DOM_ELEMENT ? parent : NULL;
}

static const br_dom_node *step(const br_dom_node *node, br_way way)
{
    switch (way) {
        case BR_WAY_PARENT:
        case BR_WAY_PARENTS: return parent_element(node);
        case BR_WAY_NEXT:
        case BR_WAY_NEXT_ALL: return sibling(node, true);
        default: return sibling(node, false);
    }
}

typedef struct walk {
    const br_pick *until, *filter;
    br_nodes *out;
    seen seen;
} walk;

static void take(walk *w, const br_dom_node *node)
{
    if (!w->filter || br_pick_has(w->filter, node)) (void) add(w->out, &w->seen, node);
}

static void walk_line(walk *w, const br_dom_node *node, br_way way)
{
    bool all = way == BR_WAY_PARENTS || way == BR_WAY_NEXT_ALL || way == BR_WAY_PREV_ALL;
    while ((node = step(node, way)) != NULL) {
        if (w->until && br_pick_has(w->until, node)) return;
        take(w, node);
        if (!all) return;
    }
}

/* `except`: a node that is not taken, NULL: none. */
static void walk_children(walk *w, const br_dom_node *parent, bool elements, const br_dom_node *except)
{
    for (const br_dom_node *n = parent->first; n; n = n->next) {
        if (n != except && (!elements || n->kind == BR_DOM_ELEMENT)) take(w, n);
    }
}

void br_query_walk(const br_dom *dom, const br_nodes *from, br_way way, const br_pick *until,
    const br_pick *filter, br_nodes *out)
{
    walk w = {until, filter, out, seen_of(dom)};
    for (size_t i = 0; i < from->len; i++) {
        const br_dom_node *node = from->data[i];
        if (way == BR_WAY_CHILDREN || way == BR_WAY_CONTENTS)
            walk_children(&w, node, way == BR_WAY_CHILDREN, NULL);
        else if (way != BR_WAY_SIBLINGS)
            walk_line(&w, node, way);
        else if (node->parent)
            walk_children(&w, node->parent, true, node);
    }
    seen_free(&w.seen);
}

void br_query_closest(const br_dom *dom, const br_nodes *from, const br_pick *pick, br_nodes *out)
{
    seen s = seen_of(dom);
    for (size_t i = 0; i < from->len; i++) {
        const br_dom_node *node = from->data[i];
        while (node && !br_pick_has(pick, node))
            node = node->parent;
        if (node) (void) add(out, &s, node);
    }
    seen_free(&s);
}

void br_query_filter(const br_nodes *from, const br_pick *pick, bool wanted, br_nodes *out)
{
    for (size_t i = 0; i < from->len; i++) {
        if (br_pick_has(pick, from->data[i]) == wanted) *br_vec_push(out) = from->data[i];
    }
}

void br_query_has(const br_dom *dom, const br_nodes *from, const br_pick *pick, br_nodes *out)
{
    br_nodes picked = {0}, root = {0};
    *br_vec_push(&root) = br_dom_root(dom);
    br_query_find(dom, &root, pick, false, &picked);
    for (size_t i = 0; i < from->len; i++) {
        for (size_t k = 0; k < picked.len; k++) {
            if (!br_dom_contains(from->data[i], picked.data[k])) continue;
            *br_vec_push(out) = from->data[i];
            break;
        }
    }
    br_nodes_deinit(&picked);
    br_nodes_deinit(&root);
}

void br_query_add(const br_dom *dom, const br_nodes *from, const br_nodes *more, br_nodes *out)
{
    seen s = seen_of(dom);
    for (size_t i = 0; i < from->len; i++)
        (void) add(out, &s, from->data[i]);
    for (size_t i = 0; i < more->len; i++)
        (void) add(out, &s, more->data[i]);
    seen_free(&s);
}
