/* The control thread of a quick run: starts the workers, collects, listens to signals, ends. */
#include "quick/quick.h"
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "base/assert.h"
#include "base/cores.h"
#include "base/mem.h"
#include "quick/quick_int.h"

static void stop_workers(br_quick *q, br_task_fn *how)
{
    for (uint32_t i = 0; i < q->worker_count; i++)
        br_loop_post(q->workers[i].loop, how, &q->workers[i]);
}

/* Collecting ------------------------------------------------------------------------------------- */

static void show(br_quick *q)
{
    const br_quick_config *c = q->config;
    br_quick_tally_merge(&q->total, &q->recent);
    if (c->on_status) c->on_status(c->status_ctx, br_loop_clock(q->loop) - q->begin, &q->total, &q->recent);
    br_quick_tally_reset(&q->recent);
}

/* The worker's part of the picture is there. */
static void arrived(br_quick_worker *w)
{
    br_quick *q = w->quick;
    w->asked = false;
    if (--q->awaited == 0) show(q);
}

static void on_collected(void *worker)
{
    br_quick_worker *w = worker;
    br_quick_tally_merge(&w->quick->recent, w->full);
    br_quick_tally_reset(w->full);
    arrived(w);
}

/* On the worker: gives the full tally away, and goes on with the empty one. */
static void hand_over(void *worker)
{
    br_quick_worker *w = worker;
    br_quick_worker_count_bytes(w);
    br_quick_tally *full = w->tally;
    w->tally = w->full;
    w->full = full;
    br_loop_post(w->quick->loop, on_collected, w);
}

/* Unless some of the last time are still awaited: then they are behind, and this time is left out. */
static void on_status_timer(br_timer *timer, void *ctx)
{
    br_quick *q = ctx;
    bool behind = q->awaited > 0;
    for (uint32_t i = 0; i < q->worker_count && !behind; i++) {
        br_quick_worker *w = &q->workers[i];
        if (w->done) continue;
        w->asked = true;
        q->awaited++;
        br_loop_post(w->loop, hand_over, w);
    }
    br_timer_start(q->loop, timer, br_loop_now(q->loop) + q->config->status_interval, on_status_timer, q);
}

static void on_resources_timer(br_timer *timer, void *ctx)
{
    br_quick *q = ctx;
    br_resources_sample(&q->resources);
    br_timer_start(q->loop, timer, br_loop_now(q->loop) + BR_SEC, on_resources_timer, q);
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
    stop_workers(q, br_quick_load_interrupt);
}

void br_quick_worker_ready(void *worker)
{
    br_quick *q = ((br_quick_worker *) worker)->quick;
    if (++q->ready < q->worker_count) return;
    bool failed = false;
    for (uint32_t i = 0; i < q->worker_count; i++)
        failed = failed || q->workers[i].code != BR_OK;
    q->begin = br_loop_clock(q->loop);
    q->begin_wall = br_clock_wall();
    br_timer_start(q->loop, &q->resources_timer, q->begin + 100 * BR_MS, on_resources_timer, q);
    if (q->config->status_interval && !failed)
        br_timer_start(q->loop, &q->status_timer, q->begin + q->config->status_interval, on_status_timer, q);
    stop_workers(q, failed ? br_quick_load_interrupt : br_quick_load_begin);
}

