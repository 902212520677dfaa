/* Which cookies a jar keeps, which go with a request, in which order, and that it has limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "base/mem.h"
#include "http/jar.h"

#define NOW 1000000

static br_url url_of(const char *text)
{
    br_url u;
    assert_int_equal(br_url_parse(br_str_of(text), &u, NULL), BR_OK);
    return u;
}

static br_code set_at(br_jar *j, const char *url, const char *field, int64_t now)
{
    br_cookie c;
    br_url u = url_of(url);
    assert_int_equal(br_cookie_parse(br_str_of(field), &c), BR_OK);
    return br_jar_set(j, &u, &c, now);
}

static void set(br_jar *j, const char *url, const char *field)
{
    assert_int_equal(set_at(j, url, field, NOW), BR_OK);
}

static void put(void *ctx, const br_jar_cookie *c)
{
    br_cookie_put(ctx, c->name, c->value, c->quoted);
}

static void assert_sent_at(br_jar *j, const char *url, int64_t now, const char *want)
{
    br_buf out;
    br_url u = url_of(url);
    br_buf_init(&out, 1 << 20);
    br_jar_each(j, &u, now, put, &out);
    if (!br_str_is(br_buf_view(&out), want)) fail_msg("%s: \"%s\", want \"%s\"", url, out.data, want);
    br_buf_deinit(&out);
}

static void assert_sent(br_jar *j, const char *url, const char *want)
{
    assert_sent_at(j, url, NOW, want);
}

/* Domains ------------------------------------------------------------------------------------------ */

static void keeps_to_hosts_and_domains(void **state)
{
    (void) state;
    br_jar *j = br_jar_new();
    set(j, "http://www.shop.test/", "host=1");
    set(j, "http://www.shop.test/", "domain=2; Domain=shop.test");
    set(j, "http://www.shop.test/", "dot=3; Domain=.SHOP.test");
    assert_sent(j, "http://www.shop.test/", "host=1; domain=2; dot=3");
    assert_sent(j, "http://WWW.shop.test./", "host=1; domain=2; dot=3");
    assert_sent(j, "https://www.shop.test:8443/", "host=1; domain=2; dot=3"); /* ports are no border */
    assert_sent(j, "http://shop.test/", "domain=2; dot=3");
    assert_sent(j, "http://api.shop.test/", "domain=2; dot=3");
    assert_sent(j, "http://x.www.shop.test/", "domain=2; dot=3");
    assert_sent(j, "http://myshop.test/", "");
    assert_sent(j, "http://shop.test.evil/", "");
    br_jar_unref(j);
}

static void refuses_foreign_domains(void **state)
{
    (void) state;
    static const struct {
        const char *url, *field;
    } cases[] = {{"http://a.test/", "c=1; Domain=b.test"}, {"http://a.test/", "c=1; Domain=x.a.test"},
        {"http://xa.test/", "c=1; Domain=a.test"}, {"http://a.test/", "c=1; Domain=."},
        {"http://a.test/", "c=1; Domain=..a.test"}, {"http://a.test/", "c=1; Domain=a.test."},
        {"http://127.0.0.1/", "c=1; Domain=.127.0.0.1"}, {"http://127.0.0.1/", "c=1; Domain=0.0.1"},
        {"http://[::1]/", "c=1; Domain=::2"}};
    br_jar *j = br_jar_new();
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        if (set_at(j, cases[i].url, cases[i].field, NOW) != BR_EINVAL) fail_msg("kept: %s", cases[i].field);
    }
    assert_int_equal(j->count, 0);
    br_jar_unref(j);
}

static void knows_addresses(void **state)
{
    (void) state;
    br_jar *j = br_jar_new();
    set(j, "http://127.0.0.1/", "a=1; Domain=127.0.0.1");
    set(j, "http://[::1]/", "b=2; Domain=::1");
    assert_sent(j, "http://127.0.0.1:99/", "a=1");
    assert_sent(j, "http://[::1]/", "b=2");
    assert_sent(j, "http://10.127.0.0.1/", "");
    br_jar_unref(j);
}

/* Without a list of public suffixes, a cookie of "test" does not leave the site that set it. */
static void a_top_level_domain_does_not_travel(void **state)
{
    (void) state;
    br_jar *j = br_jar_new();
    set(j, "http://www.a.test/", "c=1; Domain=test");
    assert_sent(j, "http://b.a.test/", "c=1");
    assert_sent(j, "http://b.test/", "");
    set(j, "http://b.test/", "c=2; Domain=test"); /* another one, not the same again */
    assert_sent(j, "http://a.test/", "c=1");
    assert_sent(j, "http://b.test/", "c=2");
    br_jar_unref(j);
}

