/* Options of TLS: what scripts may write, and the messages about what they may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "engine/options.h"
#include "support/tls_certs.h"

static br_err err;

static br_options *build(json_t *j)
{
    br_options *o = NULL;
    br_options_source source = {.what = "script", .json = j};
    err = (br_err){0};
    (void) br_options_build(&source, 1, &o, &err);
    json_decref(j);
    return o;
}

static br_options *built(const char *text)
{
    br_options *o = build(json_loads(text, 0, NULL));
    if (o == NULL) fail_msg("%s: %s", text, err.msg);
    return o;
}

static void assert_refused(const char *text, br_code code, const char *message)
{
    br_options *o = build(json_loads(text, 0, NULL));
    if (o != NULL || err.code != code || strcmp(err.msg, message) != 0)
        fail_msg("%s: %s \"%s\"", text, br_code_name(err.code), err.msg);
}

static void versions(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        br_tls_version min, max;
    } cases[] = {
        {"{}", BR_TLS_ANY, BR_TLS_ANY},
        {"{\"tlsVersion\": null}", BR_TLS_ANY, BR_TLS_ANY},
        {"{\"tlsVersion\": \"\"}", BR_TLS_ANY, BR_TLS_ANY},
        {"{\"tlsVersion\": \"tls1.2\"}", BR_TLS_1_2, BR_TLS_1_2},
        {"{\"tlsVersion\": {\"min\": \"tls1.0\"}}", BR_TLS_1_0, BR_TLS_ANY},
        {"{\"tlsVersion\": {\"max\": \"tls1.3\"}}", BR_TLS_ANY, BR_TLS_1_3},
        {"{\"tlsVersion\": {\"min\": \"tls1.1\", \"max\": \"tls1.2\"}}", BR_TLS_1_1, BR_TLS_1_2},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        br_options *o = built(cases[i].text);
        assert_int_equal(o->tls.min, cases[i].min);
        assert_int_equal(o->tls.max, cases[i].max);
        assert_true(o->tls.http2);
        assert_false(o->tls.resume || o->tls.insecure);
        br_options_free(o);
    }
    assert_refused("{\"tlsVersion\": \"tls1.5\"}", BR_ESYNTAX,
        "unknown TLS version 'tls1.5', use tls1.0, tls1.1, tls1.2 or tls1.3");
    assert_refused("{\"tlsVersion\": {\"min\": \"1.2\"}}", BR_ESYNTAX,
        "unknown TLS version '1.2', use tls1.0, tls1.1, tls1.2 or tls1.3");
    assert_refused("{\"tlsVersion\": {\"min\": \"tls1.3\", \"max\": \"tls1.2\"}}", BR_EINVAL,
        "tlsVersion: min (tls1.3) is above max (tls1.2)");
}

static void suites_and_trust(void **state)
{
    (void) state;
    br_options *o = built("{\"insecureSkipTLSVerify\": true, \"tlsCipherSuites\": "
                          "[\"TLS_RSA_WITH_AES_256_GCM_SHA384\", \"TLS_AES_128_GCM_SHA256\"]}");
    assert_true(o->tls.insecure);
    assert_int_equal(o->tls.cipher_count, 2);
    assert_true(br_str_is(o->tls.ciphers[1], "TLS_AES_128_GCM_SHA256"));
    br_options_free(o);
    assert_refused(
        "{\"tlsCipherSuites\": [\"AES128-SHA\"]}", BR_ESYNTAX, "unknown cipher suite 'AES128-SHA'");
    assert_refused("{\"tlsCipherSuites\": [\"TLS_RSA_WITH_RC4_128_SHA\"]}", BR_EINVAL,
        "none of the cipher suites in tlsCipherSuites is supported");
}

static void client_certificates(void **state)
{
    (void) state;
    test_cert c = test_cert_make(&(test_cert_spec){.name = "client", .client = true}, NULL);
    char *cert = test_cert_pem(&c), *key = test_key_pem_old(&c, "secret");
    br_options *o = build(json_pack("{s:[{s:s, s:s, s:s, s:[s, s]}]}", "tlsAuth", "cert", cert, "key", key,
        "password", "secret", "domains", "a.test", "*.b.test"));
    assert_non_null(o);
    assert_int_equal(o->tls.cert_count, 1);
    assert_int_equal(o->tls.certs[0].domain_count, 2);
    assert_true(br_str_is(o->tls.certs[0].domains[1], "*.b.test"));
    br_options_free(o);
    assert_null(build(json_pack("{s:[{s:s, s:s}]}", "tlsAuth", "cert", cert, "key", key)));
    assert_non_null(strstr(err.msg, "client certificate 1 cannot be used"));
    free(cert), free(key);
    test_cert_free(&c);
    assert_refused("{\"tlsAuth\": {}}", BR_EINVAL, "tlsAuth must be a list of objects");
    assert_refused("{\"tlsAuth\": [\"x\"]}", BR_EINVAL, "tlsAuth: each entry is an object with cert and key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions),
        cmocka_unit_test(suites_and_trust),
        cmocka_unit_test(client_certificates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
