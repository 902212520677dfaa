/*
 * api/process.h - what this process uses.
 * Why here: a soak test reads it from /metrics to find leaks.
 * Threads: any.
 */
#pragma once
#include <stdint.h>

typedef struct emp_process {
    uint64_t resident_bytes, open_fds, max_fds;
    double cpu_seconds; /* user and system */
} emp_process;

/* Figures that the system does not give are 0. */
void emp_process_look(emp_process *ret_process);
