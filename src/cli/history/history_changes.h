/*
 * cli/history/history_changes.h - where a figure changed its level for good.
 *
 * What: change points of p95 and throughput over the valid runs of a test and environment.
 * Why here: history marks them, compare tells them; judge/compare.h finds them in plain numbers.
 * Threads: main thread.
 * Invariants: runs with different fingerprints are never one series: a new script or machine is no change of
 *     the service.
 */
#pragma once
#include <jansson.h>
#include "base/vec.h"
#include "store/store.h"

typedef struct br_history_change {
    int64_t run, previous; /* the first after the change, and the one before it */
    br_str test, environment;
    const char *measure;           /* "p95", "throughput" */
    double before, after, p_value; /* ms, requests a second */
    bool worse;
} br_history_change;
typedef BR_VEC(br_history_change) br_history_changes;

/* `runs`: newest first, of any tests. Appends to *out, by run; texts are those of the runs. */
void br_history_find_changes(const br_stored_run *runs, size_t count, br_history_changes *out);
/* "p95 rose from 9.1ms to 13.2ms with run 9 (p = 0.0004)". */
br_str br_history_change_text(const br_history_change *c, br_arena *arena);
/* An array. New reference. */
json_t *br_history_changes_json(const br_history_changes *changes);
