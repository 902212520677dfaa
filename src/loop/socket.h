/*
 * loop/socket.h - bytes in and out of a connected socket.
 *
 * What: reading that pushes what arrives, and writing from the owner's memory.
 * Why here: how a loop waits decides how it reads and writes: epoll tells that a socket is ready and calls
 *     follow, io_uring is told what to do and says what was done. Above, net/ has codes and streams.
 * Threads: the loop's.
 * Memory: embedded in its owner. Bytes handed to on_data are valid during the call only. What is written has
 *     to stay valid until br_socket_write() returned BR_OK or on_sent() came, or br_socket_close().
 * Invariants: no callback runs inside a function of this header. After on_end() or br_socket_close() none
 * runs any more. Each may close the socket and free its memory. At most one callback per event, so that a
 * fast peer starves nobody.
 */
#pragma once
#include <sys/uio.h>
#include "base/str.h"
#include "loop/loop.h"

#define BR_SOCKET_IOV_MAX 4

typedef struct br_socket_events {
    void (*on_data)(void *owner, br_str bytes); /* at least one byte */
    void (*on_sent)(void *owner);               /* after BR_AGAIN: all of it is on its way */
    /*
     * Nothing more will come: sys_errno 0: the peer ended its side; else reading failed with it, or, if
     * `writing`, a write did. What the peer sent before a write failed was handed over before.
     */
    void (*on_end)(void *owner, bool writing, int sys_errno);
} br_socket_events;

typedef struct br_socket {
    uint64_t sent_bytes, received_bytes; /* since it was opened; after on_end() without what was not sent */
    br_loop *_loop;
    const br_socket_events *_events;
    void *_owner;
    int _fd;          /* -1: closed */
    int _write_errno; /* a write failed; told when the input is used up */
    int _pending_count;
    struct iovec _pending[BR_SOCKET_IOV_MAX]; /* the unsent remainder */
    br_watch _watch;                          /* epoll: of both directions; io_uring: of the remainder */
    struct br_uring_op *_op;                  /* io_uring: reads */
} br_socket;
#define BR_SOCKET_INIT ((br_socket){._fd = -1, ._watch = {._fd = -1}})

/*
 * Begins to read from the connected socket that `dialled` watches. Takes the descriptor, which
 * br_socket_close() closes, and stops the watch. BR_EIO, BR_EUNSUPPORTED (simulated loop): nothing has
 * changed.
 */
BR_NODISCARD br_code br_socket_open(
    br_socket *s, br_loop *loop, br_watch *dialled, const br_socket_events *events, void *owner);

/*
 * Writes 1..BR_SOCKET_IOV_MAX pieces, one write at a time. BR_OK: all of it is on its way. BR_AGAIN: a
 * remainder waits, on_sent() or on_end() follows.
 */
BR_NODISCARD br_code br_socket_write(br_socket *s, const struct iovec *iov, int count);

/* Closes at once, without waiting for a remainder; fine if it is closed. */
void br_socket_close(br_socket *s);

static inline bool br_socket_is_open(const br_socket *s)
{
    return s->_fd >= 0;
}
/* The descriptor, for questions about addresses; also after on_end(). -1: closed. */
static inline int br_socket_fd(const br_socket *s)
{
    return s->_fd;
}
