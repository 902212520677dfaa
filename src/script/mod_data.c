/*
 * Module "k6/data": SharedArray. The items are kept as JSON texts, once for all virtual users; reading one
 * parses it and freezes the copy. A VU sees a Proxy over an empty array, so that Array.isArray(), iteration
 * and array methods work.
 */
#include "script/js.h"

#define ITEMS_MAX ((int64_t) 20 * 1000 * 1000)
#define BYTES_MAX ((size_t) 4 << 30)

static JSClassID shared_class;
static const JSClassDef shared_class_def = {.class_name = "SharedArrayHandler"};

void br_js_data_class_id(JSRuntime *rt)
{
    JS_NewClassID(rt, &shared_class);
}

void br_shared_array_free(br_shared_array *a)
{
    if (!a) return;
    br_arena_deinit(&a->arena);
    br_free(a);
}

/* The proxy's handler --------------------------------------------------------------------------------- */

static const br_shared_array *shared_of(JSContext *ctx, JSValueConst handler)
{
    return JS_GetOpaque2(ctx, handler, shared_class);
}

/* A property key that is an index: "0" to "4294967294" without leading zeros. */
static bool index_of(JSContext *ctx, JSValueConst key, size_t *ret)
{
    if (!JS_IsString(key)) return false;
    br_str s = br_js_str(ctx, key);
    size_t index = 0;
    bool ok = s.p && s.n > 0 && s.n < 11 && !(s.n > 1 && s.p[0] == '0');
    for (size_t i = 0; i < s.n && ok; i++) {
        ok = s.p[i] >= '0' && s.p[i] <= '9';
        index = index * 10 + (size_t) (s.p[i] - '0');
    }
    JS_FreeCString(ctx, s.p);
    if (ok) *ret = index;
    return ok;
}

static bool is_length(JSContext *ctx, JSValueConst key)
{
    if (!JS_IsString(key)) return false;
    br_str s = br_js_str(ctx, key);
    bool is = s.p && br_str_is(s, "length");
    JS_FreeCString(ctx, s.p);
    return is;
}

static JSValue item_value(JSContext *ctx, const br_shared_array *a, size_t i)
{
    JSValue item = JS_ParseJSON(ctx, a->items[i].p, a->items[i].n, "SharedArray");
    if (JS_IsException(item) || br_js_deep_freeze(ctx, item) >= 0) return item;
    JS_FreeValue(ctx, item);
    return JS_EXCEPTION;
}

static JSValue handler_get(JSContext *ctx, JSValueConst handler, int argc, JSValueConst *argv)
{
    (void) argc;
    const br_shared_array *a = shared_of(ctx, handler);
    size_t i;
    if (!a) return JS_EXCEPTION;
    if (index_of(ctx, argv[1], &i)) return i < a->count ? item_value(ctx, a, i) : JS_UNDEFINED;
    if (is_length(ctx, argv[1])) return JS_NewInt64(ctx, (int64_t) a->count);
    JSAtom key = JS_ValueToAtom(ctx, argv[1]);
    JSValue inherited = JS_GetProperty(ctx, argv[0], key);
    JS_FreeAtom(ctx, key);
    return inherited;
}

static JSValue handler_has(JSContext *ctx, JSValueConst handler, int argc, JSValueConst *argv)
{
    (void) argc;
    const br_shared_array *a = shared_of(ctx, handler);
    size_t i;
    if (!a) return JS_EXCEPTION;
    if (index_of(ctx, argv[1], &i)) return JS_NewBool(ctx, i < a->count);
    JSAtom key = JS_ValueToAtom(ctx, argv[1]);
    int has = JS_HasProperty(ctx, argv[0], key);
    JS_FreeAtom(ctx, key);
    return has < 0 ? JS_EXCEPTION : JS_NewBool(ctx, has);
}

