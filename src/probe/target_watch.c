#include "probe/target_watch.h"

#include <pthread.h>
#include <signal.h>
#include "base/log.h"
#include "probe/cgroup.h"
#include "probe/page.h"
#include "probe/process.h"

typedef struct source {
    br_target_watch *watch;
    const br_target_source *spec;
    br_str text;
    br_measures measures; /* under the lock */
    /* By kind: */
    pid_t pid;
    uint64_t started;
    br_str folder;
    br_page *page;
    /* Of the last round: */
    br_code code;
    br_err err;
} source;

struct br_target_watch {
    br_arena arena;
    br_loop *loop;
    br_dns *dns;
    br_proxies proxies;
    source *sources;
    size_t count;
    br_ns interval, next; /* of rounds */
    br_timer timer;
    pthread_mutex_t lock; /* of all measures */
    pthread_t thread;
    bool running;
    size_t outstanding; /* of the first round */
};

/* Series of processes and cgroups ------------------------------------------------------------------- */

static bool wants(const source *s, const char *name)
{
    for (size_t i = 0; i < s->spec->name_count; i++) {
        if (br_str_is(s->spec->names[i], name)) return true;
    }
    return s->spec->name_count == 0;
}

static void put_gauge(source *s, const char *name, const char *unit, double limit, br_ns at, double value)
{
    if (wants(s, name)) br_measures_gauge(&s->measures, br_str_of(name), unit, limit, at, value);
}

static void put_counter(source *s, const char *name, const char *unit, double limit, br_ns at, double total)
{
    if (wants(s, name)) br_measures_counter(&s->measures, br_str_of(name), unit, limit, at, total);
}

/* One that ended is looked for again by its name: it may have been started anew. */
static br_code read_process(source *s, br_process_view *view, br_err *err)
{
    br_code code = s->pid ? br_process_read(s->pid, view, err) : BR_ENOTFOUND;
    bool other = code == BR_OK && s->started && view->started != s->started;
    if (code == BR_OK && !other) {
        s->started = view->started;
        return BR_OK;
    }
    if (s->spec->kind == BR_TARGET_PID)
        return other ? br_fail(err, BR_ENOTFOUND, "process %d has ended; another one has its number",
                           (int) s->pid)
                     : code;
    s->pid = 0;
    code = br_process_find(s->spec->place, &s->pid, err);
    if (code == BR_OK) code = br_process_read(s->pid, view, err);
    if (code != BR_OK) return code;
    if (s->started)
        br_warn(
            BR_FMT " was started anew: what is measured from now on is of another process", BR_ARG(s->text));
    s->started = view->started;
    return BR_OK;
}

static br_code sample_process(source *s, br_ns at, br_err *err)
{
    br_process_view v;
    br_code code = read_process(s, &v, err);
    if (code != BR_OK) return code;
    put_gauge(s, "memory", "bytes", 0, at, v.memory_bytes);
    put_counter(s, "cpu", "cores", 0, at, v.cpu_s);
    put_gauge(s, "threads", "count", 0, at, (double) v.threads);
    if (v.descriptors)
        put_gauge(s, "descriptors", "count", (double) br_process_descriptor_limit(s->pid), at,
            (double) v.descriptors);
    return BR_OK;
}

static br_code sample_cgroup(source *s, br_ns at, br_err *err)
{
    br_cgroup_view v;
    br_code code = br_cgroup_read(s->folder, &v, err);
    if (code != BR_OK) return code;
    put_gauge(s, "memory", "bytes", v.memory_limit, at, v.memory_bytes);
    put_gauge(s, "memory_charged", "bytes", v.memory_limit, at, v.charged_bytes);
    put_counter(s, "cpu", "cores", v.cpu_limit_cores, at, v.cpu_s);
    put_counter(s, "cpu_throttled", "s/s", 0, at, v.throttled_s);
    return BR_OK;
}

/* Rounds -------------------------------------------------------------------------------------------- */

static void end_round(source *s, br_code code)
{
    if (code != BR_OK && s->code == BR_OK && s->watch->running)
        br_warn("the target cannot be watched any more: " BR_FMT ": %s", BR_ARG(s->text), s->err.msg);
    s->code = code;
    br_measures_round(&s->measures);
}

