/*
 * judge/knee.h - where a rising curve begins to bend.
 *
 * What: Kneedle on points; and on the smooth minimum of a line and a ceiling that is fitted to them.
 * Why here: capacity.c asks; pure, so that it can be held against published examples.
 * Threads: any; pure, random numbers have a fixed seed.
 * Source: Satopaa, Albrecht, Irwin, Raghavan, "Finding a Kneedle in a Haystack: Detecting Knee Points in
 * System Behavior", ICDCSW 2011.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#define BR_KNEE_POINTS_MAX 2048

/*
 * Kneedle for a concave rising curve, x ascending: both axes normalised to 0..1, d = y - x, the first local
 * maximum of d after which d falls below it by `sensitivity` times the mean distance of points. Returns its
 * index, or n if there is none.
 */
size_t br_knee_kneedle(const double *x, const double *y, size_t n, double sensitivity);

/* s x / (1 + (s x / ceiling)^bend)^(1 / bend) */
typedef struct br_knee_curve {
    double slope, ceiling, bend;
} br_knee_curve;
double br_knee_curve_at(const br_knee_curve *c, double x);

typedef struct br_knee {
    double x, y;
    double low, high; /* 95 % of x by resampling of the residuals */
    double height;    /* of the curve above the diagonal of its normalised axes, at the knee */
    br_knee_curve curve;
} br_knee;

/* Points with x > 0 ascending, y >= 0, at least 4; false, *ret untouched: fewer, or all y are 0. */
bool br_knee_find(const double *x, const double *y, size_t n, br_knee *ret);
