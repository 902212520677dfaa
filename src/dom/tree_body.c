/* The mode "in body" (HTML standard, 13.2.6.4.7). */
#include "dom/tree_int.h"

static void start_html(br_tree *b)
{
    if (!br_tree_has_open(b, BR_TAG_TEMPLATE)) br_tree_add_missing_attrs(b, b->open[0]);
}

static bool body_is_open(const br_tree *b)
{
    return b->depth > 1 && br_tree_is(b->open[1], BR_TAG_BODY);
}

static void start_body(br_tree *b)
{
    if (!body_is_open(b) || br_tree_has_open(b, BR_TAG_TEMPLATE)) return;
    b->frameset_ok = false;
    br_tree_add_missing_attrs(b, b->open[1]);
}

static void start_frameset(br_tree *b)
{
    if (!body_is_open(b) || !b->frameset_ok) return;
    br_tree_remove(b->open[1]);
    b->depth = 1;
    br_tree_insert(b);
    b->mode = BR_TREE_IN_FRAMESET;
}

static void start_block(br_tree *b)
{
    br_tree_close_p(b);
    br_tree_insert(b);
}

static void start_heading(br_tree *b)
{
    br_tree_close_p(b);
    const br_dom_node *current = br_tree_current(b);
    if (current->ns == BR_NS_HTML && br_dom_tag_flags(current->tag) & BR_TAG_HEADING) br_tree_pop(b);
    br_tree_insert(b);
}

static void start_pre(br_tree *b)
{
    start_block(b);
    b->skip_newline = true;
    b->frameset_ok = false;
}

static void start_form(br_tree *b)
{
    bool in_template = br_tree_has_open(b, BR_TAG_TEMPLATE);
    if (b->form && !in_template) return;
    br_tree_close_p(b);
    br_dom_node *form = br_tree_insert(b);
    if (!in_template) b->form = form;
}

/* li, dd and dt end the one before them. */
static void start_item(br_tree *b)
{
    bool li = b->token.tag == BR_TAG_LI;
    b->frameset_ok = false;
    for (size_t i = b->depth; i-- > 0;) {
        const br_dom_node *node = b->open[i];
        bool found = li ? br_tree_is(node, BR_TAG_LI)
                        : br_tree_is(node, BR_TAG_DD) || br_tree_is(node, BR_TAG_DT);
        if (found) {
            br_dom_tag tag = (br_dom_tag) node->tag;
            br_tree_implied_ends(b, tag);
            br_tree_pop_until(b, tag);
            break;
        }
        if (br_tree_special(node) && !br_tree_is(node, BR_TAG_ADDRESS) && !br_tree_is(node, BR_TAG_DIV) &&
            !br_tree_is(node, BR_TAG_P))
            break;
    }
    start_block(b);
}

static void start_button(br_tree *b)
{
    if (br_tree_in_scope(b, BR_TAG_BUTTON, BR_SCOPE)) {
        br_tree_implied_ends(b, BR_TAG_OTHER);
        br_tree_pop_until(b, BR_TAG_BUTTON);
    }
    br_tree_reconstruct(b);
    br_tree_insert(b);
    b->frameset_ok = false;
}

static void start_formatting(br_tree *b)
{
    br_dom_tag tag = b->token.tag;
    if (tag == BR_TAG_A) {
        const br_dom_node *open = br_tree_active_of(b, BR_TAG_A);
        if (open) {
            br_tree_adopt(b, BR_TAG_A);
            br_tree_forget(b, open);
            br_tree_take_out(b, open);
        }
    }
    br_tree_reconstruct(b);
    if (tag == BR_TAG_NOBR && br_tree_in_scope(b, BR_TAG_NOBR, BR_SCOPE)) {
        br_tree_adopt(b, BR_TAG_NOBR);
        br_tree_reconstruct(b);
    }
    br_tree_activate(b, br_tree_insert(b));
}

