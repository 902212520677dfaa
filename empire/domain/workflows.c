#include "empire/domain/workflows.h"

#include "empire/domain/rows.h"
#include "empire/domain/statements.h"

#define COLUMNS "id, type, status, video_count, dry_run, created_at, started_at, finished_at"

static const emp_column columns[] = {
    {"id", EMP_CELL_TEXT},
    {"type", EMP_CELL_TEXT},
    {"status", EMP_CELL_TEXT},
    {"videoCount", EMP_CELL_NUMBER},
    {"dryRun", EMP_CELL_BOOL},
    {"createdAt", EMP_CELL_TIME},
    {"startedAt", EMP_CELL_TIME},
    {"finishedAt", EMP_CELL_TIME},
};

/* A long backlog must not make the question slow: no more than `most` are counted. */
#define READY(kind, most)                                                                                    \
    "(SELECT count(*) FROM (SELECT FROM wf_task WHERE queue = 'daily-control-loop' AND kind = '" kind        \
    "' AND visible_at <= now() LIMIT " most ") b)"
#define OLDEST(kind)                                                                                         \
    "coalesce(extract(epoch FROM now() - (SELECT visible_at FROM wf_task"                                    \
    " WHERE queue = 'daily-control-loop' AND kind = '" kind                                                  \
    "' AND visible_at <= now() ORDER BY queue, kind, visible_at LIMIT 1)), 0)"
#define DECISIONS_SHOWN  READY("d", "1000")
#define ACTIVITIES_SHOWN READY("a", "1000")
#define DECISIONS_READY  READY("d", "10000")
#define ACTIVITIES_READY READY("a", "10000")
#define OLDEST_DECISION  OLDEST("d")
#define OLDEST_ACTIVITY  OLDEST("a")
#define ALIVE            "seen_at > now() - interval '10 seconds'"

/* The outer join gives the count also when there is no workflow. */
const char emp_sql_workflows_status[] =
    "SELECT (SELECT coalesce(sum(n), 0) FROM counters WHERE name IN"
    " ('workflows:pending', 'workflows:running')),"
    " json_build_object('decisions', " DECISIONS_SHOWN ", 'activities', " ACTIVITIES_SHOWN
    ", 'oldestSeconds',"
    " round(greatest(" OLDEST_DECISION ", " OLDEST_ACTIVITY "), 3)),"
    " (SELECT coalesce(json_agg(json_build_object('host', host, 'pid', pid, 'workflowTasks',"
    " json_build_object('used', used_workflow_tasks, 'max', max_workflow_tasks), 'activities',"
    " json_build_object('used', used_activities, 'max', max_activities)) ORDER BY worker_id), '[]')"
    " FROM wf_worker WHERE " ALIVE "),"
    " (SELECT coalesce(json_agg(json_build_object('id', schedule_id, 'type', type, 'cron', cron, 'paused', paused,"
    " 'nextAt', next_at, 'lastAt', last_at, 'lastRun', last_run, 'started', started, 'skipped', skipped,"
    " 'missed', missed) ORDER BY schedule_id COLLATE \"C\"), '[]') FROM wf_schedule), w.*"
    " FROM (VALUES (1)) one LEFT JOIN LATERAL (SELECT " COLUMNS
    " FROM workflows ORDER BY created_at DESC, id LIMIT 20)"
    " w ON true ORDER BY w.created_at DESC, w.id";

const char emp_sql_workflow_start[] =
    "SELECT a.outcome, (a.record).id, (a.record).type, (a.record).status, (a.record).video_count,"
    " (a.record).dry_run, (a.record).created_at, (a.record).started_at, (a.record).finished_at FROM"
    " api_start($1::text, $2::text, $3::int, $4::boolean, $5::bigint, $6::text, $7::text, $8::text) a";

/* Behind: something has been waiting for a worker for over half a minute. */
const char emp_sql_workflow_health[] =
    "SELECT CASE WHEN workers = 0 THEN 'no workers' WHEN oldest > 30 THEN 'behind' ELSE 'ok' END,"
    " workers, backlog, round(oldest, 3) FROM (SELECT (SELECT count(*) FROM wf_worker WHERE " ALIVE
    ") AS workers, " DECISIONS_SHOWN " + " ACTIVITIES_SHOWN " AS backlog, greatest(" OLDEST_DECISION
    ", " OLDEST_ACTIVITY ") AS oldest) h";

