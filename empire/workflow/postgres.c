#include "empire/workflow/postgres_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/mem.h"
#include "base/num.h"

#define CACHED_BYTES_MAX ((size_t) 64 * 1024 * 1024) /* of histories that are kept between polls */

typedef struct cached {
    emp_history history;
    size_t bytes; /* about */
} cached;

/* Statements --------------------------------------------------------------------------------------- */

/* The claim: the rows that nobody has locked, oldest first. Materialized, so that it is executed once. */
#define CLAIM(kind, more)                                                                                    \
    "WITH c AS MATERIALIZED (SELECT task_id FROM wf_task WHERE queue = $1 AND kind = '" kind                 \
    "' AND visible_at <= now() AND attempt < max_attempts ORDER BY visible_at LIMIT $3::int"                 \
    " FOR UPDATE SKIP LOCKED)"                                                                               \
    " UPDATE wf_task t SET lease = gen_random_uuid(), leased_by = $2, attempt = t.attempt + 1,"              \
    " began = now(), visible_at = now() + " more

/*
 * Every statement here finds a few rows by a key. Plans are made once per session, maybe while the tables are
 * empty, and must not be those for empty tables a minute later: a scan of all events in place of a look-up.
 */
#define BY_INDEX                                                                                             \
    "set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),"               \
    " set_config('enable_mergejoin', 'off', false)"

