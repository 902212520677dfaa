// brunt preflight, the gate in front of brunt test, brunt smoke.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { assertFails, assertQuiet, brunt, deadUrl, filesOf, folder, Run, serve } from './harness.mjs';

const script = `import http from 'k6/http';
import { check } from 'k6';
const headers = JSON.parse(__ENV.HEADERS);
const get = (path) => http.get(__ENV.BASE_URL + path, { headers, tags: { name: 'GET ' + path } });
export default function () {
    check(get('/products'), { 'products: status 200': (r) => r.status === 200 });
    if (__ENV.THROW) throw new Error('boom');
    get('/top');
}`;

const soon = (hours) => `${String((new Date().getUTCHours() + hours) % 24).padStart(2, '0')}:00`;
// Two hours that begin in three: never now, whatever the clock does while the tests run.
const closed = `${soon(3)}-${soon(5)} UTC`;

const config = `version: 1
preflight: [ { get: /products } ]
environments:
  here: { base_url: "\${TARGET}", version_url: /version, headers: { X-Key: "\${KEY:-none}" }, secrets: [ KEY ] }
  guarded: { base_url: "\${TARGET}", approval: required, notice: 24h }
  closed: { base_url: "\${TARGET}", window: "${closed}" }
  watched: { base_url: "\${TARGET}", metrics: [ { prometheus: /metrics, names: [ up ] }, { process: nothing-is-called-so } ] }
  deep: { base_url: "\${TARGET}", health: /none }
tests:
  baseline:
    script: script.js
    duration: 1s
    load: { vus: 2 }
    criteria: [ "p95 < 5s" ]
    endpoints: { "GET /products": [ "p95 < 5s" ] }
    frequency: after every deployment
  missing:
    script: script.js
    duration: 1s
    load: { vus: 1 }
    criteria: [ "p95 < 5s" ]
    endpoints: { "GET /never": [ "p95 < 5s" ] }
  throwing: { script: script.js, duration: 1s, load: { vus: 1 }, criteria: [ "p95 < 5s" ], env: { THROW: 1 } }
  broken: { script: broken.js, duration: 1s, load: { vus: 1 }, criteria: [ "p95 < 5s" ] }
  huge: { script: script.js, duration: 1s, load: { vus: 1000000 }, criteria: [ "p95 < 5s" ] }
`;

const setup = () => folder({ 'brunt.yaml': config, 'script.js': script, 'broken.js': 'throw new Error("broken")' });

/** A target whose answers can be replaced: {path: [status, body]}. */
const target = (answers = {}) => serve((request, response) => {
    const usual = { '/health': [200, 'ok'], '/products': [200, '{"data":[1]}'], '/top': [200, '[]'], '/version': [200, '{"commit":"abc123"}'], '/metrics': [200, 'up 1\n'] };
    const [status, body] = { ...usual, ...answers }[request.url] ?? [404, 'none'];
    if (status === 0) request.socket.destroy();
    else response.writeHead(status).end(typeof body === 'function' ? body(request) : body);
});

async function run(args, { answers, url, dir = setup(), env = {}, ...options } = {}) {
    return brunt(args, { dir, env: { TARGET: url ?? await target(answers), ...env }, ...options });
}
const preflight = (args, options) => run(['preflight', ...args, '--stable', '0s'], options);
const all = ['--yes', '--answer', 'rollback=redeploy v1, Ada', '--accept', 'machine=small', '--accept', 'baseline=new'];
const items = (done, key) => JSON.parse(done.out).items.filter((item) => item.key === key);