static JSValue handler_keys(JSContext *ctx, JSValueConst handler, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    const br_shared_array *a = shared_of(ctx, handler);
    if (!a) return JS_EXCEPTION;
    JSValue list = JS_NewArray(ctx);
    for (size_t i = 0; i < a->count; i++) {
        JSAtom atom = JS_NewAtomUInt32(ctx, (uint32_t) i);
        JS_SetPropertyUint32(ctx, list, (uint32_t) i, JS_AtomToString(ctx, atom));
        JS_FreeAtom(ctx, atom);
    }
    JS_SetPropertyUint32(ctx, list, (uint32_t) a->count, JS_NewString(ctx, "length"));
    return list;
}

/* Items are shown as configurable: a Proxy may not claim otherwise of what its target lacks. */
static JSValue handler_descriptor(JSContext *ctx, JSValueConst handler, int argc, JSValueConst *argv)
{
    (void) argc;
    const br_shared_array *a = shared_of(ctx, handler);
    size_t i;
    if (!a) return JS_EXCEPTION;
    bool item = index_of(ctx, argv[1], &i) && i < a->count;
    if (!item && !is_length(ctx, argv[1])) return JS_UNDEFINED;
    JSValue d = JS_NewObject(ctx);
    JS_SetPropertyStr(ctx, d, "value", item ? item_value(ctx, a, i) : JS_NewInt64(ctx, (int64_t) a->count));
    JS_SetPropertyStr(ctx, d, "writable", JS_TRUE);
    JS_SetPropertyStr(ctx, d, "enumerable", JS_NewBool(ctx, item));
    JS_SetPropertyStr(ctx, d, "configurable", JS_NewBool(ctx, item));
    return d;
}

static JSValue handler_refuse(JSContext *ctx, JSValueConst handler, int argc, JSValueConst *argv)
{
    (void) handler, (void) argc, (void) argv;
    return JS_ThrowTypeError(ctx, "SharedArray is immutable");
}

static const JSCFunctionListEntry handler_entries[] = {
    JS_CFUNC_DEF("get", 3, handler_get),
    JS_CFUNC_DEF("has", 2, handler_has),
    JS_CFUNC_DEF("ownKeys", 1, handler_keys),
    JS_CFUNC_DEF("getOwnPropertyDescriptor", 2, handler_descriptor),
    JS_CFUNC_DEF("set", 4, handler_refuse),
    JS_CFUNC_DEF("deleteProperty", 2, handler_refuse),
    JS_CFUNC_DEF("defineProperty", 3, handler_refuse),
    JS_CFUNC_DEF("setPrototypeOf", 2, handler_refuse),
    JS_CFUNC_DEF("preventExtensions", 1, handler_refuse),
};

JSValue br_js_shared_view(JSContext *ctx, const br_shared_array *a)
{
    if (br_js_class_define(
            ctx, shared_class, &shared_class_def, handler_entries, BR_COUNT_OF(handler_entries)) < 0)
        return JS_EXCEPTION;
    JSValue handler = JS_NewObjectClass(ctx, shared_class);
    if (JS_IsException(handler)) return handler;
    JS_SetOpaque(handler, (void *) (uintptr_t) a);
    JSValue target = JS_NewArray(ctx), view = JS_NewProxy(ctx, target, handler);
    JS_FreeValue(ctx, target);
    JS_FreeValue(ctx, handler);
    return view;
}

/* Construction ---------------------------------------------------------------------------------------- */

/* Appends an item by JSON.stringify(); what that leaves out is null. False: exception. */
static bool collect_item(JSContext *ctx, JSValueConst list, int64_t i, br_shared_array *a)
{
    JSValue item = JS_GetPropertyInt64(ctx, list, i);
    JSValue json = JS_IsException(item) ? JS_EXCEPTION
                                        : JS_JSONStringify(ctx, item, JS_UNDEFINED, JS_UNDEFINED);
    JS_FreeValue(ctx, item);
    if (JS_IsException(json)) return false;
    br_str text = JS_IsString(json) ? br_js_str_dup(ctx, json, &a->arena) : BR_STR("null");
    JS_FreeValue(ctx, json);
    if (text.p) a->items[a->count++] = text;
    return text.p;
}

