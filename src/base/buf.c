#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/assert.h"
#include "base/mem.h"

#define CAP_BYTES_MIN ((size_t) 64)

void br_buf_init(br_buf *b, size_t max_bytes)
{
    /* The cap keeps every sum of two sizes below free of overflow. */
    *b = (br_buf){.max_bytes = max_bytes < BR_BUF_NO_LIMIT ? max_bytes : BR_BUF_NO_LIMIT};
}

void br_buf_deinit(br_buf *b)
{
    br_free(b->data);
    b->data = NULL;
    b->len = b->cap = 0;
}

/* Moves the end; the memory up to there has been written. */
static void set_len(br_buf *b, size_t len)
{
    BR_ASSERT(len <= b->max_bytes);
    b->len = len;
    if (b->data) b->data[len] = '\0';
}

void br_buf_reset(br_buf *b)
{
    set_len(b, 0);
}

char *br_buf_detach(br_buf *b)
{
    char *data = b->data ? b->data : br_strdup("");
    b->data = NULL;
    b->len = b->cap = 0;
    return data;
}

/* `need_bytes` counts the NUL. Doubles, but never takes more than the limit can use. */
static void grow(br_buf *b, size_t need_bytes)
{
    size_t cap = b->cap < CAP_BYTES_MIN ? CAP_BYTES_MIN : b->cap * 2;
    if (cap < need_bytes) cap = need_bytes;
    if (cap > b->max_bytes + 1) cap = b->max_bytes + 1;
    b->data = br_realloc(b->data, cap);
    b->cap = cap;
    b->data[b->len] = '\0';
}

br_code br_buf_reserve(br_buf *b, size_t more_bytes)
{
    BR_ASSERT(b->len <= b->max_bytes);
    if (BR_UNLIKELY(more_bytes > b->max_bytes - b->len)) return BR_ELIMIT;
    if (BR_UNLIKELY(b->len + more_bytes + 1 > b->cap)) grow(b, b->len + more_bytes + 1);
    return BR_OK;
}

br_code br_buf_append(br_buf *b, const void *p, size_t n)
{
    br_code rc = br_buf_reserve(b, n);
    if (BR_UNLIKELY(rc != BR_OK)) return rc;
    if (n) memcpy(b->data + b->len, p, n);
    set_len(b, b->len + n);
    return BR_OK;
}

br_code br_buf_puts(br_buf *b, const char *cstr)
{
    return br_buf_append(b, cstr, strlen(cstr));
}

br_code br_buf_putc(br_buf *b, char c)
{
    return br_buf_append(b, &c, 1);
}

br_code br_buf_put_u64(br_buf *b, uint64_t v)
{
    char digits[20]; /* UINT64_MAX has 20 */
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char) ('0' + v % 10);
        v /= 10;
    } while (v);
    return br_buf_append(b, digits + at, sizeof(digits) - at);
}

br_code br_buf_printf(br_buf *b, const char *fmt, ...)
{
    /* Into the room that is there; only a text that does not fit is formatted twice. */
    size_t room = b->cap - b->len; /* counts the NUL */
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(room ? b->data + b->len : NULL, room, fmt, args);
    va_end(args);
    BR_ASSERT(n >= 0);
    size_t len = (size_t) n;
    br_code rc = br_buf_reserve(b, len);
    if (rc == BR_OK) {
        if (len >= room) vsnprintf(b->data + b->len, len + 1, fmt, again);
        b->len += len;
    } else {
        set_len(b, b->len); /* the first try may have left a part there */
    }
    va_end(again);
    return rc;
}

/* The two-character escape of `c`, or 0. */
static char json_short_escape(char c)
{
    switch (c) {
        case '"': return '"';
        case '\\': return '\\';
        case '\b': return 'b';
        case '\f': return 'f';
        case '\n': return 'n';
        case '\r': return 'r';
        case '\t': return 't';
        default: return 0;
    }
}

static br_code put_json_escape(br_buf *b, char c)
{
    static const char hex[] = "0123456789abcdef";
    char shorty = json_short_escape(c);
    if (shorty) return br_buf_append(b, (char[]){'\\', shorty}, 2);
    unsigned v = (unsigned char) c;
    return br_buf_append(b, (char[]){'\\', 'u', '0', '0', hex[v >> 4], hex[v & 15]}, 6);
}

/* Bytes at the start of `s` that go into a JSON string as they are. */
static size_t json_plain_run(br_str s)
{
    size_t i = 0;
    while (i < s.n) {
        unsigned char c = (unsigned char) s.p[i];
        if (c < 0x20 || c == '"' || c == '\\') break;
        uint32_t rune;
        size_t len = c < 0x80 ? 1 : br_utf8_decode(s.p + i, s.n - i, &rune);
        if (len == 0) break;
        i += len;
    }
    return i;
}

static br_code put_json_chars(br_buf *b, br_str s)
{
    br_code rc = BR_OK;
    while (rc == BR_OK && s.n) {
        size_t run = json_plain_run(s);
        rc = br_buf_append(b, s.p, run);
        s = br_str_sub(s, run, s.n);
        if (rc != BR_OK || s.n == 0) break;
        /* Every byte that is no UTF-8 gives one U+FFFD of its own. */
        rc = (unsigned char) s.p[0] < 0x80 ? put_json_escape(b, s.p[0]) : br_buf_puts(b, "\xEF\xBF\xBD");
        s = br_str_sub(s, 1, s.n);
    }
    return rc;
}

br_code br_buf_put_json_str(br_buf *b, br_str s)
{
    size_t start = b->len;
    br_code rc = br_buf_putc(b, '"');
    if (rc == BR_OK) rc = put_json_chars(b, s);
    if (rc == BR_OK) rc = br_buf_putc(b, '"');
    if (rc != BR_OK) set_len(b, start);
    return rc;
}
