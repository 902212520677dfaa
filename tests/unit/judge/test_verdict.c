#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "judge/verdict.h"
#include "unit/report/fixture.h"

/* The guide's baseline. */
static br_criterion baseline[3];
static br_judge_plan plan;

static int set_up(void **state)
{
    (void) state;
    static const char *const texts[] = {"p95 < 500ms", "error_rate < 1%", "stable"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(br_criterion_parse(br_str_of(texts[i]), &baseline[i], NULL), BR_OK);
    }
    plan = (br_judge_plan){.test = BR_STR("baseline"),
        .target = BR_STR("http://127.0.0.1:3000"),
        .length = 30 * BR_SEC,
        .scale = 1,
        .criteria = baseline,
        .criterion_count = 3};
    return 0;
}

static br_run_result *run;
static br_judgement *judgement;

static const br_judgement *judged(br_run_result *r)
{
    run = r;
    judgement = br_judge(&plan, r);
    return judgement;
}

static int tear_down(void **state)
{
    (void) state;
    br_judgement_free(judgement);
    br_run_result_free(run);
    judgement = NULL;
    run = NULL;
    return 0;
}

static bool has_reason(const br_judgement *j, const char *part)
{
    for (size_t i = 0; i < j->reasons.len; i++) {
        if (strstr(j->reasons.data[i].text.p, part)) return true;
    }
    return false;
}

static bool has_note(const br_judgement *j, const char *part)
{
    for (size_t i = 0; i < j->notes.len; i++) {
        if (strstr(j->notes.data[i].p, part)) return true;
    }
    return false;
}

static const br_action *action_of(const br_judgement *j, const char *title)
{
    for (size_t i = 0; i < j->actions.len; i++) {
        if (br_str_find(j->actions.data[i].title, br_str_of(title)) >= 0) return &j->actions.data[i];
    }
    return NULL;
}

static void expect(const br_judgement *j, br_level level, br_outcome outcome, const char *headline)
{
    if (j->level != level || j->outcome != outcome || !strstr(j->headline.p, headline)) {
        fail_msg("%s, %s: %s", br_level_name(j->level), br_outcome_name(j->outcome), j->headline.p);
    }
}

static void a_good_run_is_excellent(void **state)
{
    (void) state;
    const br_judgement *j = judged(fixture_baseline(30, 150, 100, 0));
    expect(j, BR_LEVEL_EXCELLENT, BR_OUTCOME_PASSED, "EXCELLENT: 3 of 3 criteria passed.");
    assert_true(j->full_length);
    assert_int_equal(br_outcome_exit_status(j->outcome), 0);
    assert_int_equal(j->actions.len, 0);
    assert_int_equal(j->notes.len, 0);
    for (size_t i = 0; i < j->self_checks.len; i++) {
        if (!j->self_checks.data[i].ok) fail_msg("%s", j->self_checks.data[i].text.p);
    }
    assert_true(has_reason(j, "below the limit of 500ms"));
}

static void close_to_the_limit_is_acceptable(void **state)
{
    (void) state;
    expect(judged(fixture_baseline(30, 150, 200, 0)), BR_LEVEL_ACCEPTABLE, BR_OUTCOME_PASSED,
        "ACCEPTABLE: 3 of 3");
}

static void a_failed_criterion_needs_optimization(void **state)
{
    (void) state;
    const br_judgement *j = judged(fixture_baseline(30, 150, 400, 0));
    expect(j, BR_LEVEL_NEEDS_OPTIMIZATION, BR_OUTCOME_FAILED,
        "NEEDS OPTIMIZATION: 2 of 3 criteria passed, 1 failed.");
    assert_int_equal(br_outcome_exit_status(j->outcome), 1);
    assert_true(has_reason(j, "above the limit of 500ms"));
    assert_non_null(action_of(j, "Look at what all endpoints share"));
}

static void twice_the_limit_is_critical(void **state)
{
    (void) state;
    expect(judged(fixture_baseline(30, 150, 800, 0)), BR_LEVEL_CRITICAL, BR_OUTCOME_FAILED, "CRITICAL");
}

