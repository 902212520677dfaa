/* Modes before and after the body (HTML standard, 13.2.6.4.1 to 6 and 19 to 23), and text. */
#include "dom/tree_int.h"

/* Public identifiers of documents in quirks mode (13.2.6.4.1). */
static const char *const quirks_prefixes[] = {"+//Silmaril//dtd html Pro v0r11 19970101//",
    "-//AS//DTD HTML 3.0 asWedit + extensions//", "-//AdvaSoft Ltd//DTD HTML 3.0 asWedit + extensions//",
    "-//IETF//DTD HTML 2.0 Level 1//", "-//IETF//DTD HTML 2.0 Level 2//",
    "-//IETF//DTD HTML 2.0 Strict Level 1//", "-//IETF//DTD HTML 2.0 Strict Level 2//",
    "-//IETF//DTD HTML 2.0 Strict//", "-//IETF//DTD HTML 2.0//", "-//IETF//DTD HTML 2.1E//",
    "-//IETF//DTD HTML 3.0//", "-//IETF//DTD HTML 3.2 Final//", "-//IETF//DTD HTML 3.2//",
    "-//IETF//DTD HTML 3//", "-//IETF//DTD HTML Level 0//", "-//IETF//DTD HTML Level 1//",
    "-//IETF//DTD HTML Level 2//", "-//IETF//DTD HTML Level 3//", "-//IETF//DTD HTML Strict Level 0//",
    "-//IETF//DTD HTML Strict Level 1//", "-//IETF//DTD HTML Strict Level 2//",
    "-//IETF//DTD HTML Strict Level 3//", "-//IETF//DTD HTML Strict//", "-//IETF//DTD HTML//",
    "-//Metrius//DTD Metrius Presentational//", "-//Microsoft//DTD Internet Explorer 2.0 HTML Strict//",
    "-//Microsoft//DTD Internet Explorer 2.0 HTML//", "-//Microsoft//DTD Internet Explorer 2.0 Tables//",
    "-//Microsoft//DTD Internet Explorer 3.0 HTML Strict//", "-//Microsoft//DTD Internet Explorer 3.0 HTML//",
    "-//Microsoft//DTD Internet Explorer 3.0 Tables//", "-//Netscape Comm. Corp.//DTD HTML//",
    "-//Netscape Comm. Corp.//DTD Strict HTML//", "-//O'Reilly and Associates//DTD HTML 2.0//",
    "-//O'Reilly and Associates//DTD HTML Extended 1.0//",
    "-//O'Reilly and Associates//DTD HTML Extended Relaxed 1.0//",
    "-//SQ//DTD HTML 2.0 HoTMetaL + extensions//",
    "-//SoftQuad Software//DTD HoTMetaL PRO 6.0::19990601::extensions to HTML 4.0//",
    "-//SoftQuad//DTD HoTMetaL PRO 4.0::19971010::extensions to HTML 4.0//",
    "-//Spyglass//DTD HTML 2.0 Extended//", "-//Sun Microsystems Corp.//DTD HotJava HTML//",
    "-//Sun Microsystems Corp.//DTD HotJava Strict HTML//", "-//W3C//DTD HTML 3 1995-03-24//",
    "-//W3C//DTD HTML 3.2 Draft//", "-//W3C//DTD HTML 3.2 Final//", "-//W3C//DTD HTML 3.2//",
    "-//W3C//DTD HTML 3.2S Draft//", "-//W3C//DTD HTML 4.0 Frameset//", "-//W3C//DTD HTML 4.0 Transitional//",
    "-//W3C//DTD HTML Experimental 19960712//", "-//W3C//DTD HTML Experimental 970421//",
    "-//W3C//DTD W3 HTML//", "-//W3O//DTD W3 HTML 3.0//", "-//WebTechs//DTD Mozilla HTML 2.0//",
    "-//WebTechs//DTD Mozilla HTML//"};

