/*
 * judge/quick_check.h - may the figures of a load without a script be believed?
 *
 * What: the limits of measurement for load generators, applied to a quick run.
 * Why here: a pure function of the result; text and JSON say the same.
 * Threads: any.
 */
#pragma once
#include "base/buf.h"
#include "stat/quick_result.h"

#define BR_QUICK_FINDINGS_MAX 4

typedef struct br_quick_check {
    bool valid; /* as evidence about the target */
    /* Closed model: the generator's own processor was the limit, so the target can do at least this much. */
    bool lower_bound;
    size_t count;
    char findings[BR_QUICK_FINDINGS_MAX][200]; /* sentences: why not valid, or what limits it */
} br_quick_check;

/*
 * Open model: not valid when lag p99 > max(1 ms, 1 % of the median response time) while places were free,
 * more than 0.1 % of the starts never happened, or a worker used more than 80 % of a core. Closed model: a
 * busy core is a lower bound. Any: not valid without a single answer, or when the user ended it early is
 * said, not judged.
 */
br_quick_check br_quick_check_of(const br_quick_result *r);
