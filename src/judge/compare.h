/*
 * judge/compare.h - is the new version slower than the old one, and could this data have told?
 *
 * What: per endpoint and measure the ratio new / old with its interval, a verdict that knows three answers,
 *     and the smallest change that the data could have shown.
 * Why here: pure statistics on stat/run_figures.h; the command line, reports and simulation use the same.
 * Threads: any; pure, with seeded random numbers where there are any: the same input, the same answer.
 * Memory: a comparison owns its texts; it borrows nothing.
 */
#pragma once
#include "stat/run_figures.h"

typedef enum br_change {
    BR_CHANGE_OK,           /* upper bound of the ratio below the limit */
    BR_CHANGE_REGRESSED,    /* lower bound above 1 also after correction, upper bound at the limit or above */
    BR_CHANGE_IMPROVED,     /* upper bound below 1, and ratio below 1 / limit */
    BR_CHANGE_INCONCLUSIVE, /* this data cannot tell */
} br_change;
const char *br_change_name(br_change c); /* "ok", "regressed", "improved", "inconclusive" */

typedef struct br_comparison_row {
    br_str endpoint;             /* empty: all requests */
    br_str measure;              /* "p50", "p95", "p99", "error_rate", "throughput", or the name of a value */
    br_str unit;                 /* "ms", "share", "per_s", ... */
    double old_value, new_value; /* medians over the runs; of error_rate: of all their requests together */
    /* worse/better: ratio > 1 is always worse (for throughput: old / new) */
    double ratio, low, high; /* with its 95 % interval; low 0 and high infinite: unknown */
    double detectable;       /* smallest ratio that these runs would have shown with 80 % power; 0: unknown */
    double p_value;          /* one-sided, that it got worse; after the correction in q_value */
    double q_value;
    double bound; /* no error on either side: upper 95 % bound of the new share; else 0 */
    br_change change;
    bool gates;          /* counts for the overall answer */
    bool more_is_better; /* throughput */
    br_str sentence;
} br_comparison_row;

/* What a reader is shown: now / before, whichever side is worse; low 0 and high infinite: unknown. */
typedef struct br_now_by_before {
    double ratio, low, high, detectable;
} br_now_by_before;
br_now_by_before br_comparison_now_by_before(const br_comparison_row *r);

typedef struct br_compare_config {
    double limit;          /* 1.2: alert when worse than 20 %; 0: 1.2 */
    double q;              /* false discovery rate over the rows that gate; 0: 0.01 */
    uint64_t requests_min; /* endpoints with fewer requests a run are shown, not judged; 0: 59 for p95 */
} br_compare_config;

typedef enum br_comparison_answer { /* and exit status of `brunt compare` */
    BR_COMPARISON_OK = 0,
    BR_COMPARISON_REGRESSED = 1,
    BR_COMPARISON_INCONCLUSIVE = 2,
    BR_COMPARISON_NO_BASELINE = 3,
    BR_COMPARISON_INVALID = 4,
} br_comparison_answer;
/* "ok", "regressed", "inconclusive", "no baseline", "invalid" */
const char *br_comparison_answer_name(br_comparison_answer answer);

typedef struct br_comparison {
    br_arena arena;
    br_comparison_answer answer;
    br_str headline;         /* "REGRESSED: p95 of GET /products is 1.43 (1.31 to 1.55) times what it was." */
    br_comparison_row *rows; /* worst first */
    size_t row_count;
    double limit; /* of the configuration: an alert when worse than that */
    int64_t *old_ids, *new_ids;
    size_t old_count, new_count;
    uint32_t runs_wanted;     /* more new runs that would probably decide; 0: decided, or no number of them */
    uint32_t sessions_wanted; /* so many of them in sessions of their own (2 h apart, another day is best) */
    br_str also;              /* what another comparison of these runs says, for reports with room for one */
    BR_VEC(br_str) notes;     /* different fingerprints, few runs, invalid runs left out, ... */
} br_comparison;

/* Runs in any order. No old run: BR_COMPARISON_NO_BASELINE; no valid new one: BR_COMPARISON_INVALID. */
br_comparison *br_compare(const br_run_figures *const *old_runs, size_t old_count,
    const br_run_figures *const *new_runs, size_t new_count, const br_compare_config *config);
void br_comparison_free(br_comparison *c); /* NULL is fine */

/*
 * Is another run to be made at once, of the same version? Until it is decided: yes while the comparison
 * cannot tell, though runs of other days would be better (ADR 16), and after one run that was no evidence or
 * that regressed alone. No if no number of runs would decide. `runs`: new ones so far.
 */
bool br_comparison_wants_repeat(br_comparison_answer answer, uint32_t runs_wanted, size_t runs);

/* Change points of a series in time: where its level changed for good (E-divisive means). */
typedef struct br_change_point {
    size_t at;            /* index of the first value after the change */
    double before, after; /* means of the neighbouring segments */
    double p_value;
} br_change_point;
/* Returns how many there are, at most `max`. */
size_t br_change_points(const double *values, size_t count, br_change_point *ret, size_t max);
