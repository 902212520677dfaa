/* empire/workflow/: replay, retry pauses, and the service's workflows on the engine in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "empire/workflow/memory.h"
#include "empire/workflow/registry.h"

static const emp_activity_options options = {{3, BR_SEC, 2, 60 * BR_SEC}, 60 * BR_SEC, 30 * BR_SEC};

/* Replay ------------------------------------------------------------------------------------------ */

typedef struct fixture {
    emp_history history;
    br_arena arena;
    emp_decision decision;
    br_err err;
} fixture;

static void init(fixture *f)
{
    memset(f, 0, sizeof(*f));
    emp_history_init(&f->history);
    br_arena_init(&f->arena, 4096);
    (void) emp_history_add(&f->history,
        &(emp_event){.type = EMP_EV_STARTED, .at = 77, .kind = BR_STR("t"), .payload = BR_STR("{}")});
}

static void deinit(fixture *f)
{
    emp_history_deinit(&f->history);
    br_arena_deinit(&f->arena);
}

static int add(
    fixture *f, emp_event_type type, int ref, const char *name, const char *kind, const char *payload)
{
    return emp_history_add(&f->history, &(emp_event){.type = type,
                                            .ref = ref,
                                            .name = br_str_of(name),
                                            .kind = br_str_of(kind),
                                            .payload = br_str_of(payload)});
}

static br_code run(fixture *f, emp_workflow_fn code)
{
    br_arena_reset(&f->arena);
    return emp_decide(&f->history, code, &f->arena, &f->decision, &f->err);
}

static emp_wf_state ask(emp_wf *wf, const char *name, const char *input, br_str *ret)
{
    const emp_wf_activity_call call = {name, "kind", input, &options};
    return emp_wf_activity(wf, &call, ret);
}

/* Two in parallel, then a nap, then the end with what the first one gave. */
static void two_and_a_nap(emp_wf *wf)
{
    br_str first = BR_STR_NONE;
    emp_wf_state a = ask(wf, "a", "{}", &first), b = ask(wf, "b", "{}", NULL);
    if (a == EMP_WF_WAITING || b == EMP_WF_WAITING) return;
    if (emp_wf_timer(wf, "nap", 5 * BR_SEC) == EMP_WF_WAITING) return;
    if (b == EMP_WF_FAILED) {
        emp_wf_fail(wf, "b \"failed\"");
    } else {
        emp_wf_complete(wf, br_arena_cstr(emp_wf_arena(wf), first));
    }
}

static void new_requests_become_commands(void **state)
{
    (void) state;
    fixture f;
    init(&f);
    assert_int_equal(run(&f, two_and_a_nap), BR_OK);
    assert_int_equal(f.decision.count, 2);
    assert_int_equal(f.decision.commands[0].type, EMP_EV_ACTIVITY);
    assert_string_equal(f.decision.commands[0].name, "a");
    assert_string_equal(f.decision.commands[1].name, "b");
    assert_string_equal(f.decision.commands[1].kind, "kind");
    assert_int_equal(f.decision.commands[1].options.retry.max_attempts, 3);
    deinit(&f);
}

static void a_history_is_answered_step_by_step(void **state)
{
    (void) state;
    fixture f;
    init(&f);
    int b = add(&f, EMP_EV_ACTIVITY, 0, "b", "kind", "{}"); /* in another order than the code asks */
    int a = add(&f, EMP_EV_ACTIVITY, 0, "a", "kind", "{}");
    assert_int_equal(run(&f, two_and_a_nap), BR_OK);
    assert_int_equal(f.decision.count, 0);
    add(&f, EMP_EV_ACTIVITY_DONE, b, "b", "kind", "{\"from\":\"b\"}");
    assert_int_equal(run(&f, two_and_a_nap), BR_OK);
    assert_int_equal(f.decision.count, 0);
    add(&f, EMP_EV_ACTIVITY_DONE, a, "a", "kind", "{\"from\":\"a\"}");
    assert_int_equal(run(&f, two_and_a_nap), BR_OK);
    assert_int_equal(f.decision.count, 1);
    assert_int_equal(f.decision.commands[0].type, EMP_EV_TIMER);
    assert_true(f.decision.commands[0].delay == 5 * BR_SEC);
    int nap = add(&f, EMP_EV_TIMER, 0, "nap", NULL, NULL);
    assert_int_equal(run(&f, two_and_a_nap), BR_OK);
    assert_int_equal(f.decision.count, 0);
    add(&f, EMP_EV_TIMER_FIRED, nap, "nap", NULL, NULL);
    for (int again = 0; again < 2; again++) { /* as often as it is asked, the same */
        assert_int_equal(run(&f, two_and_a_nap), BR_OK);
        assert_int_equal(f.decision.count, 1);
        assert_int_equal(f.decision.commands[0].type, EMP_EV_COMPLETED);
        assert_string_equal(f.decision.commands[0].payload, "{\"from\":\"a\"}");
    }
    deinit(&f);
}

