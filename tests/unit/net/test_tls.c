/* net/tls.h: what a handshake agrees on: versions, suites, names, protocols, certificates, sessions, OCSP. */
#include "tls_peer.h"
#include <openssl/ocsp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Handshake, request, answer, good-bye. */
static const tls_script hello = {
    {STEP(TLS_SHAKE), STEP(TLS_REQUEST), STEP(TLS_SEND, .text = "hello"), STEP(TLS_NOTIFY), STEP(TLS_WAIT)}};

static void run(peer *p)
{
    p->send = A_REQUEST;
    peer_run(p);
}

/* Runs the good script and expects it to go well. */
static void run_well(peer *p)
{
    run(p);
    assert_closed(p, BR_EOF, BR_STREAM_READ, "");
    assert_string_equal(p->last, "hello");
    assert_int_equal(p->opened, 1);
}

static void versions(void **state)
{
    (void) state;
    static const struct {
        int server_min, server_max;
        br_tls_version min, max, want;
    } cases[] = {
        {0, 0, BR_TLS_ANY, BR_TLS_ANY, BR_TLS_1_3},
        {0, TLS1_2_VERSION, BR_TLS_ANY, BR_TLS_ANY, BR_TLS_1_2},
        {0, 0, BR_TLS_1_2, BR_TLS_1_2, BR_TLS_1_2},
        {0, 0, BR_TLS_1_3, BR_TLS_1_3, BR_TLS_1_3},
        {0, 0, BR_TLS_1_0, BR_TLS_1_1, BR_TLS_1_1},
        {0, TLS1_VERSION, BR_TLS_1_0, BR_TLS_ANY, BR_TLS_1_0},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        peer p;
        peer_init(&p);
        p.server_options.min = cases[i].server_min;
        p.server_options.max = cases[i].server_max;
        p.options.min = cases[i].min;
        p.options.max = cases[i].max;
        peer_serve(&p, &hello, 1);
        run_well(&p);
        assert_int_equal(p.tls.info.version, cases[i].want);
        assert_true(p.tls.started > 0 && p.tls.finished > p.tls.started);
        peer_deinit(&p);
    }
    assert_string_equal(br_tls_version_name(BR_TLS_1_3), "tls1.3");
    assert_int_equal(br_tls_version_of(BR_STR("tls1.1")), BR_TLS_1_1);
    assert_int_equal(br_tls_version_of(BR_STR("tls1.4")), BR_TLS_ANY);
}

static void no_version_in_common(void **state)
{
    (void) state;
    peer p;
    peer_init(&p);
    p.server_options.max = TLS1_1_VERSION;
    peer_serve(&p, &hello, 1);
    run(&p);
    assert_closed(&p, BR_ETLSALERT, BR_STREAM_HANDSHAKE, "remote error: tls: protocol version not supported");
    peer_deinit(&p);

    peer_init(&p);
    p.options.max = BR_TLS_1_1; /* the least is 1.2 by default */
    peer_serve(&p, &hello, 1);
    run(&p);
    assert_closed(
        &p, BR_ETLS, BR_STREAM_HANDSHAKE, "tls: no supported versions satisfy MinVersion and MaxVersion");
    peer_deinit(&p);
}

