/*
 * loop/loop.h - the event loop of one worker thread.
 *
 * What: timers, file descriptors, deferred calls and calls from other threads.
 * Why here: everything asynchronous rests on this interface; it has three implementations, epoll and
 *     io_uring for real work and a simulated one with virtual time for tests of whole engines.
 * Threads: one loop, one thread; only br_loop_post() and br_loop_stop() may be called from others.
 * Memory: timers, watches and tasks are embedded in their owners and borrowed by the loop until
 *     stopped/fired. The loop allocates nothing per event.
 * Invariants:
 *     - a callback never runs inside the call that started the operation;
 *     - after a stop function returned, its callback does not run any more, and the memory of the
 *       timer, watch or task may go; a callback may stop, restart or free whatever it likes;
 *     - br_loop_now() never goes back; it is read at the start of a turn and again after a wait, so that
 *       timeouts started by an event count from when it came;
 *     - timers fire in order of their time, equal times in the order they were started.
 * A turn: read the clock; run due timers; run deferred tasks; run posted tasks; wait for events until
 *     the next timer; run the callbacks of at most 16 events. Events left over from one wait are handled
 *     by the next turns without another system call: a timer is late by 16 callbacks, not by hundreds.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "loop/delays.h"

typedef struct br_loop br_loop;

/* Life cycle ------------------------------------------------------------------------------------ */

typedef enum br_loop_kind {
    BR_LOOP_AUTO, /* epoll: docs/adr/0013-io-uring.md says why */
    BR_LOOP_EPOLL,
    BR_LOOP_URING, /* Linux 6.0 or later, and a build with liburing */
} br_loop_kind;

/*
 * A loop for real work. BR_ENOFDS/BR_EIO when the kernel gives no descriptor or memory; BR_EUNSUPPORTED,
 * of io_uring: this build or this kernel has none, or it is forbidden; the message says which. Free with
 * br_loop_free(). May be created on another thread than the one that runs it, which is always the same.
 */
BR_NODISCARD br_code br_loop_new_as(br_loop_kind kind, br_loop **ret_loop, br_err *err);
/* The same with BR_LOOP_AUTO. */
BR_NODISCARD br_code br_loop_new(br_loop **ret_loop, br_err *err);
/* auto, epoll or io_uring; BR_EINVAL: another word. */
BR_NODISCARD br_code br_loop_kind_parse(br_str text, br_loop_kind *ret_kind);

/*
 * The simulated twin: time is virtual, starts at `start_ns`, and jumps to the next timer when nothing
 * is left to do. br_watch is not supported (start returns BR_EUNSUPPORTED). br_loop_run() returns
 * when no timer and no task is left or br_loop_stop() was called.
 */
br_loop *br_loop_new_simulated(br_ns start_ns);
void br_loop_free(br_loop *loop); /* NULL is fine; asserts that it is not running */

/* Runs turns until br_loop_stop(). Asks the kernel for exact timers (timer slack) on this thread while it
 * runs. */
void br_loop_run(br_loop *loop);
/* Makes br_loop_run() return after the current turn, or at once when it is not running yet. Any thread,
 * also a signal handler. */
void br_loop_stop(br_loop *loop);

/* Time ------------------------------------------------------------------------------------------ */

br_ns br_loop_now(const br_loop *loop);   /* of this turn; a fresh reading while the loop is not running */
br_ns br_loop_clock(const br_loop *loop); /* a fresh reading (virtual in the twin); for measuring */

/* Timers ---------------------------------------------------------------------------------------- */

typedef struct br_timer br_timer;
typedef void br_timer_fn(br_timer *timer, void *ctx);
struct br_timer {
    br_timer_fn *_fn;
    void *_ctx;
    br_ns _at;
    uint64_t _seq;
    uint32_t _slot; /* place in the heap + 1; 0 = not running */
};
static inline bool br_timer_running(const br_timer *t)
{
    return t->_slot != 0;
}

/* (Re)starts the timer at the absolute loop time `at_ns`. A time in the past fires on the next turn. */
void br_timer_start(br_loop *loop, br_timer *timer, br_ns at_ns, br_timer_fn *fn, void *ctx);
void br_timer_stop(br_loop *loop, br_timer *timer); /* fine if not running */

/* Tasks ----------------------------------------------------------------------------------------- */

typedef struct br_task br_task;
typedef void br_task_fn(void *ctx);
struct br_task {
    br_task *_next, *_prev; /* a ring; NULL = not queued */
    br_task_fn *_fn;
    void *_ctx;
};
static inline bool br_task_queued(const br_task *t)
{
    return t->_next != NULL;
}

/* Runs fn(ctx) on this thread after the callback that is running, in the next phase of deferred tasks; what
 * a task defers runs in the next turn. A queued task is not queued again (its fn and ctx stay). */
void br_loop_defer(br_loop *loop, br_task *task, br_task_fn *fn, void *ctx);
void br_loop_undefer(br_loop *loop, br_task *task); /* fine if not queued */

/* Runs fn(ctx) on the loop's thread, soon, in the order of the calls; any thread. Copies both; one small
 * allocation. What was not run when the loop is freed is dropped. */
void br_loop_post(br_loop *loop, br_task_fn *fn, void *ctx);

/* File descriptors ------------------------------------------------------------------------------ */

enum {
    BR_READABLE = 1,
    BR_WRITABLE = 2,
    BR_HANGUP = 4, /* hang-up and errors: always reported */
};

typedef struct br_watch br_watch;
typedef void br_watch_fn(br_watch *watch, unsigned events, void *ctx);
struct br_watch {
    br_watch_fn *_fn;
    void *_ctx;
    int _fd; /* -1 = not running */
    unsigned _events;
    struct br_uring_op *_op; /* of the io_uring loop */
};
#define BR_WATCH_INIT ((br_watch){._fd = -1})

/* Tells as long as it lasts; a descriptor has one watch. For sockets that are connected there is
 * loop/socket.h. BR_ENOFDS (limit of watches), BR_EIO, BR_EUNSUPPORTED (simulated loop, or a plain file). */
BR_NODISCARD br_code br_watch_start(
    br_loop *loop, br_watch *w, int fd, unsigned events, br_watch_fn *fn, void *ctx);
/* No system call if equal; BR_EIO. Events that are no longer wanted are not delivered any more, not even
 * those that the kernel has reported already. */
br_code br_watch_change(br_loop *loop, br_watch *w, unsigned events);
void br_watch_stop(br_loop *loop, br_watch *w); /* before close(fd), asserted; fine if not running */

/* Health ---------------------------------------------------------------------------------------- */

/* What the generator says of itself; reset by reading. On the loop's thread. */
typedef struct br_loop_health {
    uint64_t turns;
    br_ns busy_ns;           /* time not spent waiting */
    br_ns turn_ns_max;       /* longest turn without the wait: how late anything else became */
    br_ns timer_late_ns_max; /* worst lateness of a timer, at the start of the turn that ran it */
    br_ns timer_late_ns_sum;
    uint64_t timers; /* fired */
    br_delays late;  /* of each timer */
    /* How long whatever came at a random moment had to wait for the end of the turn that was going on, at
     * most; weighted by time, 0 while the loop waited. */
    br_delays held;
} br_loop_health;
void br_loop_take_health(br_loop *loop, br_loop_health *ret_health);

/* A scratch buffer of this thread for reads, valid until the next call of any loop function. */
#define BR_LOOP_SCRATCH_BYTES 65536
char *br_loop_scratch(br_loop *loop);
