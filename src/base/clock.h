/*
 * base/clock.h - time as int64_t nanoseconds.
 *
 * What: the type, its units, the two clocks.
 * Why here: every layer speaks of time; nobody else calls clock_gettime.
 * Threads: any.
 */
#pragma once
#include <stdint.h>

typedef int64_t br_ns;

#define BR_US     ((br_ns) 1000)
#define BR_MS     ((br_ns) 1000000)
#define BR_SEC    ((br_ns) 1000000000)
#define BR_NS_MAX INT64_MAX

/* CLOCK_MONOTONIC now. For measuring; timeouts use br_loop_now(). */
br_ns br_clock_now(void);

/* CLOCK_REALTIME now, nanoseconds since 1970-01-01 UTC. For timestamps in outputs. */
br_ns br_clock_wall(void);

/* CPU time that the calling thread has used. */
br_ns br_clock_thread_cpu(void);

/* How long the calling thread has been ready to run while others had the processor; 0 where the kernel does
 * not tell (/proc/thread-self/schedstat). Reads a file: now and then, not on a hot path. */
br_ns br_clock_thread_starved(void);
