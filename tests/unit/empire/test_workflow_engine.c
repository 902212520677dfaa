/*
 * empire/workflow/engine.h: what every engine must do. Without arguments it tests the one in memory; with the
 * word "postgres" the one on the database of DATABASE_URL, which must be migrated
 * (tests/e2e/empire/engine.mjs).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "empire/db/admin.h"
#include "empire/workflow/memory.h"
#include "empire/workflow/postgres.h"
#include "unit/empire/engine_suite.h"

#define QUEUE "daily-control-loop"

const char *database;
emp_engine *engine;

static const emp_activity_options options = {{3, 10 * BR_SEC, 2, 60 * BR_SEC}, 100 * BR_SEC, 30 * BR_SEC};

/* Time goes by. A database's clock cannot be moved: there, everything that is kept becomes older. */
void advance(br_ns by)
{
    if (!database) {
        emp_engine_memory_advance(engine, by);
        return;
    }
    emp_admin *admin;
    char sql[2048];
    const double s = (double) by / (double) BR_SEC;
    snprintf(sql, sizeof(sql),
        "UPDATE wf_task SET visible_at = visible_at - interval '%f s', scheduled_at = scheduled_at - interval '%f s',"
        " began = began - interval '%f s'; UPDATE wf_timer SET fire_at = fire_at - interval '%f s';"
        " UPDATE wf_run SET deadline = deadline - interval '%f s', started_at = started_at - interval '%f s',"
        " closed_at = closed_at - interval '%f s'; UPDATE wf_schedule SET next_at = next_at - interval '%f s'",
        s, s, s, s, s, s, s, s);
    assert_int_equal(emp_admin_open(database, &admin, NULL), BR_OK);
    assert_int_equal(emp_admin_run(admin, sql, NULL), BR_OK);
    emp_admin_close(admin);
}

int set_up(void **state)
{
    (void) state;
    if (!database) {
        engine = emp_engine_memory();
        return 0;
    }
    emp_admin *admin;
    if (emp_admin_open(database, &admin, NULL) != BR_OK) return 1;
    br_code rc = emp_admin_run(admin,
        "TRUNCATE workflows, wf_run, wf_event, wf_task, wf_timer, wf_request, wf_effect, wf_schedule", NULL);
    emp_admin_close(admin);
    engine = emp_engine_postgres(database, 10 * BR_SEC);
    return rc != BR_OK;
}

int tear_down(void **state)
{
    (void) state;
    engine->free(engine);
    return 0;
}

/* Steps of a worker ------------------------------------------------------------------------------ */

void start(const char *id, const char *request, char run[EMP_UUID_SIZE], bool want_new)
{
    bool is_new = !want_new;
    const emp_run_start s = {
        id, "daily-control-loop", QUEUE, "{\"videoCount\":2,\"dryRun\":true}", request, PAUSE(3600)};
    assert_int_equal(engine->start(engine, &s, run, &is_new, NULL), BR_OK);
    assert_int_equal(is_new, want_new);
}

size_t poll_decisions(emp_decision_task *tasks, size_t max)
{
    size_t n = 0;
    assert_int_equal(engine->poll_decisions(engine, QUEUE, "w", tasks, max, &n, NULL), BR_OK);
    return n;
}

static size_t poll_activities(emp_activity_task *tasks, size_t max)
{
    size_t n = 0;
    assert_int_equal(engine->poll_activities(engine, QUEUE, "w", tasks, max, &n, NULL), BR_OK);
    return n;
}

static bool decide(const emp_decision_task *task, const emp_wf_command *commands, size_t count)
{
    emp_decision_answer a = {.task = task, .commands = commands, .count = count};
    assert_int_equal(engine->answer_decisions(engine, "w", &a, 1, NULL), BR_OK);
    return a.accepted;
}

static bool answer(const emp_activity_task *task, emp_activity_outcome outcome, const char *payload)
{
    emp_activity_answer a = {.task = task, .outcome = outcome, .payload = payload};
    assert_int_equal(engine->answer_activities(engine, "w", &a, 1, NULL), BR_OK);
    return a.accepted;
}

