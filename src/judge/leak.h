/*
 * judge/leak.h - does memory grow without end?
 *
 * What: the slope of a memory series in MB/h with its interval, and the question "leak?" decided or not.
 * Why here: a pure function of samples; soak tests, watching and simulation use the same one.
 * Threads: any; pure.
 * Memory: texts live in the caller's arena.
 */
#pragma once
#include "base/arena.h"
#include "stat/target_series.h"

typedef enum br_leak_answer {
    BR_LEAK_NONE,      /* upper bound of the slope below the limit */
    BR_LEAK_FOUND,     /* slope above the limit, lower bound above half of it, and it does not level off */
    BR_LEAK_UNDECIDED, /* more time is needed: needed_s says how much, if that can be known */
} br_leak_answer;

typedef struct br_leak_report {
    br_leak_answer answer;
    bool measured;                   /* there were enough samples for a slope */
    double slope, low, high;         /* MB/h (1 MB = 10^6 bytes), with its 95 % interval */
    double per_1000_requests;        /* MB, 0 if the number of requests is unknown */
    double start_mb, end_mb, max_mb; /* levels after warm-up */
    br_ns warm_up;                   /* cut from the beginning */
    double needed_s;                 /* length of a run that would decide; 0: unknown or decided */
    double limit_after_s; /* at this slope the source's limit is reached so long after the end; 0: never or
                             unknown */
    br_str sentence;      /* the above for a reader */
} br_leak_report;

/* limit_mb_per_h > 0. `requests`: sent during the series, 0: unknown. */
void br_leak_judge(const br_target_series *memory, double limit_mb_per_h, uint64_t requests, br_arena *arena,
    br_leak_report *ret);
