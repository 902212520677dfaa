#include "report/markdown_int.h"

/* At most `max` bytes, cut between code points. */
static br_str cut(br_str s, size_t max, bool *ret_cut)
{
    *ret_cut = s.n > max;
    if (!*ret_cut) return s;
    while (max > 0 && ((unsigned char) s.p[max] & 0xc0) == 0x80)
        max--;
    return br_str_sub(s, 0, max);
}

static void put_char(br_buf *out, char c)
{
    switch (c) {
        case '<': (void) br_buf_puts(out, "&lt;"); break;
        case '>': (void) br_buf_puts(out, "&gt;"); break;
        case '&': (void) br_buf_puts(out, "&amp;"); break;
        case '@': /* a blank of no width keeps people and issues from being named */
        case '#': (void) br_buf_printf(out, "%c\u200b", c); break;
        case '\\':
        case '`':
        case '*':
        case '_':
        case '~':
        case '|':
        case '[':
        case ']':
        case '!':
        case '$': (void) br_buf_printf(out, "\\%c", c); break;
        default: (void) br_buf_putc(out, (unsigned char) c < ' ' || c == 0x7f ? ' ' : c);
    }
}

void br_markdown_text(br_buf *out, br_str s, size_t max)
{
    bool was_cut;
    s = cut(s, max, &was_cut);
    for (size_t i = 0; i < s.n;) {
        uint32_t rune;
        size_t n = br_utf8_decode(s.p + i, s.n - i, &rune);
        if (n == 1)
            put_char(out, s.p[i]);
        else if (n == 0)
            (void) br_buf_puts(out, "\ufffd");
        else
            (void) br_buf_append(out, s.p + i, n);
        i += n > 0 ? n : 1;
    }
    if (was_cut) (void) br_buf_puts(out, "…");
}

/* A span ends at a backtick; a backslash before a pipe is read differently by different renderers. */
static bool fits_span(br_str s)
{
    for (size_t i = 0; i < s.n;) {
        uint32_t rune;
        size_t n = br_utf8_decode(s.p + i, s.n - i, &rune);
        if (n == 0 || rune < ' ' || rune == 0x7f || rune == '`' || rune == '\\') return false;
        i += n;
    }
    return s.n > 0 && s.p[0] != ' ' && s.p[s.n - 1] != ' ';
}

void br_markdown_code(br_buf *out, br_str s, size_t max)
{
    bool was_cut;
    br_str part = cut(s, max, &was_cut);
    if (!fits_span(part)) {
        br_markdown_text(out, s, max);
        return;
    }
    (void) br_buf_putc(out, '`');
    for (size_t i = 0; i < part.n; i++) {
        if (part.p[i] == '|') (void) br_buf_putc(out, '\\');
        (void) br_buf_putc(out, part.p[i]);
    }
    (void) br_buf_puts(out, was_cut ? "…`" : "`");
}
