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
    uint64_t requests; /* ended, with an answer or without */
    uint64_t failed;   /* without a complete answer; statuses are no failures */
    uint64_t timeouts; /* of those */
    uint64_t status[BR_QUICK_STATUS_MAX];
    uint64_t sent_bytes, received_bytes; /* on the sockets */
    uint64_t body_bytes;
    uint64_t opened, reused; /* requests on a new connection, on one that had been used before */
    uint64_t http2;          /* answers over HTTP/2 */
    br_quick_error errors[BR_QUICK_ERRORS_MAX];
    size_t error_count;
    uint64_t errors_beyond; /* for reasons that no longer fit */
    /* In nanoseconds, of requests with an answer and of those that timed out. */
    br_hist
        service; /* from sending (that is, from when the request was handed to its connection) to the end */
    br_hist response; /* from when it was meant to start to the end; empty in the closed model: the same */
    br_hist lag;      /* from when it was meant to start to when it did; open model only */
} br_quick_tally;

void br_quick_tally_init(br_quick_tally *t);
void br_quick_tally_deinit(br_quick_tally *t);
void br_quick_tally_reset(br_quick_tally *t);
void br_quick_tally_merge(br_quick_tally *into, const br_quick_tally *from);
void br_quick_tally_error(br_quick_tally *t, int code, const char *text);

typedef struct br_quick_result {
    br_str url; /* of the first target; borrowed */
    size_t targets;
    uint32_t connections, streams, worker_count;
    double rate;     /* requests a second that were asked for; 0: closed model */
    br_ns planned;   /* length that was asked for; 0: a number of requests */
    uint64_t wanted; /* number of requests; 0: a length */
    br_ns started_wall;
    br_ns elapsed;      /* from the first start to the last end */
    bool interrupted;   /* by the user */
    uint64_t unstarted; /* open model: starts that were due and never happened */
    uint64_t cancelled; /* in flight when the user interrupted */
    br_quick_tally tally;
    br_worker_health workers[256];
} br_quick_result;

/* The response times: the service times in the closed model. */
static inline const br_hist *br_quick_response(const br_quick_result *r)
{
    return r->rate > 0 ? &r->tally.response : &r->tally.service;
}
