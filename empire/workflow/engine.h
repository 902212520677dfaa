/*
 * workflow/engine.h - the port to a workflow engine.
 *
 * What: what a client and a worker need of an engine, as a struct of functions; Temporal's vocabulary.
 * Why here: workers and workflow code see only this. Adapters: PostgreSQL (postgres.h), memory with a virtual
 *     clock (memory.h); one conformance test runs against both, so that a further one can follow.
 * Threads: one engine, one thread.
 * Memory: tasks are filled in by a poll and freed by emp_*_task_deinit(); a decision task's history is the
 *     engine's, valid until the task was answered or the next poll.
 * Invariants: at most one decision task per run is out. A task belongs to whoever has its lease; an answer
 * with an old one is not accepted and changes nothing. An activity's attempts are the engine's business: only
 *     its end is in the history.
 * Errors: BR_EDIAL, BR_ETIMEOUT: the store is away, try again later; BR_EIO: it refused. After either, a task
 * may have been answered or not: the lease decides when it is tried again.
 */
#pragma once
#include "base/err.h"
#include "base/vec.h"
#include "empire/workflow/cron.h"
#include "empire/workflow/history.h"
#include "empire/workflow/retry.h"

#define EMP_TASK_QUEUE         "daily-control-loop"
#define EMP_UUID_SIZE          37 /* with the closing NUL */
#define EMP_NAME_MAX           96 /* of ids of activities and timers, with the NUL */
#define EMP_KIND_MAX           48 /* of types */
#define EMP_PAYLOAD_MAX        ((size_t) 256 * 1024)
#define EMP_COMMANDS_MAX       4000
#define EMP_POLL_MAX           256
#define EMP_DECISION_LEASE     (10 * BR_SEC)
#define EMP_DECISION_RETRY_MAX (60 * BR_SEC)
#define EMP_RUN_TIMEOUT        (24 * 3600 * BR_SEC) /* of scheduled runs, and of those of the API */
#define EMP_WORKFLOW_ID_MAX    128                  /* with the NUL, as all of these */
#define EMP_SCHEDULE_ID_MAX    64
#define EMP_SCHEDULE_INPUT_MAX 256
#define EMP_LIST_MAX           1000

typedef struct emp_run_start {
    const char *workflow_id; /* at most one run of it is open */
    const char *type;
    const char *queue;
    const char *input;      /* JSON */
    const char *request_id; /* NULL: none. The same one gives the same run. */
    br_ns timeout;          /* of the run */
} emp_run_start;

typedef enum emp_run_status {
    EMP_RUN_RUNNING,
    EMP_RUN_COMPLETED,
    EMP_RUN_FAILED,
    EMP_RUN_CANCELLED,
    EMP_RUN_TERMINATED,
    EMP_RUN_TIMED_OUT,
} emp_run_status;

/* What a list shows of a run. */
typedef struct emp_run_info {
    char run_id[EMP_UUID_SIZE], workflow_id[EMP_WORKFLOW_ID_MAX], type[EMP_KIND_MAX];
    emp_run_status status;
    br_ns started_at, closed_at; /* since 1970-01-01 UTC; closed_at 0: it is open */
} emp_run_info;

typedef BR_VEC(emp_run_info) emp_run_list;

typedef struct emp_run_filter {
    const char *workflow_id, *type; /* NULL: any */
    int status;                     /* an emp_run_status; -1: any */
    size_t max;                     /* 1 .. EMP_LIST_MAX */
} emp_run_filter;

/*
 * A schedule starts runs of a type at the times of a cron text (cron.h). Their workflow id is the schedule's
 * with the due day, "daily-control-loop-2026-11-26", as that of a start by hand: the same day twice gives the
 * run that is open. Overlap policy: skip; while the run it has started is open, due actions are counted and
 * not taken. What was due while no worker lived is taken if that is no longer ago than `catch_up`, once.
 */
typedef struct emp_schedule {
    char id[EMP_SCHEDULE_ID_MAX], type[EMP_KIND_MAX], cron[EMP_CRON_MAX];
    char input[EMP_SCHEDULE_INPUT_MAX]; /* JSON */
    br_ns catch_up;
    /* The engine's; not read by schedule_set. */
    bool is_paused;
    br_ns next_at, last_at;           /* since 1970-01-01 UTC; 0: none */
    char last_run[EMP_UUID_SIZE];     /* empty: none yet */
    int64_t started, skipped, missed; /* actions; missed: over the catch-up window */
} emp_schedule;

typedef BR_VEC(emp_schedule) emp_schedule_list;

typedef struct emp_decision_task {
    int64_t task_id;
    char lease[EMP_UUID_SIZE], run_id[EMP_UUID_SIZE];
    int attempt;
    br_ns waited; /* from scheduled to claimed */
    char type[EMP_KIND_MAX];
    const emp_history *history;
} emp_decision_task;

typedef struct emp_activity_options {
    emp_retry_policy retry;
    br_ns start_to_close; /* of one attempt */
    br_ns heartbeat;      /* the lease: without a sign of life for so long, the attempt is lost */
} emp_activity_options;

typedef struct emp_activity_task {
    int64_t task_id;
    char lease[EMP_UUID_SIZE], run_id[EMP_UUID_SIZE];
    char name[EMP_NAME_MAX], kind[EMP_KIND_MAX];
    char *input;
    int attempt;
    br_ns waited;
    emp_activity_options options;
} emp_activity_task;

