/*
 * Module loading. Names of script modules are URLs (file:///dir/x.js). VU 0 compiles sources and keeps
 * the bytecode in the program; every other VU reads that bytecode.
 */
#include <ctype.h>
#include <stdlib.h>
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

static bool is_remote(br_str url)
{
    return br_str_starts(url, BR_STR("https://"));
}

/* What a path means in a module from the network. */
static char *resolve_remote(JSContext *ctx, const char *base, br_str name)
{
    br_url url;
    br_err err = {0};
    br_buf out;
    br_buf_init(&out, BR_URL_MAX_BYTES);
    bool relative;
    br_code code = br_url_parse(br_str_of(base), &url, &err);
    if (code == BR_OK) code = br_url_resolve(&url, name, &out, &relative, &err);
    char *ret = code == BR_OK ? js_strndup(ctx, out.data, out.len) : NULL;
    if (code != BR_OK)
        br_js_throw(ctx, "importing \"" BR_FMT "\" from \"%s\": %s", BR_ARG(name), base, err.msg);
    br_buf_deinit(&out);
    return ret;
}

static char *resolve_file(JSContext *ctx, const char *base, br_str name)
{
    if (!is_remote(br_str_of(base))) return br_js_join_url(ctx, BR_STR(""), br_str_sub(name, 7, name.n));
    br_js_throw(ctx, "origin (%s) not allowed to load local file: " BR_FMT, base, BR_ARG(name));
    return NULL;
}

char *br_js_resolve(JSContext *ctx, const char *base, const char *name)
{
    br_str n = br_str_of(name);
    if (br_js_module_find(name) || br_js_module_unsupported(name)) return js_strdup(ctx, name);
    if (br_str_starts(n, BR_STR("file://"))) return resolve_file(ctx, base, n);
    if (br_str_starts(n, BR_STR("./")) || br_str_starts(n, BR_STR("../")) || br_str_starts(n, BR_STR("/"))) {
        return is_remote(br_str_of(base)) ? resolve_remote(ctx, base, n)
                                          : br_js_join_url(ctx, dir_of(br_str_of(base)), n);
    }
    if (is_remote(n)) return js_strdup(ctx, name);
    ptrdiff_t scheme = br_str_find(n, BR_STR("://"));
    if (scheme > 0) {
        br_js_throw(ctx, "only supported schemes for imports are file and https, \"%s\" has \"%.*s\"", name,
            (int) scheme, name);
        return NULL;
    }
    br_js_throw(ctx, "The moduleSpecifier \"%s\" couldn't be recognised as something k6 supports.", name);
    return NULL;
}

static char *normalize(JSContext *ctx, const char *base, const char *name, void *opaque)
{
    br_vu *vu = opaque;
    char *url = NULL;
    if (vu->resolving)
        url = br_js_resolve(ctx, base, name);
    else
        br_js_throw(ctx, "dynamic modules not enabled in the host program"); /* import() */
    if (!url) vu->import_failed = true;
    return url;
}

/* The text of a module; BR_EEXCEPTION with an exception pending. */
static br_code read_source(br_vu *vu, const char *url, br_buf *ret)
{
    const br_program *p = vu->config.program;
    if (p->input.p && br_str_is(p->main, url)) return br_buf_put(ret, p->input);
    br_err err = {0};
    bool remote = is_remote(br_str_of(url));
    br_code code = br_program_read(vu->discovering, url, ret, &err);
    if (code == BR_OK) return BR_OK;
    if (remote || p->archived) {
        br_js_throw(vu->ctx, "%s", err.msg);
    } else if (code == BR_ENOTFOUND) {
        br_js_throw(
            vu->ctx, "The moduleSpecifier \"%s\" couldn't be found on local disk. " BR_MODULE_HINT, url);
    } else {
        br_js_throw(vu->ctx, "cannot load \"%s\": %s", url, err.msg);
    }
    return BR_EEXCEPTION;
}

