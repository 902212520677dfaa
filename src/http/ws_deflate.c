#include "http/ws_deflate.h"
#include <zlib.h>
#include "base/assert.h"

#define LEVEL        1  /* k6's */
#define WINDOW_BITS  12 /* of what we send: a smaller state; messages are mostly small */
#define MEMORY_LEVEL 5
#define PIECE_BYTES  16384
#define BLOCK_ENDED  128 /* of data_type: inflate() stopped behind a block */

/* zlib does not change what it reads from. */
static Bytef *input_of(const char *p)
{
    return (Bytef *) (uintptr_t) p;
}

void br_ws_deflate(br_str bytes, br_buf *out)
{
    z_stream z = {0};
    int rc = deflateInit2(&z, LEVEL, Z_DEFLATED, -WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY);
    BR_ASSERT(rc == Z_OK && bytes.n <= (size_t) 1 << 30);
    /* Room for all of it: the bound does not count the flush. */
    size_t room = deflateBound(&z, (uLong) bytes.n) + 16;
    br_code code = br_buf_reserve(out, room);
    BR_ASSERT(code == BR_OK);
    z.next_in = input_of(bytes.p);
    z.avail_in = (uInt) bytes.n;
    z.next_out = (Bytef *) out->data + out->len;
    z.avail_out = (uInt) room;
    rc = deflate(&z, Z_SYNC_FLUSH);
    BR_ASSERT(rc == Z_OK && z.avail_in == 0 && z.avail_out > 0);
    size_t n = room - z.avail_out;
    (void) deflateEnd(&z);
    BR_ASSERT(n >= 4); /* the flush ends with 00 00 ff ff, which is not sent: RFC 7692 section 7.2.1 */
    out->len += n - 4;
    out->data[out->len] = 0;
}

/* BR_OK: the input is used up. */
static br_code inflate_piece(z_stream *z, size_t most, br_buf *out, size_t begin)
{
    unsigned char piece[PIECE_BYTES];
    do {
        z->next_out = piece;
        z->avail_out = sizeof(piece);
        int rc = inflate(z, Z_SYNC_FLUSH);
        size_t n = sizeof(piece) - z->avail_out;
        if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) {
            return BR_ESYNTAX;
        }
        if (out->len - begin + n > most || br_buf_append(out, piece, n) != BR_OK) {
            return BR_ELIMIT;
        }
        if (rc == Z_STREAM_END &&
            inflateReset(z) != Z_OK) { /* of a block marked as the last: more may follow */
            return BR_ESYNTAX;
        }
        if (rc == Z_BUF_ERROR && n == 0) {
            break;
        }
    } while (z->avail_in > 0 || z->avail_out == 0);
    return z->avail_in == 0 ? BR_OK : BR_ESYNTAX;
}

/* The last block was marked as the last one, and nothing follows: some senders leave it at that. */
static bool between_streams(const z_stream *z)
{
    return z->total_in == 0 && z->total_out == 0;
}

br_code br_ws_inflate(br_str bytes, br_buf *out)
{
    static const char tail[] = "\0\0\xff\xff"; /* that the sender took away */
    z_stream z = {0};
    size_t begin = out->len, most = bytes.n * BR_WS_RATIO_MAX;
    BR_ASSERT(bytes.n <= (size_t) 1 << 30);
    most = most > BR_WS_FREE_BYTES ? most : BR_WS_FREE_BYTES;
    int rc = inflateInit2(&z, -MAX_WBITS);
    BR_ASSERT(rc == Z_OK);
    z.next_in = input_of(bytes.p);
    z.avail_in = (uInt) bytes.n;
    br_code code = inflate_piece(&z, most, out, begin);
    if (code == BR_OK && !between_streams(&z)) {
        z.next_in = input_of(tail);
        z.avail_in = 4;
        code = inflate_piece(&z, most, out, begin);
        code = code == BR_OK && !(z.data_type & BLOCK_ENDED) ? BR_ESYNTAX : code; /* cut inside a block */
    }
    (void) inflateEnd(&z);
    return code;
}
