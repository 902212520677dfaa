/*
 * db/result.h - what a query brought back.
 *
 * What: rows and cells of a finished query, as PostgreSQL's text.
 * Why here: libpq stays inside db/; domain/ reads results through these few calls.
 * Threads: a result is read-only; one owner frees it.
 * Memory: cells are borrowed until emp_result_free().
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/str.h"

typedef struct emp_result emp_result; /* libpq's PGresult under another name */

void emp_result_free(emp_result *r); /* NULL is fine */
size_t emp_result_rows(const emp_result *r);
bool emp_result_is_null(const emp_result *r, size_t row, size_t column);

/* The text of a cell, empty for NULL. Row and column must exist. */
br_str emp_result_cell(const emp_result *r, size_t row, size_t column);
