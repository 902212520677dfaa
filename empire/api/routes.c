#include "empire/api/routes.h"

static const char *const none[] = {NULL};
static const char *const page_params[] = {"page", "limit", NULL};
static const char *const top_params[] = {"limit", NULL};
static const char *const overview_params[] = {"platform", "period", NULL};
static const char *const platform_params[] = {"platform", "period", "limit", NULL};
static const char *const period_params[] = {"period", NULL};
static const char *const revenue_params[] = {"period", "startDate", "endDate", NULL};

#define STARTS (EMP_ROUTE_BODY | EMP_ROUTE_WRITES)

const emp_route emp_routes[EMP_ROUTE_COUNT] = {
    {EMP_GET, EMP_ROUTE_UNLIMITED, "/health", none, emp_health_begin, NULL},
    {EMP_GET, EMP_ROUTE_UNLIMITED, "/health/live", none, emp_health_live_begin, NULL},
    {EMP_GET, EMP_ROUTE_UNLIMITED, "/health/ready", none, emp_ready_begin, emp_ready_finish},
    {EMP_GET, EMP_ROUTE_UNLIMITED, "/metrics", none, emp_metrics_begin, emp_metrics_finish},
    {EMP_GET, EMP_ROUTE_UNLIMITED, "/openapi.json", none, emp_openapi_begin, NULL},
    {EMP_GET, 0, "/products", page_params, emp_products_begin, emp_products_finish},
    {EMP_GET, 0, "/products/top", top_params, emp_products_top_begin, emp_products_top_finish},
    {EMP_GET, 0, "/products/:", none, emp_product_begin, emp_product_finish},
    {EMP_GET, 0, "/analytics/overview", overview_params, emp_overview_begin, emp_overview_finish},
    {EMP_GET, 0, "/analytics/revenue", revenue_params, emp_revenue_begin, emp_revenue_finish},
    {EMP_GET, 0, "/analytics/top-products", platform_params, emp_top_products_begin, emp_top_products_finish},
    {EMP_GET, 0, "/analytics/platform-comparison", period_params, emp_comparison_begin,
        emp_comparison_finish},
    {EMP_GET, 0, "/optimizer/analyze", period_params, emp_comparison_begin, emp_analysis_finish},
    {EMP_GET, 0, "/orchestrator/status", none, emp_orchestrator_status_begin, emp_orchestrator_status_finish},
    {EMP_POST, STARTS, "/orchestrator/start", none, emp_orchestrator_start_begin, emp_start_finish},
    {EMP_POST, STARTS, "/products/sync", none, emp_sync_begin, emp_start_finish},
    {EMP_POST, STARTS, "/content/generate-script", none, emp_script_begin, emp_start_finish},
    {EMP_POST, STARTS, "/video/generate", none, emp_video_begin, emp_start_finish},
    {EMP_POST, STARTS, "/publisher/publish", none, emp_publish_begin, emp_start_finish},
    {EMP_POST, STARTS, "/optimizer/optimize", none, emp_optimize_begin, emp_start_finish},
    {EMP_GET, 0, "/orchestrator/workflows/:", none, emp_orchestrator_workflow_begin,
        emp_orchestrator_workflow_finish},
};

BR_STATIC_ASSERT(
    EMP_ROUTE_COUNT < EMP_METRICS_ROUTES_MAX, "a row of metrics for each route and one for none");
