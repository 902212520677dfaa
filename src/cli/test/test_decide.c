#include "cli/test/test_decide.h"

#include <stdio.h>
#include "base/log.h"
#include "base/num.h"

br_ns br_test_decide_interval(br_ns length)
{
    br_ns interval = length / 120;
    if (interval < BR_SEC) return BR_SEC;
    return interval > 60 * BR_SEC ? 60 * BR_SEC : interval;
}

const char *br_test_decide_obstacle(const br_test_plan *plan, const br_test_watch *watch)
{
    if (!br_test_plan_criterion(plan, BR_CRITERION_MEMORY))
        return "it has no criterion on memory_growth, so there is no question to decide";
    if (!watch->watch) return "nothing watches the memory of the target: say where with --watch";
    for (size_t i = 0; i < plan->judge.criterion_count; i++) {
        if (plan->judge.criteria[i].endpoint.n)
            return "criteria of single endpoints are only known at the end";
    }
    return NULL;
}

/* Of memory the question is whether it leaks, either way. */
static bool is_settled(const br_criterion_result *c)
{
    if (c->criterion->kind == BR_CRITERION_MEMORY) return c->state != BR_CRITERION_NOT_MEASURED;
    if (c->state != BR_CRITERION_PASSED) return false;
    return c->criterion->kind != BR_CRITERION_METRIC || c->margin >= BR_TEST_DECIDE_MARGIN;
}

bool br_test_is_decided(const br_judgement *j)
{
    if (!j->leak || !j->leak->firm || j->leak->answer == BR_LEAK_UNDECIDED) return false;
    for (size_t i = 0; i < j->criterion_count; i++) {
        if (!is_settled(&j->criteria[i])) return false;
    }
    return true;
}

static void say(const br_leak_report *leak, br_ns elapsed, char *reason, size_t size)
{
    br_buf text;
    br_buf_init(&text, 4096);
    (void) br_buf_puts(
        &text, leak->answer == BR_LEAK_FOUND ? "that memory leaks" : "that memory does not leak");
    (void) br_buf_puts(&text, " was decided after ");
    (void) br_buf_put_duration(&text, elapsed / BR_SEC * BR_SEC);
    (void) br_buf_printf(
        &text, ", and the other criteria hold with %.0f %% to spare or more", 100 * BR_TEST_DECIDE_MARGIN);
    snprintf(reason, size, "%.*s", (int) text.len, text.data);
    br_buf_deinit(&text);
}

bool br_test_decide(void *ctx, const br_run_result *so_far, char *reason, size_t reason_size)
{
    const br_test_decider *d = ctx;
    br_run_result view = *so_far; /* everything but the target's series stays so_far's */
    br_arena arena;
    br_arena_init(&arena, 16384);
    br_target_watch_copy(d->watch->watch, so_far->started_clock, &arena, &view.target, &view.target_count);
    br_judgement *j = br_judge(&d->plan->judge, &view);
    bool decided = j->leak && br_test_is_decided(j);
    if (j->leak)
        br_debug("may the test end? %s; %s: " BR_FMT, decided ? "yes" : "not yet",
            j->leak->firm ? "firm" : "not firm", BR_ARG(j->leak->sentence));
    if (decided) say(j->leak, so_far->duration, reason, reason_size);
    br_judgement_free(j);
    br_arena_deinit(&arena);
    return decided;
}