static emp_wf_command activity(const char *name)
{
    return (emp_wf_command){.type = EMP_EV_ACTIVITY,
        .name = name,
        .kind = "kind",
        .payload = "{ \"a\" : 1 }",
        .options = options};
}

/* The run's only decision schedules activities of these names. */
static void schedule(const char *const *names, size_t count)
{
    emp_decision_task task;
    emp_wf_command commands[8];
    for (size_t i = 0; i < count; i++) {
        commands[i] = activity(names[i]);
    }
    assert_int_equal(poll_decisions(&task, 1), 1);
    assert_true(decide(&task, commands, count));
}

static void assert_types(const char *run, const int *types, size_t count)
{
    emp_history h;
    emp_history_init(&h);
    assert_int_equal(engine->history(engine, run, &h, NULL), BR_OK);
    assert_int_equal(h.events.len, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(h.events.data[i].type, types[i]);
    }
    emp_history_deinit(&h);
}

static emp_run_status status_of(const char *run)
{
    emp_run_status s;
    assert_int_equal(engine->describe(engine, run, &s, NULL), BR_OK);
    return s;
}

/* Tests ------------------------------------------------------------------------------------------ */

static void a_start_is_idempotent_while_its_run_is_open(void **state)
{
    (void) state;
    char a[EMP_UUID_SIZE], b[EMP_UUID_SIZE], c[EMP_UUID_SIZE];
    start("day-1", NULL, a, true);
    start("day-1", NULL, b, false);
    start("day-2", NULL, c, true);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    assert_int_equal(engine->tell(engine, a, EMP_EV_TERMINATED, NULL, NULL, NULL), BR_OK);
    start("day-1", NULL, b, true);
    assert_string_not_equal(a, b);
}

static void a_request_id_gives_its_run_for_ever(void **state)
{
    (void) state;
    char a[EMP_UUID_SIZE], b[EMP_UUID_SIZE];
    start("day-1", "request", a, true);
    assert_int_equal(engine->tell(engine, a, EMP_EV_TERMINATED, NULL, NULL, NULL), BR_OK);
    start("day-1", "request", b, false);
    assert_string_equal(a, b);
}

static void an_unknown_run_is_not_found(void **state)
{
    (void) state;
    static const char id[] = "00000000-0000-4000-8000-00000000ffff";
    emp_run_status s;
    emp_history h;
    emp_history_init(&h);
    assert_int_equal(engine->describe(engine, id, &s, NULL), BR_ENOTFOUND);
    assert_int_equal(engine->history(engine, id, &h, NULL), BR_ENOTFOUND);
    assert_int_equal(engine->tell(engine, id, EMP_EV_CANCEL_REQUESTED, NULL, NULL, NULL), BR_ENOTFOUND);
    emp_history_deinit(&h);
}

static void a_run_from_start_to_end(void **state)
{
    (void) state;
    char run[EMP_UUID_SIZE];
    emp_decision_task d;
    emp_activity_task a[2];
    start("day", NULL, run, true);
    assert_int_equal(poll_decisions(&d, 1), 1);
    assert_string_equal(d.run_id, run);
    assert_string_equal(d.type, "daily-control-loop");
    assert_int_equal(d.history->events.len, 1);
    assert_true(br_str_is(d.history->events.data[0].payload, "{\"videoCount\":2,\"dryRun\":true}"));
    const emp_wf_command first[] = {activity("one")};
    assert_true(decide(&d, first, 1));
    assert_int_equal(poll_decisions(&d, 1), 0); /* nothing new: no decision */
    assert_int_equal(poll_activities(a, 2), 1);
    assert_string_equal(a[0].name, "one");
    assert_string_equal(a[0].kind, "kind");
    assert_string_equal(a[0].input, "{ \"a\" : 1 }"); /* as it was given: it is compared later */
    assert_int_equal(a[0].attempt, 1);
    assert_int_equal(a[0].options.retry.max_attempts, 3);
    assert_true(a[0].options.start_to_close == options.start_to_close);
    assert_true(answer(&a[0], EMP_ACTIVITY_DONE, "{\"ok\":1}"));
    assert_int_equal(poll_decisions(&d, 1), 1);
    const emp_event *last = &d.history->events.data[d.history->events.len - 1];
    assert_int_equal(last->type, EMP_EV_ACTIVITY_DONE);
    assert_int_equal(last->ref, 3);
    assert_true(br_str_is(last->payload, "{\"ok\":1}"));
    const emp_wf_command end[] = {{.type = EMP_EV_COMPLETED, .payload = "{}"}};
    assert_int_equal(status_of(run), EMP_RUN_RUNNING);
    assert_true(decide(&d, end, 1));
    assert_int_equal(status_of(run), EMP_RUN_COMPLETED);
    assert_types(run, (const int[]){1, 7, 10, 12, 7, 2}, 6);
    emp_activity_task_deinit(&a[0]);
}

