#include <jansson.h>

#include "base/buf.h"
#include "empire/workflow/registry.h"

/* {"message":...} of a failed step, for the run's own failure. */
static const char *message_of(emp_wf *wf, br_str failure)
{
    json_t *root = json_loadb(failure.p, failure.n, 0, NULL);
    const char *text = json_string_value(json_object_get(root, "message"));
    const char *copy = br_arena_cstr(emp_wf_arena(wf), br_str_of(text ? text : "the step failed"));
    json_decref(root);
    return copy;
}

/* The run is one step: its input is the step's, its end the step's. */
static void run_step(emp_wf *wf, const char *name, const char *kind)
{
    br_str result;
    const char *input = br_arena_cstr(emp_wf_arena(wf), emp_wf_input(wf));
    const emp_wf_activity_call call = {name, kind, input, emp_activity_options_of(kind)};
    switch (emp_wf_activity(wf, &call, &result)) {
        case EMP_WF_WAITING: return;
        case EMP_WF_FAILED: emp_wf_fail(wf, message_of(wf, result)); return;
        case EMP_WF_DONE: emp_wf_complete(wf, br_arena_cstr(emp_wf_arena(wf), result)); return;
    }
}

void emp_workflow_sync(emp_wf *wf)
{
    run_step(wf, "sync", EMP_ACT_SYNC);
}

void emp_workflow_script(emp_wf *wf)
{
    run_step(wf, "script", EMP_ACT_SCRIPT);
}

void emp_workflow_video(emp_wf *wf)
{
    run_step(wf, "video", EMP_ACT_VIDEO);
}

void emp_workflow_publication(emp_wf *wf)
{
    run_step(wf, "publish", EMP_ACT_PUBLISH);
}
