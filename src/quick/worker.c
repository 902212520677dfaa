/*
 * A worker: its places, and the two models.
 *
 * Closed: a place starts its next request when the last one ended. Open: start i of the worker is due at
 * begin + (i * workers + index) / rate; if no place is free then, it waits, and its time runs. Starts that
 * wait need no queue: they are the numbers from `started` up to those that are due.
 */
#include "quick/quick_int.h"
#include <string.h>
#include "base/assert.h"
#include "base/mem.h"

#define FIRST_STARTS 64 /* a turn: dialling thousands at once would make all of them late */

static void run_places(br_quick_worker *w);
static void on_timer(br_timer *timer, void *ctx);

/* Recording -------------------------------------------------------------------------------------- */

static bool open_model(const br_quick_worker *w)
{
    return w->quick->config->rate > 0;
}

static void record_times(br_quick_worker *w, const br_quick_place *p)
{
    const br_http_times *t = &p->response.times;
    br_hist_record(&w->tally->service, t->end - t->start);
    if (open_model(w)) {
        br_hist_record(&w->tally->response, t->end - p->meant);
        br_hist_record(&w->tally->lag, t->start - p->meant);
    }
}

static void record(br_quick_worker *w, const br_quick_place *p)
{
    br_quick_tally *t = w->tally;
    const br_http_response *r = &p->response;
    t->requests++;
    t->sent_bytes += r->sent_bytes;
    t->received_bytes += r->received_bytes;
    t->body_bytes += r->body_bytes;
    if (r->times.ready > 0) *(r->reused ? &t->reused : &t->opened) += 1;
    if (BR_LIKELY(r->error.code == BR_OK)) {
        t->status[r->status > 0 && r->status < BR_QUICK_STATUS_MAX ? r->status : 0]++;
        t->http2 += r->http_major == 2 ? 1 : 0;
        record_times(w, p);
        return;
    }
    t->failed++;
    br_quick_tally_error(t, r->error.k6_code, r->error.text);
    if (r->error.code == BR_ETIMEOUT) {
        t->timeouts++;
        record_times(w, p);
    }
}

/* Starting --------------------------------------------------------------------------------------- */

static br_ns due(const br_quick_worker *w, uint64_t start)
{
    const br_quick *q = w->quick;
    double number = (double) start * q->worker_count + w->index;
    return q->begin + (br_ns) (number * 1e9 / q->config->rate);
}

static void on_done(br_http_exchange *x, void *ctx);

static void start(br_quick_place *p, br_ns meant)
{
    br_quick_worker *w = p->worker;
    const br_quick_config *c = w->quick->config;
    const br_http_request *request = &c->targets[w->target];
    if (++w->target == c->target_count) w->target = 0;
    w->started++;
    w->busy++;
    p->busy = true;
    p->meant = meant;
    br_http_start(p->client, &p->exchange, request, &p->response, on_done, p);
}

static void finish_if_idle(br_quick_worker *w)
{
    if (w->busy == 0 && w->begun == w->place_count) br_loop_stop(w->loop);
}

/* Is there one more for a place that is free? */
static bool next(br_quick_worker *w, br_ns now, br_ns *ret_meant)
{
    if (w->stopping || w->started >= w->limit || now >= w->stop_at) return false;
    *ret_meant = open_model(w) ? due(w, w->started) : now;
    return *ret_meant <= now;
}

/* Nothing is due: the place waits, in the open model for its turn. */
static void rest(br_quick_worker *w, br_quick_place *p)
{
    bool over = w->stopping || w->started >= w->limit || br_loop_now(w->loop) >= w->stop_at;
    if (!open_model(w) || over) {
        finish_if_idle(w);
        return;
    }
    p->next_free = w->free;
    w->free = p;
    if (!br_timer_running(&w->timer)) br_timer_start(w->loop, &w->timer, due(w, w->started), on_timer, w);
}

static void on_done(br_http_exchange *x, void *ctx)
{
    (void) x;
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
        start(p, meant);
    } else {
        rest(w, p);
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
        start(p, meant);
    }
    if (w->stopping || w->started >= w->limit || now >= w->stop_at) {
        finish_if_idle(w);
    } else if (w->free != NULL) {
        br_timer_start(w->loop, &w->timer, due(w, w->started), on_timer, w);
    }
}

/* The first starts, some in each turn. */
static void run_places(br_quick_worker *w)
{
    br_ns meant;
    for (int n = 0; n < FIRST_STARTS && w->begun < w->place_count; n++) {
        br_quick_place *p = &w->places[w->begun++];
        if (next(w, br_loop_clock(w->loop), &meant)) {
            start(p, meant);
        } else {
            rest(w, p);
        }
    }
}