static void start_object(br_tree *b)
{
    br_tree_reconstruct(b);
    br_tree_insert(b);
    br_tree_mark(b);
    b->frameset_ok = false;
}

static void start_table(br_tree *b)
{
    if (!b->quirks) br_tree_close_p(b);
    br_tree_insert(b);
    b->frameset_ok = false;
    b->mode = BR_TREE_IN_TABLE;
}

static void start_void(br_tree *b)
{
    br_tree_reconstruct(b);
    br_tree_insert_void(b);
    b->frameset_ok = false;
}

static void start_input(br_tree *b)
{
    bool ok = false;
    for (size_t i = 0; i < b->token.attrs.len; i++) {
        const br_dom_attr *a = &b->token.attrs.data[i];
        if (br_str_is(a->name, "type")) ok = br_str_eq_nocase(a->value, BR_STR("hidden"));
    }
    br_tree_reconstruct(b);
    br_tree_insert_void(b);
    if (!ok) b->frameset_ok = false;
}

static void start_hr(br_tree *b)
{
    br_tree_close_p(b);
    br_tree_insert_void(b);
    b->frameset_ok = false;
}

static void start_textarea(br_tree *b)
{
    br_tree_insert_raw(b, BR_MODE_RCDATA);
    b->skip_newline = true;
    b->frameset_ok = false;
}

static void start_xmp(br_tree *b)
{
    br_tree_close_p(b);
    br_tree_reconstruct(b);
    b->frameset_ok = false;
    br_tree_insert_raw(b, BR_MODE_RAWTEXT);
}

static void start_select(br_tree *b)
{
    br_tree_reconstruct(b);
    br_tree_insert(b);
    b->frameset_ok = false;
    switch (b->mode) {
        case BR_TREE_IN_TABLE:
        case BR_TREE_IN_CAPTION:
        case BR_TREE_IN_TABLE_BODY:
        case BR_TREE_IN_ROW:
        case BR_TREE_IN_CELL: b->mode = BR_TREE_IN_SELECT_IN_TABLE; break;
        default: b->mode = BR_TREE_IN_SELECT; break;
    }
}

static void start_option(br_tree *b)
{
    if (br_tree_is(br_tree_current(b), BR_TAG_OPTION)) br_tree_pop(b);
    br_tree_reconstruct(b);
    br_tree_insert(b);
}

static void start_ruby_part(br_tree *b)
{
    bool annotation = b->token.tag == BR_TAG_RP || b->token.tag == BR_TAG_RT;
    if (br_tree_in_scope(b, BR_TAG_RUBY, BR_SCOPE))
        br_tree_implied_ends(b, annotation ? BR_TAG_RTC : BR_TAG_OTHER);
    br_tree_insert(b);
}

static bool start_image(br_tree *b)
{
    b->token.tag = BR_TAG_IMG;
    b->token.name = BR_STR("img");
    return false;
}

static void start_plaintext(br_tree *b)
{
    start_block(b);
    b->tokens.mode = BR_MODE_PLAINTEXT;
}

static void start_foreign(br_tree *b, br_dom_ns ns)
{
    br_tree_reconstruct(b);
    br_tree_insert_foreign(b, ns);
}

static void start_other(br_tree *b)
{
    br_tree_reconstruct(b);
    br_tree_insert(b);
}

static void start_frame_of_text(br_tree *b)
{
    if (b->token.tag == BR_TAG_IFRAME) b->frameset_ok = false;
    br_tree_insert_raw(b, BR_MODE_RAWTEXT);
}

/* Start tags that have a rule of their own; false: the flags of the tag decide. *ret_done: what the mode
 * returns. */
