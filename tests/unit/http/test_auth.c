/* Challenges and their answers, against published vectors: RFC 2617, RFC 7616, [MS-NLMP] section 4.2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "codec/credentials.h"
#include "http/auth_int.h"
#include "http/ntlm_int.h"

static br_arena arena;

static int setup(void **state)
{
    (void) state;
    br_arena_init(&arena, 1024);
    return 0;
}

static int teardown(void **state)
{
    (void) state;
    br_arena_deinit(&arena);
    return 0;
}

static void assert_text(br_str got, const char *want)
{
    if (!br_str_is(got, want)) fail_msg("got  " BR_FMT "\nwant %s", BR_ARG(got), want);
}

/* Basic ------------------------------------------------------------------------------------------ */

static void makes_basic_fields(void **state)
{
    (void) state;
    br_str user, password;
    br_credentials_split(&arena, BR_STR("Aladdin:open%20sesame"), &user, &password);
    assert_text(br_credentials_basic_of(&arena, BR_STR("Aladdin:open%20sesame")),
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="); /* RFC 7617 */
    br_credentials_split(&arena, BR_STR("only"), &user, &password);
    assert_text(user, "only");
    assert_text(password, "");
    br_credentials_split(&arena, BR_STR("a:b:c%"), &user, &password);
    assert_text(password, "b:c%");
    assert_true(br_http_basic_read(&arena, BR_STR("basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), &user, &password));
    assert_text(user, "Aladdin");
    assert_text(password, "open sesame");
    assert_false(br_http_basic_read(&arena, BR_STR("Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), &user, &password));
    assert_false(br_http_basic_read(&arena, BR_STR("Basic QWxh"), &user, &password)); /* no colon */
    assert_false(br_http_basic_read(&arena, BR_STR("Basic ????"), &user, &password));
    assert_false(br_http_basic_read(&arena, BR_STR("Basic"), &user, &password));
}

/* Challenges -------------------------------------------------------------------------------------- */

static void finds_a_scheme_among_several(void **state)
{
    (void) state;
    static const struct {
        const char *field, *scheme, *rest; /* NULL: not there */
    } cases[] = {
        {"Digest realm=\"a\"", "Digest", "realm=\"a\""},
        {"digest realm=\"a\"", "Digest", "realm=\"a\""},
        {"NTLM", "NTLM", ""},
        {"Negotiate, NTLM", "NTLM", ""},
        {"Negotiate, NTLM", "Negotiate", ", NTLM"},
        {"NTLM TlRM", "NTLM", "TlRM"},
        {"Basic realm=\"x, Digest y\", Digest nonce=1", "Digest", "nonce=1"},
        {"Basic realm=\"x, Digest y\"", "Digest", NULL},
        {"Basic realm=\"\\\", Digest z\"", "Digest", NULL},
        {"Basic realm=\"open, Digest z", "Digest", NULL},
        {"Basic Digest=1, digest = 2", "Digest", NULL},
        {"Digested realm=1", "Digest", NULL},
        {"", "Digest", NULL},
        {",,, \t,Digest a=1", "Digest", "a=1"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        br_str rest = BR_STR_NONE;
        bool found = br_http_challenge_find(br_str_of(cases[i].field), br_str_of(cases[i].scheme), &rest);
        if (found != (cases[i].rest != NULL)) fail_msg("case %zu", i);
        if (found) assert_text(rest, cases[i].rest);
    }
    assert_text(br_http_challenge_data(BR_STR("TlRM==, Basic")), "TlRM==");
    assert_text(br_http_challenge_data(BR_STR(", Basic")), "");
}

static void reads_digest_parameters(void **state)
{
    (void) state;
    br_http_digest d;
    assert_int_equal(br_http_digest_parse(BR_STR("realm=\"a, \\\"b\\\"\", Nonce=n1 , qop=\"auth-int,auth\", "
                                                 "algorithm = SHA-256-sess,opaque=\"\", stale=TRUE, x=\"y\", "
                                                 "Basic realm=\"c\""),
                         &d),
        BR_OK);
    assert_text(d.realm, "a, \\\"b\\\"");
    assert_text(d.nonce, "n1");
    assert_text(d.qop, "auth-int,auth");
    assert_text(d.algorithm, "SHA-256-sess");
    assert_true(d.stale);
    assert_false(d.userhash);
    assert_int_equal(br_http_digest_parse(BR_STR("nonce=\"never closed"), &d), BR_OK);
    assert_text(d.nonce, "never closed");
    assert_text(d.algorithm, "MD5");
    assert_int_equal(br_http_digest_parse(BR_STR("realm=\"a\""), &d), BR_ESYNTAX);
    assert_int_equal(br_http_digest_parse(BR_STR("nonce=\"\""), &d), BR_ESYNTAX);
    assert_int_equal(br_http_digest_parse(BR_STR(""), &d), BR_ESYNTAX);
    assert_int_equal(br_http_digest_parse(BR_STR("nonce=1, algorithm=SHA-1"), &d), BR_EUNSUPPORTED);
    assert_int_equal(br_http_digest_parse(BR_STR("nonce=1, qop=\"auth-later\""), &d), BR_EUNSUPPORTED);
}

/* Digest ------------------------------------------------------------------------------------------ */

static br_str answer(const char *challenge, const br_http_digest_use *use)
{
    br_http_digest d;
    assert_int_equal(br_http_digest_parse(br_str_of(challenge), &d), BR_OK);
    return br_http_digest_answer(&arena, &d, use);
}

static void assert_response(br_str field, const char *want)
{
    char part[120];
    snprintf(part, sizeof(part), "response=\"%s\"", want);
    if (br_str_find(field, br_str_of(part)) < 0) fail_msg(BR_FMT "\nwant %s", BR_ARG(field), part);
}

static void answers_as_in_rfc_2617(void **state)
{
    (void) state;
    const br_http_digest_use use = {BR_STR("GET"), BR_STR("/dir/index.html"), BR_STR_NONE, BR_STR("Mufasa"),
        BR_STR("Circle Of Life"), BR_STR("0a4f113b")};
    assert_text(answer("realm=\"testrealm@host.com\", qop=\"auth,auth-int\", "
                       "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
                       "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
                    &use),
        "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
        "uri=\"/dir/index.html\", response=\"6629fae49393a05397450978507c4ef1\", algorithm=MD5, "
        "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\", qop=auth, nc=00000001, cnonce=\"0a4f113b\"");
    /* RFC 2069, with its erratum: without qop */
    const br_http_digest_use old = {BR_STR("GET"), BR_STR("/dir/index.html"), BR_STR_NONE, BR_STR("Mufasa"),
        BR_STR("CircleOfLife"), BR_STR("")};
    assert_response(
        answer("realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"", &old),
        "1949323746fe6a43ef61f9606e7febea");
}

#define RFC_7616                                                                                             \
    "realm=\"http-auth@example.org\", qop=\"auth, auth-int\", "                                              \
    "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "                                               \
    "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", algorithm="

static void answers_as_in_rfc_7616(void **state)
{
    (void) state;
    const br_http_digest_use use = {BR_STR("GET"), BR_STR("/dir/index.html"), BR_STR_NONE, BR_STR("Mufasa"),
        BR_STR("Circle of Life"), BR_STR("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")};
    assert_response(answer(RFC_7616 "MD5", &use), "8ca523f5e9506fed4657c9700eebdbec");
    assert_response(
        answer(RFC_7616 "SHA-256", &use), "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
}

static void answers_sessions_bodies_and_hashed_names(void **state)
{
    (void) state;
    const br_http_digest_use use = {
        BR_STR("POST"), BR_STR("/x?y"), BR_STR("body"), BR_STR("u\"s"), BR_STR("p"), BR_STR("c")};
    /* Recomputed with md5sum(1) and sha256sum(1) from the formulas of RFC 7616, section 3.4. */
    assert_response(
        answer("realm=\"r\", nonce=\"n\", qop=\"auth-int\"", &use), "b468c551a435a501622b78048713d0e4");
    assert_response(answer("realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=MD5-sess", &use),
        "835f4a9e113a430aa6a0503a999d19be");
    assert_response(answer("realm=\"a\\\"b\", nonce=\"n\", algorithm=SHA-256", &use),
        "acb95a3d48391ea263075b3facf8e11df22da10a5819779f1c473199841776c6");
    br_str field = answer("realm=\"r\", nonce=\"n\", userhash=true", &use);
    assert_true(br_str_find(field, BR_STR("username=\""
                                          "b8e710f2896f71a25ac584d0cc338de5"
                                          "\"")) > 0);
    assert_true(br_str_ends(field, BR_STR(", userhash=true")));
    field = answer("realm=\"a\\\"b\", nonce=\"n\"", &use);
    assert_true(br_str_starts(field, BR_STR("Digest username=\"u\\\"s\", realm=\"a\\\"b\", ")));
}

/* NTLM -------------------------------------------------------------------------------------------- */

static br_str bytes_of(const char *hex)
{
    char *out = br_arena_alloc(&arena, strlen(hex) / 2 + 1);
    size_t n = 0;
    for (const char *p = hex; *p != 0; p += 2) {
        unsigned byte;
        assert_int_equal(sscanf(p, "%2x", &byte), 1);
        out[n++] = (char) byte;
    }
    return (br_str){out, n};
}

static bool contains(br_str m, const char *hex)
{
    return br_str_find(m, bytes_of(hex)) >= 0;
}

#define INFO "02000c0044006f006d00610069006e0001000c005300650072007600650072000000"
/* [MS-NLMP] 4.2.4.3, its CHALLENGE_MESSAGE */
#define CHALLENGE                                                                                            \
    "4e544c4d53535000020000000c000c003800000033828ae20123456789abcdef00000000000000002400240044000000"       \
    "06007017"                                                                                               \
    "0000000f530065007200760065007200" INFO "0000"

static void proves_as_in_ms_nlmp(void **state)
{
    (void) state;
    br_ntlm_challenge c;
    assert_int_equal(br_ntlm_challenge_parse(bytes_of(CHALLENGE), &c), BR_OK);
    assert_int_equal(c.target_name.n, 12); /* "Server" */
    assert_int_equal(c.target_info.n, 36);
    assert_int_equal(c.time.n, 0);
    const br_ntlm_fresh fresh = {0xaaaaaaaaaaaaaaaaULL, 0};
    br_str m = br_ntlm_authenticate(&arena, &c, BR_STR("Domain\\User"), BR_STR("Password"), &fresh);
    assert_memory_equal(m.p, "NTLMSSP\0\3\0\0\0", 12);
    assert_true(contains(m, "68cd0ab851e51c96aabc927bebef6a1c"));                 /* NTProofStr, 4.2.4.2.2 */
    assert_true(contains(m, "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa")); /* LMv2, 4.2.4.2.1 */
    assert_true(contains(m, "0101000000000000"
                            "0000000000000000"
                            "aaaaaaaaaaaaaaaa"
                            "00000000" INFO "0000"
                            "00000000"));
    assert_true(contains(m, "44006f006d00610069006e00"
                            "5500730065007200")); /* Domain, User */
    assert_false(contains(m, "500061007300730077006f0072006400"));
}

static void names_come_with_and_without_domains(void **state)
{
    (void) state;
    br_ntlm_challenge c;
    assert_int_equal(br_ntlm_challenge_parse(bytes_of(CHALLENGE), &c), BR_OK);
    const br_ntlm_fresh fresh = {1, 2};
    br_str m = br_ntlm_authenticate(&arena, &c, BR_STR("User"), BR_STR("Password"), &fresh);
    assert_true(contains(m, "530065007200760065007200"
                            "5500730065007200")); /* the target's domain */
    m = br_ntlm_authenticate(&arena, &c, BR_STR("u@d"), BR_STR(""), &fresh);
    assert_true(contains(m, "750040006400"));
    assert_int_equal(m.p[28], 0); /* no domain */
    m = br_ntlm_authenticate(&arena, &c, BR_STR("\xc3\xa4\xf0\x9f\x98\x80\xff"), BR_STR("\xff"), &fresh);
    assert_true(contains(m, "e4003dd800defdff")); /* with a surrogate pair; what is no UTF-8 */
}

static void refuses_what_is_no_challenge(void **state)
{
    (void) state;
    br_ntlm_challenge c;
    br_str m = bytes_of(CHALLENGE);
    for (size_t n = 0; n < m.n; n++) { /* cut anywhere */
        char *copy = malloc(n + 1);
        memcpy(copy, m.p, n);
        assert_int_equal(br_ntlm_challenge_parse((br_str){copy, n}, &c), BR_ESYNTAX);
        free(copy);
    }
    char *p = (char *) (uintptr_t) m.p;
    p[20] = (char) 0xb3; /* NEGOTIATE_LM_KEY */
    assert_int_equal(br_ntlm_challenge_parse(m, &c), BR_EUNSUPPORTED);
    p[20] = 0x32; /* no Unicode */
    assert_int_equal(br_ntlm_challenge_parse(m, &c), BR_EUNSUPPORTED);
    p[20] = 0x33;
    p[8] = 1;
    assert_int_equal(br_ntlm_challenge_parse(m, &c), BR_ESYNTAX);
    p[8] = 2;
    memcpy(p + 44, "\xff\xff\xff\xff", 4); /* target info far behind the end */
    assert_int_equal(br_ntlm_challenge_parse(m, &c), BR_ESYNTAX);
}

static void takes_the_time_of_the_server(void **state)
{
    (void) state;
    br_ntlm_challenge c;
    br_str m = bytes_of("4e544c4d535350000200000000000000300000003302880001234567"
                        "89abcdef0000000000000000"
                        "1000100030000000"
                        "0700080011223344556677880000"
                        "0000");
    assert_int_equal(br_ntlm_challenge_parse(m, &c), BR_OK);
    assert_int_equal(c.time.n, 8);
    const br_ntlm_fresh fresh = {1, 2};
    m = br_ntlm_authenticate(&arena, &c, BR_STR("u"), BR_STR("p"), &fresh);
    assert_true(contains(m, "01010000000000001122334455667788"
                            "0100000000000000"));
    assert_true(contains(m, "000000000000000000000000000000000000000000000000")); /* and LMv2 is left out */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(makes_basic_fields, setup, teardown),
        cmocka_unit_test_setup_teardown(finds_a_scheme_among_several, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_digest_parameters, setup, teardown),
        cmocka_unit_test_setup_teardown(answers_as_in_rfc_2617, setup, teardown),
        cmocka_unit_test_setup_teardown(answers_as_in_rfc_7616, setup, teardown),
        cmocka_unit_test_setup_teardown(answers_sessions_bodies_and_hashed_names, setup, teardown),
        cmocka_unit_test_setup_teardown(proves_as_in_ms_nlmp, setup, teardown),
        cmocka_unit_test_setup_teardown(names_come_with_and_without_domains, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_challenge, setup, teardown),
        cmocka_unit_test_setup_teardown(takes_the_time_of_the_server, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
