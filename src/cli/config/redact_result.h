/*
 * cli/config/redact_result.h - a result without the secrets of its environment.
 *
 * What: replaces them in every text of a result that comes from the script or from the target: endpoints,
 *     errors, checks, groups, metrics, data of setup().
 * Why here: one place before judging, so that no report, file or history has to think of it.
 * Threads: main thread, after the run has ended.
 */
#pragma once
#include "cli/config/config.h"
#include "stat/run_result.h"

/* New texts live as long as the result. */
void br_redact_result(const br_environment *e, br_run_result *r);
