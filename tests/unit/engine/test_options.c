/* Options: sources, shortcuts, conversions, derived scenarios and their descriptions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "base/log.h"
#include "engine/options.h"
#include "engine/options_read.h"
#include "stat/recorder.h"

static br_err err;

static json_t *json_of(const char *text)
{
    json_error_t error;
    if (text == NULL) return NULL;
    json_t *j = json_loads(text, JSON_DECODE_ANY, &error);
    if (j == NULL) fail_msg("%s: %s", text, error.text);
    return j;
}

static br_code build3(const char *script, const char *env, const char *cli, br_options **ret)
{
    json_t *j[] = {json_of(script), json_of(env), json_of(cli)};
    br_options_source sources[] = {{.what = "script", .json = j[0]}, {.what = "environment", .json = j[1]},
        {.what = "cli", .json = j[2]}};
    err = (br_err){0};
    br_code code = br_options_build(sources, 3, ret, &err);
    for (int i = 0; i < 3; i++)
        json_decref(j[i]);
    return code;
}

static br_options *built3(const char *script, const char *env, const char *cli)
{
    br_options *o = NULL;
    if (build3(script, env, cli, &o) != BR_OK) fail_msg("%s: %s", script, err.msg);
    return o;
}

static br_options *built(const char *script)
{
    return built3(script, NULL, NULL);
}

/* Descriptions of all scenarios, "name executor: text; ...". */
static void assert_plan3(const char *script, const char *env, const char *cli, const char *want)
{
    br_options *o = built3(script, env, cli);
    br_buf got;
    br_buf_init(&got, BR_BUF_NO_LIMIT);
    for (size_t i = 0; i < o->scenario_count; i++) {
        const br_scenario *s = &o->scenarios[i];
        (void) br_buf_printf(
            &got, "%s" BR_FMT " %s: ", i ? "; " : "", BR_ARG(s->name), br_executor_name(s->executor));
        br_scenario_describe(s, &got);
    }
    if (strcmp(got.data, want) != 0) fail_msg("%s\ngave %s\nwant %s", script, got.data, want);
    br_buf_deinit(&got);
    br_options_free(o);
}

static void assert_plan(const char *script, const char *want)
{
    assert_plan3(script, NULL, NULL, want);
}

/* Shortcuts ------------------------------------------------------------------------------------------ */

static void shortcuts_become_scenarios(void **state)
{
    (void) state;
    assert_plan("{}",
        "default per-vu-iterations: 1 iterations for each of 1 VUs (maxDuration: 10m0s, gracefulStop: 30s)");
    assert_plan("{\"stages\": []}",
        "default per-vu-iterations: 1 iterations for each of 1 VUs (maxDuration: 10m0s, gracefulStop: 30s)");
    assert_plan("{\"scenarios\": {}}",
        "default per-vu-iterations: 1 iterations for each of 1 VUs (maxDuration: 10m0s, gracefulStop: 30s)");
    assert_plan("{\"iterations\": 5}",
        "default shared-iterations: 5 iterations shared among 1 VUs (maxDuration: 10m0s, gracefulStop: 30s)");
    assert_plan("{\"iterations\": 5, \"vus\": 2, \"duration\": \"20s\"}",
        "default shared-iterations: 5 iterations shared among 2 VUs (maxDuration: 20s, gracefulStop: 30s)");
    assert_plan("{\"duration\": \"1m\"}", "default constant-vus: 1 looping VUs for 1m0s (gracefulStop: 30s)");
    assert_plan("{\"duration\": \"1m\", \"vus\": 10}",
        "default constant-vus: 10 looping VUs for 1m0s (gracefulStop: 30s)");
    assert_plan("{\"stages\": [{\"duration\": \"5s\", \"target\": 3}]}",
        "default ramping-vus: Up to 3 looping VUs for 5s over 1 stages (gracefulRampDown: 30s, gracefulStop: 30s)");
    assert_plan("{\"vus\": 4}",
        "default shared-iterations: 4 iterations shared among 4 VUs (maxDuration: 10m0s, gracefulStop: 30s)");
    assert_plan(
        "{\"vus\": 4, \"scenarios\": {\"a\": {\"executor\": \"constant-vus\", \"duration\": \"1s\"}}}",
        "default shared-iterations: 4 iterations shared among 4 VUs (maxDuration: 10m0s, gracefulStop: 30s)");
}

