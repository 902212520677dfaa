/* net/proxy.h: which proxy, by Go's rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "net/proxy.h"

static void reads_proxies(void **state)
{
    (void) state;
    br_arena arena;
    br_proxies p;
    br_err err;
    br_arena_init(&arena, 1024);
    assert_int_equal(
        br_proxies_parse(&arena, "http://u:p%40ss@proxy.test:3128", "socks5h://s.test", "", &p, &err), BR_OK);
    assert_int_equal(p.http->kind, BR_PROXY_HTTP);
    assert_true(br_str_is(p.http->host, "proxy.test"));
    assert_int_equal(p.http->port, 3128);
    assert_true(br_str_is(p.http->user, "u") && br_str_is(p.http->password, "p@ss"));
    assert_true(br_str_is(p.http->authorization, "Basic dTpwQHNz"));
    assert_int_equal(p.https->kind, BR_PROXY_SOCKS5);
    assert_int_equal(p.https->port, 1080);
    assert_null(p.https->user.p);
    assert_int_equal(br_proxies_parse(&arena, "proxy.test:8080", NULL, NULL, &p, &err), BR_OK);
    assert_int_equal(p.http->port, 8080);
    assert_null(p.https);
    assert_false(p.http->tls);
    assert_int_equal(br_proxies_parse(&arena, "https://p.test", "HTTPS://p.test:1", NULL, &p, &err), BR_OK);
    assert_true(p.http->tls && p.http->kind == BR_PROXY_HTTP && p.http->port == 443);
    assert_true(p.https->tls && p.https->port == 1);
    assert_int_equal(br_proxies_parse(&arena, "socks4://p.test", NULL, NULL, &p, &err), BR_EUNSUPPORTED);
    assert_non_null(strstr(err.msg, "HTTP_PROXY"));
    assert_int_equal(br_proxies_parse(&arena, NULL, "http://[", NULL, &p, &err), BR_EINVAL);
    assert_non_null(strstr(err.msg, "HTTPS_PROXY"));
    br_arena_deinit(&arena);
}

static bool used(const char *no_proxy, const char *host, uint16_t port)
{
    br_arena arena;
    br_proxies p;
    br_arena_init(&arena, 1024);
    assert_int_equal(br_proxies_parse(&arena, "p.test", NULL, no_proxy, &p, NULL), BR_OK);
    bool yes = br_proxies_for(&p, br_str_of(host), port, false) != NULL;
    assert_null(br_proxies_for(&p, br_str_of(host), port, true)); /* there is none for https */
    br_arena_deinit(&arena);
    return yes;
}

static void exceptions_are_go_s(void **state)
{
    (void) state;
    static const struct {
        const char *no_proxy, *host;
        uint16_t port;
        bool used;
    } cases[] = {{"", "a.test", 80, true}, {NULL, "localhost", 80, false}, {"", "LOCALHOST.test", 80, true},
        {"", "127.3.4.5", 80, false}, {"", "::1", 80, false}, {"*", "a.test", 80, false},
        {"x, *", "a.test", 80, false}, {"a.test", "a.test", 80, false}, {"a.test", "b.A.test", 80, false},
        {"a.test", "ba.test", 80, true}, {".a.test", "a.test", 80, true}, {".a.test", "b.a.test", 80, false},
        {"*.a.test", "b.a.test", 80, false}, {"*.a.test", "a.test", 80, true},
        {"a.test:81", "a.test", 80, true}, {"a.test:81", "a.test", 81, false},
        {"10.0.0.0/8", "10.9.8.7", 80, false}, {"10.0.0.0/8", "11.0.0.1", 80, true},
        {"10.0.0.1", "10.0.0.1", 80, false}, {"10.0.0.1:81", "10.0.0.1", 80, true},
        {"10.0.0.1:81", "10.0.0.1", 81, false}, {"fd00::/8", "fd12::1", 80, false},
        {"[fd00::1]:81", "fd00::1", 81, false}, {"[fd00::1]:81", "fd00::1", 80, true},
        {" , a.test , ", "a.test", 80, false}, {"10.0.0.1", "10.0.0.1.test", 80, true}};
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        if (used(cases[i].no_proxy, cases[i].host, cases[i].port) != cases[i].used)
            fail_msg("NO_PROXY \"%s\", %s:%u", cases[i].no_proxy, cases[i].host, cases[i].port);
    }
    assert_null(br_proxies_for(NULL, BR_STR("a.test"), 80, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_proxies),
        cmocka_unit_test(exceptions_are_go_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
