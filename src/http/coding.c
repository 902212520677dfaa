#include "http/coding.h"
#include <brotli/decode.h>
#include <brotli/encode.h>
#include <stdio.h>
#include <zlib.h>
#include <zstd.h>

#define PIECE_BYTES 65536

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

/* Decoding ---------------------------------------------------------------------------------------- */

/* What has come out so far against what went in. */
static bool too_much(const br_buf *out, size_t start, size_t in)
{
    size_t n = out->len - start;
    return n > BR_CODING_FREE_BYTES && n / BR_CODING_RATIO_MAX > in;
}

/* Room for another piece; false: the limit of the buffer, or of the ratio. */
static bool room(br_buf *out, size_t start, size_t in, const char **why)
{
    if (too_much(out, start, in)) {
        *why = "it unpacks to more than 1000 times its size";
        return false;
    }
    size_t left = out->max_bytes > out->len ? out->max_bytes - out->len : 0;
    if (left == 0 || br_buf_reserve(out, left < PIECE_BYTES ? left : PIECE_BYTES) != BR_OK) {
        *why = "it unpacks to more than the limit of the body; --max-body raises it";
        return false;
    }
    return true;
}

static size_t room_of(const br_buf *out)
{
    size_t left = out->max_bytes - out->len;
    return left < PIECE_BYTES ? left : PIECE_BYTES;
}

/* gzip may consist of several members; deflate is the zlib format. */
static br_code inflate_all(br_str bytes, bool gzip, br_buf *out, const char **why)
{
    z_stream z = {0};
    size_t start = out->len;
    br_code code = BR_AGAIN;
    bool members = false;
    if (inflateInit2(&z, gzip ? 15 + 16 : 15) != Z_OK) {
        *why = "out of memory";
        return BR_ESYNTAX;
    }
    z.next_in = (Bytef *) (uintptr_t) bytes.p;
    z.avail_in = (uInt) bytes.n;
    while (code == BR_AGAIN) {
        if (!room(out, start, bytes.n, why)) {
            code = BR_ELIMIT;
            break;
        }
        size_t piece = room_of(out);
        z.next_out = (Bytef *) out->data + out->len;
        z.avail_out = (uInt) piece;
        int rc = inflate(&z, Z_NO_FLUSH);
        out->len += piece - z.avail_out;
        if (rc == Z_STREAM_END) {
            members = gzip && z.avail_in > 0;
            code = members && inflateReset(&z) == Z_OK ? BR_AGAIN : BR_OK;
        } else if (rc == Z_BUF_ERROR || (rc == Z_OK && z.avail_in == 0 && z.avail_out > 0)) {
            *why = z.total_in == 0 && !members ? "EOF" : "unexpected EOF";
            code = BR_ESYNTAX;
        } else if (rc != Z_OK) {
            bool head = z.total_out == 0 && z.total_in <= 10;
            *why = !head ? "flate: corrupt input" : gzip ? "gzip: invalid header" : "zlib: invalid header";
            code = BR_ESYNTAX;
        }
    }
    inflateEnd(&z);
    return code;
}

static br_code unbrotli(br_str bytes, br_buf *out, const char **why)
{
    BrotliDecoderState *s = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    const uint8_t *in = (const uint8_t *) bytes.p;
    size_t in_left = bytes.n, start = out->len;
    br_code code = s != NULL ? BR_AGAIN : BR_ESYNTAX;
    *why = "out of memory";
    while (code == BR_AGAIN) {
        if (!room(out, start, bytes.n, why)) {
            code = BR_ELIMIT;
            break;
        }
        size_t piece = room_of(out), left = piece;
        uint8_t *to = (uint8_t *) out->data + out->len;
        BrotliDecoderResult rc = BrotliDecoderDecompressStream(s, &in_left, &in, &left, &to, NULL);
        out->len += piece - left;
        if (rc == BROTLI_DECODER_RESULT_SUCCESS) {
            code = BR_OK;
        } else if (rc != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
            bool cut = rc == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT;
            *why = cut ? (bytes.n > 0 ? "unexpected EOF" : "EOF") : "brotli: corrupt input";
            code = BR_ESYNTAX;
        }
    }
    BrotliDecoderDestroyInstance(s);
    return code;
}

static br_code unzstd(br_str bytes, br_buf *out, const char **why)
{
    ZSTD_DCtx *d = ZSTD_createDCtx();
    ZSTD_inBuffer in = {bytes.p, bytes.n, 0};
    size_t start = out->len, wanted = 1;
    br_code code = d != NULL ? BR_AGAIN : BR_ESYNTAX;
    *why = "out of memory";
    while (code == BR_AGAIN) {
        if (!room(out, start, bytes.n, why)) {
            code = BR_ELIMIT;
            break;
        }
        ZSTD_outBuffer to = {out->data + out->len, room_of(out), 0};
        wanted = ZSTD_decompressStream(d, &to, &in);
        out->len += to.pos;
        if (ZSTD_isError(wanted)) {
            *why = in.pos < 4 ? "magic number mismatch" : "invalid input: corrupt data";
            code = BR_ESYNTAX;
        } else if (in.pos == in.size && to.pos < to.size) {
            *why = bytes.n > 0 ? "unexpected EOF" : "EOF";
            code = wanted == 0 && bytes.n > 0 ? BR_OK : BR_ESYNTAX;
        }
    }
    ZSTD_freeDCtx(d);
    return code;
}

