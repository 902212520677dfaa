/*
 * cli/load/job.h - from a script and options to a finished run: what `run` and `test` have in common.
 *
 * What: loads the script, merges options (configuration file < script < environment < command line),
 * registers thresholds, runs with progress, and writes the files that were asked for. Threads: main thread.
 */
#pragma once
#include <jansson.h>
#include "cli/terminal/args.h"
#include "cli/load/limits.h"
#include "cli/load/progress.h"
#include "engine/run.h"

typedef struct br_job_config {
    const char *script;
    const br_env_var *env; /* for __ENV; added to the system's environment */
    size_t env_count;
    bool system_env;                  /* __ENV holds the system's environment too */
    const struct br_archive *archive; /* run what is in it; `script` is its path then; NULL: a script */
    br_str input;                     /* the script's text if `script` is "-" and no archive */
    bool keep_sources;                /* for an archive that is to be written */
    const char *config_file; /* JSON with options of the lowest level; NULL: the user's, if there is one */
    json_t *overrides;       /* options of the highest level; borrowed; may be NULL */
    bool no_thresholds, quiet, colour;
    uint32_t workers;
    br_loop_kind loop;
    FILE *console_out;     /* messages of console.*; NULL: the log */
    br_secrets *secrets;   /* for k6/secrets; NULL: none */
    size_t max_body_bytes; /* largest kept response body; 0: default */
    const char *banner;    /* line before the scenarios, or NULL */
    const char *outputs;   /* where samples go, for the banner; NULL: nowhere */
    br_sample_fn *tap;     /* sees every sample, from several threads; may be NULL */
    void *tap_ctx;
    const struct br_config_pair
        *maps; /* more mappings, which those of module_args and the environment beat */
    size_t map_count;
    br_progress_line_fn *head; /* first line of the progress on a terminal; may be NULL */
    void *head_ctx;
    bool (*interrupted)(void); /* as in br_run_config; may be NULL */
    json_t *probe;            /* scenario that is added as "probe" if the script has its function; borrowed */
    br_run_decide_fn *decide; /* as in br_run_config; may be NULL */
    void *decide_ctx;
    br_ns decide_interval_ns;
    const br_args *module_args; /* parsed with the tables of cli/load/modules.h and cli/load/limits.h; NULL:
                                   the environment decides */
} br_job_config;

typedef struct br_job {
    br_limits limits;
    br_program *program;
    br_options *options;
    br_metrics *metrics;
    json_t *config_file; /* the JSON configuration; NULL: there is none */
    bool probed;         /* the scenario `probe` of the configuration is part of it */
    br_run_config run;
    br_run_result *result;
    br_exit_code exit_code;
} br_job;

/*
 * Loads and checks; nothing runs yet. On failure the message is in *err and *ret_exit is k6's code for it.
 */
BR_NODISCARD br_code br_job_prepare(
    const br_job_config *config, br_job *ret, br_exit_code *ret_exit, br_err *err);
/*
 * What k6's inspect prints, as compact JSON to be freed with br_free(): the script's options, or with
 * `requirements` those of all levels with scenarios, duration and VUs. Errors as br_job_prepare().
 */
BR_NODISCARD br_code br_job_inspect(
    const br_job_config *config, bool requirements, char **ret, br_exit_code *ret_exit, br_err *err);
/* Runs; job->result and job->exit_code are set on BR_OK. */
BR_NODISCARD br_code br_job_run(
    br_job *job, const br_job_config *config, br_exit_code *ret_exit, br_err *err);
/* Logs why one of them failed; a script's exception is marked as such, as k6 does. */
void br_job_log_error(br_code code, const br_err *err);
void br_job_deinit(br_job *job);

/* A command that looks at a script without running it. *ret_exit is the exit status if it fails. */
typedef br_code br_job_work(const br_args *a, br_exit_code *ret_exit, br_err *err);
/* Reads the arguments, does the work unless help was asked for, tells an error; returns the exit status. */
int br_job_command(
    int argc, char **argv, const br_arg_section *sections, void (*print_help)(void), br_job_work *work);
