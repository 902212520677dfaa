/*
 * cli/test/preparation.h - what was done and said before a test, for its result.
 *
 * What: the gate's claims, and the record that `brunt preflight` left in the folder of the reports.
 * Why here: the test that follows a checklist is what the checklist was for.
 * Threads: main thread.
 * Invariants: only a record of this environment, its base URL and this test (or all) counts, and only for
 *     BR_PREPARATION_AGE: an old one says nothing about today. Its absence is no error, and a record that
 *     cannot be read is a warning: the test does not depend on it.
 */
#pragma once
#include "cli/config/config.h"
#include "cli/config/gate.h"
#include "report/preparation.h"

#define BR_PREPARATION_AGE (24 * 3600 * BR_SEC)

/* `dir`: of the reports; `url`: the base URL without secrets; `now`: wall clock. Texts are in the arena. */
br_preparation br_preparation_of(const br_environment *e, br_str test, br_str url, const char *dir,
    const br_gate_pass *gate, br_ns now, br_arena *arena);