/* Where the parser stopped: line * 2^32 + column; 0: it is no syntax error. */
static uint64_t error_place(JSContext *ctx, JSValueConst error)
{
    JSValue stack = JS_IsError(error) ? JS_GetProperty(ctx, error, br_vu_of(ctx)->atoms[BR_ATOM_stack])
                                      : JS_UNDEFINED;
    br_str text = JS_IsString(stack) ? br_js_str(ctx, stack) : BR_STR_NONE, rest = text, line;
    uint64_t place = 0;
    if (rest.p && br_str_cut(&rest, '\n', &line)) {
        const char *column = memrchr(line.p, ':', line.n);
        const char *row = column ? memrchr(line.p, ':', (size_t) (column - line.p)) : NULL;
        if (row) place = strtoull(row + 1, NULL, 10) << 32 | strtoul(column + 1, NULL, 10);
    }
    JS_FreeCString(ctx, text.p);
    JS_FreeValue(ctx, stack);
    return place;
}

/* The body of function(module, exports); lines and columns are those of the file. */
JSValue br_js_compile_commonjs(JSContext *ctx, const char *url, br_str source)
{
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    (void) br_buf_puts(&text, "(function(module, exports) {\n");
    if (br_str_starts(source, BR_STR("#!"))) {
        (void) br_buf_puts(&text, "//");
        source = br_str_sub(source, 2, source.n);
    }
    (void) br_buf_put(&text, source);
    (void) br_buf_puts(&text, "\n})");
    JSValue script = JS_CompileScript(ctx, text.data, text.len, url, 0);
    br_buf_deinit(&text);
    return script;
}

/* `script`; if that is an exception, it stays pending or gives way to `error` (taken): the later one tells
 * more. */
static JSValue later_error(JSContext *ctx, JSValue error, JSValue script)
{
    if (JS_IsException(script)) {
        JSValue other = JS_GetException(ctx);
        uint64_t place = error_place(ctx, error); /* 0: a regular expression, which has no place */
        bool later = place && error_place(ctx, other) > place;
        JS_Throw(ctx, later ? other : error);
        error = later ? error : other;
    }
    JS_FreeValue(ctx, error);
    return script;
}

/* k6 takes types from files named so and from standard input, when they are no JavaScript. */
static bool may_have_types(const br_vu *vu, br_str url)
{
    const br_program *p = vu->config.program;
    ptrdiff_t query = br_str_find(url, BR_STR("?"));
    if (query >= 0 && !br_str_starts(url, BR_STR("file://"))) url.n = (size_t) query;
    return br_str_ends(url, BR_STR(".ts")) || (p->input.p && br_str_eq(url, p->main));
}

static JSValue compile_text(br_vu *vu, const char *url, br_str source, bool types, bool *ret_commonjs);

static JSValue compile_typescript(br_vu *vu, const char *url, br_str source, bool *ret_commonjs)
{
    br_program *p = vu->discovering;
    if (!p->typescript) p->typescript = br_typescript_new();
    br_buf text;
    br_buf_init(&text, 2 * BR_SCRIPT_MAX_BYTES);
    br_err err = {0};
    JSValue value = JS_EXCEPTION;
    if (br_typescript_strip(p->typescript, source, &text, &err) == BR_OK) {
        (void) br_buf_puts(&text, "");
        value = compile_text(vu, url, (br_str){text.data ? text.data : "", text.len}, false, ret_commonjs);
    } else {
        br_js_throw(vu->ctx, "%s: %s", url, err.msg);
    }
    br_buf_deinit(&text);
    return value;
}

