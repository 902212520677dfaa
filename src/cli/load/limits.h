/*
 * cli/load/limits.h - flags about what one virtual user may take.
 *
 * What: --vu-memory and --vu-stack with their variables, for the commands that run scripts. Why here: engine/
 *     takes bytes. Threads: main thread.
 */
#pragma once
#include "base/err.h"
#include "cli/terminal/args.h"

extern const br_arg br_limit_args[]; /* a table for br_args_parse() */

typedef struct br_limits {
    size_t memory_bytes; /* of a virtual user's JavaScript; 0: none */
    size_t stack_bytes;
} br_limits;

/* BR_EINVAL. `a`: NULL, or parsed with any tables: the environment and the defaults count where no flag does.
 */
BR_NODISCARD br_code br_limits_read(const br_args *a, br_limits *ret, br_err *err);
