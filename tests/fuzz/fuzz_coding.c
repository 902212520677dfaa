/*
 * Content codings. The first byte picks the coding and what is done: bytes that a server may send are decoded
 * as they are, or coded first and then decoded again. Besides not crashing: no limit is passed, a failure has
 * its reason, and what was coded comes back.
 */
#include "base/assert.h"
#include "http/coding.h"

#define LIMIT_BYTES ((size_t) 4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const br_coding codings[] = {BR_CODING_GZIP, BR_CODING_DEFLATE, BR_CODING_ZSTD, BR_CODING_BR};

static void decode(br_coder *c, br_coding coding, br_str bytes)
{
    const char *why = "";
    br_buf out;
    br_buf_init(&out, LIMIT_BYTES);
    BR_ASSERT(br_buf_puts(&out, "before") == BR_OK);
    br_code code = br_coding_decode(c, coding, bytes, bytes.n, &out, &why);
    BR_ASSERT(code == BR_OK || code == BR_ESYNTAX || code == BR_ELIMIT);
    BR_ASSERT(code == BR_OK || why[0] != 0);
    BR_ASSERT(out.len <= LIMIT_BYTES && out.data[out.len] == 0);
    BR_ASSERT(br_str_starts(br_buf_view(&out), BR_STR("before")));
    size_t n = out.len - 6, most = (bytes.n + 1) * BR_CODING_RATIO_MAX;
    BR_ASSERT(n <= (most > BR_CODING_FREE_BYTES ? most : BR_CODING_FREE_BYTES) + 65536);
    br_buf_deinit(&out);
}

static void there_and_back(br_coder *c, br_coding coding, br_str bytes)
{
    const char *why = "";
    br_buf coded, out;
    br_buf_init(&coded, BR_BUF_NO_LIMIT);
    br_buf_init(&out, bytes.n);
    BR_ASSERT(br_coding_encode(c, coding, bytes, &coded) == BR_OK);
    BR_ASSERT(br_coding_decode(c, coding, br_buf_view(&coded), coded.len, &out, &why) == BR_OK);
    BR_ASSERT(br_str_eq(br_buf_view(&out), bytes));
    br_buf_deinit(&coded);
    br_buf_deinit(&out);
}

/* A whole answer: the first line is its Content-Encoding. */
static void answer(br_coder *c, br_str text)
{
    br_str field;
    br_http_response r;
    if (!br_str_cut(&text, '\n', &field)) {
        return;
    }
    br_http_response_init(&r);
    r.status = 200;
    r.body.max_bytes = LIMIT_BYTES;
    BR_ASSERT(br_buf_puts(&r.head, "Content-Encoding") == BR_OK && br_buf_put(&r.head, field) == BR_OK);
    *br_vec_push(&r.fields) = (br_h1_field){0, 16, 16, (uint32_t) field.n};
    if (br_buf_put(&r.body, text) == BR_OK) {
        br_http_decode(c, &r);
        BR_ASSERT(r.error.code == BR_OK || r.error.k6_code == 1701);
        BR_ASSERT(r.body.len <= LIMIT_BYTES);
    }
    br_http_response_deinit(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    br_coder *c = br_coder_new();
    br_coding coding = codings[data[0] % 4];
    br_str rest = {(const char *) data + 1, size - 1};
    switch (data[0] / 4 % 4) {
        case 0:
        case 1: decode(c, coding, rest); break;
        case 2: there_and_back(c, coding, rest); break;
        default: answer(c, rest); break;
    }
    decode(c, coding, br_str_sub(rest, 0, rest.n / 2)); /* by a coder that was in use, and cut */
    br_coder_free(c);
    return 0;
}
