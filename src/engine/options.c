#include "engine/options.h"

#include <stdlib.h>
#include "base/log.h"
#include "base/num.h"
#include "engine/options_read.h"
#include "stat/recorder.h"
#include "stat/sink.h"

/* Options ------------------------------------------------------------------------------------------- */

/* How this version treats a top-level key. */
typedef enum treatment {
    TAKEN,      /* has its effect */
    NO_EFFECT,  /* about something that this version does not do at all (cloud): accepted */
    NOT_YET,    /* would change the run: refused */
    NOT_YET_ON, /* refused only when switched on (true, or not empty) */
} treatment;

static const struct {
    const char *key;
    treatment treatment;
} known_keys[] = {
    {"batch", TAKEN},
    {"batchPerHost", TAKEN},
    {"blacklistIPs", TAKEN},
    {"blockHostnames", TAKEN},
    {"cloud", NO_EFFECT},
    {"consoleOutput", NOT_YET_ON},
    {"discardResponseBodies", TAKEN},
    {"dns", TAKEN},
    {"duration", TAKEN},
    {"executionSegment", TAKEN},
    {"executionSegmentSequence", TAKEN},
    {"ext", NO_EFFECT},
    {"features", NOT_YET_ON},
    {"handleSummaryTimeout", TAKEN},
    {"hosts", TAKEN},
    {"httpDebug", NOT_YET_ON},
    {"insecureSkipTLSVerify", TAKEN},
    {"iterations", TAKEN},
    {"localIPs", TAKEN},
    {"maxRedirects", TAKEN},
    {"metricSamplesBufferSize", NO_EFFECT},
    {"minIterationDuration", TAKEN},
    {"noConnectionReuse", TAKEN},
    {"noCookiesReset", TAKEN},
    {"noSetup", TAKEN},
    {"noTeardown", TAKEN},
    {"noVUConnectionReuse", TAKEN},
    {"paused", NOT_YET_ON},
    {"rps", TAKEN},
    {"scenarios", TAKEN},
    {"setupTimeout", TAKEN},
    {"stages", TAKEN},
    {"summaryTimeUnit", TAKEN},
    {"summaryTrendStats", TAKEN},
    {"systemTags", TAKEN},
    {"tags", TAKEN},
    {"teardownTimeout", TAKEN},
    {"thresholds", TAKEN},
    {"throw", TAKEN},
    {"tlsAuth", TAKEN},
    {"tlsCipherSuites", TAKEN},
    {"tlsVersion", TAKEN},
    {"userAgent", TAKEN},
    {"vus", TAKEN},
};

static bool switched_on(const json_t *v)
{
    if (json_is_boolean(v)) return json_is_true(v);
    if (json_is_number(v)) return json_number_value(v) != 0;
    if (json_is_string(v)) { /* of an environment variable: text stands for everything */
        br_str text = {json_string_value(v), json_string_length(v)};
        bool flag;
        return text.n > 0 && (br_parse_bool(text, &flag) != BR_OK || flag);
    }
    return json_is_array(v) ? json_array_size(v) > 0 : json_object_size(v) > 0;
}

static br_code check_key(const char *what, const char *key, const json_t *value, br_err *err)
{
    for (size_t i = 0; i < BR_COUNT_OF(known_keys); i++) {
        if (strcmp(known_keys[i].key, key) != 0) continue;
        treatment t = known_keys[i].treatment;
        if (t == NOT_YET || (t == NOT_YET_ON && switched_on(value))) {
            return br_fail(err, BR_EUNSUPPORTED, "the option '%s' (%s) is not supported yet", key, what);
        }
        return BR_OK;
    }
    return BR_ENOTFOUND;
}

/* One line, about the first of them, as k6 stops reading there. */
static void warn_unknown(const char *key)
{
    char text[300];
    int n = snprintf(text, sizeof(text), "json: unknown field \"%.200s\"", key);
    br_log_field field = {"error", {text, (size_t) n}};
    br_log_line(
        BR_LOG_WARN, BR_STR("There were unknown fields in the options exported in the script"), &field, 1);
}

/* Merging ------------------------------------------------------------------------------------------- */

static const char *const execution_keys[] = {"duration", "iterations", "stages", "scenarios"};

static bool sets_execution(const json_t *j)
{
    for (size_t i = 0; i < BR_COUNT_OF(execution_keys); i++) {
        const json_t *v = json_object_get(j, execution_keys[i]);
        if (v && !json_is_null(v)) return true;
    }
    return false;
}

