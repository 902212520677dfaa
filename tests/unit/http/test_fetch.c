/* One request of a script, several exchanges: redirects, cookies and logins against a scripted server. */
#include <stdio.h>
#include "env.h"
#include "http/fetch.h"

typedef struct chain {
    env e;
    char url[256];
    br_http_request request;
    br_http_response response;
    br_http_fetch fetch;
    br_http_fetch_options options;
    int hops, challenges, done;
    char last[4096]; /* what the server read last */
} chain;

static void on_hop(void *ctx, const br_http_request *request, bool challenge)
{
    chain *c = ctx;
    assert_true(request->url.text.n > 0);
    c->hops += !challenge;
    c->challenges += challenge;
}

static void on_done(void *ctx)
{
    chain *c = ctx;
    c->done++;
    br_loop_stop(c->e.loop);
}

static void chain_init(chain *c, const mini_script *scripts, size_t count)
{
    memset(c, 0, sizeof(*c));
    env_init(&c->e, scripts, count);
    br_http_response_init(&c->response);
    c->options = (br_http_fetch_options){.max_redirects = 10, .jar = br_jar_new()};
    c->request.method = BR_STR("GET");
    c->request.timeout_ns = 10 * BR_SEC;
}

/* `user` is "" or "name:password@". */
static void run(chain *c, const char *user, const char *path)
{
    br_err err = {0};
    c->hops = c->challenges = c->done = 0;
    snprintf(c->url, sizeof(c->url), "http://%s%s%s", user, c->e.base + 7, path);
    if (br_url_parse(br_str_of(c->url), &c->request.url, &err) != BR_OK) fail_msg("%s", err.msg);
    br_http_fetch_start(
        env_client(&c->e), &c->fetch, &c->request, &c->response, &c->options, on_hop, on_done, c);
    assert_int_equal(c->done, 0);
    br_loop_run(c->e.loop);
    assert_int_equal(c->done, 1);
    mini_server_last_request(c->e.server, c->last, sizeof(c->last));
}

static void chain_deinit(chain *c)
{
    br_http_fetch_deinit(&c->fetch);
    br_http_response_deinit(&c->response);
    br_jar_unref(c->options.jar);
    env_deinit(&c->e);
}

static void assert_last(const chain *c, const char *part)
{
    if (strstr(c->last, part) == NULL) fail_msg("%s\nlacks %s", c->last, part);
}

static void assert_not_last(const chain *c, const char *part)
{
    if (strstr(c->last, part) != NULL) fail_msg("%s\nhas %s", c->last, part);
}

#define TO(status, location)                                                                                 \
    SEND("HTTP/1.1 " status " Moved\r\nContent-Length: 0\r\nLocation: " location "\r\n\r\n")

/* Redirects ------------------------------------------------------------------------------------------ */

static void follows_with_what_goes_along(void **state)
{
    (void) state;
    static const mini_script script = {{REQUEST, TO("302", "/b/../c d?x#f"), REQUEST, SEND(HELLO), AGAIN}};
    static const br_http_header headers[] = {{BR_STR_INIT("User-Agent"), BR_STR_INIT("ua")},
        {BR_STR_INIT("Content-Length"), BR_STR_INIT("4")}, {BR_STR_INIT("Content-Type"), BR_STR_INIT("t")},
        {BR_STR_INIT("Z"), BR_STR_INIT("z")}};
    chain c;
    chain_init(&c, &script, 1);
    c.request.method = BR_STR("POST");
    c.request.body = BR_STR("body");
    c.request.headers = headers;
    c.request.header_count = 4;
    run(&c, "", "/a?q");
    char want[400];
    snprintf(want, sizeof(want),
        "GET /c%%20d?x HTTP/1.1\r\nHost: %s\r\nUser-Agent: ua\r\nReferer: %s/a?q\r\nZ: z\r\n\r\n",
        c.e.base + 7, c.e.base);
    assert_string_equal(c.last, want);
    assert_int_equal(c.hops, 1);
    assert_int_equal(c.response.status, 200);
    assert_true(br_str_ends(c.fetch.current->url.text, BR_STR("/c%20d?x#f")));
    chain_deinit(&c);
}

