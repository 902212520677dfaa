// brunt test: configuration, target, verdicts, exit codes, reports.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync, chmodSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { assertFails, assertQuiet, brunt, deadUrl, filesOf, folder, messages, paced, Run, serve, sleep } from './harness.mjs';

const root = path.resolve(import.meta.dirname, '../../..');

const script = `import http from 'k6/http';
import { sleep } from 'k6';
export default function () {
    if (__ENV.THROW) throw new Error('boom');
    if (!__ENV.IDLE) http.get(__ENV.BASE_URL + (__ENV.PAGE || '/page'), { headers: JSON.parse(__ENV.HEADERS) });
    if (__ENV.BURN) for (const end = Date.now() + 100; Date.now() < end;);
    sleep(0.05);
}`;

const config = `version: 1
environments:
  here:
    base_url: \${TARGET}
    headers: { X-Key: "secret" }
  other:
    base_url: \${NEVER_SET}
tests:
  good:
    script: script.js
    duration: 1s
    load: { vus: 2 }
    criteria: [ "p95 < 5s", "error_rate < 50%" ]
  slow:
    script: script.js
    duration: 1s
    load: { vus: 1 }
    criteria: [ "p95 < 1ms", "error_rate < 50%" ]
  errors:
    script: script.js
    duration: 1s
    load: { vus: 1 }
    criteria: [ "error_rate < 1%" ]
    env: { PAGE: /fail }
  idle:
    script: script.js
    duration: 1s
    load: { vus: 1 }
    criteria: [ "p95 < 5s" ]
    env: { IDLE: 1 }
  burning:
    script: script.js
    duration: 1s
    load: { vus: 8 }
    criteria: [ "p95 < 60s" ]
    env: { BURN: 1 }
  throwing:
    script: throwing.js
    duration: 1s
    load: { vus: 1 }
    criteria: [ "p95 < 5s" ]
  long:
    script: script.js
    load: { stages: [ { duration: 1m, target: 2 }, { duration: 1m, target: 2 } ] }
    criteria: [ "p95 < 5s" ]
`;

const all = `version: 1
environments: { here: { base_url: "\${TARGET}" } }
tests:
  first: { script: script.js, duration: 1s, load: { vus: 1 }, criteria: [ "p95 < 5s" ] }
  second: { script: script.js, duration: 1s, load: { vus: 1 }, criteria: [ "p95 < 1us" ] }
  third: { script: script.js, duration: 1s, load: { vus: 1 }, criteria: [ "error_rate < 50%" ] }
`;

const setup = (text = config) => folder({ 'brunt.yaml': text, 'script.js': script, 'throwing.js': 'throw new Error("boom");\nexport default function () {}' });

/** A target that takes 20 ms and can be told to fail. */
const target = (health = 200) => serve((request, response) => {
    if (request.url === '/health') {
        response.writeHead(health).end();
        return;
    }
    setTimeout(() => response.writeHead(request.url === '/fail' ? 500 : 200).end('{"data":[]}'), 20);
});

async function runTest(args, { text, dir = setup(text), url, ...options } = {}) {
    return brunt(['test', ...args], { dir, env: { TARGET: url ?? await target() }, ...options });
}

const json = (done, name) => JSON.parse(readFileSync(path.join(done.dir, 'reports', `${name}-summary.json`), 'utf8'));
const text = (done, name) => readFileSync(path.join(done.dir, 'reports', name), 'utf8');

const reportsOf = (...names) => names.flatMap((n) => [`reports/${n}-junit.xml`, `reports/${n}-summary.json`,
    `reports/${n}-summary.txt`, `reports/${n}.html`, `reports/${n}.md`]).sort();
const reportsIn = (done) => filesOf(done.dir).filter((name) => name.startsWith('reports/'));

