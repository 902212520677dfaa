/*
 * report/table.h - rows and columns for a terminal or for Markdown.
 *
 * What: cells with colours, columns as wide as their widest cell.
 * Why here: lists of runs and comparisons look alike.
 * Threads: one table, one thread.
 * Memory: the caller's arena holds cells and their copies.
 * Invariants: colours appear only where they are asked for. Control characters of a cell, which may come from
 *     a script or from the service, are shown as "?".
 */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"

typedef struct br_table_column {
    const char *title;
    bool right; /* figures */
} br_table_column;

typedef enum br_paint { BR_PAINT_NONE, BR_PAINT_GOOD, BR_PAINT_WARN, BR_PAINT_BAD, BR_PAINT_FAINT } br_paint;

typedef struct br_table_cell {
    br_str text;
    br_paint paint;
} br_table_cell;

typedef struct br_table {
    br_arena *arena;
    const br_table_column *columns;
    size_t column_count;
    BR_VEC(br_table_cell) cells; /* row by row */
} br_table;

void br_table_init(br_table *t, br_arena *arena, const br_table_column *columns, size_t count);
void br_table_deinit(br_table *t);
/* Cells in the order of the columns, row after row. */
void br_table_put(br_table *t, br_str text, br_paint paint);
BR_PRINTF(3, 4) void br_table_printf(br_table *t, br_paint paint, const char *fmt, ...);
/* Each line begins with `indent` blanks. A column that is empty in all rows is left out. */
void br_table_print(const br_table *t, unsigned indent, bool colour, br_buf *out);
void br_table_print_markdown(const br_table *t, br_buf *out);
