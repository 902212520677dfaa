#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include "report/result_json.h"
#include "unit/report/estimates_fixture.h"
#include "unit/report/fixture.h"

static json_t *result_of(const br_run_result *r, const br_result_info *info, const br_result_limits *limits)
{
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    assert_int_equal(br_report_result_json(r, info, limits, &out, NULL), BR_OK);
    json_error_t error;
    json_t *doc = json_loads(out.data, JSON_REJECT_DUPLICATES, &error);
    if (!doc) fail_msg("%s in %s", error.text, out.data);
    br_buf_deinit(&out);
    return doc;
}

static json_t *at(json_t *v, const char *path)
{
    br_str rest = br_str_of(path), key;
    while (br_str_cut(&rest, '/', &key)) {
        char name[64] = {0};
        memcpy(name, key.p, key.n);
        v = json_is_array(v) ? json_array_get(v, (size_t) (name[0] - '0')) : json_object_get(v, name);
        if (!v) fail_msg("no %s in %s", name, path);
    }
    return v;
}

static double number(json_t *v, const char *path)
{
    return json_number_value(at(v, path));
}
static const char *string(json_t *v, const char *path)
{
    return json_string_value(at(v, path));
}

static br_criterion criteria[2];
static br_judge_plan plan;

static int set_up(void **state)
{
    (void) state;
    assert_int_equal(br_criterion_parse(BR_STR("p95 < 500ms"), &criteria[0], NULL), BR_OK);
    assert_int_equal(br_criterion_parse(BR_STR("memory_growth < 50MB/h"), &criteria[1], NULL), BR_OK);
    plan = (br_judge_plan){.test = BR_STR("soak"),
        .target = BR_STR("http://t"),
        .length = 300 * BR_SEC,
        .scale = 0.1,
        .criteria = criteria,
        .criterion_count = 2};
    return 0;
}

static void everything_is_there(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(30, 40, 100, 0);
    br_judgement *j = br_judge(&plan, r);
    br_result_info info = {BR_STR("1.2.3"), BR_STR("host"), &plan, j, NULL, NULL};
    json_t *doc = result_of(r, &info, NULL);
    assert_string_equal(string(doc, "schema"), "brunt.result/1");
    assert_string_equal(string(doc, "tool/version"), "1.2.3");
    assert_string_equal(string(doc, "run/test"), "soak");
    assert_true(json_is_false(at(doc, "run/full_length")));
    assert_true(number(doc, "run/scale") == 0.1);
    assert_true(number(doc, "run/duration_ms") == 30000);
    assert_string_equal(string(doc, "run/end"), "complete");
    assert_string_equal(string(doc, "verdict/level"), br_level_name(j->level));
    assert_true(number(doc, "verdict/exit_status") == 0);
    assert_string_equal(string(doc, "verdict/criteria/0/state"), "passed");
    assert_string_equal(string(doc, "verdict/criteria/0/unit"), "ms");
    assert_string_equal(string(doc, "verdict/criteria/1/state"), "not measured");
    assert_null(json_object_get(at(doc, "verdict/criteria/1"), "value"));
    assert_true(number(doc, "metrics/http_reqs/values/count") == 1200);
    double p95 = number(doc, "metrics/http_req_duration/values/p95");
    assert_true(p95 > 140 && p95 < 150);
    assert_true(number(doc, "metrics/http_req_duration/values/p99.9") >= p95);
    assert_int_equal(json_array_size(at(doc, "endpoints")), 4);
    assert_true(number(doc, "endpoints/0/outcomes/0/status") == 200);
    assert_int_equal(json_array_size(at(doc, "slices/p95_ms")), 30);
    assert_int_equal(json_array_size(at(doc, "slices/requests")), 30);
    assert_true(number(doc, "generator/workers/0/cpu_share") == 0.12);
    json_decref(doc);
    br_judgement_free(j);
    br_run_result_free(r);
}

static void nothing_needs_to_be_there(void **state)
{
    (void) state;
    br_run_result *r = fixture_new(0);
    fixture_slices(r, 1);
    fixture_metric(r, "empty", BR_TREND, BR_CONTAINS_TIME);
    br_result_info info = {.tool_version = BR_STR("1")};
    json_t *doc = result_of(r, &info, NULL);
    assert_null(json_object_get(doc, "verdict"));
    assert_null(json_object_get(at(doc, "run"), "full_length"));
    assert_true(json_is_null(json_array_get(at(doc, "slices/p95_ms"), 0)));
    assert_null(json_object_get(at(doc, "metrics/empty/values"), "p95"));
    json_decref(doc);
    br_run_result_free(r);
}

static void limits_leave_out_and_count(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(3, 40, 100, 0);
    fixture_check(r, NULL, "a", 1, 0);
    fixture_check(r, fixture_group(r, NULL, "g"), "b", 1, 0);
    br_result_info info = {.tool_version = BR_STR("1")};
    br_result_limits limits = {.endpoints_max = 2, .checks_max = 1, .metrics_max = 3};
    json_t *doc = result_of(r, &info, &limits);
    assert_int_equal(json_array_size(at(doc, "endpoints")), 2);
    assert_true(number(doc, "endpoints_total") == 4);
    assert_int_equal(json_array_size(at(doc, "checks")), 1);
    assert_true(number(doc, "checks_total") == 2);
    assert_int_equal(json_object_size(at(doc, "metrics")), 3);
    assert_true(number(doc, "metrics_total") == 9);
    json_decref(doc);
    br_run_result_free(r);
}

