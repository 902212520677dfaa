/*
 * workflow/retry.h - when a failed attempt is repeated.
 * Why here: one formula for all engines.
 * Threads: any.
 */
#pragma once
#include "base/clock.h"

typedef struct emp_retry_policy {
    int max_attempts;   /* >= 1; the last failure is the activity's */
    br_ns initial;      /* pause after the first attempt */
    double coefficient; /* each pause is so much longer than the one before; >= 1 */
    br_ns max_interval;
} emp_retry_policy;

/* The pause after attempt number `attempt` (from 1): initial * coefficient^(attempt-1), at most max_interval.
 */
br_ns emp_retry_delay(const emp_retry_policy *policy, int attempt);