/* A step is an activity: its event, the event that closes it, or its task while it is open. */
const char emp_sql_workflow_get[] =
    "SELECT " COLUMNS ", (SELECT payload FROM wf_event e WHERE e.run_id = w.id AND e.type IN (2, 3)),"
    " (SELECT count(*) FROM wf_event e WHERE e.run_id = w.id AND e.type = 10),"
    " (SELECT coalesce(json_agg(s.step ORDER BY s.event_id), '[]') FROM (SELECT a.event_id, json_build_object("
    "'id', a.name, 'type', a.kind, 'state', CASE WHEN c.type = 12 AND c.payload->>'status' = 'skipped' THEN 'skipped'"
    " WHEN c.type = 12 THEN 'completed' WHEN c.type = 13 THEN 'failed' WHEN c.type = 14 THEN 'timed_out'"
    " WHEN t.lease IS NOT NULL THEN 'running' WHEN t.attempt > 0 THEN 'retrying'"
    " WHEN t.task_id IS NOT NULL THEN 'scheduled' ELSE 'dropped' END,"
    " 'attempt', coalesce(c.attempt, t.attempt, 0), 'scheduledAt', a.at, 'startedAt', coalesce(c.began, t.began),"
    " 'finishedAt', c.at, 'reason', coalesce(c.payload->>'reason', c.payload->>'message', t.failure->>'message')"
    ") AS step FROM wf_event a"
    " LEFT JOIN wf_event c ON c.run_id = a.run_id AND c.ref = a.event_id AND c.type IN (12, 13, 14)"
    " LEFT JOIN wf_task t ON t.run_id = a.run_id AND t.ref = a.event_id AND t.kind = 'a'"
    " WHERE a.run_id = w.id AND a.type = 10 ORDER BY a.event_id LIMIT 500) s)"
    " FROM workflows w WHERE id = $1::uuid";

BR_STATIC_ASSERT(EMP_WORKFLOW_STEPS_MAX == 500, "as in the statement");

/* Sorted, so that the lines of a metric stand together; `n` keeps the buckets of a histogram in order. */
const char emp_sql_workflow_metrics[] =
    "SELECT m, l, v FROM ("
    "SELECT 'empire_workflow_backlog' AS m, 'task=\"activity\"' AS l, " ACTIVITIES_READY
    "::float8 AS v, '' AS w, 0::bigint AS n"
    " UNION ALL SELECT 'empire_workflow_backlog', 'task=\"decision\"', " DECISIONS_READY ", '', 0"
    " UNION ALL SELECT 'empire_workflow_backlog_oldest_seconds', 'task=\"activity\"', " OLDEST_ACTIVITY
    ", '', 0"
    " UNION ALL SELECT 'empire_workflow_backlog_oldest_seconds', 'task=\"decision\"', " OLDEST_DECISION
    ", '', 0"
    " UNION ALL SELECT 'empire_workflows', 'status=\"' || substr(name, 11) || '\"', sum(n), '', 0 FROM counters"
    " WHERE name LIKE 'workflows:%' GROUP BY name"
    " UNION ALL SELECT 'empire_workers', '', count(*), '', 0 FROM wf_worker WHERE " ALIVE
    " UNION ALL SELECT k.m, k.l, k.v, '', 0 FROM (SELECT coalesce(sum(max_workflow_tasks), 0) AS dm,"
    " coalesce(sum(used_workflow_tasks), 0) AS du, coalesce(sum(max_activities), 0) AS am,"
    " coalesce(sum(used_activities), 0) AS au FROM wf_worker WHERE " ALIVE ") s, LATERAL (VALUES"
    " ('empire_worker_slots', 'task=\"decision\"', dm), ('empire_worker_slots', 'task=\"activity\"', am),"
    " ('empire_worker_slots_free', 'task=\"decision\"', dm - du),"
    " ('empire_worker_slots_free', 'task=\"activity\"', am - au)) k (m, l, v)"
    " UNION ALL SELECT k.m, concat_ws(',', 'schedule=\"' || s.schedule_id || '\"', k.l), k.v, '', 0 FROM wf_schedule s,"
    " LATERAL (VALUES ('empire_schedule_actions_total', 'outcome=\"started\"', started),"
    " ('empire_schedule_actions_total', 'outcome=\"skipped\"', skipped),"
    " ('empire_schedule_actions_total', 'outcome=\"missed\"', missed), ('empire_schedule_paused', NULL, paused::int),"
    " ('empire_schedule_next_timestamp_seconds', NULL, extract(epoch FROM next_at)),"
    " ('empire_schedule_late_seconds', NULL, greatest(0, coalesce(extract(epoch FROM now() - next_at), 0))))"
    " k (m, l, v) WHERE k.v IS NOT NULL"
    " UNION ALL SELECT x.m, concat_ws(',', 'worker=\"' || w.host || ':' || w.pid || '\"', nullif(x.l, '')), x.v,"
    " w.worker_id, x.n FROM wf_worker w, ROWS FROM (json_to_recordset(w.samples) AS (m text, l text, v float8))"
    " WITH ORDINALITY AS x(m, l, v, n) WHERE " ALIVE ") s ORDER BY m COLLATE \"C\", w, n, l";

#define STATUS_ROW 4 /* first column of a workflow */

void emp_workflows_status_query(emp_query *q)
{
    emp_query_reset(q, EMP_ST_WORKFLOWS_STATUS);
}

