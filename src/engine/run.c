/* The control thread of a run: order of life, signals, setup(), teardown(). */
#include "engine/run.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "base/cores.h"
#include "base/log.h"
#include "engine/run_int.h"

#define THRESHOLD_INTERVAL (2 * BR_SEC)

/* Thresholds ---------------------------------------------------------------------------------------- */

static br_code sub_metric(br_metrics *metrics, br_str name, bool enforce, br_metric **ret, br_err *err)
{
    br_str base, selector;
    br_metric *found = NULL;
    br_code code = br_metric_name_split(name, &base, &selector, err);
    if (code == BR_OK && selector.p) code = br_metrics_get_sub(metrics, name, &found, err);
    if (code == BR_OK && !selector.p) {
        found = br_metrics_find(metrics, name);
        if (!found) code = br_fail(err, BR_ENOTFOUND, "no metric name \"" BR_FMT "\" found", BR_ARG(name));
    }
    if (code == BR_OK && found) {
        found->listed = true;
        *ret = found;
        return BR_OK;
    }
    if (enforce) {
        char reason[1024];
        snprintf(reason, sizeof(reason), "%.1000s", err ? err->msg : "");
        if (code == BR_ESYNTAX)
            return br_fail(
                err, BR_EINVAL, "unable to validate threshold expressions; reason: %.800s", reason);
        return br_fail(
            err, BR_EINVAL, "invalid threshold defined on " BR_FMT "; reason: %.800s", BR_ARG(name), reason);
    }
    br_warn("Invalid metric '" BR_FMT "' in threshold definitions", BR_ARG(name));
    *ret = NULL;
    return BR_OK;
}

/* These are metadata of samples, which selectors never see. */
static void warn_never_matches(br_str name)
{
    static const char *const keys[] = {"vu", "iter"};
    br_str base, selector, item, key;
    if (br_metric_name_split(name, &base, &selector, NULL) != BR_OK || !selector.p) return;
    while (br_str_cut(&selector, ',', &item)) {
        if (!br_str_cut(&item, ':', &key)) continue;
        for (size_t i = 0; i < BR_COUNT_OF(keys); i++)
            if (br_str_is(br_str_trim(key), keys[i]))
                br_warn("the threshold on '" BR_FMT
                        "' never sees a sample: '%s' is metadata of samples, no tag",
                    BR_ARG(name), keys[i]);
    }
}

br_code br_run_register_thresholds(const br_options *o, br_metrics *metrics, bool enforce, br_err *err)
{
    br_metric *m = NULL;
    if (o->system_tags & BR_SYSTEM_TAG(EXPECTED_RESPONSE)) {
        br_code code = br_metrics_get_sub(
            metrics, BR_STR("http_req_duration{expected_response:true}"), &m, err);
        if (code != BR_OK) return code;
    }
    for (size_t i = 0; i < o->threshold_metric_count; i++) {
        br_code code = sub_metric(metrics, o->threshold_metrics[i], enforce, &m, err);
        if (code != BR_OK) return code;
        if (m) warn_never_matches(o->threshold_metrics[i]);
    }
    for (size_t i = 0; i < o->threshold_count && enforce; i++) {
        const br_threshold_option *t = &o->thresholds[i];
        br_code code = sub_metric(metrics, t->metric, enforce, &m, err);
        if (code == BR_OK)
            code = br_metric_add_threshold(metrics, m, t->source, t->abort_on_fail, t->delay_abort_ns, err);
        if (code != BR_OK) return BR_EINVAL;
    }
    return BR_OK;
}

/* Stopping ------------------------------------------------------------------------------------------ */

void br_engine_stop(br_engine *e, br_exit_code code, br_run_end end, const char *reason)
{
    if (e->stopping) return;
    e->stopping = true;
    e->exit_code = code;
    e->end = end;
    snprintf(e->end_reason, sizeof(e->end_reason), "%s", reason);
    if (e->phase == BR_RUN_INIT || e->phase == BR_RUN_RUNNING) br_workers_interrupt(e);
    if (e->phase == BR_RUN_SETUP) br_fiber_cancel(e->control);
}

static void stop_by_signal(br_engine *e, const char *name)
{
    br_error("test run was aborted because brunt received a '%s' signal", name);
    br_engine_stop(e, BR_EXIT_INTERRUPTED, BR_RUN_INTERRUPTED, "interrupted by a signal");
}

