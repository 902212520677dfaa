/*
 * scale/rule.h - how many instances there should be.
 *
 * What: a pure function of the instances' load, the time and what was decided before.
 * Why here: tests need no processes and no clock. Threads: any; the state is the caller's.
 * Source: the rule of Kubernetes' HorizontalPodAutoscaler: ceil(instances * use / target), the larger of CPU
 * and memory, nothing within 10 % of the target, at most twice as many at once. Down by one at a time, when
 * fewer would have done for all of the pause.
 */
#pragma once
#include <stdbool.h>
#include "base/clock.h"

typedef struct emp_scale_config {
    int min, max;
    double cpu_target;    /* cores per instance, such as 0.7 */
    double memory_target; /* bytes per instance */
    br_ns up_pause;       /* after a change, before the next one up */
    br_ns down_pause;     /* fewer must have done for so long */
} emp_scale_config;

typedef struct emp_scale_load {
    double cpu;    /* cores, mean of the instances */
    double memory; /* bytes, mean of the instances */
} emp_scale_load;

typedef struct emp_scale_state {
    br_ns changed_at; /* 0: never */
    br_ns low_since;  /* fewer would have done since then; 0: they would not */
} emp_scale_state;

/* The number wanted, min .. max; the caller brings it about. `instances` is how many there are, ready or not.
 */
int emp_scale_decide(
    const emp_scale_config *config, emp_scale_state *state, int instances, emp_scale_load load, br_ns now);
