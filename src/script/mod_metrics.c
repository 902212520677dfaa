/* Module "k6/metrics": Counter, Gauge, Rate, Trend. */
#include <math.h>
#include "base/log.h"
#include "script/js.h"

/* What add() of a metric is bound to; scripts never see it. */
static JSClassID metric_class;

static const JSClassDef metric_class_def = {.class_name = "Metric"};

/* A bad value is a warning and `false`, or an exception with the option `throw`. */
static JSValue bad_value(JSContext *ctx, const br_metric *m, int argc, JSValueConst *argv)
{
    char message[300];
    if (argc) {
        br_str text = br_js_str(ctx, argv[0]);
        if (!text.p) return JS_EXCEPTION;
        int shown = text.n > 100 ? 100 : (int) text.n;
        snprintf(message, sizeof(message),
            "'%.*s' is an invalid value for metric '" BR_FMT "', a number or a boolean value is expected",
            shown, text.p, BR_ARG(m->name));
        JS_FreeCString(ctx, text.p);
    } else {
        snprintf(message, sizeof(message),
            "no value was provided for metric '" BR_FMT "', a number or a boolean value is expected",
            BR_ARG(m->name));
    }
    if (br_vu_of(ctx)->config.settings->throw_errors) return br_js_throw(ctx, "%s", message);
    br_warn("%s", message);
    return JS_FALSE;
}

static JSValue metric_add(
    JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int magic, JSValue *bound)
{
    (void) this_val, (void) magic;
    const br_metric *m = JS_GetOpaque(*bound, metric_class);
    br_vu *vu = br_vu_of(ctx);
    if (br_vu_in_init(vu)) return br_js_throw(ctx, "Adding to metrics in the init context is not supported");
    double value = NAN;
    if (argc > 0 && !JS_IsNull(argv[0]) && JS_ToFloat64(ctx, &value, argv[0]) < 0) return JS_EXCEPTION;
    if (!isfinite(value)) return bad_value(ctx, m, argc, argv);
    if (value == 0 && argc > 0 && JS_ToBool(ctx, argv[0]) == 1) value = 1; /* an empty array, for one */
    br_tag *tags = NULL;
    size_t count = 0;
    br_arena own;
    br_arena_init(&own, 512);
    int rc = argc > 1 ? br_js_tags(ctx, argv[1], &own, &tags, &count) : 0;
    if (rc == 0 && vu->config.recorder && !vu->cancelled) {
        br_recorder_add(vu->config.recorder, m, value, &vu->origin, tags, count, br_clock_wall());
    }
    br_arena_deinit(&own);
    return rc == 0 ? JS_TRUE : JS_EXCEPTION;
}

/* As in k6 a plain object with a name that stays and a function that may be called without it. */
static JSValue metric_object(JSContext *ctx, br_metric *m)
{
    JSValue bound = JS_NewObjectProtoClass(ctx, JS_NULL, metric_class), object = JS_NewObject(ctx);
    JSValue add = JS_EXCEPTION;
    if (!JS_IsException(bound)) {
        JS_SetOpaque(bound, m);
        add = JS_NewCFunctionData2(ctx, metric_add, "add", 2, 0, 1, &bound);
    }
    JS_FreeValue(ctx, bound);
    if (!JS_IsException(object) && !JS_IsException(add) &&
        JS_DefinePropertyValueStr(ctx, object, "name", br_js_new_str(ctx, m->name), JS_PROP_ENUMERABLE) >=
            0 &&
        JS_DefinePropertyValueStr(ctx, object, "add", JS_DupValue(ctx, add), JS_PROP_C_W_E) >= 0) {
        JS_FreeValue(ctx, add);
        return object;
    }
    JS_FreeValue(ctx, add);
    JS_FreeValue(ctx, object);
    return JS_EXCEPTION;
}

static JSValue metric_construct(
    JSContext *ctx, JSValueConst new_target, int argc, JSValueConst *argv, int type)
{
    (void) new_target;
    br_vu *vu = br_vu_of(ctx);
    if (!br_vu_in_init(vu)) return br_js_throw(ctx, "metrics must be declared in the init context");
    br_str name = argc ? br_js_str(ctx, argv[0]) : BR_STR("");
    if (!name.p) return JS_EXCEPTION;
    br_metric_contains contains = argc > 1 && JS_ToBool(ctx, argv[1]) == 1 ? BR_CONTAINS_TIME
                                                                           : BR_CONTAINS_DEFAULT;
    br_metric *m = NULL;
    br_err err = {0};
    br_code code = br_metrics_get(
        vu->config.settings->metrics, name, (br_metric_type) type, contains, &m, &err);
    if (argc) JS_FreeCString(ctx, name.p);
    if (code != BR_OK) return br_js_throw(ctx, "%s", err.msg);
    return metric_object(ctx, m);
}

#define METRIC_CTOR(name, type)                                                                              \
    {                                                                                                        \
        name, JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE, JS_DEF_CFUNC, type,                                   \
        {                                                                                                    \
            .func = { 2, JS_CFUNC_constructor_or_func_magic, {.constructor_magic = metric_construct} }       \
        }                                                                                                    \
    }

static const JSCFunctionListEntry entries[] = {
    METRIC_CTOR("Counter", BR_COUNTER),
    METRIC_CTOR("Gauge", BR_GAUGE),
    METRIC_CTOR("Rate", BR_RATE),
    METRIC_CTOR("Trend", BR_TREND),
};

const br_js_module br_js_module_metrics = {
    .name = "k6/metrics", .entries = entries, .entry_count = BR_COUNT_OF(entries)};

void br_js_metrics_class_id(JSRuntime *rt)
{
    JS_NewClassID(rt, &metric_class);
}

int br_js_metrics_class_init(br_vu *vu)
{
    return JS_NewClass(vu->rt, metric_class, &metric_class_def);
}
