/*
 * programmed/memory.h - memory that grows as programmed, page by page.
 *
 * What: two reserved regions, one that only grows (base, leak, cache) and one that is released every so often
 *     (saw-tooth); pages are written, so that they are resident.
 * Why here: the heap would add its own ideas of growth.
 * Threads: one.
 * Invariants: together never more than 2 * MEMORY_MOST_BYTES.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "support/programmed/settings.h"

#define MEMORY_MOST_BYTES ((size_t) 2000 << 20)

typedef struct memory {
    char *grown, *saw;
    size_t grown_bytes, saw_bytes; /* touched */
    double leaked_mb;              /* so far, whatever the rate was */
    double at_s;
} memory;

void memory_init(memory *m); /* ends the process if there is no room for the reservation */
/* Brings the memory to what it is to be after so many seconds and requests. */
void memory_update(memory *m, const settings *s, double elapsed_s, uint64_t requests);
size_t memory_resident_bytes(void); /* of the process */