static void on_more(void *ctx)
{
    br_quick_worker *w = ctx;
    run_places(w);
    if (w->begun < w->place_count) br_loop_defer(w->loop, &w->more, on_more, w);
    finish_if_idle(w);
}

void br_quick_worker_begin(void *worker)
{
    br_quick_worker *w = worker;
    const br_quick_config *c = w->quick->config;
    br_loop_health making; /* of the connections' clients: no turn of the load */
    br_loop_take_health(w->loop, &making);
    w->stop_at = c->requests ? BR_NS_MAX : w->quick->begin + c->duration;
    if (open_model(w) && !c->requests) {
        /* Starts up to the end, which may go on late for a while. */
        double all = c->rate * (double) c->duration / 1e9;
        double mine = (all - w->index + w->quick->worker_count - 1) / w->quick->worker_count;
        w->limit = mine > 0 ? (uint64_t) mine : 0;
        w->stop_at += c->drain;
    }
    on_more(w);
}

void br_quick_worker_interrupt(void *worker)
{
    br_quick_worker *w = worker;
    w->stopping = true;
    br_timer_stop(w->loop, &w->timer);
    w->begun = w->place_count;
    for (size_t i = 0; i < w->place_count; i++) {
        if (w->places[i].busy) br_http_cancel(&w->places[i].exchange);
    }
    finish_if_idle(w);
}

/* Life ------------------------------------------------------------------------------------------- */

static uint64_t share_of(uint64_t n, uint32_t parts, uint32_t index)
{
    return n / parts + (index < n % parts ? 1 : 0);
}

void br_quick_worker_plan(br_quick_worker *w)
{
    const br_quick *q = w->quick;
    const br_quick_config *c = q->config;
    w->client_count = (uint32_t) share_of(c->connections, q->worker_count, w->index);
    w->place_count = (size_t) w->client_count * c->streams;
    w->limit = c->requests ? share_of(c->requests, q->worker_count, w->index) : UINT64_MAX;
    w->target = w->index % c->target_count;
}

static br_code make_tools(br_quick_worker *w)
{
    const br_quick_config *c = w->quick->config;
    br_code code = br_dns_new(w->loop, BR_NS_MAX, &w->dns, &w->err);
    if (code != BR_OK) return code;
    w->tls = br_tls_context_new(c->tls);
    br_http_client_config http = *c->http;
    http.tls = w->tls;
    w->clients = br_calloc(w->client_count + 1, sizeof(*w->clients));
    for (uint32_t i = 0; i < w->client_count; i++)
        w->clients[i] = br_http_client_new(w->loop, w->dns, &http);
    w->places = br_calloc(w->place_count + 1, sizeof(*w->places));
    for (size_t i = 0; i < w->place_count; i++) {
        br_quick_place *p = &w->places[i];
        p->worker = w;
        p->client = w->clients[i / c->streams];
        br_http_response_init(&p->response);
    }
    return BR_OK;
}

static void drop_tools(br_quick_worker *w)
{
    br_loop_undefer(w->loop, &w->more);
    br_timer_stop(w->loop, &w->timer);
    for (size_t i = 0; w->places && i < w->place_count; i++)
        br_http_response_deinit(&w->places[i].response);
    for (uint32_t i = 0; w->clients && i < w->client_count; i++)
        br_http_client_free(w->clients[i]);
    br_free(w->places);
    br_free(w->clients);
    br_tls_context_free(w->tls);
    if (w->dns) br_dns_free(w->dns);
}

static void take_health(br_quick_worker *w, br_ns started, br_ns cpu_before)
{
    br_loop_health h;
    br_loop_take_health(w->loop, &h);
    br_ns length = br_loop_clock(w->loop) - started;
    w->health = (br_worker_health){
        .cpu_share = length > 0 ? (double) (br_clock_thread_cpu() - cpu_before) / (double) length : 0,
        .timer_late_ns_max = h.timer_late_ns_max,
        .turn_ns_max = h.turn_ns_max};
}

void *br_quick_worker_main(void *worker)
{
    br_quick_worker *w = worker;
    br_loop *control = w->quick->loop;
    w->code = make_tools(w);
    br_loop_post(control, br_quick_worker_ready, w);
    br_ns started = br_loop_clock(w->loop), cpu = br_clock_thread_cpu();
    br_loop_run(w->loop);
    take_health(w, started, cpu);
    drop_tools(w);
    br_loop_post(control, br_quick_worker_done, w);
    return NULL;
}
