/*
 * dom/tree_int.h - what the files of the tree builder share.
 *
 * What: the tree construction of the HTML standard (13.2.6): a mode is a function that takes the current
 * token, and says false if the token has to be looked at again in the mode that it has set. Threads: one
 * builder, one thread. Invariants: a limit that was met sets `failed` and nothing else: callers go on with
 * valid nodes, and the loop ends.
 */
#pragma once
#include "dom/token_int.h"

typedef enum br_tree_mode {
    BR_TREE_INITIAL,
    BR_TREE_BEFORE_HTML,
    BR_TREE_BEFORE_HEAD,
    BR_TREE_IN_HEAD,
    BR_TREE_AFTER_HEAD,
    BR_TREE_IN_BODY,
    BR_TREE_TEXT,
    BR_TREE_IN_TABLE,
    BR_TREE_IN_CAPTION,
    BR_TREE_IN_COLUMN_GROUP,
    BR_TREE_IN_TABLE_BODY,
    BR_TREE_IN_ROW,
    BR_TREE_IN_CELL,
    BR_TREE_IN_SELECT,
    BR_TREE_IN_SELECT_IN_TABLE,
    BR_TREE_IN_TEMPLATE,
    BR_TREE_AFTER_BODY,
    BR_TREE_IN_FRAMESET,
    BR_TREE_AFTER_FRAMESET,
    BR_TREE_AFTER_AFTER_BODY,
    BR_TREE_AFTER_AFTER_FRAMESET
} br_tree_mode;

typedef enum br_scope {
    BR_SCOPE,
    BR_SCOPE_LIST_ITEM,
    BR_SCOPE_BUTTON,
    BR_SCOPE_TABLE,
    BR_SCOPE_SELECT
} br_scope;

typedef enum br_tree_failure { BR_TREE_OK, BR_TREE_TOO_DEEP, BR_TREE_TOO_MANY } br_tree_failure;

typedef struct br_tree {
    br_arena *arena;
    br_tokenizer tokens;
    br_token token;
    br_tree_mode mode, original_mode;
    br_dom_node *document, *head, *form;
    br_dom_node *open[BR_DOM_MAX_OPEN + 1]; /* the stack of open elements */
    size_t depth;
    BR_VEC(br_dom_node *) active; /* formatting elements; NULL is a marker */
    BR_VEC(br_tree_mode) template_modes;
    uint32_t nodes;
    bool frameset_ok, foster, quirks, skip_newline, stopped;
    br_tree_failure failed;
} br_tree;

static inline br_dom_node *br_tree_current(const br_tree *b)
{
    return b->open[b->depth - 1];
}
static inline bool br_tree_is(const br_dom_node *node, br_dom_tag tag)
{
    return node->tag == tag && node->ns == BR_NS_HTML;
}
static inline bool br_tree_start(const br_tree *b, br_dom_tag tag)
{
    return b->token.kind == BR_TOKEN_START && b->token.tag == tag;
}
static inline bool br_tree_end(const br_tree *b, br_dom_tag tag)
{
    return b->token.kind == BR_TOKEN_END_TAG && b->token.tag == tag;
}

/* Nodes (tree.c). */
br_dom_node *br_tree_new(br_tree *b, br_dom_kind kind, br_str text);
br_dom_node *br_tree_clone(br_tree *b, const br_dom_node *node); /* element and attributes, nothing else */
void br_tree_append(br_dom_node *parent, br_dom_node *child);
void br_tree_remove(br_dom_node *node);
void br_tree_insert_at(
    br_tree *b, br_dom_node *target, br_dom_node *node); /* at `target` or its foster parent */
