/* Module "k6/encoding": base64 in Go's four variants. */
#include "script/js.h"

typedef struct variant {
    const char *name;
    bool url, padded;
} variant;

static const variant variants[] = {
    {"std", false, true}, {"rawstd", false, false}, {"url", true, true}, {"rawurl", true, false}};

static const char std_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void br_js_base64(br_str bytes, bool url, bool padded, br_buf *out)
{
    const char *letters = url ? url_letters : std_letters;
    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t n = bytes.n - i < 3 ? bytes.n - i : 3;
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++)
            group = group << 8 | (k < n ? (unsigned char) bytes.p[i + k] : 0);
        for (size_t k = 0; k < 4; k++) {
            if (k <= n)
                (void) br_buf_putc(out, letters[group >> (18 - 6 * k) & 63]);
            else if (padded)
                (void) br_buf_putc(out, '=');
        }
    }
}

bool br_js_base64_decode(br_str text, bool url, bool padded, br_buf *out)
{
    const char *letters = url ? url_letters : std_letters;
    uint32_t group = 0;
    size_t count = 0, padding = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '\r' || c == '\n') continue;
        const char *at = c == '=' || !c ? NULL : strchr(letters, c);
        if (c == '=') padding++;
        if ((!at && c != '=') || (at && padding)) return false;
        if (!at) continue;
        group = group << 6 | (uint32_t) (at - letters);
        if (++count % 4) continue;
        for (int shift = 16; shift >= 0; shift -= 8)
            (void) br_buf_putc(out, (char) (group >> shift & 255));
        group = 0;
    }
    size_t rest = count % 4;
    if (rest == 1 || padding != (padded && rest ? 4 - rest : 0)) return false;
    if (rest) group <<= 6 * (4 - rest);
    if (rest > 1) (void) br_buf_putc(out, (char) (group >> 16 & 255));
    if (rest > 2) (void) br_buf_putc(out, (char) (group >> 8 & 255));
    return true;
}

/* As in k6, a name that is unknown means "std". */
static const variant *variant_of(JSContext *ctx, int argc, JSValueConst *argv)
{
    const variant *found = &variants[0];
    if (argc < 2 || !JS_IsString(argv[1])) return found;
    br_str name = br_js_str(ctx, argv[1]);
    for (size_t i = 0; i < BR_COUNT_OF(variants) && name.p; i++) {
        if (br_str_is(name, variants[i].name)) found = &variants[i];
    }
    JS_FreeCString(ctx, name.p);
    return found;
}

static JSValue b64encode(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    br_str bytes;
    bool binary = argc > 0 && br_js_bytes(ctx, argv[0], &bytes);
    if (argc < 1 || (!binary && !JS_IsString(argv[0])))
        return br_js_throw(ctx, "b64encode() needs a string or an ArrayBuffer");
    if (!binary) bytes = br_js_str(ctx, argv[0]);
    if (!binary && !bytes.p) return JS_EXCEPTION;
    const variant *v = variant_of(ctx, argc, argv);
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    br_js_base64(bytes, v->url, v->padded, &out);
    JSValue text = br_js_new_str(ctx, br_buf_view(&out));
    br_buf_deinit(&out);
    if (!binary) JS_FreeCString(ctx, bytes.p);
    return text;
}

static JSValue b64decode(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    br_str text = argc > 0 ? br_js_str(ctx, argv[0]) : BR_STR_NONE;
    if (!text.p) return argc > 0 ? JS_EXCEPTION : br_js_throw(ctx, "b64decode() needs a string");
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    const variant *v = variant_of(ctx, argc, argv);
    bool ok = br_js_base64_decode(text, v->url, v->padded, &out);
    JS_FreeCString(ctx, text.p);
    bool as_text = false;
    if (argc > 2 && JS_IsString(argv[2])) {
        br_str format = br_js_str(ctx, argv[2]);
        as_text = format.p && br_str_is(format, "s");
        JS_FreeCString(ctx, format.p);
    }
    JSValue ret;
    if (!ok)
        ret = br_js_throw(ctx, "illegal base64 data");
    else if (as_text)
        ret = br_js_new_str(ctx, br_buf_view(&out));
    else
        ret = JS_NewArrayBufferCopy(ctx, (const uint8_t *) out.data, out.len);
    br_buf_deinit(&out);
    return ret;
}

static const JSCFunctionListEntry entries[] = {
    JS_CFUNC_DEF("b64encode", 2, b64encode),
    JS_CFUNC_DEF("b64decode", 3, b64decode),
};

const br_js_module br_js_module_encoding = {
    .name = "k6/encoding", .entries = entries, .entry_count = BR_COUNT_OF(entries)};