/* Paths --------------------------------------------------------------------------------------------- */

static void keeps_to_paths(void **state)
{
    (void) state;
    br_jar *j = br_jar_new();
    set(j, "http://h/a/b/c?x=/y", "default=1");
    set(j, "http://h/a/b/c", "given=2; Path=/z");
    set(j, "http://h/a", "root=3");
    set(j, "http://h/x/y", "odd=4; Path=relative");
    set(j, "http://h", "slash=5; Path=/a/");
    assert_sent(j, "http://h/a/b", "default=1; slash=5; root=3");
    assert_sent(j, "http://h/a/b/", "default=1; slash=5; root=3");
    assert_sent(j, "http://h/a/bc", "slash=5; root=3");
    assert_sent(j, "http://h/a", "root=3");
    assert_sent(j, "http://h/z?q", "given=2; root=3");
    assert_sent(j, "http://h/x", "odd=4; root=3");
    assert_sent(j, "http://h", "root=3");
    set(j, "http://h/", "space=6; Path=/p q");
    assert_sent(j, "http://h/p%20q/r", "space=6; root=3");
    br_jar_unref(j);
}

static void sends_long_paths_and_old_ones_first(void **state)
{
    (void) state;
    br_jar *j = br_jar_new();
    set(j, "http://h/", "a=1; Path=/");
    set(j, "http://h/", "b=2; Path=/x/y");
    set(j, "http://h/", "c=3; Path=/x");
    set(j, "http://h/", "d=4; Path=/x/y");
    set(j, "http://h/", "e=5; Path=/");
    assert_sent(j, "http://h/x/y", "b=2; d=4; c=3; a=1; e=5");
    set(j, "http://h/", "b=22; Path=/x/y"); /* replaced: it keeps its place */
    assert_sent(j, "http://h/x/y", "b=22; d=4; c=3; a=1; e=5");
    assert_int_equal(j->count, 5);
    set(j, "http://h/", "b=longer than before; Path=/x/y");
    set(j, "http://h/", "b=s; Path=/x/y");
    assert_sent(j, "http://h/x/y", "b=s; d=4; c=3; a=1; e=5");
    br_jar_clear(j);
    assert_int_equal(j->count + j->bytes, 0);
    br_jar_unref(j);
}

/* Times ---------------------------------------------------------------------------------------------- */

static void forgets_what_expired(void **state)
{
    (void) state;
    br_jar *j = br_jar_new();
    set(j, "http://h/", "a=1; Max-Age=10");
    set(j, "http://h/", "b=2; Expires=Mon, 12 Jan 1970 13:46:50 GMT"); /* NOW + 10 */
    set(j, "http://h/", "c=3; Expires=Mon, 12 Jan 1970 13:46:50 GMT; Max-Age=100");
    set(j, "http://h/", "d=4");
    set(j, "http://h/", "e=5; Max-Age=9223372036854775807");
    assert_sent_at(j, "http://h/", NOW + 9, "a=1; b=2; c=3; d=4; e=5");
    assert_sent_at(j, "http://h/", NOW + 10, "c=3; d=4; e=5");
    set(j, "http://h/", "d=x; Max-Age=0");
    set(j, "http://h/", "e=x; Expires=Mon, 12 Jan 1970 13:46:40 GMT"); /* now */
    set(j, "http://h/", "never=x; Max-Age=-1");
    assert_sent_at(j, "http://h/", NOW + 10, "c=3");
    br_jar_unref(j);
}

static void keeps_secure_ones_from_http(void **state)
{
    (void) state;
    br_jar *j = br_jar_new();
    set(j, "http://h/", "a=1; Secure");
    set(j, "http://h/", "b=2; HttpOnly");
    set(j, "http://h/", "c=\"3\"");
    assert_sent(j, "http://h/", "b=2; c=\"3\"");
    assert_sent(j, "https://h/", "a=1; b=2; c=\"3\"");
    br_jar_unref(j);
}

/* Removing -------------------------------------------------------------------------------------------- */