static void on_page(br_page *page, void *ctx)
{
    source *s = ctx;
    br_target_watch *w = s->watch;
    pthread_mutex_lock(&w->lock);
    end_round(s, br_page_take(page, &s->measures, br_clock_now(), &s->err));
    pthread_mutex_unlock(&w->lock);
    if (w->outstanding && --w->outstanding == 0) br_loop_stop(w->loop);
}

static void sample_page(source *s)
{
    br_target_watch *w = s->watch;
    if (br_page_fetching(s->page)) {
        pthread_mutex_lock(&w->lock);
        br_measures_round(&s->measures);
        pthread_mutex_unlock(&w->lock);
        return;
    }
    br_ns timeout = w->running && w->interval < BR_TARGET_FETCH_MAX ? w->interval : BR_TARGET_FETCH_MAX;
    br_page_fetch(s->page, timeout, on_page, s);
}

static void sample_local(source *s)
{
    br_target_watch *w = s->watch;
    br_ns at = br_clock_now();
    pthread_mutex_lock(&w->lock);
    end_round(s, s->folder.p ? sample_cgroup(s, at, &s->err) : sample_process(s, at, &s->err));
    pthread_mutex_unlock(&w->lock);
}

static void sample_all(br_target_watch *w)
{
    for (size_t i = 0; i < w->count; i++) {
        if (w->sources[i].page)
            sample_page(&w->sources[i]);
        else
            sample_local(&w->sources[i]);
    }
}

static void on_round(br_timer *timer, void *ctx)
{
    (void) timer;
    br_target_watch *w = ctx;
    if (w->next) sample_all(w); /* the first round was the caller's */
    br_ns now = br_loop_now(w->loop);
    w->next += w->interval;
    if (w->next <= now) w->next = now + w->interval;
    br_timer_start(w->loop, &w->timer, w->next, on_round, w);
}

/* Life ---------------------------------------------------------------------------------------------- */

br_str br_target_source_text(const br_target_source *s, br_arena *arena)
{
    switch (s->kind) {
        case BR_TARGET_PID: {
            br_str name = br_process_name((pid_t) s->pid, arena);
            const char *text = name.n ? br_arena_printf(arena, "process %lld (" BR_FMT ")",
                                            (long long) s->pid, BR_ARG(name))
                                      : br_arena_printf(arena, "process %lld", (long long) s->pid);
            return br_str_of(text);
        }
        case BR_TARGET_NAME: return br_str_of(br_arena_printf(arena, "process " BR_FMT, BR_ARG(s->place)));
        case BR_TARGET_CGROUP: return br_str_of(br_arena_printf(arena, "cgroup " BR_FMT, BR_ARG(s->place)));
        case BR_TARGET_PAGE: return br_arena_str(arena, s->place);
    }
    return BR_STR("");
}

static br_code open_source(br_target_watch *w, source *s, br_err *err)
{
    s->text = br_target_source_text(s->spec, &w->arena);
    switch (s->spec->kind) {
        case BR_TARGET_PID: s->pid = (pid_t) s->spec->pid; return BR_OK;
        case BR_TARGET_NAME: return br_process_find(s->spec->place, &s->pid, err);
        case BR_TARGET_CGROUP: return br_cgroup_find(s->spec->place, &w->arena, &s->folder, err);
        case BR_TARGET_PAGE: break;
    }
    br_page_config config = {.url = s->spec->place,
        .headers = s->spec->headers,
        .header_count = s->spec->header_count,
        .names = s->spec->names,
        .name_count = s->spec->name_count,
        .proxies = &w->proxies};
    return br_page_new(w->loop, w->dns, &config, &s->page, err);
}

static br_code open_sources(br_target_watch *w, const br_target_source *specs, br_err *err)
{
    br_code code = BR_OK;
    for (size_t i = 0; i < w->count && code == BR_OK; i++) {
        source *s = &w->sources[i];
        s->watch = w;
        s->spec = &specs[i];
        code = open_source(w, s, err);
        if (s->page) w->outstanding++;
        if (code != BR_OK) code = br_wrap(err, code, "the target cannot be watched");
    }
    return code;
}

