/*
 * cli/target/target_version.h - which version of the target is deployed?
 *
 * Why here: the checklist shows it, and the history keeps it.
 * Threads: main thread; waits for the target where it has to ask.
 */
#pragma once
#include "cli/config/config.h"

/*
 * The environment's `version`, or what its `version_url` answers: of a JSON mapping the member version,
 * commit, git_commit, sha or revision, else the first line. In the arena, one line of valid UTF-8 without
 * secrets. Empty: the environment says nothing of it, or (message in *err) the target does not tell.
 */
br_str br_target_version(const br_environment *e, br_arena *arena, br_err *err);

/* `text` in the arena without secrets, control characters and invalid UTF-8. */
br_str br_target_clean_text(const br_environment *e, br_str text, br_arena *arena);