static void estimates_of_special_runs(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(30, 40, 100, 0);
    br_judgement *j = br_judge(&plan, r);
    j->capacity = fixture_capacity(&r->arena);
    j->recovery = fixture_recovery(&r->arena);
    j->leak = fixture_leak(r, 10);
    br_result_info info = {BR_STR("1.2.3"), BR_STR("host"), &plan, j, NULL, NULL};
    json_t *doc = result_of(r, &info, NULL);
    assert_true(number(doc, "verdict/capacity/knee/load") == 75);
    assert_true(number(doc, "verdict/capacity/breaking_point/load_high") == 147);
    assert_string_equal(string(doc, "verdict/capacity/beyond"), "collapse");
    assert_int_equal(json_array_size(at(doc, "verdict/capacity/steps")), 8);
    assert_true(number(doc, "verdict/capacity/steps/1/start_s") == 22);
    assert_true(number(doc, "verdict/recovery/total_s") == 42);
    assert_string_equal(string(doc, "verdict/leak/answer"), "found");
    assert_true(number(doc, "verdict/leak/low") == 80.9);
    assert_string_equal(string(doc, "target/0/name"), "memory");
    assert_true(number(doc, "target/0/limit") == 512e6);
    assert_null(json_object_get(doc, "comparison"));
    json_decref(doc);

    br_leak_report unmeasured = {.answer = BR_LEAK_UNDECIDED, .sentence = BR_STR("No samples.")};
    j->leak = &unmeasured;
    j->capacity = NULL;
    j->recovery = NULL;
    doc = result_of(r, &info, NULL);
    assert_null(json_object_get(at(doc, "verdict/leak"), "slope_mb_per_h"));
    assert_null(json_object_get(at(doc, "verdict"), "capacity"));
    json_decref(doc);
    br_judgement_free(j);
    br_run_result_free(r);
}

static void an_unknown_interval_is_absent(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(3, 40, 100, 0);
    br_comparison *c = fixture_comparison(1);
    br_result_info info = {.tool_version = BR_STR("1"), .comparison = c};
    json_t *doc = result_of(r, &info, NULL);
    assert_string_equal(string(doc, "comparison/answer"), "regressed");
    assert_true(number(doc, "comparison/exit_status") == 1);
    assert_true(number(doc, "comparison/rows/0/low") > 1.3);
    json_t *vague = at(doc, "comparison/rows/3");
    assert_string_equal(string(vague, "change"), "inconclusive");
    assert_null(json_object_get(vague, "low"));
    assert_null(json_object_get(vague, "high"));
    assert_null(json_object_get(vague, "detectable"));
    assert_true(number(doc, "comparison/old_runs/2") == 14);
    json_decref(doc);

    br_result_limits limits = {.rows_max = 2};
    doc = result_of(r, &info, &limits);
    assert_int_equal(json_array_size(at(doc, "comparison/rows")), 2);
    assert_true(number(doc, "comparison/rows_total") == 5);
    json_decref(doc);
    fixture_comparison_free(c);
    br_run_result_free(r);
}

/* A saw-tooth must not become a line because the samples are too many for a page. */
static void thinned_series_keep_their_extremes(void **state)
{
    (void) state;
    br_run_result *r = fixture_new(7200 * BR_SEC);
    (void) fixture_leak(r, 7200);
    br_target_series *s = &r->target[0];
    s->samples[4321].value = 9e9;
    s->samples[4322].value = 1;
    br_result_info info = {.tool_version = BR_STR("1")};
    br_result_limits limits = {.samples_max = 100, .series_max = 1};
    json_t *doc = result_of(r, &info, &limits), *one = at(doc, "target/0");
    assert_true(number(doc, "target_total") == 2);
    assert_int_equal(json_array_size(at(doc, "target")), 1);
    size_t n = json_array_size(at(one, "value"));
    assert_in_range(n, 80, 100);
    assert_int_equal(json_array_size(at(one, "at_s")), n);
    assert_true(number(one, "samples_total") == 7200);
    double largest = 0, smallest = 1e18, before = -1;
    for (size_t i = 0; i < n; i++) {
        double v = json_number_value(json_array_get(at(one, "value"), i));
        double t = json_number_value(json_array_get(at(one, "at_s"), i));
        largest = v > largest ? v : largest;
        smallest = v < smallest ? v : smallest;
        assert_true(t > before);
        before = t;
    }
    assert_true(largest == 9e9);
    assert_true(smallest == 1);
    json_decref(doc);
    br_run_result_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(everything_is_there, set_up),
        cmocka_unit_test(nothing_needs_to_be_there),
        cmocka_unit_test(limits_leave_out_and_count),
        cmocka_unit_test_setup(estimates_of_special_runs, set_up),
        cmocka_unit_test(an_unknown_interval_is_absent),
        cmocka_unit_test(thinned_series_keep_their_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
