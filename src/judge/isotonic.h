/*
 * judge/isotonic.h - the rising series that is nearest to a noisy one.
 *
 * Threads: any; pure.
 * Source: pool adjacent violators (Barlow et al., 1972), least squares with weights.
 */
#pragma once
#include <stddef.h>

/* y may be ret. Weights > 0; NULL: all 1. */
void br_isotonic(const double *y, const double *weights, size_t n, double *ret);
