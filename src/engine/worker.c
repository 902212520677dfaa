/* Worker threads: each makes its VUs, runs its slots, hands over its shards. */
#include <sched.h>
#include <signal.h>
#include "base/log.h"
#include "engine/run_int.h"
#include "engine/segment.h"

#define THREAD_STACK_BYTES ((size_t) 1 << 20) /* besides what init code may use */

/* The pool of VUs: FIFO, as in k6. -------------------------------------------------------------------- */

br_pooled_vu *br_worker_take_vu(br_worker *w)
{
    if (w->idle_len == 0) return NULL;
    uint32_t i = w->idle[w->idle_head];
    w->idle_head = (w->idle_head + 1) % w->vu_count;
    w->idle_len--;
    return &w->vus[i];
}

void br_worker_return_vu(br_worker *w, br_pooled_vu *vu)
{
    if (vu->unplanned) {
        *br_vec_push(&w->spare) = vu;
        return;
    }
    w->idle[(w->idle_head + w->idle_len) % w->vu_count] = (uint32_t) (vu - w->vus);
    w->idle_len++;
}

/* Messages to the control loop ------------------------------------------------------------------------ */

typedef struct shard_message {
    br_engine *engine;
    br_worker *worker;
    br_shard *shard;
    br_ns at;
} shard_message;

static void receive_shard(void *ctx)
{
    shard_message *m = ctx;
    br_collector_take(m->engine->collector, m->shard, m->at);
    br_free(m);
}

/* On the worker: swap and send the full one back. */
static void give_shard(void *ctx)
{
    shard_message *m = ctx;
    m->shard = br_recorder_swap(m->worker->recorder, m->shard);
    br_loop_post(m->engine->loop, receive_shard, m);
}

void br_workers_take_shards(br_engine *e, br_ns at)
{
    for (uint32_t i = 0; i < e->worker_count; i++) {
        shard_message *m = BR_NEW(shard_message);
        *m = (shard_message){
            .engine = e, .worker = &e->workers[i], .shard = br_collector_spare(e->collector), .at = at};
        br_loop_post(e->workers[i].loop, give_shard, m);
    }
}

static void tell_ready(void *ctx)
{
    br_worker *w = ctx;
    br_engine_worker_ready(w->engine, w);
}

static void tell_done(void *ctx)
{
    br_worker *w = ctx;
    br_engine_worker_done(w->engine, w);
}

/* Health ---------------------------------------------------------------------------------------------- */

static br_delay_figures figures_of(const br_delays *d, uint64_t count)
{
    return (br_delay_figures){count, br_delays_quantile(d, 0.5), br_delays_quantile(d, 0.99), d->max};
}

static br_delay_figures start_figures(const br_hist *lag)
{
    if (!lag->total) return (br_delay_figures){0};
    return (br_delay_figures){
        lag->total, (br_ns) br_hist_quantile(lag, 0.5), (br_ns) br_hist_quantile(lag, 0.99), lag->max};
}

static void watch_health(br_worker *w)
{
    br_loop_health discard; /* making VUs is no turn */
    br_loop_take_health(w->loop, &discard);
    w->watched_since = br_loop_clock(w->loop);
    w->cpu_before = br_clock_thread_cpu();
    w->starved_before = br_clock_thread_starved();
    br_hist_reset(&w->start_lag);
}

/* At the end of the worker's last iteration. */
static void take_health(br_worker *w)
{
    br_loop_health h;
    if (w->health_taken) return;
    w->health_taken = true;
    br_loop_take_health(w->loop, &h);
    double length = (double) (br_loop_clock(w->loop) - w->watched_since);
    if (length <= 0) length = 1;
    w->health = (br_worker_health){.cpu_share = (double) (br_clock_thread_cpu() - w->cpu_before) / length,
        .starved_share = (double) (br_clock_thread_starved() - w->starved_before) / length,
        .busy_share = (double) h.busy_ns / length,
        .timer_late_ns_max = h.timer_late_ns_max,
        .turn_ns_max = h.turn_ns_max,
        .timers = figures_of(&h.late, h.timers),
        .held = figures_of(&h.held, h.turns),
        .starts = start_figures(&w->start_lag)};
}

