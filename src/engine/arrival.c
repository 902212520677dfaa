/*
 * Open executors: iterations start by the timetable, whether or not earlier ones have ended.
 *
 * Each worker makes every n-th start of the one timetable. A start goes to the VU of this worker that has
 * been idle longest; if there is none, to one of another worker; if all are busy it is dropped and never made
 * up for, as in k6, and one more VU is asked for while the scenario may have more.
 *
 * A VU has a fiber for as long as the scenario lasts:
 *
 *     PLANNED --scenario starts, VU taken--> IDLE --start--> BUSY --iteration ends--> IDLE ...
 *                                              |               |
 *                                              +---- over -----+--> gone
 *
 * `unclaimed` counts the idle VUs that nobody has claimed yet. Whoever wants one, on any thread, first claims
 * it by counting it down; so a start that comes here by mail always finds an idle VU.
 *
 * The scenario is over for this worker at the end of its duration: no more starts, idle VUs go, busy ones may
 * finish until gracefulStop is over. Starts that it came to too late for that are counted as missed.
 */
#include <pthread.h>
#include "base/log.h"
#include "engine/run_int.h"
#include "engine/timetable.h"

/* Starts made in one turn of the loop: one that comes back from a long turn must also look at answers. */
#define STARTS_PER_TURN 32

typedef struct arrival_vu {
    br_slot slot; /* first: the host is given a slot */
    br_arrival *arrival;
    struct arrival_vu *prev, *next; /* in the ring of idle ones; NULL: not in it */
    br_ns meant;                    /* of the start that it was woken for; -1: none */
} arrival_vu;

struct br_arrival {
    br_arrival_config config;
    br_timetable timetable;
    int64_t next; /* number of the next start */
    br_ns due;    /* its instant, loop clock; -1: there is none */
    br_ns origin, deadline;
    const br_tagset *tags, *sample_tags;
    br_timer start_timer, end_timer, deadline_timer;
    BR_VEC(arrival_vu *) vus;
    size_t alive;    /* their fibers */
    arrival_vu idle; /* head of the ring; longest idle first */
    bool started, over, done;
    bool making; /* a VU is being made for it */
    _Atomic int64_t unclaimed;
    /* Starts of other workers that claimed a VU here. */
    pthread_mutex_t mail_lock;
    BR_VEC(br_ns) mail;
};

/* Idle VUs ------------------------------------------------------------------------------------------ */

static bool is_idle(const arrival_vu *v)
{
    return v->next != NULL;
}

static void leave_idle(arrival_vu *v)
{
    BR_ASSERT(v->prev && v->next);
    v->prev->next = v->next;
    v->next->prev = v->prev;
    v->prev = v->next = NULL;
}

static void become_idle(br_arrival *a, arrival_vu *v)
{
    v->meant = -1;
    v->next = &a->idle;
    v->prev = a->idle.prev;
    v->prev->next = v->next->prev = v;
    atomic_fetch_add(&a->unclaimed, 1);
}

/* Any thread. */
static bool claim(br_arrival *a)
{
    int64_t n = atomic_load_explicit(&a->unclaimed, memory_order_relaxed);
    while (n > 0) {
        if (atomic_compare_exchange_weak(&a->unclaimed, &n, n - 1)) return true;
    }
    return false;
}

/* The VU must have been claimed. meant -1: it is to go. */
static void wake_idle(br_arrival *a, br_ns meant)
{
    arrival_vu *v = a->idle.next;
    if (v == &a->idle) return; /* the run was interrupted in the meantime */
    leave_idle(v);
    v->meant = meant;
    br_fiber_wake(v->slot.fiber, BR_OK);
}

/* End ----------------------------------------------------------------------------------------------- */

static void look_whether_done(br_arrival *a)
{
    if (!a->over || a->alive || a->making || a->done) return;
    a->done = true;
    br_timer_stop(a->config.worker->loop, &a->deadline_timer);
    atomic_fetch_sub(&a->config.shared->slots_left, 1);
    br_worker_slot_done(a->config.worker);
}

static void cancel_vus(br_arrival *a)
{
    for (size_t i = 0; i < a->vus.len; i++) {
        if (a->vus.data[i]->slot.fiber) br_fiber_cancel(a->vus.data[i]->slot.fiber);
    }
}

static void end(br_arrival *a)
{
    a->over = true;
    br_timer_stop(a->config.worker->loop, &a->start_timer);
    br_timer_stop(a->config.worker->loop, &a->end_timer);
}

void br_arrival_cancel(br_arrival *a)
{
    if (!a->started) return; /* VUs are still being made: there is nothing to end */
    end(a);
    cancel_vus(a);
    look_whether_done(a);
}

