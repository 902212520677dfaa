#include "http/coding.h"
#include <brotli/decode.h>
#include <brotli/encode.h>
#include <stdio.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>
#include "base/mem.h"

#define PIECE_BYTES      65536
#define ZLIB_INPUT_BYTES ((size_t) 1 << 30) /* zlib counts in 32 bits */
#define KEEP_SPARE_BYTES ((size_t) 1 << 20)
#define KEEP_STATE_BYTES ((size_t) 4 << 20)
#define GZIP_HEAD_BYTES  10
#define ZLIB_HEAD_BYTES  2
#define WINDOW_BITS      15
#define AND_GZIP         16 /* zlib: write and expect gzip's frame */

struct br_coder {
    z_stream inflater, deflaters[2]; /* deflaters: gzip, deflate */
    bool has_inflater, has_deflater[2];
    ZSTD_CCtx *zstd_in;
    ZSTD_DCtx *zstd_out;
    br_buf spare;
};

static const struct {
    const char *name;
    br_coding coding;
} names[] = {
    {"gzip", BR_CODING_GZIP}, {"deflate", BR_CODING_DEFLATE}, {"zstd", BR_CODING_ZSTD}, {"br", BR_CODING_BR}};

br_coding br_coding_of(br_str name)
{
    for (size_t i = 0; i < BR_COUNT_OF(names); i++) {
        if (br_str_is(name, names[i].name)) {
            return names[i].coding;
        }
    }
    return BR_CODING_NONE;
}

const char *br_coding_name(br_coding coding)
{
    for (size_t i = 0; i < BR_COUNT_OF(names); i++) {
        if (names[i].coding == coding) {
            return names[i].name;
        }
    }
    return "";
}

br_coder *br_coder_new(void)
{
    br_coder *c = BR_NEW(br_coder);
    br_buf_init(&c->spare, BR_BUF_NO_LIMIT);
    return c;
}

void br_coder_free(br_coder *c)
{
    if (c == NULL) {
        return;
    }
    if (c->has_inflater) {
        inflateEnd(&c->inflater);
    }
    for (int i = 0; i < 2; i++) {
        if (c->has_deflater[i]) {
            deflateEnd(&c->deflaters[i]);
        }
    }
    ZSTD_freeCCtx(c->zstd_in);
    ZSTD_freeDCtx(c->zstd_out);
    br_buf_deinit(&c->spare);
    br_free(c);
}

/* Where decoded bytes go -------------------------------------------------------------------------- */

/*
 * The end of the buffer, piece by piece. When it is full, one byte more is offered: a body of exactly the
 * limit can tell that it ends.
 */
typedef struct sink {
    br_buf *out;
    size_t start, received;
    const char **why;
    char over;
    char *at; /* of this piece */
    size_t room;
} sink;

static bool next_piece(sink *s)
{
    br_buf *out = s->out;
    size_t n = out->len - s->start, left = out->max_bytes - out->len;
    if (n > BR_CODING_FREE_BYTES && n / BR_CODING_RATIO_MAX > s->received) {
        *s->why = "it unpacks to more than 1000 times its size";
        return false;
    }
    size_t likely = n > 0 ? PIECE_BYTES : 4 * s->received + 512; /* most texts shrink to a quarter */
    s->room = likely < PIECE_BYTES ? likely : PIECE_BYTES;
    s->room = s->room < left ? s->room : left;
    if (left == 0 || br_buf_reserve(out, s->room) != BR_OK) {
        s->at = &s->over;
        s->room = 1;
    } else {
        s->at = out->data + out->len;
    }
    return true;
}

/* So much was put into the piece; false: more than the buffer takes. */
static bool took(sink *s, size_t n)
{
    if (s->at == &s->over) {
        *s->why = "it unpacks to more than the limit of the body; --max-body raises it";
        return n == 0;
    }
    s->out->len += n;
    s->out->data[s->out->len] = 0;
    return true;
}

/* gzip and deflate --------------------------------------------------------------------------------- */

