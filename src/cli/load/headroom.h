/*
 * cli/load/headroom.h - what this machine can give to a load.
 *
 * What: processors, memory, descriptors and ports, and how much a number of virtual users needs of them.
 * Threads: main thread.
 */
#pragma once
#include "net/resources.h"

#define BR_VU_KB_LEAST 100 /* resident memory of a virtual user with the smallest of scripts */

typedef struct br_headroom { /* 0: unknown */
    uint32_t cores;          /* that this process may use */
    double load;             /* average of the last minute: processes that run or want to */
    int64_t memory_kb;       /* available without swapping */
    br_resources resources;  /* now */
} br_headroom;

void br_headroom_look(br_headroom *ret);
int64_t br_headroom_memory_kb(void); /* that alone */
/* MemAvailable of /proc/meminfo. For tests. 0: it is not there. */
int64_t br_headroom_parse_memory(br_str meminfo);
