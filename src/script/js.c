#include "script/js.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void br_js_replace_surrogates(char *bytes, size_t n)
{
    static const char replacement[3] = {'\xEF', '\xBF', '\xBD'}; /* U+FFFD */
    for (size_t i = 0; i + 2 < n; i++) {
        if ((uint8_t) bytes[i] == 0xED && (uint8_t) bytes[i + 1] >= 0xA0)
            memcpy(bytes + i, replacement, sizeof(replacement));
    }
}

br_str br_js_str_dup(JSContext *ctx, JSValueConst v, br_arena *arena)
{
    br_str s = br_js_str(ctx, v);
    if (!s.p) return s;
    br_str copy = br_arena_str(arena, s);
    JS_FreeCString(ctx, s.p);
    return copy;
}

JSValue br_js_new_str(JSContext *ctx, br_str s)
{
    return JS_NewStringLen(ctx, s.n ? s.p : "", s.n);
}

JSValue br_js_throw(JSContext *ctx, const char *fmt, ...)
{
    char text[1200];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return br_js_throw_str(ctx, br_str_of(text));
}

JSValue br_js_throw_str(JSContext *ctx, br_str text)
{
    br_vu *vu = br_vu_of(ctx);
    JSValue error = JS_NewPlainError(ctx, "%s", ""); /* which would cut the text at 255 bytes */
    if (JS_IsException(error)) return error;
    JS_DefinePropertyValue(ctx, error, vu->atoms[BR_ATOM_message], br_js_new_str(ctx, text),
        JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE);
    JSValue proto = JS_GetProperty(ctx, vu->go_error_ctor, vu->atoms[BR_ATOM_prototype]);
    JS_SetPrototype(ctx, error, proto);
    JS_FreeValue(ctx, proto);
    /* k6 shows the underlying error as an own enumerable property. */
    JS_DefinePropertyValue(ctx, error, vu->atoms[BR_ATOM_value], br_js_new_str(ctx, text), JS_PROP_C_W_E);
    return JS_Throw(ctx, error);
}

JSValue br_js_interrupt(JSContext *ctx)
{
    br_vu_of(ctx)->cancelled = true;
    JS_ThrowInternalError(ctx, "interrupted");
    JSValue error = JS_GetException(ctx);
    JS_SetUncatchableError(ctx, error);
    return JS_Throw(ctx, error);
}

/*
 * One line "at fn (file:///x.js:1:2)" of QuickJS in k6's form "\tat fn (file:///x.js:1:2(0))\n". The number
 * in the inner parentheses is the place in k6's bytecode, which has no meaning here; tools that read stacks
 * expect one.
 */
static void put_frame(br_buf *out, br_str line)
{
    static const br_str anonymous[] = {BR_STR_INIT("at <anonymous> ("), BR_STR_INIT("at <eval> (")};
    bool native = br_str_ends(line, BR_STR("(native)"));
    br_str place = BR_STR_NONE;
    for (size_t i = 0; i < BR_COUNT_OF(anonymous); i++) {
        if (br_str_starts(line, anonymous[i])) place = br_str_sub(line, anonymous[i].n, line.n - 1);
    }
    if (native && br_js_module_has_function(br_str_sub(line, 3, line.n - (sizeof(" (native)") - 1)))) return;
    (void) br_buf_puts(out, "\t");
    if (place.p && !native) {
        (void) br_buf_printf(out, "at " BR_FMT "(0)", BR_ARG(place));
    } else if (!native && br_str_ends(line, BR_STR(")"))) {
        (void) br_buf_printf(out, BR_FMT "(0))", (int) line.n - 1, line.p);
    } else {
        (void) br_buf_put(out, line);
    }
    (void) br_buf_puts(out, "\n");
}

static void put_stack(const br_program *p, br_buf *out, br_str stack)
{
    br_str line;
    br_buf scratch;
    br_buf_init(&scratch, 1 << 16);
    while (br_str_cut(&stack, '\n', &line)) {
        line = br_str_trim(line);
        if (line.n) put_frame(out, br_js_original_frame(p, line, &scratch));
    }
    br_buf_deinit(&scratch);
}

