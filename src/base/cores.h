/*
 * base/cores.h - how many processors this process may use.
 *
 * Why here: both ways of making load start a worker for each.
 * Threads: any.
 */
#pragma once
#include <stdint.h>

uint32_t br_usable_cores(void); /* by the affinity of the calling thread; at least 1 */