static const emp_statement statements[EMP_PG_COUNT] = {
    [EMP_PG_START] = {"wf_start",
        "SELECT run, is_new FROM wf_start($1::text, $2::text, $3::text, $4::json, $5::text, $6::bigint * interval '1 ms')",
        6, false},
    [EMP_PG_STATUS] = {"wf_status", "SELECT status FROM wf_run WHERE run_id = $1::uuid", 1, true},
    [EMP_PG_HISTORY] = {"wf_history",
        "SELECT e.run_id, e.event_id, e.type, coalesce(e.ref, 0), coalesce(e.attempt, 0),"
        " (extract(epoch FROM e.at) * 1000000)::bigint, e.name, e.kind, e.payload"
        " FROM unnest($1::uuid[], $2::int[]) k (run, after)"
        " JOIN wf_event e ON e.run_id = k.run AND e.event_id > k.after ORDER BY e.run_id, e.event_id",
        2, true},
    [EMP_PG_TELL] = {"wf_tell", "SELECT wf_tell($1::uuid, $2::int, $3::text, $4::json)", 4, false},
    [EMP_PG_CLAIM_DECISIONS] = {"wf_claim_decisions",
        CLAIM("d",
            "$4::bigint * interval '1 ms'") " FROM c, wf_run r WHERE t.task_id = c.task_id AND r.run_id = t.run_id"
                                            " RETURNING t.task_id, t.lease, t.run_id, t.attempt,"
                                            " (extract(epoch FROM now() - t.scheduled_at) * 1000000)::bigint, r.type",
        4, false},
    [EMP_PG_CLAIM_ACTIVITIES] = {"wf_claim_activities",
        CLAIM("a",
            "t.heartbeat") " FROM c WHERE t.task_id = c.task_id"
                           " RETURNING t.task_id, t.lease, t.run_id, t.attempt,"
                           " (extract(epoch FROM now() - t.scheduled_at) * 1000000)::bigint, t.name, t.activity, t.payload,"
                           " t.max_attempts, t.initial_ms, t.coefficient, t.max_interval_ms,"
                           " (extract(epoch FROM t.start_to_close) * 1000)::bigint, (extract(epoch FROM t.heartbeat) * 1000)::bigint",
        3, false},
    [EMP_PG_COMPLETE_DECISION] = {"wf_complete_decision",
        "SELECT wf_complete_decision($1::bigint, $2::uuid, $3::int, $4::text, $5::json)", 5, false},
    [EMP_PG_FAIL_DECISION] = {"wf_fail_decision",
        "SELECT wf_fail_decision($1::bigint, $2::uuid, $3::text, $4::json, $5::bigint)", 5, false},
    [EMP_PG_CLOSE_ACTIVITY] = {"wf_close_activity",
        "SELECT wf_close_activity($1::bigint, $2::uuid, $3::int, $4::json, $5::text)", 5, false},
    [EMP_PG_RETRY_ACTIVITY] = {"wf_retry_activity",
        "WITH u AS (UPDATE wf_task SET lease = NULL, leased_by = NULL, failure = $3::json,"
        " visible_at = now() + $4::bigint * interval '1 ms', scheduled_at = now() + $4::bigint * interval '1 ms'"
        " WHERE task_id = $1::bigint AND lease = $2::uuid RETURNING 1) SELECT EXISTS (SELECT FROM u)",
        4, false},
    [EMP_PG_RELEASE_ACTIVITY] = {"wf_release_activity",
        "WITH u AS (UPDATE wf_task SET lease = NULL, leased_by = NULL, visible_at = now(), attempt = attempt - 1"
        " WHERE task_id = $1::bigint AND lease = $2::uuid RETURNING 1) SELECT EXISTS (SELECT FROM u)",
        2, false},
    [EMP_PG_BEAT] = {"wf_beat",
        "UPDATE wf_task t SET visible_at = now() + t.heartbeat"
        " FROM unnest($1::bigint[], $2::uuid[]) k (id, lease)"
        " WHERE t.task_id = k.id AND t.lease = k.lease AND t.began + t.start_to_close > now() RETURNING t.task_id",
        2, false},
    [EMP_PG_SYNC] = {"wf_sync", "SELECT wf_sync_records($1::uuid[])", 1, false},
    [EMP_PG_NOTIFY] = {"wf_notify", "SELECT pg_notify('" EMP_WF_CHANNEL "', $1::text)", 1, false},
    [EMP_PG_SWEEP] = {"wf_sweep", "SELECT wf_sweep()", 0, false},
    [EMP_PG_LIST] = {"wf_list",
        "SELECT run_id, workflow_id, type, status, " EMP_PG_MICROS("started_at") ", coalesce(" EMP_PG_MICROS(
            "closed_at") ", 0) FROM wf_run WHERE ($1::text IS NULL OR workflow_id = $1)"
                         " AND ($2::text IS NULL OR type = $2) AND ($3::text IS NULL OR status = $3)"
                         " ORDER BY started_at DESC, run_id LIMIT $4::int",
        4, true},
    [EMP_PG_NOW] = {"wf_now", "SELECT " EMP_PG_MICROS("now()"), 0, true},
    [EMP_PG_SCHEDULE_SET] = {"wf_schedule_set",
        "INSERT INTO wf_schedule AS s (schedule_id, type, queue, input, cron, catch_up)"
        " VALUES ($1::text, $2::text, $3::text, $4::json, $5::text, $6::bigint * interval '1 ms')"
        " ON CONFLICT (schedule_id) DO UPDATE SET type = excluded.type, queue = excluded.queue,"
        " input = excluded.input, cron = excluded.cron, catch_up = excluded.catch_up,"
        " next_at = CASE WHEN NOT s.paused THEN " EMP_PG_TIME("$7") " END",
        7, false},
    [EMP_PG_SCHEDULE_PAUSE] = {"wf_schedule_pause",
        "UPDATE wf_schedule SET paused = $2::boolean,"
        " next_at = CASE WHEN $2::boolean THEN NULL WHEN paused THEN " EMP_PG_TIME(
            "$3") " ELSE next_at END WHERE schedule_id = $1::text RETURNING 't'",
        3, false},
    [EMP_PG_SCHEDULE_TRIGGER] = {"wf_schedule_trigger",
        "SELECT run, is_new FROM wf_schedule_trigger($1::text)", 1, false},
    [EMP_PG_SCHEDULE_DELETE] = {"wf_schedule_delete",
        "DELETE FROM wf_schedule WHERE schedule_id = $1::text RETURNING 't'", 1, false},
    [EMP_PG_SCHEDULE_LIST] = {"wf_schedule_list",
        "SELECT schedule_id, type, cron, input, (extract(epoch FROM catch_up) * 1000)::bigint, paused,"
        " coalesce(" EMP_PG_MICROS("next_at") ", 0), coalesce(" EMP_PG_MICROS(
            "last_at") ", 0), last_run, started, skipped, missed FROM wf_schedule ORDER BY schedule_id COLLATE \"C\"",
        0, true},
    [EMP_PG_SCHEDULES_DUE] = {"wf_schedules_due",
        "SELECT schedule_id, cron, " EMP_PG_MICROS("next_at") ", " EMP_PG_MICROS(
            "now()") ", (extract(epoch FROM catch_up) * 1000000)::bigint FROM wf_schedule WHERE next_at <= now()",
        0, true},
    [EMP_PG_SCHEDULE_TURN] = {"wf_schedule_turn",
        "SELECT wf_schedule_turn($1::text, " EMP_PG_TIME("$2") ", " EMP_PG_TIME("$3") ", " EMP_PG_TIME(
            "$4") ", $5::bigint, $6::bigint)",
        6, false},
};

