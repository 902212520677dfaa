/*
 * faults/burden.h - the faults that are the process's own: memory that leaks, cores that burn.
 *
 * What: a thread that allocates, touches and forgets memory at the rate of `memory-leak`, and threads that
 *     keep as many cores busy as `cpu-burn` says. Both follow the values while they change.
 * Why here: nothing else of the service takes part in them. Threads: start and stop belong to one thread.
 * Memory: what leaked stays until the process ends, as with a real leak, up to EMP_BURDEN_LEAK_MAX.
 */
#pragma once
#include <stddef.h>
#include "empire/faults/faults.h"

#define EMP_BURDEN_LEAK_MAX ((size_t) 4 * 1024 * 1024 * 1024)

typedef struct emp_burden emp_burden;

/* BR_ELIMIT when no thread can be started. `faults` is borrowed. */
BR_NODISCARD br_code emp_burden_start(const emp_faults *faults, emp_burden **ret_burden, br_err *err);
void emp_burden_stop(emp_burden *b); /* NULL is fine */

size_t emp_burden_leaked_bytes(const emp_burden *b); /* NULL: 0 */
