/*
 * cli/test/test_plan.h - from a named test and an environment to what is run and how it is judged.
 *
 * What: the load (shortened if asked for) as options of the highest level, the variables of the script, and
 *     the plan that the judge holds the result against.
 * Why here: the one place where configuration, engine and judge meet; pure but for its arena.
 * Threads: main thread.
 * Memory: a plan owns its arena; it borrows the test and the environment of the configuration.
 */
#pragma once
#include <jansson.h>
#include "cli/config/config.h"
#include "judge/verdict.h"
#include "script/program.h"

/* The probe of a spike test: its requests have so long, and it has as many virtual users as can wait then. */
#define BR_TEST_PROBE_RATE     60 /* a second: 59 are needed for a p95 with an upper bound */
#define BR_TEST_PROBE_WAIT_S   5
#define BR_TEST_PROBE_RATE_MAX 1000

/* What the command line adds to a named test. */
typedef struct br_test_extras {
    const br_env_var *env; /* --env */
    size_t env_count;
    bool writes;       /* write endpoints, too: __ENV.WRITES */
    double probe_rate; /* of a spike test, requests a second; 0: no probe; negative: not said */
} br_test_extras;

typedef struct br_test_plan {
    br_arena arena;
    const br_named_test *test;
    const br_environment *environment;
    br_str script;     /* the test's, or the one that it has for write endpoints */
    br_load_plan load; /* scaled */
    br_judge_plan judge;
    br_env_var *env; /* __ENV of the script: BASE_URL, HEADERS (JSON), then what environment and test add */
    size_t env_count;
    br_config_pair *own; /* those of them that the test itself gives, with its part for write endpoints */
    size_t own_count;
    int64_t probe_rate; /* 0: no probe */
} br_test_plan;

/* `scale`: factor of all durations. `extras` borrowed. Errors of br_config_scale(). */
BR_NODISCARD br_code br_test_plan_make(const br_environment *environment, const br_named_test *test,
    double scale, const br_test_extras *extras, br_test_plan *ret, br_err *err);
void br_test_plan_deinit(br_test_plan *p);

/* The load as options of the highest level. New reference. */
json_t *br_test_plan_options(const br_test_plan *p);
/*
 * The scenario that asks the service at a constant rate in the open model, whatever the load does to it: a
 * closed load waits for slow answers and hides how long the service takes to recover. It calls the script's
 * function `probe`. New reference; NULL: none.
 */
json_t *br_test_plan_probe(const br_test_plan *p);
/* Is there a criterion of that kind? NULL: no. */
const br_criterion *br_test_plan_criterion(const br_test_plan *p, br_criterion_kind kind);
