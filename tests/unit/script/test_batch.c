/* http.batch(): forms, limits, turns, failures; and multipart bodies. */
#include "env.h"

static const mini_script hello = ANSWERS(
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello");

static void takes_every_form(void **state)
{
    (void) state;
    world w;
    world_init(&w, &hello, 1);
    assert_gives(&w,
        "const u = http.url`${base}/${1}`;"
        "const r = http.batch([base, ['GET', base], ['POST', base, 'x', {tags: {a: 'b'}}],"
        "  {method: 'put', url: base, body: {a: 1}}, {url: base}, u, ['GET', u]]);"
        "return r.map((x) => x.status + x.request.method).join()",
        "\"200GET,200GET,200POST,200PUT,200GET,200GET,200GET\"");
    assert_gives(&w,
        "const r = http.batch({b: base, a: ['POST', base], 1: {method: 'DELETE', url: base}});"
        "return Object.keys(r).sort().map((k) => k + r[k].request.method).join()",
        "\"1DELETE,aPOST,bGET\"");
    assert_sample(&w, "{a=b", 10); /* of the one that has it */
    world_deinit(&w);
}

static void a_wrong_one_stops_all(void **state)
{
    (void) state;
    world w;
    world_init(&w, &hello, 1);
    assert_gives(&w,
        "const r = http.batch([base, ['GET'], base, base]);"
        "return [r.length, r[0].status, r[0].error, r[1].status, r[1].error !== '', r[2], r[3]]",
        "[4,0,\"\",0,true,null,null]");
    assert_gives(&w,
        "const r = http.batch({a: base, b: {method: 'GET'}, c: base});"
        "return [Object.keys(r).join(), r.b.error !== '']",
        "[\"a,b\",true]");
    assert_gives(&w, "const r = http.batch([5]); return [r[0].status, r[0].error_code]", "[0,1020]");
    assert_true(log_has(&w, "A batch request failed"));
    assert_int_equal(mini_server_requests(w.server), 0);
    w.settings.throw_errors = true;
    assert_gives(&w, "try { http.batch([['GET']]) } catch (e) { return 'threw' }", "\"threw\"");
    world_deinit(&w);
}

static void throws_when_all_have_ended(void **state)
{
    (void) state;
    world w;
    int fd;
    char body[400];
    uint16_t port = mini_closed_port(&fd);
    world_init(&w, &hello, 1);
    snprintf(body, sizeof(body),
        "try { http.batch([['GET', 'http://127.0.0.1:%u/', null, {throw: true}], base, base]) }"
        "catch (e) { return String(e).includes('connection refused') }",
        port);
    assert_gives(&w, body, "true");
    assert_int_equal(mini_server_requests(w.server), 2);
    world_deinit(&w);
    mini_closed_port_free(fd);
}

/* Far more than there is room for: each goes once, over as many connections as a host may have. */
static void keeps_its_limits(void **state)
{
    (void) state;
    world w;
    world_init(&w, &hello, 1);
    w.settings.batch = 5;
    w.settings.batch_per_host = 3;
    assert_gives(
        &w, "return http.batch(Array(500).fill(base)).filter((r) => r.status === 200).length", "500");
    assert_int_equal(mini_server_requests(w.server), 500);
    assert_true(mini_server_connections(w.server) <= 3);
    w.settings.batch_per_host = 0;
    assert_gives(&w, "return http.batch(Array(50).fill(base)).length", "50");
    assert_true(mini_server_connections(w.server) <= 3 + 5);
    world_deinit(&w);
}

static void obeys_the_rate(void **state)
{
    (void) state;
    world w;
    _Atomic br_ns next = 0;
    world_init(&w, &hello, 1);
    w.settings.batch = 20;
    w.settings.batch_per_host = 6;
    w.settings.next_request = &next;
    w.settings.request_interval = 30 * BR_MS;
    assert_gives(&w,
        "const t = Date.now(); http.batch(Array(6).fill(base)); const d = Date.now() - t;"
        "return d >= 140 && d < 2000",
        "true");
    world_deinit(&w);
}

static void is_interrupted_at_any_time(void **state)
{
    (void) state;
    static const mini_script silent = {{{.op = MINI_REQUEST}, {.op = MINI_WAIT}}};
    world w;
    _Atomic br_ns next = 0;
    world_init(&w, &silent, 1);
    w.settings.batch = 4;
    w.settings.batch_per_host = 2;
    w.settings.next_request = &next;
    w.settings.request_interval = 20 * BR_MS;
    world_open(&w, PRELUDE "export default function () { http.batch(Array(9).fill(base)) }");
    w.cancel_after = 30 * BR_MS;
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_ECANCEL);
    world_deinit(&w);
}

