/*
 * judge/search.h - searching the highest rate that a service holds, trial by trial.
 *
 * What: says at which rate the next short trial is to be made, classifies what it measured, and ends with a
 *     bracket: a rate that holds and one that does not. Doubling, then bisection; a level is decided by the
 *     majority of its trials, so that one unlucky trial decides nothing; after overload it rests at a low
 * rate until the service is as it was, or a trial would measure what the one before has left behind. Why
 * here: a pure machine of states: runs and simulations drive the same one. Threads: any; pure. Memory: owns
 * the levels and their histograms; br_search_deinit(). Source: the scheme of MLRsearch (RFC 9971): lower and
 * upper bounds by several short trials, an exceed ratio of 0.5 and a goal width, with a share of bad requests
 * in the place of frame loss.
 *
 *     DOUBLING --a level breaks--> BISECTING --width reached--> over
 *        |                            |
 *        +--- after each trial that broke: RESTING until it holds as before, then on ---+
 */
#pragma once
#include "base/vec.h"
#include "judge/capacity.h"

#define BR_SEARCH_TRIALS        3    /* at a level, at most: two that agree decide it */
#define BR_SEARCH_RESTS_MAX     15   /* in a row, before it is given up */
#define BR_SEARCH_KEPT          0.98 /* share of the started that must be finished, or the backlog grows */
#define BR_SEARCH_KEPT_SLACK    2    /* iterations on either edge of the span */
#define BR_SEARCH_DROPPED       0.001
#define BR_SEARCH_REST_LATENCY  1.5 /* times the p95 that the rest's rate had at first */
#define BR_SEARCH_REST_SLACK_MS 5.0
#define BR_SEARCH_RATE_STEP     0.1 /* rates are multiples of it */

typedef struct br_search_config {
    double start, max;         /* starts of iterations per second: first and highest */
    double width;              /* of the bracket, relative: 0.05 */
    br_capacity_limits limits; /* what "holds" means besides keeping up */
} br_search_config;

/* What a trial measured in its steady part. All borrowed. */
typedef struct br_search_trial {
    br_ns start, length; /* start: since the search began */
    uint64_t requests, failed, iterations, dropped;
    const br_hist *latency_us;
    bool generator_failed; /* the generator was the limit: no evidence */
} br_search_trial;

typedef struct br_search_level {
    double rate;
    unsigned held, broke, generator; /* trials */
    br_ns start, length;
    uint64_t requests, failed, iterations;
    br_hist latency_us;
} br_search_level;

typedef enum br_search_end {
    BR_SEARCH_GOES_ON,
    BR_SEARCH_FOUND,         /* the bracket is narrow enough */
    BR_SEARCH_ABOVE_MAX,     /* the highest rate holds */
    BR_SEARCH_BELOW_MIN,     /* the lowest rate breaks */
    BR_SEARCH_GENERATOR,     /* the generator could not go higher */
    BR_SEARCH_NOT_RECOVERED, /* after overload the service did not come back */
    BR_SEARCH_STOPPED,       /* time is up, or a signal came */
} br_search_end;

typedef struct br_search {
    br_search_config config;
    BR_VEC(br_search_level) levels;
    double low, high;   /* the bracket; 0: not known */
    double rest_p95_ms; /* at the first level, when it held first; 0: it never did */
    bool resting;
    unsigned rests; /* in a row */
    br_search_end end;
} br_search;

typedef struct br_search_order {
    double rate; /* 0: the search is over */
    bool rest;   /* only to see whether the service has recovered */
} br_search_order;

typedef enum br_search_answer {
    BR_SEARCH_HELD,
    BR_SEARCH_BROKE,
    BR_SEARCH_NO_EVIDENCE,
} br_search_answer;

void br_search_init(br_search *s, const br_search_config *config);
void br_search_deinit(br_search *s);
br_search_order br_search_next(const br_search *s);
/* Takes what the trial that br_search_next() asked for has measured. */
br_search_answer br_search_tell(br_search *s, const br_search_trial *trial);
/* Time is up: the bracket stays as wide as it is. */
void br_search_stop(br_search *s);

const char *br_search_end_name(br_search_end end); /* "found", "above max", ... */

/* What was found. */
typedef struct br_search_report {
    br_search_end end;
    double low, high;        /* rates of starts per second that held and that did not; 0: not known */
    br_capacity_step *steps; /* the levels, ascending by load: for br_capacity_judge(open) */
    size_t step_count;
    br_str sentence;
} br_search_report;
/* `unit` of rates in the sentence: "visits/s". Everything in `arena`. */
void br_search_report_make(const br_search *s, const char *unit, br_arena *arena, br_search_report *ret);

/*
 * The steady part of a run at one rate: slices of its probe from `warm_up` on, up to `length`, which is best
 * a second before the run's end. The histogram is the caller's to br_hist_deinit(). False: there are none.
 */
bool br_search_measure(
    const br_run_result *r, br_ns warm_up, br_ns length, br_search_trial *ret, br_hist *ret_latency);
