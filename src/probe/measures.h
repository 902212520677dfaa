/*
 * probe/measures.h - the series of one source, filled round by round.
 *
 * What: gauges as they are; counters as what they gained a second; counts rounds in which one was missing.
 * Why here: processes, cgroups and pages differ in how they are read, not in what becomes of the figures.
 * Threads: one at a time.
 * Memory: at most BR_MEASURES_MAX series; names are copied.
 */
#pragma once
#include "probe/samples.h"

#define BR_MEASURES_MAX ((size_t) 64)

typedef struct br_measure {
    br_str name, unit;
    double limit; /* 0: unknown */
    br_samples samples;
    bool seen;     /* in this round */
    bool has_last; /* of a counter: */
    double last;
    br_ns last_at;
} br_measure;

typedef struct br_measures {
    br_arena arena;
    BR_VEC(br_measure) list;
    uint64_t refused; /* figures that were one series too many */
} br_measures;

void br_measures_init(br_measures *m);
void br_measures_deinit(br_measures *m);

/* `value` is dropped if it is no finite number. limit 0: unknown. unit: a literal. */
void br_measures_gauge(br_measures *m, br_str name, const char *unit, double limit, br_ns at, double value);
/* A total that only grows: what it gained a second since the round before. One that
 * went back has begun anew: it is missed once. */
void br_measures_counter(br_measures *m, br_str name, const char *unit, double limit, br_ns at, double total);
/* Ends a round: what was not seen in it was missed. */
void br_measures_round(br_measures *m);

/* Appends those with samples to `out`, instants relative to `origin`. */
size_t br_measures_count(const br_measures *m);
void br_measures_copy(
    const br_measures *m, br_str source, br_ns origin, br_arena *arena, br_target_series *out);
