/*
 * Module "k6/experimental/fs": files that init code opens. Their content is read once and shared by all
 * virtual users; each handle has a place of its own in it.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include "script/js.h"

static JSClassID file_class;

static void finalize(JSRuntime *rt, JSValueConst v)
{
    (void) rt;
    br_free(JS_GetOpaque(v, file_class));
}

static const JSClassDef file_class_def = {.class_name = "File", .finalizer = finalize};

void br_js_fs_class_id(JSRuntime *rt)
{
    JS_NewClassID(rt, &file_class);
}

br_js_open_file *br_js_open_file_of(JSValueConst v)
{
    return JS_GetOpaque(v, file_class);
}

/* Throws an object with that name; always JS_EXCEPTION. */
BR_PRINTF(3, 4) static JSValue fail(JSContext *ctx, const char *name, const char *fmt, ...)
{
    char text[600];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    JSValue error = JS_NewError(ctx);
    JS_DefinePropertyValueStr(ctx, error, "name", JS_NewString(ctx, name),
        JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE);
    JS_DefinePropertyValueStr(ctx, error, "message", JS_NewString(ctx, text), JS_PROP_C_W_E);
    return JS_Throw(ctx, error);
}

/* The promise of `value`; JS_EXCEPTION: rejected with what is pending. */
static JSValue promise_of(JSContext *ctx, JSValue value)
{
    return br_js_settled_promise(ctx, value);
}

/* open() ---------------------------------------------------------------------------------------------- */

static JSValue new_file(JSContext *ctx, const br_buf *content, const char *path)
{
    JSValue v = JS_NewObjectClass(ctx, file_class);
    if (JS_IsException(v)) return v;
    br_js_open_file *f = BR_NEW(br_js_open_file);
    f->content = br_buf_view(content);
    JS_SetOpaque(v, f);
    JS_DefinePropertyValueStr(ctx, v, "path", JS_NewString(ctx, path), JS_PROP_C_W_E);
    return v;
}

static JSValue open_path(JSContext *ctx, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return fail(ctx, "NotFoundError", "no such file: '%s'", path);
        return fail(ctx, "ForbiddenError", "cannot open '%s': %s", path, strerror(errno));
    }
    if (S_ISDIR(st.st_mode))
        return fail(ctx, "InvalidResourceError", "cannot open '%s': it is a directory", path);
    const br_buf *content = br_js_file_content(ctx, path);
    return content ? new_file(ctx, content, path) : JS_EXCEPTION;
}

static JSValue try_open(JSContext *ctx, int argc, JSValueConst *argv)
{
    br_vu *vu = br_vu_of(ctx);
    if (!br_vu_in_init(vu))
        return fail(ctx, "ForbiddenError", "open() failed: files can be opened in the init context only");
    if (argc < 1 || br_js_nullish(argv[0])) return fail(ctx, "TypeError", "open() failed: it needs a path");
    br_arena_reset(&vu->scratch);
    br_str name = br_js_str_dup(ctx, argv[0], &vu->scratch);
    if (!name.p) return JS_EXCEPTION;
    if (name.n == 0) return fail(ctx, "TypeError", "open() failed: the path is empty");
    char *url = br_js_open_url(ctx, name);
    JSValue v = url ? open_path(ctx, url + sizeof("file://") - 1) : JS_EXCEPTION;
    js_free(ctx, url);
    return v;
}

static JSValue fs_open(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    return promise_of(ctx, try_open(ctx, argc, argv));
}

/* File ------------------------------------------------------------------------------------------------ */

static JSValue try_stat(JSContext *ctx, JSValueConst this_val)
{
    const br_js_open_file *f = JS_GetOpaque2(ctx, this_val, file_class);
    if (!f) return JS_EXCEPTION;
    JSValue path = JS_GetPropertyStr(ctx, this_val, "path"), info = JS_NewObject(ctx);
    br_str text = br_js_str(ctx, path);
    const char *slash = text.n ? memrchr(text.p, '/', text.n) : NULL;
    br_str name = slash ? br_str_sub(text, (size_t) (slash - text.p) + 1, text.n) : text;
    JS_DefinePropertyValueStr(ctx, info, "name", br_js_new_str(ctx, name), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, info, "size", JS_NewInt64(ctx, (int64_t) f->content.n), JS_PROP_C_W_E);
    JS_FreeCString(ctx, text.p);
    JS_FreeValue(ctx, path);
    return info;
}

