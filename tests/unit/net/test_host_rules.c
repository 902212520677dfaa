/* net/host_rules.h: patterns, networks, choosing, source addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <cmocka.h>
#include "net/host_rules.h"

static br_address address(const char *text)
{
    br_address a;
    assert_int_equal(br_address_parse(br_str_of(text), &a), BR_OK);
    return a;
}

static void assert_address(const br_address *a, const char *text, unsigned port)
{
    char ip[46];
    assert_int_equal(br_address_text(a, ip), port);
    assert_string_equal(ip, text);
}

static void reads_addresses(void **state)
{
    (void) state;
    static const char *const bad[] = {"", ":", "1.2.3", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "[::1",
        "[::1]:x", "name", "name:80", "1.2.3.4/8", "1.2.3.4 "};
    br_address a;
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++)
        assert_int_equal(br_address_parse(br_str_of(bad[i]), &a), BR_EINVAL);
    a = address("1.2.3.4");
    assert_address(&a, "1.2.3.4", 0);
    a = address("1.2.3.4:80");
    assert_address(&a, "1.2.3.4", 80);
    a = address("::1");
    assert_address(&a, "::1", 0);
    a = address("[fd00::2]:8080");
    assert_address(&a, "fd00::2", 8080);
}

/* Zones by name or number, as in an address and as in a URL. */
static void reads_zones(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        uint32_t scope;
    } cases[] = {{"fe80::1", 0}, {"fe80::1%7", 7}, {"fe80::1%257", 7}, {"fe80::1%25", 25},
        {"fe80::1%nowhere", 0}, {"fe80::1%25a-very-long-name-of-an-interface", 0}, {"fe80::1%99999999999", 0},
        {"[fe80::1%7]:80", 7}};
    static const char *const bad[] = {"fe80::1%", "1.2.3.4%7", "%7", "[fe80::1]%7"};
    br_address a;
    br_ip_range range;
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        a = address(cases[i].text);
        if (a.v6.sin6_scope_id != cases[i].scope) fail_msg("%s: %u", cases[i].text, a.v6.sin6_scope_id);
        assert_int_equal(a.any.sa_family, AF_INET6);
    }
    a = address("fe80::1%lo");
    assert_int_equal(a.v6.sin6_scope_id, if_nametoindex("lo"));
    a = address("fe80::1%25lo");
    assert_int_equal(a.v6.sin6_scope_id, if_nametoindex("lo"));
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++)
        assert_int_equal(br_address_parse(br_str_of(bad[i]), &a), BR_EINVAL);
    assert_int_equal(br_ip_range_parse(BR_STR("fe80::1%7"), &range), BR_EINVAL);
    assert_int_equal(br_ip_range_parse(BR_STR("fe80::%7/64"), &range), BR_EINVAL);
}

static void forbids_networks(void **state)
{
    (void) state;
    static const char *const bad[] = {"", "/", "1.2.3.4/", "1.2.3.4/33", "::/129", "x/8", "1.2.3.4/-1"};
    br_ip_range list[3];
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++)
        assert_int_equal(br_ip_range_parse(br_str_of(bad[i]), &list[0]), BR_EINVAL);
    assert_int_equal(br_ip_range_parse(BR_STR("10.1.2.3/9"), &list[0]), BR_OK);
    assert_int_equal(br_ip_range_parse(BR_STR("192.0.2.7"), &list[1]), BR_OK);
    assert_int_equal(br_ip_range_parse(BR_STR("fd00::/8"), &list[2]), BR_OK);
    br_host_rules r = {.blacklist = list, .blacklist_count = 3};
    static const struct {
        const char *ip;
        int range; /* -1: free */
    } cases[] = {{"10.0.0.0", 0}, {"10.127.255.255", 0}, {"10.128.0.0", -1}, {"192.0.2.7", 1},
        {"192.0.2.6", -1}, {"fdff::1", 2}, {"fe00::1", -1}, {"::a00:0", -1}};
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        br_address a = address(cases[i].ip);
        assert_ptr_equal(
            br_host_rules_forbid(&r, &a), cases[i].range < 0 ? NULL : (void *) &list[cases[i].range]);
    }
}

static void blocks_names(void **state)
{
    (void) state;
    br_str blocked[] = {BR_STR("*.example.com"), BR_STR("*.b.example.com"), BR_STR("one.test"), BR_STR("*x")};
    br_host_rules r = {.blocked = blocked, .blocked_count = 4};
    static const struct {
        const char *host, *pattern;
    } cases[] = {{"a.example.com", "*.example.com"}, {"a.B.EXAMPLE.com", "*.b.example.com"},
        {"example.com", NULL}, {"badexample.com", NULL}, {"ONE.test", "one.test"}, {"two.test", NULL},
        {"x", "*x"}, {"yx", "*x"}, {"xy", NULL}, {"127.0.0.1", NULL}, {"", NULL}};
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        br_str p = br_host_rules_block(&r, br_str_of(cases[i].host));
        assert_true(cases[i].pattern ? br_str_is(p, cases[i].pattern) : p.p == NULL);
    }
}

