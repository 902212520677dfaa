#include "report/lines_int.h"
#include "judge/format.h"

#define LINE_WIDTH 100

void br_lines_put(br_lines *t, const char *colour, br_str s)
{
    if (t->colour) (void) br_buf_puts(&t->out, colour);
    (void) br_buf_put(&t->out, s);
    if (t->colour) (void) br_buf_puts(&t->out, "\x1b[0m");
}

void br_lines_spaces(br_lines *t, size_t n)
{
    (void) br_buf_printf(&t->out, "%*s", (int) n, "");
}

/* Words of `s`, wrapped at LINE_WIDTH; the first line goes on at `column`, later ones start at `indent`. */
void br_lines_wrap(br_lines *t, br_str s, size_t column, size_t indent)
{
    br_str word;
    bool first = true;
    while (br_str_cut(&s, ' ', &word)) {
        size_t width = br_format_width(word);
        if (!first && column + 1 + width > LINE_WIDTH) {
            (void) br_buf_putc(&t->out, '\n');
            br_lines_spaces(t, indent);
            column = indent;
            first = true;
        }
        if (!first) (void) br_buf_putc(&t->out, ' ');
        (void) br_buf_put(&t->out, word);
        column += width + (first ? 0 : 1);
        first = false;
    }
    (void) br_buf_putc(&t->out, '\n');
}

void br_lines_title(br_lines *t, const char *title)
{
    (void) br_buf_puts(&t->out, "\n  ");
    br_lines_put(t, BR_LINES_BOLD, br_str_of(title));
    (void) br_buf_putc(&t->out, '\n');
}
