// The history: storing, history, show, baseline, export, prune, compare, and stores that cannot be used.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { assertFails, assertQuiet, brunt, folder, messages, Run, serve } from './harness.mjs';

const SCRIPT = `import http from 'k6/http';
import { sleep } from 'k6';
export default function () {
    if (!__ENV.IDLE) http.get(__ENV.BASE_URL + '/list', { tags: { name: '/list' } });
    if (!__ENV.IDLE) http.get(__ENV.BASE_URL + '/item', { tags: { name: '/item' } });
    sleep(0.01);
}`;
// Delays are long against the noise of a busy machine, requests enough to judge p95, and iterations too few for
// the lag of a generator with sanitizers to be judged.
const CONFIG = `version: 1
environments: { here: { base_url: "\${TARGET}" } }
tests:
  good: { script: script.js, duration: 1s, load: { vus: 24 }, criteria: [ "p95 < 5s" ] }
  idle: { script: script.js, duration: 1s, load: { vus: 1 }, criteria: [ "p95 < 5s" ], env: { IDLE: 1 } }
  long: { script: script.js, duration: 60s, load: { vus: 1 }, criteria: [ "p95 < 5s" ] }
`;

/** A target whose requests take `delay` ms, /item longer by `more`. */
async function target() {
    const t = { delay: 40, more: 0 };
    t.url = await serve((request, response) => {
        const ms = request.url === '/health' ? 0 : t.delay + (request.url === '/item' ? t.more : 0);
        setTimeout(() => response.end('{"data":[]}'), ms);
    });
    return t;
}

const setup = () => folder({ 'brunt.yaml': CONFIG, 'script.js': SCRIPT });
const STORE = '.local/share/brunt/history.db'; // below HOME, which is the folder of the run

async function good(dir, t, args = [], code = 0) {
    const done = await brunt(['test', 'good', 'here', '-q', ...args], { dir, env: { TARGET: t.url } });
    assertQuiet(done, code);
    return Number(/stored as run (\d+)/.exec(done.out)?.[1] ?? 0);
}
const json = async (dir, args, code = 0) => {
    const done = await brunt([...args, '--json'], { dir });
    assertQuiet(done, code);
    return JSON.parse(done.out);
};

/** A folder with a history of `count` runs, made once. */
const made = new Map();
async function history(count) {
    if (!made.has(count)) {
        made.set(count, (async () => {
            const dir = setup(), t = await target();
            for (let i = 0; i < count; i++) assert.equal(await good(dir, t), i + 1);
            return { dir, t };
        })());
    }
    return made.get(count);
}

