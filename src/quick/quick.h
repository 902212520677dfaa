/*
 * quick/quick.h - load without a script: a number of connections, or a rate.
 *
 * What: worker threads keep connections busy (closed model), or start requests by a timetable whatever the
 *     answers do (open model), and measure both times of each.
 * Why here: what wrk, hey and oha are used for needs no JavaScript; it stands beside engine/, on the same
 *     client, loop and histograms.
 * Threads: br_quick_run() is called on the main thread, takes SIGINT and SIGTERM over while it runs, and
 *     calls on_status there.
 * Memory: a connection costs its socket, a client and a response whose bodies are dropped.
 * Invariants: every start of the timetable is in the result: as a request, as unstarted, or, when the user
 *     ended the run, as cancelled. A start that finds all connections busy waits, and its response time runs.
 * Source: the open model and its clocks: reference to when a request was meant to start (Gil Tene's wrk2,
 *     "How NOT to Measure Latency").
 */
#pragma once
#include "http/client.h"
#include "stat/quick_result.h"

#define BR_QUICK_CONNECTIONS_MAX 1000000
#define BR_QUICK_STREAMS_MAX     1000
#define BR_QUICK_WORKERS_MAX     256
#define BR_QUICK_ORIGINS_MAX     64 /* to which a connection's place keeps connections open */

typedef struct br_quick_config {
    const br_http_request *targets; /* checked; taken in turn; outlive the run */
    size_t target_count;
    uint32_t connections;  /* 1..BR_QUICK_CONNECTIONS_MAX */
    uint32_t streams;      /* requests in flight on each, with HTTP/2; else 1 */
    uint32_t workers;      /* 0: one for each core this process may use; never more than connections */
    br_loop_kind loop;     /* of the workers and of the thread that calls */
    uint64_t requests;     /* how many in all; 0: as many as the duration takes */
    br_ns duration;        /* used if requests == 0 */
    double rate;           /* starts a second in all; 0: closed model */
    br_ns drain;           /* open model: how long starts that are due go on after the end */
    int64_t max_redirects; /* that are followed; 0: none */
    bool uncorrected;      /* service times only */
    const br_http_client_config *http; /* without `tls` and `max_idle...` */
    const br_tls_options *tls;
    br_ns status_interval; /* 0: no status */
    /* `total` since the start, `recent` since the last call. */
    void (*on_status)(void *ctx, br_ns elapsed, const br_quick_tally *total, const br_quick_tally *recent);
    void *status_ctx;
} br_quick_config;

/* BR_ENOFDS, BR_EIO, BR_EDNS, BR_ELIMIT: the run could not begin. Everything later is in the result, which
 * the caller deinits. */
BR_NODISCARD br_code br_quick_run(const br_quick_config *config, br_quick_result *ret, br_err *err);