/* Of type EMP_EV_ACTIVITY, EMP_EV_TIMER, EMP_EV_COMPLETED, EMP_EV_FAILED or EMP_EV_CANCELLED. */
typedef struct emp_wf_command {
    emp_event_type type;
    const char *name, *kind, *payload; /* NULL where they make no sense */
    emp_activity_options options;
    br_ns delay;
} emp_wf_command;

typedef struct emp_decision_answer {
    const emp_decision_task *task;
    const emp_wf_command *commands;
    size_t count;
    const char *failure; /* not NULL: JSON, why it could not decide; `commands` do not count */
    bool accepted;       /* out */
} emp_decision_answer;

typedef enum emp_activity_outcome {
    EMP_ACTIVITY_DONE,     /* payload: result */
    EMP_ACTIVITY_RETRY,    /* payload: failure; the engine tries again while the policy allows */
    EMP_ACTIVITY_FAILED,   /* payload: failure; trying again makes no sense */
    EMP_ACTIVITY_RELEASED, /* not executed: to be claimed by another, the attempt does not count */
} emp_activity_outcome;

typedef struct emp_activity_answer {
    const emp_activity_task *task;
    emp_activity_outcome outcome;
    const char *payload; /* JSON */
    br_ns retry_after;   /* EMP_ACTIVITY_RETRY: not before; 0: as the policy says */
    bool accepted;       /* out */
} emp_activity_answer;

typedef struct emp_beat {
    const emp_activity_task *task;
    bool alive; /* out; false: the lease is lost or the time is over, the attempt must end */
} emp_beat;

typedef struct emp_engine emp_engine;
struct emp_engine {
    /* For clients. *ret_is_new false: it runs already, or the request was seen before. */
    br_code (*start)(emp_engine *e, const emp_run_start *start, char ret_run_id[EMP_UUID_SIZE],
        bool *ret_is_new, br_err *err);
    /* BR_ENOTFOUND. */
    br_code (*describe)(emp_engine *e, const char *run_id, emp_run_status *ret_status, br_err *err);
    /* Appends to an empty history. BR_ENOTFOUND. */
    br_code (*history)(emp_engine *e, const char *run_id, emp_history *to, br_err *err);
    /* EMP_EV_CANCEL_REQUESTED, EMP_EV_SIGNALLED (name, payload) or EMP_EV_TERMINATED. BR_ENOTFOUND: not open.
     */
    br_code (*tell)(emp_engine *e, const char *run_id, emp_event_type what, const char *name,
        const char *payload, br_err *err);

    /* Appends the newest runs to `to`, newest first. */
    br_code (*list)(emp_engine *e, const emp_run_filter *filter, emp_run_list *to, br_err *err);

    /* Makes a schedule, paused, or changes one, which keeps its state and its counts. BR_EINVAL: the times.
     */
    br_code (*schedule_set)(emp_engine *e, const emp_schedule *schedule, br_err *err);
    /* Paused schedules are never due; what they would have done meanwhile is not made up. BR_ENOTFOUND. */
    br_code (*schedule_pause)(emp_engine *e, const char *id, bool is_paused, br_err *err);
    /* An action out of turn, also of a paused schedule; the policies hold. BR_ENOTFOUND. */
    br_code (*schedule_trigger)(
        emp_engine *e, const char *id, char ret_run_id[EMP_UUID_SIZE], bool *ret_is_new, br_err *err);
    br_code (*schedule_delete)(emp_engine *e, const char *id, br_err *err); /* runs stay. BR_ENOTFOUND */
    /* Appends all schedules to `to`, by id. */
    br_code (*schedule_list)(emp_engine *e, emp_schedule_list *to, br_err *err);

    /* For workers. A poll does not wait; up to `max` (<= EMP_POLL_MAX) tasks. */
    br_code (*poll_decisions)(emp_engine *e, const char *queue, const char *worker, emp_decision_task *tasks,
        size_t max, size_t *ret_count, br_err *err);
    br_code (*answer_decisions)(
        emp_engine *e, const char *worker, emp_decision_answer *answers, size_t count, br_err *err);
    br_code (*poll_activities)(emp_engine *e, const char *queue, const char *worker, emp_activity_task *tasks,
        size_t max, size_t *ret_count, br_err *err);
    br_code (*answer_activities)(
        emp_engine *e, const char *worker, emp_activity_answer *answers, size_t count, br_err *err);
    br_code (*beat)(emp_engine *e, emp_beat *beats, size_t count, br_err *err);
    /* Fires timers, takes due actions of schedules, ends what is over its time. Any worker, every half second
     * or so. */
    br_code (*sweep)(emp_engine *e, br_err *err);
    void (*free)(emp_engine *e);
};

void emp_activity_task_deinit(emp_activity_task *task);

/* "running", "timed_out" and so on, as they are stored; -1 for another text. */
const char *emp_run_status_name(emp_run_status status);
int emp_run_status_of(br_str name);

/* "schedule-2026-11-26", of the day (UTC) of `at`. */
void emp_schedule_workflow_id(const char *schedule_id, br_ns at, char ret_id[EMP_WORKFLOW_ID_MAX]);