static void suites(void **state)
{
    (void) state;
    static const br_str chosen[] = {BR_STR_INIT("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
        BR_STR_INIT("TLS_AES_128_GCM_SHA256"), BR_STR_INIT("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
        BR_STR_INIT("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305")};
    peer p;
    peer_init(&p);
    p.options.max = BR_TLS_1_2;
    peer_serve(&p, &hello, 1);
    run_well(&p); /* Go's own choice, in Go's order */
    assert_string_equal(p.tls.info.cipher, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
    assert_string_equal(tls_server_seen(p.server).ciphers,
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 "
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 "
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 "
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA "
        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA");
    peer_deinit(&p);

    peer_init(&p);
    p.options.max = BR_TLS_1_2;
    p.options.ciphers = chosen;
    p.options.cipher_count = BR_COUNT_OF(chosen);
    assert_int_equal(br_tls_options_check(&p.options, NULL), BR_OK);
    peer_serve(&p, &hello, 1);
    run_well(&p);
    assert_string_equal(p.tls.info.cipher, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
    assert_string_equal(tls_server_seen(p.server).ciphers,
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 "
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA");
    peer_deinit(&p);
}

/* The choice is for TLS 1.2 and below. */
static void suites_of_tls_1_3(void **state)
{
    (void) state;
    static const br_str only[] = {BR_STR_INIT("TLS_AES_256_GCM_SHA384")};
    static const br_str weak[] = {BR_STR_INIT("TLS_RSA_WITH_RC4_128_SHA")};
    peer p;
    peer_init(&p);
    p.options.ciphers = only;
    p.options.cipher_count = 1;
    peer_serve(&p, &hello, 1);
    run_well(&p);
    assert_string_equal(p.tls.info.cipher, "TLS_AES_128_GCM_SHA256");
    assert_string_equal(tls_server_seen(p.server).ciphers,
        "TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256");
    peer_deinit(&p);

    br_err err;
    br_tls_options o = {.ciphers = weak, .cipher_count = 1};
    assert_int_equal(br_tls_options_check(&o, &err), BR_EINVAL);
    assert_string_equal(err.msg, "none of the cipher suites in tlsCipherSuites is supported");
    assert_true(br_tls_cipher_known(weak[0]));
    assert_false(br_tls_cipher_known(BR_STR("TLS_NULL_WITH_NOTHING")));
}

static void no_suite_in_common(void **state)
{
    (void) state;
    static const br_str only[] = {BR_STR_INIT("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")};
    peer p;
    peer_init(&p);
    p.server_options.max = TLS1_2_VERSION;
    p.server_options.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";
    p.options.ciphers = only;
    p.options.cipher_count = 1;
    peer_serve(&p, &hello, 1);
    run(&p);
    assert_closed(&p, BR_ETLSALERT, BR_STREAM_HANDSHAKE, "remote error: tls: handshake failure");
    peer_deinit(&p);
}

static void names_and_protocols(void **state)
{
    (void) state;
    static const struct {
        const char *host, *name, *protocol;
        bool offer_h2, h2;
        const char *offered;
    } cases[] = {
        {"localhost", "localhost", "h2", true, true, "h2,http/1.1"},
        {"localhost.", "localhost", "http/1.1", true, false, "h2,http/1.1"},
        {"a.wild.test", "a.wild.test", NULL, true, false, "h2,http/1.1"},
        {"127.0.0.1", "", "h2", false, false, "http/1.1"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        peer p;
        peer_init(&p);
        p.host = cases[i].host;
        p.server_options.protocol = cases[i].protocol;
        p.options.http2 = cases[i].offer_h2;
        peer_serve(&p, &hello, 1);
        run_well(&p);
        tls_seen seen = tls_server_seen(p.server);
        assert_string_equal(seen.name, cases[i].name);
        assert_string_equal(seen.protocols, cases[i].offered);
        assert_int_equal(p.tls.info.h2, cases[i].h2);
        peer_deinit(&p);
    }
}

/* Verification -------------------------------------------------------------------------------------- */

#define FAILED "tls: failed to verify certificate: x509: "

static void certificates_in_order(void **state)
{
    (void) state;
    const struct {
        const test_cert *cert, *chain;
    } cases[] = {{&pki.good, NULL}, {&pki.rsa, NULL}, {&pki.below, &pki.sub_ca}};
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        peer p;
        peer_init(&p);
        p.server_options.cert = cases[i].cert;
        p.server_options.chain = cases[i].chain;
        peer_serve(&p, &hello, 1);
        run_well(&p);
        peer_deinit(&p);
    }
}

static void refused_certificates(void **state)
{
    (void) state;
    const struct {
        const test_cert *cert;
        const char *host;
        br_code code;
        const char *error;
    } cases[] = {
        {&pki.unknown, "localhost", BR_EUNKNOWNCA, FAILED "certificate signed by unknown authority"},
        {&pki.below, "localhost", BR_EUNKNOWNCA, FAILED "certificate signed by unknown authority"},
        {&pki.elsewhere, "localhost", BR_EWRONGHOST,
            FAILED "certificate is valid for other.test, not localhost"},
        {&pki.good, "a.b.wild.test", BR_EWRONGHOST,
            FAILED "certificate is valid for localhost, *.wild.test, not a.b.wild.test"},
        {&pki.elsewhere, "127.0.0.1", BR_EWRONGHOST,
            FAILED "certificate is valid for 192.0.2.1, not 127.0.0.1"},
        {&pki.nameless, "127.0.0.1", BR_EWRONGHOST,
            FAILED "cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs"},
        {&pki.nameless, "localhost", BR_EWRONGHOST,
            FAILED "certificate is not valid for any names, but wanted to match localhost"},
        {&pki.common_name, "localhost", BR_EWRONGHOST,
            FAILED "certificate relies on legacy Common Name field, use SANs instead"},
        {&pki.wrong_use, "localhost", BR_ETLS, FAILED "certificate specifies an incompatible key usage"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        peer p;
        peer_init(&p);
        p.server_options.cert = cases[i].cert;
        p.host = cases[i].host;
        peer_serve(&p, &hello, 1);
        run(&p);
        assert_closed(&p, cases[i].code, BR_STREAM_HANDSHAKE, cases[i].error);
        assert_int_equal(p.opened, 0);
        peer_deinit(&p);
    }
}

static void out_of_time(void **state)
{
    (void) state;
    const struct {
        const test_cert *cert, *chain;
        br_code code;
        const char *begin, *end;
    } cases[] = {
        {&pki.expired, NULL, BR_ETLS, FAILED "certificate has expired or is not yet valid: current time 20",
            "Z"},
        {&pki.early, NULL, BR_ETLS, FAILED "certificate has expired or is not yet valid: current time 20",
            "Z"},
        {&pki.below_late, &pki.late_ca, BR_EUNKNOWNCA,
            FAILED "certificate signed by unknown authority (possibly because of \"x509: certificate has "
                   "expired or is not yet valid: current time 20",
            "Z\" while trying to verify candidate authority certificate \"Late CA\")"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        peer p;
        peer_init(&p);
        p.server_options.cert = cases[i].cert;
        p.server_options.chain = cases[i].chain;
        peer_serve(&p, &hello, 1);
        run(&p);
        assert_int_equal(p.code, cases[i].code);
        br_str error = br_str_of(p.error);
        if (!br_str_starts(error, br_str_of(cases[i].begin)) ||
            !br_str_ends(error, br_str_of(cases[i].end)) ||
            strstr(p.error, i == 1 ? " is before 20" : " is after 20") == NULL)
            fail_msg("%s", p.error);
        peer_deinit(&p);
    }
}

static void anything_goes_when_insecure(void **state)
{
    (void) state;
    const test_cert *certs[] = {
        &pki.unknown, &pki.expired, &pki.elsewhere, &pki.nameless, &pki.wrong_use, &pki.below};
    for (size_t i = 0; i < BR_COUNT_OF(certs); i++) {
        peer p;
        peer_init(&p);
        p.options.insecure = true;
        p.options.ca_file = NULL;
        p.server_options.cert = certs[i];
        peer_serve(&p, &hello, 1);
        run_well(&p);
        peer_deinit(&p);
    }
}

/* An authority below, trusted by itself, and a certificate that is trusted itself: fine for Go. */
static void trust_in_what_is_no_root(void **state)
{
    (void) state;
    const test_cert *trusted[] = {&pki.sub_ca, &pki.below};
    for (size_t i = 0; i < BR_COUNT_OF(trusted); i++) {
        char path[64], *pem = test_cert_pem(trusted[i]);
        test_write_file(pem, path);
        free(pem);
        peer p;
        peer_init(&p);
        p.server_options.cert = &pki.below;
        p.options.ca_file = path;
        peer_serve(&p, &hello, 1);
        run_well(&p);
        peer_deinit(&p);
        unlink(path);
    }
}

/* SSL_CERT_FILE and SSL_CERT_DIR, whose files may have any names. */
static void trust_of_the_environment(void **state)
{
    (void) state;
    char folder[] = "/tmp/brunt-test-XXXXXX", path[80], *pem = test_cert_pem(&pki.ca);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/any name", folder);
    FILE *f = fopen(path, "we");
    fputs(pem, f);
    fclose(f);
    free(pem);
    for (int i = 0; i < 3; i++) {
        if (i == 0) setenv("SSL_CERT_FILE", pki.ca_path, 1);
        if (i == 1) setenv("SSL_CERT_DIR", folder, 1);
        peer p;
        peer_init(&p);
        p.options.ca_file = NULL;
        peer_serve(&p, &hello, 1);
        if (i < 2) {
            run_well(&p);
        } else {
            run(&p);
            assert_closed(
                &p, BR_EUNKNOWNCA, BR_STREAM_HANDSHAKE, FAILED "certificate signed by unknown authority");
        }
        peer_deinit(&p);
        unsetenv("SSL_CERT_FILE");
        unsetenv("SSL_CERT_DIR");
    }
    unlink(path);
    rmdir(folder);
}

/* Client certificates ------------------------------------------------------------------------------- */

static const br_str one_domain[] = {BR_STR_INIT("*.wild.test")};

static void client_certificates(void **state)
{
    (void) state;
    static const struct {
        int version;
        const char *host;
        size_t count;       /* of certificates given */
        bool with_domains;  /* the second one, of client one, is for *.wild.test */
        const char *client; /* seen by the server */
    } cases[] = {
        {TLS1_3_VERSION, "localhost", 2, false, "client one"}, /* the first is of no use to the server */
        {TLS1_2_VERSION, "localhost", 2, false, "client one"},
        {TLS1_3_VERSION, "a.wild.test", 2, true, "client one"}, {TLS1_2_VERSION, "localhost", 0, false, ""},
        {TLS1_3_VERSION, "localhost", 1, false, ""}, /* not one that the server asks for */
    };
    char *one = test_cert_pem(&pki.client), *two = test_cert_pem(&pki.other_client);
    char *one_key = test_key_pem(&pki.client, NULL), *two_key = test_key_pem_old(&pki.other_client, "secret");
    br_tls_client_cert certs[] = {
        {.cert = br_str_of(two), .key = br_str_of(two_key), .password = BR_STR("secret")},
        {.cert = br_str_of(one), .key = br_str_of(one_key)}};
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        peer p;
        peer_init(&p);
        certs[1].domains = one_domain;
        certs[1].domain_count = cases[i].with_domains;
        p.host = cases[i].host;
        p.options.certs = certs;
        p.options.cert_count = cases[i].count;
        p.server_options.max = cases[i].version;
        p.server_options.client_ca = &pki.ca;
        p.server_options.client_optional = cases[i].client[0] == 0;
        assert_int_equal(br_tls_options_check(&p.options, NULL), BR_OK);
        peer_serve(&p, &hello, 1);
        run_well(&p);
        assert_string_equal(tls_server_seen(p.server).client, cases[i].client);
        peer_deinit(&p);
    }
    free(one), free(two), free(one_key), free(two_key);
}

static void domains_decide_between_certificates(void **state)
{
    (void) state;
    test_cert second = test_cert_make(&(test_cert_spec){.name = "client three", .client = true}, &pki.ca);
    char *one = test_cert_pem(&pki.client), *three = test_cert_pem(&second);
    char *one_key = test_key_pem(&pki.client, NULL), *three_key = test_key_pem(&second, "p");
    const br_tls_client_cert certs[] = {
        {.cert = br_str_of(one), .key = br_str_of(one_key)}, {.cert = br_str_of(three),
                                                                 .key = br_str_of(three_key),
                                                                 .password = BR_STR("p"),
                                                                 .domains = one_domain,
                                                                 .domain_count = 1}};
    static const struct {
        const char *host, *client;
    } cases[] = {{"localhost", "client one"}, {"A.Wild.test", "client three"}};
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        peer p;
        peer_init(&p);
        p.host = cases[i].host;
        p.options.certs = certs;
        p.options.cert_count = 2;
        p.server_options.client_ca = &pki.ca;
        peer_serve(&p, &hello, 1);
        run_well(&p);
        assert_string_equal(tls_server_seen(p.server).client, cases[i].client);
        peer_deinit(&p);
    }
    free(one), free(three), free(one_key), free(three_key);
    test_cert_free(&second);
}

/* With TLS 1.3 the server's answer comes when the client believes that all is well. */
static void missing_client_certificate(void **state)
{
    (void) state;
    static const struct {
        int version;
        br_stream_op op;
        const char *error;
    } cases[] = {
        {TLS1_2_VERSION, BR_STREAM_HANDSHAKE, "remote error: tls: handshake failure"},
        {TLS1_3_VERSION, BR_STREAM_READ, "remote error: tls: certificate required"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        peer p;
        peer_init(&p);
        p.server_options.max = cases[i].version;
        p.server_options.client_ca = &pki.ca;
        peer_serve(&p, &hello, 1);
        run(&p);
        assert_closed(&p, BR_ETLSALERT, cases[i].op, cases[i].error);
        peer_deinit(&p);
    }
}

static void bad_client_certificates(void **state)
{
    (void) state;
    char *one = test_cert_pem(&pki.client), *key = test_key_pem(&pki.client, "secret"),
         *other = test_key_pem(&pki.other_client, NULL);
    const br_tls_client_cert bad[] = {
        {.cert = br_str_of(one), .key = br_str_of(key), .password = BR_STR("wrong")},
        {.cert = br_str_of(one), .key = br_str_of(key)},
        {.cert = br_str_of(one), .key = br_str_of(other)},
        {.cert = br_str_of(key), .key = br_str_of(key), .password = BR_STR("secret")},
        {.cert = BR_STR("nothing"), .key = BR_STR("")},
    };
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        br_err err;
        br_tls_options o = {.certs = &bad[i], .cert_count = 1};
        assert_int_equal(br_tls_options_check(&o, &err), BR_EINVAL);
        assert_non_null(strstr(err.msg, "client certificate 1 cannot be used"));
    }
    free(one), free(key), free(other);
}

static void bad_files(void **state)
{
    (void) state;
    char path[64];
    test_write_file("no certificate", path);
    br_err err;
    br_tls_options o = {.ca_file = path};
    assert_int_equal(br_tls_options_check(&o, &err), BR_EINVAL);
    assert_non_null(strstr(err.msg, "no certificate authorities in PEM"));
    unlink(path);
    o = (br_tls_options){.key_log = "/nowhere/at/all"};
    assert_int_equal(br_tls_options_check(&o, &err), BR_EINVAL);
    assert_non_null(strstr(err.msg, "No such file"));

    peer p; /* it may vanish after the check */
    peer_init(&p);
    p.options.ca_file = path;
    peer_serve(&p, &hello, 1);
    run(&p);
    assert_closed(
        &p, BR_ETLS, BR_STREAM_HANDSHAKE, "tls: the file of certificate authorities cannot be read");
    peer_deinit(&p);
}

/* Sessions, secrets, OCSP ----------------------------------------------------------------------------- */

static void sessions(void **state)
{
    (void) state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (int i = 0; i < 4; i++) {
        bool resume = i < 2;
        peer p;
        peer_init(&p);
        p.options.resume = resume;
        p.server_options.max = versions[i % 2];
        peer_serve(&p, &hello, 1);
        for (int round = 0; round < 3; round++) {
            run_well(&p);
            if (p.tls.info.resumed != (resume && round > 0)) fail_msg("case %d round %d", i, round);
            assert_int_equal(tls_server_seen(p.server).resumed, resume && round > 0);
            peer_close(&p);
        }
        p.host = "b.wild.test"; /* not with another host */
        run_well(&p);
        assert_false(p.tls.info.resumed);
        peer_deinit(&p);
    }
}

static void secrets_are_logged(void **state)
{
    (void) state;
    char path[64], text[4096] = "";
    test_write_file("# before\n", path);
    peer p;
    peer_init(&p);
    p.options.key_log = path;
    assert_int_equal(br_tls_options_check(&p.options, NULL), BR_OK);
    peer_serve(&p, &hello, 1);
    run_well(&p);
    peer_deinit(&p);
    FILE *f = fopen(path, "re");
    assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
    fclose(f);
    unlink(path);
    assert_true(br_str_starts(br_str_of(text), BR_STR("# before\n")));
    assert_non_null(strstr(text, "CLIENT_TRAFFIC_SECRET_0 "));
}

static void stapled_answers(void **state)
{
    (void) state;
    static const struct {
        test_ocsp_spec spec;
        br_tls_ocsp want; /* times: only whether there is one */
    } cases[] = {
        {{.status = V_OCSP_CERTSTATUS_GOOD}, {"good", "unspecified", 1, 1, 1, 0}},
        {{.status = V_OCSP_CERTSTATUS_REVOKED, .reason = OCSP_REVOKED_STATUS_KEYCOMPROMISE, .revoked = 1.6e9},
            {"revoked", "key_compromise", 1, 1, 1, 1600000000}},
        {{.status = V_OCSP_CERTSTATUS_REVOKED, .reason = OCSP_REVOKED_STATUS_NOSTATUS, .revoked = 1.6e9},
            {"revoked", "unspecified", 1, 1, 1, 1600000000}},
        {{.status = V_OCSP_CERTSTATUS_UNKNOWN}, {"unknown", "unspecified", 1, 1, 1, 0}},
        {{.try_later = true}, {"server_failed", "", 0, 0, 0, 0}},
    };
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
            peer p;
            peer_init(&p);
            p.server_options.max = version;
            unsigned char *staple = test_ocsp_make(
                &cases[i].spec, &pki.good, &pki.ca, &p.server_options.staple_n);
            p.server_options.staple = staple;
            peer_serve(&p, &hello, 1);
            run_well(&p);
            const br_tls_ocsp *got = &p.tls.info.ocsp, *want = &cases[i].want;
            assert_string_equal(got->status, want->status);
            assert_string_equal(got->revocation_reason, want->revocation_reason);
            assert_int_equal(got->revoked_at, want->revoked_at);
            assert_int_equal(got->produced_at != 0, want->produced_at);
            assert_int_equal(got->this_update != 0, want->this_update);
            assert_int_equal(got->next_update - got->this_update, want->next_update * 3600);
            peer_deinit(&p);
            OPENSSL_free(staple);
        }
    }
}

static void no_or_senseless_staple(void **state)
{
    (void) state;
    static const unsigned char nonsense[] = "\x30\x03\x0a\x01";
    for (int i = 0; i < 2; i++) {
        peer p;
        peer_init(&p);
        p.server_options.staple = i == 0 ? NULL : nonsense;
        p.server_options.staple_n = sizeof(nonsense) - 1;
        peer_serve(&p, &hello, 1);
        run_well(&p);
        assert_string_equal(p.tls.info.ocsp.status, "unknown");
        assert_string_equal(p.tls.info.ocsp.revocation_reason, "");
        assert_int_equal(p.tls.info.ocsp.produced_at, 0);
        peer_deinit(&p);
    }
}

int main(void)
{
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions),
        cmocka_unit_test(no_version_in_common),
        cmocka_unit_test(suites),
        cmocka_unit_test(suites_of_tls_1_3),
        cmocka_unit_test(no_suite_in_common),
        cmocka_unit_test(names_and_protocols),
        cmocka_unit_test(certificates_in_order),
        cmocka_unit_test(refused_certificates),
        cmocka_unit_test(out_of_time),
        cmocka_unit_test(anything_goes_when_insecure),
        cmocka_unit_test(trust_in_what_is_no_root),
        cmocka_unit_test(trust_of_the_environment),
        cmocka_unit_test(client_certificates),
        cmocka_unit_test(domains_decide_between_certificates),
        cmocka_unit_test(missing_client_certificate),
        cmocka_unit_test(bad_client_certificates),
        cmocka_unit_test(bad_files),
        cmocka_unit_test(sessions),
        cmocka_unit_test(secrets_are_logged),
        cmocka_unit_test(stapled_answers),
        cmocka_unit_test(no_or_senseless_staple),
    };
    return cmocka_run_group_tests(tests, test_pki_make, test_pki_free);
}
