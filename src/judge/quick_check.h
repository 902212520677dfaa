/*
 * judge/quick_check.h - may the figures of a load without a script be believed?
 *
 * What: the generator's limits (judge/generator.h), and what else a reader must know, in sentences.
 * Why here: a pure function of the result; text and JSON say the same.
 * Threads: any.
 *
 * A saturated processor makes an open run invalid: its starts may have been late. In a closed run the
 * generator asks as fast as it can, so a saturated core means that its figures are a lower bound: the target
 * can do at least this much, and may have been faster than the times say.
 */
#pragma once
#include "judge/generator.h"
#include "stat/quick_result.h"

#define BR_QUICK_FINDINGS_MAX 10

typedef enum br_quick_standing {
    BR_QUICK_VALID,
    BR_QUICK_LOWER_BOUND, /* closed model: the generator's own processor was the limit */
    BR_QUICK_INVALID,     /* as evidence about the target */
} br_quick_standing;
const char *br_quick_standing_name(br_quick_standing s); /* "valid", "lower bound", "invalid" */

typedef struct br_quick_check {
    br_quick_standing standing;
    size_t count;
    char findings[BR_QUICK_FINDINGS_MAX][320]; /* sentences: why not valid, or what to know */
} br_quick_check;

/*
 * Invalid: without a single answer, when the limits of judge/generator.h are passed, or when more than 0.1 %
 * of the starts of the timetable were never made.
 */
br_quick_check br_quick_check_of(const br_quick_result *r);
br_generator_view br_quick_generator_view(const br_quick_result *r);
