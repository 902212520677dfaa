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

/* The outer join gives the count also when there is no workflow. */
const char emp_sql_workflows_status[] = "SELECT (SELECT coalesce(sum(n), 0) FROM counters WHERE name IN"
                                        " ('workflows:pending', 'workflows:running')), w.*"
                                        " FROM (VALUES (1)) one LEFT JOIN LATERAL (SELECT " COLUMNS
                                        " FROM workflows ORDER BY created_at DESC, id LIMIT 20)"
                                        " w ON true ORDER BY w.created_at DESC, w.id";

const char emp_sql_workflow_start[] =
    "INSERT INTO workflows (type, video_count, dry_run) VALUES ($1::text, $2::int, $3::boolean)"
    " RETURNING " COLUMNS;

const char emp_sql_workflow_get[] = "SELECT " COLUMNS " FROM workflows WHERE id = $1::uuid";

void emp_workflows_status_query(emp_query *q)
{
    emp_query_reset(q, EMP_ST_WORKFLOWS_STATUS);
}

void emp_workflows_status_put(br_buf *out, const emp_result *r)
{
    br_buf_puts(out, "{\"data\":{\"active\":");
    emp_cell_put(out, r, 0, 0, EMP_CELL_NUMBER);
    br_buf_puts(out, ",\"workflows\":[");
    for (size_t row = 0; row < emp_result_rows(r) && !emp_result_is_null(r, row, 1); row++) {
        if (row > 0) br_buf_putc(out, ',');
        emp_row_put(out, r, row, 1, columns, BR_COUNT_OF(columns));
    }
    br_buf_puts(out, "]}}");
}

void emp_workflow_start_query(emp_query *q, const emp_workflow_start *start)
{
    emp_query_reset(q, EMP_ST_WORKFLOW_START);
    emp_query_add_text(q, start->type);
    emp_query_add_i64(q, start->video_count);
    emp_query_add_text(q, start->dry_run ? BR_STR("true") : BR_STR("false"));
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

void emp_workflow_put(br_buf *out, const emp_result *r)
{
    br_buf_puts(out, "{\"data\":");
    emp_row_put(out, r, 0, 0, columns, BR_COUNT_OF(columns));
    br_buf_putc(out, '}');
}

br_str emp_workflow_id(const emp_result *r)
{
    return emp_result_cell(r, 0, 0);
}
