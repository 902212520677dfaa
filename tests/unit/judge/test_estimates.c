/* Which estimates a judgement carries, and the criteria that rest on them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "judge/verdict.h"
#include "unit/report/fixture.h"

#define LENGTH 600

static br_run_result *run;
static br_criterion criteria[3];
static br_judge_plan plan;
static br_judgement *judgement;
static br_target_sample samples[3][LENGTH + 60];
static br_target_series series[3];

static int set_up(void **state)
{
    (void) state;
    run = fixture_baseline(LENGTH, 100, 20, 0);
    plan = (br_judge_plan){.test = BR_STR("soak"), .scale = 1, .criteria = criteria};
    judgement = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void) state;
    br_judgement_free(judgement);
    br_run_result_free(run);
    return 0;
}

static void require(const char *text)
{
    assert_int_equal(br_criterion_parse(br_str_of(text), &criteria[plan.criterion_count++], NULL), BR_OK);
}

static void judge(void)
{
    br_judgement_free(judgement);
    judgement = br_judge(&plan, run);
}

/* Memory that grows by so many MB/h during the run, and falls by 1000 MB when it is over. */
static void watch(size_t i, const char *name, double slope)
{
    for (int t = 0; t < LENGTH + 60; t++) {
        double mb = 2000 + slope * t / 3600 + 0.2 * (t % 7) - (t > LENGTH ? 1000 : 0);
        samples[i][t] = (br_target_sample){t * BR_SEC, mb * 1e6};
    }
    series[i] = (br_target_series){
        .name = br_str_of(name), .unit = BR_STR("bytes"), .samples = samples[i], .count = LENGTH + 60};
    run->target = series;
    run->target_count = i + 1;
}

static void of_a_constant_load(void **state)
{
    (void) state;
    judge();
    assert_null(judgement->capacity);
    assert_null(judgement->recovery);
    assert_null(judgement->leak);
}

/* Of two processes the one that leaks counts, of other series none, and what comes after the load does not.
 */
static void the_surest_leak(void **state)
{
    (void) state;
    watch(0, "memory_charged", 900);
    watch(1, "memory", 0);
    watch(2, "memory", 200);
    require("memory_growth < 50MB/h");
    judge();
    assert_non_null(judgement->leak);
    assert_int_equal(judgement->leak->answer, BR_LEAK_FOUND);
    assert_true(judgement->leak->low <= 200 && judgement->leak->high >= 200);
    const br_criterion_result *c = &judgement->criteria[0];
    assert_int_equal(c->state, BR_CRITERION_FAILED);
    assert_true(c->has_interval && c->low == judgement->leak->low && fabs(c->value - 200) < 10);
    run->target_count = 2;
    judge();
    assert_int_equal(judgement->criteria[0].state, BR_CRITERION_PASSED);
    assert_int_equal(judgement->leak->answer, BR_LEAK_NONE);
}

/* The limit of the criterion decides, and what is undecided is not passed. */
static void the_criterion_has_the_limit(void **state)
{
    (void) state;
    watch(0, "memory", 200);
    require("memory_growth < 500MB/h");
    judge();
    assert_int_equal(judgement->criteria[0].state, BR_CRITERION_PASSED);
    plan.criterion_count = 0;
    require("memory_growth < 205MB/h");
    for (int t = 0; t <= LENGTH; t++)
        samples[0][t].value += 20e6 * sin(t * t); /* too much noise to tell */
    judge();
    assert_int_equal(judgement->criteria[0].state, BR_CRITERION_NOT_MEASURED);
    assert_true(br_str_find(judgement->criteria[0].sentence, BR_STR("undecided")) >= 0);
}

/* 200 users at 4/s each, of which the service serves 400/s: half of them fill it. */
static void capacity_of_a_ramp(void **state)
{
    (void) state;
    for (size_t i = 0; i < LENGTH; i++) {
        br_slice *s = &run->slices[i];
        double users = 200.0 * (double) (i + 1) / LENGTH;
        s->requests = s->failed = 0;
        br_hist_reset(&s->latency_us);
        fixture_slice_fill(
            s, (size_t) fmin(4 * users, 400), 0, users <= 100 ? 20 : 20 + 2.5 * (users - 100), users);
    }
    require("p95 < 145ms");
    judge();
    assert_non_null(judgement->capacity);
    assert_true(judgement->capacity->knee.found && judgement->capacity->breaking.found);
    assert_true(fabs(judgement->capacity->knee.load - 100) < 5);
    assert_true(fabs(judgement->capacity->breaking.load - 150) < 4);
    assert_int_equal(judgement->capacity->beyond, BR_BEYOND_GRACEFUL);
    plan.spike_start = 60 * BR_SEC; /* the ramp of a spike test is no search for capacity */
    plan.spike_end = 90 * BR_SEC;
    judge();
    assert_null(judgement->capacity);
    assert_non_null(judgement->recovery);
}

static void recovery_of_a_spike(void **state)
{
    (void) state;
    plan.spike_start = 100 * BR_SEC;
    plan.spike_end = 130 * BR_SEC;
    for (size_t i = 100; i < 172; i++)
        fixture_slice_fill(&run->slices[i], 50, 50, 900, 100);
    require("recovery < 1min");
    judge();
    assert_true(judgement->recovery->measured && judgement->recovery->total_s == 42);
    assert_int_equal(judgement->criteria[0].state, BR_CRITERION_PASSED);
    assert_true(judgement->criteria[0].value == 42e3);
    assert_true(judgement->criteria[0].low == 41e3 && judgement->criteria[0].high == 43e3);
}

/* A service of 200/s: its levels bend there, and the bracket that was searched is the breaking point,
 * whatever the latencies of short trials say. */
static void capacity_of_a_search(void **state)
{
    (void) state;
    static const double loads[] = {25, 50, 100, 150, 190, 200, 250, 400};
    enum { LEVELS = sizeof loads / sizeof loads[0] };
    br_capacity_step steps[LEVELS] = {{0}};
    for (size_t i = 0; i < LEVELS; i++) {
        double answered = fmin(loads[i], 200);
        steps[i] = (br_capacity_step){.length = 10 * BR_SEC,
            .load = loads[i],
            .throughput = answered,
            .goodput = answered,
            .p50_ms = loads[i] > 200 ? 300 : 10,
            .p95_ms = loads[i] > 200 ? 600 : 12,
            .requests = (uint64_t) (answered * 10)};
    }
    br_search_report search = {.end = BR_SEARCH_FOUND,
        .low = 190,
        .high = 200,
        .steps = steps,
        .step_count = LEVELS,
        .sentence = BR_STR("190 hold.")};
    require("p95 < 1000ms");
    judge();
    assert_null(judgement->searched);
    plan.search = &search;
    judge();
    const br_capacity_report *c = judgement->searched;
    assert_true(c && c->measured && c->open);
    assert_true(c->breaking.found && c->breaking.load_low == 190 && c->breaking.load_high == 200);
    assert_true(c->breaking.throughput == 190);
    assert_true(c->knee.found && fabs(c->knee.load - 200) < 30);
    search.high = 0; /* the highest rate allowed holds */
    judge();
    assert_false(judgement->searched->breaking.found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(of_a_constant_load, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_surest_leak, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_criterion_has_the_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(capacity_of_a_ramp, set_up, tear_down),
        cmocka_unit_test_setup_teardown(recovery_of_a_spike, set_up, tear_down),
        cmocka_unit_test_setup_teardown(capacity_of_a_search, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
