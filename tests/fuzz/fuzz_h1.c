/*
 * Answers as bytes. The first byte says how the rest is cut into pieces and whether it answers a HEAD.
 * Besides not crashing: fields lie inside the head, limits hold, and an answer that parses whole parses the
 * same in pieces, and when its head is known.
 */
#include "base/assert.h"
#include "base/mem.h"
#include "codec/h1.h"

#define FIELDS_MAX 64 /* trailers */
#define HEAD_MAX   4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct result {
    br_buf head, body;
    br_h1_fields fields;
    br_h1_field trailers[FIELDS_MAX];
    size_t trailer_count;
    br_h1_head final;
    br_code code;
    size_t used;
    bool keep_alive;
} result;

static br_str part(const result *r, uint32_t at, uint32_t n)
{
    BR_ASSERT((size_t) at + n <= r->head.len);
    return (br_str){r->head.data + at, n};
}

static br_code on_head(void *ctx, const br_h1_head *head)
{
    result *r = ctx;
    BR_ASSERT(r->head.len <= HEAD_MAX);
    BR_ASSERT(head->http_minor >= 0 && head->http_minor <= 9);
    for (size_t i = 0; i < r->fields.len; i++) {
        (void) part(r, r->fields.data[i].name_at, r->fields.data[i].name_len);
        (void) part(r, r->fields.data[i].value_at, r->fields.data[i].value_len);
        BR_ASSERT(r->fields.data[i].name_len > 0);
    }
    r->final = *head;
    return BR_OK;
}

static br_code on_body(void *ctx, br_str bytes)
{
    result *r = ctx;
    BR_ASSERT(bytes.n > 0);
    return br_buf_put(&r->body, bytes);
}

static br_code on_trailer(void *ctx, const br_h1_field *field)
{
    result *r = ctx;
    BR_ASSERT(r->final.status >= 200 && r->head.len <= HEAD_MAX);
    BR_ASSERT(part(r, field->name_at, field->name_len).n > 0);
    (void) part(r, field->value_at, field->value_len);
    if (r->trailer_count == FIELDS_MAX) return BR_ELIMIT;
    r->trailers[r->trailer_count++] = *field;
    return BR_OK;
}

static const br_h1_events events = {.on_head = on_head, .on_body = on_body, .on_trailer = on_trailer};

static void parse(result *r, br_str bytes, size_t piece, bool to_head, br_h1_memo *memo)
{
    memset(r, 0, sizeof(*r));
    br_buf_init(&r->head, HEAD_MAX);
    br_buf_init(&r->body, BR_BUF_NO_LIMIT);
    br_h1 *p = br_h1_new(&events, memo, r);
    br_h1_start(p, &r->head, &r->fields, to_head);
    r->code = BR_AGAIN;
    while (r->code == BR_AGAIN && r->used < bytes.n) {
        size_t n = piece < bytes.n - r->used ? piece : bytes.n - r->used, used = 0;
        char *copy = br_malloc(n); /* so that reads past a piece are seen */
        memcpy(copy, bytes.p + r->used, n);
        r->code = br_h1_feed(p, (br_str){copy, n}, &used);
        BR_ASSERT(used <= n && (r->code != BR_AGAIN || used == n));
        r->used += used;
        br_free(copy);
    }
    BR_ASSERT(r->code != BR_EPROTO || br_h1_error(p)[0] != 0);
    if (r->code == BR_AGAIN) r->code = br_h1_finish(p);
    BR_ASSERT(r->code != BR_OK || br_h1_has_head(p));
    r->keep_alive = br_h1_keep_alive(p);
    br_h1_free(p);
}

static void compare_field(const result *a, br_h1_field f, const result *b, br_h1_field g)
{
    BR_ASSERT(br_str_eq(part(a, f.name_at, f.name_len), part(b, g.name_at, g.name_len)));
    BR_ASSERT(br_str_eq(part(a, f.value_at, f.value_len), part(b, g.value_at, g.value_len)));
}

static void compare(const result *a, const result *b)
{
    BR_ASSERT(b->code == BR_OK && a->used == b->used && a->keep_alive == b->keep_alive);
    BR_ASSERT(br_str_eq(br_buf_view(&a->body), br_buf_view(&b->body)));
    BR_ASSERT(a->final.status == b->final.status && a->fields.len == b->fields.len);
    BR_ASSERT(a->trailer_count == b->trailer_count);
    for (size_t i = 0; i < a->fields.len; i++)
        compare_field(a, a->fields.data[i], b, b->fields.data[i]);
    for (size_t i = 0; i < a->trailer_count; i++)
        compare_field(a, a->trailers[i], b, b->trailers[i]);
}

static void done(result *r)
{
    br_buf_deinit(&r->head);
    br_buf_deinit(&r->body);
    br_vec_deinit(&r->fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    br_str bytes = {(const char *) data + 1, size - 1};
    bool to_head = (data[0] & 0x80) != 0;
    result whole, pieces, learnt, recalled;
    br_h1_memo *memo = br_h1_memo_new();
    parse(&whole, bytes, bytes.n + 1, to_head, NULL);
    parse(&pieces, bytes, (data[0] & 0x7fu) + 1u, to_head, NULL);
    parse(&learnt, bytes, bytes.n + 1, to_head, memo);
    parse(&recalled, bytes, bytes.n + 1, to_head, memo);
    /* A limit may be met in pieces only: bytes between fields count then. */
    if (whole.code == BR_OK && pieces.code != BR_ELIMIT) compare(&whole, &pieces);
    BR_ASSERT(learnt.code == whole.code && recalled.code == whole.code);
    if (whole.code == BR_OK) {
        compare(&whole, &learnt);
        compare(&whole, &recalled);
    }
    br_h1_memo_free(memo);
    done(&whole);
    done(&pieces);
    done(&learnt);
    done(&recalled);
    return 0;
}
