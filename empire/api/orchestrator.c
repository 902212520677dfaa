#include <stdio.h>

#include "empire/api/routes.h"
#include "empire/api/start_body.h"

emp_step emp_orchestrator_status_begin(emp_request *r)
{
    emp_workflows_status_query(&r->query);
    return EMP_STEP_QUERY;
}

void emp_orchestrator_status_finish(emp_request *r)
{
    emp_answer_json(r);
    emp_workflows_status_put(&r->out, r->query.result);
}

emp_step emp_orchestrator_start_begin(emp_request *r)
{
    br_err err;
    emp_workflow_start start;
    if (emp_start_body_parse(br_buf_view(&r->body), &start, &err) != BR_OK) {
        return emp_answer_problem(r, 400, "%s", err.msg);
    }
    emp_workflow_start_query(&r->query, &start);
    return EMP_STEP_QUERY;
}

void emp_orchestrator_start_finish(emp_request *r)
{
    emp_answer_json(r);
    r->status = 202;
    snprintf(r->location, sizeof(r->location), "/orchestrator/workflows/" BR_FMT,
        BR_ARG(emp_workflow_id(r->query.result)));
    emp_workflow_put(&r->out, r->query.result);
}

emp_step emp_orchestrator_workflow_begin(emp_request *r)
{
    if (!emp_uuid_is_valid(r->segment))
        return emp_answer_problem(r, 404, "there is no such workflow: not an id");
    emp_workflow_get_query(&r->query, r->segment);
    return EMP_STEP_QUERY;
}

void emp_orchestrator_workflow_finish(emp_request *r)
{
    if (emp_result_rows(r->query.result) == 0) {
        emp_answer_problem(r, 404, "there is no such workflow");
        return;
    }
    emp_answer_json(r);
    emp_workflow_steps_put(&r->out, r->query.result);
}
