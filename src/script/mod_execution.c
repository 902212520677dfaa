/*
 * Module "k6/execution": vu, scenario, instance, test. Everything is read when it is asked for: the engine is
 * asked through the host table, tags and metadata are those of the running call.
 */
#include <inttypes.h>
#include "base/log.h"
#include "script/js.h"

#define FIELD(name, fgetter, magic)                                                                          \
    {                                                                                                        \
        name, JS_PROP_ENUMERABLE | JS_PROP_CONFIGURABLE, JS_DEF_CGETSET_MAGIC, magic,                        \
        {                                                                                                    \
            .getset = {.get = {.getter_magic = fgetter}, .set = {.setter_magic = NULL} }                     \
        }                                                                                                    \
    }
#define METHOD(name, length, function) JS_CFUNC_DEF2(name, length, function, JS_PROP_C_W_E)

/* Live maps: vu.tags and vu.metrics.metadata ---------------------------------------------------------- */

static JSClassID map_class;
enum { MAP_TAGS = 1, MAP_METADATA };

static bool is_metadata(JSValueConst map)
{
    return (intptr_t) JS_GetOpaque(map, map_class) == MAP_METADATA;
}

static const br_tagset *current(const br_vu *vu, JSValueConst map)
{
    return is_metadata(map) ? vu->origin.metadata : vu->origin.tags;
}

static void replace(br_vu *vu, JSValueConst map, const br_tagset *set)
{
    if (is_metadata(map))
        vu->origin.metadata = set;
    else
        vu->origin.tags = set;
}

static int map_get(JSContext *ctx, JSPropertyDescriptor *desc, JSValueConst map, JSAtom prop)
{
    const br_tagset *set = current(br_vu_of(ctx), map);
    size_t n;
    const char *key = set ? JS_AtomToCStringLen(ctx, &n, prop) : NULL;
    br_str value = key ? br_tags_get(set, (br_str){key, n}) : BR_STR_NONE;
    JS_FreeCString(ctx, key);
    if (!value.p) return 0;
    if (desc)
        *desc = (JSPropertyDescriptor){.flags = JS_PROP_C_W_E,
            .value = br_js_new_str(ctx, value),
            .getter = JS_UNDEFINED,
            .setter = JS_UNDEFINED};
    return 1;
}

static int map_names(JSContext *ctx, JSPropertyEnum **ret, uint32_t *ret_count, JSValueConst map)
{
    const br_tagset *set = current(br_vu_of(ctx), map);
    size_t n = set ? set->count : 0;
    JSPropertyEnum *names = js_malloc(ctx, (n + 1) * sizeof(*names));
    if (!names) return -1;
    for (size_t i = 0; i < n; i++) {
        names[i].is_enumerable = true;
        names[i].atom = JS_NewAtomLen(ctx, set->tags[i].key.p, set->tags[i].key.n);
    }
    *ret = names;
    *ret_count = (uint32_t) n;
    return 0;
}

static int map_delete(JSContext *ctx, JSValueConst map, JSAtom prop)
{
    br_vu *vu = br_vu_of(ctx);
    const br_tagset *set = current(vu, map);
    size_t len, kept = 0;
    const char *key = set && vu->config.recorder ? JS_AtomToCStringLen(ctx, &len, prop) : NULL;
    if (!key) return 1;
    br_tag *rest = br_calloc(set->count + 1, sizeof(*rest));
    for (size_t i = 0; i < set->count; i++) {
        if (!br_str_eq(set->tags[i].key, (br_str){key, len})) rest[kept++] = set->tags[i];
    }
    replace(vu, map, br_tags_intern(br_recorder_tag_store(vu->config.recorder), rest, kept));
    br_free(rest);
    JS_FreeCString(ctx, key);
    return 1;
}

