/*
 * workflow/postgres_int.h - the insides of the engine on PostgreSQL.
 *
 * What: its state, its statements by number, and how cells are read.
 * Why here: the engine is two files, runs and tasks (postgres.c) and schedules (postgres_schedules.c).
 * Threads: as the port.
 */
#pragma once
#include "base/map.h"
#include "empire/db/session.h"
#include "empire/workflow/postgres.h"

typedef struct emp_pg_engine {
    emp_engine base; /* first: the port's pointer is ours */
    emp_session *session;
    br_map histories; /* run id -> what postgres.c keeps of it */
    size_t cached_bytes;
} emp_pg_engine;

enum {
    EMP_PG_START,
    EMP_PG_STATUS,
    EMP_PG_HISTORY,
    EMP_PG_TELL,
    EMP_PG_CLAIM_DECISIONS,
    EMP_PG_CLAIM_ACTIVITIES,
    EMP_PG_COMPLETE_DECISION,
    EMP_PG_FAIL_DECISION,
    EMP_PG_CLOSE_ACTIVITY,
    EMP_PG_RETRY_ACTIVITY,
    EMP_PG_RELEASE_ACTIVITY,
    EMP_PG_BEAT,
    EMP_PG_SYNC,
    EMP_PG_NOTIFY,
    EMP_PG_SWEEP,
    EMP_PG_LIST,
    EMP_PG_NOW,
    EMP_PG_SCHEDULE_SET,
    EMP_PG_SCHEDULE_PAUSE,
    EMP_PG_SCHEDULE_TRIGGER,
    EMP_PG_SCHEDULE_DELETE,
    EMP_PG_SCHEDULE_LIST,
    EMP_PG_SCHEDULES_DUE,
    EMP_PG_SCHEDULE_TURN,
    EMP_PG_COUNT
};

/* Times travel as whole microseconds since 1970. */
#define EMP_PG_MICROS(time) "(extract(epoch FROM " time ") * 1000000)::bigint"
#define EMP_PG_TIME(number) "('epoch'::timestamptz + " number "::bigint * interval '1 microsecond')"

typedef char emp_pg_number[24];

static inline emp_pg_engine *emp_pg_mine(emp_engine *e)
{
    return (emp_pg_engine *) (void *) e;
}

const char *emp_pg_put_number(emp_pg_number to, int64_t v);
int64_t emp_pg_cell_number(const emp_result *r, size_t row, size_t column);
void emp_pg_copy_cell(
    char *to, size_t size, const emp_result *r, size_t row, size_t column); /* cut at size */
bool emp_pg_cell_true(const emp_result *r); /* the first cell; false without a row */

/* The port's functions about schedules. */
br_code emp_pg_schedule_set(emp_engine *e, const emp_schedule *schedule, br_err *err);
br_code emp_pg_schedule_pause(emp_engine *e, const char *id, bool is_paused, br_err *err);
br_code emp_pg_schedule_trigger(
    emp_engine *e, const char *id, char ret_run_id[EMP_UUID_SIZE], bool *ret_is_new, br_err *err);
br_code emp_pg_schedule_delete(emp_engine *e, const char *id, br_err *err);
br_code emp_pg_schedule_list(emp_engine *e, emp_schedule_list *to, br_err *err);

/* The sweep's part in them. */
BR_NODISCARD br_code emp_pg_take_due_actions(emp_engine *e, br_err *err);
