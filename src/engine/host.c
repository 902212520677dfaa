/* What scripts ask of the run through k6/execution. Called on the threads of workers and on the control
 * thread. */
#include "base/log.h"
#include "engine/run_int.h"
#include "engine/segment.h"

static double progress_of(const br_engine *e, const br_slot *slot)
{
    const br_scenario *s = slot->scenario;
    double done;
    if (s->executor == BR_EXEC_SHARED_ITERATIONS || s->executor == BR_EXEC_PER_VU_ITERATIONS) {
        double all = (double) s->iterations *
                     (s->executor == BR_EXEC_PER_VU_ITERATIONS ? (double) s->vus : 1);
        done = (double) slot->iteration / all;
    } else {
        br_ns elapsed = br_loop_now(slot->worker->loop) - e->start - s->start_time;
        done = (double) elapsed / (double) s->duration;
    }
    return done < 0 ? 0 : done > 1 ? 1 : done;
}

static void scenario(void *ctx, const void *owner, br_vu_scenario_info *ret)
{
    const br_engine *e = ctx;
    const br_slot *slot = owner;
    *ret = (br_vu_scenario_info){.name = slot->scenario->name,
        .executor = br_str_of(br_executor_name(slot->scenario->executor)),
        .start_wall = e->begin_wall + (e->start - e->begin) + slot->scenario->start_time,
        .progress = progress_of(e, slot),
        .iteration = slot->iteration,
        .iteration_in_test = br_stripe_global(slot->scenario->stripe, slot->iteration),
        .own_iteration = slot->own_iteration};
}

static void instance(void *ctx, br_vu_instance_info *ret)
{
    br_engine *e = ctx;
    *ret = (br_vu_instance_info){
        .elapsed = br_clock_now() - e->begin, .vus_ready = atomic_load(&e->vus_ready)};
    for (uint32_t i = 0; i < e->worker_count; i++) {
        ret->complete += br_gauge64_get(&e->workers[i].complete);
        ret->interrupted += br_gauge64_get(&e->workers[i].interrupted);
    }
    for (size_t i = 0; i < e->config->options->scenario_count; i++)
        ret->vus_active += atomic_load(&e->shared[i].vus_active);
}

static void fail(void *ctx, br_str reason)
{
    br_engine *e = ctx;
    br_error(BR_FMT, BR_ARG(reason));
    atomic_store(&e->marked_failed, true);
}

void br_engine_host_init(br_engine *e)
{
    e->host = (br_vu_host){.ctx = e, .scenario = scenario, .instance = instance, .fail = fail};
}

/* test.abort() of an iteration ------------------------------------------------------------------------ */

typedef struct abort_message {
    br_engine *engine;
    char reason[300];
} abort_message;

static void receive_abort(void *ctx)
{
    abort_message *m = ctx;
    if (!m->engine->stopping) br_error("%s", m->reason);
    br_engine_stop(m->engine, BR_EXIT_ABORTED, BR_RUN_ABORTED, m->reason);
    br_free(m);
}

void br_engine_abort_from(br_worker *w, const char *reason)
{
    abort_message *m = BR_NEW(abort_message);
    m->engine = w->engine;
    snprintf(m->reason, sizeof(m->reason), "%s", reason);
    atomic_store(&w->stop, true); /* nothing more begins here until the control thread stops the others too */
    br_loop_post(w->engine->loop, receive_abort, m);
}
