/*
 * console.log and friends: k6's formatting. Strings at the top level are raw; objects print as
 * `{ a: 1, b: "x" }`, arrays as `[ 1, "a", null ]`, what has no own keys as `{}`.
 */
#include "base/log.h"
#include "script/js.h"

#define DEPTH_MAX 100
#define TEXT_MAX  ((size_t) 16 << 20)

typedef struct formatter {
    JSContext *ctx;
    br_buf *out;
    JSValueConst path[DEPTH_MAX]; /* objects that are being printed, against cycles */
    int depth;
} formatter;

static int put_nested(formatter *f, JSValueConst v);

static int put_text(formatter *f, JSValueConst v, const char *quote)
{
    br_str s = br_js_str(f->ctx, v);
    if (!s.p) return -1;
    (void) br_buf_puts(f->out, quote);
    (void) br_buf_put(f->out, s);
    (void) br_buf_puts(f->out, quote);
    JS_FreeCString(f->ctx, s.p);
    return 0;
}

static int put_array_items(formatter *f, JSValueConst v)
{
    int64_t n;
    if (JS_GetLength(f->ctx, v, &n) < 0) return -1;
    for (int64_t i = 0; i < n; i++) {
        (void) br_buf_puts(f->out, i ? ", " : " ");
        JSValue item = JS_GetPropertyInt64(f->ctx, v, i);
        int rc = JS_IsException(item) ? -1 : put_nested(f, item);
        JS_FreeValue(f->ctx, item);
        if (rc < 0 || f->out->len > TEXT_MAX) return rc;
    }
    (void) br_buf_puts(f->out, n ? " " : "");
    return 0;
}

static int put_array(formatter *f, JSValueConst v)
{
    (void) br_buf_puts(f->out, "[");
    int rc = put_array_items(f, v);
    (void) br_buf_puts(f->out, "]");
    return rc;
}

static int put_typed_array(formatter *f, JSValueConst v)
{
    JSAtom name = JS_GetTypedArrayType(v) == JS_TYPED_ARRAY_UINT8C
                      ? JS_NewAtom(f->ctx, "Uint8Array") /* as k6 shows it */
                      : JS_GetClassName(JS_GetRuntime(f->ctx), JS_GetClassID(v));
    const char *text = JS_AtomToCStringLen(f->ctx, NULL, name);
    JS_FreeAtom(f->ctx, name);
    int64_t n;
    int rc = JS_GetLength(f->ctx, v, &n);
    if (text && rc == 0) (void) br_buf_printf(f->out, "%s(%lld) ", text, (long long) n);
    JS_FreeCString(f->ctx, text);
    return text && rc == 0 ? put_array(f, v) : -1;
}

static void put_array_buffer(formatter *f, JSValueConst v)
{
    br_str bytes = BR_STR_NONE;
    (void) br_js_bytes(f->ctx, v, &bytes);
    (void) br_buf_puts(f->out, "ArrayBuffer { [Uint8Contents]: <");
    for (size_t i = 0; i < bytes.n && f->out->len < TEXT_MAX; i++) {
        (void) br_buf_printf(f->out, "%s%02x", i ? " " : "", (unsigned char) bytes.p[i]);
    }
    (void) br_buf_printf(f->out, ">, byteLength: %zu }", bytes.n);
}

static int put_object(formatter *f, JSValueConst v)
{
    JSPropertyEnum *keys;
    uint32_t n;
    if (br_js_keys(f->ctx, v, &keys, &n) < 0) return -1;
    (void) br_buf_puts(f->out, "{");
    int rc = 0;
    for (uint32_t i = 0; i < n && rc == 0 && f->out->len < TEXT_MAX; i++) {
        size_t len;
        const char *key = JS_AtomToCStringLen(f->ctx, &len, keys[i].atom);
        (void) br_buf_puts(f->out, i ? ", " : " ");
        (void) br_buf_append(f->out, key ? key : "", key ? len : 0);
        (void) br_buf_puts(f->out, ": ");
        JS_FreeCString(f->ctx, key);
        JSValue item = JS_GetProperty(f->ctx, v, keys[i].atom);
        rc = JS_IsException(item) ? -1 : put_nested(f, item);
        JS_FreeValue(f->ctx, item);
    }
    (void) br_buf_puts(f->out, n ? " }" : "}");
    JS_FreePropertyEnum(f->ctx, keys, n);
    return rc;
}

