/* http/error.h: k6's numbers and words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "http/error.h"

static void numbers_and_words_of_k6(void **state)
{
    (void) state;
    static const struct {
        br_code code;
        br_http_step step;
        const char *detail;
        int k6_code;
        const char *text;
    } cases[] = {
        {BR_OK, BR_STEP_NONE, NULL, 0, ""},
        {BR_ESYNTAX, BR_STEP_URL, "parse \"x\": y", 1020, "invalid URL: parse \"x\": y"},
        {BR_EUNSUPPORTED, BR_STEP_URL, "unsupported protocol scheme \"\"", 1000,
            "unsupported protocol scheme \"\""},
        {BR_EINVAL, BR_STEP_URL, "http: no Host in request URL", 1000, "http: no Host in request URL"},
        {BR_ENOHOST, BR_STEP_LOOKUP, "lookup x: no such host", 1101, "lookup: no such host"},
        {BR_EDNS, BR_STEP_LOOKUP, "lookup x: refused", 1100, "lookup x: refused"},
        {BR_ETIMEOUT, BR_STEP_LOOKUP, "lookup x: i/o timeout", 1100, "lookup x: i/o timeout"},
        {BR_EREFUSED, BR_STEP_DIAL, NULL, 1212, "dial: connection refused"},
        {BR_EDIALTIMEOUT, BR_STEP_DIAL, NULL, 1211, "dial: i/o timeout"},
        {BR_ERESET, BR_STEP_DIAL, NULL, 1220, "dial: connection reset by peer"},
        {BR_EDIAL, BR_STEP_DIAL, NULL, 1210, "connecting failed"},
        {BR_EDIAL, BR_STEP_DIAL, "dial: unknown errno", 1213, "dial: unknown errno"},
        {BR_ERESET, BR_STEP_READ, NULL, 1220, "read: connection reset by peer"},
        {BR_ERESET, BR_STEP_WRITE, NULL, 1220, "write: connection reset by peer"},
        {BR_EPIPE, BR_STEP_WRITE, NULL, 1201, "write: broken pipe"},
        {BR_ETIMEOUT, BR_STEP_NONE, NULL, 1050, "request timeout"},
        {BR_ETIMEOUT, BR_STEP_DIAL, NULL, 1050, "request timeout"},
        {BR_ETIMEOUT, BR_STEP_READ, NULL, 1050, "request timeout"},
        {BR_EOF, BR_STEP_READ, NULL, 1000, "EOF"},
        {BR_EOF, BR_STEP_READ, "unexpected EOF", 1000, "unexpected EOF"},
        {BR_EPROTO, BR_STEP_PARSE, "malformed HTTP response \"x\"", 1000, "malformed HTTP response \"x\""},
        {BR_ECANCEL, BR_STEP_LOOKUP, NULL, 1000, "context canceled"},
        {BR_ETLS, BR_STEP_TLS, "tls: bad", 1300, "tls: bad"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        br_http_error e;
        memset(&e, 0x55, sizeof(e));
        br_http_error_set(&e, cases[i].code, cases[i].step, cases[i].detail);
        assert_int_equal(e.code, cases[i].code);
        assert_int_equal(e.step, cases[i].step);
        assert_int_equal(e.k6_code, cases[i].k6_code);
        assert_string_equal(e.text, cases[i].text);
        assert_string_equal(e.raw, cases[i].text);
    }
}

static void resources_name_a_remedy(void **state)
{
    (void) state;
    br_http_error e;
    br_http_error_set(&e, BR_ENOFDS, BR_STEP_DIAL, NULL);
    assert_int_equal(e.k6_code, 1213);
    assert_non_null(strstr(e.text, "ulimit -n"));
    br_http_error_set(&e, BR_ENOPORTS, BR_STEP_DIAL, NULL);
    assert_int_equal(e.k6_code, 1213);
    assert_non_null(strstr(e.text, "ip_local_port_range"));
}

static void long_details_are_cut(void **state)
{
    (void) state;
    char detail[1000];
    memset(detail, 'x', sizeof(detail));
    detail[999] = 0;
    br_http_error e;
    br_http_error_set(&e, BR_EPROTO, BR_STEP_PARSE, detail);
    assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_words_of_k6),
        cmocka_unit_test(resources_name_a_remedy),
        cmocka_unit_test(long_details_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
