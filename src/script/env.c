/*
 * __ENV: the environment, and the variables of the scenario over it. The object is made when it is first
 * read, its members whenever they are: most scripts of thousands of VUs read one or two names of dozens. What
 * a script writes or deletes turns it into an ordinary object.
 */
#include "script/js.h"

static JSClassID env_class;

typedef struct env_object {
    JSValue own; /* all members, once a script changed something; else JS_UNDEFINED */
} env_object;

void br_js_env_class_id(JSRuntime *rt)
{
    JS_NewClassID(rt, &env_class);
}

/* The value of a variable; p == NULL: there is none. Of two of a name the later one counts. */
static br_str lookup(const br_vu *vu, br_str name)
{
    for (size_t i = vu->env_count; i-- > 0;) {
        if (br_str_eq(vu->env[i].key, name)) return vu->env[i].value;
    }
    const br_program *p = vu->config.program;
    for (size_t i = p->env_count; i-- > 0;) {
        if (br_str_eq(p->env[i].name, name)) return p->env[i].value;
    }
    return BR_STR_NONE;
}

static int put_variable(JSContext *ctx, JSValueConst object, br_str name, br_str value)
{
    JSAtom atom = JS_NewAtomLen(ctx, name.p, name.n);
    int rc = JS_DefinePropertyValue(ctx, object, atom, br_js_new_str(ctx, value), JS_PROP_C_W_E);
    JS_FreeAtom(ctx, atom);
    return rc;
}

static JSValue all_variables(JSContext *ctx)
{
    const br_vu *vu = br_vu_of(ctx);
    const br_program *p = vu->config.program;
    JSValue object = JS_NewObject(ctx);
    int rc = JS_IsException(object) ? -1 : 0;
    for (size_t i = 0; i < p->env_count && rc >= 0; i++)
        rc = put_variable(ctx, object, p->env[i].name, p->env[i].value);
    for (size_t i = 0; i < vu->env_count && rc >= 0; i++)
        rc = put_variable(ctx, object, vu->env[i].key, vu->env[i].value);
    if (rc >= 0) return object;
    JS_FreeValue(ctx, object);
    return JS_EXCEPTION;
}

/* Before a change. -1: exception. */
static int make_own(JSContext *ctx, env_object *e)
{
    if (!JS_IsUndefined(e->own)) return 0;
    JSValue all = all_variables(ctx);
    if (JS_IsException(all)) return -1;
    e->own = all;
    return 0;
}

static int get_own_property(JSContext *ctx, JSPropertyDescriptor *desc, JSValueConst object, JSAtom atom)
{
    const env_object *e = JS_GetOpaque(object, env_class);
    if (!JS_IsUndefined(e->own)) return JS_GetOwnProperty(ctx, desc, e->own, atom);
    size_t n;
    const char *name = JS_AtomToCStringLen(ctx, &n, atom);
    if (!name) return -1;
    br_str value = lookup(br_vu_of(ctx), (br_str){name, n});
    JS_FreeCString(ctx, name);
    if (!value.p) return 0;
    if (!desc) return 1;
    desc->flags = JS_PROP_C_W_E;
    desc->getter = desc->setter = JS_UNDEFINED;
    desc->value = br_js_new_str(ctx, value);
    return JS_IsException(desc->value) ? -1 : 1;
}

static int get_own_property_names(
    JSContext *ctx, JSPropertyEnum **ret, uint32_t *ret_count, JSValueConst object)
{
    const env_object *e = JS_GetOpaque(object, env_class);
    JSValue all = JS_IsUndefined(e->own) ? all_variables(ctx) : JS_DupValue(ctx, e->own);
    if (JS_IsException(all)) return -1;
    int rc = JS_GetOwnPropertyNames(ctx, ret, ret_count, all, JS_GPN_STRING_MASK | JS_GPN_SYMBOL_MASK);
    JS_FreeValue(ctx, all);
    return rc;
}

static int delete_property(JSContext *ctx, JSValueConst object, JSAtom atom)
{
    env_object *e = JS_GetOpaque(object, env_class);
    return make_own(ctx, e) < 0 ? -1 : JS_DeleteProperty(ctx, e->own, atom, 0);
}

static int define_own_property(JSContext *ctx, JSValueConst object, JSAtom atom, JSValueConst value,
    JSValueConst getter, JSValueConst setter, int flags)
{
    env_object *e = JS_GetOpaque(object, env_class);
    return make_own(ctx, e) < 0 ? -1 : JS_DefineProperty(ctx, e->own, atom, value, getter, setter, flags);
}

static void finalize(JSRuntime *rt, JSValueConst object)
{
    env_object *e = JS_GetOpaque(object, env_class);
    if (!e) return;
    JS_FreeValueRT(rt, e->own);
    br_free(e);
}

static void mark(JSRuntime *rt, JSValueConst object, JS_MarkFunc *fn)
{
    const env_object *e = JS_GetOpaque(object, env_class);
    if (e) JS_MarkValue(rt, e->own, fn);
}

static JSClassExoticMethods exotic = {.get_own_property = get_own_property,
    .get_own_property_names = get_own_property_names,
    .delete_property = delete_property,
    .define_own_property = define_own_property};

static const JSClassDef env_class_def = {
    .class_name = "Object", .finalizer = finalize, .gc_mark = mark, .exotic = &exotic};

static int put_global(JSContext *ctx, JSValueConst value)
{
    JSValue global = JS_GetGlobalObject(ctx);
    int rc = JS_DefinePropertyValueStr(ctx, global, "__ENV", JS_DupValue(ctx, value), JS_PROP_C_W_E);
    JS_FreeValue(ctx, global);
    return rc;
}

static JSValue get_env(JSContext *ctx, JSValueConst this_val)
{
    (void) this_val;
    JSRuntime *rt = JS_GetRuntime(ctx);
    if (!JS_IsRegisteredClass(rt, env_class) && JS_NewClass(rt, env_class, &env_class_def) < 0)
        return JS_EXCEPTION;
    JSValue plain = JS_NewObject(ctx), proto = JS_GetPrototype(ctx, plain);
    JSValue object = JS_NewObjectProtoClass(ctx, proto, env_class);
    JS_FreeValue(ctx, proto);
    JS_FreeValue(ctx, plain);
    if (JS_IsException(object)) return object;
    env_object *e = BR_NEW(env_object);
    e->own = JS_UNDEFINED;
    JS_SetOpaque(object, e);
    if (put_global(ctx, object) >= 0) return object;
    JS_FreeValue(ctx, object);
    return JS_EXCEPTION;
}

static JSValue set_env(JSContext *ctx, JSValueConst this_val, JSValueConst value)
{
    (void) this_val;
    return put_global(ctx, value) < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

static const JSCFunctionListEntry env_entry[] = {
    JS_CGETSET_DEF2("__ENV", get_env, set_env, JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE),
};

int br_js_env_define(JSContext *ctx, JSValueConst global)
{
    return JS_SetPropertyFunctionList(ctx, global, env_entry, BR_COUNT_OF(env_entry));
}

int br_js_env_reset(br_vu *vu)
{
    JSValue global = JS_GetGlobalObject(vu->ctx);
    JSAtom name = JS_NewAtom(vu->ctx, "__ENV");
    int rc = JS_DeleteProperty(vu->ctx, global, name, JS_PROP_THROW);
    if (rc >= 0) rc = br_js_env_define(vu->ctx, global);
    JS_FreeAtom(vu->ctx, name);
    JS_FreeValue(vu->ctx, global);
    return rc < 0 ? -1 : 0;
}
