#include "base/log.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/assert.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/vec.h"

#define MESSAGE_WIDTH 44 /* on a terminal, fields begin behind this column */

static const struct {
    const char *name, *label;
    int colour; /* ANSI */
} levels[] = {
    [BR_LOG_ERROR] = {"error", "ERRO", 31},
    [BR_LOG_WARN] = {"warning", "WARN", 33},
    [BR_LOG_INFO] = {"info", "INFO", 36},
    [BR_LOG_DEBUG] = {"debug", "DEBU", 37},
};

/*
 * The one sink. `config` is written before threads start and only read afterwards; the hooks and
 * the writing itself are behind the mutex. Hooks run with the mutex held: they must not log.
 */
static struct {
    pthread_mutex_t mutex;
    br_log_config config;
    bool configured; /* false: stderr, which is no constant that could stand here */
    br_ns start;
    void (*before)(void *);
    void (*after)(void *);
    void *hook_ctx;
} sink = {.mutex = PTHREAD_MUTEX_INITIALIZER, .config = {.level = BR_LOG_INFO}};

/* The seconds shown on a terminal count from the start of the process. */
__attribute__((constructor)) static void remember_start(void)
{
    sink.start = br_clock_now();
}

void br_log_setup(const br_log_config *config)
{
    BR_ASSERT((unsigned) config->level < BR_COUNT_OF(levels));
    sink.config = *config;
    sink.configured = true;
}

bool br_log_enabled(br_log_level level)
{
    return level <= sink.config.level;
}

void br_log_set_hooks(void (*before)(void *), void (*after)(void *), void *ctx)
{
    pthread_mutex_lock(&sink.mutex);
    sink.before = before;
    sink.after = after;
    sink.hook_ctx = ctx;
    pthread_mutex_unlock(&sink.mutex);
}

/* Quoting, as Go's %q does it ------------------------------------------------------------------ */

typedef struct rune_range {
    uint32_t first, last;
} rune_range;

/*
 * Code points that are not printed as they are: controls, blanks other than ' ', format characters,
 * private use. Unassigned ones are printed, unlike in Go: that list changes every year.
 */
static const rune_range unprintable[] = {
    {0x00, 0x1F},
    {0x7F, 0xA0},
    {0xAD, 0xAD},
    {0x600, 0x605},
    {0x61C, 0x61C},
    {0x6DD, 0x6DD},
    {0x70F, 0x70F},
    {0x890, 0x891},
    {0x8E2, 0x8E2},
    {0x1680, 0x1680},
    {0x180E, 0x180E},
    {0x2000, 0x200F},
    {0x2028, 0x202F},
    {0x205F, 0x206F},
    {0x3000, 0x3000},
    {0xD800, 0xF8FF},
    {0xFDD0, 0xFDEF},
    {0xFEFF, 0xFEFF},
    {0xFFF0, 0xFFFB},
    {0xFFFE, 0xFFFF},
    {0x110BD, 0x110BD},
    {0x110CD, 0x110CD},
    {0x1D173, 0x1D17A},
    {0xE0000, 0xE007F},
    {0xF0000, 0x10FFFF},
};

static bool is_printable(uint32_t rune)
{
    for (size_t i = 0; i < BR_COUNT_OF(unprintable); i++) {
        if (rune <= unprintable[i].last) return rune < unprintable[i].first;
    }
    return true;
}

/* The letter behind the backslash, or 0. */
static char short_escape(uint32_t rune)
{
    switch (rune) {
        case '"': return '"';
        case '\\': return '\\';
        case '\a': return 'a';
        case '\b': return 'b';
        case '\f': return 'f';
        case '\n': return 'n';
        case '\r': return 'r';
        case '\t': return 't';
        case '\v': return 'v';
        default: return 0;
    }
}

