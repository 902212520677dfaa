#include "cli/load/run_flags.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/num.h"
#include "engine/options.h"

#define NO_ARG                                                                                               \
    {                                                                                                        \
        NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL                                                             \
    }

const br_arg br_execution_args[] = {
    {"vus", 'u', BR_ARG_VALUE, "N", "number of virtual users (default 1)", "K6_VUS"},
    {"duration", 'd', BR_ARG_VALUE, "TIME", "length of the test, e.g. 30s, 1m30s", "K6_DURATION"},
    {"iterations", 'i', BR_ARG_VALUE, "N", "iterations in all, shared among the VUs", "K6_ITERATIONS"},
    {"stage", 's', BR_ARG_LIST, "TIME:VUS", "add a stage, e.g. -s 30s:10 (may be given again)", "K6_STAGES"},
    {"execution-segment", 0, BR_ARG_VALUE, "A:B", "run only this part of the test, e.g. 0:1/3",
        "K6_EXECUTION_SEGMENT"},
    {"execution-segment-sequence", 0, BR_ARG_VALUE, "LIST", "the cuts of all parts, e.g. 0,1/3,1",
        "K6_EXECUTION_SEGMENT_SEQUENCE"},
    {"min-iteration-duration", 0, BR_ARG_VALUE, "TIME", "shortest time of an iteration",
        "K6_MIN_ITERATION_DURATION"},
    {"no-setup", 0, BR_ARG_SWITCH, NULL, "do not run setup()", "K6_NO_SETUP"},
    {"no-teardown", 0, BR_ARG_SWITCH, NULL, "do not run teardown()", "K6_NO_TEARDOWN"},
    NO_ARG,
};

const br_arg br_network_args[] = {
    {"rps", 0, BR_ARG_VALUE, "N", "most requests a second, all virtual users together (default: no limit)",
        "K6_RPS"},
    {"max-redirects", 0, BR_ARG_VALUE, "N", "redirects that are followed (default 10)", "K6_MAX_REDIRECTS"},
    {"user-agent", 0, BR_ARG_VALUE, "TEXT", "User-Agent header (default brunt/" BRUNT_VERSION ")",
        "K6_USER_AGENT"},
    {"batch", 0, BR_ARG_VALUE, "N", "requests of http.batch() at the same time (default 20)", "K6_BATCH"},
    {"batch-per-host", 0, BR_ARG_VALUE, "N", "of them to the same host (default 6)", "K6_BATCH_PER_HOST"},
    {"discard-response-bodies", 0, BR_ARG_SWITCH, NULL, "count bodies and drop them",
        "K6_DISCARD_RESPONSE_BODIES"},
    {"throw", 'w', BR_ARG_SWITCH, NULL, "throw failed requests as exceptions", "K6_THROW"},
    {"no-connection-reuse", 0, BR_ARG_SWITCH, NULL, "a new connection for each request",
        "K6_NO_CONNECTION_REUSE"},
    {"no-vu-connection-reuse", 0, BR_ARG_SWITCH, NULL, "close connections after each iteration",
        "K6_NO_VU_CONNECTION_REUSE"},
    {"no-cookies-reset", 0, BR_ARG_SWITCH, NULL, "keep cookies from one iteration to the next",
        "K6_NO_COOKIES_RESET"},
    {"insecure-skip-tls-verify", 0, BR_ARG_SWITCH, NULL, "accept any certificate of the server",
        "K6_INSECURE_SKIP_TLS_VERIFY"},
    {"dns", 0, BR_ARG_VALUE, "RULES",
        "ttl=TIME,select=first|random|roundRobin,policy=preferIPv4|preferIPv6|onlyIPv4|onlyIPv6|any (default "
        "ttl=5m,select=random,policy=preferIPv4)",
        "K6_DNS"},
    {"block-hostnames", 0, BR_ARG_VALUE, "LIST", "names, also *.example.com, that may not be asked",
        "K6_BLOCK_HOSTNAMES"},
    {"blacklist-ip", 0, BR_ARG_VALUE, "LIST", "addresses and networks that may not be asked",
        "K6_BLACKLIST_IPS"},
    {"local-ips", 0, BR_ARG_VALUE, "LIST", "source addresses, ranges or networks for the virtual users",
        "K6_LOCAL_IPS"},
    NO_ARG,
};

