#include "cli/progress.h"

#include <pthread.h>
#include <stdio.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

#define BAR_WIDTH 40
#define NAME_WIDTH 30

struct br_progress {
    pthread_mutex_t lock;
    bool terminal, colour;
    br_buf block;    /* the text as drawn last */
    unsigned lines;  /* of it on the screen; 0: nothing drawn */
};

static void erase(br_progress *p)
{
    if (p->lines) printf("\r\033[%uA\033[J", p->lines);
    p->lines = 0;
}

static void draw(br_progress *p)
{
    unsigned lines = 0;
    for (size_t i = 0; i < p->block.len; i++) lines += p->block.data[i] == '\n';
    fwrite(p->block.data ? p->block.data : "", 1, p->block.len, stdout);
    fflush(stdout);
    p->lines = lines;
}

static void before_log(void *ctx)
{
    br_progress *p = ctx;
    pthread_mutex_lock(&p->lock);
    erase(p);
    fflush(stdout);
}

static void after_log(void *ctx)
{
    br_progress *p = ctx;
    draw(p);
    pthread_mutex_unlock(&p->lock);
}

br_progress *br_progress_new(bool terminal, bool colour)
{
    br_progress *p = BR_NEW(br_progress);
    pthread_mutex_init(&p->lock, NULL);
    p->terminal = terminal;
    p->colour = colour;
    br_buf_init(&p->block, 1 << 20);
    if (terminal) br_log_set_hooks(before_log, after_log, p);
    return p;
}

void br_progress_free(br_progress *p)
{
    if (!p) return;
    if (p->terminal) br_log_set_hooks(NULL, NULL, NULL);
    br_buf_deinit(&p->block);
    pthread_mutex_destroy(&p->lock);
    br_free(p);
}

br_ns br_progress_interval(const br_progress *p) { return p->terminal ? 100 * BR_MS : BR_SEC; }

/* "12.3s", "05m12.3s", "1h05m12.3s": only as many units as `max` needs. */
static void put_time(br_buf *b, br_ns t, br_ns max)
{
    if (t < 0) t = 0;
    long tenths = (long) (t / (BR_SEC / 10)), minutes = tenths / 600;
    if (max >= 60 * BR_SEC) tenths %= 600;
    if (max >= 3600 * BR_SEC) (void) br_buf_printf(b, "%ldh%02ldm", minutes / 60, minutes % 60);
    else if (max >= 60 * BR_SEC) (void) br_buf_printf(b, "%02ldm", minutes);
    (void) br_buf_printf(b, "%02ld.%lds", tenths / 10, tenths % 10);
}

static const char *phase_text(const br_run_status *s)
{
    switch (s->phase) {
        case BR_RUN_INIT: return "init";
        case BR_RUN_SETUP: return "setup()";
        case BR_RUN_TEARDOWN: return "teardown()";
        case BR_RUN_RUNNING:
        case BR_RUN_DONE: break;
    }
    return s->stopping ? "stopping" : "running";
}

static void put_status(br_buf *b, const br_run_status *s)
{
    if (s->phase == BR_RUN_INIT) {
        (void) br_buf_printf(b, "init, %lld/%lld VUs initialized\n", (long long) s->vus_ready, (long long) s->vus_total);
        return;
    }
    (void) br_buf_printf(b, "%s (", phase_text(s));
    put_time(b, s->elapsed, s->elapsed);
    (void) br_buf_printf(b, "), %lld/%lld VUs, %llu complete and %llu interrupted iterations", (long long) s->vus_active,
        (long long) s->vus_total, (unsigned long long) s->complete, (unsigned long long) s->interrupted);
    if (s->requests) {
        (void) br_buf_printf(b, ", %llu reqs/s, p95 %.4gms", (unsigned long long) s->requests, s->p95_ms);
        if (s->failed) (void) br_buf_printf(b, ", %llu failed", (unsigned long long) s->failed);
    }
    (void) br_buf_puts(b, "\n");
}

