/*
 * cli/test/test_overview.h - the table at the end of `brunt test all`.
 *
 * Threads: any; pure.
 */
#pragma once
#include "cli/test/test_run.h"

typedef struct br_test_row {
    br_str test;
    bool ran; /* else: not begun, because of a signal or since the target went away */
    br_test_outcome outcome;
} br_test_row;

/*
 * The gravest of the rows' exit statuses: could not be run (104, 107, 255, ...: the first of them), target
 * unavailable (5), no evidence (4; also a test that was not begun), failed or regressed (1), inconclusive
 * (2), no baseline (3), passed (0).
 */
int br_test_overview_status(const br_test_row *rows, size_t count);
void br_test_overview_put(const br_test_row *rows, size_t count, const char *report_dir, br_buf *out);
