/*
 * workflow/cron.h - when a schedule is due.
 *
 * What: the five fields of crontab(5) in UTC, the next time that they name, and what follows from a due time.
 * Why here: pure functions, so that both engines do the same and tests need no clock.
 * Threads: any.
 *
 * minute 0-59, hour 0-23, day of the month 1-31, month 1-12 or jan-dec, day of the week 0-7 (0 and 7 are
 * Sunday) or sun-sat; each a list of *, N, N-M, with /STEP after * or a range. @hourly, @daily, @weekly and
 * @monthly are short forms. Day of the month and day of the week together are refused: cron takes either,
 * Temporal both. So are texts that name no date at all (30 February).
 */
#pragma once
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

#define EMP_CRON_MAX 64 /* bytes of a text, with the NUL */

typedef struct emp_cron { /* bit n: the value n is one of them */
    uint64_t minutes;
    uint32_t hours, days, months, weekdays;
} emp_cron;

/* BR_EINVAL with what is wrong, in words. */
BR_NODISCARD br_code emp_cron_parse(br_str text, emp_cron *ret_cron, br_err *err);

/* The first time after `after`, both since 1970-01-01 UTC. There is one: parse has seen to it. */
br_ns emp_cron_next(const emp_cron *cron, br_ns after);

/* What to do about a schedule that was due at `due` and is looked at `now`. */
typedef struct emp_cron_turn {
    br_ns at;        /* the action to be taken, by its due time; -1: none */
    int64_t missed;  /* longer ago than the catch-up window: not taken */
    int64_t skipped; /* due as well, but the one that is taken is running then */
    br_ns next;      /* after `now` */
} emp_cron_turn;

emp_cron_turn emp_cron_turn_of(const emp_cron *cron, br_ns due, br_ns now, br_ns catch_up);
