/*
 * db/pool.h - the service's connections to PostgreSQL.
 *
 * What: libpq connections in pipeline mode, each with many queries in flight, driven by one thread with its
 *     own epoll. A few are kept open; more are opened, up to the limit, when those are held up.
 * Why here: an HTTP thread must never wait for the database, and short queries are served best by few
 *     connections (docs/adr/0027). A query waits in a bounded queue, then in a connection's pipeline, and
 *     always comes back: with rows, or because it failed, timed out, or the database is away.
 * Threads: emp_pool_admit/submit/look/stats from any thread; everything else from the owner.
 * Memory: queries are the callers'; the pool allocates nothing per query beyond what libpq does.
 * Invariants: every admitted query is submitted, and every submitted query's `done` is called exactly once.
 *     outstanding <= max_outstanding.
 * Limits: a host name in the address is resolved by libpq when a connection is opened, which blocks the
 *     pool's thread meanwhile; an address or a socket does not.
 */
#pragma once
#include "base/err.h"
#include "empire/db/query.h"
#include "empire/faults/faults.h"

#define EMP_POOL_CONNECTIONS_MAX 64
#define EMP_POOL_DEPTH           32 /* queries in flight on one connection */

typedef struct emp_pool emp_pool;

typedef struct emp_pool_config {
    const char *url;
    const emp_statement *statements; /* borrowed for the pool's life */
    size_t statement_count;          /* <= EMP_QUERY_STATEMENTS_MAX */
    size_t connections;              /* at most, 1 .. EMP_POOL_CONNECTIONS_MAX */
    size_t kept;                     /* of them, always open; 1 .. connections */
    size_t max_outstanding;          /* queries waiting or in flight; more are refused */
    size_t depth;        /* queries in flight on one connection, 1 .. EMP_POOL_DEPTH; 1: no pipelining */
    br_ns wait_timeout;  /* for a connection with room; then EMP_DB_NO_CONNECTION */
    br_ns query_timeout; /* from then to the result; the server cancels a statement that runs that long */
    const emp_faults *faults; /* borrowed; looked at ten times a second. NULL: none */
} emp_pool_config;

typedef enum emp_admission {
    EMP_ADMITTED,
    EMP_REFUSED_DOWN, /* no usable connection */
    EMP_REFUSED_FULL, /* max_outstanding queries are on their way */
} emp_admission;

/* Counters since the start unless said otherwise; each is read on its own. */
typedef struct emp_pool_stats {
    size_t connections, ready, busy;    /* the limit; now: usable, in use */
    size_t leaked;                      /* of those in use: taken and never given back, on demand */
    size_t waiting, in_flight;          /* queries now */
    uint64_t queries[EMP_DB_ERROR + 1]; /* finished, by outcome */
    uint64_t refused_full, refused_down;
    uint64_t connects, losses; /* connections made, connections lost */
    uint64_t waits;            /* queries that were sent */
    br_ns wait_ns_total;       /* their time from submit to send */
} emp_pool_stats;

/*
 * Opens the connections and waits up to `timeout` until one is usable. BR_EDIAL with the server's words when
 * none is. *ret_pool is the caller's to stop.
 */
BR_NODISCARD br_code emp_pool_start(
    const emp_pool_config *config, br_ns timeout, emp_pool **ret_pool, br_err *err);

/* Finishes every query that is still there with EMP_DB_DOWN, then closes and frees the pool. NULL is fine. */
void emp_pool_stop(emp_pool *pool);

/* Cuts everything short: no more queries are admitted, and when it returns, all have ended (EMP_DB_DOWN). */
void emp_pool_cut(emp_pool *pool);

/* Reserves a place in the queue; emp_pool_submit() must follow when admitted. */
BR_NODISCARD emp_admission emp_pool_admit(emp_pool *pool);
void emp_pool_submit(emp_pool *pool, emp_query *q);

/*
 * Is the database there? True while a connection is usable: connected, prepared, and not silent for longer
 * than two seconds (idle connections are asked every second).
 */
bool emp_pool_is_up(const emp_pool *pool);

void emp_pool_stats_get(const emp_pool *pool, emp_pool_stats *ret_stats);
