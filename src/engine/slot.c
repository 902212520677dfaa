/*
 * Closed executors. All four reduce to slots: a slot is one virtual user of a scenario with the intervals in
 * which it is to iterate. (The open ones are in arrival.c.) States of a slot's fiber:
 *
 *     WAITING --start of interval--> ACTIVE --stop--> (iteration in progress may go on until its deadline)
 * --+ ^                                                                                                  |
 *        +-------------------- more intervals
 * ---------------------------------------------------------------+--> DONE
 *
 * Deadline of an iteration: the interval's stop plus gracefulRampDown (ramping-vus), never later than the
 * scenario's end plus gracefulStop. When the next interval begins before that, the iteration simply goes on
 * into it (k6: "if the VU is needed again meanwhile it continues").
 */
#include "base/log.h"
#include "base/vec.h"
#include "engine/run_int.h"
#include "engine/segment.h"

/* Longest time a slot iterates without letting the loop turn: scripts that never wait must not starve it. */
#define BR_SLOT_SLICE (BR_MS)

/* Timetable ----------------------------------------------------------------------------------------- */

typedef BR_VEC(br_interval) interval_list;

static void open_interval(interval_list *list, br_ns at)
{
    /* A stop and a start at the same instant are no interruption. */
    if (list->len && br_vec_last(list)->stop == at) {
        br_vec_last(list)->stop = -1;
        return;
    }
    *br_vec_push(list) = (br_interval){at, -1};
}

static void close_interval(interval_list *list, br_ns at)
{
    if (list->len && br_vec_last(list)->stop < 0) br_vec_last(list)->stop = at;
}

/* D * part / whole in whole nanoseconds; part <= whole <= BR_VUS_MAX. */
static br_ns share(br_ns d, int64_t part, int64_t whole)
{
    return (br_ns) ((__int128) d * part / whole);
}

/* k6's timetable of ramping-vus for the VU with number u (from 1). */
static void ramping_intervals(const br_scenario *s, int64_t u, interval_list *list)
{
    int64_t from = s->vus;
    br_ns end = 0;
    if (u <= from) open_interval(list, 0);
    for (size_t i = 0; i < s->stage_count; i++) {
        br_ns d = s->stages[i].duration;
        int64_t to = s->stages[i].target;
        end += d;
        if (from < u && u <= to) open_interval(list, end - share(d, to - u, to - from));
        if (to < u && u <= from) close_interval(list, end - share(d, u - 1 - to, from - to));
        from = to;
    }
    close_interval(list, end);
    /* Jumps within one instant leave empty intervals. */
    size_t n = 0;
    for (size_t i = 0; i < list->len; i++) {
        if (list->data[i].stop > list->data[i].start) list->data[n++] = list->data[i];
    }
    list->len = n;
}

size_t br_slot_intervals(const br_scenario *s, int64_t v, br_interval **ret)
{
    interval_list list = {0};
    if (s->executor == BR_EXEC_RAMPING_VUS)
        ramping_intervals(s, br_stripe_global(s->stripe, v) + 1, &list);
    else
        *br_vec_push(&list) = (br_interval){0, s->duration};
    *ret = list.data;
    return list.len;
}

/* Iterations ---------------------------------------------------------------------------------------- */

/* Is there one more iteration for this slot? */
static bool next_iteration(br_slot *slot)
{
    switch (slot->scenario->executor) {
        case BR_EXEC_SHARED_ITERATIONS:
            slot->iteration = atomic_fetch_add_explicit(
                &slot->shared->iterations_started, 1, memory_order_relaxed);
            return slot->iteration < slot->scenario->iterations;
        case BR_EXEC_PER_VU_ITERATIONS:
            if (slot->iterations_done == slot->scenario->iterations) return false;
            break;
        case BR_EXEC_CONSTANT_VUS:
        case BR_EXEC_RAMPING_VUS:
        case BR_EXEC_CONSTANT_ARRIVAL_RATE:
        case BR_EXEC_RAMPING_ARRIVAL_RATE: break;
    }
    slot->iterations_done++;
    slot->iteration = atomic_fetch_add_explicit(&slot->shared->iterations_started, 1, memory_order_relaxed);
    return true;
}

/* Slots --------------------------------------------------------------------------------------------- */

static void on_deadline(br_timer *timer, void *ctx)
{
    (void) timer;
    br_slot *slot = ctx;
    if (slot->fiber) br_fiber_cancel(slot->fiber);
}

br_ns br_slot_origin(const br_slot *slot)
{
    return slot->worker->engine->start + slot->scenario->start_time;
}

/* The instant at which an iteration begun in interval i is interrupted. */
static br_ns deadline_of(const br_slot *slot, size_t i)
{
    const br_scenario *s = slot->scenario;
    br_ns end = s->duration + s->graceful_stop;
    br_ns grace = s->executor == BR_EXEC_RAMPING_VUS ? s->graceful_ramp_down : s->graceful_stop;
    while (i + 1 < slot->interval_count && slot->intervals[i + 1].start <= slot->intervals[i].stop + grace)
        i++;
    br_ns at = slot->intervals[i].stop + grace;
    if (i + 1 == slot->interval_count && slot->intervals[i].stop == s->duration) at = end; /* regular end */
    return br_slot_origin(slot) + (at < end ? at : end);
}

