/*
 * loop/timers.h - the timer heap. Private to loop/ and its tests.
 *
 * What: a 4-ary min-heap of borrowed timers in (time, order of starting).
 * Why here: both loops share it. A heap and not a wheel, because pacing needs exact nanoseconds, and a
 *     request's timeout, started and stopped far from the root, costs a few nanoseconds in it anyhow.
 * Threads: the loop's.
 * Memory: two arrays that grow to the largest number of timers and stay.
 * Invariants: each entry's time is a copy of its timer's; timer->_slot is its index + 1; a timer that is
 *     started while timers run and is already due waits in `held` (slot has BR_TIMER_HELD) until the run
 *     is over: it belongs to the next turn, so a callback that restarts its timer cannot stop the loop.
 */
#pragma once
#include "base/vec.h"
#include "loop/loop.h"

#define BR_TIMER_HELD 0x80000000u

typedef struct br_timer_entry {
    br_ns at; /* here as well, so that comparing touches the array only */
    br_timer *timer;
} br_timer_entry;

typedef struct br_timers {
    BR_VEC(br_timer_entry) heap;
    BR_VEC(br_timer *) held;
    uint64_t next_seq;
    br_ns now; /* of the run that is going on */
    bool running;
} br_timers;

void br_timers_deinit(br_timers *timers);

/* (Re)starts it; fn and ctx are the caller's to fill in. */
void br_timers_start(br_timers *timers, br_timer *timer, br_ns at_ns);
void br_timers_stop(br_timers *timers, br_timer *timer);

/* When the earliest one is due; BR_NS_MAX if there is none. */
static inline br_ns br_timers_next(const br_timers *timers)
{
    return timers->heap.len == 0 ? BR_NS_MAX : timers->heap.data[0].at;
}

/* Calls everything that is due at `now` and adds to the timer fields of *health. Returns how many. */
size_t br_timers_run(br_timers *timers, br_ns now, br_loop_health *health);

/* Walks all invariants, O(n); for tests. */
bool br_timers_check(const br_timers *timers);
