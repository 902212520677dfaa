/* Response.json(): the body as a value, or what a selector finds in its text. */
#include "base/num.h"
#include "codec/gjson.h"
#include "script/js.h"

static JSValue parse_json(JSContext *ctx, br_js_response *r)
{
    /* br_buf keeps a NUL behind its end, which the parser needs. */
    JSValue v = JS_ParseJSON(ctx, r->http.body.data, r->http.body.len, "response body");
    if (!JS_IsException(v)) return v;
    JSValue error = JS_GetException(ctx);
    br_str text = br_js_str(ctx, error);
    br_js_throw(ctx, "cannot parse json due to an error: " BR_FMT, BR_ARG(text));
    JS_FreeCString(ctx, text.p);
    JS_FreeValue(ctx, error);
    return JS_EXCEPTION;
}

/* The JavaScript value of a JSON text that is valid. */
static JSValue json_value(JSContext *ctx, br_str text)
{
    double number;
    br_json_kind kind = br_json_kind_of(text);
    if (kind == BR_JSON_NONE) return JS_UNDEFINED;
    if (kind == BR_JSON_STRING && !br_json_has_escape(text))
        return br_js_new_str(ctx, br_str_sub(text, 1, text.n - 1));
    if (kind == BR_JSON_NUMBER && br_parse_f64(text, &number) == BR_OK) return JS_NewNumber(ctx, number);
    char *copy = br_strndup(text.p, text.n); /* the parser needs a NUL behind the end */
    JSValue v = JS_ParseJSON(ctx, copy, text.n, "response body");
    br_free(copy);
    return v;
}

/* With a selector k6 gives undefined for a body that is no JSON. */
static JSValue select_json(JSContext *ctx, br_js_response *r, br_str path)
{
    br_str value, body = br_buf_view(&r->http.body);
    br_err err = {0};
    br_arena arena;
    if (!r->json_checked) r->json_valid = br_json_valid(body);
    r->json_checked = true;
    if (!r->json_valid) return JS_UNDEFINED;
    br_arena_init(&arena, 1024);
    br_code code = br_gjson_get(body, path, &arena, &value, &err);
    JSValue v = code == BR_OK ? json_value(ctx, value) : br_js_throw(ctx, "json(): %s", err.msg);
    br_arena_deinit(&arena);
    return v;
}

JSValue br_js_response_json(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    br_js_response *r = br_js_response_of(ctx, this_val);
    if (!r) return JS_EXCEPTION;
    if (r->drop_body || r->http.body.len == 0) {
        return br_js_throw(ctx,
            "the body is null so we can't transform it to JSON - this likely was because of a "
            "request error getting the response");
    }
    if (argc > 0 && !JS_IsUndefined(argv[0])) {
        br_str path = br_js_str(ctx, argv[0]);
        JSValue v = path.p ? select_json(ctx, r, path) : JS_EXCEPTION;
        JS_FreeCString(ctx, path.p);
        return v;
    }
    if (JS_VALUE_GET_TAG(r->json) == JS_TAG_UNINITIALIZED) {
        JSValue v = parse_json(ctx, r);
        if (JS_IsException(v)) return v;
        r->json = v;
    }
    return JS_DupValue(ctx, r->json);
}
