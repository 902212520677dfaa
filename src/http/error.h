/*
 * http/error.h - why an exchange failed, in k6's numbers and words.
 *
 * What: our code, the step at which it happened, k6's error_code and message.
 * Why here: the client knows the step; script/ and report/ only show it.
 * Source of the numbers: k6's documented error codes (1000 general, 1050 timeout, 11xx DNS, 12xx TCP,
 *     13xx TLS, 14xx-15xx status, 16xx HTTP/2, 17xx decompression).
 */
#pragma once
#include <stdint.h>
#include "base/err.h"

typedef enum br_http_step {
    BR_STEP_NONE,
    BR_STEP_URL,
    BR_STEP_LOOKUP,
    BR_STEP_DIAL,
    BR_STEP_TLS,
    BR_STEP_WRITE,
    BR_STEP_READ,
    BR_STEP_PARSE
} br_http_step;

typedef struct br_http_error {
    br_code code; /* BR_OK: no error */
    br_http_step step;
    int k6_code;    /* 1000..1799, 0 if none */
    char text[200]; /* k6's short message: "dial: connection refused", "request timeout", "EOF" */
    char raw[512];  /* the long one, thrown and logged: "dial tcp 127.0.0.1:1: connect: connection refused" */
} br_http_error;

/*
 * Fills *ret from a code and the step it happened in; `detail` (may be NULL) is used where k6 shows the
 * underlying message (1000, 1010, 1020, 1100, 1202, 1213, 1300); raw becomes a copy of text. E.g. BR_EREFUSED
 * at DIAL -> 1212 "dial: connection refused"; BR_ERESET at READ -> 1220 "read: connection reset by peer";
 * BR_ETIMEOUT -> 1050 "request timeout"; BR_EDIALTIMEOUT -> 1211 "dial: i/o timeout"; BR_ENOHOST -> 1101
 * "lookup: no such host"; BR_EPIPE -> 1201 "write: broken pipe"; BR_EOF before an answer -> 1000 "EOF";
 * BR_EOF inside a body -> 1000 "unexpected EOF".
 */
void br_http_error_set(br_http_error *ret, br_code code, br_http_step step, const char *detail);

typedef enum br_http2_failure { BR_HTTP2_GOAWAY, BR_HTTP2_STREAM, BR_HTTP2_CONNECTION } br_http2_failure;

/*
 * Fills *ret (code BR_EPROTO, step PARSE) for an HTTP/2 error code: 1610, 1630 or 1650, plus 1 + the code if
 * it is one of RFC 9113: "http2: stream error with http2 ErrCode INTERNAL_ERROR". raw becomes a copy of text.
 */
void br_http_error_set_http2(br_http_error *ret, br_http2_failure failure, uint32_t http2_code);
/* "INTERNAL_ERROR", "unknown error code 0x2a"; written to out, of 32 bytes, if it is not static. */
const char *br_http2_code_name(uint32_t http2_code, char *out);
