/*
 * net/dial_int.h - from a list of addresses to one connected socket. Private to net/.
 *
 * What: RFC 8305 ("Happy Eyeballs") as Go does it. The addresses of the first one's family are tried in turn;
 *     those of the other family as well, side by side with them, once 300 ms have passed or the first family
 *     has failed. The first connection that stands wins.
 * Why here: net/tcp.c is about a connection; how one comes to be has a state machine of its own.
 * Threads: one loop.
 * Memory: one allocation while a dial lasts.
 * Invariants: the callback comes exactly once, never inside br_dial_start(), and not after br_dial_free().
 *
 *     first family:   DIALLING --error, time--> next address ... OVER
 *                         | 300 ms, or OVER
 *     other family:   ----+--> DIALLING --error, time--> next address ... OVER
 *                                                                  both OVER: the first family's first
 * failure
 */
#pragma once
#include "loop/loop.h"
#include "net/dns.h"

typedef struct br_dial br_dial;

typedef struct br_dialled {
    br_code code;       /* BR_OK, BR_EREFUSED, BR_EDIALTIMEOUT, BR_ERESET, BR_ENOFDS, BR_ENOPORTS, BR_EDIAL */
    br_watch *watch;    /* of the connected socket, for br_socket_open(); NULL: none */
    int sys_errno;      /* of the failure; 0: no system call failed */
    const char *call;   /* "socket", "bind", "connect"; "" with a time-out or without any call */
    br_address address; /* connected to, or that of the failure */
} br_dialled;

typedef void br_dial_fn(void *ctx, const br_dialled *result);

typedef struct br_dial_config {
    br_loop *loop;
    const br_address *addresses; /* copied */
    size_t count;                /* 1..BR_DNS_ADDRESSES_MAX */
    /* Source address; sa_family 0: the system's choice. Addresses of another family are left out. */
    br_address local;
    br_ns timeout_ns; /* for all; each gets an equal share of what is left for its family, but at least 2 s */
    br_dial_fn *fn;   /* frees the dial, after it has taken the socket */
    void *ctx;
} br_dial_config;

br_dial *br_dial_start(const br_dial_config *config);
void br_dial_free(br_dial *d); /* closes what it has opened and nobody took; NULL is fine */
