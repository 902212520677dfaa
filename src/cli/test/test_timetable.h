/*
 * cli/test/test_timetable.h - what a test would do and when, without doing it: --dry-run.
 *
 * Threads: main thread; pure but for the clock.
 */
#pragma once
#include "cli/test/test_run.h"

/* Appends the test's plan. */
void br_test_timetable_put(const br_test_session *s, const br_test_plan *p, br_buf *out);
/* Appends how long all of them take together. */
void br_test_timetable_put_end(size_t count, br_ns length, br_buf *out);
