/* Modules beside http and metrics: execution, data, encoding, crypto; timers; TextEncoder and TextDecoder. */
#include "env.h"

static void timers_fire_in_order(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w,
        "import { setTimeout as st } from 'k6/timers';\n"
        "export default async function () {\n"
        "  const log = [st === setTimeout];\n"
        "  setTimeout(() => log.push('b'), 5); setTimeout((x) => log.push(x), 0, 'a');\n"
        "  clearTimeout(setTimeout(() => log.push('never'), 1)); clearTimeout(99);\n"
        "  await new Promise((done) => { let n = 0; const id = setInterval((x) => { log.push(x + ++n); if (n === 2) { clearInterval(id); done() } }, 8, 'i') });\n"
        "  try { setTimeout('text') } catch (e) { log.push(e.name) }\n"
        "  await new Promise((done) => setTimeout(function () { log.push(this === globalThis); done() }, 1));\n"
        "  return log\n}");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "[true,\"a\",\"b\",\"i1\",\"i2\",\"TypeError\",true]");
    world_deinit(&w);
}

/* What a call leaves behind does not fire in the next one. */
static void a_failed_call_drops_its_timers(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w,
        "let fired = 0;\n"
        "export function fails() { setTimeout(() => { fired++ }, 1); setTimeout(() => { throw new Error('in timer') }, 0) }\n"
        "export function hangs() { setInterval(() => { fired++ }, 0) }\n"
        "export default function () { return fired }");
    assert_call_fails(&w, "fails", BR_EEXCEPTION, "Error: in timer");
    w.cancel_after = 20 * BR_MS;
    assert_call_fails(&w, "hangs", BR_ECANCEL, "");
    assert_string_equal(w.err.msg, ""); /* it waited: nothing is stuck */
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    char fired[32];
    snprintf(fired, sizeof(fired), "%s", w.json);
    assert_string_not_equal(fired, "0");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, fired);
    world_deinit(&w);
}

/* __ENV looks like an ordinary object, before and after a script changed it. */
static void the_environment_is_an_object(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w,
        "const e = __ENV, base = e.BASE;\n"
        "export default function () {\n"
        "  const out = [typeof base, e === __ENV, e.NOPE === undefined, 'BASE' in e, Object.keys(e).includes('BASE'), JSON.parse(JSON.stringify(e)).BASE === base, ({ ...e }).BASE === base, e.hasOwnProperty('BASE'), e.toString()];\n"
        "  e.MINE = 1; e.BASE = 'x'; out.push(e.MINE, e.BASE, __ENV.BASE, delete e.MINE, e.MINE === undefined, Object.keys(e).includes('MINE'));\n"
        "  __ENV = { a: 2 }; out.push(__ENV.a, e.BASE); return out\n}");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json,
        "[\"string\",true,true,true,true,true,true,true,\"[object Object]\",1,\"x\",\"x\",true,true,false,2,\"x\"]");
    world_deinit(&w);
}

/* Built-ins that are made on their first use are there in every way of asking. */
static void late_builtins_are_there(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w,
        "export default function () {\n"
        "  const names = ['Map', 'Set', 'WeakMap', 'WeakSet', 'ArrayBuffer', 'DataView', 'Uint8Array', 'Uint8ClampedArray', 'Int8Array', 'Uint16Array', 'Int32Array', 'BigInt64Array', 'BigUint64Array', 'Float32Array', 'Float64Array'];\n"
        "  const out = [names.every((n) => n in globalThis), Object.getOwnPropertyDescriptor(globalThis, 'Uint8Array').writable];\n"
        "  out.push(names.filter((n) => typeof globalThis[n] !== 'function' || globalThis[n].name !== n || globalThis[n].prototype.constructor !== globalThis[n]));\n"
        "  const m = new Map([[1, new Uint8Array([1, 2])]]); out.push([...m.keys()], m.get(1).length, [...new Set([1, 1])], new DataView(new ArrayBuffer(4)).byteLength, Object.getPrototypeOf(Float64Array) === Object.getPrototypeOf(Int8Array));\n"
        "  class Mine extends Map {} out.push(new Mine() instanceof Map, Object.groupBy([1, 2], (x) => x % 2)[1]);\n"
        "  globalThis.Set = 5; out.push(Set); return out\n}\n"
        "export function first() { return new TextEncoder().encode('ab') instanceof Uint8Array }");
    br_vu *other = world_vu(&w, 2);
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "[true,true,[],[1],2,[1],4,true,true,[1],5]");
    assert_int_equal(world_call(&w, other, "first", NULL), BR_OK);
    assert_string_equal(w.json, "true");
    br_vu_free(other);
    world_deinit(&w);
}

