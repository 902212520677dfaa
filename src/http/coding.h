/*
 * http/coding.h - content codings: gzip, deflate, zstd, br.
 *
 * What: undoes the codings of an answer's body, and applies those that a script asks for to a request's.
 * Why here: RFC 9110 section 8.4; the one place that knows the compression libraries.
 * Threads: a coder belongs to one thread.
 * Memory: a body is coded as a whole, once it is there. What comes out is limited in size and in its ratio to
 *     what came over the network: a small answer cannot fill the memory. A coder keeps the states of the
 *     libraries that are dear to make (measured: deflate 50 of 64 us for a body of 4 KiB, zstd 8 of 11 us;
 *     inflate and brotli cost nothing to make) and a spare buffer, so that decoding gzip, deflate and zstd
 *     allocates nothing in steady state beyond inflate's own state. One coder serves all clients of a worker:
 *     its 500 KB are not paid for each virtual user.
 * Invariants: gzip may consist of several members and zstd of several frames; deflate means the zlib format
 *     (RFC 1950), raw deflate is refused, as k6 does.
 */
#pragma once
#include "http/response.h"

/* What a body unpacks to is refused when it is over a mebibyte and over so many times what was received. */
#define BR_CODING_RATIO_MAX  1000
#define BR_CODING_FREE_BYTES ((size_t) 1 << 20)
/* More codings than that one over the other are refused. */
#define BR_CODINGS_MAX 10

typedef enum br_coding {
    BR_CODING_NONE,
    BR_CODING_GZIP,
    BR_CODING_DEFLATE,
    BR_CODING_ZSTD,
    BR_CODING_BR
} br_coding;

br_coding br_coding_of(br_str name);          /* BR_CODING_NONE: none of them */
const char *br_coding_name(br_coding coding); /* "gzip" */

typedef struct br_coder br_coder;
br_coder *br_coder_new(void);
void br_coder_free(br_coder *c); /* NULL is fine */

/*
 * Replaces the body by what its first Content-Encoding field stands for, the last coding first; names of none
 * of the four are passed over, as in k6. A body that cannot be decoded sets the response's error: k6's 1701
 * "error decompressing response body (…)", and leaves what had been decoded before, nothing of one that is
 * over a limit. `c` may be NULL. With an error set already (the body was cut) it decodes what is there and
 * leaves the error. An empty body is an error in gzip and deflate only: k6 finds it when it looks for their
 * header, also after HEAD. Bodies that were dropped must not be given.
 */
void br_http_decode(br_coder *c, br_http_response *r);

/* Appends `bytes` in that coding, at the levels that are usual: gzip, deflate and br 6, zstd 3. BR_ELIMIT
 * (out's limit), BR_EIO (the library refused: no memory), `out` is as before then. `c` may be NULL. */
BR_NODISCARD br_code br_coding_encode(br_coder *c, br_coding coding, br_str bytes, br_buf *out);
/*
 * Appends what `bytes` stand for; `received` is what the ratio is measured by. BR_ESYNTAX, BR_ELIMIT: *why
 * says in Go's words what is wrong, and what could be decoded is in `out`.
 */
BR_NODISCARD br_code br_coding_decode(
    br_coder *c, br_coding coding, br_str bytes, size_t received, br_buf *out, const char **why);