static bool starts_nocase(br_str s, const char *prefix)
{
    return br_str_eq_nocase(br_str_sub(s, 0, strlen(prefix)), br_str_of(prefix));
}

bool br_tree_quirks_doctype(const br_token *d)
{
    static const char *const whole[] = {
        "-//W3O//DTD W3 HTML Strict 3.0//EN//", "-/W3C/DTD HTML 4.0 Transitional/EN", "HTML"};
    if (d->force_quirks || !br_str_is(d->name, "html")) return true;
    for (size_t i = 0; i < BR_COUNT_OF(whole); i++) {
        if (br_str_eq_nocase(d->public_id, br_str_of(whole[i]))) return true;
    }
    for (size_t i = 0; i < BR_COUNT_OF(quirks_prefixes); i++) {
        if (starts_nocase(d->public_id, quirks_prefixes[i])) return true;
    }
    if (br_str_eq_nocase(d->system_id, BR_STR("http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd")))
        return true;
    return !d->system_id.p && (starts_nocase(d->public_id, "-//W3C//DTD HTML 4.01 Frameset//") ||
                                  starts_nocase(d->public_id, "-//W3C//DTD HTML 4.01 Transitional//"));
}

/* The identifiers become attributes, as Go's html.Parse shows them. */
static void insert_doctype(br_tree *b)
{
    const br_token *d = &b->token;
    br_dom_node *node = br_tree_new(b, BR_DOM_DOCTYPE, d->name);
    node->attrs = br_arena_zalloc(b->arena, 2 * sizeof(*node->attrs));
    if (d->public_id.p)
        node->attrs[node->attr_count++] = (br_dom_attr){BR_STR(""), BR_STR("public"), d->public_id};
    if (d->system_id.p)
        node->attrs[node->attr_count++] = (br_dom_attr){BR_STR(""), BR_STR("system"), d->system_id};
    br_tree_append(b->document, node);
    b->quirks = br_tree_quirks_doctype(d);
}

/* Blanks, which are dropped; true: there is nothing else. */
static bool only_space(br_tree *b)
{
    (void) br_tree_take_space(b);
    return b->token.text.n == 0;
}

bool br_tree_initial(br_tree *b)
{
    switch (b->token.kind) {
        case BR_TOKEN_TEXT:
            if (only_space(b)) return true;
            break;
        case BR_TOKEN_COMMENT: br_tree_insert_comment(b, b->document); return true;
        case BR_TOKEN_DOCTYPE:
            insert_doctype(b);
            b->mode = BR_TREE_BEFORE_HTML;
            return true;
        default: break;
    }
    b->quirks = true;
    b->mode = BR_TREE_BEFORE_HTML;
    return false;
}

/* Other end tags are ignored before there is something that they could end. */
static bool ends_something(br_dom_tag tag, bool head)
{
    return (head && tag == BR_TAG_HEAD) || tag == BR_TAG_BODY || tag == BR_TAG_HTML || tag == BR_TAG_BR;
}

bool br_tree_before_html(br_tree *b)
{
    switch (b->token.kind) {
        case BR_TOKEN_TEXT:
            if (only_space(b)) return true;
            break;
        case BR_TOKEN_COMMENT: br_tree_insert_comment(b, b->document); return true;
        case BR_TOKEN_DOCTYPE: return true;
        case BR_TOKEN_END_TAG:
            if (!ends_something(b->token.tag, true)) return true;
            break;
        default: break;
    }
    b->mode = BR_TREE_BEFORE_HEAD;
    if (!br_tree_start(b, BR_TAG_HTML)) {
        br_tree_insert_named(b, BR_TAG_HTML);
        return false;
    }
    br_dom_node *html = br_tree_element(b, BR_NS_HTML);
    br_tree_append(b->document, html);
    br_tree_push(b, html);
    return true;
}