/* Results of appends are ignored in this file: the line's buffer has no limit. */
static void put_quoted_rune(br_buf *line, uint32_t rune, br_str bytes)
{
    char letter = short_escape(rune);
    if (letter) {
        br_buf_printf(line, "\\%c", letter);
    } else if (is_printable(rune)) {
        br_buf_put(line, bytes);
    } else if (rune < 0x80) {
        br_buf_printf(line, "\\x%02x", (unsigned) rune);
    } else {
        br_buf_printf(line, rune < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned) rune);
    }
}

static void put_quoted(br_buf *line, br_str s)
{
    br_buf_putc(line, '"');
    while (s.n) {
        uint32_t rune;
        size_t len = br_utf8_decode(s.p, s.n, &rune);
        if (len) {
            put_quoted_rune(line, rune, br_str_sub(s, 0, len));
        } else {
            br_buf_printf(line, "\\x%02x", (unsigned) (unsigned char) s.p[0]);
            len = 1;
        }
        s = br_str_sub(s, len, s.n);
    }
    br_buf_putc(line, '"');
}

static bool is_bare(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._/@^+", c));
}

static void put_value(br_buf *line, br_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is_bare(s.p[i])) {
            put_quoted(line, s);
            return;
        }
    }
    br_buf_put(line, s);
}

/* Secrets -------------------------------------------------------------------------------------- */

/* In the order in which they came: at one place the first that fits counts, as in Go's Replacer. */
static struct {
    pthread_mutex_t mutex;
    BR_VEC(br_str) texts;
} hidden = {.mutex = PTHREAD_MUTEX_INITIALIZER};

void br_log_hide(br_str secret)
{
    if (secret.n == 0) return;
    pthread_mutex_lock(&hidden.mutex);
    bool known = false;
    for (size_t i = 0; i < hidden.texts.len && !known; i++)
        known = br_str_eq(hidden.texts.data[i], secret);
    if (!known) *br_vec_push(&hidden.texts) = (br_str){br_strndup(secret.p, secret.n), secret.n};
    pthread_mutex_unlock(&hidden.mutex);
}

/* The secret that `s` begins with; n == 0: none. */
static br_str secret_at(br_str s)
{
    for (size_t i = 0; i < hidden.texts.len; i++) {
        if (br_str_starts(s, hidden.texts.data[i])) return hidden.texts.data[i];
    }
    return BR_STR("");
}

/* The text itself, or, if there are secrets at all, a copy in the arena without them. */
static br_str without_secrets(br_arena *arena, br_str s)
{
    pthread_mutex_lock(&hidden.mutex);
    br_buf clean;
    br_buf_init(&clean, BR_BUF_NO_LIMIT);
    for (size_t i = 0; i < s.n && hidden.texts.len;) {
        br_str secret = secret_at(br_str_sub(s, i, s.n));
        if (secret.n)
            br_buf_puts(&clean, "***SECRET_REDACTED***");
        else
            br_buf_putc(&clean, s.p[i]);
        i += secret.n ? secret.n : 1;
    }
    pthread_mutex_unlock(&hidden.mutex);
    if (clean.len) s = br_arena_str(arena, br_buf_view(&clean));
    br_buf_deinit(&clean);
    return s;
}

/* Lines ---------------------------------------------------------------------------------------- */

/* One line on its way out. `fields` is our own copy, sorted by key. */
typedef struct entry {
    br_log_level level;
    br_str msg;
    br_log_field *fields;
    size_t field_count;
    br_ns wall_ns;
} entry;

static int by_key(const void *a, const void *b)
{
    return strcmp(((const br_log_field *) a)->key, ((const br_log_field *) b)->key);
}

/* A field that has the name of one of ours would be there twice: it becomes "fields.<name>". */
static const char *safe_key(const char *key)
{
    if (strcmp(key, "time") == 0) return "fields.time";
    if (strcmp(key, "level") == 0) return "fields.level";
    if (strcmp(key, "msg") == 0) return "fields.msg";
    return key;
}

