/* Module "k6/secrets": values of the sources of --secret-source. Only a default export, as in k6. */
#include "script/js.h"
#include "script/secrets.h"

/* Promise of the value; `data[0]` is the name of the source. */
static JSValue get(
    JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int magic, JSValueConst *data)
{
    (void) this_val, (void) magic;
    br_str name = br_js_str(ctx, data[0]);
    br_str key = br_js_str(ctx, argc > 0 ? argv[0] : JS_UNDEFINED), value;
    br_err err = {0};
    br_vu *vu = br_vu_of(ctx);
    br_secrets *secrets = vu->config.program->secrets;
    br_code code = name.p && key.p ? br_secrets_get(secrets, name, key, &value, &err) : BR_EEXCEPTION;
    JSValue ret;
    if (code == BR_AGAIN)
        ret = br_js_secret_fetch(vu, secrets, name, key);
    else if (code == BR_OK)
        ret = br_js_settled(ctx, br_js_new_str(ctx, value));
    else
        ret = br_js_settled(ctx, code == BR_EEXCEPTION ? JS_EXCEPTION : br_js_throw(ctx, "%s", err.msg));
    JS_FreeCString(ctx, name.p);
    JS_FreeCString(ctx, key.p);
    return ret;
}

/* Adds get() of that source. */
static int define_get(JSContext *ctx, JSValueConst object, JSValueConst name)
{
    JSValue fn = JS_NewCFunctionData(ctx, get, 1, 0, 1, &name);
    if (JS_IsException(fn)) return -1;
    return JS_DefinePropertyValueStr(ctx, object, "get", fn, JS_PROP_C_W_E);
}

static JSValue js_source(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    JSValue name = JS_ToString(ctx, argc > 0 ? argv[0] : JS_UNDEFINED);
    JSValue object = JS_IsException(name) ? JS_EXCEPTION : JS_NewObject(ctx);
    if (!JS_IsException(object) && define_get(ctx, object, name) < 0) {
        JS_FreeValue(ctx, object);
        object = JS_EXCEPTION;
    }
    JS_FreeValue(ctx, name);
    return object;
}

static int fill(JSContext *ctx, JSValueConst object)
{
    JSValue name = JS_NewString(ctx, BR_SECRET_DEFAULT);
    int rc = JS_IsException(name) ? -1 : define_get(ctx, object, name);
    JS_FreeValue(ctx, name);
    if (rc < 0) return -1;
    return JS_DefinePropertyValueStr(
        ctx, object, "source", JS_NewCFunction(ctx, js_source, "source", 1), JS_PROP_C_W_E);
}

const br_js_module br_js_module_secrets = {.name = "k6/secrets", .extend = fill};
