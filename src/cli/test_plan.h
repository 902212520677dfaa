/*
 * cli/test_plan.h - from a named test and an environment to what is run and how it is judged.
 *
 * What: the load (shortened if asked for) as options of the highest level, the variables of the script, and
 *     the plan that the judge holds the result against.
 * Why here: the one place where configuration, engine and judge meet; pure but for its arena.
 * Threads: main thread.
 * Memory: a plan owns its arena; it borrows the test and the environment of the configuration.
 */
#pragma once
#include <jansson.h>
#include "cli/config.h"
#include "judge/verdict.h"
#include "script/program.h"

typedef struct br_test_plan {
    br_arena arena;
    const br_named_test *test;
    const br_environment *environment;
    br_load_plan load; /* scaled */
    br_judge_plan judge;
    br_env_var *env; /* __ENV of the script: BASE_URL, HEADERS (JSON), then what environment and test add */
    size_t env_count;
} br_test_plan;

/* `scale`: factor of all durations. Errors of br_config_scale(). */
BR_NODISCARD br_code br_test_plan_make(const br_environment *environment, const br_named_test *test,
    double scale, br_test_plan *ret, br_err *err);
void br_test_plan_deinit(br_test_plan *p);

/* The load as options of the highest level. New reference. */
json_t *br_test_plan_options(const br_test_plan *p);
