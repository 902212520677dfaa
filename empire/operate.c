#include "empire/operate.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/assert.h"
#include "base/buf.h"
#include "base/mem.h"
#include "empire/db/migrate.h"
#include "empire/domain/workflows.h"
#include "empire/workflow/postgres.h"
#include "empire/workflow/registry.h"

#define QUERY_TIMEOUT (10 * BR_SEC)
#define PAYLOAD_SHOWN ((size_t) 300) /* bytes */
#define CELL_SIZE     128
#define COLUMNS_MAX   9

/* Tables ------------------------------------------------------------------------------------------- */

typedef char cell[CELL_SIZE];

/* Rows of `columns` cells as lines, each column as wide as its widest cell. */
static void print_table(const cell *cells, size_t rows, size_t columns)
{
    int widths[COLUMNS_MAX] = {0};
    BR_ASSERT(columns <= COLUMNS_MAX);
    for (size_t i = 0; i < rows * columns; i++) {
        int width = (int) strlen(cells[i]);
        if (width > widths[i % columns]) widths[i % columns] = width;
    }
    for (size_t i = 0; i < rows * columns; i++) {
        size_t c = i % columns;
        if (c + 1 == columns) {
            printf("%s\n", cells[i]);
        } else {
            printf("%-*s  ", widths[c], cells[i]);
        }
    }
}

/* "2026-11-26 04:00:00", or "-" for 0. */
static void put_time(cell to, br_ns at)
{
    struct tm tm;
    const time_t seconds = (time_t) (at / BR_SEC);
    if (at == 0 || strftime(to, CELL_SIZE, "%Y-%m-%d %H:%M:%S", gmtime_r(&seconds, &tm)) == 0)
        snprintf(to, CELL_SIZE, "-");
}

/* Schedules ---------------------------------------------------------------------------------------- */

static br_code list_schedules(emp_engine *e, br_err *err)
{
    static const char *const titles[] = {
        "SCHEDULE", "TYPE", "TIMES (UTC)", "STATE", "NEXT", "LAST", "STARTED", "SKIPPED", "MISSED"};
    enum { COLUMNS = BR_COUNT_OF(titles) };
    emp_schedule_list all = {0};
    br_code rc = e->schedule_list(e, &all, err);
    if (rc != BR_OK) return rc;
    cell *cells = br_calloc((all.len + 1) * COLUMNS, sizeof(cell));
    for (size_t c = 0; c < COLUMNS; c++) {
        snprintf(cells[c], CELL_SIZE, "%s", titles[c]);
    }
    for (size_t i = 0; i < all.len; i++) {
        const emp_schedule *s = &all.data[i];
        cell *row = &cells[(i + 1) * COLUMNS];
        snprintf(row[0], CELL_SIZE, "%s", s->id);
        snprintf(row[1], CELL_SIZE, "%s", s->type);
        snprintf(row[2], CELL_SIZE, "%s", s->cron);
        snprintf(row[3], CELL_SIZE, "%s", s->is_paused ? "paused" : "on");
        put_time(row[4], s->next_at);
        put_time(row[5], s->last_at);
        snprintf(row[6], CELL_SIZE, "%" PRId64, s->started);
        snprintf(row[7], CELL_SIZE, "%" PRId64, s->skipped);
        snprintf(row[8], CELL_SIZE, "%" PRId64, s->missed);
    }
    print_table(cells, all.len + 1, COLUMNS);
    br_free(cells);
    br_vec_deinit(&all);
    return BR_OK;
}

/* How it stands now, in a line. */
static br_code tell_schedule(emp_engine *e, const char *id, br_err *err)
{
    emp_schedule_list all = {0};
    cell next;
    br_code rc = e->schedule_list(e, &all, err);
    for (size_t i = 0; rc == BR_OK && i < all.len; i++) {
        const emp_schedule *s = &all.data[i];
        if (strcmp(s->id, id) != 0) continue;
        put_time(next, s->next_at);
        if (s->is_paused) {
            printf("%s is paused: 'empire schedule resume %s' turns it on\n", id, id);
        } else {
            printf("%s is on, next at %s UTC\n", id, next);
        }
    }
    br_vec_deinit(&all);
    return rc;
}

static bool is_plain_id(br_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && c != '.' && c != '_' && c != '-') return false;
    }
    return s.n > 0 && s.n <= EMP_WORKFLOW_NAME_MAX;
}

