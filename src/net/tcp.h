/*
 * net/tcp.h - a TCP connection as a stream.
 *
 * What: connects without blocking, to several addresses in turn, with a timeout; then reads and writes.
 * Why here: the bottom of every stack of streams.
 * Threads: one loop.
 * Memory: embedded in its owner; a copy of the addresses while it dials to more than one, nothing else.
 * Invariants: a dialled socket is watched here; a connected one is a br_socket, which knows how the loop
 * reads and writes.
 *
 *     CLOSED --connect--> DIALLING --writable, no error--> OPEN --error, end--> BROKEN
 *        ^                   |  error: next address; none left: BROKEN             |
 *        +------------------- br_stream_close() from everywhere -------------------+
 */
#pragma once
#include "loop/socket.h"
#include "net/dns.h"
#include "net/stream.h"

typedef enum br_tcp_state { BR_TCP_CLOSED, BR_TCP_DIALLING, BR_TCP_OPEN, BR_TCP_BROKEN } br_tcp_state;

typedef struct br_tcp {
    br_stream stream; /* first: the stream's functions cast back */
    br_loop *_loop;
    br_socket _socket; /* of an open connection; stays open while BROKEN, for br_tcp_local() */
    br_watch _watch;   /* of the dialled _fd */
    br_timer _timer;   /* of the address that is dialled */
    br_task _failed;   /* tells a failure that was found inside a call */
    br_tcp_state _state;
    int _fd;
    br_code _first_code; /* of the first address that failed, with its errno and address */
    int _first_errno;
    br_address _first_address;
    br_address _address; /* dialled or connected */
    br_address *_more;   /* further addresses, owned */
    size_t _more_count, _more_next;
    br_ns _dial_deadline;
    br_address _local; /* sa_family 0: any */
} br_tcp;

/* Connects from this address (copied; port 0) instead of the system's choice; sa_family 0: no more. Before
 * br_tcp_connect(). */
void br_tcp_bind(br_tcp *t, const br_address *local);
void br_tcp_init(br_tcp *t, br_loop *loop, const br_stream_events *events, void *owner);

/*
 * Dials the addresses in turn (copied) until one answers: on_open(), or on_closed() with the first one's
 * failure. The timeout is for all of them; each gets an equal share of what is left, but at least 2 s (Go's
 * rule).
 */
void br_tcp_connect(br_tcp *t, const br_address *addresses, size_t count, br_ns timeout_ns);

/* The address connected to; after a failed dial the one whose failure was told. */
const br_address *br_tcp_peer(const br_tcp *t);
/* The own address of an open or broken connection. BR_EIO if it has none. */
BR_NODISCARD br_code br_tcp_local(const br_tcp *t, br_address *ret_address);
