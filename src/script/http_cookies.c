/* Cookies in scripts: http.CookieJar, http.cookieJar(), params.cookies, response.cookies. */
#include <ctype.h>
#include <stdio.h>
#include "base/num.h"
#include "script/js.h"

#define NO_EXPIRY_MS (-6795364578871.0) /* Go's zero time in milliseconds, as k6 shows it */

static JSClassID jar_class;

void br_js_http_cookies_class_id(JSRuntime *rt)
{
    JS_NewClassID(rt, &jar_class);
}

br_jar *br_js_jar_of(JSValueConst v)
{
    return JS_GetClassID(v) == jar_class ? JS_GetOpaque(v, jar_class) : NULL;
}

static int64_t wall_seconds(void)
{
    return br_clock_wall() / BR_SEC;
}

/* Methods of a jar ---------------------------------------------------------------------------------- */

/* The jar of a method and its first argument as a URL. `text` is freed by the caller. */
static br_jar *begin(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, const char *method,
    br_str *text, br_url *url)
{
    br_err err;
    br_jar *jar = br_js_jar_of(this_val);
    *text = BR_STR_NONE;
    if (!jar) {
        br_js_throw(ctx, "%s() is a method of a CookieJar", method);
        return NULL;
    }
    *text = br_js_str(ctx, argc > 0 ? argv[0] : JS_UNDEFINED);
    if (!text->p) return NULL;
    if (br_url_parse(*text, url, &err) == BR_OK) return jar;
    br_js_throw(ctx, "%s", err.msg);
    return NULL;
}

typedef struct cookie_list {
    JSContext *ctx;
    JSValue object;
} cookie_list;

/* {name: [value, ...]} */
static void add_cookie(void *arg, const br_jar_cookie *c)
{
    cookie_list *l = arg;
    JSAtom atom = JS_NewAtomLen(l->ctx, c->name.p, c->name.n);
    JSValue list = JS_GetProperty(l->ctx, l->object, atom);
    int64_t n = 0;
    if (!JS_IsArray(list)) {
        JS_FreeValue(l->ctx, list);
        list = JS_NewArray(l->ctx);
        JS_DefinePropertyValue(l->ctx, l->object, atom, JS_DupValue(l->ctx, list), JS_PROP_C_W_E);
    }
    (void) JS_GetLength(l->ctx, list, &n);
    JS_DefinePropertyValueUint32(l->ctx, list, (uint32_t) n, br_js_new_str(l->ctx, c->value), JS_PROP_C_W_E);
    JS_FreeValue(l->ctx, list);
    JS_FreeAtom(l->ctx, atom);
}

static JSValue cookies_for_url(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    br_str text;
    br_url url;
    br_jar *jar = begin(ctx, this_val, argc, argv, "cookiesForURL", &text, &url);
    cookie_list list = {ctx, JS_EXCEPTION};
    if (jar) {
        list.object = JS_NewObject(ctx);
        br_jar_each(jar, &url, wall_seconds(), add_cookie, &list);
    }
    JS_FreeCString(ctx, text.p);
    return list.object;
}

/* Date of RFC 1123, which set() demands. */
static int take_expires(JSContext *ctx, br_str text, br_cookie *c)
{
    if (text.n == 0) return 0;
    c->has_expires = br_cookie_parse_date(text, &c->expires) == BR_OK;
    if (c->has_expires) return 0;
    br_js_throw(ctx, "unable to parse \"expires\" date string \"" BR_FMT "\"", BR_ARG(text));
    return -1;
}

static int take_option(JSContext *ctx, br_arena *arena, const char *name, JSValueConst value, br_cookie *c)
{
    br_str key = br_str_of(name);
    if (br_str_eq_nocase(key, BR_STR("secure"))) {
        c->secure = JS_ToBool(ctx, value) == 1;
        return 0;
    }
    if (br_str_eq_nocase(key, BR_STR("http_only"))) {
        c->http_only = JS_ToBool(ctx, value) == 1;
        return 0;
    }
    if (br_str_eq_nocase(key, BR_STR("max_age"))) {
        int64_t seconds;
        if (JS_ToInt64(ctx, &seconds, value) < 0) return -1;
        c->max_age = seconds < 0 ? -1 : seconds;
        return 0;
    }
    br_str text = br_js_str_dup(ctx, value, arena);
    if (!text.p) return -1;
    if (br_str_eq_nocase(key, BR_STR("domain"))) c->domain = text;
    if (br_str_eq_nocase(key, BR_STR("path"))) c->path = text;
    return br_str_eq_nocase(key, BR_STR("expires")) ? take_expires(ctx, text, c) : 0;
}

