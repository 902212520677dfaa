// What a run writes: summary, files, JSON samples, handleSummary; and what happens when it cannot.
import assert from 'node:assert/strict';
import { closeSync, mkdirSync, openSync, readFileSync, symlinkSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
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

    test('--summary-mode full: groups and scenarios', async () => {
        const script = `import { check, group } from 'k6'; import { Counter } from 'k6/metrics'; const c = new Counter('cc');
            export const options = { scenarios: { default: { executor: 'shared-iterations' }, other: { executor: 'shared-iterations' } } };
            export function setup() { c.add(9); }
            export default function () { group('a', () => { check(1, { fine: true }); group('b', () => c.add(1)); }); }`;
        const done = await runScript(script, ['--summary-mode', 'full']);
        assertQuiet(done);
        const titles = [...done.out.matchAll(/^( +[█↳] .*) $/gm)].map((m) => m[1]);
        assert.deepEqual(titles, ['  █ TOTAL RESULTS', '  █ GROUP: a', '    ↳ GROUP: b', '  █ SCENARIO: other', '    ↳ GROUP: a', '      ↳ GROUP: b']);
        assert.equal([...done.out.matchAll(/ cc\.+: 1 /g)].length, 3, done.out);
        assert.match(done.out, / cc\.+: 11 /);
        assert.equal([...done.out.matchAll(/✓ fine/g)].length, 4);
        const compact = await runScript(script, [], { env: { K6_SUMMARY_MODE: 'compact' } });
        assert.doesNotMatch(compact.out, /GROUP|SCENARIO/);
    });
    test('--new-machine-readable-summary', async () => {
        const script = `import { check } from 'k6'; export default function () { check(1, { fine: true }); }
            export function handleSummary(data) { return { stdout: JSON.stringify(data) }; }`;
        const done = await runScript(script, ['--new-machine-readable-summary', '--summary-export', 'out.json']);
        assertQuiet(done);
        const [data, exported] = [JSON.parse(done.out), JSON.parse(read(done, 'out.json'))];
        for (const one of [data, exported]) {
            assert.equal(one.config.script, script);
            assert.deepEqual(one.results.checks.results, [{ name: 'fine', passes: 1, fails: 0 }]);
            assert.ok(one.results.metrics.some((m) => m.name === 'iterations' && m.values.count === 1));
        }
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

    const TAGGED = `import { Counter } from 'k6/metrics'; const c = new Counter('cc');
        export default function () { c.add(2.5, { b: 'x,"y"', a: '1' }); }`;
    const rows = (text) => text.trimEnd().split('\n');
    test('-o csv: columns, other tags, metadata', async () => {
        const args = ['-i', '1', '-o', 'csv=out.csv', '--system-tags', 'vu,iter,scenario,group', '--tag', 'run= r'];
        const done = await runScript(TAGGED, args);
        assertQuiet(done);
        const [head, ...lines] = rows(read(done, 'out.csv'));
        assert.equal(head, 'metric_name,timestamp,metric_value,group,scenario,extra_tags,metadata');
        assert.match(lines.find((l) => l.startsWith('cc,')), /^cc,\d{10},2\.500000,,default,"a=1&b=x,""y""&run= r",(iter=0&vu=1|vu=1&iter=0)$/);
        assert.ok(lines.some((l) => /^iterations,\d{10},1\.000000,,default,run= r,/.test(l)));
    });
    test('-o csv: no argument, settings, environment, configuration file', async () => {
        const bare = await runScript(TAGGED, ['-o', 'csv']);
        assertQuiet(bare);
        assert.match(rows(read(bare, 'file.csv'))[0], /^metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,proto,scenario,service,status,subproto,tls_version,url,extra_tags,metadata$/);
        const times = { unix_milli: /^cc,\d{13},/m, unix_micro: /^cc,\d{16},/m, unix_nano: /^cc,\d{19},/m, rfc3339: /^cc,\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[Z+-]/m };
        for (const [format, pattern] of Object.entries(times)) {
            const done = await runScript(TAGGED, ['-o', `csv=fileName=t.csv,timeFormat=${format}`]);
            assertQuiet(done);
            assert.match(read(done, 't.csv'), pattern);
        }
        const env = await runScript(TAGGED, ['-o', 'csv'], { env: { K6_CSV_FILENAME: 'env.csv', K6_CSV_TIME_FORMAT: 'unix_milli' } });
        assert.match(read(env, 'env.csv'), times.unix_milli);
        const dir = folder({ 'c.json': '{"out":["csv","json=j.json"],"collectors":{"csv":{"fileName":"conf.csv","timeFormat":"unix_nano"}}}' });
        assertQuiet(await runScript(TAGGED, ['-c', 'c.json'], { dir }));
        assert.match(readFileSync(path.join(dir, 'conf.csv'), 'utf8'), times.unix_nano);
        assert.ok(filesOf(dir).includes('j.json'));
    });
    test('several outputs, packed ones, standard output', async () => {
        const done = await runScript(TAGGED, ['-o', 'json=a.json', '-o', 'json=b.json.gz', '-o', 'csv=c.csv.gz', '-o', 'csv=-', '--summary-mode', 'disabled']);
        assertQuiet(done);
        const unpacked = (name) => gunzipSync(readFileSync(path.join(done.dir, name))).toString();
        assert.equal(unpacked('b.json.gz'), read(done, 'a.json'));
        assert.equal(unpacked('c.csv.gz'), done.out);
        assert.ok(rows(done.out).length > 4);
        const loud = await brunt(['run', '-o', 'json=a.json', '-o', 'csv', 'script.js'], { dir: done.dir });
        assert.match(loud.out, /^ +output: json \(a\.json\), csv \(file\.csv\)$/m);
        const env = await runScript(TAGGED, [], { env: { K6_OUT: 'json=x.json,csv=y.csv' } });
        assert.deepEqual(filesOf(env.dir), ['script.js', 'x.json', 'y.csv']);
    });
    test('an output that cannot be written completely is told', async () => {
        for (const target of ['json=/dev/full', 'csv=/dev/full'])
            assertFails(await runScript(NOTHING, ['-o', target]), 255, /writing the output '\/dev\/full' failed: No space left/);
    });

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
