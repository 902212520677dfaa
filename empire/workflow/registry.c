#include "empire/workflow/registry.h"

#include "base/assert.h"

static const struct {
    const char *type;
    emp_workflow_fn run;
} workflows[] = {
    {EMP_WF_DAILY, emp_workflow_daily},
    {EMP_WF_WEEKLY, emp_workflow_weekly},
    {EMP_WF_SYNC, emp_workflow_sync},
    {EMP_WF_SCRIPT, emp_workflow_script},
    {EMP_WF_VIDEO, emp_workflow_video},
    {EMP_WF_PUBLISH, emp_workflow_publication},
};

/* Attempts: 10 over about six minutes, enough for a provider that is away for a few of them. */
#define RETRY                                                                                                \
    {                                                                                                        \
        10, BR_SEC, 2, 60 * BR_SEC                                                                           \
    }
#define HEARTBEAT (30 * BR_SEC)

static const struct {
    const char *kind;
    emp_activity_options options;
} activities[] = {
    {EMP_ACT_SYNC, {RETRY, 5 * 60 * BR_SEC, HEARTBEAT}},
    {EMP_ACT_RANK, {RETRY, 60 * BR_SEC, HEARTBEAT}},
    {EMP_ACT_SCRIPT, {RETRY, 60 * BR_SEC, HEARTBEAT}},
    {EMP_ACT_VIDEO, {{3, BR_SEC, 2, 60 * BR_SEC}, 5 * 60 * BR_SEC, HEARTBEAT}},
    {EMP_ACT_PUBLISH, {RETRY, 60 * BR_SEC, HEARTBEAT}},
    {EMP_ACT_COLLECT, {RETRY, 5 * 60 * BR_SEC, HEARTBEAT}},
    {EMP_ACT_OPTIMIZE, {RETRY, 60 * BR_SEC, HEARTBEAT}},
};

emp_workflow_fn emp_workflow_find(const char *type)
{
    for (size_t i = 0; i < BR_COUNT_OF(workflows); i++) {
        if (strcmp(workflows[i].type, type) == 0) return workflows[i].run;
    }
    return NULL;
}

const emp_activity_options *emp_activity_options_of(const char *kind)
{
    for (size_t i = 0; i < BR_COUNT_OF(activities); i++) {
        if (strcmp(activities[i].kind, kind) == 0) return &activities[i].options;
    }
    BR_UNREACHABLE("an activity without options");
}
