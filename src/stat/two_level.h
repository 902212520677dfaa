/*
 * stat/two_level.h - the difference between two groups of runs that were made in sessions.
 *
 * What: runs of one session (an hour of one day on one machine) share what that session was like, so that
 *     five repeats know less than five runs on five days. The difference between the groups' means, its
 *     t-interval and its one-sided p, with the session's share of the noise unknown.
 * Why here: pure numbers; judge/compare.h uses it on logarithms of figures.
 * Threads: any; pure.
 *
 * Model: y = mean of the group + effect of the session + effect of the run; both effects normal, with the sum
 *     of their variances s^2 and the session's share rho of it. For a given rho: generalized least squares,
 *     s^2 from the residuals and from the prior (`prior_df` observations of variance `prior_variance`), and
 *     the difference of the means is t-distributed with N - 2 + prior_df degrees of freedom. rho is unknown:
 *     the answers for rho = 0.05, 0.15, ..., 0.95 are weighted by the likelihood that each gives the data
 *     (restricted likelihood; Harville 1974). Groups that share sessions are compared within them.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef struct br_two_level_run {
    double value;
    size_t session; /* any number, equal for runs of one session; below BR_TWO_LEVEL_RUNS_MAX */
    bool second;    /* of the second group */
} br_two_level_run;

#define BR_TWO_LEVEL_RUNS_MAX 400
#define BR_TWO_LEVEL_SHARES   10

typedef struct br_two_level_prior {
    double variance, df; /* of one run, sessions included; both > 0 */
    double least;        /* the variance of the difference is not taken to be smaller */
} br_two_level_prior;

typedef struct br_two_level {
    double difference; /* second - first, plain means */
    double df;
    double variance; /* of one run, sessions included; expectation */
    double share;    /* of it that a session has in common; expectation */
    /* Per rho: */
    double weight[BR_TWO_LEVEL_SHARES];
    double error[BR_TWO_LEVEL_SHARES]; /* standard error of the difference */
    double scale[BR_TWO_LEVEL_SHARES]; /* s^2 */
} br_two_level;

/* At least one run of each group, at most BR_TWO_LEVEL_RUNS_MAX in all. */
void br_two_level_fit(
    const br_two_level_run *runs, size_t count, const br_two_level_prior *prior, br_two_level *ret);

double br_two_level_rho(size_t i); /* 0.05, 0.15, ... */
/* Probability that a difference `center` was observed, or more, if the true one is 0. */
double br_two_level_p(const br_two_level *t, double center);
/* How far one side of an interval reaches from its center, at the one-sided confidence (0.5, 1). */
double br_two_level_reach(const br_two_level *t, double confidence);
/*
 * What the standard error will be with other numbers of runs. `session_sum`: over all sessions, the square of
 * the difference between their shares of the second and of the first group's runs.
 */
double br_two_level_error(const br_two_level *t, double session_sum, size_t first_runs, size_t second_runs);