static void maps_names(void **state)
{
    (void) state;
    br_host_mapping hosts[] = {{BR_STR("a.test"), address("127.0.0.2")},
        {BR_STR("a.test:81"), address("127.0.0.3:82")}, {BR_STR("*.w.test"), address("::1")},
        {BR_STR("b.w.test"), address("127.0.0.4:90")}};
    br_host_rules r = {.hosts = hosts, .host_count = 4};
    br_address a;
    assert_true(br_host_rules_map(&r, BR_STR("A.test"), 80, &a));
    assert_address(&a, "127.0.0.2", 80);
    assert_true(br_host_rules_map(&r, BR_STR("a.test"), 81, &a)); /* with port first */
    assert_address(&a, "127.0.0.3", 82);
    assert_true(br_host_rules_map(&r, BR_STR("x.w.test"), 443, &a));
    assert_address(&a, "::1", 443);
    assert_true(br_host_rules_map(&r, BR_STR("b.w.test"), 443, &a)); /* the longest */
    assert_address(&a, "127.0.0.4", 90);
    assert_false(br_host_rules_map(&r, BR_STR("w.test"), 80, &a));
    assert_false(br_host_rules_map(&r, BR_STR("b.test"), 80, &a));
}

/* What is chosen of two IPv4 and two IPv6 addresses in `turns` turns, as a set of bits. */
static unsigned chosen(br_dns_policy policy, br_dns_select select, unsigned turns)
{
    static const char *const all[] = {"127.0.0.1", "::1", "127.0.0.2", "::2"};
    br_host_rules r = {.policy = policy, .select = select};
    unsigned set = 0;
    for (uint64_t turn = 0; turn < turns; turn++) {
        br_address list[4];
        char ip[46];
        for (int i = 0; i < 4; i++)
            list[i] = address(all[i]);
        assert_int_equal(br_host_rules_choose(&r, list, 4, turn), 1);
        (void) br_address_text(&list[0], ip);
        for (int i = 0; i < 4; i++)
            set |= strcmp(ip, all[i]) == 0 ? 1u << i : 0;
    }
    return set;
}

static void chooses_by_policy(void **state)
{
    (void) state;
    enum { V4 = 1 | 4, V6 = 2 | 8 };
    assert_int_equal(chosen(BR_DNS_PREFER_IPV4, BR_DNS_RANDOM, 60), V4);
    assert_int_equal(chosen(BR_DNS_ONLY_IPV4, BR_DNS_ROUND_ROBIN, 4), V4);
    assert_int_equal(chosen(BR_DNS_PREFER_IPV6, BR_DNS_RANDOM, 60), V6);
    assert_int_equal(chosen(BR_DNS_ONLY_IPV6, BR_DNS_ROUND_ROBIN, 2), V6);
    assert_int_equal(chosen(BR_DNS_ANY, BR_DNS_RANDOM, 100), V4 | V6);
    assert_int_equal(chosen(BR_DNS_ANY, BR_DNS_ROUND_ROBIN, 4), V4 | V6);
    assert_int_equal(chosen(BR_DNS_ANY, BR_DNS_FIRST, 9), 1);
    br_address only = address("::1");
    br_host_rules r = {.policy = BR_DNS_ONLY_IPV4};
    assert_int_equal(br_host_rules_choose(&r, &only, 1, 0), 0);
    r.policy = BR_DNS_PREFER_IPV4;
    assert_int_equal(br_host_rules_choose(&r, &only, 1, 0), 1);
}

static void shares_source_addresses(void **state)
{
    (void) state;
    static const char *const want[] = {"10.0.0.9", "10.0.1.254", "10.0.1.255", "10.0.2.0", "10.0.3.1",
        "10.0.3.2", "fd00::", "fd00::1", "10.0.0.9"};
    br_arena arena;
    br_local_ips l = {0};
    br_err err;
    br_arena_init(&arena, 1024);
    assert_int_equal(
        br_local_ips_parse(&arena, BR_STR("10.0.0.9,10.0.1.254-10.0.2.0, 10.0.3.3/30,fd00::1/127"), &l, &err),
        BR_OK);
    assert_int_equal(l.count, 8);
    for (size_t i = 0; i < BR_COUNT_OF(want); i++) {
        br_address a = br_local_ips_pick(&l, (int64_t) i + 1);
        assert_address(&a, want[i], 0);
    }
    br_address none = br_local_ips_pick(NULL, 1);
    assert_int_equal(none.any.sa_family, 0);
    static const char *const bad[] = {
        "x", "10.0.0.2-10.0.0.1", "10.0.0.1-::1", "10.0.0.1/33", "10.0.0.1,", "::/0,::/0"};
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        err.msg[0] = 0;
        assert_int_equal(br_local_ips_parse(&arena, br_str_of(bad[i]), &l, &err), BR_EINVAL);
        assert_true(err.msg[0] != 0);
    }
    br_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_addresses),
        cmocka_unit_test(reads_zones),
        cmocka_unit_test(forbids_networks),
        cmocka_unit_test(blocks_names),
        cmocka_unit_test(maps_names),
        cmocka_unit_test(chooses_by_policy),
        cmocka_unit_test(shares_source_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
