/*
 * domain/workflows.h - workflow runs.
 *
 * What: the queries of /orchestrator/... and their answers.
 * Why here: a start is recorded as a row with status "pending". Nothing executes it yet.
 * Threads: any. Memory: answers are appended to the caller's buffer (domain/rows.h).
 */
#pragma once
#include "base/buf.h"
#include "empire/db/query.h"

#define EMP_WORKFLOW_TYPE       "daily-control-loop"
#define EMP_WORKFLOW_VIDEOS     50 /* default */
#define EMP_WORKFLOW_VIDEOS_MAX 1000

typedef struct emp_workflow_start {
    br_str type;
    int64_t video_count; /* 1 .. EMP_WORKFLOW_VIDEOS_MAX */
    bool dry_run;
} emp_workflow_start;

/* How many are pending or running, and the 20 newest. */
void emp_workflows_status_query(emp_query *q);
void emp_workflows_status_put(br_buf *out, const emp_result *r);

/* Records a start. The answer is the new row; *_put also gives its id, borrowed from the result. */
void emp_workflow_start_query(emp_query *q, const emp_workflow_start *start);

/* A row by id, a UUID that emp_uuid_is_valid() accepts; no row in the result if there is none. */
void emp_workflow_get_query(emp_query *q, br_str id);
bool emp_uuid_is_valid(br_str s); /* 8-4-4-4-12 hexadecimal digits */

/* {"data":{...}} of the first row, and its id. */
void emp_workflow_put(br_buf *out, const emp_result *r);
br_str emp_workflow_id(const emp_result *r);
