/*
 * Makes virtual users while the scenarios run. Init code of a large script takes many milliseconds: on a
 * worker it would make everything else late. So it runs on a thread of its own, and the VU gets what belongs
 * to its worker (recorder, resolver) when it arrives there.
 */
#include "base/log.h"
#include "engine/run_int.h"
#include "engine/segment.h"

typedef struct order {
    br_arrival *arrival;
    br_worker *worker;
    br_vu *vu;
} order;

struct br_maker {
    br_engine *engine;
    pthread_t thread;
    bool started, stop;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    BR_VEC(order) orders; /* oldest first */
};

/* On the worker. */
static void deliver(void *ctx)
{
    order *o = ctx;
    br_worker *w = o->worker;
    br_pooled_vu *pooled = NULL;
    if (o->vu) {
        br_vu_attach(o->vu, &w->tools, w->recorder);
        pooled = BR_NEW(br_pooled_vu);
        *pooled = (br_pooled_vu){.vu = o->vu,
            .by_scenario = br_calloc(w->engine->config->options->scenario_count + 1, sizeof(int64_t)),
            .unplanned = true};
        *br_vec_push(&w->unplanned) = pooled;
        atomic_fetch_add(&w->engine->vus_ready, 1);
    }
    br_arrival_add_vu(o->arrival, pooled);
    br_free(o);
}

static void make(order o)
{
    br_worker *w = o.worker;
    br_engine *e = w->engine;
    int64_t id = atomic_fetch_add(&e->next_vu_id, 1);
    br_vu_config vc = {.program = e->config->program,
        .settings = &e->settings,
        .loop = w->loop,
        .id = id,
        .id_in_test = br_stripe_global(e->config->options->stripe, id - 1) + 1,
        .run_tags = w->run_tags,
        .stop_flag = &w->stop};
    br_err err = {0};
    if (br_vu_new(&vc, &o.vu, &err) != BR_OK) {
        if (!br_worker_stopped(w)) {
            br_error("Error while allocating unplanned VU: %s", err.msg);
        } else if (err.code == BR_ECANCEL && err.msg[0]) {
            br_engine_name_init(id, &err);
            br_warn("%s", err.msg);
        }
        o.vu = NULL;
    }
    order *made = BR_NEW(order);
    *made = o;
    br_loop_post(w->loop, deliver, made);
}

static void *thread_main(void *arg)
{
    br_maker *m = arg;
    pthread_mutex_lock(&m->lock);
    while (!m->stop) {
        if (m->orders.len == 0) {
            pthread_cond_wait(&m->changed, &m->lock);
            continue;
        }
        order o = m->orders.data[0];
        m->orders.len--;
        memmove(&m->orders.data[0], &m->orders.data[1], m->orders.len * sizeof(o));
        pthread_mutex_unlock(&m->lock);
        make(o);
        pthread_mutex_lock(&m->lock);
    }
    pthread_mutex_unlock(&m->lock);
    return NULL;
}

br_maker *br_maker_new(br_engine *e)
{
    br_maker *m = BR_NEW(br_maker);
    m->engine = e;
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->changed, NULL);
    return m;
}

void br_maker_ask(br_maker *m, br_arrival *a, br_worker *w)
{
    pthread_mutex_lock(&m->lock);
    int rc = m->started ? 0 : br_engine_start_thread(m->engine, &m->thread, thread_main, m);
    if (rc == 0) {
        m->started = true;
        *br_vec_push(&m->orders) = (order){.arrival = a, .worker = w};
        pthread_cond_signal(&m->changed);
    }
    pthread_mutex_unlock(&m->lock);
    if (rc == 0) return;
    br_error("cannot start a thread that makes virtual users: %s", strerror(rc));
    br_arrival_add_vu(a, NULL);
}

void br_maker_free(br_maker *m)
{
    if (!m) return;
    pthread_mutex_lock(&m->lock);
    m->stop = true;
    pthread_cond_signal(&m->changed);
    pthread_mutex_unlock(&m->lock);
    if (m->started) pthread_join(m->thread, NULL);
    BR_ASSERT(m->orders.len == 0); /* each worker waited for its own */
    br_vec_deinit(&m->orders);
    pthread_cond_destroy(&m->changed);
    pthread_mutex_destroy(&m->lock);
    br_free(m);
}
