/*
 * cli/load/run_flags.h - the flags of k6's run, archive and inspect, and what they stand for.
 *
 * What: one table for parsing, help, completion and the manual page; options of the highest level from what
 *     was given. Why here: three commands share them. Threads: main thread.
 */
#pragma once
#include <jansson.h>
#include "cli/load/archive.h"
#include "cli/terminal/args.h"
#include "script/program.h"

extern const br_arg br_execution_args[], br_network_args[], br_result_args[], br_script_args[],
    br_refused_args[];

/* Flags that set options, as the highest level of options. BR_EINVAL names the flag. */
BR_NODISCARD br_code br_run_flags_options(const br_args *a, json_t *into, br_err *err);
/* --env; `list` has room for a->values.len, its slices point into the command line. BR_EINVAL: a bad name. */
BR_NODISCARD br_code br_run_flags_env(const br_args *a, br_env_var *list, size_t *ret_count, br_err *err);
/* A switch or its variable; *ret is left alone where neither is given. BR_EINVAL: neither true nor false. */
BR_NODISCARD br_code br_run_flags_switch(
    const br_args *a, const br_arg_section *sections, const char *name, bool *ret, br_err *err);
/*
 * Opens what is to be run, c->script, if it is an archive or standard input: by --type, else by its content.
 * *c refers to *ret, which is br_source_deinit()ed in any case. BR_EINVAL: an unknown type; others as
 * br_source_read().
 */
BR_NODISCARD br_code br_run_flags_source(
    const br_args *a, const br_arg_section *sections, br_job_config *c, br_source *ret, br_err *err);
/* BR_EUNSUPPORTED: a flag or variable of k6 that would change the run and has no effect here. */
BR_NODISCARD br_code br_run_flags_refuse(const br_args *a, const br_arg_section *sections, br_err *err);
