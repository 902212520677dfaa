#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "stat/run_figures.h"

static br_run_result *new_result(size_t endpoints)
{
    br_run_result *r = br_run_result_new();
    r->started_wall = 17 * BR_SEC;
    r->duration = 90 * BR_SEC;
    r->metrics = br_arena_zalloc(&r->arena, 8 * sizeof(*r->metrics));
    r->endpoints = br_arena_zalloc(&r->arena, endpoints * sizeof(*r->endpoints));
    return r;
}

static br_sink *add_metric(br_run_result *r, const char *name, br_metric_type type)
{
    br_result_metric *m = &r->metrics[r->metric_count++];
    m->name = br_str_of(name);
    m->type = type;
    br_sink_init(&m->sink, type);
    return &m->sink;
}

static br_endpoint *add_endpoint(br_run_result *r, const char *method, const char *name, uint64_t requests)
{
    br_endpoint *e = &r->endpoints[r->endpoint_count++];
    e->method = br_str_of(method);
    e->name = br_arena_str(&r->arena, br_str_of(name));
    e->requests = requests;
    br_sink_init(&e->duration, BR_TREND);
    br_sink_init(&e->waiting, BR_TREND);
    return e;
}

static const br_figures_value *value(const br_run_figures *f, const char *name)
{
    for (size_t i = 0; i < f->value_count; i++) {
        if (br_str_is(f->values[i].name, name)) return &f->values[i];
    }
    return NULL;
}

static void test_whole_run(void **state)
{
    (void) state;
    br_run_result *r = new_result(1);
    br_sink *duration = add_metric(r, "http_req_duration", BR_TREND),
            *failed = add_metric(r, "http_req_failed", BR_RATE),
            *reqs = add_metric(r, "http_reqs", BR_COUNTER),
            *received = add_metric(r, "data_received", BR_COUNTER);
    for (int i = 1; i <= 100; i++) {
        br_sink_add(duration, i, i);
        br_sink_add(failed, i <= 3, i);
        br_sink_add(reqs, 1, i);
    }
    br_sink_add(received, 12000, 1);
    br_run_figures *f = br_run_figures_of(r);
    assert_int_equal(f->started_wall, 17 * BR_SEC);
    assert_true(f->duration_s == 90);
    assert_true(f->valid);
    assert_false(f->open);
    assert_int_equal(f->endpoint_count, 1);
    const br_figures_endpoint *all = &f->endpoints[0];
    assert_int_equal(all->name.n, 0);
    assert_int_equal(all->requests, 100);
    assert_int_equal(all->failed, 3);
    assert_int_equal(all->latency_us.total, 100);
    assert_int_equal(all->latency_us.min, 1000);
    assert_int_equal(all->latency_us.max, 100000);
    assert_float_equal(br_hist_quantile(&all->latency_us, 0.5), 50500, 50);
    assert_true(value(f, "received per request")->value == 120);
    br_run_figures_free(f);
    br_run_result_free(r);
}

/* Beyond a thousand values a sink is a histogram in nanoseconds; what is stored has microseconds. */
static void test_large_runs(void **state)
{
    (void) state;
    br_run_result *r = new_result(1);
    br_sink *duration = add_metric(r, "http_req_duration", BR_TREND);
    for (int i = 0; i < 20000; i++)
        br_sink_add(duration, 3.0001 + i * 0.0123, i);
    br_run_figures *f = br_run_figures_of(r);
    const br_hist *h = &f->endpoints[0].latency_us;
    assert_non_null(duration->hist);
    assert_int_equal(h->total, 20000);
    assert_int_equal(h->min, 3000);
    assert_int_equal(h->max, 248988);
    for (double q = 0.01; q < 1; q += 0.01) {
        double exact = 3000.1 + q * 19999 * 12.3;
        assert_float_equal(br_hist_quantile(h, q) / exact, 1, 0.0011);
    }
    br_buf bytes;
    br_buf_init(&bytes, 1 << 20);
    assert_int_equal(br_hist_encode(h, &bytes), BR_OK);
    br_hist back;
    br_hist_init(&back);
    assert_int_equal(br_hist_decode(&back, br_buf_view(&bytes)), BR_OK);
    assert_int_equal(back.total, 20000);
    br_hist_deinit(&back);
    br_buf_deinit(&bytes);
    br_run_figures_free(f);
    br_run_result_free(r);
}

static void test_endpoints(void **state)
{
    (void) state;
    br_run_result *r = new_result(3);
    add_endpoint(r, "POST", "POST /b", 30)->failed = 2;
    br_sink_add(&add_endpoint(r, "GET", "/a", 20)->duration, 5, 1);
    add_endpoint(r, "", BR_ENDPOINT_REST, 10);
    br_run_figures *f = br_run_figures_of(r);
    assert_int_equal(f->endpoint_count, 3); /* without the rest row */
    assert_int_equal(f->endpoints[0].name.n, 0);
    assert_true(br_str_is(f->endpoints[1].name, "GET /a"));
    assert_int_equal(f->endpoints[1].latency_us.total, 1);
    assert_true(br_str_is(f->endpoints[2].name, "POST /b"));
    assert_int_equal(f->endpoints[2].failed, 2);
    br_run_figures_free(f);
    br_run_result_free(r);
}

