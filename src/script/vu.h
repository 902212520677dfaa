/*
 * script/vu.h - one virtual user: a JavaScript runtime that can make requests.
 *
 * What: loads the program's bytecode into a runtime of its own, runs its init code, and calls its exported
 *     functions on a fiber; http.get() and sleep() suspend that fiber.
 * Why here: the engine decides when a VU runs; this decides what a call means.
 * Threads: a VU belongs to its worker for ever.
 * Memory: one runtime and context each; responses are pooled; heap and C stack are limited.
 * Invariants: no two calls into one VU at a time; a cancelled call ends with BR_ECANCEL after every suspended
 *     operation was stopped, and JavaScript could not catch it.
 */
#pragma once
#include <stdatomic.h>
#include <stdio.h>
#include "fiber/fiber.h"
#include "http/fetch.h"
#include "http/tools.h"
#include "net/host_rules.h"
#include "script/program.h"
#include "stat/recorder.h"

typedef struct br_vu br_vu;

/* What k6/execution shows of the scenario and the iteration that a call belongs to. */
typedef struct br_vu_scenario_info {
    br_str name, executor;
    br_ns start_wall;          /* since 1970 */
    double progress;           /* 0 to 1 */
    int64_t iteration;         /* of all VUs of this scenario here, from 0 */
    int64_t iteration_in_test; /* its number when several instances share the test */
    int64_t own_iteration;     /* of this VU in this scenario, from 0 */
} br_vu_scenario_info;

/* And of the whole run. */
typedef struct br_vu_instance_info {
    br_ns elapsed; /* since before setup() */
    uint64_t complete, interrupted;
    int64_t vus_active, vus_ready;
} br_vu_instance_info;

/*
 * What scripts ask of the engine. Called on the VU's thread; `owner` is the call's. A NULL table (init code
 * before the run): k6/execution then has no instance.
 */
typedef struct br_vu_host {
    void *ctx;
    void (*scenario)(void *ctx, const void *owner, br_vu_scenario_info *ret);
    void (*instance)(void *ctx, br_vu_instance_info *ret);
    void (*abort)(void *ctx, br_str reason); /* test.abort(): end the run with 108 */
    void (*fail)(void *ctx, br_str reason);  /* test.fail(): its exit code becomes 110 */
} br_vu_host;

/* Run-wide settings that calls obey; k6's options of the same names. Shared by all VUs, read-only. */
typedef struct br_vu_settings {
    br_metrics *metrics;
    br_str user_agent; /* empty: header omitted */
    uint32_t system_tags;
    bool throw_errors, discard_bodies, no_vu_connection_reuse, no_cookies_reset;
    int64_t max_redirects;
    const br_local_ips *local_ips; /* source addresses by number of the VU; NULL: any */
    int64_t batch, batch_per_host; /* 0: no limit */
    bool max_redirects_set;        /* by the user: no warning at the limit */
    size_t memory_limit_bytes;     /* of one runtime; 0 = none */
    size_t stack_bytes; /* for init code, as far as the thread has so much; 0: 1 MiB. A call has what its
                           fiber has. */
    br_http_client_config http;
    const char *consolidated_options_json; /* written back onto the exported `options`; NULL: leave */
    const char
        *all_options_json;  /* exec.test.options: every option, null where not set; NULL: before the run */
    const br_vu_host *host; /* NULL: before the run */
    _Atomic br_ns *next_request; /* option rps: when the next request of any VU may start; NULL: no limit */
    br_ns request_interval;      /* of that option: time between two requests */
    FILE *console_out;           /* --console-output; NULL: the log */
} br_vu_settings;