static bool stopped(const br_slot *slot)
{
    return br_worker_stopped(slot->worker);
}

static void arm_deadline(br_slot *slot, size_t i)
{
    br_ns at = deadline_of(slot, i);
    if (slot->deadline == at && br_timer_running(&slot->deadline_timer)) return;
    slot->deadline = at;
    br_timer_start(slot->worker->loop, &slot->deadline_timer, at, on_deadline, slot);
}

/*
 * The plan has a VU for every slot that is active at the same time. Where one scenario ends at the instant at
 * which another begins, the former's VU may need a moment to stop.
 */
bool br_slot_take_vu(br_slot *slot)
{
    br_pooled_vu *pooled = br_worker_take_vu(slot->worker);
    while (!pooled && !stopped(slot)) {
        (void) br_fiber_sleep_until(
            slot->fiber, br_loop_now(slot->worker->loop) + BR_MS); /* `stopped` decides */
        pooled = br_worker_take_vu(slot->worker);
        slot->free_at = br_loop_clock(slot->worker->loop);
    }
    slot->pooled = pooled;
    if (!pooled) return false;
    slot->vu = pooled->vu;
    atomic_fetch_add(&slot->shared->vus_active, 1);
    atomic_fetch_add(&slot->shared->vus_had, 1);
    return true;
}

void br_slot_return_vu(br_slot *slot)
{
    atomic_fetch_sub(&slot->shared->vus_active, 1);
    br_worker_return_vu(slot->worker, slot->pooled);
    slot->pooled = NULL;
    slot->vu = NULL;
}

/* Iterates until `stop`. False: this slot has nothing more to do. */
static bool iterate(br_slot *slot, br_ns stop)
{
    br_loop *loop = slot->worker->loop;
    for (br_ns now = br_loop_clock(loop); !stopped(slot) && now < stop;) {
        if (!next_iteration(slot)) return false;
        now = br_iteration_run(slot, slot->free_at, now);
        if (br_fiber_cancelled(slot->fiber)) break;
        if (now - br_loop_now(loop) <= BR_SLOT_SLICE) continue;
        (void) br_fiber_sleep_until(slot->fiber, br_loop_now(loop)); /* a turn for others */
        now = br_loop_clock(loop);
    }
    return true;
}

static bool run_interval(br_slot *slot, size_t i)
{
    br_ns start = br_slot_origin(slot) + slot->intervals[i].start;
    if (slot->free_at < start) slot->free_at = start;
    if (!br_slot_take_vu(slot)) return false;
    arm_deadline(slot, i);
    bool more = iterate(slot, br_slot_origin(slot) + slot->intervals[i].stop);
    br_timer_stop(
        slot->worker->loop, &slot->deadline_timer); /* or it would cancel the wait for the next interval */
    br_slot_return_vu(slot);
    if (!stopped(slot)) br_fiber_uncancel(slot->fiber);
    return more;
}

/* k6: what per-vu-iterations could not start is dropped, counted per VU. */
static void record_dropped(br_slot *slot)
{
    const br_scenario *s = slot->scenario;
    if (s->executor != BR_EXEC_PER_VU_ITERATIONS || stopped(slot) || slot->iterations_done >= s->iterations)
        return;
    br_worker *w = slot->worker;
    const br_tagset *tags = br_scenario_tags(
        w->recorder, w->run_tags, s, w->engine->settings.system_tags & ~BR_SYSTEM_TAG(GROUP));
    br_origin origin = {.tags = tags, .vu = -1, .iter = -1};
    br_recorder_add(w->recorder, br_metrics_at(w->engine->config->metrics, BR_M_DROPPED_ITERATIONS),
        (double) (s->iterations - slot->iterations_done), &origin, NULL, 0, br_clock_wall());
}

static void slot_main(br_fiber *self, void *arg)
{
    br_slot *slot = arg;
    br_worker *w = slot->worker;
    slot->fiber = self;
    br_ns origin = br_slot_origin(slot);
    bool more = true;
    for (size_t i = 0; i < slot->interval_count && more && !stopped(slot);) {
        br_ns now = br_loop_clock(w->loop);
        if (now >= origin + slot->intervals[i].stop) {
            i++;
        } else if (now < origin + slot->intervals[i].start) {
            (void) br_fiber_sleep_until(
                self, origin + slot->intervals[i].start); /* cancelled: `stopped` says so */
        } else {
            more = run_interval(slot, i);
        }
    }
    record_dropped(slot);
    br_timer_stop(w->loop, &slot->deadline_timer);
    slot->fiber = NULL;
    atomic_fetch_sub(&slot->shared->slots_left, 1);
    br_worker_slot_done(w);
}

br_code br_slot_start(br_slot *slot, br_err *err)
{
    br_fiber *fiber;
    return br_fiber_start(slot->worker->fibers, slot_main, slot, &fiber, err);
}
