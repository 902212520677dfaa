/* Runs that are stopped: thresholds, exceptions in setup and teardown, time-outs, signals; and handleSummary.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include "env.h"

/* Thresholds --------------------------------------------------------------------------------------- */

static void thresholds_decide_the_exit_code(void **state)
{
    (void) state;
    static const char body[] =
        "const n = new Counter('my_n'); export default function () { n.add(1); check(1, { a: true, b: false }) }";
    run r;
    run_init(&r, NULL, 0);
    run_exits(&r,
        "{ iterations: 3, thresholds: { my_n: ['count==3', 'count<4'], checks: ['rate>=0.5'], iteration_duration: ['p(95)<5000'] } }",
        body, BR_EXIT_OK);
    run_exits(&r, "{ iterations: 3, thresholds: { my_n: ['count==3', 'count>4'], checks: ['rate>0.5'] } }",
        body, BR_EXIT_THRESHOLDS);
    assert_true(run_logged(&r, "thresholds on metrics 'checks, my_n' have been crossed"));
    const br_result_metric *n = run_metric(&r, "my_n");
    assert_int_equal(n->threshold_count, 2);
    assert_true(n->thresholds[0].ok && !n->thresholds[1].ok);
    assert_int_equal(r.result->end, BR_RUN_COMPLETE);
    /* No sample at all: a counter is 0, a rate passes. */
    run_exits(&r,
        "{ iterations: 1, thresholds: { 'my_n{a:b}': ['count<1'], http_req_failed: ['rate<0.01'] } }", body,
        BR_EXIT_OK);
    run_exits(&r, "{ iterations: 1, thresholds: { 'my_n{a:b}': ['count>0'] } }", body, BR_EXIT_THRESHOLDS);
    run_deinit(&r);
}

static void a_threshold_may_abort(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_exits(&r,
        "{ vus: 2, duration: '30s', thresholds: { checks: [{ threshold: 'rate>0.9', abortOnFail: true }] } }",
        "const left = new Counter('left'); export default function () { check(1, { a: false }); sleep(0.1) }\nexport function teardown() { left.add(1) }",
        BR_EXIT_THRESHOLDS);
    assert_in_range(r.took, BR_SEC, 6000 * BR_MS);
    assert_int_equal(r.result->end, BR_RUN_THRESHOLD);
    assert_true(run_logged(&r, "at least one has abortOnFail enabled, stopping test prematurely"));
    assert_true(run_sum(&r, "left") == 1);
    run_deinit(&r);
}

static void bad_thresholds_are_refused(void **state)
{
    (void) state;
    static const char *const bad[][2] = {{"{\"nope\": [\"count>1\"]}", "no metric name \"nope\" found"},
        {"{\"http_reqs\": [\"p(95)<1\"]}", "http_reqs"}, {"{\"http_reqs\": [\"count ~ 1\"]}", "count ~ 1"},
        {"{\"http_reqs{a\": [\"count>1\"]}", "http_reqs{a"},
        {"{\"http_reqs{a:}\": []}", "metric \"a:\" tag expression is malformed"}};
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        br_err err = {0};
        br_options *o = NULL;
        br_metrics *m = br_metrics_new();
        json_t *j = json_pack("{s:o}", "thresholds", json_loads(bad[i][0], 0, NULL));
        br_options_source source = {.what = "script", .json = j};
        assert_int_equal(br_options_build(&source, 1, &o, &err), BR_OK);
        if (br_run_register_thresholds(o, m, true, &err) == BR_OK || strstr(err.msg, bad[i][1]) == NULL)
            fail_msg("%s: %s", bad[i][0], err.msg);
        assert_int_equal(br_run_register_thresholds(o, m, false, &err), BR_OK);
        br_options_free(o);
        br_metrics_free(m);
        json_decref(j);
    }
}

/* setup() and teardown() ----------------------------------------------------------------------------- */

static void an_exception_in_setup_ends_the_run(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_exits(&r, "{ iterations: 3 }",
        "export function setup() { throw new Error('no setup') }\nexport default function () { console.log('iterated') }\nexport function teardown() { console.log('torn') }",
        BR_EXIT_EXCEPTION);
    assert_int_equal(r.result->iterations_complete, 0);
    assert_true(run_logged(&r, "level=error msg=\"Error: no setup\\n\\tat setup (file://"));
    assert_true(run_logged(&r, "hint=\"script exception\""));
    assert_false(run_logged(&r, "iterated"));
    assert_false(run_logged(&r, "torn"));
    run_exits(&r, "{}",
        "export async function setup() { await null; throw new Error('late') }\nexport default function () {}",
        BR_EXIT_EXCEPTION);
    run_exits(&r, "{}",
        "export function setup() { let a = 1; for (let i = 0; i < 5000; i++) a = [a]; return a }\nexport default function () {}",
        BR_EXIT_OTHER);
    run_exits(&r, "{}", "export function setup() { return { f() {} } }\nexport default function () {}",
        BR_EXIT_OTHER);
    run_exits(&r, "{}",
        "export function teardown() { throw new Error('end') }\nexport default function () {}",
        BR_EXIT_EXCEPTION);
    assert_int_equal(r.result->iterations_complete, 1);
    run_deinit(&r);
}

