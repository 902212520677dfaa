/*
 * cli/history/git_commit.h - the commit that a script's repository is at.
 *
 * What: asks the program git; a machine without it, or a script without a repository, has no commit.
 * Why here: stored runs say with which version of the tests they were made.
 * Threads: main thread; waits at most a few seconds.
 */
#pragma once
#include "base/arena.h"

/* False: unknown. `path`: a file. *ret_dirty: files that git knows differ from the commit. */
bool br_git_commit_of(const char *path, br_arena *arena, br_str *ret_commit, bool *ret_dirty);