static void put_time(br_buf *line, const entry *e)
{
    br_buf_put_rfc3339(line, e->wall_ns, false);
}

static void put_text(br_buf *line, const entry *e)
{
    br_buf_puts(line, "time=\"");
    put_time(line, e);
    br_buf_printf(line, "\" level=%s", levels[e->level].name);
    if (e->msg.n) {
        br_buf_puts(line, " msg=");
        put_value(line, e->msg);
    }
    for (size_t i = 0; i < e->field_count; i++) {
        br_buf_printf(line, " %s=", e->fields[i].key);
        put_value(line, e->fields[i].value);
    }
}

static size_t count_runes(br_str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.n; i++) {
        count += ((unsigned char) s.p[i] & 0xC0) != 0x80;
    }
    return count;
}

static void put_coloured(br_buf *line, const char *text, int colour)
{
    if (colour) {
        br_buf_printf(line, "\x1b[%dm%s\x1b[0m", colour, text);
    } else {
        br_buf_puts(line, text);
    }
}

static void put_terminal(br_buf *line, const entry *e, bool with_colour)
{
    int colour = with_colour ? levels[e->level].colour : 0;
    br_str msg = e->msg;
    if (br_str_ends(msg, BR_STR("\n"))) msg.n--;
    put_coloured(line, levels[e->level].label, colour);
    br_buf_printf(line, "[%04lld] ", (long long) ((br_clock_now() - sink.start) / BR_SEC));
    br_buf_put(line, msg);
    if (e->field_count == 0) return;
    size_t width = count_runes(msg);
    br_buf_printf(line, "%*s", width < MESSAGE_WIDTH ? (int) (MESSAGE_WIDTH - width) + 1 : 1, "");
    for (size_t i = 0; i < e->field_count; i++) {
        br_buf_putc(line, ' ');
        put_coloured(line, e->fields[i].key, colour);
        br_buf_putc(line, '=');
        put_value(line, e->fields[i].value);
    }
}

static void put_json_pair(br_buf *line, const br_log_field *f, char before)
{
    br_buf_putc(line, before);
    br_buf_put_json_str(line, br_str_of(f->key));
    br_buf_putc(line, ':');
    br_buf_put_json_str(line, f->value);
}

/* As Go's encoder, which k6 logs with: a line may be pasted into a page. Outside of strings JSON has none of
 * these. */
static void escape_html(br_buf *line)
{
    static const char special[] = "<>&";
    if (!line->len || strcspn(line->data, special) == strlen(line->data)) return;
    br_buf plain = *line;
    br_buf_init(line, BR_BUF_NO_LIMIT);
    for (size_t i = 0; i < plain.len; i++) {
        char c = plain.data[i];
        if (c && strchr(special, c))
            br_buf_printf(line, "\\u%04x", (unsigned) c);
        else
            br_buf_putc(line, c);
    }
    br_buf_deinit(&plain);
}

/* Our three pairs and the fields are two sorted lists; this merges them. */
static void put_json(br_buf *line, const entry *e)
{
    br_buf time;
    br_buf_init(&time, BR_BUF_NO_LIMIT);
    put_time(&time, e);
    const br_log_field own[] = {
        {"level", br_str_of(levels[e->level].name)},
        {"msg", e->msg},
        {"time", br_buf_view(&time)},
    };
    size_t i = 0, j = 0;
    while (i < BR_COUNT_OF(own) || j < e->field_count) {
        bool take_own = j == e->field_count ||
                        (i < BR_COUNT_OF(own) && strcmp(own[i].key, e->fields[j].key) < 0);
        char before = i + j ? ',' : '{';
        put_json_pair(line, take_own ? &own[i++] : &e->fields[j++], before);
    }
    br_buf_putc(line, '}');
    br_buf_deinit(&time);
    escape_html(line);
}

