/*
 * cli/test/test_watch.h - where a test watches its target: what was asked for, as sources for probe/.
 *
 * What: reads --watch and what the environment names; without either tries BASE_URL/metrics.
 * Why here: probe/ knows nothing of configurations and flags.
 * Threads: main thread.
 * Memory: owns the sources that the watch borrows.
 */
#pragma once
#include "cli/terminal/args.h"
#include "cli/config/config.h"
#include "probe/target_watch.h"
#include "stat/run_result.h"

typedef struct br_test_watch {
    br_arena arena;
    br_target_source *sources;
    size_t count;
    br_target_watch *watch; /* NULL: nothing is watched */
} br_test_watch;

/*
 * `--watch` (several times): process:PID, process:NAME, cgroup:PATH, the URL of a Prometheus page, or none.
 * BR_EINVAL: none of these; the message says what they are.
 */
BR_NODISCARD br_code br_test_watch_parse(br_str text, br_target_source *ret, br_err *err);

/*
 * Begins to watch. `length`: of the test. Fails if what was asked for cannot be watched; a target without a
 * metrics page is no failure where none was asked for: *ret holds no watch then.
 */
BR_NODISCARD br_code br_test_watch_start(
    const br_args *args, const br_environment *environment, br_ns length, br_test_watch *ret, br_err *err);
/* Puts what was seen so far into the result, in place of what it has. */
void br_test_watch_put(const br_test_watch *w, br_run_result *result);
void br_test_watch_stop(br_test_watch *w); /* fine if it was never started */
/* One line a source, for the plan of a test; "..." for the default. */
void br_test_watch_describe(const br_args *args, const br_environment *environment, br_buf *out);
