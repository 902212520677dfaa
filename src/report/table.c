#include "report/table.h"
#include <stdarg.h>
#include <stdio.h>
#include "base/assert.h"
#include "judge/format.h"

static const char *const paints[] = {"", "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[2m"};

void br_table_init(br_table *t, br_arena *arena, const br_table_column *columns, size_t count)
{
    BR_ASSERT(count > 0);
    *t = (br_table){.arena = arena, .columns = columns, .column_count = count};
}

void br_table_deinit(br_table *t)
{
    br_vec_deinit(&t->cells);
}

void br_table_put(br_table *t, br_str text, br_paint paint)
{
    char *copy = br_arena_cstr(t->arena, text);
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char) copy[i] < ' ' || copy[i] == 0x7f) copy[i] = '?';
    }
    *br_vec_push(&t->cells) = (br_table_cell){{copy, text.n}, paint};
}

void br_table_printf(br_table *t, br_paint paint, const char *fmt, ...)
{
    va_list args;
    char text[512];
    va_start(args, fmt);
    (void) vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    br_table_put(t, br_str_of(text), paint);
}

static const br_table_cell *cell(const br_table *t, size_t row, size_t column)
{
    return &t->cells.data[row * t->column_count + column];
}

static size_t row_count(const br_table *t)
{
    BR_ASSERT(t->column_count > 0 && t->cells.len % t->column_count == 0);
    return t->cells.len / t->column_count;
}

/* 0: empty in all rows. */
static size_t width_of(const br_table *t, size_t column)
{
    size_t widest = 0;
    for (size_t row = 0; row < row_count(t); row++) {
        size_t width = br_format_width(cell(t, row, column)->text);
        widest = width > widest ? width : widest;
    }
    size_t title = br_format_width(br_str_of(t->columns[column].title));
    return widest > 0 && title > widest ? title : widest;
}

/* Terminal ---------------------------------------------------------------------------------------- */

typedef struct printer {
    const br_table *table;
    const size_t *widths;
    unsigned indent;
    bool colour;
    br_buf *out;
} printer;

static bool is_last(const printer *p, size_t column)
{
    for (size_t i = column + 1; i < p->table->column_count; i++) {
        if (p->widths[i] > 0) return false;
    }
    return true;
}

static void put_cell(const printer *p, size_t column, br_str text, br_paint paint)
{
    size_t width = p->widths[column], space = width - br_format_width(text);
    bool painted = p->colour && paint != BR_PAINT_NONE && text.n > 0;
    if (p->table->columns[column].right) (void) br_buf_printf(p->out, "%*s", (int) space, "");
    if (painted) (void) br_buf_puts(p->out, paints[paint]);
    (void) br_buf_put(p->out, text);
    if (painted) (void) br_buf_puts(p->out, "\x1b[0m");
    if (is_last(p, column)) return;
    if (!p->table->columns[column].right) (void) br_buf_printf(p->out, "%*s", (int) space, "");
    (void) br_buf_puts(p->out, "  ");
}

/* row < 0: the titles. */
static void put_line(const printer *p, ptrdiff_t row)
{
    const br_table *t = p->table;
    (void) br_buf_printf(p->out, "%*s", (int) p->indent, "");
    for (size_t i = 0; i < t->column_count; i++) {
        if (p->widths[i] == 0) continue;
        if (row < 0)
            put_cell(p, i, br_str_of(t->columns[i].title), BR_PAINT_FAINT);
        else
            put_cell(p, i, cell(t, (size_t) row, i)->text, cell(t, (size_t) row, i)->paint);
    }
    while (p->out->len > 0 && p->out->data[p->out->len - 1] == ' ')
        p->out->len--;
    (void) br_buf_putc(p->out, '\n');
}

void br_table_print(const br_table *t, unsigned indent, bool colour, br_buf *out)
{
    size_t *widths = br_arena_alloc(t->arena, t->column_count * sizeof(*widths));
    for (size_t i = 0; i < t->column_count; i++)
        widths[i] = width_of(t, i);
    printer p = {t, widths, indent, colour, out};
    for (ptrdiff_t row = -1; row < (ptrdiff_t) row_count(t); row++)
        put_line(&p, row);
}

/* Markdown ---------------------------------------------------------------------------------------- */

/* What would end a cell or be taken as markup. */
static void put_escaped(br_buf *out, br_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (strchr("|\\`*_<>[]", text.p[i])) (void) br_buf_putc(out, '\\');
        (void) br_buf_putc(out, text.p[i]);
    }
}

static void put_markdown_line(const br_table *t, ptrdiff_t row, br_buf *out)
{
    (void) br_buf_putc(out, '|');
    for (size_t i = 0; i < t->column_count; i++) {
        if (width_of(t, i) == 0) continue;
        (void) br_buf_putc(out, ' ');
        put_escaped(out, row < 0 ? br_str_of(t->columns[i].title) : cell(t, (size_t) row, i)->text);
        (void) br_buf_puts(out, " |");
    }
    (void) br_buf_putc(out, '\n');
}

void br_table_print_markdown(const br_table *t, br_buf *out)
{
    put_markdown_line(t, -1, out);
    (void) br_buf_putc(out, '|');
    for (size_t i = 0; i < t->column_count; i++) {
        if (width_of(t, i) > 0) (void) br_buf_puts(out, t->columns[i].right ? "---:|" : "---|");
    }
    (void) br_buf_putc(out, '\n');
    for (ptrdiff_t row = 0; row < (ptrdiff_t) row_count(t); row++)
        put_markdown_line(t, row, out);
}