static int take_options(JSContext *ctx, br_arena *arena, JSValueConst object, br_cookie *c)
{
    JSPropertyEnum *keys;
    uint32_t n;
    int rc = 0;
    if (!JS_IsObject(object)) return 0;
    if (br_js_keys(ctx, object, &keys, &n) < 0) return -1;
    for (uint32_t i = 0; i < n && rc == 0; i++) {
        const char *name = JS_AtomToCString(ctx, keys[i].atom);
        JSValue value = JS_GetProperty(ctx, object, keys[i].atom);
        rc = !name || JS_IsException(value) ? -1 : take_option(ctx, arena, name, value, c);
        JS_FreeValue(ctx, value);
        JS_FreeCString(ctx, name);
    }
    JS_FreePropertyEnum(ctx, keys, n);
    return rc;
}

static JSValue jar_set(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    br_str text;
    br_url url;
    br_arena arena;
    br_cookie c = {0};
    JSValue ret = JS_EXCEPTION;
    br_jar *jar = begin(ctx, this_val, argc, argv, "set", &text, &url);
    br_arena_init(&arena, 1024);
    if (jar) {
        c.name = br_js_str_dup(ctx, argc > 1 ? argv[1] : JS_UNDEFINED, &arena);
        c.value = c.name.p ? br_js_str_dup(ctx, argc > 2 ? argv[2] : JS_UNDEFINED, &arena) : BR_STR_NONE;
        if (c.value.p && take_options(ctx, &arena, argc > 3 ? argv[3] : JS_UNDEFINED, &c) == 0) {
            (void) br_jar_set(
                jar, &url, &c, wall_seconds()); /* of a foreign domain: k6 says nothing either */
            ret = JS_TRUE;
        }
    }
    br_arena_deinit(&arena);
    JS_FreeCString(ctx, text.p);
    return ret;
}

static JSValue jar_clear(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    br_str text;
    br_url url;
    br_jar *jar = begin(ctx, this_val, argc, argv, "clear", &text, &url);
    if (jar) br_jar_remove(jar, &url, BR_STR_NONE, wall_seconds());
    JS_FreeCString(ctx, text.p);
    return jar ? JS_UNDEFINED : JS_EXCEPTION;
}

static JSValue jar_delete(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    br_str text;
    br_url url;
    br_jar *jar = begin(ctx, this_val, argc, argv, "delete", &text, &url);
    br_str name = jar ? br_js_str(ctx, argc > 1 ? argv[1] : JS_UNDEFINED) : BR_STR_NONE;
    JSValue ret = name.p ? JS_UNDEFINED : JS_EXCEPTION;
    if (name.p && name.n == 0) {
        ret = br_js_throw(ctx, "delete() needs the name of a cookie");
    } else if (name.p) {
        br_jar_remove(jar, &url, name, wall_seconds());
    }
    JS_FreeCString(ctx, name.p);
    JS_FreeCString(ctx, text.p);
    return ret;
}

static const JSCFunctionListEntry jar_methods[] = {
    JS_CFUNC_DEF("cookiesForURL", 1, cookies_for_url),
    JS_CFUNC_DEF("set", 3, jar_set),
    JS_CFUNC_DEF("clear", 1, jar_clear),
    JS_CFUNC_DEF("delete", 2, jar_delete),
};

/* Making jars --------------------------------------------------------------------------------------- */

static void finalize(JSRuntime *rt, JSValueConst v)
{
    (void) rt;
    br_jar_unref(JS_GetOpaque(v, jar_class));
}

static const JSClassDef jar_class_def = {.class_name = "CookieJar", .finalizer = finalize};

/* Takes the reference. */
static JSValue make_jar(JSContext *ctx, br_jar *jar)
{
    JSRuntime *rt = JS_GetRuntime(ctx);
    if (!JS_IsRegisteredClass(rt, jar_class)) {
        if (JS_NewClass(rt, jar_class, &jar_class_def) < 0) {
            br_jar_unref(jar);
            return JS_EXCEPTION;
        }
        JSValue proto = JS_NewObject(ctx);
        JS_SetPropertyFunctionList(ctx, proto, jar_methods, BR_COUNT_OF(jar_methods));
        JS_SetClassProto(ctx, jar_class, proto);
    }
    JSValue object = JS_NewObjectClass(ctx, jar_class);
    if (JS_IsException(object))
        br_jar_unref(jar);
    else
        JS_SetOpaque(object, jar);
    return object;
}

JSValue br_js_new_cookie_jar(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val, (void) argc, (void) argv;
    return make_jar(ctx, br_jar_new());
}

