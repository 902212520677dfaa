#include "net/dns.h"
#include <arpa/inet.h>
#include <net/if.h>
#include "base/assert.h"
#include "base/num.h"

/* The number of a zone, from its name or digits. */
static uint32_t scope_of(br_str zone)
{
    char name[IF_NAMESIZE];
    uint64_t number = 0;
    if (zone.n < sizeof(name)) {
        memcpy(name, zone.p, zone.n);
        name[zone.n] = 0;
        number = if_nametoindex(name);
    }
    if (number == 0 && br_parse_u64(zone, &number) != BR_OK) {
        return 0;
    }
    return number <= UINT32_MAX ? (uint32_t) number : 0;
}

bool br_address_literal(br_str text, br_address *ret)
{
    char digits[INET6_ADDRSTRLEN];
    br_address a = {0};
    ptrdiff_t mark = br_str_find_char(text, '%');
    br_str ip = mark < 0 ? text : br_str_sub(text, 0, (size_t) mark);
    br_str zone = mark < 0 ? BR_STR_NONE : br_str_sub(text, (size_t) mark + 1, text.n);
    if (ip.n == 0 || ip.n >= sizeof(digits) || (mark >= 0 && zone.n == 0)) {
        return false;
    }
    memcpy(digits, ip.p, ip.n);
    digits[ip.n] = 0;
    if (mark < 0 && inet_pton(AF_INET, digits, &a.v4.sin_addr) == 1) {
        a.v4.sin_family = AF_INET;
    } else if (inet_pton(AF_INET6, digits, &a.v6.sin6_addr) == 1) {
        a.v6.sin6_family = AF_INET6;
        /* The text of a URL, in which %25 is the mark: its host is kept as it is written. */
        bool escaped = zone.n > 2 && br_str_starts(zone, BR_STR("25"));
        a.v6.sin6_scope_id = mark < 0 ? 0 : scope_of(escaped ? br_str_sub(zone, 2, zone.n) : zone);
    } else {
        return false;
    }
    *ret = a;
    return true;
}

uint16_t br_address_text(const br_address *a, char *out)
{
    bool v6 = a->any.sa_family == AF_INET6;
    const void *bytes = v6 ? (const void *) &a->v6.sin6_addr : (const void *) &a->v4.sin_addr;
    BR_ASSERT(v6 || a->any.sa_family == AF_INET);
    BR_ASSERT(inet_ntop(a->any.sa_family, bytes, out, INET6_ADDRSTRLEN) != NULL);
    return ntohs(v6 ? a->v6.sin6_port : a->v4.sin_port);
}
