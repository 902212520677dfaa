// End-to-end test of empire's faults on demand: each of them does what it says, and stops when it is turned off.
//
//   node tests/e2e/empire/faults.mjs PATH/TO/empire
//
// Makes a PostgreSQL cluster of its own and removes it. Everything listens on 127.0.0.1 or a unix socket.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { empire, metric, Postgres, request, run, runProgram, Service, setProgram, sleep, test, until } from './harness.mjs';

if (process.argv.length !== 3) {
    console.error('usage: node faults.mjs PATH/TO/empire');
    process.exit(2);
}
const program = process.argv[2];
setProgram(program);

const pg = new Postgres();
let s, control;

const set = (text, port = control) => request(port, '/faults', { method: 'PUT', body: text });
const fault = (name) => metric(s, `empire_fault{name="${name}"}`);

/** Sets faults for the time of `body`, then turns them off. */
async function during(text, body) {
    const answer = await set(text);
    assert.equal(answer.status, 200, answer.body);
    try {
        await body();
    } finally {
        await set('');
    }
}

const controlPort = (log) => Number(/control port http:\/\/127\.0\.0\.1:(\d+)/.exec(log)[1]);
const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
const times = async (target, n) => {
    const list = [];
    for (let i = 0; i < n; i++) {
        const a = await s.request(target);
        assert.equal(a.status, 200);
        list.push(a.ms);
    }
    return median(list);
};
const queries = async () => await metric(s, 'empire_db_queries_total{outcome="ok"}');
/** Queries that the pool has finished for one request; the metrics page itself asks one. */
async function queriesOf(target) {
    const before = await queries();
    const answer = await s.json(target);
    assert.equal(answer.status, 200);
    return { count: await queries() - before - 1, body: answer.body };
}

test('none is on by default, and all are on the page', async () => {
    s = await Service.start(pg.url, ['--admin-port', '0', '--db-connections', '4', '--db-wait', '1s', '--answers-keep', '0s']);
    control = controlPort(s.log);
    const { body } = await s.request('/metrics');
    const lines = body.split('\n').filter((l) => l.startsWith('empire_fault{'));
    assert.equal(lines.length, 13);
    assert.ok(lines.every((l) => l.endsWith(' 0')), lines.join('\n'));
    assert.equal((await s.request('/faults')).status, 404, 'not on the public port');
});

test('the control port: what is set is read back; what is wrong changes nothing', async () => {
    const answer = await set('pool=2, cpu-burn=0.5,slow-provider=3s');
    assert.equal(answer.status, 200);
    const want = JSON.parse((await request(control, '/faults')).body).data;
    assert.deepEqual(JSON.parse(answer.body).data, want);
    assert.equal(want.pool, '2');
    assert.equal(want['cpu-burn'], '0.5');
    assert.equal(want['slow-provider'], '3s');
    assert.equal(want['n-plus-one'], 'off');
    assert.equal(await fault('pool'), 2);
    assert.equal(await fault('cpu-burn'), 0.5);
    assert.equal(await fault('slow-provider'), 3);
    for (const [text, says] of [['pool', 'neither off nor a number of connections'], ['pool=0', '1 to 64'], ['pool=1,pool=2', 'twice'],
        ['nothing=on', 'there is no fault'], ['n-plus-one=1', 'neither off nor on'], ['memory-leak=5', 'MB/h'], [',', 'there is no fault']]) {
        const wrong = await set(text);
        assert.equal(wrong.status, 400, text);
        assert.ok(JSON.parse(wrong.body).detail.includes(says), wrong.body);
    }
    assert.equal(await fault('pool'), 2);
    assert.equal((await request(control, '/faults', { method: 'POST', body: '' })).status, 405);
    assert.equal((await request(control, '/')).status, 404);
    await set('');
    assert.equal(await fault('pool'), 0);
    const bad = empire(['api', '--port', '0', '--faults', 'pool=many'], { DATABASE_URL: pg.url });
    assert.equal(bad.code, 1);
    assert.match(bad.err, /fault pool: 'many' is neither off nor a number/);
});

test('n-plus-one: a query for each product of the page, and the same answer', async () => {
    const one = await queriesOf('/products?limit=20&page=3');
    assert.equal(one.count, 1);
    await during('n-plus-one=on', async () => {
        const many = await queriesOf('/products?limit=20&page=3');
        assert.equal(many.count, 21);
        assert.deepEqual(many.body, one.body);
        const behind = await queriesOf('/products?limit=20&page=99999');
        assert.equal(behind.count, 1);
        assert.deepEqual(behind.body.data, []);
    });
});

