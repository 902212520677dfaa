/*
 * stat/run_result.h - the result of one run as a plain value.
 *
 * What: everything that judging, reporting and storing need to know of a run.
 * Why here: judge/, report/, store/ and service/ exchange this and never see the engine.
 * Threads: a value; built by the engine after its workers ended, read-only afterwards.
 * Memory: owns everything in it through `arena` and the sinks; br_run_result_free() frees all.
 */
#pragma once
#include "stat/recorder.h"
#include "stat/target_series.h"

/* What happened during one slice of time, over all workers. */
typedef struct br_slice {
    br_ns start, length; /* relative to the run's start */
    uint64_t requests, failed, iterations, checks, checks_failed, dropped;
    uint64_t starts; /* that open scenarios were to make, dropped ones included; a probe's not */
    uint64_t received_bytes, sent_bytes;
    double vus;         /* at the end of the slice */
    br_hist latency_us; /* http_req_duration in microseconds, off by at most 0.8 %; min and max are exact */
} br_slice;

/* A distribution of delays. */
typedef struct br_delay_figures {
    uint64_t count;
    br_ns p50, p99, max;
} br_delay_figures;

/* Of one worker, while the scenarios ran. */
typedef struct br_worker_health {
    double cpu_share; /* 0..1 of one core over the run */
    br_ns timer_late_ns_max, turn_ns_max;
    double starved_share;    /* ready to run, but others had the processor */
    double busy_share;       /* its loop did not wait: work, and whatever kept it from going on */
    br_delay_figures timers; /* lateness of timers */
    br_delay_figures held;   /* how long what came at a random moment had to wait, at most */
    br_delay_figures starts; /* lag of iterations: start - meant */
} br_worker_health;

/* What the generator took from its machine. 0: unknown. */
typedef struct br_generator_resources {
    uint64_t descriptors_peak, descriptors_limit;
    uint32_t ports_peak, ports_limit; /* peak: TCP sockets of the whole machine */
} br_generator_resources;

typedef struct br_generator {
    br_hist start_lag; /* of all iterations, nanoseconds */
    /* Starts of open scenarios: no virtual user was free; the scenario was over before they were come to. */
    uint64_t starts_dropped, starts_missed, starts_scheduled;
    uint64_t out_of_descriptors, out_of_ports; /* requests that failed so */
    br_generator_resources resources;
} br_generator;

typedef enum br_run_end {
    BR_RUN_COMPLETE,    /* ran its course */
    BR_RUN_INTERRUPTED, /* Ctrl-C */
    BR_RUN_THRESHOLD,   /* abortOnFail */
    BR_RUN_ABORTED,     /* test.abort(), exception in setup, ... */
    BR_RUN_DECIDED,     /* ended early: more of it would have changed no answer */
} br_run_end;

typedef struct br_result_threshold {
    br_str source;
    bool ok;
    double value;
    br_agg_spec agg;
} br_result_threshold;

typedef struct br_result_metric {
    br_str name, suffix; /* suffix: of a sub-metric, else empty */
    br_str parent;       /* name of the parent metric, else empty */
    br_metric_type type;
    br_metric_contains contains;
    br_sink sink;
    br_result_threshold *thresholds;
    size_t threshold_count;
} br_result_metric;

typedef struct br_result_scenario {
    br_str name, executor, description; /* description: "10 looping VUs for 30s (gracefulStop: 30s)" */
} br_result_scenario;

typedef struct br_run_result {
    br_arena arena;
    br_str script;                /* path as given */
    br_ns started_wall, duration; /* duration: from the start of the first scenario to the end of the last */
    br_ns started_clock;          /* br_clock_now() at the instant that slices count from */
    br_run_end end;
    br_str end_reason; /* sentence, empty if complete */
    uint64_t iterations_complete, iterations_interrupted;
    uint64_t iterations_threw; /* of the complete ones: ended by an exception */
    uint32_t vus_max;

    br_result_metric *metrics; /* those with samples or thresholds, registration order */
    size_t metric_count;
    br_group *root_group;   /* merged over workers */
    br_endpoint *endpoints; /* merged, by requests descending */
    size_t endpoint_count;
    br_slice *slices;
    size_t slice_count;
    br_str probe;           /* scenario that probed in the open model beside the load; empty: none */
    br_slice *probe_slices; /* its requests alone; latency_us is then http_res_time: from the meant start */
    size_t probe_slice_count;
    br_result_scenario *scenarios;
    size_t scenario_count;
    br_worker_health *workers;
    size_t worker_count;
    br_generator generator;
    br_target_series *target; /* what the target said of itself meanwhile; [target_count] */
    size_t target_count;

    br_str setup_data_json; /* p == NULL: none */
    br_str *trend_stats;    /* summaryTrendStats */
    size_t trend_stat_count;
    br_str time_unit; /* summaryTimeUnit, may be empty */
} br_run_result;

br_run_result *br_run_result_new(void);    /* zeroed, with its arena */
void br_run_result_free(br_run_result *r); /* NULL is fine; r itself is br_malloc'ed */
const br_result_metric *br_run_result_find(const br_run_result *r, br_str name); /* NULL if absent */

/* "GET /products"; scripts often put the method into the name themselves, and it is not said twice. */
br_str br_endpoint_label(const br_endpoint *e, br_arena *arena);

/* Builders used by the engine. Merges the trees and tables of several recorders into the result's arena. */
void br_run_result_merge_groups(br_run_result *r, br_recorder *const *recorders, size_t count);
void br_run_result_merge_endpoints(br_run_result *r, br_recorder *const *recorders, size_t count);

/*
 * Slices: at most BR_SLICES_MAX, so that a run of ten minutes with its graceful end keeps one a second; when
 * full, neighbours are merged and the length doubles. The timeline takes all its memory (5 MB) at its 17th
 * slice, so that long runs do not grow.
 */
#define BR_SLICES_MAX 720
typedef struct br_timeline br_timeline;
/* Which sinks a timeline looks at, by metric id; BR_TIMELINE_NONE: 0 in all slices. */
#define BR_TIMELINE_NONE UINT32_MAX
typedef struct br_timeline_sinks {
    uint32_t requests, failed, iterations, checks, dropped, received, sent, latency;
} br_timeline_sinks;
br_timeline *br_timeline_new(br_ns slice_ns); /* of the built-in metrics: all requests */
br_timeline *br_timeline_new_of(br_ns slice_ns, const br_timeline_sinks *sinks);
void br_timeline_free(br_timeline *t);
/*
 * Adds what `delta` (a shard handed over at `at`, relative to the run's start) holds to the slice that
 * contains `at` or ends there. `vus` is that of the slice until a later call; slices without a delta take the
 * one before.
 */
void br_timeline_add(br_timeline *t, br_ns at, const br_shard *delta, double vus);
/* Starts of open scenarios since the run's begin until `at`; what is new belongs to the slice of `at`. */
void br_timeline_count_starts(br_timeline *t, br_ns at, uint64_t total);
/* Moves the slices out into the result; the last one ends at the latest `at`. The timeline is empty then. */
void br_timeline_finish(br_timeline *t, br_run_result *r);
/* The same, into an arena; the caller frees the slices' histograms. */
void br_timeline_detach(br_timeline *t, br_arena *arena, br_slice **ret, size_t *ret_count);
/* Those so far, copied. */
void br_timeline_copy(const br_timeline *t, br_arena *arena, br_slice **ret, size_t *ret_count);
