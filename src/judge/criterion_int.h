/*
 * judge/criterion_int.h - what the files that evaluate a criterion share.
 *
 * What: criteria.c dispatches and says, criterion_metric.c takes figures of metrics and endpoints with their
 *     intervals.
 * Threads: any; pure.
 */
#pragma once
#include "judge/criteria.h"
#include "stat/estimate.h"

#define BR_CRITERION_Z 1.959963984540054 /* of a 95 % interval */

/* Fills state, figure, interval and sentence of *ret, whose criterion and limit_text are set. */
void br_criterion_metric(const br_run_result *result, br_arena *arena, br_criterion_result *ret);

/* A figure with its interval (not finite: unknown), compared with the limit and said. */
void br_criterion_figure(br_criterion_result *ret, br_arena *arena, double value, br_bounds interval);