static br_shared_array *collect(JSContext *ctx, JSValueConst list)
{
    int64_t n;
    if (JS_GetLength(ctx, list, &n) < 0) return NULL;
    if (n > ITEMS_MAX) {
        br_js_throw(ctx, "a SharedArray holds at most %lld items", (long long) ITEMS_MAX);
        return NULL;
    }
    br_shared_array *a = BR_NEW(br_shared_array);
    br_arena_init(&a->arena, 65536);
    a->items = br_arena_zalloc(&a->arena, ((size_t) n + 1) * sizeof(*a->items));
    size_t bytes = 0;
    for (int64_t i = 0; i < n; i++) {
        bool ok = collect_item(ctx, list, i, a);
        if (ok && (bytes += a->items[i].n) > BYTES_MAX) {
            br_js_throw(ctx, "a SharedArray holds at most %zu MiB of JSON", BYTES_MAX >> 20);
            ok = false;
        }
        if (ok) continue;
        br_shared_array_free(a);
        return NULL;
    }
    return a;
}

br_shared_array *br_shared_array_find(br_program *p, br_str name)
{
    pthread_mutex_lock(&p->shared_lock);
    br_shared_array *a = br_map_get(&p->shared_arrays, name);
    pthread_mutex_unlock(&p->shared_lock);
    return a;
}

br_shared_array *br_shared_array_publish(br_program *p, br_str name, br_shared_array *a)
{
    pthread_mutex_lock(&p->shared_lock);
    br_shared_array *known = br_map_get(&p->shared_arrays, name);
    if (!known) br_map_set(&p->shared_arrays, name, a);
    pthread_mutex_unlock(&p->shared_lock);
    if (!known) return a;
    br_shared_array_free(a);
    return known;
}

static br_shared_array *build(JSContext *ctx, br_program *p, br_str name, JSValueConst function)
{
    JSValue list = JS_Call(ctx, function, JS_UNDEFINED, 0, NULL);
    br_shared_array *a = NULL;
    if (br_js_is_array(ctx, list))
        a = collect(ctx, list);
    else if (!JS_IsException(list))
        br_js_throw(ctx, "only arrays can be made into SharedArray");
    JS_FreeValue(ctx, list);
    return a ? br_shared_array_publish(p, name, a) : NULL;
}

static JSValue construct(JSContext *ctx, JSValueConst new_target, int argc, JSValueConst *argv)
{
    (void) new_target;
    br_vu *vu = br_vu_of(ctx);
    if (!br_vu_in_init(vu)) return br_js_throw(ctx, "new SharedArray must be called in the init context");
    br_str name = argc ? br_js_str(ctx, argv[0]) : BR_STR("undefined");
    if (!name.p) return JS_EXCEPTION;
    /* Guarded by its own lock, unlike the rest of the program. */
    br_program *p = (br_program *) (uintptr_t) vu->config.program;
    br_shared_array *a = NULL;
    if (name.n == 0)
        br_js_throw(ctx, "empty name provided to SharedArray's constructor");
    else if (argc < 2 || !JS_IsFunction(ctx, argv[1]))
        br_js_throw(ctx, "a function is expected as the second argument of SharedArray's constructor");
    else if (JS_IsAsyncFunction(argv[1]))
        br_js_throw(ctx, "SharedArray constructor does not support async functions as second argument");
    else if (!(a = br_shared_array_find(p, name)))
        a = build(ctx, p, name, argv[1]);
    if (argc) JS_FreeCString(ctx, name.p);
    return a ? br_js_shared_view(ctx, a) : JS_EXCEPTION;
}

static const JSCFunctionListEntry entries[] = {
    JS_CFUNC_SPECIAL_DEF("SharedArray", 2, constructor_or_func, construct)};

const br_js_module br_js_module_data = {
    .name = "k6/data", .entries = entries, .entry_count = BR_COUNT_OF(entries)};
