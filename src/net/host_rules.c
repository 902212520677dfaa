#include "net/host_rules.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include "base/num.h"

/* Addresses ---------------------------------------------------------------------------------------- */

static uint8_t *bytes_of(br_address *a, size_t *ret_count)
{
    bool v6 = a->any.sa_family == AF_INET6;
    *ret_count = v6 ? 16 : 4;
    return v6 ? a->v6.sin6_addr.s6_addr : (uint8_t *) &a->v4.sin_addr;
}

static void put_port(br_address *a, uint16_t port)
{
    *(a->any.sa_family == AF_INET6 ? &a->v6.sin6_port : &a->v4.sin_port) = htons(port);
}

br_code br_address_parse(br_str text, br_address *ret)
{
    br_address a;
    if (br_address_literal(text, &a)) {
        *ret = a;
        return BR_OK;
    }
    size_t colon = text.n;
    while (colon > 0 && text.p[colon - 1] != ':') {
        colon--;
    }
    uint64_t port;
    if (colon == 0 || br_parse_u64(br_str_sub(text, colon, text.n), &port) != BR_OK || port > 65535) {
        return BR_EINVAL;
    }
    br_str host = br_str_sub(text, 0, colon - 1);
    if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']') {
        host = br_str_sub(host, 1, host.n - 1);
    }
    if (!br_address_literal(host, &a)) {
        return BR_EINVAL;
    }
    put_port(&a, (uint16_t) port);
    *ret = a;
    return BR_OK;
}

br_code br_ip_range_parse(br_str text, br_ip_range *ret)
{
    br_str bits = text, ip;
    br_address a;
    size_t size;
    uint64_t n = 0;
    if (!br_str_cut(&bits, '/', &ip) || br_str_find_char(ip, '%') >= 0 ||
        !br_address_literal(ip, &a)) { /* a network has no zone */
        return BR_EINVAL;
    }
    const uint8_t *bytes = bytes_of(&a, &size);
    if (bits.p == NULL) {
        n = 8 * size;
    } else if (br_parse_u64(bits, &n) != BR_OK || n > 8 * size) {
        return BR_EINVAL;
    }
    *ret = (br_ip_range){.text = text, .family = a.any.sa_family, .bits = (unsigned) n};
    memcpy(ret->bytes, bytes, size);
    return BR_OK;
}

bool br_ip_range_has(const br_ip_range *r, const br_address *address)
{
    size_t size;
    br_address a = *address;
    const uint8_t *bytes = bytes_of(&a, &size);
    if (a.any.sa_family != r->family) {
        return false;
    }
    size_t whole = r->bits / 8;
    unsigned rest = r->bits % 8;
    return memcmp(bytes, r->bytes, whole) == 0 &&
           (rest == 0 || (bytes[whole] ^ r->bytes[whole]) >> (8 - rest) == 0);
}

const br_ip_range *br_host_rules_forbid(const br_host_rules *r, const br_address *a)
{
    for (size_t i = 0; i < r->blacklist_count; i++) {
        if (br_ip_range_has(&r->blacklist[i], a)) {
            return &r->blacklist[i];
        }
    }
    return NULL;
}

/* Names -------------------------------------------------------------------------------------------- */

static bool fits(br_str pattern, br_str name)
{
    if (pattern.n == 0 || pattern.p[0] != '*') {
        return br_str_eq_nocase(pattern, name);
    }
    br_str end = br_str_sub(pattern, 1, pattern.n);
    return name.n >= end.n && br_str_eq_nocase(br_str_sub(name, name.n - end.n, name.n), end);
}

br_str br_host_rules_block(const br_host_rules *r, br_str host)
{
    br_str best = BR_STR_NONE;
    br_address literal;
    if (r->blocked_count == 0 || br_address_literal(host, &literal)) {
        return best;
    }
    for (size_t i = 0; i < r->blocked_count; i++) {
        if (r->blocked[i].n >= best.n && fits(r->blocked[i], host)) {
            best = r->blocked[i];
        }
    }
    return best;
}

static const br_host_mapping *best_mapping(const br_host_rules *r, br_str name)
{
    const br_host_mapping *best = NULL;
    for (size_t i = 0; i < r->host_count; i++) {
        const br_host_mapping *m = &r->hosts[i];
        if (br_str_eq_nocase(m->pattern, name)) { /* also before a wildcard that is as long */
            return m;
        }
        if ((best == NULL || m->pattern.n > best->pattern.n) && fits(m->pattern, name)) {
            best = m;
        }
    }
    return best;
}

bool br_host_rules_map(const br_host_rules *r, br_str host, uint16_t port, br_address *ret)
{
    char with_port[300];
    if (r->host_count == 0 || host.n > 255) {
        return false;
    }
    int n = snprintf(with_port, sizeof(with_port), BR_FMT ":%u", BR_ARG(host), port);
    const br_host_mapping *m = best_mapping(r, (br_str){with_port, (size_t) n});
    m = m != NULL ? m : best_mapping(r, host);
    if (m == NULL) {
        return false;
    }
    *ret = m->address;
    uint16_t own = ret->any.sa_family == AF_INET6 ? ret->v6.sin6_port : ret->v4.sin_port;
    if (own == 0) {
        put_port(ret, port);
    }
    return true;
}

/* Choosing ----------------------------------------------------------------------------------------- */

br_code br_dns_select_parse(br_str text, br_dns_select *ret)
{
    static const char *const names[] = {"random", "first", "roundRobin"};
    for (size_t i = 0; i < BR_COUNT_OF(names); i++) {
        if (br_str_eq_nocase(text, br_str_of(names[i]))) {
            *ret = (br_dns_select) i;
            return BR_OK;
        }
    }
    return BR_EINVAL;
}

