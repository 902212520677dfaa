/* HTTP over TLS as a client's user sees it: answers, times, bytes, and failures in k6's codes and words. */
#include "env.h"
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include "support/tls_env.h"
#include "support/tls_server.h"

typedef struct tls_env {
    env e;
    tls_server_options server_options; /* cert: pki.good; no HTTP/2 */
    br_tls_options options;            /* trusts pki.ca */
    tls_server *server;
} tls_env;

static void tls_env_init(tls_env *t)
{
    *t = (tls_env){.server_options.cert = &pki.good, .options.ca_file = pki.ca_path};
    env_init(&t->e, NULL, 0);
}

static void tls_env_serve(tls_env *t, const tls_script *scripts, size_t count)
{
    t->server = tls_server_start(&t->server_options, scripts, count);
    t->e.config.tls = br_tls_context_new(&t->options);
    snprintf(t->e.base, sizeof(t->e.base), "https://localhost:%u", tls_server_port(t->server));
}

static void tls_env_deinit(tls_env *t)
{
    br_tls_context *context = t->e.config.tls;
    env_deinit(&t->e);
    br_tls_context_free(context);
    tls_server_stop(t->server);
}

static const tls_script keep_alive = {
    {STEP(TLS_SHAKE), STEP(TLS_REQUEST), STEP(TLS_SEND, .text = HELLO), STEP(TLS_AGAIN, .n = 1)}};

static void requests_share_a_connection(void **state)
{
    (void) state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        tls_env t;
        call c;
        tls_env_init(&t);
        t.server_options.max = version;
        tls_env_serve(&t, &keep_alive, 1);
        call_init(&c, &t.e, "GET", "/");
        for (int i = 0; i < 3; i++) {
            call_run(&c);
            assert_ok(&c, 200);
            assert_body(&c, "hello");
            const br_http_times *x = &c.response.times;
            assert_true(c.response.tls);
            assert_int_equal(c.response.tls_info.version - BR_TLS_1_2, version - TLS1_2_VERSION);
            assert_int_equal(c.response.reused, i > 0);
            assert_int_equal(x->tls_start == 0, i > 0);
            assert_true(i > 0 || (x->connect_start <= x->connect_end && x->connect_end <= x->tls_start &&
                                     x->tls_start < x->tls_end && x->tls_end <= x->sent));
        }
        assert_int_equal(tls_server_connections(t.server), 1);
        br_http_client_close_idle(t.e.client);
        const br_http_totals *totals = br_http_client_totals(t.e.client);
        assert_true(totals->sent_bytes > 300 && totals->received_bytes > 500); /* the handshake is in it */
        call_deinit(&c);
        tls_env_deinit(&t);
    }
}

/* What the client says it sent is what the server got, good-bye included. */
static void bytes_are_those_of_the_socket(void **state)
{
    (void) state;
    static const tls_script script = {
        {STEP(TLS_SHAKE), STEP(TLS_REQUEST), STEP(TLS_SEND, .text = HELLO), STEP(TLS_REQUEST)}};
    tls_env t;
    call c;
    tls_env_init(&t);
    t.e.config.no_reuse = true;
    tls_env_serve(&t, &script, 1);
    call_get(&c, &t.e, "/");
    assert_ok(&c, 200);
    uint64_t sent = br_http_client_totals(t.e.client)->sent_bytes;
    call_deinit(&c);
    for (int i = 0; i < 200 && tls_server_received(t.server) < sent; i++)
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    assert_int_equal(tls_server_received(t.server), sent);
    tls_env_deinit(&t);
}

static void schemes_do_not_share(void **state)
{
    (void) state;
    tls_env t;
    call c;
    char url[64];
    tls_env_init(&t);
    tls_env_serve(&t, &keep_alive, 1);
    call_get(&c, &t.e, "/");
    assert_ok(&c, 200);
    call_deinit(&c);
    snprintf(url, sizeof(url), "http://localhost:%u/", tls_server_port(t.server));
    call_to(&c, &t.e, "GET", url);
    call_run(&c); /* in clear to a port for TLS: the server is no match for it */
    assert_int_equal(tls_server_connections(t.server), 2);
    assert_true(c.response.error.code != BR_OK);
    assert_false(c.response.tls);
    call_deinit(&c);
    tls_env_deinit(&t);
}

#define FAILED "tls: failed to verify certificate: x509: "