/* The stages here, too: the shortcut looks at their durations before they are read. */
static void fold_options(json_t *j)
{
    for (size_t i = 0; i < BR_COUNT_OF(known_keys); i++)
        br_fold_names(j, (const char *const[]){known_keys[i].key, NULL});
    br_fold_stages(json_object_get(j, "stages"));
}

static br_code merge(const br_options_source *sources, size_t count, json_t *into, br_err *err)
{
    for (size_t i = 0; i < count; i++) {
        json_t *j = sources[i].json;
        if (!j) continue;
        if (!json_is_object(j))
            return br_fail(err, BR_EINVAL, "%s: options must be an object", sources[i].what);
        fold_options(j);
        if (sets_execution(j)) {
            if (json_object_get(into, "scenarios") && !json_object_get(j, "scenarios")) {
                br_warn(
                    "\"%s\" level configuration overrode scenarios configuration entirely", sources[i].what);
            }
            for (size_t k = 0; k < BR_COUNT_OF(execution_keys); k++)
                json_object_del(into, execution_keys[k]);
        }
        const char *key, *unknown = NULL;
        json_t *value;
        json_object_foreach(j, key, value)
        {
            br_code code = check_key(sources[i].what, key, value, err);
            if (code == BR_ENOTFOUND) {
                if (!unknown) unknown = key;
                continue;
            }
            if (code != BR_OK) return code;
            if (!json_is_null(value)) json_object_set(into, key, value);
        }
        if (unknown && !sources[i].open) warn_unknown(unknown);
    }
    return BR_OK;
}

/* Deriving scenarios -------------------------------------------------------------------------------- */

static br_code check_exclusive(const json_t *j, br_err *err)
{
    const json_t *stages = json_object_get(j, "stages"), *scenarios = json_object_get(j, "scenarios");
    if (stages && !json_is_array(stages))
        return br_fail(err, BR_EINVAL, "the option 'stages' must be a list");
    if (scenarios && !json_is_object(scenarios))
        return br_fail(err, BR_EINVAL, "the option 'scenarios' must be an object");
    static const char *const pairs[][2] = {{"iterations", "stages"}, {"iterations", "scenarios"},
        {"duration", "stages"}, {"duration", "scenarios"}, {"stages", "scenarios"}};
    for (size_t i = 0; i < BR_COUNT_OF(pairs); i++) {
        if (json_object_get(j, pairs[i][0]) && json_object_get(j, pairs[i][1])) {
            return br_fail(err, BR_EINVAL, "using `%s` and `%s` options simultaneously is not allowed",
                pairs[i][0], pairs[i][1]);
        }
    }
    return BR_OK;
}

/* The shortcut passes over stages without a duration; scenarios report them. New reference. */
static json_t *stages_with_duration(const json_t *stages)
{
    json_t *kept = json_array();
    for (size_t i = 0; i < json_array_size(stages); i++) {
        json_t *stage = json_array_get(stages, i), *duration = json_object_get(stage, "duration");
        if (!json_is_object(stage) || (duration && !json_is_null(duration))) json_array_append(kept, stage);
    }
    return kept;
}

/* The scenarios object that k6's shortcuts (vus, duration, iterations, stages) stand for. New reference. */
static json_t *derive(const json_t *j)
{
    json_t *vus = json_object_get(j, "vus"), *duration = json_object_get(j, "duration");
    json_t *iterations = json_object_get(j, "iterations"), *stages = json_object_get(j, "stages");
    json_t *scenarios = json_object_get(j, "scenarios");
    json_t *one = json_object();
    if (iterations) {
        json_object_set_new(one, "executor", json_string("shared-iterations"));
        json_object_set(one, "iterations", iterations);
        if (duration) json_object_set(one, "maxDuration", duration);
        if (vus) json_object_set(one, "vus", vus);
    } else if (duration) {
        json_object_set_new(one, "executor", json_string("constant-vus"));
        json_object_set(one, "duration", duration);
        if (vus) json_object_set(one, "vus", vus);
    } else if (stages && json_array_size(stages) > 0) {
        json_object_set_new(one, "executor", json_string("ramping-vus"));
        json_object_set_new(one, "stages", stages_with_duration(stages));
        if (vus) json_object_set(one, "startVUs", vus);
    } else if (vus) {
        if (scenarios)
            br_warn("`vus=%lld` overrides scenarios configuration", (long long) json_integer_value(vus));
        json_object_set_new(one, "executor", json_string("shared-iterations"));
        json_object_set(one, "iterations", vus);
        json_object_set(one, "vus", vus);
    } else if (scenarios && json_object_size(scenarios) > 0) {
        json_decref(one);
        return json_incref(scenarios);
    } else {
        json_object_set_new(one, "executor", json_string("per-vu-iterations"));
    }
    return json_pack("{s:o}", "default", one);
}

