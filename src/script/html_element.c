/* Methods of Element that all types have. In k6 everything that the DOM has as a property is a method. */
#include "script/html_int.h"

static br_js_element *self(JSContext *ctx, JSValueConst v)
{
    br_js_element *e = br_js_element_of(v);
    if (!e) br_js_throw(ctx, "this method needs an Element");
    return e;
}

/* Neighbours ---------------------------------------------------------------------------------------- */

enum {
    FIRST,
    LAST,
    NEXT,
    PREVIOUS,
    PARENT,
    FIRST_ELEMENT,
    LAST_ELEMENT,
    NEXT_ELEMENT,
    PREVIOUS_ELEMENT,
    PARENT_ELEMENT,
    DOCUMENT
};

static const br_dom_node *to_element(const br_dom_node *node, bool forward)
{
    while (node && node->kind != BR_DOM_ELEMENT)
        node = forward ? node->next : node->prev;
    return node;
}

static const br_dom_node *neighbour(const br_js_element *e, int which)
{
    const br_dom_node *n = e->node;
    switch (which) {
        case FIRST: return n->first;
        case LAST: return n->last;
        case NEXT: return n->next;
        case PREVIOUS: return n->prev;
        case PARENT: return n->parent;
        case FIRST_ELEMENT: return to_element(n->first, true);
        case LAST_ELEMENT: return to_element(n->last, false);
        case NEXT_ELEMENT: return to_element(n->next, true);
        case PREVIOUS_ELEMENT: return to_element(n->prev, false);
        case PARENT_ELEMENT: return n->parent && n->parent->kind == BR_DOM_ELEMENT ? n->parent : NULL;
        default: return br_dom_root(e->dom);
    }
}

static JSValue element_neighbour(
    JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int which)
{
    (void) argc, (void) argv;
    const br_js_element *e = self(ctx, this_val);
    return e ? br_js_element_new(ctx, e->dom, neighbour(e, which), e->url) : JS_EXCEPTION;
}

static void children_of(const br_js_element *e, bool elements, br_nodes *out)
{
    for (const br_dom_node *n = e->node->first; n; n = n->next) {
        if (!elements || n->kind == BR_DOM_ELEMENT) *br_vec_push(out) = n;
    }
}

static JSValue element_children(
    JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int elements)
{
    (void) argc, (void) argv;
    const br_js_element *e = self(ctx, this_val);
    if (!e) return JS_EXCEPTION;
    br_nodes nodes = {0};
    children_of(e, elements, &nodes);
    JSValue list = br_js_element_list(ctx, e->dom, &nodes, e->url);
    br_nodes_deinit(&nodes);
    return list;
}

static JSValue element_child_count(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    const br_js_element *e = self(ctx, this_val);
    if (!e) return JS_EXCEPTION;
    const br_dom_node *last = to_element(e->node->last, false);
    return JS_NewUint32(ctx, last ? last->index : 0);
}

static JSValue element_has_children(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    const br_js_element *e = self(ctx, this_val);
    return e ? JS_NewBool(ctx, e->node->first != NULL) : JS_EXCEPTION;
}

/* Texts --------------------------------------------------------------------------------------------- */

enum { NODE_NAME, NODE_VALUE, TEXT_CONTENT, INNER_HTML, ID, LANG, CLASS_NAME, NAMESPACE, TO_STRING };

static JSValue text_of_node(JSContext *ctx, const br_dom_node *node)
{
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    br_dom_put_text(node, &out);
    JSValue v = br_js_new_str(ctx, br_buf_view(&out));
    br_buf_deinit(&out);
    return v;
}

static JSValue attr_or_undefined(JSContext *ctx, const br_dom_node *node, br_str name)
{
    const br_str *value = br_dom_attr_of(node, name);
    return value ? br_js_new_str(ctx, *value) : JS_UNDEFINED;
}

static const char *namespace_uri(br_str prefix)
{
    if (br_str_is(prefix, "svg")) return "http://www.w3.org/2000/svg";
    if (br_str_is(prefix, "math")) return "http://www.w3.org/1998/Math/MathML";
    return "http://www.w3.org/1999/xhtml";
}

static JSValue to_string(JSContext *ctx, const br_dom_node *node)
{
    if (node->kind == BR_DOM_ELEMENT) return JS_NewString(ctx, "[object html.Node]");
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    (void) br_buf_printf(&out, "[object " BR_FMT "]", BR_ARG(br_dom_name(node)));
    JSValue v = br_js_new_str(ctx, br_buf_view(&out));
    br_buf_deinit(&out);
    return v;
}

