/*
 * fiber/fiber.h - stackful coroutines over the loop: one per virtual user.
 *
 * What: a fiber runs a function on a stack of its own; await suspends it until somebody wakes it.
 * Why here: http.get() looks synchronous in a script; this is the only place where callbacks become
 *     suspended calls, and no layer below knows of fibers. Switching is Boost.Context's fcontext
 *     (9 ns); the reasons are in docs/adr/.
 * Threads: a fiber belongs to the thread of its loop for ever.
 * Memory: stacks are mmap'ed with a guard area below, kept in a pool per br_fiber_pool, and touched
 *     pages are what they cost. Overflow hits the guard (SIGSEGV).
 * Invariants:
 *     - a fiber always runs to its end: cancelling resumes it with BR_ECANCEL so that everything it
 *       holds is released;
 *     - br_fiber_wake() from the loop's stack switches at once; from inside a fiber it is deferred;
 *     - between suspend and wake there is exactly one waker: the operation, or cancel. An operation that
 *       ends while a deferred cancel is under way wins: its code is delivered.
 * States, see fiber.c: NEW, RUNNING, SUSPENDED, WOKEN (the wake is deferred), DONE. One function changes
 * them.
 */
#pragma once
#include <stddef.h>
#include "base/err.h"
#include "loop/loop.h"

typedef struct br_fiber br_fiber;
typedef struct br_fiber_pool br_fiber_pool;
typedef void br_fiber_fn(br_fiber *self, void *arg);

/* Stacks of `stack_bytes` (rounded up to pages, at least 32 KiB, at most 1 GiB) for fibers of one loop. The
 * top of each holds the br_fiber. Some stacks that are not in use stay warm, the memory of the others is
 * given back to the kernel until they are used again. */
br_fiber_pool *br_fiber_pool_new(br_loop *loop, size_t stack_bytes);
void br_fiber_pool_free(br_fiber_pool *pool); /* asserts that every fiber has ended */
size_t br_fiber_pool_stack_bytes(const br_fiber_pool *pool);

/* Starts a fiber; its first part runs at once, until it first suspends, also when a fiber starts another.
 * BR_ELIMIT when the kernel gives no memory for a stack (vm.max_map_count, overcommit). The fiber frees
 * itself when fn returns. *ret_fiber (may be NULL) is set before fn runs, and is NULL afterwards if fn
 * returned in its first part already. */
BR_NODISCARD br_code br_fiber_start(
    br_fiber_pool *pool, br_fiber_fn *fn, void *arg, br_fiber **ret_fiber, br_err *err);

/* On a fiber ------------------------------------------------------------------------------------ */

br_fiber *br_fiber_current(void); /* of this thread; NULL on the loop's own stack */

/* Suspends the calling fiber until br_fiber_wake(); returns the code given there, or BR_ECANCEL, at once if
 * it is cancelled. When cancelled the caller must stop the operation it waits for before it returns. */
BR_NODISCARD br_code br_fiber_await(br_fiber *self);

/* Sleeps until the absolute loop time. BR_OK or BR_ECANCEL (woken early). */
br_code br_fiber_sleep_until(br_fiber *self, br_ns at_ns);

/* Gives back the pages of the calling fiber's stack that lie well below what it uses now: after something
 * deep.
 */
void br_fiber_trim(br_fiber *self);

/* From outside ---------------------------------------------------------------------------------- */

/* Resumes a suspended fiber; asserts that it is suspended. On the loop's stack it runs before this returns
 * and may be gone then. */
void br_fiber_wake(br_fiber *fiber, br_code code);

/* Marks the fiber cancelled: a suspended one is woken with BR_ECANCEL, and every later await returns
 * BR_ECANCEL at once until br_fiber_uncancel(). As with wake, the fiber may be gone afterwards. */
void br_fiber_cancel(br_fiber *fiber);
void br_fiber_uncancel(br_fiber *fiber);
bool br_fiber_cancelled(const br_fiber *fiber);

/* Deepest use of this fiber's stack so far in bytes, a multiple of the page size, by asking the kernel for
 * the lowest page ever touched (also by an earlier fiber on the same stack; pages swapped out do not count).
 */
size_t br_fiber_stack_high_water(const br_fiber *fiber);
br_loop *br_fiber_loop(const br_fiber *fiber);
/* Lowest and highest address of the fiber's stack, for engines that check their own depth. */
void br_fiber_stack_bounds(const br_fiber *fiber, const char **ret_low, const char **ret_high);
