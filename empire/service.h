/*
 * empire/service.h - the running service.
 * What: everything between the options of `empire api` and its end: socket, pool, server, signals, drain.
 * Threads: main only. Signals SIGTERM and SIGINT are blocked in all threads and awaited by this one.
 */
#pragma once
#include "empire/options.h"

/* Serves until a signal. BR_OK after a drain; otherwise why it could not start, with the remedy. */
BR_NODISCARD br_code emp_service_run(const emp_options *options, br_err *err);
