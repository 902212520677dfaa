/*
 * Executors. All four reduce to slots: a slot is one virtual user of a scenario with the intervals in which
 * it is to iterate. States of a slot's fiber:
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
        ramping_intervals(s, v + 1, &list);
    else
        *br_vec_push(&list) = (br_interval){0, s->duration};
    *ret = list.data;
    return list.len;
}

/* Tags ---------------------------------------------------------------------------------------------- */

const br_tagset *br_scenario_tags(
    br_recorder *r, const br_tagset *run_tags, const br_scenario *s, uint32_t system_tags)
{
    br_tag_store *store = br_recorder_tag_store(r);
    const br_tagset *tags = br_tags_with(store, run_tags, s->tags, s->tag_count);
    br_tag own[2];
    size_t n = 0;
    if (system_tags & BR_SYSTEM_TAG(SCENARIO)) own[n++] = (br_tag){BR_STR("scenario"), s->name};
    if (system_tags & BR_SYSTEM_TAG(GROUP)) own[n++] = (br_tag){BR_STR("group"), BR_STR("")};
    return br_tags_with(store, tags, own, n);
}

/* Iterations ---------------------------------------------------------------------------------------- */

static void record_end(br_slot *slot, bool complete, br_ns length, br_ns end)
{
    br_worker *w = slot->worker;
    br_metrics *m = w->engine->config->metrics;
    br_origin origin = br_vu_origin(slot->vu);
    br_ns wall = end + w->wall_offset;
    uint64_t sent, received;
    br_vu_take_bytes(slot->vu, &sent, &received);
    br_recorder_add(w->recorder, br_metrics_at(m, BR_M_DATA_SENT), (double) sent, &origin, NULL, 0, wall);
    br_recorder_add(
        w->recorder, br_metrics_at(m, BR_M_DATA_RECEIVED), (double) received, &origin, NULL, 0, wall);
    if (!complete) {
        br_gauge64_add(&w->interrupted, 1);
        return;
    }
    br_gauge64_add(&w->complete, 1);
    br_recorder_add(w->recorder, br_metrics_at(m, BR_M_ITERATION_DURATION), (double) length / 1e6, &origin,
        NULL, 0, wall);
    br_recorder_add(w->recorder, br_metrics_at(m, BR_M_ITERATIONS), 1, &origin, NULL, 0, wall);
}

static void log_exception(const br_slot *slot, const br_err *err)
{
    br_log_field fields[] = {{"executor", br_str_of(br_executor_name(slot->scenario->executor))},
        {"hint", BR_STR("script exception")}, {"scenario", slot->scenario->name},
        {"source", BR_STR("stacktrace")}};
    br_log_line(BR_LOG_ERROR, br_str_of(err->msg), fields, BR_COUNT_OF(fields));
}

/* Returns the instant of its end. */
static br_ns run_iteration(br_slot *slot, br_pooled_vu *pooled, br_ns start)
{
    br_worker *w = slot->worker;
    br_engine *e = w->engine;
    br_vu_call call = {.function = slot->scenario->exec,
        .scenario = slot->scenario->name,
        .tags = slot->tags,
        .owner = slot,
        .env = slot->scenario->env,
        .env_count = slot->scenario->env_count,
        .deadline = slot->deadline,
        .stop_flag = &w->stop,
        .now = start};
    br_err err;
    slot->own_iteration = pooled->by_scenario[slot->scenario - e->config->options->scenarios]++;
    br_vu_set_iteration(slot->vu, pooled->iterations++);
    br_code code = br_vu_run(slot->vu, slot->fiber, &call, e->setup_data, NULL, &err);
    br_ns end = br_loop_clock(w->loop);
    if (code == BR_EABORT) {
        br_engine_abort_from(w, err.msg);
        code = BR_ECANCEL;
    }
    if (code != BR_OK && code != BR_ECANCEL) log_exception(slot, &err);
    record_end(slot, code != BR_ECANCEL, end - start, end);
    br_ns pad = e->config->options->min_iteration_duration - (end - start);
    if (code == BR_ECANCEL || pad <= 0) return end;
    (void) br_fiber_sleep_until(slot->fiber, end + pad); /* cancel is seen by the caller */
    return br_loop_clock(w->loop);
}

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
        case BR_EXEC_RAMPING_VUS: break;
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

static br_ns origin_of(const br_slot *slot)
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
    return origin_of(slot) + (at < end ? at : end);
}

static bool stopped(const br_slot *slot)
{
    return atomic_load_explicit(&slot->worker->stop, memory_order_relaxed);
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
 * which another begins, the former's VU may need a moment to stop. NULL: the run ends.
 */
static br_pooled_vu *wait_for_vu(br_slot *slot)
{
    br_pooled_vu *pooled = br_worker_take_vu(slot->worker);
    while (!pooled && !stopped(slot)) {
        (void) br_fiber_sleep_until(
            slot->fiber, br_loop_now(slot->worker->loop) + BR_MS); /* `stopped` decides */
        pooled = br_worker_take_vu(slot->worker);
    }
    return pooled;
}

/* Iterates while the interval lasts. False: this slot has nothing more to do. */
static bool run_interval(br_slot *slot, size_t i)
{
    br_worker *w = slot->worker;
    br_ns stop = origin_of(slot) + slot->intervals[i].stop;
    br_pooled_vu *pooled = wait_for_vu(slot);
    if (!pooled) return false;
    slot->vu = pooled->vu;
    atomic_fetch_add(&slot->shared->vus_active, 1);
    arm_deadline(slot, i);
    bool more = true;
    for (br_ns now = br_loop_clock(w->loop); !stopped(slot) && now < stop;) {
        more = next_iteration(slot);
        if (!more) break;
        now = run_iteration(slot, pooled, now);
        if (br_fiber_cancelled(slot->fiber)) break;
        if (now - br_loop_now(w->loop) <= BR_SLOT_SLICE) continue;
        (void) br_fiber_sleep_until(slot->fiber, br_loop_now(w->loop)); /* a turn for others */
        now = br_loop_clock(w->loop);
    }
    br_timer_stop(w->loop, &slot->deadline_timer); /* or it would cancel the wait for the next interval */
    atomic_fetch_sub(&slot->shared->vus_active, 1);
    br_worker_return_vu(w, pooled);
    slot->vu = NULL;
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
    br_ns origin = origin_of(slot);
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
