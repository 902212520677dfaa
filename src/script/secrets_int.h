/*
 * script/secrets_int.h - secret sources of the type url.
 *
 * What: how to ask for a secret, and how often; the value that came, for all virtual users.
 * Threads: the configuration is read-only; questions and values may come from any thread.
 * Memory: in the arena of the sources, or in the caller's.
 */
#pragma once
#include "base/arena.h"
#include "http/client.h"
#include "script/secrets.h"

#define BR_SECRET_MAX_BYTES (24 * 1024) /* of an answer; k6's limit */

typedef struct br_secret_url {
    br_str url; /* with {key} */
    br_str method;
    br_http_header *headers;
    size_t header_count;
    br_str response_path; /* names joined by dots; empty: the answer itself is the secret */
    br_ns timeout, retry_backoff;
    int64_t per_minute, burst, max_retries;
} br_secret_url;

/* The items of a flag, k6's variables K6_SECRET_SOURCE_URL_*, a file. The message says what is wrong. */
BR_NODISCARD br_code br_secret_url_read(
    br_arena *arena, const br_str *items, size_t count, br_secret_url *ret, br_err *err);
br_str br_secret_url_for(br_arena *arena, const br_secret_url *u, br_str key);
/* The secret in an answer of status 200. */
BR_NODISCARD br_code br_secret_url_extract(
    br_arena *arena, const br_secret_url *u, br_str body, br_str *ret, br_err *err);

/* Of the source that br_secrets_get() answered BR_AGAIN for. */
const br_secret_url *br_secrets_url(const br_secrets *s, br_str source);
/* When the next request may be made, in loop time; it is counted as made then. */
br_ns br_secrets_take_turn(br_secrets *s, br_str source, br_ns now);
/* Keeps a value that was fetched. BR_ELIMIT: there are 100,000. */
BR_NODISCARD br_code br_secrets_put(br_secrets *s, br_str source, br_str key, br_str value, br_err *err);
