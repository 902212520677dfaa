// End-to-end test of what POST requests start, of Idempotency-Key, and of the database role with few rights.
//
//   node tests/e2e/empire/starts.mjs PATH/TO/empire
//
// Makes a PostgreSQL cluster of its own and removes it. Everything listens on 127.0.0.1 or a unix socket.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { empire, Postgres, runProgram, Service, setProgram, test, until } from './harness.mjs';

if (process.argv.length !== 3) {
    console.error('usage: node starts.mjs PATH/TO/empire');
    process.exit(2);
}
setProgram(process.argv[2]);

const pg = new Postgres();
const workers = new Set();

/** A worker process; `url` is where it works, `env` what it knows of the world outside. */
function worker(url, env = {}) {
    const child = spawn(path.resolve(process.argv[2]), ['worker', '--processes', '1'],
        { env: { PATH: process.env.PATH, DATABASE_URL: url, ...env }, stdio: ['ignore', 'inherit', 'pipe'] });
    workers.add(child);
    child.log = '';
    child.stderr.on('data', (d) => { child.log += d; });
    child.stop = async () => {
        const ended = new Promise((done) => child.once('close', done));
        child.kill('SIGTERM');
        assert.equal(await ended, 0, child.log);
        workers.delete(child);
    };
    return child;
}

async function post(s, target, body, headers = {}) {
    const a = await s.request(target, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers });
    return { ...a, json: JSON.parse(a.body) };
}

const endpoints = [
    ['/orchestrator/start', 'daily-control-loop', { videoCount: 1 }],
    ['/products/sync', 'products-sync', {}],
    ['/content/generate-script', 'script-generation', { productId: 1 }],
    ['/video/generate', 'video-generation', { productId: 1 }],
    ['/publisher/publish', 'publication', { productId: 1, platform: 'youtube' }],
    ['/optimizer/optimize', 'weekly-optimization', {}],
];

test('each starts a run of its own, which a worker takes to its end', async () => {
    const s = await Service.start(pg.url);
    const w = worker(pg.url);
    for (const [target, type, body] of endpoints) {
        const a = await post(s, target, { ...body, dryRun: true });
        assert.equal(a.status, 202, `${target}: ${a.body}`);
        assert.equal(a.json.data.type, type);
        assert.equal(a.json.data.dryRun, true);
        assert.equal(a.headers.location, `/orchestrator/workflows/${a.json.data.id}`);
        const run = await until(`${target} ends`, 20000, async () => {
            const { body: b } = await s.json(a.headers.location);
            return ['pending', 'running'].includes(b.data.status) ? null : b.data;
        });
        assert.equal(run.status, 'completed', JSON.stringify(run));
        assert.ok(run.stepCount >= 1);
        assert.equal(run.steps.every((x) => ['skipped', 'completed'].includes(x.state)), true, JSON.stringify(run.steps));
    }
    // For real, but there is nobody to write it: the run's failure is the step's.
    const a = await post(s, '/content/generate-script', { productId: 2 });
    const run = await until('the script fails', 20000, async () => {
        const { body: b } = await s.json(a.headers.location);
        return b.data.status === 'failed' ? b.data : null;
    });
    assert.match(run.result.message, /AI_BASE_URL is not set/);
    await w.stop();
    await s.stop();
});

test('one is open per product, platform and dryRun', async () => {
    const s = await Service.start(pg.url);
    const id = async (target, body) => (await post(s, target, body)).json.data.id;
    const first = await id('/publisher/publish', { productId: 3, platform: 'tiktok', dryRun: true });
    assert.equal(await id('/publisher/publish', { productId: 3, platform: 'tiktok', dryRun: true }), first);
    assert.notEqual(await id('/publisher/publish', { productId: 3, platform: 'youtube', dryRun: true }), first);
    assert.notEqual(await id('/publisher/publish', { productId: 3, platform: 'tiktok' }), first);
    assert.notEqual(await id('/publisher/publish', { productId: 4, platform: 'tiktok', dryRun: true }), first);
    assert.equal(await id('/optimizer/optimize', {}), await id('/orchestrator/start', { type: 'weekly-optimization' }));
    assert.notEqual(await id('/optimizer/optimize', { dryRun: true }), await id('/optimizer/optimize', {}));
    await s.stop();
});

