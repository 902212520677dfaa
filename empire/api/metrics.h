/*
 * api/metrics.h - counters of the HTTP side.
 *
 * What: requests by route and status, a histogram of latency by route, requests in flight.
 * Why here: one place that counts; the page is api/metrics_page.c.
 * Threads: any; counters are atomic and read one by one.
 */
#pragma once
#include <stdatomic.h>
#include <stddef.h>
#include "base/clock.h"
#include "base/err.h"

#define EMP_METRICS_ROUTES_MAX 32
#define EMP_METRICS_STATUSES   14
#define EMP_METRICS_BUCKETS    14

extern const int emp_metrics_statuses[EMP_METRICS_STATUSES]; /* the last, 0, stands for any other */
extern const br_ns emp_metrics_bounds[EMP_METRICS_BUCKETS];  /* upper bounds, rising */

typedef struct emp_route_metrics {
    atomic_uint_fast64_t requests[EMP_METRICS_STATUSES];
    atomic_uint_fast64_t buckets[EMP_METRICS_BUCKETS + 1]; /* not cumulative; the last is +Inf */
    atomic_int_fast64_t latency_ns_total;
} emp_route_metrics;

typedef struct emp_metrics {
    emp_route_metrics routes[EMP_METRICS_ROUTES_MAX]; /* by the index of the route */
    atomic_size_t in_flight;                          /* from the request line to the end of the answer */
    atomic_uint_fast64_t aborted;                     /* the client left before the end of the answer */
    atomic_uint_fast64_t limited;                     /* refused with 429 */
    atomic_uint_fast64_t bytes_sent;                  /* bodies */
} emp_metrics;

void emp_metrics_count(emp_metrics *m, size_t route, int status, br_ns latency);
