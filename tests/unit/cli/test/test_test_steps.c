/* The pure steps of `brunt test`: plan, phases of the progress, what is watched, when a soak is decided, the
 * overview. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "cli/test/test_decide.h"
#include "cli/test/test_overview.h"
#include "cli/test/test_progress.h"
#include "cli/test/test_search.h"

static br_load_stage stages[] = {{60 * BR_SEC, 10}, {0, 100}, {30 * BR_SEC, 100}, {0, 10}, {60 * BR_SEC, 10}};
static const br_load_plan spike = {
    .duration = 150 * BR_SEC, .start_vus = 10, .stages = stages, .stage_count = 5, .factor = 1};
static const br_load_plan flat = {.duration = 60 * BR_SEC, .vus = 10, .factor = 1};

/* Plan --------------------------------------------------------------------------------------------- */

static br_config_pair own[] = {
    {BR_STR_INIT("A"), BR_STR_INIT("test")}, {BR_STR_INIT("B"), BR_STR_INIT("test")}};
static br_config_pair writes[] = {{BR_STR_INIT("W"), BR_STR_INIT("x")}};
static br_environment environment = {.name = BR_STR_INIT("here"), .base_url = BR_STR_INIT("http://h")};

static br_str last_value(const br_test_plan *p, const char *name)
{
    br_str value = BR_STR_NONE;
    for (size_t i = 0; i < p->env_count; i++) {
        if (br_str_is(p->env[i].name, name)) value = p->env[i].value;
    }
    return value;
}

static br_test_plan plan_of(const br_named_test *t, const br_test_extras *x)
{
    br_test_plan p;
    br_err err;
    assert_int_equal(br_test_plan_make(&environment, t, 1, x, &p, &err), BR_OK);
    return p;
}

static void the_command_line_has_the_last_word(void **state)
{
    (void) state;
    br_named_test t = {.plan = spike,
        .env = own,
        .env_count = 2,
        .script = BR_STR("a.js"),
        .writes_script = BR_STR("w.js"),
        .writes_env = writes,
        .writes_env_count = 1};
    br_env_var line[] = {{BR_STR("B"), BR_STR("line")}};
    br_test_extras x = {.env = line, .env_count = 1, .probe_rate = -1};
    br_test_plan p = plan_of(&t, &x);
    assert_true(br_str_is(last_value(&p, "A"), "test") && br_str_is(last_value(&p, "B"), "line"));
    assert_true(
        br_str_is(last_value(&p, "BASE_URL"), "http://h") && br_str_is(last_value(&p, "HEADERS"), "{}"));
    assert_null(last_value(&p, "WRITES").p);
    assert_null(last_value(&p, "W").p);
    assert_true(br_str_is(p.script, "a.js"));
    br_test_plan_deinit(&p);
    x.writes = true;
    p = plan_of(&t, &x);
    assert_true(br_str_is(last_value(&p, "WRITES"), "1") && br_str_is(last_value(&p, "W"), "x"));
    assert_true(br_str_is(p.script, "w.js"));
    br_test_plan_deinit(&p);
}

static int64_t probe_of(const br_load_plan *load, double configured, double flag)
{
    br_named_test t = {.plan = *load, .spike_probe = configured};
    br_test_extras x = {.probe_rate = flag};
    br_test_plan p = plan_of(&t, &x);
    int64_t rate = p.probe_rate;
    json_t *probe = br_test_plan_probe(&p);
    assert_int_equal(probe != NULL, rate > 0);
    if (probe) {
        assert_int_equal(json_integer_value(json_object_get(probe, "rate")), rate);
        assert_true(json_number_value(json_object_get(probe, "duration")) == (double) load->duration / 1e6);
        /* Nobody waits longer than a request may take, so nothing is ever dropped. */
        assert_true(
            json_integer_value(json_object_get(probe, "preAllocatedVUs")) > rate * BR_TEST_PROBE_WAIT_S);
    }
    json_decref(probe);
    br_test_plan_deinit(&p);
    return rate;
}

