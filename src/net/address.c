#include "net/dns.h"
#include <arpa/inet.h>
#include "base/assert.h"

uint16_t br_address_text(const br_address *a, char *out)
{
    bool v6 = a->any.sa_family == AF_INET6;
    const void *bytes = v6 ? (const void *) &a->v6.sin6_addr : (const void *) &a->v4.sin_addr;
    BR_ASSERT(v6 || a->any.sa_family == AF_INET);
    BR_ASSERT(inet_ntop(a->any.sa_family, bytes, out, INET6_ADDRSTRLEN) != NULL);
    return ntohs(v6 ? a->v6.sin6_port : a->v4.sin_port);
}
