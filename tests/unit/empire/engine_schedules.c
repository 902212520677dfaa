/* The conformance test of workflow engines: schedules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "empire/workflow/memory.h"
#include "unit/empire/engine_suite.h"

static br_ns engine_now(void)
{
    return database ? br_clock_wall() : emp_engine_memory_now(engine);
}

/* Once a year, half a year from now: however long the test takes, no time of its own comes between. */
static const char *yearly(void)
{
    static char cron[EMP_CRON_MAX];
    const time_t seconds = (time_t) (engine_now() / BR_SEC);
    struct tm now;
    gmtime_r(&seconds, &now);
    snprintf(cron, sizeof(cron), "0 0 1 %d *", (now.tm_mon + 6) % 12 + 1);
    return cron;
}

static void set_schedule(const char *id, br_ns catch_up)
{
    emp_schedule s = {
        .type = "daily-control-loop", .input = "{\"videoCount\":2,\"dryRun\":true}", .catch_up = catch_up};
    snprintf(s.id, sizeof(s.id), "%s", id);
    snprintf(s.cron, sizeof(s.cron), "%s", yearly());
    assert_int_equal(engine->schedule_set(engine, &s, NULL), BR_OK);
}

static emp_schedule schedule_of(const char *id)
{
    emp_schedule found = {.next_at = -1};
    emp_schedule_list list = {0};
    assert_int_equal(engine->schedule_list(engine, &list, NULL), BR_OK);
    for (size_t i = 0; i < list.len; i++) {
        if (strcmp(list.data[i].id, id) == 0) found = list.data[i];
    }
    br_vec_deinit(&list);
    assert_true(found.next_at != -1);
    return found;
}

static void sweep(void)
{
    assert_int_equal(engine->sweep(engine, NULL), BR_OK);
}

/* Goes to `after` behind the time at which the schedule is due next. */
static void pass_due(const char *id, br_ns after)
{
    advance(schedule_of(id).next_at - engine_now() + after);
}

static size_t count_runs(void)
{
    emp_run_list list = {0};
    const emp_run_filter filter = {.status = -1, .max = 100};
    assert_int_equal(engine->list(engine, &filter, &list, NULL), BR_OK);
    size_t n = list.len;
    br_vec_deinit(&list);
    return n;
}

static void assert_counts(const char *id, int started, int skipped, int missed)
{
    const emp_schedule s = schedule_of(id);
    assert_int_equal(s.started, started);
    assert_int_equal(s.skipped, skipped);
    assert_int_equal(s.missed, missed);
}

static void a_schedule_is_made_paused_and_listed(void **state)
{
    (void) state;
    set_schedule("b", PAUSE(3600));
    set_schedule("a", PAUSE(60));
    emp_schedule_list list = {0};
    assert_int_equal(engine->schedule_list(engine, &list, NULL), BR_OK);
    assert_int_equal(list.len, 2);
    assert_string_equal(list.data[0].id, "a");
    const emp_schedule *s = &list.data[1];
    assert_string_equal(s->id, "b");
    assert_string_equal(s->type, "daily-control-loop");
    assert_string_equal(s->cron, yearly());
    assert_string_equal(s->input, "{\"videoCount\":2,\"dryRun\":true}");
    assert_true(s->catch_up == PAUSE(3600));
    assert_true(s->is_paused && s->next_at == 0 && s->last_at == 0 && s->last_run[0] == '\0');
    br_vec_deinit(&list);
    assert_int_equal(engine->schedule_delete(engine, "a", NULL), BR_OK);
    assert_int_equal(engine->schedule_list(engine, &list, NULL), BR_OK);
    assert_int_equal(list.len, 1);
    br_vec_deinit(&list);
}

static void a_due_action_is_taken_once(void **state)
{
    (void) state;
    char workflow_id[EMP_WORKFLOW_ID_MAX];
    emp_run_list list = {0};
    emp_decision_task d;
    const emp_run_filter filter = {.status = -1, .max = 2};
    set_schedule("yearly", PAUSE(3600));
    assert_int_equal(engine->schedule_pause(engine, "yearly", false, NULL), BR_OK);
    assert_true(schedule_of("yearly").next_at > engine_now());
    pass_due("yearly", -PAUSE(30));
    sweep();
    assert_int_equal(count_runs(), 0);
    pass_due("yearly", PAUSE(1));
    br_ns due = schedule_of("yearly").next_at;
    sweep();
    sweep();
    assert_counts("yearly", 1, 0, 0);
    const emp_schedule s = schedule_of("yearly");
    assert_true(s.last_at == due && s.next_at > engine_now());
    assert_int_equal(engine->list(engine, &filter, &list, NULL), BR_OK);
    assert_int_equal(list.len, 1);
    emp_schedule_workflow_id("yearly", due, workflow_id);
    assert_string_equal(list.data[0].workflow_id, workflow_id);
    assert_string_equal(list.data[0].run_id, s.last_run);
    assert_int_equal(poll_decisions(&d, 1), 1);
    assert_true(br_str_is(d.history->events.data[0].payload, "{\"videoCount\":2,\"dryRun\":true}"));
    br_vec_deinit(&list);
}

