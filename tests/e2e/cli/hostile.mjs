// Scripts that mean harm, or are badly broken: nothing crashes or hangs, limits hold, an interrupt always works.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertFails, folder, messages, paced, Run, runScript, serve, sleep } from './harness.mjs';

const IMPORTS = `import http from 'k6/http'; import { check, group } from 'k6'; import encoding from 'k6/encoding';
import { parseHTML } from 'k6/html'; import { SharedArray } from 'k6/data';\n`;
const body = (code) => `${IMPORTS}const url = __ENV.URL;\nexport default function () {\n${code}\n}`;
const nested = (n) => `let a = []; for (let i = 0; i < ${n}; i++) a = [a]; `;

// What the iteration is told about: the message. Two virtual users do it twice each.
const STACK = /^RangeError: Maximum call stack size exceeded \(virtual user [12] is at its limit of 1024 KiB: see --vu-stack\)\n\tat .*script\.js/s;
const MEMORY = /^InternalError: out of memory \(virtual user [12] is at its limit of 32 MiB: see --vu-memory\)\n\tat .*script\.js:5:\d+/s;
const iterations = {
    'recursion': ['(function f() { f() })()', STACK],
    'a getter of itself': ['const o = { get x() { return this.x } }; o.x', STACK],
    'toString of itself': ["const o = { toString() { return '' + o } }; '' + o", STACK],
    'toJSON of itself': ['const o = { toJSON() { return JSON.stringify(o) } }; JSON.stringify(o)', STACK],
    'a Proxy of itself': ['const p = new Proxy({}, { get(t, k, r) { return r[k] } }); p.x', STACK],
    'groups in groups': ["(function f() { group('g', f) })()", STACK],
    'JSON in JSON': ["JSON.parse('['.repeat(1e6))", STACK],
    'deep arrays cloned': [`${nested(50000)} structuredClone(a)`, /^RangeError: Maximum call stack size exceeded \(virtual user/],
    'groups of regular expressions': ["new RegExp('(?:'.repeat(1e5) + ')'.repeat(1e5))", /^SyntaxError: stack overflow \(virtual user/],
    'strings that double': ["let s = 'ab'; for (;;) s += s", /^InternalError: (string too long|out of memory)/],
    'templates that double': ["let s = 'abcdefgh'; for (;;) s = `${s}${s}${s}`", MEMORY],
    'objects without end': ["const m = {}; for (let i = 0; ; i++) m['k' + i] = i", MEMORY],
    'chains of prototypes': ['let p = {}; for (;;) p = Object.create(p)', MEMORY],
    'bound functions': ['let f = () => 1; for (;;) f = f.bind(null)', MEMORY],
    'an array as large as can be': ['new Array(2 ** 32 - 1).fill(1)', MEMORY],
    'buffers without end': ['const l = []; for (;;) l.push(new ArrayBuffer(1 << 20))', MEMORY],
    'answers that are kept': ["const a = []; for (;;) a.push(http.get(url + '/big'))", MEMORY],
    'documents that are kept': ["const p = '<p>'.repeat(1e4); const a = []; for (;;) a.push(parseHTML(p))", MEMORY],
    'documents in circles are collected': ["const p = '<p>'.repeat(1e4); for (let i = 0; i < 100; i++) { const a = { d: parseHTML(p) }; a.a = a }", null],
    'answers in circles are collected': ["for (let i = 0; i < 100; i++) { const a = { r: http.get(url + '/big') }; a.a = a }", null],
    'a symbol is thrown': ["throw Symbol('x')", /^Symbol\(x\)$/],
    'null is thrown': ['throw null', /^null$/],
    'a revoked Proxy is thrown': ['const { proxy, revoke } = Proxy.revocable(new Error(), {}); revoke(); throw proxy', /no text/],
    'an error whose parts throw': ["const e = new Error('x'); Object.defineProperty(e, 'stack', { get() { throw e } }); throw e", /^Error: x/],
    'a thenable whose then throws': ['return { get then() { throw 1 } }', null],
    'a promise that is never settled': ['return new Promise(() => {})', null],
    'rejections by the thousand': ['for (let i = 0; i < 10000; i++) Promise.reject(i)', /Uncaught \(in promise\) 0/],
    'deep arrays shown, checked, sent': [`${nested(5000)} check(a, { x: (r) => r.length }); http.post(url, { a }); console.log(a)`, undefined],
    'parameters whose getters throw': ["http.get(url, { get headers() { throw new Error('mine') } })", /^Error: mine/],
    'an answer of zeros as JSON': ["http.get(url + '/zeros').json()", /^GoError: cannot parse json due to an error at line 1, character 2 , error: invalid character '\\x00' looking for beginning of value\n/],
    'timers by the thousand': ['for (let i = 0; i < 5000; i++) setTimeout(() => {}, i % 10)', null],
};

// What never ends by itself; SIGINT must.
const endless = {
    'a loop': 'for (;;);',
    'a loop in finally': 'try { for (;;); } finally { for (;;); }',
    'jobs': '(function f() { return Promise.resolve().then(f) })()',
    'a check': 'check(1, { a: () => { for (;;); } })',
    'a getter of parameters': 'http.get(url, { get headers() { for (;;); } })',
    'a callback of a selection': "parseHTML('<p>').find('p').each(() => { for (;;); })",
    'a regular expression': "/^(a+)+$/.test('a'.repeat(50) + 'b')",
    'a regular expression as selector': "parseHTML('<p>' + 'a'.repeat(50) + 'b</p>').find(':matches(^(a+)+$)').size(); for (;;);",
    'what looks like a long array': '[].indexOf.call({ length: 2 ** 53 - 1 }, 1)',
    'a long array without items': "new Array(2 ** 32 - 1).join('')",
    'a search for a long text': "'a'.repeat(1 << 25).indexOf('a'.repeat(1 << 24) + 'b')",
    'large things in a loop': "const s = 'x'.repeat(1 << 24); for (;;) encoding.b64encode(s)",
    'many tags in a loop': "const t = {}; for (let i = 0; i < 1e5; i++) t['x' + i] = 'y'; for (;;) check(1, { a: 1 }, t)",
    'a timer': 'setTimeout(() => {}, 1e9)',
    'messages': "for (;;) console.log('x')",
};

const EXPORT = 'export default function () {}';
const BEGUN = "console.log('begun');";
// Loops that are interrupted after more than a second: who was in them, and where, in one message.
const ITERATION = 'virtual user 1 was interrupted in iteration 0: JavaScript ran for [\\d.]+ s without a pause';
const stuck = {
    'a loop': [`export default function () {\n let a = 1;\n ${BEGUN}\n while (a) {\n a++;\n }\n}`,
        new RegExp(`${ITERATION}\\\\n\\\\tat default \\(file:\\S+script\\.js:[45]:\\S+ executor=constant-vus scenario=default`)],
    'a loop in a function': [`function spin() {\n for (;;);\n}\nexport default function () { ${BEGUN} spin(); }`,
        new RegExp(`${ITERATION}\\\\n\\\\tat spin \\(\\S+script\\.js:2:\\S+\\\\n\\\\tat default \\(\\S+script\\.js:4:`)],
    'an async loop': [`export default async function () {\n ${BEGUN}\n for (;;) {\n await null;\n }\n}`,
        new RegExp(`${ITERATION}\\\\n\\\\tat default \\(\\S+script\\.js:[34]:`)],
    'a chain of jobs': [`export default function () { ${BEGUN} return (function f() { return Promise.resolve().then(f) })(); }`,
        new RegExp(`${ITERATION}\\\\n\\\\tat (f|default) \\(\\S+script\\.js:1:`)],
    'setup': [`export function setup() {\n ${BEGUN} for (;;);\n} ${EXPORT}`, /setup\(\) was interrupted: .*tat setup \(\S+script\.js:2:/],
    'handleSummary': [`${EXPORT}\nexport function handleSummary() {\n ${BEGUN} for (;;);\n}`,
        /handleSummary\(\) was interrupted by a signal: .*tat handleSummary \(\S+script\.js:3:/],
    'a getter of options': [`export const options = { get vus() {\n ${BEGUN} for (;;);\n} }; ${EXPORT}`,
        /init code was interrupted by a signal: .*tat get vus \(\S+script\.js:2:/],
    'init code': [`${BEGUN}\n for (;;);\n ${EXPORT}`, /init code was interrupted by a signal: .*script\.js:2:/],
    'init code of a virtual user': [`if (__VU === 1) { ${BEGUN}\n for (;;); }\n ${EXPORT}`,
        /init code of virtual user 1 was interrupted: .*script\.js:2:/],
};

const inits = {
    'recursion': [`(function f() { f() })(); ${EXPORT}`, 107, /virtual user 0 is at its limit of 1024 KiB/],
    'memory': [`const a = []; for (;;) a.push({}); ${EXPORT}`, 107, /virtual user 0 is at its limit of 32 MiB.*script\.js:1/s],
    'a getter of options': [`export const options = { get vus() { throw new Error('no') } }; ${EXPORT}`, 107, /reading the exported options: Error: no/],
    'options that are a revoked Proxy': [`const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); export const options = proxy; ${EXPORT}`, 107, /revoked proxy/],
    'options in a circle': [`const o = {}; o.o = o; export const options = o; ${EXPORT}`, 107, /circular/],
    'a SharedArray that only looks like an array': [`${IMPORTS} new SharedArray('a', () => new Proxy([], { get: (t, k) => k === 'length' ? 2 ** 32 - 1 : 1 })); ${EXPORT}`, 107, /at most 20000000 items/],
    'a promise that is never settled': [`await new Promise(() => {}); ${EXPORT}`, 107, /never happens/],
    'setup data in a circle': [`export function setup() { const a = {}; a.a = a; return a } ${EXPORT}`, 255, /cycle/],
    'setup data too deep': [`export function setup() { ${nested(50000)} return a } ${EXPORT}`, 255, /nested too deeply/],
    'setup without end': [`export const options = { setupTimeout: '1s' }; export function setup() { for (;;); } ${EXPORT}`, 100, /timed out/],
    'teardown without end': [`export const options = { teardownTimeout: '1s' }; export function teardown() { for (;;); } ${EXPORT}`, 101, /timed out/],
    'a getter of handleSummary': [`export function handleSummary() { return { get stdout() { throw new Error('mine') } } } ${EXPORT}`, 0, /Error: mine/],
};

// Prototypes that scripts or their libraries have spoilt: what brunt does for itself does not go through them.
const spoilt = {
    'then of every object': "Object.defineProperty(Object.prototype, 'then', { get() { throw new Error('then') }, configurable: true })",
    'length of every object': "Object.defineProperty(Object.prototype, 'length', { get() { throw 1 }, set() { throw 2 }, configurable: true })",
    'items of every array': "Object.defineProperty(Array.prototype, 0, { set() { throw 1 }, get() { return 7 }, configurable: true })",
    'methods': "Array.prototype[Symbol.iterator] = () => { throw 1 }; Map.prototype.set = () => { throw 2 }",
};

export function hostileTests() {
    const flags = ['--vu-memory', '32', '--vu-stack', '1024'];
    const server = serve((request, response) => request.resume().on('end', () => response.end({ '/big': 'x'.repeat(1 << 20), '/zeros': '\0\0\0' }[request.url] ?? 'ok')));
    for (const [name, [code, pattern]] of Object.entries(iterations)) {
        test(`iterations: ${name}`, async () => {
            const done = await runScript(body(code), ['-u', '2', '-i', '4', '-e', `URL=${await server}`, ...flags]);
            assert.equal(done.code, 0, done.err);
            assert.match(done.out, /iterations\.*: 4 /, 'each ends, and the next one begins');
            const said = messages(done.err);
            if (pattern === undefined) return;
            assert.equal(said.length, pattern ? 4 : 0, done.err);
            for (const message of said) assert.match(message, pattern);
        });
    }
    for (const [name, code] of Object.entries(endless)) {
        test(`interrupted: ${name}`, async () => {
            const dir = folder({ 'script.js': `${IMPORTS}const url = __ENV.URL;
                export default function () { if (__VU === 1) { console.log('begun'); ${code} } else { console.log('other'); } }` });
            const run = new Run(['run', '-q', '-u', '2', '-d', '1h', '--workers', '1', '-e', `URL=${await server}`, '--vu-memory', '128', 'script.js'], { dir });
            await run.until(/begun/);
            await run.until(/other/);
            await sleep(100);
            run.signal('SIGINT');
            const done = await run.end();
            assert.equal(done.code, 105);
            assert.ok(done.afterSignal < paced(1000), `it took ${done.afterSignal} ms`);
        });
    }
    for (const [name, [script, pattern]] of Object.entries(stuck)) {
        test(`stuck: ${name}`, async () => {
            const run = new Run(['run', '-q', '-d', '1h', ...(name === 'handleSummary' ? ['-i', '1'] : []), 'script.js'],
                { dir: folder({ 'script.js': script }) });
            await run.until(/begun/);
            await sleep(paced(1200));
            run.signal('SIGINT');
            const done = await run.end();
            assert.equal(done.code, 105, done.err);
            assert.match(done.err, pattern);
            assert.equal(done.err.match(/without a pause/g).length, 1, done.err);
            assert.ok(done.afterSignal < paced(1000), `it took ${done.afterSignal} ms`);
        });
    }
    test('teardown without end says where', async () => {
        const done = await runScript(`export const options = { teardownTimeout: '1500ms' };
            export function teardown() { for (;;); } ${EXPORT}`);
        assertFails(done, 101, /timed out/);
        assert.match(messages(done.err, 'warning')[0], /^teardown\(\) was interrupted: .*script\.js:2:/s);
    });
    test('a scenario that ends while an iteration computes says nothing', async () => {
        const done = await runScript(body('const t = Date.now(); while (Date.now() < t + 400);'), ['-d', '1s']);
        assert.equal(done.code, 0, done.err);
        assert.doesNotMatch(done.err, /without a pause/);
    });
    test('init code that waits for a timer ends at the first signal', async () => {
        const run = new Run(['run', '-q', 'script.js'],
            { dir: folder({ 'script.js': `${BEGUN} await new Promise((done) => setTimeout(done, 1e8)); ${EXPORT}` }) });
        await run.until(/begun/);
        run.signal('SIGINT');
        const done = await run.end();
        assertFails(done, 105, /init code was interrupted by a signal$/);
        assert.ok(done.afterSignal < paced(1000), `it took ${done.afterSignal} ms`);
    });
    for (const [name, [script, code, pattern]] of Object.entries(inits)) {
        test(`before and after: ${name}`, async () => assertFails(await runScript(script, flags), code, pattern));
    }
    for (const [name, code] of Object.entries(spoilt)) {
        test(`prototypes: ${name}`, async () => {
            const done = await runScript(`${IMPORTS}${code};\nexport default function () {
                const r = http.get(__ENV.URL);
                if (r.status !== 200 || r.body !== 'ok' || r.headers['Content-Length'] !== '2') throw r.error;
                check(r, { ok: (x) => x.status === 200 });
            }`, ['-e', `URL=${await server}`]);
            assert.equal(done.code, 0, done.err);
            assert.deepEqual(messages(done.err), []);
        });
    }
    for (const [flag, value] of [['--vu-memory', 'x'], ['--vu-memory', '-1'], ['--vu-stack', '1'], ['--vu-stack', '']]) {
        test(`${flag} ${value} is refused`, async () => {
            assertFails(await runScript(EXPORT, [`${flag}=${value}`]), 104, /invalid argument .* for --vu-/);
        });
    }
    test('BRUNT_VU_MEMORY counts where there is no flag', async () => {
        const script = body('const a = []; for (;;) a.push({})');
        const env = { BRUNT_VU_MEMORY: '16' };
        assert.match(messages((await runScript(script, [], { env })).err)[0], /16 MiB/);
        assert.match(messages((await runScript(script, ['--vu-memory', '24'], { env })).err)[0], /24 MiB/);
    });
}
