/*
 * Globals TextEncoder and TextDecoder (utf-8, utf-16le, utf-16be). The constructors are made when they are
 * first read: most scripts use neither, and every virtual user has its own. Decoding follows the WHATWG
 * Encoding Standard.
 */
#include "script/js.h"

typedef enum encoding { UTF8, UTF16LE, UTF16BE } encoding;

static const struct {
    const char *label;
    encoding encoding;
} labels[] = {{"utf-8", UTF8}, {"utf8", UTF8}, {"unicode-1-1-utf-8", UTF8}, {"utf-16le", UTF16LE},
    {"utf-16", UTF16LE}, {"utf-16be", UTF16BE}};
static const char *const names[] = {"utf-8", "utf-16le", "utf-16be"};

typedef struct decoder {
    encoding encoding;
    bool fatal, ignore_bom, streaming, bom_checked, failed;
    /* UTF-8: a character in progress. */
    uint32_t point;
    int needed, seen;
    uint8_t lower, upper; /* bounds of the next byte */
    /* UTF-16: */
    int byte;      /* first byte of a unit, or -1 */
    uint32_t lead; /* high surrogate that waits for its partner, or 0 */
    br_buf *out;
} decoder;

static JSClassID decoder_class;

/* Decoding -------------------------------------------------------------------------------------------- */

