/*
 * Globals that k6 does not have and that scripts bring along or expect from browsers and Node.js: URL,
 * URLSearchParams, structuredClone, atob, btoa, performance, DOMException. Each is made when it is first
 * read. queueMicrotask is QuickJS's own.
 */
#include <ctype.h>
#include "base/clock.h"
#include "script/js.h"

enum { URL, URL_SEARCH_PARAMS, STRUCTURED_CLONE, ATOB, BTOA, PERFORMANCE, DOM_EXCEPTION };
static const char *const names[] = {
    "URL", "URLSearchParams", "structuredClone", "atob", "btoa", "performance", "DOMException"};

/* CommonJS modules that web/build-script.mjs makes. */
extern const char br_script_url[], br_script_structured_clone[];
extern const uint64_t br_script_url_size, br_script_structured_clone_size;

static int define(JSContext *ctx, int which, JSValue value)
{
    JSValue global = JS_GetGlobalObject(ctx);
    int rc = JS_DefinePropertyValueStr(
        ctx, global, names[which], value, JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE);
    JS_FreeValue(ctx, global);
    return rc < 0 ? -1 : 0;
}

static JSValue read_own(JSContext *ctx, int which)
{
    JSValue global = JS_GetGlobalObject(ctx), value = JS_GetPropertyStr(ctx, global, names[which]);
    JS_FreeValue(ctx, global);
    return value;
}

/* QuickJS's own ones can only be put where nothing is. */
static int clear(JSContext *ctx, int which)
{
    JSValue global = JS_GetGlobalObject(ctx);
    JSAtom name = JS_NewAtom(ctx, names[which]);
    int rc = JS_DeleteProperty(ctx, global, name, JS_PROP_THROW);
    JS_FreeAtom(ctx, name);
    JS_FreeValue(ctx, global);
    return rc < 0 ? -1 : 0;
}

/* Still the accessor of the table below? */
static bool is_unmade(JSContext *ctx, int which)
{
    JSValue global = JS_GetGlobalObject(ctx);
    JSAtom name = JS_NewAtom(ctx, names[which]);
    JSPropertyDescriptor d;
    int has = JS_GetOwnProperty(ctx, &d, global, name);
    JS_FreeAtom(ctx, name);
    JS_FreeValue(ctx, global);
    if (has <= 0) return false;
    JS_FreeValue(ctx, d.getter);
    JS_FreeValue(ctx, d.setter);
    JS_FreeValue(ctx, d.value);
    return d.flags & JS_PROP_GETSET;
}

/* The function of a bundle: compiled by the first virtual user that needs it, for all. */
static JSValue bundle_function(JSContext *ctx, int bundle)
{
    static const char *const files[] = {"brunt:url.js", "brunt:structured-clone.js"};
    const br_str sources[] = {
        {br_script_url, br_script_url_size}, {br_script_structured_clone, br_script_structured_clone_size}};
    br_program *p = (br_program *) (uintptr_t) br_vu_of(ctx)->config.program;
    pthread_mutex_lock(&p->shared_lock);
    if (!p->bundles[bundle]) {
        JSValue script = br_js_compile_commonjs(ctx, files[bundle], sources[bundle]);
        if (!JS_IsException(script)) p->bundles[bundle] = br_js_bytecode(ctx, script);
        JS_FreeValue(ctx, script);
    }
    const br_bytecode *code = p->bundles[bundle];
    pthread_mutex_unlock(&p->shared_lock);
    if (!code) return JS_EXCEPTION;
    JSValue script = JS_ReadObject(ctx, code->bytes, code->size, JS_READ_OBJ_BYTECODE);
    return JS_IsException(script) ? script : JS_EvalFunction(ctx, script);
}

static JSValue bundle_exports(JSContext *ctx, int bundle)
{
    JSValue function = bundle_function(ctx, bundle);
    if (JS_IsException(function)) return function;
    JSValue module = JS_NewObject(ctx), exports = JS_NewObject(ctx);
    JS_DefinePropertyValueStr(ctx, module, "exports", exports, JS_PROP_C_W_E);
    JSValueConst arguments[] = {module, exports};
    JSValue result = JS_Call(ctx, function, JS_UNDEFINED, 2, arguments);
    JS_FreeValue(ctx, function);
    exports = JS_IsException(result) ? JS_EXCEPTION : JS_GetPropertyStr(ctx, module, "exports");
    JS_FreeValue(ctx, result);
    JS_FreeValue(ctx, module);
    return exports;
}

/* Defines the bundle's globals that the script did not put something else in place of. */
static int make_bundle(JSContext *ctx, int first, int last)
{
    JSValue exports = bundle_exports(ctx, first == STRUCTURED_CLONE);
    if (JS_IsException(exports)) return -1;
    int rc = 0;
    for (int i = first; i <= last && rc == 0; i++) {
        if (is_unmade(ctx, i)) rc = define(ctx, i, JS_GetPropertyStr(ctx, exports, names[i]));
    }
    JS_FreeValue(ctx, exports);
    return rc;
}

