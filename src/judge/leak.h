/*
 * judge/leak.h - does memory grow without end?
 *
 * What: the slope of a memory series in MB/h with its interval, and the question "leak?" decided or not.
 * Why here: a pure function of samples; soak tests, watching and simulation use the same one.
 * Threads: any; pure.
 * Memory: texts live in the caller's arena.
 * Cost: some milliseconds for two hours at one sample a second; it may be asked again and again.
 *
 * Method (docs/statistics-memory.md has it in words, with how often it is right):
 *   1. the lower envelope (judge/envelope.h): what is kept after garbage was collected;
 *   2. which course explains it best, by BIC, a richer one only if it gains BR_LEAK_BIC: a line; a line after
 * a warm-up; a line with one or two steps; a cache that fills, a + c (1 - exp(-t / tau)), with or without a
 *      line under it. Warm-up is cut, steps and cache are subtracted;
 *   3. the slope of what remains by Theil-Sen, its interval widened for dependence (judge/trend.h), and with
 *      a cache by what other time constants would say;
 *   4. a leak goes on: the slope of the second half must be above 0 and at least half of the first half's;
 *   5. in less than BR_LEAK_LEAST_S a warm-up cannot be told from a leak, nor a slow leak from none: it is
 *      undecided, unless memory has surely grown by more than the limit allows in a whole hour.
 */
#pragma once
#include "base/arena.h"
#include "stat/target_series.h"

#define BR_LEAK_BIC     6.0
#define BR_LEAK_LEAST_S 600.0 /* shorter series are undecided: see the method */

typedef enum br_leak_answer {
    BR_LEAK_NONE,      /* upper bound of the slope below the limit */
    BR_LEAK_FOUND,     /* slope above the limit, lower bound above half of it, and it does not level off */
    BR_LEAK_UNDECIDED, /* more time is needed: needed_s says how much, if that can be known */
} br_leak_answer;
const char *br_leak_answer_name(br_leak_answer a); /* "none", "found", "undecided" */

typedef enum br_leak_course {
    BR_LEAK_LINE,
    BR_LEAK_WARM_UP,    /* a line after a warm-up */
    BR_LEAK_STEPS,      /* a line, and steps that are not part of its slope */
    BR_LEAK_CACHE,      /* fills up, nothing else */
    BR_LEAK_CACHE_LINE, /* fills up while something grows */
} br_leak_course;
const char *br_leak_course_name(br_leak_course c); /* "line", "warm-up", "steps", "cache", "cache and line" */

typedef struct br_leak_report {
    br_leak_answer answer;
    /* The answer would be the same with an interval of 99.9 %, on at least 20 blocks: who asks again and
     * again while a test runs and stops at the first answer should wait for this. */
    bool firm;
    bool measured;                   /* there were enough samples for a slope */
    double slope, low, high;         /* MB/h (1 MB = 10^6 bytes), with its 95 % interval */
    double per_1000_requests;        /* MB, 0 if the number of requests is unknown */
    double start_mb, end_mb, max_mb; /* levels after warm-up; the highest sample */
    br_ns warm_up;                   /* cut from the beginning */
    br_leak_course course;
    double step_mb;       /* of all steps together */
    double cache_mb;      /* that the cache has grown by, */
    double cache_tau_s;   /* to 63 % of its size in this time */
    bool levels_off;      /* the second half grows by less than half of the first, or not at all */
    double needed_s;      /* length of a run that would decide; 0: unknown or decided */
    double limit_after_s; /* at this slope the source's limit is reached so long after the end; 0: never or
                             unknown */
    br_str sentence;      /* the above for a reader */
} br_leak_report;

/* limit_mb_per_h > 0. `requests`: sent during the series, 0: unknown. */
void br_leak_judge(const br_target_series *memory, double limit_mb_per_h, uint64_t requests, br_arena *arena,
    br_leak_report *ret);
