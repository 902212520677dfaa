/*
 * cli/quick_request.h - the requests of a load without a script.
 *
 * What: from flags, or from a file of targets, to requests that are ready to be sent.
 * Why here: the only place that knows how people write them.
 * Threads: main thread.
 * Memory: everything in the set's arena.
 * Targets file: one per line, `URL` or `METHOD URL`; lines that begin with '#' and empty ones are passed
 * over.
 */
#pragma once
#include "base/arena.h"
#include "http/client.h"

#define BR_TARGETS_MAX       100000
#define BR_TARGETS_FILE_MAX  ((size_t) 64 << 20)
#define BR_QUICK_HEADERS_MAX 200

/* What the flags say of every request. p == NULL: not given. */
typedef struct br_quick_flags {
    br_str method;
    br_str body, content_type, accept, host, user; /* user: "name:password" */
    const br_str *headers;                         /* "Name: value" */
    size_t header_count;
    br_ns timeout;
    bool close; /* a new connection for each request */
} br_quick_flags;

typedef struct br_request_set {
    br_arena arena;
    br_http_request *list;
    size_t count;
} br_request_set;

void br_request_set_init(br_request_set *s);
void br_request_set_deinit(br_request_set *s);
/* BR_EINVAL with a message that names the URL or the header. */
BR_NODISCARD br_code br_request_set_add(
    br_request_set *s, const br_quick_flags *flags, br_str method, br_str url, br_err *err);
/* The text of a targets file; `name` for messages. BR_EINVAL, BR_ELIMIT with the line. */
BR_NODISCARD br_code br_request_set_add_file(
    br_request_set *s, const br_quick_flags *flags, br_str text, const char *name, br_err *err);