static void setup_has_a_time_limit(void **state)
{
    (void) state;
    static const char *const bodies[] = {"sleep(60)", "while (true) {}",
        "for (;;) { try { sleep(1) } catch (e) {} }",
        "Promise.resolve().then(function f() { return Promise.resolve().then(f) })"};
    run r;
    run_init(&r, NULL, 0);
    for (size_t i = 0; i < BR_COUNT_OF(bodies); i++) {
        char body[300];
        snprintf(
            body, sizeof(body), "export function setup() { %s }\nexport default function () {}", bodies[i]);
        run_exits(&r, "{ setupTimeout: '200ms' }", body, BR_EXIT_SETUP_TIMEOUT);
        assert_in_range(r.took, 150 * BR_MS, 4000 * BR_MS);
        assert_int_equal(r.result->iterations_complete, 0);
    }
    assert_true(run_logged(&r, "setup() execution timed out after"));
    assert_true(run_logged(&r, "hint=\"You can increase the time limit via the setupTimeout option\""));
    run_exits(&r, "{ teardownTimeout: '200ms' }",
        "export function teardown() { sleep(60) }\nexport default function () {}", BR_EXIT_TEARDOWN_TIMEOUT);
    run_deinit(&r);
}

static void init_code_may_throw_in_one_user_only(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_script(&r, "{ vus: 4, iterations: 4 }",
        "if (__VU === 3) throw new Error('third'); export default function () {}");
    assert_int_equal(r.code, BR_EEXCEPTION);
    assert_non_null(strstr(r.err.msg, "Error: third"));
    assert_null(r.result);
    run_deinit(&r);
}

static void users_that_recurse_in_setup(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_exits(&r, "{ vus: 2, iterations: 2 }",
        "(function f() { try { f() } catch (e) {} })();\nexport function setup() { (function f() { f() })() }\nexport default function () {}",
        BR_EXIT_EXCEPTION);
    run_exits(&r, "{ vus: 2, iterations: 2 }", "export default function () { (function f() { f() })() }",
        BR_EXIT_OK);
    assert_true(run_logged(&r, "call stack"));
    run_deinit(&r);
}

/* Signals ------------------------------------------------------------------------------------------ */

static void *interrupt_soon(void *arg)
{
    usleep((useconds_t) * (int *) arg * 1000);
    kill(getpid(), SIGINT);
    return NULL;
}

