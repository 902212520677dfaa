/*
 * cli/reports.h - what a judged test leaves behind: terminal output and files.
 *
 * What: prints k6's summary and the verdict; writes NAME-summary.txt, NAME-summary.json and NAME.html.
 * Threads: main thread.
 * Invariants: a file appears complete or not at all.
 */
#pragma once
#include "judge/verdict.h"

typedef struct br_reports_config {
    const char *dir;
    bool colour;
} br_reports_config;

/* Can files be made there? Makes the folder. BR_EACCESS, BR_EIO with the folder in the message. */
BR_NODISCARD br_code br_reports_check_dir(const char *dir, br_err *err);

/* Prints, then writes. The first file that could not be written is told in *err; the others are written all
 * the same. */
BR_NODISCARD br_code br_reports_write(const br_run_result *result, const br_judge_plan *plan,
    const br_judgement *judgement, const br_reports_config *config, br_err *err);
