/*
 * cli/test/test_progress.h - where a test stands, in one line.
 *
 * What: "stress (2 of 4): ramp to 150 VUs, 12m30s left, p95 312ms and 0.1% errors so far".
 * Threads: main thread; pure.
 */
#pragma once
#include "cli/config/config.h"
#include "engine/run.h"

typedef struct br_test_progress {
    const br_load_plan *load;
    br_str test;
    size_t number, count; /* "2 of 4"; count 1: not shown */
} br_test_progress;

/* A br_progress_line_fn; ctx: a br_test_progress. */
void br_test_progress_line(void *ctx, const br_run_status *status, br_buf *out);
/* What the load does at that instant: "10 VUs", "ramp to 50 VUs", "hold 200 VUs", "fall to 10 VUs". */
void br_test_phase(const br_load_plan *load, br_ns elapsed, br_buf *out);
