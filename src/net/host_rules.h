/*
 * net/host_rules.h - what a run says about names and addresses: which to replace, to refuse and to choose.
 *
 * What: k6's options hosts, blockHostnames, blacklistIPs, dns.select, dns.policy and localIPs as a value,
 * with the questions that a resolver and a dialler ask. Why here: net/dns.h answers by them; options and
 * tests make them. Threads: read-only once made; shared by all workers. Memory: everything in the caller's
 * arena. Patterns: a name, or one whose first character is '*', which stands for any beginning; case does not
 * matter. The name itself wins, else the longest pattern that fits.
 */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "net/dns.h"

typedef enum br_dns_select { BR_DNS_RANDOM, BR_DNS_FIRST, BR_DNS_ROUND_ROBIN } br_dns_select;
typedef enum br_dns_policy {
    BR_DNS_PREFER_IPV4,
    BR_DNS_PREFER_IPV6,
    BR_DNS_ONLY_IPV4,
    BR_DNS_ONLY_IPV6,
    BR_DNS_ANY
} br_dns_policy;

typedef struct br_host_mapping {
    br_str pattern;     /* "name" or "name:port" */
    br_address address; /* port 0: that of the URL */
} br_host_mapping;

typedef struct br_ip_range {
    br_str text; /* as given */
    int family;
    uint8_t bytes[16]; /* of the network */
    unsigned bits;
} br_ip_range;

typedef struct br_host_rules {
    br_host_mapping *hosts;
    size_t host_count;
    br_str *blocked;
    size_t blocked_count;
    br_ip_range *blacklist;
    size_t blacklist_count;
    br_dns_select select;
    br_dns_policy policy;
} br_host_rules;

/* "ip[:port]", "[v6]:port". BR_EINVAL. */
BR_NODISCARD br_code br_address_parse(br_str text, br_address *ret);
/* "10.0.0.0/8", "fd00::/8"; a bare address is a range of one. BR_EINVAL. */
BR_NODISCARD br_code br_ip_range_parse(br_str text, br_ip_range *ret);
BR_NODISCARD br_code br_dns_select_parse(br_str text, br_dns_select *ret); /* BR_EINVAL */
BR_NODISCARD br_code br_dns_policy_parse(br_str text, br_dns_policy *ret); /* BR_EINVAL */

/* The pattern that blocks the name, or one with p == NULL. Addresses are never blocked by name. */
br_str br_host_rules_block(const br_host_rules *r, br_str host);
/* The address that stands for host and port; false: none. */
bool br_host_rules_map(const br_host_rules *r, br_str host, uint16_t port, br_address *ret);
bool br_ip_range_has(const br_ip_range *r, const br_address *a);
/* The range that forbids the address, or NULL. */
const br_ip_range *br_host_rules_forbid(const br_host_rules *r, const br_address *a);
/* Leaves the one address that policy and select choose, at the front. 0: none fits. `turn` counts the choices
 * of this resolver. */
size_t br_host_rules_choose(const br_host_rules *r, br_address *list, size_t count, uint64_t turn);

/* Source addresses ------------------------------------------------------------------------------- */

typedef struct br_local_range {
    br_address first; /* port 0 */
    uint64_t count;
} br_local_range;

typedef struct br_local_ips {
    br_local_range *ranges;
    size_t range_count;
    uint64_t count; /* of all */
} br_local_ips;

/* "10.0.0.1,10.0.0.5-10.0.0.9,fd00::/120": addresses, ranges and networks (of IPv4 networks without the first
 * and the last address, as k6). BR_EINVAL names the part. */
BR_NODISCARD br_code br_local_ips_parse(br_arena *arena, br_str text, br_local_ips *ret, br_err *err);
/* That of virtual user `id` (from 1; 0 counts as 1). sa_family 0: there are none. */
br_address br_local_ips_pick(const br_local_ips *l, int64_t id);
