/*
 * cli/test/test_search.h - the search for the highest rate that the target holds, after a ramp.
 *
 * What: makes the trials that judge/search.h asks for, each a short run at a constant rate in the open model,
 *     within limits of time, rate and virtual users.
 * Why here: a trial is a job; when and how high is the machine's business.
 * Threads: main thread.
 * Iterations: the script's function arrival(), one visit without pauses, else its default function.
 */
#pragma once
#include "cli/terminal/args.h"
#include "cli/test/test_plan.h"
#include "judge/search.h"
#include "loop/loop.h"

#define BR_TEST_SEARCH_WIDTH 0.05

typedef struct br_test_search_config {
    bool on;
    br_ns time;      /* no trial begins later, after the search's start */
    double max_rate; /* starts per second */
    int64_t max_vus; /* of a trial; more iterations at once than that count as overload */
} br_test_search_config;

/* All borrowed. */
typedef struct br_test_search_input {
    const br_test_search_config *limits;
    const br_args *args; /* of the command, for modules */
    const br_config *config;
    const br_test_plan *plan;
    const br_run_result *ramp; /* what the load before found: where to begin */
    double scale;              /* of durations */
    uint32_t workers;
    br_loop_kind loop;
    bool quiet;
} br_test_search_input;

/*
 * Searches; *ret is in `arena`. A signal ends it: br_interrupted() is true then, and *ret is what was found
 * so far. Fails if a trial cannot be run; the message says why.
 */
BR_NODISCARD br_code br_test_search(
    const br_test_search_input *in, br_arena *arena, br_search_report *ret, br_err *err);
/* Has the test a ramp to search behind? */
bool br_test_search_fits(const br_test_plan *plan);
