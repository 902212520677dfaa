/*
 * api/start_body.h - the body of POST /orchestrator/start.
 *
 * What: reads {"type": text, "videoCount": n, "dryRun": bool, "name": text}, every member optional.
 * Why here: strict: an unknown member, a member given twice or a wrong type is an error that names it.
 * Threads: any.
 */
#pragma once
#include "base/err.h"
#include "empire/domain/workflows.h"

/* An empty body gives the defaults. BR_EINVAL with a message for the client; *ret_start is untouched then. */
BR_NODISCARD br_code emp_start_body_parse(br_str body, emp_workflow_start *ret_start, br_err *err);
