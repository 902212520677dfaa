/*
 * engine/timetable.h - when the iterations of an arrival-rate scenario are to start.
 *
 * What: the instant of the k-th start, in closed form, for constant and ramping rates.
 * Why here: executors, progress, reports and tests read the same timetable. It is that of the whole test:
 *     workers each take every n-th start of it, and of machines that share a test each sees those of its
 *     execution segment, so that together they make exactly these.
 * Threads: a cursor has one user; the scenario is only read.
 * Memory: none of its own; the scenario is borrowed.
 * Invariants: instants never go down as k goes up; the number of starts is the integral of the rate.
 *
 * Rules (k6's):
 *     - constant: start k (from 0) is at k * timeUnit / rate, so the first one at 0 and, where the division
 *       goes out even, one at the very end;
 *     - ramping: start k is where the area under the piecewise linear rate reaches k + 1, so none at 0; what
 *       is left of an iteration at the end of a stage goes into the next one.
 * Areas are counted in whole numbers of 1 / (2 * timeUnit) iterations, so nothing is lost over any number of
 * stages; only the root within a stage is a floating-point number, in a form without cancellation.
 */
#pragma once
#include "engine/options.h"

typedef struct br_timetable {
    const br_scenario *scenario;
    /* Of ramping rates: the stage in which the latest start was found. */
    size_t stage;
    int64_t from;  /* rate at its beginning */
    br_ns begin;   /* of the stage */
    __int128 area; /* before it */
} br_timetable;

void br_timetable_init(br_timetable *t, const br_scenario *s); /* s: of an arrival-rate executor */
/* The k-th start (from 0) of this instance, relative to the scenario's start; -1: there are not so many. k
 * must not go down.
 */
br_ns br_timetable_at(br_timetable *t, int64_t k);

/* How many starts this instance makes; INT64_MAX if more. */
int64_t br_timetable_count(const br_scenario *s);
/* Iterations per second that it asks of this instance at that instant. */
double br_timetable_rate(const br_scenario *s, br_ns at);
/* The highest of those. */
double br_timetable_peak_rate(const br_scenario *s);
