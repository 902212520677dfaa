/* The simulated loop: a turn that finds nothing to do moves the virtual clock to the next timer. */
#include "loop/loop_int.h"

typedef struct br_sim_loop {
    br_loop base; /* first: a br_loop * is a br_sim_loop * */
    br_ns time;
} br_sim_loop;

static br_ns sim_clock(const br_loop *loop)
{
    return ((const br_sim_loop *) loop)->time;
}

static void nothing(br_loop *loop)
{
    (void) loop;
}

static void sim_wait(br_loop *loop, br_ns timeout_ns)
{
    if (timeout_ns < 0) {
        atomic_store(&loop->stop, true); /* nothing can happen any more */
    } else {
        ((br_sim_loop *) loop)->time += timeout_ns;
    }
}

static br_code sim_watch_start(br_loop *loop, br_watch *w)
{
    (void) loop, (void) w;
    return BR_EUNSUPPORTED;
}

static br_code sim_watch_change(br_loop *loop, br_watch *w, unsigned events)
{
    (void) loop, (void) w, (void) events;
    return BR_EUNSUPPORTED;
}

static void sim_watch_stop(br_loop *loop, br_watch *w)
{
    (void) loop, (void) w;
}

static br_code sim_socket_open(br_socket *s, br_watch *dialled)
{
    (void) s, (void) dialled;
    return BR_EUNSUPPORTED;
}

static void sim_free(br_loop *loop)
{
    br_free(loop);
}

static const br_loop_ops sim_ops = {
    .clock = sim_clock,
    .wake = nothing,
    .enter = nothing,
    .leave = nothing,
    .wait = sim_wait,
    .dispatch = nothing,
    .watch_start = sim_watch_start,
    .watch_change = sim_watch_change,
    .watch_stop = sim_watch_stop,
    .socket_open = sim_socket_open, /* the others need an open one */
    .free = sim_free,
};

br_loop *br_loop_new_simulated(br_ns start_ns)
{
    br_sim_loop *sim = BR_NEW(br_sim_loop);
    sim->time = start_ns;
    br_loop_init_base(&sim->base, &sim_ops);
    return &sim->base;
}
