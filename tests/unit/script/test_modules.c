/* k6, k6/metrics, console and the other globals. */
#include "env.h"
#include "base/log.h"

static void checks(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    assert_gives(&w,
        "return [check(5, {a: (v) => v === 5, b: true, c: 'x'}), check(5, {d: (v) => v > 5, e: 0, f: null}), check(1, {})]",
        "[true,false,true]");
    assert_sample(&w, "checks 1 {check=a,group=,run=r,scenario=s}", 1);
    assert_sample(&w, "checks 1 ", 3);
    assert_sample(&w, "checks 0 ", 3);
    br_group *root = br_recorder_root(w.recorder);
    assert_int_equal(root->checks.len, 6);
    assert_true(br_str_is(root->checks.data[3]->name, "d"));
    assert_int_equal(root->checks.data[3]->fails, 1);
    assert_int_equal(root->checks.data[0]->passes, 1);
    assert_gives(&w, "return check(1, {t: true}, {mine: 5, b: true, c: 'x'})", "true");
    assert_sample(&w, "checks 1 {b=true,c=x,check=t,group=,mine=5,run=r,scenario=s}", 1);
    world_deinit(&w);
}

static void a_check_that_throws_fails_and_ends_the_rest(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    assert_gives(&w,
        "try { check(1, {first: true, boom: () => { throw new Error('in check') }, third: true}) } catch (e) { return e.message }",
        "\"in check\"");
    assert_sample(&w, "checks 1 {check=first", 1);
    assert_sample(&w, "checks 0 {check=boom", 1);
    assert_sample(&w, "check=third", 0);
    assert_gives(&w,
        "const out = []; for (const f of [() => check(1), () => check(1, {'a::b': true}), () => check(1, {a: async () => true}),"
        " () => check(1, {a: true}, {t: {}}), () => check(1, {a: true}, 'tags')]) { try { f(); out.push('no') } catch (e) { out.push(e instanceof GoError) } } return out",
        "[true,true,true,true,\"no\"]");
    world_deinit(&w);
}

static void groups_nest(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    assert_gives(&w,
        "return group('a', () => { check(1, {in: true}); return group('b', () => { check(1, {deep: true}); return 7 }) })",
        "7");
    assert_sample(&w, "checks 1 {check=in,group=::a,", 1);
    assert_sample(&w, "checks 1 {check=deep,group=::a::b,", 1);
    assert_int_equal(samples_with(&w, "group_duration "), 2);
    assert_int_equal(samples_with(&w, "group=::a::b,run=r,scenario=s}"), 2);
    assert_gives(&w,
        "try { group('t', () => { throw new Error('x') }) } catch (e) {} check(1, {after: true})",
        "undefined");
    assert_sample(&w, "{group=::t,run=r", 1); /* its duration counts even so */
    assert_sample(&w, "checks 1 {check=after,group=,", 1);
    assert_gives(&w, "return group('', () => check(1, {empty: true}))", "true");
    assert_sample(&w, "checks 1 {check=empty,group=,", 1);
    assert_gives(&w,
        "const out = []; for (const f of [() => group('a'), () => group('a', 5), () => group('a::b', () => 1), () => group('a', async () => 1)])"
        " { try { f(); out.push('no') } catch (e) { out.push(e instanceof GoError) } } return out",
        "[true,true,true,true]");
    br_group *root = br_recorder_root(w.recorder);
    assert_int_equal(root->groups.len, 2);
    assert_true(br_str_is(root->groups.data[0]->groups.data[0]->path, "::a::b"));
    world_deinit(&w);
}

static void sleeps(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    assert_gives(&w,
        "const t = Date.now(); sleep(0.06); const d = Date.now() - t; return d >= 58 && d < 1000 ? 'ok' : d",
        "\"ok\"");
    assert_gives(&w, "sleep(0); sleep(-1); sleep(NaN); sleep('0.01'); return 1", "1");
    assert_gives(&w,
        "const out = []; for (const f of [() => sleep(), () => sleep(null), () => sleep(Symbol())]) { try { f(); out.push('no') } catch (e) { out.push(e.name) } } return out",
        "[\"no\",\"no\",\"TypeError\"]");
    world_open(&w, PRELUDE
        "let after = 0; export default function () { try { sleep(60) } finally { after = 1 } } export function seen() { return after }");
    w.cancel_after = 30 * BR_MS;
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_ECANCEL);
    assert_int_equal(world_call(&w, w.vu, "seen", NULL), BR_OK);
    assert_string_equal(w.json, "0");
    world_deinit(&w);
}

