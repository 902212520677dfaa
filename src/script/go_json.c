/*
 * Setup data as JSON. k6 turns the returned value into Go values and those into JSON, which differs from
 * JSON.stringify(): keys are sorted, undefined and holes are null, toJSON() is not asked, a Map is a list of
 * pairs and a Set a list, a Date is RFC 3339 in the local time zone; functions, NaN and infinities are
 * errors.
 */
#include <math.h>
#include <stdlib.h>
#include "base/num.h"
#include "script/js.h"

#define DEPTH_MAX 500
#define BYTES_MAX ((size_t) 1 << 30)

typedef struct writer {
    JSContext *ctx;
    br_buf *out;
    br_err *err;
    JSValueConst path[DEPTH_MAX]; /* objects that are being written, against cycles */
    int depth;
} writer;

static br_code put_value(writer *w, JSValueConst v);

static br_code unsupported(writer *w, const char *what)
{
    return br_fail(w->err, BR_EINVAL, "error marshaling setup() data to JSON: json: unsupported %s", what);
}

static br_code put_number(writer *w, JSValueConst v)
{
    double d;
    if (JS_ToFloat64(w->ctx, &d, v) < 0) return BR_EEXCEPTION;
    if (isnan(d)) return unsupported(w, "value: NaN");
    if (isinf(d)) return unsupported(w, d > 0 ? "value: +Inf" : "value: -Inf");
    return br_buf_put_f64(w->out, d == 0 ? 0 : d);
}

/* QuickJS writes half of a surrogate pair as three bytes ED A0..BF xx, which are no UTF-8: one U+FFFD, as in
 * Go. */
static void put_lone_surrogates(br_str s, br_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        bool lone = (unsigned char) s.p[i] == 0xED && i + 2 < s.n && (unsigned char) s.p[i + 1] >= 0xA0;
        (void) (lone ? br_buf_puts(out, "\xEF\xBF\xBD") : br_buf_putc(out, s.p[i]));
        if (lone) i += 2;
    }
}

static br_code put_string(writer *w, JSValueConst v)
{
    br_str s = br_js_str(w->ctx, v);
    if (!s.p) return BR_EEXCEPTION;
    if (memchr(s.p, 0xED, s.n)) {
        br_buf whole;
        br_buf_init(&whole, BR_BUF_NO_LIMIT);
        put_lone_surrogates(s, &whole);
        (void) br_buf_put_json_str(w->out, br_buf_view(&whole));
        br_buf_deinit(&whole);
    } else {
        (void) br_buf_put_json_str(w->out, s);
    }
    JS_FreeCString(w->ctx, s.p);
    return BR_OK;
}

static br_code put_date(writer *w, JSValueConst v)
{
    JSAtom name = JS_NewAtom(w->ctx, "getTime");
    JSValue time = JS_Invoke(w->ctx, v, name, 0, NULL);
    JS_FreeAtom(w->ctx, name);
    double ms = NAN;
    if (JS_IsException(time) || JS_ToFloat64(w->ctx, &ms, time) < 0) return BR_EEXCEPTION;
    if (!(fabs(ms) < 9e12)) return unsupported(w, "value: a date out of range");
    (void) br_buf_putc(w->out, '"');
    (void) br_buf_put_rfc3339(w->out, (br_ns) ms * BR_MS, true);
    (void) br_buf_putc(w->out, '"');
    return BR_OK;
}

static br_code put_array(writer *w, JSValueConst v)
{
    int64_t n;
    if (JS_GetLength(w->ctx, v, &n) < 0) return BR_EEXCEPTION;
    (void) br_buf_putc(w->out, '[');
    br_code code = BR_OK;
    for (int64_t i = 0; i < n && code == BR_OK; i++) {
        if (i) (void) br_buf_putc(w->out, ',');
        JSValue item = JS_GetPropertyInt64(w->ctx, v, i);
        code = JS_IsException(item) ? BR_EEXCEPTION : put_value(w, item);
        JS_FreeValue(w->ctx, item);
        if (w->out->len > BYTES_MAX)
            code = br_fail(w->err, BR_ELIMIT, "setup() returned more than %zu MiB",
                BYTES_MAX >> 20); /* holes cost no memory in JavaScript */
    }
    (void) br_buf_putc(w->out, ']');
    return code;
}

