/*
 * The two models.
 *
 * Closed: a place starts its next request when the last one ended. Open: start i of the worker is due at
 * begin + (i * workers + index) / rate; if no place is free then, it waits, and its time runs. Starts that
 * wait need no queue: they are the numbers from `started` up to those that are due.
 */
#include "quick/quick_int.h"

#define FIRST_STARTS 64 /* a turn: dialling thousands at once would make all of them late */

static void on_timer(br_timer *timer, void *ctx);

/* Recording -------------------------------------------------------------------------------------- */

static void record_times(br_quick_worker *w, const br_quick_place *p)
{
    const br_http_times *t = &p->response.times;
    br_ns ready = p->ready != 0 ? p->ready : t->ready;
    if (ready != 0) br_hist_record(&w->tally->service, t->end - ready);
    if (!w->quick->config->uncorrected) br_hist_record(&w->tally->response, t->end - p->meant);
}

/* Of one exchange: a request is several when it is redirected. */
static void record_exchange(br_quick_tally *t, const br_http_response *r)
{
    t->body_bytes += r->body_bytes;
    if (BR_LIKELY(r->reused)) {
        t->reused++;
    } else if (r->times.ready != 0) {
        t->opened++;
        br_hist_record(&t->connect, r->times.ready - r->times.start);
    }
}

static void record_failure(br_quick_worker *w, const br_quick_place *p)
{
    br_quick_tally *t = w->tally;
    const br_http_error *e = &p->response.error;
    t->failed++;
    t->out_of_descriptors += e->code == BR_ENOFDS ? 1 : 0;
    t->out_of_ports += e->code == BR_ENOPORTS ? 1 : 0;
    br_quick_tally_error(t, e->k6_code, e->text);
    if (e->code == BR_ETIMEOUT) { /* it took at least that long */
        t->timeouts++;
        record_times(w, p);
    }
}

static void record(br_quick_worker *w, const br_quick_place *p)
{
    br_quick_tally *t = w->tally;
    const br_http_response *r = &p->response;
    t->requests++;
    t->late += r->times.end > w->planned_end ? 1 : 0;
    record_exchange(t, r);
    if (BR_UNLIKELY(r->error.code != BR_OK)) {
        record_failure(w, p);
        return;
    }
    t->status[r->status > 0 && r->status < BR_QUICK_STATUS_MAX ? r->status : 0]++;
    t->http2 += r->http_major == 2 ? 1 : 0;
    record_times(w, p);
}

static void on_hop(void *ctx, const br_http_request *request, bool challenge)
{
    (void) request, (void) challenge;
    br_quick_place *p = ctx;
    if (p->ready == 0) p->ready = p->response.times.ready;
    p->worker->tally->redirects++;
    record_exchange(p->worker->tally, &p->response);
}

/* How late it was, and whose doing that is. */
static void record_start(br_quick_worker *w, const br_quick_place *p)
{
    br_quick_tally *t = w->tally;
    br_hist_record(&t->lag, p->response.times.start - p->due);
    if (p->due > p->meant) {
        t->queued++;
        br_hist_record(&t->wait, p->due - p->meant);
    }
}

/* Starting --------------------------------------------------------------------------------------- */

br_ns br_quick_load_due(const br_quick_worker *w, uint64_t start)
{
    const br_quick *q = w->quick;
    double number = (double) start * q->worker_count + w->index;
    return q->begin + (br_ns) (number * 1e9 / q->config->rate);
}

static void on_done(void *ctx);

/* `free_since`: from when on the place could have taken it; 0: all the time. */
static void start(br_quick_place *p, br_ns meant, br_ns free_since)
{
    br_quick_worker *w = p->worker;
    const br_quick_config *c = w->quick->config;
    const br_http_request *request = &c->targets[w->target];
    if (++w->target == c->target_count) w->target = 0;
    w->started++;
    w->busy++;
    p->busy = true;
    p->meant = meant;
    p->due = free_since > meant ? free_since : meant;
    p->ready = 0;
    br_http_fetch_start(p->client, &p->fetch, request, &p->response, &w->fetch_options, on_hop, on_done, p);
    if (w->open) record_start(w, p);
}

