/*
 * net/dns.h - names to addresses, off the loop's back.
 *
 * What: asynchronous lookups by c-ares on the loop (hosts file included), with a cache; literal addresses and
 *     "localhost" are answered without a lookup.
 * Why here: getaddrinfo blocks, and thousands of virtual users ask for the same name.
 * Threads: one br_dns per loop.
 * Memory: the cache holds at most BR_DNS_CACHE_MAX names, each at most BR_DNS_ADDRESSES_MAX addresses.
 * Invariants: the callback runs exactly once, never inside br_dns_start(), not after br_dns_cancel().
 */
#pragma once
#include <netinet/in.h>
#include <sys/socket.h>
#include "base/str.h"
#include "loop/loop.h"

#define BR_DNS_CACHE_MAX     1024
#define BR_DNS_ADDRESSES_MAX 16

typedef struct br_dns br_dns;
struct br_host_rules;
typedef union br_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} br_address;

typedef struct br_dns_query br_dns_query;
/* code: BR_OK with count >= 1, BR_ENOHOST, BR_EDNS (server failure), BR_ETIMEOUT. Addresses have the port set
 * and are valid during the call only; IPv4 first (k6's preferIPv4). `detail` is c-ares' text or NULL. */
/* With rules also BR_EBLOCKED (the name) and BR_EFORBIDDEN (the address); `detail` is then the pattern, and
 * Go's sentence. */
typedef void br_dns_fn(
    br_dns_query *q, br_code code, const br_address *addresses, size_t count, const char *detail);
struct br_dns_query {
    br_dns_fn *fn;
    void *ctx;
    br_dns_query *_next;
    struct br_dns_entry *_entry;
    br_task _task;
    br_dns *_dns;
    const char *_pattern; /* that blocks the name */
    uint16_t port;
    bool _running;
    br_address _literal;
};

/* ttl_ns: how long an answer is kept, whatever the server says; 0 = not at all, BR_NS_MAX = for good.
 * BR_EDNS. */
BR_NODISCARD br_code br_dns_new(br_loop *loop, br_ns ttl_ns, br_dns **ret_dns, br_err *err);
void br_dns_free(br_dns *dns); /* NULL is fine; asserts that no query runs */

/* Asks these servers ("127.0.0.1:5353,[::1]:53") instead of the system's. BR_EINVAL. Before the first query.
 */
BR_NODISCARD br_code br_dns_set_servers(br_dns *dns, const char *servers, br_err *err);

/* What the run says of names and addresses (net/host_rules.h), which outlives the resolver; NULL: nothing.
 * With rules an answer is one address, chosen anew for each query. */
void br_dns_set_rules(br_dns *dns, const struct br_host_rules *rules);

/* Failures are not kept: the next query asks again. Queries for a name that is being looked up share the
 * answer. */
void br_dns_start(br_dns *dns, br_dns_query *q, br_str host, uint16_t port, br_dns_fn *fn, void *ctx);
void br_dns_cancel(br_dns *dns, br_dns_query *q);

/*
 * An address in digits, without port (it is 0); an IPv6 one with or without a zone, by name or number
 * ("fe80::1%eth0", in URLs "fe80::1%25eth0"). As in Go a zone that does not exist is 0. False: it is none.
 */
bool br_address_literal(br_str text, br_address *ret);
/* Writes the address without port as text ("127.0.0.1"); out has at least 46 bytes. Returns the port. */
uint16_t br_address_text(const br_address *a, char *out);
