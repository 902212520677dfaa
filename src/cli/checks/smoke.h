/*
 * cli/checks/smoke.h - does every endpoint answer as it should?
 *
 * What: judges a short run of one virtual user: every request and check has to be right, every endpoint that
 *     the test has criteria for was asked, every iteration came to its end. Prints a line an endpoint, or
 * JSON. Why here: for a swap from one deployment to the next; figures of time are shown, not judged. Threads:
 * main thread. Memory: owns its texts; borrows result and test.
 */
#pragma once
#include "base/vec.h"
#include "cli/config/config.h"
#include "stat/run_result.h"

#define BR_SMOKE_EXIT_FAILED      1
#define BR_SMOKE_EXIT_UNAVAILABLE 5

typedef struct br_smoke {
    br_arena arena;
    const br_environment *environment;
    const br_named_test *test;
    const br_run_result *result;
    BR_VEC(br_str) faults; /* beside those of endpoints and checks */
    size_t endpoints_failed, checks_failed;
    bool unavailable; /* no request got an answer */
} br_smoke;

/* `iterations`: that were asked for. */
void br_smoke_judge(br_smoke *s, const br_environment *e, const br_named_test *t, const br_run_result *result,
    uint64_t iterations);
void br_smoke_deinit(br_smoke *s);

int br_smoke_exit_status(const br_smoke *s);
void br_smoke_print(br_smoke *s, bool colour); /* to standard output */
/* Appends the document brunt.smoke/1. */
void br_smoke_json(br_smoke *s, br_buf *out);
