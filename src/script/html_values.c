/* Methods of Selection that read: text, attributes, values, data and forms. */
#include "base/num.h"
#include "script/html_int.h"

static br_js_selection *self(JSContext *ctx, JSValueConst v)
{
    br_js_selection *s = br_js_selection_of(v);
    if (!s) br_js_throw(ctx, "this method needs a Selection");
    return s;
}

static const br_dom_node *first_of(const br_js_selection *s)
{
    return s->nodes.len ? s->nodes.data[0] : NULL;
}

static JSValue take(JSContext *ctx, br_buf *text)
{
    JSValue v = br_js_new_str(ctx, br_buf_view(text));
    br_buf_deinit(text);
    return v;
}

JSValue br_js_inner_html(JSContext *ctx, const br_dom_node *node)
{
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    if (node) br_dom_put_inner(node, &out);
    return take(ctx, &out);
}

JSValue br_js_text_of(JSContext *ctx, const br_nodes *nodes)
{
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    for (size_t i = 0; i < nodes->len; i++)
        br_dom_put_text(nodes->data[i], &out);
    return take(ctx, &out);
}

JSValue br_js_value_or_html(JSContext *ctx, const br_dom_node *node)
{
    const br_str *value = node ? br_dom_attr_of(node, BR_STR("value")) : NULL;
    return value ? br_js_new_str(ctx, *value) : br_js_inner_html(ctx, node);
}

/* val() --------------------------------------------------------------------------------------------- */

static JSValue input_value(JSContext *ctx, const br_dom_node *node)
{
    const br_str *value = br_dom_attr_of(node, BR_STR("value"));
    if (value) return br_js_new_str(ctx, *value);
    br_str type = br_dom_attr_or_empty(node, "type");
    return JS_NewString(ctx, br_str_is(type, "radio") || br_str_is(type, "checkbox") ? "on" : "");
}

static JSValue select_value(JSContext *ctx, const br_dom *dom, const br_dom_node *node)
{
    br_nodes selected = {0};
    br_js_find_all(ctx, dom, node, BR_STR("option[selected]"), &selected);
    JSValue v;
    if (br_dom_attr_of(node, BR_STR("multiple"))) {
        v = JS_NewArray(ctx);
        for (size_t i = 0; i < selected.len; i++) {
            JSValue item = br_js_value_or_html(ctx, selected.data[i]);
            JS_DefinePropertyValueUint32(ctx, v, (uint32_t) i, item, JS_PROP_C_W_E);
        }
    } else {
        v = br_js_value_or_html(ctx, selected.len ? selected.data[0] : NULL);
    }
    br_nodes_deinit(&selected);
    return v;
}

static JSValue value_of(JSContext *ctx, const br_dom *dom, const br_dom_node *node)
{
    if (!node || node->kind != BR_DOM_ELEMENT) return JS_UNDEFINED;
    switch (node->tag) {
        case BR_TAG_INPUT: return input_value(ctx, node);
        case BR_TAG_BUTTON: return br_js_new_str(ctx, br_dom_attr_or_empty(node, "value"));
        case BR_TAG_TEXTAREA: return br_js_inner_html(ctx, node);
        case BR_TAG_OPTION: return br_js_value_or_html(ctx, node);
        case BR_TAG_SELECT: return select_value(ctx, dom, node);
        default: return JS_UNDEFINED;
    }
}

JSValue br_js_selection_val(JSContext *ctx, const br_js_selection *s)
{
    return value_of(ctx, s->dom, first_of(s));
}

/* data() -------------------------------------------------------------------------------------------- */

/* Words that k6 writes in capitals when it makes a name of words. */
static const char *const initialisms[] = {"ACL", "API", "ASCII", "CPU", "CSS", "DNS", "EOF", "ETA", "GPU",
    "GUID", "HTML", "HTTP", "HTTPS", "ID", "IP", "JSON", "LHS", "OS", "QPS", "RAM", "RHS", "RPC", "SLA",
    "SMTP", "SQL", "SSH", "TCP", "TLS", "TTL", "UDP", "UI", "UID", "UUID", "URI", "URL", "UTF8", "VM", "XML",
    "XMPP", "XSRF", "XSS"};

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static void put_word(br_buf *out, br_str word)
{
    bool capitals = false;
    for (size_t i = 0; i < BR_COUNT_OF(initialisms) && !capitals; i++)
        capitals = br_str_eq_nocase(word, br_str_of(initialisms[i]));
    for (size_t i = 0; i < word.n; i++) {
        char c = word.p[i];
        bool raise = (capitals || i == 0) && c >= 'a' && c <= 'z';
        (void) br_buf_putc(out, (char) (raise ? c & ~0x20 : c));
    }
}

/* long-name -> longName */
static void put_property(br_buf *out, br_str attr)
{
    br_str word;
    (void) br_str_cut(&attr, '-', &word);
    (void) br_buf_put(out, word);
    while (br_str_cut(&attr, '-', &word))
        put_word(out, word);
}

