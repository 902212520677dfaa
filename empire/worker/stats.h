/*
 * worker/stats.h - what a worker counts, and its samples for /metrics.
 *
 * What: tasks by kind and outcome, times, schedule-to-start; written as JSON into the worker's row, from
 * where the API's /metrics puts all workers on one page. Threads: the worker's loop only.
 */
#pragma once
#include "base/buf.h"
#include "empire/provider/provider.h"
#include "empire/workflow/engine.h"

#define EMP_WAIT_BUCKETS 9
#define EMP_KINDS_MAX    16

typedef struct emp_wait_histogram {
    uint64_t buckets[EMP_WAIT_BUCKETS + 1]; /* not cumulative; the last is +Inf */
    br_ns total;
} emp_wait_histogram;

typedef struct emp_kind_stats {
    char kind[EMP_KIND_MAX];
    uint64_t outcomes[EMP_ACTIVITY_RELEASED + 1];
    br_ns ns_total;
} emp_kind_stats;

typedef struct emp_worker_stats {
    uint64_t decisions, decisions_failed, stale; /* stale: answers that were not accepted */
    emp_wait_histogram decision_wait, activity_wait;
    emp_kind_stats kinds[EMP_KINDS_MAX];
    size_t kind_count;
} emp_worker_stats;

void emp_stats_wait(emp_wait_histogram *h, br_ns waited);
void emp_stats_activity(emp_worker_stats *s, const char *kind, emp_activity_outcome outcome, br_ns took);

/* [{"m":"name","l":"label=\"x\"","v":1},...] */
void emp_stats_put(br_buf *out, const emp_worker_stats *s, emp_provider *provider, const emp_faults *faults);
