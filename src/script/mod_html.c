/* Module "k6/html": parseHTML() and the classes Selection and Element. */
#include "script/html_int.h"
#include "script/quickjs_extra.h"

static JSClassID selection_class, element_class;

void br_js_html_class_id(JSRuntime *rt)
{
    JS_NewClassID(rt, &selection_class);
    JS_NewClassID(rt, &element_class);
}

br_js_selection *br_js_selection_of(JSValueConst v)
{
    return JS_GetClassID(v) == selection_class ? JS_GetOpaque(v, selection_class) : NULL;
}

br_js_element *br_js_element_of(JSValueConst v)
{
    return JS_GetClassID(v) == element_class ? JS_GetOpaque(v, element_class) : NULL;
}

static void selection_finalize(JSRuntime *rt, JSValueConst v)
{
    br_js_selection *s = JS_GetOpaque(v, selection_class);
    if (!s) return;
    br_dom_unref(s->dom);
    br_nodes_deinit(&s->nodes);
    JS_FreeValueRT(rt, s->url);
    JS_FreeValueRT(rt, s->prev);
    br_free(s);
}

static void selection_mark(JSRuntime *rt, JSValueConst v, JS_MarkFunc *fn)
{
    const br_js_selection *s = JS_GetOpaque(v, selection_class);
    if (s) JS_MarkValue(rt, s->prev, fn);
}

static void element_finalize(JSRuntime *rt, JSValueConst v)
{
    br_js_element *e = JS_GetOpaque(v, element_class);
    if (!e) return;
    br_dom_unref(e->dom);
    JS_FreeValueRT(rt, e->url);
    br_free(e);
}

static const JSClassDef selection_def = {
    .class_name = "Selection", .finalizer = selection_finalize, .gc_mark = selection_mark};
static const JSClassDef element_def = {.class_name = "Element", .finalizer = element_finalize};

int br_js_html_prepare(JSContext *ctx)
{
    br_vu *vu = br_vu_of(ctx);
    if (JS_IsRegisteredClass(vu->rt, selection_class)) return 0;
    if (JS_NewClass(vu->rt, selection_class, &selection_def) < 0 ||
        JS_NewClass(vu->rt, element_class, &element_def) < 0)
        return -1;
    JSValue selection = JS_NewObject(ctx), element = JS_NewObject(ctx);
    if (JS_SetPropertyFunctionList(ctx, selection, br_js_selection_entries, br_js_selection_entry_count) <
            0 ||
        JS_SetPropertyFunctionList(
            ctx, selection, br_js_selection_value_entries, br_js_selection_value_entry_count) < 0 ||
        JS_SetPropertyFunctionList(ctx, element, br_js_element_entries, br_js_element_entry_count) < 0)
        return -1;
    JS_SetClassProto(ctx, selection_class, selection);
    JS_SetClassProto(ctx, element_class, element);
    return 0;
}

JSValue br_js_selection_new(JSContext *ctx, br_dom *dom, JSValueConst url, JSValueConst prev, br_nodes *nodes)
{
    JSValue object = JS_NewObjectClass(ctx, selection_class);
    if (JS_IsException(object)) {
        br_nodes_deinit(nodes);
        return object;
    }
    br_js_selection *s = BR_NEW(br_js_selection);
    s->dom = br_dom_ref(dom);
    s->nodes = *nodes;
    s->url = JS_DupValue(ctx, url);
    s->prev = JS_DupValue(ctx, prev);
    JS_SetOpaque(object, s);
    return object;
}

/* Prototypes of the types are made when the first element of a type is shown, and kept in an array. */
static JSValue typed_proto(JSContext *ctx, const br_dom_node *node)
{
    br_vu *vu = br_vu_of(ctx);
    if (node->kind != BR_DOM_ELEMENT || node->tag == BR_TAG_OTHER) return JS_UNDEFINED;
    if (!JS_IsObject(vu->html_protos)) vu->html_protos = JS_NewObject(ctx);
    JSValue proto = JS_GetPropertyUint32(ctx, vu->html_protos, node->tag);
    if (!JS_IsUndefined(proto)) return proto;
    proto = br_js_typed_proto(ctx, (br_dom_tag) node->tag);
    if (JS_IsObject(proto)) JS_SetPropertyUint32(ctx, vu->html_protos, node->tag, JS_DupValue(ctx, proto));
    return proto;
}

