#include "loop/delays.h"

/* The highest delay of a bucket. */
static br_ns top_of(unsigned bucket)
{
    if (bucket < BR_DELAY_STEPS) return bucket;
    unsigned shift = bucket / BR_DELAY_STEPS - 1, step = bucket % BR_DELAY_STEPS;
    return (br_ns) ((((uint64_t) BR_DELAY_STEPS + step + 1) << shift) - 1);
}

br_ns br_delays_quantile(const br_delays *d, double q)
{
    double wanted = q * (double) d->total;
    uint64_t seen = 0;
    for (unsigned i = 0; i < BR_DELAY_BUCKETS && d->total > 0; i++) {
        seen += d->count[i];
        if (d->count[i] == 0 || (double) seen < wanted) continue;
        return top_of(i) < d->max ? top_of(i) : d->max;
    }
    return d->total > 0 ? d->max : 0;
}