static bool begin_inflate(br_coder *c, bool gzip)
{
    int bits = WINDOW_BITS + (gzip ? AND_GZIP : 0);
    if (c->has_inflater) {
        return inflateReset2(&c->inflater, bits) == Z_OK;
    }
    c->has_inflater = inflateInit2(&c->inflater, bits) == Z_OK;
    return c->has_inflater;
}

/* What Go says of it. */
static const char *inflate_problem(const z_stream *z, int rc, bool gzip)
{
    const char *msg = z->msg != NULL ? z->msg : "";
    if (rc == Z_NEED_DICT) {
        return "zlib: invalid dictionary";
    }
    if (strcmp(msg, "incorrect data check") == 0 || strcmp(msg, "incorrect length check") == 0) {
        return gzip ? "gzip: invalid checksum" : "zlib: invalid checksum";
    }
    if (strstr(msg, "header") != NULL || strcmp(msg, "unknown compression method") == 0 ||
        strcmp(msg, "invalid window size") == 0) {
        return gzip ? "gzip: invalid header" : "zlib: invalid header";
    }
    return "flate: corrupt input";
}

/* Gives zlib the next part of the input. */
static void feed(z_stream *z, br_str *rest)
{
    if (z->avail_in == 0 && rest->n > 0) {
        size_t n = rest->n < ZLIB_INPUT_BYTES ? rest->n : ZLIB_INPUT_BYTES;
        z->next_in = (Bytef *) (uintptr_t) rest->p;
        z->avail_in = (uInt) n;
        *rest = br_str_sub(*rest, n, rest->n);
    }
}

/* A member has ended. BR_AGAIN: another follows. */
static br_code end_of_member(z_stream *z, size_t left, bool gzip, const char **why)
{
    if (!gzip || left == 0) {
        return BR_OK;
    }
    if (left < GZIP_HEAD_BYTES) {
        *why = "unexpected EOF";
        return BR_ESYNTAX;
    }
    return inflateReset(z) == Z_OK ? BR_AGAIN : BR_ESYNTAX;
}

static br_code inflate_piece(z_stream *z, sink *s, br_str *rest, bool gzip)
{
    if (!next_piece(s)) {
        return BR_ELIMIT;
    }
    feed(z, rest);
    z->next_out = (Bytef *) s->at;
    z->avail_out = (uInt) s->room;
    int rc = inflate(z, Z_NO_FLUSH);
    if (!took(s, s->room - z->avail_out)) {
        return BR_ELIMIT;
    }
    if (rc == Z_STREAM_END) {
        return end_of_member(z, z->avail_in + rest->n, gzip, s->why);
    }
    if (rc == Z_OK || rc == Z_BUF_ERROR) {
        bool starved = z->avail_in == 0 && rest->n == 0 && z->avail_out > 0;
        *s->why = starved ? "unexpected EOF" : *s->why;
        return starved ? BR_ESYNTAX : BR_AGAIN;
    }
    *s->why = inflate_problem(z, rc, gzip);
    return BR_ESYNTAX;
}

static br_code inflate_all(br_coder *c, br_str bytes, sink *s, bool gzip)
{
    z_stream *z = &c->inflater;
    size_t head = gzip ? GZIP_HEAD_BYTES : ZLIB_HEAD_BYTES;
    if (bytes.n < head) {
        *s->why = gzip && bytes.n == 0 ? "EOF" : "unexpected EOF";
        return BR_ESYNTAX;
    }
    if (!begin_inflate(c, gzip)) {
        *s->why = "out of memory";
        return BR_ESYNTAX;
    }
    z->avail_in = 0;
    br_code code;
    do {
        code = inflate_piece(z, s, &bytes, gzip);
    } while (code == BR_AGAIN);
    z->next_in = z->next_out = NULL;
    return code;
}

/* br ------------------------------------------------------------------------------------------------ */