void br_js_put_interruption(br_vu *vu, br_buf *out)
{
    char *place = JS_TakeInterruptPlace(vu->ctx, vu->function);
    (void) br_buf_printf(out, "JavaScript ran for %.1f s without a pause", (double) vu->stuck / BR_SEC);
    if (place && *place) {
        (void) br_buf_puts(out, "\n");
        put_stack(vu->config.program, out, br_str_of(place));
    }
    free(place); // of QuickJS
}

/* QuickJS's own errors at a limit do not say whose limit it is. */
static void put_limit(const br_vu *vu, br_str text, br_buf *out)
{
    const br_vu_settings *s = vu->config.settings;
    bool memory = br_str_starts(text, BR_STR("InternalError: out of memory"));
    bool stack = br_str_is(text, "RangeError: Maximum call stack size exceeded") ||
                 br_str_is(text, "SyntaxError: stack overflow");
    long long id = (long long) vu->config.id;
    if (memory && s->memory_limit_bytes)
        (void) br_buf_printf(out, " (virtual user %lld is at its limit of %zu MiB: see --vu-memory)", id,
            s->memory_limit_bytes >> 20);
    else if (stack && s->stack_bytes)
        (void) br_buf_printf(
            out, " (virtual user %lld is at its limit of %zu KiB: see --vu-stack)", id, s->stack_bytes >> 10);
}

/* Of a symbol its description. */
static void put_without_text(JSContext *ctx, JSValueConst value, br_buf *out)
{
    JSAtom atom = JS_IsSymbol(value) ? JS_ValueToAtom(ctx, value) : JS_ATOM_NULL;
    const char *text = atom != JS_ATOM_NULL ? JS_AtomToCString(ctx, atom) : NULL;
    if (text)
        (void) br_buf_printf(out, "Symbol(%s)", text);
    else
        (void) br_buf_puts(out, "(the thrown value has no text)");
    JS_FreeCString(ctx, text);
    JS_FreeAtom(ctx, atom);
}

void br_js_exception_text(JSContext *ctx, JSValueConst value, br_buf *out)
{
    br_vu *vu = br_vu_of(ctx);
    if (JS_IsNull(value) && JS_HasMemoryEnded(vu->rt)) { /* there was none for the error itself */
        br_str text = BR_STR("InternalError: out of memory");
        (void) br_buf_put(out, text);
        put_limit(vu, text, out);
        return;
    }
    br_str text = br_js_str(ctx, value);
    if (!text.p) { /* toString itself threw */
        JS_FreeValue(ctx, JS_GetException(ctx));
        put_without_text(ctx, value, out);
        return;
    }
    (void) br_buf_put(out, text);
    if (JS_IsError(value)) put_limit(vu, text, out);
    JS_FreeCString(ctx, text.p);
    if (!JS_IsError(value)) return;
    JSValue stack = JS_GetProperty(ctx, value, vu->atoms[BR_ATOM_stack]);
    if (JS_IsString(stack)) {
        br_str s = br_js_str(ctx, stack);
        (void) br_buf_puts(out, "\n");
        if (s.p) put_stack(vu->config.program, out, s);
        JS_FreeCString(ctx, s.p);
    } else if (JS_IsException(stack)) {
        JS_FreeValue(ctx, JS_GetException(ctx));
    }
    JS_FreeValue(ctx, stack);
}

/* "    at file:///x.js:2:13\n..." -> "file:///x.js: Line 2:13 "; nothing if the stack begins with something
 * else. */
static void put_place(br_buf *out, br_str stack)
{
    br_str line;
    if (!br_str_cut(&stack, '\n', &line)) return;
    line = br_str_trim(line);
    ptrdiff_t at = br_str_find(line, BR_STR("file://"));
    if (at < 0) at = br_str_find(line, BR_STR("https://"));
    if (at < 0) return;
    br_str place = br_str_sub(line, (size_t) at, line.n);
    if (br_str_ends(place, BR_STR(")"))) place.n--;
    const char *column = memrchr(place.p, ':', place.n);
    const char *row = column ? memrchr(place.p, ':', (size_t) (column - place.p)) : NULL;
    if (!row || row - place.p < 8) return;
    (void) br_buf_printf(out, "%.*s: Line %.*s ", (int) (row - place.p), place.p,
        (int) (place.p + place.n - row - 1), row + 1);
}

