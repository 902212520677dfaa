#include "empire/work.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "empire/db/migrate.h"
#include "empire/faults/control.h"
#include "empire/stub/stub.h"
#include "empire/worker/worker.h"
#include "empire/workflow/engine.h"

#define VIDEO_SECONDS    3
#define VIDEO_TIME_LIMIT (60 * BR_SEC)
#define QUERY_TIMEOUT    (10 * BR_SEC)

static emp_provider_config provider_of(const emp_options *o, const emp_faults *faults)
{
    return (emp_provider_config){
        .urls = {[EMP_SERVICE_AI] = o->ai_url,
            [EMP_SERVICE_FEED] = o->feed_url,
            [EMP_SERVICE_ANALYTICS] = o->analytics_url,
            [EMP_SERVICE_TIKTOK] = o->publish_tiktok,
            [EMP_SERVICE_YOUTUBE] = o->publish_youtube,
            [EMP_SERVICE_INSTAGRAM] = o->publish_instagram,
            [EMP_SERVICE_FACEBOOK] = o->publish_facebook},
        .ai_key = o->ai_key,
        .ai_model = o->ai_model,
        .timeout = o->provider_timeout,
        .breaker_failures = EMP_BREAKER_FAILURES,
        .breaker_pause = o->breaker_pause,
        .faults = faults,
    };
}

static br_code check_urls(const emp_provider_config *p, br_err *err)
{
    for (int i = 0; i < EMP_SERVICE_COUNT; i++) {
        if (p->urls[i] && !emp_http_url_is_valid(p->urls[i]))
            return br_fail(err, BR_EINVAL, "the address of '%s' is not http://host/... or https://host/...",
                emp_service_name((emp_service) i));
    }
    return BR_OK;
}

static br_code check_folder(const char *folder, br_err *err)
{
    struct stat st;
    if (!folder) return BR_OK;
    if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode) || access(folder, W_OK) != 0)
        return br_fail(err, BR_EINVAL,
            "%s is not a folder that can be written to: make it, or correct VIDEO_DIR", folder);
    return BR_OK;
}

static void poll_control(void *ctx)
{
    emp_control_poll(ctx);
}

/* One process runs by itself, unless there is a control port: that is the supervisor's. */
static br_code run_workers(const emp_options *o, emp_worker_config *config, emp_faults *faults, br_err *err)
{
    const emp_control_config control_config = {
        .port = (uint16_t) o->admin_port, .is_polled = true, .faults = faults};
    emp_control *control = NULL;
    if (o->admin_port == EMP_NO_ADMIN_PORT && o->processes == 1) return emp_worker_run(config, err);
    br_code rc = o->admin_port == EMP_NO_ADMIN_PORT ? BR_OK
                                                    : emp_control_start(&control_config, &control, err);
    if (rc != BR_OK) return rc;
    if (control) config->tick = poll_control, config->tick_ctx = control;
    rc = emp_supervisor_run(config, (int) o->processes, err);
    emp_control_stop(control);
    return rc;
}

br_code emp_work_run(const emp_options *o, br_err *err)
{
    emp_faults *faults = NULL;
    br_code rc = emp_faults_open(o->faults, &faults, err);
    if (rc != BR_OK) return rc;
    emp_worker_config config = {
        .database_url = o->database_url,
        .queue = EMP_TASK_QUEUE,
        .max_workflow_tasks = (int) o->max_workflow_tasks,
        .max_activities = (int) o->max_activities,
        .niceness = (int) o->niceness,
        .keep_days = (int) o->keep_days,
        .grace = o->grace,
        .query_timeout = QUERY_TIMEOUT,
        .provider = provider_of(o, faults),
        .faults = faults,
        .video = {o->ffmpeg, o->video_dir, VIDEO_TIME_LIMIT, VIDEO_SECONDS},
    };
    if (o->ai_key) br_log_hide(br_str_of(o->ai_key));
    rc = check_urls(&config.provider, err);
    if (rc == BR_OK) rc = check_folder(o->video_dir, err);
    if (rc == BR_OK) rc = emp_migrate_check_url(o->database_url, err);
    if (rc != BR_OK) return rc;
    return run_workers(o, &config, faults, err);
}

br_code emp_stub_run(const emp_options *o, br_err *err)
{
    const emp_stub_config config = {
        (uint16_t) o->port, o->latency / BR_MS, o->fail_every, o->rate_limit, o->products};
    emp_stub *stub = NULL;
    uint16_t port = 0;
    int number = 0;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    br_code rc = emp_stub_start(&config, &stub, &port, err);
    if (rc != BR_OK) return rc;
    br_info("stub: listening on http://127.0.0.1:%u", port);
    while (sigwait(&set, &number) != 0) {
    }
    emp_stub_stop(stub);
    return BR_OK;
}
