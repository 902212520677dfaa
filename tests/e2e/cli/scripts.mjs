// Scripts that cannot be used, options of the wrong type, exceptions in every stage.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { assertFails, assertQuiet, brunt, folder, messages, programPath, Run, runScript } from './harness.mjs';

const withOptions = (options) => `export const options = ${options};\nexport default function () {}`;

const badOptions = [
    ['{ vus: "abc" }', 104, /'vus': "abc" is not a whole number/],
    ['{ vus: 1.5 }', 104, /'vus': 1\.5 is not a whole number/],
    ['{ vus: {} }', 104, /'vus'/],
    ['{ vus: 1e300, duration: "1s" }', 104, /'vus'|number of VUs/],
    ['{ duration: [] }', 104, /'duration': \[\] is not a duration/],
    ['{ duration: "xyz" }', 104, /could not initialize .*could not load JS test .*: time: invalid duration "xyz"$/],
    ['{ thresholds: { nosuch: ["p(95)<5"] } }', 104, /no metric name "nosuch" found/],
    ['{ thresholds: { http_req_duration: ["p95<5"] } }', 104, /expression's "p95<5" left hand side; reason: failed parsing method from expression$/],
    ['{ thresholds: { http_req_duration: ["rate<5"] } }', 104, /"rate<5".*http_req_duration.*unsupported aggregation/],
    ['{ thresholds: { http_req_duration: 5 } }', 104, /thresholds of 'http_req_duration' must be a list/],
    ['{ thresholds: { http_req_duration: [5] } }', 104, /threshold/],
    ['{ thresholds: [] }', 104, /'thresholds' must be an object/],
    ['5', 104, /'options' must be an object/],
    ['{ scenarios: { a: {} } }', 104, /could not initialize .*could not load JS test .*: scenario 'a' doesn't have a specified executor type$/],
    ['{ scenarios: { a: 5 } }', 104, /scenario/],
    ['{ scenarios: { a: { executor: "x" } } }', 104, /unknown executor type 'x'/],
    ['{ scenarios: { a: { executor: "constant-vus", vus: 1, duration: "1s", bogus: 1 } } }', 104, /could not initialize .*could not load JS test .*: json: unknown field "bogus"$/],
    ['{ scenarios: { a: { executor: "constant-vus", vus: "s", duration: "1s" } } }', 104, /scenario 'a'.*'vus': "s"/],
    ['{ scenarios: { a: { executor: "constant-vus", vus: 1, duration: "1s", exec: "nix" } } }', 104, /function 'nix' not found in exports/],
    ['{ scenarios: { "a b/": { executor: "constant-vus", vus: 1, duration: "1s" } } }', 104, /scenario name should contain only/],
    ['{ stages: {} }', 104, /'stages' must be a list/],
    ['{ stages: [{ duration: "1s" }] }', 104, /stage 1 doesn't have a target/],
    ['{ tags: 5 }', 104, /'tags': 5 is not an object/],
    ['{ summaryTrendStats: ["foo"] }', 255, /invalid trend stat 'foo'/],
    ['{ summaryTrendStats: "avg" }', 104, /'summaryTrendStats': "avg" is not a list/],
    ['{ thresholds: { checks: ["rate<x"] } }', 104, /right hand side; reason: strconv\.ParseFloat: parsing "x": invalid syntax$/],
    ['{ thresholds: { "checks{a}": ["rate<1"] } }', 104, /parsing metric name failed, metric "a" tag expression is malformed$/],
    ['{ thresholds: { "checks{a:b": ["rate<1"] } }', 104, /metric "checks\{a:b" has unmatched opening\/close curly brace$/],
    ['{ setupTimeout: "1d5" }', 104, /could not initialize .*could not load JS test .*: time: missing unit in duration "5"$/],
    ['{ dns: { select: "x" } }', 104, /could not load JS test .*: x does not belong to DNSSelect values$/],
    ['{ blacklistIPs: ["abc"] }', 104, /could not load JS test .*: invalid CIDR address: abc$/],
    ['{ blockHostnames: ["a*b"] }', 104, /could not load JS test .*: invalid hostname pattern a\*b$/],
    ['{ rps: "x" }', 104, /'rps': "x" is not a whole number/],
    ['{ get vus() { throw new Error("getter"); } }', 107, /Error: getter/],
    ['(() => { const a = {}; a.a = a; return a; })()', 107, /circular/],
];

const thrown = [
    // what, script, exit code, message
    ['init', 'throw new Error("boom");\nexport default function () {}', 107, /^Error: boom\n\tat file:.*script\.js:1:/],
    ['init, no Error', 'throw "text";\nexport default function () {}', 107, /text/],
    ['init, null', 'throw null;\nexport default function () {}', 107, /null/],
    ['a VU\'s init', 'if (__VU === 2) throw new Error("second");\nexport const options = { vus: 2, iterations: 2 };\nexport default function () {}', 107, /Error: second\n\tat .*script\.js:1:/],
    ['setup', 'export function setup() {\n  throw new Error("boom");\n}\nexport default function () {}', 107, /^Error: boom\n\tat setup \(file:.*script\.js:2:/],
    ['teardown', 'export function teardown() {\n  throw new Error("boom");\n}\nexport default function () {}', 107, /^Error: boom\n\tat teardown \(file:.*script\.js:2:/],
    ['iteration', 'export default function () {\n  throw new Error("boom");\n}', 0, /^Error: boom\n\tat default \(file:.*script\.js:2:/],
    ['endless recursion', 'export default function f() { f(); }', 0, /stack/i],
    ['handleSummary', 'export default function () {}\nexport function handleSummary() {\n  throw new Error("boom");\n}', 0, /Error: boom\n\tat handleSummary \(file:.*script\.js:3:/],
];

function canBeNobody() {
    return process.getuid() === 0 && spawnSync('setpriv', ['--reuid=65534', '--clear-groups', programPath(), 'version']).status === 0;
}

export function scriptTests() {
    test('missing script', async () => {
        assertFails(await brunt(['run', 'nope.js']), 255, /"nope\.js" couldn't be found on local disk/);
        assertFails(await brunt(['run', '']), 255, /couldn't be found/);
        assertFails(await brunt(['run', `${'d/'.repeat(3000)}x.js`]), 255, /d\/d\/d\//);
    });
    test('a folder as script', async () => assertFails(await brunt(['run', '.']), 255, /is a folder: name the script file in it/));
    test('a script without a test', async () => {
        assertFails(await brunt(['run', '/dev/null']), 255, /no exported functions in script/);
        assertFails(await runScript('export const x = 1;'), 255, /no exported functions in script/);
    });
    test('unreadable script', async (t) => {
        const dir = folder({ 'script.js': 'export default function () {}' });
        chmodSync(dir, 0o755);
        chmodSync(path.join(dir, 'script.js'), 0);
        if (process.getuid() !== 0) assertFails(await brunt(['run', 'script.js'], { dir }), 255, /script\.js.*permission denied/i);
        else if (!canBeNobody()) t.skip('cannot give up root here');
        else {
            const args = ['--reuid=65534', '--clear-groups', programPath(), 'run', 'script.js'];
            assertFails(await new Run(args, { dir, command: 'setpriv' }).end(), 255, /script\.js.*permission denied/i);
        }
    });
    test('syntax error', async () => {
        assertFails(await runScript('export default function () {\n  let a = ;\n}'), 107, /could not initialize 'script\.js'.*script\.js: Line 2:/s);
        assertFails(await runScript('export default function ( {'), 107, /script\.js: Line \d+:/);
        assertFails(await runScript('\0\x01\xff binary'), 107, /script\.js: Line 1:/);
    });
    test('an import that is not there', async () => {
        assertFails(await runScript('import x from "./lib/none.js";\nexport default function () {}'), 107, /lib\/none\.js" couldn't be found/);
        assertFails(await runScript('import x from "k6/nonsense";\nexport default function () {}'), 107, /k6\/nonsense/);
        assertFails(await runScript('const t = open("none.txt");\nexport default function () {}'), 107, /none\.txt/);
    });

    for (const [options, code, pattern] of badOptions) {
        test(`options = ${options}`, async () => assertFails(await runScript(withOptions(options)), code, pattern));
    }
    test('an unknown option is a warning', async () => {
        const done = await runScript(withOptions('{ frobnicate: 1 }'));
        assertQuiet(done);
        assert.match(messages(done.err, 'warning')[0], /unknown fields/);
        assert.match(done.err, /frobnicate/);
    });

    for (const [what, script, code, pattern] of thrown) {
        test(`exception in ${what}`, async () => {
            const done = await runScript(script);
            assertFails(done, code, pattern);
            if (code === 0) assert.match(done.out, /iterations\.+: 1 /);
        });
    }
    test('an exception in setup: no iteration runs, teardown does not run', async () => {
        const done = await runScript(`export function setup() { throw new Error('boom'); }
            export default function () { console.log('iteration'); }
            export function teardown() { console.log('teardown'); }`);
        assert.equal(done.code, 107);
        assert.deepEqual(messages(done.err, 'info'), []);
    });
    test('setup and teardown that take too long', async () => {
        const script = (stage) => `import { sleep } from 'k6';
            export const options = { setupTimeout: '200ms', teardownTimeout: '200ms' };
            export function ${stage}() { sleep(30); }
            export default function () {}`;
        assertFails(await runScript(script('setup')), 100, /setup\(\) execution timed out/);
        assertFails(await runScript(script('teardown')), 101, /teardown\(\) execution timed out/);
        assertFails(await runScript(script('setup').replace('sleep(30)', 'while (true) {}')), 100, /setup\(\) execution timed out/);
    });
    test('what k6/execution tells in setup and teardown', async () => {
        const done = await runScript(`import exec from 'k6/execution';
            const ask = (what, f) => { try { console.log(what, f()); } catch (e) { console.log(what, e.message); } };
            function all(phase) {
                ask(phase + ' vu', () => [exec.vu.idInTest, exec.vu.iterationInInstance, exec.vu.iterationInScenario].join());
                ask(phase + ' instance', () => exec.instance.iterationsCompleted);
                ask(phase + ' scenario', () => exec.scenario.name);
            }
            export function setup() { all('setup'); }
            export default function () { all('default'); }
            export function teardown() { all('teardown'); }`);
        assertQuiet(done);
        assert.deepEqual(messages(done.err, 'info'), [
            'setup vu 0,0,0', 'setup instance 0', 'setup scenario getting scenario information outside of the VU context is not supported',
            'default vu 1,0,0', 'default instance 0', 'default scenario default',
            'teardown vu 0,0,0', 'teardown instance getting instance information in the init context is not supported',
            'teardown scenario getting scenario information outside of the VU context is not supported']);
    });
    test('thresholds that never match and those of unknown metrics', async () => {
        const script = withOptions('{ thresholds: { "http_reqs{vu:1,a:b}": ["count>=0"], "http_reqs{iter:2}": ["count>=0"] } }');
        const told = (what) => `the threshold on '${what[1]}' never sees a sample: '${what[0]}' is metadata of samples, no tag`;
        const done = await runScript(script);
        assert.equal(done.code, 0);
        assert.deepEqual(messages(done.err, 'warning').sort(), [told(['iter', 'http_reqs{iter:2}']), told(['vu', 'http_reqs{vu:1,a:b}'])]);
        const off = await runScript(withOptions('{ thresholds: { nosuch: ["count>0"] } }'), ['--no-thresholds']);
        assert.equal(off.code, 0);
        assert.deepEqual(messages(off.err, 'warning'), ["Invalid metric 'nosuch' in threshold definitions"]);
    });
    test('each timer that an interruption stops is told', async () => {
        const done = await runScript(`export const options = { scenarios: { s: { executor: 'constant-vus', vus: 1, duration: '1s', gracefulStop: '0s' } } };
            export default function () { setTimeout(() => {}, 60000); setInterval(() => {}, 50000); }`);
        assert.equal(done.code, 0);
        assert.deepEqual(messages(done.err, 'warning').slice(0, 2).sort(), [
            'setInterval 2 was stopped because the VU iteration was interrupted', 'setTimeout 1 was stopped because the VU iteration was interrupted']);
    });
    test('both kinds of cryptography in one script leave nothing behind', async () => {
        const done = await runScript(`import k6crypto from 'k6/crypto';
            export default async function () {
                k6crypto.createHash('sha1').update('a');
                const hash = await crypto.subtle.digest('SHA-1', new Uint8Array([97]));
                console.log(new Uint8Array(hash)[0].toString(16) === k6crypto.sha1('a', 'hex').slice(0, 2));
            }`);
        assertQuiet(done);
        assert.deepEqual(messages(done.err, 'info'), ['true']);
    });
}
