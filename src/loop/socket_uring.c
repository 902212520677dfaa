/*
 * Sockets of the io_uring loop: one operation receives until the end, into buffers of the loop.
 *
 * The kernel waits for an edge after each time that something came, so a reset that arrived together with
 * data would not be seen (an end of stream is). A watch tells of it; what is left is then received piece by
 * piece.
 *
 * Writing is a plain send at once, because it almost always takes everything: as an operation it would go out
 * with the next wait only, later than the owner believes, and the bytes would have to outlive a close. A
 * remainder waits for room.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "loop/uring_int.h"

/* After a hang-up there is nothing to look for: what is sent fails at once. */
static void look_for(br_socket *s, unsigned events)
{
    if (s->_watch._fd >= 0) (void) br_watch_change(s->_loop, &s->_watch, events); /* never fails here */
}

/* As with epoll: reading goes on, and the failure is told when the input is used up. */
static void write_failed(br_socket *s, int sys_errno)
{
    s->_write_errno = sys_errno;
    s->_pending_count = 0;
    look_for(s, 0);
}

static void send_rest(br_socket *s)
{
    int problem = br_socket_send_pending(s);
    if (problem != 0 && problem != EAGAIN) {
        write_failed(s, problem);
    } else if (s->_pending_count == 0) {
        look_for(s, 0);
        s->_events->on_sent(s->_owner);
    }
}

static void on_event(br_watch *watch, unsigned events, void *ctx)
{
    br_socket *s = ctx;
    if (s->_pending_count > 0) {
        send_rest(s); /* after a hang-up it fails, and the watch tells that once more */
    } else if (events & BR_HANGUP) {
        br_watch_stop(s->_loop, watch);
        br_uring_op_receive_once(s->_loop, s->_op);
    }
}

void br_uring_socket_received(br_socket *s, br_str bytes)
{
    s->received_bytes += bytes.n;
    s->_events->on_data(s->_owner, bytes);
}

void br_uring_socket_ended(br_socket *s, int sys_errno)
{
    br_uring_op_stop(s->_loop, s->_op);
    s->_op = NULL;
    br_watch_stop(s->_loop, &s->_watch);
    br_socket_end(s, sys_errno);
}

br_code br_uring_socket_open(br_socket *s, br_watch *dialled)
{
    br_code code = br_watch_start(s->_loop, &s->_watch, s->_fd, 0, on_event, s);
    if (code != BR_OK) return code;
    br_watch_stop(s->_loop, dialled);
    s->_op = br_uring_op_start(s->_loop, BR_URING_RECEIVE, s, s->_fd, 0);
    return BR_OK;
}

br_code br_uring_socket_write(br_socket *s, const struct iovec *iov, int count)
{
    if (s->_write_errno != 0) return BR_AGAIN; /* on_end() follows */
    memcpy(s->_pending, iov, (size_t) count * sizeof(*iov));
    s->_pending_count = count;
    int problem = br_socket_send_pending(s);
    if (problem == 0 && s->_pending_count == 0) return BR_OK;
    if (problem != 0 && problem != EAGAIN) {
        write_failed(s, problem);
    } else {
        look_for(s, BR_WRITABLE);
    }
    return BR_AGAIN;
}

void br_uring_socket_close(br_socket *s)
{
    br_watch_stop(s->_loop, &s->_watch);
    br_uring_op_stop(s->_loop, s->_op);
    s->_op = NULL;
    (void) close(s->_fd); /* nothing to do about a failure here */
}
