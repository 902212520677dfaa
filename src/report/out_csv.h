/*
 * report/out_csv.h - every sample as a line of CSV: k6's --out csv.
 *
 * What: a header line, then metric, time, value, a column for each system tag that is on (by name, without
 *     iter and vu), all other tags as k=v&k=v, and the metadata in the same form.
 * Threads: br_out_csv_tap() from any thread (a lock); everything else on the main thread.
 * Memory: a buffer of 256 KiB; written when full, with the first sample after save_interval, and on close.
 * Source of the format: k6's documented CSV output; quoting as in Go's encoding/csv.
 */
#pragma once
#include "base/clock.h"
#include "stat/recorder.h"

typedef enum br_csv_time {
    BR_CSV_UNIX,
    BR_CSV_UNIX_MILLI,
    BR_CSV_UNIX_MICRO,
    BR_CSV_UNIX_NANO,
    BR_CSV_RFC3339,
    BR_CSV_RFC3339_NANO,
} br_csv_time;

typedef struct br_out_csv_config {
    br_str path; /* "-": standard output; ".gz" at its end: packed */
    br_ns save_interval;
    br_csv_time time;
    uint32_t system_tags;
} br_out_csv_config;

/* file.csv, 1 s, unix, k6's system tags */
extern const br_out_csv_config br_out_csv_defaults;

/*
 * Sets one of k6's keys: fileName, saveInterval, timeFormat. `config` keeps a slice of `value`. BR_ENOTFOUND:
 * no such key; BR_EINVAL: not a value for it. The message names both.
 */
BR_NODISCARD br_code br_out_csv_set(br_out_csv_config *config, br_str key, br_str value, br_err *err);

typedef struct br_out_csv br_out_csv;
/* BR_EIO, BR_EACCESS, ... with the path in the message. */
BR_NODISCARD br_code br_out_csv_open(const br_out_csv_config *config, br_out_csv **ret, br_err *err);
void br_out_csv_tap(void *out, const br_sample *samples, size_t count); /* a br_sample_fn */
/* Writes what is left and frees. BR_EIO if any write failed. */
BR_NODISCARD br_code br_out_csv_close(br_out_csv *out, br_err *err);