JSValue br_js_element_new(JSContext *ctx, br_dom *dom, const br_dom_node *node, JSValueConst url)
{
    if (!node) return JS_UNDEFINED;
    JSValue proto = typed_proto(ctx, node);
    JSValue object = JS_IsObject(proto) ? JS_NewObjectProtoClass(ctx, proto, element_class)
                                        : JS_NewObjectClass(ctx, element_class);
    JS_FreeValue(ctx, proto);
    if (JS_IsException(object)) return object;
    br_js_element *e = BR_NEW(br_js_element);
    e->dom = br_dom_ref(dom);
    e->node = node;
    e->url = JS_DupValue(ctx, url);
    JS_SetOpaque(object, e);
    return object;
}

JSValue br_js_element_base_proto(JSContext *ctx)
{
    return JS_GetClassProto(ctx, element_class);
}

JSValue br_js_element_list(JSContext *ctx, br_dom *dom, const br_nodes *nodes, JSValueConst url)
{
    JSValue list = JS_NewArray(ctx);
    for (size_t i = 0; i < nodes->len && !JS_IsException(list); i++) {
        JSValue e = br_js_element_new(ctx, dom, nodes->data[i], url);
        if (JS_IsException(e) ||
            JS_DefinePropertyValueUint32(ctx, list, (uint32_t) i, e, JS_PROP_C_W_E) < 0) {
            JS_FreeValue(ctx, list);
            return JS_EXCEPTION;
        }
    }
    return list;
}

JSValue br_js_document(JSContext *ctx, br_dom *dom, JSValueConst url)
{
    if (br_js_html_prepare(ctx) < 0) return JS_EXCEPTION;
    br_nodes nodes = {0};
    *br_vec_push(&nodes) = br_dom_root(dom);
    return br_js_selection_new(ctx, dom, url, JS_UNDEFINED, &nodes);
}

static void uncount(void *rt, size_t bytes)
{
    JS_CountMemory(rt, -(ptrdiff_t) bytes);
}

int br_js_html_parse(JSContext *ctx, br_str html, br_dom **ret)
{
    br_err err;
    if (br_dom_parse(html, ret, &err) != BR_OK) {
        (void) br_js_throw(ctx, "%s", err.msg);
        return -1;
    }
    JSRuntime *rt = JS_GetRuntime(ctx);
    JS_CountMemory(rt, (ptrdiff_t) br_dom_bytes(*ret));
    br_dom_on_end(*ret, uncount, rt);
    return 0;
}

static JSValue parse_html(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    br_str text = argc > 0 && !br_js_nullish(argv[0]) ? br_js_str(ctx, argv[0]) : BR_STR_NONE;
    if (!text.p)
        return argc > 0 && !br_js_nullish(argv[0]) ? JS_EXCEPTION
                                                   : br_js_throw(ctx, "src needs to be a string");
    br_dom *dom;
    int rc = br_js_html_parse(ctx, text, &dom);
    JS_FreeCString(ctx, text.p);
    if (rc < 0) return JS_EXCEPTION;
    JSValue url = JS_NewString(ctx, "");
    JSValue document = br_js_document(ctx, dom, url);
    JS_FreeValue(ctx, url);
    br_dom_unref(dom);
    return document;
}

static const JSCFunctionListEntry entries[] = {
    JS_CFUNC_DEF("parseHTML", 1, parse_html),
};

const br_js_module br_js_module_html = {
    .name = "k6/html", .entries = entries, .entry_count = BR_COUNT_OF(entries)};