static bool start_by_name(br_tree *b, bool *ret_done)
{
    *ret_done = true;
    switch (b->token.tag) {
        case BR_TAG_HTML: start_html(b); break;
        case BR_TAG_BASE:
        case BR_TAG_BASEFONT:
        case BR_TAG_BGSOUND:
        case BR_TAG_LINK:
        case BR_TAG_META:
        case BR_TAG_NOFRAMES:
        case BR_TAG_SCRIPT:
        case BR_TAG_STYLE:
        case BR_TAG_TEMPLATE:
        case BR_TAG_TITLE: *ret_done = br_tree_in_head(b); break;
        case BR_TAG_BODY: start_body(b); break;
        case BR_TAG_FRAMESET: start_frameset(b); break;
        case BR_TAG_PRE:
        case BR_TAG_LISTING: start_pre(b); break;
        case BR_TAG_FORM: start_form(b); break;
        case BR_TAG_LI:
        case BR_TAG_DD:
        case BR_TAG_DT: start_item(b); break;
        case BR_TAG_PLAINTEXT: start_plaintext(b); break;
        case BR_TAG_BUTTON: start_button(b); break;
        case BR_TAG_APPLET:
        case BR_TAG_MARQUEE:
        case BR_TAG_OBJECT: start_object(b); break;
        case BR_TAG_TABLE: start_table(b); break;
        case BR_TAG_AREA:
        case BR_TAG_BR:
        case BR_TAG_EMBED:
        case BR_TAG_IMG:
        case BR_TAG_KEYGEN:
        case BR_TAG_WBR: start_void(b); break;
        case BR_TAG_INPUT: start_input(b); break;
        case BR_TAG_PARAM:
        case BR_TAG_SOURCE:
        case BR_TAG_TRACK: br_tree_insert_void(b); break;
        case BR_TAG_HR: start_hr(b); break;
        case BR_TAG_IMAGE: *ret_done = start_image(b); break;
        case BR_TAG_TEXTAREA: start_textarea(b); break;
        case BR_TAG_XMP: start_xmp(b); break;
        case BR_TAG_IFRAME:
        case BR_TAG_NOEMBED:
        case BR_TAG_NOSCRIPT: start_frame_of_text(b); break;
        case BR_TAG_SELECT: start_select(b); break;
        case BR_TAG_OPTGROUP:
        case BR_TAG_OPTION: start_option(b); break;
        case BR_TAG_RB:
        case BR_TAG_RTC:
        case BR_TAG_RP:
        case BR_TAG_RT: start_ruby_part(b); break;
        case BR_TAG_MATH: start_foreign(b, BR_NS_MATH); break;
        case BR_TAG_SVG: start_foreign(b, BR_NS_SVG); break;
        case BR_TAG_CAPTION:
        case BR_TAG_COL:
        case BR_TAG_COLGROUP:
        case BR_TAG_FRAME:
        case BR_TAG_HEAD:
        case BR_TAG_TBODY:
        case BR_TAG_TD:
        case BR_TAG_TFOOT:
        case BR_TAG_TH:
        case BR_TAG_THEAD:
        case BR_TAG_TR: break; /* ignored */
        default: return false;
    }
    return true;
}

static bool body_start(br_tree *b)
{
    bool done;
    if (start_by_name(b, &done)) return done;
    unsigned flags = br_dom_tag_flags(b->token.tag);
    if (flags & BR_TAG_HEADING)
        start_heading(b);
    else if (flags & BR_TAG_BLOCK)
        start_block(b);
    else if (flags & BR_TAG_FORMATTING)
        start_formatting(b);
    else
        start_other(b);
    return true;
}

/* End tags ------------------------------------------------------------------------------------------ */

static bool end_body(br_tree *b)
{
    if (!br_tree_in_scope(b, BR_TAG_BODY, BR_SCOPE)) return true;
    b->mode = BR_TREE_AFTER_BODY;
    return b->token.tag == BR_TAG_BODY;
}

static void end_block(br_tree *b)
{
    br_dom_tag tag = b->token.tag;
    if (!br_tree_in_scope(b, tag, BR_SCOPE)) return;
    br_tree_implied_ends(b, BR_TAG_OTHER);
    br_tree_pop_until(b, tag);
}