void br_quick_worker_done(void *worker)
{
    br_quick_worker *w = worker;
    br_quick *q = w->quick;
    w->done = true;
    br_quick_tally_merge(&q->recent, w->tally);
    if (w->asked) arrived(w); /* it was not come to any more */
    if (++q->done == q->worker_count) br_loop_stop(q->loop);
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
        w->tally = br_quick_tally_new();
        w->full = br_quick_tally_new();
        br_quick_worker_plan(w);
        br_code code = br_loop_new_as(q->config->loop, &w->loop, err);
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

static void fill_generator(br_quick *q, br_quick_result *r)
{
    const br_resources *use = &q->resources;
    const br_hist *lag = &r->tally.lag;
    r->workers = br_calloc(q->worker_count, sizeof(*r->workers));
    r->worker_count = q->worker_count;
    for (uint32_t i = 0; i < q->worker_count; i++) {
        r->workers[i] = q->workers[i].health;
        if (lag->total) /* of all together: tallies are merged as they come */
            r->workers[i].starts = (br_delay_figures){lag->total, (br_ns) br_hist_quantile(lag, 0.5),
                (br_ns) br_hist_quantile(lag, 0.99), lag->max};
    }
    r->generator = (br_generator){.start_lag = r->tally.lag,
        .out_of_descriptors = r->tally.out_of_descriptors,
        .out_of_ports = r->tally.out_of_ports,
        .resources = {use->descriptors_peak, use->descriptors_limit, use->ports_peak, use->ports_limit}};
}

/* Starts of the timetable that were never made. */
static void fill_unstarted(const br_quick *q, const br_quick_worker *w, br_ns last, br_quick_result *r)
{
    if (!w->open || q->interrupted || w->started >= w->limit) return;
    br_ns since = last - br_quick_load_due(w, w->started);
    r->unstarted += w->limit - w->started;
    r->unstarted_for = since > r->unstarted_for ? since : r->unstarted_for;
}

static void fill(br_quick *q, br_quick_result *r)
{
    const br_quick_config *c = q->config;
    *r = (br_quick_result){.url = c->targets[0].url.text,
        .targets = c->target_count,
        .connections = c->connections,
        .streams = c->streams,
        .rate = c->rate,
        .uncorrected = c->uncorrected,
        .planned = c->requests ? 0 : c->duration,
        .wanted = c->requests,
        .interrupted = q->interrupted,
        .started_wall = q->begin_wall};
    br_ns last = q->begin;
    for (uint32_t i = 0; i < q->worker_count; i++)
        last = q->workers[i].last_end > last ? q->workers[i].last_end : last;
    for (uint32_t i = 0; i < q->worker_count; i++) {
        const br_quick_worker *w = &q->workers[i];
        r->cancelled += w->cancelled;
        r->connections_opened += w->connections_opened;
        fill_unstarted(q, w, last, r);
    }
    if (!q->interrupted && r->planned > 0 && last < q->begin + r->planned) last = q->begin + r->planned;
    r->elapsed = last - q->begin;
    br_quick_tally_merge(&q->total, &q->recent);
    r->tally = q->total;
    br_quick_tally_init(&q->total);
    fill_generator(q, r);
}

static void drop(br_quick *q)
{
    if (q->loop) br_timer_stop(q->loop, &q->status_timer);
    if (q->loop) br_timer_stop(q->loop, &q->resources_timer);
    for (uint32_t i = 0; i < q->worker_count; i++) {
        br_loop_free(q->workers[i].loop);
        br_quick_tally_free(q->workers[i].tally);
        br_quick_tally_free(q->workers[i].full);
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

static bool same_origin(const br_url *a, const br_url *b)
{
    return a->tls == b->tls && a->port == b->port && br_str_eq(a->host, b->host);
}

/* Few enough to be compared one by one; lists of targets mostly stay with one. */
static uint32_t count_origins(const br_quick_config *c)
{
    const br_url *seen[BR_QUICK_ORIGINS_MAX];
    uint32_t count = 0;
    for (size_t i = 0; i < c->target_count && count < BR_QUICK_ORIGINS_MAX; i++) {
        bool known = false;
        for (uint32_t k = count; k-- > 0 && !known;)
            known = same_origin(seen[k], &c->targets[i].url);
        if (!known) seen[count++] = &c->targets[i].url;
    }
    return count;
}

br_code br_quick_run(const br_quick_config *config, br_quick_result *ret, br_err *err)
{
    BR_ASSERT(config->connections >= 1 && config->streams >= 1 && config->target_count >= 1);
    br_quick q = {.config = config, .signal_fd = -1, .signal_watch = BR_WATCH_INIT};
    sigset_t before;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    br_quick_tally_init(&q.total);
    br_quick_tally_init(&q.recent);
    q.worker_count = config->workers ? config->workers : br_usable_cores();
    if (q.worker_count > config->connections) q.worker_count = config->connections;
    if (q.worker_count > BR_QUICK_WORKERS_MAX) q.worker_count = BR_QUICK_WORKERS_MAX;
    q.origins = count_origins(config);
    q.workers = br_calloc(q.worker_count, sizeof(*q.workers));
    br_code code = br_loop_new_as(config->loop, &q.loop, err);
    if (code == BR_OK) code = watch_signals(&q, err);
    if (code == BR_OK) code = start_workers(&q, err);
    if (code == BR_OK) br_loop_run(q.loop);
    code = join(&q, code, err);
    if (code == BR_OK) fill(&q, ret);
    drop(&q);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}