static void emit(decoder *d, uint32_t c)
{
    if (!d->bom_checked) {
        d->bom_checked = true;
        if (c == 0xFEFF && !d->ignore_bom) return;
    }
    if (c < 0x80) {
        (void) br_buf_putc(d->out, (char) c);
        return;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint8_t first[] = {0, 0xC0, 0xE0, 0xF0};
    (void) br_buf_putc(d->out, (char) (first[more] | c >> (6 * more)));
    for (int i = more - 1; i >= 0; i--)
        (void) br_buf_putc(d->out, (char) (0x80 | (c >> (6 * i) & 0x3F)));
}

static void emit_error(decoder *d)
{
    d->failed = true;
    emit(d, 0xFFFD);
}

static void utf8_reset(decoder *d)
{
    d->point = 0;
    d->needed = d->seen = 0;
    d->lower = 0x80;
    d->upper = 0xBF;
}

static void utf8_first(decoder *d, uint8_t b)
{
    if (b < 0x80) {
        emit(d, b);
    } else if (b >= 0xC2 && b <= 0xDF) {
        d->needed = 1;
        d->point = b & 0x1Fu;
    } else if (b >= 0xE0 && b <= 0xEF) {
        d->lower = b == 0xE0 ? 0xA0 : 0x80;
        d->upper = b == 0xED ? 0x9F : 0xBF;
        d->needed = 2;
        d->point = b & 0xFu;
    } else if (b >= 0xF0 && b <= 0xF4) {
        d->lower = b == 0xF0 ? 0x90 : 0x80;
        d->upper = b == 0xF4 ? 0x8F : 0xBF;
        d->needed = 3;
        d->point = b & 0x7u;
    } else {
        emit_error(d);
    }
}

static void utf8_byte(decoder *d, uint8_t b)
{
    if (d->needed && (b < d->lower || b > d->upper)) { /* the character ends here; this byte begins another */
        utf8_reset(d);
        emit_error(d);
    }
    if (!d->needed) {
        utf8_first(d, b);
        return;
    }
    d->lower = 0x80;
    d->upper = 0xBF;
    d->point = d->point << 6 | (b & 0x3Fu);
    if (++d->seen < d->needed) return;
    emit(d, d->point);
    utf8_reset(d);
}

static void utf16_unit(decoder *d, uint32_t unit)
{
    if (d->lead && unit >= 0xDC00 && unit <= 0xDFFF) {
        emit(d, 0x10000 + ((d->lead - 0xD800) << 10) + (unit - 0xDC00));
        d->lead = 0;
        return;
    }
    if (d->lead) emit_error(d);
    d->lead = 0;
    if (unit >= 0xD800 && unit <= 0xDBFF)
        d->lead = unit;
    else if (unit >= 0xDC00 && unit <= 0xDFFF)
        emit_error(d);
    else
        emit(d, unit);
}

static void utf16_byte(decoder *d, uint8_t b)
{
    if (d->byte < 0) {
        d->byte = b;
        return;
    }
    uint32_t first = (uint32_t) d->byte;
    d->byte = -1;
    utf16_unit(d, d->encoding == UTF16LE ? first | (uint32_t) b << 8 : first << 8 | b);
}

static void reset(decoder *d)
{
    utf8_reset(d);
    d->byte = -1;
    d->lead = 0;
    d->bom_checked = false;
}

static void finish(decoder *d)
{
    if (d->needed || d->byte >= 0 || d->lead) emit_error(d);
    reset(d);
}

/* TextDecoder ----------------------------------------------------------------------------------------- */

static void finalize(JSRuntime *rt, JSValueConst v)
{
    (void) rt;
    br_free(JS_GetOpaque(v, decoder_class));
}

static const JSClassDef decoder_class_def = {.class_name = "TextDecoder", .finalizer = finalize};

void br_js_text_class_id(JSRuntime *rt)
{
    JS_NewClassID(rt, &decoder_class);
}

static bool flag(JSContext *ctx, JSValueConst options, const char *name)
{
    if (!JS_IsObject(options)) return false;
    JSValue v = JS_GetPropertyStr(ctx, options, name);
    bool on = JS_ToBool(ctx, v) == 1;
    JS_FreeValue(ctx, v);
    return on;
}

static bool find_label(br_str label, encoding *ret)
{
    label = br_str_trim(label);
    for (size_t i = 0; i < BR_COUNT_OF(labels); i++) {
        if (!br_str_eq_nocase(label, br_str_of(labels[i].label))) continue;
        *ret = labels[i].encoding;
        return true;
    }
    return false;
}

static JSValue decoder_new(JSContext *ctx, JSValueConst new_target, int argc, JSValueConst *argv)
{
    (void) new_target;
    encoding e = UTF8;
    if (argc > 0 && !JS_IsUndefined(argv[0])) {
        br_str label = br_js_str(ctx, argv[0]);
        if (!label.p) return JS_EXCEPTION;
        bool known = find_label(label, &e);
        if (!known) JS_ThrowRangeError(ctx, "unsupported encoding: %.100s", label.p);
        JS_FreeCString(ctx, label.p);
        if (!known) return JS_EXCEPTION;
    }
    JSValue object = JS_NewObjectClass(ctx, decoder_class);
    if (JS_IsException(object)) return object;
    decoder *d = BR_NEW(decoder);
    d->encoding = e;
    d->fatal = argc > 1 && flag(ctx, argv[1], "fatal");
    d->ignore_bom = argc > 1 && flag(ctx, argv[1], "ignoreBOM");
    reset(d);
    JS_SetOpaque(object, d);
    return object;
}

static JSValue decoder_decode(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    decoder *d = JS_GetOpaque2(ctx, this_val, decoder_class);
    if (!d) return JS_EXCEPTION;
    br_str bytes = BR_STR("");
    if (argc > 0 && !JS_IsUndefined(argv[0]) && !br_js_bytes(ctx, argv[0], &bytes)) {
        return JS_ThrowTypeError(ctx, "decode() needs an ArrayBuffer or a typed array");
    }
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    if (!d->streaming) reset(d);
    d->out = &out;
    d->failed = false;
    for (size_t i = 0; i < bytes.n; i++) {
        if (d->encoding == UTF8)
            utf8_byte(d, (uint8_t) bytes.p[i]);
        else
            utf16_byte(d, (uint8_t) bytes.p[i]);
    }
    d->streaming = argc > 1 && flag(ctx, argv[1], "stream");
    if (!d->streaming) finish(d);
    d->out = NULL;
    JSValue ret;
    if (d->failed && d->fatal)
        ret = JS_ThrowTypeError(ctx, "the bytes are no valid %s", names[d->encoding]);
    else
        ret = br_js_new_str(ctx, br_buf_view(&out));
    br_buf_deinit(&out);
    return ret;
}

enum { D_ENCODING, D_FATAL, D_IGNORE_BOM };

static JSValue decoder_field(JSContext *ctx, JSValueConst this_val, int field)
{
    const decoder *d = JS_GetOpaque2(ctx, this_val, decoder_class);
    if (!d) return JS_EXCEPTION;
    if (field == D_ENCODING) return JS_NewString(ctx, names[d->encoding]);
    return JS_NewBool(ctx, field == D_FATAL ? d->fatal : d->ignore_bom);
}

static const JSCFunctionListEntry decoder_entries[] = {
    JS_CFUNC_DEF("decode", 1, decoder_decode),
    JS_CGETSET_MAGIC_DEF("encoding", decoder_field, NULL, D_ENCODING),
    JS_CGETSET_MAGIC_DEF("fatal", decoder_field, NULL, D_FATAL),
    JS_CGETSET_MAGIC_DEF("ignoreBOM", decoder_field, NULL, D_IGNORE_BOM),
};

/* TextEncoder ----------------------------------------------------------------------------------------- */

static JSValue encoder_new(JSContext *ctx, JSValueConst new_target, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    JSValue proto = JS_GetProperty(ctx, new_target, br_vu_of(ctx)->atoms[BR_ATOM_prototype]);
    JSValue object = JS_IsException(proto) ? proto : JS_NewObjectProto(ctx, proto);
    if (!JS_IsException(proto)) JS_FreeValue(ctx, proto);
    return object;
}

static JSValue encoder_encode(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    if (argc == 0 || JS_IsUndefined(argv[0])) return JS_NewUint8ArrayCopy(ctx, (const uint8_t *) "", 0);
    br_str text = br_js_str(ctx, argv[0]);
    if (!text.p) return JS_EXCEPTION;
    JSValue bytes = JS_NewUint8ArrayCopy(ctx, (const uint8_t *) text.p, text.n);
    JS_FreeCString(ctx, text.p);
    return bytes;
}

/* How much of the text are whole characters of at most `room` bytes, and how many UTF-16 units they are. */
static size_t fitting(br_str text, size_t room, uint32_t *ret_units)
{
    size_t done = 0;
    *ret_units = 0;
    while (done < text.n) {
        uint8_t first = (uint8_t) text.p[done];
        size_t more = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
        if (more > text.n - done || more > room - done) break;
        done += more;
        *ret_units += more == 4 ? 2 : 1;
    }
    return done;
}

/* encodeInto(text, bytes): what fits, without an array of its own. k6 has no such method. */
static JSValue encoder_encode_into(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    if (argc < 2 || JS_GetTypedArrayType(argv[1]) != JS_TYPED_ARRAY_UINT8)
        return JS_ThrowTypeError(ctx, "encodeInto() needs a text and a Uint8Array");
    br_str text = br_js_str(ctx, argv[0]);
    if (!text.p) return JS_EXCEPTION;
    size_t room;
    uint8_t *into = JS_GetUint8Array(ctx, &room, argv[1]); /* NULL also if there is no room */
    if (!into && JS_HasException(ctx)) {
        JS_FreeCString(ctx, text.p);
        return JS_EXCEPTION;
    }
    uint32_t units;
    size_t n = fitting(text, into ? room : 0, &units);
    if (n) memcpy(into, text.p, n);
    JS_FreeCString(ctx, text.p);
    JSValue result = JS_NewObject(ctx);
    if (JS_IsException(result)) return result;
    JS_SetPropertyStr(ctx, result, "read", JS_NewUint32(ctx, units));
    JS_SetPropertyStr(ctx, result, "written", JS_NewInt64(ctx, (int64_t) n));
    return result;
}

static const JSCFunctionListEntry encoder_entries[] = {
    JS_CFUNC_DEF("encode", 1, encoder_encode),
    JS_CFUNC_DEF("encodeInto", 2, encoder_encode_into),
    JS_PROP_STRING_DEF("encoding", "utf-8", JS_PROP_CONFIGURABLE),
};

/* Globals --------------------------------------------------------------------------------------------- */

enum { TEXT_ENCODER, TEXT_DECODER };
static const char *const global_names[] = {"TextEncoder", "TextDecoder"};

static JSValue define_global(JSContext *ctx, int which, JSValue value)
{
    JSValue global = JS_GetGlobalObject(ctx);
    int rc = JS_DefinePropertyValueStr(
        ctx, global, global_names[which], JS_DupValue(ctx, value), JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE);
    JS_FreeValue(ctx, global);
    if (rc >= 0) return value;
    JS_FreeValue(ctx, value);
    return JS_EXCEPTION;
}

static JSValue get_global(JSContext *ctx, JSValueConst this_val, int which)
{
    (void) this_val;
    JSRuntime *rt = JS_GetRuntime(ctx);
    bool decodes = which == TEXT_DECODER;
    if (decodes && !JS_IsRegisteredClass(rt, decoder_class) &&
        JS_NewClass(rt, decoder_class, &decoder_class_def) < 0)
        return JS_EXCEPTION;
    JSValue proto = JS_NewObject(ctx);
    int rc = decodes ? JS_SetPropertyFunctionList(ctx, proto, decoder_entries, BR_COUNT_OF(decoder_entries))
                     : JS_SetPropertyFunctionList(ctx, proto, encoder_entries, BR_COUNT_OF(encoder_entries));
    JSValue ctor = rc < 0 ? JS_EXCEPTION
                          : JS_NewCFunction2(ctx, decodes ? decoder_new : encoder_new, global_names[which], 0,
                                JS_CFUNC_constructor, 0);
    if (JS_IsException(ctor)) {
        JS_FreeValue(ctx, proto);
        return ctor;
    }
    JS_SetConstructor(ctx, ctor, proto);
    if (decodes)
        JS_SetClassProto(ctx, decoder_class, proto);
    else
        JS_FreeValue(ctx, proto);
    return define_global(ctx, which, ctor);
}

static JSValue set_global(JSContext *ctx, JSValueConst this_val, JSValueConst value, int which)
{
    (void) this_val;
    JSValue ret = define_global(ctx, which, JS_DupValue(ctx, value));
    if (JS_IsException(ret)) return ret;
    JS_FreeValue(ctx, ret);
    return JS_UNDEFINED;
}

const JSCFunctionListEntry br_js_text_entries[] = {
    JS_CGETSET_MAGIC_DEF("TextEncoder", get_global, set_global, TEXT_ENCODER),
    JS_CGETSET_MAGIC_DEF("TextDecoder", get_global, set_global, TEXT_DECODER),
};
const int br_js_text_entry_count = BR_COUNT_OF(br_js_text_entries);
