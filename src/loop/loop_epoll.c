/*
 * The epoll loop.
 *
 * A descriptor is registered once and stays so: a request on a kept connection costs no epoll_ctl. Streams
 * are edge-triggered: a level-triggered descriptor is looked at once more by the wait after its event. Events
 * are delivered from a batch; an event's pointer is the watch itself, therefore stopping a watch also strikes
 * it from what is left of the batch.
 *
 * Exact timers. epoll_pwait2 takes nanoseconds, but the kernel lets a wait end later than asked: by the
 * thread's timer slack (50 us unless set) or by a thousandth of the wait (a two-hundredth when the process
 * is niced), whichever is more. So the slack is set to 1 ns while the loop runs, and a long wait is made
 * shorter by more than that share: the turn after it waits for the small rest.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "loop/epoll_int.h"

enum { BATCH_EVENTS = 512, REST_OF_WAIT = 128 };
#define LONG_WAIT (10 * BR_MS)

typedef struct br_epoll_loop {
    br_loop base;
    int epoll_fd, wake_fd;
    int old_slack_ns;
    bool coarse;   /* the kernel has no epoll_pwait2 (before 5.11) */
    unsigned next; /* of the batch; base.ready more follow */
    struct epoll_event batch[BATCH_EVENTS];
} br_epoll_loop;

static br_epoll_loop *epoll_of(br_loop *loop)
{
    return BR_CONTAINER_OF(loop, br_epoll_loop, base);
}

static br_ns epoll_clock(const br_loop *loop)
{
    (void) loop;
    return br_clock_now();
}

/* The counter is watched edge-triggered and never read: every write is an edge, and the turn that it starts
 * looks at the posts and at the stop mark anyhow. */
static void epoll_wake(br_loop *loop)
{
    int saved = errno; /* for signal handlers */
    ssize_t n = write(epoll_of(loop)->wake_fd, &(uint64_t){1}, sizeof(uint64_t));
    (void) n; /* fails only when the counter is full: then it is awake */
    errno = saved;
}

static void epoll_enter(br_loop *loop)
{
    epoll_of(loop)->old_slack_ns = br_loop_slack_remove();
}

static void epoll_leave(br_loop *loop)
{
    br_loop_slack_restore(epoll_of(loop)->old_slack_ns);
}

static int wait_exact(br_epoll_loop *e, br_ns timeout_ns)
{
    struct timespec ts = {.tv_sec = timeout_ns / BR_SEC, .tv_nsec = timeout_ns % BR_SEC};
    return epoll_pwait2(e->epoll_fd, e->batch, BATCH_EVENTS, timeout_ns < 0 ? NULL : &ts, NULL);
}

/* Rounds up: waking a moment too early would mean turning until the timer is due. */
static int wait_coarse(br_epoll_loop *e, br_ns timeout_ns)
{
    br_ns ms = timeout_ns < 0 ? -1 : (timeout_ns + BR_MS - 1) / BR_MS;
    return epoll_wait(e->epoll_fd, e->batch, BATCH_EVENTS, ms > INT32_MAX ? INT32_MAX : (int) ms);
}

static void epoll_wait_events(br_loop *loop, br_ns timeout_ns)
{
    br_epoll_loop *e = epoll_of(loop);
    if (timeout_ns > LONG_WAIT) timeout_ns -= timeout_ns / REST_OF_WAIT;
    int n = -1;
    if (!e->coarse && timeout_ns != 0) {
        n = wait_exact(e, timeout_ns);
        e->coarse = n < 0 && (errno == ENOSYS || errno == EPERM); /* EPERM: old seccomp filters */
    }
    if (e->coarse || timeout_ns == 0) n = wait_coarse(e, timeout_ns);
    BR_ASSERT(n >= 0 || errno == EINTR);
    e->next = 0;
    loop->ready = n > 0 ? (unsigned) n : 0;
}

static void epoll_dispatch(br_loop *loop)
{
    br_epoll_loop *e = epoll_of(loop);
    for (int budget = BR_TURN_EVENTS; loop->ready > 0 && budget > 0; budget--) {
        const struct epoll_event *ev = &e->batch[e->next++];
        br_watch *w = ev->data.ptr;
        loop->ready--;
        if (w == NULL) continue; /* stopped meanwhile, or the wake-up */
        unsigned events = br_loop_events_of(ev->events) & (w->_events | BR_HANGUP);
        if (events != 0) w->_fn(w, events, w->_ctx); /* *w may be gone afterwards */
    }
}

