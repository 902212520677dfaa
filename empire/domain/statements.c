#include "empire/domain/statements.h"

const emp_statement emp_statements[EMP_ST_COUNT] = {
    [EMP_ST_PRODUCTS_PAGE] = {"products_page", emp_sql_products_page, 2, true},
    [EMP_ST_PRODUCTS_LIST] = {"products_list", emp_sql_products_list, 2, true},
    [EMP_ST_PRODUCTS_TOP] = {"products_top", emp_sql_products_top, 1, true},
    [EMP_ST_ANALYTICS_OVERVIEW] = {"analytics_overview", emp_sql_analytics_overview, 2, true},
    [EMP_ST_REVENUE_PERIOD] = {"revenue_period", emp_sql_revenue_period, 1, true},
    [EMP_ST_REVENUE_RANGE] = {"revenue_range", emp_sql_revenue_range, 2, true},
    [EMP_ST_WORKFLOWS_STATUS] = {"workflows_status", emp_sql_workflows_status, 0, true},
    [EMP_ST_WORKFLOW_START] = {"workflow_start", emp_sql_workflow_start, 8, false},
    [EMP_ST_PRODUCT_GET] = {"product_get", emp_sql_product_get, 1, true},
    [EMP_ST_TOP_PRODUCTS] = {"top_products", emp_sql_top_products, 3, true},
    [EMP_ST_PLATFORM_COMPARISON] = {"platform_comparison", emp_sql_platform_comparison, 1, true},
    [EMP_ST_WORKFLOW_GET] = {"workflow_get", emp_sql_workflow_get, 1, true},
    [EMP_ST_WORKFLOW_HEALTH] = {"workflow_health", emp_sql_workflow_health, 0, true},
    [EMP_ST_WORKFLOW_METRICS] = {"workflow_metrics", emp_sql_workflow_metrics, 0, true},
};
