/* Nodes of the tree, and the loop over the tokens. */
#include "dom/tree_int.h"

br_dom_node *br_tree_new(br_tree *b, br_dom_kind kind, br_str text)
{
    br_dom_node *node = BR_ARENA_NEW(b->arena, br_dom_node);
    node->kind = (uint8_t) kind;
    node->text = text;
    if (++b->nodes > BR_DOM_MAX_NODES) b->failed = BR_TREE_TOO_MANY;
    return node;
}

br_dom_node *br_tree_clone(br_tree *b, const br_dom_node *node)
{
    br_dom_node *copy = br_tree_new(b, BR_DOM_ELEMENT, node->text);
    copy->tag = node->tag;
    copy->ns = node->ns;
    copy->attrs = node->attrs;
    copy->attr_count = node->attr_count;
    return copy;
}

static void link_before(br_dom_node *parent, br_dom_node *child, br_dom_node *next)
{
    child->parent = parent;
    child->next = next;
    child->prev = next ? next->prev : parent->last;
    *(child->prev ? &child->prev->next : &parent->first) = child;
    *(next ? &next->prev : &parent->last) = child;
}

void br_tree_append(br_dom_node *parent, br_dom_node *child)
{
    link_before(parent, child, NULL);
}

void br_tree_remove(br_dom_node *node)
{
    br_dom_node *parent = node->parent;
    if (!parent) return;
    *(node->prev ? &node->prev->next : &parent->first) = node->next;
    *(node->next ? &node->next->prev : &parent->last) = node->prev;
    node->parent = node->prev = node->next = NULL;
}

/* Where a node goes (13.2.6.1): the parent, and the sibling that it stands before or NULL. */
static br_dom_node *place(const br_tree *b, br_dom_node *target, br_dom_node **ret_next)
{
    *ret_next = NULL;
    bool fosters = b->foster && target->ns == BR_NS_HTML &&
                   (target->tag == BR_TAG_TABLE || target->tag == BR_TAG_TBODY ||
                       target->tag == BR_TAG_TFOOT || target->tag == BR_TAG_THEAD ||
                       target->tag == BR_TAG_TR);
    if (!fosters) return target;
    for (size_t i = b->depth; i-- > 0;) {
        br_dom_node *node = b->open[i];
        if (br_tree_is(node, BR_TAG_TEMPLATE)) return node;
        if (!br_tree_is(node, BR_TAG_TABLE)) continue;
        if (!node->parent) return b->open[i ? i - 1 : 0];
        *ret_next = node;
        return node->parent;
    }
    return b->open[0];
}

void br_tree_insert_at(br_tree *b, br_dom_node *target, br_dom_node *node)
{
    br_dom_node *next, *parent = place(b, target, &next);
    link_before(parent, node, next);
}

/* Adds to a text node; its memory doubles, so that many small pieces take linear time. */
static void extend_text(br_tree *b, br_dom_node *node, br_str more)
{
    size_t n = node->text.n + more.n;
    if (n > node->_capacity) {
        size_t capacity = n * 2 < UINT32_MAX ? n * 2 : UINT32_MAX;
        char *p = br_arena_alloc(b->arena, capacity);
        memcpy(p, node->text.p, node->text.n);
        node->text.p = p;
        node->_capacity = (uint32_t) capacity;
    }
    /* The bytes are in memory of this function's, which may be written to. */
    memcpy((char *) (uintptr_t) node->text.p + node->text.n, more.p, more.n);
    node->text.n = n;
}

void br_tree_insert_text(br_tree *b, br_str text)
{
    if (text.n == 0) return;
    br_dom_node *next, *parent = place(b, br_tree_current(b), &next);
    br_dom_node *before = next ? next->prev : parent->last;
    if (before && before->kind == BR_DOM_TEXT) return extend_text(b, before, text);
    link_before(parent, br_tree_new(b, BR_DOM_TEXT, text), next);
}

void br_tree_insert_comment(br_tree *b, br_dom_node *parent)
{
    br_dom_node *node = br_tree_new(b, BR_DOM_COMMENT, b->token.text);
    if (parent)
        br_tree_append(parent, node);
    else
        br_tree_insert_at(b, br_tree_current(b), node);
}

static void copy_attrs(br_tree *b, br_dom_node *node)
{
    size_t n = b->token.attrs.len;
    if (n == 0) return;
    node->attrs = br_arena_alloc(b->arena, n * sizeof(*node->attrs));
    memcpy(node->attrs, b->token.attrs.data, n * sizeof(*node->attrs));
    node->attr_count = (uint32_t) n;
}

br_dom_node *br_tree_element(br_tree *b, br_dom_ns ns)
{
    br_dom_node *node = br_tree_new(b, BR_DOM_ELEMENT, b->token.name);
    node->tag = (uint16_t) b->token.tag;
    node->ns = (uint8_t) ns;
    copy_attrs(b, node);
    return node;
}

br_dom_node *br_tree_insert(br_tree *b)
{
    br_dom_node *node = br_tree_element(b, BR_NS_HTML);
    br_tree_insert_at(b, br_tree_current(b), node);
    br_tree_push(b, node);
    return node;
}

br_dom_node *br_tree_insert_named(br_tree *b, br_dom_tag tag)
{
    br_dom_node *node = br_tree_new(b, BR_DOM_ELEMENT, br_dom_tag_name(tag));
    node->tag = (uint16_t) tag;
    br_tree_insert_at(b, b->depth ? br_tree_current(b) : b->document, node);
    br_tree_push(b, node);
    return node;
}

