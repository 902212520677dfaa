/*
 * net/tcp.h - a TCP connection as a stream.
 *
 * What: connects without blocking, to the one of several addresses that answers first, with a timeout; then
 *     reads and writes.
 * Why here: the bottom of every stack of streams.
 * Threads: one loop.
 * Memory: embedded in its owner; one allocation while it dials, nothing else.
 * Invariants: dialling is net/dial_int.h's; a connected socket is a br_socket, which knows how the loop reads
 *     and writes.
 *
 *     CLOSED --connect--> DIALLING --connected--> OPEN --error, end--> BROKEN
 *        ^                   |  no address is left: BROKEN               |
 *        +------------------ br_stream_close() from everywhere ----------+
 */
#pragma once
#include "loop/socket.h"
#include "net/dns.h"
#include "net/stream.h"

typedef enum br_tcp_state { BR_TCP_CLOSED, BR_TCP_DIALLING, BR_TCP_OPEN, BR_TCP_BROKEN } br_tcp_state;

typedef struct br_tcp {
    br_stream stream; /* first: the stream's functions cast back */
    br_loop *_loop;
    br_socket _socket;     /* of an open connection; stays open while BROKEN, for br_tcp_local() */
    struct br_dial *_dial; /* while it dials */
    br_tcp_state _state;
    br_address _address;      /* dialled or connected */
    const char *_failed_call; /* of a dial */
    br_address _local;        /* sa_family 0: any */
} br_tcp;

/* Connects from this address (copied; port 0) instead of the system's choice; sa_family 0: no more. Before
 * br_tcp_connect(). */
void br_tcp_bind(br_tcp *t, const br_address *local);
void br_tcp_init(br_tcp *t, br_loop *loop, const br_stream_events *events, void *owner);

/*
 * Dials the addresses (copied) until one answers: on_open(), or on_closed() with the first one's failure.
 * They are tried in turn, those of the other family also beside those of the first one's when these take
 * longer than 300 ms (RFC 8305). The timeout is for all of them; each gets an equal share of what is left for
 * its family, but at least 2 s (Go's rules).
 */
void br_tcp_connect(br_tcp *t, const br_address *addresses, size_t count, br_ns timeout_ns);

/* The address connected to; after a failed dial the one whose failure was told. */
const br_address *br_tcp_peer(const br_tcp *t);
/* The system call that a dial failed in ("socket", "bind", "connect"); "" if it was none. */
const char *br_tcp_failed_call(const br_tcp *t);
/* The own address of an open or broken connection. BR_EIO if it has none. */
BR_NODISCARD br_code br_tcp_local(const br_tcp *t, br_address *ret_address);
