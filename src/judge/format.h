/*
 * judge/format.h - figures as people read them.
 *
 * What: durations, byte counts, shares and plain numbers in the form of k6's end-of-test summary.
 * Why here: the lowest layer that speaks to people. The summary must agree with k6's to the byte; verdict and
 *     reports use the same language.
 * Threads: any.
 * Source: reference of k6's summary (docs/k6-compat.md): shares are truncated, never rounded up, so that
 *     99.996 % is not shown as 100 %; durations are truncated to two decimals; bytes have base 1000.
 */
#pragma once
#include "base/buf.h"
#include "stat/sink.h"

/* As ECMAScript's toFixed: ties go up. decimals <= 9; value finite. */
void br_format_fixed(br_buf *out, double value, int decimals);
/* The same without trailing zeros: "44.46321", "8". */
void br_format_number(br_buf *out, double value, int decimals);

/* value is in milliseconds: "0s", "850ns", "12.34µs", "43.83ms", "1.5s", "2m5s", "1h0m3s". */
void br_format_duration(br_buf *out, double value_ms);
/* The same in one unit: "s", "ms" or "us", two decimals ("0.04s"). Another unit: as br_format_duration. */
void br_format_duration_unit(br_buf *out, double value_ms, br_str unit);
/* "7 B", "2.9 kB", "16 kB". */
void br_format_bytes(br_buf *out, double bytes);
/* value 0..1: "66.66%". */
void br_format_share(br_buf *out, double value);

/* A value of a metric, by its type and unit. time_unit: summaryTimeUnit, may be empty. */
void br_format_metric(
    br_buf *out, double value, br_metric_type type, br_metric_contains contains, br_str time_unit);

/* Columns that a UTF-8 text takes on a terminal, wide characters taken as one. */
size_t br_format_width(br_str text);