static void on_deadline(br_timer *timer, void *ctx)
{
    (void) timer;
    cancel_vus(ctx);
}

/* VUs ----------------------------------------------------------------------------------------------- */

static bool goes_on(const br_arrival *a)
{
    return !a->over && !br_worker_stopped(a->config.worker);
}

/* Waits for a start and makes its iteration. False: it is to go. */
static bool serve(br_arrival *a, arrival_vu *v)
{
    become_idle(a, v);
    br_code code = br_fiber_await(v->slot.fiber);
    if (is_idle(v)) leave_idle(v); /* cancelled */
    if (code != BR_OK || v->meant < 0) return false;
    v->slot.iteration = atomic_fetch_add_explicit(
        &v->slot.shared->iterations_started, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&v->slot.shared->vus_busy, 1, memory_order_relaxed);
    (void) a->config.iterate(&v->slot, v->meant, br_loop_clock(a->config.worker->loop));
    atomic_fetch_sub_explicit(&v->slot.shared->vus_busy, 1, memory_order_relaxed);
    return true;
}

static void vu_main(br_fiber *self, void *arg)
{
    arrival_vu *v = arg;
    br_arrival *a = v->arrival;
    br_loop *loop = a->config.worker->loop;
    v->slot.fiber = self;
    while (br_loop_clock(loop) < a->origin && goes_on(a))
        (void) br_fiber_sleep_until(self, a->origin);
    if (goes_on(a) && (v->slot.pooled || br_slot_take_vu(&v->slot))) {
        while (goes_on(a) && serve(a, v))
            continue;
        br_slot_return_vu(&v->slot);
    }
    v->slot.fiber = NULL;
    a->alive--;
    look_whether_done(a);
}

static br_code start_vu(br_arrival *a, br_pooled_vu *pooled, br_err *err)
{
    arrival_vu *v = BR_NEW(arrival_vu);
    v->arrival = a;
    v->slot = (br_slot){.worker = a->config.worker,
        .scenario = a->config.scenario,
        .shared = a->config.shared,
        .tags = a->tags,
        .deadline = a->deadline,
        .pooled = pooled,
        .vu = pooled ? pooled->vu : NULL};
    if (pooled) {
        atomic_fetch_add(&a->config.shared->vus_active, 1);
        atomic_fetch_add(&a->config.shared->vus_had, 1);
    }
    *br_vec_push(&a->vus) = v;
    a->alive++;
    br_fiber *fiber;
    br_code code = br_fiber_start(a->config.worker->fibers, vu_main, v, &fiber, err);
    if (code == BR_OK) return code;
    a->alive--;
    if (pooled) br_slot_return_vu(&v->slot);
    return code;
}

void br_arrival_add_vu(br_arrival *a, br_pooled_vu *pooled)
{
    br_err err;
    a->making = false;
    if (pooled && goes_on(a)) {
        if (start_vu(a, pooled, &err) != BR_OK) br_error("cannot start a virtual user: %s", err.msg);
    } else if (pooled) {
        br_worker_return_vu(a->config.worker, pooled);
    }
    atomic_store(&a->config.shared->making, false);
    look_whether_done(a);
}

/* Starts -------------------------------------------------------------------------------------------- */

static void ask_for_vu(br_arrival *a)
{
    br_scenario_shared *shared = a->config.shared;
    br_worker *w = a->config.worker;
    if (atomic_load(&shared->unplanned_left) <= 0) {
        if (atomic_exchange(&shared->warned, true)) return;
        br_warn("Insufficient VUs, reached %lld active VUs and cannot initialize more",
            (long long) a->config.scenario->max_vus);
        return;
    }
    if (atomic_exchange(&shared->making, true)) return; /* one at a time */
    if (atomic_fetch_sub(&shared->unplanned_left, 1) <= 0) {
        atomic_fetch_add(&shared->unplanned_left, 1);
        atomic_store(&shared->making, false);
        return;
    }
    a->making = true;
    if (w->spare.len)
        br_arrival_add_vu(a, w->spare.data[--w->spare.len]);
    else
        br_maker_ask(w->engine->maker, a, w);
}

static void drop(br_arrival *a)
{
    br_worker *w = a->config.worker;
    br_origin origin = {.tags = a->sample_tags, .vu = -1, .iter = -1};
    atomic_fetch_add_explicit(&a->config.shared->dropped, 1, memory_order_relaxed);
    br_recorder_add(w->recorder, br_metrics_at(w->engine->config->metrics, BR_M_DROPPED_ITERATIONS), 1,
        &origin, NULL, 0, br_loop_clock(w->loop) + w->wall_offset);
    ask_for_vu(a);
}

