/*
 * cli/load/modules.h - flags and variables about what scripts may import, and in which mode they run.
 *
 * What: --map, --module-cache, --offline, --lock, --compatibility-mode for the commands that load scripts.
 * Threads: main thread.
 */
#pragma once
#include "cli/terminal/args.h"
#include "base/arena.h"
#include "script/remote.h"

extern const br_arg br_module_args[]; /* a table for br_args_parse() */

typedef struct br_module_settings {
    br_arena arena; /* of everything below; br_arena_deinit() frees it, also after a failure */
    br_remote_config remote;
    bool base_mode; /* without the alias `global` */
} br_module_settings;

/* Reads modules whose URL begins with `prefix` from `folder`, unless there is a mapping of that prefix. */
void br_module_settings_map(br_module_settings *s, br_str prefix, br_str folder);

/* BR_EINVAL. `a`: parsed with the table above; NULL: the environment only. */
BR_NODISCARD br_code br_module_settings_read(const br_args *a, br_module_settings *ret, br_err *err);