static void on_signal(br_watch *watch, unsigned events, void *ctx)
{
    (void) watch, (void) events;
    br_engine *e = ctx;
    struct signalfd_siginfo info;
    if (read(e->signal_fd, &info, sizeof(info)) != (ssize_t) sizeof(info)) return;
    if (e->stopping) _exit(BR_EXIT_INTERRUPTED); /* asked twice: nothing more is waited for */
    stop_by_signal(e, strsignal((int) info.ssi_signo));
}

static br_code watch_signals(br_engine *e, sigset_t *ret_old, br_err *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, ret_old); /* inherited by the workers */
    e->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (e->signal_fd < 0) return br_fail_errno(err, BR_EIO, errno, "cannot watch signals");
    return br_watch_start(e->loop, &e->signal_watch, e->signal_fd, BR_READABLE, on_signal, e);
}

/* Timers -------------------------------------------------------------------------------------------- */

int64_t br_engine_active_vus(br_engine *e)
{
    int64_t sum = 0;
    for (size_t i = 0; i < e->config->options->scenario_count; i++)
        sum += atomic_load(&e->shared[i].vus_active);
    return sum;
}

static void record_vus(br_engine *e)
{
    br_origin origin = {.tags = e->run_tags, .vu = -1, .iter = -1};
    br_ns wall = br_clock_wall();
    br_metrics *m = e->config->metrics;
    br_recorder_add(
        e->recorder, br_metrics_at(m, BR_M_VUS), (double) br_engine_active_vus(e), &origin, NULL, 0, wall);
    br_recorder_add(e->recorder, br_metrics_at(m, BR_M_VUS_MAX), (double) atomic_load(&e->vus_ready), &origin,
        NULL, 0, wall);
}

/* The control thread's own samples go the same way as everybody's. */
static void collect_own(br_engine *e, br_ns at)
{
    br_shard *full = br_recorder_swap(e->recorder, br_collector_spare(e->collector));
    br_collector_take(e->collector, full, at);
}

static void check_thresholds(br_engine *e)
{
    char names[512];
    if (!br_collector_thresholds(e->collector, br_loop_now(e->loop) - e->begin, false, names, sizeof(names)))
        return;
    char text[700];
    snprintf(text, sizeof(text),
        "thresholds on metrics '%s' were crossed; at least one has abortOnFail enabled, stopping test prematurely",
        names);
    if (!e->stopping) br_error("%s", text);
    br_engine_stop(e, BR_EXIT_THRESHOLDS, BR_RUN_THRESHOLD, text);
}

/* The question is asked between the shards of two seconds, when the totals are whole. */
static void ask_to_decide(br_engine *e)
{
    const br_run_config *config = e->config;
    br_ns now = br_loop_now(e->loop);
    if (!config->decide || e->stopping || now < e->decide_at) return;
    e->decide_at = now + config->decide_interval_ns;
    br_run_result *so_far = br_collector_so_far(e->collector, now - e->start);
    char reason[sizeof(e->end_reason)] = "";
    if (config->decide(config->decide_ctx, so_far, reason, sizeof(reason)))
        br_engine_stop(e, BR_EXIT_OK, BR_RUN_DECIDED, reason);
    br_run_result_free(so_far);
}

static void on_second(br_timer *timer, void *ctx)
{
    br_engine *e = ctx;
    record_vus(e);
    br_resources_sample(&e->resources);
    if (e->phase == BR_RUN_RUNNING) {
        br_workers_take_shards(e, e->tick);
        collect_own(e, e->tick);
        br_ns since = br_loop_now(e->loop) - e->begin;
        if (since % THRESHOLD_INTERVAL < BR_SEC) check_thresholds(e);
        ask_to_decide(e);
    }
    e->tick += BR_SEC;
    if (e->tick <= br_loop_now(e->loop))
        e->tick = br_loop_now(e->loop) + BR_SEC; /* this thread was held up for long */
    br_timer_start(e->loop, timer, e->tick, on_second, e);
}

static void start_ticks(br_engine *e, br_ns from)
{
    e->tick = from + BR_SEC;
    br_timer_start(e->loop, &e->second_timer, e->tick, on_second, e);
}