static void only_spikes_are_probed(void **state)
{
    (void) state;
    assert_int_equal(probe_of(&flat, 0, -1), 0);
    assert_int_equal(probe_of(&flat, 30, 40), 0);
    assert_int_equal(probe_of(&spike, 0, -1), BR_TEST_PROBE_RATE);
    assert_int_equal(probe_of(&spike, 19.5, -1), 20);
    assert_int_equal(probe_of(&spike, 20, 80), 80);
    assert_int_equal(probe_of(&spike, 20, 0), 0);
}

static void only_ramps_are_searched_behind(void **state)
{
    (void) state;
    br_test_plan p = {.load = flat};
    assert_false(br_test_search_fits(&p));
    p.load = spike;
    assert_true(br_test_search_fits(&p));
    p.judge.spike_end = BR_SEC;
    assert_false(br_test_search_fits(&p));
}

/* Progress ----------------------------------------------------------------------------------------- */

static void expect_phase(const br_load_plan *load, br_ns at, const char *text)
{
    br_buf out;
    br_buf_init(&out, 100);
    br_test_phase(load, at, &out);
    if (!br_str_is(br_buf_view(&out), text)) fail_msg("%.*s instead of %s", (int) out.len, out.data, text);
    br_buf_deinit(&out);
}

static void phases_of_a_load(void **state)
{
    (void) state;
    expect_phase(&flat, 5 * BR_SEC, "10 VUs");
    expect_phase(&spike, 0, "hold 10 VUs");
    expect_phase(&spike, 60 * BR_SEC, "hold 100 VUs");
    expect_phase(&spike, 90 * BR_SEC, "hold 10 VUs");
    expect_phase(&spike, 900 * BR_SEC, "hold 10 VUs");
    br_load_stage up_and_down[] = {{10 * BR_SEC, 5}, {10 * BR_SEC, 1}};
    br_load_plan ramp = {.duration = 20 * BR_SEC, .stages = up_and_down, .stage_count = 2};
    expect_phase(&ramp, BR_SEC, "ramp to 5 VUs");
    expect_phase(&ramp, 11 * BR_SEC, "fall to 1 VUs");
}

static void expect_line(br_run_phase phase, br_ns elapsed, uint64_t requests, const char *text)
{
    br_test_progress p = {&flat, BR_STR("soak"), 2, 4};
    br_run_status s = {
        .phase = phase, .elapsed = elapsed, .all_requests = requests, .all_failed = 1, .all_p95_ms = 12.5};
    br_buf out;
    br_buf_init(&out, 200);
    br_test_progress_line(&p, &s, &out);
    if (!br_str_is(br_buf_view(&out), text)) fail_msg("%.*s instead of %s", (int) out.len, out.data, text);
    br_buf_deinit(&out);
}

static void lines_of_progress(void **state)
{
    (void) state;
    expect_line(BR_RUN_INIT, 0, 0, "soak (2 of 4): preparing");
    expect_line(BR_RUN_RUNNING, 20 * BR_SEC + 1, 0, "soak (2 of 4): 10 VUs, 40s left");
    expect_line(
        BR_RUN_RUNNING, 61 * BR_SEC, 200, "soak (2 of 4): finishing, p95 12.5ms and 0.50% errors so far");
}

/* Sources ------------------------------------------------------------------------------------------ */

static void places_to_watch(void **state)
{
    (void) state;
    br_target_source s;
    br_err err;
    assert_int_equal(br_test_watch_parse(BR_STR("process:4711"), &s, &err), BR_OK);
    assert_true(s.kind == BR_TARGET_PID && s.pid == 4711);
    assert_int_equal(br_test_watch_parse(BR_STR("process:empire"), &s, &err), BR_OK);
    assert_true(s.kind == BR_TARGET_NAME && br_str_is(s.place, "empire"));
    assert_int_equal(br_test_watch_parse(BR_STR("cgroup:/a/b"), &s, &err), BR_OK);
    assert_true(s.kind == BR_TARGET_CGROUP && br_str_is(s.place, "/a/b"));
    assert_int_equal(br_test_watch_parse(BR_STR("https://h/metrics"), &s, &err), BR_OK);
    assert_true(s.kind == BR_TARGET_PAGE && br_str_is(s.place, "https://h/metrics"));
    static const char *const wrong[] = {
        "", "empire", "process:", "process:0", "process:-1", "cgroup:", "ftp://h"};
    for (size_t i = 0; i < BR_COUNT_OF(wrong); i++)
        assert_int_equal(br_test_watch_parse(br_str_of(wrong[i]), &s, &err), BR_EINVAL);
}

