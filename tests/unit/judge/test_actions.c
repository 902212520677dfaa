#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "judge/verdict_int.h"
#include "unit/report/fixture.h"

static const br_judge_plan plan = {.test = BR_STR_INIT("baseline")};
static br_run_result *run;
static br_judgement *judgement;

static br_result_metric *metric_of(br_run_result *r, const char *name)
{
    for (size_t i = 0; i < r->metric_count; i++) {
        if (br_str_is(r->metrics[i].name, name)) return &r->metrics[i];
    }
    fail_msg("no metric %s", name);
    return NULL;
}

static const br_judgement *judged(void)
{
    br_judgement_free(judgement);
    judgement = br_judge(&plan, run);
    return judgement;
}

static int set_up(void **state)
{
    (void) state;
    run = fixture_baseline(60, 150, 100, 0);
    run->target = br_arena_zalloc(&run->arena, 4 * sizeof *run->target);
    return 0;
}

static int tear_down(void **state)
{
    (void) state;
    br_judgement_free(judgement);
    br_run_result_free(run);
    judgement = NULL;
    return 0;
}

static const br_action *action_of(const char *title)
{
    for (size_t i = 0; i < judgement->actions.len; i++) {
        if (br_str_is(judgement->actions.data[i].title, title)) return &judgement->actions.data[i];
    }
    return NULL;
}

static void expect_action(const char *title, const char *part)
{
    const br_action *a = action_of(title);
    if (!a) {
        fail_msg("no action \"%s\"", title);
    } else if (br_str_find(a->evidence, br_str_of(part)) < 0 || a->advice.n == 0) {
        fail_msg("%s", br_arena_printf(&judgement->arena, BR_FMT, BR_ARG(a->evidence)));
    }
}

/* A series over the run: value(share of the run that is over). */
static void add_series(const char *name, const char *unit, double limit, double (*value)(double at))
{
    enum { N = 60 };
    br_target_series *s = &run->target[run->target_count++];
    *s = (br_target_series){.name = br_str_of(name),
        .source = BR_STR("process 1 (service)"),
        .unit = br_str_of(unit),
        .limit = limit,
        .count = N};
    s->samples = br_arena_zalloc(&run->arena, N * sizeof *s->samples);
    for (int i = 0; i < N; i++) {
        s->samples[i] = (br_target_sample){i * BR_SEC, value((double) i / N)};
    }
}

static double low(double at)
{
    (void) at;
    return 1;
}
static double high(double at)
{
    (void) at;
    return 1.7;
}
static double megabytes_450(double at)
{
    return at < 0.5 ? 300e6 : 450e6;
}
static double rising(double at)
{
    return 200 * at;
}
static double in_the_middle(double at)
{
    return at > 0.4 && at < 0.5;
}

/* Answers ---------------------------------------------------------------------------------------- */

/* Every third request is answered with 429 in 2 ms; of the others, `good` in every slice. */
static void limit_rate(void)
{
    br_result_metric *all = metric_of(run, "http_req_duration"), *failed = metric_of(run, "http_req_failed");
    br_result_metric *good = fixture_metric(
        run, "http_req_duration{expected_response:true}", BR_TREND, BR_CONTAINS_TIME);
    br_sink_reset(&all->sink);
    br_sink_reset(&failed->sink);
    for (size_t i = 0; i < 9000; i++) {
        bool limited = i % 3 == 0;
        fixture_add(all, limited ? 2 : 80);
        fixture_add(failed, limited);
        if (!limited) fixture_add(good, 80);
    }
    for (size_t i = 0; i < run->endpoint_count; i++) {
        br_endpoint *e = &run->endpoints[i];
        e->outcomes.data[0].count -= e->requests / 3;
        fixture_requests(e, 0, 1, 429, 1429, NULL);
        br_vec_last(&e->outcomes)->count = e->failed = e->requests / 3;
    }
    for (size_t i = 0; i < run->slice_count; i++) {
        run->slices[i].failed = 50;
    }
}

static void a_rate_limit_is_told_from_overload(void **state)
{
    (void) state;
    limit_rate();
    judged();
    expect_action("Raise the rate limit", "http_reqs: 3000 of 9000 requests (33.33%) were answered with 429");
    expect_action(
        "Raise the rate limit", "They took 2.0 ms on average (http_req_duration), the others 80.0 ms");
    expect_action("Raise the rate limit", "stayed at 100.0/s (variation 0 %)");
    tear_down(NULL);
    set_up(NULL);
    limit_rate();
    for (size_t i = 0; i < run->slice_count; i++) {
        run->slices[i].failed = i % 2 ? 90 : 10; /* goodput is anything but constant */
    }
    judged();
    assert_true(br_str_find(action_of("Raise the rate limit")->evidence, BR_STR("stayed at")) < 0);
}

static void a_heap_at_ten_seconds_is_a_time_limit(void **state)
{
    (void) state;
    fixture_add_n(metric_of(run, "http_req_duration"), 10050, 40);
    judged();
    expect_action("Find what the timeouts wait for", "http_req_duration heaps up at 10 s: 40 requests");
    assert_null(action_of("Enlarge the connection pool"));
    /* With 503 it is the pool's. */
    run->endpoints[0].outcomes.data[0].count -= 40;
    fixture_requests(&run->endpoints[0], 0, 1, 503, 1503, NULL);
    br_vec_last(&run->endpoints[0].outcomes)->count = 40;
    judged();
    expect_action("Enlarge the connection pool", "there were answers with 503");
    assert_null(action_of("Find what the timeouts wait for"));
    /* A tail that comes down evenly is no heap. */
    for (int i = 0; i < 40; i++) {
        fixture_add(metric_of(run, "http_req_duration"), 6000 + 80 * i);
    }
    judged();
    assert_null(action_of("Enlarge the connection pool"));
}

