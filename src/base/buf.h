/*
 * base/buf.h - a growable byte buffer with a limit.
 *
 * What: appends bytes, formats numbers, stays NUL-terminated behind its end.
 * Why here: nothing that grows with input may grow without a limit; going over it is an error code.
 * Threads: one buffer, one thread.
 * Memory: heap; `deinit` frees, `reset` keeps the memory, `detach` gives it away (free with br_free).
 * Invariants: len <= max_bytes; data[len] == 0 once anything was appended.
 *     After BR_ELIMIT nothing of that append is in the buffer. Views die with the next append.
 */
#pragma once
#include "base/err.h"
#include "base/str.h"

typedef struct br_buf {
    char *data;
    size_t len, cap, max_bytes;
} br_buf;

#define BR_BUF_NO_LIMIT ((size_t) 1 << 46) /* for output that we make ourselves */

void br_buf_init(br_buf *b, size_t max_bytes);
void br_buf_deinit(br_buf *b);
void br_buf_reset(br_buf *b);
char *br_buf_detach(br_buf *b); /* never NULL; the buffer is empty afterwards */
static inline br_str br_buf_view(const br_buf *b)
{
    return (br_str){b->data, b->len};
}

/* All return BR_OK or BR_ELIMIT. */
br_code br_buf_reserve(br_buf *b, size_t more_bytes); /* room for that many more bytes at data+len */
br_code br_buf_append(br_buf *b, const void *p, size_t n);
br_code br_buf_puts(br_buf *b, const char *cstr);
br_code br_buf_putc(br_buf *b, char c);
br_code br_buf_put_u64(br_buf *b, uint64_t v);
BR_PRINTF(2, 3) br_code br_buf_printf(br_buf *b, const char *fmt, ...);
static inline br_code br_buf_put(br_buf *b, br_str s)
{
    return br_buf_append(b, s.p, s.n);
}

/* Appends `s` as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD. No HTML escaping. */
br_code br_buf_put_json_str(br_buf *b, br_str s);
