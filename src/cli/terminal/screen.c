#include "cli/terminal/screen.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "base/log.h"
#include "base/mem.h"

#define WIDTH_UNKNOWN 80
#define ROWS_UNKNOWN  24

/* Columns --------------------------------------------------------------------------------------- */

/* Asked before each drawing: a window may change its size at any time. */
static struct winsize terminal_size(void)
{
    struct winsize w = {0};
    (void) ioctl(STDOUT_FILENO, TIOCGWINSZ, &w);
    if (!w.ws_col) w.ws_col = WIDTH_UNKNOWN;
    if (!w.ws_row) w.ws_row = ROWS_UNKNOWN;
    return w;
}

static void measure(br_screen *s)
{
    struct winsize w = terminal_size();
    s->columns = w.ws_col;
    s->rows = w.ws_row;
}

/* The colours' escapes have no width; every other character here has one column. */
static size_t escape_len(br_str s)
{
    if (s.n < 2 || s.p[0] != '\033') return 0;
    size_t n = 1;
    while (n < s.n && s.p[n] != 'm')
        n++;
    return n < s.n ? n + 1 : n;
}

static bool starts_character(char c)
{
    return ((unsigned char) c & 0xC0) != 0x80;
}

static size_t columns_of(br_str s)
{
    size_t columns = 0;
    for (size_t i = 0; i < s.n;) {
        size_t escape = escape_len(br_str_sub(s, i, s.n));
        if (!escape) columns += starts_character(s.p[i]);
        i += escape ? escape : 1;
    }
    return columns;
}

/* Writes as much of a line as has room; a line that wrapped could not be drawn over. */
static void put_cut(br_buf *out, br_str line, size_t columns, bool colour)
{
    size_t i = 0, used = 0;
    while (i < line.n) {
        size_t escape = escape_len(br_str_sub(line, i, line.n));
        if (!escape && starts_character(line.p[i]) && used++ == columns) break;
        i += escape ? escape : 1;
    }
    (void) br_buf_append(out, line.p, i);
    if (i < line.n && colour) (void) br_buf_puts(out, "\033[0m");
}

/*
 * A terminal that became narrower has broken the lines that no longer fit: they take more rows than were
 * drawn. (One that cuts them instead loses as many rows above the block, once.)
 */
static size_t rows_on_screen(const br_screen *s)
{
    size_t now = terminal_size().ws_col, rows = 0, lines = 0;
    if (now >= s->columns) return s->lines;
    br_str rest = br_buf_view(&s->block), line;
    while (lines++ < s->lines && br_str_cut(&rest, '\n', &line) && rest.p) {
        size_t columns = columns_of(line);
        if (columns >= s->columns) columns = s->columns - 1; /* as put_cut() left it */
        rows += columns > now ? (columns + now - 1) / now : 1;
    }
    return rows;
}

static void erase(br_screen *s)
{
    if (s->lines) (void) br_buf_printf(&s->output, "\r\033[%zuA\033[J", rows_on_screen(s));
    s->lines = 0;
}

/* In one piece: a terminal that shows a half-drawn block flickers. */
static void flush(br_screen *s)
{
    if (s->output.len) fwrite(s->output.data, 1, s->output.len, stdout);
    br_buf_reset(&s->output);
    fflush(stdout);
}

/* What has no room below the others is left out: it would scroll away, and could not be drawn over. */
static void draw(br_screen *s)
{
    unsigned lines = 0;
    br_str rest = br_buf_view(&s->block), line;
    while (s->terminal && lines + 1 < s->rows && br_str_cut(&rest, '\n', &line) && rest.p) {
        put_cut(&s->output, line, s->columns - 1, s->colour);
        (void) br_buf_putc(&s->output, '\n');
        lines++;
    }
    if (!s->terminal) (void) br_buf_put(&s->output, br_buf_view(&s->block));
    flush(s);
    s->lines = lines;
}

static void before_log(void *ctx)
{
    br_screen *s = ctx;
    pthread_mutex_lock(&s->lock);
    erase(s);
    flush(s);
}

static void after_log(void *ctx)
{
    br_screen *s = ctx;
    measure(s);
    draw(s);
    pthread_mutex_unlock(&s->lock);
}

void br_screen_init(br_screen *s, bool terminal, bool colour)
{
    *s = (br_screen){.terminal = terminal, .colour = colour};
    measure(s);
    pthread_mutex_init(&s->lock, NULL);
    br_buf_init(&s->block, 1 << 20);
    br_buf_init(&s->output, 2 << 20);
    if (terminal) br_log_set_hooks(before_log, after_log, s);
}

void br_screen_deinit(br_screen *s)
{
    if (s->terminal) br_log_set_hooks(NULL, NULL, NULL);
    br_buf_deinit(&s->block);
    br_buf_deinit(&s->output);
    pthread_mutex_destroy(&s->lock);
}

void br_screen_begin(br_screen *s)
{
    pthread_mutex_lock(&s->lock);
    if (s->terminal) erase(s);
    measure(s);
    br_buf_reset(&s->block);
}

void br_screen_end(br_screen *s)
{
    draw(s);
    pthread_mutex_unlock(&s->lock);
}

void br_screen_keep(br_screen *s)
{
    pthread_mutex_lock(&s->lock);
    s->lines = 0;
    br_buf_reset(&s->block);
    pthread_mutex_unlock(&s->lock);
}

void br_screen_clear(br_screen *s)
{
    pthread_mutex_lock(&s->lock);
    if (s->terminal) erase(s);
    br_buf_reset(&s->block);
    flush(s);
    pthread_mutex_unlock(&s->lock);
}