/* The target ------------------------------------------------------------------------------------- */

static void a_healthy_target_asks_for_nothing(void **state)
{
    (void) state;
    add_series("cpu", "cores", 2, low);
    add_series("memory", "bytes", 600e6, megabytes_450);
    add_series("empire_db_queue_length", "count", 0, in_the_middle);
    add_series("empire_workflow_backlog{task=\"activity\"}", "count", 0, low);
    assert_int_equal(judged()->actions.len, 0);
}

static void a_busy_processor_is_named_with_its_limit(void **state)
{
    (void) state;
    add_series("cpu", "cores", 2, high);
    judged();
    expect_action("Give the service more processor",
        "cpu of process 1 (service) was on average 1.7 cores, 85 % of its limit of 2 (more than 70 % is too much)");
}

static void memory_near_its_limit_is_named(void **state)
{
    (void) state;
    add_series("memory", "bytes", 512e6, megabytes_450);
    judged();
    expect_action("Give the service more memory", "up to 450 MB, 88 % of its limit of 512");
}

static void queues_of_the_target_are_named(void **state)
{
    (void) state;
    add_series("empire_db_queue_length", "count", 0, rising);
    add_series("empire_workflow_backlog{task=\"activity\"}", "count", 0, rising);
    add_series("empire_breaker_state{provider=\"openai\"}", "count", 0, in_the_middle);
    judged();
    expect_action(
        "Enlarge the connection pool", "empire_db_queue_length of process 1 (service) was above 0 in 98 %");
    expect_action("Add workflow workers", "grew from 50 in the first half of the run to 150 in the second");
    expect_action("Look at the services that this one calls", "was not 0 (closed) in ");
}

static void samples_outside_of_the_run_do_not_count(void **state)
{
    (void) state;
    add_series("cpu", "cores", 2, high);
    for (size_t i = 0; i < run->target[0].count; i++) {
        run->target[0].samples[i].at += 61 * BR_SEC;
    }
    judged();
    assert_null(action_of("Give the service more processor"));
}

/* Estimates -------------------------------------------------------------------------------------- */

static void estimates_ask_for_their_actions(void **state)
{
    (void) state;
    judged();
    br_leak_report leak = {.answer = BR_LEAK_FOUND, .measured = true, .sentence = BR_STR("memory grows.")};
    br_recovery_report recovery = {
        .measured = true, .metastable = true, .sentence = BR_STR("p95 stayed high.")};
    br_capacity_report capacity = {.measured = true,
        .breaking = {.found = true, .load = 80, .load_low = 76, .load_high = 84, .throughput = 400},
        .knee = {.found = true, .load = 60}};
    judgement->leak = &leak;
    judgement->recovery = &recovery;
    judgement->capacity = &capacity;
    br_judge_target_actions(judgement, run);
    expect_action("Fix the memory leak", "memory grows.");
    expect_action("Break the vicious circle after overload", "p95 stayed high.");
    expect_action(
        "Scale out before the breaking point", "up to 80 virtual users (76 to 84), with 400.0 requests/s");
    assert_true(
        br_str_find(action_of("Scale out before the breaking point")->advice, BR_STR("at 60 virtual")) >= 0);
    judgement->leak = NULL;
    judgement->recovery = NULL;
    judgement->capacity = NULL;
}

/* Every sentence --------------------------------------------------------------------------------- */

static bool names_a_metric(br_str text)
{
    static const char *const names[] = {"http_req", "p95", "error_rate", "checks", "iterations",
        "iteration_duration", "cpu", "memory", "empire_", "throughput", "timers", "requests/s"};
    for (size_t i = 0; i < BR_COUNT_OF(names); i++) {
        if (br_str_find(text, br_str_of(names[i])) >= 0) return true;
    }
    return false;
}

static void every_sentence_names_its_metric(void **state)
{
    (void) state;
    limit_rate();
    add_series("cpu", "cores", 2, high);
    add_series("empire_db_queue_length", "count", 0, rising);
    fixture_add_n(metric_of(run, "http_req_duration"), 10050, 40);
    fixture_check(run, NULL, "ok", 1, 1);
    fixture_add_n(fixture_metric(run, "checks", BR_RATE, BR_CONTAINS_DEFAULT), 0, 10);
    judged();
    assert_true(judgement->reasons.len >= 2 && judgement->actions.len >= 4);
    for (size_t i = 0; i < judgement->reasons.len; i++) {
        if (!names_a_metric(judgement->reasons.data[i].text))
            fail_msg("%s", judgement->reasons.data[i].text.p);
    }
    for (size_t i = 0; i < judgement->actions.len; i++) {
        if (!names_a_metric(judgement->actions.data[i].evidence))
            fail_msg("%s", judgement->actions.data[i].evidence.p);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_rate_limit_is_told_from_overload),
        TEST(a_heap_at_ten_seconds_is_a_time_limit),
        TEST(a_healthy_target_asks_for_nothing),
        TEST(a_busy_processor_is_named_with_its_limit),
        TEST(memory_near_its_limit_is_named),
        TEST(queues_of_the_target_are_named),
        TEST(samples_outside_of_the_run_do_not_count),
        TEST(estimates_ask_for_their_actions),
        TEST(every_sentence_names_its_metric),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
