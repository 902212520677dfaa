/*
 * workflow/postgres.h - the engine on PostgreSQL.
 *
 * What: the port over the tables and functions of migration 4.
 * Why here: one store: a start commits together with its business record, an activity's rows with its effect.
 *     A poll or a batch of answers is one transaction and one round trip.
 * Threads: as the port. Memory: keeps the histories of runs it has seen (they only grow, so a later poll
 * reads only what is new), dropped as a whole when they are too many.
 */
#pragma once
#include "empire/workflow/engine.h"

#define EMP_WF_CHANNEL "empire_wf"

/* Connects with the first call. Never fails here. */
emp_engine *emp_engine_postgres(const char *url, br_ns timeout);

/* The socket that becomes readable when there may be work; -1: none now. */
int emp_engine_postgres_fd(const emp_engine *e);
bool emp_engine_postgres_notified(emp_engine *e);