static const char *brotli_problem(BrotliDecoderState *state, char *text, size_t size)
{
    const char *name = BrotliDecoderErrorString(BrotliDecoderGetErrorCode(state));
    const char *format = strstr(name, "FORMAT_");
    snprintf(text, size, "brotli: %s", format != NULL ? format + 7 : name);
    return text;
}

static br_code brotli_piece(BrotliDecoderState *state, br_str *rest, sink *s)
{
    static _Thread_local char problem[64];
    if (!next_piece(s)) {
        return BR_ELIMIT;
    }
    const uint8_t *in = (const uint8_t *) rest->p;
    uint8_t *to = (uint8_t *) s->at;
    size_t in_left = rest->n, left = s->room;
    BrotliDecoderResult rc = BrotliDecoderDecompressStream(state, &in_left, &in, &left, &to, NULL);
    *rest = (br_str){(const char *) in, in_left};
    if (!took(s, s->room - left)) {
        return BR_ELIMIT;
    }
    switch (rc) {
        case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT: return BR_AGAIN;
        case BROTLI_DECODER_RESULT_SUCCESS: *s->why = "brotli: excessive input"; break;
        case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT: *s->why = "unexpected EOF"; break;
        case BROTLI_DECODER_RESULT_ERROR: *s->why = brotli_problem(state, problem, sizeof(problem)); break;
    }
    return rc == BROTLI_DECODER_RESULT_SUCCESS && in_left == 0 ? BR_OK : BR_ESYNTAX;
}

static br_code brotli_all(br_str bytes, sink *s)
{
    if (bytes.n == 0) {
        return BR_OK;
    }
    BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    br_code code = state != NULL ? BR_AGAIN : BR_ESYNTAX;
    *s->why = "out of memory";
    while (code == BR_AGAIN) {
        code = brotli_piece(state, &bytes, s);
    }
    BrotliDecoderDestroyInstance(state);
    return code;
}

/* zstd ---------------------------------------------------------------------------------------------- */

static const char *zstd_problem(size_t rc)
{
    switch (ZSTD_getErrorCode(rc)) {
        case ZSTD_error_prefix_unknown: return "invalid input: magic number mismatch";
        case ZSTD_error_frameParameter_windowTooLarge: return "window size exceeded";
        case ZSTD_error_checksum_wrong: return "CRC check failed";
        case ZSTD_error_dictionary_wrong: return "unknown dictionary";
        default: return ZSTD_getErrorName(rc);
    }
}

static br_code zstd_piece(ZSTD_DCtx *d, ZSTD_inBuffer *in, sink *s)
{
    if (!next_piece(s)) {
        return BR_ELIMIT;
    }
    ZSTD_outBuffer to = {s->at, s->room, 0};
    size_t wanted = ZSTD_decompressStream(d, &to, in);
    if (!took(s, to.pos)) {
        return BR_ELIMIT;
    }
    if (ZSTD_isError(wanted)) {
        *s->why = zstd_problem(wanted);
        return BR_ESYNTAX;
    }
    if (wanted == 0 && in->pos == in->size) { /* the last frame is complete, and all of it was written */
        return BR_OK;
    }
    *s->why = "unexpected EOF";
    return in->pos < in->size || to.pos == to.size ? BR_AGAIN : BR_ESYNTAX;
}

/* Go looks at the first four bytes before anything else. */
static bool begins_frame(const unsigned char *p)
{
    bool skippable = (p[0] & 0xf0) == 0x50 && memcmp(p + 1, "\x2a\x4d\x18", 3) == 0;
    return skippable || memcmp(p, "\x28\xb5\x2f\xfd", 4) == 0;
}