static int by_start(const void *a, const void *b)
{
    const br_scenario *x = a, *y = b;
    if (x->start_time != y->start_time) return x->start_time < y->start_time ? -1 : 1;
    return br_str_cmp(x->name, y->name);
}

static int64_t all_vus(const br_options *o)
{
    int64_t sum = 0;
    for (size_t i = 0; i < o->scenario_count; i++)
        sum += br_scenario_max_vus(&o->scenarios[i]);
    return sum;
}

static br_code read_scenarios(const br_option_reader *r, br_options *o, const json_t *all)
{
    if (!json_is_object(all)) return br_fail(r->err, BR_EINVAL, "the option 'scenarios' must be an object");
    if (json_object_size(all) > BR_SCENARIOS_MAX)
        return br_fail(r->err, BR_EINVAL, "more than %d scenarios", BR_SCENARIOS_MAX);
    o->scenarios = br_arena_zalloc(r->arena, (json_object_size(all) + 1) * sizeof(*o->scenarios));
    br_buf report, problems;
    br_buf_init(&report, 1 << 16);
    br_buf_init(&problems, 1 << 16);
    br_code code = BR_OK;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *) (uintptr_t) all, key, value)
    {
        br_scenario *s = &o->scenarios[o->scenario_count++];
        br_buf_reset(&problems);
        code = br_scenario_read(r, br_arena_str(r->arena, br_str_of(key)), value, s, &problems);
        if (code != BR_OK) break;
        br_scenario_validate(s, &problems);
        if (problems.len)
            (void) br_buf_printf(
                &report, "\n\t- scenario %s has configuration errors: %s", key, problems.data);
    }
    if (code == BR_OK && !report.len && all_vus(o) > BR_VUS_MAX) {
        code = br_fail(r->err, BR_EINVAL, "the scenarios have more than %d VUs together", BR_VUS_MAX);
    }
    if (code == BR_OK && report.len) {
        code = br_fail(
            r->err, BR_EINVAL, "There were problems with the specified script configuration:%s", report.data);
    }
    br_buf_deinit(&problems);
    br_buf_deinit(&report);
    qsort(o->scenarios, o->scenario_count, sizeof(*o->scenarios), by_start);
    return code;
}

/* Thresholds and the rest --------------------------------------------------------------------------- */

static br_code read_threshold(
    const br_option_reader *r, br_str metric, const json_t *v, br_threshold_option *ret)
{
    br_threshold_option t = {.metric = metric};
    if (json_is_string(v)) {
        t.source = br_arena_str(r->arena, (br_str){json_string_value(v), json_string_length(v)});
    } else if (json_is_object(v)) {
        br_fold_names(v, (const char *const[]){"threshold", "abortOnFail", "delayAbortEval", NULL});
        br_code code = br_read_text(r, "threshold", json_object_get(v, "threshold"), &t.source);
        if (code == BR_OK)
            code = br_read_bool(r, "abortOnFail", json_object_get(v, "abortOnFail"), &t.abort_on_fail);
        if (code == BR_OK)
            code = br_read_duration(
                r, "delayAbortEval", json_object_get(v, "delayAbortEval"), &t.delay_abort_ns);
        if (code != BR_OK) return code;
    }
    if (!t.source.p) {
        return br_fail(r->err, BR_EINVAL,
            "thresholds of '" BR_FMT
            "': each must be a text such as \"p(95)<500\" or an object with `threshold`",
            BR_ARG(metric));
    }
    *ret = t;
    return BR_OK;
}

static br_code read_thresholds(const br_option_reader *r, br_options *o, const json_t *all)
{
    if (!all) return BR_OK;
    if (!json_is_object(all)) return br_fail(r->err, BR_EINVAL, "the option 'thresholds' must be an object");
    size_t total = 0;
    const char *key;
    json_t *list;
    json_object_foreach((json_t *) (uintptr_t) all, key, list) total += json_array_size(list);
    o->thresholds = br_arena_zalloc(r->arena, (total + 1) * sizeof(*o->thresholds));
    o->threshold_metrics = br_arena_zalloc(r->arena, (json_object_size(all) + 1) * sizeof(br_str));
    json_object_foreach((json_t *) (uintptr_t) all, key, list)
    {
        if (!json_is_array(list))
            return br_fail(r->err, BR_EINVAL, "the thresholds of '%s' must be a list", key);
        br_str metric = br_arena_str(r->arena, br_str_of(key));
        o->threshold_metrics[o->threshold_metric_count++] = metric;
        for (size_t i = 0; i < json_array_size(list); i++) {
            br_code code = read_threshold(
                r, metric, json_array_get(list, i), &o->thresholds[o->threshold_count]);
            if (code != BR_OK) return code;
            o->threshold_count++;
        }
    }
    return BR_OK;
}

