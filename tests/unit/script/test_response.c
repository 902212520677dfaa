/* The Response object: fields, json(), life and memory. */
#include "env.h"

#define OK_JSON                                                                                              \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-multi: a\r\nX-MULTI: b\r\nX-Empty:\r\n"
static const mini_script json = ANSWERS(
    OK_JSON "Content-Length: 50\r\n\r\n{\"a\":[{\"b\":1},{\"b\":\"two\"}],\"n\":null,\"o\":{\"x.y\":1}}");

static void has_fields(void **state)
{
    (void) state;
    world w;
    world_init(&w, &json, 1);
    assert_gives(&w,
        "const r = http.get(base + '/p'); return [r.status, r.status_text, r.proto, r.url === base + '/p', r.remote_ip, r.remote_port > 0, r.error, r.error_code, r.cookies, r.tls_version, r.tls_cipher_suite, r.ocsp.status]",
        "[200,\"200 OK\",\"HTTP/1.1\",true,\"127.0.0.1\",true,\"\",0,{},\"\",\"\",\"\"]");
    assert_gives(&w,
        "const h = http.get(base).headers; return [h['X-Multi'], h['Content-Type'], h['content-type'] === undefined, h['X-Empty'], Object.keys(h)]",
        "[\"a, b\",\"application/json\",true,\"\",[\"Content-Type\",\"X-Multi\",\"X-Empty\",\"Content-Length\"]]");
    assert_gives(&w,
        "const t = http.get(base).timings; return [Object.keys(t), Math.abs(t.sending + t.waiting + t.receiving - t.duration) < 0.001, t.duration > 0, t.looking_up]",
        "[[\"duration\",\"blocked\",\"looking_up\",\"connecting\",\"tls_handshaking\",\"sending\",\"waiting\",\"receiving\"],true,true,0]");
    assert_gives(&w,
        "const q = http.post(base, 'bo\\0dy', {headers: {a: 'b'}}).request; return [q.method, q.url === base, q.headers.A, q.headers['Content-Length'], q.body, q.cookies]",
        "[\"POST\",true,[\"b\"],[\"5\"],\"bo\\u0000dy\",{}]");
    assert_gives(&w, "return Object.keys(http.get(base)).join()",
        "\"remote_ip,remote_port,url,status,status_text,proto,headers,cookies,body,timings,tls_version,tls_cipher_suite,ocsp,error,error_code,request\"");
    assert_gives(&w,
        "const r = http.get(base); return [JSON.parse(JSON.stringify(r)).status, {...r}.status, 'body' in r, r.nope, r.body === r.body, r.headers === r.headers]",
        "[200,200,true,null,true,true]");
    world_deinit(&w);
}

static void parses_json(void **state)
{
    (void) state;
    world w;
    world_init(&w, &json, 1);
    assert_gives(&w,
        "const r = http.get(base); return [r.json().a.length, r.json('a.0.b'), r.json('a.1.b'), r.json('a.#'), r.json('n'), r.json() === r.json()]",
        "[2,1,\"two\",2,null,true]");
    assert_gives(&w,
        "const r = http.get(base); return ['nope', 'a.9', 'a.0.b.c', 'n.x', 'toString', 'a.length', '__proto__', 'constructor.name', 'a.-1', ''].map((s) => r.json(s) === undefined)",
        "[true,true,true,true,true,true,true,true,true,true]");
    assert_gives(&w,
        "const r = http.get(base); return [r.json('a.#.b'), r.json('a.0.*'), r.json('@keys|#'), r.json('{\"k\":a.0.b,n}')]",
        "[[1,\"two\"],1,3,{\"k\":1,\"n\":null}]");
    assert_gives(&w,
        "const r = http.get(base); try { r.json('['.repeat(99) + ']'.repeat(99)) } catch (e) { return e.name }",
        "\"GoError\"");
    world_deinit(&w);
}