static void tell_status(br_engine *e)
{
    const br_options *o = e->config->options;
    if (!e->config->on_status) return;
    br_scenario_status list[BR_SCENARIOS_MAX];
    br_run_status s = {.phase = e->phase,
        .vus_active = br_engine_active_vus(e),
        .vus_ready = atomic_load(&e->vus_ready),
        .vus_total = e->vus_total,
        .scenarios = list,
        .scenario_count = o->scenario_count,
        .stopping = e->stopping};
    br_ns until = e->stop_at ? e->stop_at : br_loop_clock(e->loop);
    if (s.vus_ready > s.vus_total) s.vus_total = s.vus_ready; /* some were added */
    s.elapsed = e->start ? until - e->start : 0;
    for (uint32_t i = 0; i < e->worker_count; i++) {
        s.complete += br_gauge64_get(&e->workers[i].complete);
        s.interrupted += br_gauge64_get(&e->workers[i].interrupted);
    }
    for (size_t i = 0; i < o->scenario_count; i++) {
        const br_scenario *sc = &o->scenarios[i];
        br_scenario_shared *shared = &e->shared[i];
        int64_t started = atomic_load(&shared->iterations_started);
        if (sc->executor == BR_EXEC_SHARED_ITERATIONS && started > sc->iterations)
            started = sc->iterations; /* each VU asks once too often */
        list[i] = (br_scenario_status){.scenario = sc,
            .started = e->start && s.elapsed >= sc->start_time,
            .done = e->start && atomic_load(&shared->slots_left) == 0,
            .elapsed = s.elapsed - sc->start_time,
            .vus_active = atomic_load(&shared->vus_active),
            .vus_busy = atomic_load(&shared->vus_busy),
            .vus_had = atomic_load(&shared->vus_had),
            .iterations = (uint64_t) started};
    }
    br_collector_last_second(e->collector, &s);
    e->config->on_status(e->config->status_ctx, &s);
}

static void on_status_timer(br_timer *timer, void *ctx)
{
    br_engine *e = ctx;
    tell_status(e);
    br_timer_start(e->loop, timer, br_loop_now(e->loop) + e->config->status_interval_ns, on_status_timer, e);
}

/* Waiting for workers ------------------------------------------------------------------------------- */

static void wake_control(br_engine *e)
{
    if (e->control_waits) br_fiber_wake(e->control, BR_OK);
}

void br_engine_name_init(int64_t vu, br_err *err)
{
    if (err->msg[0])
        (void) br_wrap(err, BR_ECANCEL, "the init code of virtual user %lld was interrupted", (long long) vu);
}

void br_engine_worker_ready(br_engine *e, br_worker *w)
{
    e->workers_ready++;
    if (w->init_code != BR_OK && e->failure == BR_OK && !e->stopping) {
        e->failure = w->init_code;
        (void) br_fail(e->err, w->init_code, "%s", w->init_error.msg);
    } else if (w->init_code == BR_ECANCEL && w->init_error.msg[0]) {
        br_warn("%s", w->init_error.msg);
    }
    wake_control(e);
}

void br_engine_worker_done(br_engine *e, br_worker *w)
{
    (void) w;
    e->workers_done++;
    wake_control(e);
}

/* Suspends the control fiber until the next message; cancelling is one too. */
static void pause_control(br_engine *e)
{
    e->control_waits = true;
    br_code code = br_fiber_await(e->control);
    e->control_waits = false;
    if (code == BR_ECANCEL) br_fiber_uncancel(e->control);
}

static void wait_for(br_engine *e, const uint32_t *counter, uint32_t target)
{
    while (*counter < target)
        pause_control(e);
}

/* setup() and teardown() ---------------------------------------------------------------------------- */

typedef struct stage_timeout {
    br_timer timer;
    br_engine *engine;
    bool expired;
} stage_timeout;

static void on_stage_timeout(br_timer *timer, void *ctx)
{
    (void) timer;
    stage_timeout *t = ctx;
    t->expired = true;
    br_fiber_cancel(t->engine->control);
}

/* Where setup(), teardown() or handleSummary() hung when it was interrupted. */
static void tell_stuck(const char *name, br_code code, const br_err *err)
{
    if (code != BR_ECANCEL || !err->msg[0]) return;
    br_log_field field = {"source", BR_STR("stacktrace")};
    char text[sizeof(err->msg) + 60];
    int n = snprintf(text, sizeof(text), "%s() was interrupted: %s", name, err->msg);
    br_log_line(BR_LOG_WARN, (br_str){text, (size_t) n}, &field, 1);
}