bool br_tree_before_head(br_tree *b)
{
    switch (b->token.kind) {
        case BR_TOKEN_TEXT:
            if (only_space(b)) return true;
            break;
        case BR_TOKEN_COMMENT: br_tree_insert_comment(b, NULL); return true;
        case BR_TOKEN_DOCTYPE: return true;
        case BR_TOKEN_START:
            if (b->token.tag == BR_TAG_HTML) return br_tree_in_body(b);
            break;
        case BR_TOKEN_END_TAG:
            if (!ends_something(b->token.tag, true)) return true;
            break;
        default: break;
    }
    b->mode = BR_TREE_IN_HEAD;
    bool own = br_tree_start(b, BR_TAG_HEAD);
    b->head = own ? br_tree_insert(b) : br_tree_insert_named(b, BR_TAG_HEAD);
    return own;
}

static void start_template(br_tree *b)
{
    br_tree_insert(b);
    br_tree_mark(b);
    b->frameset_ok = false;
    b->mode = BR_TREE_IN_TEMPLATE;
    *br_vec_push(&b->template_modes) = BR_TREE_IN_TEMPLATE;
}

static void leave_template(br_tree *b)
{
    br_tree_pop_until(b, BR_TAG_TEMPLATE);
    br_tree_clear_to_marker(b);
    if (b->template_modes.len) b->template_modes.len--;
    br_tree_reset_mode(b);
}

static void end_template(br_tree *b)
{
    if (!br_tree_has_open(b, BR_TAG_TEMPLATE)) return;
    for (;;) { /* all of them, thoroughly */
        br_dom_tag tag = (br_dom_tag) br_tree_current(b)->tag;
        bool table = tag == BR_TAG_CAPTION || tag == BR_TAG_COLGROUP || tag == BR_TAG_TBODY ||
                     tag == BR_TAG_TD || tag == BR_TAG_TFOOT || tag == BR_TAG_TH || tag == BR_TAG_THEAD ||
                     tag == BR_TAG_TR;
        if (br_tree_current(b)->ns != BR_NS_HTML || !(table || br_dom_tag_flags(tag) & BR_TAG_IMPLIED_END))
            break;
        br_tree_pop(b);
    }
    leave_template(b);
}

/* True: the tag was one that stands in the head. */
static bool head_start(br_tree *b)
{
    switch (b->token.tag) {
        case BR_TAG_HTML: return br_tree_in_body(b);
        case BR_TAG_BASE:
        case BR_TAG_BASEFONT:
        case BR_TAG_BGSOUND:
        case BR_TAG_LINK:
        case BR_TAG_META: br_tree_insert_void(b); return true;
        case BR_TAG_TITLE: br_tree_insert_raw(b, BR_MODE_RCDATA); return true;
        case BR_TAG_NOSCRIPT:
        case BR_TAG_NOFRAMES:
        case BR_TAG_STYLE: br_tree_insert_raw(b, BR_MODE_RAWTEXT); return true;
        case BR_TAG_SCRIPT: br_tree_insert_raw(b, BR_MODE_SCRIPT); return true;
        case BR_TAG_TEMPLATE: start_template(b); return true;
        case BR_TAG_HEAD: return true;
        default: return false;
    }
}

bool br_tree_in_head(br_tree *b)
{
    switch (b->token.kind) {
        case BR_TOKEN_TEXT:
            br_tree_insert_text(b, br_tree_take_space(b));
            if (b->token.text.n == 0) return true;
            break;
        case BR_TOKEN_COMMENT: br_tree_insert_comment(b, NULL); return true;
        case BR_TOKEN_DOCTYPE: return true;
        case BR_TOKEN_START:
            if (head_start(b)) return true;
            break;
        case BR_TOKEN_END_TAG:
            if (b->token.tag == BR_TAG_TEMPLATE) {
                end_template(b);
                return true;
            }
            if (b->token.tag != BR_TAG_HEAD && !ends_something(b->token.tag, false)) return true;
            break;
        default: break;
    }
    br_tree_pop(b);
    b->mode = BR_TREE_AFTER_HEAD;
    return br_tree_end(b, BR_TAG_HEAD);
}

