#include "empire/workflow/engine.h"

#include "base/mem.h"

void emp_activity_task_deinit(emp_activity_task *task)
{
    br_free(task->input);
    task->input = NULL;
}
