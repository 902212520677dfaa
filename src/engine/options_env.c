/* Options from K6_* variables and from the text of flags. */
#include "base/num.h"
#include "engine/options.h"

static br_code bad_stage(json_t *list, size_t number, const char *why, br_err *err)
{
    json_decref(list);
    return br_fail(err, BR_EINVAL, "error for stage %zu: %s", number, why);
}

br_code br_options_parse_stages(br_str text, size_t before, json_t **ret, br_err *err)
{
    json_t *list = json_array();
    br_str item;
    char why[300];
    while (br_str_cut(&text, ',', &item)) {
        br_str duration = BR_STR_NONE, target = item;
        int64_t n = 0;
        br_ns d = 0;
        size_t number = before + json_array_size(list);
        if (!br_str_cut(&target, ':', &duration)) duration = item;
        if (duration.n && br_parse_duration(duration, BR_DURATION_K6, &d) != BR_OK) {
            br_explain_duration(duration, BR_DURATION_K6, why, sizeof(why));
            return bad_stage(list, number, why, err);
        }
        if (target.n && br_parse_i64(target, &n) != BR_OK) {
            snprintf(why, sizeof(why), "strconv.ParseInt: parsing \"%.*s\": invalid syntax",
                BR_ARG(br_str_sub(target, 0, 200)));
            return bad_stage(list, number, why, err);
        }
        json_t *stage = json_object();
        json_object_set_new(
            stage, "duration", duration.n ? json_stringn(duration.p, duration.n) : json_null());
        json_object_set_new(stage, "target", target.n ? json_integer(n) : json_null());
        json_array_append_new(list, stage);
    }
    *ret = list;
    return BR_OK;
}

static const struct {
    const char *variable, *key;
} env_keys[] = {{"K6_VUS", "vus"}, {"K6_DURATION", "duration"}, {"K6_ITERATIONS", "iterations"},
    {"K6_NO_SETUP", "noSetup"}, {"K6_NO_TEARDOWN", "noTeardown"}, {"K6_SETUP_TIMEOUT", "setupTimeout"},
    {"K6_TEARDOWN_TIMEOUT", "teardownTimeout"}, {"K6_HANDLE_SUMMARY_TIMEOUT", "handleSummaryTimeout"},
    {"K6_USER_AGENT", "userAgent"}, {"K6_BATCH", "batch"}, {"K6_BATCH_PER_HOST", "batchPerHost"},
    {"K6_THROW", "throw"}, {"K6_NO_CONNECTION_REUSE", "noConnectionReuse"},
    {"K6_NO_VU_CONNECTION_REUSE", "noVUConnectionReuse"}, {"K6_NO_COOKIES_RESET", "noCookiesReset"},
    {"K6_MIN_ITERATION_DURATION", "minIterationDuration"},
    {"K6_DISCARD_RESPONSE_BODIES", "discardResponseBodies"}, {"K6_SUMMARY_TIME_UNIT", "summaryTimeUnit"},
    {"K6_RPS", "rps"}, {"K6_MAX_REDIRECTS", "maxRedirects"},
    {"K6_INSECURE_SKIP_TLS_VERIFY", "insecureSkipTLSVerify"}, {"K6_PAUSED", "paused"},
    {"K6_EXECUTION_SEGMENT", "executionSegment"},
    {"K6_EXECUTION_SEGMENT_SEQUENCE", "executionSegmentSequence"}, {"K6_DNS", "dns"},
    {"K6_HTTP_DEBUG", "httpDebug"}, {"K6_METRIC_SAMPLES_BUFFER_SIZE", "metricSamplesBufferSize"},
    {"K6_LOCAL_IPS", "localIPs"}};

static json_t *split_list(br_str text)
{
    json_t *list = json_array();
    br_str item;
    while (br_str_cut(&text, ',', &item))
        json_array_append_new(list, json_stringn(item.p, item.n));
    return list;
}

static json_t *split_map(br_str text)
{
    json_t *map = json_object();
    br_str item, key;
    while (br_str_cut(&text, ',', &item)) {
        if (br_str_cut(&item, ':', &key) && item.p) {
            json_object_setn_new(map, key.p, key.n, json_stringn(item.p, item.n));
        }
    }
    return map;
}

static br_code take_variable(json_t *into, br_str name, br_str value, br_err *err)
{
    for (size_t i = 0; i < BR_COUNT_OF(env_keys); i++) {
        if (br_str_is(name, env_keys[i].variable)) {
            json_object_set_new(into, env_keys[i].key, json_stringn(value.p, value.n));
            return BR_OK;
        }
    }
    if (br_str_is(name, "K6_STAGES")) {
        json_t *stages;
        br_code code = br_options_parse_stages(value, 0, &stages, err);
        if (code != BR_OK) return br_wrap(err, code, "K6_STAGES");
        json_object_set_new(into, "stages", stages);
    } else if (br_str_is(name, "K6_SYSTEM_TAGS")) {
        json_object_set_new(into, "systemTags", split_list(value));
    } else if (br_str_is(name, "K6_BLACKLIST_IPS")) {
        json_object_set_new(into, "blacklistIPs", split_list(value));
    } else if (br_str_is(name, "K6_BLOCK_HOSTNAMES")) {
        json_object_set_new(into, "blockHostnames", split_list(value));
    } else if (br_str_is(name, "K6_SUMMARY_TREND_STATS")) {
        json_object_set_new(into, "summaryTrendStats", split_list(value));
    } else if (br_str_is(name, "K6_TAGS")) {
        json_object_set_new(into, "tags", split_map(value));
    }
    return BR_OK;
}

br_code br_options_from_env(char *const *environ_list, json_t **ret, br_err *err)
{
    json_t *into = json_object();
    for (char *const *e = environ_list; *e; e++) {
        br_str value = br_str_of(*e), name;
        if (!br_str_starts(value, BR_STR("K6_")) || !br_str_cut(&value, '=', &name) || value.n == 0) continue;
        br_code code = take_variable(into, name, value, err);
        if (code != BR_OK) {
            json_decref(into);
            return code;
        }
    }
    *ret = into;
    return BR_OK;
}
