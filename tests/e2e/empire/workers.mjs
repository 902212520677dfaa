// How workers treat the machine and the database: their priority, plans that do not age, and rows that stay as they are.
//   node workers.mjs EMPIRE
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { empire, Postgres, run, runProgram, Service, setProgram, test, until, workersOf } from './harness.mjs';

setProgram(process.argv[2]);
const pg = new Postgres();
let api, stub, stubPort;

const work = (...args) => run(['worker', ...args], { DATABASE_URL: pg.url, PRODUCT_FEED_URL: `http://127.0.0.1:${stubPort}/products` });

async function stop(p) {
    p.child.kill('SIGTERM');
    assert.equal(await p.ended, 0, p.log);
}

/** Starts a run and waits for its end. */
async function complete(target, body) {
    const started = await api.json(target, { method: 'POST', body: JSON.stringify(body) });
    assert.equal(started.status, 202);
    await until('the run has ended', 20000, async () => (await api.json(started.headers.location)).body.data.status === 'completed');
}

/** Niceness of each thread of a process: the 19th field of its stat, counted behind the name. */
const nicenessOf = (pid) => readdirSync(`/proc/${pid}/task`).map((t) =>
    Number(readFileSync(`/proc/${pid}/task/${t}/stat`, 'utf8').split(') ').at(-1).split(' ')[16]));

test('a world to work in', async () => {
    stub = run(['stub', '--port', '0', '--products', '20'], {});
    await until('the stub listens', 10000, () => /listening/.test(stub.log));
    stubPort = Number(/127\.0\.0\.1:(\d+)/.exec(stub.log)[1]);
    api = await Service.start(pg.url);
});

test('workers leave the processor to the API, with every thread', async () => {
    const own = getPriority(); // a lower one than asked for stays: the test itself may run at one
    for (const [args, asked] of [[[], 10], [['--nice', '3'], 3], [['--nice', '0'], 0]]) {
        const wanted = Math.max(asked, own);
        const p = work('--processes', '2', ...args);
        await complete('/orchestrator/start', { name: `nice-${asked}`, videoCount: 20, dryRun: true });
        const seen = workersOf(p).flatMap(nicenessOf);
        assert.ok(seen.length > 2 && seen.every((n) => n === wanted), `wanted ${wanted}: ${seen}`);
        assert.deepEqual(nicenessOf(p.pid), [own]);
        await stop(p);
    }
    assert.match(empire(['worker', '--nice', '20'], { DATABASE_URL: pg.url }).err, /--nice: '20' is not a whole number from 0 to 19/);
});

test('a feed that brings nothing new changes no product', async () => {
    const p = work('--processes', '1');
    const rows = (where) => pg.sql(`SELECT xmin, id, name, rating, updated_at FROM products WHERE external_id ${where} ORDER BY id`);
    await complete('/products/sync', {});
    const before = rows("LIKE 'STUB%'");
    assert.equal(before.split('\n').length, 20);
    await complete('/products/sync', {});
    assert.equal(rows("LIKE 'STUB%'"), before);
    pg.sql("UPDATE products SET name = 'another', rating = 0 WHERE external_id = 'STUB000007'");
    await complete('/products/sync', {});
    assert.match(rows("= 'STUB000007'"), /\|Stub product 7\|4\.5\|/);
    assert.equal(rows("LIKE 'STUB%' AND external_id <> 'STUB000007'"), before.split('\n').filter((r) => !/product 7\|/.test(r)).join('\n'));
    await stop(p);
});

test('plans of workers that began with empty tables never read a whole one', async () => {
    pg.sql('TRUNCATE wf_run, wf_event, wf_task, wf_timer, wf_effect');
    const p = work('--processes', '1');
    await until('it is there', 10000, () => /queue daily/.test(p.log));
    const scans = () => Number(pg.sql("SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname IN ('wf_run', 'wf_event', 'wf_task', 'wf_timer')"));
    const before = scans();
    for (let i = 0; i < 3; i++) await complete('/orchestrator/start', { name: `plan-${i}`, videoCount: 50, dryRun: true });
    await stop(p); // what a session has read is told when it ends, at the latest
    await until('the steps are counted', 5000, () => Number(pg.sql("SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'wf_event'")) > 1000);
    assert.ok(scans() - before < 1000, `${scans() - before} rows were read by scans`);
});

test('the end', async () => {
    await api.stop();
    await stop(stub);
});

await runProgram(pg, { seed: ['--products', '200', '--days', '2'] });
