/*
 * worker/worker.h - one worker process.
 *
 * What: claims decision and activity tasks, decides, executes, answers, keeps leases alive, sweeps.
 * Why here: everything between the engine's port and the activities. One loop thread talks to the engine, in
 *     batches; activities run in slots.
 * Threads: emp_worker_run() is the loop; signals SIGTERM and SIGINT are blocked and read from a descriptor.
 *
 * A turn of the loop: hand in what the slots have done; claim and decide decision tasks; claim as many
 * activities as there are free slots; every 10 s heartbeats, every second the worker's row, every half second
 * a sweep; then wait for a notification, a slot, a signal or 0.5 to 1 s. Notifications are hints; the polling
 * finds everything.
 *
 * At the end it claims nothing any more, waits up to `grace` for the slots, hands in what they did and
 * releases the leases of the rest, so that others take them at once.
 */
#pragma once
#include "empire/provider/provider.h"
#include "empire/provider/video.h"

typedef struct emp_worker_config {
    const char *database_url;
    const char *queue;
    int max_workflow_tasks; /* decided per claim */
    int max_activities;     /* slots */
    int niceness;           /* of the process, 0 to 19; what it has already if that is more */
    int keep_days;          /* closed runs are forgotten after so many */
    br_ns grace;
    br_ns query_timeout;
    emp_provider_config provider;
    emp_video_config video;
    const emp_faults *faults; /* in memory that the processes share; NULL: none */
    void (*tick)(void *ctx);  /* the supervisor calls it many times a second; NULL: nothing to do */
    void *tick_ctx;
} emp_worker_config;

/* Runs until a signal. A database that is away is waited for. */
BR_NODISCARD br_code emp_worker_run(const emp_worker_config *config, br_err *err);

/* `processes` workers as children; one that ends is started again. Until a signal, which they get too. */
BR_NODISCARD br_code emp_supervisor_run(const emp_worker_config *config, int processes, br_err *err);
