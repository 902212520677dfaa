/* Its first byte is the delimiter. Besides not crashing: reading ends, and what was read is read again when
 * written. */
#include "base/assert.h"
#include "base/buf.h"
#include "codec/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_quoted(br_buf *out, br_str field)
{
    (void) br_buf_puts(out, "\"");
    for (size_t i = 0; i < field.n; i++)
        (void) br_buf_append(out, field.p[i] == '"' ? "\"\"" : field.p + i, field.p[i] == '"' ? 2 : 1);
    (void) br_buf_puts(out, "\"");
}

static void check_again(br_str *fields, size_t n, br_arena *arena)
{
    br_buf text;
    br_csv c;
    br_err err = {0};
    br_str *again;
    size_t count;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    for (size_t i = 0; i < n; i++) {
        if (i) (void) br_buf_puts(&text, ",");
        put_quoted(&text, fields[i]);
    }
    BR_ASSERT(br_csv_init(&c, br_buf_view(&text), BR_STR(","), &err) == BR_OK);
    BR_ASSERT(br_csv_next(&c, arena, &again, &count, &err) == BR_OK && count == n);
    for (size_t i = 0; i < n; i++)
        BR_ASSERT(br_str_eq(fields[i], again[i]) || memmem(fields[i].p, fields[i].n, "\r\n", 2));
    br_buf_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    br_csv c;
    br_err err = {0};
    br_arena arena;
    br_str *fields, text = {(const char *) data + 1, size - 1};
    size_t n;
    if (size < 1 || br_csv_init(&c, text, (br_str){(const char *) data, 1}, &err) != BR_OK) return 0;
    br_arena_init(&arena, 1024);
    br_code code;
    do {
        code = br_csv_next(&c, &arena, &fields, &n, &err);
        BR_ASSERT(c.at <= text.n);
        if (code == BR_OK) check_again(fields, n, &arena);
    } while (code != BR_EOF);
    br_arena_deinit(&arena);
    return 0;
}