static void errors_have_their_own_levels(void **state)
{
    (void) state;
    assert_int_equal(br_criterion_parse(BR_STR("error_rate < 5%"), &baseline[1], NULL), BR_OK);
    const br_judgement *j = judged(fixture_baseline(30, 150, 100, 0.02));
    expect(j, BR_LEVEL_NEEDS_OPTIMIZATION, BR_OUTCOME_PASSED, "3 of 3");
    assert_true(has_reason(j, "requests failed: 2.0"));
    const br_action *a = action_of(j, "Find the cause of the server errors");
    assert_non_null(a);
    assert_true(br_str_find(a->evidence, BR_STR("5xx")) >= 0);
    tear_down(NULL);
    expect(judged(fixture_baseline(30, 150, 100, 0.08)), BR_LEVEL_CRITICAL, BR_OUTCOME_FAILED, "1 failed");
}

static void a_critical_level_is_never_a_pass(void **state)
{
    (void) state;
    plan.criterion_count = 1;
    expect(judged(fixture_baseline(30, 150, 100, 0.08)), BR_LEVEL_CRITICAL, BR_OUTCOME_FAILED, "1 of 1");
}

static void without_criteria_there_is_no_praise(void **state)
{
    (void) state;
    plan.criterion_count = 0;
    expect(judged(fixture_baseline(30, 150, 10, 0)), BR_LEVEL_ACCEPTABLE, BR_OUTCOME_PASSED,
        "no criteria were given");
}

static void what_is_not_measured_is_said(void **state)
{
    (void) state;
    assert_int_equal(br_criterion_parse(BR_STR("memory_growth < 50MB/h"), &baseline[2], NULL), BR_OK);
    const br_judgement *j = judged(fixture_baseline(30, 150, 100, 0));
    expect(j, BR_LEVEL_ACCEPTABLE, BR_OUTCOME_PASSED, "2 of 3 criteria passed, 1 NOT MEASURED");
    assert_true(has_reason(j, "memory_growth was not measured"));
    tear_down(NULL);
    baseline[0] = baseline[1] = baseline[2];
    expect(judged(fixture_baseline(30, 150, 100, 0)), BR_LEVEL_INVALID, BR_OUTCOME_INVALID,
        "no criterion could be");
}

static void crossed_thresholds_fail_the_run(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(30, 150, 100, 0);
    fixture_threshold(r, &r->metrics[0], "value<1", false);
    const br_judgement *j = judged(r);
    expect(j, BR_LEVEL_NEEDS_OPTIMIZATION, BR_OUTCOME_FAILED, "1 of the script's thresholds crossed");
    assert_true(has_reason(j, "'value<1' on vus"));
}

static void failing_checks_are_wrong_answers(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(30, 150, 100, 0);
    br_result_metric *checks = fixture_metric(r, "checks", BR_RATE, BR_CONTAINS_DEFAULT);
    fixture_add_n(checks, 1, 900);
    fixture_add_n(checks, 0, 100);
    const br_judgement *j = judged(r);
    expect(j, BR_LEVEL_NEEDS_OPTIMIZATION, BR_OUTCOME_PASSED, "3 of 3");
    assert_true(has_reason(j, "100 of 1000 checks failed (10%)"));
}

static void requests_of_setup_are_no_contradiction(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(30, 150, 100, 0);
    r->slices[0].requests -= 90;
    expect(judged(r), BR_LEVEL_EXCELLENT, BR_OUTCOME_PASSED, "3 of 3");
}

static void a_shortened_run_says_so(void **state)
{
    (void) state;
    plan.length = 300 * BR_SEC;
    plan.scale = 0.1;
    const br_judgement *j = judged(fixture_baseline(30, 150, 100, 0));
    expect(j, BR_LEVEL_EXCELLENT, BR_OUTCOME_PASSED, "(shortened run, not a full test).");
    assert_false(j->full_length);
    assert_true(has_note(j, "Shortened to 10 % of the test's length (30 s of 300 s): not a full test."));
}

static void a_run_that_is_too_short_is_invalid(void **state)
{
    (void) state;
    plan.length = 300 * BR_SEC;
    const br_judgement *j = judged(fixture_baseline(30, 150, 100, 0));
    expect(
        j, BR_LEVEL_INVALID, BR_OUTCOME_INVALID, "the run took 30.0 s of the 300.0 s that the test demands");
    assert_int_equal(br_outcome_exit_status(j->outcome), 4);
}

static void an_interrupted_run_is_invalid(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(30, 150, 100, 0);
    r->end = BR_RUN_INTERRUPTED;
    expect(judged(r), BR_LEVEL_INVALID, BR_OUTCOME_INVALID, "interrupted");
}

