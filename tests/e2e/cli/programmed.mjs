// What brunt test finds out about a service, held against what the service was programmed to be.
//
//     node programmed.mjs BRUNT PROGRAMMED_SERVER PACE
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { folder, killAll, removeFolders, Run, setProgram } from './harness.mjs';

const LONGEST_MS = 60000;
setProgram(process.argv[2], Number(process.argv[4]));
const servers = new Set();
after(() => {
    killAll();
    for (const child of servers) child.kill('SIGKILL');
    removeFolders();
});

/** The programmed server with those settings: { url, state(), stop() }. */
async function serve(settings) {
    // Without the memory that the address sanitizer keeps back.
    const child = spawn(process.argv[3], Object.entries(settings).map(([k, v]) => `${k}=${v}`),
        { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ASAN_OPTIONS: 'quarantine_size_mb=0:detect_leaks=0' } });
    servers.add(child);
    child.once('exit', () => servers.delete(child));
    const port = await new Promise((done, fail) => {
        child.stdout.once('data', (data) => done(Number(data)));
        child.once('exit', (code) => fail(new Error(`the programmed server ended with ${code}`)));
    });
    const url = `http://127.0.0.1:${port}`;
    const stop = async () => {
        const ended = new Promise((done) => child.once('exit', done));
        child.stdin.end();
        assert.equal(await ended, 0, 'the programmed server ends well');
    };
    return { url, stop, get: async (page) => (await fetch(url + page)).text(), state: async () => (await fetch(`${url}/admin/state`)).json() };
}

const script = `import http from 'k6/http';
import { sleep } from 'k6';
export default function () { http.get(__ENV.BASE_URL + '/work'); sleep(Number(__ENV.PAUSE)); }
export function probe() { http.get(__ENV.BASE_URL + '/work'); }`;

const config = `version: 1
environments: { here: { base_url: "\${TARGET}" } }
tests:
  ramp:
    script: script.js
    load: { start_vus: 0, stages: [ { duration: 30s, target: 160 } ] }
    criteria: [ "p95 < 5s", "error_rate < 5%" ]
    env: { PAUSE: 0.2 }
  spike:
    script: script.js
    load:
      start_vus: 4
      stages: [ { duration: 8s, target: 4 }, { duration: 0s, target: 60 }, { duration: 3s, target: 60 }, { duration: 0s, target: 4 }, { duration: 24s, target: 4 } ]
    criteria: [ "recovery < 2min" ]
    env: { PAUSE: 0.05 }
  memory:
    script: script.js
    duration: 25s
    load: { vus: 2 }
    criteria: [ "memory_growth < 50MB/h" ]
    env: { PAUSE: 0.05 }
`;

/** The verdict of \`brunt test NAME here\` against a server with those settings, and the server's state afterwards. */
async function judge(name, settings) {
    const server = await serve(settings);
    const dir = folder({ 'brunt.yaml': config, 'script.js': script });
    const run = new Run(['test', name, 'here', '-q', '--no-store'], { dir, env: { TARGET: server.url }, longest: LONGEST_MS });
    await run.end();
    const state = await server.state();
    await server.stop();
    const file = JSON.parse(readFileSync(path.join(dir, 'reports', `${name}-summary.json`), 'utf8'));
    return { verdict: file.verdict, state };
}

const within = (value, truth, share, what) =>
    assert.ok(Math.abs(value / truth - 1) <= share, `${what} is ${value}, and should be ${truth} within ${share * 100} %`);

// ---- what is true: users who pause and come to a few slots with a limited queue, in balance --------------------------

const SLOTS = 16, SERVICE_S = 0.08, QUEUE = 64, PAUSE_S = 0.2, USERS = 160;

/** { goodput, refused }: answers per second, and the share of requests that find the queue full. */
function balance(users) {
    const p = [1];
    for (let j = 1; j <= SLOTS + QUEUE && j < users + 1; j++) p.push(p[j - 1] * ((users - j + 1) / PAUSE_S) / (Math.min(j, SLOTS) / SERVICE_S));
    const all = p.reduce((a, b) => a + b), asked = p.reduce((sum, x, j) => sum + x * (users - j), 0);
    return {
        goodput: p.reduce((sum, x, j) => sum + x * Math.min(j, SLOTS) / SERVICE_S, 0) / all,
        refused: p.length > SLOTS + QUEUE ? p[SLOTS + QUEUE] * (users - SLOTS - QUEUE) / asked : 0,
    };
}

/** The number of users whose goodput is furthest above the diagonal. */
function trueKnee() {
    const height = (n) => balance(n).goodput / balance(USERS).goodput - n / USERS;
    return Array.from({ length: USERS }, (_, i) => i + 1).reduce((best, n) => height(n) > height(best) ? n : best);
}

