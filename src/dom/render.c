/* Trees back to text, in the form of Go's html.Render. */
#include "dom/dom.h"

static void put_escaped(br_buf *out, br_str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *text;
        switch (s.p[i]) {
            case '&': text = "&amp;"; break;
            case '\'': text = "&#39;"; break;
            case '<': text = "&lt;"; break;
            case '>': text = "&gt;"; break;
            case '"': text = "&#34;"; break;
            case '\r': text = "&#13;"; break;
            default: continue;
        }
        (void) br_buf_put(out, br_str_sub(s, from, i));
        (void) br_buf_puts(out, text);
        from = i + 1;
    }
    (void) br_buf_put(out, br_str_sub(s, from, s.n));
}

/* Only what could end the comment is escaped. */
static void put_comment(br_buf *out, br_str s)
{
    (void) br_buf_puts(out, "<!--");
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '&')
            (void) br_buf_puts(out, "&amp;");
        else if (s.p[i] == '>' && (i == 0 || s.p[i - 1] == '!' || s.p[i - 1] == '-'))
            (void) br_buf_puts(out, "&gt;");
        else
            (void) br_buf_putc(out, s.p[i]);
    }
    (void) br_buf_puts(out, "-->");
}

static void put_quoted(br_buf *out, br_str s)
{
    char quote = s.n && memchr(s.p, '"', s.n) ? '\'' : '"';
    (void) br_buf_putc(out, quote);
    (void) br_buf_put(out, s);
    (void) br_buf_putc(out, quote);
}

static void put_doctype(br_buf *out, const br_dom_node *node)
{
    const br_str *public_id = br_dom_attr_of(node, BR_STR("public")),
                 *system_id = br_dom_attr_of(node, BR_STR("system"));
    (void) br_buf_puts(out, "<!DOCTYPE ");
    put_escaped(out, node->text);
    if (public_id && public_id->n) {
        (void) br_buf_puts(out, " PUBLIC ");
        put_quoted(out, *public_id);
    } else if (system_id && system_id->n) {
        (void) br_buf_puts(out, " SYSTEM");
    }
    if (system_id && system_id->n) {
        (void) br_buf_putc(out, ' ');
        put_quoted(out, *system_id);
    }
    (void) br_buf_putc(out, '>');
}

/* Elements whose text stands as it is. */
static bool holds_raw_text(const br_dom_node *node)
{
    if (node->kind != BR_DOM_ELEMENT || node->ns != BR_NS_HTML) return false;
    switch (node->tag) {
        case BR_TAG_IFRAME:
        case BR_TAG_NOEMBED:
        case BR_TAG_NOFRAMES:
        case BR_TAG_NOSCRIPT:
        case BR_TAG_PLAINTEXT:
        case BR_TAG_SCRIPT:
        case BR_TAG_STYLE:
        case BR_TAG_XMP: return true;
        default: return false;
    }
}

static bool is_void(const br_dom_node *node)
{
    return node->ns == BR_NS_HTML && br_dom_tag_flags(node->tag) & BR_TAG_VOID && !node->first;
}

static void put_start(br_buf *out, const br_dom_node *node)
{
    (void) br_buf_putc(out, '<');
    (void) br_buf_put(out, node->text);
    for (uint32_t i = 0; i < node->attr_count; i++) {
        const br_dom_attr *a = &node->attrs[i];
        (void) br_buf_putc(out, ' ');
        if (a->prefix.n) {
            (void) br_buf_put(out, a->prefix);
            (void) br_buf_putc(out, ':');
        }
        (void) br_buf_put(out, a->name);
        (void) br_buf_puts(out, "=\"");
        put_escaped(out, a->value);
        (void) br_buf_putc(out, '"');
    }
    (void) br_buf_puts(out, is_void(node) ? "/>" : ">");
    bool eats_newline = node->tag == BR_TAG_PRE || node->tag == BR_TAG_LISTING ||
                        node->tag == BR_TAG_TEXTAREA;
    const br_dom_node *first = node->first;
    if (eats_newline && first && first->kind == BR_DOM_TEXT && first->text.n && first->text.p[0] == '\n')
        (void) br_buf_putc(out, '\n');
}

static void put_node(br_buf *out, const br_dom_node *node)
{
    switch ((br_dom_kind) node->kind) {
        case BR_DOM_ELEMENT: put_start(out, node); break;
        case BR_DOM_COMMENT: put_comment(out, node->text); break;
        case BR_DOM_DOCTYPE: put_doctype(out, node); break;
        case BR_DOM_TEXT:
            if (holds_raw_text(node->parent))
                (void) br_buf_put(out, node->text);
            else
                put_escaped(out, node->text);
            break;
        case BR_DOM_DOCUMENT: break;
    }
}

static void put_end(br_buf *out, const br_dom_node *node)
{
    if (node->kind != BR_DOM_ELEMENT || is_void(node)) return;
    (void) br_buf_puts(out, "</");
    (void) br_buf_put(out, node->text);
    (void) br_buf_putc(out, '>');
}

void br_dom_put_inner(const br_dom_node *top, br_buf *out)
{
    const br_dom_node *node = top->first;
    while (node) {
        put_node(out, node);
        if (node->first) {
            node = node->first;
            continue;
        }
        put_end(out, node);
        while (!node->next) {
            node = node->parent;
            if (node == top) return;
            put_end(out, node);
        }
        node = node->next;
    }
}