static br_code zstd_all(br_coder *c, br_str bytes, sink *s)
{
    if (bytes.n == 0) {
        return BR_OK;
    }
    if (bytes.n < 4 || !begins_frame((const unsigned char *) bytes.p)) {
        *s->why = bytes.n < 4 ? "unexpected EOF" : "invalid input: magic number mismatch";
        return BR_ESYNTAX;
    }
    if (c->zstd_out == NULL) {
        c->zstd_out = ZSTD_createDCtx();
    }
    ZSTD_inBuffer in = {bytes.p, bytes.n, 0};
    br_code code = c->zstd_out != NULL ? BR_AGAIN : BR_ESYNTAX;
    *s->why = "out of memory";
    while (code == BR_AGAIN) {
        code = zstd_piece(c->zstd_out, &in, s);
    }
    if (c->zstd_out != NULL && ZSTD_sizeof_DCtx(c->zstd_out) > KEEP_STATE_BYTES) { /* a large window */
        ZSTD_freeDCtx(c->zstd_out);
        c->zstd_out = NULL;
    } else if (c->zstd_out != NULL) {
        (void) ZSTD_DCtx_reset(c->zstd_out, ZSTD_reset_session_only);
    }
    return code;
}

/* Decoding ---------------------------------------------------------------------------------------- */

br_code br_coding_decode(
    br_coder *c, br_coding coding, br_str bytes, size_t received, br_buf *out, const char **why)
{
    sink s = {.out = out, .start = out->len, .received = received, .why = why};
    switch (coding) {
        case BR_CODING_NONE: break;
        case BR_CODING_GZIP:
        case BR_CODING_DEFLATE: return inflate_all(c, bytes, &s, coding == BR_CODING_GZIP);
        case BR_CODING_ZSTD: return zstd_all(c, bytes, &s);
        case BR_CODING_BR: return brotli_all(bytes, &s);
    }
    *why = "no such coding";
    return br_buf_put(out, bytes);
}

static void explain(br_http_response *r, const char *why)
{
    br_http_error *e = &r->error;
    if (e->code != BR_OK) { /* the body was cut: that is the reason */
        return;
    }
    char text[160];
    snprintf(text, sizeof(text), "error decompressing response body (%s)", why);
    br_http_error_set(e, BR_EPROTO, BR_STEP_PARSE, text);
    e->k6_code = 1701;
}

/* The body becomes what it stands for; the coder keeps the old buffer for the next one. */
static br_code decode_one(br_coder *c, br_http_response *r, br_coding coding, size_t received)
{
    const char *why = "";
    br_buf *plain = &c->spare;
    br_buf_reset(plain);
    plain->max_bytes = r->body.max_bytes;
    br_code code = br_coding_decode(c, coding, br_buf_view(&r->body), received, plain, &why);
    br_buf coded = r->body;
    r->body = *plain;
    *plain = coded;
    if (plain->cap > KEEP_SPARE_BYTES) {
        br_buf_deinit(plain);
    }
    if (code != BR_OK) {
        explain(r, why);
    }
    if (code == BR_ELIMIT) { /* nothing of it is worth its memory */
        br_buf_deinit(&r->body);
    }
    return code;
}

/* The last name of a list, which becomes shorter. */
static br_str last_of(br_str *list)
{
    size_t at = list->n;
    while (at > 0 && list->p[at - 1] != ',') {
        at--;
    }
    br_str name = br_str_trim(br_str_sub(*list, at, list->n));
    *list = br_str_sub(*list, 0, at > 0 ? at - 1 : 0);
    return name;
}

static void decode_all(br_coder *c, br_http_response *r, br_str list)
{
    size_t received = r->body.len, count = 0;
    while (list.n > 0) {
        br_coding coding = br_coding_of(last_of(&list));
        if (coding == BR_CODING_NONE) {
            continue;
        }
        if (++count > BR_CODINGS_MAX) {
            explain(r, "more than 10 codings");
            br_buf_reset(&r->body);
            return;
        }
        if (decode_one(c, r, coding, received) == BR_ELIMIT) {
            return;
        }
    }
}

void br_http_decode(br_coder *c, br_http_response *r)
{
    br_str list = br_http_response_header(r, BR_STR("Content-Encoding"));
    if (BR_LIKELY(list.n == 0)) {
        return;
    }
    br_coder *own = NULL;
    if (c == NULL) {
        c = own = br_coder_new();
    }
    decode_all(c, r, list);
    br_coder_free(own);
}

