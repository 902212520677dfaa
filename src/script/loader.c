/*
 * Module loading. Names of script modules are URLs (file:///dir/x.js). VU 0 compiles sources and keeps
 * the bytecode in the program; every other VU reads that bytecode.
 */
#include <stdlib.h>
#include "base/file.h"
#include "script/js.h"

char *br_js_join_url(JSContext *ctx, br_str dir, br_str rel)
{
    BR_VEC(br_str) parts = {0};
    br_str sources[2] = {rel.n && rel.p[0] == '/' ? BR_STR("") : dir, rel}, part;
    for (int i = 0; i < 2; i++) {
        br_str rest = sources[i];
        while (rest.p && br_str_cut(&rest, '/', &part)) {
            if (part.n == 0 || br_str_is(part, ".")) continue;
            if (br_str_is(part, "..")) {
                if (parts.len) parts.len--;
                continue;
            }
            *br_vec_push(&parts) = part;
        }
    }
    br_buf out;
    br_buf_init(&out, 1 << 20);
    (void) br_buf_puts(&out, "file://");
    if (parts.len == 0) (void) br_buf_puts(&out, "/");
    for (size_t i = 0; i < parts.len; i++) {
        (void) br_buf_puts(&out, "/");
        (void) br_buf_put(&out, parts.data[i]);
    }
    br_vec_deinit(&parts);
    char *name = js_strndup(ctx, out.data, out.len);
    br_buf_deinit(&out);
    return name;
}

static br_str dir_of(br_str url)
{
    if (br_str_starts(url, BR_STR("file://"))) url = br_str_sub(url, 7, url.n);
    const char *slash = url.n ? memrchr(url.p, '/', url.n) : NULL;
    return slash ? (br_str){url.p, (size_t) (slash - url.p)} : BR_STR("");
}

static char *normalize(JSContext *ctx, const char *base, const char *name, void *opaque)
{
    (void) opaque;
    br_str n = br_str_of(name);
    if (br_js_module_find(name) || br_js_module_unsupported(name)) return js_strdup(ctx, name);
    if (br_str_starts(n, BR_STR("file://"))) return br_js_join_url(ctx, BR_STR(""), br_str_sub(n, 7, n.n));
    if (br_str_starts(n, BR_STR("./")) || br_str_starts(n, BR_STR("../")) || br_str_starts(n, BR_STR("/"))) {
        return br_js_join_url(ctx, dir_of(br_str_of(base)), n);
    }
    if (br_str_starts(n, BR_STR("https://")) || br_str_starts(n, BR_STR("http://"))) {
        br_js_throw(ctx,
            "importing \"%s\": modules from the network are not supported yet; download it and import the file",
            name);
        return NULL;
    }
    br_js_throw(ctx, "The moduleSpecifier \"%s\" couldn't be recognised as something k6 supports.", name);
    return NULL;
}

/* The text of a module; BR_EEXCEPTION with an exception pending. */
static br_code read_source(br_vu *vu, const char *url, br_buf *ret)
{
    const br_program *p = vu->config.program;
    if (p->input.p && br_str_is(p->main, url)) return br_buf_put(ret, p->input);
    br_err err = {0};
    br_code code = br_file_read(url + 7, ret, &err);
    if (code == BR_OK) return BR_OK;
    if (code == BR_ENOTFOUND) {
        br_js_throw(
            vu->ctx, "The moduleSpecifier \"%s\" couldn't be found on local disk. " BR_MODULE_HINT, url);
    } else {
        br_js_throw(vu->ctx, "cannot load \"%s\": %s", url, err.msg);
    }
    return BR_EEXCEPTION;
}

