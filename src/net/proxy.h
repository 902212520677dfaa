/*
 * net/proxy.h - which proxy stands between us and a host.
 *
 * What: reads HTTP_PROXY, HTTPS_PROXY and NO_PROXY by Go's rules and answers for a host.
 * Why here: http/ dials by it; the handshake with a proxy is net/tunnel.h.
 * Threads: read-only once made.
 * Memory: everything in the caller's arena.
 * Rules: the variables in capitals win over those in small letters. A proxy is http://, https://, socks5://
 * or socks5h://, with or without user and password; without scheme it is http. localhost and loopback
 * addresses are never asked through a proxy. NO_PROXY is a list of names (with their subdomains), ".names"
 * (subdomains only), addresses, networks, each with or without port, or "*".
 */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "net/host_rules.h"

typedef enum br_proxy_kind { BR_PROXY_HTTP, BR_PROXY_SOCKS5 } br_proxy_kind;

typedef struct br_proxy {
    br_proxy_kind kind;
    bool tls; /* it is spoken to in TLS; of BR_PROXY_HTTP */
    br_str host;
    uint16_t port;
    br_str user, password; /* p == NULL: none */
    br_str authorization;  /* "Basic ...", of user and password; n == 0: none */
} br_proxy;

typedef struct br_no_proxy {
    br_str name; /* lower case, without leading dot; p == NULL: a range */
    bool only_below;
    br_ip_range range;
    uint16_t port; /* 0: any */
} br_no_proxy;

typedef struct br_proxies {
    const br_proxy *http, *https; /* for those schemes; NULL: none */
    br_no_proxy *exceptions;
    size_t exception_count;
    bool never; /* "*" */
} br_proxies;

/* The values of the three variables; NULL: not set. BR_EINVAL, BR_EUNSUPPORTED (another scheme) name the
 * variable. */
BR_NODISCARD br_code br_proxies_parse(
    br_arena *arena, const char *http, const char *https, const char *no_proxy, br_proxies *ret, br_err *err);
/* The same of the process's environment. */
BR_NODISCARD br_code br_proxies_from_env(br_arena *arena, br_proxies *ret, br_err *err);
/* The proxy for a host; NULL: none. `p` may be NULL. */
const br_proxy *br_proxies_for(const br_proxies *p, br_str host, uint16_t port, bool tls);