/* k6's decoder takes names of fields in any case: `preAllocatedVus` is what many scripts say. */
static void names_are_taken_in_any_case(void **state)
{
    (void) state;
    assert_plan("{\"VUs\": 2, \"Iterations\": 3}",
        "default shared-iterations: 3 iterations shared among 2 VUs (maxDuration: 10m0s, gracefulStop: 30s)");
    assert_plan("{\"vus\": 2, \"VUS\": 3, \"iterations\": 3}",
        "default shared-iterations: 3 iterations shared among 3 VUs (maxDuration: 10m0s, gracefulStop: 30s)");
    assert_plan("{\"stages\": [{\"Duration\": \"5s\", \"TARGET\": 3}]}",
        "default ramping-vus: Up to 3 looping VUs for 5s over 1 stages (gracefulRampDown: 30s, gracefulStop: "
        "30s)");
    assert_plan(
        "{\"Scenarios\": {\"A\": {\"Executor\": \"constant-arrival-rate\", \"rate\": 2, \"duration\": "
        "\"1s\", \"preAllocatedVus\": 2, \"maxVus\": 3}}}",
        "A constant-arrival-rate: 2.00 iterations/s for 1s (maxVUs: 2-3, gracefulStop: 30s)");
    br_options *o = built("{\"thresholds\": {\"http_reqs\": [{\"Threshold\": \"count>1\", "
                          "\"abortonfail\": true, \"delayAbortEval\": \"5s\"}]}}");
    assert_int_equal(o->threshold_count, 1);
    assert_true(o->thresholds[0].abort_on_fail);
    br_options_free(o);
}

static void stages_start_where_k6_starts(void **state)
{
    (void) state;
    br_options *o = built("{\"stages\": [{\"duration\": \"5s\", \"target\": 3}]}");
    assert_int_equal(o->scenarios[0].vus, 1);
    br_options_free(o);
    o = built(
        "{\"vus\": 7, \"stages\": [{\"duration\": \"5s\", \"target\": 3}, {\"duration\": 500, \"target\": \"0\"}]}");
    assert_int_equal(o->scenarios[0].vus, 7);
    assert_int_equal(br_scenario_max_vus(&o->scenarios[0]), 7);
    assert_int_equal(br_scenario_end(&o->scenarios[0]), 5500 * BR_MS);
    assert_int_equal(br_scenario_hard_end(&o->scenarios[0]), 35500 * BR_MS);
    br_options_free(o);
}

static void scenarios_are_described(void **state)
{
    (void) state;
    assert_plan(
        "{\"scenarios\": {"
        "\"b\": {\"executor\": \"constant-vus\", \"vus\": 2, \"duration\": \"10s\", \"startTime\": \"5s\", \"gracefulStop\": \"0s\", \"exec\": \"other\"},"
        "\"a\": {\"executor\": \"ramping-vus\", \"startVUs\": 0, \"stages\": [{\"duration\": \"1s\", \"target\": 1}], \"gracefulRampDown\": \"2s\"},"
        "\"c\": {\"executor\": \"shared-iterations\", \"vus\": 2, \"iterations\": 9, \"maxDuration\": \"3s\"},"
        "\"d\": {\"executor\": \"per-vu-iterations\", \"vus\": 2, \"iterations\": 9},"
        "\"e\": {\"executor\": \"constant-arrival-rate\", \"rate\": 10, \"timeUnit\": \"3s\", \"duration\": \"1m\", \"preAllocatedVUs\": 2, \"maxVUs\": 5},"
        "\"f\": {\"executor\": \"ramping-arrival-rate\", \"startRate\": 7, \"stages\": [{\"duration\": \"1s\", \"target\": 1}, {\"duration\": 500, \"target\": 2}], \"preAllocatedVUs\": 2, \"gracefulStop\": 0}}}",
        "a ramping-vus: Up to 1 looping VUs for 1s over 1 stages (gracefulRampDown: 2s, gracefulStop: 30s); "
        "c shared-iterations: 9 iterations shared among 2 VUs (maxDuration: 3s, gracefulStop: 30s); "
        "d per-vu-iterations: 9 iterations for each of 2 VUs (maxDuration: 10m0s, gracefulStop: 30s); "
        "e constant-arrival-rate: 3.33 iterations/s for 1m0s (maxVUs: 2-5, gracefulStop: 30s); "
        "f ramping-arrival-rate: Up to 7.00 iterations/s for 1.5s over 2 stages (maxVUs: 2); "
        "b constant-vus: 2 looping VUs for 10s (exec: other, startTime: 5s)");
}