/* The numbers of Go's math/rand, for this VU alone. */
static void random_numbers_can_be_seeded(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w,
        "import { randomSeed } from 'k6';\n"
        "export default function () { randomSeed(42); const a = Math.random(); randomSeed(42); return [a, Math.random(), Math.random()] }\n"
        "export function again() { return Math.random() }");
    br_vu *other = world_vu(&w, 2);
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "[0.3730283610466326,0.3730283610466326,0.06600049679351791]");
    assert_int_equal(world_call(&w, w.vu, "again", NULL), BR_OK);
    assert_string_equal(w.json, "0.604093851558642");
    assert_int_equal(world_call(&w, other, "again", NULL), BR_OK);
    assert_string_not_equal(w.json, "0.3730283610466326");
    br_vu_free(other);
    world_deinit(&w);
}

static void async_requests_run_side_by_side(void **state)
{
    (void) state;
    static const mini_script hello = ANSWERS("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    world w;
    world_init(&w, &hello, 1);
    world_open(&w,
        "import http from 'k6/http'; const base = __ENV.BASE;\n"
        "export default async function () {\n"
        "  const all = await Promise.all([1, 2, 3].map(() => http.asyncRequest('GET', base)));\n"
        "  return all.map((r) => r.body).concat((await http.asyncRequest('GET', 5)).error_code)\n}\n"
        "export function left() { http.asyncRequest('GET', base); throw new Error('at once') }");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "[\"hello\",\"hello\",\"hello\",1020]");
    assert_call_fails(&w, "left", BR_EEXCEPTION, "Error: at once");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    world_deinit(&w);
}

static void base64_has_four_variants(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w,
        "import { b64encode as e, b64decode as d } from 'k6/encoding';\n"
        "const bytes = new Uint8Array([251, 255, 1, 2]);\n"
        "const bad = (...a) => { try { d(...a); return 0 } catch (x) { return x.message } };\n"
        "export default function () { return [e('hello'), e(bytes), e(bytes, 'rawstd'), e(bytes, 'url'), e(bytes.buffer, 'rawurl'), e('', 'odd'),\n"
        "  d('aGVsbG8=', 'std', 's'), d('aGVs\\nbG8', 'rawstd', 's'), new Uint8Array(d('-_8BAg==', 'url'))[1], d('', 'std', 's'),\n"
        "  bad('aGVsbG8'), bad('a'), bad('aGVsbG8=', 'rawstd'), bad('-_8B'), bad('aa=a'), bad('====')] }");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json,
        "[\"aGVsbG8=\",\"+/8BAg==\",\"+/8BAg\",\"-_8BAg==\",\"-_8BAg\",\"\",\"hello\",\"hello\",255,\"\","
        "\"illegal base64 data at input byte 4\",\"illegal base64 data at input byte 0\","
        "\"illegal base64 data at input byte 7\",\"illegal base64 data at input byte 0\","
        "\"illegal base64 data at input byte 2\",\"illegal base64 data at input byte 0\"]");
    world_deinit(&w);
}

