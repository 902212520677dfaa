/*
 * judge/capacity.h - how much the service can do: knee, breaking point, and what happens beyond.
 *
 * What: from levels of load with their figures to the knee (where more load begins to buy little but
 *     latency) and the breaking point (where the limits of the test are no longer met), with intervals.
 * Why here: a pure function of steps, so that simulation and runs use the same one.
 * Threads: any; pure.
 * Memory: texts live in the caller's arena; steps belong to the caller.
 *
 * Method (docs/statistics-load.md has it in words, with how exact it is):
 *   knee      A smooth minimum X(N) = s N / (1 + (s N / C)^p)^(1/p) is fitted to the isotonic throughput
 * (proportional to the load far below, C far above); on it Kneedle: the load where the curve, on axes from 0
 * to the highest load and its throughput, is furthest above the diagonal. The interval is the range of that
 * over resampled steps, and of the load of the highest power X / R. No knee: less than BR_KNEE_LEAST above
 * it. breaking  p95 and share of errors are made to rise with the load (isotonic, weighted by requests);
 * where the first of them crosses its limit, between the steps on both sides. beyond    goodput at 1.5 times
 * the breaking load and more (at least the highest three steps; if nothing broke, from 0.9 of the highest
 * load) as a share of the best: 0.9 and more is graceful, 0.5 degraded, less a collapse. The criterion
 * "degrades gracefully" is this figure. law       the universal scalability law on the closed steps
 * that met the limits. Sources: Satopaa et al., "Finding a Kneedle in a Haystack", 2011; Gunther's law as in
 * judge/usl.h.
 */
#pragma once
#include "stat/run_result.h"

#define BR_CAPACITY_STEPS_MIN 4
#define BR_CAPACITY_STEPS_MAX 400 /* more are merged with their neighbours */
#define BR_KNEE_LEAST         0.1
#define BR_GRACEFUL_SHARE     0.9
#define BR_GRACEFUL_COLLAPSE  0.5

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
    double load, throughput;    /* at it: load in the steps' unit, goodput per second */
    double load_low, load_high; /* interval */
} br_capacity_figure;

typedef struct br_capacity_report {
    bool measured; /* false: too few steps, sentence says so */
    br_capacity_step *steps;
    size_t step_count;
    bool open; /* load is a rate of starts */
    br_capacity_figure knee, breaking;
    double best_goodput;   /* highest of some neighbouring steps together: a sixth of all, three at least; or
                              beyond it */
    double goodput_beyond; /* share of best_goodput that is left at the highest loads, beyond the break */
    double beyond_load;    /* where these begin */
    double beyond_errors;  /* share of what was asked there that failed or was dropped */
    br_beyond beyond;
    bool usl; /* the universal scalability law could be fitted: */
    double usl_lambda, usl_sigma, usl_kappa;
    double usl_load_max, usl_throughput_max;        /* 0: the law has no maximum, kappa is 0 */
    double usl_throughput_low, usl_throughput_high; /* 95 % of the maximum, or of the limit that it nears */
    br_str sentence;
} br_capacity_report;

/*
 * The levels of a run, by load, from its slices; in `arena`. Where the load stays about the same for five
 * slices and more most of the time, those spans, without what the change to them takes; else the rising part
 * cut into up to 40 bins of equal width. With open scenarios the load is starts per second: iterations that
 * ended or were dropped, and what more was on its way at the end of a slice.
 */
void br_capacity_steps(
    const br_run_result *result, br_arena *arena, br_capacity_step **ret, size_t *ret_count);
/* "4 virtual users" or "4.2 starts/s": users are whole, and of an interval rounded outwards. */
const char *br_capacity_load_text(const br_capacity_report *r, double load, br_arena *arena);
const char *br_capacity_range_text(const br_capacity_report *r, double low, double high, br_arena *arena);
/* "from 150 to 200 virtual users goodput was 391/s, 97.8 % of the best 400/s"; beyond must be known. */
const char *br_capacity_beyond_text(const br_capacity_report *r, br_arena *arena);
const char *br_beyond_phrase(br_beyond b); /* "degrades gracefully", "is degraded", "collapses"; "" */
/* Is the load of a run, a probe apart, a rate of starts? */
bool br_capacity_is_open(const br_run_result *result);
/* Steps in any order; the report holds a copy by load. */
void br_capacity_judge(const br_capacity_step *steps, size_t count, bool open,
    const br_capacity_limits *limits, br_arena *arena, br_capacity_report *ret);
