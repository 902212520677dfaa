#include "codec/csv.h"

#include "base/assert.h"
#include "base/buf.h"
#include "base/vec.h"

typedef struct reader { /* of one record */
    br_csv *c;
    br_arena *arena;
    const char *start, *p, *end; /* of the current line, without its end */
    bool ended;                  /* the line had one */
    size_t first_line;           /* of the record, from 1 */
    BR_VEC(br_str) fields;
} reader;

br_code br_csv_init(br_csv *c, br_str text, br_str delimiter, br_err *err)
{
    uint32_t rune = 0;
    size_t n = delimiter.n ? br_utf8_decode(delimiter.p, delimiter.n, &rune) : 0;
    if (n == 0 || n != delimiter.n)
        return br_fail(err, BR_EINVAL, "the delimiter '" BR_FMT "' is not one character", BR_ARG(delimiter));
    if (rune == 0 || rune == '"' || rune == '\r' || rune == '\n' || rune == 0xfffd)
        return br_fail(err, BR_EINVAL, "csv: invalid field or comment delimiter");
    *c = (br_csv){.text = text, .delimiter = delimiter};
    return BR_OK;
}

/* False: the text has ended. */
static bool next_line(reader *r)
{
    br_csv *c = r->c;
    if (c->at >= c->text.n) return false;
    r->start = r->p = c->text.p + c->at;
    size_t left = c->text.n - c->at;
    const char *newline = memchr(r->start, '\n', left);
    r->ended = newline != NULL;
    r->end = newline ? newline : r->start + left;
    c->at += (size_t) (r->end - r->start) + r->ended;
    c->line++;
    if (r->end > r->start && r->end[-1] == '\r') r->end--;
    return true;
}

static br_code fail_at(const reader *r, const char *at, const char *what, br_err *err)
{
    size_t column = (size_t) (at - r->start) + 1;
    if (r->first_line == r->c->line)
        return br_fail(err, BR_ESYNTAX, "parse error on line %zu, column %zu: %s", r->c->line, column, what);
    return br_fail(err, BR_ESYNTAX, "record on line %zu; parse error on line %zu, column %zu: %s",
        r->first_line, r->c->line, column, what);
}

static bool at_delimiter(const reader *r)
{
    return br_str_starts((br_str){r->p, (size_t) (r->end - r->p)}, r->c->delimiter);
}

/* *ret_more: a delimiter, and so another field, follows. */
static br_code plain_field(reader *r, bool *ret_more, br_err *err)
{
    br_str rest = {r->p, (size_t) (r->end - r->p)};
    ptrdiff_t n = br_str_find(rest, r->c->delimiter);
    *ret_more = n >= 0;
    br_str field = br_str_sub(rest, 0, n >= 0 ? (size_t) n : rest.n);
    const char *quote = field.n ? memchr(field.p, '"', field.n) : NULL;
    if (quote) return fail_at(r, quote, "bare \" in non-quoted field", err);
    r->p += field.n + (*ret_more ? r->c->delimiter.n : 0);
    *br_vec_push(&r->fields) = field;
    return BR_OK;
}

/* Behind a quote: what is the field's, up to its closing quote, goes into `text`. */
static br_code quoted_text(reader *r, br_buf *text, br_err *err)
{
    static const char wrong[] = "extraneous or missing \" in quoted-field";
    for (;;) {
        size_t left = (size_t) (r->end - r->p);
        const char *quote = left ? memchr(r->p, '"', left) : NULL;
        (void) br_buf_append(text, r->p, quote ? (size_t) (quote - r->p) : left);
        if (!quote) { /* the field goes on in the next line */
            const char *end = r->end;
            if (r->ended) (void) br_buf_puts(text, "\n");
            if (!r->ended || !next_line(r)) return fail_at(r, end, wrong, err);
            continue;
        }
        r->p = quote + 1;
        if (r->p == r->end || at_delimiter(r)) return BR_OK;
        if (*r->p != '"') return fail_at(r, quote, wrong, err);
        (void) br_buf_puts(text, "\"");
        r->p++;
    }
}

static br_code quoted_field(reader *r, bool *ret_more, br_err *err)
{
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT); /* not longer than the text that is there */
    r->p++;
    br_code code = quoted_text(r, &text, err);
    if (code == BR_OK) {
        *br_vec_push(&r->fields) = br_arena_str(r->arena, (br_str){text.data ? text.data : "", text.len});
        *ret_more = r->p < r->end;
        if (*ret_more) r->p += r->c->delimiter.n;
    }
    br_buf_deinit(&text);
    return code;
}

static br_code read_record(reader *r, br_err *err)
{
    do {
        if (!next_line(r)) return BR_EOF;
    } while (r->p == r->end);
    r->first_line = r->c->line;
    br_code code = BR_OK;
    for (bool more = true; more && code == BR_OK;) {
        bool quoted = r->p < r->end && *r->p == '"';
        code = quoted ? quoted_field(r, &more, err) : plain_field(r, &more, err);
    }
    if (code != BR_OK) return code;
    if (r->c->columns == 0) r->c->columns = r->fields.len;
    if (r->fields.len == r->c->columns) return BR_OK;
    return br_fail(err, BR_ESYNTAX, "record on line %zu: wrong number of fields", r->first_line);
}

br_code br_csv_next(br_csv *c, br_arena *arena, br_str **ret_fields, size_t *ret_count, br_err *err)
{
    reader r = {.c = c, .arena = arena};
    br_code code = read_record(&r, err);
    if (code == BR_OK) {
        BR_ASSERT(r.fields.data); /* a record has at least one field */
        *ret_count = r.fields.len;
        *ret_fields = br_arena_alloc(arena, r.fields.len * sizeof(**ret_fields));
        memcpy(*ret_fields, r.fields.data, r.fields.len * sizeof(**ret_fields));
    }
    br_vec_deinit(&r.fields);
    return code;
}
