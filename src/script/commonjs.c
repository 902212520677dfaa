/*
 * CommonJS modules and require().
 *
 * A CommonJS file is a C module to QuickJS, so that ES modules can import it. Which names it exports is known
 * only when it has run: before linking, it gets those that others import (JS_AddWantedExports), and they get
 * their values when it has run. Its private value is its bytecode first, then its `module` object.
 */
#include "script/js.h"

static int evaluate_file(JSContext *ctx, JSModuleDef *m);

JSModuleDef *br_js_commonjs_define(JSContext *ctx, const char *url, JSValue bytecode)
{
    JSModuleDef *m = JS_NewCModule(ctx, url, evaluate_file);
    if (m && JS_SetModulePrivateValue(ctx, m, bytecode) == 0) return m;
    if (!m) JS_FreeValue(ctx, bytecode);
    return NULL;
}

bool br_js_is_commonjs(JSContext *ctx, JSModuleDef *m)
{
    JSValue value = JS_GetModulePrivateValue(ctx, m);
    bool is = !JS_IsUndefined(value);
    JS_FreeValue(ctx, value);
    return is;
}

/* What `import NAME from` gives: `default` is module.exports unless that has one. Not a member: undefined. */
static JSValue exported(JSContext *ctx, JSValueConst exports, JSAtom name)
{
    JSValue value = JS_IsObject(exports) ? JS_GetProperty(ctx, exports, name) : JS_UNDEFINED;
    if (!JS_IsUndefined(value)) return value;
    const char *text = JS_AtomToCString(ctx, name);
    if (text && strcmp(text, "default") == 0) value = JS_DupValue(ctx, exports);
    JS_FreeCString(ctx, text);
    return text ? value : JS_EXCEPTION;
}

/* Somebody imported the module's namespace, or re-exports all of it. */
static int publish_keys(JSContext *ctx, JSModuleDef *m, JSValueConst exports, JSValueConst ns)
{
    JSPropertyEnum *keys;
    uint32_t n;
    if (!JS_IsObject(exports) || br_js_keys(ctx, exports, &keys, &n) < 0)
        return JS_IsObject(exports) ? -1 : 0;
    int rc = 0;
    for (uint32_t i = 0; i < n && rc >= 0; i++) {
        JSValue value = JS_GetProperty(ctx, exports, keys[i].atom);
        rc = JS_IsException(value) ? -1
                                   : JS_SetModuleExportLate(ctx, m, keys[i].atom, JS_DupValue(ctx, value));
        if (rc >= 0)
            rc = JS_DefinePropertyValue(ctx, ns, keys[i].atom, JS_DupValue(ctx, value), JS_PROP_C_W_E);
        JS_FreeValue(ctx, value);
    }
    JS_FreePropertyEnum(ctx, keys, n);
    return rc;
}

/* The values of exports as they are now, to those that import them. */
static int publish(JSContext *ctx, JSModuleDef *m, JSValueConst exports)
{
    for (int i = 0; i < JS_CountModuleExports(m); i++) {
        JSAtom name = JS_ModuleExportName(m, i);
        JSValue value = exported(ctx, exports, name);
        if (JS_IsException(value) || JS_SetModuleExportLate(ctx, m, name, value) < 0) return -1;
    }
    JSValueConst ns = JS_ModuleNamespaceOrUndefined(m);
    return JS_IsObject(ns) ? publish_keys(ctx, m, exports, ns) : 0;
}

/* Runs the file. -1: exception; the next one who needs it runs it again. */
static int run(JSContext *ctx, JSModuleDef *m, JSValue bytecode, JSValueConst module)
{
    JSValue function = JS_EvalFunction(
        ctx, JS_DupValue(ctx, bytecode)); /* makes the function, runs nothing */
    JSValue exports = JS_GetPropertyStr(ctx, module, "exports");
    JSValueConst arguments[] = {module, exports};
    JSValue result = JS_IsException(function) ? JS_EXCEPTION : JS_Call(ctx, function, exports, 2, arguments);
    JS_FreeValue(ctx, exports);
    JS_FreeValue(ctx, function);
    JS_FreeValue(ctx, result);
    if (!JS_IsException(result)) {
        JS_FreeValue(ctx, bytecode);
        return 0;
    }
    JS_SetModulePrivateValue(ctx, m, bytecode);
    return -1;
}

JSValue br_js_commonjs_exports(JSContext *ctx, JSModuleDef *m)
{
    JSValue module = JS_GetModulePrivateValue(ctx, m);
    if (JS_IsObject(module)) { /* it ran, or runs: then what it has exported so far */
        JSValue exports = JS_GetPropertyStr(ctx, module, "exports");
        JS_FreeValue(ctx, module);
        return exports;
    }
    JSValue bytecode = module;
    module = JS_NewObject(ctx);
    JS_DefinePropertyValueStr(ctx, module, "exports", JS_NewObject(ctx), JS_PROP_C_W_E);
    JS_SetModulePrivateValue(ctx, m, JS_DupValue(ctx, module));
    JSValue exports = run(ctx, m, bytecode, module) < 0 ? JS_EXCEPTION
                                                        : JS_GetPropertyStr(ctx, module, "exports");
    JS_FreeValue(ctx, module);
    if (!JS_IsException(exports) && JS_IsModuleLinked(m) && publish(ctx, m, exports) < 0) {
        JS_FreeValue(ctx, exports);
        return JS_EXCEPTION;
    }
    return exports;
}