static br_code read_system_tags(const br_option_reader *r, br_options *o, const json_t *v)
{
    if (!v) return BR_OK;
    br_str *names = NULL;
    size_t n = 0;
    br_code code = br_read_strings(r, "systemTags", v, &names, &n);
    if (code != BR_OK) return code;
    o->system_tags = 0;
    for (size_t i = 0; i < n; i++)
        o->system_tags |= br_system_tag_of(names[i]);
    return BR_OK;
}

static br_code read_trend_stats(const br_option_reader *r, br_options *o, const json_t *v)
{
    static const br_str defaults[] = {BR_STR_INIT("avg"), BR_STR_INIT("min"), BR_STR_INIT("med"),
        BR_STR_INIT("max"), BR_STR_INIT("p(90)"), BR_STR_INIT("p(95)")};
    o->trend_stats = br_arena_alloc(r->arena, sizeof(defaults));
    memcpy(o->trend_stats, defaults, sizeof(defaults));
    o->trend_stat_count = BR_COUNT_OF(defaults);
    br_code code = br_read_strings(r, "summaryTrendStats", v, &o->trend_stats, &o->trend_stat_count);
    for (size_t i = 0; i < o->trend_stat_count && code == BR_OK; i++) {
        br_agg_spec spec;
        if (br_agg_parse(o->trend_stats[i], &spec) != BR_OK ||
            !(br_agg_fits(spec.agg, BR_TREND) || spec.agg == BR_AGG_COUNT)) {
            bool percentile = br_str_starts(o->trend_stats[i], BR_STR("p("));
            return br_fail(r->err, BR_ELIMIT,
                percentile ? "invalid percentile trend stat value '" BR_FMT
                             "', provide a number between 0 and 100"
                           : "invalid trend stat '" BR_FMT "', unknown format",
                BR_ARG(o->trend_stats[i]));
        }
    }
    return code;
}

static br_code read_plain(const br_option_reader *r, br_options *o, const json_t *j)
{
    struct {
        const char *key;
        br_ns *value;
    } times[] = {{"setupTimeout", &o->setup_timeout}, {"teardownTimeout", &o->teardown_timeout},
        {"handleSummaryTimeout", &o->summary_timeout}, {"minIterationDuration", &o->min_iteration_duration}};
    struct {
        const char *key;
        bool *value;
    } flags[] = {{"noSetup", &o->no_setup}, {"noTeardown", &o->no_teardown}, {"throw", &o->throw_errors},
        {"discardResponseBodies", &o->discard_bodies}, {"noConnectionReuse", &o->no_connection_reuse},
        {"noVUConnectionReuse", &o->no_vu_connection_reuse}, {"noCookiesReset", &o->no_cookies_reset}};
    br_code code = BR_OK;
    for (size_t i = 0; i < BR_COUNT_OF(times) && code == BR_OK; i++)
        code = br_read_duration(r, times[i].key, json_object_get(j, times[i].key), times[i].value);
    for (size_t i = 0; i < BR_COUNT_OF(flags) && code == BR_OK; i++)
        code = br_read_bool(r, flags[i].key, json_object_get(j, flags[i].key), flags[i].value);
    if (code == BR_OK) code = br_read_int(r, "batch", json_object_get(j, "batch"), &o->batch);
    if (code == BR_OK)
        code = br_read_int(r, "batchPerHost", json_object_get(j, "batchPerHost"), &o->batch_per_host);
    if (code == BR_OK)
        code = br_read_int(r, "maxRedirects", json_object_get(j, "maxRedirects"), &o->max_redirects);
    if (code == BR_OK) code = br_read_int(r, "rps", json_object_get(j, "rps"), &o->rps);
    if (code == BR_OK) code = br_read_text(r, "userAgent", json_object_get(j, "userAgent"), &o->user_agent);
    if (code == BR_OK)
        code = br_read_text(r, "summaryTimeUnit", json_object_get(j, "summaryTimeUnit"), &o->time_unit);
    if (code == BR_OK) code = br_read_tags(r, "tags", json_object_get(j, "tags"), &o->tags, &o->tag_count);
    if (code == BR_OK) code = read_system_tags(r, o, json_object_get(j, "systemTags"));
    if (code == BR_OK) code = read_trend_stats(r, o, json_object_get(j, "summaryTrendStats"));
    if (code == BR_OK) code = read_thresholds(r, o, json_object_get(j, "thresholds"));
    if (code == BR_OK) code = br_options_read_tls(r, j, &o->tls);
    if (code == BR_OK) code = br_options_read_net(r, j, o);
    if (code == BR_OK && o->setup_timeout <= 0)
        return br_fail(r->err, BR_EINVAL, "setupTimeout must be more than 0");
    return code;
}