static void test_many_endpoints(void **state)
{
    (void) state;
    enum { MANY = BR_FIGURES_ENDPOINTS_MAX + 50 };
    br_run_result *r = new_result(MANY);
    for (unsigned i = 0; i < MANY; i++) {
        char name[32];
        snprintf(name, sizeof(name), "/%u", i);
        add_endpoint(r, "GET", name, MANY - i);
    }
    br_run_figures *f = br_run_figures_of(r);
    assert_int_equal(f->endpoint_count, BR_FIGURES_ENDPOINTS_MAX);
    for (size_t i = 1; i < f->endpoint_count; i++) {
        assert_true(br_str_cmp(f->endpoints[i - 1].name, f->endpoints[i].name) < 0);
        assert_true(f->endpoints[i].requests > 50); /* those with most requests */
    }
    br_run_figures_free(f);
    br_run_result_free(r);
}

static void test_of_the_target(void **state)
{
    (void) state;
    br_target_sample cpu[] = {{0, 0.5}, {10 * BR_SEC, 0.5}, {20 * BR_SEC, 1.5}},
                     queries[] = {{0, 1000}, {20 * BR_SEC, 1300}}, reset[] = {{0, 9}, {1, 3}, {2, 20}},
                     memory[] = {{0, 5e6}, {1, 9e6}, {2, 7e6}}, gauge[] = {{0, 4}, {1, 6}}, once[] = {{0, 4}};
    br_target_series series[] = {
        {.name = BR_STR("cpu"), .unit = BR_STR("cores"), .samples = cpu, .count = 3},
        {.name = BR_STR("db_queries_total{pool=\"a\"}"),
            .unit = BR_STR("count"),
            .samples = queries,
            .count = 2},
        {.name = BR_STR("restarted_total"), .unit = BR_STR("count"), .samples = reset, .count = 3},
        {.name = BR_STR("memory"), .unit = BR_STR("bytes"), .samples = memory, .count = 3},
        {.name = BR_STR("connections"), .unit = BR_STR("count"), .samples = gauge, .count = 2},
        {.name = BR_STR("short_total"), .unit = BR_STR("count"), .samples = once, .count = 1},
    };
    br_run_result *r = new_result(1);
    r->target = series;
    r->target_count = BR_COUNT_OF(series);
    for (int i = 0; i < 100; i++) {
        if (i == 0) add_metric(r, "http_reqs", BR_COUNTER);
        br_sink_add(&r->metrics[0].sink, 1, i);
    }
    br_run_figures *f = br_run_figures_of(r);
    assert_float_equal(value(f, "cpu per request")->value, 150, 1e-9); /* 5 + 10 s over 100 requests, in ms */
    assert_true(br_str_is(value(f, "cpu per request")->unit, "ms"));
    assert_float_equal(value(f, "db_queries_total{pool=\"a\"} per request")->value, 3, 1e-9);
    assert_true(value(f, "peak of memory")->value == 9e6);
    assert_null(value(f, "restarted_total per request")); /* a counter that fell */
    assert_null(value(f, "short_total per request"));
    assert_int_equal(f->value_count, 5); /* and bytes both ways */
    br_run_figures_free(f);
    r->target_count = 0;
    br_run_result_free(r);
}

static void test_model_and_end(void **state)
{
    (void) state;
    br_result_scenario scenarios[] = {{.executor = BR_STR("constant-arrival-rate")},
        {.executor = BR_STR("ramping-arrival-rate")}, {.executor = BR_STR("constant-vus")}};
    br_run_result *r = new_result(1);
    r->scenarios = scenarios;
    r->scenario_count = 2;
    r->end = BR_RUN_INTERRUPTED;
    br_run_figures *f = br_run_figures_of(r);
    assert_true(f->open);
    assert_false(f->valid);
    assert_int_equal(f->endpoints[0].latency_us.total, 0);
    br_run_figures_free(f);
    r->scenario_count = 3;
    r->end = BR_RUN_DECIDED; /* ended early, but not cut off */
    f = br_run_figures_of(r);
    assert_false(f->open);
    assert_true(f->valid);
    br_run_figures_free(f);
    br_run_figures_free(NULL);
    br_run_result_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_run),
        cmocka_unit_test(test_large_runs),
        cmocka_unit_test(test_endpoints),
        cmocka_unit_test(test_many_endpoints),
        cmocka_unit_test(test_of_the_target),
        cmocka_unit_test(test_model_and_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