static void fail_stage(
    br_engine *e, const char *name, br_code code, const br_err *err, bool expired, br_ns timeout)
{
    bool setup = strcmp(name, "setup") == 0;
    if (expired) {
        char hint[100];
        snprintf(hint, sizeof(hint), "You can increase the time limit via the %sTimeout option", name);
        br_log_field field = {"hint", br_str_of(hint)};
        char text[100];
        int n = snprintf(
            text, sizeof(text), "%s() execution timed out after %.0f seconds", name, (double) timeout / 1e9);
        br_log_line(BR_LOG_ERROR, (br_str){text, (size_t) n}, &field, 1);
        br_engine_stop(e, setup ? BR_EXIT_SETUP_TIMEOUT : BR_EXIT_TEARDOWN_TIMEOUT, BR_RUN_ABORTED, text);
        return;
    }
    if (code == BR_ECANCEL) return; /* the reason was given by whoever stopped it */
    if (code == BR_EABORT) {
        br_error("%s", err->msg);
        br_engine_stop(e, BR_EXIT_ABORTED, BR_RUN_ABORTED, err->msg);
        return;
    }
    br_log_field fields[] = {{"hint", BR_STR("script exception")}, {"source", BR_STR("stacktrace")}};
    br_log_line(BR_LOG_ERROR, br_str_of(err->msg), fields, code == BR_EEXCEPTION ? BR_COUNT_OF(fields) : 0);
    br_engine_stop(e, code == BR_EEXCEPTION ? BR_EXIT_EXCEPTION : BR_EXIT_OTHER, BR_RUN_ABORTED, err->msg);
}

static br_code make_control_vu(br_engine *e, br_vu **ret, br_err *err)
{
    br_vu_config vc = {.program = e->config->program,
        .settings = &e->settings,
        .loop = e->loop,
        .tools = &e->tools,
        .recorder = e->recorder,
        .id = 0,
        .run_tags = e->run_tags};
    return br_vu_new(&vc, ret, err);
}

static void record_stage_bytes(br_engine *e, br_vu *vu)
{
    uint64_t sent, received;
    br_vu_take_bytes(vu, &sent, &received);
    br_origin origin = br_vu_origin(vu);
    br_ns wall = br_clock_wall();
    br_metrics *m = e->config->metrics;
    br_recorder_add(e->recorder, br_metrics_at(m, BR_M_DATA_SENT), (double) sent, &origin, NULL, 0, wall);
    br_recorder_add(
        e->recorder, br_metrics_at(m, BR_M_DATA_RECEIVED), (double) received, &origin, NULL, 0, wall);
}

/* Runs setup or teardown in a VU of its own on the control fiber. */
static void run_stage(br_engine *e, const char *name, br_ns timeout, br_str data, br_str *ret_json)
{
    br_str function = br_str_of(name);
    if (!br_program_has_export(e->config->program, function)) return;
    br_err err = {0};
    br_vu *vu = NULL;
    br_code code = make_control_vu(e, &vu, &err);
    if (code == BR_ECANCEL) br_fiber_uncancel(e->control);
    if (code != BR_OK) {
        tell_stuck(name, code, &err);
        fail_stage(e, name, code == BR_ECANCEL ? code : BR_EEXCEPTION, &err, false, timeout);
        return;
    }
    char group[32];
    snprintf(group, sizeof(group), "::%s", name);
    br_tag tag = {BR_STR("group"), br_str_of(group)};
    bool tagged = e->settings.system_tags & BR_SYSTEM_TAG(GROUP);
    const br_tagset *tags = br_tags_with(
        br_recorder_tag_store(e->recorder), e->run_tags, &tag, tagged ? 1 : 0);
    stage_timeout t = {.engine = e};
    br_ns deadline = br_loop_clock(e->loop) + timeout;
    br_timer_start(e->loop, &t.timer, deadline, on_stage_timeout, &t);
    br_vu_call call = {.function = function, .tags = tags, .group = br_str_of(group), .deadline = deadline};
    code = br_vu_run(vu, e->control, &call, data, ret_json, &err);
    br_timer_stop(e->loop, &t.timer);
    br_fiber_uncancel(e->control);
    record_stage_bytes(e, vu);
    br_vu_free(vu);
    tell_stuck(name, code, &err);
    if (code != BR_OK)
        fail_stage(e, name, code, &err, t.expired || br_loop_clock(e->loop) > deadline, timeout);
}