static br_code set_schedule(emp_engine *e, const emp_options *o, br_err *err)
{
    const char *type = o->type ? o->type : o->id;
    emp_schedule s = {.catch_up = o->catch_up};
    bool makes_videos = strcmp(type, EMP_WF_DAILY) == 0;
    if (!is_plain_id(br_str_of(o->id)))
        return br_fail(err, BR_EINVAL, "'%s' is not a schedule's id of up to %d letters, digits and .-_",
            o->id, EMP_WORKFLOW_NAME_MAX);
    if (!makes_videos && strcmp(type, EMP_WF_WEEKLY) != 0 && strcmp(type, EMP_WF_SYNC) != 0)
        return br_fail(err, BR_EINVAL,
            "'%s' is not a type that a schedule can start: give --type " EMP_WF_DAILY ", " EMP_WF_WEEKLY
            " or " EMP_WF_SYNC,
            type);
    if (strlen(o->cron) >= sizeof(s.cron))
        return br_fail(err, BR_EINVAL, "--cron: longer than %d bytes", EMP_CRON_MAX - 1);
    snprintf(s.id, sizeof(s.id), "%s", o->id);
    snprintf(s.type, sizeof(s.type), "%s", type);
    snprintf(s.cron, sizeof(s.cron), "%s", o->cron);
    snprintf(s.input, sizeof(s.input), "{\"videoCount\":%" PRId64 ",\"dryRun\":%s}",
        makes_videos ? o->videos : 0, o->dry_run ? "true" : "false");
    br_code rc = e->schedule_set(e, &s, err);
    if (rc == BR_EINVAL) return br_wrap(err, rc, "--cron");
    return rc == BR_OK ? tell_schedule(e, o->id, err) : rc;
}

static br_code trigger_schedule(emp_engine *e, const char *id, br_err *err)
{
    char run[EMP_UUID_SIZE];
    bool is_new = false;
    br_code rc = e->schedule_trigger(e, id, run, &is_new, err);
    if (rc == BR_OK) printf(is_new ? "started run %s\n" : "run %s is open: nothing started\n", run);
    return rc;
}

static br_code delete_schedule(emp_engine *e, const char *id, br_err *err)
{
    br_code rc = e->schedule_delete(e, id, err);
    if (rc == BR_OK) printf("%s is deleted; its runs stay\n", id);
    return rc;
}

/* Runs --------------------------------------------------------------------------------------------- */

static br_code list_runs(emp_engine *e, const emp_options *o, br_err *err)
{
    static const char *const titles[] = {
        "RUN", "WORKFLOW", "TYPE", "STATUS", "STARTED (UTC)", "CLOSED (UTC)"};
    enum { COLUMNS = BR_COUNT_OF(titles) };
    emp_run_list runs = {0};
    const emp_run_filter filter = {.type = o->type,
        .status = o->status ? emp_run_status_of(br_str_of(o->status)) : -1,
        .max = (size_t) o->limit};
    if (o->status && filter.status < 0)
        return br_fail(err, BR_EINVAL,
            "--status: '%s' is not running, completed, failed, cancelled, terminated or timed_out",
            o->status);
    br_code rc = e->list(e, &filter, &runs, err);
    if (rc != BR_OK) return rc;
    cell *cells = br_calloc((runs.len + 1) * COLUMNS, sizeof(cell));
    for (size_t c = 0; c < COLUMNS; c++) {
        snprintf(cells[c], CELL_SIZE, "%s", titles[c]);
    }
    for (size_t i = 0; i < runs.len; i++) {
        const emp_run_info *r = &runs.data[i];
        cell *row = &cells[(i + 1) * COLUMNS];
        snprintf(row[0], CELL_SIZE, "%s", r->run_id);
        snprintf(row[1], CELL_SIZE, "%s", r->workflow_id);
        snprintf(row[2], CELL_SIZE, "%s", r->type);
        snprintf(row[3], CELL_SIZE, "%s", emp_run_status_name(r->status));
        put_time(row[4], r->started_at);
        put_time(row[5], r->closed_at);
    }
    print_table(cells, runs.len + 1, COLUMNS);
    br_free(cells);
    br_vec_deinit(&runs);
    return BR_OK;
}

/* The run that the user means: by its own id, or by its workflow's, the open one before closed ones. */
static br_code find_run(emp_engine *e, const char *id, char ret_run_id[EMP_UUID_SIZE], br_err *err)
{
    if (emp_uuid_is_valid(br_str_of(id))) {
        memcpy(ret_run_id, id, EMP_UUID_SIZE);
        return BR_OK;
    }
    emp_run_list runs = {0};
    emp_run_filter filter = {.workflow_id = id, .status = EMP_RUN_RUNNING, .max = 1};
    br_code rc = e->list(e, &filter, &runs, err);
    filter.status = -1;
    if (rc == BR_OK && runs.len == 0) rc = e->list(e, &filter, &runs, err);
    if (rc == BR_OK && runs.len == 0)
        rc = br_fail(err, BR_ENOTFOUND, "there is no run and no workflow '%s'", id);
    if (rc == BR_OK) memcpy(ret_run_id, runs.data[0].run_id, EMP_UUID_SIZE);
    br_vec_deinit(&runs);
    return rc;
}

