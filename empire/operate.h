/*
 * empire/operate.h - what operators do to workflows.
 *
 * What: the commands `empire schedule ...` and `empire workflow ...`.
 * Why here: they are clients of the engine's port, beside the API; blocking, one call and its output.
 * Threads: main only.
 */
#pragma once
#include "empire/options.h"

/* BR_ENOTFOUND, BR_EINVAL with words for the user, and the engine's errors. */
BR_NODISCARD br_code emp_operate(const emp_options *o, br_err *err);
