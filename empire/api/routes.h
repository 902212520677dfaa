/*
 * api/routes.h - the endpoints of the service.
 *
 * What: the table of routes; its handlers stand in one file per resource.
 * Why here: the list of everything that the service answers.
 * Threads: constant.
 */
#pragma once
#include "empire/api/request.h"

#define EMP_ROUTE_COUNT 21
extern const emp_route emp_routes[EMP_ROUTE_COUNT];
/* Index of what no route fits, in metrics. */
#define EMP_ROUTE_NONE EMP_ROUTE_COUNT

emp_step emp_health_begin(emp_request *r);
emp_step emp_health_live_begin(emp_request *r);
emp_step emp_ready_begin(emp_request *r);
void emp_ready_finish(emp_request *r);
emp_step emp_openapi_begin(emp_request *r);
emp_step emp_metrics_begin(emp_request *r);
void emp_metrics_finish(emp_request *r);
emp_step emp_products_begin(emp_request *r);
void emp_products_finish(emp_request *r);
emp_step emp_products_top_begin(emp_request *r);
void emp_products_top_finish(emp_request *r);
emp_step emp_product_begin(emp_request *r);
void emp_product_finish(emp_request *r);
emp_step emp_overview_begin(emp_request *r);
void emp_overview_finish(emp_request *r);
emp_step emp_revenue_begin(emp_request *r);
void emp_revenue_finish(emp_request *r);
emp_step emp_top_products_begin(emp_request *r);
void emp_top_products_finish(emp_request *r);
emp_step emp_comparison_begin(emp_request *r);
void emp_comparison_finish(emp_request *r);
void emp_analysis_finish(emp_request *r);
emp_step emp_orchestrator_status_begin(emp_request *r);
void emp_orchestrator_status_finish(emp_request *r);
emp_step emp_orchestrator_start_begin(emp_request *r);
emp_step emp_sync_begin(emp_request *r);
emp_step emp_script_begin(emp_request *r);
emp_step emp_video_begin(emp_request *r);
emp_step emp_publish_begin(emp_request *r);
emp_step emp_optimize_begin(emp_request *r);
void emp_start_finish(emp_request *r); /* of all that start a workflow */
emp_step emp_orchestrator_workflow_begin(emp_request *r);
void emp_orchestrator_workflow_finish(emp_request *r);
