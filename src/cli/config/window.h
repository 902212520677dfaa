/*
 * cli/config/window.h - hours of the week in which tests are allowed.
 *
 * What: parses "02:00-04:00 UTC" and "Mon-Fri 22:00-04:00 UTC", and does the arithmetic.
 * Why here: the gate in front of production is the command line's business.
 * Threads: any; pure functions of values. The time is passed in.
 * Invariants: everything is UTC: no daylight saving time, a day has 1440 minutes. A window that ends at or
 *     before its begin ends on the next day; its days are those on which it begins.
 */
#pragma once
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"

#define BR_WINDOW_ALL_DAYS 0x7F

typedef struct br_window {
    uint8_t days;     /* bit 0: Sunday, ..., bit 6: Saturday; never 0 */
    int16_t from, to; /* minutes since midnight; from 0..1439, to 1..1440 or at most from: next day */
} br_window;

/* `[DAYS ]HH:MM-HH:MM UTC`, DAYS as Mon-Fri or Sat,Sun. BR_ESYNTAX: what is wrong and how to write it. */
BR_NODISCARD br_code br_window_parse(br_str text, br_window *ret, br_err *err);

/* Is `wall` (nanoseconds since 1970) in one of the windows? Without any: true. *ret_end (may be NULL): when
 * the one that ends last is over; BR_NS_MAX without windows. */
bool br_windows_contain(const br_window *list, size_t count, br_ns wall, br_ns *ret_end);

/* The first instant at or after `wall` that is in a window. */
br_ns br_windows_next(const br_window *list, size_t count, br_ns wall);

/* "Mon-Fri 02:00-04:00 UTC"; in the arena. */
br_str br_window_text(const br_window *w, br_arena *arena);

/* "2026-11-26 02:00 UTC"; in the arena. */
br_str br_utc_text(br_ns wall, br_arena *arena);
/*
 * "2026-11-26T02:00Z", "2026-11-26 02:00", with seconds and offset too ("2026-11-26T03:00:00+01:00"); without
 * offset it is UTC. BR_ESYNTAX.
 */
BR_NODISCARD br_code br_utc_parse(br_str text, br_ns *ret, br_err *err);