/* Early end ---------------------------------------------------------------------------------------- */

static void when_everything_is_decided(void **state)
{
    (void) state;
    br_criterion p95 = {.kind = BR_CRITERION_METRIC}, stable = {.kind = BR_CRITERION_STABLE};
    br_criterion memory = {.kind = BR_CRITERION_MEMORY};
    br_criterion_result results[] = {{.criterion = &p95, .state = BR_CRITERION_PASSED, .margin = 0.5},
        {.criterion = &stable, .state = BR_CRITERION_PASSED},
        {.criterion = &memory, .state = BR_CRITERION_PASSED}};
    br_leak_report leak = {.answer = BR_LEAK_NONE, .firm = true};
    br_judgement j = {.criteria = results, .criterion_count = 3, .leak = &leak};
    assert_true(br_test_is_decided(&j));
    results[2].state = BR_CRITERION_FAILED; /* a leak is an answer, too */
    leak.answer = BR_LEAK_FOUND;
    assert_true(br_test_is_decided(&j));
    leak.firm = false;
    assert_false(br_test_is_decided(&j));
    leak.firm = true;
    results[0].margin = 0.05; /* what comes may be worse */
    assert_false(br_test_is_decided(&j));
    results[0].margin = 0.5;
    results[1].state = BR_CRITERION_FAILED;
    assert_false(br_test_is_decided(&j));
    results[1].state = BR_CRITERION_NOT_MEASURED;
    assert_false(br_test_is_decided(&j));
    j.leak = NULL;
    assert_false(br_test_is_decided(&j));
    assert_int_equal(br_test_decide_interval(2 * 3600 * BR_SEC), 60 * BR_SEC);
    assert_int_equal(br_test_decide_interval(BR_SEC), BR_SEC);
}

/* Overview ----------------------------------------------------------------------------------------- */

static void the_worst_status_counts(void **state)
{
    (void) state;
    br_test_row rows[] = {{.test = BR_STR("baseline"),
                              .ran = true,
                              .outcome = {.judged = true, .p95_ms = 12.34, .requests = 9}},
        {.test = BR_STR("stress"),
            .ran = true,
            .outcome = {.status = 1, .judged = true, .outcome = BR_OUTCOME_FAILED}},
        {.test = BR_STR("soak")}};
    br_buf out;
    br_buf_init(&out, 10000);
    assert_int_equal(br_test_overview_status(rows, 1), 0);
    assert_int_equal(br_test_overview_status(rows, 2), 1);
    assert_int_equal(br_test_overview_status(rows, 3), 4);
    /* By severity, not by number. */
    static const int order[] = {0, 3, 2, 1, 4, 5, 107};
    for (size_t i = 0; i + 1 < BR_COUNT_OF(order); i++) {
        br_test_row two[] = {
            {.ran = true, .outcome.status = order[i + 1]}, {.ran = true, .outcome.status = order[i]}};
        assert_int_equal(br_test_overview_status(two, 2), order[i + 1]);
        br_test_row turned[] = {two[1], two[0]};
        assert_int_equal(br_test_overview_status(turned, 2), order[i + 1]);
    }
    br_test_overview_put(rows, 3, "dir", &out);
    (void) br_buf_putc(&out, 0);
    assert_non_null(strstr(out.data, "12.34ms"));
    assert_non_null(strstr(out.data, "dir/stress.html"));
    assert_non_null(strstr(out.data, "not begun"));
    assert_non_null(strstr(out.data, "exit status 4"));
    br_buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_command_line_has_the_last_word),
        cmocka_unit_test(only_spikes_are_probed),
        cmocka_unit_test(only_ramps_are_searched_behind),
        cmocka_unit_test(phases_of_a_load),
        cmocka_unit_test(lines_of_progress),
        cmocka_unit_test(places_to_watch),
        cmocka_unit_test(when_everything_is_decided),
        cmocka_unit_test(the_worst_status_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
