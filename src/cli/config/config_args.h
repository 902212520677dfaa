/*
 * cli/config/config_args.h - which configuration a command reads.
 *
 * What: the flag --config, and what counts where it is not given. Why here: several commands read brunt.yaml.
 * Threads: main thread.
 */
#pragma once
#include "cli/terminal/args.h"
#include "cli/config/config.h"

#define BR_CONFIG_ARG                                                                                        \
    {                                                                                                        \
        "config", 'c', BR_ARG_LIST, "FILE",                                                                  \
            "configuration; may be given again (default: brunt.yaml, then loadtest/brunt.yaml)", NULL        \
    }

typedef BR_VEC(const char *) br_config_paths;

/* Appends the files of --config in their order, or the default. */
void br_config_args_paths(const br_args *a, br_config_paths *out);
/* Loads them. Errors of br_config_load_all(). */
BR_NODISCARD br_code br_config_args_load(const br_args *a, br_config **ret, br_err *err);
