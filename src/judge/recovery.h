/*
 * judge/recovery.h - how long after a spike is the service as it was before?
 *
 * What: recovery time with its resolution, and what the spike did meanwhile.
 * Why here: a pure function of time slices.
 * Threads: any; pure.
 * Memory: texts live in the caller's arena.
 *
 * Method. Of a scenario that probed in the open model (result->probe_slices), else of all requests.
 * Reference: up to 60 s before the spike, p95_0, share of errors e_0, answered requests per second x_0. A
 * window is as many slices as x_0 needs for BR_RECOVERY_WINDOW requests, one at least. Starts that were
 * dropped because no virtual user was free count as errors. Recovered at the begin of the first span of 15 s
 * (or of a window, if that is longer) after the spike's end in which latency  at most 5 % of the requests
 * take longer than L = max(1.10 p95_0, p95_0 + 1 ms, upper 95 % bound of p95_0 by order statistics), that is,
 * p95 <= L, errors   their share is at most e_0 + 0.5 percentage points, goodput  answers without failure are
 * at least 95 % of those before the spike, and in which no window contradicts beyond chance (2.7 standard
 * deviations: a false alarm in one of 20 spans): the span begins behind the last bad second, not where bad
 * seconds are few enough. Answers count when they come.
 */
#pragma once
#include "stat/run_result.h"

#define BR_RECOVERY_HOLD            (15 * BR_SEC)
#define BR_RECOVERY_REFERENCE       (60 * BR_SEC)
#define BR_RECOVERY_LATENCY         1.10
#define BR_RECOVERY_LATENCY_MS      1.0
#define BR_RECOVERY_ERRORS          0.005
#define BR_RECOVERY_GOODPUT         0.95
#define BR_RECOVERY_WINDOW_REQUESTS 59 /* 0.95^59 < 0.05: fewer give a p95 no upper bound */

typedef struct br_recovery_report {
    bool measured;       /* false: sentence says why not */
    bool recovered;      /* false: not within the observed time, which is then in total_s */
    bool metastable;     /* load was back at the base, and it got no better */
    double total_s;      /* from the end of the spike to the begin of the first span that holds */
    double latency_s;    /* the same for p95 alone, */
    double error_s;      /* for errors alone, */
    double goodput_s;    /* and for goodput alone; those that did not recover: the observed time */
    double observed_s;   /* watched after the spike's end */
    double resolution_s; /* width of a slice (or of the window where one has too few requests) */
    double reference_s;  /* length of the reference; shorter than 60 s: the sentence says so */
    double p95_before_ms, p95_limit_ms, p95_peak_ms;
    double area_s; /* integral of max(0, p95/p95_before - 1) from the spike's end until it is over */
    double error_share_before, error_share_peak;
    double goodput_before; /* per second */
    br_str reason;         /* why it was not measured */
    br_str sentence;
} br_recovery_report;

/* Instants relative to the run's start. */
void br_recovery_judge(const br_run_result *result, br_ns spike_start, br_ns spike_end, br_arena *arena,
    br_recovery_report *ret);
