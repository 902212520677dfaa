/*
 * Module "k6/experimental/streams": written in JavaScript (streams.js), which is in the program as text. It
 * is compiled by VU 0 of a script that imports it; the other virtual users read the bytecode. Blob.stream()
 * of a script that does not import it compiles it where it is first called.
 */
#include "script/js.h"

extern const char br_streams_js[];
extern const uint64_t br_streams_js_size;

#define NAME "k6/experimental/streams"

/* The compiled script; VU 0 keeps its bytecode with that of the program's modules. */
static JSValue compile(br_vu *vu)
{
    JSContext *ctx = vu->ctx;
    JSValue script = JS_CompileScript(ctx, br_streams_js, (size_t) br_streams_js_size, NAME, 1);
    if (JS_IsException(script) || !vu->discovering) return script;
    br_bytecode *code = BR_NEW(br_bytecode);
    uint8_t *bytes = JS_WriteObject(
        ctx, &code->size, script, JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE);
    if (!bytes) {
        br_free(code);
        JS_FreeValue(ctx, script);
        return JS_EXCEPTION;
    }
    code->bytes = br_malloc(code->size);
    memcpy(code->bytes, bytes, code->size);
    js_free(ctx, bytes);
    br_map_set(&vu->discovering->modules, BR_STR(NAME), code);
    return script;
}

static const char *const names[] = {"CountQueuingStrategy", "ReadableStream", "ReadableStreamDefaultReader",
    "WritableStream", "WritableStreamDefaultWriter", NULL};

/* What the script gives, the same for all of a virtual user. Borrowed. */
static JSValueConst classes(JSContext *ctx)
{
    br_vu *vu = br_vu_of(ctx);
    if (JS_IsObject(vu->streams)) return vu->streams;
    const br_bytecode *code = br_map_get(&vu->config.program->modules, BR_STR(NAME));
    JSValue script = code ? JS_ReadObject(ctx, code->bytes, code->size, JS_READ_OBJ_BYTECODE) : compile(vu);
    JSValue made = JS_IsException(script) ? JS_EXCEPTION : JS_EvalFunction(ctx, script);
    if (!JS_IsException(made)) vu->streams = made;
    return made;
}

static int extend(JSContext *ctx, JSValueConst object)
{
    JSValueConst made = classes(ctx);
    if (JS_IsException(made)) return -1;
    int rc = 0;
    for (const char *const *n = names; *n && rc >= 0; n++)
        rc = JS_DefinePropertyValueStr(ctx, object, *n, JS_GetPropertyStr(ctx, made, *n), JS_PROP_C_W_E);
    return rc < 0 ? -1 : 0;
}

JSValue br_js_byte_stream(JSContext *ctx, JSValue bytes)
{
    JSValueConst made = classes(ctx);
    JSValue make = JS_IsException(made) ? JS_EXCEPTION : JS_GetPropertyStr(ctx, made, "ofBytes");
    JSValue stream = JS_IsException(make) || JS_IsException(bytes)
                         ? JS_EXCEPTION
                         : JS_Call(ctx, make, JS_UNDEFINED, 1, (JSValueConst *) &bytes);
    JS_FreeValue(ctx, make);
    JS_FreeValue(ctx, bytes);
    return stream;
}

const br_js_module br_js_module_streams = {.name = NAME, .extend = extend, .extra_names = names};
