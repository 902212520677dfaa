/* codec/url.h: what is accepted, how it is split, Go's words for what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "codec/url.h"

static void assert_str(br_str got, const char *want)
{
    if (!br_str_is(got, want)) {
        fail_msg("got \"" BR_FMT "\", want \"%s\"", BR_ARG(got), want);
    }
}

static br_url parsed(const char *text)
{
    br_url u;
    br_err err = {0};
    if (br_url_parse(br_str_of(text), &u, &err) != BR_OK) {
        fail_msg("%s: %s", text, err.msg);
    }
    return u;
}

static void splits_a_full_url(void **state)
{
    (void) state;
    br_url u = parsed("HTTP://us%65r:p%40w@Example.org:8080/a/b?c=d?e&f#g%20h");
    assert_str(u.scheme, "HTTP");
    assert_str(u.userinfo, "us%65r:p%40w");
    assert_str(u.host, "Example.org");
    assert_str(u.authority, "Example.org:8080");
    assert_str(u.target, "/a/b?c=d?e&f");
    assert_str(u.fragment, "g%20h");
    assert_int_equal(u.port, 8080);
    assert_false(u.tls);
    assert_false(u.ipv6);
}

static void fills_in_the_port_of_the_scheme(void **state)
{
    (void) state;
    assert_int_equal(parsed("http://h").port, 80);
    assert_int_equal(parsed("https://h").port, 443);
    assert_true(parsed("https://h").tls);
    br_url u = parsed("http://h:/x");
    assert_int_equal(u.port, 80);
    assert_str(u.authority, "h");
    assert_null(u.userinfo.p);
}

static void takes_ipv6_literals(void **state)
{
    (void) state;
    br_url u = parsed("http://[::1]:3000/x");
    assert_true(u.ipv6);
    assert_str(u.host, "::1");
    assert_str(u.authority, "[::1]:3000");
    assert_int_equal(u.port, 3000);
    assert_int_equal(parsed("http://[2001:db8::1]").port, 80);
}

static void target_gets_its_slash(void **state)
{
    (void) state;
    static const char *const cases[][2] = {
        {"http://h", "/"},
        {"http://h?a=1", "/?a=1"},
        {"http://h/", "/"},
        {"http://h/a?", "/a?"},
        {"http://h/a%2Fb!(c)", "/a%2Fb!(c)"},
        {"http://h/a b", "/a%20b"},
        {"http://h/a b!%2f", "/a%20b%21/"},
        {"http://h/\xc3\xa9?q=\xc3\xa9 x", "/%C3%A9?q=\xc3\xa9 x"},
        {"http://h/{id}", "/%7Bid%7D"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        br_url u = parsed(cases[i][0]);
        br_buf out;
        br_buf_init(&out, 4096);
        assert_int_equal(br_url_put_target(&u, &out), BR_OK);
        assert_str(br_buf_view(&out), cases[i][1]);
        br_buf_deinit(&out);
    }
}

static void refuses_in_the_words_of_go(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        br_code code;
        const char *msg;
    } cases[] = {
        {"", BR_EUNSUPPORTED, "unsupported protocol scheme \"\""},
        {"/relative", BR_EUNSUPPORTED, "unsupported protocol scheme \"\""},
        {"FTP://127.0.0.1/x", BR_EUNSUPPORTED, "unsupported protocol scheme \"ftp\""},
        {"mailto:me", BR_EUNSUPPORTED, "unsupported protocol scheme \"mailto\""},
        {"http://a b/", BR_ESYNTAX, "parse \"http://a b/\": invalid character \" \" in host name"},
        {"http://[bad", BR_ESYNTAX, "parse \"http://[bad\": missing ']' in host"},
        {"http://h:8x/", BR_ESYNTAX, "parse \"http://h:8x/\": invalid port \":8x\" after host"},
        {"http://[::1]x/", BR_ESYNTAX, "parse \"http://[::1]x/\": invalid port \"x\" after host"},
        {"http://h:70000/", BR_EINVAL, "dial tcp: address 70000: invalid port"},
        {"http://h%20/", BR_ESYNTAX, "parse \"http://h%20/\": invalid URL escape \"%20\""},
        {"http://h/%zz", BR_ESYNTAX, "parse \"http://h/%zz\": invalid URL escape \"%zz\""},
        {"http://h/%4", BR_ESYNTAX, "parse \"http://h/%4\": invalid URL escape \"%4\""},
        {"http://h/#%4", BR_ESYNTAX, "parse \"http://h/#%4\": invalid URL escape \"%4\""},
        {"http://h/\n", BR_ESYNTAX, "parse \"http://h/\\n\": net/url: invalid control character in URL"},
        {"http://u\\x@h/", BR_ESYNTAX, "parse \"http://u\\\\x@h/\": net/url: invalid userinfo"},
        {"://h", BR_ESYNTAX, "parse \"://h\": missing protocol scheme"},
        {"1.2.3.4:80/x", BR_ESYNTAX,
            "parse \"1.2.3.4:80/x\": first path segment in URL cannot contain colon"},
        {"localhost:80/x", BR_EUNSUPPORTED, "unsupported protocol scheme \"localhost\""},
        {"http:///x", BR_EINVAL, "http: no Host in request URL"},
        {"http:x", BR_EINVAL, "http: no Host in request URL"},
        {"http://:80/", BR_EINVAL, "http: no Host in request URL"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        br_url u = {.port = 7};
        br_err err = {0};
        assert_int_equal(br_url_parse(br_str_of(cases[i].text), &u, &err), cases[i].code);
        assert_string_equal(err.msg, cases[i].msg);
        assert_int_equal(u.port, 7); /* untouched */
    }
}

static void refuses_what_is_too_long(void **state)
{
    (void) state;
    char *text = malloc(BR_URL_MAX_BYTES + 1);
    memset(text, 'a', BR_URL_MAX_BYTES + 1);
    memcpy(text, "http://h/", 9);
    br_url u;
    assert_int_equal(br_url_parse((br_str){text, BR_URL_MAX_BYTES}, &u, NULL), BR_OK);
    assert_int_equal(br_url_parse((br_str){text, BR_URL_MAX_BYTES + 1}, &u, NULL), BR_ELIMIT);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_a_full_url),
        cmocka_unit_test(fills_in_the_port_of_the_scheme),
        cmocka_unit_test(takes_ipv6_literals),
        cmocka_unit_test(target_gets_its_slash),
        cmocka_unit_test(refuses_in_the_words_of_go),
        cmocka_unit_test(refuses_what_is_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