void emp_workflows_status_put(br_buf *out, const emp_result *r)
{
    br_buf_puts(out, "{\"data\":{\"active\":");
    emp_cell_put(out, r, 0, 0, EMP_CELL_NUMBER);
    br_buf_puts(out, ",\"backlog\":");
    emp_cell_put(out, r, 0, 1, EMP_CELL_JSON);
    br_buf_puts(out, ",\"workers\":");
    emp_cell_put(out, r, 0, 2, EMP_CELL_JSON);
    br_buf_puts(out, ",\"schedules\":");
    emp_cell_put(out, r, 0, 3, EMP_CELL_JSON);
    br_buf_puts(out, ",\"workflows\":[");
    for (size_t row = 0; row < emp_result_rows(r) && !emp_result_is_null(r, row, STATUS_ROW); row++) {
        if (row > 0) br_buf_putc(out, ',');
        emp_row_put(out, r, row, STATUS_ROW, columns, BR_COUNT_OF(columns));
    }
    br_buf_puts(out, "]}}");
}

static void add_optional(emp_query *q, const char *text)
{
    if (text[0]) {
        emp_query_add_text(q, br_str_of(text));
    } else {
        emp_query_add_null(q);
    }
}

void emp_workflow_start_query(
    emp_query *q, const emp_workflow_start *start, const emp_workflow_request *request)
{
    emp_query_reset(q, EMP_ST_WORKFLOW_START);
    emp_query_add_text(q, start->type);
    add_optional(q, start->name);
    emp_query_add_i64(q, start->video_count);
    emp_query_add_text(q, start->dry_run ? BR_STR("true") : BR_STR("false"));
    if (start->product_id) {
        emp_query_add_i64(q, start->product_id);
    } else {
        emp_query_add_null(q);
    }
    add_optional(q, start->platform ? start->platform : "");
    add_optional(q, request->id);
    add_optional(q, request->fingerprint);
}

emp_start_outcome emp_workflow_start_outcome(const emp_result *r)
{
    br_str outcome = emp_result_cell(r, 0, 0);
    if (br_str_is(outcome, "conflict")) return EMP_START_CONFLICT;
    if (br_str_is(outcome, "no_product")) return EMP_START_NO_PRODUCT;
    return EMP_START_OK;
}

void emp_workflow_metrics_query(emp_query *q)
{
    emp_query_reset(q, EMP_ST_WORKFLOW_METRICS);
}

void emp_workflow_health_query(emp_query *q)
{
    emp_query_reset(q, EMP_ST_WORKFLOW_HEALTH);
}

void emp_workflow_health_put(br_buf *out, const emp_result *r)
{
    static const emp_column health[] = {{"status", EMP_CELL_TEXT}, {"workers", EMP_CELL_NUMBER},
        {"backlog", EMP_CELL_NUMBER}, {"oldestSeconds", EMP_CELL_NUMBER}};
    emp_row_put(out, r, 0, 0, health, BR_COUNT_OF(health));
}

void emp_workflow_health_unknown_put(br_buf *out)
{
    br_buf_puts(out, "{\"status\":\"unknown\",\"workers\":null,\"backlog\":null,\"oldestSeconds\":null}");
}

void emp_workflow_get_query(emp_query *q, br_str id)
{
    emp_query_reset(q, EMP_ST_WORKFLOW_GET);
    emp_query_add_text(q, id);
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool emp_uuid_is_valid(br_str s)
{
    if (s.n != 36) return false;
    for (size_t i = 0; i < s.n; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? s.p[i] != '-' : !is_hex(s.p[i])) return false;
    }
    return true;
}

void emp_workflow_started_put(br_buf *out, const emp_result *r)
{
    br_buf_puts(out, "{\"data\":");
    emp_row_put(out, r, 0, 1, columns, BR_COUNT_OF(columns));
    br_buf_putc(out, '}');
}

void emp_workflow_steps_put(br_buf *out, const emp_result *r)
{
    static const emp_column more[] = {
        {"result", EMP_CELL_JSON}, {"stepCount", EMP_CELL_NUMBER}, {"steps", EMP_CELL_JSON}};
    br_buf row;
    br_buf_init(&row, BR_BUF_NO_LIMIT);
    br_buf_puts(out, "{\"data\":");
    emp_row_put(&row, r, 0, 0, columns, BR_COUNT_OF(columns));
    br_buf_put(out, br_str_sub(br_buf_view(&row), 0, row.len - 1)); /* without its brace: more follows */
    br_buf_reset(&row);
    emp_row_put(&row, r, 0, BR_COUNT_OF(columns), more, BR_COUNT_OF(more));
    br_buf_putc(out, ',');
    br_buf_put(out, br_str_sub(br_buf_view(&row), 1, row.len));
    br_buf_putc(out, '}');
    br_buf_deinit(&row);
}

br_str emp_workflow_started_id(const emp_result *r)
{
    return emp_result_cell(r, 0, 1);
}
