/* Options as k6 shows them (exec.test.options, inspect): every option, null where nobody set it, values in
 * k6's form.
 */
#include <stdlib.h>
#include <string.h>
#include "base/num.h"
#include "engine/options_read.h"
#include "stat/recorder.h"

typedef enum kind { AS_IS, WHOLE, SWITCH, TIME, STAGES, SCENARIOS, DNS, THRESHOLDS, MAP } kind;

typedef struct field {
    const char *key;
    kind kind;
} field;

static const field head[] = {{"paused", SWITCH}, {NULL, AS_IS}};
static const field shortcuts[] = {
    {"vus", WHOLE}, {"duration", TIME}, {"iterations", WHOLE}, {"stages", STAGES}, {NULL, AS_IS}};
static const field common[] = {{"scenarios", SCENARIOS}, {"executionSegment", AS_IS},
    {"executionSegmentSequence", AS_IS}, {"noSetup", SWITCH}, {"setupTimeout", TIME}, {"noTeardown", SWITCH},
    {"teardownTimeout", TIME}, {"handleSummaryTimeout", TIME}, {"rps", WHOLE}, {"dns", DNS},
    {"maxRedirects", WHOLE}, {"userAgent", AS_IS}, {"batch", WHOLE}, {"batchPerHost", WHOLE},
    {"httpDebug", AS_IS}, {"insecureSkipTLSVerify", SWITCH}, {"tlsCipherSuites", AS_IS},
    {"tlsVersion", AS_IS}, {"tlsAuth", AS_IS}, {"throw", SWITCH}, {"thresholds", THRESHOLDS},
    {"blacklistIPs", AS_IS}, {"blockHostnames", AS_IS}, {"hosts", MAP}, {"noConnectionReuse", SWITCH},
    {"noVUConnectionReuse", SWITCH}, {"minIterationDuration", TIME}, {"ext", AS_IS},
    {"summaryTrendStats", AS_IS}, {"summaryTimeUnit", AS_IS}, {"systemTags", AS_IS}, {"tags", MAP},
    {"metricSamplesBufferSize", WHOLE}, {"noCookiesReset", SWITCH}, {"discardResponseBodies", SWITCH},
    {NULL, AS_IS}};
static const field tail[] = {{"consoleOutput", AS_IS}, {"localIPs", AS_IS}, {NULL, AS_IS}};

static const field dns_fields[] = {{"ttl", AS_IS}, {"select", AS_IS}, {"policy", AS_IS}, {NULL, AS_IS}};
static const field stage_fields[] = {{"duration", TIME}, {"target", WHOLE}, {NULL, AS_IS}};
static const field scenario_fields[] = {{"executor", AS_IS}, {"startTime", TIME}, {"gracefulStop", TIME},
    {"env", MAP}, {"exec", AS_IS}, {"tags", MAP}, {NULL, AS_IS}};
static const field own_fields[][6] = {
    [BR_EXEC_CONSTANT_VUS] = {{"vus", WHOLE}, {"duration", TIME}, {NULL, AS_IS}},
    [BR_EXEC_RAMPING_VUS] = {{"startVUs", WHOLE}, {"stages", STAGES}, {"gracefulRampDown", TIME},
        {NULL, AS_IS}},
    [BR_EXEC_SHARED_ITERATIONS] = {{"vus", WHOLE}, {"iterations", WHOLE}, {"maxDuration", TIME},
        {NULL, AS_IS}},
    [BR_EXEC_PER_VU_ITERATIONS] = {{"vus", WHOLE}, {"iterations", WHOLE}, {"maxDuration", TIME},
        {NULL, AS_IS}},
    [BR_EXEC_CONSTANT_ARRIVAL_RATE] = {{"rate", WHOLE}, {"timeUnit", TIME}, {"duration", TIME},
        {"preAllocatedVUs", WHOLE}, {"maxVUs", WHOLE}, {NULL, AS_IS}},
    [BR_EXEC_RAMPING_ARRIVAL_RATE] = {{"startRate", WHOLE}, {"timeUnit", TIME}, {"stages", STAGES},
        {"preAllocatedVUs", WHOLE}, {"maxVUs", WHOLE}, {NULL, AS_IS}},
};

static json_t *time_text(br_ns d)
{
    br_buf text;
    br_buf_init(&text, 100);
    (void) br_buf_put_duration(&text, d);
    json_t *v = json_stringn(text.data, text.len);
    br_buf_deinit(&text);
    return v;
}

static void put_fields(json_t *into, const json_t *from, const field *list);

static json_t *all_of(const json_t *list, const field *item_fields)
{
    json_t *out = json_array();
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *item = json_object();
        put_fields(item, json_array_get(list, i), item_fields);
        json_array_append_new(out, item);
    }
    return out;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Go writes maps in the order of their keys. New reference, the values are shared. */
static json_t *sorted(json_t *map)
{
    size_t n = 0, count = json_object_size(map);
    const char **names = br_calloc(count + 1, sizeof(*names)), *name;
    json_t *value, *out = json_object();
    json_object_foreach(map, name, value) names[n++] = name;
    qsort(names, n, sizeof(*names), by_name);
    for (size_t i = 0; i < n; i++)
        json_object_set(out, names[i], json_object_get(map, names[i]));
    br_free(names);
    return out;
}