static void open_mail(void *ctx)
{
    br_arrival *a = ctx;
    for (size_t i = 0;; i++) {
        pthread_mutex_lock(&a->mail_lock);
        bool more = i < a->mail.len;
        br_ns meant = more ? a->mail.data[i] : 0;
        if (!more) br_vec_reset(&a->mail);
        pthread_mutex_unlock(&a->mail_lock);
        if (!more) return;
        wake_idle(a, meant);
    }
}

/* Any thread, which has claimed a VU of `a`. */
static void send_start(br_arrival *a, br_ns meant)
{
    pthread_mutex_lock(&a->mail_lock);
    bool first = a->mail.len == 0;
    *br_vec_push(&a->mail) = meant;
    pthread_mutex_unlock(&a->mail_lock);
    if (first) br_loop_post(a->config.worker->loop, open_mail, a);
}

static void make_start(br_arrival *a, br_ns meant)
{
    const br_worker *w = a->config.worker;
    if (BR_LIKELY(claim(a))) {
        wake_idle(a, meant);
        return;
    }
    for (uint32_t i = 1; i < w->engine->worker_count; i++) {
        br_arrival *other = a->config.shared->arrivals[(w->index + i) % w->engine->worker_count];
        if (!claim(other)) continue;
        send_start(other, meant);
        return;
    }
    drop(a);
}

static void look_up_next(br_arrival *a)
{
    br_ns at = br_timetable_at(&a->timetable, a->next);
    a->due = at < 0 ? -1 : a->origin + at;
}

static void make_due_starts(br_arrival *a)
{
    br_loop *loop = a->config.worker->loop;
    for (int i = 0; i < STARTS_PER_TURN && a->due >= 0 && a->due <= br_loop_now(loop) && goes_on(a); i++) {
        br_ns meant = a->due;
        a->next += a->config.stride;
        look_up_next(a);
        make_start(a, meant);
    }
}

static void on_start(br_timer *timer, void *ctx)
{
    br_arrival *a = ctx;
    make_due_starts(a);
    if (a->due >= 0 && goes_on(a)) br_timer_start(a->config.worker->loop, timer, a->due, on_start, a);
}

static void count_missed(br_arrival *a)
{
    int64_t total = br_timetable_count(a->config.scenario);
    if (a->next >= total) return;
    atomic_fetch_add(&a->config.shared->missed, (total - a->next + a->config.stride - 1) / a->config.stride);
}

static void on_end(br_timer *timer, void *ctx)
{
    (void) timer;
    br_arrival *a = ctx;
    make_due_starts(a); /* there may be one at the very end */
    if (a->over) return;
    count_missed(a);
    end(a);
    for (int64_t n = atomic_exchange(&a->unclaimed, 0); n > 0; n--)
        wake_idle(a, -1);
    look_whether_done(a);
}

/* Life ---------------------------------------------------------------------------------------------- */

br_arrival *br_arrival_new(const br_arrival_config *config)
{
    br_arrival *a = BR_NEW(br_arrival);
    a->config = *config;
    a->next = config->first;
    a->idle.prev = a->idle.next = &a->idle;
    br_timetable_init(&a->timetable, config->scenario);
    pthread_mutex_init(&a->mail_lock, NULL);
    return a;
}

void br_arrival_free(br_arrival *a)
{
    if (!a) return;
    for (size_t i = 0; i < a->vus.len; i++)
        br_free(a->vus.data[i]);
    br_vec_deinit(&a->vus);
    br_vec_deinit(&a->mail);
    pthread_mutex_destroy(&a->mail_lock);
    br_free(a);
}

br_code br_arrival_start(br_arrival *a, br_err *err)
{
    br_worker *w = a->config.worker;
    const br_scenario *s = a->config.scenario;
    a->started = true;
    uint32_t system_tags = w->engine->settings.system_tags;
    a->tags = br_scenario_tags(w->recorder, w->run_tags, s, system_tags);
    a->sample_tags = br_scenario_tags(w->recorder, w->run_tags, s, system_tags & ~BR_SYSTEM_TAG(GROUP));
    a->origin = w->engine->start + s->start_time;
    a->deadline = a->origin + s->duration + s->graceful_stop;
    br_code code = BR_OK;
    for (int64_t i = 0; i < a->config.vus && code == BR_OK; i++)
        code = start_vu(a, NULL, err);
    look_up_next(a);
    if (a->due >= 0) br_timer_start(w->loop, &a->start_timer, a->due, on_start, a);
    br_timer_start(w->loop, &a->end_timer, a->origin + s->duration, on_end, a);
    br_timer_start(w->loop, &a->deadline_timer, a->deadline, on_deadline, a);
    return code;
}