void br_worker_slot_done(br_worker *w)
{
    BR_ASSERT(w->slots_left > 0);
    if (--w->slots_left > 0) return;
    take_health(w);
    br_loop_post(w->engine->loop, tell_done, w);
}

/* Life of the thread ---------------------------------------------------------------------------------- */

static br_code make_tools(br_worker *w, br_err *err)
{
    br_engine *e = w->engine;
    const br_options *o = e->config->options;
    br_code code = br_http_tools_init(&w->tools, w->loop, o->dns_ttl, &o->tls, err);
    if (code != BR_OK) return code;
    br_dns_set_rules(w->tools.dns, &o->host_rules);
    br_recorder_config rc = {.metrics = e->config->metrics,
        .system_tags = e->settings.system_tags,
        .tap = e->config->tap,
        .tap_ctx = e->config->tap_ctx};
    w->recorder = br_recorder_new(&rc);
    w->run_tags = br_tags_intern(br_recorder_tag_store(w->recorder), o->tags, o->tag_count);
    w->fibers = br_fiber_pool_new(w->loop, w->engine->settings.stack_bytes);
    return BR_OK;
}

static int64_t vu_id(const br_worker *w, size_t i)
{
    return (int64_t) (i * w->engine->worker_count + w->index + 1);
}

static br_code make_vus(br_worker *w, br_err *err)
{
    br_engine *e = w->engine;
    w->idle = br_calloc(w->vu_count + 1, sizeof(*w->idle));
    for (size_t i = 0; i < w->vu_count && !atomic_load(&w->stop); i++) {
        br_vu_config vc = {.program = e->config->program,
            .settings = &e->settings,
            .loop = w->loop,
            .tools = &w->tools,
            .recorder = w->recorder,
            .id = vu_id(w, i),
            .id_in_test = br_stripe_global(e->config->options->stripe, vu_id(w, i) - 1) + 1,
            .run_tags = w->run_tags,
            .stop_flag = &w->stop};
        w->vus[i].by_scenario = br_calloc(e->config->options->scenario_count + 1, sizeof(int64_t));
        br_code code = br_vu_new(&vc, &w->vus[i].vu, err);
        if (code == BR_ECANCEL) br_engine_name_init(vc.id, err);
        if (code != BR_OK) return code;
        br_worker_return_vu(w, &w->vus[i]);
        atomic_fetch_add(&e->vus_ready, 1);
    }
    return BR_OK;
}

static void drop_vu(br_pooled_vu *p)
{
    br_vu_free(p->vu);
    br_free(p->by_scenario);
}

static void drop_all(br_worker *w)
{
    for (size_t i = 0; i < w->vu_count; i++)
        drop_vu(&w->vus[i]);
    for (size_t i = 0; i < w->unplanned.len; i++) {
        drop_vu(w->unplanned.data[i]);
        br_free(w->unplanned.data[i]);
    }
    br_vec_deinit(&w->unplanned);
    br_vec_deinit(&w->spare);
    br_free(w->vus);
    br_free(w->idle);
    w->vus = NULL;
    w->idle = NULL;
    for (size_t i = 0; i < w->slot_count; i++)
        br_free(w->slots[i].intervals);
    br_free(w->slots);
    w->slots = NULL;
    if (w->fibers) br_fiber_pool_free(w->fibers);
    br_http_tools_deinit(&w->tools);
}

static void *thread_main(void *arg)
{
    br_worker *w = arg;
    w->wall_offset = br_clock_wall() - br_loop_clock(w->loop);
    w->init_code = make_tools(w, &w->init_error);
    if (w->init_code == BR_OK) w->init_code = make_vus(w, &w->init_error);
    br_loop_post(w->engine->loop, tell_ready, w);
    br_loop_run(w->loop);
    drop_all(w);
    return NULL;
}

/* Plan ------------------------------------------------------------------------------------------------ */

/*
 * Scenarios follow one another around the workers, and so do the slots of each: the worker of each scenario's
 * first slot. br_free() it.
 */
