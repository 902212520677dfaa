/*
 * programmed/settings.h - what the programmed server does, as numbers with names.
 *
 * What: `name=value` on the command line, `/admin/set?name=value&...` while it runs.
 * Why here: one table for both, and for the help.
 * Threads: one.
 */
#pragma once
#include "base/buf.h"
#include "base/err.h"

typedef struct settings {
    double port;
    /* The queue: a request takes one of `slots` for service_ms; who finds none waits in line. */
    double slots, service_ms, spread, exponential, queue, thrash;
    /* Answers that are not given. */
    double rate, burst, error_share, down_from_s, down_to_s;
    /* Slow for a time, and slow for a time after it was too much. */
    double slow_ms, slow_from_s, slow_to_s, overload, overload_ms, overload_hold_s;
    /* Memory that is really allocated and touched. */
    double base_mb, leak_mb_per_h, leak_request_bytes, cache_mb, cache_tau_s, saw_mb, saw_s;
    double body_bytes;
} settings;

settings settings_default(void);
/* "name=value"; BR_EINVAL: no such name, or no number within its limits; nothing has changed. */
BR_NODISCARD br_code settings_set(settings *s, br_str assignment, br_err *err);
void settings_help(br_buf *out); /* a line for each */
void settings_json(const settings *s, br_buf *out);