static int map_set(
    JSContext *ctx, JSValueConst map, JSAtom prop, JSValueConst value, JSValueConst receiver, int flags)
{
    (void) receiver, (void) flags;
    br_vu *vu = br_vu_of(ctx);
    if (!JS_IsString(value) && !JS_IsNumber(value) && !JS_IsBool(value)) {
        JS_ThrowTypeError(ctx, "only String, Boolean and Number types are accepted as a metric %s",
            is_metadata(map) ? "metadata value" : "tag value");
        return -1;
    }
    if (!vu->config.recorder) return 1;
    size_t len;
    const char *key = JS_AtomToCStringLen(ctx, &len, prop);
    br_str text = br_js_str(ctx, value);
    int rc = key && text.p ? 1 : -1;
    br_tag tag = {{key, len}, text};
    if (rc == 1)
        replace(vu, map, br_tags_with(br_recorder_tag_store(vu->config.recorder), current(vu, map), &tag, 1));
    JS_FreeCString(ctx, text.p);
    JS_FreeCString(ctx, key);
    return rc;
}

static const JSClassExoticMethods map_methods = {.get_own_property = map_get,
    .get_own_property_names = map_names,
    .delete_property = map_delete,
    .set_property = map_set};
static const JSClassDef map_class_def = {
    .class_name = "Object", .exotic = (JSClassExoticMethods *) (uintptr_t) &map_methods};

void br_js_execution_class_id(JSRuntime *rt)
{
    JS_NewClassID(rt, &map_class);
}

static JSValue new_map(JSContext *ctx, int kind)
{
    JSRuntime *rt = JS_GetRuntime(ctx);
    if (!JS_IsRegisteredClass(rt, map_class) && JS_NewClass(rt, map_class, &map_class_def) < 0)
        return JS_EXCEPTION;
    JSValue global = JS_GetGlobalObject(ctx), object = JS_GetPropertyStr(ctx, global, "Object");
    JSValue proto = JS_GetProperty(ctx, object, br_vu_of(ctx)->atoms[BR_ATOM_prototype]);
    JSValue map = JS_NewObjectProtoClass(ctx, proto, map_class);
    if (!JS_IsException(map)) JS_SetOpaque(map, (void *) (intptr_t) kind);
    JS_FreeValue(ctx, proto);
    JS_FreeValue(ctx, object);
    JS_FreeValue(ctx, global);
    return map;
}

/* vu -------------------------------------------------------------------------------------------------- */

static const br_vu_host *host_of(const br_vu *vu)
{
    return vu->config.settings->host;
}

/* False, with an exception pending, outside of a scenario. */
static bool scenario_info(JSContext *ctx, br_vu_scenario_info *ret)
{
    br_vu *vu = br_vu_of(ctx);
    if (br_vu_in_init(vu) || !vu->owner || !host_of(vu)) {
        br_js_throw(ctx, "getting scenario information outside of the VU context is not supported");
        return false;
    }
    host_of(vu)->scenario(host_of(vu)->ctx, vu->owner, ret);
    return true;
}

enum { VU_ID, VU_ID_IN_TEST, VU_ITERATION, VU_SCENARIO_ITERATION };

static JSValue vu_field(JSContext *ctx, JSValueConst this_val, int field)
{
    (void) this_val;
    br_vu *vu = br_vu_of(ctx);
    if (br_vu_in_init(vu))
        return br_js_throw(ctx, "getting VU information in the init context is not supported");
    if (field == VU_ID_IN_TEST && vu->config.id_in_test) return JS_NewInt64(ctx, vu->config.id_in_test);
    if (field == VU_ID || field == VU_ID_IN_TEST) return JS_NewInt64(ctx, vu->config.id);
    /* Without a scenario there are no iterations yet. */
    if (field == VU_ITERATION) return JS_NewInt64(ctx, vu->iteration < 0 ? 0 : vu->iteration);
    if (!vu->owner) return JS_NewInt64(ctx, 0);
    br_vu_scenario_info info;
    return scenario_info(ctx, &info) ? JS_NewInt64(ctx, info.own_iteration) : JS_EXCEPTION;
}

