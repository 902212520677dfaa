/* The control thread of a quick run: starts the workers, collects, listens to signals, ends. */
#include "quick/quick.h"
#include <sched.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "base/assert.h"
#include "base/mem.h"
#include "quick/quick_int.h"

static void stop_workers(br_quick *q, br_task_fn *how)
{
    for (uint32_t i = 0; i < q->worker_count; i++)
        br_loop_post(q->workers[i].loop, how, &q->workers[i]);
}

/* Collecting ------------------------------------------------------------------------------------- */

typedef struct handover {
    br_quick_worker *worker;
    br_quick_tally *tally;
} handover;

static void free_tally(br_quick_tally *t)
{
    br_quick_tally_deinit(t);
    br_free(t);
}

static br_quick_tally *new_tally(void)
{
    br_quick_tally *t = BR_NEW(br_quick_tally);
    br_quick_tally_init(t);
    return t;
}

static void show(br_quick *q)
{
    const br_quick_config *c = q->config;
    br_quick_tally_merge(&q->total, &q->recent);
    if (c->on_status) c->on_status(c->status_ctx, br_loop_clock(q->loop) - q->begin, &q->total, &q->recent);
    br_quick_tally_reset(&q->recent);
}

static void on_collected(void *ctx)
{
    handover *h = ctx;
    br_quick *q = h->worker->quick;
    br_quick_tally_merge(&q->recent, h->tally);
    free_tally(h->tally);
    br_free(h);
    if (--q->awaited == 0) show(q);
}

/* On the worker: gives the full tally away. */
static void hand_over(void *ctx)
{
    handover *h = ctx;
    br_quick_tally *full = h->worker->tally;
    h->worker->tally = h->tally;
    h->tally = full;
    br_loop_post(h->worker->quick->loop, on_collected, h);
}

static void on_status_timer(br_timer *timer, void *ctx)
{
    br_quick *q = ctx;
    for (uint32_t i = 0; i < q->worker_count && q->awaited < q->worker_count; i++, q->awaited++) {
        handover *h = BR_NEW(handover);
        *h = (handover){&q->workers[i], new_tally()};
        br_loop_post(q->workers[i].loop, hand_over, h);
    }
    br_timer_start(q->loop, timer, br_loop_now(q->loop) + q->config->status_interval, on_status_timer, q);
}

/* Life ------------------------------------------------------------------------------------------- */

static void on_signal(br_watch *watch, unsigned events, void *ctx)
{
    (void) watch, (void) events;
    br_quick *q = ctx;
    struct signalfd_siginfo info;
    if (read(q->signal_fd, &info, sizeof(info)) != sizeof(info)) return;
    if (q->interrupted) _exit(130); /* asked twice */
    q->interrupted = true;
    stop_workers(q, br_quick_worker_interrupt);
}

void br_quick_worker_ready(void *worker)
{
    br_quick *q = ((br_quick_worker *) worker)->quick;
    if (++q->ready < q->worker_count) return;
    bool failed = false;
    for (uint32_t i = 0; i < q->worker_count; i++)
        failed = failed || q->workers[i].code != BR_OK;
    q->begin = br_loop_clock(q->loop);
    if (q->config->status_interval && !failed)
        br_timer_start(q->loop, &q->status_timer, q->begin + q->config->status_interval, on_status_timer, q);
    stop_workers(q, failed ? br_quick_worker_interrupt : br_quick_worker_begin);
}

void br_quick_worker_done(void *worker)
{
    br_quick *q = ((br_quick_worker *) worker)->quick;
    if (++q->done == q->worker_count) br_loop_stop(q->loop);
}

static uint32_t usable_cores(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    return n > 0 ? (uint32_t) n : 1;
}

static br_code watch_signals(br_quick *q, br_err *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL); /* before the workers begin, which inherit it */
    q->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (q->signal_fd < 0) return br_fail(err, BR_ENOFDS, "no file descriptor is left for signals");
    return br_watch_start(q->loop, &q->signal_watch, q->signal_fd, BR_READABLE, on_signal, q);
}

