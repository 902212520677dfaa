/* Modes of tables and selects (HTML standard, 13.2.6.4.9 to 18). */
#include "dom/tree_int.h"

static bool is_section(br_dom_tag tag)
{
    return tag == BR_TAG_TBODY || tag == BR_TAG_TFOOT || tag == BR_TAG_THEAD;
}

static bool is_cell(br_dom_tag tag)
{
    return tag == BR_TAG_TD || tag == BR_TAG_TH;
}

/* What ends a caption or a cell when it begins. */
static bool is_table_part(br_dom_tag tag)
{
    return tag == BR_TAG_CAPTION || tag == BR_TAG_COL || tag == BR_TAG_COLGROUP || tag == BR_TAG_TR ||
           is_section(tag) || is_cell(tag);
}

static bool fostered(br_tree *b)
{
    b->foster = true;
    bool done = br_tree_in_body(b);
    b->foster = false;
    return done;
}

static bool table_text(br_tree *b)
{
    br_dom_tag at = (br_dom_tag) br_tree_current(b)->tag;
    bool inside = at == BR_TAG_TABLE || at == BR_TAG_TEMPLATE || at == BR_TAG_TR || is_section(at);
    br_str all = b->token.text;
    (void) br_tree_take_space(b);
    bool blank = b->token.text.n == 0;
    b->token.text = all;
    if (!inside || !blank) return fostered(b);
    br_tree_insert_text(b, all);
    return true;
}

static bool end_table(br_tree *b)
{
    if (!br_tree_in_scope(b, BR_TAG_TABLE, BR_SCOPE_TABLE)) return false;
    br_tree_pop_until(b, BR_TAG_TABLE);
    br_tree_reset_mode(b);
    return true;
}

static bool table_input(br_tree *b)
{
    for (size_t i = 0; i < b->token.attrs.len; i++) {
        const br_dom_attr *a = &b->token.attrs.data[i];
        if (!br_str_is(a->name, "type") || !br_str_eq_nocase(a->value, BR_STR("hidden"))) continue;
        br_tree_insert_void(b);
        return true;
    }
    return fostered(b);
}

static void table_form(br_tree *b)
{
    if (b->form || br_tree_has_open(b, BR_TAG_TEMPLATE)) return;
    b->form = br_tree_insert(b);
    br_tree_pop(b);
}

/* Goes on in `mode` inside of an element that was begun for it. */
static bool begin_implied(br_tree *b, br_dom_tag tag, br_tree_mode mode)
{
    br_tree_insert_named(b, tag);
    b->mode = mode;
    return false;
}

static bool table_start(br_tree *b)
{
    br_dom_tag tag = b->token.tag;
    if (is_table_part(tag)) br_tree_clear_to(b, BR_TAG_TABLE, BR_TAG_OTHER, BR_TAG_OTHER);
    switch (tag) {
        case BR_TAG_CAPTION:
            br_tree_mark(b);
            br_tree_insert(b);
            b->mode = BR_TREE_IN_CAPTION;
            return true;
        case BR_TAG_COLGROUP:
            br_tree_insert(b);
            b->mode = BR_TREE_IN_COLUMN_GROUP;
            return true;
        case BR_TAG_COL: return begin_implied(b, BR_TAG_COLGROUP, BR_TREE_IN_COLUMN_GROUP);
        case BR_TAG_TBODY:
        case BR_TAG_TFOOT:
        case BR_TAG_THEAD:
            br_tree_insert(b);
            b->mode = BR_TREE_IN_TABLE_BODY;
            return true;
        case BR_TAG_TD:
        case BR_TAG_TH:
        case BR_TAG_TR: return begin_implied(b, BR_TAG_TBODY, BR_TREE_IN_TABLE_BODY);
        case BR_TAG_TABLE: return !end_table(b);
        case BR_TAG_STYLE:
        case BR_TAG_SCRIPT:
        case BR_TAG_TEMPLATE: return br_tree_in_head(b);
        case BR_TAG_INPUT: return table_input(b);
        case BR_TAG_FORM: table_form(b); return true;
        default: return fostered(b);
    }
}

