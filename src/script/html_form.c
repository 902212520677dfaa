/* Response.html(), submitForm() and clickLink(). */
#include <ctype.h>
#include "codec/url.h"
#include "script/html_int.h"

JSValue br_js_response_html(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    br_js_response *r = br_js_response_of(ctx, this_val);
    if (!r) return JS_EXCEPTION;
    br_str html;
    if (!br_js_response_body(r, &html)) {
        return br_js_throw(ctx,
            "the body is null so we can't transform it to HTML - this likely was because of a "
            "request error getting the response");
    }
    if (!r->dom && br_js_html_parse(ctx, html, &r->dom) < 0) return JS_EXCEPTION;
    JSValue url = JS_GetPropertyStr(ctx, this_val, "url");
    JSValue page = JS_IsException(url) ? JS_EXCEPTION : br_js_document(ctx, r->dom, url);
    JS_FreeValue(ctx, url);
    if (JS_IsException(page) || argc == 0 || JS_IsUndefined(argv[0])) return page;
    JSAtom find = JS_NewAtom(ctx, "find");
    JSValue text = JS_ToString(ctx, argv[0]);
    JSValue found = JS_IsException(text) ? text : JS_Invoke(ctx, page, find, 1, (JSValueConst *) &text);
    JS_FreeAtom(ctx, find);
    JS_FreeValue(ctx, text);
    JS_FreeValue(ctx, page);
    return found;
}

/* An option of the argument object, or JS_UNDEFINED. */
static JSValue option(JSContext *ctx, int argc, JSValueConst *argv, const char *name)
{
    return argc > 0 && JS_IsObject(argv[0]) ? JS_GetPropertyStr(ctx, argv[0], name) : JS_UNDEFINED;
}

static JSValue selector_option(
    JSContext *ctx, int argc, JSValueConst *argv, const char *name, const char *otherwise)
{
    JSValue v = option(ctx, argc, argv, name);
    return JS_IsUndefined(v) ? JS_NewString(ctx, otherwise) : v;
}

/* "no form found for selector 'x' in response 'http://...'" */
static JSValue throw_missing(JSContext *ctx, const char *what, JSValueConst selector, JSValueConst response)
{
    JSValue url = JS_GetPropertyStr(ctx, response, "url");
    br_str s = br_js_str(ctx, selector), u = br_js_str(ctx, url);
    if (s.p && u.p) {
        br_buf text;
        br_buf_init(&text, BR_BUF_NO_LIMIT);
        (void) br_buf_printf(&text, "%s '" BR_FMT "' in response '" BR_FMT "'", what, BR_ARG(s), BR_ARG(u));
        br_js_throw_str(ctx, br_buf_view(&text));
        br_buf_deinit(&text);
    }
    JS_FreeCString(ctx, s.p);
    JS_FreeCString(ctx, u.p);
    JS_FreeValue(ctx, url);
    return JS_EXCEPTION;
}

/* Appends what `ref` means in the response's document. -1: exception. */
static int resolve(JSContext *ctx, JSValueConst response, br_str ref, br_buf *out)
{
    JSValue url = JS_GetPropertyStr(ctx, response, "url");
    br_str base_text = br_js_str(ctx, url);
    br_url base;
    br_err err;
    bool relative;
    int rc = -1;
    if (base_text.p) {
        br_code code = br_url_parse(base_text, &base, &err);
        if (code == BR_OK) code = br_url_resolve(&base, ref, out, &relative, &err);
        if (code != BR_OK) br_js_throw(ctx, "%s", err.msg);
        rc = code == BR_OK ? 0 : -1;
    }
    JS_FreeCString(ctx, base_text.p);
    JS_FreeValue(ctx, url);
    return rc;
}

/* The selection's first node, NULL if it is empty. */
static const br_dom_node *first(JSValueConst selection)
{
    const br_js_selection *s = br_js_selection_of(selection);
    return s && s->nodes.len ? s->nodes.data[0] : NULL;
}

