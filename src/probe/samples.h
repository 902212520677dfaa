/*
 * probe/samples.h - a series that grows while a test runs, in bounded memory.
 *
 * What: appends (instant, value); when it is full every other sample goes and only every second one that
 *     follows is kept. Why here: a soak of a day must not take more memory than one of an hour.
 * Threads: one.
 * Memory: at most BR_SAMPLES_MAX samples.
 * Invariants: instants ascend; what is kept is what was measured, not a mean of it.
 */
#pragma once
#include "base/arena.h"
#include "base/vec.h"
#include "stat/target_series.h"

#define BR_SAMPLES_MAX ((size_t) 4096)

typedef struct br_samples {
    BR_VEC(br_target_sample) list; /* at: loop clock */
    uint64_t stride, skipped;      /* every stride-th is kept; since the last one that was kept */
    uint64_t missed;
} br_samples;

void br_samples_add(br_samples *s, br_ns at, double value);
void br_samples_deinit(br_samples *s);
/* A copy with instants relative to `origin`. */
br_target_sample *br_samples_copy(const br_samples *s, br_ns origin, br_arena *arena);
