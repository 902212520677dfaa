#include "empire/provider/breaker.h"

void emp_breaker_init(emp_breaker *b, int failures_max, br_ns pause)
{
    *b = (emp_breaker){.failures_max = failures_max, .pause = pause};
    pthread_mutex_init(&b->mutex, NULL);
}

void emp_breaker_deinit(emp_breaker *b)
{
    pthread_mutex_destroy(&b->mutex);
}

static void enter(emp_breaker *b, emp_breaker_state state, br_ns now)
{
    b->state = state;
    switch (state) {
        case EMP_BREAKER_CLOSED: b->failures = 0; break;
        case EMP_BREAKER_OPEN:
            b->opened_at = now;
            b->opened_count++;
            break;
        case EMP_BREAKER_HALF_OPEN: b->trial_at = now; break;
    }
}

static bool allow(emp_breaker *b, br_ns now, br_ns *ret_wait)
{
    br_ns since = b->state == EMP_BREAKER_OPEN ? b->opened_at : b->trial_at;
    if (b->state == EMP_BREAKER_CLOSED) return true;
    if (now - since >= b->pause) {
        enter(b, EMP_BREAKER_HALF_OPEN, now);
        return true;
    }
    *ret_wait = b->state == EMP_BREAKER_OPEN ? since + b->pause - now : BR_SEC; /* a trial is on its way */
    return false;
}

bool emp_breaker_allow(emp_breaker *b, br_ns now, br_ns *ret_wait)
{
    pthread_mutex_lock(&b->mutex);
    bool may = allow(b, now, ret_wait);
    pthread_mutex_unlock(&b->mutex);
    return may;
}

void emp_breaker_note(emp_breaker *b, bool is_success, br_ns now)
{
    pthread_mutex_lock(&b->mutex);
    switch (b->state) {
        case EMP_BREAKER_CLOSED:
            b->failures = is_success ? 0 : b->failures + 1;
            if (b->failures >= b->failures_max) enter(b, EMP_BREAKER_OPEN, now);
            break;
        case EMP_BREAKER_HALF_OPEN: enter(b, is_success ? EMP_BREAKER_CLOSED : EMP_BREAKER_OPEN, now); break;
        case EMP_BREAKER_OPEN: break; /* a call from before */
    }
    pthread_mutex_unlock(&b->mutex);
}

emp_breaker_state emp_breaker_look(emp_breaker *b, long *ret_opened_count)
{
    pthread_mutex_lock(&b->mutex);
    emp_breaker_state state = b->state;
    *ret_opened_count = b->opened_count;
    pthread_mutex_unlock(&b->mutex);
    return state;
}