static void segments_scale_scenarios(void **state)
{
    (void) state;
    assert_plan(
        "{\"executionSegment\": \"1/4:1/2\", \"executionSegmentSequence\": \"0,1/4,1/2,1\", \"scenarios\": {"
        "\"a\": {\"executor\": \"ramping-vus\", \"startVUs\": 0, \"stages\": [{\"duration\": \"1s\", \"target\": 10}]},"
        "\"b\": {\"executor\": \"constant-vus\", \"vus\": 1, \"duration\": \"10s\"},"
        "\"c\": {\"executor\": \"shared-iterations\", \"vus\": 8, \"iterations\": 16},"
        "\"e\": {\"executor\": \"constant-arrival-rate\", \"rate\": 10, \"duration\": \"1m\", \"preAllocatedVUs\": 4, \"maxVUs\": 8}}}",
        "a ramping-vus: Up to 2 looping VUs for 1s over 1 stages (gracefulRampDown: 30s, gracefulStop: 30s); "
        "c shared-iterations: 4 iterations shared among 2 VUs (maxDuration: 10m0s, gracefulStop: 30s); "
        "e constant-arrival-rate: 2.50 iterations/s for 1m0s (maxVUs: 1-2, gracefulStop: 30s)");
}

static void counts_the_vus_needed_at_once(void **state)
{
    (void) state;
    br_options *o = built(
        "{\"scenarios\": {"
        "\"a\": {\"executor\": \"constant-vus\", \"vus\": 2, \"duration\": \"10s\", \"gracefulStop\": \"5s\"},"
        "\"b\": {\"executor\": \"constant-vus\", \"vus\": 3, \"duration\": \"10s\", \"startTime\": \"14s\"},"
        "\"c\": {\"executor\": \"constant-vus\", \"vus\": 4, \"duration\": \"10s\", \"startTime\": \"15s\"}}}");
    assert_int_equal(br_options_max_vus(o), 7); /* a is gone when c begins */
    br_options_free(o);
}

static void counts_the_vus_of_many_scenarios(void **state)
{
    (void) state;
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    (void) br_buf_puts(&text, "{\"scenarios\": {");
    for (int i = 0; i < BR_SCENARIOS_MAX; i++)
        (void) br_buf_printf(&text,
            "%s\"s%d\": {\"executor\": \"constant-vus\", \"vus\": %d, \"startTime\": \"%ds\", "
            "\"duration\": \"%ds\", \"gracefulStop\": \"%ds\"}",
            i ? ", " : "", i, 1 + i % 7, i * 7919 % 97, 1 + i * 31 % 13, i % 4);
    (void) br_buf_puts(&text, "}}");
    br_options *o = built(text.data);
    int64_t most = 0;
    for (size_t i = 0; i < o->scenario_count; i++) {
        int64_t sum = 0;
        for (size_t k = 0; k < o->scenario_count; k++) {
            const br_scenario *s = &o->scenarios[k];
            bool active = s->start_time <= o->scenarios[i].start_time &&
                          o->scenarios[i].start_time < br_scenario_hard_end(s);
            sum += active ? s->vus : 0;
        }
        most = sum > most ? sum : most;
    }
    assert_in_range(most, 100, 1000);
    assert_int_equal(br_options_max_vus(o), most);
    br_options_free(o);
    br_buf_deinit(&text);
}