void br_js_take_load_error(JSContext *ctx, br_buf *out)
{
    br_vu *vu = br_vu_of(ctx);
    JSValue error = JS_GetException(ctx);
    JSValue message = JS_IsError(error) ? JS_GetProperty(ctx, error, vu->atoms[BR_ATOM_message])
                                        : JS_UNDEFINED;
    if (!JS_IsString(message)) {
        br_js_exception_text(ctx, error, out);
    } else {
        JSValue stack = JS_IsInstanceOf(ctx, error, vu->go_error_ctor)
                            ? JS_UNDEFINED
                            : JS_GetProperty(ctx, error, vu->atoms[BR_ATOM_stack]);
        br_str s = JS_IsString(stack) ? br_js_str(ctx, stack) : BR_STR_NONE, text = br_js_str(ctx, message);
        if (s.p) put_place(out, s);
        if (text.p) (void) br_buf_put(out, text);
        JS_FreeCString(ctx, s.p);
        JS_FreeCString(ctx, text.p);
        JS_FreeValue(ctx, stack);
    }
    JS_FreeValue(ctx, message);
    JS_FreeValue(ctx, error);
}

br_code br_js_take_exception(JSContext *ctx, br_buf *out)
{
    JSValue error = JS_GetException(ctx);
    bool interrupted = JS_IsUncatchableError(error);
    if (!interrupted) br_js_exception_text(ctx, error, out);
    JS_FreeValue(ctx, error);
    return interrupted ? BR_ECANCEL : BR_EEXCEPTION;
}

bool br_js_bytes(JSContext *ctx, JSValueConst v, br_str *ret)
{
    if (!JS_IsObject(v)) return false;
    size_t size = 0;
    if (JS_IsArrayBuffer(v)) {
        const uint8_t *p = JS_GetArrayBuffer(ctx, &size, v);
        *ret = (br_str){(const char *) p, p ? size : 0};
        return p || size == 0;
    }
    if (JS_GetTypedArrayType(v) < 0) return false;
    size_t offset = 0, length = 0, per_element = 0;
    JSValue buffer = JS_GetTypedArrayBuffer(ctx, v, &offset, &length, &per_element);
    if (JS_IsException(buffer)) {
        JS_FreeValue(ctx, JS_GetException(ctx));
        return false;
    }
    const uint8_t *p = JS_GetArrayBuffer(ctx, &size, buffer);
    JS_FreeValue(ctx, buffer); /* the typed array itself keeps it alive */
    *ret = (br_str){p ? (const char *) p + offset : "", p ? length : 0};
    return true;
}

bool br_js_buffer_bytes(JSContext *ctx, JSValueConst v, JSValue *ret_buffer, br_str *ret)
{
    *ret_buffer = JS_UNDEFINED;
    if (!JS_IsDataView(v)) return br_js_bytes(ctx, v, ret);
    /* Its fields are accessors, which a script may have replaced: none runs once the bytes are there. */
    JSValue at = JS_GetPropertyStr(ctx, v, "byteOffset"), size = JS_GetPropertyStr(ctx, v, "byteLength");
    bool ok = JS_IsNumber(at) && JS_IsNumber(size);
    int64_t offset = -1, length = -1;
    if (ok) ok = JS_ToInt64(ctx, &offset, at) == 0 && JS_ToInt64(ctx, &length, size) == 0;
    JSValue buffer = ok ? JS_GetPropertyStr(ctx, v, "buffer") : JS_UNDEFINED;
    br_str all;
    ok = ok && br_js_bytes(ctx, buffer, &all) && offset >= 0 && length >= 0 && (uint64_t) offset <= all.n &&
         (uint64_t) length <= all.n - (uint64_t) offset;
    if (ok) *ret = br_str_sub(all, (size_t) offset, (size_t) (offset + length));
    if (JS_IsException(buffer) || JS_IsException(at) || JS_IsException(size))
        JS_FreeValue(ctx, JS_GetException(ctx));
    JS_FreeValue(ctx, at);
    JS_FreeValue(ctx, size);
    if (ok)
        *ret_buffer = buffer;
    else
        JS_FreeValue(ctx, buffer);
    return ok;
}

bool br_js_octets(JSContext *ctx, JSValueConst v, br_str *ret)
{
    int type = JS_GetTypedArrayType(v);
    if (type >= 0 && type != JS_TYPED_ARRAY_UINT8 && type != JS_TYPED_ARRAY_UINT8C) return false;
    return br_js_bytes(ctx, v, ret);
}