static int put_any_object(formatter *f, JSValueConst v)
{
    if (JS_IsFunction(f->ctx, v)) return br_buf_puts(f->out, "[object Function]"), 0;
    if (JS_IsError(v)) return put_text(f, v, "");
    if (JS_IsDate(v)) {
        JSValue text = JS_JSONStringify(f->ctx, v, JS_UNDEFINED, JS_UNDEFINED);
        int rc = JS_IsException(text) ? -1 : put_text(f, text, "");
        JS_FreeValue(f->ctx, text);
        return rc;
    }
    if (JS_IsArrayBuffer(v)) return put_array_buffer(f, v), 0;
    for (int i = 0; i < f->depth; i++) {
        if (JS_VALUE_GET_PTR(f->path[i]) == JS_VALUE_GET_PTR(v)) return br_buf_puts(f->out, "[Circular]"), 0;
    }
    if (f->depth == DEPTH_MAX) return br_buf_puts(f->out, "[...]"), 0;
    f->path[f->depth++] = v;
    int rc = br_js_is_array(f->ctx, v)      ? put_array(f, v)
             : JS_GetTypedArrayType(v) >= 0 ? put_typed_array(f, v)
                                            : put_object(f, v);
    f->depth--;
    return rc;
}

static int put_symbol(formatter *f, JSValueConst v)
{
    JSValue text = JS_GetPropertyStr(f->ctx, v, "description");
    int rc = put_text(f, text, "");
    JS_FreeValue(f->ctx, text);
    return rc;
}

static int put_nested(formatter *f, JSValueConst v)
{
    if (br_js_nullish(v)) return br_buf_puts(f->out, "null"), 0;
    if (JS_IsString(v)) return put_text(f, v, "\"");
    if (JS_IsObject(v)) return put_any_object(f, v);
    return JS_IsSymbol(v) ? put_symbol(f, v) : put_text(f, v, "");
}

static int put_top(formatter *f, JSValueConst v)
{
    if (JS_IsSymbol(v)) return put_symbol(f, v);
    return JS_IsObject(v) ? put_any_object(f, v) : put_text(f, v, "");
}

br_code br_js_console_format(JSContext *ctx, int argc, JSValueConst *argv, br_buf *out)
{
    formatter f = {.ctx = ctx, .out = out};
    for (int i = 0; i < argc; i++) {
        if (i) (void) br_buf_puts(out, " ");
        if (put_top(&f, argv[i]) < 0) return BR_EEXCEPTION;
    }
    return BR_OK;
}

static JSValue console_write(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int level)
{
    (void) this_val;
    if (!br_log_enabled((br_log_level) level)) return JS_UNDEFINED;
    br_buf text;
    br_buf_init(&text, TEXT_MAX + 65536);
    br_code code = br_js_console_format(ctx, argc, argv, &text);
    if (code == BR_OK) {
        br_log_field source = {"source", BR_STR("console")};
        FILE *out = br_vu_of(ctx)->config.settings->console_out;
        if (out)
            br_log_line_to(out, (br_log_level) level, br_buf_view(&text), NULL, 0);
        else
            br_log_line((br_log_level) level, br_buf_view(&text), &source, 1);
    }
    br_buf_deinit(&text);
    return code == BR_OK ? JS_UNDEFINED : JS_EXCEPTION;
}

/* Enumerable, as k6's are: scripts list or copy the methods of console. */
#define CONSOLE_METHOD(name, level)                                                                          \
    {                                                                                                        \
        name, JS_PROP_C_W_E, JS_DEF_CFUNC, level,                                                            \
        {                                                                                                    \
            .func = { 1, JS_CFUNC_generic_magic, {.generic_magic = console_write} }                          \
        }                                                                                                    \
    }

const JSCFunctionListEntry br_js_console_entries[] = {
    CONSOLE_METHOD("log", BR_LOG_INFO),
    CONSOLE_METHOD("info", BR_LOG_INFO),
    CONSOLE_METHOD("debug", BR_LOG_DEBUG),
    CONSOLE_METHOD("warn", BR_LOG_WARN),
    CONSOLE_METHOD("error", BR_LOG_ERROR),
};
const int br_js_console_entry_count = BR_COUNT_OF(br_js_console_entries);
