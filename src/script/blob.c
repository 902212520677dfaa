/*
 * Blob of k6/websockets: bytes that do not change, with a type. They live in an ArrayBuffer of the JavaScript
 * heap, which is limited, and which scripts never see.
 */
#include "script/ws_int.h"

#define PARTS_BYTES_MAX ((size_t) 256 << 20)

typedef struct blob {
    JSValue bytes; /* ArrayBuffer */
    JSValue type;  /* string */
} blob;

static JSClassID blob_class;

void br_js_blob_class_id(JSRuntime *rt)
{
    JS_NewClassID(rt, &blob_class);
}

static void finalize(JSRuntime *rt, JSValueConst v)
{
    blob *b = JS_GetOpaque(v, blob_class);
    if (!b) return;
    JS_FreeValueRT(rt, b->bytes);
    JS_FreeValueRT(rt, b->type);
    br_free(b);
}

static void mark(JSRuntime *rt, JSValueConst v, JS_MarkFunc *fn)
{
    blob *b = JS_GetOpaque(v, blob_class);
    if (!b) return;
    JS_MarkValue(rt, b->bytes, fn);
    JS_MarkValue(rt, b->type, fn);
}

static const JSClassDef blob_class_def = {.class_name = "Blob", .finalizer = finalize, .gc_mark = mark};

static br_str bytes_of(JSContext *ctx, const blob *b)
{
    size_t n = 0;
    const uint8_t *p = JS_GetArrayBuffer(ctx, &n, b->bytes);
    return p ? (br_str){(const char *) p, n} : BR_STR("");
}

/* Takes `type`. */
static JSValue make(JSContext *ctx, br_str bytes, JSValue type)
{
    JSValue buffer = JS_NewArrayBufferCopy(ctx, (const uint8_t *) (bytes.n ? bytes.p : ""), bytes.n);
    JSValue object = JS_NewObjectClass(ctx, blob_class);
    if (JS_IsException(buffer) || JS_IsException(object) || JS_IsException(type)) {
        JS_FreeValue(ctx, buffer);
        JS_FreeValue(ctx, object);
        JS_FreeValue(ctx, type);
        return JS_EXCEPTION;
    }
    blob *b = BR_NEW(blob);
    *b = (blob){buffer, type};
    JS_SetOpaque(object, b);
    return object;
}

JSValue br_js_blob_new(JSContext *ctx, br_str bytes, br_str type)
{
    return make(ctx, bytes, br_js_new_str(ctx, type));
}

/* The constructor ------------------------------------------------------------------------------------- */

/* False: exception. */
static bool put_part(JSContext *ctx, br_buf *out, JSValueConst part)
{
    br_str bytes;
    const blob *b = JS_GetClassID(part) == blob_class ? JS_GetOpaque(part, blob_class) : NULL;
    br_code code;
    JSValue buffer = JS_UNDEFINED;
    if (b || br_js_buffer_bytes(ctx, part, &buffer, &bytes)) {
        code = br_buf_put(out, b ? bytes_of(ctx, b) : bytes);
        JS_FreeValue(ctx, buffer);
    } else if (JS_IsObject(part)) {
        br_js_throw(ctx, "a Blob is made of strings, ArrayBuffers, typed arrays and Blobs");
        return false;
    } else {
        bytes = br_js_ws_text(ctx, part);
        if (!bytes.p) return false;
        code = br_buf_put(out, bytes);
        br_free((void *) (uintptr_t) bytes.p);
    }
    if (code != BR_OK) br_js_throw(ctx, "a Blob holds at most 256 MiB");
    return code == BR_OK;
}

static bool put_parts(JSContext *ctx, br_buf *out, JSValueConst parts)
{
    int64_t n = 0;
    if (br_js_nullish(parts)) return true;
    if (!JS_IsArray(parts)) {
        br_js_throw(ctx, "the parts of a Blob must be an array");
        return false;
    }
    bool ok = JS_GetLength(ctx, parts, &n) == 0;
    for (int64_t i = 0; ok && i < n; i++) {
        JSValue part = JS_GetPropertyInt64(ctx, parts, i);
        ok = !JS_IsException(part) && put_part(ctx, out, part);
        JS_FreeValue(ctx, part);
    }
    return ok;
}

static JSValue type_of(JSContext *ctx, JSValueConst options)
{
    JSValue type = JS_IsObject(options) ? JS_GetPropertyStr(ctx, options, "type") : JS_UNDEFINED;
    if (br_js_nullish(type)) return br_js_new_str(ctx, BR_STR(""));
    JSValue text = JS_ToString(ctx, type);
    JS_FreeValue(ctx, type);
    return text;
}

static JSValue blob_construct(JSContext *ctx, JSValueConst new_target, int argc, JSValueConst *argv)
{
    (void) new_target;
    br_buf bytes;
    br_buf_init(&bytes, PARTS_BYTES_MAX);
    JSValue ret = JS_EXCEPTION;
    if (put_parts(ctx, &bytes, argc > 0 ? argv[0] : JS_UNDEFINED))
        ret = make(ctx, br_buf_view(&bytes), type_of(ctx, argc > 1 ? argv[1] : JS_UNDEFINED));
    br_buf_deinit(&bytes);
    return ret;
}

/* Properties and methods --------------------------------------------------------------------------------- */