static void fails(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w,
        PRELUDE "export default function () { fail('because') }\nexport function none() { fail() }\n"
                "export function long() { fail('x'.repeat(600) + 'END') }");
    assert_call_fails(&w, "default", BR_EEXCEPTION, "GoError: because\n\tat default (file://");
    assert_call_fails(&w, "none", BR_EEXCEPTION, "GoError\n");
    assert_call_fails(&w, "long", BR_EEXCEPTION, "xxEND");
    assert_gives(&w,
        "try { fail('m') } catch (e) { return [e instanceof Error, e instanceof GoError, '' + e, e.value, e.message, Object.keys(e)] }",
        "[true,true,\"GoError: m\",\"m\",\"m\",[\"value\"]]");
    assert_gives(&w,
        "try { fail('ü'.repeat(2000)) } catch (e) { return [e.message.length, e.message.endsWith('ü'), e.value.length] }",
        "[2000,true,2000]");
    world_deinit(&w);
}

static void some_calls_need_an_iteration(void **state)
{
    (void) state;
    static const char *const calls[] = {"check(1, {a: true})", "group('a', () => 1)", "sleep(1)",
        "http.get('http://127.0.0.1:1')", "new Counter('init').add(1)"};
    world w;
    world_init(&w, NULL, 0);
    for (size_t i = 0; i < BR_COUNT_OF(calls); i++) {
        char source[500];
        snprintf(source, sizeof(source),
            PRELUDE "let ok = ''; try { %s; ok = 'ran' } catch (e) { ok = e.name }\n"
                    "export default function () { return ok }",
            calls[i]);
        world_open(&w, source);
        assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
        if (strcmp(w.json, "\"GoError\"") != 0) fail_msg("%s: %s", calls[i], w.json);
    }
    assert_int_equal(w.samples.len, 0);
    assert_gives(&w, "try { new Counter('late') } catch (e) { return '' + e }",
        "\"GoError: metrics must be declared in the init context\"");
    world_open(&w, PRELUDE
        "sleep(0); let m; try { fail('x') } catch (e) { m = e.name } export default function () { return m }");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "\"GoError\"");
    world_deinit(&w);
}

/* Metrics --------------------------------------------------------------------------------------------- */

static void records_custom_metrics(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w, PRELUDE
        "const c = new Counter('my_c'), g = Gauge('my_g'), r = new Rate('my_r'), t = new Trend('my_t', true), same = new Counter('my_c');\n"
        "export default function () { same.add(2); return [c.add(3, {k: 'v'}), g.add(-1.5), r.add(true), r.add(0), t.add('12.5'), c.name, t.name] }");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "[true,true,true,true,true,\"my_c\",\"my_t\"]");
    assert_sample(&w, "my_c 2 {group=,run=r,scenario=s}", 1);
    assert_sample(&w, "my_c 3 {group=,k=v,run=r,scenario=s}", 1);
    assert_sample(&w, "my_g -1.5 ", 1);
    assert_sample(&w, "my_r 1 ", 1);
    assert_sample(&w, "my_r 0 ", 1);
    assert_sample(&w, "my_t 12.5 ", 1);
    br_metric *t = br_metrics_find(w.metrics, BR_STR("my_t"));
    assert_int_equal(t->type, BR_TREND);
    assert_int_equal(t->contains, BR_CONTAINS_TIME);
    world_deinit(&w);
}

static void refuses_bad_metric_values(void **state)
{
    (void) state;
    static const char *const values[] = {"NaN", "Infinity", "'abc'", "null", "undefined", "{}", ""};
    world w;
    world_init(&w, NULL, 0);
    for (size_t i = 0; i < BR_COUNT_OF(values); i++) {
        char source[400];
        for (int throws = 0; throws < 2; throws++) {
            w.settings.throw_errors = throws;
            snprintf(source, sizeof(source),
                PRELUDE "const c = new Trend('my_v'); export default function () { return c.add(%s) }",
                values[i]);
            world_open(&w, source);
            br_code code = world_call(&w, w.vu, "default", NULL);
            if (code != (throws ? BR_EEXCEPTION : BR_OK)) fail_msg("%s %d: %s", values[i], throws, w.err.msg);
            if (!throws) assert_string_equal(w.json, "false");
        }
    }
    assert_true(log_has(&w, "is an invalid value for metric 'my_v'"));
    assert_int_equal(w.samples.len, 0);
    world_deinit(&w);
}

