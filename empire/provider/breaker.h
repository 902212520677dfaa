/*
 * provider/breaker.h - a circuit breaker.
 *
 * What: after a row of failures, calls are refused for a while; then one is let through to see.
 * Why here: a provider that is down must not keep every activity slot waiting for its time-out.
 * Threads: any; one mutex. Time is given by the caller.
 *
 *              `failures` failures in a row             `pause` is over: one call
 *     CLOSED ------------------------------> OPEN ----------------------------> HALF_OPEN
 *        ^                                     ^                                    |
 *        |                                     +------------- it failed ------------+
 *        +----------------------------- it succeeded -------------------------------+
 */
#pragma once
#include <pthread.h>
#include <stdbool.h>
#include "base/clock.h"

#define EMP_BREAKER_FAILURES 5
#define EMP_BREAKER_PAUSE    (60 * BR_SEC)

typedef enum emp_breaker_state {
    EMP_BREAKER_CLOSED,
    EMP_BREAKER_OPEN,
    EMP_BREAKER_HALF_OPEN
} emp_breaker_state;

typedef struct emp_breaker {
    pthread_mutex_t mutex;
    int failures_max;
    br_ns pause;
    emp_breaker_state state;
    int failures; /* in a row, while CLOSED */
    br_ns opened_at, trial_at;
    long opened_count;
} emp_breaker;

void emp_breaker_init(emp_breaker *b, int failures_max, br_ns pause);
void emp_breaker_deinit(emp_breaker *b);

/*
 * May a call be made? If so emp_breaker_note() must follow; a trial that never comes back stops counting
 * after another `pause`. If not, *ret_wait is how long to wait before asking again.
 */
bool emp_breaker_allow(emp_breaker *b, br_ns now, br_ns *ret_wait);
void emp_breaker_note(emp_breaker *b, bool is_success, br_ns now);

emp_breaker_state emp_breaker_look(emp_breaker *b, long *ret_opened_count);
