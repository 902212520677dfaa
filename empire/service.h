/*
 * empire/service.h - the running service.
 * What: everything between the options of `empire api` and its end: socket, pool, server, signals, drain.
 * Threads: main only. Signals SIGTERM and SIGINT are blocked in all threads and awaited by this one.
 */
#pragma once
#include "empire/api/listen.h"
#include "empire/faults/faults.h"
#include "empire/options.h"
#include "empire/scale/board.h"

/* What a process of the service is given. */
typedef struct emp_service {
    emp_listener listener;
    emp_faults *faults;
    /* Of an instance under `empire autoscale`, else NULL. */
    const emp_scale_board *board;
    emp_scale_place *place;
} emp_service;

/* Serves until a signal. BR_OK after a drain; otherwise why it could not start, with the remedy. */
BR_NODISCARD br_code emp_service_run(const emp_options *options, br_err *err);

/* The same for an instance, whose socket another process has, too. */
BR_NODISCARD br_code emp_service_instance(
    const emp_options *options, const emp_service *service, br_err *err);

/* May it listen there, and is the database ready? BR_EACCESS, BR_EDIAL, ... */
BR_NODISCARD br_code emp_service_check(const emp_options *options, const emp_listener *listener, br_err *err);
