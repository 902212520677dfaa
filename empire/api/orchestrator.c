#include <inttypes.h>
#include <stdio.h>

#include "base/sha256.h"
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

/* Starts ----------------------------------------------------------------------------------------- */

/* What the client's key stands for: the endpoint and the bytes of the body. */
static void identify(const emp_request *r, emp_workflow_request *ret_request)
{
    br_str key = r->head.idempotency_key;
    br_sha256 hash;
    *ret_request = (emp_workflow_request){.id = ""};
    if (!key.p) return;
    snprintf(ret_request->id, sizeof(ret_request->id), "%s:" BR_FMT, r->holder ? r->holder : "", BR_ARG(key));
    br_sha256_init(&hash);
    br_sha256_feed(&hash, br_str_of(r->route->path));
    br_sha256_feed(&hash, BR_STR("\n"));
    br_sha256_feed(&hash, br_buf_view(&r->body));
    br_sha256_finish(&hash, ret_request->fingerprint);
}

static emp_step begin_start(emp_request *r, emp_start_kind kind)
{
    br_err err;
    emp_workflow_start start;
    emp_workflow_request request;
    if (emp_start_body_parse(br_buf_view(&r->body), kind, &start, &err) != BR_OK) {
        return emp_answer_problem(r, 400, "%s", err.msg);
    }
    identify(r, &request);
    r->state.product_id = start.product_id;
    emp_workflow_start_query(&r->query, &start, &request);
    return EMP_STEP_QUERY;
}

void emp_start_finish(emp_request *r)
{
    switch (emp_workflow_start_outcome(r->query.result)) {
        case EMP_START_OK: break;
        case EMP_START_CONFLICT:
            emp_answer_problem(r, 422, "this Idempotency-Key was used for another request: take a new one");
            return;
        case EMP_START_NO_PRODUCT:
            emp_answer_problem(r, 404, "there is no product %" PRId64, r->state.product_id);
            return;
    }
    emp_answer_json(r);
    r->status = 202;
    snprintf(r->location, sizeof(r->location), "/orchestrator/workflows/" BR_FMT,
        BR_ARG(emp_workflow_started_id(r->query.result)));
    emp_workflow_started_put(&r->out, r->query.result);
}

emp_step emp_orchestrator_start_begin(emp_request *r)
{
    return begin_start(r, EMP_START_WORKFLOW);
}

emp_step emp_sync_begin(emp_request *r)
{
    return begin_start(r, EMP_START_SYNC);
}

emp_step emp_script_begin(emp_request *r)
{
    return begin_start(r, EMP_START_SCRIPT);
}

emp_step emp_video_begin(emp_request *r)
{
    return begin_start(r, EMP_START_VIDEO);
}

emp_step emp_publish_begin(emp_request *r)
{
    return begin_start(r, EMP_START_PUBLISH);
}

emp_step emp_optimize_begin(emp_request *r)
{
    return begin_start(r, EMP_START_OPTIMIZE);
}

/* One run ------------------------------------------------------------------------------------------ */

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
