#include "cli/screen.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "base/log.h"
#include "base/mem.h"

#define WIDTH_UNKNOWN 80

/* Columns --------------------------------------------------------------------------------------- */

/* Asked before each drawing: a window may change its size at any time. */
static size_t terminal_columns(void)
{
    struct winsize w;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col ? w.ws_col : WIDTH_UNKNOWN;
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
static void print_cut(br_str line, size_t columns, bool colour)
{
    size_t i = 0, used = 0;
    while (i < line.n) {
        size_t escape = escape_len(br_str_sub(line, i, line.n));
        if (!escape && starts_character(line.p[i]) && used++ == columns) break;
        i += escape ? escape : 1;
    }
    fwrite(line.p, 1, i, stdout);
    if (i < line.n && colour) fputs("\033[0m", stdout);
}

/*
 * A terminal that became narrower has broken the lines that no longer fit: they take more rows than were
 * drawn. (One that cuts them instead loses as many rows above the block, once.)
 */
static size_t rows_on_screen(const br_screen *s)
{
    size_t now = terminal_columns(), rows = 0;
    if (now >= s->columns) return s->lines;
    br_str rest = br_buf_view(&s->block), line;
    while (br_str_cut(&rest, '\n', &line) && rest.p) {
        size_t columns = columns_of(line);
        if (columns >= s->columns) columns = s->columns - 1; /* as print_cut() left it */
        rows += columns > now ? (columns + now - 1) / now : 1;
    }
    return rows;
}

static void erase(br_screen *s)
{
    if (s->lines) printf("\r\033[%zuA\033[J", rows_on_screen(s));
    s->lines = 0;
}

static void draw(br_screen *s)
{
    unsigned lines = 0;
    br_str rest = br_buf_view(&s->block), line;
    while (s->terminal && rest.p && br_str_cut(&rest, '\n', &line) && rest.p) {
        print_cut(line, s->columns - 1, s->colour);
        putchar('\n');
        lines++;
    }
    if (!s->terminal) fwrite(s->block.data ? s->block.data : "", 1, s->block.len, stdout);
    fflush(stdout);
    s->lines = lines;
}

static void before_log(void *ctx)
{
    br_screen *s = ctx;
    pthread_mutex_lock(&s->lock);
    erase(s);
    fflush(stdout);
}

static void after_log(void *ctx)
{
    br_screen *s = ctx;
    s->columns = terminal_columns();
    draw(s);
    pthread_mutex_unlock(&s->lock);
}

void br_screen_init(br_screen *s, bool terminal, bool colour)
{
    *s = (br_screen){.terminal = terminal, .colour = colour, .columns = terminal_columns()};
    pthread_mutex_init(&s->lock, NULL);
    br_buf_init(&s->block, 1 << 20);
    if (terminal) br_log_set_hooks(before_log, after_log, s);
}

void br_screen_deinit(br_screen *s)
{
    if (s->terminal) br_log_set_hooks(NULL, NULL, NULL);
    br_buf_deinit(&s->block);
    pthread_mutex_destroy(&s->lock);
}

void br_screen_begin(br_screen *s)
{
    pthread_mutex_lock(&s->lock);
    if (s->terminal) erase(s);
    s->columns = terminal_columns();
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
    fflush(stdout);
    pthread_mutex_unlock(&s->lock);
}