test('missing-indexes: products are sorted instead of read in order', async () => {
    const scans = () => {
        pg.sql('SELECT pg_stat_force_next_flush()');
        return Number(pg.sql("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'products'"));
    };
    const reads = async () => {
        const before = scans();
        await times('/products?limit=1', 9);
        return before;
    };
    await during('missing-indexes=on', async () => {
        await sleep(400);
        const before = await reads();
        await until('the scans are counted', 15000, () => scans() - before >= 9);
    });
    await sleep(400);
    const before = await reads();
    await sleep(1000);
    assert.equal(scans() - before, 0, 'in order again');
});

test('pool: fewer connections, one query at a time on each', async () => {
    await during('pool=1,lock-contention=50ms', async () => {
        await until('the others are closed', 5000, async () => await metric(s, 'empire_db_connections_ready') === 1);
        assert.equal(await metric(s, 'empire_db_connections'), 1);
        const waited = await metric(s, 'empire_db_wait_seconds_sum');
        const answers = await Promise.all(Array.from({ length: 6 }, () => s.request('/products?limit=1')));
        assert.ok(answers.every((a) => a.status === 200));
        // The sixth waits for five of 50 ms.
        assert.ok(Math.max(...answers.map((a) => a.ms)) > 250);
        assert.ok(await metric(s, 'empire_db_wait_seconds_sum') - waited > 0.25);
    });
    await until('the others are opened', 5000, async () => await metric(s, 'empire_db_connections_ready') === 4);
});