static void removes_by_url_and_name(void **state)
{
    (void) state;
    br_jar *j = br_jar_new();
    br_url u = url_of("http://h/x/y"), other = url_of("http://other/");
    set(j, "http://h/", "a=1");
    set(j, "http://h/x/y", "a=2; Path=/x");
    set(j, "http://h/", "b=3");
    set(j, "http://h/", "c=4; Path=/z");
    set(j, "http://other/", "a=5");
    br_jar_remove(j, &u, BR_STR("a"), NOW);
    assert_sent(j, "http://h/x/y", "b=3");
    br_jar_remove(j, &u, BR_STR_NONE, NOW);
    assert_sent(j, "http://h/x/y", "");
    assert_sent(j, "http://h/z", "c=4");
    br_jar_remove(j, &other, BR_STR_NONE, NOW); /* the last of its site */
    assert_sent(j, "http://other/", "");
    br_jar_remove(j, &other, BR_STR_NONE, NOW);
    assert_int_equal(j->count, 1);
    br_jar_unref(j);
}

/* Limits ---------------------------------------------------------------------------------------------- */

static void a_site_has_limits(void **state)
{
    (void) state;
    br_jar *j = br_jar_new();
    char field[64];
    for (int i = 0; i < 1000; i++) {
        snprintf(field, sizeof(field), "c%d=%d; Path=/%d", i, i, i);
        set(j, "http://h/", field);
    }
    assert_int_equal(j->count, BR_JAR_SITE_COOKIES_MAX);
    assert_sent(j, "http://h/0", ""); /* the oldest went */
    assert_sent(j, "http://h/999", "c999=999");
    br_jar_clear(j);
    size_t n = 100000;
    char *big = br_malloc(n + 4);
    memset(big, 'x', n);
    memcpy(big, "a1=", 3);
    big[n] = 0;
    for (char name = '1'; name <= '5'; name++) {
        big[1] = name;
        set(j, "http://h/", big);
        assert_true(j->bytes <= BR_JAR_SITE_BYTES_MAX);
    }
    assert_int_equal(j->count, 2);
    br_free(big);
    big = br_malloc(((size_t) 1 << 20) + 1);
    memset(big, 'x', (size_t) 1 << 20);
    big[1] = '=';
    big[(size_t) 1 << 20] = 0;
    assert_int_equal(set_at(j, "http://h/", big, NOW), BR_ELIMIT);
    assert_int_equal(j->count, 2);
    br_free(big);
    br_jar_unref(j);
}

static void a_jar_has_limits(void **state)
{
    (void) state;
    br_jar *j = br_jar_new();
    char url[64];
    for (int i = 0; i < BR_JAR_COOKIES_MAX + 5; i++) {
        snprintf(url, sizeof(url), "http://h%d.test/", i);
        set(j, url, "a=1");
    }
    assert_int_equal(j->count, BR_JAR_COOKIES_MAX);
    assert_sent(j, "http://h4.test/", "");
    assert_sent(j, "http://h5.test/", "a=1");
    br_jar_clear(j);
    size_t n = 200000;
    char *big = br_malloc(n + 1);
    memset(big, 'x', n);
    big[1] = '=';
    big[n] = 0;
    for (int i = 0; i < 30; i++) {
        snprintf(url, sizeof(url), "http://h%d.test/", i);
        set(j, url, big);
        assert_true(j->bytes <= BR_JAR_BYTES_MAX);
    }
    assert_sent(j, "http://h0.test/", "");
    br_free(big);
    br_jar_unref(j);
}

static void hosts_that_cannot_be(void **state)
{
    (void) state;
    br_jar *j = br_jar_new();
    char url[400] = "http://";
    memset(url + 7, 'h', 300);
    assert_int_equal(set_at(j, url, "a=1", NOW), BR_EINVAL);
    assert_sent(j, url, "");
    set(j, "http://./", "a=1");
    assert_sent(j, "http://./", "a=1");
    assert_int_equal(br_jar_ref(j)->refs, 2);
    br_jar_unref(j);
    br_jar_unref(j);
    br_jar_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_to_hosts_and_domains),
        cmocka_unit_test(refuses_foreign_domains),
        cmocka_unit_test(knows_addresses),
        cmocka_unit_test(a_top_level_domain_does_not_travel),
        cmocka_unit_test(keeps_to_paths),
        cmocka_unit_test(sends_long_paths_and_old_ones_first),
        cmocka_unit_test(forgets_what_expired),
        cmocka_unit_test(keeps_secure_ones_from_http),
        cmocka_unit_test(removes_by_url_and_name),
        cmocka_unit_test(a_site_has_limits),
        cmocka_unit_test(a_jar_has_limits),
        cmocka_unit_test(hosts_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
