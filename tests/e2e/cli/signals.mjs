// Ctrl-C and SIGTERM in every stage: once is a clean stop, twice ends at once.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { folder, messages, paced, Run, sleep } from './harness.mjs';

const script = `import { sleep } from 'k6';
const at = (stage) => { console.log('in ' + stage); if (__ENV.STAGE !== stage) return; if (__ENV.HOW === 'cpu') while (true) {} sleep(30); };
if (__ENV.STAGE === 'slow init' && __VU > 0) { const end = Date.now() + 100; while (Date.now() < end) {} console.log('VU ready'); }
export function setup() { at('setup'); }
export default function () { at('iteration'); sleep(30); }
export function teardown() { at('teardown'); }`;

function start(args, env = {}) {
    const dir = folder({ 'script.js': script });
    return new Run(['run', ...args, 'script.js'], { dir, env });
}

/** `name` once, when `seen` was printed; the run must stop cleanly. */
async function stopped(run, seen, name = 'SIGINT') {
    await run.until(seen);
    await sleep(50);
    run.signal(name);
    const done = await run.end();
    assert.equal(done.code, 105, done.err);
    assert.ok(done.afterSignal < paced(1500), `took ${done.afterSignal} ms`);
    assert.match(done.out, /TOTAL RESULTS/);
    assert.match(done.err, /test run was aborted because brunt received a '(Interrupt|Terminated)' signal/i);
    assert.equal(messages(done.err).length, 1, done.err);
    return done;
}

/** Twice: it ends at once, whatever it is doing. */
async function ended(run, seen) {
    await run.until(seen);
    await sleep(50);
    run.child.kill('SIGINT');
    await sleep(200);
    run.signal('SIGINT');
    const done = await run.end({ killed: true });
    assert.ok(done.code === 105 || done.signal === 'SIGINT', `${done.code} ${done.signal}`);
    assert.ok(done.afterSignal < paced(500), `took ${done.afterSignal} ms`);
}

export function signalTests() {
    for (const name of ['SIGINT', 'SIGTERM']) {
        test(`${name} once: summary, teardown, 105`, async () => {
            const done = await stopped(start(['-u', '3', '-d', '60s']), /(in iteration[^]*){3}/, name);
            assert.match(done.err, /in teardown/);
            assert.match(done.out, /stopping \(.*0\/3 VUs, 0 complete and 3 interrupted iterations/);
        });
    }
    test('during a loop that never waits', async () => {
        const done = await stopped(start(['-u', '2', '-d', '60s'], { STAGE: 'iteration', HOW: 'cpu' }), /in iteration/);
        assert.match(done.err, /in teardown/);
    });
    test('during setup', async () => { await stopped(start(['-u', '2', '-d', '60s'], { STAGE: 'setup' }), /in setup/); });
    test('during a setup that never waits', async () => { await stopped(start([], { STAGE: 'setup', HOW: 'cpu' }), /in setup/); });
    test('during init of many VUs', async () => { await stopped(start(['-u', '400', '-d', '60s'], { STAGE: 'slow init' }), /VU ready/); });
    test('during init of more VUs than memory can hold, after a warning', { skip: os.totalmem() > 90e9 }, async () => {
        const run = start(['-u', '1000000', '-d', '60s']);
        const done = await stopped(run, /1000000 VUs need at least 100\.0 GB of memory and \d+\.\d GB are available/);
        assert.match(done.out, /0 complete and 0 interrupted/);
    });
    test('--no-teardown', async () => {
        const done = await stopped(start(['-d', '60s', '--no-teardown']), /in iteration/);
        assert.doesNotMatch(done.err, /in teardown/);
    });
    test('while the samples go to a file: its lines are whole', async () => {
        const done = await stopped(start(['-u', '2', '-d', '60s', '-o', 'json=out.json']), /in iteration/);
        const lines = readFileSync(path.join(done.dir, 'out.json'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
        assert.ok(lines.some((line) => line.metric === 'iteration_duration') || lines.length > 0);
    });
    test('twice, during a teardown that sleeps', async () => { await ended(start(['-d', '60s'], { STAGE: 'teardown' }), /in iteration/); });
    test('twice, during a teardown that never waits', async () => { await ended(start(['-d', '60s'], { STAGE: 'teardown', HOW: 'cpu' }), /in iteration/); });
    test('before anything runs', async () => {
        const run = new Run(['run', 'script.js'], { dir: folder({ 'script.js': 'console.log("in init"); while (true) {}\nexport default function () {}' }) });
        await run.until(/in init/);
        run.signal('SIGINT');
        const done = await run.end({ killed: true });
        assert.ok(done.code === 105 || done.signal === 'SIGINT');
        assert.ok(done.afterSignal < paced(500));
    });
}
