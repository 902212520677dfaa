/* Response.json(): the body as a value, or what a selector finds in its text. */
#include "base/num.h"
#include "codec/gjson.h"
#include "codec/json_fault.h"
#include "script/js.h"

/* What QuickJS did not read, in k6's words; another reason, such as the end of memory, stays what it is. */
static JSValue throw_fault(JSContext *ctx, br_str body)
{
    br_json_fault fault;
    if (!br_json_fault_find(body, &fault)) return JS_EXCEPTION;
    size_t line, character;
    br_json_fault_place(body, &fault, &line, &character);
    JS_FreeValue(ctx, JS_GetException(ctx));
    return br_js_throw(ctx, "cannot parse json due to an error at line %zu, character %zu , error: %s", line,
        character, fault.text);
}

static JSValue parse_json(JSContext *ctx, br_str body)
{
    /* br_buf keeps a NUL behind its end, which the parser needs. */
    JSValue v = JS_ParseJSON(ctx, body.p, body.n, "response body");
    return JS_IsException(v) ? throw_fault(ctx, body) : v;
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
static JSValue select_json(JSContext *ctx, br_js_response *r, br_str body, br_str path)
{
    br_str value;
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
    br_str body;
    if (!br_js_response_body(r, &body)) {
        return br_js_throw(ctx,
            "the body is null so we can't transform it to JSON - this likely was because of a "
            "request error getting the response");
    }
    if (argc > 0 && !JS_IsUndefined(argv[0])) {
        br_str path = br_js_str(ctx, argv[0]);
        JSValue v = path.p ? select_json(ctx, r, body, path) : JS_EXCEPTION;
        JS_FreeCString(ctx, path.p);
        return v;
    }
    if (JS_VALUE_GET_TAG(r->json) == JS_TAG_UNINITIALIZED) {
        JSValue v = parse_json(ctx, body);
        if (JS_IsException(v)) return v;
        r->json = v;
    }
    return JS_DupValue(ctx, r->json);
}
