#include "empire/domain/rows.h"

static void put_time(br_buf *out, br_str t)
{
    ptrdiff_t blank = br_str_find_char(t, ' ');
    br_str end = BR_STR("+00");
    if (blank < 0 || !br_str_ends(t, end)) {
        br_buf_put_json_str(out, t); /* 'infinity', or a zone that the session should not have */
        return;
    }
    br_buf_putc(out, '"');
    br_buf_append(out, t.p, (size_t) blank);
    br_buf_putc(out, 'T');
    br_buf_put(out, br_str_sub(t, (size_t) blank + 1, t.n - end.n));
    br_buf_puts(out, "Z\"");
}

void emp_cell_put(br_buf *out, const emp_result *r, size_t row, size_t column, emp_cell kind)
{
    if (emp_result_is_null(r, row, column)) {
        br_buf_puts(out, "null");
        return;
    }
    br_str cell = emp_result_cell(r, row, column);
    switch (kind) {
        case EMP_CELL_JSON:
        case EMP_CELL_NUMBER: br_buf_put(out, cell); break;
        case EMP_CELL_TEXT: br_buf_put_json_str(out, cell); break;
        case EMP_CELL_TIME: put_time(out, cell); break;
        case EMP_CELL_BOOL: br_buf_puts(out, br_str_is(cell, "t") ? "true" : "false"); break;
    }
}

void emp_row_put(br_buf *out, const emp_result *r, size_t row, size_t first_column, const emp_column *columns,
    size_t count)
{
    for (size_t i = 0; i < count; i++) {
        br_buf_puts(out, i == 0 ? "{\"" : ",\"");
        br_buf_puts(out, columns[i].key);
        br_buf_puts(out, "\":");
        emp_cell_put(out, r, row, first_column + i, columns[i].kind);
    }
    br_buf_putc(out, '}');
}
