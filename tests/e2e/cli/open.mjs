// Arrival rates, response times against a target that stands still, the generator's health, execution segments.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { assertQuiet, brunt, folder, isSlow, programPath, runScript } from './harness.mjs';

/** Starts tests/support/freeze_server: it answers at once, but not during the last `freeze` of every `cycle` ms. */
export async function freezeServer(freeze, cycle) {
    const child = spawn(path.join(path.dirname(programPath()), 'freeze_server'), [String(freeze), String(cycle)],
        { stdio: ['pipe', 'pipe', 'inherit'] });
    const port = await new Promise((done) => child.stdout.once('data', (text) => done(Number(text))));
    return { url: `http://127.0.0.1:${port}/`, stop: () => child.stdin.end() };
}

const scenario = (fields) => `{ scenarios: { s: { ${fields} } }, summaryTrendStats: ['min', 'p(50)', 'p(90)', 'p(95)', 'p(99)', 'max'] }`;
const summary = (done) => JSON.parse(readFileSync(path.join(done.dir, 'out.json'), 'utf8'));
const GET = "import http from 'k6/http';\n";

export function openTests() {
    test('a target that stands still is seen in every percentile', async () => {
        const server = await freezeServer(1000, 5000);
        const done = await runScript(`${GET}export const options = ${scenario(
            "executor: 'constant-arrival-rate', rate: 200, duration: '5s', preAllocatedVUs: 240")};
            export default function () { http.get('${server.url}'); }`, ['--summary-export', 'out.json']);
        server.stop();
        assertQuiet(done);
        const { http_res_time: response, http_reqs: requests } = summary(done).metrics;
        assert.equal(requests.count, 1001);
        // The q-quantile of the response time is F - (1 - q) P: within 1 % and what a busy machine adds.
        const slack = isSlow() ? 150 : 15;
        for (const [name, want] of [['p(90)', 500], ['p(95)', 750], ['p(99)', 950], ['max', 1000]]) {
            assert.ok(Math.abs(response[name] - want) <= 0.01 * want + slack, `${name} is ${response[name]} ms, want ${want}`);
        }
        assert.ok(response['p(50)'] < slack, `p(50) is ${response['p(50)']} ms`);
    });

    test('lost starts are told, with what to do about them', async () => {
        const done = await runScript(`import { sleep } from 'k6'; export const options = ${scenario(
            "executor: 'constant-arrival-rate', rate: 20, duration: '1s', preAllocatedVUs: 1, maxVUs: 1")};
            export default function () { sleep(0.5); }`);
        assert.equal(done.code, 0);
        assert.match(done.err, /level=warning msg="Insufficient VUs, reached 1 active VUs and cannot initialize more"/);
        assert.match(done.out, /✗ generator: CPU .*dropped/);
        assert.match(done.out, /↳ \d+ of 21 scheduled iterations were not started .* raise preAllocatedVUs and maxVUs/);
        assert.match(done.out, /This run is no evidence about its target/);
    });

    test('a worker that is always busy was the limit', async () => {
        const done = await runScript('export default function () {}', ['-u', '2', '-d', '1500ms', '--workers', '1']);
        assertQuiet(done);
        assert.match(done.out, /✗ generator: CPU \d+%; p99 lag .*; descriptors \d+\/\d+, ports left \d+\n {6}↳ the busiest worker (used|needed) \d+ % of a core \(limit 80 %\)/);
        assert.equal(done.code, 0);
    });

    test('a generator that waits is fine', async () => {
        const done = await runScript("import { sleep } from 'k6'; export default function () { sleep(0.2); }", ['-u', '2', '-d', '2s']);
        assertQuiet(done);
        assert.match(done.out, /✓ generator: CPU/);
    });

    test('a script that writes the summary itself gets it into the log', async () => {
        const done = await runScript("export default function () {} export function handleSummary() { return { stdout: 'mine' }; }",
            ['-d', '1500ms', '--workers', '1', '--quiet']);
        assert.equal(done.out, 'mine');
        assert.match(done.err, /level=info msg="this run is no evidence about its target: the busiest worker/);
    });

    test('execution segments', async () => {
        const script = `export const options = ${scenario("executor: 'constant-arrival-rate', rate: 30, duration: '1s', preAllocatedVUs: 9")};
            export default function () {}`;
        let sum = 0;
        for (const [segment, share, rate] of [['0:1/3', '33.33', '10.00'], ['1/3:1', '66.67', '20.00']]) {
            const dir = folder({ 'script.js': script });
            const done = await brunt(['run', '--execution-segment', segment, '--execution-segment-sequence', '0,1/3,1',
                '--summary-export', 'out.json', 'script.js'], { dir });
            assertQuiet(done);
            assert.ok(done.out.includes(`scenarios: (${share}%) 1 scenario, `), done.out);
            assert.ok(done.out.includes(`${rate} iterations/s for 1s`), done.out);
            sum += summary(done).metrics.iterations.count;
        }
        assert.equal(sum, 31);
        const bad = await runScript(script, ['--execution-segment', '1:0']);
        assert.equal(bad.code, 104);
        assert.match(bad.err, /invalid execution segment '1:0': its numbers must go up/);
    });
}