static void refuses_bad_metrics(void **state)
{
    (void) state;
    static const char *const bad[] = {"new Counter()", "new Counter('')", "new Counter('a b')",
        "new Counter('x'.repeat(200))", "new Counter('http_reqs', true)", "new Trend('http_reqs')",
        "new Rate('my'), new Gauge('my')", "new Counter(Symbol())", "new Counter('a\\0b')"};
    world w;
    world_init(&w, NULL, 0);
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        char source[400];
        snprintf(source, sizeof(source), PRELUDE "%s; export default function () {}", bad[i]);
        if (world_load(&w, source) != BR_EEXCEPTION) fail_msg("%s: %s", bad[i], w.err.msg);
    }
    world_deinit(&w);
}

/* What k6's constructors make: plain objects with functions that know what they belong to. */
static void made_objects_are_plain(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w, PRELUDE
        "import * as ns from 'k6/metrics'; import * as all from 'k6/http'; import { SharedArray } from 'k6/data'; import crypto from 'k6/crypto'; import { Blob } from 'k6/websockets'; import { CookieJar } from 'k6/http';\n"
        "const c = new Counter('ok'), bare = Counter('bare'), list = SharedArray('list', () => [1, 2]), { add } = c;\n"
        "export default function () {\n"
        "  const h = crypto.createHash('md5'), { update, digest } = h; update('a');\n"
        "  'use strict'; let kept = ''; try { c.name = 'other' } catch (e) { kept = e.name }\n"
        "  return [Object.keys(c), JSON.stringify(c), bare.name, add(1), c.add.call({}, 1), c instanceof Counter, {} instanceof Gauge, c.name, kept,\n"
        "    list.length, list instanceof SharedArray, new CookieJar() instanceof CookieJar, Object.keys(h), digest('hex'), h.digest('hex') === crypto.md5('a', 'hex'), Blob(['ab']).size, Blob([new DataView(new ArrayBuffer(4), 1, 2)]).size,\n"
        "    Object.keys(ns), 'default' in ns, ns.default === undefined, 'default' in all, typeof all.get]\n}");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json,
        "[[\"name\",\"add\"],\"{\\\"name\\\":\\\"ok\\\"}\",\"bare\",true,true,false,false,\"ok\",\"TypeError\","
        "2,false,false,[\"digest\",\"update\"],\"0cc175b9c0f1b6a831c399e269772661\",true,2,2,"
        "[\"Counter\",\"Gauge\",\"Rate\",\"Trend\"],false,true,false,\"function\"]");
    world_deinit(&w);
}

/* k6 takes bytes from an ArrayBuffer or an array of unsigned bytes; other typed arrays are lists of numbers.
 */
static void only_octets_are_bytes(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w,
        "import http from 'k6/http'; import crypto from 'k6/crypto'; import encoding from 'k6/encoding';\n"
        "const said = (f) => { try { return f() } catch (e) { return e.message } };\n"
        "export default () => [crypto.md5(new Uint8ClampedArray([97]), 'hex') === crypto.md5('a', 'hex'), encoding.b64encode(new Uint8Array([97]).buffer),\n"
        "  said(() => crypto.md5(new Uint16Array([97]), 'hex')), said(() => encoding.b64encode(new Int8Array([97]))),\n"
        "  said(() => http.file(new Float32Array(1))), http.post('http://127.0.0.1:1', new Uint16Array(1)).error.startsWith('unknown request body type')]");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json,
        "[true,\"YQ==\",\"md5 failed: invalid type object, expected string, []byte or ArrayBuffer\","
        "\"invalid type object, expected string, []byte or ArrayBuffer\",\"invalid type of the data, expected string or ArrayBuffer\",true]");
    world_deinit(&w);
}

/* Console ------------------------------------------------------------------------------------------- */

