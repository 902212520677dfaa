/* Globals of a virtual user: console, __ENV, __VU, __ITER, open(), GoError, global. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include "base/log.h"
#include "script/js.h"

static JSValue go_error(JSContext *ctx, JSValueConst new_target, int argc, JSValueConst *argv)
{
    (void) new_target;
    br_str text = argc > 0 ? br_js_str(ctx, argv[0]) : BR_STR("");
    if (!text.p) return JS_EXCEPTION;
    br_js_throw_str(ctx, text);
    if (argc > 0) JS_FreeCString(ctx, text.p);
    return JS_GetException(ctx);
}

static int define_go_error(br_vu *vu, JSValueConst global)
{
    JSContext *ctx = vu->ctx;
    JSValue error_ctor = JS_GetPropertyStr(ctx, global, "Error");
    JSValue error_proto = JS_GetProperty(ctx, error_ctor, vu->atoms[BR_ATOM_prototype]);
    JSValue proto = JS_NewObjectProto(ctx, error_proto);
    vu->go_error_ctor = JS_NewCFunction2(ctx, go_error, "GoError", 1, JS_CFUNC_constructor_or_func, 0);
    JS_SetConstructor(ctx, vu->go_error_ctor, proto);
    JS_DefinePropertyValue(ctx, proto, vu->atoms[BR_ATOM_name], JS_NewString(ctx, "GoError"),
        JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE);
    JS_FreeValue(ctx, proto);
    JS_FreeValue(ctx, error_proto);
    JS_FreeValue(ctx, error_ctor);
    return JS_DefinePropertyValueStr(
        ctx, global, "GoError", JS_DupValue(ctx, vu->go_error_ctor), JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE);
}

/* Folder of the module whose top-level code is running: the outermost frame, as k6 resolves open().
 * *ret_inner is the file that the call is written in; p == NULL: not known. */
static br_str open_base(JSContext *ctx, br_arena *arena, br_str *ret_inner)
{
    br_str base = BR_STR_NONE;
    *ret_inner = BR_STR_NONE;
    for (int level = 1; level < 1000; level++) {
        JSAtom atom = JS_GetScriptOrModuleName(ctx, level);
        if (atom == JS_ATOM_NULL) break;
        size_t n;
        const char *name = JS_AtomToCStringLen(ctx, &n, atom);
        JS_FreeAtom(ctx, atom);
        if (name && n > 7 && strncmp(name, "file://", 7) == 0)
            base = br_arena_str(arena, (br_str){name + 7, n - 7});
        if (!ret_inner->p) *ret_inner = base;
        JS_FreeCString(ctx, name);
    }
    const char *slash = base.p ? memrchr(base.p, '/', base.n) : NULL;
    if (!slash) return br_vu_of(ctx)->config.program->dir;
    return (br_str){base.p, (size_t) (slash - base.p)};
}

/* k6 announces that open() will be relative to the file that it is written in. */
static void warn_of_base(br_str dir, br_str inner)
{
    const char *slash = inner.p ? memrchr(inner.p, '/', inner.n) : NULL;
    if (!slash || br_str_eq(dir, (br_str){inner.p, (size_t) (slash - inner.p)})) return;
    br_warn(
        "open() was used and is currently relative to 'file://" BR_FMT
        "/', but in the future it will be aligned with how `require` and imports work and will be relative "
        "to 'file://" BR_FMT "'. This means that in the future open will open relative path relative to the "
        "module/file it is written in. You can future proof this by using `import.meta.resolve()` to get "
        "relative paths to the file it is written in the current k6 version.",
        BR_ARG(dir), BR_ARG(inner));
}

/* False, with an exception pending: there is no such file. */
static bool can_open(JSContext *ctx, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        br_js_throw(
            ctx, "stat %s: %s", path, errno == ENOENT ? "no such file or directory" : strerror(errno));
        return false;
    }
    if (S_ISDIR(st.st_mode)) br_js_throw(ctx, "open() can't be used with directories, path: \"%s\"", path);
    return !S_ISDIR(st.st_mode);
}

static br_code read_file(br_program *p, const char *path, br_buf *out, br_err *err)
{
    br_buf url;
    br_buf_init(&url, BR_BUF_NO_LIMIT);
    (void) br_buf_printf(&url, "file://%s", path);
    br_code code = br_program_read(p, url.data, out, err);
    br_buf_deinit(&url);
    return code;
}

br_buf *br_js_file_content(JSContext *ctx, const char *path)
{
    br_vu *vu = br_vu_of(ctx);
    br_buf *content = br_map_get(&vu->config.program->files, br_str_of(path));
    if (content) return content;
    if (!vu->config.program->archived && !can_open(ctx, path)) return NULL;
    if (!vu->discovering) {
        br_js_throw(ctx,
            "open() can't be used with files that weren't previously opened during initialization (__VU==0), path: \"%s\"",
            path);
        return NULL;
    }
    content = BR_NEW(br_buf);
    br_buf_init(content, BR_OPEN_MAX_BYTES);
    br_err err = {0};
    if (read_file(vu->discovering, path, content, &err) != BR_OK) {
        br_buf_deinit(content);
        br_free(content);
        br_js_throw(ctx, "open(): %s", err.msg);
        return NULL;
    }
    br_map_set(&vu->discovering->files, br_str_of(path), content);
    return content;
}

