#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include "judge/criteria.h"
#include "unit/report/fixture.h"

static br_criterion parsed(const char *text)
{
    br_criterion c;
    br_err err = {0};
    if (br_criterion_parse(br_str_of(text), &c, &err) != BR_OK) fail_msg("%s", err.msg);
    return c;
}

static void metric_criteria_parse(void **state)
{
    (void) state;
    static const struct {
        const char *text, *metric;
        br_agg agg;
        double p;
        br_unit unit;
        br_cmp cmp;
        double limit;
    } cases[] = {
        {"p95 < 500ms", "http_req_duration", BR_AGG_P, 95, BR_UNIT_MS, BR_LT, 500},
        {" p(99)<=1s ", "http_req_duration", BR_AGG_P, 99, BR_UNIT_MS, BR_LE, 1000},
        {"p99.9 < 2min", "http_req_duration", BR_AGG_P, 99.9, BR_UNIT_MS, BR_LT, 120e3},
        {"avg < 0.5 s", "http_req_duration", BR_AGG_AVG, 0, BR_UNIT_MS, BR_LT, 500},
        {"error_rate < 1%", "http_req_failed", BR_AGG_RATE, 0, BR_UNIT_SHARE, BR_LT, 0.01},
        {"error rate < 0.01", "http_req_failed", BR_AGG_RATE, 0, BR_UNIT_SHARE, BR_LT, 0.01},
        {"throughput > 100/s", "http_reqs", BR_AGG_RATE, 0, BR_UNIT_PER_S, BR_GT, 100},
        {"throughput >= 600 /min", "http_reqs", BR_AGG_RATE, 0, BR_UNIT_PER_S, BR_GE, 10},
        {"checks > 99%", "checks", BR_AGG_RATE, 0, BR_UNIT_SHARE, BR_GT, 0.99},
        {"requests > 1000", "http_reqs", BR_AGG_COUNT, 0, BR_UNIT_NUMBER, BR_GT, 1000},
        {"p95(http_req_waiting) < 300ms", "http_req_waiting", BR_AGG_P, 95, BR_UNIT_MS, BR_LT, 300},
        {"p(95)(my_trend) < 7", "my_trend", BR_AGG_P, 95, BR_UNIT_NUMBER, BR_LT, 7},
        {"rate(my_rate) >= 90%", "my_rate", BR_AGG_RATE, 0, BR_UNIT_SHARE, BR_GE, 0.9},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        br_criterion c = parsed(cases[i].text);
        assert_int_equal(c.kind, BR_CRITERION_METRIC);
        assert_true(br_str_is(c.metric, cases[i].metric));
        assert_int_equal(c.agg.agg, cases[i].agg);
        if (c.agg.agg == BR_AGG_P) assert_true(c.agg.p == cases[i].p);
        assert_int_equal(c.unit, cases[i].unit);
        assert_int_equal(c.cmp, cases[i].cmp);
        assert_true(fabs(c.limit - cases[i].limit) < 1e-9);
    }
}

static void shape_criteria_parse(void **state)
{
    (void) state;
    assert_int_equal(parsed("stable").kind, BR_CRITERION_STABLE);
    assert_int_equal(parsed("Stable").kind, BR_CRITERION_STABLE);
    assert_int_equal(parsed("degrades gracefully").kind, BR_CRITERION_GRACEFUL);
    assert_int_equal(parsed("degrades_gracefully").kind, BR_CRITERION_GRACEFUL);
    assert_int_equal(parsed("recovery < 2min").kind, BR_CRITERION_RECOVERY);
    assert_true(parsed("recovery < 2min").limit == 120e3);
    assert_int_equal(parsed("memory_growth < 50MB/h").kind, BR_CRITERION_MEMORY);
    assert_true(parsed("memory_growth < 50MB/hour").limit == 50);
}

