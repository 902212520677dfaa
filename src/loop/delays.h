/*
 * loop/delays.h - a coarse histogram of delays.
 *
 * What: counts of nanoseconds in 8 steps per doubling, so a quantile is at most 1/8 too high; 4 KiB, no
 *     allocation.
 * Why here: the loop tells how late it was, and knows nothing of the histograms of stat/.
 * Threads: one writer.
 */
#pragma once
#include <stdint.h>
#include "base/clock.h"

enum {
    BR_DELAY_STEP_BITS = 3,
    BR_DELAY_STEPS = 1 << BR_DELAY_STEP_BITS,
    BR_DELAY_BUCKETS = 62 * BR_DELAY_STEPS
};

typedef struct br_delays {
    uint64_t count[BR_DELAY_BUCKETS];
    uint64_t total;
    br_ns max;
} br_delays;

static inline unsigned br_delays_bucket(br_ns delay)
{
    if (delay < BR_DELAY_STEPS) return delay > 0 ? (unsigned) delay : 0;
    unsigned shift = 63 - (unsigned) __builtin_clzll((unsigned long long) delay) - BR_DELAY_STEP_BITS;
    return (shift + 1) * BR_DELAY_STEPS + ((unsigned) ((uint64_t) delay >> shift) & (BR_DELAY_STEPS - 1));
}

/* `weight`: how often; or, for delays that whatever comes at a random moment meets, how long it holds. */
static inline void br_delays_add(br_delays *d, br_ns delay, uint64_t weight)
{
    d->count[br_delays_bucket(delay)] += weight;
    d->total += weight;
    if (delay > d->max) d->max = delay;
}

/* The least delay that a share of at least q does not exceed, rounded up to its step; 0 when empty. */
br_ns br_delays_quantile(const br_delays *d, double q);
