/*
 * worker/slots.h - the places where activities are executed.
 *
 * What: up to `max` threads, started when they are first needed; each executes one activity at a time.
 * Why here: activities wait for the outside; the worker's loop must not.
 * Threads: the owner's thread calls everything; slot threads execute. A slot belongs to the thread from
 *     emp_slots_run() until emp_slots_done() hands it out, then to the owner again.
 * Memory: the task is taken; emp_slots_release() frees it and the result.
 */
#pragma once
#include "empire/worker/activities.h"

typedef struct emp_slots emp_slots;

typedef struct emp_slot_job {
    emp_activity_task task;
    emp_activity_result result; /* when it is done */
    br_ns began, ended;
    bool is_lost; /* the owner's: the lease went to another, nobody wants the result */
    struct emp_slot_job *_next;
    bool _done, _used;
} emp_slot_job;

emp_slots *emp_slots_new(const emp_activity_world *world, size_t max);
/* Ends the idle threads and frees. Asserts that no slot is in use. */
void emp_slots_free(emp_slots *s);

size_t emp_slots_used(const emp_slots *s);
size_t emp_slots_idle(const emp_slots *s);

/* Takes the task. BR_ELIMIT: no thread can be started; the task is still the caller's. There must be a free
 * slot. */
BR_NODISCARD br_code emp_slots_run(emp_slots *s, const emp_activity_task *task);

/* Finished ones, up to `max`; they stay in use until released. A job is handed out once. */
size_t emp_slots_done(emp_slots *s, emp_slot_job **jobs, size_t max);
void emp_slots_release(emp_slots *s, emp_slot_job *job);

/* All that are being executed, up to `max`: for heartbeats. */
size_t emp_slots_running(emp_slots *s, emp_slot_job **jobs, size_t max);

/* Readable when something is done. */
int emp_slots_fd(const emp_slots *s);