static JSValue element_text(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int which)
{
    (void) argc, (void) argv;
    const br_js_element *e = self(ctx, this_val);
    if (!e) return JS_EXCEPTION;
    const br_dom_node *n = e->node;
    static const char *const namespaces[] = {"", "svg", "math"};
    switch (which) {
        case NODE_NAME: return br_js_new_str(ctx, br_dom_name(n));
        case NODE_VALUE:
            return n->kind == BR_DOM_TEXT || n->kind == BR_DOM_COMMENT ? text_of_node(ctx, n) : JS_UNDEFINED;
        case TEXT_CONTENT: return text_of_node(ctx, n);
        case INNER_HTML: return br_js_inner_html(ctx, n);
        case ID: return br_js_new_str(ctx, br_dom_attr_or_empty(n, "id"));
        case LANG: return attr_or_undefined(ctx, n, BR_STR("lang"));
        case CLASS_NAME: return attr_or_undefined(ctx, n, BR_STR("class"));
        case NAMESPACE: return JS_NewString(ctx, namespace_uri(br_str_of(namespaces[n->ns])));
        default: return to_string(ctx, n);
    }
}

static JSValue element_node_type(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    static const int types[] = {[BR_DOM_DOCUMENT] = 9,
        [BR_DOM_ELEMENT] = 1,
        [BR_DOM_TEXT] = 3,
        [BR_DOM_COMMENT] = 8,
        [BR_DOM_DOCTYPE] = 10};
    const br_js_element *e = self(ctx, this_val);
    return e ? JS_NewInt32(ctx, types[e->node->kind]) : JS_EXCEPTION;
}

static JSValue element_is_default_namespace(
    JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    const br_js_element *e = self(ctx, this_val);
    return e ? JS_NewBool(ctx, e->node->ns == BR_NS_HTML) : JS_EXCEPTION;
}

static JSValue element_class_list(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    const br_js_element *e = self(ctx, this_val);
    if (!e) return JS_EXCEPTION;
    br_str rest = br_dom_attr_or_empty(e->node, "class");
    JSValue list = JS_NewArray(ctx);
    uint32_t count = 0;
    for (size_t i = 0; i < rest.n; i++) {
        size_t from = i;
        while (i < rest.n && !strchr(" \t\n\f\r\v", rest.p[i]))
            i++;
        if (i == from) continue;
        JSValue word = br_js_new_str(ctx, br_str_sub(rest, from, i));
        JS_DefinePropertyValueUint32(ctx, list, count++, word, JS_PROP_C_W_E);
    }
    return list;
}

/* Attributes ---------------------------------------------------------------------------------------- */

static JSValue attribute_text(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int which)
{
    (void) argc, (void) argv;
    JSValue v = JS_GetPropertyStr(ctx, this_val, which == 0 ? "name" : "nsPrefix");
    if (which < 2 || JS_IsException(v)) return v;
    br_str prefix = br_js_str(ctx, v);
    JSValue uri = prefix.p ? JS_NewString(ctx, namespace_uri(prefix)) : JS_EXCEPTION;
    JS_FreeCString(ctx, prefix.p);
    JS_FreeValue(ctx, v);
    return uri;
}

static const JSCFunctionListEntry attribute_entries[] = {
    JS_CFUNC_MAGIC_DEF("localName", 0, attribute_text, 0),
    JS_CFUNC_MAGIC_DEF("prefix", 0, attribute_text, 1),
    JS_CFUNC_MAGIC_DEF("namespaceURI", 0, attribute_text, 2),
};

static JSValue new_attribute(JSContext *ctx, JSValueConst owner, const br_dom_attr *a)
{
    JSValue o = JS_NewObject(ctx);
    if (JS_SetPropertyFunctionList(ctx, o, attribute_entries, BR_COUNT_OF(attribute_entries)) < 0) {
        JS_FreeValue(ctx, o);
        return JS_EXCEPTION;
    }
    JS_DefinePropertyValueStr(ctx, o, "owner_element", JS_DupValue(ctx, owner), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, o, "name", br_js_new_str(ctx, a->name), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, o, "value", br_js_new_str(ctx, a->value), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, o, "nsPrefix", br_js_new_str(ctx, a->prefix), 0);
    return o;
}

static JSValue element_attributes(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    const br_js_element *e = self(ctx, this_val);
    if (!e) return JS_EXCEPTION;
    JSValue all = JS_NewObject(ctx);
    for (uint32_t i = 0; i < e->node->attr_count; i++) {
        const br_dom_attr *a = &e->node->attrs[i];
        JSAtom atom = JS_NewAtomLen(ctx, a->name.p, a->name.n);
        JS_DefinePropertyValue(ctx, all, atom, new_attribute(ctx, this_val, a), JS_PROP_C_W_E);
        JS_FreeAtom(ctx, atom);
    }
    return all;
}

