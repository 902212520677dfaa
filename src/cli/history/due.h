/*
 * cli/history/due.h - which tests of the configuration are due.
 *
 * What: reads the frequency of a test where it names a period, and holds it against the newest valid run.
 * Why here: it needs the configuration and the history. A frequency is a text for people ("before a
 *     campaign"): one that names an occasion is shown with the last run, and nobody can say more by the
 * clock. Threads: main thread. Memory: texts belong to the configuration and the caller's arena.
 */
#pragma once
#include <jansson.h>
#include "base/vec.h"
#include "cli/config/config.h"
#include "report/table.h"
#include "store/store.h"

typedef struct br_due {
    br_str test, frequency;
    br_ns period;       /* 0: an occasion */
    int64_t run;        /* the newest valid run; 0: there is none */
    br_str environment; /* of that run */
    br_ns last, at;     /* when it started, and when the next is due; 0: no run, or an occasion */
} br_due;

typedef BR_VEC(br_due) br_due_list;

/*
 * "hourly", "daily", "nightly", "weekly", "monthly" (30 days), "quarterly" (91), "yearly" (365), "every
 * week", "every 2 weeks", "every 36h", "once a month", in any case; what follows a comma does not count
 * ("weekly, Mondays"). False, *ret untouched: it names no period.
 */
bool br_due_period(br_str frequency, br_ns *ret);

/*
 * Appends the tests that have a frequency, in the order of the file; `test`, `environment`: only that one
 * (NULL: any). store NULL: nothing was stored. Errors of br_store_list().
 */
BR_NODISCARD br_code br_due_find(const br_config *cfg, br_store *store, const char *test,
    const char *environment, br_arena *arena, br_due_list *ret, br_err *err);

/* At the instant `now`. Never run counts as overdue where there is a period. */
bool br_due_is_overdue(const br_due *d, br_ns now);
/* Appends a table with its title; nothing for an empty list. */
void br_due_text(const br_due_list *list, br_ns now, br_arena *arena, bool colour, br_buf *out);
json_t *br_due_json(const br_due_list *list, br_ns now);