JSValue br_js_response_click_link(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    JSValue selector = selector_option(ctx, argc, argv, "selector", "a[href]");
    JSValue params = option(ctx, argc, argv, "params"), ret = JS_EXCEPTION;
    JSValue link = br_js_response_html(ctx, this_val, 1, (JSValueConst *) &selector);
    const br_dom_node *node = first(link);
    const br_str *href = node ? br_dom_attr_of(node, BR_STR("href")) : NULL;
    br_buf url;
    br_buf_init(&url, BR_URL_MAX_BYTES);
    if (JS_IsException(link) || JS_IsException(params)) {
        /* pending */
    } else if (!node) {
        ret = throw_missing(ctx, "no element found for selector", selector, this_val);
    } else if (!href) {
        ret = throw_missing(ctx, "no valid href attribute value found on element", selector, this_val);
    } else if (resolve(ctx, this_val, *href, &url) == 0) {
        JSValue text = br_js_new_str(ctx, br_buf_view(&url));
        ret = br_js_http_perform(br_vu_of(ctx), "GET", text, JS_UNDEFINED, params);
        JS_FreeValue(ctx, text);
    }
    br_buf_deinit(&url);
    JS_FreeValue(ctx, link);
    JS_FreeValue(ctx, params);
    JS_FreeValue(ctx, selector);
    return ret;
}

/* Forms --------------------------------------------------------------------------------------------- */

/* The submit button's name and value are sent too. */
static int put_submit(JSContext *ctx, JSValueConst form, JSValueConst selector, JSValueConst values)
{
    const br_js_selection *s = br_js_selection_of(form);
    br_js_search search;
    br_js_search_begin(&search, ctx);
    br_js_selection found = {.dom = s->dom};
    if (br_js_search_take_text(&search, selector) == 0)
        br_query_find(s->dom, &s->nodes, &search.pick, false, &found.nodes);
    JSValue done = br_js_search_end(&search, JS_UNDEFINED);
    int rc = JS_IsException(done) ? -1 : 0;
    const br_str *name = rc == 0 && found.nodes.len ? br_dom_attr_of(found.nodes.data[0], BR_STR("name"))
                                                    : NULL;
    if (name) {
        JSValue value = br_js_selection_val(ctx, &found);
        JSAtom atom = JS_NewAtomLen(ctx, name->p, name->n);
        if (!JS_IsUndefined(value))
            rc = JS_DefinePropertyValue(ctx, values, atom, value, JS_PROP_C_W_E) < 0 ? -1 : 0;
        JS_FreeAtom(ctx, atom);
    }
    br_nodes_deinit(&found.nodes);
    return rc;
}

/* Values of lists: as text of JavaScript in a query, as Go shows a list in a body. */
static JSValue list_as_text(JSContext *ctx, JSValue list, bool query)
{
    if (!JS_IsArray(list)) return list;
    JSAtom join = JS_NewAtom(ctx, "join");
    JSValue separator = JS_NewString(ctx, query ? "," : " ");
    JSValue text = JS_Invoke(ctx, list, join, 1, (JSValueConst *) &separator);
    JS_FreeValue(ctx, separator);
    JS_FreeAtom(ctx, join);
    JS_FreeValue(ctx, list);
    if (query || JS_IsException(text)) return text;
    br_str s = br_js_str(ctx, text);
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    (void) br_buf_printf(&out, "[" BR_FMT "]", BR_ARG(s));
    JS_FreeCString(ctx, s.p);
    JS_FreeValue(ctx, text);
    text = br_js_new_str(ctx, br_buf_view(&out));
    br_buf_deinit(&out);
    return text;
}

/* Copies the own keys of `from`; with `lists_as_text`, lists become text. -1: exception. */
static int copy_values(JSContext *ctx, JSValueConst from, JSValueConst to, bool lists_as_text, bool query)
{
    JSPropertyEnum *keys;
    uint32_t n;
    if (!JS_IsObject(from)) return 0;
    if (br_js_keys(ctx, from, &keys, &n) < 0) return -1;
    int rc = 0;
    for (uint32_t i = 0; i < n && rc >= 0; i++) {
        JSValue v = JS_GetProperty(ctx, from, keys[i].atom);
        if (lists_as_text && !JS_IsException(v)) v = list_as_text(ctx, v, query);
        if (query && !JS_IsException(v)) { /* everything is text there, undefined too */
            JSValue text = JS_ToString(ctx, v);
            JS_FreeValue(ctx, v);
            v = text;
        }
        rc = JS_IsException(v) ? -1 : JS_DefinePropertyValue(ctx, to, keys[i].atom, v, JS_PROP_C_W_E);
    }
    JS_FreePropertyEnum(ctx, keys, n);
    return rc < 0 ? -1 : 0;
}