bool br_tree_in_table(br_tree *b)
{
    switch (b->token.kind) {
        case BR_TOKEN_TEXT: return table_text(b);
        case BR_TOKEN_COMMENT: br_tree_insert_comment(b, NULL); return true;
        case BR_TOKEN_DOCTYPE: return true;
        case BR_TOKEN_START: return table_start(b);
        case BR_TOKEN_END: return br_tree_in_body(b);
        case BR_TOKEN_END_TAG: break;
    }
    br_dom_tag tag = b->token.tag;
    if (tag == BR_TAG_TABLE) {
        (void) end_table(b);
        return true;
    }
    if (tag == BR_TAG_BODY || tag == BR_TAG_HTML || is_table_part(tag)) return true;
    return tag == BR_TAG_TEMPLATE ? br_tree_in_head(b) : fostered(b);
}

static bool end_caption(br_tree *b)
{
    if (!br_tree_in_scope(b, BR_TAG_CAPTION, BR_SCOPE_TABLE)) return false;
    br_tree_implied_ends(b, BR_TAG_OTHER);
    br_tree_pop_until(b, BR_TAG_CAPTION);
    br_tree_clear_to_marker(b);
    b->mode = BR_TREE_IN_TABLE;
    return true;
}

bool br_tree_in_caption(br_tree *b)
{
    br_dom_tag tag = b->token.tag;
    if (b->token.kind == BR_TOKEN_START && is_table_part(tag)) return !end_caption(b);
    if (b->token.kind == BR_TOKEN_END_TAG) {
        if (tag == BR_TAG_CAPTION) {
            (void) end_caption(b);
            return true;
        }
        if (tag == BR_TAG_TABLE) return !end_caption(b);
        if (tag == BR_TAG_BODY || tag == BR_TAG_HTML || is_table_part(tag)) return true;
    }
    return br_tree_in_body(b);
}

bool br_tree_in_column_group(br_tree *b)
{
    switch (b->token.kind) {
        case BR_TOKEN_TEXT:
            br_tree_insert_text(b, br_tree_take_space(b));
            if (b->token.text.n == 0) return true;
            break;
        case BR_TOKEN_COMMENT: br_tree_insert_comment(b, NULL); return true;
        case BR_TOKEN_DOCTYPE: return true;
        case BR_TOKEN_END: return br_tree_in_body(b);
        case BR_TOKEN_START:
            if (b->token.tag == BR_TAG_HTML) return br_tree_in_body(b);
            if (b->token.tag == BR_TAG_TEMPLATE) return br_tree_in_head(b);
            if (b->token.tag != BR_TAG_COL) break;
            br_tree_insert_void(b);
            return true;
        case BR_TOKEN_END_TAG:
            if (b->token.tag == BR_TAG_COL) return true;
            if (b->token.tag == BR_TAG_TEMPLATE) return br_tree_in_head(b);
            break;
    }
    if (!br_tree_is(br_tree_current(b), BR_TAG_COLGROUP)) return true;
    br_tree_pop(b);
    b->mode = BR_TREE_IN_TABLE;
    return br_tree_end(b, BR_TAG_COLGROUP);
}

static bool has_section_in_scope(const br_tree *b)
{
    return br_tree_in_scope(b, BR_TAG_TBODY, BR_SCOPE_TABLE) ||
           br_tree_in_scope(b, BR_TAG_THEAD, BR_SCOPE_TABLE) ||
           br_tree_in_scope(b, BR_TAG_TFOOT, BR_SCOPE_TABLE);
}

static void leave_section(br_tree *b)
{
    br_tree_clear_to(b, BR_TAG_TBODY, BR_TAG_TFOOT, BR_TAG_THEAD);
    br_tree_pop(b);
    b->mode = BR_TREE_IN_TABLE;
}