/* What scripts read of wrong arguments: k6's words, up to the name of the type. */
static void wrong_arguments_are_named(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w,
        "import crypto from 'k6/crypto'; import { b64encode, b64decode } from 'k6/encoding';\n"
        "const said = (f) => { try { return f() } catch (e) { return e.message } };\n"
        "export default function () { return [() => b64encode(5), () => b64encode(), () => b64decode().byteLength,\n"
        "  () => crypto.sha1(true, 'hex'), () => crypto.hexEncode(null), () => crypto.createHash('md5').update([1]),\n"
        "  () => crypto.createHMAC('md5', {}), () => crypto.hmac('md5', 'k', 5, 'hex')].map(said) }");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json,
        "[\"invalid type number, expected string, []byte or ArrayBuffer\","
        "\"invalid type null, expected string, []byte or ArrayBuffer\",0,"
        "\"sha1 failed: invalid type boolean, expected string, []byte or ArrayBuffer\","
        "\"invalid type null, expected string, []byte or ArrayBuffer\","
        "\"invalid type array, expected string, []byte or ArrayBuffer\","
        "\"invalid type object, expected string, []byte or ArrayBuffer\","
        "\"hmac failed: invalid type number, expected string, []byte or ArrayBuffer\"]");
    world_deinit(&w);
}

/* Scripts write {...http, get: mine}. */
static void modules_can_be_copied(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w,
        "import http from 'k6/http'; import k6 from 'k6'; import encoding from 'k6/encoding';\n"
        "const copy = {...http, get: () => 'mine'};\n"
        "export default function () { return [copy.get(), copy.post === http.post, Object.keys(k6).sort(), Object.keys(encoding).sort()] }");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json,
        "[\"mine\",true,[\"check\",\"fail\",\"group\",\"randomSeed\",\"sleep\"],[\"b64decode\",\"b64encode\"]]");
    world_deinit(&w);
}

/* Arguments go through the conversions of the language: what is no number is no time, a text has letters. */
static void odd_arguments_of_k6_functions(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w,
        "import { check, fail, sleep } from 'k6'; import { Counter } from 'k6/metrics';\n"
        "const c = new Counter('cc'), said = (f) => { try { return String(f()) } catch (e) { return e.name + ' ' + e.message } };\n"
        "export default function () { return [() => sleep(), () => sleep(undefined), () => sleep(null), () => sleep('x'),\n"
        "  () => check(1), () => check(1, undefined), () => check(1, null), () => check(1, 5), () => check(1, 'ab'),\n"
        "  () => check(1, {}, 5), () => check(1, {}, 'ab'), () => fail(), () => fail(undefined),\n"
        "  () => c.add(), () => c.add([]), () => c.add(1, 5), () => c.add(1, 'x')].map(said) }");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json,
        "[\"undefined\",\"undefined\",\"undefined\",\"undefined\","
        "\"GoError no checks provided to `check`\","
        "\"TypeError Cannot convert undefined or null to object\","
        "\"TypeError Cannot convert undefined or null to object\",\"true\",\"true\",\"true\",\"true\","
        "\"GoError \",\"GoError undefined\",\"false\",\"true\",\"true\",\"true\"]");
    world_deinit(&w);
}

static void hashes_match_known_values(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w,
        "import crypto from 'k6/crypto';\n"
        "export default function () { const h = crypto.createHash('sha1'); h.update('a'); h.update('bc');\n"
        "  return [crypto.md5('abc', 'hex'), h.digest('hex'), h.digest('hex'), crypto.hmac('sha256', 'key', '', 'hex'),\n"
        "    crypto.md5('abc', 'binary').byteLength, crypto.hexEncode(new Uint8Array([1, 255]))] }");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json,
        "[\"900150983cd24fb0d6963f7d28e17f72\",\"a9993e364706816aba3e25717850c26c9cd0d89d\","
        "\"a9993e364706816aba3e25717850c26c9cd0d89d\",\"5d5d139563c95b5967b9bd9a8c9b233a9dedb45072794cd232dc1b74832607d0\",16,\"01ff\"]");
    world_deinit(&w);
}

