/*
 * judge/envelope.h - the lower envelope of a series that goes up and down.
 *
 * What: the lowest sample of each of at most BR_ENVELOPE_MAX blocks of time; a block is longer than a period
 * of the ups and downs, so that it holds a moment after a collection of garbage. Why here: what memory is
 * kept shows in the troughs; the peaks only show when the collector runs. Threads: any; pure.
 */
#pragma once
#include "stat/target_series.h"

#define BR_ENVELOPE_MAX 64
#define BR_ENVELOPE_MIN 8 /* blocks, whatever the period */

typedef struct br_envelope {
    size_t n;
    double t[BR_ENVELOPE_MAX], y[BR_ENVELOPE_MAX]; /* hours since the run's start, MB (10^6 bytes) */
    double length_h;                               /* from the first sample to the last */
    double period_h;                               /* of the ups and downs; 0: none that stands out */
} br_envelope;

/* Samples of the same instant or that go back in time are left out; n is 0 with fewer than 12. */
void br_envelope_of(const br_target_series *s, br_envelope *ret);