static void a_run_stopped_by_its_threshold_has_failed(void **state)
{
    (void) state;
    plan.length = 300 * BR_SEC;
    br_run_result *r = fixture_baseline(30, 150, 100, 0);
    r->end = BR_RUN_THRESHOLD;
    fixture_threshold(r, &r->metrics[0], "value<1", false);
    expect(judged(r), BR_LEVEL_NEEDS_OPTIMIZATION, BR_OUTCOME_FAILED, "crossed");
}

static void contradictions_are_invalid(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(30, 150, 100, 0);
    for (size_t i = 0; i < r->slice_count; i++) {
        r->slices[i].requests = 100;
    }
    expect(judged(r), BR_LEVEL_INVALID, BR_OUTCOME_INVALID, "they contradict each other");
    tear_down(NULL);
    r = fixture_baseline(30, 150, 100, 0);
    r->iterations_complete = 1000;
    expect(judged(r), BR_LEVEL_INVALID, BR_OUTCOME_INVALID,
        "iterations counted: 30 as metric, 1000 by the engine");
    tear_down(NULL);
    r = fixture_baseline(30, 150, 100, 0);
    r->duration = 40 * BR_SEC;
    expect(judged(r), BR_LEVEL_INVALID, BR_OUTCOME_INVALID, "cover 30.0 s of the 40.0 s");
}

static const br_self_check *check_of(const br_judgement *j, const char *name)
{
    for (size_t i = 0; i < j->self_checks.len; i++) {
        if (strcmp(j->self_checks.data[i].name, name) == 0) return &j->self_checks.data[i];
    }
    return NULL;
}

static br_result_metric *metric_of(br_run_result *r, const char *name)
{
    for (size_t i = 0; i < r->metric_count; i++) {
        if (br_str_is(r->metrics[i].name, name)) return &r->metrics[i];
    }
    fail_msg("no metric %s", name);
    return NULL;
}

static void failures_are_counted_alike(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(30, 150, 100, 0.005);
    metric_of(r, "http_req_failed")->sink.nonzero = 500;
    expect(judged(r), BR_LEVEL_INVALID, BR_OUTCOME_INVALID, "failed requests counted: 500 in total");
}

static void littles_law_holds_or_the_run_is_invalid(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(30, 10, 100, 0); /* 10 virtual users, 30 iterations of 10 s */
    const br_self_check *c = check_of(judged(r), "little's law");
    assert_true(c && c->ok);
    c = check_of(judgement, "requests in flight");
    assert_true(c && c->ok);
    tear_down(NULL);
    /* More time in iterations than virtual users had. */
    r = fixture_baseline(30, 10, 100, 0);
    metric_of(r, "iteration_duration")->sink.sum *= 2;
    expect(judged(r), BR_LEVEL_INVALID, BR_OUTCOME_INVALID, "iteration_duration adds up to 600.0 s");
    tear_down(NULL);
    /* Less: they idled, which is no contradiction. */
    r = fixture_baseline(60, 10, 100, 0);
    metric_of(r, "iteration_duration")->sink.sum /= 2;
    c = check_of(judged(r), "little's law");
    assert_false(c->ok || c->fatal);
    tear_down(NULL);
    /* In the open model virtual users wait for their starts. */
    r = fixture_baseline(60, 10, 100, 0);
    metric_of(r, "iteration_duration")->sink.sum /= 2;
    r->scenarios[0].executor = BR_STR("constant-arrival-rate");
    assert_true(check_of(judged(r), "little's law")->ok);
    tear_down(NULL);
    /* One tenth of the run in which more requests were under way than there were virtual users. */
    r = fixture_baseline(60, 30, 100, 0);
    for (size_t i = 12; i < 18; i++) {
        fixture_slice_fill(&r->slices[i], 300, 0, 100, 10);
        r->slices[i].requests -= 300;
    }
    c = check_of(judged(r), "requests in flight");
    assert_false(c->ok || c->fatal);
    assert_true(br_str_find(c->text, BR_STR("tenth 3 of the run")) >= 0);
}

static void the_rate_times_the_length_is_the_count(void **state)
{
    (void) state;
    const br_self_check *c = check_of(judged(fixture_baseline(30, 150, 100, 0)), "rate");
    assert_true(c->ok);
    assert_true(br_str_find(c->text, BR_STR("150.00 requests/s over 30.0 s are 4500 requests")) >= 0);
}

static void no_requests_are_no_evidence(void **state)
{
    (void) state;
    expect(judged(fixture_baseline(30, 0, 100, 0)), BR_LEVEL_INVALID, BR_OUTCOME_INVALID,
        "0 requests were sent");
}