/* longName -> long-name, userID -> user-id */
static void put_attribute(br_buf *out, br_str property)
{
    for (size_t i = 0; i < property.n; i++) {
        char c = property.p[i], before = i ? property.p[i - 1] : 0,
             next = i + 1 < property.n ? property.p[i + 1] : 0;
        bool begins = is_upper(c) && i && (!is_upper(before) || (next >= 'a' && next <= 'z'));
        if (begins && before != '-' && before != '_') (void) br_buf_putc(out, '-');
        (void) br_buf_putc(out, c == '_' ? '-' : is_upper(c) ? (char) (c | 0x20) : c);
    }
}

/* A number if it is written the one way in which it would be shown. */
static JSValue number_or_text(JSContext *ctx, br_str value)
{
    double d;
    if (br_parse_f64(value, &d) != BR_OK) return br_js_new_str(ctx, value);
    JSValue number = JS_NewFloat64(ctx, d);
    br_str shown = br_js_str(ctx, number);
    bool same = shown.p && br_str_eq(shown, value);
    JS_FreeCString(ctx, shown.p);
    return same ? number : br_js_new_str(ctx, value);
}

static JSValue convert_data(JSContext *ctx, br_str value)
{
    if (value.n == 0 || br_str_is(value, "null") || br_str_is(value, "undefined")) return JS_UNDEFINED;
    if (br_str_is(value, "true")) return JS_TRUE;
    if (br_str_is(value, "false")) return JS_FALSE;
    if (value.p[0] != '{' && value.p[0] != '[') return number_or_text(ctx, value);
    char *copy = br_strndup(value.p, value.n);
    JSValue v = JS_ParseJSON(ctx, copy, value.n, "data attribute");
    br_free(copy);
    if (!JS_IsException(v)) return v;
    JS_FreeValue(ctx, JS_GetException(ctx)); /* no JSON: a text */
    return br_js_new_str(ctx, value);
}

static JSValue all_data(JSContext *ctx, const br_dom_node *node)
{
    JSValue all = JS_NewObject(ctx);
    for (uint32_t i = 0; i < node->attr_count; i++) {
        const br_dom_attr *a = &node->attrs[i];
        if (!br_str_starts(a->name, BR_STR("data-")) || a->name.n <= 5) continue;
        br_buf name;
        br_buf_init(&name, BR_BUF_NO_LIMIT);
        put_property(&name, br_str_sub(a->name, 5, a->name.n));
        JSAtom atom = JS_NewAtomLen(ctx, name.data, name.len);
        JS_DefinePropertyValue(ctx, all, atom, convert_data(ctx, a->value), JS_PROP_C_W_E);
        JS_FreeAtom(ctx, atom);
        br_buf_deinit(&name);
    }
    return all;
}

JSValue br_js_selection_data(JSContext *ctx, const br_js_selection *s, int argc, JSValueConst *argv)
{
    const br_dom_node *node = first_of(s);
    if (!node || node->attr_count == 0) return JS_UNDEFINED;
    if (argc == 0 || JS_IsUndefined(argv[0])) return all_data(ctx, node);
    br_str property = br_js_str(ctx, argv[0]);
    if (!property.p) return JS_EXCEPTION;
    br_buf name;
    br_buf_init(&name, BR_BUF_NO_LIMIT);
    (void) br_buf_puts(&name, "data-");
    put_attribute(&name, property);
    JS_FreeCString(ctx, property.p);
    const br_str *value = br_dom_attr_of(node, br_buf_view(&name));
    br_buf_deinit(&name);
    return value ? convert_data(ctx, *value) : JS_UNDEFINED;
}

/* Forms --------------------------------------------------------------------------------------------- */

static bool is_control(const br_dom_node *node)
{
    return node->kind == BR_DOM_ELEMENT && (node->tag == BR_TAG_INPUT || node->tag == BR_TAG_SELECT ||
                                               node->tag == BR_TAG_TEXTAREA || node->tag == BR_TAG_KEYGEN);
}

/* By k6's rules: `disabled` and `checked` count when they are written with themselves as value. */
static bool is_successful(const br_dom_node *node)
{
    static const char *const buttons[] = {"submit", "button", "reset", "image", "file"};
    if (!is_control(node) || br_dom_attr_or_empty(node, "name").n == 0 ||
        br_str_is(br_dom_attr_or_empty(node, "disabled"), "disabled"))
        return false;
    br_str type = br_dom_attr_or_empty(node, "type");
    for (size_t i = 0; i < BR_COUNT_OF(buttons); i++) {
        if (br_str_is(type, buttons[i])) return false;
    }
    bool box = br_str_is(type, "checkbox") || br_str_is(type, "radio");
    return !box || br_str_is(br_dom_attr_or_empty(node, "checked"), "checked");
}