/* What belongs into the head is put there still. */
static void late_head_element(br_tree *b)
{
    br_tree_push(b, b->head);
    (void) br_tree_in_head(b);
    br_tree_take_out(b, b->head);
}

/* -1: the token is handled otherwise */
static int after_head_start(br_tree *b)
{
    switch (b->token.tag) {
        case BR_TAG_HTML: return br_tree_in_body(b);
        case BR_TAG_BODY:
            br_tree_insert(b);
            b->frameset_ok = false;
            b->mode = BR_TREE_IN_BODY;
            return true;
        case BR_TAG_FRAMESET:
            br_tree_insert(b);
            b->mode = BR_TREE_IN_FRAMESET;
            return true;
        case BR_TAG_BASE:
        case BR_TAG_BASEFONT:
        case BR_TAG_BGSOUND:
        case BR_TAG_LINK:
        case BR_TAG_META:
        case BR_TAG_NOFRAMES:
        case BR_TAG_SCRIPT:
        case BR_TAG_STYLE:
        case BR_TAG_TEMPLATE:
        case BR_TAG_TITLE: late_head_element(b); return true;
        case BR_TAG_HEAD: return true;
        default: return -1;
    }
}

bool br_tree_after_head(br_tree *b)
{
    int done;
    switch (b->token.kind) {
        case BR_TOKEN_TEXT:
            br_tree_insert_text(b, br_tree_take_space(b));
            if (b->token.text.n == 0) return true;
            break;
        case BR_TOKEN_COMMENT: br_tree_insert_comment(b, NULL); return true;
        case BR_TOKEN_DOCTYPE: return true;
        case BR_TOKEN_START:
            done = after_head_start(b);
            if (done >= 0) return done;
            break;
        case BR_TOKEN_END_TAG:
            if (b->token.tag == BR_TAG_TEMPLATE) return br_tree_in_head(b);
            if (!ends_something(b->token.tag, false)) return true;
            break;
        default: break;
    }
    br_tree_insert_named(b, BR_TAG_BODY);
    b->mode = BR_TREE_IN_BODY;
    return false;
}

bool br_tree_text(br_tree *b)
{
    if (b->token.kind == BR_TOKEN_TEXT) {
        br_tree_insert_text(b, b->token.text);
        return true;
    }
    br_tree_pop(b);
    b->mode = b->original_mode;
    return b->token.kind == BR_TOKEN_END_TAG;
}

static bool template_start(br_tree *b)
{
    br_tree_mode next = BR_TREE_IN_BODY;
    switch (b->token.tag) {
        case BR_TAG_BASE:
        case BR_TAG_BASEFONT:
        case BR_TAG_BGSOUND:
        case BR_TAG_LINK:
        case BR_TAG_META:
        case BR_TAG_NOFRAMES:
        case BR_TAG_SCRIPT:
        case BR_TAG_STYLE:
        case BR_TAG_TEMPLATE:
        case BR_TAG_TITLE: return br_tree_in_head(b);
        case BR_TAG_CAPTION:
        case BR_TAG_COLGROUP:
        case BR_TAG_TBODY:
        case BR_TAG_TFOOT:
        case BR_TAG_THEAD: next = BR_TREE_IN_TABLE; break;
        case BR_TAG_COL: next = BR_TREE_IN_COLUMN_GROUP; break;
        case BR_TAG_TR: next = BR_TREE_IN_TABLE_BODY; break;
        case BR_TAG_TD:
        case BR_TAG_TH: next = BR_TREE_IN_ROW; break;
        default: break;
    }
    b->mode = *br_vec_last(&b->template_modes) = next;
    return false;
}

bool br_tree_in_template(br_tree *b)
{
    switch (b->token.kind) {
        case BR_TOKEN_START: return template_start(b);
        case BR_TOKEN_END_TAG: return b->token.tag == BR_TAG_TEMPLATE ? br_tree_in_head(b) : true;
        case BR_TOKEN_END:
            if (!br_tree_has_open(b, BR_TAG_TEMPLATE)) {
                b->stopped = true;
                return true;
            }
            leave_template(b);
            return false;
        default: return br_tree_in_body(b);
    }
}

