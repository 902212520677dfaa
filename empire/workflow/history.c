#include "empire/workflow/history.h"

#define CHUNK_BYTES ((size_t) 4096)

void emp_history_init(emp_history *h)
{
    memset(h, 0, sizeof(*h));
    br_arena_init(&h->arena, CHUNK_BYTES);
}

void emp_history_deinit(emp_history *h)
{
    br_vec_deinit(&h->events);
    br_arena_deinit(&h->arena);
}

int emp_history_add(emp_history *h, const emp_event *event)
{
    emp_event *e = br_vec_push(&h->events);
    *e = *event;
    e->id = (int) h->events.len;
    e->name = br_arena_str(&h->arena, event->name);
    e->kind = br_arena_str(&h->arena, event->kind);
    e->payload = br_arena_str(&h->arena, event->payload);
    return e->id;
}

const char *emp_event_name(emp_event_type type)
{
    switch (type) {
        case EMP_EV_STARTED: return "WorkflowExecutionStarted";
        case EMP_EV_COMPLETED: return "WorkflowExecutionCompleted";
        case EMP_EV_FAILED: return "WorkflowExecutionFailed";
        case EMP_EV_TIMED_OUT: return "WorkflowExecutionTimedOut";
        case EMP_EV_DECIDED: return "WorkflowTaskCompleted";
        case EMP_EV_DECISION_FAILED: return "WorkflowTaskFailed";
        case EMP_EV_ACTIVITY: return "ActivityTaskScheduled";
        case EMP_EV_ACTIVITY_DONE: return "ActivityTaskCompleted";
        case EMP_EV_ACTIVITY_FAILED: return "ActivityTaskFailed";
        case EMP_EV_ACTIVITY_TIMED_OUT: return "ActivityTaskTimedOut";
        case EMP_EV_TIMER: return "TimerStarted";
        case EMP_EV_TIMER_FIRED: return "TimerFired";
        case EMP_EV_CANCEL_REQUESTED: return "WorkflowExecutionCancelRequested";
        case EMP_EV_CANCELLED: return "WorkflowExecutionCanceled";
        case EMP_EV_SIGNALLED: return "WorkflowExecutionSignaled";
        case EMP_EV_TERMINATED: return "WorkflowExecutionTerminated";
    }
    return "Unknown";
}
