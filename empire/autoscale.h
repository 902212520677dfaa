/*
 * empire/autoscale.h - the command autoscale: the service by as many processes as its load needs.
 *
 * What: starts and stops instances on one port by the rule of scale/rule.h, replaces those that end or do not
 *     answer, hands signals on, tells what happens on the board (scale/board.h). Why here: what Kubernetes or
 *     Fly do elsewhere, on one machine. Threads: none, because it forks; one loop with a short tick.
 *
 * A place is one instance with its number and its listening socket, which outlives it:
 *
 *            start            its port is there         drained out, SIGTERM
 *     EMPTY -------> STARTING ------------------> READY --------------------> DRAINING
 *       ^               |                           |                            |
 *       +---------------+---------------------------+----------------------------+   it has ended
 */
#pragma once
#include "empire/options.h"

/* Until SIGTERM or SIGINT. */
BR_NODISCARD br_code emp_autoscale_run(const emp_options *options, br_err *err);