/* Clients ------------------------------------------------------------------------------------------ */

static br_code pg_start(
    emp_engine *e, const emp_run_start *start, char ret_run_id[EMP_UUID_SIZE], bool *ret_is_new, br_err *err)
{
    emp_pg_number timeout;
    emp_result *r = NULL;
    const char *const values[] = {start->workflow_id, start->type, start->queue, start->input,
        start->request_id, emp_pg_put_number(timeout, start->timeout / BR_MS)};
    br_code rc = emp_session_one(emp_pg_mine(e)->session, EMP_PG_START, values, &r, err);
    if (rc != BR_OK) return rc;
    emp_pg_copy_cell(ret_run_id, EMP_UUID_SIZE, r, 0, 0);
    *ret_is_new = br_str_is(emp_result_cell(r, 0, 1), "t");
    emp_result_free(r);
    return BR_OK;
}

static br_code pg_describe(emp_engine *e, const char *run_id, emp_run_status *ret_status, br_err *err)
{
    emp_result *r = NULL;
    const char *const values[] = {run_id};
    br_code rc = emp_session_one(emp_pg_mine(e)->session, EMP_PG_STATUS, values, &r, err);
    if (rc != BR_OK) return rc;
    int status = emp_result_rows(r) > 0 ? emp_run_status_of(emp_result_cell(r, 0, 0)) : -1;
    emp_result_free(r);
    if (status < 0) return br_fail(err, BR_ENOTFOUND, "there is no run %s", run_id);
    *ret_status = (emp_run_status) status;
    return BR_OK;
}

static void add_row(emp_history *to, const emp_result *r, size_t row)
{
    BR_ASSERT(emp_pg_cell_number(r, row, 1) == (int64_t) to->events.len + 1);
    const emp_event event = {
        .type = (emp_event_type) emp_pg_cell_number(r, row, 2),
        .ref = (int) emp_pg_cell_number(r, row, 3),
        .attempt = (int) emp_pg_cell_number(r, row, 4),
        .at = emp_pg_cell_number(r, row, 5) * BR_US,
        .name = emp_result_cell(r, row, 6),
        .kind = emp_result_cell(r, row, 7),
        .payload = emp_result_cell(r, row, 8),
    };
    (void) emp_history_add(to, &event);
}

static br_code pg_history(emp_engine *e, const char *run_id, emp_history *to, br_err *err)
{
    char runs[EMP_UUID_SIZE + 2];
    emp_result *r = NULL;
    snprintf(runs, sizeof(runs), "{%s}", run_id);
    const char *const values[] = {runs, "{0}"};
    br_code rc = emp_session_one(emp_pg_mine(e)->session, EMP_PG_HISTORY, values, &r, err);
    if (rc != BR_OK) return rc;
    for (size_t row = 0; row < emp_result_rows(r); row++) {
        add_row(to, r, row);
    }
    bool found = emp_result_rows(r) > 0;
    emp_result_free(r);
    return found ? BR_OK : br_fail(err, BR_ENOTFOUND, "there is no run %s", run_id);
}