bool br_tree_in_table_body(br_tree *b)
{
    br_dom_tag tag = b->token.tag;
    bool leaves = false;
    if (b->token.kind == BR_TOKEN_START) {
        if (tag == BR_TAG_TR || is_cell(tag)) br_tree_clear_to(b, BR_TAG_TBODY, BR_TAG_TFOOT, BR_TAG_THEAD);
        if (is_cell(tag)) return begin_implied(b, BR_TAG_TR, BR_TREE_IN_ROW);
        if (tag == BR_TAG_TR) {
            br_tree_insert(b);
            b->mode = BR_TREE_IN_ROW;
            return true;
        }
        leaves = is_table_part(tag);
    } else if (b->token.kind == BR_TOKEN_END_TAG) {
        if (is_section(tag)) {
            if (br_tree_in_scope(b, tag, BR_SCOPE_TABLE)) leave_section(b);
            return true;
        }
        leaves = tag == BR_TAG_TABLE;
        if (tag == BR_TAG_BODY || tag == BR_TAG_HTML || is_table_part(tag)) return true;
    }
    if (!leaves) return br_tree_in_table(b);
    if (!has_section_in_scope(b)) return true;
    leave_section(b);
    return false;
}

static bool leave_row(br_tree *b)
{
    if (!br_tree_in_scope(b, BR_TAG_TR, BR_SCOPE_TABLE)) return false;
    br_tree_clear_to(b, BR_TAG_TR, BR_TAG_OTHER, BR_TAG_OTHER);
    br_tree_pop(b);
    b->mode = BR_TREE_IN_TABLE_BODY;
    return true;
}

bool br_tree_in_row(br_tree *b)
{
    br_dom_tag tag = b->token.tag;
    if (b->token.kind == BR_TOKEN_START) {
        if (is_cell(tag)) {
            br_tree_clear_to(b, BR_TAG_TR, BR_TAG_OTHER, BR_TAG_OTHER);
            br_tree_insert(b);
            b->mode = BR_TREE_IN_CELL;
            br_tree_mark(b);
            return true;
        }
        if (is_table_part(tag)) return !leave_row(b);
    } else if (b->token.kind == BR_TOKEN_END_TAG) {
        if (tag == BR_TAG_TR) {
            (void) leave_row(b);
            return true;
        }
        if (tag == BR_TAG_TABLE) return !leave_row(b);
        if (is_section(tag)) return !(br_tree_in_scope(b, tag, BR_SCOPE_TABLE) && leave_row(b));
        if (tag == BR_TAG_BODY || tag == BR_TAG_HTML || is_table_part(tag)) return true;
    }
    return br_tree_in_table(b);
}

static void close_cell(br_tree *b)
{
    br_tree_implied_ends(b, BR_TAG_OTHER);
    while (b->depth > 1) {
        const br_dom_node *node = b->open[--b->depth];
        if (node->ns == BR_NS_HTML && is_cell((br_dom_tag) node->tag)) break;
    }
    br_tree_clear_to_marker(b);
    b->mode = BR_TREE_IN_ROW;
}

static bool cell_is_open(const br_tree *b)
{
    return br_tree_in_scope(b, BR_TAG_TD, BR_SCOPE_TABLE) || br_tree_in_scope(b, BR_TAG_TH, BR_SCOPE_TABLE);
}

