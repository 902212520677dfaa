/*
 * judge/estimates_int.h - capacity, recovery and leak of a run, and the criteria that rest on them.
 *
 * What: which of the estimators a run calls for, with limits from the criteria of its test.
 * Why here: verdict.c makes them once; criteria and reports use the same figures.
 * Threads: any; pure.
 * Memory: in the arena that is given.
 */
#pragma once
#include "judge/verdict.h"

#define BR_LEAK_LIMIT_MB_PER_H 50.0 /* without a criterion */

/* Of a load that rises, unless the test has a spike; else NULL. */
const br_capacity_report *br_estimate_capacity(
    const br_judge_plan *plan, const br_run_result *r, br_arena *arena);
/* Of the levels of a search in the open model; NULL: there was none. */
const br_capacity_report *br_estimate_searched(const br_judge_plan *plan, br_arena *arena);
/* Of a test with a spike; else NULL. */
const br_recovery_report *br_estimate_recovery(
    const br_judge_plan *plan, const br_run_result *r, br_arena *arena);
/* Of the memory series that grows most surely, samples of the run only; NULL: memory was not watched. */
const br_leak_report *br_estimate_leak(const br_judge_plan *plan, const br_run_result *r, br_arena *arena);

/* "recovery < 2min", "memory_growth < 50MB/h"; each fills *ret as br_shape_stable() does. */
void br_criterion_recovery(
    const br_run_result *r, const br_criterion_inputs *inputs, br_arena *arena, br_criterion_result *ret);
void br_criterion_memory(const br_criterion_inputs *inputs, br_arena *arena, br_criterion_result *ret);