/* What the form sends: its controls, its button, and over them what the script gives. */
static JSValue form_values(
    JSContext *ctx, JSValueConst form, JSValueConst submit, JSValueConst fields, bool query)
{
    JSValue own = br_js_serialize_object(ctx, br_js_selection_of(form)), values = JS_NewObject(ctx);
    bool ok = put_submit(ctx, form, submit, own) == 0 && copy_values(ctx, own, values, true, query) == 0 &&
              copy_values(ctx, fields, values, query, query) == 0;
    JS_FreeValue(ctx, own);
    if (ok) return values;
    JS_FreeValue(ctx, values);
    return JS_EXCEPTION;
}

/* The query of the address becomes the form's values. -1: exception. */
static int set_query(JSContext *ctx, JSValueConst values, br_buf *url)
{
    br_str text = br_buf_view(url), fragment = BR_STR("");
    ptrdiff_t hash = br_str_find_char(text, '#');
    if (hash >= 0) fragment = br_str_sub(text, (size_t) hash, text.n);
    text = br_str_sub(text, 0, text.n - fragment.n);
    ptrdiff_t mark = br_str_find_char(text, '?');
    if (mark >= 0) text = br_str_sub(text, 0, (size_t) mark);
    br_buf query, out;
    br_buf_init(&query, BR_URL_MAX_BYTES);
    br_buf_init(&out, BR_URL_MAX_BYTES);
    int rc = br_js_put_form(ctx, values, &query);
    (void) br_buf_put(&out, text);
    if (query.len) (void) br_buf_putc(&out, '?');
    if (br_buf_put(&out, br_buf_view(&query)) != BR_OK && rc == 0) {
        br_js_throw(ctx, "submitForm(): the address is longer than %d bytes: send the form with POST",
            BR_URL_MAX_BYTES);
        rc = -1;
    }
    (void) br_buf_put(&out, fragment);
    br_buf_deinit(&query);
    br_buf_deinit(url);
    *url = out;
    return rc;
}

static JSValue send_form(JSContext *ctx, JSValueConst response, JSValueConst form, JSValueConst submit,
    JSValueConst fields, JSValueConst params)
{
    const br_dom_node *node = first(form);
    const br_str *method_attr = br_dom_attr_of(node, BR_STR("method")),
                 *action = br_dom_attr_of(node, BR_STR("action"));
    char method[32] = "GET";
    for (size_t i = 0; method_attr && i < sizeof(method) - 1 && i <= method_attr->n; i++)
        method[i] = i < method_attr->n ? (char) toupper((unsigned char) method_attr->p[i]) : 0;
    bool query = strcmp(method, "GET") == 0;
    br_buf url;
    br_buf_init(&url, BR_URL_MAX_BYTES);
    JSValue values = form_values(ctx, form, submit, fields, query), ret = JS_EXCEPTION;
    if (!JS_IsException(values) && resolve(ctx, response, action ? *action : BR_STR(""), &url) == 0 &&
        (!query || set_query(ctx, values, &url) == 0)) {
        JSValue text = br_js_new_str(ctx, br_buf_view(&url));
        ret = br_js_http_perform(br_vu_of(ctx), method, text, query ? JS_NULL : values, params);
        JS_FreeValue(ctx, text);
    }
    JS_FreeValue(ctx, values);
    br_buf_deinit(&url);
    return ret;
}

JSValue br_js_response_submit_form(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    JSValue selector = selector_option(ctx, argc, argv, "formSelector", "form"),
            submit = selector_option(ctx, argc, argv, "submitSelector", "[type=\"submit\"]"),
            fields = option(ctx, argc, argv, "fields"), params = option(ctx, argc, argv, "params"),
            ret = JS_EXCEPTION;
    JSValue form = br_js_response_html(ctx, this_val, 1, (JSValueConst *) &selector);
    if (!JS_IsException(form) && !JS_IsException(fields) && !JS_IsException(params) &&
        !JS_IsException(submit)) {
        ret = first(form) ? send_form(ctx, this_val, form, submit, fields, params)
                          : throw_missing(ctx, "no form found for selector", selector, this_val);
    }
    JS_FreeValue(ctx, form);
    JS_FreeValue(ctx, fields);
    JS_FreeValue(ctx, params);
    JS_FreeValue(ctx, submit);
    JS_FreeValue(ctx, selector);
    return ret;
}
