/*
 * stat/run_figures.h - what of a run is compared with other runs.
 *
 * What: per endpoint the whole distribution of latency and the counts; a few figures of the run.
 * Why here: store/ keeps them, judge/compare.h reads them, neither knows the other.
 * Threads: a value.
 * Memory: owns everything in it.
 * Invariants: endpoints ascend by name; the first has the empty name and stands for all requests.
 */
#pragma once
#include "stat/run_result.h"

#define BR_FIGURES_ENDPOINTS_MAX 500

typedef struct br_figures_endpoint {
    br_str name; /* "GET /products"; empty: all requests */
    uint64_t requests, failed;
    br_hist latency_us; /* http_req_duration */
} br_figures_endpoint;

/* A figure of the whole run for which less is better (cpu per request, queries per request, bytes, ...). */
typedef struct br_figures_value {
    br_str name, unit;
    double value;
} br_figures_value;

typedef struct br_run_figures {
    br_arena arena;
    int64_t id; /* in the store; 0: not stored */
    br_ns started_wall;
    double duration_s;
    br_str test, environment;
    br_str fingerprint; /* equal: script, load, environment, data and generator were the same */
    br_str version;     /* of the target, such as a git commit; may be empty */
    bool valid;         /* as evidence */
    bool open;          /* the load was a rate: throughput is then given, not measured */
    br_figures_endpoint *endpoints;
    size_t endpoint_count;
    br_figures_value *values;
    size_t value_count;
} br_run_figures;

/*
 * Of a finished run; the texts that the result does not know (test, fingerprint, ...) stay empty, and `valid`
 * says that it ran its course: a judgement may know better. Endpoints beyond BR_FIGURES_ENDPOINTS_MAX and the
 * rest row are left out.
 *
 * Values: bytes received and sent per request; of the target, processor time (unit "cores": the area under
 * the samples) and growth of counters (named *_total, as in Prometheus) per request, and the peak of what has
 * the unit "bytes".
 */
br_run_figures *br_run_figures_of(const br_run_result *result);
void br_run_figures_free(br_run_figures *f); /* NULL is fine */