static struct epoll_event event_for(br_watch *w, unsigned events)
{
    struct epoll_event ev = {.events = br_loop_poll_of(events), .data.ptr = w};
    if (events & BR_EPOLL_EDGE) ev.events |= EPOLLET | EPOLLRDHUP;
    return ev;
}

static br_code epoll_watch_start(br_loop *loop, br_watch *w)
{
    struct epoll_event ev = event_for(w, w->_events);
    if (epoll_ctl(epoll_of(loop)->epoll_fd, EPOLL_CTL_ADD, w->_fd, &ev) == 0) return BR_OK;
    BR_ASSERT(errno != EEXIST); /* two watches on one descriptor */
    return errno == ENOSPC ? BR_ENOFDS : errno == EPERM ? BR_EUNSUPPORTED : BR_EIO;
}

br_code br_epoll_watch_change(br_loop *loop, br_watch *w, unsigned events)
{
    struct epoll_event ev = event_for(w, events);
    return epoll_ctl(epoll_of(loop)->epoll_fd, EPOLL_CTL_MOD, w->_fd, &ev) == 0 ? BR_OK : BR_EIO;
}

/* What the last wait has reported of it is not delivered any more. */
static void strike(br_epoll_loop *e, const br_watch *w)
{
    for (unsigned i = e->next; i < e->next + e->base.ready; i++) {
        if (e->batch[i].data.ptr != w) continue;
        e->batch[i].data.ptr = NULL;
        break; /* the kernel reports a descriptor once per wait */
    }
}

void br_epoll_watch_stop(br_loop *loop, br_watch *w)
{
    br_epoll_loop *e = epoll_of(loop);
    int rc = epoll_ctl(e->epoll_fd, EPOLL_CTL_DEL, w->_fd, NULL);
    BR_ASSERT(rc == 0); /* closed before it was stopped */
    strike(e, w);
}

br_code br_epoll_watch_move(br_loop *loop, br_watch *from, br_watch *to)
{
    br_epoll_loop *e = epoll_of(loop);
    struct epoll_event ev = event_for(to, to->_events);
    if (epoll_ctl(e->epoll_fd, EPOLL_CTL_MOD, from->_fd, &ev) != 0) return BR_EIO;
    strike(e, from);
    to->_fd = from->_fd;
    from->_fd = -1;
    return BR_OK;
}

static void epoll_free(br_loop *loop)
{
    br_epoll_loop *e = epoll_of(loop);
    close(e->wake_fd);
    close(e->epoll_fd);
    br_free(e);
}

static const br_loop_ops epoll_ops = {
    .clock = epoll_clock,
    .wake = epoll_wake,
    .enter = epoll_enter,
    .leave = epoll_leave,
    .wait = epoll_wait_events,
    .dispatch = epoll_dispatch,
    .watch_start = epoll_watch_start,
    .watch_change = br_epoll_watch_change,
    .watch_stop = br_epoll_watch_stop,
    .socket_open = br_epoll_socket_open,
    .socket_write = br_epoll_socket_write,
    .socket_close = br_epoll_socket_close,
    .free = epoll_free,
};

static br_code fail_new(int epoll_fd, int wake_fd, br_err *err)
{
    int saved = errno;
    if (wake_fd >= 0) close(wake_fd);
    if (epoll_fd >= 0) close(epoll_fd);
    br_code code = saved == EMFILE || saved == ENFILE ? BR_ENOFDS : BR_EIO;
    return br_fail_errno(err, code, saved, "cannot create an event loop");
}

br_code br_loop_new_epoll(br_loop **ret_loop, br_err *err)
{
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0) return fail_new(-1, -1, err);
    int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_fd < 0) return fail_new(epoll_fd, -1, err);
    struct epoll_event ev = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, wake_fd, &ev) != 0) return fail_new(epoll_fd, wake_fd, err);

    br_epoll_loop *e = BR_NEW(br_epoll_loop);
    e->epoll_fd = epoll_fd;
    e->wake_fd = wake_fd;
    br_loop_init_base(&e->base, &epoll_ops);
    *ret_loop = &e->base;
    return BR_OK;
}