static double fraction_of(const br_scenario_status *sc)
{
    const br_scenario *s = sc->scenario;
    if (sc->done) return 1;
    if (!sc->started) return 0;
    double by_time = s->duration > 0 ? (double) sc->elapsed / (double) s->duration : 1;
    double total = (double) s->iterations * (s->executor == BR_EXEC_PER_VU_ITERATIONS ? (double) s->vus : 1);
    bool by_count = s->executor == BR_EXEC_SHARED_ITERATIONS || s->executor == BR_EXEC_PER_VU_ITERATIONS;
    double f = by_count ? (double) sc->iterations / total : by_time;
    return f > 1 ? 1 : f;
}

static const char *mark_of(const br_scenario_status *sc, bool stopping)
{
    if (sc->done) return stopping ? "✗" : "✓";
    if (!sc->started) return "•";
    return sc->elapsed > sc->scenario->duration ? "↓" : " ";
}

static void put_counts(br_buf *b, const br_scenario_status *sc)
{
    const br_scenario *s = sc->scenario;
    unsigned long long n = sc->iterations, limit = (unsigned long long) s->iterations;
    if (s->executor == BR_EXEC_SHARED_ITERATIONS) {
        (void) br_buf_printf(b, "  %llu/%llu shared iters", n < limit ? n : limit, limit);
    } else if (s->executor == BR_EXEC_PER_VU_ITERATIONS) {
        (void) br_buf_printf(b, "  %llu/%llu iters, %llu per VU", n, limit * (unsigned long long) s->vus, limit);
    }
}

static void put_bar(br_buf *b, const br_scenario_status *sc, bool stopping)
{
    const br_scenario *s = sc->scenario;
    int filled = (int) (fraction_of(sc) * (BAR_WIDTH - 2));
    int shown = s->name.n > NAME_WIDTH ? NAME_WIDTH - 3 : (int) s->name.n;
    (void) br_buf_printf(b, "%.*s%s %s [", shown, s->name.p, s->name.n > NAME_WIDTH ? "..." : "", mark_of(sc, stopping));
    for (int i = 0; i < BAR_WIDTH - 2; i++) (void) br_buf_putc(b, i < filled ? '=' : i == filled && !sc->done ? '>' : '-');
    (void) br_buf_puts(b, "] ");
    if (!sc->started) {
        (void) br_buf_puts(b, "waiting  ");
        put_time(b, -sc->elapsed, s->start_time);
    } else {
        long long max = (long long) br_scenario_max_vus(s);
        if (s->executor == BR_EXEC_RAMPING_VUS) (void) br_buf_printf(b, "%lld/%lld VUs  ", (long long) sc->vus_active, max);
        else (void) br_buf_printf(b, "%lld VUs  ", max);
        put_time(b, sc->elapsed < s->duration ? sc->elapsed : s->duration, s->duration);
        (void) br_buf_puts(b, "/");
        (void) br_buf_put_duration(b, s->duration);
        put_counts(b, sc);
    }
    (void) br_buf_puts(b, "\n");
}

static void build(br_progress *p, const br_run_status *s)
{
    br_buf_reset(&p->block);
    if (p->terminal) (void) br_buf_puts(&p->block, "\n");
    put_status(&p->block, s);
    for (size_t i = 0; i < s->scenario_count && p->terminal && s->phase != BR_RUN_INIT; i++) {
        put_bar(&p->block, &s->scenarios[i], s->stopping);
    }
}

void br_progress_status(void *progress, const br_run_status *status)
{
    br_progress *p = progress;
    pthread_mutex_lock(&p->lock);
    if (p->terminal) erase(p);
    build(p, status);
    draw(p);
    pthread_mutex_unlock(&p->lock);
}

void br_progress_finish(br_progress *p)
{
    pthread_mutex_lock(&p->lock);
    p->lines = 0; /* what stands on the screen stays */
    br_buf_reset(&p->block);
    pthread_mutex_unlock(&p->lock);
}