static void run_interrupted(
    run *r, int after_ms, const char *options, const char *body, br_exit_code exit_code)
{
    pthread_t thread;
    sigset_t set, old; /* as in the program, where no thread but the run's takes it */
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, &old);
    pthread_create(&thread, NULL, interrupt_soon, &after_ms);
    run_exits(r, options, body, exit_code);
    pthread_join(thread, NULL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void a_signal_stops_the_run_with_its_result(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_interrupted(&r, 300, "{ vus: 3, duration: '30s' }",
        "const left = new Counter('left'); export default function () { sleep(__VU === 1 ? 60 : 0.05) }\nexport function teardown() { left.add(1) }",
        BR_EXIT_INTERRUPTED);
    assert_in_range(r.took, 250 * BR_MS, 4000 * BR_MS);
    assert_int_equal(r.result->end, BR_RUN_INTERRUPTED);
    assert_in_range(r.result->iterations_complete, 4, 14);
    assert_in_range(r.result->iterations_interrupted, 1, 3);
    assert_true(run_sum(&r, "left") == 1);
    assert_true(run_logged(&r, "received a"));
    run_interrupted(&r, 300, "{ vus: 2, duration: '30s' }", "export default function () { while (true) {} }",
        BR_EXIT_INTERRUPTED);
    assert_in_range(r.took, 250 * BR_MS, 4000 * BR_MS);
    assert_int_equal(r.result->iterations_interrupted, 2);
    run_deinit(&r);
}

static void a_signal_stops_setup(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_interrupted(&r, 200, "{}",
        "export function setup() { sleep(60) }\nexport default function () { console.log('iterated') }",
        BR_EXIT_INTERRUPTED);
    assert_in_range(r.took, 150 * BR_MS, 4000 * BR_MS);
    assert_false(run_logged(&r, "iterated"));
    run_deinit(&r);
}

static void a_signal_stops_the_making_of_users(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_interrupted(&r, 150, "{ vus: 40, duration: '5s' }",
        "if (__VU) { const end = Date.now() + 50; while (Date.now() < end) {} }\nexport default function () { console.log('iterated') }",
        BR_EXIT_INTERRUPTED);
    assert_true(r.took < BR_SEC);
    assert_false(run_logged(&r, "iterated"));
    run_deinit(&r);
}

static void a_signal_stops_the_making_of_users_of_rates(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    run_interrupted(&r, 150,
        "{ scenarios: { s: { executor: 'constant-arrival-rate', rate: 1, duration: '5s', preAllocatedVUs: 40 } } }",
        "if (__VU) { const end = Date.now() + 50; while (Date.now() < end) {} }\nexport default function () { console.log('iterated') }",
        BR_EXIT_INTERRUPTED);
    assert_true(r.took < BR_SEC);
    assert_false(run_logged(&r, "iterated"));
    run_deinit(&r);
}

static bool always(void)
{
    return true;
}

/* A signal that came before the run took signals over is not lost. */
static void a_run_may_begin_interrupted(void **state)
{
    (void) state;
    run r;
    run_init(&r, NULL, 0);
    r.interrupted = always;
    run_exits(&r, "{ vus: 2, duration: '30s' }", "export default function () { console.log('iterated') }",
        BR_EXIT_INTERRUPTED);
    assert_int_equal(r.result->end, BR_RUN_INTERRUPTED);
    assert_true(r.took < 5 * BR_SEC);
    assert_false(run_logged(&r, "iterated"));
    run_deinit(&r);
}

/* handleSummary() ---------------------------------------------------------------------------------- */

static void on_entry(void *ctx, br_str key, br_str content)
{
    char *out = ctx;
    snprintf(out + strlen(out), 200, BR_FMT "=" BR_FMT ";", BR_ARG(key), BR_ARG(content));
}

static void summaries_come_from_the_script(void **state)
{
    (void) state;
    char entries[400] = "";
    run r;
    run_init(&r, NULL, 0);
    run_exits(&r, "{}",
        "export default function () {}\nexport function handleSummary(d) { return { stdout: 'got ' + d.n } }",
        BR_EXIT_OK);
    assert_int_equal(br_run_handle_summary(&r.config, BR_STR("{\"n\":3}"), on_entry, entries, &r.err), BR_OK);
    assert_string_equal(entries, "stdout=got 3;");
    run_exits(&r, "{}", "export default function () {}", BR_EXIT_OK);
    assert_int_equal(br_run_handle_summary(&r.config, BR_STR("{}"), on_entry, entries, &r.err), BR_ENOTFOUND);
    run_exits(&r, "{ handleSummaryTimeout: '150ms' }",
        "export default function () {}\nexport function handleSummary(d) { while (true) {} }", BR_EXIT_OK);
    assert_int_equal(br_run_handle_summary(&r.config, BR_STR("{}"), on_entry, entries, &r.err), BR_ETIMEOUT);
    assert_non_null(strstr(r.err.msg, "handleSummary() execution timed out"));
    run_exits(&r, "{}",
        "export default function () {}\nexport function handleSummary(d) { http.get('http://127.0.0.1:1/'); throw new Error('in summary') }",
        BR_EXIT_OK);
    assert_int_equal(
        br_run_handle_summary(&r.config, BR_STR("{}"), on_entry, entries, &r.err), BR_EEXCEPTION);
    run_deinit(&r);
}

typedef struct question {
    int asked;
    double requests;
    br_ns duration;
} question;

static bool decide(void *ctx, const br_run_result *so_far, char *reason, size_t reason_size)
{
    question *q = ctx;
    const br_result_metric *m = br_run_result_find(so_far, BR_STR("my_n"));
    q->requests = m ? m->sink.sum : 0;
    q->duration = so_far->duration;
    snprintf(reason, reason_size, "everything is known");
    return ++q->asked == 2;
}

static void a_decided_run_ends_early(void **state)
{
    (void) state;
    question q = {0};
    run r;
    run_init(&r, NULL, 0);
    r.decide = decide;
    r.decide_ctx = &q;
    run_exits(&r, "{ vus: 2, duration: '30s' }",
        "const n = new Counter('my_n'); export default function () { n.add(1); sleep(0.05) }", BR_EXIT_OK);
    assert_int_equal(q.asked, 2);
    assert_in_range(r.took, 2 * BR_SEC, 8 * BR_SEC);
    assert_in_range(q.duration, 2 * BR_SEC, 8 * BR_SEC);
    assert_true(q.requests > 10 && q.requests <= run_sum(&r, "my_n"));
    assert_int_equal(r.result->end, BR_RUN_DECIDED);
    assert_true(br_str_is(r.result->end_reason, "everything is known"));
    run_deinit(&r);
}

int main(int argc, char **argv)
{
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thresholds_decide_the_exit_code),
        cmocka_unit_test(a_threshold_may_abort),
        cmocka_unit_test(bad_thresholds_are_refused),
        cmocka_unit_test(an_exception_in_setup_ends_the_run),
        cmocka_unit_test(setup_has_a_time_limit),
        cmocka_unit_test(init_code_may_throw_in_one_user_only),
        cmocka_unit_test(users_that_recurse_in_setup),
        cmocka_unit_test(a_signal_stops_the_run_with_its_result),
        cmocka_unit_test(a_signal_stops_setup),
        cmocka_unit_test(a_signal_stops_the_making_of_users),
        cmocka_unit_test(a_signal_stops_the_making_of_users_of_rates),
        cmocka_unit_test(a_run_may_begin_interrupted),
        cmocka_unit_test(summaries_come_from_the_script),
        cmocka_unit_test(a_decided_run_ends_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
