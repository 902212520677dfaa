/* Whole runs of arrival-rate scenarios. */
#include "env.h"

static const mini_script hello = {
    .steps = {{.op = MINI_REQUEST},
        {.op = MINI_SEND, .text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"}, {.op = MINI_AGAIN}}};

#define OPEN(fields) "{ scenarios: { s: { executor: 'constant-arrival-rate', " fields " } } }"

static void iterations_follow_the_rate(void **state)
{
    (void) state;
    run r;
    run_init(&r, &hello, 1);
    run_exits(&r, OPEN("rate: 50, duration: '1s', preAllocatedVUs: 20"),
        "export default function () { http.get(base) }", BR_EXIT_OK);
    assert_true(run_sum(&r, "iterations") == 51);
    assert_true(run_sum(&r, "http_reqs") == 51);
    assert_null(run_metric(&r, "dropped_iterations"));
    assert_int_equal(r.result->vus_max, 20);
    run_deinit(&r);
}

static void stages_of_rates(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_exits(&r,
        "{ scenarios: { s: { executor: 'ramping-arrival-rate', startRate: 20, timeUnit: '2s', preAllocatedVUs: 2, "
        "stages: [{ target: 60, duration: '1s' }, { target: 0, duration: 0 }, { target: 0, duration: '300ms' }] } } }",
        "export default function () {}", BR_EXIT_OK);
    assert_true(run_sum(&r, "iterations") == 20);
    assert_in_range(r.took, 1300 * BR_MS, 4000 * BR_MS);
    run_deinit(&r);
}

static void vus_are_added_while_needed(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_exits(&r, OPEN("rate: 40, duration: '1s', preAllocatedVUs: 1, maxVUs: 4, gracefulStop: '5s'"),
        "export default function () { sleep(1.2) }", BR_EXIT_OK);
    assert_true(run_sum(&r, "iterations") == 4);
    assert_true(run_sum(&r, "dropped_iterations") == 37);
    assert_int_equal(r.result->vus_max, 4);
    assert_true(run_logged(&r, "Insufficient VUs, reached 4 active VUs and cannot initialize more"));
    run_deinit(&r);
}

/* What was added for one scenario serves another later. */
static void added_vus_are_used_again(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    r.workers = 1;
    run_exits(&r,
        "{ scenarios: {"
        " a: { executor: 'constant-arrival-rate', rate: 20, duration: '1s', preAllocatedVUs: 0, maxVUs: 2 },"
        " b: { executor: 'constant-arrival-rate', rate: 20, duration: '1s', preAllocatedVUs: 0, maxVUs: 2, startTime: '1500ms' } } }",
        "export default function () { sleep(0.2) }", BR_EXIT_OK);
    assert_int_equal(r.result->vus_max, 2);
    assert_in_range(run_sum(&r, "iterations"), 8, 24);
    run_deinit(&r);
}

/* What was to start is counted when it was to, whatever became of it. */
static void slices_count_starts(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_exits(&r, OPEN("rate: 20, duration: '2s', preAllocatedVUs: 1, maxVUs: 1"),
        "export default function () { sleep(0.3) }", BR_EXIT_OK);
    uint64_t starts = 0;
    for (size_t i = 0; i < r.result->slice_count; i++)
        starts += r.result->slices[i].starts;
    assert_int_equal(starts, r.result->generator.starts_scheduled);
    assert_in_range(r.result->slices[0].starts, 15, 22);
    run_deinit(&r);
}

static void init_code_of_added_vus_may_fail(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_exits(&r, OPEN("rate: 20, duration: '1s', preAllocatedVUs: 1, maxVUs: 2"),
        "if (__VU > 1) throw new Error('no more of us'); export default function () { sleep(0.3) }",
        BR_EXIT_OK);
    assert_true(run_logged(&r, "Error while allocating unplanned VU: Error: no more of us"));
    assert_int_equal(r.result->vus_max, 1);
    run_deinit(&r);
}

static void scripts_see_the_scenario(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_exits(&r, OPEN("rate: 10, duration: '1s', preAllocatedVUs: 3"),
        "import exec from 'k6/execution'; const seen = new Counter('seen'), wrong = new Counter('wrong');\n"
        "export default function () { const s = exec.scenario; seen.add(s.iterationInTest);\n"
        " if (s.name !== 's' || s.executor !== 'constant-arrival-rate' || !(s.progress >= 0 && s.progress <= 1)"
        " || !(exec.instance.vusActive >= 1 && exec.instance.vusActive <= 3)) wrong.add(1) }",
        BR_EXIT_OK);
    assert_true(run_sum(&r, "seen") == 55);
    assert_true(run_sum(&r, "wrong") == 0);
    run_deinit(&r);
}

/* A VU that waits out the least length is busy. */
static void the_least_length_keeps_vus_busy(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_exits(&r,
        "{ minIterationDuration: '450ms', scenarios: { s: { executor: 'constant-arrival-rate', rate: 10, "
        "duration: '1s', preAllocatedVUs: 1 } } }",
        "export default function () {}", BR_EXIT_OK);
    assert_in_range(run_sum(&r, "iterations"), 2, 3); /* 2: a stall of 50 ms */
    assert_true(run_sum(&r, "iterations") + run_sum(&r, "dropped_iterations") == 11);
    run_deinit(&r);
}

static void aborts_end_it(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_exits(&r, OPEN("rate: 10, duration: '30s', preAllocatedVUs: 1, maxVUs: 50"),
        "import exec from 'k6/execution'; export default function () { if (exec.scenario.iterationInTest === 3) "
        "exec.test.abort('enough'); sleep(20) }",
        BR_EXIT_ABORTED);
    assert_in_range(r.took, 0, 10 * BR_SEC);
    run_deinit(&r);
}

/* Two instances that each run a half make the whole between them, each start once. */
static void segments_share_a_test(void **state)
{
    (void) state;
    static const char body[] =
        "import exec from 'k6/execution'; const ids = new Counter('ids'), vus = new Trend('vus_seen');\n"
        "export default function () { ids.add(exec.scenario.iterationInTest); vus.add(exec.vu.idInTest) }";
    static const char *const segments[] = {"0:1/3", "1/3:1"};
    double iterations = 0, dropped = 0, ids = 0;
    for (int i = 0; i < 2; i++) {
        char options[500];
        run r;
        run_init(&r, NULL, 0);
        snprintf(options, sizeof(options),
            "{ executionSegment: '%s', executionSegmentSequence: '0,1/3,1', scenarios: {"
            " a: { executor: 'constant-arrival-rate', rate: 60, duration: '1s', preAllocatedVUs: 9 },"
            " b: { executor: 'constant-arrival-rate', rate: 60, duration: '1s', preAllocatedVUs: 1 },"
            " c: { executor: 'shared-iterations', vus: 3, iterations: 20 },"
            " d: { executor: 'per-vu-iterations', vus: 3, iterations: 2 } } }",
            segments[i]);
        run_exits(&r, options, body, BR_EXIT_OK);
        assert_int_equal(r.result->scenario_count, i == 0 ? 3 : 4); /* b has one VU, which is the second's */
        iterations += run_sum(&r, "iterations");
        dropped += run_sum(&r, "dropped_iterations"); /* on a machine that stands still for a while */
        ids += run_sum(&r, "ids");
        assert_true(run_metric(&r, "vus_seen")->sink.max <= 16);
        run_deinit(&r);
    }
    assert_true(iterations + dropped == 61 + 61 + 20 + 6);
    if (dropped == 0) assert_true(ids == 1830 + 1830 + 190 + 15);
}

/* The probe's requests are counted with all others, and once more in slices of its own. */
static void a_probe_has_slices_of_its_own(void **state)
{
    (void) state;
    run r;
    run_init(&r, &hello, 1);
    r.probe = BR_STR("probe");
    run_exits(&r,
        "{ scenarios: { probe: { executor: 'constant-arrival-rate', exec: 'ask', rate: 40, duration: '2s', "
        "preAllocatedVUs: 10 }, load: { executor: 'per-vu-iterations', vus: 1, iterations: 30 } } }",
        "export function ask() { http.get(base) }\nexport default function () { http.get(base); http.get(base) }",
        BR_EXIT_OK);
    assert_true(br_str_is(r.result->probe, "probe"));
    uint64_t all = 0, probed = 0, timed = 0;
    for (size_t i = 0; i < r.result->slice_count; i++)
        all += r.result->slices[i].requests;
    for (size_t i = 0; i < r.result->probe_slice_count; i++) {
        const br_slice *s = &r.result->probe_slices[i];
        probed += s->requests;
        timed += s->latency_us.total;
        assert_int_equal(s->iterations, s->requests);
        assert_int_equal(s->failed, 0);
    }
    assert_int_equal(all, 81 + 60);
    assert_int_equal(probed, 81);
    assert_int_equal(timed, 81);
    assert_int_equal(r.result->probe_slice_count, r.result->slice_count);
    assert_true(br_clock_now() - r.result->started_clock > 2 * BR_SEC);
    run_deinit(&r);
}

int main(int argc, char **argv)
{
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iterations_follow_the_rate),
        cmocka_unit_test(stages_of_rates),
        cmocka_unit_test(vus_are_added_while_needed),
        cmocka_unit_test(added_vus_are_used_again),
        cmocka_unit_test(slices_count_starts),
        cmocka_unit_test(init_code_of_added_vus_may_fail),
        cmocka_unit_test(scripts_see_the_scenario),
        cmocka_unit_test(the_least_length_keeps_vus_busy),
        cmocka_unit_test(aborts_end_it),
        cmocka_unit_test(segments_share_a_test),
        cmocka_unit_test(a_probe_has_slices_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
