/*
 * cli/target/target.h - is the target there?
 *
 * What: one GET before a test, so that a service that is down is told at once and not after five minutes of
 * errors. Threads: main thread, on a loop of its own, which a signal ends (cli/terminal/interrupt.h).
 */
#pragma once
#include "base/clock.h"
#include "base/err.h"

/*
 * GETs base_url + path. BR_OK: an answer with a status below 500. BR_EREFUSED, BR_ENOHOST, BR_ETIMEOUT, ...:
 * no answer; BR_ECANCEL: a signal came first; BR_EPROTO: status 500 or above. The message names the URL and
 * what happened.
 */
BR_NODISCARD br_code br_target_check(const char *base_url, const char *path, br_ns timeout_ns, br_err *err);
