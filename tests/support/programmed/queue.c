#include "support/programmed/queue.h"
#include <math.h>
#include <string.h>

#define SECONDS(ns) ((double) (ns) / (double) BR_SEC)

void queue_init(queue *q, br_loop *loop, const settings *s)
{
    *q = (queue){.settings = s, .loop = loop};
    br_random_seed(&q->random, 1);
}

void queue_restart(queue *q)
{
    q->begin = 0;
    q->requests = 0;
    q->was_overloaded = false;
    memset(q->answers, 0, sizeof q->answers);
}

double queue_seconds(const queue *q)
{
    return q->begin ? SECONDS(br_loop_clock(q->loop) - q->begin) : 0;
}

double queue_overload_end(const queue *q)
{
    return q->was_overloaded ? SECONDS(q->overloaded_at - q->begin) + q->settings->overload_hold_s : 0;
}

/* Answers ---------------------------------------------------------------------------------------- */

static void answer(job *j, int status)
{
    j->queue->answers[status]++;
    j->queue->inside--;
    j->done(j, status);
}

static void answer_served(job *j)
{
    queue *q = j->queue;
    q->errors += q->settings->error_share;
    bool failed = q->errors >= 1;
    if (failed) q->errors -= 1;
    answer(j, failed ? 500 : 200);
}

static void on_delayed(br_timer *t, void *ctx)
{
    (void) t;
    answer_served(ctx);
}

/* Service ---------------------------------------------------------------------------------------- */

static double service_ms(queue *q)
{
    const settings *s = q->settings;
    double ms = s->service_ms * (1 + s->spread * (2 * br_random_f64(&q->random) - 1));
    if (s->exponential > 0) ms = -s->service_ms * log(1 - br_random_f64(&q->random));
    return s->slots > 0 ? ms * (1 + s->thrash * q->waiting / s->slots) : ms;
}

static void serve_waiting(queue *q);

static void on_served(br_timer *t, void *ctx)
{
    (void) t;
    job *j = ctx;
    queue *q = j->queue;
    q->served--;
    serve_waiting(q);
    if (j->later_ms > 0) {
        br_ns at = br_loop_clock(q->loop) + (br_ns) (j->later_ms * 1e6);
        br_timer_start(q->loop, &j->timer, at, on_delayed, j);
    } else {
        answer_served(j);
    }
}

static void serve_waiting(queue *q)
{
    while (q->first && (q->settings->slots <= 0 || q->served < q->settings->slots)) {
        job *j = q->first;
        q->first = j->next;
        q->waiting--;
        q->served++;
        br_ns at = br_loop_clock(q->loop) + (br_ns) (service_ms(q) * 1e6);
        br_timer_start(q->loop, &j->timer, at, on_served, j);
    }
}

/* Taking ----------------------------------------------------------------------------------------- */

static bool over_rate(queue *q, br_ns now)
{
    const settings *s = q->settings;
    if (s->rate <= 0) return false;
    q->tokens = fmin(s->burst, q->tokens + SECONDS(now - q->tokens_at) * s->rate);
    q->tokens_at = now;
    if (q->tokens < 1) return true;
    q->tokens -= 1;
    return false;
}

static double later_ms(queue *q, br_ns now)
{
    const settings *s = q->settings;
    double at = SECONDS(now - q->begin);
    double ms = at >= s->slow_from_s && at < s->slow_to_s ? s->slow_ms : 0;
    if (s->overload > 0 && q->inside > s->overload) {
        q->was_overloaded = true;
        q->overloaded_at = now;
    }
    bool overloaded = q->was_overloaded && SECONDS(now - q->overloaded_at) < s->overload_hold_s;
    return overloaded ? ms + s->overload_ms : ms;
}

void queue_take(queue *q, job *j, job_done_fn *done)
{
    br_ns now = br_loop_clock(q->loop);
    if (!q->begin) {
        q->begin = q->tokens_at = now;
        q->tokens = q->settings->burst;
    }
    *j = (job){.done = done, .queue = q};
    q->requests++;
    q->inside++;
    j->later_ms = later_ms(q, now);
    bool full = q->settings->slots > 0 && q->served >= q->settings->slots && q->settings->queue >= 0 &&
                q->waiting >= q->settings->queue;
    if (over_rate(q, now)) {
        answer(j, 429);
    } else if (full) {
        answer(j, 503);
    } else {
        if (q->first)
            q->last->next = j;
        else
            q->first = j;
        q->last = j;
        q->waiting++;
        serve_waiting(q);
    }
}
