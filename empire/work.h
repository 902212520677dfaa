/*
 * empire/work.h - the commands worker and stub.
 * What: from options to the configuration of worker/ and stub/, with the checks that need more than a flag.
 * Threads: main only.
 */
#pragma once
#include "empire/options.h"

/* Both run until SIGTERM or SIGINT. */
BR_NODISCARD br_code emp_work_run(const emp_options *options, br_err *err);
BR_NODISCARD br_code emp_stub_run(const emp_options *options, br_err *err);