static void text_is_decoded_piece_by_piece(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w,
        "const u = (...b) => new Uint8Array(b);\n"
        "const cut = (bytes, label) => { const d = new TextDecoder(label); let s = ''; for (const b of bytes) s += d.decode(u(b), { stream: true }); return s + d.decode() };\n"
        "export default function () { return [cut([0xF0, 0x9F, 0x98, 0x80, 0x41]), cut([0xE2, 0x9C, 0x41]), cut([0xE2, 0x9C]), cut([0xC0, 0x80]),\n"
        "  cut([0xED, 0xA0, 0x80]).length, cut([0x3D, 0xD8, 0x00, 0xDE], 'utf-16le'), cut([0x3D, 0xD8, 0x41], 'utf-16le'),\n"
        "  Array.from(new TextEncoder().encode('é')), new TextEncoder().encode().length, new TextEncoder().encoding] }");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json,
        "[\"😀A\",\"\xEF\xBF\xBD"
        "A\",\"\xEF\xBF\xBD\",\"\xEF\xBF\xBD\xEF\xBF\xBD\",3,\"😀\",\"\xEF\xBF\xBD\",[195,169],0,\"utf-8\"]");
    world_deinit(&w);
}

static void text_is_encoded_into_arrays(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    assert_gives(&w,
        "const e = new TextEncoder(), b = new Uint8Array(6), r = (t, into) => { const { read, written } = e.encodeInto(t, into); return [read, written, Array.from(into)] };"
        "const fails = (f) => { try { f(); return 'fine' } catch (x) { return x.name } };"
        "return [r('a\\u00e9\\u{1F600}z', b), r('a\\u00e9\\u{1F600}z', new Uint8Array(8)), r('\\u{1F600}', b.subarray(3)), r('', b.subarray(6)), r('xyz', new Uint8Array(0)), r('\\ud800!', new Uint8Array(4)),"
        "  fails(() => e.encodeInto('x', [1])), fails(() => e.encodeInto('x')), fails(() => e.encodeInto('x', new Uint8ClampedArray(1))), fails(() => e.encodeInto(Symbol(), b))]",
        "[[2,3,[97,195,169,0,0,0]],[5,8,[97,195,169,240,159,152,128,122]],[0,0,[0,0,0]],[0,0,[]],[0,0,[]],[2,4,[239,191,189,33]],\"TypeError\",\"TypeError\",\"TypeError\",\"TypeError\"]");
    assert_gives(&w,
        "return ['\\ud800', 'a\\udc00b', '\\ud83d\\ude00', '\\ud7ff\\ue000'].map((t) => Array.from(new TextEncoder().encode(t)).join())",
        "[\"239,191,189\",\"97,239,191,189,98\",\"240,159,152,128\",\"237,159,191,238,128,128\"]");
    world_deinit(&w);
}

static void shared_arrays_are_shared_and_frozen(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w,
        "import { SharedArray } from 'k6/data';\n"
        "let built = 0; const a = new SharedArray('a', () => { built++; return [{ n: [1] }, 'x', undefined] });\n"
        "const t = (f) => { try { f(); return 'fine' } catch (e) { return e.name } };\n"
        "export default function () { 'use strict'; return [built, a.length, a[0], a[0] === a[0], a[3], a[2], Array.isArray(a), [...a].length, Object.keys(a), 'length' in a,\n"
        "  t(() => { a[0] = 1 }), t(() => { a[0].n.push(1) }), t(() => { delete a[0] }), t(() => { a.length = 0 }), t(() => new SharedArray('b', () => []))] }");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "[0,3,{\"n\":[1]},false,null,null,true,3,[\"0\",\"1\",\"2\"],true,"
                                "\"TypeError\",\"TypeError\",\"TypeError\",\"TypeError\",\"GoError\"]");
    world_deinit(&w);
}

/* vu.tags is live, keeps what was set for the next call of the same scenario, and a group gives its own tag
 * back. */
static void tags_of_a_script_last(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w,
        "import exec from 'k6/execution'; import { group } from 'k6'; import { Counter } from 'k6/metrics';\n"
        "const c = new Counter('cc');\n"
        "export function sets() { exec.vu.tags.own = 1; group('g', () => { exec.vu.metrics.tags.inside = true; c.add(1) }); c.add(2) }\n"
        "export default function () { c.add(3); const before = Object.keys(exec.vu.tags); delete exec.vu.tags.own;\n"
        "  return [before, exec.vu.tags.own, exec.vu.tags.group, exec.vu.idInTest] }\n"
        "export function aborts() { try { exec.test.abort('why') } catch (e) { } finally { c.add(9) } }");
    assert_int_equal(world_call(&w, w.vu, "sets", NULL), BR_OK);
    assert_int_equal(samples_with(&w, "cc 1 {group=::g,inside=true,own=1,run=r,scenario=s}"), 1);
    assert_int_equal(samples_with(&w, "cc 2 {group=,inside=true,own=1,run=r,scenario=s}"), 1);
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "[[\"group\",\"inside\",\"own\",\"run\",\"scenario\"],null,\"\",1]");
    assert_call_fails(&w, "aborts", BR_EABORT, "test aborted: why");
    assert_int_equal(samples_with(&w, "cc 9"), 0);
    world_deinit(&w);
}

