/*
 * domain/rows.h - rows of a result as JSON.
 *
 * What: writes the cells of a row as the members of an object, by a table of columns.
 * Why here: every answer is made the same way, straight from PostgreSQL's text: numbers keep the digits that
 *     the database gave them and never pass through a double.
 * Threads: any.
 * Memory: appends to the caller's buffer, which must have no limit (BR_BUF_NO_LIMIT): results of appends are
 *     not looked at in domain/.
 */
#pragma once
#include "base/buf.h"
#include "empire/db/result.h"

typedef enum emp_cell {
    EMP_CELL_NUMBER, /* integer or numeric, as it is */
    EMP_CELL_TEXT,   /* also date and uuid */
    EMP_CELL_TIME,   /* timestamptz in UTC: "2025-06-30 12:00:00.5+00" becomes "2025-06-30T12:00:00.5Z" */
    EMP_CELL_BOOL,
    EMP_CELL_JSON, /* made by the database, as it is */
} emp_cell;

typedef struct emp_column {
    const char *key; /* plain ASCII */
    emp_cell kind;
} emp_column;

/* A cell as a JSON value; NULL as null. */
void emp_cell_put(br_buf *out, const emp_result *r, size_t row, size_t column, emp_cell kind);

/* {"key":value,...} from `count` cells of `row`, the first in `first_column`. */
void emp_row_put(br_buf *out, const emp_result *r, size_t row, size_t first_column, const emp_column *columns,
    size_t count);
