/*
 * programmed/queue.h - a service with a real queue in front of it.
 *
 * What: takes requests, serves `slots` of them at once, each for its time of service, first come first
 * served; says when each is answered and with which status. Why here: capacity, knee and drain of it can be
 * calculated, so a test knows what has to be measured. Threads: the loop's. Memory: jobs are embedded in
 * whoever asks, and stay there until their answer came.
 *
 *     new --rate limit--> 429
 *      |  --queue full--> 503
 *      v
 *     WAITING --a slot is free--> SERVED --its time is over--> DELAYED (slow, overloaded) --> 200 or 500
 */
#pragma once
#include "base/random.h"
#include "loop/loop.h"
#include "support/programmed/settings.h"

typedef struct job job;
typedef void job_done_fn(job *j, int status);
struct job {
    job_done_fn *done;
    struct queue *queue;
    job *next; /* waiting */
    br_timer timer;
    double later_ms; /* after its service */
};

typedef struct queue {
    const settings *settings;
    br_loop *loop;
    br_random random;
    job *first, *last; /* waiting */
    uint32_t waiting, served, inside;
    double tokens, errors; /* of the rate limit; of the share of errors */
    br_ns begin, tokens_at, overloaded_at;
    bool was_overloaded;
    uint64_t requests, answers[600]; /* by status */
} queue;

void queue_init(queue *q, br_loop *loop, const settings *s);
void queue_restart(queue *q);         /* the clock and the counts begin anew with the next request */
double queue_seconds(const queue *q); /* since the first request; 0 before it */
/* When the last overload is or was over, in those seconds; 0: there was none. */
double queue_overload_end(const queue *q);
/* done() comes exactly once, perhaps before this returns. */
void queue_take(queue *q, job *j, job_done_fn *done);
