/*
 * tests/unit/report/fixture.h - run results made by hand.
 *
 * What: builds a br_run_result step by step, for the tests of judge/ and report/.
 * Memory: everything belongs to the result; free with br_run_result_free().
 */
#pragma once
#include "stat/run_result.h"

#define FIXTURE_METRICS_MAX   40
#define FIXTURE_ENDPOINTS_MAX 200

/* A result with room for metrics and endpoints, k6's default trend columns, one healthy worker. */
br_run_result *fixture_new(br_ns duration);

/* A metric; sub-metrics by their full name "m{a:b}". */
br_result_metric *fixture_metric(
    br_run_result *r, const char *name, br_metric_type type, br_metric_contains contains);
void fixture_add(br_result_metric *m, double value);
void fixture_add_n(br_result_metric *m, double value, size_t n);
/* A threshold with the result it is to show. */
void fixture_threshold(br_run_result *r, br_result_metric *m, const char *source, bool ok);

br_group *fixture_group(
    br_run_result *r, br_group *parent, const char *name); /* parent NULL: below the root */
void fixture_check(br_run_result *r, br_group *group, const char *name, uint64_t passes, uint64_t fails);

br_endpoint *fixture_endpoint(br_run_result *r, const char *method, const char *name);
/* n requests to it that took latency_ms and ended so. */
void fixture_requests(
    br_endpoint *e, size_t n, double latency_ms, int status, int error_code, const char *error);

/* Makes `n` slices of equal length over the duration, empty. */
void fixture_slices(br_run_result *r, size_t n);
void fixture_slice_fill(br_slice *s, size_t requests, size_t failed, double latency_ms, double vus);

/*
 * A baseline run of that many seconds: 10 virtual users, `per_second` requests, `error_share` of them
 * answered with 500; latencies spread around latency_ms (p95 is about 1.45 times that). Consistent with
 * itself.
 */
br_run_result *fixture_baseline(unsigned seconds, unsigned per_second, double latency_ms, double error_share);
