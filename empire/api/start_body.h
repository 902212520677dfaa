/*
 * api/start_body.h - the bodies of POST requests.
 *
 * What: reads an object of {"type": text, "videoCount": n, "dryRun": bool, "name": text, "productId": n,
 *     "platform": text} into the start of a workflow; which members there may and must be depends on the
 *     endpoint.
 * Why here: strict: an unknown member, a member given twice or a wrong type is an error that names it.
 * Threads: any.
 */
#pragma once
#include <stddef.h>
#include "base/err.h"
#include "empire/domain/workflows.h"

typedef enum emp_start_kind {
    EMP_START_WORKFLOW, /* /orchestrator/start */
    EMP_START_SYNC,
    EMP_START_SCRIPT,
    EMP_START_VIDEO,
    EMP_START_PUBLISH,
    EMP_START_OPTIMIZE,
    EMP_START_KINDS
} emp_start_kind;

/* Where a member may stand; for the description of the API, too. */
#define EMP_START_MEMBERS 6
extern const char *const emp_start_members[EMP_START_MEMBERS];
bool emp_start_takes(emp_start_kind kind, size_t member);
bool emp_start_needs(emp_start_kind kind, size_t member);

/*
 * An empty body is an empty object. BR_EINVAL with a message for the client; *ret_start is untouched then.
 */
BR_NODISCARD br_code emp_start_body_parse(
    br_str body, emp_start_kind kind, emp_workflow_start *ret_start, br_err *err);
