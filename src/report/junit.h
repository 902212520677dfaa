/*
 * report/junit.h - the verdict as JUnit XML, for CI servers that show tests.
 *
 * What: suites for the verdict, the criteria, the script's thresholds, the run's self-checks and the
 * comparison; a case each. Why here: CI servers know tests that pass, fail, break and are skipped; a load
 * test has the same four ends. Threads: any; inputs are only read. Meaning: failure: a limit was not met, or
 * a regression. error: the run is no evidence (a fatal self-check), or the target did not answer. skipped:
 * not measured, inconclusive, or of a run that is no evidence. What a self-check only warns of is a case that
 * passed, with the warning as its output.
 */
#pragma once
#include "report/result_json.h"

/* info->judgement must be there. BR_ELIMIT: does not fit into out. */
BR_NODISCARD br_code br_report_junit(
    const br_run_result *result, const br_result_info *info, br_buf *out, br_err *err);
