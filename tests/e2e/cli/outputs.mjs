// What a run writes: summary, files, JSON samples, handleSummary; and what happens when it cannot.
import assert from 'node:assert/strict';
import { closeSync, mkdirSync, openSync, readFileSync, symlinkSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { assertFails, assertQuiet, brunt, filesOf, folder, messages, programPath, Run, runScript, serveFaults } from './harness.mjs';

const NOTHING = 'export default function () {}';
const TALK = 'export default function () { console.log("a line"); }';

const read = (done, name) => readFileSync(path.join(done.dir, name), 'utf8');

/** A run with stdout or stderr going to `file` (a path), or closed by a shell's redirection. */
async function redirected(args, redirection, script = NOTHING) {
    const dir = folder({ 'script.js': script });
    const quoted = args.map((a) => `'${a}'`).join(' ');
    return new Run(['-c', `'${programPath()}' ${quoted} ${redirection}`], { dir, command: '/bin/sh' }).end();
}

export function outputTests() {
    test('--quiet: summary only; else banner, a line a second, summary', async () => {
        const quiet = await runScript(NOTHING, ['-u', '1', '-d', '1s']);
        assertQuiet(quiet);
        assert.match(quiet.out, /^\n +█ TOTAL RESULTS/);
        const dir = folder({ 'script.js': 'import { sleep } from "k6"; export default function () { sleep(0.1); }' });
        const loud = await brunt(['run', '-d', '3s', 'script.js'], { dir });
        assertQuiet(loud);
        assert.match(loud.out, /execution: local\n +script: script\.js/);
        assert.match(loud.out, /scenarios: \(100\.00%\) 1 scenario, 1 max VUs, 33s max duration/);
        const lines = loud.out.match(/^running \(0\d\.\ds\), \d\/1 VUs, \d+ complete and 0 interrupted iterations.*$/gm);
        assert.ok(lines.length >= 3 && lines.length <= 5, loud.out);
        assert.ok(!loud.out.includes('\x1b'), 'no escapes where there is no terminal');
    });

    test('--summary-export', async () => {
        const done = await runScript(NOTHING, ['--summary-export', 'out.json']);
        assertQuiet(done);
        assert.equal(JSON.parse(read(done, 'out.json')).metrics.iterations.count, 1);
        assert.deepEqual(filesOf(done.dir), ['out.json', 'script.js']);
    });
    test('--summary-export replaces a file and keeps a link', async () => {
        const dir = folder({ 'real.json': 'old' });
        symlinkSync('real.json', path.join(dir, 'link.json'));
        const done = await runScript(NOTHING, ['--summary-export', 'link.json'], { dir });
        assertQuiet(done);
        assert.equal(readlinkSync(path.join(dir, 'link.json')), 'real.json');
        JSON.parse(read(done, 'real.json'));
    });
    for (const [target, pattern] of [['none/x.json', /--summary-export: .*none\/x\.json: No such file/], ['sub', /sub: Is a directory/],
        ['/dev/full', /\/dev\/full: No space left/], ['file/x.json', /file\/x\.json: Not a directory/]]) {
        test(`--summary-export ${target}: told, the result stands`, async () => {
            const dir = folder({ file: '' });
            mkdirSync(path.join(dir, 'sub'));
            const done = await runScript(NOTHING, ['--summary-export', target], { dir });
            assertFails(done, 0, pattern);
            assert.match(done.out, /iterations\.+: 1 /);
            assert.deepEqual(filesOf(dir), ['file', 'script.js']);
        });
    }

    test('JSON samples: every line is valid and complete', async () => {
        const script = `import http from 'k6/http'; import { check, group } from 'k6'; import { Trend } from 'k6/metrics';
            const t = new Trend('odd_"name"'.replace(/"/g, '_'));
            export default function () { group('grüße "1"', () => { const r = http.get(__ENV.URL + '/ok'); check(r, { 'is\\n200': (x) => x.status === 200 }); t.add(1.5, { 'tag"': 'Wert\\u0001' }); }); }`;
        const done = await runScript(script, ['-u', '2', '-i', '6', '-o', 'json=out.json', '--tag', 'run=é"'], { env: { URL: await serveFaults() } });
        assertQuiet(done);
        const text = read(done, 'out.json');
        assert.ok(text.endsWith('\n'));
        const lines = text.trim().split('\n').map((line) => JSON.parse(line));
        const declared = new Set();
        for (const line of lines) {
            if (line.type === 'Metric') declared.add(line.metric);
            else assert.equal(line.type, 'Point');
            if (line.type === 'Point') {
                assert.ok(declared.has(line.metric), `${line.metric} is declared before its first point`);
                assert.equal(typeof line.data.value, 'number');
                assert.ok(!Number.isNaN(Date.parse(line.data.time)));
                assert.equal(line.data.tags.run, 'é"');
            }
        }
        assert.equal(lines.filter((l) => l.type === 'Point' && l.metric === 'http_reqs').length, 6);
        assert.equal(lines.filter((l) => l.type === 'Point' && l.metric === 'odd__name_')[0].data.tags['tag"'], 'Wert\u0001');
    });
    for (const [target, pattern] of [['none/x', /none\/x': No such file/], ['sub', /sub': Is a directory/], ['/dev/full', /No space left/]]) {
        test(`-o json=${target}`, async () => {
            const dir = folder();
            mkdirSync(path.join(dir, 'sub'));
            assertFails(await runScript(NOTHING, ['-o', `json=${target}`], { dir }), 255, pattern);
            assert.deepEqual(filesOf(dir), ['script.js']);
        });
    }

    test('a run that does not start leaves earlier files alone', async () => {
        const dir = folder({ 'samples.json': 'old', 'summary.json': 'old' });
        const args = ['-o', 'json=samples.json', '--summary-export', 'summary.json'];
        assert.equal((await runScript('export default function () {', args, { dir })).code, 107);
        assert.equal((await runScript(NOTHING, [...args, '-u', '0'], { dir })).code, 104);
        assert.equal(readFileSync(path.join(dir, 'samples.json'), 'utf8'), 'old');
        assert.equal(readFileSync(path.join(dir, 'summary.json'), 'utf8'), 'old');
    });

    test('--console-output', async () => {
        const done = await runScript(TALK, ['--console-output', 'lines.txt']);
        assertQuiet(done);
        assert.match(read(done, 'lines.txt'), /a line/);
        assertFails(await runScript(TALK, ['--console-output', 'none/x']), 255, /cannot open 'none\/x' of --console-output: No such file/);
        assertFails(await runScript(TALK, ['--console-output', '/dev/full']), 255, /--console-output could not be written completely/);
    });

    test('--log-output and --log-format', async () => {
        const done = await runScript(TALK, ['--log-output', 'file=log.txt,level=info', '--log-format', 'json']);
        assertQuiet(done);
        assert.equal(done.err, '');
        assert.equal(JSON.parse(read(done, 'log.txt').trim()).msg, 'a line');
        assert.equal((await runScript(TALK, ['--log-output', 'none'])).err, '');
        assert.equal((await runScript(TALK, ['--log-format', 'raw'])).err, 'a line\n');
        assertFails(await runScript(TALK, ['--log-output', 'file=none/x']), 255, /cannot open the log file 'none\/x'/);
    });

    test('handleSummary: files, stdout, stderr', async () => {
        const done = await runScript(`export default function () {}
            export function handleSummary(data) {
                return { stdout: 'to stdout\\n', stderr: 'to stderr\\n', 'a.txt': 'text', 'b.json': JSON.stringify(data), 'bytes.bin': new Uint8Array([1, 0, 2]).buffer };
            }`);
        assertQuiet(done);
        assert.equal(done.out, 'to stdout\n');
        assert.equal(done.err, 'to stderr\n');
        assert.equal(read(done, 'a.txt'), 'text');
        assert.equal(read(done, 'bytes.bin'), '\x01\0\x02');
        assert.ok(JSON.parse(read(done, 'b.json')).metrics.iterations);
        assert.deepEqual(filesOf(done.dir), ['a.txt', 'b.json', 'bytes.bin', 'script.js']);
    });
    test('handleSummary: a file that cannot be written; the others are', async () => {
        const done = await runScript(`export default function () {}
            export function handleSummary() { return { 'none/x': 'a', 'good.txt': 'b' }; }`);
        assertFails(done, 0, /handleSummary\(\): .*none\/x: No such file/);
        assert.equal(read(done, 'good.txt'), 'b');
    });
    test('handleSummary: an exception or nonsense; the default summary is printed', async () => {
        for (const body of ['throw new Error("boom");', 'return 5;', 'return { a: 5 };', 'while (true) {}']) {
            const done = await runScript(`export const options = { handleSummaryTimeout: '300ms' };
                export default function () {}\nexport function handleSummary() { ${body} }`);
            assert.equal(done.code, 0, done.err);
            assert.equal(messages(done.err).length, 1, `${body}: ${done.err}`);
            assert.match(done.out, /iterations\.+: 1 /);
        }
    });

    test('stdout to a full disk', async () => {
        assertFails(await redirected(['run', 'script.js'], '> /dev/full'), 255, /standard output could not be written completely/);
        assertFails(await redirected(['--help'], '> /dev/full'), 255, /standard output/);
    });
    test('stdout whose reader leaves', async () => {
        const script = 'export default function () { for (let i = 0; i < 20; i++) console.log("x".repeat(5000)); }';
        const done = await redirected(['run', '--log-output', 'stdout', '-i', '50', 'script.js'], '| head -n 1 > /dev/null; true', script);
        assertQuiet(done);
        assert.doesNotMatch(done.err, /full/);
    });
    test('closed standard streams', async () => {
        assertQuiet(await redirected(['run', 'script.js'], '<&- >&-'));
        assertQuiet(await redirected(['run', 'script.js'], '2>&-'));
        const done = await redirected(['run', 'script.js', '-o', 'json=out.json'], '<&- >&- 2>&-');
        assertQuiet(done);
        for (const line of read(done, 'out.json').trim().split('\n')) JSON.parse(line);
    });
    test('stderr to a full disk does not stop a run', async () => assertQuiet(await redirected(['run', 'script.js'], '2> /dev/full', TALK)));
    test('a log on stdout and samples on stdout are whole lines', async () => {
        const done = await runScript(TALK, ['-u', '4', '-i', '40', '-o', 'json', '--log-output', 'stdout']);
        assertQuiet(done);
        const lines = done.out.split('\n').filter((l) => l.startsWith('{') || l.startsWith('time='));
        assert.equal(lines.filter((l) => l.startsWith('time=')).length, 40);
        for (const line of lines.filter((l) => l.startsWith('{'))) JSON.parse(line);
    });
    test('a folder that vanishes during the run', async () => {
        const dir = folder();
        const script = `import { sleep } from 'k6'; export default function () { sleep(0.5); }`;
        writeFileSync(path.join(dir, 'script.js'), script);
        mkdirSync(path.join(dir, 'out'));
        closeSync(openSync(path.join(dir, 'out/x'), 'w'));
        const done = await new Run(['-c', `(sleep 0.2; rm -r out) & exec '${programPath()}' run -q --summary-export out/s.json script.js`], { dir, command: '/bin/sh' }).end();
        assertFails(done, 0, /out\/s\.json: No such file/);
    });
}
