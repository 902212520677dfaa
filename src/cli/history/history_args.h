/*
 * cli/history/history_args.h - which history a command speaks of.
 *
 * What: the flag --store with its variable, opening, and runs by their number or by `latest`.
 * Why here: one rule for all commands that read or write the history.
 * Threads: main thread.
 */
#pragma once
#include "cli/terminal/args.h"
#include "store/store.h"

extern const br_arg br_history_args[]; /* --store */

/* --store, else BRUNT_STORE, else the user's own file. BR_ENOTFOUND: there is no place for one. */
BR_NODISCARD br_code br_history_path(const br_args *a, br_arena *arena, const char **ret, br_err *err);
/* Named by the flag or the variable? */
bool br_history_is_named(const br_args *a);
/* Opens it; errors of br_store_open(). */
BR_NODISCARD br_code br_history_open(const br_args *a, br_store_mode mode, br_store **ret, br_err *err);

/* "12" or "latest" (of this test and environment; NULL: any). BR_EINVAL: neither; BR_ENOTFOUND. */
BR_NODISCARD br_code br_history_run(br_store *s, const char *word, const char *test, const char *environment,
    br_arena *arena, br_stored_run *ret, br_err *err);
/* A whole number of a flag, at least 1; untouched if it is not given. BR_EINVAL. */
BR_NODISCARD br_code br_history_count(const br_args *a, const char *flag, size_t *ret, br_err *err);
/* A flag with a duration such as 90d: *ret is the instant that long ago. BR_EINVAL. */
BR_NODISCARD br_code br_history_ago(const br_args *a, const char *flag, br_ns *ret_wall, br_err *err);
/* --limit 20% of a comparison as a ratio, 1.2; untouched if it is not given. BR_EINVAL. */
BR_NODISCARD br_code br_history_limit(const br_args *a, double *ret, br_err *err);