static br_code pg_tell(emp_engine *e, const char *run_id, emp_event_type what, const char *name,
    const char *payload, br_err *err)
{
    emp_pg_number type;
    emp_result *r = NULL;
    const char *const values[] = {run_id, emp_pg_put_number(type, what), name, payload};
    br_code rc = emp_session_one(emp_pg_mine(e)->session, EMP_PG_TELL, values, &r, err);
    if (rc != BR_OK) return rc;
    if (!emp_pg_cell_true(r)) rc = br_fail(err, BR_ENOTFOUND, "there is no open run %s", run_id);
    emp_result_free(r);
    return rc;
}

static br_code pg_list(emp_engine *e, const emp_run_filter *filter, emp_run_list *to, br_err *err)
{
    emp_pg_number max;
    emp_result *r = NULL;
    BR_ASSERT(filter->max > 0 && filter->max <= EMP_LIST_MAX);
    const char *const values[] = {filter->workflow_id, filter->type,
        filter->status < 0 ? NULL : emp_run_status_name((emp_run_status) filter->status),
        emp_pg_put_number(max, (int64_t) filter->max)};
    br_code rc = emp_session_one(emp_pg_mine(e)->session, EMP_PG_LIST, values, &r, err);
    for (size_t row = 0; rc == BR_OK && row < emp_result_rows(r); row++) {
        int status = emp_run_status_of(emp_result_cell(r, row, 3));
        BR_ASSERT(status >= 0);
        emp_run_info *info = br_vec_push(to);
        emp_pg_copy_cell(info->run_id, sizeof(info->run_id), r, row, 0);
        emp_pg_copy_cell(info->workflow_id, sizeof(info->workflow_id), r, row, 1);
        emp_pg_copy_cell(info->type, sizeof(info->type), r, row, 2);
        info->status = (emp_run_status) status;
        info->started_at = emp_pg_cell_number(r, row, 4) * BR_US;
        info->closed_at = emp_pg_cell_number(r, row, 5) * BR_US;
    }
    emp_result_free(r);
    return rc;
}

/* Histories of claimed runs ------------------------------------------------------------------------ */

static void free_cached(cached *c)
{
    emp_history_deinit(&c->history);
    br_free(c);
}

static void drop_histories(emp_pg_engine *e)
{
    for (size_t i = 0; i < e->histories.len; i++) {
        free_cached(e->histories.entries[i].value);
    }
    br_map_clear(&e->histories);
    e->cached_bytes = 0;
}

static void drop_history(emp_pg_engine *e, const char *run_id)
{
    cached *c = br_map_remove(&e->histories, br_str_of(run_id));
    if (!c) return;
    e->cached_bytes -= c->bytes;
    free_cached(c);
}

static cached *history_of(emp_pg_engine *e, br_str run_id)
{
    cached *c = br_map_get(&e->histories, run_id);
    if (c) return c;
    c = BR_NEW(cached);
    emp_history_init(&c->history);
    br_map_set(&e->histories, run_id, c);
    return c;
}

static void add_cached(emp_pg_engine *e, const emp_result *r, size_t row)
{
    cached *c = history_of(e, emp_result_cell(r, row, 0));
    add_row(&c->history, r, row);
    const emp_event *event = br_vec_last(&c->history.events);
    size_t bytes = sizeof(*event) + event->name.n + event->kind.n + event->payload.n;
    c->bytes += bytes;
    e->cached_bytes += bytes;
}

/* Brings the histories of the tasks up to date, all in one query. */
static br_code load_histories(emp_pg_engine *e, emp_decision_task *tasks, size_t count, br_err *err)
{
    br_buf runs, after;
    emp_result *r = NULL;
    if (e->cached_bytes > CACHED_BYTES_MAX) drop_histories(e);
    br_buf_init(&runs, BR_BUF_NO_LIMIT);
    br_buf_init(&after, BR_BUF_NO_LIMIT);
    for (size_t i = 0; i < count; i++) {
        const emp_history *h = &history_of(e, br_str_of(tasks[i].run_id))->history;
        br_buf_printf(&runs, "%c%s", i ? ',' : '{', tasks[i].run_id);
        br_buf_printf(&after, "%c%zu", i ? ',' : '{', h->events.len);
        tasks[i].history = h;
    }
    br_buf_putc(&runs, '}');
    br_buf_putc(&after, '}');
    const char *const values[] = {runs.data, after.data};
    br_code rc = emp_session_one(e->session, EMP_PG_HISTORY, values, &r, err);
    for (size_t row = 0; rc == BR_OK && row < emp_result_rows(r); row++) {
        add_cached(e, r, row);
    }
    emp_result_free(r);
    br_buf_deinit(&runs);
    br_buf_deinit(&after);
    return rc;
}