static uint32_t *first_workers(const br_engine *e)
{
    BR_ASSERT(e->worker_count > 0);
    const br_options *o = e->config->options;
    uint32_t *first = br_calloc(o->scenario_count + 1, sizeof(*first));
    int64_t before = 0;
    for (size_t k = 0; k < o->scenario_count; k++) {
        first[k] = (uint32_t) (before % e->worker_count);
        before += br_scenario_planned_vus(&o->scenarios[k]);
    }
    return first;
}

/* How many of n things that are dealt around the workers, beginning with `first`, this one gets. */
static int64_t share_of(const br_engine *e, uint32_t worker, uint32_t first, int64_t n)
{
    int64_t w = e->worker_count, skip = ((int64_t) worker - first + w) % w;
    return n > skip ? (n - skip + w - 1) / w : 0;
}

static void plan_closed(br_engine *e, size_t k, uint32_t first)
{
    const br_scenario *s = &e->config->options->scenarios[k];
    int64_t n = br_scenario_planned_vus(s);
    atomic_store(&e->shared[k].slots_left, n);
    for (int64_t v = 0; v < n; v++) {
        br_worker *w = &e->workers[(first + (uint64_t) v) % e->worker_count];
        br_slot *slot = &w->slots[w->slot_count++];
        *slot = (br_slot){.worker = w, .scenario = s, .shared = &e->shared[k]};
        slot->interval_count = br_slot_intervals(s, v, &slot->intervals);
    }
}

/* Starts are dealt like VUs, so that the first one finds the first VU. */
static void plan_open(br_engine *e, size_t k, uint32_t first)
{
    const br_scenario *s = &e->config->options->scenarios[k];
    br_scenario_shared *shared = &e->shared[k];
    uint32_t count = e->worker_count;
    atomic_store(&shared->slots_left, count);
    atomic_store(&shared->unplanned_left, s->max_vus - s->pre_allocated_vus);
    shared->arrivals = br_calloc(count, sizeof(*shared->arrivals));
    for (uint32_t i = 0; i < count; i++) {
        br_arrival_config c = {.worker = &e->workers[i],
            .scenario = s,
            .shared = shared,
            .vus = share_of(e, i, first, s->pre_allocated_vus),
            .first = (i - first + count) % count,
            .stride = count,
            .iterate = br_iteration_run};
        shared->arrivals[i] = br_arrival_new(&c);
    }
}

/* How many VUs a worker needs: most slots of it that overlap in time, graceful periods included. */
static size_t vus_needed(const br_engine *e, uint32_t worker, const uint32_t *first)
{
    const br_options *o = e->config->options;
    int64_t most = 0, sum = 0;
    br_scenario_edge *edges;
    size_t n = br_options_edges(o, &edges);
    for (size_t i = 0; i < n; i++) {
        uint32_t k = edges[i].scenario;
        int64_t vus = share_of(e, worker, first[k], br_scenario_planned_vus(&o->scenarios[k]));
        sum += edges[i].begins ? vus : -vus;
        most = sum > most ? sum : most;
    }
    br_free(edges);
    return (size_t) most;
}

static void plan(br_engine *e)
{
    const br_options *o = e->config->options;
    uint32_t *first = first_workers(e);
    size_t slots = 0;
    for (size_t k = 0; k < o->scenario_count; k++)
        slots += (size_t) br_scenario_planned_vus(&o->scenarios[k]);
    for (uint32_t i = 0; i < e->worker_count; i++) {
        br_worker *w = &e->workers[i];
        w->engine = e;
        w->index = i;
        br_hist_init(&w->start_lag);
        w->vu_count = vus_needed(e, i, first);
        w->vus = br_calloc(w->vu_count + 1, sizeof(*w->vus));
        w->slots = br_calloc(slots / e->worker_count + o->scenario_count + 1, sizeof(*w->slots));
        e->vus_total += (int64_t) w->vu_count;
    }
    /* Numbers of VUs that are made later follow those of all workers. */
    int64_t last_id = 0;
    for (uint32_t i = 0; i < e->worker_count; i++) {
        int64_t id = vu_id(&e->workers[i], e->workers[i].vu_count) - e->worker_count;
        last_id = id > last_id ? id : last_id;
    }
    atomic_store(&e->next_vu_id, last_id + 1);
    for (size_t k = 0; k < o->scenario_count; k++)
        br_scenario_is_open(&o->scenarios[k]) ? plan_open(e, k, first[k]) : plan_closed(e, k, first[k]);
    br_free(first);
}

