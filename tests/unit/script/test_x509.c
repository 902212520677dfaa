/* k6/crypto/x509: certificates made with OpenSSL's own program. */
#include "env.h"

static const char rsa_pem[] = "-----BEGIN CERTIFICATE-----\\n"
                              "MIIDUzCCArygAwIBAgIUSP3tK6pcMfp24ixPapOaauB2VD8wDQYJKoZIhvcNAQEL\\n"
                              "BQAwgasxCzAJBgNVBAYTAkRFMQ4wDAYDVQQRDAUxMDExNTENMAsGA1UECAwETGFu\\n"
                              "ZDEOMAwGA1UEBwwFU3RhZHQxDjAMBgNVBAkMBVdlZyAxMQ4wDAYDVQQKDAVGaXJt\\n"
                              "YTENMAsGA1UECwwEZWluczENMAsGA1UECwwEendlaTEWMBQGA1UEAwwNcsOpc3Vt\\n"
                              "w6kudGVzdDEXMBUGCSqGSIb3DQEJARYIYUBiLnRlc3QwHhcNMjYxMTI2MTQyMzI3\\n"
                              "WhcNMzYxMTIzMTQyMzI3WjCBqzELMAkGA1UEBhMCREUxDjAMBgNVBBEMBTEwMTE1\\n"
                              "MQ0wCwYDVQQIDARMYW5kMQ4wDAYDVQQHDAVTdGFkdDEOMAwGA1UECQwFV2VnIDEx\\n"
                              "DjAMBgNVBAoMBUZpcm1hMQ0wCwYDVQQLDARlaW5zMQ0wCwYDVQQLDAR6d2VpMRYw\\n"
                              "FAYDVQQDDA1yw6lzdW3DqS50ZXN0MRcwFQYJKoZIhvcNAQkBFghhQGIudGVzdDCB\\n"
                              "nzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEAs2468ZwbdlhZKyEcoXLRgjRaUCL+\\n"
                              "KEfLvo0OQ044NwNly29IMDtvAmoCU/ulJx4/lgaKZ3eEw+dXlmEn7KrfKzE8Ade/\\n"
                              "lznYiab2rlEIk5tI7rVhdpoEJcGaFmrDV2PAscS7jo+f9Pw8zC2vOxB3YQKEcQ5j\\n"
                              "A518zYAdpx1izqcCAwEAAaNyMHAwTwYDVR0RBEgwRoYQaHR0cHM6Ly9hLnRlc3Qv\\n"
                              "eIcECgAAAYcQIAENuAAAAAAAAAAAAAAAAYEIeEB5LnRlc3SCBmEudGVzdIIIKi5i\\n"
                              "LnRlc3QwHQYDVR0OBBYEFKCSLhtbEJm6t0rclNsU9Sbc4L0qMA0GCSqGSIb3DQEB\\n"
                              "CwUAA4GBADLzcFkBBI9c/gjqX60KoaivTViI1hxn1tudFH60VGEEgr3M94hALGUx\\n"
                              "/uBCtFgJrmF3YxF2vdGhOLPR54HP84Dg0omcOSktJRP7x3tWp834p6trSvMu5T6Y\\n"
                              "mKlbjjTMJvZLIzDeh6bcGeZpQcVfN4DtOYU7A8yMF/30iMWCM+ZA\\n"
                              "-----END CERTIFICATE-----\\n";

static const char ec_pem[] = "-----BEGIN CERTIFICATE-----\\n"
                             "MIIBejCCAR+gAwIBAgIUer31jjbGPdOdxJf4lFv/pnk1pzwwCgYIKoZIzj0EAwMw\\n"
                             "EjEQMA4GA1UEAwwHZWMudGVzdDAeFw0yNjExMjYxNDIyMjhaFw0zNjExMjMxNDIy\\n"
                             "MjhaMBIxEDAOBgNVBAMMB2VjLnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\\n"
                             "AASZl/eG3LapIC9AtcLhuSNa7HZjjcO31/NbuK8T0Nwon54ukPR35+C4nmGxG+P4\\n"
                             "I4diQ+P17b4Qnux/mQXcC015o1MwUTAdBgNVHQ4EFgQUaaJd1UbfeFRvw4beBjBa\\n"
                             "6faQrJUwHwYDVR0jBBgwFoAUaaJd1UbfeFRvw4beBjBa6faQrJUwDwYDVR0TAQH/\\n"
                             "BAUwAwEB/zAKBggqhkjOPQQDAwNJADBGAiEAhKxM8kr3mLy7ksOCNEwFoXRQs8uB\\n"
                             "siXox9T7C2MotMUCIQCkwfhX1k7kDkgVC9fJLMV3BGhB53S4ZLY85vtnN+Y4FQ==\\n"
                             "-----END CERTIFICATE-----\\n";

