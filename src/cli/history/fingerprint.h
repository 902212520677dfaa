/*
 * cli/history/fingerprint.h - were two runs made in the same way?
 *
 * What: digests of script and load, and one of all that must be equal for a comparison; see
 * cli/history/record.h. Threads: main thread. Memory: texts in the caller's arena.
 */
#pragma once
#include "cli/history/record.h"
#include "store/store.h"

/* Fills fingerprint, script_hash, load_hash, machine and tool_version; uses environment and target. */
void br_fingerprint(const br_record *r, br_arena *arena, br_stored_run *run);
