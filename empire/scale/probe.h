/*
 * scale/probe.h - how another process is: whether it answers, and what it uses.
 *
 * What: a health check over HTTP that never blocks, and CPU and memory from /proc.
 * Why here: the autoscaler is one loop without threads, because it forks.
 * Threads: one. Memory: the check owns its socket until it is over.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/clock.h"

typedef enum emp_probe_state {
    EMP_PROBE_IDLE,
    EMP_PROBE_ASKING,
    EMP_PROBE_WELL,
    EMP_PROBE_FAILED
} emp_probe_state;

typedef struct emp_probe {
    emp_probe_state state;
    int fd;
    bool is_sent;
    br_ns until;
} emp_probe;

/* Asks http://127.0.0.1:port/health/live; WELL is a 200 within `timeout`. A check under way is given up. */
void emp_probe_begin(emp_probe *p, uint16_t port, br_ns now, br_ns timeout);
/* Goes on with it, without waiting; returns its state. */
emp_probe_state emp_probe_go_on(emp_probe *p, br_ns now);
void emp_probe_reset(emp_probe *p); /* IDLE; gives up what is under way */

/* False: there is no such process. CPU since its start, user and system. */
bool emp_probe_usage(pid_t pid, double *ret_cpu_seconds, double *ret_resident_bytes);
