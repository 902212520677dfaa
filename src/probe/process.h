/*
 * probe/process.h - what Linux says of a process of this machine.
 *
 * What: memory, processor time, threads and descriptors, from /proc/PID/{status,stat,fd,limits}.
 * Why here: a target on the same machine needs no metrics page to be watched.
 * Threads: any.
 * Why not smaps_rollup: it walks the page tables while it holds the process's memory lock; status has
 * counters.
 */
#pragma once
#include <sys/types.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

typedef struct br_process_view {
    double memory_bytes; /* resident and swapped out */
    double cpu_s;        /* user and system time of all threads since its start */
    uint64_t threads;
    uint64_t descriptors; /* 0: not allowed to be seen */
    uint64_t started;     /* clock ticks since boot: tells a process from a later one with its number */
} br_process_view;

/* BR_ENOTFOUND: there is none; BR_EACCESS; BR_ESYNTAX: not what Linux writes. */
BR_NODISCARD br_code br_process_read(pid_t pid, br_process_view *ret, br_err *err);
/* The soft limit of descriptors; 0: none or unknown. */
uint64_t br_process_descriptor_limit(pid_t pid);
/* What /proc/PID/comm says; empty: gone. */
br_str br_process_name(pid_t pid, br_arena *arena);
/* The one process that is called so. BR_ENOTFOUND: none; BR_EINVAL: several, the message lists some. */
BR_NODISCARD br_code br_process_find(br_str name, pid_t *ret, br_err *err);

/* Parsers of the files' texts, for tests. BR_ESYNTAX. They set their own members only. */
BR_NODISCARD br_code br_process_parse_status(br_str text, br_process_view *ret);
BR_NODISCARD br_code br_process_parse_stat(br_str text, double ticks_per_s, br_process_view *ret);