const br_arg br_result_args[] = {
    {"no-thresholds", 0, BR_ARG_SWITCH, NULL, "do not evaluate thresholds", "K6_NO_THRESHOLDS"},
    {"summary-mode", 0, BR_ARG_VALUE, "MODE",
        "compact, full (groups and scenarios too) or disabled (default compact)", "K6_SUMMARY_MODE"},
    {"summary-export", 0, BR_ARG_VALUE, "FILE", "write the summary as JSON", "K6_SUMMARY_EXPORT"},
    {"summary-trend-stats", 0, BR_ARG_VALUE, "LIST",
        "statistics of trends: avg, min, med, max, count, p(N) (default avg,min,med,max,p(90),p(95))",
        "K6_SUMMARY_TREND_STATS"},
    {"summary-time-unit", 0, BR_ARG_VALUE, "UNIT", "s, ms or us in the summary (default: what fits)",
        "K6_SUMMARY_TIME_UNIT"},
    {"new-machine-readable-summary", 0, BR_ARG_SWITCH, NULL,
        "handleSummary() and --summary-export get the summary in k6's newer form",
        "K6_NEW_MACHINE_READABLE_SUMMARY"},
    {"system-tags", 0, BR_ARG_VALUE, "LIST",
        "system tags to keep (default proto,subproto,status,method,url,name,group,check,error,error_code,"
        "tls_version,scenario,service,expected_response)",
        "K6_SYSTEM_TAGS"},
    {"tag", 0, BR_ARG_LIST, "NAME=VALUE", "add a tag to every sample (may be given again)", "K6_TAGS"},
    {"console-output", 0, BR_ARG_VALUE, "FILE", "append what the script writes with console to FILE",
        "K6_CONSOLE_OUTPUT"},
    NO_ARG,
};

const br_arg br_script_args[] = {
    {"env", 'e', BR_ARG_LIST, "NAME=VALUE", "set a variable of __ENV (may be given again)", NULL},
    {"include-system-env-vars", 0, BR_ARG_SWITCH, NULL,
        "pass the system's environment to __ENV (default true with run, else false)",
        "K6_INCLUDE_SYSTEM_ENV_VARS"},
    {"config", 'c', BR_ARG_VALUE, "FILE",
        "JSON file with options (default ~/.config/k6/config.json, if it exists)", "K6_CONFIG"},
    {"type", 't', BR_ARG_VALUE, "TYPE", "what the file is: js or archive (default: its content tells)",
        "K6_TYPE"},
    {"secret-source", 0, BR_ARG_LIST, "TYPE=CONFIG",
        "secrets for k6/secrets: mock=key=value,..., file=PATH or url=...; also name=NAME, default",
        "K6_SECRET_SOURCE"},
    NO_ARG,
};

const br_arg br_refused_args[] = {
    {"address", 'a', BR_ARG_VALUE, "ADDRESS", "the REST API", "K6_ADDRESS"},
    {"paused", 'p', BR_ARG_SWITCH, NULL, "wait for the REST API before starting", "K6_PAUSED"},
    {"http-debug", 0, BR_ARG_OPTIONAL, "full", "log requests and responses", "K6_HTTP_DEBUG"},
    {"features", 0, BR_ARG_VALUE, "LIST", "k6's experimental features", "K6_FEATURES"},
    {"traces-output", 0, BR_ARG_VALUE, "WHERE", "traces; none is accepted", "K6_TRACES_OUTPUT"},
    {"profiling-enabled", 0, BR_ARG_SWITCH, NULL, "k6's own profiles", "K6_PROFILING_ENABLED"},
    NO_ARG,
};

/* Flags to options --------------------------------------------------------------------------------- */

typedef enum form { WHOLE, TIME, SWITCH, LIST, TEXT } form;

static const struct {
    const char *flag, *key;
    form form;
} plain_flags[] = {
    {"vus", "vus", WHOLE},
    {"duration", "duration", TIME},
    {"iterations", "iterations", WHOLE},
    {"execution-segment", "executionSegment", TEXT},
    {"execution-segment-sequence", "executionSegmentSequence", TEXT},
    {"min-iteration-duration", "minIterationDuration", TIME},
    {"no-setup", "noSetup", SWITCH},
    {"no-teardown", "noTeardown", SWITCH},
    {"rps", "rps", WHOLE},
    {"max-redirects", "maxRedirects", WHOLE},
    {"user-agent", "userAgent", TEXT},
    {"batch", "batch", WHOLE},
    {"batch-per-host", "batchPerHost", WHOLE},
    {"discard-response-bodies", "discardResponseBodies", SWITCH},
    {"throw", "throw", SWITCH},
    {"no-connection-reuse", "noConnectionReuse", SWITCH},
    {"no-vu-connection-reuse", "noVUConnectionReuse", SWITCH},
    {"no-cookies-reset", "noCookiesReset", SWITCH},
    {"insecure-skip-tls-verify", "insecureSkipTLSVerify", SWITCH},
    {"dns", "dns", TEXT},
    {"block-hostnames", "blockHostnames", LIST},
    {"blacklist-ip", "blacklistIPs", LIST},
    {"local-ips", "localIPs", TEXT},
    {"summary-trend-stats", "summaryTrendStats", LIST},
    {"summary-time-unit", "summaryTimeUnit", TEXT},
    {"system-tags", "systemTags", LIST},
};

