/* Options as k6 shows them (exec.test.options): every option, null where nobody set it, values in k6's form.
 */
#include <stdlib.h>
#include "base/num.h"
#include "engine/options_read.h"
#include "stat/recorder.h"

typedef enum kind { AS_IS, WHOLE, SWITCH, TIME, STAGES, SCENARIOS, DNS } kind;

typedef struct field {
    const char *key;
    kind kind;
} field;

static const field fields[] = {{"paused", SWITCH}, {"scenarios", SCENARIOS}, {"executionSegment", AS_IS},
    {"executionSegmentSequence", AS_IS}, {"noSetup", SWITCH}, {"setupTimeout", TIME}, {"noTeardown", SWITCH},
    {"teardownTimeout", TIME}, {"handleSummaryTimeout", TIME}, {"rps", WHOLE}, {"dns", DNS},
    {"maxRedirects", WHOLE}, {"userAgent", AS_IS}, {"batch", WHOLE}, {"batchPerHost", WHOLE},
    {"httpDebug", AS_IS}, {"insecureSkipTLSVerify", SWITCH}, {"tlsCipherSuites", AS_IS},
    {"tlsVersion", AS_IS}, {"tlsAuth", AS_IS}, {"throw", SWITCH}, {"thresholds", AS_IS},
    {"blacklistIPs", AS_IS}, {"blockHostnames", AS_IS}, {"hosts", AS_IS}, {"noConnectionReuse", SWITCH},
    {"noVUConnectionReuse", SWITCH}, {"minIterationDuration", TIME}, {"ext", AS_IS},
    {"summaryTrendStats", AS_IS}, {"summaryTimeUnit", AS_IS}, {"systemTags", AS_IS}, {"tags", AS_IS},
    {"metricSamplesBufferSize", WHOLE}, {"noCookiesReset", SWITCH}, {"discardResponseBodies", SWITCH},
    {"consoleOutput", AS_IS}, {"localIPs", AS_IS}, {NULL, AS_IS}};

static const field dns_fields[] = {{"ttl", AS_IS}, {"select", AS_IS}, {"policy", AS_IS}, {NULL, AS_IS}};
static const field stage_fields[] = {{"duration", TIME}, {"target", WHOLE}, {NULL, AS_IS}};
static const field scenario_fields[] = {{"executor", AS_IS}, {"startTime", TIME}, {"gracefulStop", TIME},
    {"env", AS_IS}, {"exec", AS_IS}, {"tags", AS_IS}, {NULL, AS_IS}};
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

static json_t *all_scenarios(const json_t *scenarios)
{
    json_t *out = json_object(), *value;
    const char *name;
    json_object_foreach((json_t *) (uintptr_t) scenarios, name, value)
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

char *br_options_show(br_options *o, const json_t *consolidated)
{
    json_t *out = json_object();
    put_fields(out, consolidated, fields);
    br_str tags[BR_SYSTEM_TAG_COUNT] = {{0}};
    size_t n = 0;
    for (unsigned i = 0; i < BR_SYSTEM_TAG_COUNT; i++) {
        if (o->system_tags & 1u << i) tags[n++] = br_system_tag_name(i);
    }
    qsort(tags, n, sizeof(tags[0]), by_text);
    json_object_set_new(out, "systemTags", text_list(tags, n));
    json_object_set_new(out, "summaryTrendStats", text_list(o->trend_stats, o->trend_stat_count));
    char *text = json_dumps(out, JSON_COMPACT);
    char *kept = br_arena_cstr(&o->arena, br_str_of(text));
    free(text); // from jansson
    json_decref(out);
    return kept;
}