/** The number of users (with a fraction) from which more than 5 % are refused. */
function trueBreaking() {
    let low = SLOTS + QUEUE + 1, high = USERS;
    for (let i = 0; i < 40; i++) {
        const middle = (low + high) / 2;
        if (balance(middle).refused < 0.05) low = middle;
        else high = middle;
    }
    return low;
}

describe('a programmed server', { concurrency: false }, () => {
    test('the server does what it is told', async () => {
        const server = await serve({ slots: 1, service_ms: 50, queue: 0, body_bytes: 3 });
        const [a, b] = await Promise.all([fetch(`${server.url}/a`), fetch(`${server.url}/b`)]);
        assert.deepEqual([a.status, b.status].sort(), [200, 503]);
        assert.equal(await (a.status === 200 ? a : b).text(), 'xxx');
        assert.match(await server.get('/admin/set?rate=1&burst=1&slots=0'), /"rate":1,"burst":1/);
        const codes = [];
        for (let i = 0; i < 3; i++) codes.push((await fetch(`${server.url}/c`)).status);
        assert.deepEqual(codes.sort(), [200, 429, 429]);
        assert.match(await server.get('/admin/set?rate=0&error_share=0.5'), /"rate":0/);
        const errors = [];
        for (let i = 0; i < 4; i++) errors.push((await fetch(`${server.url}/d`)).status);
        assert.deepEqual(errors, [200, 500, 200, 500]);
        assert.match(await server.get('/metrics'), /^process_resident_memory_bytes \d+$/m);
        assert.match(await server.get('/metrics'), /^http_requests_total\{code="429"\} 2$/m);
        assert.equal((await fetch(`${server.url}/admin/set?no=1`)).status, 400);
        assert.equal((await fetch(`${server.url}/admin/set?slots=-1`)).status, 400);
        assert.equal(await server.get('/health'), '{"status":"ok"}\n');
        await server.get('/admin/set?down_to_s=1000');
        assert.equal((await fetch(`${server.url}/health`)).status, 503);
        await server.stop();
    });

    test('knee and breaking point within 5 %, and it degrades gracefully', async () => {
        const { verdict: { capacity } } = await judge('ramp', { slots: SLOTS, service_ms: SERVICE_S * 1000, exponential: 1, queue: QUEUE });
        const knee = trueKnee(), breaking = trueBreaking();
        assert.equal(capacity.measured, true);
        within(capacity.knee.load, knee, 0.05, 'the knee');
        within(capacity.breaking_point.load, breaking, 0.05, 'the breaking point');
        assert.ok(capacity.breaking_point.load_low <= breaking && capacity.breaking_point.load_high >= breaking, JSON.stringify(capacity.breaking_point));
        within(capacity.best_goodput, SLOTS / SERVICE_S, 0.1, 'the best goodput'); // of a few seconds: chance is in it
        assert.equal(capacity.beyond, 'graceful');
    });

    // With more than 35 at once it gets slower by 300 ms, and stays so 6 s longer. An answer that was asked for in the
    // last moment comes 400 ms later.
    const spike = async () => {
        const { verdict, state } = await judge('spike', { service_ms: 100, overload: 35, overload_ms: 300, overload_hold_s: 6 });
        const truth = state.overload_end_s + 0.4 - 11;
        assert.ok(truth > 5.5 && truth < 9, `the server says ${state.overload_end_s}`);
        assert.equal(verdict.recovery.recovered, true, verdict.recovery.sentence);
        assert.ok(Math.abs(verdict.recovery.total_s - truth) <= 1, `found ${verdict.recovery.total_s}, true is ${truth}`);
        assert.ok(verdict.recovery.p95_peak_ms > 350);
        assert.equal(verdict.recovery.resolution_s, 1);
    };
    // 5 MB/s below a saw-tooth of 10 MB: after some seconds more than the limit allows in an hour.
    const leak = async () => {
        const { verdict } = await judge('memory', { service_ms: 5, leak_mb_per_h: 18000, saw_mb: 10, saw_s: 5, base_mb: 50 });
        assert.equal(verdict.leak.answer, 'found', verdict.leak.sentence);
        assert.ok(verdict.leak.low <= 18000 && verdict.leak.high >= 18000, verdict.leak.sentence);
        within(verdict.leak.slope_mb_per_h, 18000, 0.1, 'the slope');
        assert.equal(verdict.criteria[0].state, 'failed'); // whatever a busy machine makes of the run otherwise
    };
    test('recovery within one second; a leak\'s slope within its interval', async () => {
        await Promise.all([spike(), leak()]); // they need the time, not the processor
    });
});
