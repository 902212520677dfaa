#include <inttypes.h>
#include <stdio.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/num.h"
#include "empire/workflow/postgres_int.h"

/* Cells -------------------------------------------------------------------------------------------- */

const char *emp_pg_put_number(emp_pg_number to, int64_t v)
{
    snprintf(to, sizeof(emp_pg_number), "%" PRId64, v);
    return to;
}

/* The database's own numbers; anything else is a mistake in a statement. */
int64_t emp_pg_cell_number(const emp_result *r, size_t row, size_t column)
{
    int64_t v = 0;
    BR_ASSERT(br_parse_i64(emp_result_cell(r, row, column), &v) == BR_OK);
    return v;
}

void emp_pg_copy_cell(char *to, size_t size, const emp_result *r, size_t row, size_t column)
{
    br_str cell = emp_result_cell(r, row, column);
    size_t n = cell.n < size ? cell.n : size - 1;
    memcpy(to, cell.p, n);
    to[n] = '\0';
}

bool emp_pg_cell_true(const emp_result *r)
{
    return emp_result_rows(r) > 0 && br_str_is(emp_result_cell(r, 0, 0), "t");
}

/* For operators ------------------------------------------------------------------------------------ */

static br_code unknown(const char *id, br_err *err)
{
    return br_fail(err, BR_ENOTFOUND, "there is no schedule '%s'", id);
}

/* The database's clock is the one that everybody goes by. */
static br_code database_now(emp_engine *e, br_ns *ret_now, br_err *err)
{
    emp_result *r = NULL;
    br_code rc = emp_session_one(emp_pg_mine(e)->session, EMP_PG_NOW, NULL, &r, err);
    if (rc == BR_OK) *ret_now = emp_pg_cell_number(r, 0, 0) * BR_US;
    emp_result_free(r);
    return rc;
}

br_code emp_pg_schedule_set(emp_engine *e, const emp_schedule *s, br_err *err)
{
    emp_pg_number catch_up, next;
    emp_cron cron;
    br_ns now = 0;
    br_code rc = emp_cron_parse(br_str_of(s->cron), &cron, err);
    if (rc == BR_OK) rc = database_now(e, &now, err);
    if (rc != BR_OK) return rc;
    const char *const values[] = {s->id, s->type, EMP_TASK_QUEUE, s->input, s->cron,
        emp_pg_put_number(catch_up, s->catch_up / BR_MS),
        emp_pg_put_number(next, emp_cron_next(&cron, now) / BR_US)};
    return emp_session_one(emp_pg_mine(e)->session, EMP_PG_SCHEDULE_SET, values, NULL, err);
}

static br_code find_cron(emp_engine *e, const char *id, emp_cron *ret_cron, br_err *err)
{
    emp_schedule_list all = {0};
    br_code rc = emp_pg_schedule_list(e, &all, err);
    br_code found = BR_ENOTFOUND;
    for (size_t i = 0; rc == BR_OK && i < all.len; i++) {
        if (!br_str_is(br_str_of(all.data[i].id), id)) continue;
        found = emp_cron_parse(br_str_of(all.data[i].cron), ret_cron, err);
    }
    br_vec_deinit(&all);
    if (rc != BR_OK) return rc;
    return found == BR_ENOTFOUND ? unknown(id, err) : found;
}

br_code emp_pg_schedule_pause(emp_engine *e, const char *id, bool is_paused, br_err *err)
{
    emp_pg_number next = "0";
    emp_cron cron;
    emp_result *r = NULL;
    br_ns now = 0;
    br_code rc = is_paused ? BR_OK : find_cron(e, id, &cron, err);
    if (rc == BR_OK && !is_paused) rc = database_now(e, &now, err);
    if (rc != BR_OK) return rc;
    if (!is_paused) (void) emp_pg_put_number(next, emp_cron_next(&cron, now) / BR_US);
    const char *const values[] = {id, is_paused ? "true" : "false", next};
    rc = emp_session_one(emp_pg_mine(e)->session, EMP_PG_SCHEDULE_PAUSE, values, &r, err);
    if (rc == BR_OK && !emp_pg_cell_true(r)) rc = unknown(id, err);
    emp_result_free(r);
    return rc;
}