static br_code start_workers(br_quick *q, br_err *err)
{
    for (uint32_t i = 0; i < q->worker_count; i++) {
        br_quick_worker *w = &q->workers[i];
        w->quick = q;
        w->index = i;
        w->tally = new_tally();
        br_quick_worker_plan(w);
        br_code code = br_loop_new(&w->loop, err);
        if (code != BR_OK) return code;
    }
    for (uint32_t i = 0; i < q->worker_count; i++) {
        br_quick_worker *w = &q->workers[i];
        w->thread_started = pthread_create(&w->thread, NULL, br_quick_worker_main, w) == 0;
        if (!w->thread_started) return br_fail(err, BR_ELIMIT, "the system gives no more threads");
    }
    return BR_OK;
}

static br_code join(br_quick *q, br_code code, br_err *err)
{
    for (uint32_t i = 0; i < q->worker_count; i++) {
        br_quick_worker *w = &q->workers[i];
        if (w->thread_started && code != BR_OK) br_loop_stop(w->loop); /* it never began */
        if (w->thread_started) pthread_join(w->thread, NULL);
        if (code == BR_OK && w->code != BR_OK) {
            code = w->code;
            if (err) *err = w->err;
        }
    }
    return code;
}

static void fill(br_quick *q, br_quick_result *r)
{
    const br_quick_config *c = q->config;
    *r = (br_quick_result){.url = c->targets[0].url.text,
        .targets = c->target_count,
        .connections = c->connections,
        .streams = c->streams,
        .worker_count = q->worker_count,
        .rate = c->rate,
        .planned = c->requests ? 0 : c->duration,
        .wanted = c->requests,
        .interrupted = q->interrupted};
    br_ns last = q->begin;
    for (uint32_t i = 0; i < q->worker_count; i++) {
        br_quick_worker *w = &q->workers[i];
        br_quick_tally_merge(&q->recent, w->tally);
        last = w->last_end > last ? w->last_end : last;
        r->cancelled += w->cancelled;
        r->workers[i] = w->health;
        if (c->rate > 0 && !q->interrupted) r->unstarted += w->limit - w->started;
    }
    r->elapsed = last - q->begin;
    r->started_wall = br_clock_wall() - (br_loop_clock(q->loop) - q->begin);
    br_quick_tally_merge(&q->total, &q->recent);
    r->tally = q->total;
    br_quick_tally_init(&q->total);
}

static void drop(br_quick *q)
{
    br_timer_stop(q->loop, &q->status_timer);
    for (uint32_t i = 0; i < q->worker_count; i++) {
        br_loop_free(q->workers[i].loop);
        if (q->workers[i].tally) free_tally(q->workers[i].tally);
    }
    if (q->signal_fd >= 0) {
        br_watch_stop(q->loop, &q->signal_watch);
        close(q->signal_fd);
    }
    br_loop_free(q->loop);
    br_quick_tally_deinit(&q->total);
    br_quick_tally_deinit(&q->recent);
    br_free(q->workers);
}

br_code br_quick_run(const br_quick_config *config, br_quick_result *ret, br_err *err)
{
    BR_ASSERT(config->connections >= 1 && config->streams >= 1 && config->target_count >= 1);
    br_quick q = {.config = config, .signal_fd = -1, .signal_watch = BR_WATCH_INIT};
    sigset_t before;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    br_quick_tally_init(&q.total);
    br_quick_tally_init(&q.recent);
    q.worker_count = config->workers ? config->workers : usable_cores();
    if (q.worker_count > config->connections) q.worker_count = config->connections;
    if (q.worker_count > BR_QUICK_WORKERS_MAX) q.worker_count = BR_QUICK_WORKERS_MAX;
    q.workers = br_calloc(q.worker_count, sizeof(*q.workers));
    br_code code = br_loop_new(&q.loop, err);
    if (code == BR_OK) code = watch_signals(&q, err);
    if (code == BR_OK) code = start_workers(&q, err);
    if (code == BR_OK) br_loop_run(q.loop);
    code = join(&q, code, err);
    if (code == BR_OK) fill(&q, ret);
    drop(&q);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}
