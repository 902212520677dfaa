/*
 * api/rate_limit.h - so many requests a minute for each client.
 *
 * What: GCRA, the token bucket without a timer: a client may use its minute's requests at once, then they
 *     come back one by one. State is one instant per client.
 * Why here: a pure function of (client, time), so that tests need no clock.
 * Threads: any; shards with a lock each.
 * Memory: fixed, 1.5 MB for 65,536 clients. When the neighbourhood of a client is full, the one that has used
 *     least is forgotten: it starts with a full minute again, which never refuses what should be allowed.
 * Limits: each process counts for itself; two instances allow twice as much.
 * Source: ATM Forum TM 4.0 (virtual scheduling); header fields: draft-ietf-httpapi-ratelimit-headers-03.
 */
#pragma once
#include <stdbool.h>
#include "base/clock.h"
#include "base/str.h"

typedef struct emp_rate_limit emp_rate_limit;

/* `per_minute` > 0. */
emp_rate_limit *emp_rate_limit_new(int64_t per_minute);
void emp_rate_limit_free(emp_rate_limit *l); /* NULL is fine */
/* Another limit from now on; what clients have used stays used. */
void emp_rate_limit_set(emp_rate_limit *l, int64_t per_minute);

typedef struct emp_client {
    uint64_t high, low;
} emp_client;

struct sockaddr;
/* An address without its port; of IPv6 the first 64 bits, which is what one customer has. */
emp_client emp_client_of_address(const struct sockaddr *address);
/* The same for text, as in X-Forwarded-For; what is no address is a client of that name. */
emp_client emp_client_of_text(br_str address);
/* Of the holder of an API key. */
emp_client emp_client_of_name(br_str name);

typedef struct emp_allowance {
    bool allowed;
    int64_t limit, remaining; /* requests */
    int reset_s;              /* until all of them are there again */
    int retry_after_s;        /* when refused: until one is there; >= 1 */
} emp_allowance;

/* Takes one request of the client's at the instant `now` (br_clock_now()). */
emp_allowance emp_rate_limit_take(emp_rate_limit *l, emp_client client, br_ns now);
