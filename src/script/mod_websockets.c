/*
 * Modules "k6/websockets" and, with a warning, "k6/experimental/websockets": what they export, and what the
 * constructor of WebSocket takes.
 */
#include "base/log.h"
#include "script/ws_int.h"

/* k6 refuses parameters that it does not know. */
static bool check_params(JSContext *ctx, JSValueConst params)
{
    static const char *const known[] = {"headers", "tags", "jar", "compression"};
    JSPropertyEnum *keys;
    uint32_t n;
    if (br_js_nullish(params)) return true;
    if (!JS_IsObject(params)) {
        br_js_throw(ctx, "the parameters of a WebSocket must be an object");
        return false;
    }
    if (br_js_keys(ctx, params, &keys, &n) < 0) return false;
    bool ok = true;
    for (uint32_t i = 0; i < n && ok; i++) {
        const char *name = JS_AtomToCString(ctx, keys[i].atom);
        bool found = false;
        for (size_t k = 0; k < BR_COUNT_OF(known) && name; k++)
            found = found || strcmp(name, known[k]) == 0;
        if (name && !found) br_js_throw(ctx, "unknown option %.100s", name);
        ok = found;
        JS_FreeCString(ctx, name);
    }
    JS_FreePropertyEnum(ctx, keys, n);
    return ok;
}

/* A string, or an array of them -> "a, b" appended to `out`. False: exception. */
static bool put_protocols(JSContext *ctx, JSValueConst v, br_buf *out)
{
    int64_t n = 1;
    if (br_js_nullish(v)) return true;
    bool list = JS_IsArray(v), ok = !list || JS_GetLength(ctx, v, &n) == 0;
    for (int64_t i = 0; i < n && ok; i++) {
        JSValue item = list ? JS_GetPropertyInt64(ctx, v, i) : JS_DupValue(ctx, v);
        br_str text = JS_IsException(item) ? BR_STR_NONE : br_js_str(ctx, item);
        ok = text.p && br_buf_puts(out, i ? ", " : "") == BR_OK && br_buf_put(out, text) == BR_OK;
        if (text.p && !ok) br_js_throw(ctx, "the names of the protocols are too long");
        JS_FreeCString(ctx, text.p);
        JS_FreeValue(ctx, item);
    }
    return ok;
}

/* False: exception. */
static bool check_url(JSContext *ctx, br_str url)
{
    bool ws = url.n > 5 && br_str_eq_nocase(br_str_sub(url, 0, 5), BR_STR("ws://"));
    bool wss = url.n > 6 && br_str_eq_nocase(br_str_sub(url, 0, 6), BR_STR("wss://"));
    br_str shown = br_str_sub(url, 0, 300);
    if (!ws && !wss)
        br_js_throw(
            ctx, "invalid WebSocket URL \"" BR_FMT "\": it must begin with ws:// or wss://", BR_ARG(shown));
    else if (br_str_find_char(url, '#') >= 0)
        br_js_throw(ctx, "invalid WebSocket URL \"" BR_FMT "\": it must have no fragment", BR_ARG(shown));
    else
        return true;
    return false;
}

static JSValue construct_with(JSContext *ctx, br_str url, JSValueConst protocols, JSValueConst params)
{
    br_buf names;
    br_buf_init(&names, 8192);
    JSValue object = JS_EXCEPTION;
    if (check_url(ctx, url) && check_params(ctx, params) && put_protocols(ctx, protocols, &names))
        object = br_js_websocket_new(ctx, url, params, br_buf_view(&names));
    br_buf_deinit(&names);
    return object;
}

static JSValue socket_construct(JSContext *ctx, JSValueConst new_target, int argc, JSValueConst *argv)
{
    (void) new_target;
    br_vu *vu = br_vu_of(ctx);
    if (br_vu_in_init(vu)) return br_js_throw(ctx, "using websockets in the init context is not supported");
    if (!vu->http) return br_js_throw(ctx, "connections cannot be made in handleSummary()");
    if (argc < 1) return br_js_throw(ctx, "WebSocket requires a url");
    br_str url = br_js_str(ctx, argv[0]);
    if (!url.p) return JS_EXCEPTION;
    JSValue ret = construct_with(
        ctx, url, argc > 1 ? argv[1] : JS_UNDEFINED, argc > 2 ? argv[2] : JS_UNDEFINED);
    JS_FreeCString(ctx, url.p);
    return ret;
}

static int extend(JSContext *ctx, JSValueConst object)
{
    JSValue proto = br_js_websocket_proto(ctx);
    if (JS_IsException(proto)) return -1;
    JSValue ctor = JS_NewCFunction2(ctx, socket_construct, "WebSocket", 1, JS_CFUNC_constructor_or_func, 0);
    if (!JS_IsException(ctor)) JS_SetConstructor(ctx, ctor, proto);
    JS_FreeValue(ctx, proto);
    if (JS_DefinePropertyValueStr(ctx, object, "WebSocket", ctor, JS_PROP_C_W_E) < 0) return -1;
    return br_js_blob_define(ctx, object) < 0 ? -1 : 0;
}

/* The first run of init code says it for all. */
static int extend_with_warning(JSContext *ctx, JSValueConst object)
{
    if (br_vu_of(ctx)->discovering) {
        br_warn("k6/experimental/websockets is deprecated: import the same from k6/websockets");
    }
    return extend(ctx, object);
}

static const char *const names[] = {"WebSocket", "Blob", NULL};

const br_js_module br_js_module_websockets = {
    .name = "k6/websockets", .extend = extend, .extra_names = names};
const br_js_module br_js_module_experimental_websockets = {
    .name = "k6/experimental/websockets", .extend = extend_with_warning, .extra_names = names};