static void there_is_one_decision_task_per_run(void **state)
{
    (void) state;
    char run[EMP_UUID_SIZE];
    emp_decision_task d[2];
    emp_activity_task a[2];
    start("day", NULL, run, true);
    schedule((const char *const[]){"one", "two"}, 2);
    assert_int_equal(poll_activities(a, 2), 2);
    assert_true(answer(&a[0], EMP_ACTIVITY_DONE, "{}"));
    assert_int_equal(poll_decisions(d, 2), 1);
    size_t seen = d[0].history->events.len;
    assert_true(answer(&a[1], EMP_ACTIVITY_DONE, "{}"));
    assert_int_equal(poll_decisions(&d[1], 1), 0); /* the first one is still out */
    assert_int_equal(d[0].history->events.len, seen);
    assert_true(decide(&d[0], NULL, 0));
    assert_int_equal(poll_decisions(d, 2), 1); /* and what it did not see gets another */
    assert_types(run, (const int[]){1, 7, 10, 10, 12, 12, 7}, 7);
    emp_activity_task_deinit(&a[0]);
    emp_activity_task_deinit(&a[1]);
}

static void a_lost_lease_goes_to_another_and_the_stale_answer_changes_nothing(void **state)
{
    (void) state;
    char run[EMP_UUID_SIZE];
    emp_decision_task old, now;
    emp_activity_task lost, again;
    start("day", NULL, run, true);
    assert_int_equal(poll_decisions(&old, 1), 1);
    advance(EMP_DECISION_LEASE - BR_SEC);
    assert_int_equal(poll_decisions(&now, 1), 0);
    advance(2 * BR_SEC);
    assert_int_equal(poll_decisions(&now, 1), 1);
    assert_int_equal(now.attempt, 2);
    const emp_wf_command commands[] = {activity("one")};
    assert_false(decide(&old, commands, 1));
    assert_true(decide(&now, commands, 1));
    assert_int_equal(poll_activities(&lost, 1), 1);
    advance(PAUSE(31));
    assert_int_equal(poll_activities(&again, 1), 1);
    assert_int_equal(again.attempt, 2);
    assert_false(answer(&lost, EMP_ACTIVITY_DONE, "{\"from\":\"stale\"}"));
    assert_false(answer(&lost, EMP_ACTIVITY_RETRY, "{}"));
    assert_false(answer(&lost, EMP_ACTIVITY_RELEASED, NULL));
    assert_types(run, (const int[]){1, 7, 10}, 3);
    assert_true(answer(&again, EMP_ACTIVITY_DONE, "{}"));
    assert_false(answer(&again, EMP_ACTIVITY_DONE, "{}")); /* nor does the same answer twice */
    assert_types(run, (const int[]){1, 7, 10, 12}, 4);
    emp_activity_task_deinit(&lost);
    emp_activity_task_deinit(&again);
}

