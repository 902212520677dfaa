/*
 * cli/test/test_decide.h - may a soak end early?
 *
 * What: judges what a test has measured so far as the end will be judged, and says yes when the question of a
 *     memory leak is firmly answered and every other criterion holds with a margin.
 * Why here: the engine asks (br_run_decide_fn); it knows neither criteria nor the target's memory.
 * Threads: main thread.
 */
#pragma once
#include "cli/test/test_plan.h"
#include "cli/test/test_watch.h"
#include "engine/run.h"

#define BR_TEST_DECIDE_MARGIN                                                                                \
    0.1 /* of the limit that must be left: what comes may be worse than what was                             \
         */

typedef struct br_test_decider {
    const br_test_plan *plan;
    const br_test_watch *watch;
} br_test_decider;

/* A br_run_decide_fn; ctx: a br_test_decider. */
bool br_test_decide(void *ctx, const br_run_result *so_far, char *reason, size_t reason_size);
/* Is there nothing left to decide? */
bool br_test_is_decided(const br_judgement *j);
/* From 1/120 of the length, within a second and a minute. */
br_ns br_test_decide_interval(br_ns length);
/* Why a test cannot end early whatever it measures; NULL: it can. */
const char *br_test_decide_obstacle(const br_test_plan *plan, const br_test_watch *watch);
