/*
 * cli/history/comparing.h - which stored runs are held against which, and what comes of it.
 *
 * What: chooses baselines for new runs, compares, and combines the answers.
 * Why here: `compare` and `test --compare` follow the same rules; judge/compare.h does the arithmetic.
 * Threads: main thread.
 * Memory: a br_comparing owns all that it points to.
 *
 * Rules:
 *     new       the newest run; if it has a version (--target-version), the newest runs with that version
 *               too, as far as no other run of the test is between them, at most BR_COMPARING_NEW
 *     rolling   the last BR_COMPARING_ROLLING valid runs before, of the same test and environment, with the
 *               same fingerprint, and of another version if there are such
 *     pinned    the pinned run of the test and environment; if it has a version, up to BR_COMPARING_ROLLING
 *               valid runs of that version and fingerprint. One with another fingerprint than the new runs is
 *               left out, and it is said what differs
 * The answer is that of the rolling baseline (without one, of the pinned one), but worse against the pinned
 * one is worse: slow drift passes every comparison with the last runs.
 */
#pragma once
#include "judge/compare.h"
#include "store/store.h"

#define BR_COMPARING_ROLLING 10
#define BR_COMPARING_NEW     5

typedef struct br_comparing {
    br_arena arena;
    br_stored_run newest;   /* of the new runs */
    br_comparison *rolling; /* NULL: there is no such baseline. Also of runs that were named */
    br_comparison *pinned;  /* NULL: no run is pinned, it is not comparable, or it is one of the new ones */
    br_str rolling_name, pinned_name; /* "the last 8 runs", "the pinned run 3" */
    br_str differs;                   /* why earlier runs are no baseline, or what differs; empty: nothing */
    br_str pinned_differs; /* why the pinned run was left out; empty: it was not. Also a note of `rolling` */
    br_comparison_answer answer;
} br_comparing;

typedef struct br_comparing_ids {
    const int64_t *ids;
    size_t count;
} br_comparing_ids;

/* Holds these runs against each other, whatever their fingerprints: `differs` says it.
 * BR_ENOTFOUND and other errors of the store; *ret is the caller's. */
BR_NODISCARD br_code br_comparing_named(br_store *s, br_comparing_ids base, br_comparing_ids new_runs,
    const br_compare_config *config, br_comparing *ret, br_err *err);
/* Against rolling and pinned baseline. */
BR_NODISCARD br_code br_comparing_new(
    br_store *s, br_comparing_ids new_runs, const br_compare_config *config, br_comparing *ret, br_err *err);
/* The newest runs of test and environment (NULL: of whatever ran last). BR_ENOTFOUND: there is no run. */
BR_NODISCARD br_code br_comparing_newest(br_store *s, const char *test, const char *environment,
    const br_compare_config *config, br_comparing *ret, br_err *err);
void br_comparing_deinit(br_comparing *c);

/* Which of both is shown where there is room for one, with a word of the other; NULL: there is none. */
const br_comparison *br_comparing_shown(const br_comparing *c);

typedef struct br_comparing_style {
    bool colour, markdown, all_rows;
    bool has_flag; /* of a command with --all-rows */
} br_comparing_style;
/* Appends both comparisons and which of them is the answer; once if both baselines are the same runs. */
void br_comparing_text(const br_comparing *c, const br_comparing_style *style, br_buf *out);
/* The same without its title. */
void br_comparing_parts_text(const br_comparing *c, const br_comparing_style *style, br_buf *out);