/* Decisions ---------------------------------------------------------------------------------------- */

static br_code pg_poll_decisions(emp_engine *base, const char *queue, const char *worker,
    emp_decision_task *tasks, size_t max, size_t *ret_count, br_err *err)
{
    emp_pg_engine *e = emp_pg_mine(base);
    emp_pg_number limit, lease;
    emp_result *r = NULL;
    BR_ASSERT(max <= EMP_POLL_MAX);
    const char *const values[] = {queue, worker, emp_pg_put_number(limit, (int64_t) max),
        emp_pg_put_number(lease, EMP_DECISION_LEASE / BR_MS)};
    br_code rc = emp_session_one(e->session, EMP_PG_CLAIM_DECISIONS, values, &r, err);
    if (rc != BR_OK) return rc;
    size_t count = emp_result_rows(r);
    for (size_t i = 0; i < count; i++) {
        emp_decision_task *t = &tasks[i];
        *t = (emp_decision_task){.task_id = emp_pg_cell_number(r, i, 0),
            .attempt = (int) emp_pg_cell_number(r, i, 3),
            .waited = emp_pg_cell_number(r, i, 4) * BR_US};
        emp_pg_copy_cell(t->lease, sizeof(t->lease), r, i, 1);
        emp_pg_copy_cell(t->run_id, sizeof(t->run_id), r, i, 2);
        emp_pg_copy_cell(t->type, sizeof(t->type), r, i, 5);
    }
    emp_result_free(r);
    if (count > 0) rc = load_histories(e, tasks, count, err);
    if (rc == BR_OK) *ret_count = count;
    return rc;
}

static void put_text_member(br_buf *out, const char *key, const char *value)
{
    if (!value) return;
    br_buf_printf(out, ",\"%s\":", key);
    br_buf_put_json_str(out, br_str_of(value));
}

static void put_command(br_buf *out, const emp_wf_command *c)
{
    br_buf_printf(out, "{\"type\":%d", c->type);
    put_text_member(out, "name", c->name);
    put_text_member(out, "kind", c->kind);
    if (c->payload) br_buf_printf(out, ",\"payload\":%s", c->payload);
    if (c->type == EMP_EV_TIMER) br_buf_printf(out, ",\"delay_ms\":%" PRId64, c->delay / BR_MS);
    if (c->type == EMP_EV_ACTIVITY) {
        const emp_activity_options *o = &c->options;
        br_buf_printf(out,
            ",\"max_attempts\":%d,\"initial_ms\":%" PRId64 ",\"coefficient\":", o->retry.max_attempts,
            o->retry.initial / BR_MS);
        br_buf_put_f64(out, o->retry.coefficient);
        br_buf_printf(out,
            ",\"max_interval_ms\":%" PRId64 ",\"start_to_close_ms\":%" PRId64 ",\"heartbeat_ms\":%" PRId64,
            o->retry.max_interval / BR_MS, o->start_to_close / BR_MS, o->heartbeat / BR_MS);
    }
    br_buf_putc(out, '}');
}

static char *commands_json(const emp_wf_command *commands, size_t count)
{
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    br_buf_putc(&out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i) br_buf_putc(&out, ',');
        put_command(&out, &commands[i]);
    }
    br_buf_putc(&out, ']');
    return br_buf_detach(&out);
}

/* A batch in the making: calls with their values, which live in the arena. */
typedef struct batch {
    br_arena arena;
    BR_VEC(emp_call) calls;
} batch;

static void batch_add(batch *b, size_t statement, const char *const *values, size_t count)
{
    const char **copy = br_arena_alloc(&b->arena, (count ? count : 1) * sizeof(const char *));
    if (count) memcpy(copy, values, count * sizeof(const char *));
    *br_vec_push(&b->calls) = (emp_call){statement, copy};
}

static const char *batch_number(batch *b, int64_t v)
{
    return br_arena_printf(&b->arena, "%" PRId64, v);
}