static JSValue file_stat(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    return promise_of(ctx, try_stat(ctx, this_val));
}

/* Bytes into a Uint8Array: how many, or null at the end. */
static JSValue try_read(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    br_js_open_file *f = JS_GetOpaque2(ctx, this_val, file_class);
    if (!f) return JS_EXCEPTION;
    if (argc < 1 || !JS_IsObject(argv[0]) || JS_GetTypedArrayType(argv[0]) != JS_TYPED_ARRAY_UINT8)
        return fail(ctx, "TypeError", "read() failed: it needs a Uint8Array");
    size_t size;
    uint8_t *into = JS_GetUint8Array(ctx, &size, argv[0]);
    if (!into && size) return JS_EXCEPTION;
    size_t left = f->content.n - f->at, n = size < left ? size : left;
    if (left == 0) return JS_NULL;
    if (n) memcpy(into, f->content.p + f->at, n);
    f->at += n;
    return JS_NewInt64(ctx, (int64_t) n);
}

static JSValue file_read(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    return promise_of(ctx, try_read(ctx, this_val, argc, argv));
}

enum { SEEK_START, SEEK_CURRENT, SEEK_BACK }; /* the values of SeekMode */

/* k6 counts from the last byte, not from behind it, and lets nobody go behind it. */
static JSValue try_seek(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    br_js_open_file *f = JS_GetOpaque2(ctx, this_val, file_class);
    int64_t offset, last;
    int32_t mode;
    if (!f) return JS_EXCEPTION;
    if (argc < 2 || !JS_IsNumber(argv[0]) || !JS_IsNumber(argv[1]))
        return fail(ctx, "TypeError", "seek() failed: it needs an offset and a SeekMode");
    if (JS_ToInt64(ctx, &offset, argv[0]) < 0 || JS_ToInt32(ctx, &mode, argv[1]) < 0) return JS_EXCEPTION;
    last = (int64_t) f->content.n - 1;
    if (mode < SEEK_START || mode > SEEK_BACK)
        return fail(ctx, "TypeError", "seek() failed: unknown SeekMode %d", mode);
    if (offset > last + 1 || offset < -(last + 1))
        return fail(ctx, "TypeError", "seek() failed: %lld is outside of the file", (long long) offset);
    if (mode == SEEK_CURRENT) offset += (int64_t) f->at;
    if (mode == SEEK_BACK) offset += last;
    if (offset < 0 || offset > last)
        return fail(ctx, "TypeError", "seek() failed: %lld is outside of the file", (long long) offset);
    f->at = (size_t) offset;
    return JS_NewInt64(ctx, offset);
}

static JSValue file_seek(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    return promise_of(ctx, try_seek(ctx, this_val, argc, argv));
}

static const JSCFunctionListEntry file_methods[] = {
    JS_CFUNC_DEF("stat", 0, file_stat),
    JS_CFUNC_DEF("read", 1, file_read),
    JS_CFUNC_DEF("seek", 2, file_seek),
};

static const JSCFunctionListEntry seek_modes[] = {
    JS_PROP_INT32_DEF("Start", SEEK_START, JS_PROP_ENUMERABLE),
    JS_PROP_INT32_DEF("Current", SEEK_CURRENT, JS_PROP_ENUMERABLE),
    JS_PROP_INT32_DEF("End", SEEK_BACK, JS_PROP_ENUMERABLE),
};

static const JSCFunctionListEntry entries[] = {
    JS_CFUNC_DEF("open", 1, fs_open),
    JS_OBJECT_DEF("SeekMode", seek_modes, BR_COUNT_OF(seek_modes), JS_PROP_C_W_E),
};

static int make_class(JSContext *ctx, JSValueConst object)
{
    (void) object;
    return br_js_class_define(ctx, file_class, &file_class_def, file_methods, BR_COUNT_OF(file_methods));
}

const br_js_module br_js_module_fs = {.name = "k6/experimental/fs",
    .entries = entries,
    .entry_count = BR_COUNT_OF(entries),
    .extend = make_class};
