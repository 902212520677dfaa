/*
 * cli/test/test_run.h - one named test: run, judge, report.
 *
 * What: the steps of a test in their order, each a function of its own: plan, watch the target, run, cool
 *     down, search for the highest rate, judge, store, compare, report, exit status.
 * Why here: what `brunt test` does with each of the tests that it was asked for.
 * Threads: main thread.
 * Interruption: at any step what there is gets judged and reported, as incomplete (cli/terminal/interrupt.h).
 */
#pragma once
#include "cli/terminal/args.h"
#include "cli/config/config.h"
#include "cli/config/gate.h"
#include "cli/history/repeat.h"
#include "cli/test/test_plan.h"
#include "cli/target/notify.h"
#include "cli/test/test_search.h"
#include "engine/exit_code.h"
#include "judge/verdict.h"
#include "loop/loop.h"

#define BR_TEST_EXIT_UNAVAILABLE 5

/* What all tests of one command share. */
typedef struct br_test_session {
    br_arena arena;
    br_args args;
    br_config *config;
    const br_environment *environment;
    br_test_extras extras;
    double scale;
    uint32_t workers;
    br_loop_kind loop;
    const char *report_dir;
    const char *json;      /* file for all results, "-": standard output; NULL: none */
    unsigned report_forms; /* br_report_form; 0: all */
    br_notify notify;
    br_gate_pass gate; /* what is on record of approval and notice */
    bool quiet, colour;
    bool stop_early; /* a soak may end when everything is decided */
    bool record;     /* in the history */
    br_test_search_config search;
    br_repeat repeat;     /* compared with earlier runs, and run again */
    br_ns cool_down;      /* for which the target is watched after the load */
    size_t number, count; /* of the test in hand, from 1; of all */
    br_buf documents;     /* JSON of the results so far, with commas */
} br_test_session;

/* What became of a test, for the overview of several. */
typedef struct br_test_outcome {
    int status;  /* exit status */
    bool judged; /* else it could not be run, and what follows is empty */
    br_level level;
    br_outcome outcome;
    double p95_ms, error_share;
    uint64_t requests;
} br_test_outcome;

/*
 * Runs, judges, compares, prints and writes; again if the comparison asks for it (cli/history/repeat.h). The
 * status of a test that passed is then that of the comparison.
 */
void br_test_run(br_test_session *s, const br_named_test *named, br_test_outcome *ret);