static void set_defaults(br_options *o)
{
    o->system_tags = BR_SYSTEM_TAGS_DEFAULT;
    o->user_agent = BR_STR("brunt/" BRUNT_VERSION);
    o->setup_timeout = o->teardown_timeout = 60 * BR_SEC;
    o->summary_timeout = 120 * BR_SEC;
    o->tls.http2 = br_options_http2_wanted(getenv("GODEBUG"));
    o->max_redirects = -1;
    o->dns_ttl = 300 * BR_SEC;
    o->batch = 20;
    o->batch_per_host = 6;
    o->time_unit = BR_STR("");
}

/* What scripts see on their `options`: the shortcuts are replaced by the scenarios they stand for. */
static void consolidate(br_options *o, json_t *j, json_t *scenarios)
{
    o->merged_json = br_options_inspect(o, j, true);
    json_object_set(j, "scenarios", scenarios);
    o->derived_json = br_options_inspect(o, j, true);
    for (size_t k = 0; k < BR_COUNT_OF(execution_keys); k++)
        json_object_del(j, execution_keys[k]);
    json_object_set(j, "scenarios", scenarios);
    char *text = json_dumps(j, JSON_COMPACT);
    o->consolidated_json = br_arena_cstr(&o->arena, br_str_of(text));
    free(text); // from jansson
    o->all_json = br_options_show(o, j);
}

br_code br_options_build(const br_options_source *sources, size_t count, br_options **ret, br_err *err)
{
    br_options *o = BR_NEW(br_options);
    br_arena_init(&o->arena, 8192);
    set_defaults(o);
    json_t *merged = json_object(), *scenarios = NULL;
    br_option_reader r = {&o->arena, err, NULL};
    for (size_t i = 0; i < count; i++)
        if (strcmp(sources[i].what, "script") == 0) r.script = sources[i].json;
    br_code code = merge(sources, count, merged, err);
    if (code == BR_OK) code = check_exclusive(merged, err);
    if (code == BR_OK) code = read_plain(&r, o, merged);
    if (code == BR_OK) {
        scenarios = derive(merged);
        code = read_scenarios(&r, o, scenarios);
        if (code == BR_OK) code = br_options_segment(&r, o, merged);
    }
    if (code == BR_OK) {
        consolidate(o, merged, scenarios);
        *ret = o;
    } else {
        br_options_free(o);
    }
    json_decref(scenarios);
    json_decref(merged);
    return code;
}

/* The types of the shortcuts, which are otherwise read with the scenario that they stand for. */
static br_code check_shortcuts(const br_option_reader *r, const json_t *j)
{
    int64_t n;
    br_ns t;
    br_stage *stages;
    size_t count;
    br_buf ignored; /* what is wrong with the plan is told when it is to be run */
    br_buf_init(&ignored, 1 << 16);
    br_code code = br_read_int(r, "vus", json_object_get(j, "vus"), &n);
    if (code == BR_OK) code = br_read_int(r, "iterations", json_object_get(j, "iterations"), &n);
    if (code == BR_OK) code = br_read_duration(r, "duration", json_object_get(j, "duration"), &t);
    if (code == BR_OK)
        code = br_read_stages(r, "stages", json_object_get(j, "stages"), &stages, &count, &ignored);
    br_buf_deinit(&ignored);
    return code;
}

br_code br_options_inspect_script(json_t *script, char **ret, br_err *err)
{
    br_options *o = BR_NEW(br_options);
    br_arena_init(&o->arena, 8192);
    set_defaults(o);
    json_t *merged = json_object();
    br_option_reader r = {&o->arena, err, script};
    br_options_source source = {.what = "script", .json = script};
    br_code code = merge(&source, 1, merged, err);
    if (code == BR_OK) code = check_shortcuts(&r, merged);
    if (code == BR_OK) code = read_plain(&r, o, merged);
    if (code == BR_OK) *ret = br_strdup(br_options_inspect(o, merged, false));
    json_decref(merged);
    br_options_free(o);
    return code;
}

void br_options_free(br_options *o)
{
    if (!o) return;
    br_arena_deinit(&o->arena);
    br_free(o);
}