static const char ed25519_pem[] = "-----BEGIN CERTIFICATE-----\\n"
                                  "MIIBODCB66ADAgECAhR7l5E/yAcq5Jr8uEhQ8iv+0wD8QTAFBgMrZXAwEjEQMA4G\\n"
                                  "A1UEAwwHZWQudGVzdDAeFw0yNjExMjYxNDIyMjhaFw0zNjExMjMxNDIyMjhaMBIx\\n"
                                  "EDAOBgNVBAMMB2VkLnRlc3QwKjAFBgMrZXADIQCM65ratK4IpxQ3GBEodDN3Jv7y\\n"
                                  "Yh8ICbVUXFQeR3EymqNTMFEwHQYDVR0OBBYEFKcl1Q1EgTabx3nVIjbRu8WlaC+T\\n"
                                  "MB8GA1UdIwQYMBaAFKcl1Q1EgTabx3nVIjbRu8WlaC+TMA8GA1UdEwEB/wQFMAMB\\n"
                                  "Af8wBQYDK2VwA0EALHIva1Tgz0gxrcA1xnxaN0tCcgLb65gQycy/G2EDO1EDLtJ7\\n"
                                  "GGR3SW1GQUvjbxevrVuj/58uX/il7edhxqY6DA==\\n"
                                  "-----END CERTIFICATE-----\\n";

/* Runs the body with the certificates as constants and compares what it gives, as JSON with sorted keys. */
static void assert_x509(const char *body, const char *json)
{
    world w;
    world_init(&w, NULL, 0);
    br_buf source;
    br_buf_init(&source, 1 << 20);
    (void) br_buf_printf(&source,
        "import x509, { parse, getAltNames, getIssuer, getSubject } from 'k6/crypto/x509';\n"
        "const rsa = '%s', ec = '%s', ed = '%s';\n"
        "const fails = (f) => { try { f(); return 'no error' } catch (e) { return e.message } };\n"
        "export default function () { %s }",
        rsa_pem, ec_pem, ed25519_pem, body);
    world_open(&w, source.data);
    br_buf_deinit(&source);
    br_code code = world_call(&w, w.vu, "default", NULL);
    if (code != BR_OK) fail_msg("%s", w.err.msg);
    assert_string_equal(w.json, json);
    world_deinit(&w);
}

