/*
 * domain/statements.h - the service's SQL, by number.
 *
 * What: the list of prepared statements; the texts stand in the modules that use them.
 * Why here: a connection prepares them all when it is made, and a query names one by its index.
 * Threads: constant.
 */
#pragma once
#include "empire/db/query.h"

typedef enum emp_statement_id {
    EMP_ST_PRODUCTS_PAGE,
    EMP_ST_PRODUCTS_LIST,
    EMP_ST_PRODUCTS_TOP,
    EMP_ST_ANALYTICS_OVERVIEW,
    EMP_ST_REVENUE_PERIOD,
    EMP_ST_REVENUE_RANGE,
    EMP_ST_WORKFLOWS_STATUS,
    EMP_ST_WORKFLOW_START,
    EMP_ST_WORKFLOW_GET,
    EMP_ST_PRODUCT_GET,
    EMP_ST_TOP_PRODUCTS,
    EMP_ST_PLATFORM_COMPARISON,
    EMP_ST_WORKFLOW_METRICS,
    EMP_ST_WORKFLOW_HEALTH,
    EMP_ST_COUNT,
} emp_statement_id;

extern const emp_statement emp_statements[EMP_ST_COUNT];

/* Defined where they are used. */
extern const char emp_sql_products_list[], emp_sql_products_page[], emp_sql_products_top[],
    emp_sql_product_get[];
extern const char emp_sql_top_products[], emp_sql_platform_comparison[];
extern const char emp_sql_analytics_overview[], emp_sql_revenue_period[], emp_sql_revenue_range[];
extern const char emp_sql_workflows_status[], emp_sql_workflow_start[], emp_sql_workflow_get[];
extern const char emp_sql_workflow_metrics[], emp_sql_workflow_health[];