export function historyTests() {
    test('a run with write endpoints is of another kind, and says which script it ran', async () => {
        const parts = { writes: '{ env: { WHAT: all } }', own: '{ script: writes.js }' };
        const tests = Object.entries(parts).map(([name, writes]) =>
            `  ${name}: { script: script.js, duration: 1s, load: { vus: 1 }, criteria: [ "p95 < 5s" ], writes: ${writes} }\n`);
        const dir = folder({ 'brunt.yaml': CONFIG + tests.join(''), 'script.js': SCRIPT, 'writes.js': `${SCRIPT}\n// writes` });
        const t = await target();
        for (const name of Object.keys(parts))
            for (const flags of [[], ['--writes']])
                assertQuiet(await brunt(['test', name, 'here', '-q', ...flags], { dir, env: { TARGET: t.url } }));
        const { runs } = await json(dir, ['history']);
        const [ownWrites, own, writes, plain] = runs;
        assert.deepEqual([plain, writes, own, ownWrites].map((r) => r.script), ['script.js', 'script.js', 'script.js', 'writes.js']);
        assert.equal(plain.script_hash, writes.script_hash);
        assert.notEqual(plain.load_hash, writes.load_hash);
        assert.notEqual(own.script_hash, ownWrites.script_hash);
        assert.equal(new Set([plain, writes, ownWrites].map((r) => r.fingerprint)).size, 3);
        assert.equal(plain.fingerprint, own.fingerprint, 'a plain run keeps its fingerprint');
    });
    test('a test stores its run, for its owner only', async () => {
        const { dir } = await history(2);
        assert.equal(statSync(path.join(dir, STORE)).mode & 0o777, 0o600);
        assert.equal(statSync(path.dirname(path.join(dir, STORE))).mode & 0o777, 0o700);
        const { runs } = await json(dir, ['history']);
        assert.deepEqual(runs.map((r) => r.id), [2, 1]);
        const [run] = runs;
        assert.equal(run.test, 'good');
        assert.equal(run.environment, 'here');
        assert.equal(run.outcome, 'passed');
        assert.equal(run.valid, true);
        assert.equal(run.fingerprint, runs[1].fingerprint);
        assert.ok(run.latency_ms.p50 >= 39 && run.latency_ms.p50 < 1000, `${run.latency_ms.p50}`);
        assert.equal(run.script_hash, (await import('node:crypto')).createHash('sha256').update(SCRIPT).digest('hex'));
        const text = await brunt(['history', 'good', 'here'], { dir });
        assertQuiet(text);
        assert.match(text.out, /^run +when +test +environment +verdict +p50 +p95 +p99 +errors +requests\/s$/m);
        assert.match(text.out, /^ +2 +\d{4}-\d\d-\d\d \d\d:\d\d +good +here +(excellent|acceptable) +[\d.]+ms/m);
        assert.ok(!text.out.includes('\x1b'));
        assert.match((await brunt(['history', 'other'], { dir })).out, /no such run was stored/);
        assert.equal((await json(dir, ['history', '--limit', '1'])).runs.length, 1);
        assert.equal((await json(dir, ['history', '--since', '1d'])).runs.length, 2);
    });
    test('which tests of the configuration are due', async () => {
        const often = { good: 'every 1h', idle: 'weekly', long: 'before a campaign' };
        const text = CONFIG.replace(/^ {2}(\w+): \{ script/gm, (line, name) => line.replace('script', `frequency: ${often[name]}, script`));
        const dir = folder({ 'brunt.yaml': text, 'script.js': SCRIPT }), t = await target();
        const nothing = await brunt(['history'], { dir });
        assertQuiet(nothing);
        assert.match(nothing.out, /^ {2}good +every 1h +none +OVERDUE: it never ran$/m);
        await good(dir, t);
        const done = await brunt(['history'], { dir });
        assertQuiet(done);
        assert.match(done.out, /\nWhen the tests of the configuration are due\n {2}test +frequency +last valid run +when +environment +due\n/);
        assert.match(done.out, /^ {2}good +every 1h +1 +\d{4}-\d\d-\d\d \d\d:\d\d +here +in 59 minutes, \d{4}-\d\d-\d\d \d\d:\d\d$/m);
        assert.match(done.out, /^ {2}idle +weekly +none +OVERDUE: it never ran$/m);
        assert.match(done.out, /^ {2}long +before a campaign +none +by occasion$/m);
        const { due, runs } = await json(dir, ['history', 'good']);
        assert.deepEqual(due, [{ test: 'good', frequency: 'every 1h', run: 1, started_unix_ms: runs[0].started_unix_ms, period_ms: 3600e3,
            overdue: false, due_unix_ms: runs[0].started_unix_ms + 3600e3 }]);
        // The clock of another environment is another one; an old run is overdue.
        assert.match((await brunt(['history', 'good', 'there'], { dir })).out, /good +every 1h +none +OVERDUE: it never ran/);
        writeFileSync(path.join(dir, 'soon.yaml'), text.replace('every 1h', 'every 1s'));
        await new Promise((go) => setTimeout(go, 1500));
        assert.match((await brunt(['history', '-c', 'soon.yaml'], { dir })).out, /good +every 1s +1 .* OVERDUE by \d+ seconds?$/m);
        // Without a configuration there is nothing to say; a broken one is told, and an error where it was named.
        const elsewhere = await brunt(['history', '--store', path.join(dir, STORE), '--json'], { dir: folder() });
        assert.equal(JSON.parse(elsewhere.out).due, undefined);
        writeFileSync(path.join(dir, 'brunt.yaml'), 'version: 2\n');
        const broken = await brunt(['history'], { dir });
        assert.equal(broken.code, 0);
        assert.match(messages(broken.err, 'warning')[0], /^which tests are due is not known: brunt\.yaml:1:10: version "2" is not supported/);
        assert.match(broken.out, /^ +1 /m);
        assertFails(await brunt(['history', '-c', 'brunt.yaml'], { dir }), 255, /brunt\.yaml:1:10: version "2"/);
    });
    test('--no-store, --store, BRUNT_STORE', async () => {
        const dir = setup(), t = await target();
        assert.equal(await good(dir, t, ['--no-store']), 0);
        assert.ok(!existsSync(path.join(dir, STORE)));
        assert.equal(await good(dir, t, ['--store', 'a/b.db', '--target-version', 'v7']), 1);
        assert.ok(existsSync(path.join(dir, 'a/b.db')) && !existsSync(path.join(dir, STORE)));
        const done = await brunt(['history', '--json'], { dir, env: { BRUNT_STORE: 'a/b.db' } });
        assert.equal(JSON.parse(done.out).runs[0].target_version, 'v7');
    });
    test('run stores when it is told to', async () => {
        const dir = setup(), t = await target();
        const run = (...args) => brunt(['run', '-q', '-i', '2', '-e', `BASE_URL=${t.url}`, ...args, 'script.js'], { dir });
        assert.doesNotMatch((await run()).out, /stored/);
        assert.match((await run('--record')).out, /stored as run 1 /);
        assert.match((await run('--record=smoke')).out, /stored as run 2 /);
        assert.match((await run('--store', 'x.db')).out, /stored as run 1 \(x\.db\)/);
        const { runs } = await json(dir, ['history']);
        assert.deepEqual(runs.map((r) => r.test), ['smoke', 'script']);
        assert.equal(runs[0].requests, 4);
    });
    test('show: text, the result document, the page', async () => {
        const { dir, t } = await history(2);
        const text = await brunt(['show', 'latest'], { dir });
        assertQuiet(text);
        assert.match(text.out, /^run 2: good on here, (excellent|acceptable)$/m);
        assert.match(text.out, /GET \/item +\d+ +0\.00% +/);
        assert.match(text.out, /^  received per request: \d+ B$/m);
        assert.match(text.out, /^  Criteria\n    passed: p95 is .* below the limit of 5s/m);
        const result = await json(dir, ['show', '1']);
        assert.equal(result.schema, 'brunt.result/1');
        assert.equal(result.run.target, t.url);
        const page = await brunt(['show', '2', '--html', 'run.html'], { dir });
        assertQuiet(page);
        assert.match(readFileSync(path.join(dir, 'run.html'), 'utf8'), /^<!doctype html>[^]*brunt\.result\/1[^]*<\/html>\s*$/i);
        assertFails(await brunt(['show', '99'], { dir }), 255, /there is no run 99; .brunt history. lists them/);
        assertFails(await brunt(['show', 'x'], { dir }), 255, /'x' is no run/);
        assertFails(await brunt(['show'], { dir }), 255, /show needs one run/);
    });
    test('export: JSON with histograms, CSV', async () => {
        const { dir } = await history(2);
        assertQuiet(await brunt(['export', '1', '2', '-o', 'runs.json'], { dir }));
        const all = JSON.parse(readFileSync(path.join(dir, 'runs.json'), 'utf8'));
        assert.equal(all.schema, 'brunt.export/1');
        assert.deepEqual(all.runs.map((r) => r.id), [1, 2]);
        for (const e of all.runs[0].endpoints) {
            assert.equal(e.latency_us.buckets.reduce((n, [, , count]) => n + count, 0), e.requests);
        }
        assert.equal(all.runs[1].result.schema, 'brunt.result/1');
        const csv = await brunt(['export', '--all', '--format', 'csv'], { dir });
        assertQuiet(csv);
        const lines = csv.out.trim().split('\n');
        assert.equal(lines.length, 1 + 2 * 3); // all requests and two endpoints
        assert.ok(lines.every((line) => line.split(',').length === lines[0].split(',').length));
        assertFails(await brunt(['export'], { dir }), 255, /export needs runs/);
        assertFails(await brunt(['export', '1', '--format', 'xml'], { dir }), 255, /use json or csv/);
    });
    test('baseline and prune: pinned runs stay', async () => {
        const dir = setup(), t = await target();
        for (let i = 0; i < 3; i++) await good(dir, t);
        assert.match((await brunt(['baseline', 'list'], { dir })).out, /no run is pinned/);
        assert.match((await brunt(['baseline', 'pin', '1', '--note', 'release'], { dir })).out, /run 1 is the pinned baseline of good on here/);
        assert.match((await brunt(['baseline', 'pin', '2'], { dir })).out, /^run 2 is the pinned baseline of good on here, in place of run 1$/m);
        assert.match((await brunt(['baseline', 'pin', '2'], { dir })).out, /^run 2 is the pinned baseline of good on here, as before$/m);
        assert.match((await brunt(['baseline', 'pin', '1', '--note', 'release'], { dir })).out, /, in place of run 2$/m);
        assert.deepEqual((await json(dir, ['baseline', 'list'])).pins.map((p) => [p.run, p.note]), [[1, 'release']]);
        assert.match((await brunt(['history'], { dir })).out, /^ +1 .*pinned$/m);
        assert.match((await brunt(['prune', '--keep', '1', '--dry-run'], { dir })).out, /^would delete 2\nkept, for they are pinned: 1$/m);
        assert.deepEqual(await json(dir, ['prune', '--keep', '1']), { deleted: [2], kept_pinned: [1], dry_run: false });
        assertFails(await brunt(['prune', '--run', '1'], { dir }), 255, /run 1 is pinned: unpin it first/);
        assertQuiet(await brunt(['baseline', 'unpin', '1'], { dir }));
        assert.match((await brunt(['prune', '--run', '1', '--run', '3'], { dir })).out, /^deleted 3 1$/m);
        assert.match((await brunt(['history'], { dir })).out, /no such run was stored/);
        assert.equal(await good(dir, t), 4); // numbers are never used again
        assertFails(await brunt(['prune'], { dir }), 255, /prune needs to know what to delete/);
        assertFails(await brunt(['prune', '--older-than', '90'], { dir }), 255, /such as 90d/);
        assertFails(await brunt(['baseline', 'pin'], { dir }), 255, /baseline needs what to do/);
    });

    test('compare: a slower version is found, and named', async () => {
        const dir = setup(), t = await target();
        for (let i = 0; i < 5; i++) await good(dir, t, ['--target-version', 'v1']);
        const same = await brunt(['compare'], { dir });
        assert.ok([0, 1, 2].includes(same.code), same.out + same.err); // so short runs may say anything
        assert.match(same.out, /run 5 against the last 4 runs: 1, 2, 3, 4/);
        // Two baselines that differ are both shown, and which of them is the answer.
        assertQuiet(await brunt(['baseline', 'pin', '5'], { dir }));
        const both = await brunt(['compare', '4'], { dir });
        assert.match(both.out, /run 4 against the last 3 runs: 1, 2, 3\n[^]*run 4 against the pinned run 5 and others of its version: 1, 2, 3, 5\n[^]*= Answer: /);
        assert.match((await brunt(['compare', '1,2', '3,4'], { dir })).out, /runs 3, 4 against runs 1, 2$/m);
        assertQuiet(await brunt(['baseline', 'pin', '2'], { dir }));
        t.more = 120;
        for (let i = 0; i < 3; i++) await good(dir, t, ['--target-version', 'v2']);
        const worse = await brunt(['compare'], { dir });
        assert.equal(worse.code, 1, worse.out + worse.err);
        assert.match(worse.out, /^good on here, version v2$/m);
        assert.match(worse.out, /REGRESSED: p\d+ of (GET \/item|all requests) is \d/);
        // Both baselines are the same five runs: shown once.
        assert.match(worse.out, /runs 6, 7, 8 against the last 5 runs, which are also the pinned run 2 and others of its version: 1, 2, 3, 4, 5/);
        assert.equal(worse.out.match(/REGRESSED/g).length, 1, worse.out);
        assert.match(worse.out, /now\/before: 1 is as before; above 1 is more/);
        assert.match(worse.out, /^ +regressed +GET \/item +p50 /m);
        assert.ok(!worse.out.includes('\x1b'));
        const found = await json(dir, ['compare'], 1);
        assert.equal(found.schema, 'brunt.comparison/1');
        assert.equal(found.answer, 'regressed');
        const row = found.rolling.rows.find((r) => r.endpoint === 'GET /item' && r.measure === 'p50');
        assert.ok(row.change === 'regressed' && row.low > 1 && row.ratio > 2 && row.ratio < 8, JSON.stringify(row));
        assert.equal(found.pinned.answer, 'regressed');
        const markdown = await brunt(['compare', '--markdown'], { dir });
        assert.match(markdown.out, /^### good on here[^]*^\*\*REGRESSED: [^]*^\| regressed \| GET \/item \| p50 \|/m);
        // Runs that are named; the other way round it improved.
        assert.equal((await brunt(['compare', '1', '2', '3', '7'], { dir })).code, 1);
        const better = JSON.parse((await brunt(['compare', '--base', '6,7,8', '--new', '1,2,3', '--json'], { dir })).out);
        assert.notEqual(better.answer, 'regressed');
        assert.ok(better.rolling.rows.some((r) => r.endpoint === 'GET /item' && r.change === 'improved'));
        assertFails(await brunt(['compare', '--limit', '20'], { dir }), 255, /such as 20%/);
        assertFails(await brunt(['compare', '1', '1'], { dir }), 255, /run 1 is named twice/);
        assertFails(await brunt(['compare', 'reports/good-summary.json', '1'], { dir }), 255, /result files cannot be compared/);
        assertFails(await brunt(['compare', '--base', '1'], { dir }), 255, /--base needs --new/);
    });
    test('compare: no baseline is 3, and says what differs', async () => {
        const dir = setup(), t = await target();
        assertFails(await brunt(['compare'], { dir }), 3, /there is none yet/);
        await good(dir, t);
        const one = await brunt(['compare'], { dir });
        assertQuiet(one, 3);
        assert.match(one.out, /NO BASELINE/);
        writeFileSync(path.join(dir, 'script.js'), `${SCRIPT}\n// another`);
        await good(dir, t);
        const other = await brunt(['compare'], { dir });
        assertQuiet(other, 3);
        assert.match(other.out, /Run 1 was made in another way: script differs/);
        // A pinned run that was made in another way is none either, also in `test --compare`; named, it is compared.
        assertQuiet(await brunt(['baseline', 'pin', '1'], { dir }));
        const pinned = await brunt(['compare'], { dir });
        assertQuiet(pinned, 3);
        assert.match(pinned.out, /The pinned run 1 is not comparable and was left out: script differs\./);
        assert.match((await json(dir, ['compare'], 3)).pinned_differs, /^The pinned run 1 is not comparable/);
        t.more = 120;
        const tested = await brunt(['test', 'good', 'here', '-q', '--compare'], { dir, env: { TARGET: t.url } });
        assert.ok(tested.code !== 3, 'run 2 is a baseline');
        assert.match(tested.out, /against the run before: 2\n[^]*· The pinned run 1 is not comparable and was left out: script differs\./);
        t.more = 0;
        assert.match((await brunt(['compare', '1', '2'], { dir })).out, /run 2 against run 1\n[^]*Run 1 was made in another way: script differs/);
        assertQuiet(await brunt(['baseline', 'unpin', '1'], { dir }));
        writeFileSync(path.join(dir, 'brunt.yaml'), CONFIG.replace('vus: 24', 'vus: 23'));
        await good(dir, t);
        assert.match((await brunt(['compare'], { dir })).out, /Run 3 was made in another way: load differs/);
        assertFails(await brunt(['compare', '--test', 'none'], { dir }), 3, /nothing to compare/);
    });
    test('compare: a run that is no evidence is 4', async () => {
        const dir = setup(), t = await target();
        const env = { TARGET: t.url };
        for (let i = 0; i < 2; i++) assertQuiet(await brunt(['test', 'idle', 'here', '-q'], { dir, env }), 4);
        const run = new Run(['test', 'long', 'here'], { dir, env });
        await run.until(/running \(0[1-9]/);
        run.signal('SIGINT');
        const stopped = await run.end();
        assert.match(stopped.out, /stored as run 3/);
        const { runs } = await json(dir, ['history']);
        assert.deepEqual(runs.map((r) => [r.test, r.complete, r.valid]), [['long', false, false], ['idle', true, false], ['idle', true, false]]);
        assertQuiet(await brunt(['compare', '1', '2'], { dir }), 4);
        assertFails(await brunt(['baseline', 'pin', '1'], { dir }), 255, /run 1 is no evidence/);
    });

    test('test --compare, --repeat: runs until it is decided', async () => {
        const dir = setup(), t = await target();
        assert.equal(await good(dir, t, ['--compare'], 3), 1); // no baseline yet
        for (let i = 2; i <= 5; i++) assert.equal(await good(dir, t), i);
        t.more = 120;
        const env = { TARGET: t.url };
        const done = await brunt(['test', 'good', 'here', '-q', '--repeat', 'auto', '--json', 'all.json'], { dir, env });
        assert.equal(done.code, 1, done.out + done.err);
        const runs = (done.out.match(/stored as run/g) ?? []).length;
        assert.ok(runs >= 2 && runs <= 5, `${runs} runs`); // one alone is confirmed
        assert.match(done.out, /(another one confirms it or not|would probably decide it): run 2 of at most 5/);
        assert.match(done.out, /REGRESSED: /);
        // The reports of the last run show the comparison.
        const result = JSON.parse(readFileSync(path.join(dir, 'reports/good-summary.json'), 'utf8'));
        assert.equal(result.comparison.answer, 'regressed');
        assert.equal(result.comparison.new_runs.length, runs);
        assert.equal(JSON.parse(readFileSync(path.join(dir, 'all.json'), 'utf8')).comparison.answer, 'regressed');
        assert.match(readFileSync(path.join(dir, 'reports/good-summary.txt'), 'utf8'), /REGRESSED/);
        const twice = await brunt(['test', 'good', 'here', '-q', '--repeat', '2'], { dir, env });
        assert.equal((twice.out.match(/stored as run/g) ?? []).length, 2);
        assert.match(twice.out, /Run 2 of 2/);
    });
    test('--repeat auto goes on to five runs while it is not decided, and says what would decide it', async () => {
        const dir = setup(), t = await target();
        // Runs that differ by far more than the limit: each is as slow as the next of these.
        const delays = [50, 110, 70, 130, 60, 95];
        let runs = 0;
        const url = await serve((request, response) => {
            if (request.url === '/health') t.delay = delays[runs++ % delays.length];
            setTimeout(() => response.end('{"data":[]}'), request.url === '/health' ? 0 : t.delay);
        });
        for (let i = 0; i < 4; i++) await good(dir, { url });
        const done = await brunt(['test', 'good', 'here', '-q', '--repeat', 'auto'], { dir, env: { TARGET: url } });
        assert.equal(done.code, 2, done.out + done.err);
        assert.equal(done.out.match(/stored as run/g).length, 5, done.out);
        assert.equal(done.out.match(/more runs? of other days would probably decide it; runs of this hour may, too: run [2-5] of at most 5\./g)?.length, 4, done.out);
        assert.match(done.out, /The comparison is inconclusive after 5 runs; \d+ more runs? of other days would probably decide it\.\n/);
    });
    test('--compare and --repeat: what cannot be', async () => {
        const dir = setup(), t = await target();
        const env = { TARGET: t.url };
        assertFails(await brunt(['test', 'good', 'here', '--repeat', '9'], { dir, env }), 104, /use auto or 1 to 5/);
        assertFails(await brunt(['test', 'good', 'here', '--compare', '--no-store'], { dir, env }), 104, /--compare needs the history/);
        const none = await brunt(['test', 'good', 'here', '--compare'], { dir, env: { ...env, HOME: '/proc/none' } });
        assert.equal(none.code, 255, none.err);
        assert.match(none.err, /without a history there is nothing to compare/);
        // A target that goes away between the runs.
        let alive = true;
        const url = await serve((request, response) => {
            if (request.url === '/health') { response.writeHead(alive ? 200 : 503).end(); return; }
            setTimeout(() => { response.end('ok'); alive = false; }, 5);
        });
        const gone = await brunt(['test', 'good', 'here', '-q', '--repeat', '3'], { dir, env: { TARGET: url } });
        assert.equal(gone.code, 5, gone.out + gone.err);
        assert.match(gone.err, /the test is not run again: the target is not well/);
    });

    test('a history that cannot be used: told before anything runs', async () => {
        const { dir, t } = await history(2);
        const whole = readFileSync(path.join(dir, STORE));
        const newer = Buffer.from(whole);
        newer.writeUInt32BE(77, 60); // user_version
        const damaged = Buffer.from(whole);
        damaged.fill(0xaa, 5000, 9000);
        const bad = {
            'newer.db': [newer, /a newer brunt wrote it \(version 77 of its tables/],
            'damaged.db': [damaged, /it is damaged.*move it away/],
            'cut.db': [whole.subarray(0, whole.length >> 1), /it is damaged/],
            'text.db': ['hello, this is no database at all', /it is no history of brunt: choose another file with --store/],
        };
        for (const [name, [content, message]] of Object.entries(bad)) {
            writeFileSync(path.join(dir, name), content);
            const done = await brunt(['test', 'good', 'here', '--store', name], { dir, env: { TARGET: t.url } });
            assertFails(done, 255, message);
            assert.ok(!/running/.test(done.out), 'nothing ran');
            assertFails(await brunt(['history', '--store', name], { dir }), 255, message);
            assert.deepEqual(readFileSync(path.join(dir, name)), Buffer.from(content), `${name} is as it was`);
        }
        assertFails(await brunt(['history', '--store', 'none.db'], { dir }), 255, /there is none yet/);
        assertFails(await brunt(['history', '--store', '.'], { dir }), 255, /it is no file/);
        if (process.getuid() !== 0) {
            writeFileSync(path.join(dir, 'locked.db'), whole);
            chmodSync(path.join(dir, 'locked.db'), 0);
            assertFails(await brunt(['history', '--store', 'locked.db'], { dir }), 255, /change its owner or mode/);
        }
    });
    test('the history never changes a verdict', async () => {
        const dir = setup(), t = await target();
        const env = { TARGET: t.url, HOME: '/proc/none' };
        const none = await brunt(['test', 'good', 'here', '-q'], { dir, env });
        assert.equal(none.code, 0, none.err);
        assert.match(none.err, /this run will not be stored: history '\/proc\/none/);
        // It was well when the run began, and is not when it ends.
        const run = new Run(['test', 'good', 'here'], { dir, env: { TARGET: t.url, BRUNT_STORE: 'h.db' } });
        await run.until(/running/);
        writeFileSync(path.join(dir, 'h.db'), 'no database any more');
        const done = await run.end();
        assert.equal(done.code, 0, done.err);
        assert.match(done.err, /the run is not stored: history 'h\.db': .*it is no history of brunt/);
        assert.doesNotMatch(done.out, /stored as run/);
    });
    test('two at once, each is stored', async () => {
        const dir = setup(), t = await target();
        const ids = await Promise.all([good(dir, t, ['--reports', 'a']), good(dir, t, ['--reports', 'b'])]);
        assert.deepEqual(ids.sort(), [1, 2]);
    });
    test('killed while it runs: what was stored stays', async () => {
        const dir = setup(), t = await target();
        await good(dir, t);
        const run = new Run(['test', 'good', 'here'], { dir, env: { TARGET: t.url } });
        await run.until(/TOTAL RESULTS|running \(01/);
        run.child.kill('SIGKILL');
        await run.end({ killed: true });
        const { runs } = await json(dir, ['history']);
        assert.ok(runs.some((r) => r.id === 1));
        assert.ok(await good(dir, t) >= 2);
    });
}