test('a product that is not there, and bodies that do not fit', async () => {
    const s = await Service.start(pg.url);
    const before = pg.sql('SELECT count(*) FROM wf_run');
    const no = await post(s, '/video/generate', { productId: 4000000 });
    assert.equal(no.status, 404);
    assert.match(no.json.detail, /no product 4000000/);
    assert.equal((await post(s, '/video/generate', '{"productId":9223372036854775807}')).status, 404);
    for (const [target, body, detail] of [
        ['/content/generate-script', {}, /'productId' is missing/],
        ['/content/generate-script', '', /'productId' is missing/],
        ['/content/generate-script', { productId: '1' }, /'productId' must be/],
        ['/content/generate-script', { productId: 1.5 }, /'productId' must be/],
        ['/content/generate-script', { productId: 0 }, /'productId' must be/],
        ['/video/generate', { productId: 1, platform: 'tiktok' }, /unknown member 'platform': known are dryRun, productId/],
        ['/publisher/publish', { productId: 1 }, /'platform' is missing/],
        ['/publisher/publish', { productId: 1, platform: 'myspace' }, /'platform' must be/],
        ['/products/sync', { limit: 1 }, /unknown member 'limit'/],
        ['/optimizer/optimize', { dryRun: 1 }, /'dryRun' must be/],
    ]) {
        const a = await post(s, target, body);
        assert.equal(a.status, 400, `${target} ${JSON.stringify(body)}: ${a.body}`);
        assert.match(a.json.detail, detail);
    }
    assert.equal(pg.sql('SELECT count(*) FROM wf_run'), before, 'nothing was started');
    await s.stop();
});

test('Idempotency-Key: the same request has the same answer, another one is refused', async () => {
    const made = ['a', 'b'].map((name) => empire(['key', '--name', name]).out);
    const keys = made.map((out) => /(emp_[\w-]{43})$/m.exec(out)[1]), entries = made.map((out) => /([ab]:[0-9a-f]{64})$/m.exec(out)[1]);
    const s = await Service.start(pg.url, [], { EMPIRE_API_KEYS: entries.join(','), RATE_LIMIT: '0' });
    const ask = (target, body, key, who = 0) => post(s, target, body, { 'Idempotency-Key': key, 'X-API-Key': keys[who] });
    for (const [i, [target, , body]] of endpoints.entries()) {
        const asked = target === '/orchestrator/start' ? { ...body, name: 'keyed' } : 'productId' in body ? { ...body, productId: 20 + i } : body;
        const first = await ask(target, asked, `k-${i}`);
        assert.equal(first.status, 202, first.body);
        // The run has moved on; its answer is still the one that was given.
        pg.sql(`UPDATE workflows SET status = 'cancelled', finished_at = now() WHERE id = '${first.json.data.id}'`);
        pg.sql(`UPDATE wf_run SET status = 'cancelled', closed_at = now() WHERE run_id = '${first.json.data.id}'`);
        const again = await ask(target, asked, `k-${i}`);
        assert.equal(again.status, 202);
        assert.equal(again.body, first.body);
        assert.equal(again.headers.location, first.headers.location);
        const other = await ask(target, { ...asked, dryRun: true }, `k-${i}`);
        assert.equal(other.status, 422);
        assert.match(other.json.detail, /Idempotency-Key was used for another request/);
        const theirs = await ask(target, asked, `k-${i}`, 1);
        assert.equal(theirs.status, 202);
        assert.notEqual(theirs.json.data.id, first.json.data.id, 'another holder, another key');
    }
    assert.equal((await ask('/products/sync', {}, 'k-0')).status, 422, 'the endpoint is part of the request');
    // At once: one run, one answer.
    const at_once = await Promise.all(Array.from({ length: 20 }, () => ask('/video/generate', { productId: 50 }, 'x'.repeat(64))));
    assert.deepEqual(new Set(at_once.map((a) => `${a.status} ${a.body}`)).size, 1);
    assert.equal(at_once[0].status, 202);
    for (const bad of ['x'.repeat(65), 'a b', 'ä']) assert.equal((await ask('/video/generate', { productId: 51 }, bad)).status, 400, bad);
    await s.stop();
});