/* Formats the line whole, newline and all, so that it can go out in one write. */
static void put_line(br_buf *line, const entry *e, bool terminal, bool colour)
{
    switch (sink.config.format) {
        case BR_LOG_JSON: put_json(line, e); break;
        case BR_LOG_RAW: br_buf_put(line, e->msg); break;
        case BR_LOG_TEXT:
        default:
            if (terminal) {
                put_terminal(line, e, colour);
            } else {
                put_text(line, e);
            }
    }
    br_buf_putc(line, '\n');
}

static void format_line(br_buf *line, entry *e, const br_log_field *fields, bool to_sink)
{
    br_arena arena;
    br_arena_init(&arena, 1024);
    e->wall_ns = br_clock_wall();
    e->msg = without_secrets(&arena, e->msg);
    e->fields = br_arena_zalloc(&arena, (e->field_count + 1) * sizeof(e->fields[0]));
    for (size_t i = 0; i < e->field_count; i++) {
        e->fields[i] = (br_log_field){safe_key(fields[i].key), without_secrets(&arena, fields[i].value)};
    }
    if (e->field_count) qsort(e->fields, e->field_count, sizeof(e->fields[0]), by_key);
    put_line(line, e, to_sink && sink.config.terminal, to_sink && sink.config.colour);
    br_arena_deinit(&arena);
}

/* A log that cannot be written has nobody left to tell: errors are ignored. */
static void write_line(FILE *out, br_str line, bool to_sink)
{
    pthread_mutex_lock(&sink.mutex);
    if (to_sink && sink.before) sink.before(sink.hook_ctx);
    fwrite(line.p, 1, line.n, out);
    fflush(out);
    if (to_sink && sink.after) sink.after(sink.hook_ctx);
    pthread_mutex_unlock(&sink.mutex);
}

static void emit(FILE *out, entry e, const br_log_field *fields, bool to_sink)
{
    br_buf line;
    br_buf_init(&line, BR_BUF_NO_LIMIT);
    format_line(&line, &e, fields, to_sink);
    write_line(out, br_buf_view(&line), to_sink);
    br_buf_deinit(&line);
}

void br_log_line(br_log_level level, br_str msg, const br_log_field *fields, size_t field_count)
{
    FILE *out = sink.configured ? sink.config.out : stderr;
    if (!out || !br_log_enabled(level)) return;
    emit(out, (entry){.level = level, .msg = msg, .field_count = field_count}, fields, true);
}

void br_log_line_to(FILE *out, br_log_level level, br_str msg, const br_log_field *fields, size_t field_count)
{
    if (!out || !br_log_enabled(level)) return;
    emit(out, (entry){.level = level, .msg = msg, .field_count = field_count}, fields, false);
}

BR_PRINTF(2, 0) static void log_formatted(br_log_level level, const char *fmt, va_list args)
{
    if (!br_log_enabled(level)) return;
    char small[512];
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(small, sizeof(small), fmt, args);
    BR_ASSERT(n >= 0);
    char *text = small;
    if ((size_t) n >= sizeof(small)) {
        text = br_malloc((size_t) n + 1);
        vsnprintf(text, (size_t) n + 1, fmt, again);
    }
    va_end(again);
    br_log_line(level, (br_str){text, (size_t) n}, NULL, 0);
    if (text != small) br_free(text);
}

/* The four differ in the level only. */
#define DEFINE_LOG(name, level)                                                                              \
    void name(const char *fmt, ...)                                                                          \
    {                                                                                                        \
        va_list args;                                                                                        \
        va_start(args, fmt);                                                                                 \
        log_formatted(level, fmt, args);                                                                     \
        va_end(args);                                                                                        \
    }
DEFINE_LOG(br_error, BR_LOG_ERROR)
DEFINE_LOG(br_warn, BR_LOG_WARN)
DEFINE_LOG(br_info, BR_LOG_INFO)
DEFINE_LOG(br_debug, BR_LOG_DEBUG)
