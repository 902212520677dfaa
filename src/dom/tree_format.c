/* Active formatting elements and the adoption agency (HTML standard, 13.2.4.3 and 13.2.6.4.7). */
#include "dom/tree_int.h"

static bool same_attrs(const br_dom_node *a, const br_dom_node *b)
{
    if (a->attr_count != b->attr_count) return false;
    for (uint32_t i = 0; i < a->attr_count; i++) {
        const br_str *value = br_dom_attr_of(b, a->attrs[i].name);
        if (!value || !br_str_eq(*value, a->attrs[i].value)) return false;
    }
    return true;
}

static ptrdiff_t active_index(const br_tree *b, const br_dom_node *node)
{
    for (size_t i = b->active.len; i-- > 0;) {
        if (b->active.data[i] == node) return (ptrdiff_t) i;
    }
    return -1;
}

static void remove_active(br_tree *b, size_t i)
{
    b->active.len--;
    memmove(&b->active.data[i], &b->active.data[i + 1], (b->active.len - i) * sizeof(b->active.data[0]));
}

static void insert_active(br_tree *b, size_t i, br_dom_node *node)
{
    *br_vec_push(&b->active) = NULL;
    memmove(&b->active.data[i + 1], &b->active.data[i], (b->active.len - 1 - i) * sizeof(b->active.data[0]));
    b->active.data[i] = node;
}

void br_tree_forget(br_tree *b, const br_dom_node *node)
{
    ptrdiff_t i = active_index(b, node);
    if (i >= 0) remove_active(b, (size_t) i);
}

/* At most three equal ones behind a marker. */
void br_tree_activate(br_tree *b, br_dom_node *node)
{
    size_t equal = 0, earliest = 0;
    for (size_t i = b->active.len; i-- > 0 && b->active.data[i];) {
        const br_dom_node *other = b->active.data[i];
        if (other->tag != node->tag || !same_attrs(other, node)) continue;
        equal++;
        earliest = i;
    }
    if (equal >= 3) remove_active(b, earliest);
    *br_vec_push(&b->active) = node;
}

void br_tree_mark(br_tree *b)
{
    *br_vec_push(&b->active) = NULL;
}

void br_tree_clear_to_marker(br_tree *b)
{
    while (b->active.len > 0 && b->active.data[--b->active.len])
        ;
}

br_dom_node *br_tree_active_of(const br_tree *b, br_dom_tag tag)
{
    for (size_t i = b->active.len; i-- > 0 && b->active.data[i];) {
        if (b->active.data[i]->tag == tag) return b->active.data[i];
    }
    return NULL;
}

/* Opens again what was closed only because something around it was. */
void br_tree_reconstruct(br_tree *b)
{
    size_t i = b->active.len;
    while (i > 0 && b->active.data[i - 1] && br_tree_index(b, b->active.data[i - 1]) < 0)
        i--;
    for (; i < b->active.len && b->failed == BR_TREE_OK; i++) {
        br_dom_node *copy = br_tree_clone(b, b->active.data[i]);
        br_tree_insert_at(b, br_tree_current(b), copy);
        br_tree_push(b, copy);
        b->active.data[i] = copy;
    }
}

void br_tree_other_end(br_tree *b)
{
    for (size_t i = b->depth; i-- > 1;) {
        const br_dom_node *node = b->open[i];
        if (node->ns == BR_NS_HTML && node->tag == b->token.tag && br_str_eq(node->text, b->token.name)) {
            br_tree_implied_ends(b, node->tag);
            if (b->depth > i) b->depth = i;
            return;
        }
        if (br_tree_special(node)) return;
    }
}

/* Steps of one round that move the elements between the formatting element and the furthest block. */
static br_dom_node *adopt_between(br_tree *b, size_t format_index, size_t block_index, size_t *bookmark)
{
    br_dom_node *block = b->open[block_index], *last = block;
    size_t i = block_index;
    for (size_t round = 1; --i > format_index; round++) {
        br_dom_node *node = b->open[i];
        ptrdiff_t active = active_index(b, node);
        if (round > 3 && active >= 0) {
            remove_active(b, (size_t) active);
            if ((size_t) active < *bookmark) (*bookmark)--;
            active = -1;
        }
        if (active < 0) {
            br_tree_take_out(b, node);
            continue;
        }
        br_dom_node *copy = br_tree_clone(b, node);
        b->active.data[active] = b->open[i] = copy;
        if (last == block) *bookmark = (size_t) active + 1;
        br_tree_remove(last);
        br_tree_append(copy, last);
        last = copy;
    }
    return last;
}

static void move_children(br_dom_node *from, br_dom_node *to)
{
    while (from->first) {
        br_dom_node *child = from->first;
        br_tree_remove(child);
        br_tree_append(to, child);
    }
}

/* The topmost special element below a formatting element in the stack; 0: there is none. */
static size_t furthest_block(const br_tree *b, size_t format_index)
{
    for (size_t i = format_index + 1; i < b->depth; i++) {
        if (br_tree_special(b->open[i])) return i;
    }
    return 0;
}

static void adopt_into(br_tree *b, br_dom_node *format, size_t format_index, size_t block_index)
{
    br_dom_node *block = b->open[block_index], *ancestor = b->open[format_index - 1];
    size_t bookmark = (size_t) active_index(b, format);
    br_dom_node *last = adopt_between(b, format_index, block_index, &bookmark);
    br_tree_remove(last);
    br_tree_insert_at(b, ancestor, last);
    br_dom_node *copy = br_tree_clone(b, format);
    move_children(block, copy);
    br_tree_append(block, copy);
    size_t old = (size_t) active_index(b, format);
    remove_active(b, old);
    if (old < bookmark) bookmark--;
    insert_active(b, bookmark, copy);
    br_tree_take_out(b, format);
    size_t at = (size_t) br_tree_index(b, block) + 1;
    memmove(&b->open[at + 1], &b->open[at], (b->depth - at) * sizeof(b->open[0]));
    b->open[at] = copy;
    b->depth++;
}

/* False: nothing more is to be done. */
static bool adopt_once(br_tree *b, br_dom_tag tag)
{
    br_dom_node *format = br_tree_active_of(b, tag);
    if (!format) {
        br_tree_other_end(b);
        return false;
    }
    ptrdiff_t at = br_tree_index(b, format);
    if (at < 0) {
        br_tree_forget(b, format);
        return false;
    }
    if (!br_tree_node_in_scope(b, format)) return false;
    size_t block_index = furthest_block(b, (size_t) at);
    if (block_index == 0) {
        b->depth = (size_t) at;
        br_tree_forget(b, format);
        return false;
    }
    adopt_into(b, format, (size_t) at, block_index);
    return true;
}

void br_tree_adopt(br_tree *b, br_dom_tag tag)
{
    const br_dom_node *current = br_tree_current(b);
    if (br_tree_is(current, tag) && active_index(b, current) < 0) return br_tree_pop(b);
    for (int round = 0; round < 8 && adopt_once(b, tag); round++)
        ;
}