test('a role with few rights is enough for the API and the workers', async () => {
    const done = empire(['migrate', '--grant-to', 'empire-app'], { DATABASE_URL: pg.url });
    assert.equal(done.code, 0, done.err);
    assert.match(done.out, /nothing to do\nrole empire-app has the rights/);
    assert.equal(empire(['migrate', '--grant-to', 'empire-app'], { DATABASE_URL: pg.url }).code, 0, 'again');
    for (const bad of ["x'; DROP TABLE products; --", '1x', 'x y', 'x'.repeat(64)]) {
        assert.match(empire(['migrate', '--grant-to', bad], { DATABASE_URL: pg.url }).err, /is not a role's name/);
    }
    const url = pg.url.replace('app@', 'empire-app@');
    assert.notEqual(url, pg.url);
    for (const no of ['DROP TABLE products', 'TRUNCATE wf_task', 'DELETE FROM products', 'DELETE FROM workflows', 'UPDATE schema_migrations SET version = 1', 'CREATE TABLE t (i int)',
        'SELECT * FROM seeds', 'ALTER TABLE products DISABLE TRIGGER ALL', 'UPDATE content SET title = title', 'DROP INDEX products_score', "COPY (SELECT 1) TO PROGRAM 'id'"]) {
        assert.throws(() => pg.sql(no, url), /permission denied|must be owner|must be superuser/, no);
    }
    assert.equal(empire(['migrate'], { DATABASE_URL: url }).code, 1);
    assert.equal(empire(['seed', '--reset'], { DATABASE_URL: url }).code, 1);

    const stub = spawn(path.resolve(process.argv[2]), ['stub', '--port', '0', '--products', '20'], { stdio: ['ignore', 'inherit', 'pipe'] });
    workers.add(stub);
    stub.log = '';
    stub.stderr.on('data', (d) => { stub.log += d; });
    const at = `http://127.0.0.1:${await until('the stub listens', 10000, () => /127\.0\.0\.1:(\d+)/.exec(stub.log)?.[1])}`;
    const s = await Service.start(url);
    const w = worker(url, { AI_BASE_URL: `${at}/v1`, PRODUCT_FEED_URL: `${at}/products`, ANALYTICS_URL: `${at}/analytics`, PUBLISH_URL_YOUTUBE: `${at}/publish/youtube` });
    for (const [target, body] of [['/orchestrator/start', { videoCount: 2, name: 'role' }], ['/products/sync', {}], ['/content/generate-script', { productId: 90 }],
        ['/publisher/publish', { productId: 90, platform: 'youtube' }], ['/optimizer/optimize', {}]]) {
        const a = await post(s, target, body, { 'Idempotency-Key': `role${target}` });
        assert.equal(a.status, 202, a.body);
        const run = await until(`${target} ends`, 20000, async () => {
            const { body: b } = await s.json(a.headers.location);
            return ['pending', 'running'].includes(b.data.status) ? null : b.data;
        });
        assert.equal(run.status, 'completed', JSON.stringify(run));
        assert.ok(run.steps.some((x) => x.state === 'completed'), JSON.stringify(run.steps));
    }
    for (const target of ['/products', '/products/top', '/products/1', '/analytics/overview', '/analytics/revenue', '/analytics/top-products', '/analytics/platform-comparison', '/optimizer/analyze', '/orchestrator/status', '/health/ready']) {
        assert.equal((await s.request(target)).status, 200, target);
    }
    assert.doesNotMatch(s.log + w.log, /permission denied/);
    await w.stop();
    await s.stop();
    stub.kill('SIGTERM');
    workers.delete(stub);
});

test('nothing is left behind', () => {
    pg.remove();
    assert.equal(existsSync(pg.dir), false);
});

await runProgram(pg, {
    seed: ['--products', '500', '--days', '30'],
    kill: () => { for (const w of workers) w.kill('SIGKILL'); },
});