static void failed_handshakes(void **state)
{
    (void) state;
    const struct {
        const test_cert *cert;
        br_code code;
        int k6_code;
        const char *text, *raw;
    } cases[] = {
        {&pki.unknown, BR_EUNKNOWNCA, 1310, "x509: unknown authority",
            FAILED "certificate signed by unknown authority"},
        {&pki.elsewhere, BR_EWRONGHOST, 1311, "x509: certificate doesn't match hostname",
            FAILED "certificate is valid for other.test, not localhost"},
        {&pki.wrong_use, BR_ETLS, 1300, FAILED "certificate specifies an incompatible key usage",
            FAILED "certificate specifies an incompatible key usage"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        tls_env t;
        call c;
        tls_env_init(&t);
        t.server_options.cert = cases[i].cert;
        tls_env_serve(&t, &keep_alive, 1);
        call_get(&c, &t.e, "/");
        assert_failed(&c, cases[i].code, cases[i].k6_code, cases[i].text);
        assert_string_equal(c.response.error.raw, cases[i].raw);
        assert_int_equal(c.response.status, 0);
        assert_true(c.response.times.connect_end > 0);
        call_deinit(&c);
        tls_env_deinit(&t);
    }
}

static void servers_without_tls(void **state)
{
    (void) state;
    static const struct {
        tls_script script;
        br_code code;
        int k6_code;
        const char *text, *raw;
    } cases[] = {
        {{{STEP(TLS_HELLO), STEP(TLS_RAW, .text = "HTTP/1.1 400 Bad Request\r\n\r\n")}}, BR_ENOTTLS, 1301,
            "tls: first record does not look like a TLS handshake",
            "http: server gave HTTP response to HTTPS client"},
        {{{STEP(TLS_HELLO), STEP(TLS_RAW, .text = "SSH-2.0\r\n"), STEP(TLS_WAIT)}}, BR_ENOTTLS, 1301,
            "tls: first record does not look like a TLS handshake",
            "tls: first record does not look like a TLS handshake"},
        {{{STEP(TLS_HELLO), STEP(TLS_END)}}, BR_EOF, 1000, "EOF", "EOF"},
        {{{STEP(TLS_FLIGHT, .n = 40)}}, BR_ETRUNCATED, 1000, "unexpected EOF", "unexpected EOF"},
        {{{STEP(TLS_HELLO), STEP(TLS_RESET)}}, BR_ERESET, 1220, "read: connection reset by peer", NULL},
        {{{STEP(TLS_HELLO), STEP(TLS_RAW, .text = "\x15\x03\x03", .n = 1), STEP(TLS_RAW, .text = "\x02\x02("),
             STEP(TLS_WAIT)}},
            BR_ETLSALERT, 1010, "remote error: tls: handshake failure",
            "remote error: tls: handshake failure"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        tls_env t;
        call c;
        tls_env_init(&t);
        tls_env_serve(&t, &cases[i].script, 1);
        call_get(&c, &t.e, "/");
        assert_failed(&c, cases[i].code, cases[i].k6_code, cases[i].text);
        if (cases[i].raw != NULL) assert_string_equal(c.response.error.raw, cases[i].raw);
        assert_int_equal(tls_server_connections(t.server), 1); /* not tried again */
        call_deinit(&c);
        tls_env_deinit(&t);
    }
}

/* Nothing, one byte in a while, or silence after the handshake: the time of the request ends it. */
static void stalls_meet_the_timeout(void **state)
{
    (void) state;
    static const tls_script scripts[] = {
        {{STEP(TLS_WAIT)}},
        {{STEP(TLS_FLIGHT, .n = 60), STEP(TLS_WAIT)}},
        {{STEP(TLS_DRIP, .ms = 20), STEP(TLS_SHAKE)}},
        {{STEP(TLS_SHAKE), STEP(TLS_WAIT)}},
    };
    for (size_t i = 0; i < BR_COUNT_OF(scripts); i++) {
        tls_env t;
        call c;
        tls_env_init(&t);
        tls_env_serve(&t, &scripts[i], 1);
        call_init(&c, &t.e, "GET", "/");
        c.request.timeout_ns = 100 * BR_MS;
        call_run(&c);
        assert_failed(&c, BR_ETIMEOUT, 1050, "request timeout");
        assert_true(c.response.times.end - c.response.times.start < 2 * BR_SEC);
        call_deinit(&c);
        tls_env_deinit(&t);
    }
}

static void endings_of_bodies(void **state)
{
    (void) state;
    static const struct {
        tls_script script;
        br_code code;
        int k6_code;
        const char *text;
    } cases[] = {
        /* The end of the connection is the end of the body; Go does not insist on a good-bye. */
        {{{STEP(TLS_SHAKE), STEP(TLS_REQUEST), STEP(TLS_SEND, .text = "HTTP/1.1 200 OK\r\n\r\nhello"),
             STEP(TLS_NOTIFY)}},
            BR_OK, 0, ""},
        {{{STEP(TLS_SHAKE), STEP(TLS_REQUEST), STEP(TLS_SEND, .text = "HTTP/1.1 200 OK\r\n\r\nhello")}},
            BR_OK, 0, ""},
        /* But inside a record it is none. */
        {{{STEP(TLS_SHAKE), STEP(TLS_REQUEST), STEP(TLS_SEND, .text = "HTTP/1.1 200 OK\r\n\r\nhello"),
             STEP(TLS_CUT, .text = " world", .n = 2)}},
            BR_ETRUNCATED, 1000, "unexpected EOF"},
        {{{STEP(TLS_SHAKE), STEP(TLS_REQUEST),
             STEP(TLS_SEND, .text = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"), STEP(TLS_NOTIFY)}},
            BR_EOF, 1000, "unexpected EOF"},
        {{{STEP(TLS_SHAKE), STEP(TLS_REQUEST), STEP(TLS_NOTIFY)}}, BR_EOF, 1000, "EOF"},
        {{{STEP(TLS_SHAKE), STEP(TLS_REQUEST),
             STEP(TLS_SEND, .text = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"),
             STEP(TLS_CORRUPT, .text = "more")}},
            BR_ETLSALERT, 1010, "local error: tls: bad record MAC"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        tls_env t;
        call c;
        tls_env_init(&t);
        tls_env_serve(&t, &cases[i].script, 1);
        call_get(&c, &t.e, "/");
        assert_failed(&c, cases[i].code, cases[i].k6_code, cases[i].text);
        if (cases[i].code == BR_OK) assert_body(&c, "hello");
        call_deinit(&c);
        tls_env_deinit(&t);
    }
}

/* The server closes a kept connection, with or without a good-bye: the next request takes a new one. */
static void kept_connections_that_end(void **state)
{
    (void) state;
    static const tls_script scripts[] = {
        {{STEP(TLS_SHAKE), STEP(TLS_REQUEST), STEP(TLS_SEND, .text = HELLO), STEP(TLS_REQUEST),
            STEP(TLS_END)}},
        {{STEP(TLS_SHAKE), STEP(TLS_REQUEST), STEP(TLS_SEND, .text = HELLO), STEP(TLS_REQUEST),
            STEP(TLS_NOTIFY)}},
    };
    for (size_t i = 0; i < BR_COUNT_OF(scripts); i++) {
        const tls_script both[] = {scripts[i], keep_alive};
        tls_env t;
        call c;
        tls_env_init(&t);
        tls_env_serve(&t, both, 2);
        call_init(&c, &t.e, "GET", "/");
        call_run(&c);
        call_run(&c);
        assert_ok(&c, 200);
        assert_false(c.response.reused);
        assert_int_equal(tls_server_connections(t.server), 2);
        call_deinit(&c);
        tls_env_deinit(&t);
    }
}

static void missing_client_certificate(void **state)
{
    (void) state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        tls_env t;
        call c;
        tls_env_init(&t);
        t.server_options.max = version;
        t.server_options.client_ca = &pki.ca;
        tls_env_serve(&t, &keep_alive, 1);
        call_get(&c, &t.e, "/");
        assert_failed(&c, BR_ETLSALERT, 1010,
            version == TLS1_2_VERSION ? "remote error: tls: handshake failure"
                                      : "remote error: tls: certificate required");
        call_deinit(&c);
        tls_env_deinit(&t);
    }
}

/* Large bodies both ways over one connection, and small requests on it afterwards. */
static void large_bodies(void **state)
{
    (void) state;
    static const tls_script script = {{STEP(TLS_SHAKE), STEP(TLS_REQUEST),
        STEP(TLS_SEND, .text = "HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n"),
        STEP(TLS_SEND, .n = 3000000), STEP(TLS_REQUEST), STEP(TLS_SEND, .text = HELLO)}};
    static const br_http_header length = {BR_STR_INIT("Content-Length"), BR_STR_INIT("8000000")};
    char *body = calloc(1, 8000000);
    tls_env t;
    call c;
    tls_env_init(&t);
    tls_env_serve(&t, &script, 1);
    call_init(&c, &t.e, "POST", "/");
    c.request.headers = &length;
    c.request.header_count = 1;
    c.request.body = (br_str){body, 8000000};
    call_run(&c);
    assert_ok(&c, 200);
    assert_int_equal(c.response.body.len, 3000000);
    assert_true(c.response.sent_bytes > 8000000 && c.response.received_bytes > 3000000);
    call_deinit(&c);
    call_get(&c, &t.e, "/");
    assert_ok(&c, 200);
    assert_true(c.response.reused);
    call_deinit(&c);
    tls_env_deinit(&t);
    free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_share_a_connection),
        cmocka_unit_test(bytes_are_those_of_the_socket),
        cmocka_unit_test(schemes_do_not_share),
        cmocka_unit_test(failed_handshakes),
        cmocka_unit_test(servers_without_tls),
        cmocka_unit_test(stalls_meet_the_timeout),
        cmocka_unit_test(endings_of_bodies),
        cmocka_unit_test(kept_connections_that_end),
        cmocka_unit_test(missing_client_certificate),
        cmocka_unit_test(large_bodies),
    };
    return cmocka_run_group_tests(tests, test_pki_make, test_pki_free);
}
