/*
 * workflow/history.h - what happened in a run.
 *
 * What: the events of a run in order, with the numbers of Temporal's event types.
 * Why here: the one thing that workflow code decides from, the same for all engines.
 * Threads: one history, one thread.
 * Memory: texts lie in the history's arena until deinit.
 * Invariants: append-only; event ids rise by one from 1, so events[i].id == i + 1.
 */
#pragma once
#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/vec.h"

typedef enum emp_event_type {
    EMP_EV_STARTED = 1,          /* kind: workflow type; payload: input */
    EMP_EV_COMPLETED = 2,        /* payload: result */
    EMP_EV_FAILED = 3,           /* payload: failure */
    EMP_EV_TIMED_OUT = 4,        /* over its deadline */
    EMP_EV_DECIDED = 7,          /* ref: the last event that the decision saw */
    EMP_EV_DECISION_FAILED = 9,  /* payload: why, for example code that does not fit the history */
    EMP_EV_ACTIVITY = 10,        /* scheduled. name: activity id; kind: activity type; payload: input */
    EMP_EV_ACTIVITY_DONE = 12,   /* ref: its event 10; payload: result */
    EMP_EV_ACTIVITY_FAILED = 13, /* ref: its event 10; payload: failure of the last attempt */
    EMP_EV_ACTIVITY_TIMED_OUT = 14,
    EMP_EV_TIMER = 17,       /* started. name: timer id */
    EMP_EV_TIMER_FIRED = 18, /* ref: its event 17 */
    EMP_EV_CANCEL_REQUESTED = 20,
    EMP_EV_CANCELLED = 21,
    EMP_EV_SIGNALLED = 26, /* name, payload */
    EMP_EV_TERMINATED = 27,
} emp_event_type;

typedef struct emp_event {
    int id;
    emp_event_type type;
    int ref; /* 0: none */
    int attempt;
    br_ns at;                   /* since 1970-01-01 UTC */
    br_str name, kind, payload; /* payload: JSON text, empty if none */
} emp_event;

typedef struct emp_history {
    BR_VEC(emp_event) events;
    br_arena arena;
} emp_history;

void emp_history_init(emp_history *h);
void emp_history_deinit(emp_history *h);

/* Copies the event to the end and gives it the next id, which it returns. */
int emp_history_add(emp_history *h, const emp_event *event);

/* "ActivityTaskCompleted" and so on, as Temporal writes them; "Unknown" for other numbers. */
const char *emp_event_name(emp_event_type type);