/* The order of life --------------------------------------------------------------------------------- */

static void record_dropped_shared(br_engine *e)
{
    const br_options *o = e->config->options;
    for (size_t i = 0; i < o->scenario_count; i++) {
        const br_scenario *s = &o->scenarios[i];
        int64_t left = s->iterations - atomic_load(&e->shared[i].iterations_started);
        if (s->executor != BR_EXEC_SHARED_ITERATIONS || left <= 0 || e->stopping) continue;
        br_origin origin = {.tags = br_scenario_tags(
                                e->recorder, e->run_tags, s, e->settings.system_tags & ~BR_SYSTEM_TAG(GROUP)),
            .vu = -1,
            .iter = -1};
        br_recorder_add(e->recorder, br_metrics_at(e->config->metrics, BR_M_DROPPED_ITERATIONS),
            (double) left, &origin, NULL, 0, br_clock_wall());
    }
}

static void run_scenarios(br_engine *e)
{
    e->phase = BR_RUN_RUNNING;
    e->start = br_loop_clock(e->loop);
    e->decide_at = e->start + e->config->decide_interval_ns;
    start_ticks(e, e->start); /* slices of time count from here */
    br_workers_begin(e);
    wait_for(e, &e->workers_done, e->worker_count);
    e->stop_at = br_loop_clock(e->loop);
    br_resources_sample(&e->resources); /* connections are still there */
    record_dropped_shared(e);
}

static void collect_rest(br_engine *e)
{
    br_ns at = e->stop_at ? e->stop_at : br_loop_clock(e->loop);
    br_workers_take_shards(e, at);
    collect_own(e, at);
    while (br_collector_outstanding(e->collector))
        pause_control(e);
}

static void control_main(br_fiber *self, void *arg)
{
    br_engine *e = arg;
    e->control = self;
    e->failure = br_workers_start(e, e->err);
    if (e->failure == BR_OK && e->config->interrupted && e->config->interrupted())
        stop_by_signal(e, strsignal(SIGINT));
    if (e->failure == BR_OK) wait_for(e, &e->workers_ready, e->worker_count);
    e->begin = br_loop_clock(e->loop);
    e->begin_wall = br_clock_wall();
    if (e->failure == BR_OK && !e->stopping) {
        e->phase = BR_RUN_SETUP;
        if (!e->config->options->no_setup)
            run_stage(e, "setup", e->config->options->setup_timeout, BR_STR_NONE, &e->setup_data);
        bool setup_done = !e->stopping;
        if (setup_done) run_scenarios(e);
        e->phase = BR_RUN_TEARDOWN;
        if (setup_done && !e->config->options->no_teardown)
            run_stage(e, "teardown", e->config->options->teardown_timeout, e->setup_data, NULL);
    }
    if (e->failure == BR_OK) collect_rest(e);
    if (!e->stop_at) e->stop_at = br_loop_clock(e->loop);
    e->phase = BR_RUN_DONE;
    br_loop_stop(e->loop);
}

/* Building and dropping ----------------------------------------------------------------------------- */

static void fill_settings(br_engine *e)
{
    const br_options *o = e->config->options;
    br_vu_settings *s = &e->settings;
    *s = (br_vu_settings){.metrics = e->config->metrics,
        .user_agent = o->user_agent,
        .system_tags = o->system_tags,
        .throw_errors = o->throw_errors,
        .discard_bodies = o->discard_bodies,
        .no_vu_connection_reuse = o->no_vu_connection_reuse,
        .no_cookies_reset = o->no_cookies_reset,
        .local_ips = &o->local_ips,
        .batch = o->batch,
        .batch_per_host = o->batch_per_host,
        .max_redirects = o->max_redirects >= 0 ? o->max_redirects : 10,
        .max_redirects_set = o->max_redirects >= 0,
        .memory_limit_bytes = e->config->vu_memory_limit_bytes,
        .stack_bytes = e->config->vu_stack_bytes ? e->config->vu_stack_bytes : BR_VU_STACK_DEFAULT,
        .consolidated_options_json = o->consolidated_json,
        .all_options_json = o->all_json,
        .host = &e->host,
        .console_out = e->config->console_out};
    br_engine_host_init(e);
    if (o->rps > 0) {
        s->next_request = &e->next_request;
        s->request_interval = BR_SEC / o->rps;
    }
    br_http_client_config_defaults(&s->http);
    s->http.proxies = &o->proxies;
    if (e->config->max_body_bytes) s->http.max_body_bytes = e->config->max_body_bytes;
    s->http.no_reuse = o->no_connection_reuse;
    s->http.http2 = o->tls.http2;
    if (o->batch > 0) s->http.max_idle = (uint32_t) o->batch;
    if (o->batch_per_host > 0) s->http.max_idle_per_host = (uint32_t) o->batch_per_host;
}

