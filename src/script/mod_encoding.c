/* Module "k6/encoding": base64 in Go's four variants. */
#include "codec/base64.h"
#include "script/js.h"

typedef struct variant {
    const char *name;
    bool url, padded;
} variant;

static const variant variants[] = {
    {"std", false, true}, {"rawstd", false, false}, {"url", true, true}, {"rawurl", true, false}};

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
    bool binary = argc > 0 && br_js_octets(ctx, argv[0], &bytes);
    if (argc < 1 || (!binary && !JS_IsString(argv[0])))
        return br_js_throw(ctx, "invalid type %s, expected string, []byte or ArrayBuffer",
            br_js_type_name(ctx, argc ? argv[0] : JS_UNDEFINED));
    if (!binary) bytes = br_js_str(ctx, argv[0]);
    if (!binary && !bytes.p) return JS_EXCEPTION;
    const variant *v = variant_of(ctx, argc, argv);
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    br_base64_put(bytes, v->url, v->padded, &out);
    JSValue text = br_js_new_str(ctx, br_buf_view(&out));
    br_buf_deinit(&out);
    if (!binary) JS_FreeCString(ctx, bytes.p);
    return text;
}

static JSValue b64decode(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    if (argc < 1) return JS_NewArrayBufferCopy(ctx, NULL, 0); /* as of an empty text */
    br_str text = br_js_str(ctx, argv[0]);
    if (!text.p) return JS_EXCEPTION;
    size_t fault;
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    const variant *v = variant_of(ctx, argc, argv);
    bool ok = br_base64_decode(text, v->url, v->padded, &out, &fault);
    JS_FreeCString(ctx, text.p);
    bool as_text = false;
    if (argc > 2 && JS_IsString(argv[2])) {
        br_str format = br_js_str(ctx, argv[2]);
        as_text = format.p && br_str_is(format, "s");
        JS_FreeCString(ctx, format.p);
    }
    JSValue ret;
    if (!ok)
        ret = br_js_throw(ctx, "illegal base64 data at input byte %zu", fault);
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