/* The data is when it was made, by the steady clock. */
static JSValue performance_now(
    JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int magic, JSValueConst *data)
{
    (void) this_val, (void) argc, (void) argv, (void) magic;
    int64_t start;
    if (JS_ToInt64(ctx, &start, data[0]) < 0) return JS_EXCEPTION;
    return JS_NewFloat64(ctx, (double) (br_clock_now() - start) / (double) BR_MS);
}

static int make_performance(JSContext *ctx)
{
    JSValue object = JS_NewObject(ctx), start = JS_NewInt64(ctx, br_clock_now());
    JSValue now = JS_NewCFunctionData(ctx, performance_now, 0, 0, 1, (JSValueConst *) &start);
    int rc = JS_DefinePropertyValueStr(ctx, object, "now", now, JS_PROP_C_W_E);
    if (rc >= 0)
        rc = JS_DefinePropertyValueStr(ctx, object, "timeOrigin",
            JS_NewFloat64(ctx, (double) br_clock_wall() / (double) BR_MS), JS_PROP_ENUMERABLE);
    if (rc >= 0) return define(ctx, PERFORMANCE, object);
    JS_FreeValue(ctx, object);
    return -1;
}

/* QuickJS makes both, and DOMException, which they throw. */
static int make_base64(JSContext *ctx)
{
    bool other = is_unmade(ctx, ATOB) && is_unmade(ctx, BTOA);
    JSValue kept = other ? JS_UNDEFINED : read_own(ctx, is_unmade(ctx, ATOB) ? BTOA : ATOB);
    int lost = other ? -1 : is_unmade(ctx, ATOB) ? BTOA : ATOB;
    int rc = clear(ctx, ATOB) < 0 || clear(ctx, BTOA) < 0 || JS_AddIntrinsicAToB(ctx) < 0 ? -1 : 0;
    if (rc == 0 && lost >= 0) return define(ctx, lost, kept);
    JS_FreeValue(ctx, kept);
    return rc;
}

static JSValue get_global(JSContext *ctx, JSValueConst this_val, int which)
{
    (void) this_val;
    int rc = 0;
    switch (which) {
        case URL:
        case URL_SEARCH_PARAMS: rc = make_bundle(ctx, URL, URL_SEARCH_PARAMS); break;
        case STRUCTURED_CLONE: rc = make_bundle(ctx, STRUCTURED_CLONE, STRUCTURED_CLONE); break;
        case PERFORMANCE: rc = make_performance(ctx); break;
        case DOM_EXCEPTION: rc = JS_AddIntrinsicDOMException(ctx); break;
        default: rc = make_base64(ctx);
    }
    return rc < 0 ? JS_EXCEPTION : read_own(ctx, which);
}

/* A script may bring its own. */
static JSValue set_global(JSContext *ctx, JSValueConst this_val, JSValueConst value, int which)
{
    (void) this_val;
    return define(ctx, which, JS_DupValue(ctx, value)) < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

static const JSCFunctionListEntry entries[] = {
    JS_CGETSET_MAGIC_DEF("URL", get_global, set_global, URL),
    JS_CGETSET_MAGIC_DEF("URLSearchParams", get_global, set_global, URL_SEARCH_PARAMS),
    JS_CGETSET_MAGIC_DEF("structuredClone", get_global, set_global, STRUCTURED_CLONE),
    JS_CGETSET_MAGIC_DEF("atob", get_global, set_global, ATOB),
    JS_CGETSET_MAGIC_DEF("btoa", get_global, set_global, BTOA),
    JS_CGETSET_MAGIC_DEF("performance", get_global, set_global, PERFORMANCE),
    JS_CGETSET_MAGIC_DEF("DOMException", get_global, set_global, DOM_EXCEPTION),
};

int br_js_web_init(br_vu *vu, JSValueConst global)
{
    unsigned wanted = vu->discovering ? ~0U : vu->config.program->web_names;
    int rc = 0;
    for (size_t i = 0; i < BR_COUNT_OF(entries) && rc >= 0; i++) {
        if (wanted >> i & 1) rc = JS_SetPropertyFunctionList(vu->ctx, global, &entries[i], 1);
    }
    return rc;
}

static bool in_name(char c)
{
    return isalnum((unsigned char) c) || c == '_' || c == '$';
}

/* `word` stands in the text as a word of its own. */
static bool mentions(br_str text, br_str word)
{
    for (;;) {
        ptrdiff_t at = br_str_find(text, word);
        if (at < 0) return false;
        size_t i = (size_t) at, end = i + word.n;
        if ((i == 0 || !in_name(text.p[i - 1])) && (end == text.n || !in_name(text.p[end]))) return true;
        text = br_str_sub(text, end, text.n);
    }
}

unsigned br_js_web_names(br_str source)
{
    unsigned found = 0;
    for (size_t i = 0; i < BR_COUNT_OF(names); i++) {
        if (mentions(source, br_str_of(names[i]))) found |= 1U << i;
    }
    if (found & 1U << STRUCTURED_CLONE) found |= 1U << DOM_EXCEPTION; /* it throws some */
    return found;
}
