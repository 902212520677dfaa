/*
 * domain/workflows.h - workflow runs.
 *
 * What: the queries of /orchestrator/... and their answers; the workflow part of /metrics.
 * Why here: the API starts and shows runs; workers (empire/worker/) execute them. A start is one SQL
 *     function, api_start() of migration 5: the run, its business record and the request are one transaction.
 * Threads: any. Memory: answers are appended to the caller's buffer (domain/rows.h).
 */
#pragma once
#include "base/buf.h"
#include "empire/db/query.h"

#define EMP_WORKFLOW_TYPE       "daily-control-loop"
#define EMP_WORKFLOW_WEEKLY     "weekly-optimization"
#define EMP_WORKFLOW_SYNC       "products-sync"
#define EMP_WORKFLOW_SCRIPT     "script-generation"
#define EMP_WORKFLOW_VIDEO      "video-generation"
#define EMP_WORKFLOW_PUBLISH    "publication"
#define EMP_WORKFLOW_VIDEOS     50 /* default */
#define EMP_WORKFLOW_VIDEOS_MAX 1000
#define EMP_WORKFLOW_NAME_MAX   40
#define EMP_WORKFLOW_STEPS_MAX  500 /* shown of a run */

typedef struct emp_workflow_start {
    br_str type;
    int64_t video_count; /* 0 .. EMP_WORKFLOW_VIDEOS_MAX */
    bool dry_run;
    char name[EMP_WORKFLOW_NAME_MAX + 1]; /* one open run per type and name; empty: the day's */
    int64_t product_id;                   /* 0: it is not about one */
    const char *platform;                 /* one of emp_platforms; NULL: not about one */
} emp_workflow_start;

#define EMP_REQUEST_KEY_MAX 64 /* of an Idempotency-Key */

/* By which a repeated request is known. */
typedef struct emp_workflow_request {
    char id[EMP_REQUEST_KEY_MAX + 40]; /* holder:key; empty: the client gave no key */
    char fingerprint[65];              /* hash of what is asked for */
} emp_workflow_request;

/* How many are pending or running, and the 20 newest; tasks that wait for a worker, each kind up to
 * 1000; the workers; the schedules. */
void emp_workflows_status_query(emp_query *q);
void emp_workflows_status_put(br_buf *out, const emp_result *r);

typedef enum emp_start_outcome {
    EMP_START_OK,         /* started, found running, or repeated: the result has a record */
    EMP_START_CONFLICT,   /* the key stands for another request */
    EMP_START_NO_PRODUCT, /* there is no such product */
} emp_start_outcome;

/* Starts, or finds the open run of that type and name, or what the same request was answered before. */
void emp_workflow_start_query(
    emp_query *q, const emp_workflow_start *start, const emp_workflow_request *request);
emp_start_outcome emp_workflow_start_outcome(const emp_result *r);
void emp_workflow_started_put(br_buf *out, const emp_result *r); /* {"data":{...}} */
br_str emp_workflow_started_id(const emp_result *r);             /* borrowed from the result */

/* A record by id with its steps, a UUID that emp_uuid_is_valid() accepts; no row in the result if there is
 * none. */
void emp_workflow_get_query(emp_query *q, br_str id);
bool emp_uuid_is_valid(br_str s); /* 8-4-4-4-12 hexadecimal digits */

void emp_workflow_steps_put(br_buf *out, const emp_result *r);

/* {"status":...,"workers":n,"backlog":n,"oldestSeconds":n}; the first of a result, the second without one. */
void emp_workflow_health_query(emp_query *q);
void emp_workflow_health_put(br_buf *out, const emp_result *r);
void emp_workflow_health_unknown_put(br_buf *out);

/* Rows (metric, labels, value) in the order of the page. */
void emp_workflow_metrics_query(emp_query *q);
