/*
 * loop/loop_int.h - what the loops share. Private to loop/.
 *
 * What: the common part of a loop (timers, tasks, posts, health) and of sockets, and the operations that
 * differ. An implementation embeds br_loop as its first member and is created by br_loop_init_base().
 */
#pragma once
#include <poll.h>
#include <stdatomic.h>
#include "loop/socket.h"
#include "loop/timers.h"

#define BR_TURN_EVENTS 16 /* see "A turn" in loop.h */

typedef struct br_loop_ops {
    br_ns (*clock)(const br_loop *loop);
    void (*wake)(br_loop *loop);  /* ends or prevents a wait; any thread, signal handlers */
    void (*enter)(br_loop *loop); /* br_loop_run() begins and ends */
    void (*leave)(br_loop *loop);
    /* Waits for events: 0 polls, -1 is without limit. Sets loop->ready to their number. May return early. */
    void (*wait)(br_loop *loop, br_ns timeout_ns);
    void (*dispatch)(br_loop *loop); /* runs up to BR_TURN_EVENTS callbacks and takes them off loop->ready */
    br_code (*watch_start)(br_loop *loop, br_watch *w);
    br_code (*watch_change)(br_loop *loop, br_watch *w, unsigned events);
    void (*watch_stop)(br_loop *loop, br_watch *w);
    /* s->_fd is the descriptor of `dialled`, which is stopped if this succeeds. */
    br_code (*socket_open)(br_socket *s, br_watch *dialled);
    br_code (*socket_write)(br_socket *s, const struct iovec *iov, int count);
    void (*socket_close)(br_socket *s);
    void (*free)(br_loop *loop);
} br_loop_ops;

typedef struct br_post br_post;

struct br_loop {
    const br_loop_ops *ops;
    br_ns now;
    unsigned ready; /* events that were waited for and not delivered yet */
    bool running;
    atomic_bool stop;
    _Atomic(br_post *) posts; /* newest first */
    br_timers timers;
    br_task deferred; /* heads of rings: queued, and being run now */
    br_task current;
    br_loop_health health;
    char *scratch;
};

void br_loop_init_base(br_loop *loop, const br_loop_ops *ops);

/* Asks the kernel for exact timers on this thread; returns what br_loop_slack_restore() takes. */
int br_loop_slack_remove(void);
void br_loop_slack_restore(int old_ns);

/* BR_READABLE ... as poll(2) and epoll name them: the bits are the same. */
static inline uint32_t br_loop_poll_of(unsigned events)
{
    return (events & BR_READABLE ? POLLIN : 0u) | (events & BR_WRITABLE ? POLLOUT : 0u);
}
static inline unsigned br_loop_events_of(uint32_t got)
{
    unsigned events = 0;
    if (got & POLLIN) events |= BR_READABLE;
    if (got & POLLOUT) events |= BR_WRITABLE;
    if (got & (POLLHUP | POLLERR | POLLRDHUP)) events |= BR_HANGUP;
    return events;
}

/* The implementations behind br_loop_new_as(); same errors. */
BR_NODISCARD br_code br_loop_new_epoll(br_loop **ret_loop, br_err *err);
BR_NODISCARD br_code br_loop_new_uring(br_loop **ret_loop, br_err *err);

/* Tells the end, or the failed write before it; *s may be gone afterwards. */
void br_socket_end(br_socket *s, int sys_errno);
/* Sends what the kernel takes of s->_pending, without waiting. Returns errno, EAGAIN too. */
int br_socket_send_pending(br_socket *s);
