/* Globals beyond k6's: URL, structuredClone, base64, performance. */
#include "env.h"

static void urls(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    assert_gives(&w,
        "const u = new URL('../c?d=1#e', 'HTTPS://User:p%40@\\u00e4.example:443/a/b/'); return [u.href, u.origin, u.host, u.username, u.searchParams.get('d'), String(u) === JSON.parse(JSON.stringify(u))]",
        "[\"https://User:p%40@xn--4ca.example/a/c?d=1#e\",\"https://xn--4ca.example\",\"xn--4ca.example\",\"User\",\"1\",true]");
    assert_gives(&w,
        "const u = new URL('http://h/p'); u.searchParams.append('a b', '\\u00e4&'); u.port = '8080'; u.pathname = 'x y'; u.hash = 'z'; return u.href",
        "\"http://h:8080/x%20y?a+b=%C3%A4%26#z\"");
    assert_gives(&w,
        "const out = []; for (const bad of ['', 'x', 'http://', 'http://a:99999', 'http://[::1', 'http://a b']) try { new URL(bad); out.push(bad) } catch (e) { out.push(e.name) } return [out, URL.canParse('x', 'http://h')]",
        "[[\"TypeError\",\"TypeError\",\"TypeError\",\"TypeError\",\"TypeError\",\"TypeError\"],true]");
    assert_gives(&w,
        "const p = new URLSearchParams({ b: '2', a: 'x y' }); p.append('b', '3'); p.sort(); p.delete('b', '2'); return [String(p), [...p], p.size, p.getAll('b'), new URLSearchParams('?q=%ff%41+').get('q')]",
        "[\"a=x+y&b=3\",[[\"a\",\"x y\"],[\"b\",\"3\"]],2,[\"3\"],\"\xEF\xBF\xBD"
        "A \"]");
    world_deinit(&w);
}

static void copies(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    assert_gives(&w,
        "const o = { a: [1, { b: 2 }], d: new Date(5), m: new Map([['k', new Set([1])]]), u: new Uint8Array([1, 2, 3]).subarray(1), e: new RangeError('r') }; o.self = o;"
        "const c = structuredClone(o); o.a[1].b = 3; return [c.a[1].b, c.d.getTime(), c.m.get('k').has(1), [...c.u], c.e instanceof RangeError, c.self === c, c.u.buffer !== o.u.buffer]",
        "[2,5,true,[2,3],true,true,true]");
    assert_gives(&w,
        "try { structuredClone(() => 1) } catch (e) { return [e.name, e instanceof DOMException, e.code] }",
        "[\"DataCloneError\",true,25]");
    world_deinit(&w);
}

static void small_ones(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    assert_gives(&w, "return [btoa('h\\u00e9'), atob(' aGk= '), typeof DOMException]",
        "[\"aOk=\",\"hi\",\"function\"]");
    assert_gives(&w,
        "const out = []; for (const f of [() => atob('*'), () => btoa('\\u20ac')]) try { f() } catch (e) { out.push(e.name) } return out",
        "[\"InvalidCharacterError\",\"InvalidCharacterError\"]");
    assert_gives(&w,
        "const a = performance.now(), b = performance.now(); return [b >= a, a >= 0, a < 60000, Math.abs(performance.timeOrigin - Date.now()) < 60000]",
        "[true,true,true,true]");
    assert_gives(
        &w, "let x = 0; queueMicrotask(() => { x = 1 }); return Promise.resolve().then(() => x)", "1");
    world_deinit(&w);
}

/* A script's own ones win, whichever way it brings them. */
static void scripts_may_bring_their_own(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_file(&w, "polyfill.js",
        "globalThis.URL = class { constructor() { this.mine = 1 } }; globalThis.atob = () => 'mine'; export {}");
    world_open(&w,
        "import './polyfill.js'; const Params = URLSearchParams; export default () => [new URL().mine, new Params('a=1').get('a'), atob(), btoa('x')]");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "[1,\"1\",\"mine\",\"eA==\"]");
    world_deinit(&w);
}

/* Only what the text of some module mentions is there, so that others cost nothing. */
static void names_that_nobody_mentions_are_not_there(void **state)
{
    (void) state;
    world w;
    world_init(&w, NULL, 0);
    world_open(&w,
        "const BASE_URL = 'x', myperformance = 1; export default () => Object.getOwnPropertyNames(globalThis).filter((n) => /^(U.L|struct|ato|perf|DOM)/.test(n))");
    assert_int_equal(world_call(&w, w.vu, "default", NULL), BR_OK);
    assert_string_equal(w.json, "[]");
    assert_gives(&w, "return typeof globalThis['URL']", "\"function\"");
    world_deinit(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(urls), cmocka_unit_test(copies),
        cmocka_unit_test(small_ones), cmocka_unit_test(scripts_may_bring_their_own),
        cmocka_unit_test(names_that_nobody_mentions_are_not_there)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