static br_code engine_init(br_engine *e, const br_run_config *config, br_err *err)
{
    *e = (br_engine){.config = config, .err = err, .signal_fd = -1, .signal_watch = BR_WATCH_INIT};
    fill_settings(e);
    br_code code = br_loop_new_as(config->loop, &e->loop, err);
    const br_options *o = config->options;
    if (code == BR_OK) code = br_http_tools_init(&e->tools, e->loop, o->dns_ttl, &o->tls, err);
    if (code != BR_OK) return code;
    br_dns_set_rules(e->tools.dns, &o->host_rules);
    e->fibers = br_fiber_pool_new(e->loop, e->settings.stack_bytes);
    br_recorder_config rc = {.metrics = config->metrics,
        .system_tags = config->options->system_tags,
        .tap = config->tap,
        .tap_ctx = config->tap_ctx};
    e->recorder = br_recorder_new(&rc);
    e->run_tags = br_tags_intern(
        br_recorder_tag_store(e->recorder), config->options->tags, config->options->tag_count);
    int64_t most = br_options_max_vus(config->options);
    e->worker_count = config->workers ? config->workers : br_usable_cores();
    if (e->worker_count > BR_WORKERS_MAX) e->worker_count = BR_WORKERS_MAX;
    if (e->worker_count > most) e->worker_count = most > 0 ? (uint32_t) most : 1;
    e->workers = br_calloc(e->worker_count, sizeof(*e->workers));
    e->shared = br_calloc(config->options->scenario_count + 1, sizeof(*e->shared));
    e->collector = br_collector_new(e);
    e->maker = br_maker_new(e);
    return BR_OK;
}

static void drop_arrivals(br_engine *e, br_scenario_shared *shared)
{
    for (uint32_t i = 0; i < e->worker_count && shared->arrivals; i++)
        br_arrival_free(shared->arrivals[i]);
    br_free(shared->arrivals);
}

static void engine_deinit(br_engine *e)
{
    br_maker_free(e->maker);
    br_collector_free(e->collector);
    for (uint32_t i = 0; i < e->worker_count && e->workers; i++) {
        if (e->workers[i].recorder) br_recorder_free(e->workers[i].recorder);
        br_loop_free(e->workers[i].loop);
        br_hist_deinit(&e->workers[i].start_lag);
    }
    for (size_t k = 0; k < e->config->options->scenario_count && e->shared; k++)
        drop_arrivals(e, &e->shared[k]);
    br_free(e->workers);
    br_free(e->shared);
    br_free((char *) (uintptr_t) e->setup_data.p);
    if (e->recorder) br_recorder_free(e->recorder);
    if (e->fibers) br_fiber_pool_free(e->fibers);
    br_http_tools_deinit(&e->tools);
    if (e->signal_fd >= 0) {
        br_watch_stop(e->loop, &e->signal_watch);
        close(e->signal_fd);
    }
    br_loop_free(e->loop);
}

static void finish(br_engine *e, br_run_result **ret_result, br_exit_code *ret_exit)
{
    char names[1024];
    (void) br_collector_thresholds(e->collector, e->stop_at - e->begin, true, names, sizeof(names));
    if (names[0] && !e->stopping) {
        br_error("thresholds on metrics '%s' have been crossed", names);
        e->exit_code = BR_EXIT_THRESHOLDS;
    }
    if (e->exit_code == BR_EXIT_OK && atomic_load(&e->marked_failed)) e->exit_code = BR_EXIT_MARKED_FAILED;
    br_run_result *r = br_collector_result(e->collector);
    if (r->iterations_complete == 0 && !e->stopping) {
        br_warn("No script iterations fully finished, consider making the test duration longer");
    }
    *ret_result = r;
    *ret_exit = e->exit_code;
}