static json_t *list_of(const char *text)
{
    json_t *list = json_array();
    br_str rest = br_str_of(text), item;
    while (br_str_cut(&rest, ',', &item)) {
        item = br_str_trim(item);
        if (item.n) json_array_append_new(list, json_stringn(item.p, item.n));
    }
    return list;
}

static br_code plain_flag(json_t *into, size_t i, const br_arg_value *v, br_err *err)
{
    const char *text = v->value, *key = plain_flags[i].key;
    char why[300];
    int64_t n;
    br_ns d;
    switch (plain_flags[i].form) {
        case WHOLE:
            if (br_parse_i64(br_str_of(text), &n) != BR_OK) {
                snprintf(why, sizeof(why), "strconv.ParseInt: parsing \"%.200s\": invalid syntax", text);
                return br_args_invalid(v->arg, br_str_of(text), why, err);
            }
            json_object_set_new(into, key, json_integer(n));
            break;
        case TIME:
            if (br_parse_duration(br_str_of(text), BR_DURATION_GO, &d) != BR_OK) {
                br_explain_duration(br_str_of(text), BR_DURATION_GO, why, sizeof(why));
                return br_args_invalid(v->arg, br_str_of(text), why, err);
            }
            json_object_set_new(into, key, json_string(text));
            break;
        case SWITCH: json_object_set_new(into, key, json_boolean(strcmp(text, "true") == 0)); break;
        case LIST: json_object_set_new(into, key, list_of(text)); break;
        case TEXT: json_object_set_new(into, key, json_string(text)); break;
    }
    return BR_OK;
}

static br_code stage_flags(json_t *o, const br_args *a, br_err *err)
{
    json_t *all = NULL;
    for (size_t i = 0; i < a->values.len; i++) {
        if (strcmp(a->values.data[i].arg->name, "stage") != 0) continue;
        json_t *stages;
        br_code code = br_options_parse_stages(
            br_str_of(a->values.data[i].value), json_array_size(all), &stages, err);
        if (code != BR_OK) {
            json_decref(all);
            return code;
        }
        if (!all) all = json_array();
        json_array_extend(all, stages);
        json_decref(stages);
    }
    for (size_t i = 0; i < json_array_size(all); i++) {
        if (!json_is_null(json_object_get(json_array_get(all, i), "duration"))) continue;
        json_decref(all);
        return br_fail(err, BR_EINVAL, "stage %zu doesn't have a specified duration", i);
    }
    if (all) json_object_set_new(o, "stages", all);
    return BR_OK;
}

static br_code tag_flags(json_t *o, const br_args *a, br_err *err)
{
    json_t *tags = NULL;
    for (size_t i = 0; i < a->values.len; i++) {
        if (strcmp(a->values.data[i].arg->name, "tag") != 0) continue;
        br_str value = br_str_of(a->values.data[i].value), name;
        if (!br_str_cut(&value, '=', &name) || name.n == 0 || value.n == 0) {
            const char *text = a->values.data[i].value;
            json_decref(tags);
            return br_fail(err, BR_EINVAL, "error parsing tag '%s': invalid tag, empty %s", text,
                !*text         ? "string"
                : *text == '=' ? "name"
                               : "value");
        }
        if (!tags) tags = json_object();
        json_object_setn_new(tags, name.p, name.n, json_stringn(value.p, value.n));
    }
    if (tags) json_object_set_new(o, "tags", tags);
    return BR_OK;
}

/* k6 looks at it in the flag only. */
static br_code check_time_unit(const char *unit, br_err *err)
{
    if (!unit || strcmp(unit, "s") == 0 || strcmp(unit, "ms") == 0 || strcmp(unit, "us") == 0) return BR_OK;
    return br_fail(err, BR_EINVAL, "invalid summary time unit '%s', use 's', 'ms' or 'us'", unit);
}

/* Values with a syntax of their own: as flags they are mistakes of the command line (255), not of the
 * options. */
