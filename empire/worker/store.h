/*
 * worker/store.h - what activities read and write in the database.
 *
 * What: a few sessions shared by the activities of a process, and the statements that make effects
 * idempotent: the rows of an activity and its line in wf_effect are one statement, so both are there or
 * neither. Why here: hundreds of slots wait for the outside most of the time and need a connection for a
 * moment only. Threads: any; a call waits for a free session. Memory: results are the caller's (br_free),
 * JSON texts. Errors: BR_EDIAL, BR_ETIMEOUT, BR_EIO as emp_session_run().
 */
#pragma once
#include "base/err.h"
#include "base/clock.h"
#include "base/str.h"

typedef struct emp_store emp_store;

emp_store *emp_store_new(const char *url, size_t sessions, br_ns timeout);
void emp_store_free(emp_store *s);

/* Who does it: the key of its effect. */
typedef struct emp_doer {
    const char *run_id, *activity_id;
} emp_doer;

/* What the activity did before, if it did; *ret_result is NULL if not. */
BR_NODISCARD br_code emp_store_effect(emp_store *s, emp_doer who, char **ret_result, br_err *err);

/* Products of a feed, a JSON array: new ones are added, known ones updated. */
BR_NODISCARD br_code emp_store_products(
    emp_store *s, emp_doer who, const char *products, char **ret_result, br_err *err);

/* The `count` products that earned most, as the result of rank-products. No effect. */
BR_NODISCARD br_code emp_store_rank(emp_store *s, int64_t count, char **ret_result, br_err *err);

typedef struct emp_content {
    int64_t product_id;
    const char *platform;                           /* NULL: for all */
    const char *kind, *status, *title, *body, *url; /* body, url: NULL if none */
    const char *extra; /* JSON object whose members go into the result; NULL: none */
} emp_content;

/* A row of content. The result has "status":"done", "contentId" and the members of `extra`. */
BR_NODISCARD br_code emp_store_content(
    emp_store *s, emp_doer who, const emp_content *content, char **ret_result, br_err *err);

/* Measurements, a JSON array of {productId, platform, views, clicks, conversions, revenue}. */
BR_NODISCARD br_code emp_store_analytics(
    emp_store *s, emp_doer who, const char *rows, char **ret_result, br_err *err);

/* Which platforms pay, over the last 7 (daily) or 30 days (weekly); kept unless it is a dry run. */
BR_NODISCARD br_code emp_store_optimize(
    emp_store *s, emp_doer who, const char *kind, bool dry_run, char **ret_result, br_err *err);

/* Deletes up to EMP_PURGE_MAX runs, with their histories, that were closed more than `days` ago; their
 * business records stay. */
#define EMP_PURGE_MAX 500
BR_NODISCARD br_code emp_store_purge(emp_store *s, int64_t days, int64_t *ret_deleted, br_err *err);

/* The worker's own row, which /metrics reads. */
typedef struct emp_worker_row {
    const char *worker_id, *host, *queue, *samples;
    int pid, max_workflow_tasks, max_activities, used_workflow_tasks, used_activities;
} emp_worker_row;

BR_NODISCARD br_code emp_store_worker(emp_store *s, const emp_worker_row *row, br_err *err);
BR_NODISCARD br_code emp_store_worker_gone(emp_store *s, const char *worker_id, br_err *err);
