#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "stat/run_result.h"

static const br_origin nowhere = {.vu = -1, .iter = -1};

static br_recorder *open_recorder(br_metrics *m)
{
    return br_recorder_new(&(br_recorder_config){.metrics = m, .system_tags = BR_SYSTEM_TAGS_DEFAULT});
}

static void check(br_recorder *r, br_group *g, const char *name, bool passed)
{
    br_recorder_check(r, g, br_str_of(name), passed, &nowhere, NULL, 0, 1);
}

static void request(br_recorder *r, const char *name, int status, int times)
{
    br_http_sample s = {.method = BR_STR("GET"),
        .url = br_str_of(name),
        .name = br_str_of(name),
        .status = status,
        .has_expectation = true,
        .expected = status == 200,
        .duration = 2 * BR_MS,
        .waiting = 1 * BR_MS};
    for (int i = 0; i < times; i++) {
        br_recorder_http(r, &nowhere, &s);
    }
}

static const br_check *find_check(const br_group *g, size_t i, const char *name)
{
    assert_true(i < g->checks.len);
    assert_true(br_str_is(g->checks.data[i]->name, name));
    return g->checks.data[i];
}

static void test_merge_groups(void **state)
{
    (void) state;
    br_metrics *m = br_metrics_new();
    br_recorder *r[3] = {open_recorder(m), open_recorder(m), open_recorder(m)};
    br_group *root0 = br_recorder_root(r[0]), *root1 = br_recorder_root(r[1]);
    br_group *a0 = br_recorder_group(r[0], root0, BR_STR("a"));
    check(r[0], a0, "in a", true); /* order 0 although its group comes after the root */
    check(r[0], root0, "first", true);
    br_group *b1 = br_recorder_group(r[1], root1, BR_STR("b"));
    br_group *a1 = br_recorder_group(r[1], root1, BR_STR("a"));
    check(r[1], root1, "new", false);
    check(r[1], root1, "first", false);
    check(r[1], a1, "in a", true);
    check(r[1], br_recorder_group(r[1], b1, BR_STR("a")), "in a", true); /* ::b::a is not ::a */

    br_run_result *result = br_run_result_new();
    br_run_result_merge_groups(result, r, 3);
    for (size_t i = 0; i < 3; i++) {
        br_recorder_free(r[i]); /* the result owns what it has */
    }
    const br_group *root = result->root_group;
    assert_int_equal(root->groups.len, 2);
    assert_true(br_str_is(root->groups.data[0]->path, "::a"));
    assert_true(br_str_is(root->groups.data[1]->path, "::b"));
    assert_true(br_str_is(root->groups.data[1]->groups.data[0]->path, "::b::a"));
    const br_check *first = find_check(root, 0, "first"), *new = find_check(root, 1, "new");
    const br_check *in_a = find_check(root->groups.data[0], 0, "in a");
    assert_true(first->passes == 1 && first->fails == 1);
    assert_true(new->passes == 0 && new->fails == 1);
    assert_int_equal(in_a->passes, 2);
    assert_int_equal(in_a->order, 0);
    assert_int_equal(first->order, 1);
    assert_int_equal(new->order, 2);
    assert_int_equal(find_check(root->groups.data[1]->groups.data[0], 0, "in a")->order, 3);
    br_run_result_free(result);
    br_metrics_free(m);
}

static void test_merge_endpoints(void **state)
{
    (void) state;
    br_metrics *m = br_metrics_new();
    br_recorder *r[2] = {open_recorder(m), open_recorder(m)};
    request(r[0], "/few", 200, 2);
    request(r[0], "/many", 200, 600);
    request(r[1], "/many", 500, 500);
    request(r[1], "/many", 200, 1);
    request(r[1], "/some", 200, 5);
    br_run_result *result = br_run_result_new();
    br_run_result_merge_endpoints(result, r, 2);
    br_recorder_free(r[0]);
    br_recorder_free(r[1]);
    assert_int_equal(result->endpoint_count, 3);
    const br_endpoint *many = &result->endpoints[0];
    assert_true(br_str_is(many->name, "/many") && br_str_is(many->method, "GET"));
    assert_int_equal(many->requests, 1101);
    assert_int_equal(many->failed, 500);
    assert_int_equal(many->duration.count, 1101);
    assert_true(br_sink_percentile(&many->duration, 50) > 1.99);
    assert_int_equal(many->outcomes.len, 2);
    assert_int_equal(many->outcomes.data[0].count, 601);
    assert_int_equal(many->outcomes.data[1].count, 500);
    assert_true(br_str_is(result->endpoints[1].name, "/some"));
    assert_true(br_str_is(result->endpoints[2].name, "/few"));
    br_run_result_free(result);
    br_metrics_free(m);
}

static void test_merged_endpoints_are_bounded(void **state)
{
    (void) state;
    br_metrics *m = br_metrics_new();
    br_recorder *r[2] = {open_recorder(m), open_recorder(m)};
    for (int i = 0; i < 2 * 600; i++) {
        char name[32];
        snprintf(name, sizeof(name), "/%d", i);
        request(r[i % 2], name, 200, 1);
    }
    br_run_result *result = br_run_result_new();
    br_run_result_merge_endpoints(result, r, 2);
    assert_int_equal(result->endpoint_count, BR_ENDPOINTS_MAX + 1);
    const br_endpoint *rest = &result->endpoints[BR_ENDPOINTS_MAX]; /* last although it has most requests */
    assert_true(br_str_is(rest->name, BR_ENDPOINT_REST));
    assert_int_equal(rest->requests, 1200 - BR_ENDPOINTS_MAX);
    br_run_result_free(result);
    br_recorder_free(r[0]);
    br_recorder_free(r[1]);
    br_metrics_free(m);
}

static void test_find_and_free(void **state)
{
    (void) state;
    br_run_result_free(NULL);
    br_run_result *r = br_run_result_new();
    assert_null(br_run_result_find(r, BR_STR("http_reqs")));
    r->metrics = br_arena_zalloc(&r->arena, 2 * sizeof(r->metrics[0]));
    r->metric_count = 2;
    r->metrics[0].name = BR_STR("http_reqs");
    r->metrics[1].name = BR_STR("http_req_duration{status:200}");
    br_sink_init(&r->metrics[1].sink, BR_TREND);
    br_sink_add(&r->metrics[1].sink, 1, 1);
    assert_ptr_equal(br_run_result_find(r, BR_STR("http_req_duration{status:200}")), &r->metrics[1]);
    assert_null(br_run_result_find(r, BR_STR("http_req_duration")));
    br_run_result_merge_groups(r, NULL, 0);
    br_run_result_merge_endpoints(r, NULL, 0);
    assert_non_null(r->root_group);
    assert_int_equal(r->endpoint_count, 0);
    br_run_result_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merge_groups),
        cmocka_unit_test(test_merge_endpoints),
        cmocka_unit_test(test_merged_endpoints_are_bounded),
        cmocka_unit_test(test_find_and_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
