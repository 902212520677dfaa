/*
 * judge/recovery.h - how long after a spike is the service as it was before?
 *
 * What: recovery time with its resolution, and what the spike did meanwhile.
 * Why here: a pure function of time slices.
 * Threads: any; pure.
 * Memory: texts live in the caller's arena.
 */
#pragma once
#include "stat/run_result.h"

typedef struct br_recovery_report {
    bool measured;             /* false: sentence says why not */
    bool recovered;            /* false: not within the observed time, which is then in total_s */
    bool metastable;           /* load was back at the base, and it got no better */
    double total_s;            /* from the end of the spike to the begin of the first span that holds */
    double latency_s, error_s; /* the same for p95 alone and for errors alone */
    double resolution_s;       /* width of a slice (or of the window where one has too few requests) */
    double p95_before_ms, p95_peak_ms;
    double area_s; /* integral of max(0, p95/p95_before - 1) after the spike's end */
    double error_share_before, error_share_peak;
    br_str sentence;
} br_recovery_report;

/* Instants relative to the run's start. */
void br_recovery_judge(const br_run_result *result, br_ns spike_start, br_ns spike_end, br_arena *arena,
    br_recovery_report *ret);