export function preflightTests() {
    test('ready', async () => {
        const done = await preflight(['here', 'baseline', ...all]);
        assertQuiet(done);
        assert.match(done.out, /^Preflight of here \(http:\/\/127\.0\.0\.1:\d+\) for baseline \(after every deployment\)/);
        assert.match(done.out, /ok +target +all \d+ probes of \/health/);
        assert.match(done.out, /ok +version +abc123/);
        assert.match(done.out, /ok +data +GET \/products: status 200, 12 bytes/);
        assert.match(done.out, /ok +rollback +redeploy v1, Ada/);
        assert.match(done.out, /\nReady\.\n/);
    });
    test('the record holds what was found and answered', async () => {
        const done = await preflight(['here', 'baseline', ...all, '--json', '--reports', 'out']);
        assertQuiet(done);
        const json = JSON.parse(done.out);
        assert.deepEqual(JSON.parse(readFileSync(path.join(done.dir, 'out/preflight-here.json'), 'utf8')), json);
        assert.equal(json.schema, 'brunt.preflight/1');
        assert.equal(json.ready, true);
        assert.equal(json.target_version, 'abc123');
        assert.deepEqual(items(done, 'team'), [{ key: 'team', state: 'ok', asked: true, text: 'confirmed by --yes' }]);
        assert.equal(items(done, 'rollback')[0].text, 'redeploy v1, Ada');
    });
    test('questions without an answer', async () => {
        const done = await preflight(['here', 'baseline', '--json']);
        assert.equal(done.code, 1);
        for (const key of ['team', 'rollback']) {
            assert.equal(items(done, key)[0].state, 'open');
            assert.match(items(done, key)[0].text, new RegExp(`--answer ${key}=`));
        }
        const vague = await preflight(['here', 'baseline', '--answer', 'team=no', '--answer', 'rollback=yes', '--json']);
        assert.equal(vague.code, 1);
        assert.equal(items(vague, 'team')[0].state, 'failed');
        assert.match(items(vague, 'rollback')[0].text, /must be named/);
    });
    test('no data: empty, an error, nothing', async () => {
        for (const [answer, pattern] of [[[200, '{"data":[]}'], /nothing in the answer; load test data/], [[200, '[]'], /nothing in the answer/],
            [[200, ' \n'], /nothing in the answer/], [[404, 'no'], /status 404/], [[0, ''], /GET http.*\/products/]]) {
            const done = await preflight(['here', 'baseline', ...all, '--json'], { answers: { '/products': answer } });
            assert.equal(done.code, 1, done.out);
            assert.equal(items(done, 'data')[0].state, 'failed');
            assert.match(items(done, 'data')[0].text, pattern);
        }
        const accepted = await preflight(['here', 'baseline', ...all, '--accept', 'data=it is new', '--json'], { answers: { '/products': [404, 'no'] } });
        assertQuiet(accepted);
        assert.equal(items(accepted, 'data')[0].state, 'accepted');
        assert.match(items(accepted, 'data')[0].text, /accepted: it is new/);
    });
    test('a target that is down, one that is not stable', async () => {
        const dead = await preflight(['here', ...all, '--accept', 'target=whatever'], { url: await deadUrl() });
        assert.equal(dead.code, 5);
        assert.match(dead.out, /FAILED +target +it does not answer: .*connection refused/);
        let asked = 0;
        const url = await serve((request, response) => response.writeHead(request.url === '/health' && ++asked === 2 ? 503 : 200).end('x'));
        const shaky = await preflight(['here', 'baseline', ...all], { url });
        assert.equal(shaky.code, 1);
        assert.match(shaky.out, /FAILED +target +it is not stable: 1 of 3 probes failed, the last: .*status 503/);
    });
    test('metrics: a page without what is wanted, a process that is not there', async () => {
        const done = await preflight(['watched', 'baseline', ...all, '--json']);
        assert.equal(done.code, 1);
        assert.deepEqual(items(done, 'metrics').map((i) => i.state), ['ok', 'failed']);
        assert.match(items(done, 'metrics')[1].text, /nothing-is-called-so/);
        const page = await preflight(['watched', 'baseline', ...all, '--json'], { answers: { '/metrics': [200, 'down 1\n'] } });
        assert.deepEqual(items(page, 'metrics').map((i) => i.state), ['failed', 'failed']);
        const none = await preflight(['here', 'baseline', ...all, '--json'], { answers: { '/metrics': [404, 'x'] } });
        assert.equal(items(none, 'metrics')[0].state, 'not checked');
    });
    test('a machine that is too small', async () => {
        const done = await preflight(['here', 'huge', '--yes', '--json']);
        assert.equal(done.code, 1);
        assert.ok(items(done, 'machine').some((i) => i.state === 'failed' && /1000000 virtual users need/.test(i.text)));
    });
    test('the baseline is looked for in the history', async () => {
        const dir = setup();
        const store = path.join(dir, 'history.db');
        const before = await preflight(['here', 'missing', '--yes', '--json', '--store', store], { dir });
        assert.match(items(before, 'baseline')[0].text, /no earlier run on here.*brunt test baseline here/);
        assert.equal(items(before, 'baseline')[0].state, 'failed');
        const first = await preflight(['here', 'baseline', '--yes', '--json', '--store', store], { dir });
        assert.equal(items(first, 'baseline')[0].state, 'note');
        const ran = await run(['test', 'baseline', 'here', '-q', '--duration-scale', '1', '--store', store], { dir });
        const after = await preflight(['here', 'baseline', '--yes', '--json', '--store', store], { dir });
        const [item] = items(after, 'baseline');
        // A run on a busy machine may be no evidence (4): then there is still no baseline.
        assert.equal(item.state, ran.code === 4 ? 'note' : 'ok', ran.out);
        if (ran.code !== 4) assert.match(item.text, /^run 1 of baseline at \d{4}-\d\d-\d\d \d\d:\d\d UTC: p95 [\d.]+ms, 0 of \d+ requests failed/);
        const shown = await run(['show', '1', '--store', store], { dir });
        assert.match(shown.out, /abc123/, 'the version of the target is in the history');
    });
    test('secrets are in no output', async () => {
        const answers = { '/version': [200, (request) => `v1 ${request.headers['x-key']}`] };
        const done = await preflight(['here', 'baseline', ...all, '--answer', 'team=told key-of-mine'], { answers, env: { KEY: 'key-of-mine' } });
        assertQuiet(done);
        assert.match(done.out, /version +v1 \*\*\*SECRET_REDACTED\*\*\*/);
        for (const text of [done.out, done.err, readFileSync(path.join(done.dir, 'reports/preflight-here.json'), 'utf8')]) assert.ok(!text.includes('key-of-mine'));
    });
    test('a run with a secret in its URLs, errors and checks leaves it nowhere', async () => {
        const text = `import http from 'k6/http'; import { check, group } from 'k6';
export function setup() { return { key: __ENV.KEY }; }
export default function (data) {
    group('with ' + data.key, () => check(http.get(__ENV.BASE_URL + '/top?key=' + data.key), { ['key ' + data.key]: (r) => r.status === 1 }));
    http.get('http://' + data.key + '.invalid/');
    console.log('key: ' + data.key);
}`;
        const dir = folder({ 'brunt.yaml': config, 'script.js': text });
        const done = await run(['test', 'baseline', 'here'], { dir, env: { KEY: 'key-of-mine' } });
        assert.equal(done.code, 1, done.out + done.err);
        assert.match(done.out, /SECRET_REDACTED/);
        const files = filesOf(dir).filter((name) => !/\.(js|yaml)$/.test(name));
        assert.ok(files.some((name) => name.endsWith('.html')) && files.some((name) => name.endsWith('.db')), files.join());
        for (const name of files) assert.ok(!readFileSync(path.join(dir, name), 'latin1').includes('key-of-mine'), name);
        for (const shown of [done.out, done.err]) assert.ok(!shown.includes('key-of-mine'), shown);
    });
    test('health has its own path', async () => {
        const done = await preflight(['deep', 'baseline', ...all]);
        assertQuiet(done); /* 404 is below 500: it is there */
        assert.match(done.out, /probes of \/none/);
    });
    test('usage', async () => {
        assertFails(await preflight([]), 104, /preflight needs an environment/);
        assertFails(await preflight(['here', 'basline']), 104, /did you mean "baseline"/);
        assertFails(await preflight(['here', '--answer', 'team']), 104, /--answer: use KEY=TEXT/);
        assertFails(await preflight(['here', '--accept', 'taem=x']), 104, /--accept: use KEY=TEXT/);
        assertFails(await run(['preflight', 'here', '--stable', '1y']), 104, /--stable/);
        assertFails(await preflight(['guarded', '--approve', 'Ada']), 104, /--approve: name who approved and why/);
        assertFails(await preflight(['guarded', '--told-at', 'yesterday']), 104, /--told-at: "yesterday" is no instant/);
        assertFails(await preflight(['here', '--reports', '/proc/none']), 255, /report folder/);
    });
    test('interrupted', async () => {
        const started = new Run(['preflight', 'here', '--stable', '60s', '--yes'], { dir: setup(), env: { TARGET: await target() } });
        setTimeout(() => started.signal('SIGINT'), 500);
        const { signal } = await started.closed;
        assert.equal(signal, 'SIGINT');
        assert.deepEqual(filesOf(started.dir).filter((name) => name.endsWith('.json')), []);
    });

    for (const command of [(...args) => ['test', 'baseline', ...args, '-q'], (...args) => ['preflight', ...args, 'baseline', '--stable', '0s', ...all]]) {
        const name = command('x')[0];
        test(`${name}: refused without approval and notice, which is told with the time`, async () => {
            const done = await run(command('guarded'));
            assert.equal(done.code, 6, done.out + done.err);
            assert.match(done.out + done.err, /environment guarded may not be tested now: approval is missing: give --approve .*stakeholders must be told 24h ahead.*allowed from \d{4}-\d\d-\d\d \d\d:\d\d UTC on if they are told now/);
        });
        test(`${name}: outside of the window`, async () => {
            const done = await run(command('closed'));
            assert.equal(done.code, 6);
            assert.match(done.out + done.err, new RegExp(`is outside of the window \\(${closed}\\); allowed from .* ${soon(3)} UTC on`));
        });
        test(`${name}: allowed with both`, async () => {
            const claim = ['--approve', 'Ada, release 2', '--told-at', '2020-01-01T00:00Z'];
            const done = await run(command('guarded', ...claim));
            assertQuiet(done);
            const variables = await run(command('guarded'), { env: { BRUNT_APPROVE: 'Ada, release 2', BRUNT_TOLD_AT: '2020-01-01T00:00Z' } });
            assertQuiet(variables);
        });
    }
    test('an approval is on record', async () => {
        const done = await preflight(['guarded', 'baseline', ...all, '--json', '--approve', 'Ada, release 2', '--told-at', '2020-01-01T00:00Z']);
        assertQuiet(done);
        assert.deepEqual(JSON.parse(done.out).approval, { who: 'Ada', why: 'release 2' });
        assert.equal(JSON.parse(done.out).told_at_unix_ms, Date.UTC(2020, 0, 1));
    });

    test('the record is part of the result, the page and the history of the test that follows', async () => {
        const dir = setup(), url = await target(), env = { KEY: 'T0PS3CRET' };
        const record = path.join(dir, 'reports/preflight-guarded.json');
        const gate = ['--approve', 'Ada T0PS3CRET, release 2.1', '--told-at', '2026-11-01T00:00Z'];
        const tested = async (environment, ...more) => {
            const done = await run(['test', 'baseline', environment, '-q', ...more], { dir, url, env });
            assertQuiet(done, 0);
            return { ...done, preparation: JSON.parse(readFileSync(path.join(dir, 'reports/baseline-summary.json'), 'utf8')).preparation };
        };
        assert.equal((await tested('here')).preparation, undefined, 'there was none');
        assertQuiet(await preflight(['guarded', 'baseline', ...all, '--answer', 'team=told in #ops', ...gate], { dir, url, env }));
        const done = await tested('guarded', ...gate), p = done.preparation;
        assert.match(p.approval.who, /^Ada /);
        assert.equal(p.approval.why, 'release 2.1');
        assert.equal(p.told_at_unix_ms, Date.UTC(2026, 10, 1));
        assert.equal(p.preflight.ready, true);
        const item = (key) => p.preflight.items.find((i) => i.key === key);
        assert.deepEqual(item('team'), { key: 'team', state: 'ok', asked: true, text: 'told in #ops' });
        assert.deepEqual(item('rollback'), { key: 'rollback', state: 'ok', asked: true, text: 'redeploy v1, Ada' });
        assert.equal(item('target').asked, false);
        const shown = await run(['show', 'latest'], { dir });
        assertQuiet(shown);
        assert.match(shown.out, /\n {2}Before the test\n {4}approved by Ada .*: release 2\.1\n {4}stakeholders told at 2026-\d\d-\d\d \d\d:\d\d\n {4}preflight at .*: ready\n/);
        assert.match(shown.out, /\n {6}team, ok, answered: told in #ops\n/);
        assertQuiet(await run(['show', 'latest', '--html', 'again.html'], { dir }));
        for (const page of ['reports/baseline.html', 'again.html'])
            assert.match(readFileSync(path.join(dir, page), 'utf8'), /"text": ?"told in #ops"/);

        // What is of another test, another environment or another day is none of this one's.
        const kept = JSON.parse(readFileSync(record, 'utf8'));
        for (const change of [{ test: 'spike' }, { base_url: 'http://127.0.0.1:1' }, { environment: 'here' },
            { started_unix_ms: Date.now() - 25 * 3600e3 }, { started_unix_ms: Date.now() + 3600e3 }, { schema: 'else/1' }]) {
            writeFileSync(record, JSON.stringify({ ...kept, ...change }));
            assert.equal((await tested('guarded', ...gate)).preparation.preflight, undefined, JSON.stringify(change));
        }
        writeFileSync(record, '{"schema":');
        const broken = await tested('guarded', ...gate);
        assert.equal(broken.preparation.preflight, undefined);
        assert.match(broken.err, /the checklist is not part of the report: .*preflight-guarded\.json: .*run brunt preflight again/);
    });
    test('smoke: all is well', async () => {
        const done = await run(['smoke', 'here']);
        assertQuiet(done);
        assert.match(done.out, /ok +GET \/products: 3 requests, at most/);
        assert.match(done.out, /\nPassed: 2 endpoints, all checks\.\n$/);
        assert.deepEqual(filesOf(done.dir), ['broken.js', 'brunt.yaml', 'script.js']);
        const json = JSON.parse((await run(['smoke', 'here', '--json', '--iterations', '5'])).out);
        assert.equal(json.schema, 'brunt.smoke/1');
        assert.deepEqual(json.endpoints.map((e) => [e.endpoint, e.requests, e.ok]).sort(), [['GET /products', 5, true], ['GET /top', 5, true]]);
        assert.equal(json.passed, true);
    });
    test('smoke: an endpoint, a check, an exception, an endpoint that is not asked', async () => {
        const top = await run(['smoke', 'here'], { answers: { '/top': [500, 'x'] } });
        assertQuiet(top, 1);
        assert.match(top.out, /FAILED +GET \/top: 3 requests, 3 failed, status 500/);
        const check = await run(['smoke', 'here'], { answers: { '/products': [204, ''] } });
        assertQuiet(check, 1);
        assert.match(check.out, /FAILED +check "products: status 200": 3 of 3 times/);
        const threw = await run(['smoke', 'here', '--test', 'throwing']);
        assert.equal(threw.code, 1);
        assert.match(threw.out, /FAILED +3 of 3 iterations ended by an exception/);
        const missing = await run(['smoke', 'here', '--test', 'missing']);
        assertQuiet(missing, 1);
        assert.match(missing.out, /the endpoint GET \/never, which has criteria, was not asked/);
        assertFails(await run(['smoke', 'here', '--test', 'broken']), 107, /broken/);
    });
    test('smoke: the other colour, one that is down, one that is slow', async () => {
        const blue = await target({ '/top': [500, 'x'] });
        const green = await target();
        assertQuiet(await run(['smoke', 'here', '--base-url', `${green}/`], { url: blue }));
        assertQuiet(await run(['smoke', 'here', '--base-url', blue], { url: green }), 1);
        assertFails(await run(['smoke', 'here', '--base-url', await deadUrl()]), 5, /does not answer/);
        const cut = await run(['smoke', 'here'], { answers: { '/products': [0, ''], '/top': [0, ''] } });
        assert.equal(cut.code, 5, cut.out);
        const slow = await serve((request, response) => { if (request.url === '/health') response.end('ok'); });
        const late = await run(['smoke', 'here', '--timeout', '1s'], { url: slow });
        assert.notEqual(late.code, 0);
        assert.match(late.out, /0 of 3 iterations came to their end in time/);
    });
    test('smoke: usage', async () => {
        assertFails(await run(['smoke']), 104, /smoke needs an environment/);
        for (const url of ['ftp://x', 'localhost', 'http://x?a=b', 'http://']) assertFails(await run(['smoke', 'here', '--base-url', url]), 104, /--base-url/);
        assertFails(await run(['smoke', 'here', '--iterations', '0']), 104, /--iterations: use 1 to 1000/);
        assertFails(await run(['smoke', 'here', '--timeout', '5']), 104, /--timeout/);
    });
}
