/*
 * cli/test/reports.h - what a judged test leaves behind: terminal output and files.
 *
 * What: prints k6's summary, the verdict and the comparison; writes NAME-summary.txt, NAME-summary.json,
 *     NAME.md, NAME-junit.xml and NAME.html, or those of them that are wanted.
 * Threads: main thread.
 * Invariants: a file appears complete or not at all.
 */
#pragma once
#include "cli/history/comparing.h"
#include "judge/verdict.h"
#include "report/preparation.h"

typedef enum br_report_form {
    BR_REPORT_TEXT = 1,
    BR_REPORT_JSON = 2,
    BR_REPORT_MARKDOWN = 4,
    BR_REPORT_JUNIT = 8,
    BR_REPORT_HTML = 16,
} br_report_form;

typedef struct br_reports_config {
    const char *dir;
    bool colour;
    unsigned forms;                /* br_report_form, added up; 0: all */
    const br_comparing *comparing; /* with earlier runs; NULL: none */
    const br_preparation *preparation;
    bool silent; /* nothing on standard output */
} br_reports_config;

/* "text,json,md,junit,html", or a part of it. BR_EINVAL names the word that is none. */
BR_NODISCARD br_code br_reports_parse(const char *list, unsigned *ret_forms, br_err *err);

/* Can files be made there? Makes the folder. BR_EACCESS, BR_EIO with the folder in the message. */
BR_NODISCARD br_code br_reports_check_dir(const char *dir, br_err *err);

/* Prints, then writes. The first file that could not be written is told in *err; the others are written all
 * the same. */
BR_NODISCARD br_code br_reports_write(const br_run_result *result, const br_judge_plan *plan,
    const br_judgement *judgement, const br_reports_config *config, br_err *err);
