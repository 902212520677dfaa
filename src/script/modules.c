/* The list of built-in modules, and how one becomes a JavaScript module. */
#include "script/js.h"

static const br_js_module *const modules[] = {
    &br_js_module_k6,
    &br_js_module_http,
    &br_js_module_metrics,
    &br_js_module_execution,
    &br_js_module_timers,
    &br_js_module_data,
    &br_js_module_encoding,
    &br_js_module_crypto,
    &br_js_module_html,
    &br_js_module_x509,
    &br_js_module_secrets,
    &br_js_module_fs,
    &br_js_module_csv,
    &br_js_module_streams,
    &br_js_module_ws,
    &br_js_module_websockets,
    &br_js_module_experimental_websockets,
};

/* Names that k6 knows and this version does not: the message tells the user at import. */
static const char *const unsupported[] = {"k6/browser", "k6/net/grpc"};

/* Those that k6 has had, and what to use in their place. */
static const struct {
    const char *name, *remedy;
} removed[] = {
    {"k6/experimental/browser", "was removed from k6: use k6/browser"},
    {"k6/experimental/grpc", "was removed from k6: use k6/net/grpc"},
    {"k6/experimental/redis", "was removed from k6: it is the extension k6/x/redis now"},
    {"k6/experimental/timers", "was removed from k6: use k6/timers, or the globals of the same names"},
    {"k6/experimental/tracing",
        "was removed from k6: use https://jslib.k6.io/http-instrumentation-tempo/1.0.0/index.js"},
    {"k6/experimental/webcrypto", "was removed from k6: use the global crypto"},
};

const br_js_module *br_js_module_find(const char *name)
{
    for (size_t i = 0; i < BR_COUNT_OF(modules); i++) {
        if (strcmp(modules[i]->name, name) == 0) return modules[i];
    }
    return NULL;
}

bool br_js_module_has_function(br_str name)
{
    for (size_t i = 0; i < BR_COUNT_OF(modules); i++) {
        for (int k = 0; k < modules[i]->entry_count; k++) {
            if (br_str_is(name, modules[i]->entries[k].name)) return true;
        }
    }
    return false;
}

const char *br_js_module_unsupported(const char *name)
{
    for (size_t i = 0; i < BR_COUNT_OF(unsupported); i++) {
        if (strcmp(unsupported[i], name) == 0) return "is a k6 module that brunt does not support yet";
    }
    for (size_t i = 0; i < BR_COUNT_OF(removed); i++) {
        if (strcmp(removed[i].name, name) == 0) return removed[i].remedy;
    }
    if (strncmp(name, "k6/x/", 5) == 0) return "is a k6 extension: brunt has no extensions";
    if (strcmp(name, "k6") == 0 || strncmp(name, "k6/", 3) == 0) return "is not a module of k6";
    return NULL;
}

/* Names that a script imports and that do not exist: k6 binds them to null. */
static JSValue own_or_null(JSContext *ctx, JSValueConst object, JSAtom name)
{
    int has = JS_GetOwnProperty(ctx, NULL, object, name);
    return has > 0 ? JS_GetProperty(ctx, object, name) : has < 0 ? JS_EXCEPTION : JS_NULL;
}

/* What a constructor makes is a plain object, as in k6: `instanceof` says false, and needs a prototype for
 * it. */
static int add_prototype(JSContext *ctx, JSValueConst object, JSAtom name)
{
    JSValue value = JS_GetProperty(ctx, object, name);
    if (JS_IsException(value)) return -1;
    JSValue proto = JS_IsConstructor(ctx, value) ? JS_NewObject(ctx) : JS_UNDEFINED;
    int rc = JS_IsException(proto) ? -1 : 0;
    if (JS_IsObject(proto)) JS_SetConstructor(ctx, value, proto);
    JS_FreeValue(ctx, proto);
    JS_FreeValue(ctx, value);
    return rc;
}

/* Scripts copy modules ({...http}) and list what they have. */
static int finish_entries(JSContext *ctx, JSValueConst object, const br_js_module *module)
{
    int rc = 0;
    for (int i = 0; i < module->entry_count && rc >= 0; i++) {
        JSAtom name = JS_NewAtom(ctx, module->entries[i].name);
        rc = JS_DefineProperty(ctx, object, name, JS_UNDEFINED, JS_UNDEFINED, JS_UNDEFINED,
            JS_PROP_HAS_ENUMERABLE | JS_PROP_ENUMERABLE | JS_PROP_THROW);
        if (rc >= 0 && module->entries[i].def_type == JS_DEF_CFUNC) rc = add_prototype(ctx, object, name);
        JS_FreeAtom(ctx, name);
    }
    return rc;
}

/* Runs when the module is instantiated: one object, exported as default and by its names. */
static int module_init(JSContext *ctx, JSModuleDef *m)
{
    JSAtom atom = JS_GetModuleName(ctx, m);
    const char *name = JS_AtomToCStringLen(ctx, NULL, atom);
    JS_FreeAtom(ctx, atom);
    const br_js_module *module = name ? br_js_module_find(name) : NULL;
    JS_FreeCString(ctx, name);
    if (!module) return -1;
    JSValue object = JS_NewObject(ctx);
    if ((module->entry_count &&
            JS_SetPropertyFunctionList(ctx, object, module->entries, module->entry_count) < 0) ||
        finish_entries(ctx, object, module) < 0 || (module->extend && module->extend(ctx, object) < 0)) {
        JS_FreeValue(ctx, object);
        return -1;
    }
    bool named = module->entry_count || module->extra_names; /* else there is a default export only */
    JSAtom default_name = JS_NewAtom(ctx, "default");
    int rc = JS_SetModuleExportLate(ctx, m, default_name, JS_DupValue(ctx, object));
    for (int i = 0; i < JS_CountModuleExports(m) && rc >= 0; i++) {
        JSAtom wanted = JS_ModuleExportName(m, i);
        if (wanted == default_name) continue;
        rc = JS_SetModuleExportLate(ctx, m, wanted, named ? own_or_null(ctx, object, wanted) : JS_NULL);
    }
    JS_FreeAtom(ctx, default_name);
    JS_FreeValue(ctx, object);
    return rc;
}

JSModuleDef *br_js_module_define(JSContext *ctx, const br_js_module *module)
{
    JSModuleDef *m = JS_NewCModule(ctx, module->name, module_init);
    if (!m) return NULL;
    for (int i = 0; i < module->entry_count; i++)
        JS_AddModuleExport(ctx, m, module->entries[i].name);
    for (const char *const *n = module->extra_names; n && *n; n++)
        JS_AddModuleExport(ctx, m, *n);
    JS_AddModuleExport(ctx, m, "default");
    JS_HideDefaultExport(m);
    return m;
}
