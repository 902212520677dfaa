/*
 * cli/target/single_request.h - one request, and its answer awaited.
 *
 * What: loop, resolver, proxies of the environment, TLS and a client for requests made one after another.
 * Why here: commands ask a target or tell a webhook something outside of any load.
 * Threads: the thread that made it.
 * Memory: owns its loop and everything on it.
 */
#pragma once
#include "http/client.h"

#define BR_SINGLE_BODY_MAX ((size_t) 16 << 20)

typedef struct br_single br_single;

/* `verify`: certificates are. Errors of br_loop_new(), br_dns_new() and br_proxies_from_env(). */
BR_NODISCARD br_code br_single_new(bool verify, br_single **ret, br_err *err);
void br_single_free(br_single *s); /* NULL is fine */

/* Blocks until there is an answer or an error, in response->error; a signal (cli/terminal/interrupt.h) ends
 * it, too.
 */
void br_single_send(br_single *s, const br_http_request *request, br_http_response *response);
void br_single_sleep(br_single *s, br_ns length);
