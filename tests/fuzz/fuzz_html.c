/*
 * HTML. Besides not crashing: links between nodes agree, numbers follow the order, and what is rendered can
 * be parsed. Behind a zero byte, if there is one, stands a selector, which every node is compared with.
 */
#include "base/assert.h"
#include "base/mem.h"
#include "dom/css.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_links(const br_dom *dom)
{
    const br_dom_node *root = br_dom_root(dom);
    uint32_t n = 0;
    for (const br_dom_node *node = root; node; node = br_dom_next(node, root)) {
        BR_ASSERT(node->order == n++ && node->end > node->order && node->end <= br_dom_node_count(dom));
        BR_ASSERT(!node->next || node->next->prev == node);
        BR_ASSERT(node->next || !node->parent || node->parent->last == node);
        BR_ASSERT(!node->parent || br_dom_contains(node->parent, node));
        BR_ASSERT(node->kind != BR_DOM_TEXT || (node->text.n > 0 && !node->first));
    }
    BR_ASSERT(n == br_dom_node_count(dom));
}

static void check_render(const br_dom *dom)
{
    br_buf html;
    br_buf_init(&html, BR_BUF_NO_LIMIT);
    br_dom_put_inner(br_dom_root(dom), &html);
    br_dom *again;
    if (br_dom_parse(br_buf_view(&html), &again, NULL) == BR_OK) br_dom_unref(again);
    br_buf_deinit(&html);
}

static void check_selector(const br_dom *dom, br_str text)
{
    br_arena arena;
    br_arena_init(&arena, 1024);
    br_matcher m;
    br_matcher_init(&m, NULL);
    m.steps = 100000;
    const br_css *css;
    const br_dom_node *root = br_dom_root(dom);
    bool valid = br_css_parse(text, &arena, NULL, &css) == BR_OK;
    for (const br_dom_node *n = root; n && valid; n = br_dom_next(n, root))
        BR_ASSERT(!br_css_matches(&m, css, n) || n->kind == BR_DOM_ELEMENT);
    br_matcher_deinit(&m);
    br_arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    size_t n = zero ? (size_t) (zero - data) : size;
    br_dom *dom = NULL;
    if (br_dom_parse((br_str){(const char *) data, n}, &dom, NULL) != BR_OK) {
        BR_ASSERT(dom == NULL);
        return 0;
    }
    check_links(dom);
    check_render(dom);
    if (zero) check_selector(dom, (br_str){(const char *) zero + 1, size - n - 1});
    br_dom_unref(dom);
    return 0;
}
