/* The stack of open elements. */
#include "dom/tree_int.h"

void br_tree_push(br_tree *b, br_dom_node *node)
{
    if (b->depth < BR_COUNT_OF(b->open)) b->open[b->depth++] = node;
    if (b->depth > BR_DOM_MAX_OPEN && b->failed == BR_TREE_OK) b->failed = BR_TREE_TOO_DEEP;
}

void br_tree_pop(br_tree *b)
{
    if (b->depth > 1) b->depth--;
}

void br_tree_pop_until(br_tree *b, br_dom_tag tag)
{
    while (b->depth > 1 && !br_tree_is(b->open[--b->depth], tag))
        ;
}

ptrdiff_t br_tree_index(const br_tree *b, const br_dom_node *node)
{
    for (size_t i = b->depth; i-- > 0;) {
        if (b->open[i] == node) return (ptrdiff_t) i;
    }
    return -1;
}

void br_tree_take_out(br_tree *b, const br_dom_node *node)
{
    ptrdiff_t i = br_tree_index(b, node);
    if (i <= 0) return;
    b->depth--;
    memmove(&b->open[i], &b->open[i + 1], (b->depth - (size_t) i) * sizeof(b->open[0]));
}

static bool foreign_boundary(const br_dom_node *node)
{
    return br_tree_math_point(node) || (node->ns == BR_NS_MATH && node->tag == BR_TAG_ANNOTATION_XML) ||
           (node->ns == BR_NS_SVG && br_tree_html_point(node));
}

static bool is_boundary(const br_dom_node *node, br_scope scope)
{
    if (node->ns != BR_NS_HTML)
        return scope != BR_SCOPE_TABLE && (scope == BR_SCOPE_SELECT || foreign_boundary(node));
    switch (scope) {
        case BR_SCOPE_TABLE:
            return node->tag == BR_TAG_HTML || node->tag == BR_TAG_TABLE || node->tag == BR_TAG_TEMPLATE;
        case BR_SCOPE_SELECT: return node->tag != BR_TAG_OPTGROUP && node->tag != BR_TAG_OPTION;
        case BR_SCOPE_LIST_ITEM:
            if (node->tag == BR_TAG_OL || node->tag == BR_TAG_UL) return true;
            break;
        case BR_SCOPE_BUTTON:
            if (node->tag == BR_TAG_BUTTON) return true;
            break;
        case BR_SCOPE: break;
    }
    return br_dom_tag_flags(node->tag) & BR_TAG_BOUNDARY;
}

bool br_tree_in_scope(const br_tree *b, br_dom_tag tag, br_scope scope)
{
    for (size_t i = b->depth; i-- > 0;) {
        if (br_tree_is(b->open[i], tag)) return true;
        if (is_boundary(b->open[i], scope)) return false;
    }
    return false;
}

bool br_tree_node_in_scope(const br_tree *b, const br_dom_node *node)
{
    for (size_t i = b->depth; i-- > 0;) {
        if (b->open[i] == node) return true;
        if (is_boundary(b->open[i], BR_SCOPE)) return false;
    }
    return false;
}

bool br_tree_has_open(const br_tree *b, br_dom_tag tag)
{
    for (size_t i = b->depth; i-- > 0;) {
        if (br_tree_is(b->open[i], tag)) return true;
    }
    return false;
}

bool br_tree_special(const br_dom_node *node)
{
    if (node->ns == BR_NS_HTML) return br_dom_tag_flags(node->tag) & BR_TAG_SPECIAL;
    return foreign_boundary(node);
}

void br_tree_implied_ends(br_tree *b, br_dom_tag except)
{
    for (;;) {
        const br_dom_node *node = br_tree_current(b);
        if (node->ns != BR_NS_HTML || !(br_dom_tag_flags(node->tag) & BR_TAG_IMPLIED_END)) return;
        if (except != BR_TAG_OTHER && node->tag == except) return;
        br_tree_pop(b);
    }
}

void br_tree_close_p(br_tree *b)
{
    if (!br_tree_in_scope(b, BR_TAG_P, BR_SCOPE_BUTTON)) return;
    br_tree_implied_ends(b, BR_TAG_P);
    br_tree_pop_until(b, BR_TAG_P);
}

void br_tree_clear_to(br_tree *b, br_dom_tag first, br_dom_tag second, br_dom_tag third)
{
    for (;;) {
        const br_dom_node *node = br_tree_current(b);
        if (b->depth == 1 || br_tree_is(node, BR_TAG_TEMPLATE) || br_tree_is(node, first) ||
            (second != BR_TAG_OTHER && br_tree_is(node, second)) ||
            (third != BR_TAG_OTHER && br_tree_is(node, third)))
            return;
        br_tree_pop(b);
    }
}

/* Of a select, its mode depends on what it stands in. */
static br_tree_mode select_mode(const br_tree *b, size_t i)
{
    while (i-- > 1) {
        if (br_tree_is(b->open[i], BR_TAG_TEMPLATE)) break;
        if (br_tree_is(b->open[i], BR_TAG_TABLE)) return BR_TREE_IN_SELECT_IN_TABLE;
    }
    return BR_TREE_IN_SELECT;
}

/* 13.2.4.1, "reset the insertion mode appropriately" */
void br_tree_reset_mode(br_tree *b)
{
    for (size_t i = b->depth; i-- > 0;) {
        const br_dom_node *node = b->open[i];
        if (node->ns != BR_NS_HTML) continue;
        switch (node->tag) {
            case BR_TAG_SELECT: b->mode = select_mode(b, i); return;
            case BR_TAG_TD:
            case BR_TAG_TH: b->mode = BR_TREE_IN_CELL; return;
            case BR_TAG_TR: b->mode = BR_TREE_IN_ROW; return;
            case BR_TAG_TBODY:
            case BR_TAG_THEAD:
            case BR_TAG_TFOOT: b->mode = BR_TREE_IN_TABLE_BODY; return;
            case BR_TAG_CAPTION: b->mode = BR_TREE_IN_CAPTION; return;
            case BR_TAG_COLGROUP: b->mode = BR_TREE_IN_COLUMN_GROUP; return;
            case BR_TAG_TABLE: b->mode = BR_TREE_IN_TABLE; return;
            case BR_TAG_TEMPLATE: b->mode = *br_vec_last(&b->template_modes); return;
            case BR_TAG_HEAD: b->mode = BR_TREE_IN_HEAD; return;
            case BR_TAG_BODY: b->mode = BR_TREE_IN_BODY; return;
            case BR_TAG_FRAMESET: b->mode = BR_TREE_IN_FRAMESET; return;
            case BR_TAG_HTML: b->mode = b->head ? BR_TREE_AFTER_HEAD : BR_TREE_BEFORE_HEAD; return;
            default: break;
        }
    }
    b->mode = BR_TREE_IN_BODY;
}