static void failures_reach_the_code(void **state)
{
    (void) state;
    const emp_event_type ends[] = {EMP_EV_ACTIVITY_FAILED, EMP_EV_ACTIVITY_TIMED_OUT};
    for (size_t i = 0; i < 2; i++) {
        fixture f;
        init(&f);
        int a = add(&f, EMP_EV_ACTIVITY, 0, "a", "kind", "{}"),
            b = add(&f, EMP_EV_ACTIVITY, 0, "b", "kind", "{}");
        int nap = add(&f, EMP_EV_TIMER, 0, "nap", NULL, NULL);
        add(&f, EMP_EV_ACTIVITY_DONE, a, "a", "kind", "{}");
        add(&f, ends[i], b, "b", "kind", "{\"message\":\"m\"}");
        add(&f, EMP_EV_TIMER_FIRED, nap, "nap", NULL, NULL);
        assert_int_equal(run(&f, two_and_a_nap), BR_OK);
        assert_int_equal(f.decision.commands[0].type, EMP_EV_FAILED);
        assert_string_equal(f.decision.commands[0].payload, "{\"message\":\"b \\\"failed\\\"\"}");
        deinit(&f);
    }
}

static void code_that_does_not_fit_is_refused(void **state)
{
    (void) state;
    static const struct {
        emp_event_type type;
        const char *name, *kind, *input, *why;
    } cases[] = {
        {EMP_EV_ACTIVITY, "a", "other", "{}", "is of type other"},
        {EMP_EV_ACTIVITY, "a", "kind", "{\"x\":1}", "another input"},
        {EMP_EV_ACTIVITY, "gone", "kind", "{}", "'gone' (event 2), the code does not ask"},
        {EMP_EV_TIMER, "a", NULL, NULL, "another kind of request"},
        {EMP_EV_TIMER, "nap", NULL, NULL, "the code does not ask"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        fixture f;
        init(&f);
        add(&f, cases[i].type, 0, cases[i].name, cases[i].kind, cases[i].input);
        assert_int_equal(run(&f, two_and_a_nap), BR_EPROTO);
        assert_non_null(strstr(f.err.msg, "NON_DETERMINISTIC"));
        assert_non_null(strstr(f.err.msg, cases[i].why));
        assert_int_equal(f.decision.count, 0); /* outputs are untouched */
        deinit(&f);
    }
}

static void a_cancellation_ends_the_run(void **state)
{
    (void) state;
    fixture f;
    init(&f);
    add(&f, EMP_EV_ACTIVITY, 0, "a", "kind", "{}");
    add(&f, EMP_EV_CANCEL_REQUESTED, 0, NULL, NULL, NULL);
    assert_int_equal(run(&f, two_and_a_nap), BR_OK);
    assert_int_equal(f.decision.count, 1);
    assert_int_equal(f.decision.commands[0].type, EMP_EV_CANCELLED);
    deinit(&f);
}

static void wait_for_go(emp_wf *wf)
{
    br_str payload;
    if (emp_wf_signal(wf, "go", &payload) == EMP_WF_DONE && emp_wf_started_at(wf) == 77)
        emp_wf_complete(wf, br_arena_cstr(emp_wf_arena(wf), payload));
}

static void signals_reach_the_code(void **state)
{
    (void) state;
    fixture f;
    init(&f);
    add(&f, EMP_EV_SIGNALLED, 0, "stay", NULL, "{}");
    assert_int_equal(run(&f, wait_for_go), BR_OK);
    assert_int_equal(f.decision.count, 0);
    add(&f, EMP_EV_SIGNALLED, 0, "go", NULL, "{\"n\":1}");
    assert_int_equal(run(&f, wait_for_go), BR_OK);
    assert_string_equal(f.decision.commands[0].payload, "{\"n\":1}");
    deinit(&f);
}

static void asks_too_much(emp_wf *wf)
{
    for (int i = 0; i <= EMP_COMMANDS_MAX; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%d", i);
        (void) ask(wf, name, "{}", NULL);
    }
}

static void commands_are_limited(void **state)
{
    (void) state;
    fixture f;
    init(&f);
    assert_int_equal(run(&f, asks_too_much), BR_ELIMIT);
    deinit(&f);
    emp_history_init(&f.history);
    br_arena_init(&f.arena, 4096);
    assert_int_equal(run(&f, two_and_a_nap), BR_EINVAL); /* no start */
    deinit(&f);
}

/* Retry ------------------------------------------------------------------------------------------- */

static void pauses_grow_up_to_their_limit(void **state)
{
    (void) state;
    const emp_retry_policy p = {10, BR_SEC, 2, 60 * BR_SEC}, flat = {10, BR_SEC, 1, 60 * BR_SEC};
    const int seconds[] = {1, 2, 4, 8, 16, 32, 60, 60};
    for (int i = 0; i < 8; i++) {
        assert_true(emp_retry_delay(&p, i + 1) == seconds[i] * BR_SEC);
        assert_true(emp_retry_delay(&flat, i + 1) == BR_SEC);
    }
    assert_true(emp_retry_delay(&p, INT32_MAX) == 60 * BR_SEC); /* and does not take for ever */
    assert_true(emp_retry_delay(&flat, INT32_MAX) == BR_SEC);
}

/* The service's workflows ------------------------------------------------------------------------- */

typedef struct world {
    emp_engine *engine;
    char run[EMP_UUID_SIZE];
    int executed, parallel_most;
    const char *fails; /* prefix of the names of activities that fail */
    const char *status;
    int products;
} world;

static void start_world(world *w, const char *type, const char *input)
{
    bool is_new;
    const emp_run_start s = {type, type, EMP_TASK_QUEUE, input, NULL, 3600 * BR_SEC};
    w->engine = emp_engine_memory();
    assert_int_equal(w->engine->start(w->engine, &s, w->run, &is_new, NULL), BR_OK);
}

static void result_of(const world *w, const emp_activity_task *t, char *to, size_t size)
{
    if (strcmp(t->kind, EMP_ACT_RANK) != 0) {
        snprintf(to, size, "{\"status\":\"%s\"}", w->status);
        return;
    }
    size_t n = (size_t) snprintf(to, size, "{\"status\":\"done\",\"products\":[");
    for (int i = 1; i <= w->products; i++) {
        n += (size_t) snprintf(to + n, size - n, "%s{\"id\":%d,\"name\":\"P%d\"}", i > 1 ? "," : "", i, i);
    }
    snprintf(to + n, size - n, "]}");
}

static void work(world *w)
{
    size_t n = 0;
    emp_activity_task tasks[EMP_POLL_MAX];
    assert_int_equal(
        w->engine->poll_activities(w->engine, EMP_TASK_QUEUE, "w", tasks, EMP_POLL_MAX, &n, NULL), BR_OK);
    if ((int) n > w->parallel_most) w->parallel_most = (int) n;
    for (size_t i = n; i-- > 0;) { /* the last one first: order must not matter */
        char result[8192];
        result_of(w, &tasks[i], result, sizeof(result));
        bool fails = w->fails && strncmp(tasks[i].name, w->fails, strlen(w->fails)) == 0;
        emp_activity_answer a = {.task = &tasks[i],
            .outcome = fails ? EMP_ACTIVITY_FAILED : EMP_ACTIVITY_DONE,
            .payload = fails ? "{\"message\":\"no\"}" : result};
        assert_int_equal(w->engine->answer_activities(w->engine, "w", &a, 1, NULL), BR_OK);
        assert_true(a.accepted);
        w->executed++;
        emp_activity_task_deinit(&tasks[i]);
    }
}

/* Runs to the end and gives the status and, copied, the result. */
static emp_run_status run_world(world *w, char *result, size_t size)
{
    emp_run_status status = EMP_RUN_RUNNING;
    for (int turn = 0; turn < 1000 && status == EMP_RUN_RUNNING; turn++) {
        emp_decision_task d;
        size_t n = 0;
        br_arena arena;
        br_err err;
        br_arena_init(&arena, 4096);
        assert_int_equal(w->engine->poll_decisions(w->engine, EMP_TASK_QUEUE, "w", &d, 1, &n, NULL), BR_OK);
        if (n == 1) {
            emp_decision decision;
            assert_int_equal(
                emp_decide(d.history, emp_workflow_find(d.type), &arena, &decision, &err), BR_OK);
            emp_decision_answer a = {.task = &d, .commands = decision.commands, .count = decision.count};
            assert_int_equal(w->engine->answer_decisions(w->engine, "w", &a, 1, NULL), BR_OK);
        }
        work(w);
        br_arena_deinit(&arena);
        assert_int_equal(w->engine->describe(w->engine, w->run, &status, NULL), BR_OK);
    }
    emp_history h;
    emp_history_init(&h);
    assert_int_equal(w->engine->history(w->engine, w->run, &h, NULL), BR_OK);
    snprintf(result, size, BR_FMT, BR_ARG(br_vec_last(&h.events)->payload));
    emp_history_deinit(&h);
    w->engine->free(w->engine);
    return status;
}

static void a_day(void **state)
{
    (void) state;
    char result[512];
    world w = {.status = "done", .products = 30};
    start_world(&w, EMP_WF_DAILY, "{\"videoCount\":30,\"dryRun\":false}");
    assert_int_equal(run_world(&w, result, sizeof(result)), EMP_RUN_COMPLETED);
    assert_string_equal(
        result, "{\"products\":30,\"videos\":30,\"published\":120,\"skipped\":0,\"failed\":0}");
    assert_int_equal(w.executed, 2 + 30 * 6 + 2);
    assert_true(w.parallel_most >= EMP_DAILY_WINDOW && w.parallel_most <= 4 * EMP_DAILY_WINDOW);
}

static void a_dry_day(void **state)
{
    (void) state;
    char result[512];
    world w = {.status = "skipped", .products = 2};
    start_world(&w, EMP_WF_DAILY, "{\"videoCount\":2,\"dryRun\":true}");
    assert_int_equal(run_world(&w, result, sizeof(result)), EMP_RUN_COMPLETED);
    assert_string_equal(result, "{\"products\":2,\"videos\":0,\"published\":0,\"skipped\":10,\"failed\":0}");
}

static void a_product_that_fails_is_left_behind(void **state)
{
    (void) state;
    char result[512];
    world w = {.status = "done", .products = 3, .fails = "script/2"};
    start_world(&w, EMP_WF_DAILY, "{\"videoCount\":3,\"dryRun\":false}");
    assert_int_equal(run_world(&w, result, sizeof(result)), EMP_RUN_COMPLETED);
    assert_string_equal(result, "{\"products\":3,\"videos\":2,\"published\":8,\"skipped\":0,\"failed\":1}");
}

static void a_day_without_any_success_fails(void **state)
{
    (void) state;
    char result[512];
    world w = {.status = "done", .products = 3, .fails = "script/"};
    start_world(&w, EMP_WF_DAILY, "{\"videoCount\":3,\"dryRun\":false}");
    assert_int_equal(run_world(&w, result, sizeof(result)), EMP_RUN_FAILED);
    assert_string_equal(result, "{\"message\":\"every product failed\"}");
    world ranked = {.status = "done", .products = 3, .fails = "rank"};
    start_world(&ranked, EMP_WF_DAILY, "{\"videoCount\":3,\"dryRun\":false}");
    assert_int_equal(run_world(&ranked, result, sizeof(result)), EMP_RUN_FAILED);
    world none = {.status = "done"};
    start_world(&none, EMP_WF_DAILY, "{\"dryRun\":false}");
    assert_int_equal(run_world(&none, result, sizeof(result)), EMP_RUN_FAILED);
}

static void figures_that_cannot_be_had_do_not_fail_the_day(void **state)
{
    (void) state;
    char result[512];
    world w = {.status = "done", .products = 1, .fails = "analytics"};
    start_world(&w, EMP_WF_DAILY, "{\"videoCount\":1,\"dryRun\":false}");
    assert_int_equal(run_world(&w, result, sizeof(result)), EMP_RUN_COMPLETED);
}

static void a_week(void **state)
{
    (void) state;
    char result[512];
    world w = {.status = "done"};
    start_world(&w, EMP_WF_WEEKLY, "{\"dryRun\":false}");
    assert_int_equal(run_world(&w, result, sizeof(result)), EMP_RUN_COMPLETED);
    assert_string_equal(result, "{\"status\":\"done\"}");
    assert_int_equal(w.executed, 2);
    world bad = {.status = "done", .fails = "optimize"};
    start_world(&bad, EMP_WF_WEEKLY, "{}");
    assert_int_equal(run_world(&bad, result, sizeof(result)), EMP_RUN_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_requests_become_commands),
        cmocka_unit_test(a_history_is_answered_step_by_step),
        cmocka_unit_test(failures_reach_the_code),
        cmocka_unit_test(code_that_does_not_fit_is_refused),
        cmocka_unit_test(a_cancellation_ends_the_run),
        cmocka_unit_test(signals_reach_the_code),
        cmocka_unit_test(commands_are_limited),
        cmocka_unit_test(pauses_grow_up_to_their_limit),
        cmocka_unit_test(a_day),
        cmocka_unit_test(a_dry_day),
        cmocka_unit_test(a_product_that_fails_is_left_behind),
        cmocka_unit_test(a_day_without_any_success_fails),
        cmocka_unit_test(figures_that_cannot_be_had_do_not_fail_the_day),
        cmocka_unit_test(a_week),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