static void batch_deinit(batch *b)
{
    br_vec_deinit(&b->calls);
    br_arena_deinit(&b->arena);
}

static void batch_init(batch *b)
{
    memset(b, 0, sizeof(*b));
    br_arena_init(&b->arena, 16 * 1024);
}

static void add_decision(batch *b, const char *worker, const emp_decision_answer *a)
{
    const char *id = batch_number(b, a->task->task_id);
    if (a->failure) {
        const emp_retry_policy pause = {1, BR_SEC, 2, EMP_DECISION_RETRY_MAX};
        const char *delay = batch_number(b, emp_retry_delay(&pause, a->task->attempt) / BR_MS);
        const char *const values[] = {id, a->task->lease, worker, a->failure, delay};
        batch_add(b, EMP_PG_FAIL_DECISION, values, BR_COUNT_OF(values));
        return;
    }
    char *json = commands_json(a->commands, a->count);
    const char *seen = batch_number(b, (int64_t) a->task->history->events.len);
    const char *const values[] = {
        id, a->task->lease, seen, worker, br_arena_cstr(&b->arena, br_str_of(json))};
    br_free(json);
    batch_add(b, EMP_PG_COMPLETE_DECISION, values, BR_COUNT_OF(values));
}

/* Sorted by run, so that two transactions over the same runs wait for each other in one order. */
static int by_decision_run(const void *a, const void *b)
{
    const emp_decision_answer *const *x = a, *const *y = b;
    return strcmp((*x)->task->run_id, (*y)->task->run_id);
}

static int by_activity_run(const void *a, const void *b)
{
    const emp_activity_answer *const *x = a, *const *y = b;
    return strcmp((*x)->task->run_id, (*y)->task->run_id);
}

/* After the answers: the business records, and a hint to other workers. */
static void add_epilogue(batch *b, emp_decision_answer *const *sorted, size_t count)
{
    br_buf runs;
    br_buf_init(&runs, BR_BUF_NO_LIMIT);
    for (size_t i = 0; i < count; i++) {
        br_buf_printf(&runs, "%c%s", i ? ',' : '{', sorted[i]->task->run_id);
    }
    br_buf_putc(&runs, '}');
    const char *const values[] = {br_arena_cstr(&b->arena, br_buf_view(&runs))};
    batch_add(b, EMP_PG_SYNC, values, 1);
    br_buf_deinit(&runs);
    const char *const queue[] = {EMP_TASK_QUEUE};
    batch_add(b, EMP_PG_NOTIFY, queue, 1);
}

static bool ends_run(const emp_decision_answer *a)
{
    if (a->failure || a->count == 0) return false;
    emp_event_type last = a->commands[a->count - 1].type;
    return last == EMP_EV_COMPLETED || last == EMP_EV_FAILED || last == EMP_EV_CANCELLED;
}

static br_code pg_answer_decisions(
    emp_engine *base, const char *worker, emp_decision_answer *answers, size_t count, br_err *err)
{
    emp_pg_engine *e = emp_pg_mine(base);
    if (count == 0) return BR_OK;
    BR_ASSERT(count <= EMP_POLL_MAX);
    emp_decision_answer *sorted[EMP_POLL_MAX] = {NULL};
    emp_result *results[EMP_POLL_MAX + 2] = {NULL};
    for (size_t i = 0; i < count; i++) {
        sorted[i] = &answers[i];
    }
    qsort(sorted, count, sizeof(sorted[0]), by_decision_run);
    batch b;
    batch_init(&b);
    for (size_t i = 0; i < count; i++) {
        add_decision(&b, worker, sorted[i]);
    }
    add_epilogue(&b, sorted, count);
    br_code rc = emp_session_run(e->session, b.calls.data, b.calls.len, results, err);
    for (size_t i = 0; i < count && rc == BR_OK; i++) {
        sorted[i]->accepted = emp_pg_cell_true(results[i]);
        if (ends_run(sorted[i])) drop_history(e, sorted[i]->task->run_id);
    }
    for (size_t i = 0; i < BR_COUNT_OF(results); i++) {
        emp_result_free(results[i]);
    }
    batch_deinit(&b);
    return rc;
}

