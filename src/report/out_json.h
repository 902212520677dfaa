/*
 * report/out_json.h - every sample as a line of JSON: k6's --out json.
 *
 * What: before a metric's first sample a {"type":"Metric",...} line, then {"type":"Point",...} lines.
 * Threads: br_out_json_tap() from any thread (a lock); open and close on the main thread.
 * Memory: a buffer of 256 KiB; written when full, with the first sample after 200 ms, and on close.
 * Source of the format: k6's documented JSON output.
 */
#pragma once
#include "stat/recorder.h"

typedef struct br_out_json br_out_json;

/* "-" and "" are standard output, a name that ends in ".gz" is packed. BR_EIO, BR_EACCESS, ... with the path
 * in the message. */
BR_NODISCARD br_code br_out_json_open(br_str path, br_out_json **ret, br_err *err);
void br_out_json_tap(void *out, const br_sample *samples, size_t count); /* a br_sample_fn */
/* Writes what is left and frees. BR_EIO if any write failed. */
BR_NODISCARD br_code br_out_json_close(br_out_json *out, br_err *err);
