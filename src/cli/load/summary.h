/*
 * cli/load/summary.h - the end of a run: handleSummary(), k6's text, --summary-export.
 */
#pragma once
#include "cli/load/job.h"
#include "stat/breakdown.h"

typedef struct br_summary_config {
    const char *export_file;       /* NULL: none */
    const char *script;            /* path of the main script */
    br_str script_text;            /* its text where it came from an archive, else p == NULL */
    const br_breakdown *breakdown; /* of groups and scenarios, for the full summary; NULL: the compact one */
    bool colour, disabled;
    bool newer; /* handleSummary() and the export get the newer form */
} br_summary_config;

/*
 * Prints and writes what the run's end asks for. Files appear complete or not at all; paths that cannot be
 * written are named in *err (BR_EIO, BR_EACCESS, ...) after everything else was done. An exception in
 * handleSummary() is logged and the default text is printed, as k6 does.
 */
BR_NODISCARD br_code br_summary_write(br_job *job, const br_summary_config *config, br_err *err);
