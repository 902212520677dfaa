/* Documents: their lifetime, walks, attributes and texts. */
#include "dom/dom.h"
#include "dom/tree_int.h"

#define CHUNK_BYTES 16384

struct br_dom {
    br_arena arena;
    br_dom_node *root;
    uint32_t nodes, refs;
    void (*on_end)(void *owner, size_t bytes);
    void *owner;
};

/* The text in memory of its own, with line ends as the standard wants them (13.2.3.5). */
static void take_text(br_tokenizer *t, br_str html)
{
    t->p = br_arena_alloc(t->arena, html.n + 1);
    size_t n = 0;
    if (html.n == 0 || !memchr(html.p, '\r', html.n)) {
        if (html.n) memcpy(t->p, html.p, html.n);
        n = html.n;
    } else {
        for (size_t i = 0; i < html.n; i++) {
            if (html.p[i] == '\r' && i + 1 < html.n && html.p[i + 1] == '\n') continue;
            t->p[n++] = html.p[i] == '\r' ? '\n' : html.p[i];
        }
    }
    t->p[n] = 0;
    t->n = n;
}

static void set_index(br_dom_node *node)
{
    const br_dom_node *before = node->prev;
    while (before && before->kind != BR_DOM_ELEMENT)
        before = before->prev;
    node->index = before ? before->index + 1 : 1;
}

/* Numbers in preorder. */
static uint32_t number(br_dom_node *root)
{
    uint32_t n = 0;
    br_dom_node *node = root;
    for (;;) {
        node->order = n++;
        if (node->kind == BR_DOM_ELEMENT) set_index(node);
        if (node->first) {
            node = node->first;
            continue;
        }
        for (;; node = node->parent) {
            node->end = n;
            if (node == root) return n;
            if (node->next) break;
        }
        node = node->next;
    }
}

static br_code fail(br_tree_failure failure, br_err *err)
{
    if (failure == BR_TREE_TOO_DEEP)
        return br_fail(err, BR_ELIMIT, "html: open stack of elements exceeds %d nodes", BR_DOM_MAX_OPEN);
    return br_fail(err, BR_ELIMIT, "html: the document has more than %u nodes", BR_DOM_MAX_NODES);
}

br_code br_dom_parse(br_str html, br_dom **ret, br_err *err)
{
    if (html.n > BR_DOM_MAX_BYTES)
        return br_fail(
            err, BR_ELIMIT, "html: the document has %zu bytes, more than %zu", html.n, BR_DOM_MAX_BYTES);
    br_dom *dom = BR_NEW(br_dom);
    br_arena_init(&dom->arena, CHUNK_BYTES);
    dom->refs = 1;
    br_tree *b = BR_NEW(br_tree);
    b->arena = b->tokens.arena = &dom->arena;
    take_text(&b->tokens, html);
    b->document = dom->root = br_tree_new(b, BR_DOM_DOCUMENT, BR_STR(""));
    br_tree_build(b);
    br_tree_failure failure = b->failed;
    br_free(b);
    if (failure != BR_TREE_OK) {
        br_dom_unref(dom);
        return fail(failure, err);
    }
    dom->nodes = number(dom->root);
    *ret = dom;
    return BR_OK;
}

br_dom *br_dom_ref(br_dom *dom)
{
    dom->refs++;
    return dom;
}

void br_dom_unref(br_dom *dom)
{
    if (!dom || --dom->refs) return;
    if (dom->on_end) dom->on_end(dom->owner, br_dom_bytes(dom));
    br_arena_deinit(&dom->arena);
    br_free(dom);
}

size_t br_dom_bytes(const br_dom *dom)
{
    return sizeof(*dom) + br_arena_bytes(&dom->arena);
}

void br_dom_on_end(br_dom *dom, void (*end)(void *owner, size_t bytes), void *owner)
{
    dom->on_end = end;
    dom->owner = owner;
}

const br_dom_node *br_dom_root(const br_dom *dom)
{
    return dom->root;
}

uint32_t br_dom_node_count(const br_dom *dom)
{
    return dom->nodes;
}

const br_dom_node *br_dom_skip(const br_dom_node *node, const br_dom_node *top)
{
    for (; node != top; node = node->parent) {
        if (node->next) return node->next;
    }
    return NULL;
}

const br_dom_node *br_dom_next(const br_dom_node *node, const br_dom_node *top)
{
    return node->first ? node->first : br_dom_skip(node, top);
}

br_str br_dom_name(const br_dom_node *node)
{
    switch ((br_dom_kind) node->kind) {
        case BR_DOM_DOCUMENT: return BR_STR("#document");
        case BR_DOM_TEXT: return BR_STR("#text");
        case BR_DOM_COMMENT: return BR_STR("#comment");
        case BR_DOM_ELEMENT:
        case BR_DOM_DOCTYPE: break;
    }
    return node->text;
}

const br_str *br_dom_attr_of(const br_dom_node *node, br_str name)
{
    for (uint32_t i = 0; i < node->attr_count; i++) {
        if (br_str_eq(node->attrs[i].name, name)) return &node->attrs[i].value;
    }
    return NULL;
}

br_str br_dom_attr_or_empty(const br_dom_node *node, const char *name)
{
    const br_str *value = br_dom_attr_of(node, br_str_of(name));
    return value ? *value : BR_STR("");
}

void br_dom_put_text(const br_dom_node *node, br_buf *out)
{
    for (const br_dom_node *n = node; n; n = br_dom_next(n, node)) {
        if (n->kind == BR_DOM_TEXT) (void) br_buf_put(out, n->text);
    }
}