/* Merging -------------------------------------------------------------------------------------------- */

static void later_sources_win(void **state)
{
    (void) state;
    br_options *o = built3(
        "{\"userAgent\": \"script\", \"tags\": {\"a\": \"1\"}, \"setupTimeout\": \"1s\", \"batch\": 1}",
        "{\"userAgent\": \"env\", \"batch\": \"2\", \"setupTimeout\": null}",
        "{\"userAgent\": \"cli\", \"tags\": {\"b\": \"2\"}}");
    assert_true(br_str_is(o->user_agent, "cli"));
    assert_int_equal(o->tag_count, 1); /* replaced, not merged */
    assert_true(br_str_is(o->tags[0].key, "b"));
    assert_int_equal(o->batch, 2);
    assert_int_equal(o->setup_timeout, BR_SEC);
    br_options_free(o);
}

static void execution_is_replaced_together(void **state)
{
    (void) state;
    static const char scenarios[] =
        "{\"vus\": null, \"scenarios\": {\"a\": {\"executor\": \"constant-vus\", \"duration\": \"1s\"}}}";
    assert_plan3("{\"stages\": [{\"duration\": \"5s\", \"target\": 3}]}", NULL, "{\"duration\": \"2s\"}",
        "default constant-vus: 1 looping VUs for 2s (gracefulStop: 30s)");
    assert_plan3("{\"vus\": 3, \"duration\": \"5s\"}", NULL, "{\"iterations\": 7}",
        "default shared-iterations: 7 iterations shared among 3 VUs (maxDuration: 10m0s, gracefulStop: 30s)");
    assert_plan3("{\"vus\": 3, \"duration\": \"5s\"}", "{\"vus\": 6}", NULL,
        "default constant-vus: 6 looping VUs for 5s (gracefulStop: 30s)");
    assert_plan3(scenarios, "{\"duration\": \"3s\"}", "{\"vus\": 2}",
        "default constant-vus: 2 looping VUs for 3s (gracefulStop: 30s)");
    assert_plan3("{\"iterations\": 3}", "{\"stages\": [{\"duration\": \"1s\", \"target\": 1}]}", scenarios,
        "a constant-vus: 1 looping VUs for 1s (gracefulStop: 30s)");
    assert_plan3("{\"duration\": \"5s\"}", NULL, "{\"duration\": null}",
        "default constant-vus: 1 looping VUs for 5s (gracefulStop: 30s)");
}

static void lost_scenarios_are_told(void **state)
{
    (void) state;
    char *log = NULL;
    size_t bytes = 0;
    FILE *f = open_memstream(&log, &bytes);
    br_log_setup(&(br_log_config){.level = BR_LOG_INFO, .out = f});
    static const char scenarios[] =
        "{\"scenarios\": {\"a\": {\"executor\": \"constant-vus\", \"duration\": \"1s\"}}}";
    br_options_free(built3(scenarios, NULL, "{\"duration\": \"3s\"}"));
    fflush(f);
    assert_non_null(strstr(log, "level configuration overrode scenarios configuration entirely"));
    br_options_free(built3(scenarios, NULL, "{\"vus\": 3}"));
    fflush(f);
    assert_non_null(strstr(log, "`vus=3` overrides scenarios configuration"));
    br_options_free(built("{\"nonsense\": 3}"));
    fflush(f);
    assert_non_null(strstr(log, "unknown fields"));
    assert_non_null(strstr(log, "nonsense"));
    br_log_setup(&(br_log_config){.level = BR_LOG_INFO, .out = stderr});
    fclose(f);
    free(log); // from open_memstream
}

/* Values --------------------------------------------------------------------------------------------- */