static void reports_bad_json(void **state)
{
    (void) state;
    static const mini_script broken = ANSWERS("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"a\": oops");
    static const mini_script empty = ANSWERS("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    static const mini_script none = ANSWERS("HTTP/1.1 204 No Content\r\n\r\n");
    world w;
    world_init(&w, &broken, 1);
    assert_gives(&w,
        "const r = http.get(base); try { r.json() } catch (e) { return [e.name, e.message, r.json('a') === undefined] }",
        "[\"GoError\",\"cannot parse json due to an error at line 1, character 8 , error: invalid character 'o' looking for beginning of value\",true]");
    world_deinit(&w);
    world_init(&w, &empty, 1);
    assert_gives(&w,
        "return ['text', 'binary'].map((responseType) => { const r = http.get(base, {responseType}); try { r.json() } catch (e) { return [e.message, r.json('a') === undefined] } })",
        "[[\"cannot parse json due to an error at line 1, character 0 , error: unexpected end of JSON input\",true],"
        "[\"cannot parse json due to an error at line 1, character 0 , error: unexpected end of JSON input\",true]]");
    assert_gives(&w,
        "try { http.get(base, {responseType: 'none'}).json('a') } catch (e) { return e.message.slice(0, 16) }",
        "\"the body is null\"");
    world_deinit(&w);
    world_init(&w, &none, 1);
    assert_gives(&w,
        "const r = http.get(base); try { r.json() } catch (e) { return [r.body, e.name, e.message.startsWith('the body is null')] }",
        "[null,\"GoError\",true]");
    assert_gives(&w,
        "return ['html', 'submitForm', 'clickLink'].map((m) => { try { http.get(base)[m](); return 0 } catch (e) { return e.message.startsWith(\"the body is null so we can't transform it to HTML\") } })",
        "[true,true,true]");
    world_deinit(&w);
}

/* Whatever the option `throw` says. */
static void throws_at_switched_protocols(void **state)
{
    (void) state;
    static const mini_script switched = ANSWERS("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n");
    world w;
    world_init(&w, &switched, 1);
    assert_gives(&w,
        "const says = (f) => { try { return f().status } catch (e) { return '' + e } };\n"
        "return [says(() => http.get(base)), says(() => http.batch([base])), says(() => http.get(base, {throw: false}))]",
        "[\"GoError: unsupported response status: 101 Switching Protocols\","
        "\"GoError: unsupported response status: 101 Switching Protocols\","
        "\"GoError: unsupported response status: 101 Switching Protocols\"]");
    world_deinit(&w);
}

static void gives_the_body_as_asked(void **state)
{
    (void) state;
    static const mini_script bytes = ANSWERS("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\xff\xc3\xbc!");
    static const mini_script empty = ANSWERS("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    world w;
    world_init(&w, &bytes, 1);
    assert_gives(&w, "return http.get(base).body", "\"\xef\xbf\xbdü!\"");
    assert_gives(&w, "return Array.from(new Uint8Array(http.get(base, {responseType: 'binary'}).body))",
        "[255,195,188,33]");
    assert_gives(&w, "return http.get(base, {responseType: 'none'}).body", "null");
    w.settings.discard_bodies = true;
    assert_gives(&w,
        "const r = http.get(base); return [r.body, http.get(base, {responseType: 'text'}).body.length, r.status]",
        "[null,3,200]");
    world_deinit(&w);
    world_init(&w, &empty, 1);
    assert_gives(&w,
        "return [http.get(base).body, http.get(base, {responseType: 'binary'}).body.byteLength, http.head(base).body]",
        "[\"\",0,\"\"]");
    world_deinit(&w);
}

static void a_cut_body_keeps_what_came(void **state)
{
    (void) state;
    static const mini_script cut = {
        .steps = {{.op = MINI_REQUEST},
            {.op = MINI_SEND, .text = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"}}};
    world w;
    world_init(&w, &cut, 1);
    assert_gives(&w, "const r = http.get(base); return [r.status, r.error, r.error_code, r.body]",
        "[0,\"unexpected EOF\",1000,\"half\"]");
    world_deinit(&w);
}

static void limits_the_body(void **state)
{
    (void) state;
    static const mini_script large = {
        .steps = {{.op = MINI_REQUEST},
            {.op = MINI_SEND, .text = "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n"},
            {.op = MINI_SEND, .fill = 300000}, {.op = MINI_AGAIN}}};
    world w;
    world_init(&w, &large, 1);
    w.settings.http.max_body_bytes = 100000;
    assert_gives(&w, "const r = http.get(base); return [r.status, r.error.length > 0]", "[0,true]");
    assert_gives(
        &w, "const r = http.get(base, {responseType: 'none'}); return [r.status, r.body]", "[200,null]");
    world_deinit(&w);
}

static void fields_can_be_replaced(void **state)
{
    (void) state;
    world w;
    world_init(&w, &json, 1);
    assert_gives(&w,
        "const r = http.get(base); r.body = 'mine'; r.status = 404; r.extra = 5; return [r.body, r.status, r.extra, Object.keys(r).length]",
        "[\"mine\",404,5,17]");
    assert_gives(&w,
        "const r = http.get(base); Object.freeze(r); return [r.status, r.body.length, r.error_code]",
        "[200,50,0]");
    assert_gives(&w,
        "const r = http.get(base); Object.defineProperty(r, 'status', {enumerable: true}); Object.defineProperty(r, 'body', {enumerable: false}); return [r.status, r.body.length]",
        "[200,50]");
    assert_gives(&w, "const r = http.get(base); delete r.body; delete r.nope; return r.status", "200");
    world_deinit(&w);
}

/* Life ---------------------------------------------------------------------------------------------- */

static void outlives_its_iteration(void **state)
{
    (void) state;
    world w;
    world_init(&w, &json, 1);
    world_open(&w, PRELUDE
        "let kept; const all = []; export default function () { const r = http.get(base); all.push(r); if (kept) return [kept.json('a.0.b'), kept.headers['X-Multi'], kept.status, kept !== r]; kept = r }");
    for (int i = 0; i < 5; i++)
        assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "[1,\"a, b\",200,true]");
    world_deinit(&w); /* with responses that nobody let go */
}

static void cycles_are_collected(void **state)
{
    (void) state;
    static const mini_script large = {
        .steps = {{.op = MINI_REQUEST},
            {.op = MINI_SEND, .text = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"},
            {.op = MINI_SEND, .fill = 100000}, {.op = MINI_AGAIN}}};
    world w;
    world_init(&w, &large, 1);
    world_open(&w, PRELUDE
        "export default function () { for (let i = 0; i < 20; i++) { const r = http.get(base); r.body; r.self = r; r.headers.up = r; r.timings = {r} } }");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    size_t before = br_vu_heap_bytes(w.vu);
    for (int i = 0; i < 20; i++)
        assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_true(br_vu_heap_bytes(w.vu) < before + 8000000);
    world_deinit(&w);
}

static void a_failed_field_can_be_read_again(void **state)
{
    (void) state;
    static const mini_script large = {
        .steps = {{.op = MINI_REQUEST},
            {.op = MINI_SEND, .text = "HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n"},
            {.op = MINI_SEND, .fill = 3000000}, {.op = MINI_AGAIN}}};
    world w;
    world_init(&w, &large, 1);
    w.settings.memory_limit_bytes = 5 << 20; /* the answer, but not another copy of it */
    assert_gives(&w,
        "const r = http.get(base); const out = []; for (let i = 0; i < 3; i++) { try { r.body; out.push('read') } catch (e) { out.push(typeof e, '' + e) } } return [out, r.status]",
        "[[\"object\",\"InternalError: out of memory\",\"object\",\"InternalError: out of memory\",\"object\",\"InternalError: out of memory\"],200]");
    world_deinit(&w);
}

static void a_header_of_a_megabyte(void **state)
{
    (void) state;
    static const mini_script huge = {
        .steps = {{.op = MINI_REQUEST}, {.op = MINI_SEND, .text = "HTTP/1.1 200 OK\r\nX-Long: "},
            {.op = MINI_SEND, .fill = 2 << 20}, {.op = MINI_SEND, .text = "\r\nContent-Length: 0\r\n\r\n"}}};
    world w;
    world_init(&w, &huge, 1);
    assert_gives(&w, "const r = http.get(base); return [r.status, r.error.length > 0]", "[0,true]");
    world_deinit(&w);
}

/* Ours: not an own property, so that the answer looks like k6's. */
static void trailers(void **state)
{
    (void) state;
    static const mini_script scripts[] = {
        ANSWERS("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-a\r\n\r\n2\r\nok\r\n0\r\n"
                "x-a: 1\r\nX-A: 2\r\nserver-timing: db\r\nContent-Length: 9\r\n\r\n")};
    world w;
    world_init(&w, scripts, 1);
    assert_gives(&w,
        "const r = http.get(base); r.trailers.mine = 1;"
        "return [r.body, r.trailers, r.headers, Object.keys(r).includes('trailers'), 'trailers' in r]",
        "[\"ok\",{\"Server-Timing\":\"db\",\"X-A\":\"1, 2\",\"mine\":1},"
        "{\"Trailer\":\"x-a\",\"Transfer-Encoding\":\"chunked\"},false,true]");
    world_deinit(&w);
    static const mini_script plain = ANSWERS("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    world_init(&w, &plain, 1);
    assert_gives(&w, "return http.get(base).trailers", "{}");
    world_deinit(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_fields),
        cmocka_unit_test(parses_json),
        cmocka_unit_test(reports_bad_json),
        cmocka_unit_test(throws_at_switched_protocols),
        cmocka_unit_test(gives_the_body_as_asked),
        cmocka_unit_test(a_cut_body_keeps_what_came),
        cmocka_unit_test(limits_the_body),
        cmocka_unit_test(fields_can_be_replaced),
        cmocka_unit_test(outlives_its_iteration),
        cmocka_unit_test(cycles_are_collected),
        cmocka_unit_test(a_failed_field_can_be_read_again),
        cmocka_unit_test(a_header_of_a_megabyte),
        cmocka_unit_test(trailers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