br_code br_coding_decode(br_coding coding, br_str bytes, br_buf *out, const char **why)
{
    br_code code = BR_OK;
    switch (coding) {
        case BR_CODING_NONE: code = br_buf_put(out, bytes); break;
        case BR_CODING_GZIP:
        case BR_CODING_DEFLATE: code = inflate_all(bytes, coding == BR_CODING_GZIP, out, why); break;
        case BR_CODING_ZSTD: code = unzstd(bytes, out, why); break;
        case BR_CODING_BR: code = unbrotli(bytes, out, why); break;
    }
    if (code == BR_OK && out->data != NULL) {
        out->data[out->len] = 0;
    }
    return code;
}

static bool decode_one(br_http_response *r, br_coding coding)
{
    const char *why = "";
    br_buf plain;
    br_buf_init(&plain, r->body.max_bytes);
    br_code code = br_coding_decode(coding, br_buf_view(&r->body), &plain, &why);
    if (code == BR_OK) {
        br_buf_deinit(&r->body);
        r->body = plain;
        return true;
    }
    br_buf_deinit(&plain);
    br_http_error *e = &r->error;
    br_http_error_set(e, BR_EPROTO, BR_STEP_PARSE, "");
    e->k6_code = 1701;
    snprintf(e->text, sizeof(e->text), "error decompressing response body (%s)", why);
    snprintf(e->raw, sizeof(e->raw), "%s", e->text);
    br_buf_reset(&r->body);
    return false;
}

bool br_http_decode(br_http_response *r)
{
    br_str field = BR_STR_NONE;
    for (size_t i = 0; i < r->fields.len; i++) {
        if (r->fields.data[i].name_len == 16 &&
            br_str_eq_nocase(br_http_field_name(r, i), BR_STR("Content-Encoding"))) {
            field = br_str_trim(br_http_field_value(r, i));
            break;
        }
    }
    while (field.n > 0) {
        size_t at = field.n;
        while (at > 0 && field.p[at - 1] != ',') {
            at--;
        }
        br_coding coding = br_coding_of(br_str_trim(br_str_sub(field, at, field.n)));
        if (coding != BR_CODING_NONE && !decode_one(r, coding)) {
            return false;
        }
        field = br_str_sub(field, 0, at > 0 ? at - 1 : 0);
    }
    return true;
}

/* Encoding ---------------------------------------------------------------------------------------- */

static br_code deflate_all(br_str bytes, bool gzip, br_buf *out)
{
    z_stream z = {0};
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip ? 15 + 16 : 15, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        return BR_EIO;
    }
    size_t bound = deflateBound(&z, bytes.n);
    br_code code = br_buf_reserve(out, bound);
    if (code == BR_OK) {
        z.next_in = (Bytef *) (uintptr_t) bytes.p;
        z.avail_in = (uInt) bytes.n;
        z.next_out = (Bytef *) out->data + out->len;
        z.avail_out = (uInt) bound;
        code = deflate(&z, Z_FINISH) == Z_STREAM_END ? BR_OK : BR_EIO;
        out->len += code == BR_OK ? bound - z.avail_out : 0;
    }
    deflateEnd(&z);
    return code;
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

static br_code zstd(br_str bytes, br_buf *out)
{
    size_t bound = ZSTD_compressBound(bytes.n);
    br_code code = br_buf_reserve(out, bound);
    if (code == BR_OK) {
        size_t n = ZSTD_compress(out->data + out->len, bound, bytes.p, bytes.n, 3);
        code = ZSTD_isError(n) ? BR_EIO : BR_OK;
        out->len += code == BR_OK ? n : 0;
    }
    return code;
}

br_code br_coding_encode(br_coding coding, br_str bytes, br_buf *out)
{
    br_code code = BR_OK;
    switch (coding) {
        case BR_CODING_NONE: code = br_buf_put(out, bytes); break;
        case BR_CODING_GZIP:
        case BR_CODING_DEFLATE: code = deflate_all(bytes, coding == BR_CODING_GZIP, out); break;
        case BR_CODING_BR: code = brotli(bytes, out); break;
        case BR_CODING_ZSTD: code = zstd(bytes, out); break;
    }
    if (code == BR_OK && out->data != NULL) {
        out->data[out->len] = 0;
    }
    return code;
}