static void heartbeats_keep_a_lease_until_the_time_is_over(void **state)
{
    (void) state;
    char run[EMP_UUID_SIZE];
    emp_activity_task a, other;
    start("day", NULL, run, true);
    schedule((const char *const[]){"one"}, 1);
    assert_int_equal(poll_activities(&a, 1), 1);
    emp_beat beat = {.task = &a};
    for (int i = 0; i < 4; i++) { /* 80 of the 100 seconds */
        advance(PAUSE(20));
        assert_int_equal(engine->beat(engine, &beat, 1, NULL), BR_OK);
        assert_true(beat.alive);
        assert_int_equal(poll_activities(&other, 1), 0);
    }
    advance(PAUSE(25));
    assert_int_equal(engine->beat(engine, &beat, 1, NULL), BR_OK);
    assert_false(beat.alive);
    advance(PAUSE(10));
    assert_int_equal(poll_activities(&other, 1), 1);
    assert_int_equal(engine->beat(engine, &beat, 1, NULL), BR_OK);
    assert_false(beat.alive); /* it is the other's now */
    emp_activity_task_deinit(&a);
    emp_activity_task_deinit(&other);
}

static void failures_are_tried_again_with_growing_pauses(void **state)
{
    (void) state;
    char run[EMP_UUID_SIZE];
    emp_activity_task a;
    const br_ns pauses[] = {PAUSE(10), PAUSE(20)};
    start("day", NULL, run, true);
    schedule((const char *const[]){"one"}, 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(poll_activities(&a, 1), 1);
        assert_int_equal(a.attempt, i + 1);
        assert_true(answer(&a, EMP_ACTIVITY_RETRY, "{\"message\":\"no\"}"));
        emp_activity_task_deinit(&a);
        advance(pauses[i] - PAUSE(2));
        assert_int_equal(poll_activities(&a, 1), 0);
        advance(PAUSE(2));
    }
    assert_int_equal(poll_activities(&a, 1), 1);
    assert_true(answer(&a, EMP_ACTIVITY_RETRY, "{\"message\":\"last\"}")); /* the third of three */
    emp_activity_task_deinit(&a);
    assert_types(run, (const int[]){1, 7, 10, 13}, 4); /* attempts are not in the history */
}

static void a_failure_for_good_is_not_tried_again(void **state)
{
    (void) state;
    char run[EMP_UUID_SIZE];
    emp_activity_task a;
    start("day", NULL, run, true);
    schedule((const char *const[]){"one"}, 1);
    assert_int_equal(poll_activities(&a, 1), 1);
    assert_true(answer(&a, EMP_ACTIVITY_FAILED, "{\"message\":\"no\"}"));
    emp_activity_task_deinit(&a);
    assert_types(run, (const int[]){1, 7, 10, 13}, 4);
}

static void a_provider_may_ask_for_a_longer_pause(void **state)
{
    (void) state;
    char run[EMP_UUID_SIZE];
    emp_activity_task a;
    start("day", NULL, run, true);
    schedule((const char *const[]){"one"}, 1);
    assert_int_equal(poll_activities(&a, 1), 1);
    emp_activity_answer later = {
        .task = &a, .outcome = EMP_ACTIVITY_RETRY, .payload = "{}", .retry_after = PAUSE(50)};
    assert_int_equal(engine->answer_activities(engine, "w", &later, 1, NULL), BR_OK);
    emp_activity_task_deinit(&a);
    advance(PAUSE(48));
    assert_int_equal(poll_activities(&a, 1), 0);
    advance(PAUSE(3));
    assert_int_equal(poll_activities(&a, 1), 1);
    emp_activity_task_deinit(&a);
}

static void a_released_activity_keeps_its_attempt(void **state)
{
    (void) state;
    char run[EMP_UUID_SIZE];
    emp_activity_task a;
    start("day", NULL, run, true);
    schedule((const char *const[]){"one"}, 1);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(poll_activities(&a, 1), 1);
        assert_int_equal(a.attempt, 1);
        assert_true(answer(&a, EMP_ACTIVITY_RELEASED, NULL));
        emp_activity_task_deinit(&a);
    }
}

static void an_activity_whose_last_attempt_is_lost_times_out(void **state)
{
    (void) state;
    char run[EMP_UUID_SIZE];
    emp_activity_task a;
    start("day", NULL, run, true);
    schedule((const char *const[]){"one"}, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(poll_activities(&a, 1), 1);
        emp_activity_task_deinit(&a);
        advance(PAUSE(31));
    }
    assert_int_equal(poll_activities(&a, 1), 0);
    assert_int_equal(engine->sweep(engine, NULL), BR_OK);
    assert_types(run, (const int[]){1, 7, 10, 14}, 4);
    emp_decision_task d;
    assert_int_equal(poll_decisions(&d, 1), 1);
}

