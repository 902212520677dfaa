/* A worker's thread: its tools, its health, its end. */
#include "base/mem.h"
#include "quick/quick_int.h"

static uint64_t share_of(uint64_t n, uint32_t parts, uint32_t index)
{
    return n / parts + (index < n % parts ? 1 : 0);
}

void br_quick_worker_plan(br_quick_worker *w)
{
    const br_quick *q = w->quick;
    const br_quick_config *c = q->config;
    w->open = c->rate > 0;
    w->fetch_options = (br_http_fetch_options){.max_redirects = c->max_redirects};
    w->client_count = (uint32_t) share_of(c->connections, q->worker_count, w->index);
    w->place_count = (size_t) w->client_count * c->streams;
    w->limit = c->requests ? share_of(c->requests, q->worker_count, w->index) : UINT64_MAX;
    w->target = w->index % c->target_count;
}

/* Tools ------------------------------------------------------------------------------------------ */

static void make_places(br_quick_worker *w)
{
    const br_quick_config *c = w->quick->config;
    br_http_client_config http = *c->http;
    http.tls = w->tools.tls;
    http.coder = w->tools.coder;
    http.heads = w->tools.heads;
    http.max_idle_per_host = c->streams;
    http.max_idle = c->streams * w->quick->origins + (c->max_redirects > 0 ? 1 : 0);
    w->clients = br_calloc(w->client_count + 1, sizeof(*w->clients));
    for (uint32_t i = 0; i < w->client_count; i++)
        w->clients[i] = br_http_client_new(w->loop, w->tools.dns, &http);
    w->places = br_calloc(w->place_count + 1, sizeof(*w->places));
    for (size_t i = 0; i < w->place_count; i++) {
        br_quick_place *p = &w->places[i];
        p->worker = w;
        p->client = w->clients[i / c->streams];
        br_http_response_init(&p->response);
    }
}

static void make_tools(br_quick_worker *w)
{
    w->code = br_http_tools_init(&w->tools, w->loop, BR_NS_MAX, w->quick->config->tls, &w->err);
    if (w->code == BR_OK) make_places(w);
}

void br_quick_worker_count_bytes(br_quick_worker *w)
{
    uint64_t sent = 0, received = 0;
    for (uint32_t i = 0; w->clients && i < w->client_count; i++) {
        const br_http_totals *t = br_http_client_totals(w->clients[i]);
        sent += t->sent_bytes;
        received += t->received_bytes;
    }
    w->tally->sent_bytes += sent - w->counted_sent;
    w->tally->received_bytes += received - w->counted_received;
    w->counted_sent = sent;
    w->counted_received = received;
}

static void drop_tools(br_quick_worker *w)
{
    br_quick_worker_count_bytes(w);
    br_loop_undefer(w->loop, &w->more);
    br_timer_stop(w->loop, &w->timer);
    for (size_t i = 0; w->places && i < w->place_count; i++) {
        br_http_fetch_deinit(&w->places[i].fetch);
        br_http_response_deinit(&w->places[i].response);
    }
    for (uint32_t i = 0; w->clients && i < w->client_count; i++) {
        w->connections_opened += br_http_client_totals(w->clients[i])->connections_opened;
        br_http_client_free(w->clients[i]);
    }
    br_free(w->places);
    br_free(w->clients);
    br_http_tools_deinit(&w->tools);
}

/* Health ----------------------------------------------------------------------------------------- */

static void watch_health(br_quick_worker *w)
{
    br_loop_health making; /* of the connections' clients: no turn of the load */
    br_loop_take_health(w->loop, &making);
    w->watched_since = br_loop_clock(w->loop);
    w->cpu_before = br_clock_thread_cpu();
    w->starved_before = br_clock_thread_starved();
}

static br_delay_figures figures_of(const br_delays *d, uint64_t count)
{
    return (br_delay_figures){count, br_delays_quantile(d, 0.5), br_delays_quantile(d, 0.99), d->max};
}

static void take_health(br_quick_worker *w)
{
    br_loop_health h;
    br_loop_take_health(w->loop, &h);
    double length = (double) (br_loop_clock(w->loop) - w->watched_since);
    if (length <= 0) length = 1;
    w->health = (br_worker_health){.cpu_share = (double) (br_clock_thread_cpu() - w->cpu_before) / length,
        .starved_share = (double) (br_clock_thread_starved() - w->starved_before) / length,
        .busy_share = (double) h.busy_ns / length,
        .timer_late_ns_max = h.timer_late_ns_max,
        .turn_ns_max = h.turn_ns_max,
        .timers = figures_of(&h.late, h.timers),
        .held = figures_of(&h.held, h.turns)};
}

/* The thread ------------------------------------------------------------------------------------- */

void *br_quick_worker_main(void *worker)
{
    br_quick_worker *w = worker;
    br_loop *control = w->quick->loop;
    make_tools(w);
    watch_health(w);
    br_loop_post(control, br_quick_worker_ready, w);
    br_loop_run(w->loop);
    take_health(w);
    drop_tools(w);
    br_loop_post(control, br_quick_worker_done, w);
    return NULL;
}