char *br_js_open_url(JSContext *ctx, br_str name)
{
    br_vu *vu = br_vu_of(ctx);
    if (br_str_starts(name, BR_STR("file://"))) name = br_str_sub(name, 7, name.n);
    br_str inner, dir = open_base(ctx, &vu->scratch, &inner);
    if (vu->discovering && name.n && name.p[0] != '/') warn_of_base(dir, inner);
    return br_js_join_url(ctx, dir, name);
}

static JSValue js_open(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    br_vu *vu = br_vu_of(ctx);
    if (!br_vu_in_init(vu)) {
        return br_js_throw(ctx,
            "the \"open\" function is only available in the init stage (i.e. the global scope), see "
            "https://grafana.com/docs/k6/latest/using-k6/test-lifecycle/ for more information");
    }
    br_arena_reset(&vu->scratch);
    br_str name = argc > 0 ? br_js_str_dup(ctx, argv[0], &vu->scratch) : BR_STR("");
    if (!name.p) return JS_EXCEPTION;
    if (name.n == 0) return br_js_throw(ctx, "open() can't be used with an empty filename");
    bool binary = false;
    if (argc > 1 && JS_IsString(argv[1])) binary = br_str_is(br_js_str_dup(ctx, argv[1], &vu->scratch), "b");
    char *url = br_js_open_url(ctx, name);
    const br_buf *content = url ? br_js_file_content(ctx, url + sizeof("file://") - 1) : NULL;
    js_free(ctx, url);
    if (!content) return JS_EXCEPTION;
    if (binary) return JS_NewArrayBufferCopy(ctx, (const uint8_t *) content->data, content->len);
    return br_js_new_str(ctx, br_buf_view(content));
}

/*
 * Scripts are ES modules; a name of CommonJS in one is a mistake that k6 names. But libraries that were
 * written for both, bundled into an ES module, ask whether it is there.
 */
static JSValue get_commonjs(JSContext *ctx, JSValueConst this_val, int is_exports)
{
    (void) this_val;
    const br_vu *vu = br_vu_of(ctx);
    if (vu->discovering ? vu->discovering->asks_for_commonjs : vu->config.program->asks_for_commonjs)
        return JS_UNDEFINED;
    return br_js_throw(ctx,
        "you are trying to access identifier \"%s\", this likely is due to mixing ECMAScript Modules (ESM) and "
        "CommonJS syntax. This isn't supported in the JavaScript standard, please use only one or the other",
        is_exports ? "exports" : "module");
}

static JSValue set_commonjs(JSContext *ctx, JSValueConst this_val, JSValueConst value, int is_exports)
{
    (void) value;
    JSValue got = get_commonjs(ctx, this_val, is_exports);
    if (JS_IsException(got)) return got;
    return JS_ThrowReferenceError(ctx, "%s is not defined", is_exports ? "exports" : "module");
}

/* Read from the VU, so that an iteration costs nothing when its script does not ask. */
static JSValue get_iter(JSContext *ctx, JSValueConst this_val)
{
    (void) this_val;
    br_vu *vu = br_vu_of(ctx);
    return vu->iteration < 0 ? JS_UNDEFINED : JS_NewInt64(ctx, vu->iteration);
}

/* A script may use the name for something of its own. */
static JSValue set_iter(JSContext *ctx, JSValueConst this_val, JSValueConst value)
{
    (void) this_val;
    JSValue global = JS_GetGlobalObject(ctx);
    JS_DefinePropertyValueStr(ctx, global, "__ITER", JS_DupValue(ctx, value), JS_PROP_C_W_E);
    JS_FreeValue(ctx, global);
    return JS_UNDEFINED;
}

static const JSCFunctionListEntry global_entries[] = {
    JS_CGETSET_DEF2("__ITER", get_iter, set_iter, JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE),
    JS_CGETSET_MAGIC_DEF("module", get_commonjs, set_commonjs, false),
    JS_CGETSET_MAGIC_DEF("exports", get_commonjs, set_commonjs, true),
    JS_CFUNC_DEF("open", 1, js_open),
    JS_CFUNC_DEF("require", 1, br_js_require),
    JS_OBJECT_DEF("console", br_js_console_entries, 5, JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE),
};

int br_js_globals_init(br_vu *vu)
{
    JSContext *ctx = vu->ctx;
    JSValue global = JS_GetGlobalObject(ctx);
    int rc = define_go_error(vu, global);
    if (rc >= 0) rc = JS_SetPropertyFunctionList(ctx, global, global_entries, BR_COUNT_OF(global_entries));
    if (rc >= 0) rc = br_js_env_define(ctx, global);
    if (rc >= 0) rc = JS_SetPropertyFunctionList(ctx, global, br_js_timer_entries, br_js_timer_entry_count);
    if (rc >= 0) rc = JS_SetPropertyFunctionList(ctx, global, br_js_text_entries, br_js_text_entry_count);
    if (rc >= 0) rc = br_js_web_init(vu, global);
    if (rc >= 0)
        rc = JS_SetPropertyFunctionList(ctx, global, br_js_webcrypto_entries, br_js_webcrypto_entry_count);
    if (rc >= 0)
        rc = JS_DefinePropertyValueStr(ctx, global, "__VU", JS_NewInt64(ctx, vu->config.id), JS_PROP_C_W_E);
    if (rc >= 0 && !vu->config.program->base_mode)
        rc = JS_DefinePropertyValueStr(ctx, global, "global", JS_DupValue(ctx, global), JS_PROP_C_W_E);
    JS_FreeValue(ctx, global);
    return rc < 0 ? -1 : 0;
}