/* What is sent of a selection: of the controls in it if one of it is a form, else of those that it holds. */
static void controls_of(JSContext *ctx, const br_js_selection *s, br_nodes *out)
{
    bool form = false;
    for (size_t i = 0; i < s->nodes.len && !form; i++)
        form = s->nodes.data[i]->kind == BR_DOM_ELEMENT && s->nodes.data[i]->tag == BR_TAG_FORM;
    br_nodes all = {0};
    if (form) {
        br_js_search search;
        br_js_search_begin(&search, ctx);
        br_js_search_text(&search, BR_STR("input,select,textarea,keygen"));
        br_query_find(s->dom, &s->nodes, &search.pick, false, &all);
        JS_FreeValue(ctx, br_js_search_end(&search, JS_UNDEFINED));
    }
    const br_nodes *from = form ? &all : &s->nodes;
    for (size_t i = 0; i < from->len; i++) {
        if (is_successful(from->data[i])) *br_vec_push(out) = from->data[i];
    }
    br_nodes_deinit(&all);
}

static JSValue serialize_array(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    const br_js_selection *s = self(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    br_nodes controls = {0};
    controls_of(ctx, s, &controls);
    JSValue list = JS_NewArray(ctx);
    for (size_t i = 0; i < controls.len; i++) {
        JSValue item = JS_NewObject(ctx);
        JSValue name = br_js_new_str(ctx, br_dom_attr_or_empty(controls.data[i], "name"));
        JS_DefinePropertyValueStr(ctx, item, "name", name, JS_PROP_C_W_E);
        JSValue value = value_of(ctx, s->dom, controls.data[i]);
        JS_DefinePropertyValueStr(ctx, item, "value", value, JS_PROP_C_W_E);
        JS_DefinePropertyValueUint32(ctx, list, (uint32_t) i, item, JS_PROP_C_W_E);
    }
    br_nodes_deinit(&controls);
    return list;
}

/* The last one of a name counts. */
JSValue br_js_serialize_object(JSContext *ctx, const br_js_selection *s)
{
    br_nodes controls = {0};
    controls_of(ctx, s, &controls);
    JSValue all = JS_NewObject(ctx);
    for (size_t i = 0; i < controls.len; i++) {
        br_str name = br_dom_attr_or_empty(controls.data[i], "name");
        JSAtom atom = JS_NewAtomLen(ctx, name.p, name.n);
        JS_DefinePropertyValue(ctx, all, atom, value_of(ctx, s->dom, controls.data[i]), JS_PROP_C_W_E);
        JS_FreeAtom(ctx, atom);
    }
    br_nodes_deinit(&controls);
    return all;
}

static JSValue serialize_object(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    const br_js_selection *s = self(ctx, this_val);
    return s ? br_js_serialize_object(ctx, s) : JS_EXCEPTION;
}

static JSValue serialize(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    const br_js_selection *s = self(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    JSValue all = br_js_serialize_object(ctx, s);
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    int rc = br_js_put_form(ctx, all, &out);
    JS_FreeValue(ctx, all);
    JSValue text = take(ctx, &out);
    if (rc == 0) return text;
    JS_FreeValue(ctx, text);
    return JS_EXCEPTION;
}

/* Methods ------------------------------------------------------------------------------------------- */

static JSValue selection_text(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    const br_js_selection *s = self(ctx, this_val);
    return s ? br_js_text_of(ctx, &s->nodes) : JS_EXCEPTION;
}

static JSValue selection_html(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    const br_js_selection *s = self(ctx, this_val);
    return s ? br_js_inner_html(ctx, first_of(s)) : JS_EXCEPTION;
}

static JSValue selection_attr(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    const br_js_selection *s = self(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    br_str name = argc > 0 ? br_js_str(ctx, argv[0]) : BR_STR("");
    if (!name.p) return JS_EXCEPTION;
    const br_dom_node *node = first_of(s);
    const br_str *value = node ? br_dom_attr_of(node, name) : NULL;
    if (argc > 0) JS_FreeCString(ctx, name.p);
    if (value) return br_js_new_str(ctx, *value);
    return argc > 1 ? JS_DupValue(ctx, argv[1]) : JS_UNDEFINED;
}

static JSValue selection_val(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    const br_js_selection *s = self(ctx, this_val);
    return s ? br_js_selection_val(ctx, s) : JS_EXCEPTION;
}

static JSValue selection_data(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    const br_js_selection *s = self(ctx, this_val);
    return s ? br_js_selection_data(ctx, s, argc, argv) : JS_EXCEPTION;
}

const JSCFunctionListEntry br_js_selection_value_entries[] = {
    JS_CFUNC_DEF("text", 0, selection_text),
    JS_CFUNC_DEF("html", 0, selection_html),
    JS_CFUNC_DEF("attr", 2, selection_attr),
    JS_CFUNC_DEF("val", 0, selection_val),
    JS_CFUNC_DEF("data", 1, selection_data),
    JS_CFUNC_DEF("serialize", 0, serialize),
    JS_CFUNC_DEF("serializeArray", 0, serialize_array),
    JS_CFUNC_DEF("serializeObject", 0, serialize_object),
};
const int br_js_selection_value_entry_count = BR_COUNT_OF(br_js_selection_value_entries);