/* As part of the evaluation of ES modules. */
static int evaluate_file(JSContext *ctx, JSModuleDef *m)
{
    JSValue exports = br_js_commonjs_exports(ctx, m);
    int rc = JS_IsException(exports) ? -1 : publish(ctx, m, exports);
    JS_FreeValue(ctx, exports);
    return rc;
}

/* A name that is imported after its module has run: built-in ones do not have it. */
static JSValue late_export(JSContext *ctx, JSModuleDef *m, JSAtom name)
{
    JSValue module = JS_GetModulePrivateValue(ctx, m), value = JS_NULL;
    if (JS_IsObject(module)) {
        JSValue exports = JS_GetPropertyStr(ctx, module, "exports");
        value = exported(ctx, exports, name);
        JS_FreeValue(ctx, exports);
    }
    JS_FreeValue(ctx, module);
    return value;
}

JSValue br_js_evaluate(JSContext *ctx, JSValue module)
{
    if (JS_AddWantedExports(ctx, evaluate_file, late_export) == 0) return JS_EvalFunction(ctx, module);
    JS_FreeValue(ctx, module);
    return JS_EXCEPTION;
}

/* Evaluates a module within the evaluation of others. */
static int evaluate_now(JSContext *ctx, JSModuleDef *m, const char *name)
{
    if (JS_IsModuleEvaluating(m)) {
        br_js_throw(ctx,
            "require(\"%s\"): the module needs one that is just being loaded; use import in one of them",
            name);
        return -1;
    }
    JSValue promise = br_js_evaluate(ctx, JS_ModuleValue(ctx, m));
    if (JS_IsException(promise)) {
        JS_ForgetUnlinkedModules(ctx);
        return -1;
    }
    JSPromiseStateEnum state = JS_PromiseState(ctx, promise);
    if (state == JS_PROMISE_REJECTED) {
        br_vu_rejection_taken(br_vu_of(ctx), promise);
        JS_Throw(ctx, JS_PromiseResult(ctx, promise));
    } else if (state == JS_PROMISE_PENDING) {
        br_js_throw(ctx, "require(\"%s\"): the module uses await at its top level; use import", name);
    }
    JS_FreeValue(ctx, promise);
    return state == JS_PROMISE_FULFILLED ? 0 : -1;
}

static JSValue require_module(JSContext *ctx, const char *name)
{
    JSModuleDef *m = JS_FindModule(ctx, name);
    if (!m) m = br_js_module_load(ctx, name);
    if (!m) {
        JS_ForgetUnlinkedModules(ctx);
        return JS_EXCEPTION;
    }
    if (br_js_module_find(name))
        return evaluate_now(ctx, m, name) < 0 ? JS_EXCEPTION : JS_GetModuleExport(ctx, m, "default");
    if (br_js_is_commonjs(ctx, m)) return br_js_commonjs_exports(ctx, m);
    return evaluate_now(ctx, m, name) < 0 ? JS_EXCEPTION : JS_GetModuleNamespace(ctx, m);
}

/* The module that calls: its innermost frame with a file. JS_FreeCString() frees it; NULL: none. */
static const char *caller(JSContext *ctx)
{
    for (int level = 1; level < 1000; level++) {
        JSAtom atom = JS_GetScriptOrModuleName(ctx, level);
        if (atom == JS_ATOM_NULL) break;
        const char *name = JS_AtomToCString(ctx, atom);
        JS_FreeAtom(ctx, atom);
        if (name && strstr(name, "://")) return name;
        JS_FreeCString(ctx, name);
    }
    return NULL;
}

JSValue br_js_require(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    br_vu *vu = br_vu_of(ctx);
    if (!br_vu_in_init(vu)) {
        return br_js_throw(ctx,
            "the \"require\" function is only available in the init stage (i.e. the global scope), see "
            "https://grafana.com/docs/k6/latest/using-k6/test-lifecycle/ for more information");
    }
    const char *specifier = argc ? JS_ToCString(ctx, argv[0]) : NULL;
    if (argc && !specifier) return JS_EXCEPTION;
    if (!specifier || !*specifier) {
        JS_FreeCString(ctx, specifier);
        return br_js_throw(ctx, "require() can't be used with an empty specifier");
    }
    const char *base = caller(ctx);
    char *name = br_js_resolve(ctx, base ? base : vu->config.program->main.p, specifier);
    JS_FreeCString(ctx, base);
    JS_FreeCString(ctx, specifier);
    JSValue value = name ? require_module(ctx, name) : JS_EXCEPTION;
    js_free(ctx, name);
    return value;
}
