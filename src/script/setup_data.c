/*
 * Setup data as k6 shows them to a VU: decoded once, kept over its iterations. Arrays in objects are Go
 * slices there: every read of the member gives a new view of the same elements, so that elements that were
 * written stay, and what push() or pop() did to the length does not.
 */
#include "script/js.h"

/* data: the array, its length. */
static JSValue read_list(
    JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int magic, JSValueConst *data)
{
    (void) this_val, (void) argc, (void) argv, (void) magic;
    int64_t now, wanted;
    if (JS_GetLength(ctx, data[0], &now) < 0 || JS_ToInt64(ctx, &wanted, data[1]) < 0) return JS_EXCEPTION;
    for (; now < wanted; now++) { /* what was taken away is nil there */
        if (JS_SetPropertyInt64(ctx, data[0], now, JS_NULL) < 0) return JS_EXCEPTION;
    }
    if (now > wanted && JS_SetLength(ctx, data[0], wanted) < 0) return JS_EXCEPTION;
    return JS_DupValue(ctx, data[0]);
}

/* data: the name of the member, which becomes an ordinary one. */
static JSValue replace_list(
    JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int magic, JSValueConst *data)
{
    (void) argc, (void) magic;
    JSAtom name = JS_ValueToAtom(ctx, data[0]);
    int rc = JS_DefinePropertyValue(
        ctx, this_val, name, JS_DupValue(ctx, argv[0]), JS_PROP_C_W_E | JS_PROP_THROW);
    JS_FreeAtom(ctx, name);
    return rc < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

static int show_as_slice(JSContext *ctx, JSValueConst object, JSAtom name, JSValueConst list)
{
    int64_t length;
    if (JS_GetLength(ctx, list, &length) < 0) return -1;
    JSValue text = JS_AtomToString(ctx, name), size = JS_NewInt64(ctx, length);
    JSValueConst read_data[] = {list, size}, replace_data[] = {text};
    JSValue getter = JS_NewCFunctionData(ctx, read_list, 0, 0, 2, read_data);
    JSValue setter = JS_NewCFunctionData(ctx, replace_list, 1, 0, 1, replace_data);
    JS_FreeValue(ctx, text);
    return JS_DefinePropertyGetSet(
        ctx, object, name, getter, setter, JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE);
}

typedef BR_VEC(JSValue) value_stack;

/* Puts the objects and arrays that `v` holds on the stack, and its arrays behind accessors. */
static int look_into(JSContext *ctx, JSValueConst v, value_stack *stack)
{
    JSPropertyEnum *keys;
    uint32_t n;
    if (br_js_keys(ctx, v, &keys, &n) < 0) return -1;
    int rc = 0;
    bool object = !JS_IsArray(v);
    for (uint32_t i = 0; i < n && rc >= 0; i++) {
        JSValue member = JS_GetProperty(ctx, v, keys[i].atom);
        if (object && JS_IsArray(member)) rc = show_as_slice(ctx, v, keys[i].atom, member);
        if (JS_IsObject(member))
            *br_vec_push(stack) = member;
        else
            JS_FreeValue(ctx, member);
    }
    JS_FreePropertyEnum(ctx, keys, n);
    return rc;
}

JSValue br_js_setup_data(JSContext *ctx, br_str json)
{
    char *text = br_strndup(json.p, json.n); /* the parser needs a NUL behind the end */
    JSValue data = JS_ParseJSON(ctx, text, json.n, "setup data");
    br_free(text);
    if (!JS_IsObject(data)) return data;
    value_stack stack = {0};
    *br_vec_push(&stack) = JS_DupValue(ctx, data);
    int rc = 0;
    while (stack.len) {
        JSValue v = stack.data[--stack.len];
        if (rc >= 0) rc = look_into(ctx, v, &stack);
        JS_FreeValue(ctx, v);
    }
    br_vec_deinit(&stack);
    if (rc >= 0) return data;
    JS_FreeValue(ctx, data);
    return JS_EXCEPTION;
}