static void an_overloaded_generator_is_no_evidence(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(30, 150, 100, 0);
    r->workers[0].cpu_share = 0.93;
    const br_judgement *j = judged(r);
    expect(j, BR_LEVEL_INVALID, BR_OUTCOME_INVALID, "93 % of a core (limit 80 %)");
    assert_non_null(action_of(j, "Give the generator more room"));
    tear_down(NULL);
    r = fixture_baseline(30, 150, 100, 0);
    r->workers[0].timer_late_ns_max = 50 * BR_MS;
    j = judged(r);
    assert_int_equal(j->outcome, BR_OUTCOME_PASSED);
    assert_true(has_note(j, "up to 50 ms late"));
    tear_down(NULL);
    r = fixture_baseline(30, 150, 100, 0);
    r->workers[0].timer_late_ns_max = 2 * BR_SEC;
    expect(judged(r), BR_LEVEL_INVALID, BR_OUTCOME_INVALID, "2000.0 ms late");
}

static void the_same_advice_is_given_once(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(30, 150, 100, 0);
    br_hist_record_n(&r->generator.start_lag, 300 * BR_MS, 1000);
    const br_judgement *j = judged(r);
    assert_false(check_of(j, "start lag")->ok || check_of(j, "late starts")->ok);
    size_t given = 0;
    for (size_t i = 0; i < j->actions.len; i++)
        given += br_str_is(j->actions.data[i].title, "Give the generator more room");
    assert_int_equal(given, 1);
    br_str evidence = action_of(j, "Give the generator more room")->evidence;
    assert_true(br_str_find(evidence, BR_STR("late by 300 ms at p99 (limit ")) >= 0);
    assert_true(br_str_find(evidence, BR_STR("; 100.00 % of the iterations")) >= 0);
}

/* Replaces what the endpoints answered; counts stay consistent. */
static void answer(br_run_result *r, int status, int code, const char *error, uint64_t part)
{
    for (size_t i = 0; i < r->endpoint_count; i++) {
        br_endpoint *e = &r->endpoints[i];
        uint64_t n = e->requests / part;
        e->outcomes.data[0].count -= n;
        fixture_requests(e, 0, 1, status, code, error);
        br_vec_last(&e->outcomes)->count = n;
    }
}

static void an_unreachable_target_is_told_apart(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(30, 150, 1, 1);
    for (size_t i = 0; i < r->endpoint_count; i++) {
        br_endpoint_outcome *o = &r->endpoints[i].outcomes.data[0];
        *o = (br_endpoint_outcome){0, 1212, "dial: connection refused", o->count};
    }
    const br_judgement *j = judged(r);
    expect(j, BR_LEVEL_INVALID, BR_OUTCOME_UNAVAILABLE, "the target was unavailable");
    assert_int_equal(br_outcome_exit_status(j->outcome), 5);
    const br_action *a = action_of(j, "Make the target reachable");
    assert_non_null(a);
    assert_true(br_str_find(a->evidence, BR_STR("connection refused")) >= 0);
    assert_int_equal(j->actions.len, 1);
}

static void actions_need_evidence(void **state)
{
    (void) state;
    static const struct {
        int status, code;
        const char *error, *title;
    } cases[] = {
        {429, 1429, NULL, "Raise the rate limit"},
        {503, 1503, "timeout acquiring connection from pool", "Enlarge the connection pool"},
        {0, 1050, "request timeout", "Find what the timeouts wait for"},
        {502, 1502, NULL, "Find the cause of the server errors"},
        {0, 1220, "read: connection reset by peer", "Find out who closes connections"},
        {0, 1212, "dial: connection refused", "Make the target reachable"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        br_run_result *r = fixture_baseline(30, 150, 100, 0);
        answer(r, cases[i].status, cases[i].code, cases[i].error, 20);
        const br_judgement *j = judged(r);
        for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
            bool found = action_of(j, cases[k].title) != NULL;
            if (found != (k == i)) fail_msg("%d: %s", cases[i].status, cases[k].title);
        }
        assert_true(
            br_str_find(action_of(j, cases[i].title)->evidence, BR_STR(" of 4500 requests (4.9")) >= 0);
        tear_down(NULL);
    }
}