static void has_defaults(void **state)
{
    (void) state;
    br_options *o = built3(NULL, NULL, NULL);
    assert_int_equal(o->setup_timeout, 60 * BR_SEC);
    assert_int_equal(o->teardown_timeout, 60 * BR_SEC);
    assert_int_equal(o->summary_timeout, 120 * BR_SEC);
    assert_int_equal(o->min_iteration_duration, 0);
    assert_int_equal(o->batch, 20);
    assert_int_equal(o->batch_per_host, 6);
    assert_int_equal(o->system_tags, BR_SYSTEM_TAGS_DEFAULT);
    assert_int_equal(o->trend_stat_count, 6);
    assert_true(br_str_is(o->trend_stats[5], "p(95)"));
    assert_false(o->throw_errors || o->no_setup || o->discard_bodies);
    br_options_free(o);
}

static void converts_values(void **state)
{
    (void) state;
    br_options *o = built(
        "{\"vus\": \"3\", \"duration\": 1500, \"setupTimeout\": \"1m30s\", \"teardownTimeout\": \"2500\", \"minIterationDuration\": 0.5,"
        "\"handleSummaryTimeout\": \"1d\", \"batch\": 7.0, \"throw\": \"true\", \"noSetup\": true, \"discardResponseBodies\": \"0\","
        "\"tags\": {\"s\": \"x\", \"n\": 1.5, \"i\": 3, \"d\": 0.1, \"b\": true}, \"systemTags\": [\"url\", \"vu\", \"nonsense\"],"
        "\"summaryTrendStats\": [\"p(99.9)\", \"count\"], \"summaryTimeUnit\": \"ms\", \"userAgent\": \"\"}");
    assert_int_equal(o->scenarios[0].vus, 3);
    assert_int_equal(o->scenarios[0].duration, 1500 * BR_MS);
    assert_int_equal(o->setup_timeout, 90 * BR_SEC);
    assert_int_equal(o->teardown_timeout, 2500 * BR_MS);
    assert_int_equal(o->min_iteration_duration, 500000);
    assert_int_equal(o->summary_timeout, 86400 * BR_SEC);
    assert_int_equal(o->batch, 7);
    assert_true(o->throw_errors && o->no_setup && !o->discard_bodies);
    static const char *const tags[] = {"x", "1.5", "3", "0.1", "true"};
    for (size_t i = 0; i < 5; i++)
        assert_true(br_str_is(o->tags[i].value, tags[i]));
    assert_int_equal(o->system_tags, BR_SYSTEM_TAG(URL) | BR_SYSTEM_TAG(VU));
    assert_int_equal(o->trend_stat_count, 2);
    assert_int_equal(o->user_agent.n, 0);
    br_options_free(o);
    o = built("{\"systemTags\": []}");
    assert_int_equal(o->system_tags, 0);
    br_options_free(o);
}

static void reads_thresholds(void **state)
{
    (void) state;
    br_options *o = built(
        "{\"thresholds\": {\"http_reqs\": [\"count>1\", {\"threshold\": \"rate<5\", \"abortOnFail\": true, \"delayAbortEval\": \"2s\"}], \"empty{a:b}\": []}}");
    assert_int_equal(o->threshold_count, 2);
    assert_int_equal(o->threshold_metric_count, 2);
    assert_true(br_str_is(o->thresholds[0].source, "count>1"));
    assert_false(o->thresholds[0].abort_on_fail);
    assert_true(br_str_is(o->thresholds[1].metric, "http_reqs"));
    assert_true(o->thresholds[1].abort_on_fail);
    assert_int_equal(o->thresholds[1].delay_abort_ns, 2 * BR_SEC);
    br_options_free(o);
}

static void shows_consolidated_options(void **state)
{
    (void) state;
    br_options *o = built("{\"vus\": 2, \"duration\": \"3s\", \"userAgent\": \"u\"}");
    json_t *j = json_loads(o->consolidated_json, 0, NULL);
    json_t *s = json_object_get(json_object_get(j, "scenarios"), "default");
    assert_string_equal(json_string_value(json_object_get(s, "executor")), "constant-vus");
    assert_string_equal(json_string_value(json_object_get(j, "userAgent")), "u");
    assert_null(json_object_get(j, "duration"));
    json_decref(j);
    br_options_free(o);
}