void br_tree_insert_text(br_tree *b, br_str text);
void br_tree_insert_comment(br_tree *b, br_dom_node *parent);  /* NULL: at the current place */
br_dom_node *br_tree_element(br_tree *b, br_dom_ns ns);        /* of the token; not inserted */
br_dom_node *br_tree_insert(br_tree *b);                       /* element of the token, inserted and open */
br_dom_node *br_tree_insert_named(br_tree *b, br_dom_tag tag); /* the same without attributes */
void br_tree_insert_void(br_tree *b);
void br_tree_add_missing_attrs(br_tree *b, br_dom_node *node);
/* The content of the element of the token is text. */
void br_tree_insert_raw(br_tree *b, br_token_mode mode);
br_str br_tree_take_space(br_tree *b); /* moves blanks from the beginning of the token's text */

/* The stack (stack.c). */
void br_tree_push(br_tree *b, br_dom_node *node);
void br_tree_pop(br_tree *b);
void br_tree_pop_until(br_tree *b, br_dom_tag tag); /* with it; the root stays */
void br_tree_take_out(br_tree *b, const br_dom_node *node);
ptrdiff_t br_tree_index(const br_tree *b, const br_dom_node *node); /* -1: not open */
bool br_tree_in_scope(const br_tree *b, br_dom_tag tag, br_scope scope);
bool br_tree_node_in_scope(const br_tree *b, const br_dom_node *node);
bool br_tree_has_open(const br_tree *b, br_dom_tag tag);
bool br_tree_special(const br_dom_node *node);
void br_tree_implied_ends(br_tree *b, br_dom_tag except); /* BR_TAG_OTHER: no exception */
void br_tree_close_p(br_tree *b);                         /* if one is in button scope */
void br_tree_clear_to(
    br_tree *b, br_dom_tag first, br_dom_tag second, br_dom_tag third); /* or html, template */
void br_tree_reset_mode(br_tree *b);

/* Formatting elements (tree_format.c). */
void br_tree_reconstruct(br_tree *b);
void br_tree_activate(br_tree *b, br_dom_node *node);
void br_tree_mark(br_tree *b);
void br_tree_clear_to_marker(br_tree *b);
void br_tree_forget(br_tree *b, const br_dom_node *node);
br_dom_node *br_tree_active_of(const br_tree *b, br_dom_tag tag); /* behind the last marker; NULL */
void br_tree_adopt(br_tree *b, br_dom_tag tag);                   /* the adoption agency */
void br_tree_other_end(br_tree *b);                               /* "any other end tag" in body */

/* Foreign elements (tree_foreign.c). */
bool br_tree_is_foreign_token(const br_tree *b);
bool br_tree_foreign(br_tree *b);
void br_tree_insert_foreign(br_tree *b, br_dom_ns ns);
bool br_tree_html_point(const br_dom_node *node);
bool br_tree_math_point(const br_dom_node *node);

/* Modes. */
bool br_tree_quirks_doctype(const br_token *doctype);
bool br_tree_initial(br_tree *b);
bool br_tree_before_html(br_tree *b);
bool br_tree_before_head(br_tree *b);
bool br_tree_in_head(br_tree *b);
bool br_tree_after_head(br_tree *b);
bool br_tree_in_body(br_tree *b);
bool br_tree_text(br_tree *b);
bool br_tree_in_table(br_tree *b);
bool br_tree_in_caption(br_tree *b);
bool br_tree_in_column_group(br_tree *b);
bool br_tree_in_table_body(br_tree *b);
bool br_tree_in_row(br_tree *b);
bool br_tree_in_cell(br_tree *b);
bool br_tree_in_select(br_tree *b);
bool br_tree_in_select_in_table(br_tree *b);
bool br_tree_in_template(br_tree *b);
bool br_tree_after_body(br_tree *b);
bool br_tree_in_frameset(br_tree *b);
bool br_tree_after_frameset(br_tree *b);
bool br_tree_after_after_body(br_tree *b);
bool br_tree_after_after_frameset(br_tree *b);

bool br_tree_by_mode(br_tree *b); /* the token in the current mode */

/* Builds the tree of what `tokens` reads. */
void br_tree_build(br_tree *b);