static void repeats_the_body_for_307_and_308(void **state)
{
    (void) state;
    static const mini_script script = {
        {REQUEST, TO("307", "/1"), REQUEST, TO("308", "?2"), REQUEST, SEND(HELLO), AGAIN}};
    static const br_http_header headers[] = {{BR_STR_INIT("Content-Length"), BR_STR_INIT("4")}};
    chain c;
    chain_init(&c, &script, 1);
    c.request.method = BR_STR("PUT");
    c.request.body = BR_STR("body");
    c.request.headers = headers;
    c.request.header_count = 1;
    run(&c, "", "/");
    assert_last(&c, "PUT /1?2 HTTP/1.1\r\n");
    assert_last(&c, "\r\n\r\nbody");
    assert_int_equal(c.hops, 2);
    chain_deinit(&c);
}

static void stops_in_a_circle(void **state)
{
    (void) state;
    static const mini_script script = {{REQUEST, TO("301", "/"), AGAIN}};
    chain c;
    chain_init(&c, &script, 1);
    run(&c, "", "/");
    assert_int_equal(c.hops, 10);
    assert_true(c.fetch.stopped);
    assert_int_equal(c.response.status, 301);
    c.options.max_redirects = 500; /* memory of a chain is that of two hops */
    run(&c, "", "/");
    assert_int_equal(c.hops, 500);
    c.options.max_redirects = 0;
    run(&c, "", "/");
    assert_int_equal(c.hops, 0);
    chain_deinit(&c);
}

static void one_time_limit_for_all_hops(void **state)
{
    (void) state;
    static const mini_script script = {{REQUEST, PAUSE(40), TO("302", "/"), AGAIN}};
    chain c;
    chain_init(&c, &script, 1);
    c.request.timeout_ns = 100 * BR_MS;
    run(&c, "", "/");
    assert_int_equal(c.response.error.code, BR_ETIMEOUT);
    assert_in_range(c.hops, 1, 2);
    chain_deinit(&c);
}