/* An ES module if it can be one and has imports or exports; else CommonJS. */
static JSValue compile_text(br_vu *vu, const char *url, br_str source, bool types, bool *ret_commonjs)
{
    JSContext *ctx = vu->ctx;
    *ret_commonjs = vu->import_failed = false;
    vu->resolving++;
    JSValue module = JS_Eval(ctx, source.p, source.n, url, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    vu->resolving--;
    if (JS_IsException(module) && (vu->import_failed || vu->cancelled)) return module;
    if (!JS_IsException(module) && !JS_IsPlainModule(module)) return module;
    JSValue error = JS_IsException(module) ? JS_GetException(ctx) : JS_UNDEFINED;
    if (JS_IsException(module) && types) {
        JS_FreeValue(ctx, error);
        return compile_typescript(vu, url, source, ret_commonjs);
    }
    JSValue script = br_js_compile_commonjs(ctx, url, source);
    *ret_commonjs = !JS_IsException(script);
    if (JS_IsException(module)) return later_error(ctx, error, script);
    if (JS_IsException(script)) { /* `export {}` leaves no other trace in the module */
        JS_FreeValue(ctx, JS_GetException(ctx));
        return module;
    }
    JS_ForgetModule(ctx, module);
    return script;
}

br_bytecode *br_js_bytecode(JSContext *ctx, JSValueConst value)
{
    size_t size;
    uint8_t *bytes = JS_WriteObject(ctx, &size, value, JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE);
    if (!bytes) return NULL;
    br_bytecode *code = BR_NEW(br_bytecode);
    code->size = size;
    code->bytes = br_malloc(size);
    memcpy(code->bytes, bytes, size);
    js_free(ctx, bytes);
    return code;
}

/* `typeof module` or `typeof exports` stands in the text. */
static bool asks_for_commonjs(br_str text)
{
    for (;;) {
        ptrdiff_t at = br_str_find(text, BR_STR("typeof"));
        if (at < 0) return false;
        text = br_str_sub(text, (size_t) at + sizeof("typeof") - 1, text.n);
        br_str name = br_str_trim(text);
        size_t n = br_str_starts(name, BR_STR("module")) ? 6 : br_str_starts(name, BR_STR("exports")) ? 7 : 0;
        bool longer = n < name.n &&
                      (isalnum((unsigned char) name.p[n]) || name.p[n] == '_' || name.p[n] == '$');
        if (n && !longer) return true;
    }
}

/* Compiles one source file and keeps its bytecode. */
static JSValue compile_file(br_vu *vu, const char *url)
{
    br_buf source;
    br_buf_init(&source, BR_SCRIPT_MAX_BYTES);
    JSValue value = JS_EXCEPTION;
    bool commonjs = false, uses_meta = false;
    if (read_source(vu, url, &source) == BR_OK) {
        (void) br_buf_puts(&source, ""); /* a NUL behind the end, which the parser relies on */
        br_str text = {source.data ? source.data : "", source.len};
        br_program_keep_source(vu->discovering, url, text);
        value = compile_text(vu, url, text, may_have_types(vu, br_str_of(url)), &commonjs);
        uses_meta = br_str_find(text, BR_STR("import.meta")) >= 0;
        vu->discovering->web_names |= br_js_web_names(text);
        if (!commonjs && asks_for_commonjs(text)) vu->discovering->asks_for_commonjs = true;
        if (!JS_IsException(value) && !may_have_types(vu, br_str_of(url)))
            br_js_note_source_map(vu, url, text);
    }
    br_buf_deinit(&source);
    if (JS_IsException(value)) return value;
    br_bytecode *code = br_js_bytecode(vu->ctx, value);
    if (!code) {
        JS_FreeValue(vu->ctx, value);
        return JS_EXCEPTION;
    }
    code->uses_meta = uses_meta && !commonjs;
    code->commonjs = commonjs;
    br_map_set(&vu->discovering->modules, br_str_of(url), code);
    return value;
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
        url = br_js_resolve(ctx, base, name);
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

/* The module, or the function of a CommonJS file. */
static JSValue read_code(br_vu *vu, const char *url, bool *ret_commonjs)
{
    const br_map *modules = &vu->config.program->modules;
    const br_bytecode *code = br_map_get(modules, br_str_of(url));
    JSValue value = JS_UNDEFINED;
    if (code) {
        vu->resolving++;
        value = JS_ReadObject(vu->ctx, code->bytes, code->size, JS_READ_OBJ_BYTECODE);
        vu->resolving--;
    } else if (vu->discovering) {
        value = compile_file(vu, url);
        code = br_map_get(modules, br_str_of(url));
    }
    *ret_commonjs = code && code->commonjs;
    if (!JS_IsUndefined(value)) return code && code->uses_meta ? add_meta(vu->ctx, value, url) : value;
    return br_js_throw(
        vu->ctx, "the module \"%s\" was not previously resolved during initialization (__VU==0)", url);
}

/* Does not read what it imports. */
static JSModuleDef *load_one(br_vu *vu, const char *name)
{
    JSContext *ctx = vu->ctx;
    const br_js_module *builtin = br_js_module_find(name);
    if (builtin) return br_js_module_define(ctx, builtin);
    const char *why = br_js_module_unsupported(name);
    if (why) {
        br_js_throw(ctx, "\"%s\" %s", name, why);
        return NULL;
    }
    bool commonjs;
    JSValue value = read_code(vu, name, &commonjs);
    if (JS_IsException(value)) return NULL;
    if (commonjs) return br_js_commonjs_define(ctx, name, value);
    JSModuleDef *def = JS_VALUE_GET_PTR(value);
    /* The module is referenced by the runtime's list of modules from here on. */
    JS_FreeValue(ctx, value);
    return def;
}

static JSModuleDef *load(JSContext *ctx, const char *name, void *opaque)
{
    (void) ctx;
    br_vu *vu = opaque;
    JSModuleDef *def = load_one(vu, name);
    if (!def) vu->import_failed = true;
    return def;
}

JSModuleDef *br_js_module_load(JSContext *ctx, const char *name)
{
    br_vu *vu = br_vu_of(ctx);
    JSModuleDef *def = load_one(vu, name);
    if (!def) return NULL;
    JSValue module = JS_ModuleValue(ctx, def);
    vu->resolving++;
    int rc = JS_ResolveModule(ctx, module);
    vu->resolving--;
    JS_FreeValue(ctx, module);
    return rc < 0 ? NULL : def;
}

void br_js_loader_init(br_vu *vu)
{
    JS_SetModuleLoaderFunc(vu->rt, normalize, load, vu);
}

static br_code fail_with_exception(br_vu *vu, br_code kind, br_err *err)
{
    if (vu->cancelled || br_vu_init_stopped(vu)) { /* the latter: while a module was fetched */
        JS_FreeValue(vu->ctx, JS_GetException(vu->ctx));
        return br_vu_fail_interrupted(vu, err);
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
        while ((rc = JS_ExecutePendingJob(vu->rt, &job_ctx)) > 0 && !vu->cancelled)
            continue;
        br_code event = rc < 0 || JS_PromiseState(vu->ctx, promise) == JS_PROMISE_REJECTED
                            ? BR_EOF
                            : br_vu_events_turn(vu);
        if (event == BR_EEXCEPTION)
            rc = -1;
        else if (event == BR_OK)
            rc = 1;
    } while (rc > 0 && !vu->cancelled);
    if (rc < 0 || vu->cancelled) return fail_with_exception(vu, BR_EEXCEPTION, err);
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

/* The exports of a CommonJS script are the members of module.exports, if that is an object. */
static br_code run_commonjs(br_vu *vu, JSModuleDef *def, br_err *err)
{
    JSValue exports = br_js_commonjs_exports(vu->ctx, def);
    if (JS_IsException(exports)) return fail_with_exception(vu, BR_EEXCEPTION, err);
    br_code code = finish_evaluation(vu, JS_UNDEFINED, err);
    vu->main_ns = JS_IsObject(exports) ? JS_DupValue(vu->ctx, exports) : JS_NewObject(vu->ctx);
    JS_FreeValue(vu->ctx, exports);
    return code;
}

br_code br_js_load_main(br_vu *vu, br_err *err)
{
    JSContext *ctx = vu->ctx;
    JSModuleDef *def = br_js_module_load(ctx, vu->config.program->main.p);
    if (!def) return fail_with_exception(vu, BR_ESYNTAX, err);
    if (br_js_is_commonjs(ctx, def)) return run_commonjs(vu, def, err);
    JSValue promise = br_js_evaluate(ctx, JS_ModuleValue(ctx, def));
    if (JS_IsException(promise)) return fail_with_exception(vu, BR_EEXCEPTION, err);
    br_code code = finish_evaluation(vu, promise, err);
    JS_FreeValue(ctx, promise);
    if (code != BR_OK) return code;
    vu->main_ns = JS_GetModuleNamespace(ctx, def);
    return JS_IsException(vu->main_ns) ? fail_with_exception(vu, BR_EEXCEPTION, err) : BR_OK;
}
