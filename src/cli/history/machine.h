/*
 * cli/history/machine.h - the machine that makes the load, in one line.
 *
 * Why here: runs of different machines are not compared without saying so.
 * Threads: any.
 */
#pragma once
#include "base/arena.h"

/* "AMD EPYC 7763 64-Core Processor, 4 cores, 16 GB": cores that may be used, memory in whole GiB. */
br_str br_machine_text(br_arena *arena);
