/*
 * stub/stub.h - stands in for the outside world, on loopback.
 *
 * What: AI chat, product feed, analytics feed and publishing webhooks, with programmed latency, failures and
 * rate limit, which can be changed while it runs. Why here: tests and the demo use the real client code
 * against it. It is no part of the service. Threads: one per connection, because answers are delayed; at most
 * EMP_STUB_CONNECTIONS.
 *
 *     POST /v1/chat/completions   a script
 *     GET  /products              {"products":[...]}, `products` of them, the same every time
 *     GET  /analytics             {"data":[...]}
 *     POST /publish/PLATFORM      {"id":...,"url":...}; the same for the same Idempotency-Key
 *     GET  /effects               what was published: {"unique":n,"repeated":n,"unkeyed":n,"requests":n,...}
 *     POST /control               {"latencyMs":n,"failEvery":n,"rateLimit":n}, any of them
 */
#pragma once
#include <stdatomic.h>
#include "base/clock.h"
#include "base/err.h"
#include "empire/stub/effects.h"

#define EMP_STUB_CONNECTIONS 1000

typedef struct emp_stub_config {
    uint16_t port;      /* on 127.0.0.1; 0: any free one */
    int64_t latency_ms; /* before each answer of a service */
    int64_t fail_every; /* each n-th request to a service is answered with 500; 0: none, 1: all */
    int64_t rate_limit; /* requests to services per second, more get 429; 0: no limit */
    int64_t products;   /* of the feed */
} emp_stub_config;

typedef struct emp_stub emp_stub;

/* BR_EEXISTS: the port is in use; BR_ELIMIT. *ret_port is the port it listens on. */
BR_NODISCARD br_code emp_stub_start(
    const emp_stub_config *config, emp_stub **ret_stub, uint16_t *ret_port, br_err *err);
void emp_stub_stop(emp_stub *stub);