const broken = [
    // content of brunt.yaml, message
    ['', /brunt\.yaml.*/],
    ['{', /brunt\.yaml:\d+:\d+: /],
    ['version: 2\n', /brunt\.yaml:1:\d+: /],
    [config.replace('duration: 1s', 'duration: soon'), /brunt\.yaml:11:\d+: .*duration/],
    [config.replace('vus: 2', 'vus: many'), /brunt\.yaml:12:\d+: .*vus/],
    [config.replace('"p95 < 5s"', '"p95 << 5s"'), /brunt\.yaml:13:\d+: .*p95 << 5s/],
    [config.replace('load:', 'laod:'), /brunt\.yaml:12:\d+: .*laod/],
    [config.replace('script: script.js', 'script: nothing.js'), /brunt\.yaml:10:\d+: .*nothing\.js/],
    ['\0\x01\x02', /brunt\.yaml/],
];

export function testCommandTests() {
    test('usage', async () => {
        for (const args of [[], ['good'], ['good', 'here', 'there']]) {
            assertFails(await runTest(args), 104, /test needs a test and an environment: brunt test/);
        }
        assertFails(await runTest(['good', 'here', '--frob']), 255, /unknown flag: --frob/);
        for (const scale of ['0', '-1', '2', 'half', 'nan']) {
            assertFails(await runTest(['good', 'here', '--duration-scale', scale]), 104, /--duration-scale: use a number above 0 and up to 1/);
        }
        assertFails(await runTest(['good', 'here', '--workers', '0']), 104, /--workers: use 1 to 256/);
    });
    test('no configuration', async () => {
        assertFails(await runTest(['good', 'here'], { dir: folder() }), 104, /brunt\.yaml/);
        assertFails(await runTest(['good', 'here', '-c', 'none.yaml']), 104, /none\.yaml/);
        assertFails(await runTest(['good', 'here', '-c', '.']), 104, /folder/);
    });
    for (const [content, pattern] of broken) {
        test(`broken configuration: ${pattern}`, async () => {
            const done = await runTest(['good', 'here'], { text: content });
            assertFails(done, 104, pattern);
            assert.deepEqual(reportsIn(done), []);
        });
    }
    test('unknown names, a variable that is not set', async () => {
        assertFails(await runTest(['god', 'here']), 104, /'?god'?.*good/);
        assertFails(await runTest(['good', 'hree']), 104, /'?hree'?.*here/);
        assertFails(await runTest(['good', 'other']), 104, /brunt\.yaml:7:\d+: .*NEVER_SET/);
        const all = await runTest(['all', 'here'], { text: config.replace('script: throwing.js', 'script: nothing.js') });
        assertFails(all, 104, /nothing\.js/);
    });

    test('a target that is down is 5, and nothing is written', async () => {
        const dir = setup();
        const done = await runTest(['good', 'here'], { dir, url: await deadUrl() });
        assertFails(done, 5, /does not answer.*connection refused.*correct base_url of environment 'here'/);
        assert.deepEqual(reportsIn(done), []);
        assertFails(await runTest(['good', 'here'], { url: await target(503) }), 5, /not well.*503/);
    });
    test('a target that hangs is 5', async () => {
        const done = await runTest(['good', 'here'], { url: await serve(() => {}) });
        assertFails(done, 5, /does not answer/);
        assert.ok(done.ms < 5000 + paced(2000));
    });

    test('passing is 0, with all reports', async () => {
        const done = await runTest(['good', 'here']);
        assertQuiet(done);
        assert.deepEqual(reportsIn(done), reportsOf('good'));
        assert.match(done.out, /test: good against here/);
        assert.match(done.out, /PASSED/i);
        assert.match(text(done, 'good-summary.txt'), /PASSED/i);
        assert.match(text(done, 'good.html'), /^<!doctype html>/i);
        assert.ok(!text(done, 'good-summary.txt').includes('\x1b'));
        assert.ok(!JSON.stringify(json(done, 'good')).includes('secret'), 'no header of the environment in a report');
        assert.ok(!text(done, 'good.html').includes('secret'));
    });
    test('modules of brunt.yaml come from a folder beside it', async () => {
        const target = await serve((request, response) => response.end('ok'));
        const dir = folder({
            'load/brunt.yaml': config.replace('environments:', 'modules: { https://jslib.k6.io/: vendor }\nenvironments:'),
            'load/vendor/lib/1.0.0/index.js': 'exports.x = "vendored";',
            'load/script.js': `import { x } from 'https://jslib.k6.io/lib/1.0.0/index.js';\n${script}\nif (x !== 'vendored') throw x;`,
        });
        assertQuiet(await brunt(['test', 'good', 'here', '-q', '--offline', '--config', 'load/brunt.yaml'], { dir, env: { TARGET: target } }));
    });
    test('reports as documented, and as CI servers read them', async () => {
        for (const [name, code] of [['good', 0], ['slow', 1], ['idle', 4]]) {
            const done = await runTest([name, 'here']);
            assertQuiet(done, code);
            const file = (ending) => path.join(done.dir, 'reports', `${name}${ending}`);
            const said = (command, args) => spawnSync(command, args, { encoding: 'utf8' });
            const valid = said(path.join(root, 'tests/support/validate_json.py'), [path.join(root, 'docs/result.schema.json'), file('-summary.json')]);
            assert.equal(valid.status, 0, valid.stdout + valid.stderr);
            const xml = said('xmllint', ['--noout', '--schema', path.join(root, 'tests/support/junit.xsd'), file('-junit.xml')]);
            assert.equal(xml.status, 0, xml.stderr);
            assert.match(text(done, `${name}-junit.xml`), { 0: /failures="0" errors="0"/, 1: /name="p95 &lt; 1ms" time="0">\s*<failure/, 4: /errors="[1-9]/ }[code]);
            assert.match(text(done, `${name}.md`), new RegExp(`^<!-- brunt: ${name} -->\n## `));
            assert.ok(!text(done, `${name}.md`).includes('secret'));
        }
    });
    test('only the reports that are asked for', async () => {
        const done = await runTest(['good', 'here', '--report', 'md, junit']);
        assertQuiet(done);
        assert.deepEqual(reportsIn(done), ['reports/good-junit.xml', 'reports/good.md']);
        for (const list of ['pdf', 'md,', '']) {
            assertFails(await runTest(['good', 'here', '--report', list]), 104, /unknown report '(pdf|)': use text, json, md, junit or html/);
        }
    });
    test('a failed criterion is 1', async () => {
        const slow = await runTest(['slow', 'here']);
        assertQuiet(slow, 1);
        assert.match(slow.out, /p95 < 1ms/);
        assert.deepEqual(reportsIn(slow), reportsOf('slow'));
        const errors = await runTest(['errors', 'here']);
        assert.equal(errors.code, 1, errors.err);
        assert.match(errors.out, /error_rate < 1%/);
    });
    test('a run that is no evidence is 4', async () => {
        const idle = await runTest(['idle', 'here']);
        assertQuiet(idle, 4);
        assert.match(idle.out, /INVALID/);
        assert.deepEqual(reportsIn(idle), reportsOf('idle'));
    });
    test('a generator that was busy with itself says so', async () => {
        const done = await runTest(['burning', 'here']);
        assert.match(text(done, 'burning-summary.txt'), /generator('s timers were up to| was the bottleneck)/);
    });
    test('a target that dies in the run', async () => {
        let asked = 0;
        const url = await serve((request, response) => {
            if (request.url === '/health') response.end();
            else if (++asked > 5) request.socket.destroy();
            else response.end('ok');
        });
        const done = await runTest(['good', 'here'], { url });
        assert.ok(done.code === 1 || done.code === 5, `${done.code}`);
        assert.match(done.out, /error_rate/);
        const never = await runTest(['good', 'here'], { url: await serve((request, response) => request.url === '/health' ? response.end() : request.socket.destroy()) });
        assert.equal(never.code, 5, never.out);
    });
    test('an exception in the script is 107', async () => {
        const done = await runTest(['throwing', 'here']);
        assertFails(done, 107, /Error: boom/);
        assert.deepEqual(reportsIn(done), []);
    });

    test('all: every test runs, the worst counts', async () => {
        const done = await runTest(['all', 'here'], { text: all });
        assertQuiet(done, 1);
        assert.deepEqual(reportsIn(done), reportsOf('first', 'second', 'third'));
    });
    test('a shortened test says so everywhere', async () => {
        const done = await runTest(['long', 'here', '--duration-scale', '0.01']);
        assertQuiet(done);
        assert.match(done.out, /shortened to 0\.01 of its length/);
        for (const where of [done.out, text(done, 'long-summary.txt'), text(done, 'long.html'), JSON.stringify(json(done, 'long'))]) {
            assert.match(where, /not a full test/i);
        }
        const full = await runTest(['good', 'here']);
        assert.doesNotMatch(text(full, 'good-summary.txt') + full.out, /not a full test/i);
    });

    test('a report folder that cannot be used is told before the run', async () => {
        const dir = setup();
        writeFileSync(path.join(dir, 'file'), '');
        for (const reports of ['file', 'file/sub', '/dev/null', '/proc/none']) {
            const done = await runTest(['good', 'here', '--reports', reports], { dir });
            assertFails(done, 255, new RegExp(`report folder '${reports}'`));
            assert.ok(!/running|init/.test(done.out), 'nothing ran');
        }
        if (process.getuid() !== 0) {
            mkdirSync(path.join(dir, 'locked'));
            chmodSync(path.join(dir, 'locked'), 0o555);
            assertFails(await runTest(['good', 'here', '--reports', 'locked'], { dir }), 255, /not writable: choose another with --reports/);
        }
    });
    test('a report that cannot be replaced', async () => {
        const dir = setup();
        mkdirSync(path.join(dir, 'reports/good.html'), { recursive: true });
        const done = await runTest(['good', 'here'], { dir });
        assertFails(done, 255, /good\.html: Is a directory/);
        assert.deepEqual(reportsIn(done), reportsOf('good').filter((name) => name !== 'reports/good.html'));
    });
    test('two at once in one folder: each report is whole', async () => {
        const dir = setup();
        const both = await Promise.all([runTest(['good', 'here'], { dir }), runTest(['good', 'here'], { dir })]);
        for (const done of both) assertQuiet(done);
        assert.deepEqual(reportsIn(both[0]), reportsOf('good'));
        assert.equal(typeof json(both[0], 'good'), 'object');
        assert.match(text(both[0], 'good.html'), /<\/html>\s*$/);
    });
    test('Ctrl-C: 4, the report says that it was interrupted', async () => {
        const run = new Run(['test', 'long', 'here'], { dir: setup(), env: { TARGET: await target() } });
        await run.until(/running \(0[1-9]/);
        run.signal('SIGINT');
        const done = await run.end();
        assert.equal(done.code, 4, done.err);
        assert.ok(done.afterSignal < paced(2000));
        assert.match(text(done, 'long-summary.txt'), /INVALID.*interrupted/s);
        assert.deepEqual(reportsIn(done), reportsOf('long'));
    });
    test('Ctrl-C ends all tests, not only the one', async () => {
        // The first test lasts well beyond its first line, or the signal could come between two tests.
        const dir = setup(all.replace('duration: 1s', 'duration: 10s'));
        const run = new Run(['test', 'all', 'here'], { dir, env: { TARGET: await target() } });
        await run.until(/running \(/);
        run.signal('SIGINT');
        const done = await run.end();
        assert.equal(done.code, 4);
        assert.deepEqual(reportsIn(done), reportsOf('first'));
    });
    test('killed: reports are there whole or not at all', async () => {
        const dir = setup();
        const url = await target();
        for (let i = 0; i < 4; i++) {
            const run = new Run(['test', 'good', 'here'], { dir, env: { TARGET: url } });
            await run.until(/TOTAL RESULTS|running \(01/);
            await sleep(i * 3);
            run.child.kill('SIGKILL');
            await run.end({ killed: true });
            for (const name of filesOf(dir)) {
                const content = readFileSync(path.join(dir, name), 'utf8');
                if (name.endsWith('.json')) JSON.parse(content);
                if (name.endsWith('.html')) assert.match(content, /<\/html>\s*$/);
            }
        }
        assertQuiet(await runTest(['good', 'here'], { dir, url }));
        assert.equal(messages('').length, 0);
    });
}
