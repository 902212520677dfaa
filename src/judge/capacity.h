/*
 * judge/capacity.h - how much the service can do: knee, breaking point, and what happens beyond.
 *
 * What: from levels of load with their figures to the knee (where more load begins to buy little but
 *     latency) and the breaking point (where the limits of the test are no longer met), with intervals.
 * Why here: a pure function of steps, so that simulation and runs use the same one.
 * Threads: any; pure.
 * Memory: texts live in the caller's arena; steps belong to the caller.
 */
#pragma once
#include "stat/run_result.h"

/* One level of load while it was steady. */
typedef struct br_capacity_step {
    br_ns start, length;
    double load;       /* virtual users, or starts per second in the open model */
    double throughput; /* answered requests per second */
    double goodput;    /* of those not failed */
    double p50_ms, p95_ms;
    double error_share;
    uint64_t requests;
} br_capacity_step;

typedef struct br_capacity_limits {
    double p95_ms, error_share; /* 0: no limit */
} br_capacity_limits;

typedef enum br_beyond {
    BR_BEYOND_UNKNOWN,
    BR_BEYOND_GRACEFUL,
    BR_BEYOND_DEGRADED,
    BR_BEYOND_COLLAPSE
} br_beyond;
const char *br_beyond_name(br_beyond b); /* "unknown", "graceful", "degraded", "collapse" */

typedef struct br_capacity_figure {
    bool found;
    double load, throughput;    /* at it: load in the steps' unit, requests per second */
    double load_low, load_high; /* interval */
} br_capacity_figure;

typedef struct br_capacity_report {
    bool measured; /* false: too few steps, sentence says so */
    br_capacity_step *steps;
    size_t step_count;
    bool open; /* load is a rate of starts */
    br_capacity_figure knee, breaking;
    double best_goodput;   /* highest of all steps */
    double goodput_beyond; /* share of best_goodput that is left at the highest load beyond the break */
    br_beyond beyond;
    bool usl; /* the universal scalability law could be fitted: */
    double usl_lambda, usl_sigma, usl_kappa, usl_load_max, usl_throughput_max;
    br_str sentence;
} br_capacity_report;

/* The levels of a run: spans over which the load was about constant, from its slices. In `arena`. */
void br_capacity_steps(
    const br_run_result *result, br_arena *arena, br_capacity_step **ret, size_t *ret_count);
void br_capacity_judge(const br_capacity_step *steps, size_t count, bool open,
    const br_capacity_limits *limits, br_arena *arena, br_capacity_report *ret);
