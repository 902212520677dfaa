/* One iteration of a scenario's function in a virtual user, and what is recorded of it. */
#include "base/log.h"
#include "engine/run_int.h"

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

/* Of many virtual users that hang in the same loop some are enough. */
#define STUCK_TOLD_MAX 10

static void tell_stuck(const br_slot *slot, int64_t iteration, const br_err *err)
{
    uint32_t before = atomic_fetch_add(&slot->worker->engine->stuck_told, 1);
    if (before == STUCK_TOLD_MAX) br_warn("more iterations were interrupted in this way: they are not told");
    if (before >= STUCK_TOLD_MAX) return;
    br_log_field fields[] = {{"executor", br_str_of(br_executor_name(slot->scenario->executor))},
        {"scenario", slot->scenario->name}, {"source", BR_STR("stacktrace")}};
    char text[sizeof(err->msg) + 100];
    int n = snprintf(text, sizeof(text), "virtual user %lld was interrupted in iteration %lld: %s",
        (long long) br_vu_id(slot->vu), (long long) iteration, err->msg);
    br_log_line(BR_LOG_WARN, (br_str){text, (size_t) n}, fields, BR_COUNT_OF(fields));
}

br_ns br_iteration_run(br_slot *slot, br_ns meant, br_ns start)
{
    br_pooled_vu *pooled = slot->pooled;
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
        .now = start,
        .meant = meant};
    br_err err;
    err.msg[0] = '\0'; /* not all of it: this is once an iteration, and would be a page of each stack */
    br_hist_record(&w->start_lag, start - meant);
    slot->own_iteration = pooled->by_scenario[slot->scenario - e->config->options->scenarios]++;
    int64_t iteration = pooled->iterations++;
    br_vu_set_iteration(slot->vu, iteration);
    br_code code = br_vu_run(slot->vu, slot->fiber, &call, e->setup_data, NULL, &err);
    br_ns end = br_loop_clock(w->loop);
    if (code == BR_ECANCEL && err.msg[0]) tell_stuck(slot, iteration, &err);
    if (code == BR_EABORT) {
        br_engine_abort_from(w, err.msg);
        code = BR_ECANCEL;
    }
    if (code != BR_OK && code != BR_ECANCEL) {
        br_gauge64_add(&w->threw, 1);
        log_exception(slot, &err);
    }
    record_end(slot, code != BR_ECANCEL, end - start, end);
    br_ns pad = e->config->options->min_iteration_duration - (end - start);
    slot->free_at = end;
    if (code == BR_ECANCEL || pad <= 0) return end;
    slot->free_at = end + pad;
    (void) br_fiber_sleep_until(slot->fiber, slot->free_at); /* cancel is seen by the caller */
    return br_loop_clock(w->loop);
}
