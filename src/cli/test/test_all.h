/*
 * cli/test/test_all.h - one test or all of them, one after the other.
 *
 * What: which tests are meant and in which order; runs them, with time for the target to come back in
 * between; the overview and the JSON of all. Threads: main thread.
 */
#pragma once
#include "base/vec.h"
#include "cli/test/test_run.h"

#define BR_TEST_HEALTH_TIMEOUT (5 * BR_SEC)

typedef BR_VEC(const br_named_test *) br_test_list;

/*
 * The test that the command line names. "all": the four of the guide first, in its order, then the others as
 * the file has them. What is wrong with one of them is told before anything runs: errors of br_config_test().
 */
BR_NODISCARD br_code br_test_all_collect(const br_test_session *s, br_test_list *list, br_err *err);
/* Prints what would be done. Both return the exit status. */
int br_test_all_dry_run(const br_test_session *s, const br_test_list *list);
int br_test_all_run(br_test_session *s, const br_test_list *list);