static blob *blob_of(JSContext *ctx, JSValueConst v)
{
    return JS_GetOpaque2(ctx, v, blob_class);
}

static JSValue blob_size(JSContext *ctx, JSValueConst this_val)
{
    blob *b = blob_of(ctx, this_val);
    return b ? JS_NewInt64(ctx, (int64_t) bytes_of(ctx, b).n) : JS_EXCEPTION;
}

static JSValue blob_type(JSContext *ctx, JSValueConst this_val)
{
    blob *b = blob_of(ctx, this_val);
    return b ? JS_DupValue(ctx, b->type) : JS_EXCEPTION;
}

enum { AS_BUFFER, AS_BYTES, AS_TEXT };

static JSValue converted(JSContext *ctx, const blob *b, int form)
{
    br_str bytes = bytes_of(ctx, b);
    if (form == AS_TEXT) return br_js_new_str(ctx, bytes);
    if (form == AS_BYTES) return JS_NewUint8ArrayCopy(ctx, (const uint8_t *) bytes.p, bytes.n);
    return JS_NewArrayBufferCopy(ctx, (const uint8_t *) bytes.p, bytes.n);
}

/* A promise that is settled already. */
static JSValue blob_convert(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int form)
{
    (void) argc, (void) argv;
    blob *b = blob_of(ctx, this_val);
    JSValue settle[2];
    if (!b) return JS_EXCEPTION;
    JSValue promise = JS_NewPromiseCapability(ctx, settle);
    if (JS_IsException(promise)) return promise;
    JSValue value = converted(ctx, b, form);
    bool failed = JS_IsException(value);
    if (failed) value = JS_GetException(ctx);
    JSValue ret = JS_Call(ctx, settle[failed], JS_UNDEFINED, 1, (JSValueConst *) &value);
    JS_FreeValue(ctx, ret);
    JS_FreeValue(ctx, value);
    JS_FreeValue(ctx, settle[0]);
    JS_FreeValue(ctx, settle[1]);
    return promise;
}

/* Negative positions count from the end. */
static bool position(
    JSContext *ctx, int argc, JSValueConst *argv, int i, size_t size, size_t fallback, size_t *ret)
{
    int64_t at;
    *ret = fallback;
    if (i >= argc || JS_IsUndefined(argv[i])) return true;
    if (JS_ToInt64(ctx, &at, argv[i]) < 0) return false;
    int64_t most = (int64_t) size;
    at = at < -most ? 0 : at < 0 ? at + most : at > most ? most : at;
    *ret = (size_t) at;
    return true;
}

static JSValue blob_slice(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    blob *b = blob_of(ctx, this_val);
    if (!b) return JS_EXCEPTION;
    size_t from, to, size = bytes_of(ctx, b).n;
    if (!position(ctx, argc, argv, 0, size, 0, &from) || !position(ctx, argc, argv, 1, size, size, &to))
        return JS_EXCEPTION;
    JSValue type = argc > 2 && !br_js_nullish(argv[2]) ? JS_ToString(ctx, argv[2])
                                                       : br_js_new_str(ctx, BR_STR(""));
    return make(ctx, br_str_sub(bytes_of(ctx, b), from, to > from ? to : from), type);
}

static JSValue blob_stream(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    blob *b = blob_of(ctx, this_val);
    if (!b) return JS_EXCEPTION;
    br_str bytes = bytes_of(ctx, b);
    return br_js_byte_stream(ctx, JS_NewUint8ArrayCopy(ctx, (const uint8_t *) bytes.p, bytes.n));
}

static const JSCFunctionListEntry blob_entries[] = {
    JS_CGETSET_DEF("size", blob_size, NULL),
    JS_CGETSET_DEF("type", blob_type, NULL),
    JS_CFUNC_MAGIC_DEF("arrayBuffer", 0, blob_convert, AS_BUFFER),
    JS_CFUNC_MAGIC_DEF("bytes", 0, blob_convert, AS_BYTES),
    JS_CFUNC_MAGIC_DEF("text", 0, blob_convert, AS_TEXT),
    JS_CFUNC_DEF("slice", 3, blob_slice),
    JS_CFUNC_DEF("stream", 0, blob_stream),
};

int br_js_blob_define(JSContext *ctx, JSValueConst object)
{
    JSRuntime *rt = JS_GetRuntime(ctx);
    if (!JS_IsRegisteredClass(rt, blob_class)) {
        JSValue fresh = JS_NewObject(ctx);
        if (JS_NewClass(rt, blob_class, &blob_class_def) < 0 ||
            JS_SetPropertyFunctionList(ctx, fresh, blob_entries, BR_COUNT_OF(blob_entries)) < 0) {
            JS_FreeValue(ctx, fresh);
            return -1;
        }
        JS_SetClassProto(ctx, blob_class, fresh);
    }
    JSValue ctor = JS_NewCFunction2(ctx, blob_construct, "Blob", 0, JS_CFUNC_constructor_or_func, 0);
    JSValue proto = JS_GetClassProto(ctx, blob_class);
    if (!JS_IsException(ctor)) JS_SetConstructor(ctx, ctor, proto);
    JS_FreeValue(ctx, proto);
    return JS_DefinePropertyValueStr(ctx, object, "Blob", ctor, JS_PROP_C_W_E);
}