static void timers_fire_once(void **state)
{
    (void) state;
    char run[EMP_UUID_SIZE];
    emp_decision_task d;
    start("day", NULL, run, true);
    assert_int_equal(poll_decisions(&d, 1), 1);
    const emp_wf_command timer[] = {{.type = EMP_EV_TIMER, .name = "nap", .delay = PAUSE(60)}};
    assert_true(decide(&d, timer, 1));
    advance(PAUSE(55));
    assert_int_equal(engine->sweep(engine, NULL), BR_OK);
    assert_int_equal(poll_decisions(&d, 1), 0);
    advance(PAUSE(10));
    assert_int_equal(engine->sweep(engine, NULL), BR_OK);
    assert_int_equal(engine->sweep(engine, NULL), BR_OK);
    assert_types(run, (const int[]){1, 7, 17, 18}, 4);
    assert_int_equal(poll_decisions(&d, 1), 1);
    assert_int_equal(d.history->events.data[3].ref, 3);
}

static void a_run_over_its_deadline_is_ended(void **state)
{
    (void) state;
    char run[EMP_UUID_SIZE];
    emp_activity_task a;
    emp_decision_task d;
    start("day", NULL, run, true);
    schedule((const char *const[]){"one", "two"}, 2);
    assert_int_equal(poll_activities(&a, 1), 1);
    advance(PAUSE(3601));
    assert_int_equal(engine->sweep(engine, NULL), BR_OK);
    assert_int_equal(status_of(run), EMP_RUN_TIMED_OUT);
    assert_false(answer(&a, EMP_ACTIVITY_DONE, "{}"));
    emp_activity_task_deinit(&a);
    assert_int_equal(poll_activities(&a, 1), 0);
    assert_int_equal(poll_decisions(&d, 1), 0);
    assert_types(run, (const int[]){1, 7, 10, 10, 4}, 5);
}

static void signals_and_cancellation_wake_a_run(void **state)
{
    (void) state;
    char run[EMP_UUID_SIZE];
    emp_decision_task d;
    start("day", NULL, run, true);
    assert_int_equal(poll_decisions(&d, 1), 1);
    assert_true(decide(&d, NULL, 0));
    assert_int_equal(engine->tell(engine, run, EMP_EV_SIGNALLED, "go", "{\"x\":1}", NULL), BR_OK);
    assert_int_equal(poll_decisions(&d, 1), 1);
    assert_true(br_str_is(d.history->events.data[2].name, "go"));
    assert_true(br_str_is(d.history->events.data[2].payload, "{\"x\":1}"));
    assert_int_equal(engine->tell(engine, run, EMP_EV_CANCEL_REQUESTED, NULL, NULL, NULL), BR_OK);
    const emp_wf_command end[] = {{.type = EMP_EV_CANCELLED}};
    assert_true(decide(&d, NULL, 0));
    assert_int_equal(poll_decisions(&d, 1), 1);
    assert_true(decide(&d, end, 1));
    assert_int_equal(status_of(run), EMP_RUN_CANCELLED);
    assert_int_equal(engine->tell(engine, run, EMP_EV_SIGNALLED, "go", NULL, NULL), BR_ENOTFOUND);
}

static void a_failed_decision_is_noted_once_and_tried_again(void **state)
{
    (void) state;
    char run[EMP_UUID_SIZE];
    emp_decision_task d;
    start("day", NULL, run, true);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(poll_decisions(&d, 1), 1);
        emp_decision_answer a = {.task = &d, .failure = "{\"message\":\"NON_DETERMINISTIC\"}"};
        assert_int_equal(engine->answer_decisions(engine, "w", &a, 1, NULL), BR_OK);
        assert_true(a.accepted);
        assert_int_equal(poll_decisions(&d, 1), 0);
        advance(PAUSE(60));
    }
    assert_int_equal(status_of(run), EMP_RUN_RUNNING);
    assert_types(run, (const int[]){1, 9}, 2);
}

