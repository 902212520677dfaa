/*
 * empire/options.h - the command line and the environment of empire.
 *
 * What: which command, with which settings; flags go before environment variables, those before defaults.
 * Why here: one table of flags per command, strict about what it does not know.
 * Threads: main only.
 * Memory: texts are borrowed from argv and the environment.
 */
#pragma once
#include <stdint.h>
#include "base/clock.h"
#include "base/err.h"

typedef enum emp_command {
    EMP_CMD_API,
    EMP_CMD_AUTOSCALE,
    EMP_CMD_WORKER,
    EMP_CMD_STUB,
    EMP_CMD_MIGRATE,
    EMP_CMD_SEED,
    EMP_CMD_KEY,
    EMP_CMD_SCHEDULE_LIST, /* in one row: the help of one is that of all */
    EMP_CMD_SCHEDULE_SET,
    EMP_CMD_SCHEDULE_PAUSE,
    EMP_CMD_SCHEDULE_RESUME,
    EMP_CMD_SCHEDULE_TRIGGER,
    EMP_CMD_SCHEDULE_DELETE,
    EMP_CMD_WORKFLOW_LIST,
    EMP_CMD_WORKFLOW_SHOW,
    EMP_CMD_WORKFLOW_CANCEL,
    EMP_CMD_WORKFLOW_TERMINATE,
    EMP_CMD_VERSION,
    EMP_CMD_HELP
} emp_command;

#define EMP_NO_ADMIN_PORT (-1)

typedef struct emp_options {
    emp_command command;
    emp_command help_for; /* EMP_CMD_HELP: of which command; EMP_CMD_HELP itself: of the program */
    const char *database_url;
    /* api */
    const char *host;
    int64_t port;
    int64_t connections, kept, queue, threads, max_connections;
    int64_t depth;
    int64_t admin_port;                  /* control port; EMP_NO_ADMIN_PORT: none */
    const char *faults;                  /* on demand; NULL: none */
    int64_t held_mb;                     /* bodies and answers at once */
    int64_t max_per_address;             /* connections; 0: no limit */
    br_ns idle_timeout, request_timeout; /* of HTTP connections */
    br_ns wait_timeout, query_timeout;
    bool access_log;
    int64_t rate_limit;   /* requests a minute and client; 0: no limit */
    bool trust_forwarded; /* clients by X-Forwarded-For */
    const char *api_keys; /* NULL: none */
    br_ns answers_keep;   /* of overview and top products; 0: not kept */
    /* autoscale, besides those of api */
    int64_t scale_min, scale_max;
    int64_t scale_cpu;    /* per cent of a core */
    int64_t scale_memory; /* per cent of memory_limit */
    int64_t memory_limit; /* MB */
    br_ns scale_interval, up_pause, down_pause;
    br_ns health_interval, health_timeout, health_grace;
    /* migrate */
    const char *grant_to; /* NULL: nobody */
    /* key */
    const char *key_name;
    /* schedule and workflow */
    const char *id;              /* of a schedule, of a run or of a workflow */
    const char *cron, *type;     /* type also: of runs that are listed; NULL: not given */
    const char *status, *reason; /* NULL: not given */
    int64_t videos, limit;
    br_ns catch_up;
    bool dry_run;
    /* worker */
    int64_t processes, max_workflow_tasks, max_activities, keep_days, niceness;
    br_ns grace, provider_timeout, breaker_pause;
    const char *ai_url, *ai_key, *ai_model;
    const char *feed_url, *analytics_url;
    const char *publish_tiktok, *publish_youtube, *publish_instagram, *publish_facebook;
    const char *ffmpeg, *video_dir;
    /* stub */
    br_ns latency; /* and rate_limit, in all */
    int64_t fail_every;
    /* seed; products also: of the stub's feed */
    int64_t products, days;
    bool reset;
} emp_options;

/* `env` is getenv, or a test's. BR_EINVAL with a message for the user. */
BR_NODISCARD br_code emp_options_parse(
    int argc, char *const *argv, char *(*env)(const char *name), emp_options *ret_options, br_err *err);

/* The text of `empire --help` or of `empire COMMAND --help`. */
const char *emp_usage(emp_command command);
