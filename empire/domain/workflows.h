/*
 * domain/workflows.h - workflow runs.
 *
 * What: the queries of /orchestrator/... and their answers; the workflow part of /metrics.
 * Why here: the API starts and shows runs; workers (empire/worker/) execute them. A start is one SQL
 * function, wf_start_record() of migration 4: the run and its business record are one transaction. Threads:
 * any. Memory: answers are appended to the caller's buffer (domain/rows.h).
 */
#pragma once
#include "base/buf.h"
#include "empire/db/query.h"

#define EMP_WORKFLOW_TYPE       "daily-control-loop"
#define EMP_WORKFLOW_WEEKLY     "weekly-optimization"
#define EMP_WORKFLOW_VIDEOS     50 /* default */
#define EMP_WORKFLOW_VIDEOS_MAX 1000
#define EMP_WORKFLOW_NAME_MAX   40
#define EMP_WORKFLOW_STEPS_MAX  500 /* shown of a run */

typedef struct emp_workflow_start {
    br_str type;
    int64_t video_count; /* 1 .. EMP_WORKFLOW_VIDEOS_MAX */
    bool dry_run;
    char name[EMP_WORKFLOW_NAME_MAX + 1]; /* one open run per type and name; empty: the day's */
} emp_workflow_start;

/* How many are pending or running, and the 20 newest; tasks that wait for a worker, each kind up to
 * 1000; the workers. */
void emp_workflows_status_query(emp_query *q);
void emp_workflows_status_put(br_buf *out, const emp_result *r);

/* Starts, or finds the open run of that type and name. The answer is its record. */
void emp_workflow_start_query(emp_query *q, const emp_workflow_start *start);

/* A record by id with its steps, a UUID that emp_uuid_is_valid() accepts; no row in the result if there is
 * none. */
void emp_workflow_get_query(emp_query *q, br_str id);
bool emp_uuid_is_valid(br_str s); /* 8-4-4-4-12 hexadecimal digits */

/* {"data":{...}} of the first row: after a start, and with steps. */
void emp_workflow_put(br_buf *out, const emp_result *r);
void emp_workflow_steps_put(br_buf *out, const emp_result *r);
br_str emp_workflow_id(const emp_result *r); /* borrowed from the result */

/* Rows (metric, labels, value) in the order of the page. */
void emp_workflow_metrics_query(emp_query *q);
