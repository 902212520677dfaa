/*
 * cli/quick/quick_request.h - the requests of a load without a script.
 *
 * What: from flags, or from a file of targets (cli/quick/quick_targets.h), to requests that are ready to be
 * sent. Why here: the only place that knows how people write them. Threads: main thread. Memory: everything
 * in the set's arena; bodies of files in the set.
 */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"
#include "http/client.h"

#define BR_TARGETS_MAX        100000
#define BR_TARGETS_FILE_MAX   ((size_t) 64 << 20)
#define BR_TARGETS_BODIES_MAX 1000 /* different files */
#define BR_TARGETS_BODY_MAX   ((size_t) 256 << 20)
#define BR_TARGETS_ALL_BODIES ((size_t) 1 << 30)
#define BR_QUICK_HEADERS_MAX  200 /* of one request */

/* What the flags say of every request. p == NULL: not given. */
typedef struct br_quick_flags {
    br_str method; /* none: GET, with a body POST */
    br_str body, content_type, accept, host, user_agent;
    br_str user;           /* "name:password" */
    const br_str *headers; /* "Name: value" */
    size_t header_count;
    br_ns timeout;
    bool close; /* a new connection for each request */
} br_quick_flags;

/* A file that is the body of some targets. */
typedef struct br_quick_body {
    br_str path;
    br_buf content;
} br_quick_body;

typedef struct br_request_set {
    br_arena arena;
    BR_VEC(br_http_request) list;
    BR_VEC(br_quick_body) bodies;
    size_t body_bytes; /* in all */
} br_request_set;

void br_request_set_init(br_request_set *s);
void br_request_set_deinit(br_request_set *s);

/* BR_EINVAL with a message that names the URL or the header. */
BR_NODISCARD br_code br_request_set_add(
    br_request_set *s, const br_quick_flags *flags, br_str url, br_err *err);
/*
 * The text of a targets file. What a target says itself (method, headers, body) replaces what the flags say.
 * Paths of bodies are relative to the folder of `path`, which messages name. BR_EINVAL, BR_ELIMIT and those
 * of br_file_read(), with the line.
 */
BR_NODISCARD br_code br_request_set_add_file(
    br_request_set *s, const br_quick_flags *flags, br_str text, const char *path, br_err *err);
