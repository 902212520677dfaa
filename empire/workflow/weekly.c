#include <jansson.h>

#include "empire/workflow/registry.h"

static emp_wf_state ask(
    emp_wf *wf, const char *name, const char *kind, const char *input, br_str *ret_payload)
{
    const emp_wf_activity_call call = {name, kind, input, emp_activity_options_of(kind)};
    return emp_wf_activity(wf, &call, ret_payload);
}

void emp_workflow_weekly(emp_wf *wf)
{
    br_str text = emp_wf_input(wf), result;
    json_t *root = json_loadb(text.p, text.n, 0, NULL);
    bool dry_run = json_is_true(json_object_get(root, "dryRun"));
    json_decref(root);
    const char *input = dry_run ? "{\"dryRun\":true,\"kind\":\"weekly\"}"
                                : "{\"dryRun\":false,\"kind\":\"weekly\"}";
    if (ask(wf, "analytics", EMP_ACT_COLLECT, input, NULL) == EMP_WF_WAITING)
        return; /* old figures will do */
    switch (ask(wf, "optimize", EMP_ACT_OPTIMIZE, input, &result)) {
        case EMP_WF_WAITING: return;
        case EMP_WF_FAILED: emp_wf_fail(wf, "there is no recommendation"); return;
        case EMP_WF_DONE: emp_wf_complete(wf, br_arena_cstr(emp_wf_arena(wf), result)); return;
    }
}
