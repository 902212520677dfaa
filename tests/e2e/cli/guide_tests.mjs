// brunt test around the load: what is watched, probed, printed and interrupted.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { assertFails, assertQuiet, brunt, filesOf, folder, paced, programPath, Run, serve } from './harness.mjs';

const havePty = spawnSync('script', ['--version']).status === 0;

const script = `import http from 'k6/http';
import { sleep } from 'k6';
export function probe() { http.get(__ENV.BASE_URL + '/probed', { timeout: '5s' }); }
export function arrival() { http.get(__ENV.BASE_URL + '/arrival'); }
export default function () {
    http.get(__ENV.BASE_URL + '/page?' + ['X', 'WRITES', 'HOME'].map((n) => n + '=' + __ENV[n]).join('&'));
    sleep(0.05);
}`;

const config = `version: 1
environments: { here: { base_url: "\${TARGET}", headers: { X-Key: "secret" } } }
tests:
  extra: { script: script.js, duration: 1s, load: { vus: 1 }, criteria: [ "error_rate < 50%" ], env: { X: file } }
  soak: { script: script.js, duration: 2s, load: { vus: 2 }, criteria: [ "error_rate < 50%" ] }
  spike:
    script: script.js
    load: { start_vus: 1, stages: [ { duration: 1s, target: 1 }, { duration: 0s, target: 4 }, { duration: 1s, target: 4 }, { duration: 0s, target: 1 }, { duration: 1s, target: 1 } ] }
    criteria: [ "error_rate < 50%" ]
  ramp: { script: script.js, load: { stages: [ { duration: 2s, target: 2 }, { duration: 2s, target: 2 } ] }, criteria: [ "error_rate < 50%" ] }
  baseline: { script: script.js, duration: 1s, load: { vus: 1 }, criteria: [ "error_rate < 50%" ] }
`;

const leaks = `${config}  leaks: { script: script.js, duration: 60s, load: { vus: 2 }, criteria: [ "p95 < 5s", "error_rate < 50%", "memory_growth < 50MB/h" ] }
`;

/** A target with a metrics page; `asked` are the URLs, `keys` what the page was asked with. */
async function target({ metrics = true, health = true } = {}) {
    const seen = { asked: [], keys: new Set(), pages: 0 };
    seen.url = await serve((request, response) => {
        seen.asked.push(request.url);
        if (request.url === '/metrics' && metrics) {
            seen.pages++;
            seen.keys.add(request.headers['x-key']);
            response.end(`process_resident_memory_bytes ${1000 + seen.pages}\n# TYPE pool_busy gauge\npool_busy{pool="main"} 3\n`);
        } else if (request.url === '/metrics') {
            response.writeHead(404).end('<html>');
        } else if (request.url === '/health' && !health) {
            seen.hanging = true; // for ever
        } else {
            response.end('{}');
        }
    });
    return seen;
}

const runTest = async (args, { seen, text = config, ...options } = {}) => {
    seen ??= await target();
    const done = await brunt(['test', ...args], { dir: folder({ 'brunt.yaml': text, 'script.js': script }), env: { TARGET: seen.url }, ...options });
    return { ...done, seen };
};
const json = (done, name) => JSON.parse(readFileSync(path.join(done.dir, 'reports', `${name}-summary.json`), 'utf8'));
const series = (done, name, measure) => json(done, name).target.find((s) => s.name === measure);

function start(args, seen) {
    return new Run(['test', ...args], { dir: folder({ 'brunt.yaml': config, 'script.js': script }), env: { TARGET: seen.url } });
}

