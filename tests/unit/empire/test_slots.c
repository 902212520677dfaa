/* empire/worker/: slots and samples, with activities that need nothing from outside (dry runs). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "empire/worker/slots.h"
#include "empire/worker/stats.h"

#define SLOTS 8

static emp_activity_task task_of(int id, const char *kind)
{
    emp_activity_task t = {
        .task_id = id, .attempt = 1, .input = br_strdup("{\"dryRun\":true,\"platform\":\"tiktok\"}")};
    snprintf(t.name, sizeof(t.name), "%d", id);
    snprintf(t.kind, sizeof(t.kind), "%s", kind);
    return t;
}

static void slots_execute_and_hand_in(void **state)
{
    (void) state;
    emp_provider provider;
    emp_provider_init(&provider, &(emp_provider_config){.breaker_failures = 5});
    const emp_activity_world world = {.provider = &provider};
    emp_slots *s = emp_slots_new(&world, SLOTS);
    int started = 0, finished = 0;
    bool seen[200] = {false};
    while (finished < 200) {
        while (started < 200 && emp_slots_idle(s) > 0) {
            emp_activity_task t = task_of(started++, "publish");
            assert_int_equal(emp_slots_run(s, &t), BR_OK);
        }
        struct pollfd p = {.fd = emp_slots_fd(s), .events = POLLIN};
        assert_int_equal(poll(&p, 1, 10000), 1);
        emp_slot_job *jobs[3]; /* fewer than may be done: the rest comes with the next call */
        size_t n;
        while ((n = emp_slots_done(s, jobs, 3)) > 0) {
            for (size_t i = 0; i < n; i++, finished++) {
                assert_false(seen[jobs[i]->task.task_id]);
                seen[jobs[i]->task.task_id] = true;
                assert_int_equal(jobs[i]->result.outcome, EMP_ACTIVITY_DONE);
                assert_string_equal(
                    jobs[i]->result.payload, "{\"status\":\"skipped\",\"reason\":\"dry run\"}");
                emp_slots_release(s, jobs[i]);
            }
        }
    }
    assert_int_equal(emp_slots_used(s), 0);
    emp_slots_free(s);
    emp_provider_deinit(&provider);
}

static void an_unknown_type_may_be_another_workers(void **state)
{
    (void) state;
    const emp_activity_world world = {0};
    emp_activity_task t = task_of(1, "of-tomorrow");
    emp_activity_result r;
    emp_activity_execute(&world, NULL, &t, &r);
    assert_int_equal(r.outcome, EMP_ACTIVITY_RETRY);
    assert_non_null(strstr(r.payload, "does not know"));
    br_free(r.payload);
    emp_activity_task_deinit(&t);
}

/* The value of a sample, -1 if it is not there. */
static double sample(const json_t *list, const char *metric, const char *labels)
{
    size_t i;
    json_t *s;
    json_array_foreach(list, i, s)
    {
        if (strcmp(json_string_value(json_object_get(s, "m")), metric) == 0 &&
            strcmp(json_string_value(json_object_get(s, "l")), labels) == 0)
            return json_number_value(json_object_get(s, "v"));
    }
    return -1;
}

static void samples_are_json(void **state)
{
    (void) state;
    emp_provider provider;
    emp_worker_stats stats = {.decisions = 3, .stale = 1};
    emp_provider_init(
        &provider, &(emp_provider_config){.urls = {[EMP_SERVICE_FEED] = "http://a/"}, .breaker_failures = 1});
    emp_breaker_note(&provider.services[EMP_SERVICE_FEED].breaker, false, 0);
    emp_stats_wait(&stats.activity_wait, 20 * BR_MS);
    emp_stats_wait(&stats.activity_wait, 100 * BR_SEC);
    emp_stats_activity(&stats, "publish", EMP_ACTIVITY_DONE, BR_SEC);
    emp_stats_activity(&stats, "publish", EMP_ACTIVITY_RETRY, BR_SEC / 2);
    for (int i = 0; i < 40; i++) { /* more types than are kept apart */
        char kind[16];
        snprintf(kind, sizeof(kind), "kind-%d", i);
        emp_stats_activity(&stats, kind, EMP_ACTIVITY_FAILED, 0);
    }
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    emp_stats_put(&out, &stats, &provider, NULL);
    json_t *list = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(list);
    assert_true(sample(list, "empire_workflow_decisions_total", "") == 3);
    assert_true(sample(list, "empire_breaker_state", "provider=\"feed\"") == 1);
    assert_true(sample(list, "empire_breaker_state", "provider=\"ai\"") == -1); /* not configured */
    assert_true(sample(list, "empire_activities_total", "type=\"publish\",outcome=\"retry\"") == 1);
    assert_true(sample(list, "empire_activity_seconds_sum", "type=\"publish\"") == 1.5);
    assert_true(sample(list, "empire_activities_total", "type=\"other\",outcome=\"failed\"") == 26);
    static const char bucket[] = "empire_workflow_schedule_to_start_seconds_bucket";
    assert_true(sample(list, bucket, "task=\"activity\",le=\"0.01\"") == 0);
    assert_true(sample(list, bucket, "task=\"activity\",le=\"0.05\"") == 1);
    assert_true(sample(list, bucket, "task=\"activity\",le=\"60\"") == 1);
    assert_true(sample(list, bucket, "task=\"activity\",le=\"+Inf\"") == 2);
    json_decref(list);
    br_buf_deinit(&out);
    emp_provider_deinit(&provider);
}

int main(void)
{
    if (emp_http_setup(NULL) != BR_OK) return 2;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_execute_and_hand_in),
        cmocka_unit_test(an_unknown_type_may_be_another_workers),
        cmocka_unit_test(samples_are_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