/* Activities --------------------------------------------------------------------------------------- */

static void read_activity(emp_activity_task *t, const emp_result *r, size_t row)
{
    double coefficient = 1;
    BR_ASSERT(br_parse_f64(emp_result_cell(r, row, 10), &coefficient) == BR_OK);
    *t = (emp_activity_task){.task_id = emp_pg_cell_number(r, row, 0),
        .attempt = (int) emp_pg_cell_number(r, row, 3),
        .waited = emp_pg_cell_number(r, row, 4) * BR_US,
        .options = {
            .retry = {(int) emp_pg_cell_number(r, row, 8), emp_pg_cell_number(r, row, 9) * BR_MS, coefficient,
                emp_pg_cell_number(r, row, 11) * BR_MS},
            .start_to_close = emp_pg_cell_number(r, row, 12) * BR_MS,
            .heartbeat = emp_pg_cell_number(r, row, 13) * BR_MS,
        }};
    emp_pg_copy_cell(t->lease, sizeof(t->lease), r, row, 1);
    emp_pg_copy_cell(t->run_id, sizeof(t->run_id), r, row, 2);
    emp_pg_copy_cell(t->name, sizeof(t->name), r, row, 5);
    emp_pg_copy_cell(t->kind, sizeof(t->kind), r, row, 6);
    br_str input = emp_result_cell(r, row, 7);
    t->input = br_strndup(input.p, input.n);
}

static br_code pg_poll_activities(emp_engine *base, const char *queue, const char *worker,
    emp_activity_task *tasks, size_t max, size_t *ret_count, br_err *err)
{
    emp_pg_number limit;
    emp_result *r = NULL;
    BR_ASSERT(max <= EMP_POLL_MAX);
    const char *const values[] = {queue, worker, emp_pg_put_number(limit, (int64_t) max)};
    br_code rc = emp_session_one(emp_pg_mine(base)->session, EMP_PG_CLAIM_ACTIVITIES, values, &r, err);
    if (rc != BR_OK) return rc;
    size_t count = emp_result_rows(r);
    for (size_t i = 0; i < count; i++) {
        read_activity(&tasks[i], r, i);
    }
    emp_result_free(r);
    *ret_count = count;
    return BR_OK;
}

static void add_activity(batch *b, const char *worker, const emp_activity_answer *a)
{
    const emp_activity_task *t = a->task;
    const char *id = batch_number(b, t->task_id);
    if (a->outcome == EMP_ACTIVITY_RELEASED) {
        const char *const values[] = {id, t->lease};
        batch_add(b, EMP_PG_RELEASE_ACTIVITY, values, BR_COUNT_OF(values));
    } else if (a->outcome == EMP_ACTIVITY_RETRY && t->attempt < t->options.retry.max_attempts) {
        br_ns delay = emp_retry_delay(&t->options.retry, t->attempt);
        if (delay < a->retry_after) delay = a->retry_after;
        const char *const values[] = {id, t->lease, a->payload, batch_number(b, delay / BR_MS)};
        batch_add(b, EMP_PG_RETRY_ACTIVITY, values, BR_COUNT_OF(values));
    } else {
        bool done = a->outcome == EMP_ACTIVITY_DONE;
        const char *const values[] = {id, t->lease,
            batch_number(b, done ? EMP_EV_ACTIVITY_DONE : EMP_EV_ACTIVITY_FAILED), a->payload, worker};
        batch_add(b, EMP_PG_CLOSE_ACTIVITY, values, BR_COUNT_OF(values));
    }
}