/* A Map or a Set, by Array.from(). */
static br_code put_collection(writer *w, JSValueConst v)
{
    JSValue global = JS_GetGlobalObject(w->ctx), array = JS_GetPropertyStr(w->ctx, global, "Array");
    JSAtom from = JS_NewAtom(w->ctx, "from");
    JSValue list = JS_Invoke(w->ctx, array, from, 1, &v);
    br_code code = JS_IsException(list) ? BR_EEXCEPTION : put_array(w, list);
    JS_FreeValue(w->ctx, list);
    JS_FreeAtom(w->ctx, from);
    JS_FreeValue(w->ctx, array);
    JS_FreeValue(w->ctx, global);
    return code;
}

typedef struct member {
    br_str name; /* JS_FreeCString() */
    JSAtom atom;
} member;

static int by_name(const void *a, const void *b)
{
    return br_str_cmp(((const member *) a)->name, ((const member *) b)->name);
}

static br_code put_members(writer *w, JSValueConst v, member *members, uint32_t n)
{
    br_code code = BR_OK;
    for (uint32_t i = 0; i < n && code == BR_OK; i++) {
        if (i) (void) br_buf_putc(w->out, ',');
        (void) br_buf_put_json_str(w->out, members[i].name);
        (void) br_buf_putc(w->out, ':');
        JSValue item = JS_GetProperty(w->ctx, v, members[i].atom);
        code = JS_IsException(item) ? BR_EEXCEPTION : put_value(w, item);
        JS_FreeValue(w->ctx, item);
    }
    return code;
}

static br_code put_object(writer *w, JSValueConst v)
{
    JSPropertyEnum *keys;
    uint32_t n;
    if (br_js_keys(w->ctx, v, &keys, &n) < 0) return BR_EEXCEPTION;
    member *members = br_calloc((size_t) n + 1, sizeof(*members));
    for (uint32_t i = 0; i < n; i++) {
        size_t len = 0;
        const char *name = JS_AtomToCStringLen(w->ctx, &len, keys[i].atom);
        members[i] = (member){{name, name ? len : 0}, keys[i].atom};
    }
    if (n > 1) qsort(members, n, sizeof(*members), by_name);
    (void) br_buf_putc(w->out, '{');
    br_code code = put_members(w, v, members, n);
    (void) br_buf_putc(w->out, '}');
    for (uint32_t i = 0; i < n; i++)
        JS_FreeCString(w->ctx, members[i].name.p);
    br_free(members);
    JS_FreePropertyEnum(w->ctx, keys, n);
    return code;
}

static br_code put_any_object(writer *w, JSValueConst v)
{
    if (JS_IsFunction(w->ctx, v)) return unsupported(w, "type: func(sobek.FunctionCall) sobek.Value");
    if (JS_IsDate(v)) return put_date(w, v);
    for (int i = 0; i < w->depth; i++) {
        if (JS_VALUE_GET_PTR(w->path[i]) == JS_VALUE_GET_PTR(v))
            return unsupported(w, "value: encountered a cycle");
    }
    if (w->depth == DEPTH_MAX) return unsupported(w, "value: nested too deeply");
    w->path[w->depth++] = v;
    br_code code;
    if (JS_IsMap(v) || JS_IsSet(v))
        code = put_collection(w, v);
    else
        code = br_js_is_array(w->ctx, v) || JS_GetTypedArrayType(v) >= 0 ? put_array(w, v) : put_object(w, v);
    w->depth--;
    return code;
}

static br_code put_value(writer *w, JSValueConst v)
{
    if (JS_IsSymbol(v)) return unsupported(w, "type: symbol");
    if (br_js_nullish(v)) return br_buf_puts(w->out, "null");
    if (JS_IsBool(v)) return br_buf_puts(w->out, JS_ToBool(w->ctx, v) ? "true" : "false");
    if (JS_IsNumber(v)) return put_number(w, v);
    if (JS_IsObject(v)) return put_any_object(w, v);
    if (JS_IsString(v)) return put_string(w, v);
    br_str digits = br_js_str(w->ctx, v); /* BigInt */
    if (!digits.p) return BR_EEXCEPTION;
    (void) br_buf_put(w->out, digits);
    JS_FreeCString(w->ctx, digits.p);
    return BR_OK;
}

br_code br_js_to_go_json(JSContext *ctx, JSValueConst value, br_buf *out, br_err *err)
{
    writer w = {.ctx = ctx, .out = out, .err = err};
    return put_value(&w, value);
}
