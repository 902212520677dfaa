/*
 * judge/course_int.h - which course does the envelope of memory take?
 *
 * What: fits the courses of judge/leak.h, and gives what remains when warm-up, steps and cache are taken
 * away. Why here: leak.c asks, nobody else. Threads: any; pure.
 */
#pragma once
#include "judge/envelope.h"
#include "judge/leak.h"

typedef struct br_course {
    br_leak_course kind;
    size_t first; /* blocks before it are warm-up */
    size_t n;     /* those that remain: */
    double t[BR_ENVELOPE_MAX], y[BR_ENVELOPE_MAX];
    double step_mb, cache_mb, tau_h;
    /* 95 % of the slope with what else is uncertain: time constants of the cache, sizes of steps; for
     * independent errors. low > high: there is neither. */
    double low, high;
} br_course;

void br_course_of(const br_envelope *e, br_course *ret);
