/* Whole runs that end by themselves: counts, order of life, data, dropped iterations, results. */
#include <stdio.h>
#include "env.h"

static const mini_script hello = {
    .steps = {{.op = MINI_REQUEST},
        {.op = MINI_SEND, .text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"}, {.op = MINI_AGAIN}}};

static void one_iteration_by_default(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_exits(&r, "{}", "export default function () {}", BR_EXIT_OK);
    assert_int_equal(r.result->iterations_complete, 1);
    assert_int_equal(r.result->iterations_interrupted, 0);
    assert_int_equal(r.result->vus_max, 1);
    assert_int_equal(r.result->worker_count, 1); /* not more than users */
    assert_int_equal(r.result->end, BR_RUN_COMPLETE);
    assert_true(run_sum(&r, "iterations") == 1);
    assert_int_equal(run_metric(&r, "iteration_duration")->sink.count, 1);
    assert_int_equal(run_metric(&r, "data_sent")->sink.count, 1);
    assert_true(r.took < BR_SEC);
    run_deinit(&r);
}

static void constant_vus_run_for_the_time(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_exits(&r, "{ vus: 3, duration: '1s' }", "export default function () { sleep(0.1) }", BR_EXIT_OK);
    assert_in_range(r.result->iterations_complete, 20, 33);
    assert_int_equal(r.result->iterations_interrupted, 0);
    assert_in_range(r.result->duration, BR_SEC, 3000 * BR_MS);
    assert_int_equal(r.result->vus_max, 3);
    assert_int_equal(r.result->worker_count, 2);
    assert_true(run_metric(&r, "iteration_duration")->sink.min >= 100);
    run_deinit(&r);
}

static void shared_iterations_are_exact(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    for (uint32_t workers = 1; workers <= 3; workers++) {
        r.workers = workers;
        run_exits(&r, "{ scenarios: { s: { executor: 'shared-iterations', vus: 7, iterations: 5000 } } }",
            "const n = new Counter('my_n'), seen = new Trend('seen'); export default function () { n.add(1); seen.add(__ITER) }",
            BR_EXIT_OK);
        assert_int_equal(r.result->iterations_complete, 5000);
        assert_true(run_sum(&r, "my_n") == 5000);
        assert_true(run_sum(&r, "iterations") == 5000);
        assert_null(run_metric(&r, "dropped_iterations"));
    }
    run_deinit(&r);
}

/* Each finds a virtual user on the worker that its share of the plan is on. */
static void many_scenarios_at_once(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    r.workers = 3;
    run_exits(&r,
        "{ scenarios: Object.fromEntries([...Array(200).keys()].map((i) => ['s' + i,"
        "{ executor: ['shared-iterations', 'per-vu-iterations'][i % 2], iterations: 1 }])) }",
        "export default function () {}", BR_EXIT_OK);
    assert_int_equal(r.result->iterations_complete, 200);
    run_deinit(&r);
}

static void each_user_makes_its_iterations(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_exits(&r, "{ scenarios: { s: { executor: 'per-vu-iterations', vus: 5, iterations: 3 } } }",
        "const last = new Trend('last'), who = new Trend('who'); export default function () { who.add(__VU); last.add(__ITER) }",
        BR_EXIT_OK);
    assert_int_equal(r.result->iterations_complete, 15);
    assert_true(run_metric(&r, "last")->sink.max == 2);
    assert_true(run_sum(&r, "last") == 15);
    assert_true(
        run_sum(&r, "who") == 3 * (1 + 2 + 3 + 4 + 5)); /* the numbers 1 to 5, whatever worker they are on */
    run_deinit(&r);
}

static void ramping_vus_follow_the_stages(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    /* 0 -> 4 in 0.8 s: user v begins at 0.2 v; all go on to 1.2 s: 1 + 0.8 + 0.6 + 0.4 s of users' time. */
    run_exits(&r,
        "{ scenarios: { s: { executor: 'ramping-vus', startVUs: 0, stages: [{ duration: '800ms', target: 4 }, { duration: '400ms', target: 4 }] } } }",
        "export default function () { sleep(0.02) }", BR_EXIT_OK);
    assert_in_range(r.result->iterations_complete, 80, 145);
    assert_in_range(r.result->duration, 1200 * BR_MS, 3500 * BR_MS);
    assert_int_equal(r.result->vus_max, 4);
    run_deinit(&r);
}

/* A user that stopped and is wanted again later; what it waits for is not its old deadline. */
static void ramping_vus_come_back(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    r.workers = 1;
    run_exits(&r,
        "{ scenarios: { s: { executor: 'ramping-vus', startVUs: 1, gracefulRampDown: '100ms', stages: [{ duration: '200ms', target: 1 }, { duration: 0, target: 0 },"
        " { duration: '700ms', target: 0 }, { duration: 0, target: 1 }, { duration: '200ms', target: 1 }] },"
        " tick: { executor: 'constant-vus', vus: 1, duration: '1100ms', exec: 'tick' } } }",
        "const t = new Counter('ticks'); export default function () { sleep(0.05) }\nexport function tick() { t.add(1); sleep(0.01) }",
        BR_EXIT_OK);
    assert_in_range(r.result->iterations_complete, 60, 125);
    assert_true(run_sum(&r, "ticks") > 50); /* the other scenario got on all the time */
    assert_true(r.result->workers[0].cpu_share < 0.6);
    run_deinit(&r);
}

static void scenarios_follow_each_other(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    r.workers = 1;
    /* Each begins at the very instant at which the former is interrupted. */
    run_exits(&r,
        "{ scenarios: { a: { executor: 'constant-vus', vus: 2, duration: '1s', gracefulStop: '0s' },"
        " b: { executor: 'constant-vus', vus: 2, startTime: '1s', duration: '1s', gracefulStop: '0s', tags: { my: 'tag' } } }, thresholds: { 'my_n{scenario:a}': [], 'my_n{scenario:b}': [], 'my_n{my:tag}': [] } }",
        "const n = new Counter('my_n'); export default function () { n.add(1); sleep(60) }", BR_EXIT_OK);
    assert_int_equal(r.result->iterations_complete, 0);
    assert_int_equal(r.result->iterations_interrupted, 4);
    assert_int_equal(r.result->vus_max, 2);
    assert_true(run_sum(&r, "my_n{scenario:a}") == 2 && run_sum(&r, "my_n{scenario:b}") == 2 &&
                run_sum(&r, "my_n{my:tag}") == 2);
    assert_true(run_logged(&r, "No script iterations fully finished"));
    assert_int_equal(r.result->scenario_count, 2);
    run_deinit(&r);
}

/* setup() and teardown() --------------------------------------------------------------------------- */

static void life_has_an_order(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_exits(&r, "{ vus: 2, iterations: 6 }",
        "const order = new Trend('order'), sum = new Trend('sum');\n"
        "export function setup() { order.add(1); sleep(0.02); return { n: 40, list: [1, 2] } }\n"
        "export default function (d) { order.add(2); sum.add(d.n + d.list.length); d.n = 0; }\n"
        "export function teardown(d) { order.add(3); sum.add(d.n * 100); console.log(JSON.stringify(d)) }",
        BR_EXIT_OK);
    assert_int_equal(run_metric(&r, "order")->sink.count, 8);
    assert_true(run_metric(&r, "sum")->sink.max == 4000); /* teardown has a copy of its own */
    assert_true(run_sum(&r, "sum") >= 4000 + 42);         /* and in each user the first iteration saw 40 */
    assert_true(br_str_is(r.result->setup_data_json, "{\"list\":[1,2],\"n\":40}"));
    assert_int_equal(run_metric(&r, "data_sent")->sink.count, 6 + 2);
    run_deinit(&r);
}

static void setup_may_be_left_out(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_exits(&r, "{ noSetup: true, noTeardown: true }",
        "export function setup() { throw new Error('s') }\nexport function teardown() { throw new Error('t') }\n"
        "export default function (d) { if (d !== undefined) throw new Error('data') }",
        BR_EXIT_OK);
    assert_false(run_logged(&r, "Error"));
    run_deinit(&r);
}

static void iterations_that_throw_count(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_exits(&r, "{ iterations: 4 }", "export default function () { fail('no luck') }", BR_EXIT_OK);
    assert_int_equal(r.result->iterations_complete, 4);
    assert_true(run_logged(&r, "level=error msg=\"GoError: no luck\\n\\tat default (file://"));
    assert_true(run_logged(&r, "executor=shared-iterations"));
    assert_true(run_logged(&r, "hint=\"script exception\""));
    assert_true(run_logged(&r, "scenario=default source=stacktrace"));
    run_deinit(&r);
}

/* Time --------------------------------------------------------------------------------------------- */

static void drops_what_there_was_no_time_for(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_exits(&r,
        "{ scenarios: { s: { executor: 'shared-iterations', vus: 2, iterations: 100, maxDuration: '1s' } } }",
        "export default function () { sleep(0.4) }", BR_EXIT_OK);
    assert_int_equal(r.result->iterations_complete, 6); /* the last ones finish in gracefulStop */
    assert_true(run_sum(&r, "dropped_iterations") == 94);
    run_exits(&r,
        "{ scenarios: { s: { executor: 'per-vu-iterations', vus: 2, iterations: 10, maxDuration: '1s' } } }",
        "export default function () { sleep(0.4) }", BR_EXIT_OK);
    assert_int_equal(r.result->iterations_complete, 6);
    assert_true(run_sum(&r, "dropped_iterations") == 14);
    run_deinit(&r);
}

static void graceful_stop_lets_finish_or_not(void **state)
{
    (void) state;
    static const char body[] =
        "let after = 0; const done = new Counter('done'); export default function () { try { sleep(1.3); done.add(1) } finally { after++ } }";
    run r;
    run_init(&r, NULL, 0);
    run_exits(&r,
        "{ scenarios: { s: { executor: 'constant-vus', vus: 2, duration: '1s', gracefulStop: '2s' } } }",
        body, BR_EXIT_OK);
    assert_int_equal(r.result->iterations_complete, 2);
    assert_int_equal(r.result->iterations_interrupted, 0);
    assert_true(run_sum(&r, "done") == 2);
    assert_in_range(r.took, 1300 * BR_MS, 3300 * BR_MS);
    run_exits(&r,
        "{ scenarios: { s: { executor: 'constant-vus', vus: 2, duration: '1s', gracefulStop: '0s' } } }",
        body, BR_EXIT_OK);
    assert_int_equal(r.result->iterations_complete, 0);
    assert_int_equal(r.result->iterations_interrupted, 2);
    assert_null(run_metric(&r, "done"));
    assert_null(run_metric(&r, "iterations"));
    assert_int_equal(run_metric(&r, "data_sent")->sink.count, 2); /* interrupted ones too */
    assert_in_range(r.took, BR_SEC, 2500 * BR_MS); /* the counts above say that nothing was waited for */
    run_deinit(&r);
}

static void iterations_have_a_least_length(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_exits(
        &r, "{ iterations: 3, minIterationDuration: '150ms' }", "export default function () {}", BR_EXIT_OK);
    assert_in_range(r.took, 300 * BR_MS, 3000 * BR_MS);
    assert_true(run_metric(&r, "iteration_duration")->sink.max < 100); /* the padding is not counted */
    run_deinit(&r);
}

/* Results ------------------------------------------------------------------------------------------ */

static void results_have_requests_groups_and_slices(void **state)
{
    (void) state;
    run r;
    run_init(&r, &hello, 1);
    run_exits(&r,
        "{ vus: 2, duration: '2s', thresholds: { 'http_reqs{name:one}': ['count>0'], 'http_req_duration{nope:x}': [] } }",
        "export default function () { group('g', () => { const a = http.get(base + '/a', { tags: { name: 'one' } }); check(a, { ok: (r) => r.status === 200, bad: (r) => r.status === 1 });\n"
        " group('inner', () => http.post(base + '/b', 'x')) }); check(1, { outside: true }); sleep(0.1) }",
        BR_EXIT_OK);
    double n = run_sum(&r, "iterations");
    assert_true(n >= 20 && n <= 40);
    assert_true(run_sum(&r, "http_reqs") == 2 * n);
    assert_true(run_sum(&r, "http_reqs{name:one}") == n);
    assert_non_null(run_metric(&r, "http_req_duration{expected_response:true}"));
    assert_non_null(
        run_metric(&r, "http_req_duration{nope:x}")); /* named by the script: shown though empty */
    assert_int_equal(run_metric(&r, "group_duration")->sink.count, (int) (2 * n));
    assert_int_equal(run_metric(&r, "checks")->sink.nonzero, (int) (2 * n));
    const br_group *root = r.result->root_group;
    assert_int_equal(root->groups.len, 1);
    assert_true(br_str_is(root->groups.data[0]->path, "::g"));
    assert_true(br_str_is(root->groups.data[0]->groups.data[0]->path, "::g::inner"));
    assert_int_equal(root->groups.data[0]->checks.data[0]->passes, (int) n);
    assert_int_equal(root->groups.data[0]->checks.data[1]->fails, (int) n);
    assert_true(br_str_is(root->checks.data[0]->name, "outside"));
    assert_int_equal(r.result->endpoint_count, 2);
    assert_int_equal(r.result->endpoints[0].requests, (int) n);
    uint64_t requests = 0;
    for (size_t i = 0; i < r.result->slice_count; i++)
        requests += r.result->slices[i].requests;
    assert_int_equal(requests, (int) (2 * n));
    assert_in_range(r.result->slice_count, 2, 4);
    assert_true(r.result->slices[0].vus >= 1);
    const br_result_metric *vus = run_metric(&r, "vus");
    assert_non_null(vus);
    assert_true(vus->sink.max == 2);
    run_deinit(&r);
}

static void a_target_that_is_down_is_data(void **state)
{
    (void) state;
    int fd;
    run r;
    run_init(&r, NULL, 0);
    snprintf(r.base, sizeof(r.base), "http://127.0.0.1:%u/", mini_closed_port(&fd));
    run_exits(&r, "{ vus: 2, iterations: 10 }",
        "export default function () { const r = http.get(base); check(r, { refused: (r) => r.error_code === 1212 }) }",
        BR_EXIT_OK);
    assert_int_equal(run_metric(&r, "http_req_failed")->sink.nonzero, 10);
    assert_int_equal(run_metric(&r, "checks")->sink.nonzero, 10);
    assert_int_equal(r.result->endpoints[0].failed, 10);
    run_deinit(&r);
    mini_closed_port_free(fd);
}

typedef struct statuses {
    int count, running;
    int64_t most_active, had;
    uint64_t shared_most;
    br_run_phase last;
} statuses;

static void on_status(void *ctx, const br_run_status *s)
{
    statuses *all = ctx;
    all->count++;
    all->running += s->phase == BR_RUN_RUNNING;
    all->last = s->phase;
    if (s->vus_active > all->most_active) all->most_active = s->vus_active;
    all->had = s->scenarios[0].vus_had;
    if (s->scenarios[0].iterations > all->shared_most) all->shared_most = s->scenarios[0].iterations;
}

static void tells_how_it_stands(void **state)
{
    (void) state;
    statuses all = {0};
    run r;
    run_init(&r, NULL, 0);
    r.on_status = on_status;
    r.status_ctx = &all;
    run_exits(&r, "{ vus: 4, iterations: 20 }", "export default function () { sleep(0.05) }", BR_EXIT_OK);
    assert_in_range(all.running, 5, 40);
    assert_int_equal(all.most_active, 4);
    assert_int_equal(all.shared_most, 20); /* never "24 of 20" */
    assert_int_equal(all.last, BR_RUN_DONE);
    run_deinit(&r);
    run_init(&r, NULL, 0);
    r.on_status = on_status;
    r.status_ctx = &all;
    run_exits(&r,
        "{ scenarios: { s: { executor: 'constant-arrival-rate', rate: 10, duration: '1s', preAllocatedVUs: 3 } } }",
        "export default function () {}", BR_EXIT_OK);
    assert_int_equal(all.last, BR_RUN_DONE);
    assert_int_equal(all.had, 3); /* at the end, too, when they have been given back */
    run_deinit(&r);
}

int main(int argc, char **argv)
{
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_iteration_by_default),
        cmocka_unit_test(many_scenarios_at_once),
        cmocka_unit_test(constant_vus_run_for_the_time),
        cmocka_unit_test(shared_iterations_are_exact),
        cmocka_unit_test(each_user_makes_its_iterations),
        cmocka_unit_test(ramping_vus_follow_the_stages),
        cmocka_unit_test(ramping_vus_come_back),
        cmocka_unit_test(scenarios_follow_each_other),
        cmocka_unit_test(life_has_an_order),
        cmocka_unit_test(setup_may_be_left_out),
        cmocka_unit_test(iterations_that_throw_count),
        cmocka_unit_test(drops_what_there_was_no_time_for),
        cmocka_unit_test(graceful_stop_lets_finish_or_not),
        cmocka_unit_test(iterations_have_a_least_length),
        cmocka_unit_test(results_have_requests_groups_and_slices),
        cmocka_unit_test(a_target_that_is_down_is_data),
        cmocka_unit_test(tells_how_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
