/*
 * workflow/registry.h - the workflows of the service, by type.
 *
 * What: the types of workflows and of their activities.
 * Why here: workers and tests find workflow code by the type in a task.
 * Threads: any.
 *
 * daily-control-loop, input {"videoCount":n,"dryRun":b}:
 *
 *     sync-products -> rank-products -> per product: write-script -> render-video -> publish to each platform
 *                                       all products done -> collect-analytics -> optimize
 *
 * Products advance on their own, EMP_DAILY_WINDOW of them at once. One that fails is counted and left behind;
 * the run fails when the products cannot be had at all, or when every one of them failed.
 *
 * weekly-optimization, input {"dryRun":b}: collect-analytics -> optimize.
 *
 * products-sync, script-generation, video-generation and publication are a single step; their input is the
 * step's: {"dryRun":b,"product":{...},"platform":s,"before":{"file":s}}, as far as the step needs it.
 */
#pragma once
#include "empire/workflow/replay.h"

#define EMP_WF_DAILY     "daily-control-loop"
#define EMP_WF_WEEKLY    "weekly-optimization"
#define EMP_WF_SYNC      "products-sync"
#define EMP_WF_SCRIPT    "script-generation"
#define EMP_WF_VIDEO     "video-generation"
#define EMP_WF_PUBLISH   "publication"
#define EMP_DAILY_WINDOW 20 /* products in work at once */

/* Types of activities. Results are JSON objects with "status": "done", or "skipped" with a "reason". */
#define EMP_ACT_SYNC     "sync-products"
#define EMP_ACT_RANK     "rank-products" /* result: "products": [{"id":n,"name":s,"category":s,"price":s}] */
#define EMP_ACT_SCRIPT   "write-script"  /* result: "contentId", "script" */
#define EMP_ACT_VIDEO    "render-video"  /* result: "contentId", "file" */
#define EMP_ACT_PUBLISH  "publish"       /* result: "contentId", "url" */
#define EMP_ACT_COLLECT  "collect-analytics"
#define EMP_ACT_OPTIMIZE "optimize"

/* NULL: no such type. */
emp_workflow_fn emp_workflow_find(const char *type);

/* How an activity of that type is executed and repeated. */
const emp_activity_options *emp_activity_options_of(const char *kind);

/* The workflows themselves. */
void emp_workflow_daily(emp_wf *wf);
void emp_workflow_weekly(emp_wf *wf);
void emp_workflow_sync(emp_wf *wf);
void emp_workflow_script(emp_wf *wf);
void emp_workflow_video(emp_wf *wf);
void emp_workflow_publication(emp_wf *wf);