static void bad_text_is_named_with_what_is_allowed(void **state)
{
    (void) state;
    static const struct {
        const char *text, *named, *allowed;
    } cases[] = {
        {"p95 < 500", "a unit is missing after 500 for p95", "us, ms, s, min, h"},
        {"p95 < 500MB", "unknown unit \"MB\"", "us, ms, s, min, h"},
        {"p95 < fast", "\"fast\" does not begin with a number", ""},
        {"p95 <", "does not begin with a number", ""},
        {"p95 = 500ms", "unknown operator", "<, <=, > or >="},
        {"p95 != 500ms", "unknown operator", "<, <=, > or >="},
        {"p95", "there is no operator", "<, <=, > or >="},
        {"", "there is no operator", "<, <=, > or >="},
        {"latency < 5ms", "\"latency\" is unknown", "error_rate, throughput"},
        {"p101 < 5ms", "\"p101\" is unknown", "p95"},
        {"rate < 5", "\"rate\" is unknown", "rate(name)"},
        {"p95() < 5ms", "\"p95()\" is unknown", "p95(name)"},
        {"error_rate < 5", "a unit is missing", "%"},
        {"throughput > 100", "a unit is missing", "/s, /min, /h"},
        {"throughput > 100ms", "unknown unit \"ms\"", "/s, /min, /h"},
        {"recovery < 50%", "unknown unit", "min"},
        {"memory_growth < 50MB", "unknown unit", "MB/h"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        br_criterion c = {.limit = 42};
        br_err err = {0};
        assert_int_equal(br_criterion_parse(br_str_of(cases[i].text), &c, &err), BR_ESYNTAX);
        assert_true(c.limit == 42);
        if (!strstr(err.msg, cases[i].text) || !strstr(err.msg, cases[i].named) ||
            !strstr(err.msg, cases[i].allowed)) {
            fail_msg("%s: %s", cases[i].text, err.msg);
        }
    }
}

/* Evaluation ------------------------------------------------------------------------------------- */

static br_arena arena;
static br_criterion criterion;

static br_criterion_result evaluated(const char *text, const br_run_result *r, br_criterion_inputs inputs)
{
    criterion = parsed(text);
    br_criterion_result result;
    if (inputs.error_limit == 0) inputs.error_limit = 0.05;
    br_criterion_evaluate(&criterion, r, &inputs, &arena, &result);
    return result;
}

static const br_criterion_inputs no_inputs = {0};

static void expect(const char *text, const br_run_result *r, br_criterion_state state, const char *part)
{
    br_criterion_result result = evaluated(text, r, no_inputs);
    if (result.state != state || !strstr(result.sentence.p, part)) {
        fail_msg("%s: %s: %s", text, br_criterion_state_name(result.state), result.sentence.p);
    }
}

static void figures_are_held_against_limits(void **state)
{
    (void) state;
    br_run_result *r = fixture_new(10 * BR_SEC);
    br_result_metric *duration = fixture_metric(r, "http_req_duration", BR_TREND, BR_CONTAINS_TIME);
    fixture_add_n(duration, 400, 100);
    br_result_metric *failed = fixture_metric(r, "http_req_failed", BR_RATE, BR_CONTAINS_DEFAULT);
    fixture_add_n(failed, 1, 2);
    fixture_add_n(failed, 0, 98);
    fixture_add_n(fixture_metric(r, "http_reqs", BR_COUNTER, BR_CONTAINS_DEFAULT), 1, 450);
    expect("p95 < 500ms", r, BR_CRITERION_PASSED,
        "p95 is 400ms, 100ms (20.0 %) below the limit of 500ms (95 % interval 400ms to 400ms).");
    expect("p95 < 400ms", r, BR_CRITERION_FAILED,
        "p95 is 400ms, the limit is < 400ms (95 % interval 400ms to 400ms).");
    expect("p95 <= 400ms", r, BR_CRITERION_PASSED, "<= 400ms");
    expect("p95 < 250ms", r, BR_CRITERION_FAILED, "150ms (60.0 %) above the limit of 250ms");
    expect("error_rate < 1%", r, BR_CRITERION_FAILED,
        "error_rate is 2%, 1% (100.0 %) above the limit of 1% (95 % interval 0.55% to 7%, the limit lies within).");
    expect("throughput > 100/s", r, BR_CRITERION_FAILED, "is 45/s, 55/s (55.0 %) below the limit of 100/s");
    expect("requests > 400", r, BR_CRITERION_PASSED, "requests is 450, 50 (12.5 %) above the limit of 400");
    expect("dropped_iterations <= 0", r, BR_CRITERION_PASSED, "is 0");
    br_criterion_result result = evaluated("p95 < 250ms", r, no_inputs);
    assert_true(result.has_value && result.value == 400);
    assert_true(fabs(result.margin + 0.6) < 1e-9);
    assert_true(br_str_is(result.limit_text, "< 250ms"));
    assert_true(br_str_is(result.value_text, "400ms"));
    br_run_result_free(r);
}

static void what_has_no_samples_is_not_measured(void **state)
{
    (void) state;
    br_run_result *r = fixture_new(BR_SEC);
    fixture_metric(r, "http_req_duration", BR_TREND, BR_CONTAINS_TIME);
    fixture_add(fixture_metric(r, "mine", BR_GAUGE, BR_CONTAINS_DEFAULT), 3);
    expect("p95 < 500ms", r, BR_CRITERION_NOT_MEASURED, "no samples of the metric http_req_duration");
    expect("error_rate < 1%", r, BR_CRITERION_NOT_MEASURED, "http_req_failed");
    expect("checks > 99%", r, BR_CRITERION_NOT_MEASURED, "checks");
    expect("p95(mine) < 3", r, BR_CRITERION_NOT_MEASURED, "is a gauge");
    expect("value(mine) <= 3", r, BR_CRITERION_PASSED, "value(mine) is 3");
    expect("memory_growth < 50MB/h", r, BR_CRITERION_NOT_MEASURED,
        "memory_growth was not measured: the memory of the target was not watched");
    expect("stable", r, BR_CRITERION_NOT_MEASURED, "no requests");
    expect("degrades gracefully", r, BR_CRITERION_NOT_MEASURED, "not ramped");
    expect("recovery < 2min", r, BR_CRITERION_NOT_MEASURED, "no spike");
    br_run_result_free(r);
}

/* n slices of a second; fn says what happens in each. */
typedef struct moment {
    size_t requests, failed;
    double latency_ms, vus;
} moment;

static br_run_result *course(size_t n, moment (*fn)(size_t second))
{
    br_run_result *r = fixture_new((br_ns) n * BR_SEC);
    fixture_slices(r, n);
    for (size_t i = 0; i < n; i++) {
        moment m = fn(i);
        fixture_slice_fill(&r->slices[i], m.requests, m.failed, m.latency_ms, m.vus);
        if (m.vus > r->vus_max) r->vus_max = (uint32_t) m.vus;
    }
    return r;
}

static void expect_course(const char *text, br_run_result *r, br_criterion_inputs inputs,
    br_criterion_state state, const char *part)
{
    br_criterion_result result = evaluated(text, r, inputs);
    if (result.state != state || !strstr(result.sentence.p, part)) {
        fail_msg("%s: %s: %s", text, br_criterion_state_name(result.state), result.sentence.p);
    }
    br_run_result_free(r);
}

static moment steady(size_t t)
{
    return (moment){50, 0, 100 + (double) (t % 5), 10};
}
static moment warming(size_t t)
{
    return (moment){t < 10 ? 5 : 50, 0, t < 10 ? 900 : 100, 10};
}
static moment slowing(size_t t)
{
    return (moment){50, 0, 100 + 5 * (double) t, 10};
}
static moment fading(size_t t)
{
    return (moment){t < 20 ? 60 : 40, 0, 100, 10};
}
static moment fast_but_slowing(size_t t)
{
    return (moment){50, 0, 1 + 0.05 * (double) t, 10};
}
static moment sparse(size_t t)
{
    return (moment){3, 0, 100 + (double) (t % 3), 10};
}
static moment very_sparse(size_t t)
{
    return (moment){t % 4 == 0, 0, 100, 10};
}
static moment stalled(size_t t)
{
    return (moment){t < 20 ? 50 : 0, 0, 100, 10};
}
/* Ups and downs of a third, and an end at which the users leave: no drift. */
static moment bumpy(size_t t)
{
    return (moment){t == 30 ? 5 : t % 3 == 0 ? 90 : t < 15 ? 50 : 40, 0, 100, t == 30 ? 0 : 10};
}
static moment ramping(size_t t)
{
    return (moment){5 * t, 0, 100, (double) t};
}

static void stable_means_no_drift(void **state)
{
    (void) state;
    expect_course("stable", course(30, steady), no_inputs, BR_CRITERION_PASSED, ": stable.");
    expect_course("stable", course(30, warming), no_inputs, BR_CRITERION_PASSED, ": stable.");
    expect_course("stable", course(30, slowing), no_inputs, BR_CRITERION_FAILED, ": latency drifts.");
    expect_course("stable", course(30, fading), no_inputs, BR_CRITERION_FAILED, ": throughput drifts.");
    expect_course("stable", course(30, stalled), no_inputs, BR_CRITERION_FAILED, "throughput drifts.");
    expect_course("stable", course(31, bumpy), no_inputs, BR_CRITERION_PASSED, ": stable.");
    /* Half a millisecond is no drift, though it is more than 20 %. */
    expect_course("stable", course(30, fast_but_slowing), no_inputs, BR_CRITERION_PASSED, ": stable.");
    expect_course("stable", course(120, sparse), no_inputs, BR_CRITERION_PASSED, ": stable.");
    expect_course("stable", course(30, very_sparse), no_inputs, BR_CRITERION_NOT_MEASURED, "too few");
    expect_course("stable", course(5, steady), no_inputs, BR_CRITERION_NOT_MEASURED, "too few");
    expect_course("stable", course(30, ramping), no_inputs, BR_CRITERION_NOT_MEASURED, "not constant");
}

/* Slower, and so fewer. */
static moment waiting(size_t t)
{
    return (moment){t < 20 ? 50 : 30, 0, t < 20 ? 100 : 160, 10};
}

/* As slowing() and fading(), by a generator that was late; the rest of a drift is the service's. */
static void what_the_generator_was_late_by_is_no_drift(void **state)
{
    (void) state;
    static const struct {
        moment (*fn)(size_t second);
        br_worker_health worker;
        br_criterion_state state;
        const char *part;
    } cases[] = {
        {slowing, {.timers = {100, 0, 60 * BR_MS, 90 * BR_MS}}, BR_CRITERION_NOT_MEASURED,
            "the generator itself was late, by 60.0 ms at p99"},
        {slowing, {.held = {100, 0, 60 * BR_MS, 90 * BR_MS}}, BR_CRITERION_NOT_MEASURED, "explains it"},
        {slowing, {.timers = {100, 0, 2 * BR_MS, 900 * BR_MS}}, BR_CRITERION_FAILED, ": latency drifts."},
        {fading, {.starved_share = 0.1}, BR_CRITERION_NOT_MEASURED, "up to 3.0 s of the 10.0 s of a third"},
        {fading, {.starts = {100, 0, BR_MS, 3 * BR_SEC}}, BR_CRITERION_NOT_MEASURED, "explains it"},
        {fading, {.starved_share = 0.02}, BR_CRITERION_FAILED, ": throughput drifts."},
        {waiting, {.timers = {100, 0, 60 * BR_MS, 90 * BR_MS}}, BR_CRITERION_NOT_MEASURED, "explains it"},
        {waiting, {.starved_share = 0.02}, BR_CRITERION_FAILED, ": latency and throughput drift."},
        {steady, {.starved_share = 0.5}, BR_CRITERION_PASSED, ": stable."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        br_run_result *r = course(30, cases[i].fn);
        br_worker_health worker = cases[i].worker;
        r->workers = &worker;
        r->worker_count = 1;
        expect_course("stable", r, no_inputs, cases[i].state, cases[i].part);
    }
}

/* A ramp to 200 virtual users in 200 seconds; the service does at most 300/s. */
static moment saturating(size_t t)
{
    return (moment){t < 100 ? 3 * t : 300, 0, 100, (double) t + 1};
}
static moment degrading(size_t t)
{
    return (moment){t < 100 ? 3 * t : t < 150 ? 300 : 200, 0, 100, (double) t + 1};
}
static moment collapsing(size_t t)
{
    return (moment){t < 100 ? 3 * t : 600 - 3 * t, 0, 100, (double) t + 1};
}
static moment failing(size_t t)
{
    size_t n = t < 100 ? 3 * t : 320;
    return (moment){n, t < 100 ? 0 : n * 6 / 100, 100, (double) t + 1};
}

/* As br_judge() does: the report on the capacity is the criterion's figure. */
static void expect_grace(br_run_result *r, br_criterion_state state, const char *part)
{
    br_capacity_step *steps;
    size_t n;
    br_capacity_report report;
    static const br_capacity_limits no_limits = {0};
    br_capacity_steps(r, &arena, &steps, &n);
    br_capacity_judge(steps, n, false, &no_limits, &arena, &report);
    br_criterion_inputs inputs = {.capacity = &report};
    if (report.beyond != BR_BEYOND_UNKNOWN) {
        br_criterion_result c = evaluated("degrades gracefully", r, inputs);
        const char *figure = br_capacity_beyond_text(&report, &arena);
        if (c.has_value) assert_true(c.value == report.goodput_beyond);
        if (c.has_value && (!strstr(c.sentence.p, figure) || !strstr(report.sentence.p, figure)))
            fail_msg("%s | %s", c.sentence.p, report.sentence.p);
    }
    expect_course("degrades gracefully", r, inputs, state, part);
}

static void grace_is_goodput_at_the_top(void **state)
{
    (void) state;
    expect_grace(course(200, saturating), BR_CRITERION_PASSED, "100.0 % of the best 300.0/s");
    expect_grace(course(200, degrading), BR_CRITERION_FAILED, "66.7 % of the best");
    expect_grace(course(200, collapsing), BR_CRITERION_FAILED, "the service collapses");
    expect_grace(course(200, failing), BR_CRITERION_FAILED, "errors are over their limit");
    expect_grace(course(200, very_sparse), BR_CRITERION_NOT_MEASURED, "0 levels of load are too few");
    expect_course(
        "degrades gracefully", course(200, steady), no_inputs, BR_CRITERION_NOT_MEASURED, "not ramped");
    br_run_result *r = course(100, saturating);
    r->vus_max = 200;
    expect_grace(r, BR_CRITERION_NOT_MEASURED, "100 of 200 virtual users");
}

/* 60 s calm, a spike of 60 s, then calm at once, after 30 s, or never. */
static moment calm(void)
{
    return (moment){60, 0, 100, 10};
}
static moment quick(size_t t)
{
    return t < 60 || t >= 120 ? calm() : (moment){600, 30, 900, 100};
}
static moment late(size_t t)
{
    return t < 60 || t >= 150 ? calm() : (moment){600, 30, 900, 100};
}
static moment never(size_t t)
{
    return t < 60 ? calm() : (moment){100, 0, 300, 10};
}
static moment errors_stay(size_t t)
{
    return t < 60 ? calm() : (moment){100, 2, 100, 10};
}

static void recovery_is_the_first_calm_span(void **state)
{
    (void) state;
    const br_criterion_inputs spike = {.spike_start = 60 * BR_SEC, .spike_end = 120 * BR_SEC};
    const char *text = "recovery < 2min";
    expect_course(text, course(300, quick), spike, BR_CRITERION_PASSED, "Back to normal 0 s after the spike");
    expect_course(text, course(300, late), spike, BR_CRITERION_PASSED, "Back to normal 30 s after the spike");
    expect_course("recovery < 20s", course(300, late), spike, BR_CRITERION_FAILED, "over the limit of 20 s");
    expect_course(text, course(300, never), spike, BR_CRITERION_FAILED, "No recovery in the 180 s observed");
    expect_course(text, course(300, errors_stay), spike, BR_CRITERION_FAILED, "No recovery");
    expect_course(
        text, course(125, quick), spike, BR_CRITERION_NOT_MEASURED, "the run ended 5 s after the spike");
    br_criterion_inputs shortened = spike;
    shortened.shortened = true;
    expect_course(
        text, course(150, never), shortened, BR_CRITERION_NOT_MEASURED, "the shortened run watched 30 s");
    expect_course(text, course(300, never), shortened, BR_CRITERION_FAILED, "No recovery");
    br_criterion_inputs early = {.spike_start = 500 * BR_MS, .spike_end = 20 * BR_SEC};
    expect_course(text, course(100, quick), early, BR_CRITERION_NOT_MEASURED, "too few for a reference");
}

/* Intervals, endpoints --------------------------------------------------------------------------------- */

static void figures_have_intervals(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(60, 50, 100, 0.02);
    br_criterion_result c = evaluated("p95 < 500ms", r, no_inputs);
    assert_true(c.has_interval && c.low < c.value && c.value < c.high);
    assert_true(c.high - c.low < 5); /* 3,000 evenly spread from 50 to 150 ms: ranks 2826 to 2874 */
    assert_true(c.high - c.low > 1);
    assert_true(strstr(c.sentence.p, "95 % interval") != NULL);

    c = evaluated("error_rate < 1%", r, no_inputs); /* Wilson of 60 in 3,000 */
    assert_true(c.has_interval);
    assert_true(fabs(c.low - 0.01558) < 0.0005 && fabs(c.high - 0.02565) < 0.0005);

    c = evaluated("error_rate < 2.5%", r, no_inputs);
    assert_int_equal(c.state, BR_CRITERION_PASSED);
    assert_true(strstr(c.sentence.p, "the limit lies within") != NULL);

    c = evaluated("throughput > 10/s", r, no_inputs); /* every slice has the same */
    assert_true(c.has_interval && fabs(c.low - 50) < 0.01 && fabs(c.high - 50) < 0.01);

    assert_false(evaluated("avg < 500ms", r, no_inputs).has_interval);
    assert_false(evaluated("requests > 10", r, no_inputs).has_interval);
    br_run_result_free(r);
}

static void too_few_samples_have_no_interval(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(4, 10, 100, 0);
    br_criterion_result c = evaluated("p95 < 500ms", r, no_inputs);
    assert_int_equal(c.state, BR_CRITERION_PASSED);
    assert_false(c.has_interval);
    c = evaluated("throughput > 5/s", r, no_inputs); /* too few slices: by the count of 40 */
    assert_true(c.has_interval && c.low > 6.5 && c.low < 7.5 && c.high > 13 && c.high < 14);
    c = evaluated("error_rate < 1%", r, no_inputs);
    assert_true(c.has_interval && c.low == 0 && c.high > 0.08 && c.high < 0.1);
    br_run_result_free(r);
}

static br_criterion_result of_endpoint(const char *text, const char *endpoint, const br_run_result *r)
{
    static br_criterion c;
    c = parsed(text);
    c.endpoint = br_str_of(endpoint);
    br_criterion_result result;
    br_criterion_evaluate(&c, r, &no_inputs, &arena, &result);
    return result;
}

static void an_endpoint_is_judged_by_its_own_requests(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(60, 4, 100, 0);
    br_endpoint *e = fixture_endpoint(r, "POST", "POST /orders"); /* named with its method by the script */
    fixture_requests(e, 95, 20, 201, 0, NULL);
    fixture_requests(e, 5, 20, 500, 0, NULL);
    br_criterion_result c = of_endpoint("p95 < 30ms", "POST /orders", r);
    assert_int_equal(c.state, BR_CRITERION_PASSED);
    assert_true(fabs(c.value - 20) < 0.1 && c.has_interval);
    assert_int_equal(of_endpoint("p95 < 30ms", "GET /products", r).state, BR_CRITERION_FAILED);
    c = of_endpoint("error_rate < 1%", "POST /orders", r);
    assert_int_equal(c.state, BR_CRITERION_FAILED);
    assert_true(fabs(c.value - 0.05) < 1e-9 && fabs(c.low - 0.0215) < 0.001 && fabs(c.high - 0.1118) < 0.001);
    c = of_endpoint("throughput > 1/s", "POST /orders", r);
    assert_true(fabs(c.value - 100.0 / 60) < 1e-9 && c.has_interval);
    assert_true(of_endpoint("requests >= 100", "POST /orders", r).value == 100);
    assert_int_equal(
        of_endpoint("p95(http_req_waiting) < 19ms", "POST /orders", r).state, BR_CRITERION_PASSED);
    c = of_endpoint("p95(http_req_blocked) < 19ms", "POST /orders", r);
    assert_int_equal(c.state, BR_CRITERION_NOT_MEASURED);
    assert_true(strstr(c.sentence.p, "not kept by endpoint") != NULL);
    br_run_result_free(r);
}

static void an_unknown_endpoint_is_not_measured_and_named(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(10, 4, 100, 0);
    br_criterion_result c = of_endpoint("p95 < 30ms", "GET /product", r);
    assert_int_equal(c.state, BR_CRITERION_NOT_MEASURED);
    assert_true(strstr(c.sentence.p, "no requests named \"GET /product\"") != NULL);
    assert_true(strstr(c.sentence.p, "the nearest name is \"GET /products\"") != NULL);
    br_run_result_free(r);
    r = fixture_new(BR_SEC);
    c = of_endpoint("p95 < 30ms", "GET /product", r);
    assert_true(strstr(c.sentence.p, "nearest") == NULL);
    br_run_result_free(r);
}

static void figures_have_units_for_a_reader(void **state)
{
    (void) state;
    static const struct {
        double value;
        const char *unit, *text;
    } cases[] = {
        {2428930, "bytes", "2.4 MB"},
        {166, "bytes", "166 B"},
        {0.0871203, "ms", "87.12µs"},
        {0.0125, "share", "1.25%"},
        {84.2, "per_s", "84.2/s"},
        {1234567, "count", "1234567"},
        {2.5, "", "2.5"},
        {0.00012, "", "0.00012"},
        {1.25, "cores", "1.25 cores"},
    };
    br_arena own;
    br_arena_init(&own, 1024);
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++)
        assert_string_equal(br_figure_text(&own, cases[i].value, br_str_of(cases[i].unit)).p, cases[i].text);
    br_arena_deinit(&own);
}

int main(void)
{
    br_arena_init(&arena, 4096);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_have_units_for_a_reader),
        cmocka_unit_test(metric_criteria_parse),
        cmocka_unit_test(shape_criteria_parse),
        cmocka_unit_test(bad_text_is_named_with_what_is_allowed),
        cmocka_unit_test(figures_are_held_against_limits),
        cmocka_unit_test(what_has_no_samples_is_not_measured),
        cmocka_unit_test(stable_means_no_drift),
        cmocka_unit_test(what_the_generator_was_late_by_is_no_drift),
        cmocka_unit_test(grace_is_goodput_at_the_top),
        cmocka_unit_test(recovery_is_the_first_calm_span),
        cmocka_unit_test(figures_have_intervals),
        cmocka_unit_test(too_few_samples_have_no_interval),
        cmocka_unit_test(an_endpoint_is_judged_by_its_own_requests),
        cmocka_unit_test(an_unknown_endpoint_is_not_measured_and_named),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    br_arena_deinit(&arena);
    return failed;
}
