/*
 * cli/target/target_get.h - one GET with its answer, outside of a run.
 *
 * What: asks the target something before or after a test: its health, data, version.
 * Threads: main thread, on a loop of its own; waits for the answer.
 */
#pragma once
#include "base/arena.h"
#include "cli/config/config.h"
#include "http/client.h"

typedef struct br_target_answer {
    int status;
    br_str body;    /* in the arena */
    br_ns duration; /* from the begin of connecting to the last byte */
} br_target_answer;

/* The environment's headers for a request to `url`; none if it is not below its base_url: they may hold
 * credentials. The list is in the arena, the texts are the environment's. */
const br_http_header *br_target_headers(
    const br_environment *e, br_str url, br_arena *arena, size_t *ret_count);

/*
 * `url`: in full. The environment's headers go with it as br_target_headers() says. Certificates are not
 * verified: the test itself does. BR_OK: there is an answer, with whatever status. Others: none; the message
 * names the URL.
 */
BR_NODISCARD br_code br_target_get(const br_environment *e, const char *url, br_ns timeout, br_arena *arena,
    br_target_answer *ret, br_err *err);