/* A payload in one line: what services answered must not move the cursor. */
static void print_payload(br_str payload)
{
    br_str shown = br_str_sub(payload, 0, PAYLOAD_SHOWN);
    while (shown.n < payload.n && shown.n > 0 && ((unsigned char) payload.p[shown.n] & 0xc0) == 0x80) {
        shown.n--; /* not in the middle of a character */
    }
    for (size_t i = 0; i < shown.n; i++) {
        unsigned char c = (unsigned char) shown.p[i];
        putchar(c < 0x20 || c == 0x7f ? ' ' : c);
    }
    if (shown.n < payload.n) fputs(" ...", stdout);
}

static void print_event(const emp_event *event)
{
    cell time;
    put_time(time, event->at);
    printf("%5d  %s  %s", event->id, time, emp_event_name(event->type));
    if (event->name.n) printf("  " BR_FMT, BR_ARG(event->name));
    if (event->attempt > 1) printf("  attempt %d", event->attempt);
    if (event->payload.n) {
        fputs("  ", stdout);
        print_payload(event->payload);
    }
    putchar('\n');
}

static br_code show_run(emp_engine *e, const char *run_id, br_err *err)
{
    emp_run_status status = EMP_RUN_RUNNING;
    emp_history h;
    emp_history_init(&h);
    br_code rc = e->describe(e, run_id, &status, err);
    if (rc == BR_OK) rc = e->history(e, run_id, &h, err);
    if (rc == BR_OK) printf("run %s is %s\n", run_id, emp_run_status_name(status));
    for (size_t i = 0; rc == BR_OK && i < h.events.len; i++) {
        print_event(&h.events.data[i]);
    }
    emp_history_deinit(&h);
    return rc;
}

static br_code terminate_run(emp_engine *e, const char *run_id, const char *reason, br_err *err)
{
    br_buf payload;
    br_buf_init(&payload, BR_BUF_NO_LIMIT);
    br_buf_puts(&payload, "{\"reason\":");
    br_buf_put_json_str(&payload, br_str_of(reason ? reason : "by an operator"));
    br_buf_putc(&payload, '}');
    br_code rc = e->tell(e, run_id, EMP_EV_TERMINATED, NULL, payload.data, err);
    br_buf_deinit(&payload);
    if (rc == BR_OK) printf("run %s is terminated\n", run_id);
    return rc;
}

static br_code cancel_run(emp_engine *e, const char *run_id, br_err *err)
{
    br_code rc = e->tell(e, run_id, EMP_EV_CANCEL_REQUESTED, NULL, NULL, err);
    if (rc == BR_OK)
        printf("run %s is asked to cancel: the next worker that decides about it ends it\n", run_id);
    return rc;
}

/* -------------------------------------------------------------------------------------------------- */

static br_code operate_on_run(emp_engine *e, const emp_options *o, br_err *err)
{
    char run[EMP_UUID_SIZE];
    br_code rc = find_run(e, o->id, run, err);
    if (rc != BR_OK) return rc;
    if (o->command == EMP_CMD_WORKFLOW_SHOW) return show_run(e, run, err);
    if (o->command == EMP_CMD_WORKFLOW_CANCEL) return cancel_run(e, run, err);
    return terminate_run(e, run, o->reason, err);
}

static br_code operate(emp_engine *e, const emp_options *o, br_err *err)
{
    br_code rc = BR_OK;
    switch (o->command) {
        case EMP_CMD_SCHEDULE_LIST: return list_schedules(e, err);
        case EMP_CMD_SCHEDULE_SET: return set_schedule(e, o, err);
        case EMP_CMD_SCHEDULE_PAUSE:
        case EMP_CMD_SCHEDULE_RESUME:
            rc = e->schedule_pause(e, o->id, o->command == EMP_CMD_SCHEDULE_PAUSE, err);
            return rc == BR_OK ? tell_schedule(e, o->id, err) : rc;
        case EMP_CMD_SCHEDULE_TRIGGER: return trigger_schedule(e, o->id, err);
        case EMP_CMD_SCHEDULE_DELETE: return delete_schedule(e, o->id, err);
        case EMP_CMD_WORKFLOW_LIST: return list_runs(e, o, err);
        default: return operate_on_run(e, o, err);
    }
}

br_code emp_operate(const emp_options *o, br_err *err)
{
    br_code rc = emp_migrate_check_url(o->database_url, err);
    if (rc != BR_OK) return rc;
    emp_engine *e = emp_engine_postgres(o->database_url, QUERY_TIMEOUT);
    rc = operate(e, o, err);
    e->free(e);
    return rc;
}
