/*
 * judge/compare_int.h - what the files of br_compare() share.
 *
 * What: compare.c takes the runs and puts the answer together, compare_rows.c makes a row for every endpoint
 *     and measure with the figure of each run, compare_estimate.c turns these into ratio, interval and p,
 *     compare_decide.c corrects for many rows and decides, compare_text.c says it.
 * Threads: any; pure.
 * Reasons for rules and constants: docs/adr/0016-regression-rule.md; what they achieve:
 * docs/statistics-compare.md.
 */
#pragma once
#include "judge/compare.h"
#include "stat/two_level.h"

#define BR_COMPARE_Q       0.01 /* of 100 comparisons without any change one may raise an alarm */
#define BR_COMPARE_SESSION (2 * 3600 * BR_SEC) /* runs that start so close are of one session */
#define BR_COMPARE_NOISE_FEW                                                                                 \
    0.10 /* assumed coefficient of variation of runs, with nothing known of them, ... */
#define BR_COMPARE_NOISE       0.05  /* ... with many runs, */
#define BR_COMPARE_NOISE_DF    4.0   /* and with the weight of so many runs */
#define BR_COMPARE_ERROR_NOISE 0.5   /* the same for shares of errors, which come in bursts */
#define BR_COMPARE_ERROR_FLOOR 0.005 /* a rise of the error share by less is no alarm */
#define BR_COMPARE_P95_MIN     59    /* 0.95^59 < 0.05: fewer give a p95 no upper bound */
#define BR_COMPARE_P99_MIN     299
#define BR_COMPARE_REPEATS_MAX 5  /* runs of one session that are asked for */
#define BR_COMPARE_RUNS_MAX    15 /* new runs that are asked for in all */

typedef enum br_measure_kind {
    BR_MEASURE_LEVEL, /* positive figures, compared as logarithms */
    BR_MEASURE_SHARE, /* counts of errors */
    BR_MEASURE_EXACT, /* the same in every run of a version */
    BR_MEASURE_NONE,  /* cannot be compared as a ratio: zeros in it */
} br_measure_kind;

/* Figures of one run. */
typedef struct br_measured {
    double value;    /* as shown */
    double variance; /* of its logarithm, within the run */
    double failed, requests;
    size_t session;
} br_measured;

typedef struct br_compare_row {
    br_comparison_row row;
    br_measure_kind kind;
    bool judged; /* enough requests */
    bool value;  /* a figure that the target gave */
    br_measured *old_runs, *new_runs;
    size_t old_count, new_count;
    br_two_level fit;       /* BR_MEASURE_LEVEL */
    double old_session_sum; /* sum of the squared shares of sessions in the old runs */
    bool rank;              /* the rank test had a say */
    double difference_high; /* BR_MEASURE_SHARE: upper 95 % bound of new - old */
} br_compare_row;

typedef struct br_compare_run {
    const br_run_figures *figures;
    size_t session;
} br_compare_run;

typedef struct br_compare_work {
    br_comparison *c;
    br_compare_config config;            /* without zeros */
    br_compare_run *old_runs, *new_runs; /* valid ones */
    size_t old_count, new_count;
    BR_VEC(br_compare_row) rows;
    size_t family[2];   /* rows that gate: of requests; of values */
    double noise;       /* variance of one run that is assumed where a row's own runs say little */
    double error_noise; /* the same of an error share, beyond what chance does to counts */
} br_compare_work;

#define BR_COMPARE_NOTE(c, ...)                                                                              \
    (*br_vec_push(&(c)->notes) = br_str_of(br_arena_printf(&(c)->arena, __VA_ARGS__)))

void br_compare_make_rows(br_compare_work *w);
void br_compare_learn_noise(br_compare_work *w); /* what all rows together say of the noise */
void br_compare_estimate(br_compare_work *w, br_compare_row *r);
/* Smallest ratio that a row would have shown with 80 % power; and the number of runs that would decide it. */
double br_compare_detectable(const br_compare_work *w, const br_compare_row *r);
void br_compare_decide(br_compare_work *w);
void br_compare_say_row(br_compare_work *w, br_compare_row *r);
void br_compare_say(br_compare_work *w);
br_str br_compare_row_name(br_arena *arena, const br_comparison_row *row); /* "p95 of GET /products" */
