/*
 * workflow/replay.h - runs workflow code against a history.
 *
 * What: decide(history) -> commands. Workflow code is a plain function that is run from its beginning each
 * time something happened. It asks for activities and timers by ids of its own choosing; what the history has
 * is answered from there, what it lacks becomes a command and "waiting". Why here: workflow code must do the
 * same for the same history. The helper gives it nothing that could differ: no clock but the start's, no
 * random numbers, no order of arrival. And it checks: a request whose type or input is not the recorded one,
 * or a recorded request that the code no longer makes, fails the decision as non-deterministic, and nothing
 * changes in the run. Parallel work: ask for several activities before returning "waiting"; chains of steps
 * per item are written as a function per item that goes as far as it can. Asking is monotone: what was asked
 * for once is asked for again, with more answers. Threads: one decision, one thread. Memory: results and
 * commands are borrowed from history and arena.
 */
#pragma once
#include "empire/workflow/engine.h"

typedef struct emp_wf emp_wf;

typedef enum emp_wf_state { EMP_WF_WAITING, EMP_WF_DONE, EMP_WF_FAILED } emp_wf_state;

/* Returns without having called complete or fail: waiting. */
typedef void (*emp_workflow_fn)(emp_wf *wf);

typedef struct emp_wf_activity_call {
    const char *name; /* unique in the run */
    const char *kind;
    const char *input; /* JSON */
    const emp_activity_options *options;
} emp_wf_activity_call;

/* For workflow code ---------------------------------------------------------------------------------- */

br_str emp_wf_input(const emp_wf *wf);
br_ns emp_wf_started_at(const emp_wf *wf); /* the only clock: of the run's first event */
br_arena *emp_wf_arena(emp_wf *wf);        /* for texts that live as long as the decision */

/* *ret_payload: the result, or with EMP_WF_FAILED the failure {"message":...}. NULL if nobody wants it. */
emp_wf_state emp_wf_activity(emp_wf *wf, const emp_wf_activity_call *call, br_str *ret_payload);
emp_wf_state emp_wf_timer(emp_wf *wf, const char *name, br_ns delay); /* never EMP_WF_FAILED */
emp_wf_state emp_wf_signal(
    emp_wf *wf, const char *name, br_str *ret_payload); /* the first one of that name */

void emp_wf_complete(emp_wf *wf, const char *result); /* JSON in the arena */
void emp_wf_fail(emp_wf *wf, const char *message);

/* For workers ---------------------------------------------------------------------------------------- */

typedef struct emp_decision {
    const emp_wf_command *commands;
    size_t count;
} emp_decision;

/*
 * A requested cancellation is decided here: the run ends as cancelled, its open activities are dropped.
 * BR_EPROTO with "NON_DETERMINISTIC: ..."; BR_ELIMIT: more than EMP_COMMANDS_MAX commands at once; BR_EINVAL:
 * the history does not begin with a start.
 */
BR_NODISCARD br_code emp_decide(const emp_history *history, emp_workflow_fn run, br_arena *arena,
    emp_decision *ret_decision, br_err *err);