static br_code check_values(const json_t *given, br_err *err)
{
    static const char *const keys[] = {"dns", "blockHostnames", "blacklistIPs"};
    br_code code = BR_OK;
    for (size_t i = 0; i < BR_COUNT_OF(keys) && code == BR_OK; i++) {
        json_t *value = json_object_get(given, keys[i]), *alone = value ? json_object() : NULL;
        if (!value) continue;
        json_object_set(alone, keys[i], value);
        br_options_source source = {.what = "cli", .json = alone};
        br_options *o = NULL;
        code = br_options_build(&source, 1, &o, err);
        if (code == BR_OK) br_options_free(o);
        json_decref(alone);
    }
    return code;
}

br_code br_run_flags_options(const br_args *a, json_t *into, br_err *err)
{
    br_code code = check_time_unit(br_args_get(a, "summary-time-unit"), err);
    for (size_t i = 0; i < BR_COUNT_OF(plain_flags) && code == BR_OK; i++) {
        const br_arg_value *last = NULL;
        for (size_t k = 0; k < a->values.len; k++)
            if (strcmp(a->values.data[k].arg->name, plain_flags[i].flag) == 0) last = &a->values.data[k];
        if (last) code = plain_flag(into, i, last, err);
    }
    if (code == BR_OK) code = stage_flags(into, a, err);
    if (code == BR_OK) code = tag_flags(into, a, err);
    if (code == BR_OK) code = check_values(into, err);
    return code;
}

/* The rest ----------------------------------------------------------------------------------------- */

static bool env_name_ok(br_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (!(isalpha((unsigned char) name.p[i]) || name.p[i] == '_' ||
                (i && isdigit((unsigned char) name.p[i]))))
            return false;
    }
    return name.n > 0;
}

br_code br_run_flags_env(const br_args *a, br_env_var *list, size_t *ret_count, br_err *err)
{
    size_t n = 0;
    for (size_t i = 0; i < a->values.len; i++) {
        if (strcmp(a->values.data[i].arg->name, "env") != 0) continue;
        br_str value = br_str_of(a->values.data[i].value), name;
        if (!br_str_cut(&value, '=', &name)) name = BR_STR("");
        if (!env_name_ok(name))
            return br_fail(err, BR_EINVAL, "invalid environment variable name '" BR_FMT "'", BR_ARG(name));
        list[n++] = (br_env_var){name, value.p ? value : BR_STR("")};
    }
    *ret_count = n;
    return BR_OK;
}

br_code br_run_flags_switch(
    const br_args *a, const br_arg_section *sections, const char *name, bool *ret, br_err *err)
{
    const char *text = br_args_setting(a, sections, name);
    if (!text || br_parse_bool(br_str_of(text), ret) == BR_OK) return BR_OK;
    return br_fail(err, BR_EINVAL, "the variable of --%s is \"%s\": use true or false", name, text);
}

br_code br_run_flags_source(
    const br_args *a, const br_arg_section *sections, br_job_config *c, br_source *ret, br_err *err)
{
    const char *type = br_args_setting(a, sections, "type");
    br_source_kind kind = BR_SOURCE_AUTO;
    if (type && strcmp(type, "js") == 0)
        kind = BR_SOURCE_SCRIPT;
    else if (type && strcmp(type, "archive") == 0)
        kind = BR_SOURCE_ARCHIVE;
    else if (type && *type)
        return br_fail(err, BR_EINVAL, "unknown --type \"%s\": use js or archive", type);
    br_code code = br_source_read(c->script, kind, ret, err);
    c->archive = ret->archive;
    c->input = br_buf_view(&ret->text);
    return code;
}

/* --x=false and none ask for nothing. */
static bool asks_for_something(const br_arg *arg, const char *text)
{
    bool on = true;
    if (arg->kind == BR_ARG_SWITCH && br_parse_bool(br_str_of(text), &on) == BR_OK) return on;
    return strcmp(arg->name, "traces-output") != 0 || strcmp(text, "none") != 0;
}

br_code br_run_flags_refuse(const br_args *a, const br_arg_section *sections, br_err *err)
{
    for (const br_arg *arg = br_refused_args; arg->name; arg++) {
        const char *given = br_args_get(a, arg->name), *text = br_args_setting(a, sections, arg->name);
        if (!text || !asks_for_something(arg, text)) continue;
        return br_fail(err, BR_EUNSUPPORTED, "%s%s is not supported yet (%s): leave it out",
            given ? "the flag --" : "the variable ", given ? arg->name : arg->variable, arg->help);
    }
    const char *dashboard = getenv("K6_WEB_DASHBOARD");
    bool on = false;
    if (dashboard && br_parse_bool(br_str_of(dashboard), &on) == BR_OK && on)
        return br_fail(err, BR_EUNSUPPORTED, "the web dashboard (K6_WEB_DASHBOARD) is not supported yet");
    return BR_OK;
}