/* The environment ------------------------------------------------------------------------------------ */

static void takes_variables(void **state)
{
    (void) state;
    static const char *const list[] = {"PATH=/bin", "K6_VUS=4", "K6_DURATION=1m", "K6_TAGS=a:b,c:d:e",
        "K6_SUMMARY_TREND_STATS=avg,p(99)", "K6_SYSTEM_TAGS=url,method", "K6_THROW=true",
        "K6_USER_AGENT=me = you", "K6_UNKNOWN=1", "K6_BATCH=", "K6_NO_SETUP=1", NULL};
    json_t *j = NULL;
    assert_int_equal(br_options_from_env((char *const *) (uintptr_t) list, &j, &err), BR_OK);
    br_options_source source = {.what = "environment", .json = j};
    br_options *o = NULL;
    if (br_options_build(&source, 1, &o, &err) != BR_OK) fail_msg("%s", err.msg);
    assert_int_equal(o->scenarios[0].vus, 4);
    assert_int_equal(o->scenarios[0].duration, 60 * BR_SEC);
    assert_int_equal(o->tag_count, 2);
    assert_true(br_str_is(o->tags[1].value, "d:e"));
    assert_int_equal(o->trend_stat_count, 2);
    assert_int_equal(o->system_tags, BR_SYSTEM_TAG(URL) | BR_SYSTEM_TAG(METHOD));
    assert_true(o->throw_errors && o->no_setup);
    assert_true(br_str_is(o->user_agent, "me = you"));
    assert_int_equal(o->batch, 20);
    br_options_free(o);
    json_decref(j);
}

static void takes_stages(void **state)
{
    (void) state;
    json_t *j = NULL;
    assert_int_equal(br_options_parse_stages(BR_STR("10s:5,1m30s:0"), 0, &j, &err), BR_OK);
    assert_int_equal(json_array_size(j), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(j, 1), "duration")), "1m30s");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(j, 0), "target")), 5);
    json_decref(j);
    static const char *const bad[] = {
        "10x", "10s:x", "x:5", "10s:5,x", "10s:5:6", "10s:1.5", "10s:99999999999999999999"};
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        j = NULL;
        if (br_options_parse_stages(br_str_of(bad[i]), 0, &j, &err) != BR_EINVAL || j != NULL)
            fail_msg("%s", bad[i]);
    }
    static const char *const variables[] = {"K6_STAGES=10x", NULL};
    assert_int_equal(br_options_from_env((char *const *) (uintptr_t) variables, &j, &err), BR_EINVAL);
    assert_non_null(strstr(err.msg, "K6_STAGES"));
    assert_null(j);
}

static void http2_can_be_switched_off(void **state)
{
    (void) state;
    assert_true(br_options_http2_wanted(NULL));
    assert_true(br_options_http2_wanted(""));
    assert_true(br_options_http2_wanted("gctrace=1,http2client=1"));
    assert_false(br_options_http2_wanted("http2client=0"));
    assert_false(br_options_http2_wanted("gctrace=1,http2client=0,x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shortcuts_become_scenarios),
        cmocka_unit_test(names_are_taken_in_any_case),
        cmocka_unit_test(stages_start_where_k6_starts),
        cmocka_unit_test(scenarios_are_described),
        cmocka_unit_test(segments_scale_scenarios),
        cmocka_unit_test(counts_the_vus_needed_at_once),
        cmocka_unit_test(counts_the_vus_of_many_scenarios),
        cmocka_unit_test(later_sources_win),
        cmocka_unit_test(execution_is_replaced_together),
        cmocka_unit_test(lost_scenarios_are_told),
        cmocka_unit_test(has_defaults),
        cmocka_unit_test(converts_values),
        cmocka_unit_test(reads_thresholds),
        cmocka_unit_test(shows_consolidated_options),
        cmocka_unit_test(takes_variables),
        cmocka_unit_test(takes_stages),
        cmocka_unit_test(http2_can_be_switched_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
