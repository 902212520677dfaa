// What scripts import: CommonJS, TypeScript, modules from URLs, and the flags about them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { assertFails, assertQuiet, brunt, deadUrl, filesOf, folder, messages, runScript } from './harness.mjs';

const run = (script, files = {}, args = [], env = {}) => runScript(script, args, { dir: folder(files), env });
const says = (done) => {
    assertQuiet(done);
    return messages(done.err, 'info');
};

export function moduleTests() {
    test('CommonJS, ES modules and TypeScript together, in several virtual users', async () => {
        const done = await run(`import { total } from './sum.ts'; const list = require('./list.js');
            export const options = { vus: 3, iterations: 3 };
            export default function () { console.log(total(list)); }`, {
            'sum.ts': 'import { Unit } from "./types.ts";\nexport enum Sign { Plus = 1 }\nexport function total(list: number[], unit?: Unit): number { return list.reduce((a, b) => a + b * Sign.Plus, 0); }',
            'list.js': 'module.exports = [1, 2, 3];',
        });
        assert.deepEqual(says(done), ['6', '6', '6']);
    });
    test('a TypeScript main script, also from standard input', async () => {
        const dir = folder({ 'script.ts': 'interface A { a: number }\nexport default function (): void { const a: A = { a: 5 }; console.log(a.a); }' });
        assert.deepEqual(says(await brunt(['run', '-q', 'script.ts'], { dir })), ['5']);
    });
    test('a mistake in TypeScript names line and column', async () => {
        const dir = folder({ 'script.ts': 'const a: number = 1;\nexport default function (): void { let b: number = ; }' });
        assertFails(await brunt(['run', '-q', 'script.ts'], { dir }), 107, /script\.ts: Line 2:51 Unexpected ";"/);
    });
    test('a module from a mapped folder, and the lock file', async () => {
        const script = "import { x } from 'https://jslib.k6.io/lib/1.0.0/index.js';\nexport default function () { console.log(x); }";
        const dir = folder({ 'vendor/lib/1.0.0/index.js': 'exports.x = "vendored";' });
        const map = ['--map', 'https://jslib.k6.io/=./vendor'];
        assert.deepEqual(says(await runScript(script, [...map, '--lock'], { dir })), ['vendored']);
        const lock = JSON.parse(readFileSync(path.join(dir, 'brunt.lock.json'), 'utf8'));
        assert.deepEqual(Object.keys(lock.modules), ['https://jslib.k6.io/lib/1.0.0/index.js']);
        const env = { BRUNT_MODULE_MAP: 'https://jslib.k6.io=vendor' };
        assert.deepEqual(says(await runScript(script, [], { dir, env })), ['vendored']);
        const other = folder({ 'vendor/lib/1.0.0/index.js': 'exports.x = "changed";', 'brunt.lock.json': JSON.stringify(lock) });
        assertFails(await runScript(script, map, { dir: other }), 107, /the module has changed.*--lock/);
    });
    test('a module that cannot be had', async () => {
        const dead = (await deadUrl()).replace('http:', 'https:');
        assertFails(await run(`import '${dead}/x.js'; export default function () {}`), 107, /couldn't be retrieved from the resolved url.*connection refused.*--map/s);
        assertFails(await run("import 'https://a.test/x.js'; export default function () {}", {}, ['--offline']), 107, /not in the cache.*--offline/s);
        assertFails(await run("import 'http://a.test/x.js'; export default function () {}"), 107, /only supported schemes for imports are file and https/);
        assertFails(await run("import 'k6/experimental/timers'; export default function () {}"), 107, /k6\/timers/);
    });
    test('bad values of the flags', async () => {
        const script = 'export default function () {}';
        assertFails(await run(script, {}, ['--map', 'jslib=x']), 104, /invalid mapping "jslib=x" of --map: use https:\/\/host\/path=FOLDER/);
        assertFails(await run(script, {}, [], { BRUNT_MODULE_MAP: 'x' }), 104, /BRUNT_MODULE_MAP/);
        assertFails(await run(script, {}, ['--compatibility-mode', 'es6']), 104, /invalid compatibility mode "es6"/);
    });
    test('compatibility modes', async () => {
        const script = 'export default function () { console.log(typeof global); }';
        assert.deepEqual(says(await run(script)), ['object']);
        assert.deepEqual(says(await run(script, {}, ['--compatibility-mode=base'])), ['undefined']);
        assert.deepEqual(says(await run(script, {}, [], { K6_COMPATIBILITY_MODE: 'base' })), ['undefined']);
        const done = await run(script, {}, ['--compatibility-mode', 'experimental_enhanced']);
        assert.deepEqual(messages(done.err, 'info'), ['object']);
        assert.match(messages(done.err, 'warning')[0], /experimental_enhanced/);
    });
    test('nothing is kept where nothing came from the network', async () => {
        const dir = folder();
        assertQuiet(await runScript('export default function () {}', [], { dir }));
        assert.deepEqual(filesOf(dir), ['script.js']);
    });
}
