/*
 * cli/test_run.h - one named test: run, judge, report.
 *
 * What: the steps of a test in their order, each a function of its own: plan, run, judge, report, exit
 * status. Why here: what `brunt test` does with each of the tests that it was asked for. Threads: main
 * thread.
 */
#pragma once
#include "cli/args.h"
#include "cli/config.h"
#include "engine/exit_code.h"
#include "loop/loop.h"

#define BR_TEST_EXIT_UNAVAILABLE 5

/* What all tests of one command share. */
typedef struct br_test_session {
    br_args args;
    br_config *config;
    const br_environment *environment;
    double scale;
    uint32_t workers;
    br_loop_kind loop;
    const char *report_dir;
    unsigned report_forms; /* br_report_form; 0: all */
    bool quiet, colour;
    bool record;      /* in the history */
    bool interrupted; /* by a signal: no further test is begun */
} br_test_session;

/* Runs, judges, prints and writes; returns its exit status. */
int br_test_run(br_test_session *s, const br_named_test *t);
