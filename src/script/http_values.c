/* Values that requests take: URLs made by the template tag http.url, and sets of expected statuses. */
#include "script/js.h"

#define RANGES_MAX 1000

static JSClassID url_class, statuses_class;

void br_js_http_values_class_id(JSRuntime *rt)
{
    JS_NewClassID(rt, &url_class);
    JS_NewClassID(rt, &statuses_class);
}

/* Expected statuses ----------------------------------------------------------------------------------- */

bool br_js_statuses_has(const br_js_statuses *set, int status)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->ranges[i].min <= status && status <= set->ranges[i].max) return true;
    }
    return false;
}

const br_js_statuses *br_js_statuses_of(JSValueConst v)
{
    return JS_GetClassID(v) == statuses_class ? JS_GetOpaque(v, statuses_class) : NULL;
}

const br_js_statuses *br_js_statuses_copy(const br_js_statuses *set, br_arena *arena)
{
    size_t size = sizeof(*set) + set->count * sizeof(set->ranges[0]);
    br_js_statuses *copy = br_arena_alloc(arena, size);
    memcpy(copy, set, size);
    return copy;
}

static void statuses_finalize(JSRuntime *rt, JSValueConst v)
{
    (void) rt;
    br_free(JS_GetOpaque(v, statuses_class));
}

static const JSClassDef statuses_class_def = {
    .class_name = "ExpectedStatuses", .finalizer = statuses_finalize};

static bool whole(JSContext *ctx, JSValueConst v, int *ret)
{
    double d;
    if (!JS_IsNumber(v) || JS_ToFloat64(ctx, &d, v) < 0 || d != (double) (int32_t) d) return false;
    *ret = (int) d;
    return true;
}

/* A status, or {min, max}. */
static bool take_range(JSContext *ctx, JSValueConst v, br_js_status_range *ret)
{
    if (!JS_IsObject(v)) {
        bool ok = whole(ctx, v, &ret->min);
        ret->max = ret->min;
        return ok;
    }
    JSValue min = JS_GetPropertyStr(ctx, v, "min"), max = JS_GetPropertyStr(ctx, v, "max");
    bool ok = whole(ctx, min, &ret->min) && whole(ctx, max, &ret->max);
    JS_FreeValue(ctx, min);
    JS_FreeValue(ctx, max);
    return ok;
}

static JSValue new_object(JSContext *ctx, JSClassID class_id, const JSClassDef *def)
{
    JSRuntime *rt = JS_GetRuntime(ctx);
    if (!JS_IsRegisteredClass(rt, class_id)) {
        if (JS_NewClass(rt, class_id, def) < 0) return JS_EXCEPTION;
        JS_SetClassProto(ctx, class_id, JS_NewObject(ctx));
    }
    return JS_NewObjectClass(ctx, class_id);
}

JSValue br_js_expected_statuses(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    if (argc < 1 || argc > RANGES_MAX)
        return br_js_throw(ctx, "no arguments: expectedStatuses() needs statuses or {min, max} objects");
    JSValue object = new_object(ctx, statuses_class, &statuses_class_def);
    if (JS_IsException(object)) return object;
    br_js_statuses *set = br_calloc(1, sizeof(*set) + (size_t) argc * sizeof(set->ranges[0]));
    JS_SetOpaque(object, set);
    for (int i = 0; i < argc; i++) {
        if (take_range(ctx, argv[i], &set->ranges[set->count++])) continue;
        JS_FreeValue(ctx, object);
        if (JS_HasException(ctx)) return JS_EXCEPTION;
        return br_js_throw(ctx,
            "argument number %d to expectedStatuses was neither an integer nor an object like {min:100, max:329}",
            i + 1);
    }
    return object;
}

/* The default of this VU from here on. As in k6 null and no argument at all turn it off; undefined is
 * neither. */
JSValue br_js_set_response_callback(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    br_vu *vu = br_vu_of(ctx);
    JSValueConst given = argc < 1 ? JS_NULL : argv[0];
    if (!JS_IsNull(given) && !br_js_statuses_of(given)) {
        return br_js_throw(ctx, "unsupported argument, expected http.expectedStatuses");
    }
    JS_FreeValue(ctx, vu->response_callback);
    vu->response_callback = JS_DupValue(ctx, given);
    return JS_UNDEFINED;
}

/* URLs ------------------------------------------------------------------------------------------------ */

static const JSClassDef url_class_def = {.class_name = "URL"};

bool br_js_is_template_url(JSValueConst v)
{
    return JS_GetClassID(v) == url_class;
}

/* Name and text of http.url`...`: holes are ${} in the name and values in the text. -1: exception. */
static int put_template(JSContext *ctx, int argc, JSValueConst *argv, br_buf *name, br_buf *url)
{
    int64_t n;
    if (JS_GetLength(ctx, argv[0], &n) < 0) return -1;
    for (int64_t i = 0; i < n; i++) {
        JSValue part = JS_GetPropertyInt64(ctx, argv[0], i);
        br_str text = br_js_str(ctx, part);
        JS_FreeValue(ctx, part);
        if (!text.p) return -1;
        (void) br_buf_put(name, text);
        (void) br_buf_put(url, text);
        JS_FreeCString(ctx, text.p);
        if (i + 1 >= n || i + 1 >= argc) continue;
        br_str value = br_js_str(ctx, argv[i + 1]);
        if (!value.p) return -1;
        (void) br_buf_puts(name, "${}");
        (void) br_buf_put(url, value);
        JS_FreeCString(ctx, value.p);
    }
    return 0;
}

JSValue br_js_http_url(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    if (argc < 1 || !JS_IsArray(argv[0]))
        return br_js_throw(ctx, "http.url is a tag for template literals: http.url`http://host/${id}`");
    br_buf name, url;
    br_buf_init(&name, BR_BUF_NO_LIMIT);
    br_buf_init(&url, BR_BUF_NO_LIMIT);
    JSValue object = put_template(ctx, argc, argv, &name, &url) < 0
                         ? JS_EXCEPTION
                         : new_object(ctx, url_class, &url_class_def);
    if (!JS_IsException(object)) {
        JS_SetPropertyStr(ctx, object, "name", br_js_new_str(ctx, br_buf_view(&name)));
        JS_SetPropertyStr(ctx, object, "url", br_js_new_str(ctx, br_buf_view(&url)));
        JS_SetPropertyStr(ctx, object, "clean_url", br_js_new_str(ctx, br_buf_view(&url)));
    }
    br_buf_deinit(&name);
    br_buf_deinit(&url);
    return object;
}