/* Encoding ---------------------------------------------------------------------------------------- */

static z_stream *begin_deflate(br_coder *c, bool gzip)
{
    z_stream *z = &c->deflaters[gzip ? 0 : 1];
    bool *has = &c->has_deflater[gzip ? 0 : 1];
    int bits = WINDOW_BITS + (gzip ? AND_GZIP : 0);
    if (*has) {
        return deflateReset(z) == Z_OK ? z : NULL;
    }
    *has = deflateInit2(z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, bits, MAX_MEM_LEVEL - 1, Z_DEFAULT_STRATEGY) ==
           Z_OK;
    return *has ? z : NULL;
}

static br_code deflate_all(br_coder *c, br_str bytes, bool gzip, br_buf *out)
{
    z_stream *z = begin_deflate(c, gzip);
    size_t bound = z != NULL ? deflateBound(z, bytes.n) : 0;
    br_code code = z != NULL ? br_buf_reserve(out, bound) : BR_EIO;
    if (code != BR_OK) {
        return code;
    }
    int rc = Z_OK;
    z->avail_in = 0;
    for (size_t left = bound; rc == Z_OK;) {
        size_t room = left < ZLIB_INPUT_BYTES ? left : ZLIB_INPUT_BYTES;
        feed(z, &bytes);
        z->next_out = (Bytef *) out->data + out->len;
        z->avail_out = (uInt) room;
        rc = deflate(z, bytes.n == 0 ? Z_FINISH : Z_NO_FLUSH);
        out->len += room - z->avail_out;
        left -= room - z->avail_out;
    }
    z->next_in = z->next_out = NULL;
    return rc == Z_STREAM_END ? BR_OK : BR_EIO;
}

static br_code brotli(br_str bytes, br_buf *out)
{
    size_t n = BrotliEncoderMaxCompressedSize(bytes.n) + 16;
    br_code code = br_buf_reserve(out, n);
    if (code == BR_OK &&
        BrotliEncoderCompress(6, BROTLI_DEFAULT_WINDOW, BROTLI_DEFAULT_MODE, bytes.n,
            (const uint8_t *) bytes.p, &n, (uint8_t *) out->data + out->len) != BROTLI_TRUE) {
        code = BR_EIO;
    }
    out->len += code == BR_OK ? n : 0;
    return code;
}

static br_code zstd(br_coder *c, br_str bytes, br_buf *out)
{
    size_t bound = ZSTD_compressBound(bytes.n);
    br_code code = br_buf_reserve(out, bound);
    if (c->zstd_in == NULL) {
        c->zstd_in = ZSTD_createCCtx();
    }
    if (code == BR_OK && c->zstd_in != NULL) {
        size_t n = ZSTD_compressCCtx(c->zstd_in, out->data + out->len, bound, bytes.p, bytes.n, 3);
        code = ZSTD_isError(n) ? BR_EIO : BR_OK;
        out->len += code == BR_OK ? n : 0;
    }
    return code == BR_OK && c->zstd_in == NULL ? BR_EIO : code;
}

static br_code encode(br_coder *c, br_coding coding, br_str bytes, br_buf *out)
{
    switch (coding) {
        case BR_CODING_NONE: break;
        case BR_CODING_GZIP:
        case BR_CODING_DEFLATE: return deflate_all(c, bytes, coding == BR_CODING_GZIP, out);
        case BR_CODING_BR: return brotli(bytes, out);
        case BR_CODING_ZSTD: return zstd(c, bytes, out);
    }
    return br_buf_put(out, bytes);
}

br_code br_coding_encode(br_coder *c, br_coding coding, br_str bytes, br_buf *out)
{
    br_coder *own = NULL;
    if (c == NULL) {
        c = own = br_coder_new();
    }
    size_t start = out->len;
    br_code code = encode(c, coding, bytes, out);
    br_coder_free(own);
    if (code != BR_OK) {
        out->len = start;
    }
    if (out->data != NULL) {
        out->data[out->len] = 0;
    }
    return code;
}