typedef struct br_vu_config {
    const br_program *program;
    const br_vu_settings *settings;
    br_loop *loop;
    const br_http_tools *tools;    /* NULL: no requests (handleSummary), or none before br_vu_attach() */
    br_recorder *recorder;         /* NULL: samples are dropped */
    int64_t id;                    /* __VU: 0 for setup, teardown and summary; else from 1 */
    int64_t id_in_test;            /* its number when several instances share the test; 0: id */
    const br_tagset *run_tags;     /* of the recorder's store */
    const _Atomic bool *stop_flag; /* becomes true: init code is interrupted; may be NULL */
} br_vu_config;

/*
 * Makes the runtime and runs the init code, on the calling (not fiber) stack.
 * BR_EEXCEPTION: init code threw (message with stack); BR_ECANCEL: it was interrupted, by the stop flag or by
 * a cancel of the fiber that it runs on, with a message as of br_vu_run(). Free with br_vu_free().
 */
BR_NODISCARD br_code br_vu_new(const br_vu_config *config, br_vu **ret, br_err *err);
void br_vu_free(br_vu *vu); /* no call may be running */
/* Gives a VU that was made without them, on any thread, what belongs to its worker; on the worker. */
void br_vu_attach(br_vu *vu, const br_http_tools *tools, br_recorder *recorder);

/* Where and as what a call runs. */
typedef struct br_vu_call {
    br_str function;   /* exported name; outlives the VU */
    br_ns now;         /* loop clock, if the caller has just read it; else 0 */
    br_ns meant;       /* when it was meant to begin; 0: now */
    br_str scenario;   /* empty in setup, teardown */
    const void *owner; /* for the host; NULL in setup, teardown and summary: no scenario */
    const br_tag *env; /* the scenario's own variables for __ENV; outlives the VU */
    size_t env_count;
    const br_tagset
        *tags;      /* run and scenario tags, with `scenario` and `group` where those system tags are on */
    br_str group;   /* initial group path: "" or "::setup" */
    br_ns deadline; /* loop clock: JavaScript still running then is interrupted; BR_NS_MAX: never */
    const _Atomic bool *stop_flag; /* becomes true: interrupt at once; may be NULL */
} br_vu_call;

#define BR_VU_STUCK BR_SEC

/*
 * Calls an exported function on the calling fiber and waits for the promise it may return.
 * argument: setup data as JSON (parsed once per VU; p == NULL: undefined).
 * ret_json (may be NULL): the returned value as JSON, p == NULL for undefined; br_free(ret_json->p).
 * BR_EEXCEPTION: threw (message "Error: text\n\tat fn (file:///x.js:1:2)\n"); BR_ECANCEL: interrupted. If
 * JavaScript had run for BR_VU_STUCK without waiting for anything, the message says so, and where; else it is
 * empty.
 * BR_EINVAL: the result is not representable as JSON; BR_ENOTFOUND: no such function. BR_EABORT: init code,
 * setup() or an iteration called test.abort() (the host has been told).
 */
BR_NODISCARD br_code br_vu_run(
    br_vu *vu, br_fiber *fiber, const br_vu_call *call, br_str argument, br_str *ret_json, br_err *err);

/* handleSummary(data): calls fn(ctx, key, content) for each entry of the returned object. BR_AGAIN: returned
 * nothing (use the default text). Errors as br_vu_run(). */
typedef void br_summary_entry_fn(void *ctx, br_str key, br_str content);
BR_NODISCARD br_code br_vu_handle_summary(
    br_vu *vu, br_fiber *fiber, br_str data_json, br_summary_entry_fn *fn, void *ctx, br_err *err);

/* For __ITER and for vu/iter metadata; set before each iteration. */
void br_vu_set_iteration(br_vu *vu, int64_t iteration);

/* Socket bytes since the last call of this function: data_sent, data_received of an iteration. */
void br_vu_take_bytes(br_vu *vu, uint64_t *ret_sent, uint64_t *ret_received);
int64_t br_vu_id(const br_vu *vu); /* __VU */
/* The VU's tags and metadata as they are now. */
br_origin br_vu_origin(const br_vu *vu);
size_t br_vu_heap_bytes(const br_vu *vu);
