/* http/ws_handshake.h: the RFC's example, the order of fields, answers that agree and those that do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include "http/ws_handshake.h"

#define NONCE  ((const uint8_t *) "the sample nonce")
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

static br_http_header given[] = {{BR_STR_INIT("User-Agent"), BR_STR_INIT("x")},
    {BR_STR_INIT("Sec-Websocket-Protocol"), BR_STR_INIT("chat")}, {BR_STR_INIT("Cookie2"), BR_STR_INIT("c")},
    {BR_STR_INIT("X-Last"), BR_STR_INIT("z")}};

/* RFC 6455 section 1.3. */
static void test_request(void **state)
{
    (void) state;
    br_arena arena;
    br_http_request q = {.headers = given, .header_count = 4}, sent;
    br_ws_handshake h = {.request = &q, .deflate = true};
    char seen[600] = "";
    br_arena_init(&arena, 256);
    assert_int_equal(br_ws_handshake_check(&h, NULL), BR_OK);
    br_str accept = br_ws_handshake_make(&arena, &h, NONCE, &sent);
    assert_true(br_str_is(accept, ACCEPT));
    assert_true(sent.upgrade);
    for (size_t i = 0, n = 0; i < sent.header_count; i++) {
        n += (size_t) snprintf(seen + n, sizeof(seen) - n, BR_FMT "=" BR_FMT "|",
            BR_ARG(sent.headers[i].name), BR_ARG(sent.headers[i].value));
    }
    assert_string_equal(seen,
        "User-Agent=x|Connection=Upgrade|Cookie2=c|Sec-WebSocket-Extensions=permessage-deflate; "
        "server_no_context_takeover; client_no_context_takeover|Sec-WebSocket-Key=dGhlIHNhbXBsZSBub25jZQ==|"
        "Sec-WebSocket-Protocol=chat|Sec-WebSocket-Version=13|Upgrade=websocket|X-Last=z|");
    br_arena_deinit(&arena);
}

static void test_headers_of_ours(void **state)
{
    (void) state;
    br_err err;
    br_http_header one = {BR_STR("Upgrade"), BR_STR("h2c")};
    br_http_request q = {.headers = &one, .header_count = 1},
                    with_protocol = {.headers = given, .header_count = 4};
    br_ws_handshake h = {.request = &q}, twice = {.request = &with_protocol, .protocols = BR_STR("other")};
    assert_int_equal(br_ws_handshake_check(&h, &err), BR_EINVAL);
    assert_string_equal(err.msg, "websocket: duplicate header not allowed: Upgrade");
    assert_int_equal(br_ws_handshake_check(&twice, &err), BR_EINVAL);
}

/* "Name: value\n" for each field. */
static void expect(int status, const char *fields, const char *want, bool deflate)
{
    br_http_response r;
    br_str rest = br_str_of(fields), line;
    br_http_response_init(&r);
    r.status = status;
    assert_int_equal(br_buf_puts(&r.head, fields), BR_OK);
    while (rest.n > 0 && br_str_cut(&rest, '\n', &line)) {
        size_t at = (size_t) (line.p - fields), colon = (size_t) br_str_find_char(line, ':');
        *br_vec_push(&r.fields) = (br_h1_field){
            (uint32_t) at, (uint32_t) colon, (uint32_t) (at + colon + 2), (uint32_t) (line.n - colon - 2)};
    }
    bool got;
    const char *why = br_ws_handshake_fault(&r, BR_STR(ACCEPT), &got);
    assert_string_equal(why != NULL ? why : "", want);
    assert_int_equal(got, deflate);
    br_http_response_deinit(&r);
}

#define GOOD "Upgrade: WebSocket\nConnection: keep-alive, Upgrade\nSec-WebSocket-Accept: " ACCEPT "\n"
#define BAD  "websocket: bad handshake"

static void test_answers(void **state)
{
    (void) state;
    expect(101, GOOD, "", false);
    expect(200, GOOD, BAD, false);
    expect(101, "Connection: Upgrade\nSec-WebSocket-Accept: " ACCEPT "\n", BAD, false);
    expect(101, "Upgrade: websocket\nConnection: close\nSec-WebSocket-Accept: " ACCEPT "\n", BAD, false);
    expect(101, "Upgrade: websocket\nConnection: Upgrade\n", BAD, false);
    expect(101,
        "Upgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n", BAD,
        false);
}

static void test_extensions(void **state)
{
    (void) state;
#define EXTENSIONS "Sec-WebSocket-Extensions: "
    static const char *const no = "websocket: invalid compression negotiation";
    expect(101,
        GOOD EXTENSIONS "permessage-deflate; server_no_context_takeover; client_no_context_takeover\n", "",
        true);
    expect(101,
        GOOD EXTENSIONS
        "x-other; a=b, permessage-deflate;client_no_context_takeover ;server_no_context_takeover\n",
        "", true);
    expect(101, GOOD EXTENSIONS "x-other\n" EXTENSIONS "permessage-deflate\n", no, false);
    expect(101, GOOD EXTENSIONS "permessage-deflate; server_no_context_takeover\n", no, false);
    expect(101, GOOD EXTENSIONS "x-other\n", "", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_headers_of_ours),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_extensions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
