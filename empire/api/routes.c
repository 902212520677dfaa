#include "empire/api/routes.h"

static const char *const none[] = {NULL};
static const char *const page_params[] = {"page", "limit", NULL};
static const char *const top_params[] = {"limit", NULL};
static const char *const overview_params[] = {"platform", "period", NULL};
static const char *const revenue_params[] = {"period", "startDate", "endDate", NULL};

const emp_route emp_routes[EMP_ROUTE_COUNT] = {
    {EMP_GET, false, "/health", none, emp_health_begin, NULL},
    {EMP_GET, false, "/metrics", none, emp_metrics_begin, NULL},
    {EMP_GET, false, "/products", page_params, emp_products_begin, emp_products_finish},
    {EMP_GET, false, "/products/top", top_params, emp_products_top_begin, emp_products_top_finish},
    {EMP_GET, false, "/analytics/overview", overview_params, emp_overview_begin, emp_overview_finish},
    {EMP_GET, false, "/analytics/revenue", revenue_params, emp_revenue_begin, emp_revenue_finish},
    {EMP_GET, false, "/orchestrator/status", none, emp_orchestrator_status_begin,
        emp_orchestrator_status_finish},
    {EMP_POST, true, "/orchestrator/start", none, emp_orchestrator_start_begin,
        emp_orchestrator_start_finish},
    {EMP_GET, false, "/orchestrator/workflows/:", none, emp_orchestrator_workflow_begin,
        emp_orchestrator_workflow_finish},
};

BR_STATIC_ASSERT(
    EMP_ROUTE_COUNT < EMP_METRICS_ROUTES_MAX, "a row of metrics for each route and one for none");