/* The maps are made once and kept as values of the object that they are read from. */
static JSValue keep(JSContext *ctx, JSValueConst object, const char *name, JSValue value)
{
    if (JS_IsException(value)) return value;
    JSValue copy = JS_DupValue(ctx, value);
    if (JS_DefinePropertyValueStr(ctx, object, name, value, JS_PROP_ENUMERABLE | JS_PROP_CONFIGURABLE) >= 0)
        return copy;
    JS_FreeValue(ctx, copy);
    return JS_EXCEPTION;
}

static JSValue vu_map(JSContext *ctx, JSValueConst this_val, int kind)
{
    if (br_vu_in_init(br_vu_of(ctx)))
        return br_js_throw(ctx, "getting VU information in the init context is not supported");
    return keep(ctx, this_val, kind == MAP_TAGS ? "tags" : "metadata", new_map(ctx, kind));
}

static const JSCFunctionListEntry vu_metrics_entries[] = {
    FIELD("tags", vu_map, MAP_TAGS), FIELD("metadata", vu_map, MAP_METADATA)};

static const JSCFunctionListEntry vu_entries[] = {
    FIELD("idInInstance", vu_field, VU_ID),
    FIELD("idInTest", vu_field, VU_ID_IN_TEST),
    FIELD("iterationInInstance", vu_field, VU_ITERATION),
    FIELD("iterationInScenario", vu_field, VU_SCENARIO_ITERATION),
    FIELD("tags", vu_map, MAP_TAGS),
    JS_OBJECT_DEF("metrics", vu_metrics_entries, BR_COUNT_OF(vu_metrics_entries),
        JS_PROP_ENUMERABLE | JS_PROP_CONFIGURABLE),
};

/* scenario, instance ---------------------------------------------------------------------------------- */

enum { SC_NAME, SC_EXECUTOR, SC_START, SC_PROGRESS, SC_ITERATION, SC_ITERATION_IN_TEST };

static JSValue scenario_field(JSContext *ctx, JSValueConst this_val, int field)
{
    (void) this_val;
    br_vu_scenario_info info;
    if (!scenario_info(ctx, &info)) return JS_EXCEPTION;
    switch (field) {
        case SC_NAME: return br_js_new_str(ctx, info.name);
        case SC_EXECUTOR: return br_js_new_str(ctx, info.executor);
        case SC_START: return JS_NewInt64(ctx, info.start_wall / BR_MS);
        case SC_PROGRESS: return JS_NewFloat64(ctx, info.progress);
        case SC_ITERATION_IN_TEST: return JS_NewInt64(ctx, info.iteration_in_test);
        default: return JS_NewInt64(ctx, info.iteration);
    }
}

static const JSCFunctionListEntry scenario_entries[] = {
    FIELD("name", scenario_field, SC_NAME),
    FIELD("executor", scenario_field, SC_EXECUTOR),
    FIELD("startTime", scenario_field, SC_START),
    FIELD("progress", scenario_field, SC_PROGRESS),
    FIELD("iterationInInstance", scenario_field, SC_ITERATION),
    FIELD("iterationInTest", scenario_field, SC_ITERATION_IN_TEST),
};

enum { IN_ELAPSED, IN_COMPLETE, IN_INTERRUPTED, IN_ACTIVE, IN_READY };

static JSValue instance_field(JSContext *ctx, JSValueConst this_val, int field)
{
    (void) this_val;
    br_vu *vu = br_vu_of(ctx);
    if (br_vu_in_init(vu) || !host_of(vu) || !vu->sees_instance)
        return br_js_throw(ctx, "getting instance information in the init context is not supported");
    br_vu_instance_info info;
    host_of(vu)->instance(host_of(vu)->ctx, &info);
    switch (field) {
        case IN_ELAPSED: return JS_NewFloat64(ctx, (double) info.elapsed / (double) BR_MS);
        case IN_COMPLETE: return JS_NewInt64(ctx, (int64_t) info.complete);
        case IN_INTERRUPTED: return JS_NewInt64(ctx, (int64_t) info.interrupted);
        case IN_ACTIVE: return JS_NewInt64(ctx, info.vus_active);
        default: return JS_NewInt64(ctx, info.vus_ready);
    }
}

