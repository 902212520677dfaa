/*
 * loop/epoll_int.h - the epoll loop's watches and sockets. Private to loop/.
 *
 * Sockets use watches as everybody does, but edge-triggered: a level-triggered descriptor is looked at once
 * more by the wait after its event.
 */
#pragma once
#include "loop/loop_int.h"

/* Beside BR_READABLE and BR_WRITABLE: tell each change once; BR_HANGUP is then also the peer's end of stream.
 */
#define BR_EPOLL_EDGE 8u

/* With BR_EPOLL_EDGE tells what holds now once more, in a later turn, also if the events are the same. */
br_code br_epoll_watch_change(br_loop *loop, br_watch *w, unsigned events);
void br_epoll_watch_stop(br_loop *loop, br_watch *w);
/* The descriptor of `from` is `to`'s from now on; `to` is filled in but for it. BR_EIO: nothing has changed.
 */
br_code br_epoll_watch_move(br_loop *loop, br_watch *from, br_watch *to);

br_code br_epoll_socket_open(br_socket *s, br_watch *dialled);
br_code br_epoll_socket_write(br_socket *s, const struct iovec *iov, int count);
void br_epoll_socket_close(br_socket *s);