static void end_form(br_tree *b)
{
    if (br_tree_has_open(b, BR_TAG_TEMPLATE)) return end_block(b);
    const br_dom_node *form = b->form;
    b->form = NULL;
    if (!form || !br_tree_node_in_scope(b, form)) return;
    br_tree_implied_ends(b, BR_TAG_OTHER);
    br_tree_take_out(b, form);
}

static void end_p(br_tree *b)
{
    if (!br_tree_in_scope(b, BR_TAG_P, BR_SCOPE_BUTTON)) br_tree_insert_named(b, BR_TAG_P);
    br_tree_close_p(b);
}

static void end_item(br_tree *b)
{
    br_dom_tag tag = b->token.tag;
    if (!br_tree_in_scope(b, tag, tag == BR_TAG_LI ? BR_SCOPE_LIST_ITEM : BR_SCOPE)) return;
    br_tree_implied_ends(b, tag);
    br_tree_pop_until(b, tag);
}

static void end_heading(br_tree *b)
{
    bool some = false;
    for (br_dom_tag tag = BR_TAG_H1; tag <= BR_TAG_H6 && !some; tag++)
        some = br_tree_in_scope(b, tag, BR_SCOPE);
    if (!some) return;
    br_tree_implied_ends(b, BR_TAG_OTHER);
    while (b->depth > 1) {
        const br_dom_node *node = b->open[--b->depth];
        if (node->ns == BR_NS_HTML && br_dom_tag_flags(node->tag) & BR_TAG_HEADING) return;
    }
}

static void end_object(br_tree *b)
{
    if (!br_tree_in_scope(b, b->token.tag, BR_SCOPE)) return;
    end_block(b);
    br_tree_clear_to_marker(b);
}

/* </br> is a <br>. */
static void end_br(br_tree *b)
{
    br_vec_reset(&b->token.attrs);
    start_void(b);
}

static bool body_end(br_tree *b)
{
    unsigned flags = br_dom_tag_flags(b->token.tag);
    switch (b->token.tag) {
        case BR_TAG_TEMPLATE: return br_tree_in_head(b);
        case BR_TAG_BODY:
        case BR_TAG_HTML: return end_body(b);
        case BR_TAG_FORM: end_form(b); return true;
        case BR_TAG_P: end_p(b); return true;
        case BR_TAG_LI:
        case BR_TAG_DD:
        case BR_TAG_DT: end_item(b); return true;
        case BR_TAG_APPLET:
        case BR_TAG_MARQUEE:
        case BR_TAG_OBJECT: end_object(b); return true;
        case BR_TAG_BR: end_br(b); return true;
        case BR_TAG_BUTTON:
        case BR_TAG_LISTING:
        case BR_TAG_PRE: end_block(b); return true;
        default: break;
    }
    if (flags & BR_TAG_HEADING)
        end_heading(b);
    else if (flags & BR_TAG_BLOCK)
        end_block(b);
    else if (flags & BR_TAG_FORMATTING)
        br_tree_adopt(b, b->token.tag);
    else
        br_tree_other_end(b);
    return true;
}

static void body_text(br_tree *b)
{
    br_tree_reconstruct(b);
    br_str all = b->token.text;
    (void) br_tree_take_space(b);
    if (b->token.text.n) b->frameset_ok = false;
    br_tree_insert_text(b, all);
}

bool br_tree_in_body(br_tree *b)
{
    switch (b->token.kind) {
        case BR_TOKEN_TEXT: body_text(b); return true;
        case BR_TOKEN_COMMENT: br_tree_insert_comment(b, NULL); return true;
        case BR_TOKEN_DOCTYPE: return true;
        case BR_TOKEN_START: return body_start(b);
        case BR_TOKEN_END_TAG: return body_end(b);
        case BR_TOKEN_END:
            if (b->template_modes.len) return br_tree_in_template(b);
            b->stopped = true;
            return true;
    }
    BR_UNREACHABLE("kind of token");
}