export function guideTests() {
    test('the metrics page of the target is watched by itself', async () => {
        const done = await runTest(['soak', 'here']);
        assertQuiet(done);
        const memory = series(done, 'soak', 'memory');
        assert.ok(memory.value.length >= 3, 'several samples');
        assert.ok(memory.value[0] >= 1001 && memory.value.at(-1) > memory.value[0]);
        assert.match(memory.source, /^http:.*\/metrics$/);
        assert.ok(memory.at_s.some((at) => at > 0 && at < 2.5), 'instants are those of the run');
        assert.deepEqual(series(done, 'soak', 'pool_busy{pool="main"}').value.slice(0, 2), [3, 3]);
        assert.deepEqual([...done.seen.keys], ['secret'], 'with the headers of the environment');
    });
    test('a target without such a page, and one that is not to be watched', async () => {
        const without = await runTest(['baseline', 'here'], { seen: await target({ metrics: false }) });
        assertQuiet(without);
        assert.deepEqual(json(without, 'baseline').target, []);
        const none = await runTest(['baseline', 'here', '--watch', 'none']);
        assertQuiet(none);
        assert.equal(none.seen.pages, 0);
    });
    test('a process is watched by its number', async () => {
        const done = await runTest(['baseline', 'here', '--watch', `process:${process.pid}`]);
        assertQuiet(done);
        const memory = series(done, 'baseline', 'memory');
        assert.equal(memory.source, `process ${process.pid} (node)`);
        assert.ok(memory.value.every((v) => v > 10e6 && v < 10e9));
        assert.ok(series(done, 'baseline', 'cpu').value.length > 0);
        assert.equal(done.seen.pages, 0, 'and nothing else is');
    });
    test('what the environment names is watched, unless the command line names something', async () => {
        const text = config.replace('headers:', `metrics: [ { process: ${process.pid}, names: [ memory ] } ], headers:`);
        const seen = await target();
        const dir = folder({ 'brunt.yaml': text, 'script.js': script });
        const done = await brunt(['test', 'baseline', 'here'], { dir, env: { TARGET: seen.url } });
        assertQuiet(done);
        assert.deepEqual(json(done, 'baseline').target.map((s) => [s.name, s.source]), [['memory', `process ${process.pid} (node)`]]);
        assert.equal(seen.pages, 0);
        assertQuiet(await brunt(['test', 'baseline', 'here', '--watch', `${seen.url}/metrics`], { dir, env: { TARGET: seen.url } }));
        assert.ok(seen.pages > 0);
    });
    test('what cannot be watched is told before the load', async () => {
        for (const [place, pattern] of [
            ['process:1073741823', /cannot be watched: process 1073741823/],
            ['process:no-such-process', /no process is called 'no-such-process'/],
            ['cgroup:/no/such', /no cgroup/],
            ['http://127.0.0.1:1/metrics', /cannot be watched: http:\/\/127\.0\.0\.1:1\/metrics.*refused/],
        ]) {
            const done = await runTest(['baseline', 'here', '--watch', place]);
            assertFails(done, 104, pattern);
            assert.ok(!done.seen.asked.some((url) => url.startsWith('/page')), place);
        }
        for (const place of ['empire', 'process:', 'process:0', 'cgroup:', 'ftp://x/'])
            assertFails(await runTest(['baseline', 'here', '--watch', place]), 104, /--watch: use process:PID/);
    });

    test('variables: the command line beats the file; write endpoints are asked for by one', async () => {
        const plain = await runTest(['extra', 'here']);
        assert.ok(plain.seen.asked.some((url) => url.startsWith('/page?X=file&WRITES=undefined&')));
        const done = await runTest(['extra', 'here', '-e', 'X=line', '--writes']);
        assert.ok(done.seen.asked.some((url) => url.startsWith('/page?X=line&WRITES=1&')));
        assertFails(await runTest(['extra', 'here', '-e', '1X=2']), 104, /'1X'/);
    });
    test('a dry run tells the timetable and asks nothing', async () => {
        const done = await runTest(['all', 'here', '--dry-run', '--duration-scale', '0.5', '--writes']);
        assertQuiet(done);
        assert.deepEqual(done.seen.asked, []);
        assert.deepEqual([...done.out.matchAll(/^(\w+) against here/gm)].map((m) => m[1]), ['baseline', 'spike', 'soak', 'extra', 'ramp']);
        assert.match(done.out, /from 500ms: 1 to 4 VUs at once/);
        assert.match(done.out, /60 requests\/s in the open model/);
        assert.match(done.out, /with the write endpoints/);
        assert.match(done.out, /5 tests, at least 6\.5s; begun now, until/);
        assert.equal(filesOf(done.dir).length, 2, 'nothing is written');
    });
    test('JSON on standard output, and in a file', async () => {
        const one = await runTest(['baseline', 'here', '--json', '-']);
        assertQuiet(one);
        assert.equal(JSON.parse(one.out).run.test, 'baseline');
        const all = await runTest(['all', 'here', '--json', 'all.json', '--spike-probe', '0']);
        assertQuiet(all);
        const document = JSON.parse(readFileSync(path.join(all.dir, 'all.json'), 'utf8'));
        assert.deepEqual(document.results.map((r) => r.run.test), ['baseline', 'spike', 'soak', 'extra', 'ramp']);
        assert.equal(document.exit_status, 0);
        assert.match(all.out, /All tests\n\n +test +verdict +outcome +p95 +errors +report\n +baseline +\S+ +passed .*reports\/baseline\.html/);
    });

    test('a spike is probed in the open model', async () => {
        const done = await runTest(['spike', 'here', '--spike-probe', '40']);
        assert.ok([0, 4].includes(done.code), done.out); // a slow build may not be able to keep the rate
        const probes = done.seen.asked.filter((url) => url === '/probed').length;
        assert.ok(probes >= 115 && probes <= 121, `${probes} in 3 s`);
        const metric = json(done, 'spike').metrics['http_res_time{scenario:probe}'];
        assert.ok(metric, 'timed from the intended start');
        const { probe } = json(done, 'spike');
        assert.equal(probe.scenario, 'probe');
        assert.equal(probe.slices.requests.reduce((a, b) => a + b), probes);
        assert.ok(probe.slices.p95_ms[0] > 0);
        const off = await runTest(['spike', 'here', '--spike-probe', '0']);
        assert.ok(!off.seen.asked.includes('/probed'));
        assertFails(await runTest(['spike', 'here', '--spike-probe', 'many']), 104, /--spike-probe: use 0 to 1000/);
    });

    test('the progress on a terminal tells test, phase, time left and figures so far', { skip: !havePty }, async () => {
        const seen = await target();
        const dir = folder({ 'brunt.yaml': config, 'script.js': script });
        const done = await new Run(['-qec', `stty cols 120; '${programPath()}' test soak here`, '/dev/null'],
            { dir, command: 'script', env: { TARGET: seen.url, TERM: 'xterm' } }).end();
        assert.equal(done.code, 0, done.out);
        assert.match(done.out, /soak: 2 VUs, [12]s left, p95 [\d.]+ms and 0\.00% errors so far/);
        assert.match(done.out, /soak: finishing/);
    });
    test('after a ramp the highest rate is searched, within limits', async () => {
        const done = await runTest(['ramp', 'here', '--search', '--search-max', '6', '--search-time', '30s', '--duration-scale', '0.5']);
        assert.ok([0, 4].includes(done.code), done.out);
        assert.match(done.out, /search: +\d[\d.]*\/s +p95 [\d.]+ms +0\.00% errors +held/);
        const { search } = json(done, 'ramp').verdict;
        assert.equal(search.end, 'above max');
        assert.equal(search.held, 6);
        assert.equal(search.broke, undefined);
        assert.equal(search.steps.at(-1).load, 6);
        assert.ok(Math.abs(search.steps.at(-1).throughput - 6) < 1);
        assert.match(search.sentence, /Searched in the open model up to the highest rate allowed: 6 iterations\/s/);
        assert.ok(done.seen.asked.some((url) => url === '/arrival'), 'by the function arrival()');
        for (const [flag, value] of [['--search-max', '0'], ['--search-time', 'soon'], ['--search-vus', '0']])
            assertFails(await runTest(['ramp', 'here', flag, value]), 104, new RegExp(`${flag}: use`));
    });
    test('Ctrl-C in the search', async () => {
        const seen = await target();
        const run = start(['ramp', 'here', '--search', '--search-max', '1000', '--duration-scale', '0.5'], seen);
        await run.until(/search: .*held/);
        run.signal('SIGINT');
        const done = await run.end();
        assert.equal(done.code, 4, done.err);
        assert.match(json(done, 'ramp').run.end_reason, /in the search/);
        assert.equal(json(done, 'ramp').verdict.search.end, 'stopped');
    });

    test('what cannot end early says why', async () => {
        const without = await runTest(['soak', 'here', '--stop-early']);
        assert.match(without.err, /cannot end early: it has no criterion on memory_growth/);
        const blind = await runTest(['leaks', 'here', '--stop-early', '--watch', 'none', '--duration-scale', '0.02'], { text: leaks });
        assert.match(blind.err, /cannot end early: nothing watches the memory/);
    });

    test('Ctrl-C while the target is asked whether it is there', async () => {
        const seen = await target({ health: false });
        const run = start(['baseline', 'here'], seen);
        for (let i = 0; i < 500 && !seen.hanging; i++) await new Promise((r) => setTimeout(r, 10));
        run.signal('SIGINT');
        const done = await run.end();
        assert.equal(done.code, 4, done.err);
        assert.ok(done.afterSignal < paced(1500));
        assert.match(done.out, /INVALID: .*interrupted/);
        assert.equal(json(done, 'baseline').run.end, 'interrupted');
        assert.match(json(done, 'baseline').run.end_reason, /before the load began/);
    });
    test('Ctrl-C while the target cools down', async () => {
        const seen = await target();
        const run = start(['baseline', 'here', '--cool-down', '1m'], seen);
        await run.until(/running \(01\.\d+s\), 0\/1 VUs/);
        for (let i = 0, pages = seen.pages; i < 500 && seen.pages < pages + 3; i++) await new Promise((r) => setTimeout(r, 10));
        run.signal('SIGTERM');
        const done = await run.end();
        assert.equal(done.code, 4, done.err);
        assert.match(json(done, 'baseline').run.end_reason, /cooled down/);
        assert.ok(series(done, 'baseline', 'memory').at_s.at(-1) > json(done, 'baseline').run.duration_ms / 1000, 'it was watched meanwhile');
    });
    test('Ctrl-C in all of them: an overview of what was and what was not', async () => {
        const seen = await target();
        const run = start(['all', 'here'], seen);
        await run.until(/report: reports\/baseline\.html/);
        run.signal('SIGINT');
        const done = await run.end();
        assert.equal(done.code, 4, done.err);
        assert.match(done.out, /baseline .*passed/);
        assert.match(done.out, /extra +not begun/);
        assert.match(done.out, /exit status 4/);
    });
    test('Ctrl-C twice ends at once', async () => {
        const seen = await target();
        const run = start(['baseline', 'here', '--cool-down', '1m'], seen);
        await run.until(/running \(00\.\d+s\)/);
        run.signal('SIGINT');
        run.signal('SIGINT');
        const done = await run.end();
        assert.ok(done.code === 105 || done.code === 4, `${done.code}`); // two signals may be merged into one
        assert.ok(done.afterSignal < paced(1500));
    });
    test('after one test the next waits until the target is back', async () => {
        let down = 0, health = 0;
        const url = await serve((request, response) => {
            if (request.url !== '/health') return response.end('{}');
            health++;
            if (health > 1 && down++ < 1) return response.writeHead(503).end();
            response.end('{}');
        });
        const done = await runTest(['all', 'here', '--spike-probe', '0'], { seen: { url, asked: [] } });
        assertQuiet(done);
        assert.ok(health >= 6);
        assert.match(done.out, /exit status 0/);
    });
}
