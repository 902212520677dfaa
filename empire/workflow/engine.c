#include "empire/workflow/engine.h"

#include <stdio.h>
#include <time.h>

#include "base/mem.h"

void emp_activity_task_deinit(emp_activity_task *task)
{
    br_free(task->input);
    task->input = NULL;
}

static const char *const status_names[] = {
    "running", "completed", "failed", "cancelled", "terminated", "timed_out"};

const char *emp_run_status_name(emp_run_status status)
{
    return status_names[status];
}

int emp_run_status_of(br_str name)
{
    for (size_t i = 0; i < BR_COUNT_OF(status_names); i++) {
        if (br_str_is(name, status_names[i])) return (int) i;
    }
    return -1;
}

void emp_schedule_workflow_id(const char *schedule_id, br_ns at, char ret_id[EMP_WORKFLOW_ID_MAX])
{
    struct tm day;
    const time_t seconds = (time_t) (at / BR_SEC);
    gmtime_r(&seconds, &day);
    snprintf(ret_id, EMP_WORKFLOW_ID_MAX, "%s-%04d-%02d-%02d", schedule_id, day.tm_year + 1900,
        day.tm_mon + 1, day.tm_mday);
}