enum { GET, HAS, NODE };

static JSValue element_attribute(
    JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int which)
{
    const br_js_element *e = self(ctx, this_val);
    if (!e) return JS_EXCEPTION;
    br_str name = argc > 0 ? br_js_str(ctx, argv[0]) : BR_STR("");
    if (!name.p) return JS_EXCEPTION;
    const br_dom_attr *found = NULL;
    for (uint32_t i = 0; i < e->node->attr_count && !found; i++) {
        if (br_str_eq(e->node->attrs[i].name, name)) found = &e->node->attrs[i];
    }
    if (argc > 0) JS_FreeCString(ctx, name.p);
    if (which == HAS) return JS_NewBool(ctx, found != NULL);
    if (!found) return JS_UNDEFINED;
    return which == GET ? br_js_new_str(ctx, found->value) : new_attribute(ctx, this_val, found);
}

static JSValue element_has_attributes(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    const br_js_element *e = self(ctx, this_val);
    return e ? JS_NewBool(ctx, e->node->attr_count > 0) : JS_EXCEPTION;
}

/* Searches ------------------------------------------------------------------------------------------ */

enum { BY_CLASS, BY_TAG, QUERY_ALL, QUERY };

static int take_selector(br_js_search *s, int argc, JSValueConst *argv, bool class_name)
{
    if (argc < 1) return 0;
    if (!class_name) return br_js_search_take_text(s, argv[0]);
    br_str name = br_js_str(s->ctx, argv[0]);
    if (!name.p) {
        s->failed = true;
        return -1;
    }
    br_buf selector;
    br_buf_init(&selector, BR_BUF_NO_LIMIT);
    (void) br_buf_putc(&selector, '.');
    (void) br_buf_put(&selector, name);
    JS_FreeCString(s->ctx, name.p);
    br_js_search_text(s, br_buf_view(&selector));
    br_buf_deinit(&selector);
    return 0;
}

static JSValue element_search(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int which)
{
    const br_js_element *e = self(ctx, this_val);
    if (!e) return JS_EXCEPTION;
    br_js_search search;
    br_js_search_begin(&search, ctx);
    br_nodes from = {0}, out = {0};
    *br_vec_push(&from) = e->node;
    JSValue ret = JS_UNDEFINED;
    if (take_selector(&search, argc, argv, which == BY_CLASS) == 0) {
        br_query_find(e->dom, &from, &search.pick, which == QUERY, &out);
        if (which == QUERY)
            ret = br_js_element_new(ctx, e->dom, out.len ? out.data[0] : NULL, e->url);
        else
            ret = br_js_element_list(ctx, e->dom, &out, e->url);
    }
    br_nodes_deinit(&from);
    br_nodes_deinit(&out);
    return br_js_search_end(&search, ret);
}

static JSValue element_matches(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    const br_js_element *e = self(ctx, this_val);
    if (!e) return JS_EXCEPTION;
    br_js_search search;
    br_js_search_begin(&search, ctx);
    bool found = take_selector(&search, argc, argv, false) == 0 && br_pick_has(&search.pick, e->node);
    return br_js_search_end(&search, JS_NewBool(ctx, found));
}

/* Comparisons --------------------------------------------------------------------------------------- */

static bool equal_html(const br_dom_node *a, const br_dom_node *b)
{
    br_buf x, y;
    br_buf_init(&x, BR_BUF_NO_LIMIT);
    br_buf_init(&y, BR_BUF_NO_LIMIT);
    br_dom_put_inner(a, &x);
    br_dom_put_inner(b, &y);
    bool equal = br_str_eq(br_buf_view(&x), br_buf_view(&y));
    br_buf_deinit(&x);
    br_buf_deinit(&y);
    return equal;
}

enum { CONTAINS, SAME, EQUAL };

static JSValue element_compare(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int which)
{
    const br_js_element *e = self(ctx, this_val);
    if (!e) return JS_EXCEPTION;
    const br_js_element *other = argc > 0 ? br_js_element_of(argv[0]) : NULL;
    if (!other) return JS_FALSE;
    if (which == EQUAL) return JS_NewBool(ctx, equal_html(e->node, other->node));
    if (which == SAME) return JS_NewBool(ctx, e->node == other->node);
    return JS_NewBool(ctx, e->dom == other->dom && br_dom_contains(e->node, other->node));
}

