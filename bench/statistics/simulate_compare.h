/*
 * bench/statistics/simulate_compare.h - comparisons of runs whose truth is known.
 *
 * What: makes runs with noise of known kind, changes the new ones by a known factor, follows what
 *     br_compare() asks for, and counts its answers.
 * Why here: the committed table (docs/statistics-compare.md) and a test of the same rule share it.
 * Threads: one.
 *
 * The noise of a run: a factor on all latencies, lognormal with a coefficient of variation of 3 to 10 %
 * (drawn for each comparison, evenly on a log scale). 20 to 70 % of its variance belong to the session, the
 * rest to the run; of both, half is common to all endpoints. Requests: lognormal with a heavy tail (2 % are
 * five times slower, a share that varies from run to run), 1,500 to 3,000 of each of four endpoints a run.
 * Errors: 0.2 %, in bursts. Old runs: one a week. New runs: one, and then what the policy says.
 */
#pragma once
#include "judge/compare.h"

#define SIMULATED_BANDS 3 /* of the noise: 3 to 5 %, to 7 %, to 10 % */

typedef struct simulated_tally {
    unsigned comparisons, regressed, ok, inconclusive;
    unsigned alarms_first; /* the first new run alone was called regressed */
    unsigned runs;         /* new ones, in all comparisons */
    unsigned looks;        /* how often br_compare() was asked */
} simulated_tally;

typedef enum simulated_policy {
    SIMULATED_REPEAT,  /* `--repeat auto`: at once, in the same session, until it is decided, at most five */
    SIMULATED_WANTED,  /* as many as the comparison asks for, in the same session or each on another day */
    SIMULATED_IN_TURN, /* both versions in turn in one session, compared once; no old runs before */
} simulated_policy;

typedef struct simulation {
    simulated_policy policy;
    uint64_t seed;
    double change; /* factor on the latencies of the new runs: of one endpoint, every second time of all */
    unsigned old_runs; /* 10 */
    unsigned comparisons;
    unsigned in_turn; /* runs of each version, of that policy */
} simulation;

/* In `ret` by the noise; ret[SIMULATED_BANDS] is the sum. */
void simulate_compare(const simulation *s, simulated_tally ret[SIMULATED_BANDS + 1]);