/* An object only where more than the expression is said. New reference. */
static json_t *one_threshold(json_t *v)
{
    static const field parts[] = {
        {"threshold", AS_IS}, {"abortOnFail", SWITCH}, {"delayAbortEval", TIME}, {NULL, AS_IS}};
    if (!json_is_object(v)) return json_incref(v);
    if (!json_is_true(json_object_get(v, "abortOnFail"))) return json_incref(json_object_get(v, "threshold"));
    json_t *out = json_object();
    put_fields(out, v, parts);
    return out;
}

static json_t *all_thresholds(const json_t *thresholds)
{
    json_t *map = sorted((json_t *) (uintptr_t) thresholds), *list, *out = json_object();
    const char *name;
    json_object_foreach(map, name, list)
    {
        json_t *shown_list = json_array();
        for (size_t i = 0; i < json_array_size(list); i++)
            json_array_append_new(shown_list, one_threshold(json_array_get(list, i)));
        json_object_set_new(out, name, shown_list);
    }
    json_decref(map);
    return out;
}

static json_t *all_scenarios(const json_t *unsorted)
{
    json_t *scenarios = sorted((json_t *) (uintptr_t) unsorted);
    json_t *out = json_object(), *value;
    const char *name;
    json_object_foreach(scenarios, name, value)
    {
        json_t *item = json_object();
        const char *executor = json_string_value(json_object_get(value, "executor"));
        put_fields(item, value, scenario_fields);
        for (size_t i = 0; i < BR_COUNT_OF(own_fields); i++) {
            if (executor && strcmp(executor, br_executor_name((br_executor) i)) == 0)
                put_fields(item, value, own_fields[i]);
        }
        json_object_set_new(out, name, item);
    }
    json_decref(scenarios);
    return out;
}

/* The options have been read before: values have types that fit. New reference. */
static json_t *shown(const json_t *v, kind as)
{
    br_err err;
    br_option_reader r = {.err = &err};
    int64_t whole = 0;
    bool on = false;
    br_ns time = 0;
    json_t *object;
    if (as == DNS) {
        object = json_object();
        put_fields(object, v, dns_fields);
        return object;
    }
    if (!v || json_is_null(v)) return json_null();
    switch (as) {
        case WHOLE: return br_read_int(&r, "", v, &whole) == BR_OK ? json_integer(whole) : json_null();
        case SWITCH: return br_read_bool(&r, "", v, &on) == BR_OK ? json_boolean(on) : json_null();
        case TIME: return br_read_duration(&r, "", v, &time) == BR_OK ? time_text(time) : json_null();
        case STAGES: return all_of(v, stage_fields);
        case SCENARIOS: return all_scenarios(v);
        case THRESHOLDS: return all_thresholds(v);
        case MAP: return sorted((json_t *) (uintptr_t) v);
        case AS_IS:
        case DNS: break;
    }
    return json_incref((json_t *) (uintptr_t) v);
}

static void put_fields(json_t *into, const json_t *from, const field *list)
{
    for (; list->key; list++)
        json_object_set_new(into, list->key, shown(json_object_get(from, list->key), list->kind));
}

static json_t *text_list(const br_str *list, size_t n)
{
    json_t *out = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(out, json_stringn(list[i].p, list[i].n));
    return out;
}

static int by_text(const void *a, const void *b)
{
    return br_str_cmp(*(const br_str *) a, *(const br_str *) b);
}

/* Of what has a default k6 shows the value in force. */
static void put_defaults(const br_options *o, json_t *out)
{
    br_str tags[BR_SYSTEM_TAG_COUNT] = {{0}};
    size_t n = 0;
    for (unsigned i = 0; i < BR_SYSTEM_TAG_COUNT; i++) {
        if (o->system_tags & 1u << i) tags[n++] = br_system_tag_name(i);
    }
    qsort(tags, n, sizeof(tags[0]), by_text);
    json_object_set_new(out, "systemTags", text_list(tags, n));
    json_object_set_new(out, "summaryTrendStats", text_list(o->trend_stats, o->trend_stat_count));
}

/* Takes `json`. */
static char *keep(br_arena *arena, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    char *kept = br_arena_cstr(arena, br_str_of(text));
    free(text); // from jansson
    json_decref(json);
    return kept;
}

char *br_options_show(br_options *o, const json_t *consolidated)
{
    json_t *out = json_object();
    put_fields(out, consolidated, head);
    put_fields(out, consolidated, common);
    put_fields(out, consolidated, tail);
    put_defaults(o, out);
    return keep(&o->arena, out);
}

char *br_options_inspect(br_options *o, const json_t *options, bool with_defaults)
{
    json_t *out = json_object(), *cloud = json_object_get(options, "cloud");
    put_fields(out, options, head);
    put_fields(out, options, shortcuts);
    put_fields(out, options, common);
    if (json_is_object(cloud)) json_object_set(out, "cloud", cloud);
    json_object_set_new(out, "features", json_null());
    if (with_defaults) put_defaults(o, out);
    return keep(&o->arena, out);
}