/* Nothing will be started any more. */
static bool over(const br_quick_worker *w, br_ns now)
{
    return w->stopping || w->started >= w->limit || now >= w->stop_at;
}

/* Is there one more for a place that is free? */
static bool next(const br_quick_worker *w, br_ns now, br_ns *ret_meant)
{
    if (over(w, now)) return false;
    *ret_meant = w->open ? br_quick_load_due(w, w->started) : now;
    return *ret_meant <= now;
}

static void finish_if_idle(br_quick_worker *w)
{
    if (w->busy == 0 && w->begun == w->place_count) br_loop_stop(w->loop);
}

static void await_next(br_quick_worker *w)
{
    br_timer_start(w->loop, &w->timer, br_quick_load_due(w, w->started), on_timer, w);
}

/* Nothing is due: the place waits, in the open model for its turn. */
static void rest(br_quick_worker *w, br_quick_place *p, br_ns now)
{
    if (!w->open || over(w, now)) {
        finish_if_idle(w);
        return;
    }
    p->next_free = w->free;
    w->free = p;
    if (!br_timer_running(&w->timer)) await_next(w);
}

static void on_done(void *ctx)
{
    br_quick_place *p = ctx;
    br_quick_worker *w = p->worker;
    br_ns now = p->response.times.end, meant;
    p->busy = false;
    w->busy--;
    if (w->stopping && p->response.error.code == BR_ECANCEL) {
        w->cancelled++;
    } else {
        record(w, p);
        w->last_end = now;
    }
    if (next(w, now, &meant)) {
        bool others_free = w->free != NULL || w->begun < w->place_count;
        start(p, meant, others_free ? 0 : now);
    } else {
        rest(w, p, now);
    }
}

/* Open model: a start is due. */
static void on_timer(br_timer *timer, void *ctx)
{
    (void) timer;
    br_quick_worker *w = ctx;
    br_ns now = br_loop_clock(w->loop), meant;
    while (w->free != NULL && next(w, now, &meant)) {
        br_quick_place *p = w->free;
        w->free = p->next_free;
        start(p, meant, 0);
    }
    if (over(w, now)) {
        finish_if_idle(w);
    } else if (w->free != NULL) {
        await_next(w);
    }
}

/* The first starts, some in each turn. */
static void on_more(void *ctx)
{
    br_quick_worker *w = ctx;
    for (int n = 0; n < FIRST_STARTS && w->begun < w->place_count; n++) {
        br_quick_place *p = &w->places[w->begun++];
        br_ns now = br_loop_clock(w->loop), meant;
        if (next(w, now, &meant)) {
            start(p, meant, 0);
        } else {
            rest(w, p, now);
        }
    }
    if (w->begun < w->place_count) br_loop_defer(w->loop, &w->more, on_more, w);
}

/* How many starts of the timetable are this worker's: those up to the planned end, which may be made late. */
static uint64_t share_of_timetable(const br_quick_worker *w)
{
    const br_quick *q = w->quick;
    double all = q->config->rate * (double) q->config->duration / 1e9;
    double mine = (all - w->index + q->worker_count - 1) / q->worker_count;
    return mine > 0 ? (uint64_t) mine : 0;
}

void br_quick_load_begin(void *worker)
{
    br_quick_worker *w = worker;
    const br_quick_config *c = w->quick->config;
    w->planned_end = w->stop_at = c->requests ? BR_NS_MAX : w->quick->begin + c->duration;
    if (w->open && !c->requests) {
        w->limit = share_of_timetable(w);
        w->stop_at += c->drain;
    }
    on_more(w);
}

void br_quick_load_interrupt(void *worker)
{
    br_quick_worker *w = worker;
    w->stopping = true;
    br_timer_stop(w->loop, &w->timer);
    w->begun = w->place_count;
    for (size_t i = 0; w->places != NULL && i < w->place_count; i++) {
        if (w->places[i].busy) br_http_fetch_cancel(&w->places[i].fetch);
    }
    finish_if_idle(w);
}
