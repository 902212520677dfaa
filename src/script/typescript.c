#include "script/typescript.h"
#include <quickjs.h>
#include "base/mem.h"

#define MEMORY_BYTES ((size_t) 1 << 30)
#define STACK_BYTES  ((size_t) 2 << 20)

/* The bundle: web/build-script.mjs. */
extern const char br_script_typescript[];
extern const uint64_t br_script_typescript_size;

struct br_typescript {
    JSRuntime *rt;
    JSContext *ctx;
    bool ready;
};

br_typescript *br_typescript_new(void)
{
    return BR_NEW(br_typescript);
}

void br_typescript_free(br_typescript *t)
{
    if (!t) return;
    if (t->ctx) JS_FreeContext(t->ctx);
    if (t->rt) JS_FreeRuntime(t->rt);
    br_free(t);
}

/* The pending exception as an error: of our own bundle, or for want of memory. */
static br_code fail(br_typescript *t, br_err *err)
{
    JSValue error = JS_GetException(t->ctx);
    const char *text = JS_ToCString(t->ctx, error);
    bool memory = text && strstr(text, "out of memory");
    br_code code = br_fail(err, memory ? BR_ELIMIT : BR_EINVAL, "cannot translate the TypeScript source: %s",
        text ? text : "no memory");
    JS_FreeCString(t->ctx, text);
    JS_FreeValue(t->ctx, error);
    return code;
}

static br_code make_ready(br_typescript *t, br_err *err)
{
    if (t->ready) return BR_OK;
    if (!t->rt) t->rt = JS_NewRuntime();
    if (!t->rt) return br_fail(err, BR_ELIMIT, "no memory for the translation of TypeScript");
    JS_SetMemoryLimit(t->rt, MEMORY_BYTES);
    JS_SetMaxStackSize(t->rt, STACK_BYTES);
    if (!t->ctx) t->ctx = JS_NewContext(t->rt);
    if (!t->ctx) return br_fail(err, BR_ELIMIT, "no memory for the translation of TypeScript");
    JSValue value = JS_Eval(
        t->ctx, br_script_typescript, br_script_typescript_size, "typescript.js", JS_EVAL_TYPE_GLOBAL);
    if (JS_IsException(value)) return fail(t, err);
    JS_FreeValue(t->ctx, value);
    t->ready = true;
    return BR_OK;
}

static int32_t number(JSContext *ctx, JSValueConst object, const char *name)
{
    JSValue value = JS_GetPropertyStr(ctx, object, name);
    int32_t n = 0;
    if (JS_ToInt32(ctx, &n, value) < 0) JS_FreeValue(ctx, JS_GetException(ctx));
    JS_FreeValue(ctx, value);
    return n;
}

/* {line, column, message} */
static br_code syntax_error(JSContext *ctx, JSValueConst object, br_err *err)
{
    JSValue message = JS_GetPropertyStr(ctx, object, "message");
    const char *text = JS_ToCString(ctx, message);
    br_code code = br_fail(err, BR_ESYNTAX, "Line %d:%d %s", number(ctx, object, "line"),
        number(ctx, object, "column"), text ? text : "syntax error");
    JS_FreeCString(ctx, text);
    JS_FreeValue(ctx, message);
    return code;
}

br_code br_typescript_strip(br_typescript *t, br_str source, br_buf *ret, br_err *err)
{
    br_code code = make_ready(t, err);
    if (code != BR_OK) return code;
    JSContext *ctx = t->ctx;
    JS_UpdateStackTop(t->rt);
    JSValue global = JS_GetGlobalObject(ctx), text = JS_NewStringLen(ctx, source.p, source.n);
    JSValue strip = JS_GetPropertyStr(ctx, global, "stripTypes");
    JSValueConst argument = text;
    JSValue result = JS_Call(ctx, strip, JS_UNDEFINED, 1, &argument);
    if (JS_IsString(result)) {
        size_t n;
        const char *p = JS_ToCStringLen(ctx, &n, result);
        code = p ? br_buf_append(ret, p, n) : fail(t, err);
        JS_FreeCString(ctx, p);
    } else {
        code = JS_IsException(result) ? fail(t, err) : syntax_error(ctx, result, err);
    }
    JS_FreeValue(ctx, result);
    JS_FreeValue(ctx, strip);
    JS_FreeValue(ctx, text);
    JS_FreeValue(ctx, global);
    return code;
}