bool br_tree_after_body(br_tree *b)
{
    switch (b->token.kind) {
        case BR_TOKEN_COMMENT: br_tree_insert_comment(b, b->open[0]); return true;
        case BR_TOKEN_DOCTYPE: return true;
        case BR_TOKEN_END: b->stopped = true; return true;
        case BR_TOKEN_TEXT: {
            br_str rest = b->token.text;
            br_str space = br_tree_take_space(b);
            if (b->token.text.n == 0) {
                b->token.text = space;
                return br_tree_in_body(b);
            }
            b->token.text = rest;
            break;
        }
        case BR_TOKEN_START:
            if (b->token.tag == BR_TAG_HTML) return br_tree_in_body(b);
            break;
        case BR_TOKEN_END_TAG:
            if (b->token.tag != BR_TAG_HTML) break;
            b->mode = BR_TREE_AFTER_AFTER_BODY;
            return true;
    }
    b->mode = BR_TREE_IN_BODY;
    return false;
}

bool br_tree_after_after_body(br_tree *b)
{
    switch (b->token.kind) {
        case BR_TOKEN_COMMENT: br_tree_insert_comment(b, b->document); return true;
        case BR_TOKEN_DOCTYPE: return true;
        case BR_TOKEN_END: b->stopped = true; return true;
        default: break;
    }
    if (br_tree_start(b, BR_TAG_HTML)) return br_tree_in_body(b);
    if (b->token.kind == BR_TOKEN_TEXT) return br_tree_after_body(b);
    b->mode = BR_TREE_IN_BODY;
    return false;
}

/* Of a text, only the blanks. */
static void insert_blanks(br_tree *b)
{
    while (b->token.text.n) {
        br_tree_insert_text(b, br_tree_take_space(b));
        if (b->token.text.n) b->token.text = br_str_sub(b->token.text, 1, b->token.text.n);
    }
}

/* What all modes of framesets have in common; -1: the token is something else. */
static int frameset_common(br_tree *b)
{
    switch (b->token.kind) {
        case BR_TOKEN_TEXT: insert_blanks(b); return true;
        case BR_TOKEN_COMMENT: br_tree_insert_comment(b, NULL); return true;
        case BR_TOKEN_DOCTYPE: return true;
        case BR_TOKEN_END: b->stopped = true; return true;
        case BR_TOKEN_START:
            if (b->token.tag == BR_TAG_HTML) return br_tree_in_body(b);
            if (b->token.tag == BR_TAG_NOFRAMES) return br_tree_in_head(b);
            return -1;
        default: return -1;
    }
}

bool br_tree_in_frameset(br_tree *b)
{
    if (frameset_common(b) >= 0) return true;
    if (br_tree_start(b, BR_TAG_FRAMESET)) {
        br_tree_insert(b);
    } else if (br_tree_start(b, BR_TAG_FRAME)) {
        br_tree_insert_void(b);
    } else if (br_tree_end(b, BR_TAG_FRAMESET) && b->depth > 1) {
        br_tree_pop(b);
        if (!br_tree_is(br_tree_current(b), BR_TAG_FRAMESET)) b->mode = BR_TREE_AFTER_FRAMESET;
    }
    return true;
}

bool br_tree_after_frameset(br_tree *b)
{
    if (frameset_common(b) < 0 && br_tree_end(b, BR_TAG_HTML)) b->mode = BR_TREE_AFTER_AFTER_FRAMESET;
    return true;
}

bool br_tree_after_after_frameset(br_tree *b)
{
    if (b->token.kind == BR_TOKEN_COMMENT)
        br_tree_insert_comment(b, b->document);
    else
        (void) frameset_common(b);
    return true;
}