static void bad_locations(void **state)
{
    (void) state;
    static const struct {
        mini_script script;
        int hops;
        const char *error; /* "": none */
    } cases[] = {
        {{{REQUEST, TO("302", ""), WAIT}}, 0, ""},
        {{{REQUEST, TO("304", "/"), WAIT}}, 0, ""},
        {{{REQUEST, TO("302", "/%zz"), WAIT}}, 0,
            "failed to parse Location header \"/%zz\": parse \"/%zz\": invalid URL escape \"%zz\""},
        {{{REQUEST, TO("302", "http://a b/"), WAIT}}, 0,
            "failed to parse Location header \"http://a b/\": parse \"http://a b/\": invalid character \" \" in host "
            "name"},
        {{{REQUEST, TO("302", "ftp://x/"), WAIT}}, 1, "unsupported protocol scheme \"ftp\""},
        {{{REQUEST, TO("302", "http:x"), WAIT}}, 1, "http: no Host in request URL"},
        {{{REQUEST, TO("302", "//h:99999/"), WAIT}}, 1, "dial tcp: address 99999: invalid port"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        chain c;
        chain_init(&c, &cases[i].script, 1);
        run(&c, "", "/");
        assert_string_equal(c.response.error.text, cases[i].error);
        assert_int_equal(c.hops, cases[i].hops);
        chain_deinit(&c);
    }
}

/* Cookies --------------------------------------------------------------------------------------------- */

static void keeps_and_sends_cookies(void **state)
{
    (void) state;
    static const mini_script script = {{REQUEST,
        SEND("HTTP/1.1 302 F\r\nContent-Length: 0\r\nLocation: /x\r\nSet-Cookie: a=1\r\n"
             "set-cookie: own=jar\r\nSet-Cookie: b=2; Path=/y\r\nSet-Cookie: bad\r\n\r\n"),
        REQUEST, SEND(HELLO), AGAIN}};
    static const br_http_cookie own[] = {{BR_STR_INIT("own"), BR_STR_INIT("mine"), true}};
    chain c;
    chain_init(&c, &script, 1);
    c.options.cookies = own;
    c.options.cookie_count = 1;
    run(&c, "", "/");
    assert_last(&c, "\r\nCookie: own=mine; a=1\r\n");
    assert_int_equal(c.options.jar->count, 3);
    chain_deinit(&c);
}

/* Logins ----------------------------------------------------------------------------------------------- */

#define ASKS(challenge)                                                                                      \
    SEND("HTTP/1.1 401 No\r\nContent-Length: 2\r\nWWW-Authenticate: " challenge "\r\n\r\nno")

static void sends_basic(void **state)
{
    (void) state;
    static const mini_script script = {{REQUEST, SEND(HELLO), AGAIN}};
    chain c;
    chain_init(&c, &script, 1);
    run(&c, "Aladdin:open%20sesame@", "/");
    assert_last(&c, "\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n");
    chain_deinit(&c);
}

static void an_endless_digest_is_answered_once(void **state)
{
    (void) state;
    static const mini_script script = {{REQUEST,
        ASKS("Basic realm=\"a\", Digest realm=\"r\", nonce=\"n\", qop=\"auth\", stale=true"), AGAIN}};
    chain c;
    chain_init(&c, &script, 1);
    c.options.auth = BR_AUTH_DIGEST;
    run(&c, "u:p@", "/p?q");
    assert_last(
        &c, "Authorization: Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"/p?q\", response=\"");
    assert_int_equal(c.challenges, 1);
    assert_int_equal(c.response.status, 401);
    assert_int_equal(mini_server_connections(c.e.server), 1);
    chain_deinit(&c);
}

#define TYPE_2                                                                                               \
    "TlRMTVNTUAACAAAADAAMADgAAAAzgoriASNFZ4mrze8AAAAAAAAAACQAJABEAAAABgBwFwAAAA9TAGUAcgB2AGUAcgAC"           \
    "AAwARABvAG0AYQBpAG4AAQAMAFMAZQByAHYAZQByAAAAAAA="

static void ntlm_goes_over_one_connection(void **state)
{
    (void) state;
    static const mini_script script = {{REQUEST, ASKS("Negotiate\r\nWWW-Authenticate: NTLM"), REQUEST,
        ASKS("NTLM " TYPE_2), REQUEST, SEND(HELLO), AGAIN}};
    chain c;
    chain_init(&c, &script, 1);
    c.options.auth = BR_AUTH_NTLM;
    run(&c, "Domain%5CUser:Password@", "/");
    assert_last(&c, "\r\nAuthorization: NTLM TlRMTVNTUAADAAAA");
    assert_int_equal(c.challenges, 2);
    assert_int_equal(c.response.status, 200);
    assert_int_equal(mini_server_connections(c.e.server), 1);
    chain_deinit(&c);
}

static void ntlm_ends_with_servers_that_do_not_play_along(void **state)
{
    (void) state;
    static const mini_script scripts[] = {
        {{REQUEST, ASKS("NTLM"), AGAIN}},              /* never a challenge */
        {{REQUEST, ASKS("NTLM AAAA"), AGAIN}},         /* garbage */
        {{REQUEST, ASKS("Negotiate " TYPE_2), AGAIN}}, /* challenges for ever */
        {{REQUEST, ASKS("Basic realm=\"a\""), AGAIN}}, /* not NTLM: Basic, once */
    };
    static const int challenges[] = {1, 1, 2, 1};
    for (size_t i = 0; i < BR_COUNT_OF(scripts); i++) {
        chain c;
        chain_init(&c, &scripts[i], 1);
        c.options.auth = BR_AUTH_NTLM;
        run(&c, "u:p@", "/");
        assert_int_equal(c.response.status, 401);
        assert_int_equal(c.challenges, challenges[i]);
        chain_deinit(&c);
    }
}

static void ntlm_without_credentials_sends_none(void **state)
{
    (void) state;
    static const mini_script script = {{REQUEST, ASKS("NTLM"), AGAIN}};
    chain c;
    chain_init(&c, &script, 1);
    c.options.auth = BR_AUTH_NTLM;
    run(&c, "", "/");
    assert_int_equal(c.challenges, 0);
    assert_not_last(&c, "Authorization");
    chain_deinit(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_with_what_goes_along),
        cmocka_unit_test(repeats_the_body_for_307_and_308),
        cmocka_unit_test(stops_in_a_circle),
        cmocka_unit_test(one_time_limit_for_all_hops),
        cmocka_unit_test(bad_locations),
        cmocka_unit_test(keeps_and_sends_cookies),
        cmocka_unit_test(sends_basic),
        cmocka_unit_test(an_endless_digest_is_answered_once),
        cmocka_unit_test(ntlm_goes_over_one_connection),
        cmocka_unit_test(ntlm_ends_with_servers_that_do_not_play_along),
        cmocka_unit_test(ntlm_without_credentials_sends_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