br_code br_dns_policy_parse(br_str text, br_dns_policy *ret)
{
    static const char *const names[] = {"preferIPv4", "preferIPv6", "onlyIPv4", "onlyIPv6", "any"};
    for (size_t i = 0; i < BR_COUNT_OF(names); i++) {
        if (br_str_eq_nocase(text, br_str_of(names[i]))) {
            *ret = (br_dns_policy) i;
            return BR_OK;
        }
    }
    return BR_EINVAL;
}

/* Moves those of a family to the front; returns how many. */
static size_t pick_family(br_address *list, size_t count, int family)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (list[i].any.sa_family == family) {
            br_address a = list[n];
            list[n++] = list[i];
            list[i] = a;
        }
    }
    return n;
}

size_t br_host_rules_choose(const br_host_rules *r, br_address *list, size_t count, uint64_t turn)
{
    bool v6 = r->policy == BR_DNS_PREFER_IPV6 || r->policy == BR_DNS_ONLY_IPV6;
    size_t n = r->policy == BR_DNS_ANY ? count : pick_family(list, count, v6 ? AF_INET6 : AF_INET);
    bool only = r->policy == BR_DNS_ONLY_IPV4 || r->policy == BR_DNS_ONLY_IPV6;
    if (n == 0 && !only) {
        n = count;
    }
    if (n == 0) {
        return 0;
    }
    /* Fibonacci hashing makes of consecutive turns what nobody can tell from chance. */
    uint64_t mixed = (turn + 1) * 0x9E3779B97F4A7C15u >> 32;
    size_t i = r->select == BR_DNS_FIRST ? 0 : (size_t) ((r->select == BR_DNS_RANDOM ? mixed : turn) % n);
    list[0] = list[i];
    return 1;
}

/* Source addresses ---------------------------------------------------------------------------------- */

/* a + n, in the byte order of the network; false: beyond the last address. */
static bool add(br_address *a, uint64_t n)
{
    size_t size;
    uint8_t *bytes = bytes_of(a, &size);
    for (size_t i = size; i-- > 0 && n > 0;) {
        n += bytes[i];
        bytes[i] = (uint8_t) n;
        n >>= 8;
    }
    return n == 0;
}

/* b - a, at most 2^63. */
static bool distance(const br_address *a, const br_address *b, uint64_t *ret)
{
    size_t size;
    br_address x = *a, y = *b;
    const uint8_t *from = bytes_of(&x, &size), *to = bytes_of(&y, &size);
    __int128 d = 0;
    for (size_t i = 0; i < size; i++) {
        d = d * 256 + to[i] - from[i];
        if (d > INT64_MAX || d < -1) {
            return false;
        }
    }
    *ret = (uint64_t) d;
    return d >= 0;
}

static br_code parse_range(br_str text, br_local_range *ret)
{
    br_str last = text, first;
    br_address end;
    br_ip_range net;
    (void) br_str_cut(&last, '-', &first);
    if (last.p != NULL) {
        if (!br_address_literal(br_str_trim(first), &ret->first) ||
            !br_address_literal(br_str_trim(last), &end) || ret->first.any.sa_family != end.any.sa_family ||
            !distance(&ret->first, &end, &ret->count)) {
            return BR_EINVAL;
        }
        ret->count++;
        return BR_OK;
    }
    if (br_ip_range_parse(text, &net) != BR_OK) {
        return BR_EINVAL;
    }
    size_t size = net.family == AF_INET6 ? 16 : 4;
    unsigned free_bits = (unsigned) (8 * size) - net.bits;
    *ret = (br_local_range){.count = free_bits >= 63 ? (uint64_t) INT64_MAX : (uint64_t) 1 << free_bits};
    ret->first.any.sa_family = (sa_family_t) net.family;
    for (size_t i = 0; i < size; i++) { /* the network's own bits only */
        unsigned kept = net.bits > 8 * i ? net.bits - 8 * (unsigned) i : 0;
        net.bytes[i] = (uint8_t) (kept >= 8 ? net.bytes[i] : net.bytes[i] & ~(0xff >> kept));
    }
    memcpy(bytes_of(&ret->first, &size), net.bytes, size);
    if (net.family == AF_INET && free_bits > 1) {
        ret->count -= 2;
        (void) add(&ret->first, 1);
    }
    return BR_OK;
}

br_code br_local_ips_parse(br_arena *arena, br_str text, br_local_ips *ret, br_err *err)
{
    br_str rest = text, item;
    size_t most = 1;
    for (size_t i = 0; i < text.n; i++) {
        most += text.p[i] == ',' ? 1 : 0;
    }
    br_local_ips l = {.ranges = br_arena_zalloc(arena, most * sizeof(*l.ranges))};
    while (br_str_cut(&rest, ',', &item)) {
        br_local_range *r = &l.ranges[l.range_count];
        if (parse_range(br_str_trim(item), r) != BR_OK || r->count > (uint64_t) INT64_MAX - l.count) {
            return br_fail(err, BR_EINVAL,
                "local IPs '" BR_FMT "': use addresses, ranges (10.0.0.1-10.0.0.9) or networks (10.0.0.0/24)",
                BR_ARG(item));
        }
        l.count += r->count;
        l.range_count++;
    }
    *ret = l;
    return BR_OK;
}

br_address br_local_ips_pick(const br_local_ips *l, int64_t id)
{
    br_address a = {0};
    if (l == NULL || l->count == 0) {
        return a;
    }
    uint64_t i = (uint64_t) (id > 0 ? id - 1 : 0) % l->count;
    for (size_t k = 0; k < l->range_count; k++) {
        if (i < l->ranges[k].count) {
            a = l->ranges[k].first;
            (void) add(&a, i);
            break;
        }
        i -= l->ranges[k].count;
    }
    return a;
}
