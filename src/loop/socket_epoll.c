/* Sockets of the epoll loop: told that one is ready, reads once or goes on writing. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "loop/epoll_int.h"

enum { READING = BR_READABLE | BR_EPOLL_EDGE, BOTH = READING | BR_WRITABLE };

static br_code tell(br_socket *s, unsigned events)
{
    br_code code = br_epoll_watch_change(s->_loop, &s->_watch, events);
    if (code == BR_OK) s->_watch._events = events;
    return code;
}

static void end(br_socket *s, int sys_errno)
{
    br_epoll_watch_stop(s->_loop, &s->_watch);
    s->_watch._fd = -1;
    br_socket_end(s, sys_errno);
}

/*
 * The peer is gone for writing. What it sent before may still lie in the socket, an answer perhaps: so the
 * remainder is forgotten, reading goes on, and the failure is told when the input is used up.
 */
static void write_failed(br_socket *s, int sys_errno)
{
    s->_write_errno = sys_errno;
    s->_pending_count = 0;
    (void) tell(s, s->_watch._events); /* the hang-up may have been told before; else a timeout ends it */
}

static void on_writable(br_socket *s)
{
    int problem = br_socket_send_pending(s);
    if (problem != 0 && problem != EAGAIN) {
        write_failed(s, problem);
    } else if (s->_pending_count > 0) {
        /* A full socket buffer gives an edge when there is room; a short write does not. */
        if (problem == 0) (void) tell(s, BOTH); /* failing that, a timeout ends it */
    } else if (tell(s, READING) != BR_OK) {
        s->_write_errno = errno;
        end(s, errno);
    } else {
        s->_events->on_sent(s->_owner);
    }
}

static ssize_t receive(br_socket *s, char *scratch)
{
    ssize_t n;
    do {
        n = recv(s->_fd, scratch, BR_LOOP_SCRATCH_BYTES, MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR); /* the edge would not come again */
    return n;
}

/*
 * A read that came back short has emptied the socket; what comes later is another edge. Otherwise, and when
 * the peer's end may lie behind the data, the event is asked for again before the owner, who may close, is
 * told.
 */
static void on_readable(br_socket *s, unsigned events)
{
    char *scratch = br_loop_scratch(s->_loop);
    ssize_t n = receive(s, scratch);
    if (n > 0) {
        s->received_bytes += (uint64_t) n;
        bool more = n == BR_LOOP_SCRATCH_BYTES || (events & BR_HANGUP);
        if (more && tell(s, s->_watch._events) != BR_OK) {
            end(s, errno);
        } else {
            s->_events->on_data(s->_owner, (br_str){scratch, (size_t) n});
        }
    } else if (n == 0 || errno != EAGAIN) {
        end(s, n == 0 ? 0 : errno);
    }
}

/* Does one thing per event: reading first. */
static void on_event(br_watch *watch, unsigned events, void *ctx)
{
    br_socket *s = ctx;
    (void) watch;
    if ((events & BR_WRITABLE) && !(events & BR_READABLE)) {
        on_writable(s);
        return;
    }
    /* A watch that is changed tells again what holds: so that writing goes on, which must not get lost. */
    if ((events & BR_WRITABLE) && tell(s, s->_watch._events) != BR_OK) {
        s->_write_errno = errno;
        end(s, errno);
    } else {
        on_readable(s, events);
    }
}

br_code br_epoll_socket_open(br_socket *s, br_watch *dialled)
{
    s->_watch = (br_watch){._fn = on_event, ._ctx = s, ._fd = -1, ._events = READING};
    return br_epoll_watch_move(s->_loop, dialled, &s->_watch);
}

br_code br_epoll_socket_write(br_socket *s, const struct iovec *iov, int count)
{
    if (s->_write_errno != 0) return BR_AGAIN; /* on_end() follows */
    memcpy(s->_pending, iov, (size_t) count * sizeof(*iov));
    s->_pending_count = count;
    int problem = br_socket_send_pending(s);
    if (problem == 0 && s->_pending_count == 0) return BR_OK;
    if (problem != 0 && problem != EAGAIN) {
        write_failed(s, problem);
    } else if (tell(s, BOTH) != BR_OK) {
        write_failed(s, errno);
    }
    return BR_AGAIN;
}

void br_epoll_socket_close(br_socket *s)
{
    if (s->_watch._fd >= 0) {
        br_epoll_watch_stop(s->_loop, &s->_watch);
        s->_watch._fd = -1;
    }
    (void) close(s->_fd); /* nothing to do about a failure here */
}
