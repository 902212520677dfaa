/*
 * engine/run.h - one run: virtual users, setup, scenarios, teardown, result.
 *
 * What: starts one worker thread per core, spreads every scenario over them, collects their shards once a
 *     second, evaluates thresholds, and hands out the result as a plain value.
 * Why here: the only place that knows workers and their order of life.
 * Threads: br_run() is called on the main thread, which runs the control loop: signals, setup(), teardown(),
 *     collecting, progress. SIGINT and SIGTERM are taken over for its duration.
 * Memory: the result owns itself; everything else is gone when br_run() returns.
 * Life: INIT (VUs are made) -> SETUP -> RUNNING -> TEARDOWN -> DONE. The first signal or abort in RUNNING
 * goes to TEARDOWN at once; a second signal ends the process with 105.
 */
#pragma once
#include "engine/exit_code.h"
#include "engine/options.h"
#include "script/program.h"
#include "stat/run_result.h"

/* Address space of a virtual user's stack: what is not touched costs nothing. */
#define BR_VU_STACK_DEFAULT  ((size_t) 4 << 20)
#define BR_VU_MEMORY_DEFAULT ((size_t) 512 << 20)

typedef enum br_run_phase {
    BR_RUN_INIT,
    BR_RUN_SETUP,
    BR_RUN_RUNNING,
    BR_RUN_TEARDOWN,
    BR_RUN_DONE
} br_run_phase;

/* How one scenario stands. */
typedef struct br_scenario_status {
    const br_scenario *scenario;
    bool started, done;
    br_ns elapsed;                /* since its start time; negative: waiting */
    int64_t vus_active, vus_busy; /* busy: of arrival rates, those in an iteration */
    int64_t vus_had;              /* of arrival rates: all that they were given so far */
    uint64_t iterations;          /* started */
} br_scenario_status;

typedef struct br_run_status {
    br_run_phase phase;
    br_ns elapsed; /* since the scenarios' start */
    int64_t vus_active, vus_ready, vus_total;
    uint64_t complete, interrupted;
    const br_scenario_status *scenarios;
    size_t scenario_count;
    bool stopping; /* a signal or an abort came */
    /* Of the last full second: */
    uint64_t requests, failed;
    double p95_ms;
    /* Of all seconds so far: */
    uint64_t all_requests, all_failed;
    double all_p95_ms;
} br_run_status;

/*
 * May the run end now? `so_far` holds metrics, slices, duration, and nothing of groups, endpoints and the
 * generator. True: it ends, as BR_RUN_DECIDED with what was written to `reason` (a sentence).
 */
typedef bool br_run_decide_fn(void *ctx, const br_run_result *so_far, char *reason, size_t reason_size);

typedef struct br_run_config {
    const br_program *program;
    const br_options *options;
    br_metrics *metrics; /* with the sub-metrics and thresholds of br_run_register_thresholds() */
    uint32_t workers;    /* 0: one for each core this process may use */
    br_loop_kind loop;   /* of workers and control */
    br_sample_fn *tap;   /* every sample, on worker threads; must lock for itself; may be NULL */
    void *tap_ctx;
    void (*on_status)(void *ctx, const br_run_status *status); /* main thread; may be NULL */
    void *status_ctx;
    br_ns status_interval_ns;
    size_t vu_memory_limit_bytes; /* of one VU's JavaScript heap; 0: none */
    size_t vu_stack_bytes;        /* 0: BR_VU_STACK_DEFAULT */
    FILE *console_out;            /* messages of console.*; NULL: the log */
    size_t max_body_bytes;        /* largest kept response body; 0: default (256 MiB) */
    bool (*interrupted)(void);    /* did a signal come before the run took signals over? May be NULL */
    br_str probe;                 /* scenario that gets slices of its own; empty: none */
    br_run_decide_fn *decide;     /* asked on the main thread while the scenarios run; may be NULL */
    void *decide_ctx;
    br_ns decide_interval_ns; /* at least a second */
} br_run_config;

/* Registers thresholds of the options with the metrics. BR_EINVAL: unknown metric, wrong aggregation, syntax.
 * With `enforce` false (--no-thresholds) only sub-metrics are made, and bad names warn. */
BR_NODISCARD br_code br_run_register_thresholds(
    const br_options *options, br_metrics *metrics, bool enforce, br_err *err);

/* Registers what br_run_config.probe needs: the sub-metrics of that scenario. BR_ELIMIT. */
BR_NODISCARD br_code br_run_register_probe(br_metrics *metrics, br_str scenario, br_err *err);

/*
 * Runs. Fails (no result) when VUs cannot be made; everything later, also an interrupted run, gives a result.
 * *ret_exit is k6's exit code; messages about it have been logged.
 */
BR_NODISCARD br_code br_run(
    const br_run_config *config, br_run_result **ret_result, br_exit_code *ret_exit, br_err *err);

/* Calls handleSummary(data) in a fresh VU; see br_vu_handle_summary(). BR_ENOTFOUND when the script exports
 * none. */
typedef void br_run_summary_fn(void *ctx, br_str key, br_str content);
BR_NODISCARD br_code br_run_handle_summary(
    const br_run_config *config, br_str data_json, br_run_summary_fn *fn, void *ctx, br_err *err);
