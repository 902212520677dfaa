/*
 * judge/generator.h - was the generator itself the limit? Then a run proves nothing about its target.
 *
 * What: holds the generator's health against limits; findings in words.
 * Why here: `brunt run` shows it, `brunt test` makes the verdict INVALID with it, result files carry it.
 * Threads: any; pure.
 * Memory: texts live in the caller's arena.
 *
 * Limits (the rules of the trade: k6's and BrowserStack's 80 % of a core, lateness below what it would
 * distort):
 *     processor   a worker needed more than 80 % of its core: running, or ready to run while others ran
 *     lag         of the starts of iterations, p99 over max(1 ms, 1 % of the median response time)
 *     late        more than 0.1 % of the starts later than ten times that
 *     starts      more than 0.1 % of an open scenario's dropped or missed
 *     descriptors, ports: a request failed for lack of them
 * What cannot be known from so short a run is not judged: a processor's share below one second, a p99 of
 * fewer than 299 starts.
 */
#pragma once
#include "stat/run_result.h"

#define BR_GENERATOR_CPU_MAX       0.8
#define BR_GENERATOR_LAG_LEAST     BR_MS
#define BR_GENERATOR_LAG_SHARE     0.01
#define BR_GENERATOR_LATE_FACTOR   10
#define BR_GENERATOR_LOST_SHARE    0.001
#define BR_GENERATOR_LEAST_SAMPLES 299
#define BR_GENERATOR_LEAST_LENGTH  BR_SEC

typedef struct br_generator_finding {
    const char *name;
    bool ok;
    br_str text;   /* with the figure and its limit */
    br_str remedy; /* empty if ok */
} br_generator_finding;

enum { BR_GENERATOR_FINDINGS_MAX = 6 };
typedef struct br_generator_report {
    bool valid;
    br_generator_finding findings[BR_GENERATOR_FINDINGS_MAX]; /* of what could be judged */
    size_t count;
    br_ns lag_limit; /* that start lag was held against */
} br_generator_report;

/* What is judged. All borrowed. */
typedef struct br_generator_view {
    const br_worker_health *workers; /* [worker_count] */
    size_t worker_count;
    const br_generator *generator;
    br_ns duration;
    double median_response_ms; /* 0 without requests */
    const char *starts;        /* what is started; NULL: "iterations" */
} br_generator_view;
br_generator_view br_generator_view_of(const br_run_result *r);

void br_judge_generator(const br_generator_view *v, br_arena *arena, br_generator_report *ret);

/* What a worker needed of its core: 0..1, and a little more where the clocks differ. */
double br_generator_need(const br_worker_health *w);