JSValue br_js_vu_cookie_jar(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val, (void) argc, (void) argv;
    br_vu *vu = br_vu_of(ctx);
    if (br_vu_in_init(vu))
        return br_js_throw(ctx, "Getting the cookie jar in the init context is not supported");
    return make_jar(ctx, br_jar_ref(vu->jar));
}

/* Requests ------------------------------------------------------------------------------------------ */

/* "value" or {value, replace}. */
static int take_cookie(JSContext *ctx, br_arena *arena, JSValueConst value, br_http_cookie *c)
{
    if (!JS_IsObject(value)) {
        c->value = br_js_str_dup(ctx, value, arena);
        return c->value.p ? 0 : -1;
    }
    JSValue text = JS_GetPropertyStr(ctx, value, "value"), replace = JS_GetPropertyStr(ctx, value, "replace");
    c->value = JS_IsException(text) || JS_IsException(replace) ? BR_STR_NONE
               : JS_IsUndefined(text)                          ? BR_STR("")
                                                               : br_js_str_dup(ctx, text, arena);
    c->replace = JS_ToBool(ctx, replace) == 1;
    JS_FreeValue(ctx, text);
    JS_FreeValue(ctx, replace);
    return c->value.p ? 0 : -1;
}

int br_js_take_cookies(
    JSContext *ctx, JSValueConst object, br_arena *arena, br_http_cookie **ret, size_t *ret_count)
{
    JSPropertyEnum *keys;
    uint32_t n;
    int rc = 0;
    if (!JS_IsObject(object)) return 0;
    if (br_js_keys(ctx, object, &keys, &n) < 0) return -1;
    br_http_cookie *list = br_arena_zalloc(arena, (n + 1) * sizeof(*list));
    for (uint32_t i = 0; i < n && rc == 0; i++) {
        size_t len = 0;
        const char *name = JS_AtomToCStringLen(ctx, &len, keys[i].atom);
        JSValue value = JS_GetProperty(ctx, object, keys[i].atom);
        if (name) list[i].name = br_arena_str(arena, (br_str){name, len});
        rc = !name || JS_IsException(value) ? -1 : take_cookie(ctx, arena, value, &list[i]);
        JS_FreeValue(ctx, value);
        JS_FreeCString(ctx, name);
    }
    JS_FreePropertyEnum(ctx, keys, n);
    *ret = list;
    *ret_count = n;
    return rc;
}

/* Responses ----------------------------------------------------------------------------------------- */

static void set_text(JSContext *ctx, JSValueConst o, const char *name, br_str value)
{
    JS_DefinePropertyValueStr(ctx, o, name, br_js_new_str(ctx, value.p ? value : BR_STR("")), JS_PROP_C_W_E);
}

static JSValue cookie_object(JSContext *ctx, const br_cookie *c)
{
    JSValue o = JS_NewObject(ctx);
    set_text(ctx, o, "name", c->name);
    set_text(ctx, o, "value", c->value);
    set_text(ctx, o, "domain", c->domain);
    set_text(ctx, o, "path", c->path);
    JS_DefinePropertyValueStr(ctx, o, "http_only", JS_NewBool(ctx, c->http_only), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, o, "secure", JS_NewBool(ctx, c->secure), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, o, "max_age", JS_NewInt64(ctx, c->max_age), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, o, "expires",
        c->has_expires ? JS_NewInt64(ctx, c->expires * 1000) : JS_NewFloat64(ctx, NO_EXPIRY_MS),
        JS_PROP_C_W_E);
    return o;
}

JSValue br_js_response_cookies(JSContext *ctx, const br_js_response *r)
{
    JSValue all = JS_NewObject(ctx);
    for (size_t i = 0; r->status && i < r->http.fields.len; i++) {
        br_cookie c;
        if (!br_str_eq_nocase(br_http_field_name(&r->http, i), BR_STR("Set-Cookie")) ||
            br_cookie_parse(br_http_field_value(&r->http, i), &c) != BR_OK)
            continue;
        JSAtom atom = JS_NewAtomLen(ctx, c.name.p, c.name.n);
        JSValue list = JS_GetProperty(ctx, all, atom);
        int64_t n = 0;
        if (!JS_IsArray(list)) {
            JS_FreeValue(ctx, list);
            list = JS_NewArray(ctx);
            JS_DefinePropertyValue(ctx, all, atom, JS_DupValue(ctx, list), JS_PROP_C_W_E);
        }
        (void) JS_GetLength(ctx, list, &n);
        JS_DefinePropertyValueUint32(ctx, list, (uint32_t) n, cookie_object(ctx, &c), JS_PROP_C_W_E);
        JS_FreeValue(ctx, list);
        JS_FreeAtom(ctx, atom);
    }
    return all;
}