static const JSCFunctionListEntry instance_entries[] = {
    FIELD("currentTestRunDuration", instance_field, IN_ELAPSED),
    FIELD("iterationsCompleted", instance_field, IN_COMPLETE),
    FIELD("iterationsInterrupted", instance_field, IN_INTERRUPTED),
    FIELD("vusActive", instance_field, IN_ACTIVE),
    FIELD("vusInitialized", instance_field, IN_READY),
};

/* test ------------------------------------------------------------------------------------------------ */

/* "what" or "what: argument" into out. False: the argument's toString() threw. */
static bool reason_text(
    JSContext *ctx, const char *what, int argc, JSValueConst *argv, char *out, size_t size)
{
    bool given = argc > 0 && !br_js_nullish(argv[0]);
    br_str text = given ? br_js_str(ctx, argv[0]) : BR_STR_NONE;
    if (given && !text.p) return false;
    snprintf(out, size, "%s%s%.200s", what, text.n ? ": " : "", text.n ? text.p : "");
    JS_FreeCString(ctx, text.p);
    return true;
}

/* Ends this call at once; whoever made it sees why and ends the run. */
static JSValue test_abort(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    br_vu *vu = br_vu_of(ctx);
    if (!reason_text(ctx, "test aborted", argc, argv, vu->abort_text, sizeof(vu->abort_text)))
        return JS_EXCEPTION;
    return br_js_interrupt(ctx);
}

static JSValue test_fail(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    br_vu *vu = br_vu_of(ctx);
    if (br_vu_in_init(vu) || !host_of(vu))
        return br_js_throw(ctx, "marking the test as failed in the init context is not supported");
    char text[300];
    if (!reason_text(ctx, "test marked as failed", argc, argv, text, sizeof(text))) return JS_EXCEPTION;
    host_of(vu)->fail(host_of(vu)->ctx, br_str_of(text));
    return JS_UNDEFINED;
}

/* Freezes a value made by JSON: a tree without cycles. */
int br_js_deep_freeze(JSContext *ctx, JSValueConst value)
{
    JSPropertyEnum *keys;
    uint32_t n;
    if (!JS_IsObject(value)) return 0;
    if (br_js_keys(ctx, value, &keys, &n) < 0) return -1;
    int rc = 0;
    for (uint32_t i = 0; i < n && rc >= 0; i++) {
        JSValue item = JS_GetProperty(ctx, value, keys[i].atom);
        rc = JS_IsException(item) ? -1 : br_js_deep_freeze(ctx, item);
        JS_FreeValue(ctx, item);
    }
    JS_FreePropertyEnum(ctx, keys, n);
    return rc < 0 ? -1 : JS_FreezeObject(ctx, value);
}

static JSValue test_options(JSContext *ctx, JSValueConst this_val, int magic)
{
    (void) magic;
    const char *json = br_vu_of(ctx)->config.settings->all_options_json;
    if (!json) return br_js_throw(ctx, "getting test options in the init context is not supported");
    JSValue options = JS_ParseJSON(ctx, json, strlen(json), "options");
    if (!JS_IsException(options) && br_js_deep_freeze(ctx, options) < 0) {
        JS_FreeValue(ctx, options);
        return JS_EXCEPTION;
    }
    return keep(ctx, this_val, "options", options);
}

static const JSCFunctionListEntry test_entries[] = {
    METHOD("abort", 1, test_abort),
    METHOD("fail", 1, test_fail),
    FIELD("options", test_options, 0),
};

/* The module ------------------------------------------------------------------------------------------ */

#define PART(name, list)                                                                                     \
    JS_OBJECT_DEF(name, list, BR_COUNT_OF(list), JS_PROP_ENUMERABLE | JS_PROP_CONFIGURABLE)

static const JSCFunctionListEntry entries[] = {
    PART("vu", vu_entries),
    PART("scenario", scenario_entries),
    PART("instance", instance_entries),
    PART("test", test_entries),
};

const br_js_module br_js_module_execution = {
    .name = "k6/execution", .entries = entries, .entry_count = BR_COUNT_OF(entries)};
