/*
 * loop/uring_int.h - the io_uring loop's operations. Private to loop/.
 *
 * What: what the kernel was told to do, or is to be told with the next wait: look at a descriptor once (the
 *     watches, again after each event, so they tell as long as it lasts), or receive until the end.
 * Memory: operations belong to the loop, not to the watch or socket that wanted them: after a stop the kernel
 *     may still work at one and answer for it. Then `owner` is NULL, what comes is dropped, and the operation
 *     is used again when the kernel has said its last word on it. What is received lies in buffers of the
 * loop that the kernel chooses from; what is sent never belongs to an operation. Invariants: an operation is
 * known to the kernel under its address from its submission until its last completion, once. Nothing reaches
 * the kernel between waits: an operation that is stopped before it was submitted never was, so a descriptor
 * may be closed right after.
 */
#pragma once
#include <liburing.h>
#include "loop/loop_int.h"

typedef enum br_uring_kind {
    BR_URING_POLL,
    BR_URING_RECEIVE,      /* until the end, telling each time that something came */
    BR_URING_RECEIVE_ONCE, /* what is there; again after each time */
    BR_URING_WAKE
} br_uring_kind;

typedef struct br_uring_op br_uring_op;
struct br_uring_op {
    br_uring_op *next, *prev; /* in the ring of what is to be submitted: the operation, or, if that was
                                 `submitted`, its cancellation; NULL: not there */
    void *owner;              /* the br_watch or br_socket; NULL: stopped */
    br_uring_kind kind;
    bool submitted; /* its last completion is to come */
    int fd;
    uint32_t poll; /* of BR_URING_POLL: what to look for */
};

/* What the loop does with it is up to its kind; it is submitted with the next wait. */
br_uring_op *br_uring_op_start(br_loop *loop, br_uring_kind kind, void *owner, int fd, uint32_t poll);
/* Goes on with BR_URING_RECEIVE_ONCE; nothing that was received is lost. */
void br_uring_op_receive_once(br_loop *loop, br_uring_op *op);
/* Nothing is told of it any more. NULL is fine. */
void br_uring_op_stop(br_loop *loop, br_uring_op *op);

/* socket_uring.c */
br_code br_uring_socket_open(br_socket *s, br_watch *dialled);
br_code br_uring_socket_write(br_socket *s, const struct iovec *iov, int count);
void br_uring_socket_close(br_socket *s);
/* The receiving operation of *s told `bytes`, or that it ended: 0 or errno. *s may be gone afterwards. */
void br_uring_socket_received(br_socket *s, br_str bytes);
void br_uring_socket_ended(br_socket *s, int sys_errno);
