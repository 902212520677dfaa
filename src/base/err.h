/*
 * base/err.h - the one list of error codes, and an error with a message.
 *
 * What: br_code is what fallible functions return; br_err adds a sentence for people.
 * Why here: hot paths (loop, codec, net, http) return the code only; cold paths (configuration,
 *     scripts, reports) also fill a br_err that the caller passes, NULL if it does not care.
 * Threads: values, no shared state.
 * Memory: a br_err owns nothing; its text is cut at its end.
 * Invariants: outputs of a function are untouched when it fails.
 */
#pragma once
#include <stdbool.h>
#include "base/compiler.h"

/* name, text. The order is not stable: codes never leave the process. */
#define BR_CODES(X)                                                                                          \
    X(BR_OK, "ok")                                                                                           \
    X(BR_AGAIN, "not ready yet")                                                                             \
    X(BR_EOF, "end of stream")                                                                               \
    X(BR_ETRUNCATED, "unexpected EOF")                                                                       \
    X(BR_ECANCEL, "cancelled")                                                                               \
    X(BR_EINVAL, "invalid value")                                                                            \
    X(BR_ELIMIT, "limit exceeded")                                                                           \
    X(BR_ESYNTAX, "syntax error")                                                                            \
    X(BR_ENOTFOUND, "not found")                                                                             \
    X(BR_EEXISTS, "exists already")                                                                          \
    X(BR_EACCESS, "permission denied")                                                                       \
    X(BR_EIO, "input/output error")                                                                          \
    X(BR_ETIMEOUT, "timeout")                                                                                \
    X(BR_EUNSUPPORTED, "not supported")                                                                      \
    X(BR_EEXCEPTION, "script exception")                                                                     \
    X(BR_EABORT, "test aborted")                                                                             \
    X(BR_EDNS, "name resolution failed")                                                                     \
    X(BR_ENOHOST, "no such host")                                                                            \
    X(BR_EBLOCKED, "blocked host name")                                                                      \
    X(BR_EFORBIDDEN, "blacklisted address")                                                                  \
    X(BR_EPROXY, "refused by the proxy")                                                                     \
    X(BR_EDIAL, "connecting failed")                                                                         \
    X(BR_EDIALTIMEOUT, "connecting timed out")                                                               \
    X(BR_EREFUSED, "connection refused")                                                                     \
    X(BR_ERESET, "connection reset by peer")                                                                 \
    X(BR_EPIPE, "broken pipe")                                                                               \
    X(BR_ETLS, "TLS error")                                                                                  \
    X(BR_ETLSALERT, "TLS alert from the server")                                                             \
    X(BR_ENOTTLS, "not a TLS server")                                                                        \
    X(BR_EUNKNOWNCA, "certificate of an unknown authority")                                                  \
    X(BR_EWRONGHOST, "certificate of another host")                                                          \
    X(BR_EPROTO, "protocol error")                                                                           \
    X(BR_ENOFDS, "out of file descriptors")                                                                  \
    X(BR_ENOPORTS, "out of local ports")

typedef enum br_code {
#define BR_CODE_ENUM(name, text) name,
    BR_CODES(BR_CODE_ENUM)
#undef BR_CODE_ENUM
        BR_CODE_COUNT
} br_code;

typedef struct br_err {
    br_code code;
    int sys_errno;  /* errno behind it, 0 if none */
    char msg[4096]; /* one clear sentence: what, where, remedy; k6's report about scenarios is longer */
} br_err;

/* The name ("BR_EIO") and the text ("input/output error") of a code; static strings. */
const char *br_code_name(br_code code);
const char *br_code_text(br_code code);

/* Fills *err (if not NULL) with a formatted message and returns `code`. */
BR_PRINTF(3, 4) br_code br_fail(br_err *err, br_code code, const char *fmt, ...);

/* The same with ": " and strerror(sys_errno) added. */
BR_PRINTF(4, 5) br_code br_fail_errno(br_err *err, br_code code, int sys_errno, const char *fmt, ...);

/* Puts "<formatted>: " before the message that *err holds and returns `code` (err may be NULL). */
BR_PRINTF(3, 4) br_code br_wrap(br_err *err, br_code code, const char *fmt, ...);

/* The code that fits an errno of file operations: ENOENT -> BR_ENOTFOUND, EACCES -> BR_EACCESS, ... */
br_code br_code_from_errno(int sys_errno);
