/*
 * workflow/memory.h - the engine in memory, for tests.
 *
 * What: the port with nothing behind it but lists, and a clock that moves when it is told to.
 * Why here: workflow code and workers' logic are tested without a database, hours in no time.
 * Threads: as the port. Nothing survives free.
 */
#pragma once
#include "empire/workflow/engine.h"

emp_engine *emp_engine_memory(void);
br_ns emp_engine_memory_now(const emp_engine *e); /* since 1970-01-01 UTC, where it begins */
void emp_engine_memory_advance(emp_engine *e, br_ns by);
