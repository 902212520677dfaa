/* k6/http, the way out: verbs, URLs, headers, bodies, parameters, and what is recorded of them. */
#include "env.h"

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static const mini_script hello = ANSWERS(
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello");

static void assert_sent(world *w, const char *body, const char *want)
{
    char got[4096];
    assert_gives(w, body, "200");
    mini_server_last_request(w->server, got, sizeof(got));
    if (strcmp(got, want) != 0) fail_msg("%s\nsent:\n%s\nwant:\n%s", body, got, want);
}

/* The head with the server's port in it; `%s` stands for "127.0.0.1:PORT". */
static void assert_head(world *w, const char *body, const char *format)
{
    char want[4096];
    snprintf(want, sizeof(want), format, w->base + 7);
    assert_sent(w, body, want);
}

#define HEAD(method, path) method " " path " HTTP/1.1\r\nHost: %s\r\nUser-Agent: brunt/test\r\n"

static void sends_every_verb(void **state)
{
    (void) state;
    world w;
    world_init(&w, &hello, 1);
    assert_head(&w, "return http.get(base + '/a?b=c').status", HEAD("GET", "/a?b=c") "\r\n");
    assert_head(&w, "return http.get(base).status", HEAD("GET", "/") "\r\n");
    assert_head(&w, "return http.post(base).status", HEAD("POST", "/") "Content-Length: 0\r\n\r\n");
    assert_head(&w, "return http.post(base, null).status", HEAD("POST", "/") "Content-Length: 0\r\n\r\n");
    assert_head(&w, "return http.post(base, '').status", HEAD("POST", "/") "\r\n");
    assert_head(
        &w, "return http.post(base, 'text').status", HEAD("POST", "/") "Content-Length: 4\r\n\r\ntext");
    assert_head(&w, "return http.put(base, 'x').status", HEAD("PUT", "/") "Content-Length: 1\r\n\r\nx");
    assert_head(&w, "return http.patch(base, 'x').status", HEAD("PATCH", "/") "Content-Length: 1\r\n\r\nx");
    assert_head(&w, "return http.del(base, 'x').status", HEAD("DELETE", "/") "Content-Length: 1\r\n\r\nx");
    assert_head(&w, "return http.del(base).status", HEAD("DELETE", "/") "\r\n");
    assert_head(&w, "return http.options(base).status", HEAD("OPTIONS", "/") "\r\n");
    assert_head(&w, "return http.request('GET', base, 'body').status",
        HEAD("GET", "/") "Content-Length: 4\r\n\r\nbody");
    assert_head(&w, "return http.request('PURGE', base).status", HEAD("PURGE", "/") "\r\n");
    assert_head(&w, "return http.post(base, new Uint8Array([97, 98]).buffer).status",
        HEAD("POST", "/") "Content-Length: 2\r\n\r\nab");
    assert_head(&w, "return http.post(base, new Uint8Array([97, 98, 99, 100]).subarray(1, 3)).status",
        HEAD("POST", "/") "Content-Length: 2\r\n\r\nbc");
    assert_head(&w, "return http.post(base, 'ü').status", HEAD("POST", "/") "Content-Length: 2\r\n\r\nü");
    world_deinit(&w);
}

/* A text that was cut within a character: what goes out is UTF-8 all the same. */
static void surrogates_without_partner_are_replaced(void **state)
{
    (void) state;
    world w;
    world_init(&w, &hello, 1);
    assert_head(&w, "return http.post(base, '\\ud83d\\ude00'.slice(0, 1) + '!\\ude00').status",
        HEAD("POST", "/") "Content-Length: 7\r\n\r\n\xEF\xBF\xBD!\xEF\xBF\xBD");
    assert_head(&w, "return http.post(base, { a: '\\udc00\\ud7ff' }).status",
        HEAD("POST",
            "/") "Content-Length: 20\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\na=%%EF%%BF%%BD%%ED%%9F%%BF");
    assert_head(&w, "return http.get(base + '/\\ud800').status", HEAD("GET", "/%%EF%%BF%%BD") "\r\n");
    world_deinit(&w);
}

static void orders_headers(void **state)
{
    (void) state;
    world w;
    world_init(&w, &hello, 1);
    assert_head(&w,
        "return http.post(base, 'x', {headers: {'x-b': 1, 'X-a': true, 'content-type': 'text/x', 'CONTENT-LENGTH': '99'}}).status",
        HEAD("POST", "/") "Content-Length: 1\r\nContent-Type: text/x\r\nX-A: true\r\nX-B: 1\r\n\r\nx");
    assert_head(&w, "return http.get(base, {headers: {'x-a': 'first', 'X-A': 'last'}}).status",
        HEAD("GET", "/") "X-A: last\r\n\r\n");
    assert_sent(&w, "return http.get(base, {headers: {host: 'other.test', 'user-agent': 'mine'}}).status",
        "GET / HTTP/1.1\r\nHost: other.test\r\nUser-Agent: mine\r\n\r\n");
    assert_head(&w, "return http.get(base, {headers: {'User-Agent': ''}}).status",
        "GET / HTTP/1.1\r\nHost: %s\r\n\r\n");
    assert_head(&w, "return http.get(base, {headers: null}).status", HEAD("GET", "/") "\r\n");
    w.settings.user_agent = BR_STR("");
    assert_head(&w, "return http.get(base).status", "GET / HTTP/1.1\r\nHost: %s\r\n\r\n");
    world_deinit(&w);
}

static void encodes_forms(void **state)
{
    (void) state;
    world w;
    world_init(&w, &hello, 1);
    assert_head(&w,
        "return http.post(base, {b: 'x y&=ü', a: 1.5, c: [1, 'q'], d: null, e: true, f: undefined}).status",
        HEAD("POST", "/") "Content-Length: 44\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
                          "a=1.5&b=x+y%%26%%3D%%C3%%BC&c=1&c=q&d=&e=true&f=");
    assert_head(&w, "return http.post(base, {}).status",
        HEAD("POST", "/") "Content-Length: 0\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n");
    assert_head(&w, "return http.post(base, {a: 1}, {headers: {'Content-Type': 'mine'}}).status",
        HEAD("POST", "/") "Content-Length: 3\r\nContent-Type: mine\r\n\r\na=1");
    assert_head(&w, "return http.post(base, {a: {b: 1}}).status",
        HEAD("POST", "/") "Content-Length: 2\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\na=");
    assert_true(log_has(&w, "level=warning"));
    world_deinit(&w);
}

static void records_a_request(void **state)
{
    (void) state;
    world w;
    world_init(&w, &hello, 1);
    assert_gives(
        &w, "http.get(base + '/x', {tags: {mine: 'yes', n: 1, method: 'no', url: 'no'}})", "undefined");
    char want[400];
    snprintf(want, sizeof(want),
        "http_reqs 1 {expected_response=true,group=,method=GET,mine=yes,n=1,name=%s/x,proto=HTTP/1.1,run=r,scenario=s,status=200,url=%s/x}",
        w.base, w.base);
    assert_sample(&w, want, 1);
    assert_sample(&w, "http_req_failed 0 ", 1);
    assert_int_equal(samples_with(&w, "http_req_"), 8);
    assert_gives(&w, "http.get(base + '/y', {tags: {name: 'short'}})", "undefined");
    assert_sample(&w, "name=short,proto=HTTP/1.1,run=r,scenario=s,status=200,url=short}", 10);
    assert_gives(&w, "http.get(base + '/z', {responseCallback: null})", "undefined");
    snprintf(want, sizeof(want), "%s/z}", w.base);
    assert_int_equal(samples_with(&w, want), 9);
    uint64_t sent, received;
    br_vu_take_bytes(w.vu, &sent, &received);
    assert_in_range(sent, 50, 300);
    assert_in_range(received, 50, 300);
    br_vu_take_bytes(w.vu, &sent, &received);
    assert_int_equal(sent + received, 0);
    world_deinit(&w);
}

/* Failures ------------------------------------------------------------------------------------------ */

static void a_refused_connection_is_a_response(void **state)
{
    (void) state;
    int fd;
    char body[300];
    world w;
    world_init(&w, NULL, 0);
    snprintf(body, sizeof(body),
        "const r = http.get('http://127.0.0.1:%u/'); return [r.status, r.status_text, r.error, r.error_code, r.body, r.headers, r.proto, r.timings.duration]",
        mini_closed_port(&fd));
    assert_gives(&w, body, "[0,\"\",\"dial: connection refused\",1212,null,{},\"\",0]");
    assert_true(log_has(&w, "level=warning msg=\"Request Failed\" error="));
    assert_sample(&w,
        "http_req_failed 1 {error=dial: connection refused,error_code=1212,expected_response=false,group=,method=GET",
        1);
    snprintf(body, sizeof(body),
        "try { http.get('http://127.0.0.1:%u/', {throw: true}) } catch (e) { return [e.name, e.message] }",
        mini_closed_port(&fd));
    world_deinit(&w);
    mini_closed_port_free(fd);
}

static void throws_when_asked(void **state)
{
    (void) state;
    int fd;
    char body[300], want[300];
    world w;
    world_init(&w, NULL, 0);
    unsigned port = mini_closed_port(&fd);
    snprintf(body, sizeof(body),
        "try { http.get('http://127.0.0.1:%u/a', {throw: true}) } catch (e) { return '' + e }", port);
    snprintf(want, sizeof(want),
        "\"GoError: Get \\\"http://127.0.0.1:%u/a\\\": dial tcp 127.0.0.1:%u: connect: connection refused\"",
        port, port);
    assert_gives(&w, body, want);
    assert_sample(&w, "http_reqs 1 ", 1);
    w.settings.throw_errors = true;
    assert_gives(&w, body, want);
    assert_gives(&w, "try { http.get('nonsense') } catch (e) { return e.name }", "\"GoError\"");
    snprintf(body, sizeof(body), "return http.get('http://127.0.0.1:%u/a', {throw: false}).error_code", port);
    assert_gives(&w, body, "1212");
    world_deinit(&w);
    mini_closed_port_free(fd);
}

static void answers_with_codes(void **state)
{
    (void) state;
    static const mini_script scripts[] = {
        ANSWERS("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"),
    };
    world w;
    world_init(&w, scripts, 1);
    assert_gives(&w,
        "const r = http.get(base); return [r.status, r.status_text, r.error, r.error_code, r.body]",
        "[404,\"404 Not Found\",\"\",1404,\"no\"]");
    assert_sample(&w, "http_req_failed 1 {error_code=1404,expected_response=false,", 1);
    world_deinit(&w);
}

static void times_out(void **state)
{
    (void) state;
    static const mini_script silent = {.steps = {{.op = MINI_REQUEST}, {.op = MINI_WAIT}}};
    world w;
    world_init(&w, &silent, 1);
    assert_gives(&w, "const r = http.get(base, {timeout: 60}); return [r.status, r.error, r.error_code]",
        "[0,\"request timeout\",1050]");
    assert_gives(&w, "const r = http.get(base, {timeout: '60ms'}); return [r.status, r.error, r.error_code]",
        "[0,\"request timeout\",1050]");
    assert_gives(&w,
        "return ['5x', -1, {}, true].map((timeout) => http.get(base, {timeout}).error.startsWith('invalid timeout'))",
        "[true,true,true,true]");
    world_deinit(&w);
}

static void takes_the_longest_timeout(void **state)
{
    (void) state;
    world w;
    world_init(&w, &hello, 1);
    assert_gives(&w,
        "return ['2562047h', '106751d', 9e12, 0].map((timeout) => http.get(base, {timeout}).status)",
        "[200,200,200,200]");
    world_deinit(&w);
}

static void reports_bad_urls(void **state)
{
    (void) state;
    world w;
    world_init(&w, &hello, 1);
    assert_gives(&w, "return [5, null, undefined, {}, [], () => 1, true].map((u) => http.get(u).error_code)",
        "[1020,1020,1020,1020,1020,1020,1020]");
    assert_gives(&w, "return ['', 'nonsense', '/rel', 'ftp://x/', '//x'].map((u) => http.get(u).error_code)",
        "[1000,1000,1000,1000,1000]");
    assert_gives(&w,
        "return ['http://', 'http://a b/', 'http://[::1/', 'http://x:99999/'].map((u) => { const r = http.get(u); return r.status === 0 && r.error_code >= 1000 && r.error.length > 5 })",
        "[true,true,true,true]");
    assert_gives(&w,
        "const r = http.get('http://x/' + 'a'.repeat(5e6)); return [r.status, r.error.length > 0, r.error.length < 500]",
        "[0,true,true]");
    assert_gives(&w,
        "return ['http://x/\\0', 'http://\\ud800/', 'http://x/\\r\\nA: b'].map((u) => http.get(u, {timeout: 500}).status)",
        "[0,0,0]");
    assert_gives(&w, "try { http.get(Symbol()) } catch (e) { return e.name }", "\"TypeError\"");
    assert_sample(&w, "url=5", 0);
    world_deinit(&w);
}

static void reports_bad_parameters(void **state)
{
    (void) state;
    world w;
    world_init(&w, &hello, 1);
    assert_gives(&w,
        "return [{compression: 'lzw'}, {responseCallback: 5}]"
        ".map((p) => http.get(base, p).error.includes(Object.keys(p)[0]))",
        "[true,true]");
    assert_gives(&w,
        "return [{timeout: undefined}, {timeout: true}, {responseType: undefined}, {compression: undefined}]"
        ".map((p) => http.get(base, p).error)",
        "[\"invalid timeout value: unable to use type null as a duration value\","
        "\"invalid timeout value: unable to use type boolean as a duration value\","
        "\"undefined does not belong to ResponseType values\","
        "\"unknown compression algorithm undefined, supported algorithms are [gzip deflate zstd br]\"]");
    assert_gives(&w, "return [5, true, null, undefined].map((u) => http.get(u).error)",
        "[\"invalid URL: '#5'\",\"invalid URL: '#true'\",\"invalid URL: '#<nil>'\",\"invalid URL: '#<nil>'\"]");
    assert_gives(&w, "return [5, 'ab', null].map((tags) => http.get(base, {tags}).status)", "[200,200,200]");
    assert_gives(&w, "return http.get(base, {responseType: 'blob'}).error.includes('ResponseType')", "true");
    assert_gives(&w,
        "return [{auth: 'basic'}, {auth: null}, {cookies: undefined}, {jar: {}}, {cookies: {a: 'b'}}, {auth: 'digest'}, null,"
        " undefined, 5, 'x', {unknown: 1}].map((p) => http.get(base, p).status)",
        "[200,200,200,200,200,200,200,200,200,200,200]");
    assert_gives(&w,
        "return [{headers: 5}, {headers: {a: Symbol()}}, {get headers() { throw new Error('g') }}]"
        ".map((p) => { try { http.get(base, p); return 0 } catch (e) { return 1 } })",
        "[0,1,1]");
    assert_gives(&w,
        "return [5, true, () => 1, 1n].map((b) => http.post(base, b).error.startsWith('unknown request body type'))",
        "[true,true,true,true]");
    assert_gives(&w,
        "return ['a b', 'a\\r\\nX: y', '', 'ü', 'a:'].map((h) => http.get(base, {headers: {[h]: 'v'}}).status)",
        "[0,0,0,0,0]");
    assert_gives(&w,
        "return ['a\\r\\nX: y', 'a\\0b', '\\n'].map((v) => http.get(base, {headers: {h: v}}).status)",
        "[0,0,0]");
    assert_gives(
        &w, "return ['', 'G T', 'G\\r\\n', 'GÄT'].map((m) => http.request(m, base).status)", "[0,0,0,0]");
    assert_gives(&w,
        "const h = {}; for (let i = 0; i < 2000; i++) h['x' + i] = i; const r = http.get(base, {headers: h}); return [r.status, r.error]",
        "[0,\"more than 1000 headers in one request\"]");
    assert_gives(&w,
        "const h = {}; for (let i = 0; i < 900; i++) h['x' + i] = 'v'.repeat(50); return http.get(base, {headers: h}).status",
        "200");
    assert_gives(&w, "try { http.request('GET') } catch (e) { return e.name }", "\"GoError\"");
    assert_gives(&w,
        "return [[], [1, base], null].map((a) => { try { http.batch(a); return 0 } catch (e) { return 1 } })",
        "[0,0,1]");
    world_deinit(&w);
}

/* An object's text, made while a request is built, may make a request of its own. */
static void requests_may_nest(void **state)
{
    (void) state;
    char got[4096];
    world w;
    world_init(&w, &hello, 1);
    assert_gives(&w,
        "const inner = () => http.post(base, 'i'.repeat(3000), {headers: {inner: 'x'.repeat(2000)}}).body;\n"
        "const r = http.get(base + '/outer', {headers: {a: 'first', b: {toString: inner}, c: 'third'}, tags: {t: 'v'}, get timeout() { inner(); return '5s' }});\n"
        "return [r.status, r.request.method, r.request.headers.A, r.request.headers.B, r.request.headers.C, r.url === base + '/outer']",
        "[200,\"GET\",[\"first\"],[\"hello\"],[\"third\"],true]");
    mini_server_last_request(w.server, got, sizeof(got));
    assert_non_null(strstr(got, "GET /outer HTTP/1.1"));
    assert_non_null(strstr(got, "\r\nA: first\r\nB: hello\r\nC: third\r\n"));
    assert_gives(&w,
        "try { http.get(base, {headers: {b: {toString() { http.get(base); throw new Error('x') }}}}) } catch (e) {} return http.get(base).status",
        "200");
    assert_gives(&w, "return http.post(base, {get a() { return http.get(base).body }, b: {}}).request.body",
        "\"a=hello&b=\"");
    world_deinit(&w);
}

static void form_bodies_have_a_limit(void **state)
{
    (void) state;
    world w;
    world_init(&w, &hello, 1);
    w.timeout = 20 * BR_SEC;
    assert_gives(&w,
        "const r = http.post(base, {['k'.repeat(1 << 20)]: new Array(100000000)}); return [r.status, r.error !== '']",
        "[0,true]");
    world_deinit(&w);
}

static void a_cancelled_request_ends_the_call(void **state)
{
    (void) state;
    static const mini_script silent = {
        .steps = {{.op = MINI_REQUEST},
            {.op = MINI_SEND, .text = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"},
            {.op = MINI_WAIT}}};
    world w;
    world_init(&w, &silent, 1);
    world_open(&w, PRELUDE
        "let after = 0; export default function () { try { http.get(base) } catch (e) { after = 1 } finally { after = 2 } }\n"
        "export function seen() { return after }");
    /* The engine cancels the fiber at the deadline; so does a timer here. */
    w.cancel_after = 40 * BR_MS;
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_ECANCEL);
    assert_int_equal(world_call(&w, w.vu, "seen", NULL), BR_OK);
    assert_string_equal(w.json, "0");
    assert_int_equal(w.samples.len, 0);
    world_deinit(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_every_verb),
        cmocka_unit_test(surrogates_without_partner_are_replaced),
        cmocka_unit_test(orders_headers),
        cmocka_unit_test(encodes_forms),
        cmocka_unit_test(records_a_request),
        cmocka_unit_test(a_refused_connection_is_a_response),
        cmocka_unit_test(throws_when_asked),
        cmocka_unit_test(answers_with_codes),
        cmocka_unit_test(times_out),
        cmocka_unit_test(takes_the_longest_timeout),
        cmocka_unit_test(reports_bad_urls),
        cmocka_unit_test(reports_bad_parameters),
        cmocka_unit_test(requests_may_nest),
        cmocka_unit_test(form_bodies_have_a_limit),
        cmocka_unit_test(a_cancelled_request_ends_the_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
