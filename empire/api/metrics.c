#include "empire/api/metrics.h"

#include "base/assert.h"

const int emp_metrics_statuses[EMP_METRICS_STATUSES] = {
    200, 202, 304, 400, 401, 404, 405, 409, 413, 422, 429, 500, 503, 0};

const br_ns emp_metrics_bounds[EMP_METRICS_BUCKETS] = {
    500 * BR_US,
    1 * BR_MS,
    2500 * BR_US,
    5 * BR_MS,
    10 * BR_MS,
    25 * BR_MS,
    50 * BR_MS,
    100 * BR_MS,
    250 * BR_MS,
    500 * BR_MS,
    1 * BR_SEC,
    2500 * BR_MS,
    5 * BR_SEC,
    10 * BR_SEC,
};

static size_t status_index(int status)
{
    size_t i = 0;
    while (emp_metrics_statuses[i] != 0 && emp_metrics_statuses[i] != status) {
        i++;
    }
    return i;
}

static size_t bucket_index(br_ns latency)
{
    size_t i = 0;
    while (i < EMP_METRICS_BUCKETS && latency > emp_metrics_bounds[i]) {
        i++;
    }
    return i;
}

void emp_metrics_count(emp_metrics *m, size_t route, int status, br_ns latency)
{
    BR_ASSERT(route < EMP_METRICS_ROUTES_MAX);
    emp_route_metrics *r = &m->routes[route];
    atomic_fetch_add_explicit(&r->requests[status_index(status)], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&r->buckets[bucket_index(latency)], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&r->latency_ns_total, latency, memory_order_relaxed);
}