/* The first round, on the caller's thread: what fails now is a mistake, and is told as one. */
static br_code first_round(br_target_watch *w, br_err *err)
{
    sample_all(w);
    if (w->outstanding) br_loop_run(w->loop);
    for (size_t i = 0; i < w->count; i++) {
        const source *s = &w->sources[i];
        if (s->code == BR_OK) continue;
        return br_fail(
            err, s->code, "the target cannot be watched: " BR_FMT ": %s", BR_ARG(s->text), s->err.msg);
    }
    return BR_OK;
}

static void *thread_main(void *arg)
{
    br_target_watch *w = arg;
    on_round(&w->timer, w);
    br_loop_run(w->loop);
    return NULL;
}

/* Signals are the main thread's. */
static br_code start_thread(br_target_watch *w, br_err *err)
{
    sigset_t all, old;
    sigfillset(&all);
    w->running = true;
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int failed = pthread_create(&w->thread, NULL, thread_main, w);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!failed) return BR_OK;
    w->running = false;
    return br_fail_errno(err, BR_EIO, failed, "cannot start a thread to watch the target");
}

static br_target_watch *watch_new(size_t count, br_ns interval)
{
    br_target_watch *w = BR_NEW(br_target_watch);
    br_arena_init(&w->arena, 4096);
    pthread_mutex_init(&w->lock, NULL);
    w->interval = interval < BR_TARGET_INTERVAL_MIN ? BR_TARGET_INTERVAL_MIN : interval;
    if (w->interval > BR_TARGET_INTERVAL_MAX) w->interval = BR_TARGET_INTERVAL_MAX;
    w->count = count;
    w->sources = br_calloc(count + 1, sizeof(*w->sources));
    for (size_t i = 0; i < count; i++)
        br_measures_init(&w->sources[i].measures);
    return w;
}

br_code br_target_watch_start(
    const br_target_source *sources, size_t count, br_ns interval, br_target_watch **ret, br_err *err)
{
    if (count > BR_TARGET_SOURCES_MAX)
        return br_fail(err, BR_ELIMIT, "the target can be watched at %d places at most, not at %zu",
            BR_TARGET_SOURCES_MAX, count);
    br_target_watch *w = watch_new(count, interval);
    br_code code = br_loop_new(&w->loop, err);
    if (code == BR_OK) code = br_dns_new(w->loop, BR_SEC, &w->dns, err);
    if (code == BR_OK) code = br_proxies_from_env(&w->arena, &w->proxies, err);
    if (code == BR_OK) code = open_sources(w, sources, err);
    if (code == BR_OK) code = first_round(w, err);
    if (code == BR_OK) code = start_thread(w, err);
    if (code == BR_OK)
        *ret = w;
    else
        br_target_watch_free(w);
    return code;
}

void br_target_watch_copy(
    br_target_watch *w, br_ns origin, br_arena *arena, br_target_series **ret, size_t *ret_count)
{
    size_t n = 0, at = 0;
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < w->count; i++)
        n += br_measures_count(&w->sources[i].measures);
    br_target_series *list = br_arena_zalloc(arena, (n + 1) * sizeof(*list));
    for (size_t i = 0; i < w->count; i++) {
        const source *s = &w->sources[i];
        br_measures_copy(&s->measures, s->text, origin, arena, list + at);
        at += br_measures_count(&s->measures);
    }
    pthread_mutex_unlock(&w->lock);
    *ret = list;
    *ret_count = n;
}

void br_target_watch_free(br_target_watch *w)
{
    if (!w) return;
    if (w->running) {
        br_loop_stop(w->loop);
        pthread_join(w->thread, NULL);
    }
    if (w->loop) br_timer_stop(w->loop, &w->timer);
    for (size_t i = 0; i < w->count; i++) {
        br_page_free(w->sources[i].page);
        br_measures_deinit(&w->sources[i].measures);
    }
    if (w->dns) br_dns_free(w->dns);
    br_loop_free(w->loop);
    pthread_mutex_destroy(&w->lock);
    br_free(w->sources);
    br_arena_deinit(&w->arena);
    br_free(w);
}

br_ns br_target_watch_interval(br_ns length)
{
    br_ns interval = length / 300;
    if (interval < 200 * BR_MS) return 200 * BR_MS;
    return interval > BR_TARGET_INTERVAL_MAX ? BR_TARGET_INTERVAL_MAX : interval;
}