static void batches_of_many_runs(void **state)
{
    (void) state;
    enum { RUNS = 40 };
    static emp_decision_task d[RUNS];
    static emp_activity_task a[RUNS];
    static emp_decision_answer answers[RUNS];
    static emp_activity_answer done[RUNS];
    char run[EMP_UUID_SIZE], id[16];
    for (int i = 0; i < RUNS; i++) {
        snprintf(id, sizeof(id), "day-%d", i);
        start(id, NULL, run, true);
    }
    const emp_wf_command one[] = {activity("one")}, end[] = {{.type = EMP_EV_COMPLETED, .payload = "{}"}};
    for (int round = 0; round < 2; round++) {
        assert_int_equal(poll_decisions(d, 30) + poll_decisions(d + 30, 30), RUNS);
        for (int i = 0; i < RUNS; i++) {
            answers[i] = (emp_decision_answer){.task = &d[i], .commands = round ? end : one, .count = 1};
        }
        assert_int_equal(engine->answer_decisions(engine, "w", answers, RUNS, NULL), BR_OK);
        if (round) break;
        assert_int_equal(poll_activities(a, RUNS), RUNS);
        for (int i = 0; i < RUNS; i++) {
            done[i] = (emp_activity_answer){.task = &a[i], .outcome = EMP_ACTIVITY_DONE, .payload = "{}"};
        }
        assert_int_equal(engine->answer_activities(engine, "w", done, RUNS, NULL), BR_OK);
    }
    for (int i = 0; i < RUNS; i++) {
        assert_true(answers[i].accepted && done[i].accepted);
        assert_int_equal(status_of(d[i].run_id), EMP_RUN_COMPLETED);
        emp_activity_task_deinit(&a[i]);
    }
}

static void other_queues_are_left_alone(void **state)
{
    (void) state;
    char run[EMP_UUID_SIZE];
    emp_decision_task d;
    size_t n = 1;
    start("day", NULL, run, true);
    assert_int_equal(engine->poll_decisions(engine, "another", "w", &d, 1, &n, NULL), BR_OK);
    assert_int_equal(n, 0);
}

static void a_refused_batch_changes_nothing(void **state)
{
    (void) state;
    char run[EMP_UUID_SIZE];
    emp_decision_task d;
    br_err err = {0};
    if (!database) skip(); /* in memory nothing is refused */
    start("day", NULL, run, true);
    assert_int_equal(poll_decisions(&d, 1), 1);
    const emp_wf_command bad[] = {activity("one"), {.type = EMP_EV_COMPLETED, .payload = "{not json"}};
    emp_decision_answer a = {.task = &d, .commands = bad, .count = 2};
    assert_int_equal(engine->answer_decisions(engine, "w", &a, 1, &err), BR_EIO);
    assert_non_null(strstr(err.msg, "json"));
    assert_types(run, (const int[]){1}, 1);
    assert_true(decide(&d, bad, 1)); /* the session goes on */
    assert_types(run, (const int[]){1, 7, 10}, 3);
}

