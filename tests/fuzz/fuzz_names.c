/*
 * Rules about names and addresses, one kind a line: patterns, networks, source addresses, proxies and
 * NO_PROXY. Besides not crashing: a pattern that blocks is one of the list, a source address has a family,
 * and what "*" exempts from proxies is exempt.
 */
#include "base/assert.h"
#include "net/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_rules(br_str host, br_str pattern, br_str address)
{
    br_host_mapping mapping = {.pattern = pattern};
    br_ip_range range;
    br_host_rules r = {.blocked = &pattern, .blocked_count = 1, .hosts = &mapping};
    br_str hit = br_host_rules_block(&r, host);
    BR_ASSERT(hit.p == NULL || br_str_eq(hit, pattern));
    br_address a;
    if (br_address_parse(address, &mapping.address) == BR_OK) {
        r.host_count = 1;
        (void) br_host_rules_map(&r, host, 80, &a);
    }
    if (br_ip_range_parse(address, &range) == BR_OK) {
        BR_ASSERT(range.bits <= (range.family == AF_INET6 ? 128u : 32u));
        r.blacklist = &range;
        r.blacklist_count = 1;
        if (br_address_parse(host, &a) == BR_OK) (void) br_host_rules_forbid(&r, &a);
    }
}

static void check_local(br_arena *arena, br_str text)
{
    br_local_ips l;
    if (br_local_ips_parse(arena, text, &l, NULL) != BR_OK) return;
    BR_ASSERT(l.count > 0);
    for (int64_t id = 0; id < 5; id++)
        BR_ASSERT(br_local_ips_pick(&l, id).any.sa_family != 0);
    BR_ASSERT(br_local_ips_pick(&l, INT64_MAX).any.sa_family != 0);
}

static void check_proxies(br_arena *arena, br_str host, br_str proxy, br_str no_proxy)
{
    br_proxies p;
    const char *url = br_arena_printf(arena, BR_FMT, BR_ARG(proxy));
    const char *list = br_arena_printf(arena, BR_FMT, BR_ARG(no_proxy));
    if (br_proxies_parse(arena, url, url, list, &p, NULL) != BR_OK) return;
    const br_proxy *one = br_proxies_for(&p, host, 80, false);
    BR_ASSERT(one == NULL || (one == p.http && !p.never && one->host.n > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    br_str rest = {(const char *) data, size}, line[4] = {BR_STR(""), BR_STR(""), BR_STR(""), BR_STR("")};
    if (size > 4096) return 0;
    for (int i = 0; i < 4 && br_str_cut(&rest, '\n', &line[i]); i++) {
    }
    br_arena arena;
    br_arena_init(&arena, 1024);
    check_rules(line[0], line[1], line[2]);
    check_local(&arena, line[2]);
    check_proxies(&arena, line[0], line[1], line[3]);
    br_arena_deinit(&arena);
    return 0;
}