br_code br_run(const br_run_config *config, br_run_result **ret_result, br_exit_code *ret_exit, br_err *err)
{
    br_engine e;
    sigset_t old;
    sigprocmask(SIG_SETMASK, NULL, &old);
    br_code code = engine_init(&e, config, err);
    if (code == BR_OK) code = watch_signals(&e, &old, err);
    if (code == BR_OK) {
        br_resources_sample(&e.resources); /* the limits, while there are descriptors to read them with */
        start_ticks(&e, br_loop_now(e.loop));
        if (config->on_status)
            br_timer_start(e.loop, &e.status_timer, br_loop_now(e.loop) + config->status_interval_ns,
                on_status_timer, &e);
        br_fiber *fiber;
        code = br_fiber_start(e.fibers, control_main, &e, &fiber, err);
    }
    if (code == BR_OK) {
        br_loop_run(e.loop);
        br_timer_stop(e.loop, &e.second_timer);
        br_timer_stop(e.loop, &e.status_timer);
        tell_status(&e);
        br_maker_free(e.maker);
        e.maker = NULL;
        br_workers_join(&e);
        code = e.failure;
        if (code == BR_OK) finish(&e, ret_result, ret_exit);
    }
    engine_deinit(&e);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return code;
}

/* handleSummary() ----------------------------------------------------------------------------------- */

typedef struct summary_call {
    br_engine *engine;
    br_str data;
    br_run_summary_fn *fn;
    void *ctx;
    br_code code;
} summary_call;

/* No signal is taken over here: whoever watches them is asked. */
static void look_for_signal(br_timer *timer, void *ctx)
{
    br_engine *e = ctx;
    if (e->config->interrupted())
        br_fiber_cancel(e->control);
    else
        br_timer_start(e->loop, timer, br_loop_now(e->loop) + 50 * BR_MS, look_for_signal, e);
}

static void summary_main(br_fiber *self, void *arg)
{
    summary_call *s = arg;
    br_engine *e = s->engine;
    e->control = self;
    br_vu *vu = NULL;
    br_timer look = {0};
    if (e->config->interrupted && !e->config->interrupted()) look_for_signal(&look, e);
    s->code = make_control_vu(e, &vu, e->err);
    if (s->code == BR_OK && !br_program_has_export(e->config->program, BR_STR("handleSummary"))) {
        s->code = BR_ENOTFOUND; /* the init code has run all the same, as in k6 */
        br_vu_free(vu);
    } else if (s->code == BR_OK) {
        stage_timeout t = {.engine = e};
        br_timer_start(e->loop, &t.timer, br_loop_clock(e->loop) + e->config->options->summary_timeout,
            on_stage_timeout, &t);
        s->code = br_vu_handle_summary(vu, self, s->data, s->fn, s->ctx, e->err);
        br_timer_stop(e->loop, &t.timer);
        if (t.expired) {
            tell_stuck("handleSummary", s->code, e->err);
            s->code = br_fail(e->err, BR_ETIMEOUT, "handleSummary() execution timed out after %.0f seconds",
                (double) e->config->options->summary_timeout / 1e9);
        }
        br_vu_free(vu);
    }
    if (s->code == BR_ECANCEL) {
        static const char what[] = "handleSummary() was interrupted by a signal";
        (void) (e->err->msg[0] ? br_wrap(e->err, BR_ECANCEL, "%s", what)
                               : br_fail(e->err, BR_ECANCEL, "%s", what));
    }
    br_timer_stop(e->loop, &look);
    br_loop_stop(e->loop);
}

br_code br_run_handle_summary(
    const br_run_config *config, br_str data_json, br_run_summary_fn *fn, void *ctx, br_err *err)
{
    br_engine e;
    br_code code = engine_init(&e, config, err);
    summary_call s = {.engine = &e, .data = data_json, .fn = fn, .ctx = ctx};
    br_fiber *fiber;
    if (code == BR_OK) code = br_fiber_start(e.fibers, summary_main, &s, &fiber, err);
    if (code == BR_OK) {
        br_loop_run(e.loop);
        code = s.code;
    }
    engine_deinit(&e);
    return code;
}