/* The samples of one belong to its end: that another is cut off takes nothing from it. */
static void each_is_recorded_when_it_ends(void **state)
{
    (void) state;
    static const mini_script scripts[] = {ANSWERS("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        {{{.op = MINI_REQUEST}, {.op = MINI_WAIT}}}};
    world w;
    world_init(&w, scripts, 2);
    world_open(&w, PRELUDE "export default function () { http.batch([base, base]) }");
    w.cancel_after = 500 * BR_MS;
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_ECANCEL);
    assert_int_equal(samples_with(&w, "http_reqs 1"), 1);
    assert_sample(&w, "status=200", 10);
    world_deinit(&w);
}

static void sends_multipart(void **state)
{
    (void) state;
    world w;
    char got[4096];
    world_init(&w, &hello, 1);
    assert_gives(&w,
        "return http.post(base, {t: 'text', 'a\"b': 5, "
        "f: http.file(new Uint8Array([80, 81]).buffer, 'q\"\\\\.bin', 'text/x')}).status",
        "200");
    mini_server_last_request(w.server, got, sizeof(got));
    char *boundary = strstr(got, "boundary=");
    assert_non_null(boundary);
    char b[61], want[2048];
    snprintf(b, sizeof(b), "%s", boundary + 9);
    assert_int_equal(strspn(b, "0123456789abcdef"), 60);
    snprintf(want, sizeof(want),
        "\r\n\r\n--%s\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\ntext\r\n"
        "--%s\r\nContent-Disposition: form-data; name=\"a\\\"b\"\r\n\r\n5\r\n"
        "--%s\r\nContent-Disposition: form-data; name=\"f\"; filename=\"q\\\"\\\\.bin\"\r\n"
        "Content-Type: text/x\r\n\r\nPQ\r\n--%s--\r\n",
        b, b, b, b);
    if (strstr(got, want) == NULL) fail_msg("%s\nwant:\n%s", got, want);
    assert_gives(&w, "try { http.file(5) } catch (e) { return 'threw' }", "\"threw\"");
    world_deinit(&w);
}

static void compresses_even_nothing(void **state)
{
    (void) state;
    world w;
    char got[4096];
    world_init(&w, &hello, 1);
    assert_gives(&w, "return http.post(base, '', {compression: 'gzip'}).status", "200");
    mini_server_last_request(w.server, got, sizeof(got));
    assert_non_null(strstr(got, "Content-Encoding: gzip\r\n"));
    assert_non_null(strstr(got, "Content-Length: 20\r\n"));
    assert_gives(&w, "return http.post(base, null, {compression: 'gzip'}).status", "200");
    mini_server_last_request(w.server, got, sizeof(got));
    assert_null(strstr(got, "Content-Encoding"));
    world_deinit(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_every_form),
        cmocka_unit_test(a_wrong_one_stops_all),
        cmocka_unit_test(throws_when_all_have_ended),
        cmocka_unit_test(keeps_its_limits),
        cmocka_unit_test(obeys_the_rate),
        cmocka_unit_test(is_interrupted_at_any_time),
        cmocka_unit_test(each_is_recorded_when_it_ends),
        cmocka_unit_test(sends_multipart),
        cmocka_unit_test(compresses_even_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
