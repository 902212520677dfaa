/*
 * stat/target_series.h - what the target said of itself during a run, as plain values.
 *
 * What: one series a measure (memory, processor, connections, ...) and source (a process, a cgroup, a
 *     Prometheus page), sampled at instants of the run.
 * Why here: probe/ fills them, judge/, store/ and report/ read them; none of them knows the other.
 * Threads: a value.
 * Memory: in the arena of the run result that holds it.
 * Invariants: instants ascend; a sample that could not be taken is absent, never 0.
 */
#pragma once
#include "base/clock.h"
#include "base/str.h"

typedef struct br_target_sample {
    br_ns at; /* relative to the run's start; before it and after its end is possible (cool-down) */
    double value;
} br_target_sample;

typedef struct br_target_series {
    br_str name;   /* "memory", "cpu", or the name of a metric of a Prometheus page with its labels */
    br_str source; /* "process 4711 (empire)", "cgroup /system.slice/empire.service", "http://.../metrics" */
    br_str unit;   /* "bytes", "cores", "count" */
    double limit;  /* that the value cannot or should not pass (memory limit, pool size); 0: unknown */
    br_target_sample *samples;
    size_t count;
    uint64_t missed; /* samples that could not be taken */
} br_target_series;
