/*
 * probe/cgroup.h - what Linux says of a cgroup (version 2): a container or a service.
 *
 * What: memory, processor time, limits and throttling.
 * Why here: a target of several processes, or in a container of this machine.
 * Threads: any.
 */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

typedef struct br_cgroup_view {
    double memory_bytes;    /* anonymous memory: what a leak is made of; page cache comes and goes */
    double charged_bytes;   /* all that is charged to it, page cache included: what the limit is of */
    double memory_limit;    /* bytes; 0: none */
    double cpu_s;           /* user and system time so far */
    double cpu_limit_cores; /* 0: none */
    double throttled_s;     /* time for which it was kept from running by its limit, so far */
} br_cgroup_view;

/*
 * The folder of a cgroup: `path` as it is if it begins with /sys, else below /sys/fs/cgroup. In `arena`.
 * BR_ENOTFOUND: none of that name, or cgroups are not of version 2.
 */
BR_NODISCARD br_code br_cgroup_find(br_str path, br_arena *arena, br_str *ret, br_err *err);
/* `folder` is NUL-terminated. BR_ENOTFOUND: it is gone; BR_EACCESS; BR_ESYNTAX. */
BR_NODISCARD br_code br_cgroup_read(br_str folder, br_cgroup_view *ret, br_err *err);

/* The number behind `key` in a file of lines "key number". False: it is not there. For tests, too. */
bool br_cgroup_parse_flat(br_str text, br_str key, double *ret);
/* cpu.max: "max 100000" or "50000 100000". 0: no limit, or not such a text. */
double br_cgroup_parse_cpu_max(br_str text);