static int tag_value(JSContext *ctx, JSValueConst value, br_str key, br_arena *arena, br_str *ret)
{
    if (!JS_IsString(value) && !JS_IsNumber(value) && !JS_IsBool(value)) {
        br_js_throw(ctx,
            "invalid value for metric tag '" BR_FMT
            "': only String, Boolean and Number types are accepted as a metric tag "
            "values",
            BR_ARG(key));
        return -1;
    }
    *ret = br_js_str_dup(ctx, value, arena);
    return ret->p ? 0 : -1;
}

const char *br_js_type_name(JSContext *ctx, JSValueConst v)
{
    return br_js_nullish(v)        ? "null"
           : JS_IsArray(v)         ? "array"
           : JS_IsFunction(ctx, v) ? "function"
           : JS_IsObject(v)        ? "object"
           : JS_IsNumber(v)        ? "number"
           : JS_IsBool(v)          ? "boolean"
           : JS_IsString(v)        ? "string"
           : JS_IsSymbol(v)        ? "symbol"
                                   : "bigint";
}

int br_js_tags(JSContext *ctx, JSValueConst object, br_arena *arena, br_tag **ret_tags, size_t *ret_count)
{
    *ret_tags = NULL;
    *ret_count = 0;
    if (br_js_nullish(object)) return 0;
    JSValue boxed = JS_ToObject(ctx, object); /* as k6: a text has its letters, a number no keys at all */
    JSPropertyEnum *keys;
    uint32_t n;
    int rc = JS_IsException(boxed) ? -1 : br_js_keys(ctx, boxed, &keys, &n);
    if (rc < 0) {
        JS_FreeValue(ctx, boxed);
        return -1;
    }
    br_tag *tags = br_arena_zalloc(arena, (n + 1) * sizeof(*tags));
    for (uint32_t i = 0; i < n && rc == 0; i++) {
        size_t len;
        const char *key = JS_AtomToCStringLen(ctx, &len, keys[i].atom);
        JSValue value = JS_GetProperty(ctx, boxed, keys[i].atom);
        if (key && !JS_IsException(value)) {
            tags[i].key = br_arena_str(arena, (br_str){key, len});
            rc = tag_value(ctx, value, tags[i].key, arena, &tags[i].value);
        } else {
            rc = -1;
        }
        JS_FreeCString(ctx, key);
        JS_FreeValue(ctx, value);
    }
    JS_FreePropertyEnum(ctx, keys, n);
    JS_FreeValue(ctx, boxed);
    if (rc == 0) {
        *ret_tags = tags;
        *ret_count = n;
    }
    return rc;
}

JSValue br_js_settled_promise(JSContext *ctx, JSValue value)
{
    JSValue settle[2];
    bool failed = JS_IsException(value);
    if (failed) value = JS_GetException(ctx);
    JSValue promise = JS_NewPromiseCapability(ctx, settle);
    if (!JS_IsException(promise)) {
        JSValue ret = JS_Call(ctx, settle[failed], JS_UNDEFINED, 1, (JSValueConst *) &value);
        JS_FreeValue(ctx, ret);
        JS_FreeValue(ctx, settle[0]);
        JS_FreeValue(ctx, settle[1]);
    }
    JS_FreeValue(ctx, value);
    return promise;
}

int br_js_class_define(JSContext *ctx, JSClassID id, const JSClassDef *def,
    const JSCFunctionListEntry *methods, int method_count)
{
    JSRuntime *rt = JS_GetRuntime(ctx);
    if (JS_IsRegisteredClass(rt, id)) return 0;
    if (JS_NewClass(rt, id, def) < 0) return -1;
    JSValue proto = JS_NewObject(ctx);
    if (JS_SetPropertyFunctionList(ctx, proto, methods, method_count) < 0) {
        JS_FreeValue(ctx, proto);
        return -1;
    }
    JS_SetClassProto(ctx, id, proto);
    return 0;
}

bool br_js_is_array(JSContext *ctx, JSValueConst v)
{
    JSValue target = JS_DupValue(ctx, v);
    while (JS_IsProxy(target)) {
        JSValue inner = JS_GetProxyTarget(ctx, target);
        JS_FreeValue(ctx, target);
        target = inner;
        if (JS_IsException(inner)) JS_FreeValue(ctx, JS_GetException(ctx)); /* it was revoked */
    }
    bool is = JS_IsArray(target);
    JS_FreeValue(ctx, target);
    return is;
}