int br_engine_start_thread(const br_engine *e, pthread_t *ret, void *(*fn)(void *), void *arg)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    int rc = pthread_attr_setstacksize(&attributes, e->settings.stack_bytes + THREAD_STACK_BYTES);
    if (rc == 0) rc = pthread_create(ret, &attributes, fn, arg);
    pthread_attr_destroy(&attributes);
    return rc;
}

br_code br_workers_start(br_engine *e, br_err *err)
{
    plan(e);
    for (uint32_t i = 0; i < e->worker_count; i++) {
        br_code code = br_loop_new_as(e->config->loop, &e->workers[i].loop, err);
        if (code != BR_OK) return code;
    }
    for (uint32_t i = 0; i < e->worker_count; i++) {
        br_worker *w = &e->workers[i];
        int rc = br_engine_start_thread(e, &w->thread, thread_main, w);
        if (rc != 0) return br_fail_errno(err, BR_ELIMIT, rc, "cannot start worker thread %u", i + 1);
        w->thread_started = true;
    }
    return BR_OK;
}

/* This worker's part of an open scenario; NULL: it is a closed one. */
static br_arrival *arrival_of(const br_worker *w, size_t scenario)
{
    const br_scenario_shared *shared = &w->engine->shared[scenario];
    return shared->arrivals ? shared->arrivals[w->index] : NULL;
}

static void begin_slots(br_worker *w)
{
    br_err err;
    for (size_t i = 0; i < w->slot_count; i++) {
        br_slot *slot = &w->slots[i];
        slot->tags = br_scenario_tags(
            w->recorder, w->run_tags, slot->scenario, w->engine->settings.system_tags);
        if (br_slot_start(slot, &err) != BR_OK) {
            br_error("cannot start a virtual user: %s", err.msg);
            atomic_fetch_sub(&slot->shared->slots_left, 1);
            br_worker_slot_done(w);
        }
    }
}

static void begin(void *ctx)
{
    br_worker *w = ctx;
    size_t scenarios = w->engine->config->options->scenario_count;
    br_err err;
    watch_health(w);
    /* One for this function, so that the end is not told before. */
    w->slots_left = w->slot_count + 1;
    for (size_t k = 0; k < scenarios; k++)
        w->slots_left += arrival_of(w, k) != NULL;
    begin_slots(w);
    for (size_t k = 0; k < scenarios; k++) {
        br_arrival *a = arrival_of(w, k);
        if (a && br_arrival_start(a, &err) != BR_OK) br_error("cannot start a virtual user: %s", err.msg);
    }
    br_worker_slot_done(w);
}

void br_workers_begin(br_engine *e)
{
    for (uint32_t i = 0; i < e->worker_count; i++)
        br_loop_post(e->workers[i].loop, begin, &e->workers[i]);
}

static void cancel_slots(void *ctx)
{
    br_worker *w = ctx;
    for (size_t i = 0; i < w->slot_count; i++) {
        if (w->slots[i].fiber) br_fiber_cancel(w->slots[i].fiber);
    }
    for (size_t k = 0; k < w->engine->config->options->scenario_count; k++) {
        if (arrival_of(w, k)) br_arrival_cancel(arrival_of(w, k));
    }
}

void br_workers_interrupt(br_engine *e)
{
    for (uint32_t i = 0; i < e->worker_count; i++) {
        atomic_store(&e->workers[i].stop, true);
        br_loop_post(e->workers[i].loop, cancel_slots, &e->workers[i]);
    }
}

void br_workers_join(br_engine *e)
{
    for (uint32_t i = 0; i < e->worker_count; i++) {
        br_worker *w = &e->workers[i];
        atomic_store(&w->stop, true);
        if (!w->thread_started) {
            drop_all(w);
            continue;
        }
        br_loop_stop(w->loop);
        pthread_join(w->thread, NULL);
        w->thread_started = false;
    }
}
