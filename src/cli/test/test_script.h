/*
 * cli/test/test_script.h - the script of a named test, prepared for something else than the test.
 *
 * What: loads it with the variables that the test and the environment give it, and with other options.
 * Why here: looking whether a script can be loaded, and sending each request once, are not the test.
 * Threads: main thread.
 */
#pragma once
#include "cli/config/config.h"
#include "cli/load/job.h"
#include "cli/test/test_plan.h"

typedef struct br_test_script {
    br_test_plan plan;
    br_job_config config; /* for br_job_run() */
    br_job job;
} br_test_script;

/* `script`: of the test, or its script for writes. `options` of the highest level, NULL: those of the test;
 * taken. `args`: parsed with cli/load/modules.h's table. Errors of br_job_prepare(); *ret is untouched then.
 */
BR_NODISCARD br_code br_test_script_prepare(const br_config *cfg, const br_environment *e,
    const br_named_test *t, br_str script, json_t *options, const br_args *args, br_test_script *ret,
    br_exit_code *ret_exit, br_err *err);
void br_test_script_deinit(br_test_script *s);