/* k6's own answers; see its behaviour in console.log. */
static void formats_console_arguments(void **state)
{
    (void) state;
    static const struct {
        const char *arguments, *text;
    } table[] = {
        {"", ""},
        {"'a', 1, true, null, undefined", "a 1 true null undefined"},
        {"-0, 1.5, 1e21, 10n", "0 1.5 1e+21 10"},
        {"Symbol('desc')", "desc"},
        {"function f() {}, class A {}, () => 1", "[object Function] [object Function] [object Function]"},
        {"new TypeError('bad')", "TypeError: bad"},
        {"{}, []", "{} []"},
        {"{k: 1, k2: 'str', n: null, u: undefined}", "{ k: 1, k2: \"str\", n: null, u: null }"},
        {"[1, 'a', null, undefined, , true]", "[ 1, \"a\", null, null, null, true ]"},
        {"{a: {b: [{c: 1}]}}", "{ a: { b: [ { c: 1 } ] } }"},
        {"{f() {}, s: 'x y'}", "{ f: [object Function], s: \"x y\" }"},
        {"(() => { const o = {a: 1}; o.o = o; return o })()", "{ a: 1, o: [Circular] }"},
        {"(() => { const o = {}; return [o, o] })()", "[ {}, {} ]"},
        {"new Date(0)", "\"1970-01-01T00:00:00.000Z\""},
        {"new Uint8Array([1, 2])", "Uint8Array(2) [ 1, 2 ]"},
        {"new Uint8ClampedArray([7])", "Uint8Array(1) [ 7 ]"},
        {"new Float64Array(0)", "Float64Array(0) []"},
        {"new Uint8Array([0, 255]).buffer", "ArrayBuffer { [Uint8Contents]: <00 ff>, byteLength: 2 }"},
        {"new ArrayBuffer(0)", "ArrayBuffer { [Uint8Contents]: <>, byteLength: 0 }"},
        {"new Map([[1, 2]]), new Set([1]), /x/, Promise.resolve()", "{} {} {} {}"},
        {"{s: Symbol('in')}", "{ s: in }"},
    };
    world w;
    world_init(&w, NULL, 0);
    br_log_setup(&(br_log_config){.level = BR_LOG_INFO, .format = BR_LOG_RAW, .out = w.log_file});
    for (size_t i = 0; i < BR_COUNT_OF(table); i++) {
        char source[400];
        fflush(w.log_file);
        size_t before = w.log_bytes;
        snprintf(source, sizeof(source), "console.log(%s)", table[i].arguments);
        assert_gives(&w, source, "undefined");
        fflush(w.log_file);
        br_str line = {w.log + before, w.log_bytes - before - 1}; /* without the line's end */
        if (!br_str_is(line, table[i].text))
            fail_msg("%s\nwrote %s\nwant  %s", table[i].arguments, w.log + before, table[i].text);
    }
    world_deinit(&w);
}

static void console_has_levels(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    assert_gives(
        &w, "console.info('i'); console.debug('d'); console.warn('w'); console.error('e')", "undefined");
    assert_true(log_has(&w, "level=info msg=i source=console"));
    assert_true(log_has(&w, "level=debug msg=d source=console"));
    assert_true(log_has(&w, "level=warning msg=w source=console"));
    assert_true(log_has(&w, "level=error msg=e source=console"));
    assert_gives(&w,
        "try { console.log({ get a() { throw new Error('getter') } }) } catch (e) { return e.message }",
        "\"getter\"");
    assert_gives(&w,
        "let o = {}; for (let i = 0; i < 5000; i++) o = [o]; console.log(o); console.log('\\ud800 \\0'); return 1",
        "1");
    assert_gives(&w, "console.log(new Array(4294967295)); console.log('x'.repeat(1 << 25)); return 1", "1");
    world_deinit(&w);
}

static void has_go_error(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    assert_gives(&w,
        "const e = new GoError('x'); return [e instanceof GoError, e instanceof Error, e.name, e.message, GoError.prototype instanceof Error]",
        "[true,true,\"GoError\",\"x\",true]");
    assert_gives(&w, "globalThis.GoError = 5; try { fail('still') } catch (e) { return '' + e }",
        "\"GoError: still\"");
    world_deinit(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks),
        cmocka_unit_test(a_check_that_throws_fails_and_ends_the_rest),
        cmocka_unit_test(groups_nest),
        cmocka_unit_test(sleeps),
        cmocka_unit_test(fails),
        cmocka_unit_test(some_calls_need_an_iteration),
        cmocka_unit_test(records_custom_metrics),
        cmocka_unit_test(refuses_bad_metric_values),
        cmocka_unit_test(refuses_bad_metrics),
        cmocka_unit_test(made_objects_are_plain),
        cmocka_unit_test(only_octets_are_bytes),
        cmocka_unit_test(formats_console_arguments),
        cmocka_unit_test(console_has_levels),
        cmocka_unit_test(has_go_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
