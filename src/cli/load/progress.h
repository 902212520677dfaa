/*
 * cli/load/progress.h - what is shown while a run goes on.
 *
 * What: on a terminal a block that is redrawn in place (status line, one bar a scenario); elsewhere one line
 * a second. Why here: only the program knows its terminal; log lines go through hooks so that they do not
 * tear the block. Threads: br_progress_status() on the main thread; log lines from any thread (a lock).
 */
#pragma once
#include "engine/run.h"

typedef struct br_progress br_progress;

/* terminal: redraw in place, else plain lines. */
br_progress *br_progress_new(bool terminal, bool colour);
void br_progress_free(br_progress *p); /* removes the block's hooks */
/* A line of the caller's above the others, on a terminal. */
typedef void br_progress_line_fn(void *ctx, const br_run_status *status, br_buf *out);
void br_progress_head(br_progress *p, br_progress_line_fn *fn, void *ctx);
br_ns br_progress_interval(const br_progress *p);
void br_progress_status(void *progress, const br_run_status *status); /* for br_run_config.on_status */
/* Draws the last block for good. */
void br_progress_finish(br_progress *p);
