/*
 * http/coding.h - content codings: gzip, deflate, br, zstd.
 *
 * What: undoes the codings of an answer's body, and applies those that a script asks for to a request's.
 * Why here: RFC 9110 section 8.4; the one place that knows the compression libraries.
 * Threads: any.
 * Memory: a body is decoded as a whole; limited in size, and in its ratio to what was sent: a small answer
 * cannot fill the memory.
 */
#pragma once
#include "http/response.h"

/* An answer that unpacks to more than a mebibyte and to more than so many times its size is refused. */
#define BR_CODING_RATIO_MAX  1000
#define BR_CODING_FREE_BYTES ((size_t) 1 << 20)

typedef enum br_coding {
    BR_CODING_NONE,
    BR_CODING_GZIP,
    BR_CODING_DEFLATE,
    BR_CODING_ZSTD,
    BR_CODING_BR
} br_coding;

br_coding br_coding_of(br_str name);          /* BR_CODING_NONE: none of them */
const char *br_coding_name(br_coding coding); /* "gzip" */

/*
 * Replaces the body by what its Content-Encoding stands for, the last coding first; unknown names are passed
 * over (Go's and k6's way). False: it cannot; the response's error is set: k6's 1701 "error decompressing
 * response body
 * (...)". Bodies that were dropped are left alone by the caller.
 */
bool br_http_decode(br_http_response *r);

/* Appends `bytes` in that coding. BR_ELIMIT (out's limit), BR_EIO (the library refused). */
BR_NODISCARD br_code br_coding_encode(br_coding coding, br_str bytes, br_buf *out);
/* Appends what `bytes` stand for; *why is Go's word for what is wrong. BR_ESYNTAX, BR_ELIMIT. */
BR_NODISCARD br_code br_coding_decode(br_coding coding, br_str bytes, br_buf *out, const char **why);