static void a_slow_endpoint_is_named(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(30, 150, 20, 0);
    br_endpoint *slow = &r->endpoints[3];
    slow->name = BR_STR("GET /analytics/overview"); /* a name that has the method already */
    br_sink_reset(&slow->duration);
    for (int i = 0; i < 100; i++) {
        br_sink_add(&slow->duration, 700, 0);
    }
    const br_judgement *j = judged(r);
    const br_action *a = action_of(j, "Speed up GET /analytics/overview");
    assert_non_null(a);
    assert_true(br_str_find(a->evidence, BR_STR("Its p95 of http_req_duration is 700 ms")) >= 0);
    assert_true(br_str_find(a->advice, BR_STR("analytics(created_at, platform)")) >= 0);
    assert_int_equal(j->actions.len, 1);
}

static void low_throughput_is_advice_only(void **state)
{
    (void) state;
    const br_judgement *j = judged(fixture_baseline(30, 50, 100, 0));
    expect(j, BR_LEVEL_EXCELLENT, BR_OUTCOME_PASSED, "3 of 3");
    assert_non_null(action_of(j, "Show more throughput before production"));
}

static void passed_within_its_error_is_acceptable(void **state)
{
    (void) state;
    assert_int_equal(br_criterion_parse(BR_STR("throughput > 9/s"), &baseline[0], NULL), BR_OK);
    plan.criterion_count = 1;
    br_run_result *r = fixture_baseline(30, 10, 100, 0); /* even slices: 10/s without any doubt */
    expect(judged(r), BR_LEVEL_EXCELLENT, BR_OUTCOME_PASSED, "1 of 1");
    tear_down(NULL);
    r = fixture_baseline(30, 10, 100, 0);
    for (size_t i = 0; i < 30; i++) {
        r->slices[i].requests = i % 3 == 0 ? 22 : 4;
    }
    expect(judged(r), BR_LEVEL_ACCEPTABLE, BR_OUTCOME_PASSED, "1 of 1");
    assert_true(has_reason(judgement, "the limit lies within"));
}

static void errors_are_told_by_class(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(30, 150, 100, 0.02);
    /* Those of one endpoint become 429, the others stay 500. */
    bool changed = false;
    for (size_t i = 0; i < r->endpoint_count && !changed; i++) {
        br_endpoint *e = &r->endpoints[i];
        for (size_t k = 0; k < e->outcomes.len; k++) {
            if (e->outcomes.data[k].status != 500) continue;
            e->outcomes.data[k].status = 429;
            changed = true;
        }
    }
    assert_true(changed);
    assert_int_equal(br_criterion_parse(BR_STR("error_rate < 5%"), &baseline[1], NULL), BR_OK);
    assert_true(has_reason(judged(r), "http_req_failed: "));
    assert_true(has_reason(judgement, "(5xx "));
    assert_true(has_reason(judgement, ", 429 "));
}

static void few_samples_are_noted(void **state)
{
    (void) state;
    plan.criterion_count = 2;
    const br_judgement *j = judged(fixture_baseline(30, 1, 100, 0));
    expect(j, BR_LEVEL_ACCEPTABLE, BR_OUTCOME_PASSED, "2 of 2");
    assert_true(has_note(j, "30 requests are too few to bound a p95"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_good_run_is_excellent),
        TEST(close_to_the_limit_is_acceptable),
        TEST(a_failed_criterion_needs_optimization),
        TEST(twice_the_limit_is_critical),
        TEST(errors_have_their_own_levels),
        TEST(a_critical_level_is_never_a_pass),
        TEST(without_criteria_there_is_no_praise),
        TEST(what_is_not_measured_is_said),
        TEST(crossed_thresholds_fail_the_run),
        TEST(failing_checks_are_wrong_answers),
        TEST(requests_of_setup_are_no_contradiction),
        TEST(a_shortened_run_says_so),
        TEST(a_run_that_is_too_short_is_invalid),
        TEST(an_interrupted_run_is_invalid),
        TEST(a_run_stopped_by_its_threshold_has_failed),
        TEST(contradictions_are_invalid),
        TEST(failures_are_counted_alike),
        TEST(littles_law_holds_or_the_run_is_invalid),
        TEST(the_rate_times_the_length_is_the_count),
        TEST(no_requests_are_no_evidence),
        TEST(an_overloaded_generator_is_no_evidence),
        TEST(the_same_advice_is_given_once),
        TEST(an_unreachable_target_is_told_apart),
        TEST(actions_need_evidence),
        TEST(a_slow_endpoint_is_named),
        TEST(low_throughput_is_advice_only),
        TEST(passed_within_its_error_is_acceptable),
        TEST(errors_are_told_by_class),
        TEST(few_samples_are_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