void br_tree_insert_void(br_tree *b)
{
    br_tree_insert_at(b, br_tree_current(b), br_tree_element(b, BR_NS_HTML));
}

void br_tree_add_missing_attrs(br_tree *b, br_dom_node *node)
{
    size_t n = node->attr_count;
    br_dom_attr *attrs = br_arena_alloc(b->arena, (n + b->token.attrs.len + 1) * sizeof(*attrs));
    if (n) memcpy(attrs, node->attrs, n * sizeof(*attrs));
    for (size_t i = 0; i < b->token.attrs.len && n < BR_DOM_MAX_ATTRS; i++) {
        if (!br_dom_attr_of(node, b->token.attrs.data[i].name)) attrs[n++] = b->token.attrs.data[i];
    }
    node->attrs = attrs;
    node->attr_count = (uint32_t) n;
}

void br_tree_insert_raw(br_tree *b, br_token_mode mode)
{
    br_tree_insert(b);
    b->tokens.mode = mode;
    b->tokens.raw_name = b->token.name;
    b->original_mode = b->mode;
    b->mode = BR_TREE_TEXT;
}

br_str br_tree_take_space(br_tree *b)
{
    br_str *s = &b->token.text;
    size_t n = 0;
    while (n < s->n && (s->p[n] == ' ' || s->p[n] == '\t' || s->p[n] == '\n' || s->p[n] == '\f'))
        n++;
    br_str space = br_str_sub(*s, 0, n);
    *s = br_str_sub(*s, n, s->n);
    return space;
}

static bool (*const modes[])(br_tree *b) = {
    [BR_TREE_INITIAL] = br_tree_initial,
    [BR_TREE_BEFORE_HTML] = br_tree_before_html,
    [BR_TREE_BEFORE_HEAD] = br_tree_before_head,
    [BR_TREE_IN_HEAD] = br_tree_in_head,
    [BR_TREE_AFTER_HEAD] = br_tree_after_head,
    [BR_TREE_IN_BODY] = br_tree_in_body,
    [BR_TREE_TEXT] = br_tree_text,
    [BR_TREE_IN_TABLE] = br_tree_in_table,
    [BR_TREE_IN_CAPTION] = br_tree_in_caption,
    [BR_TREE_IN_COLUMN_GROUP] = br_tree_in_column_group,
    [BR_TREE_IN_TABLE_BODY] = br_tree_in_table_body,
    [BR_TREE_IN_ROW] = br_tree_in_row,
    [BR_TREE_IN_CELL] = br_tree_in_cell,
    [BR_TREE_IN_SELECT] = br_tree_in_select,
    [BR_TREE_IN_SELECT_IN_TABLE] = br_tree_in_select_in_table,
    [BR_TREE_IN_TEMPLATE] = br_tree_in_template,
    [BR_TREE_AFTER_BODY] = br_tree_after_body,
    [BR_TREE_IN_FRAMESET] = br_tree_in_frameset,
    [BR_TREE_AFTER_FRAMESET] = br_tree_after_frameset,
    [BR_TREE_AFTER_AFTER_BODY] = br_tree_after_after_body,
    [BR_TREE_AFTER_AFTER_FRAMESET] = br_tree_after_after_frameset,
};

bool br_tree_by_mode(br_tree *b)
{
    return modes[b->mode](b);
}

/* Zero bytes: nothing in HTML, U+FFFD in foreign elements. */
static void replace_nuls(br_tree *b, bool foreign)
{
    br_str s = b->token.text;
    char *out = br_arena_alloc(b->arena, s.n * 3);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i]) {
            out[n++] = s.p[i];
        } else if (foreign) {
            memcpy(out + n, br_token_replacement, sizeof(br_token_replacement));
            n += sizeof(br_token_replacement);
        }
    }
    b->token.text = (br_str){out, n};
    b->token.has_nul = false;
}

static void process(br_tree *b)
{
    for (;;) {
        bool foreign = br_tree_is_foreign_token(b);
        if (b->token.kind == BR_TOKEN_TEXT) {
            bool in_body = b->mode >= BR_TREE_IN_BODY && b->mode <= BR_TREE_IN_TEMPLATE;
            if (b->token.has_nul && (foreign || in_body)) replace_nuls(b, foreign);
            if (b->token.text.n == 0) return;
        }
        if (foreign ? br_tree_foreign(b) : br_tree_by_mode(b)) return;
    }
}

void br_tree_build(br_tree *b)
{
    b->frameset_ok = true;
    while (!b->stopped && b->failed == BR_TREE_OK) {
        b->tokens.cdata = b->depth > 0 && br_tree_current(b)->ns != BR_NS_HTML;
        br_tokenizer_next(&b->tokens, &b->token);
        bool skip = b->skip_newline && b->token.kind == BR_TOKEN_TEXT && b->token.text.n &&
                    b->token.text.p[0] == '\n';
        b->skip_newline = false;
        if (skip) b->token.text = br_str_sub(b->token.text, 1, b->token.text.n);
        if (skip && b->token.text.n == 0) continue;
        process(b);
    }
    br_vec_deinit(&b->active);
    br_vec_deinit(&b->template_modes);
    br_vec_deinit(&b->token.attrs);
}