bool br_tree_in_cell(br_tree *b)
{
    br_dom_tag tag = b->token.tag;
    if (b->token.kind == BR_TOKEN_START && is_table_part(tag)) {
        if (!cell_is_open(b)) return true;
        close_cell(b);
        return false;
    }
    if (b->token.kind == BR_TOKEN_END_TAG) {
        if (is_cell(tag)) {
            if (!br_tree_in_scope(b, tag, BR_SCOPE_TABLE)) return true;
            br_tree_implied_ends(b, BR_TAG_OTHER);
            br_tree_pop_until(b, tag);
            br_tree_clear_to_marker(b);
            b->mode = BR_TREE_IN_ROW;
            return true;
        }
        if (tag == BR_TAG_TABLE || tag == BR_TAG_TR || is_section(tag)) {
            if (!br_tree_in_scope(b, tag, BR_SCOPE_TABLE)) return true;
            close_cell(b);
            return false;
        }
        if (tag == BR_TAG_BODY || tag == BR_TAG_HTML || is_table_part(tag)) return true;
    }
    return br_tree_in_body(b);
}

/* Selects ------------------------------------------------------------------------------------------- */

static void pop_if(br_tree *b, br_dom_tag tag)
{
    if (br_tree_is(br_tree_current(b), tag)) br_tree_pop(b);
}

static bool end_select(br_tree *b)
{
    if (!br_tree_in_scope(b, BR_TAG_SELECT, BR_SCOPE_SELECT)) return false;
    br_tree_pop_until(b, BR_TAG_SELECT);
    br_tree_reset_mode(b);
    return true;
}

static bool select_start(br_tree *b)
{
    switch (b->token.tag) {
        case BR_TAG_HTML: return br_tree_in_body(b);
        case BR_TAG_OPTION:
            pop_if(b, BR_TAG_OPTION);
            br_tree_insert(b);
            return true;
        case BR_TAG_OPTGROUP:
            pop_if(b, BR_TAG_OPTION);
            pop_if(b, BR_TAG_OPTGROUP);
            br_tree_insert(b);
            return true;
        case BR_TAG_SELECT: (void) end_select(b); return true;
        case BR_TAG_INPUT:
        case BR_TAG_KEYGEN:
        case BR_TAG_TEXTAREA: return !end_select(b);
        case BR_TAG_SCRIPT:
        case BR_TAG_TEMPLATE: return br_tree_in_head(b);
        default: return true;
    }
}

static bool select_end(br_tree *b)
{
    switch (b->token.tag) {
        case BR_TAG_OPTGROUP:
            if (b->depth > 1 && br_tree_is(b->open[b->depth - 2], BR_TAG_OPTGROUP)) pop_if(b, BR_TAG_OPTION);
            pop_if(b, BR_TAG_OPTGROUP);
            return true;
        case BR_TAG_OPTION: pop_if(b, BR_TAG_OPTION); return true;
        case BR_TAG_SELECT: (void) end_select(b); return true;
        case BR_TAG_TEMPLATE: return br_tree_in_head(b);
        default: return true;
    }
}

bool br_tree_in_select(br_tree *b)
{
    switch (b->token.kind) {
        case BR_TOKEN_TEXT: br_tree_insert_text(b, b->token.text); return true;
        case BR_TOKEN_COMMENT: br_tree_insert_comment(b, NULL); return true;
        case BR_TOKEN_DOCTYPE: return true;
        case BR_TOKEN_START: return select_start(b);
        case BR_TOKEN_END_TAG: return select_end(b);
        case BR_TOKEN_END: return br_tree_in_body(b);
    }
    BR_UNREACHABLE("kind of token");
}

bool br_tree_in_select_in_table(br_tree *b)
{
    br_dom_tag tag = b->token.tag;
    bool part = tag == BR_TAG_CAPTION || tag == BR_TAG_TABLE || tag == BR_TAG_TR || is_section(tag) ||
                is_cell(tag);
    if (part && b->token.kind == BR_TOKEN_START) {
        br_tree_pop_until(b, BR_TAG_SELECT);
        br_tree_reset_mode(b);
        return false;
    }
    if (part && b->token.kind == BR_TOKEN_END_TAG) {
        if (!br_tree_in_scope(b, tag, BR_SCOPE_TABLE)) return true;
        br_tree_pop_until(b, BR_TAG_SELECT);
        br_tree_reset_mode(b);
        return false;
    }
    return br_tree_in_select(b);
}