static br_code pg_answer_activities(
    emp_engine *base, const char *worker, emp_activity_answer *answers, size_t count, br_err *err)
{
    if (count == 0) return BR_OK;
    BR_ASSERT(count <= EMP_POLL_MAX);
    emp_activity_answer *sorted[EMP_POLL_MAX] = {NULL};
    emp_result *results[EMP_POLL_MAX + 1] = {NULL};
    for (size_t i = 0; i < count; i++) {
        sorted[i] = &answers[i];
    }
    qsort(sorted, count, sizeof(sorted[0]), by_activity_run);
    batch b;
    batch_init(&b);
    for (size_t i = 0; i < count; i++) {
        add_activity(&b, worker, sorted[i]);
    }
    const char *const queue[] = {EMP_TASK_QUEUE};
    batch_add(&b, EMP_PG_NOTIFY, queue, 1);
    br_code rc = emp_session_run(emp_pg_mine(base)->session, b.calls.data, b.calls.len, results, err);
    for (size_t i = 0; i < count && rc == BR_OK; i++) {
        sorted[i]->accepted = emp_pg_cell_true(results[i]);
    }
    for (size_t i = 0; i < BR_COUNT_OF(results); i++) {
        emp_result_free(results[i]);
    }
    batch_deinit(&b);
    return rc;
}

static br_code pg_beat(emp_engine *base, emp_beat *beats, size_t count, br_err *err)
{
    if (count == 0) return BR_OK;
    br_buf ids, leases;
    emp_result *r = NULL;
    br_buf_init(&ids, BR_BUF_NO_LIMIT);
    br_buf_init(&leases, BR_BUF_NO_LIMIT);
    for (size_t i = 0; i < count; i++) {
        br_buf_printf(&ids, "%c%" PRId64, i ? ',' : '{', beats[i].task->task_id);
        br_buf_printf(&leases, "%c%s", i ? ',' : '{', beats[i].task->lease);
    }
    br_buf_putc(&ids, '}');
    br_buf_putc(&leases, '}');
    const char *const values[] = {ids.data, leases.data};
    br_code rc = emp_session_one(emp_pg_mine(base)->session, EMP_PG_BEAT, values, &r, err);
    for (size_t i = 0; rc == BR_OK && i < count; i++) {
        beats[i].alive = false;
        for (size_t row = 0; row < emp_result_rows(r) && !beats[i].alive; row++) {
            beats[i].alive = emp_pg_cell_number(r, row, 0) == beats[i].task->task_id;
        }
    }
    emp_result_free(r);
    br_buf_deinit(&ids);
    br_buf_deinit(&leases);
    return rc;
}

static br_code pg_sweep(emp_engine *base, br_err *err)
{
    br_code rc = emp_session_one(emp_pg_mine(base)->session, EMP_PG_SWEEP, NULL, NULL, err);
    return rc == BR_OK ? emp_pg_take_due_actions(base, err) : rc;
}

/* Life --------------------------------------------------------------------------------------------- */

static void pg_free(emp_engine *base)
{
    emp_pg_engine *e = emp_pg_mine(base);
    drop_histories(e);
    br_map_deinit(&e->histories);
    emp_session_free(e->session);
    br_free(e);
}

emp_engine *emp_engine_postgres(const char *url, br_ns timeout)
{
    const emp_session_config config = {.url = url,
        .statements = statements,
        .statement_count = EMP_PG_COUNT,
        .channel = EMP_WF_CHANNEL,
        .settings = BY_INDEX,
        .timeout = timeout};
    emp_pg_engine *e = BR_NEW(emp_pg_engine);
    e->base = (emp_engine){
        .start = pg_start,
        .describe = pg_describe,
        .history = pg_history,
        .tell = pg_tell,
        .list = pg_list,
        .schedule_set = emp_pg_schedule_set,
        .schedule_pause = emp_pg_schedule_pause,
        .schedule_trigger = emp_pg_schedule_trigger,
        .schedule_delete = emp_pg_schedule_delete,
        .schedule_list = emp_pg_schedule_list,
        .poll_decisions = pg_poll_decisions,
        .answer_decisions = pg_answer_decisions,
        .poll_activities = pg_poll_activities,
        .answer_activities = pg_answer_activities,
        .beat = pg_beat,
        .sweep = pg_sweep,
        .free = pg_free,
    };
    e->session = emp_session_new(&config);
    br_map_init(&e->histories);
    return &e->base;
}

int emp_engine_postgres_fd(const emp_engine *e)
{
    return emp_session_fd(((const emp_pg_engine *) (const void *) e)->session);
}

bool emp_engine_postgres_notified(emp_engine *e)
{
    return emp_session_notified(emp_pg_mine(e)->session);
}