static JSValue element_selection(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    const br_js_element *e = self(ctx, this_val);
    if (!e) return JS_EXCEPTION;
    br_nodes nodes = {0};
    *br_vec_push(&nodes) = e->node;
    return br_js_selection_new(ctx, e->dom, e->url, JS_UNDEFINED, &nodes);
}

const JSCFunctionListEntry br_js_element_entries[] = {
    JS_CFUNC_MAGIC_DEF("firstChild", 0, element_neighbour, FIRST),
    JS_CFUNC_MAGIC_DEF("lastChild", 0, element_neighbour, LAST),
    JS_CFUNC_MAGIC_DEF("nextSibling", 0, element_neighbour, NEXT),
    JS_CFUNC_MAGIC_DEF("previousSibling", 0, element_neighbour, PREVIOUS),
    JS_CFUNC_MAGIC_DEF("parentNode", 0, element_neighbour, PARENT),
    JS_CFUNC_MAGIC_DEF("firstElementChild", 0, element_neighbour, FIRST_ELEMENT),
    JS_CFUNC_MAGIC_DEF("lastElementChild", 0, element_neighbour, LAST_ELEMENT),
    JS_CFUNC_MAGIC_DEF("nextElementSibling", 0, element_neighbour, NEXT_ELEMENT),
    JS_CFUNC_MAGIC_DEF("previousElementSibling", 0, element_neighbour, PREVIOUS_ELEMENT),
    JS_CFUNC_MAGIC_DEF("parentElement", 0, element_neighbour, PARENT_ELEMENT),
    JS_CFUNC_MAGIC_DEF("ownerDocument", 0, element_neighbour, DOCUMENT),
    JS_CFUNC_MAGIC_DEF("children", 0, element_children, true),
    JS_CFUNC_MAGIC_DEF("childNodes", 0, element_children, false),
    JS_CFUNC_DEF("childElementCount", 0, element_child_count),
    JS_CFUNC_DEF("hasChildNodes", 0, element_has_children),
    JS_CFUNC_MAGIC_DEF("nodeName", 0, element_text, NODE_NAME),
    JS_CFUNC_MAGIC_DEF("nodeValue", 0, element_text, NODE_VALUE),
    JS_CFUNC_MAGIC_DEF("textContent", 0, element_text, TEXT_CONTENT),
    JS_CFUNC_MAGIC_DEF("innerHTML", 0, element_text, INNER_HTML),
    JS_CFUNC_MAGIC_DEF("id", 0, element_text, ID),
    JS_CFUNC_MAGIC_DEF("lang", 0, element_text, LANG),
    JS_CFUNC_MAGIC_DEF("className", 0, element_text, CLASS_NAME),
    JS_CFUNC_MAGIC_DEF("namespaceURI", 0, element_text, NAMESPACE),
    JS_CFUNC_MAGIC_DEF("toString", 0, element_text, TO_STRING),
    JS_CFUNC_DEF("nodeType", 0, element_node_type),
    JS_CFUNC_DEF("isDefaultNamespace", 0, element_is_default_namespace),
    JS_CFUNC_DEF("classList", 0, element_class_list),
    JS_CFUNC_DEF("attributes", 0, element_attributes),
    JS_CFUNC_MAGIC_DEF("getAttribute", 1, element_attribute, GET),
    JS_CFUNC_MAGIC_DEF("hasAttribute", 1, element_attribute, HAS),
    JS_CFUNC_MAGIC_DEF("getAttributeNode", 1, element_attribute, NODE),
    JS_CFUNC_DEF("hasAttributes", 0, element_has_attributes),
    JS_CFUNC_MAGIC_DEF("getElementsByClassName", 1, element_search, BY_CLASS),
    JS_CFUNC_MAGIC_DEF("getElementsByTagName", 1, element_search, BY_TAG),
    JS_CFUNC_MAGIC_DEF("querySelectorAll", 1, element_search, QUERY_ALL),
    JS_CFUNC_MAGIC_DEF("querySelector", 1, element_search, QUERY),
    JS_CFUNC_DEF("matches", 1, element_matches),
    JS_CFUNC_MAGIC_DEF("contains", 1, element_compare, CONTAINS),
    JS_CFUNC_MAGIC_DEF("isSameNode", 1, element_compare, SAME),
    JS_CFUNC_MAGIC_DEF("isEqualNode", 1, element_compare, EQUAL),
    JS_CFUNC_DEF("selection", 0, element_selection),
};
const int br_js_element_entry_count = BR_COUNT_OF(br_js_element_entries);
