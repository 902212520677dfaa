/*
 * worker/activities.h - what the steps of a workflow do.
 *
 * What: one function per activity type: calls the outside world, writes rows.
 * Why here: an activity is executed at least once. Its effect happens once: what it sends carries the key
 *     "run:activity", by which the receiver knows a repetition; what it writes is one transaction with the
 *     effect's line, and a later attempt returns what is there.
 * Threads: any, with an HTTP client per thread.
 * Memory: the result's payload is the caller's (br_free).
 */
#pragma once
#include "empire/provider/provider.h"
#include "empire/provider/video.h"
#include "empire/worker/store.h"
#include "empire/workflow/engine.h"

typedef struct emp_activity_world {
    emp_store *store;
    emp_provider *provider;
    emp_video_config video; /* folder NULL: no videos */
} emp_activity_world;

typedef struct emp_activity_result {
    emp_activity_outcome outcome;
    char *payload; /* JSON: the result, or {"message":...} */
    br_ns retry_after;
} emp_activity_result;

void emp_activity_execute(const emp_activity_world *world, emp_http *http, const emp_activity_task *task,
    emp_activity_result *ret_result);