static void an_action_is_skipped_while_the_run_before_is_open(void **state)
{
    (void) state;
    set_schedule("yearly", PAUSE(3600));
    assert_int_equal(engine->schedule_pause(engine, "yearly", false, NULL), BR_OK);
    pass_due("yearly", PAUSE(1));
    sweep();
    const emp_schedule before = schedule_of("yearly");
    pass_due("yearly", PAUSE(1)); /* the run's deadline is over, and nobody has swept */
    char run[EMP_UUID_SIZE];
    bool is_new = true;
    assert_int_equal(engine->schedule_trigger(engine, "yearly", run, &is_new, NULL), BR_OK);
    assert_false(is_new);
    assert_string_equal(run, before.last_run);
    assert_counts("yearly", 1, 1, 0);
    assert_int_equal(engine->tell(engine, run, EMP_EV_TERMINATED, NULL, NULL, NULL), BR_OK);
    sweep(); /* now the one that is due */
    assert_counts("yearly", 2, 1, 0);
    assert_int_equal(count_runs(), 2);
}

static void a_run_of_the_day_that_was_started_by_hand_is_the_schedules(void **state)
{
    (void) state;
    char by_hand[EMP_UUID_SIZE], id[EMP_WORKFLOW_ID_MAX], run[EMP_UUID_SIZE];
    bool is_new = true;
    set_schedule("yearly", PAUSE(3600));
    emp_schedule_workflow_id("yearly", engine_now(), id);
    start(id, NULL, by_hand, true);
    assert_int_equal(
        engine->schedule_trigger(engine, "yearly", run, &is_new, NULL), BR_OK); /* though paused */
    assert_false(is_new);
    assert_string_equal(run, by_hand);
    assert_counts("yearly", 0, 1, 0);
    assert_int_equal(count_runs(), 1);
}

static void what_was_due_meanwhile_is_caught_up_once_within_the_window(void **state)
{
    (void) state;
    const br_ns year = 366 * PAUSE(86400);
    set_schedule("long", 10 * year);
    set_schedule("short", PAUSE(3600));
    assert_int_equal(engine->schedule_pause(engine, "long", false, NULL), BR_OK);
    assert_int_equal(engine->schedule_pause(engine, "short", false, NULL), BR_OK);
    pass_due("long", 2 * year + PAUSE(7200)); /* three times: then, and one and two years later */
    sweep();
    assert_counts("long", 1, 2, 0);
    assert_counts("short", 0, 0, 3);
    assert_int_equal(count_runs(), 1);
    assert_true(schedule_of("short").next_at > engine_now());
}

static void a_paused_schedule_is_never_due(void **state)
{
    (void) state;
    set_schedule("yearly", PAUSE(3600));
    assert_int_equal(engine->schedule_pause(engine, "yearly", false, NULL), BR_OK);
    pass_due("yearly", PAUSE(1));
    assert_int_equal(engine->schedule_pause(engine, "yearly", true, NULL), BR_OK);
    sweep();
    assert_true(schedule_of("yearly").next_at == 0);
    assert_int_equal(engine->schedule_pause(engine, "yearly", false, NULL), BR_OK);
    sweep(); /* and what was due meanwhile is not made up */
    assert_counts("yearly", 0, 0, 0);
    assert_int_equal(count_runs(), 0);
    br_ns next = schedule_of("yearly").next_at;
    assert_int_equal(engine->schedule_pause(engine, "yearly", false, NULL), BR_OK); /* twice is once */
    assert_true(schedule_of("yearly").next_at == next);
}

static void a_changed_schedule_keeps_its_state_and_counts(void **state)
{
    (void) state;
    set_schedule("yearly", PAUSE(3600));
    assert_int_equal(engine->schedule_pause(engine, "yearly", false, NULL), BR_OK);
    pass_due("yearly", PAUSE(1));
    sweep();
    emp_schedule s = schedule_of("yearly");
    emp_schedule changed = {.id = "yearly",
        .type = "weekly-optimization",
        .cron = "*/5 * * * *",
        .input = "{}",
        .catch_up = PAUSE(10)};
    assert_int_equal(engine->schedule_set(engine, &changed, NULL), BR_OK);
    changed = schedule_of("yearly");
    assert_string_equal(changed.type, "weekly-optimization");
    assert_string_equal(changed.last_run, s.last_run);
    assert_false(changed.is_paused);
    assert_counts("yearly", 1, 0, 0);
    assert_true(changed.next_at > engine_now() - PAUSE(1) && changed.next_at <= engine_now() + PAUSE(300));
    assert_true(changed.next_at % PAUSE(300) == 0);
    snprintf(changed.cron, sizeof(changed.cron), "61 * * * *");
    br_err err = {0};
    assert_int_equal(engine->schedule_set(engine, &changed, &err), BR_EINVAL);
    assert_non_null(strstr(err.msg, "61"));
}

static void an_unknown_schedule_is_not_found(void **state)
{
    (void) state;
    char run[EMP_UUID_SIZE];
    bool is_new;
    assert_int_equal(engine->schedule_pause(engine, "none", true, NULL), BR_ENOTFOUND);
    assert_int_equal(engine->schedule_pause(engine, "none", false, NULL), BR_ENOTFOUND);
    assert_int_equal(engine->schedule_trigger(engine, "none", run, &is_new, NULL), BR_ENOTFOUND);
    assert_int_equal(engine->schedule_delete(engine, "none", NULL), BR_ENOTFOUND);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int test_schedules(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_schedule_is_made_paused_and_listed),
        TEST(a_due_action_is_taken_once),
        TEST(an_action_is_skipped_while_the_run_before_is_open),
        TEST(a_run_of_the_day_that_was_started_by_hand_is_the_schedules),
        TEST(what_was_due_meanwhile_is_caught_up_once_within_the_window),
        TEST(a_paused_schedule_is_never_due),
        TEST(a_changed_schedule_keeps_its_state_and_counts),
        TEST(an_unknown_schedule_is_not_found),
    };
    return cmocka_run_group_tests_name("schedules", tests, NULL, NULL);
}