test('lock-contention: requests wait for each other, in the database', async () => {
    await during('lock-contention=60ms', async () => {
        const all = Promise.all(Array.from({ length: 8 }, () => s.request('/products/top')));
        await until('somebody waits for the lock', 5000,
            () => Number(pg.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'")) > 0);
        const answers = await all;
        assert.ok(answers.every((a) => a.status === 200));
        assert.ok(Math.max(...answers.map((a) => a.ms)) > 8 * 60 - 30);
    });
});

test('leak-connections: one after the other is gone, until nobody gets one', async () => {
    await during('leak-connections=200ms', async () => {
        await until('all are in use', 5000, async () => await metric(s, 'empire_db_connections_leaked') === 4);
        assert.equal(await metric(s, 'empire_db_connections_busy'), 4);
        const answer = await s.request('/products');
        assert.equal(answer.status, 503);
        assert.match(answer.body, /timeout acquiring connection from pool/);
        assert.ok(answer.ms > 900);
    });
    await until('given back', 5000, async () => await metric(s, 'empire_db_connections_leaked') === 0);
    assert.equal((await s.request('/products')).status, 200);
});

test('rate-limit: 429 for what is more', async () => {
    await during('rate-limit=5', async () => {
        const answers = [];
        for (let i = 0; i < 10; i++) answers.push((await s.request('/products/top')).status);
        assert.deepEqual(answers, [200, 200, 200, 200, 200, 429, 429, 429, 429, 429]);
    });
    assert.equal((await s.request('/products/top')).status, 200);
});

test('memory-leak: resident memory grows at the rate that was asked for', async () => {
    const resident = () => metric(s, 'process_resident_memory_bytes');
    await during('memory-leak=36000MB/h', async () => { // 10 MB a second
        await sleep(500);
        const at = Date.now(), before = await resident();
        await sleep(2000);
        const rate = (await resident() - before) / (Date.now() - at) * 1000 / 2 ** 20;
        assert.ok(rate > 7 && rate < 13, `${rate} MB/s`);
    });
    const leaked = await metric(s, 'empire_fault_leaked_bytes');
    assert.ok(leaked > 20 * 2 ** 20);
    await sleep(300);
    assert.equal(await metric(s, 'empire_fault_leaked_bytes'), leaked, 'no more, and none comes back');
});

test('cpu-burn: the process is busy without requests', async () => {
    const burnt = async () => {
        const at = Date.now(), before = await metric(s, 'process_cpu_seconds_total');
        await sleep(1500);
        return (await metric(s, 'process_cpu_seconds_total') - before) / (Date.now() - at) * 1000;
    };
    const idle = await burnt();
    await during('cpu-burn=0.5', async () => {
        await sleep(300);
        const cores = await burnt();
        // Other processes may take the core meanwhile, so it can be less.
        assert.ok(cores > idle + 0.15 && cores < 0.75, `${cores} cores, idle ${idle}`);
    });
});

test('several at once', async () => {
    await during('n-plus-one=on,missing-indexes=on,pool=2,rate-limit=1000', async () => {
        await sleep(300);
        assert.equal((await queriesOf('/products?limit=5')).count, 6);
        assert.equal(await metric(s, 'empire_db_connections'), 2);
        assert.equal((await s.request('/products/top')).headers['ratelimit-limit'], '1000');
    });
    await s.stop();
});

test('slow-start: the service takes its time, and SIGTERM ends it meanwhile', async () => {
    const start = Date.now();
    const slow = await Service.start(pg.url, ['--faults', 'slow-start=1500ms']);
    assert.ok(Date.now() - start > 1500);
    assert.equal(await metric(slow, 'empire_fault{name="slow-start"}'), 1.5);
    await slow.stop();
    const child = spawn(program, ['api', '--port', '0'], { env: { PATH: process.env.PATH, DATABASE_URL: pg.url, EMPIRE_FAULTS: 'slow-start=60s' },
        stdio: 'ignore' });
    const ended = new Promise((done) => child.once('close', (code) => done(code)));
    await sleep(500);
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
});

// ---- workers ------------------------------------------------------------------------------------

const stop = async (it) => {
    it.child.kill('SIGTERM');
    assert.equal(await it.ended, 0, it.log);
};

test('workers: slow and failing services, no breaker, few slots', async () => {
    const stub = run(['stub', '--port', '0'], {});
    await until('the stub listens', 10000, () => /listening on/.test(stub.log));
    const base = /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(stub.log)[1];
    s = await Service.start(pg.url);
    const worker = run(['worker', '--processes', '1', '--admin-port', '0'], { DATABASE_URL: pg.url, AI_BASE_URL: `${base}/v1`,
        PRODUCT_FEED_URL: `${base}/products`, ANALYTICS_URL: `${base}/analytics`, PUBLISH_URL_TIKTOK: `${base}/publish/tiktok` });
    await until('the worker runs', 10000, () => /control port/.test(worker.log));
    const port = controlPort(worker.log);
    /** Of the one worker's metrics, by name and a part of the labels. */
    const workers = async (name, label) => {
        const { body } = await s.request('/metrics');
        return body.split('\n').filter((l) => l.startsWith(`${name}{`) && l.includes(label)).reduce((sum, l) => sum + Number(l.split(' ').pop()), 0);
    };
    const begin = (name) => s.request('/orchestrator/start', { method: 'POST',
        body: JSON.stringify({ type: 'daily-control-loop', videoCount: 20, dryRun: false, name }) });
    try {
        // All calls fail: the breaker of the feed opens after five; without it, it does not.
        assert.equal((await set('failing-provider=100%,breaker-off=on', port)).status, 200);
        await until('it is on the page', 10000, async () => await workers('empire_worker_fault', 'name="failing-provider"') === 1);
        await begin('a');
        await until('calls fail', 20000, async () => await workers('empire_provider_calls_total', 'outcome="retry"') >= 2);
        assert.equal(await workers('empire_breaker_state', ''), 0);
        // Slow, with two slots: never more than two calls at once, each of half a second.
        assert.equal((await set('slow-provider=500ms,worker-slots=2', port)).status, 200);
        await until('the slots are few', 10000, async () => await workers('empire_worker_slots', 'task="activity"') === 2);
        await until('calls succeed, slowly', 30000, async () => await workers('empire_provider_calls_total', 'outcome="ok"') >= 4);
        const calls = await workers('empire_provider_calls_total', 'outcome="ok"'), at = Date.now();
        await sleep(2500);
        const rate = (await workers('empire_provider_calls_total', 'outcome="ok"') - calls) / (Date.now() - at) * 1000;
        assert.ok(rate > 0 && rate < 6.5, `${rate} calls/s: two slots of 0.5 s are 4 at most, figures come once a second`);
        // With the breaker again, failures open it.
        await set('failing-provider=100%', port);
        await until('a breaker opens', 30000, async () => await workers('empire_breaker_opened_total', '') >= 1);
    } finally {
        await stop(worker);
        await stop(stub);
        await s.stop();
    }
});

await runProgram(pg, { seed: ['--products', '20000', '--days', '30'] });