static void a_certificate_has_k6_s_fields(void **state)
{
    (void) state;
    assert_x509(
        "const c = parse(rsa), k = c.publicKey.key; delete c.publicKey.key; return [Object.keys(c), c, typeof k.n, k.n.toString(16), k.e]",
        "[[\"subject\",\"issuer\",\"notBefore\",\"notAfter\",\"altNames\",\"signatureAlgorithm\",\"fingerPrint\",\"publicKey\"],"
        "{\"altNames\":[\"a.test\",\"*.b.test\",\"x@y.test\",\"10.0.0.1\",\"2001:db8::1\",\"https://a.test/x\"],"
        "\"fingerPrint\":[3,23,248,245,51,173,15,177,201,170,197,103,69,101,132,7,93,33,35,155],"
        "\"issuer\":{\"commonName\":\"résumé.test\",\"country\":\"DE\",\"localityName\":\"Stadt\",\"names\":[{\"type\":\"2.5.4.6\",\"value\":\"DE\"},{\"type\":\"2.5.4.17\",\"value\":\"10115\"},{\"type\":\"2.5.4.8\",\"value\":\"Land\"},{\"type\":\"2.5.4.7\",\"value\":\"Stadt\"},{\"type\":\"2.5.4.9\",\"value\":\"Weg 1\"},{\"type\":\"2.5.4.10\",\"value\":\"Firma\"},{\"type\":\"2.5.4.11\",\"value\":\"eins\"},{\"type\":\"2.5.4.11\",\"value\":\"zwei\"},{\"type\":\"2.5.4.3\",\"value\":\"résumé.test\"},{\"type\":\"1.2.840.113549.1.9.1\",\"value\":\"a@b.test\"}],\"organizationName\":\"Firma\",\"stateOrProvinceName\":\"Land\"},"
        "\"notAfter\":\"2036-11-23T14:23:27Z\",\"notBefore\":\"2026-11-26T14:23:27Z\",\"publicKey\":{\"algorithm\":\"RSA\"},\"signatureAlgorithm\":\"SHA256-RSA\","
        "\"subject\":{\"commonName\":\"résumé.test\",\"country\":\"DE\",\"localityName\":\"Stadt\",\"names\":[{\"type\":\"2.5.4.6\",\"value\":\"DE\"},{\"type\":\"2.5.4.17\",\"value\":\"10115\"},{\"type\":\"2.5.4.8\",\"value\":\"Land\"},{\"type\":\"2.5.4.7\",\"value\":\"Stadt\"},{\"type\":\"2.5.4.9\",\"value\":\"Weg 1\"},{\"type\":\"2.5.4.10\",\"value\":\"Firma\"},{\"type\":\"2.5.4.11\",\"value\":\"eins\"},{\"type\":\"2.5.4.11\",\"value\":\"zwei\"},{\"type\":\"2.5.4.3\",\"value\":\"résumé.test\"},{\"type\":\"1.2.840.113549.1.9.1\",\"value\":\"a@b.test\"}],\"organizationName\":\"Firma\","
        "\"organizationalUnitName\":[\"eins\",\"zwei\"],\"postalCode\":\"10115\",\"stateOrProvinceName\":\"Land\",\"streetAddress\":\"Weg 1\"}},"
        "\"bigint\",\"b36e3af19c1b7658592b211ca172d182345a5022fe2847cbbe8d0e434e38370365cb6f48303b6f026a0253fba5271e3f96068a677784c3e757966127ecaadf2b313c01d7bf9739d889a6f6ae5108939b48eeb561769a0425c19a166ac35763c0b1c4bb8e8f9ff4fc3ccc2daf3b1077610284710e63039d7ccd801da71d62cea7\",65537]");
}

static void parts_are_given_alone(void **state)
{
    (void) state;
    assert_x509(
        "const p = parse(ec); return [getAltNames(rsa).length, getAltNames(ec), getSubject(rsa).postalCode, getIssuer(rsa).postalCode === undefined, getSubject(ed).commonName,\n"
        "p.publicKey.algorithm, p.publicKey.key.curve, p.publicKey.key.x.toString(16).padStart(64, '0'), p.signatureAlgorithm, p.subject.organizationalUnitName, p.subject.names, p.subject.country]",
        "[6,[],\"10115\",true,\"ed.test\",\"ECDSA\",\"P-256\",\"9997f786dcb6a9202f40b5c2e1b9235aec76638dc3b7d7f35bb8af13d0dc289f\",\"ECDSA-SHA384\",[],[{\"type\":\"2.5.4.3\",\"value\":\"ec.test\"}],\"\"]");
}

static void what_is_no_certificate_is_refused(void **state)
{
    (void) state;
    assert_x509(
        "const der = rsa.split('\\n').slice(1, -2).join('');\n"
        "const block = (type, text) => '-----BEGIN ' + type + '-----\\n' + text.replace(/(.{64})/g, '$1\\n') + '\\n-----END ' + type + '-----\\n';\n"
        "return [fails(() => parse('')), fails(() => parse('nonsense')), fails(() => parse()), fails(() => parse(ed)), fails(() => parse(block('CERTIFICATE', der.slice(0, 400)))),\n"
        "  fails(() => getSubject(block('CERTIFICATE', 'AAAA'))), fails(() => getIssuer(block('RSA PRIVATE KEY', der))), fails(() => getAltNames(rsa.replace('END', 'ENDE'))), fails(() => parse(new ArrayBuffer(0))),\n"
        "  x509.getSubject(new TextEncoder().encode('before\\n' + rsa + 'after')).country]",
        "[\"failed to decode certificate PEM file\",\"failed to decode certificate PEM file\",\"failed to decode certificate PEM file\",\"unsupported public key algorithm\","
        "\"failed to parse certificate: x509: malformed certificate\",\"failed to parse certificate: x509: malformed certificate\",\"no error\",\"failed to decode certificate PEM file\","
        "\"failed to decode certificate PEM file\",\"DE\"]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_has_k6_s_fields),
        cmocka_unit_test(parts_are_given_alone),
        cmocka_unit_test(what_is_no_certificate_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
