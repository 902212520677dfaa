/*
 * stat/quick_result.h - what a load without a script found out, as a plain value.
 *
 * What: counts and histograms of requests, which merge over workers and over time; and the result of a run.
 * Why here: quick/ makes it, report/ shows it, and neither sees the other.
 * Threads: values.
 * Memory: a tally owns its histograms (some 100 KB once it is used).
 */
#pragma once
#include "base/clock.h"
#include "stat/hist.h"
#include "stat/run_result.h"

#define BR_QUICK_ERRORS_MAX 32
#define BR_QUICK_STATUS_MAX 600 /* statuses above count at 0 */

/* Requests that failed for one reason. */
typedef struct br_quick_error {
    char text[160]; /* k6's words: "dial: connection refused" */
    int code;       /* k6's error_code */
    uint64_t count;
} br_quick_error;

typedef struct br_quick_tally {
    uint64_t requests;  /* ended, with an answer or without; a chain of redirects is one */
    uint64_t failed;    /* without a complete answer; statuses are no failures */
    uint64_t timeouts;  /* of those */
    uint64_t late;      /* ended after the planned end of the run */
    uint64_t redirects; /* answers that were followed to another one */
    uint64_t status[BR_QUICK_STATUS_MAX];
    uint64_t sent_bytes, received_bytes; /* on the sockets */
    uint64_t body_bytes;
    uint64_t opened, reused; /* exchanges on a new connection, on one that had been used before */
    uint64_t http2;          /* answers over HTTP/2 */
    uint64_t queued;         /* open model: starts that were due while all connections were busy */
    uint64_t out_of_descriptors, out_of_ports; /* of those that failed */
    br_quick_error errors[BR_QUICK_ERRORS_MAX];
    size_t error_count;
    uint64_t errors_beyond; /* for reasons that no longer fit */
    /* In nanoseconds, of requests with an answer and of those that timed out. */
    br_hist service; /* from when the request had a connection, and was sent, to the end */
    /* From when it was meant to start to the end, opening a connection included. Closed model: meant to start
     * is when the request before it on its connection ended. */
    br_hist response;
    /* Open model: of the starts that were queued, how long; and how late the generator itself was with each.
     */
    br_hist wait, lag;
    br_hist connect; /* of new connections: looking up the name, TCP and TLS */
} br_quick_tally;

void br_quick_tally_init(br_quick_tally *t);
br_quick_tally *br_quick_tally_new(void);
void br_quick_tally_free(br_quick_tally *t); /* NULL is fine */
void br_quick_tally_deinit(br_quick_tally *t);
void br_quick_tally_reset(br_quick_tally *t);
void br_quick_tally_merge(br_quick_tally *into, const br_quick_tally *from);
void br_quick_tally_error(br_quick_tally *t, int code, const char *text);

typedef struct br_quick_result {
    br_str url; /* of the first target; borrowed */
    size_t targets;
    uint32_t connections, streams;
    double rate;      /* requests a second that were asked for; 0: closed model */
    bool uncorrected; /* no response times were wanted */
    br_ns planned;    /* length that was asked for; 0: a number of requests */
    uint64_t wanted;  /* number of requests; 0: a length */
    br_ns started_wall;
    br_ns elapsed;       /* from the beginning to the last end; the planned length at least */
    bool interrupted;    /* by the user */
    uint64_t unstarted;  /* open model: starts that were due and never happened */
    br_ns unstarted_for; /* how long the oldest of them had been due */
    uint64_t cancelled;  /* in flight when the user interrupted */
    uint64_t connections_opened;
    br_quick_tally tally;
    br_generator generator;    /* its start_lag is the tally's lag, borrowed */
    br_worker_health *workers; /* [worker_count], owned */
    uint32_t worker_count;
} br_quick_result;
void br_quick_result_deinit(br_quick_result *r);

/* The times that people ask for. */
static inline const br_hist *br_quick_headline(const br_quick_result *r)
{
    return r->uncorrected ? &r->tally.service : &r->tally.response;
}

/* Requests a second: of those that ended in the planned time, or of all if it was cut short or there was
 * none. */
double br_quick_rate(const br_quick_result *r);
