/* Set-Cookie fields and dates as Go reads them, Cookie fields as it writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "codec/cookie.h"

static br_cookie parse(const char *text)
{
    br_cookie c;
    if (br_cookie_parse(br_str_of(text), &c) != BR_OK) fail_msg("no cookie: %s", text);
    return c;
}

static void assert_text(br_str got, const char *want)
{
    if (!br_str_is(got, want)) fail_msg("\"" BR_FMT "\", want \"%s\"", BR_ARG(got), want);
}

static void reads_names_and_values(void **state)
{
    (void) state;
    static const struct {
        const char *text, *name, *value;
        bool quoted;
    } cases[] = {
        {"a=b", "a", "b", false},
        {" a = b ; Path=/", "a", " b", false}, /* Go trims the pair, and the name */
        {"a=", "a", "", false},
        {"a=b=c", "a", "b=c", false},
        {"a=\"b c\"", "a", "b c", true},
        {"a=\"\"", "a", "", true},
        {"a=x,y z", "a", "x,y z", false},
        {"!#$%&'*+-.^_`|~09azAZ=1", "!#$%&'*+-.^_`|~09azAZ", "1", false},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        br_cookie c = parse(cases[i].text);
        assert_text(c.name, cases[i].name);
        assert_text(c.value, cases[i].value);
        assert_int_equal(c.quoted, cases[i].quoted);
    }
}

static void refuses_what_is_no_cookie(void **state)
{
    (void) state;
    static const char *const cases[] = {"", " ", ";", "a", "=b", " =b", "a b=c", "a;b=c", "\xc3\xa4=b",
        "a=\"", "a=b\"c", "a=\"b", "a=\\", "a=\x01", "a=\x7f", "a=\xc3\xa4", "(=b"};
    br_cookie c = {.max_age = 4711};
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        if (br_cookie_parse(br_str_of(cases[i]), &c) != BR_ESYNTAX) fail_msg("a cookie: %s", cases[i]);
    }
    assert_int_equal(c.max_age, 4711); /* untouched */
    assert_int_equal(br_cookie_parse(BR_STR("a=b\0c"), &c), BR_ESYNTAX);
}

static void reads_attributes(void **state)
{
    (void) state;
    br_cookie c = parse(
        "a=b; DOMAIN=.x.test;path=/p;Max-Age=60; secure ;HttpOnly; SameSite=Lax; nonsense;;=;");
    assert_text(c.domain, ".x.test");
    assert_text(c.path, "/p");
    assert_int_equal(c.max_age, 60);
    assert_true(c.secure && c.http_only && !c.has_expires);
    c = parse("a=b; Path=/1; Path=/2; Secure=no; Expires=Thu, 01 Jan 1970 00:00:10 GMT");
    assert_text(c.path, "/2"); /* the last wins */
    assert_true(c.secure);
    assert_true(c.has_expires);
    assert_int_equal(c.expires, 10);
    c = parse("a=b; Path =/p; Domain=\"x\"; Path=\"/q\""); /* neither a blank in the name nor quotes */
    assert_int_equal(c.path.n, 0);
    assert_int_equal(c.domain.n, 0);
}

static void reads_ages(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        int64_t age;
    } cases[] = {{"1", 1}, {"0", -1}, {"-1", -1}, {"-99", -1}, {"", 0}, {"01", 0}, {"1x", 0}, {"1.5", 0},
        {"99999999999999999999", 0}, {"9223372036854775807", INT64_MAX}};
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        char text[64];
        snprintf(text, sizeof(text), "a=b; max-age=%s", cases[i].text);
        br_cookie c;
        assert_int_equal(br_cookie_parse(br_str_of(text), &c), BR_OK);
        if (c.max_age != cases[i].age) fail_msg("%s: %lld", cases[i].text, (long long) c.max_age);
    }
}

static void reads_dates(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sun, 06-Nov-1994 08:49:37 GMT", 784111777},
        {"mon, 06 NOV 1994 08:49:37 GMT", 784111777}, /* case, and the wrong day */
        {"Sun, 06 Nov 1994 8:49:37 GMT", 784111777},
        {"Sun,  06 Nov  1994 08:49:37.123 UTC", 784111777},
        {"Sun, 06 Nov 1994 08:49:37 CEST", 784111777}, /* a zone that nobody knows is GMT */
        {"Sun, 06 Nov 1994 08:49:37 GMT+3", 784111777},
        {"Thu, 29 Feb 2024 00:00:00 GMT", 1709164800},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
    };
    static const char *const bad[] = {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 ", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:60 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
        "Wed, 29 Feb 2023 00:00:00 GMT", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06-Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 gmt", "Sun, 06 Nov 1994 08:49:37 GMT+123",
        "Sun, 06 Nov 1994 08:49:37 GMTX", "0", "Sun, 06 Nov 1994 08:49 GMT", "XXX, 06 Nov 1994 08:49:37 GMT"};
    int64_t seconds = 4711;
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        if (br_cookie_parse_date(br_str_of(bad[i]), &seconds) != BR_ESYNTAX) fail_msg("a date: %s", bad[i]);
    }
    assert_int_equal(seconds, 4711);
    for (size_t i = 0; i < BR_COUNT_OF(good); i++) {
        if (br_cookie_parse_date(br_str_of(good[i].text), &seconds) != BR_OK || seconds != good[i].seconds)
            fail_msg("%s: %lld", good[i].text, (long long) seconds);
    }
}

static void writes_cookies(void **state)
{
    (void) state;
    br_buf out;
    br_buf_init(&out, 1000);
    br_cookie_put(&out, BR_STR("a"), BR_STR("1"), false);
    br_cookie_put(&out, BR_STR("b"), BR_STR("x y"), false);
    br_cookie_put(&out, BR_STR("c"), BR_STR("x,y"), false);
    br_cookie_put(&out, BR_STR("d"), BR_STR("x"), true);
    br_cookie_put(&out, BR_STR("e"), BR_STR(""), true);
    br_cookie_put(&out, BR_STR("f\r\ng"), BR_STR("1;2\"3\\4\r\n5\xc3\xa4"), false);
    br_cookie_put(&out, BR_STR("h"), BR_STR_NONE, false);
    assert_text(br_buf_view(&out), "a=1; b=\"x y\"; c=\"x,y\"; d=\"x\"; e=; f--g=12345; h=");
    br_buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_names_and_values),
        cmocka_unit_test(refuses_what_is_no_cookie),
        cmocka_unit_test(reads_attributes),
        cmocka_unit_test(reads_ages),
        cmocka_unit_test(reads_dates),
        cmocka_unit_test(writes_cookies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