static void runs_are_listed_newest_first(void **state)
{
    (void) state;
    char one[EMP_UUID_SIZE], two[EMP_UUID_SIZE];
    emp_run_list list = {0};
    emp_run_filter filter = {.status = -1, .max = 10};
    start("day-1", NULL, one, true);
    advance(PAUSE(5));
    start("day-2", NULL, two, true);
    assert_int_equal(
        engine->tell(engine, one, EMP_EV_TERMINATED, NULL, "{\"reason\":\"stuck\"}", NULL), BR_OK);
    assert_int_equal(engine->list(engine, &filter, &list, NULL), BR_OK);
    assert_int_equal(list.len, 2);
    assert_string_equal(list.data[0].run_id, two);
    assert_string_equal(list.data[0].workflow_id, "day-2");
    assert_string_equal(list.data[0].type, "daily-control-loop");
    assert_int_equal(list.data[0].status, EMP_RUN_RUNNING);
    assert_true(list.data[0].closed_at == 0);
    assert_int_equal(list.data[1].status, EMP_RUN_TERMINATED);
    assert_true(list.data[1].closed_at - list.data[1].started_at >= PAUSE(5));
    br_vec_reset(&list);
    filter.status = EMP_RUN_TERMINATED;
    assert_int_equal(engine->list(engine, &filter, &list, NULL), BR_OK);
    assert_int_equal(list.len, 1);
    assert_string_equal(list.data[0].run_id, one);
    br_vec_reset(&list);
    filter = (emp_run_filter){.workflow_id = "day-2", .type = "daily-control-loop", .status = -1, .max = 1};
    assert_int_equal(engine->list(engine, &filter, &list, NULL), BR_OK);
    assert_int_equal(list.len, 1);
    assert_string_equal(list.data[0].run_id, two);
    filter.type = "weekly-optimization";
    assert_int_equal(engine->list(engine, &filter, &list, NULL), BR_OK);
    assert_int_equal(list.len, 1); /* none more */
    br_vec_deinit(&list);
}

static void a_terminated_run_keeps_the_reason_and_drops_its_work(void **state)
{
    (void) state;
    char run[EMP_UUID_SIZE];
    emp_activity_task a;
    emp_decision_task d;
    emp_history h;
    emp_history_init(&h);
    start("day", NULL, run, true);
    schedule((const char *const[]){"one", "two"}, 2);
    assert_int_equal(poll_activities(&a, 1), 1);
    assert_int_equal(
        engine->tell(engine, run, EMP_EV_TERMINATED, NULL, "{\"reason\":\"stuck\"}", NULL), BR_OK);
    assert_int_equal(status_of(run), EMP_RUN_TERMINATED);
    assert_false(answer(&a, EMP_ACTIVITY_DONE, "{}"));
    emp_activity_task_deinit(&a);
    assert_int_equal(poll_activities(&a, 1), 0);
    assert_int_equal(poll_decisions(&d, 1), 0);
    assert_int_equal(engine->history(engine, run, &h, NULL), BR_OK);
    assert_int_equal(br_vec_last(&h.events)->type, EMP_EV_TERMINATED);
    assert_true(br_str_is(br_vec_last(&h.events)->payload, "{\"reason\":\"stuck\"}"));
    emp_history_deinit(&h);
    assert_int_equal(engine->tell(engine, run, EMP_EV_TERMINATED, NULL, NULL, NULL), BR_ENOTFOUND);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "postgres") == 0) {
        database = getenv("DATABASE_URL");
        if (!database) {
            fprintf(stderr, "DATABASE_URL is not set\n");
            return 2;
        }
    }
    const struct CMUnitTest tests[] = {
        TEST(a_start_is_idempotent_while_its_run_is_open),
        TEST(a_request_id_gives_its_run_for_ever),
        TEST(an_unknown_run_is_not_found),
        TEST(a_run_from_start_to_end),
        TEST(there_is_one_decision_task_per_run),
        TEST(a_lost_lease_goes_to_another_and_the_stale_answer_changes_nothing),
        TEST(heartbeats_keep_a_lease_until_the_time_is_over),
        TEST(failures_are_tried_again_with_growing_pauses),
        TEST(a_failure_for_good_is_not_tried_again),
        TEST(a_provider_may_ask_for_a_longer_pause),
        TEST(a_released_activity_keeps_its_attempt),
        TEST(an_activity_whose_last_attempt_is_lost_times_out),
        TEST(timers_fire_once),
        TEST(a_run_over_its_deadline_is_ended),
        TEST(signals_and_cancellation_wake_a_run),
        TEST(a_failed_decision_is_noted_once_and_tried_again),
        TEST(batches_of_many_runs),
        TEST(other_queues_are_left_alone),
        TEST(a_refused_batch_changes_nothing),
        TEST(runs_are_listed_newest_first),
        TEST(a_terminated_run_keeps_the_reason_and_drops_its_work),
    };
    int failed = cmocka_run_group_tests_name("runs", tests, NULL, NULL);
    return failed + test_schedules();
}