static void missing_names_of_k6_modules_are_null(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w,
        "import { check, nothing } from 'k6'; import { nope } from 'k6/http';\n"
        "export default function () { return [typeof check, nothing, nope, import.meta.resolve === undefined] }");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "[\"function\",null,null,false]");
    world_deinit(&w);
}

static void expected_statuses_decide(void **state)
{
    (void) state;
    static const mini_script gone = ANSWERS("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    world w;
    world_init(&w, &gone, 1);
    assert_gives(&w,
        "http.get(base, {responseCallback: http.expectedStatuses(200, {min: 400, max: 404})}); http.get(base);\n"
        "http.setResponseCallback(http.expectedStatuses(404)); http.get(base); http.setResponseCallback(null); http.get(base);\n"
        "return [() => http.expectedStatuses(), () => http.expectedStatuses('x'), () => http.expectedStatuses({min: 1}), () => http.setResponseCallback(5)]\n"
        ".map((f) => { try { f(); return 0 } catch (e) { return e.name } })",
        "[\"GoError\",\"GoError\",\"GoError\",\"GoError\"]");
    assert_int_equal(samples_with(&w, "http_req_failed 0"), 2);
    assert_int_equal(samples_with(&w, "http_req_failed 1"), 1);
    world_deinit(&w);
}

/* k6 goes through the keys of params: one that is there counts, also with undefined. */
static void undefined_turns_off(void **state)
{
    (void) state;
    world w;
    int fd;
    static const mini_script gone = ANSWERS("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    world_init(&w, &gone, 1);
    assert_gives(&w,
        "http.get(base, {responseCallback: undefined}); http.get(base, {tags: {a: 'b'}});\n"
        "http.setResponseCallback(); http.get(base);\n"
        "try { http.setResponseCallback(undefined) } catch (e) { return e.name }",
        "\"GoError\"");
    assert_int_equal(samples_with(&w, "http_reqs 1"), 3);
    assert_int_equal(samples_with(&w, "http_req_failed"), 1);
    w.settings.throw_errors = true;
    char body[300];
    snprintf(body, sizeof(body),
        "const url = 'http://127.0.0.1:%u/';\n"
        "return [{}, {throw: undefined}, {throw: true}].map((p) => { try { return http.get(url, p).status } catch (e) { return 'threw' } })",
        mini_closed_port(&fd));
    assert_gives(&w, body, "[\"threw\",0,\"threw\"]");
    mini_closed_port_free(fd);
    world_deinit(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_in_order),
        cmocka_unit_test(a_failed_call_drops_its_timers),
        cmocka_unit_test(the_environment_is_an_object),
        cmocka_unit_test(late_builtins_are_there),
        cmocka_unit_test(random_numbers_can_be_seeded),
        cmocka_unit_test(async_requests_run_side_by_side),
        cmocka_unit_test(base64_has_four_variants),
        cmocka_unit_test(wrong_arguments_are_named),
        cmocka_unit_test(modules_can_be_copied),
        cmocka_unit_test(odd_arguments_of_k6_functions),
        cmocka_unit_test(hashes_match_known_values),
        cmocka_unit_test(text_is_decoded_piece_by_piece),
        cmocka_unit_test(text_is_encoded_into_arrays),
        cmocka_unit_test(shared_arrays_are_shared_and_frozen),
        cmocka_unit_test(tags_of_a_script_last),
        cmocka_unit_test(missing_names_of_k6_modules_are_null),
        cmocka_unit_test(expected_statuses_decide),
        cmocka_unit_test(undefined_turns_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
