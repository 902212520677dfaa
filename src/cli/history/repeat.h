/*
 * cli/history/repeat.h - a test is compared as soon as it is stored, and run again until that is decided.
 *
 * What: the flags --compare and --repeat of `test`, and the decision after each run whether another one
 * helps. Why here: a comparison that cannot tell is answered by more runs, not by a green light. Threads:
 * main thread. Invariants: at most BR_REPEAT_MAX runs; each that is made is said to be made, and why.
 *
 * Another run is made (br_comparison_wants_repeat) if
 *     the comparison is inconclusive: also if it takes runs of other days to decide it for certain, for runs
 *     of this hour decide some of those as well; not if no number of runs would, as with too few requests;
 *     or one run alone says that it regressed: a second one confirms it or not;
 *     or the run was no evidence.
 */
#pragma once
#include "cli/terminal/args.h"
#include "cli/history/comparing.h"

#define BR_REPEAT_MAX 5

extern const br_arg br_repeat_args[]; /* --compare, --repeat, --limit */

typedef struct br_repeat {
    bool compare;   /* after each run */
    bool automatic; /* until it is decided */
    size_t max;     /* runs of each test, 1 at least */
    br_compare_config config;
    /* Of the test in hand: */
    int64_t ids[BR_REPEAT_MAX];
    size_t count;
    br_comparison_answer answer;
    uint32_t runs_wanted, sessions_wanted;
} br_repeat;

/* BR_EINVAL names the flag. */
BR_NODISCARD br_code br_repeat_read(const br_args *a, br_repeat *ret, br_err *err);
void br_repeat_begin(br_repeat *r); /* another test */
/* Compares the runs so far, the latest of which is `id`. Errors of the store; *ret is the caller's. */
BR_NODISCARD br_code br_repeat_compare(
    br_repeat *r, const br_args *a, int64_t id, br_comparing *ret, br_err *err);
/* Is another run to be made? Appends why, or why not, as a line; nothing if there is nothing to say. */
bool br_repeat_again(const br_repeat *r, br_buf *why);