br_code emp_pg_schedule_trigger(
    emp_engine *e, const char *id, char ret_run_id[EMP_UUID_SIZE], bool *ret_is_new, br_err *err)
{
    emp_result *r = NULL;
    const char *const values[] = {id};
    br_code rc = emp_session_one(emp_pg_mine(e)->session, EMP_PG_SCHEDULE_TRIGGER, values, &r, err);
    if (rc == BR_OK && emp_result_rows(r) == 0) rc = unknown(id, err);
    if (rc == BR_OK) {
        emp_pg_copy_cell(ret_run_id, EMP_UUID_SIZE, r, 0, 0);
        *ret_is_new = br_str_is(emp_result_cell(r, 0, 1), "t");
    }
    emp_result_free(r);
    return rc;
}

br_code emp_pg_schedule_delete(emp_engine *e, const char *id, br_err *err)
{
    emp_result *r = NULL;
    const char *const values[] = {id};
    br_code rc = emp_session_one(emp_pg_mine(e)->session, EMP_PG_SCHEDULE_DELETE, values, &r, err);
    if (rc == BR_OK && !emp_pg_cell_true(r)) rc = unknown(id, err);
    emp_result_free(r);
    return rc;
}

br_code emp_pg_schedule_list(emp_engine *e, emp_schedule_list *to, br_err *err)
{
    emp_result *r = NULL;
    br_code rc = emp_session_one(emp_pg_mine(e)->session, EMP_PG_SCHEDULE_LIST, NULL, &r, err);
    for (size_t row = 0; rc == BR_OK && row < emp_result_rows(r); row++) {
        emp_schedule *s = br_vec_push(to);
        emp_pg_copy_cell(s->id, sizeof(s->id), r, row, 0);
        emp_pg_copy_cell(s->type, sizeof(s->type), r, row, 1);
        emp_pg_copy_cell(s->cron, sizeof(s->cron), r, row, 2);
        emp_pg_copy_cell(s->input, sizeof(s->input), r, row, 3);
        s->catch_up = emp_pg_cell_number(r, row, 4) * BR_MS;
        s->is_paused = br_str_is(emp_result_cell(r, row, 5), "t");
        s->next_at = emp_pg_cell_number(r, row, 6) * BR_US;
        s->last_at = emp_pg_cell_number(r, row, 7) * BR_US;
        emp_pg_copy_cell(s->last_run, sizeof(s->last_run), r, row, 8);
        s->started = emp_pg_cell_number(r, row, 9);
        s->skipped = emp_pg_cell_number(r, row, 10);
        s->missed = emp_pg_cell_number(r, row, 11);
    }
    emp_result_free(r);
    return rc;
}

/* For workers -------------------------------------------------------------------------------------- */

/* The turn of one schedule. Texts that no version of this program has written switch it off. */
static br_code take_turn(emp_engine *e, const emp_result *due, size_t row, br_err *err)
{
    emp_pg_number was, at, next, skipped, missed;
    char id[EMP_SCHEDULE_ID_MAX];
    emp_cron cron;
    emp_cron_turn turn = {.at = -1};
    br_err reason = {0};
    emp_pg_copy_cell(id, sizeof(id), due, row, 0);
    bool ok = emp_cron_parse(emp_result_cell(due, row, 1), &cron, &reason) == BR_OK;
    if (ok) {
        turn = emp_cron_turn_of(&cron, emp_pg_cell_number(due, row, 2) * BR_US,
            emp_pg_cell_number(due, row, 3) * BR_US, emp_pg_cell_number(due, row, 4) * BR_US);
    } else {
        br_error("schedule %s has no next time until it is set again: %s", id, reason.msg);
    }
    const char *const values[] = {id, emp_pg_put_number(was, emp_pg_cell_number(due, row, 2)),
        turn.at < 0 ? NULL : emp_pg_put_number(at, turn.at / BR_US),
        ok ? emp_pg_put_number(next, turn.next / BR_US) : NULL, emp_pg_put_number(skipped, turn.skipped),
        emp_pg_put_number(missed, turn.missed)};
    return emp_session_one(emp_pg_mine(e)->session, EMP_PG_SCHEDULE_TURN, values, NULL, err);
}

br_code emp_pg_take_due_actions(emp_engine *e, br_err *err)
{
    emp_result *due = NULL;
    br_code rc = emp_session_one(emp_pg_mine(e)->session, EMP_PG_SCHEDULES_DUE, NULL, &due, err);
    for (size_t row = 0; rc == BR_OK && row < emp_result_rows(due); row++) {
        rc = take_turn(e, due, row, err);
    }
    emp_result_free(due);
    return rc;
}
