/*
 * judge/shape_int.h - criteria on the course of a run rather than on one figure.
 *
 * What: "stable" and "degrades gracefully", computed from the time slices.
 * Why here: shared by criteria.c (which calls them) and nobody else.
 * Threads: any; pure.
 *
 * Definitions. A window is so many neighbouring slices that it holds BR_WINDOW_REQUESTS_MIN requests on
 * average; with fewer a p95 says nothing. Goodput is answered requests that did not fail, per second.
 *
 *   stable    for a constant load. Slices at the end in which virtual users have left are dropped, the first
 * third of the rest is warm-up. L2, L3: medians over the windows of the second and the third third of the
 *             window's p95; X2, X3: means of requests per second, s2, s3 their standard errors. Latency
 * drifts if L3 > L2 * (1 + BR_STABLE_LATENCY_DRIFT) and L3 - L2 > BR_STABLE_LATENCY_MS; throughput drifts if
 * X3 < X2 * (1 - BR_STABLE_THROUGHPUT_DRIFT) and X2 - X3 > 2 * sqrt(s2^2 + s3^2), that is, beyond what the
 * ups and downs from window to window explain. Getting better is stable too. A drift that the
 * generator's own lateness explains says nothing about the service, and is not measured: L3 less the p99 of
 * its delays (timers, events, starts; of the worst worker), X3 with the time added that its longest stall
 * and waiting for a processor took of the third. Throughput that falls along with a latency that is so
 * explained is explained, too: a constant number of users waits for its answers.
 *   graceful  for a ramp: what judge/capacity.h calls "beyond", its share of the best goodput at least 0.9;
 *             and errors there must keep their limit.
 */
#pragma once
#include "judge/capacity.h"
#include "judge/criteria.h"

#define BR_WINDOW_REQUESTS_MIN     20
#define BR_STABLE_LATENCY_DRIFT    0.20
#define BR_STABLE_LATENCY_MS       5.0
#define BR_STABLE_THROUGHPUT_DRIFT 0.10
#define BR_STABLE_WINDOWS_MIN      3

/* Each fills the state, the figure and the sentence of *ret, whose criterion and limit_text are set. */
void br_shape_stable(const br_run_result *result, br_arena *arena, br_criterion_result *ret);
void br_shape_graceful(const br_run_result *result, const br_criterion_inputs *inputs, br_arena *arena,
    br_criterion_result *ret);

/* Of criteria.c: no figure, for that reason; and a figure, compared with the criterion's limit. */
void br_criterion_not_measured(br_criterion_result *ret, br_arena *arena, const char *reason);
void br_criterion_measured(br_criterion_result *ret, double value);
