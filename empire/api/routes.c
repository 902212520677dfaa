#include "empire/api/routes.h"

static const char *const none[] = {NULL};
static const char *const page_params[] = {"page", "limit", NULL};
static const char *const top_params[] = {"limit", NULL};
static const char *const overview_params[] = {"platform", "period", NULL};
static const char *const revenue_params[] = {"period", "startDate", "endDate", NULL};

const emp_route emp_routes[EMP_ROUTE_COUNT] = {
    {EMP_GET, "/health", none, emp_health_begin, NULL, false},
    {EMP_GET, "/metrics", none, emp_metrics_begin, NULL, false},
    {EMP_GET, "/products", page_params, emp_products_begin, emp_products_finish, false},
    {EMP_GET, "/products/top", top_params, emp_products_top_begin, emp_products_top_finish, false},
    {EMP_GET, "/analytics/overview", overview_params, emp_overview_begin, emp_overview_finish, false},
    {EMP_GET, "/analytics/revenue", revenue_params, emp_revenue_begin, emp_revenue_finish, false},
    {EMP_GET, "/orchestrator/status", none, emp_orchestrator_status_begin, emp_orchestrator_status_finish, false},
    {EMP_POST, "/orchestrator/start", none, emp_orchestrator_start_begin, emp_orchestrator_start_finish, true},
    {EMP_GET, "/orchestrator/workflows/:", none, emp_orchestrator_workflow_begin, emp_orchestrator_workflow_finish,
        false},
};

BR_STATIC_ASSERT(EMP_ROUTE_COUNT < EMP_METRICS_ROUTES_MAX, "a row of metrics for each route and one for none");