/* Compiles one source file to a module and keeps its bytecode. */
static JSValue compile_file(br_vu *vu, const char *url)
{
    br_buf source;
    br_buf_init(&source, BR_SCRIPT_MAX_BYTES);
    JSValue module = JS_EXCEPTION;
    if (read_source(vu, url, &source) == BR_OK) {
        (void) br_buf_puts(&source, ""); /* a NUL behind the end, which the parser relies on */
        module = JS_Eval(vu->ctx, source.data ? source.data : "", source.len, url,
            JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    }
    bool uses_meta = source.len && br_str_find(br_buf_view(&source), BR_STR("import.meta")) >= 0;
    br_buf_deinit(&source);
    if (JS_IsException(module)) return module;
    br_bytecode *code = BR_NEW(br_bytecode);
    uint8_t *bytes = JS_WriteObject(
        vu->ctx, &code->size, module, JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE);
    if (!bytes) {
        br_free(code);
        JS_FreeValue(vu->ctx, module);
        return JS_EXCEPTION;
    }
    code->uses_meta = uses_meta;
    code->bytes = br_malloc(code->size);
    memcpy(code->bytes, bytes, code->size);
    js_free(vu->ctx, bytes);
    br_map_set(&vu->discovering->modules, br_str_of(url), code);
    return module;
}

/* import.meta.resolve(specifier): the URL that an import of it would load; the module's own URL is its bound
 * value. */
static JSValue meta_resolve(
    JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int magic, JSValueConst *data)
{
    (void) this_val, (void) magic;
    const char *base = JS_ToCString(ctx, data[0]), *name = argc ? JS_ToCString(ctx, argv[0]) : NULL;
    char *url = NULL;
    if (base && name)
        url = normalize(ctx, base, name, NULL);
    else if (!argc)
        br_js_throw(ctx, "import.meta.resolve() needs a specifier");
    JSValue ret = url ? JS_NewString(ctx, url) : JS_EXCEPTION;
    js_free(ctx, url);
    JS_FreeCString(ctx, name);
    JS_FreeCString(ctx, base);
    return ret;
}

static JSValue add_meta(JSContext *ctx, JSValue module, const char *url)
{
    JSValue meta = JS_IsException(module) ? JS_EXCEPTION : JS_GetImportMeta(ctx, JS_VALUE_GET_PTR(module));
    if (JS_IsException(meta)) return module;
    JSValue base = JS_NewString(ctx, url);
    JS_DefinePropertyValueStr(ctx, meta, "resolve",
        JS_NewCFunctionData(ctx, meta_resolve, 1, 0, 1, (JSValueConst *) &base), JS_PROP_C_W_E);
    JS_FreeValue(ctx, base);
    JS_FreeValue(ctx, meta);
    return module;
}

static JSValue module_value(br_vu *vu, const char *url)
{
    const br_bytecode *code = br_map_get(&vu->config.program->modules, br_str_of(url));
    JSValue module = JS_UNDEFINED;
    if (code) {
        module = JS_ReadObject(vu->ctx, code->bytes, code->size, JS_READ_OBJ_BYTECODE);
    } else if (vu->discovering) {
        module = compile_file(vu, url);
        code = br_map_get(&vu->config.program->modules, br_str_of(url));
    }
    if (!JS_IsUndefined(module)) return code && code->uses_meta ? add_meta(vu->ctx, module, url) : module;
    return br_js_throw(vu->ctx, "the module \"%s\" was not loaded when the script was first run", url);
}

static JSModuleDef *load(JSContext *ctx, const char *name, void *opaque)
{
    br_vu *vu = opaque;
    const br_js_module *builtin = br_js_module_find(name);
    if (builtin) return br_js_module_define(ctx, builtin);
    const char *why = br_js_module_unsupported(name);
    if (why) {
        br_js_throw(ctx, "\"%s\" %s", name, why);
        return NULL;
    }
    JSValue module = module_value(vu, name);
    if (JS_IsException(module)) return NULL;
    JSModuleDef *def = JS_VALUE_GET_PTR(module);
    /* The module is referenced by the runtime's list of modules from here on. */
    JS_FreeValue(ctx, module);
    return def;
}

void br_js_loader_init(br_vu *vu)
{
    JS_SetModuleLoaderFunc(vu->rt, normalize, load, vu);
}

static br_code fail_with_exception(br_vu *vu, br_code kind, br_err *err)
{
    if (vu->cancelled) { /* test.abort() in init code */
        JS_FreeValue(vu->ctx, JS_GetException(vu->ctx));
        return br_fail(err, BR_EABORT, "%s", vu->abort_text);
    }
    br_buf text;
    br_buf_init(&text, 1 << 20);
    br_code code = kind;
    if (kind == BR_ESYNTAX)
        br_js_take_load_error(vu->ctx, &text);
    else
        code = br_js_take_exception(vu->ctx, &text);
    (void) br_fail(
        err, code, BR_FMT, (int) (text.len < 1000 ? text.len : 1000), text.data ? text.data : "interrupted");
    br_buf_deinit(&text);
    return code;
}

/* Runs jobs and timers until nothing is left; the module's evaluation (a promise) should be settled then. */
static br_code finish_evaluation(br_vu *vu, JSValueConst promise, br_err *err)
{
    JSContext *job_ctx;
    int rc;
    do {
        while ((rc = JS_ExecutePendingJob(vu->rt, &job_ctx)) > 0)
            continue;
        br_code event = rc < 0 || JS_PromiseState(vu->ctx, promise) == JS_PROMISE_REJECTED
                            ? BR_EOF
                            : br_vu_events_turn(vu);
        if (event == BR_EEXCEPTION)
            rc = -1;
        else if (event == BR_OK)
            rc = 1;
    } while (rc > 0);
    if (rc < 0) return fail_with_exception(vu, BR_EEXCEPTION, err);
    if (!JS_IsPromise(promise)) return BR_OK;
    JSPromiseStateEnum state = JS_PromiseState(vu->ctx, promise);
    if (state == JS_PROMISE_FULFILLED)
        return br_vu_throw_rejection(vu) ? fail_with_exception(vu, BR_EEXCEPTION, err) : BR_OK;
    if (state == JS_PROMISE_PENDING) {
        return br_fail(err, BR_EEXCEPTION, "the init code awaits something that never happens");
    }
    JS_Throw(vu->ctx, JS_PromiseResult(vu->ctx, promise));
    return fail_with_exception(vu, BR_EEXCEPTION, err);
}

br_code br_js_load_main(br_vu *vu, br_err *err)
{
    JSContext *ctx = vu->ctx;
    char *url = br_strndup(vu->config.program->main.p, vu->config.program->main.n);
    JSValue module = module_value(vu, url);
    br_free(url);
    if (JS_IsException(module)) return fail_with_exception(vu, BR_ESYNTAX, err);
    if (JS_ResolveModule(ctx, module) < 0) {
        JS_FreeValue(ctx, module);
        return fail_with_exception(vu, BR_ESYNTAX, err);
    }
    JSModuleDef *def = JS_VALUE_GET_PTR(module);
    JSValue promise = JS_EvalFunction(ctx, module); /* takes the module */
    if (JS_IsException(promise)) return fail_with_exception(vu, BR_EEXCEPTION, err);
    br_code code = finish_evaluation(vu, promise, err);
    JS_FreeValue(ctx, promise);
    if (code != BR_OK) return code;
    vu->main_ns = JS_GetModuleNamespace(ctx, def);
    return JS_IsException(vu->main_ns) ? fail_with_exception(vu, BR_EEXCEPTION, err) : BR_OK;
}
