/*
 * cli/history/record.h - a finished run becomes part of the history.
 *
 * What: collects what the store keeps of a run: figures, verdict, result document, and the fingerprint by
 *     which comparable runs are found. Flags for the commands that make runs.
 * Why here: the one place that knows job, judgement and store. `test` records unless told otherwise, `run`
 *     when it is told to.
 * Threads: main thread, after the run.
 * Invariants: a history that cannot be written never changes a verdict; it is told as a warning.
 *
 * Fingerprint: SHA-256 of script (every file that init code read), load (scenarios and the options that shape
 * requests, variables of the test, workers), environment with its base URL, machine, and version of brunt.
 */
#pragma once
#include "cli/config/config.h"
#include "cli/load/job.h"
#include "judge/verdict.h"
#include "report/preparation.h"

extern const br_arg br_record_test_args[]; /* --store, --no-store, --target-version */
extern const br_arg br_record_run_args[];  /* --store, --record, --target-version */

typedef struct br_record {
    const br_job *job; /* with sources kept and its result */
    const br_args *args;
    const char *script;
    br_str test, environment;
    const br_config_pair *variables; /* of the test: part of the load */
    size_t variable_count;
    uint32_t workers;                  /* 0: as many as there are cores */
    const br_judge_plan *plan;         /* NULL: not a named test */
    const br_judgement *judgement;     /* NULL: thresholds decided */
    const br_preparation *preparation; /* NULL: none */
    br_str version;                    /* of the target, where --target-version does not say; may be empty */
    int exit_status;
    bool silent; /* nothing on standard output */
} br_record;

/*
 * Before a run: can it be stored? A history that was named and cannot be used is an error; of the user's own
 * one it is a warning, and *ret_on is false then.
 */
BR_NODISCARD br_code br_record_check(const br_args *a, bool *ret_on, br_err *err);
/* Stores it. Errors of br_store_open() and br_store_add(). */
BR_NODISCARD br_code br_record_add(const br_record *r, int64_t *ret_id, br_err *err);
/* Stores it, and prints where, or warns. Returns the run's number, 0: it is not stored. */
int64_t br_record_and_tell(const br_record *r);
