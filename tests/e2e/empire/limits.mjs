// End-to-end test of empire's limits: rate per client, API keys, kept answers, entity tags, waiting for a connection.
//
//   node tests/e2e/empire/limits.mjs PATH/TO/empire
//
// Makes a PostgreSQL cluster of its own and removes it. Everything listens on 127.0.0.1 or a unix socket.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { empire, metric, Postgres, runProgram, Service, setProgram, sleep, test, until } from './harness.mjs';

if (process.argv.length !== 3) {
    console.error('usage: node limits.mjs PATH/TO/empire');
    process.exit(2);
}
setProgram(process.argv[2]);

const pg = new Postgres();

test('100 requests a minute for each client, then 429 with what to do', async () => {
    const s = await Service.start(pg.url, ['--rate-limit', '100', '--trust-forwarded']);
    const answers = await Promise.all(Array.from({ length: 110 }, () => s.request('/products/top')));
    const refused = answers.filter((a) => a.status === 429);
    assert.equal(answers.filter((a) => a.status === 200).length, 100);
    assert.equal(refused.length, 10);
    const { headers, body } = refused[0];
    assert.equal(headers['content-type'], 'application/problem+json');
    assert.match(JSON.parse(body).detail, /more than 100 requests a minute/);
    assert.equal(headers['retry-after'], '1');
    assert.equal(headers['ratelimit-limit'], '100');
    assert.equal(headers['ratelimit-remaining'], '0');
    assert.equal(headers['ratelimit-reset'], '60');
    // One comes back every 600 ms.
    await sleep(700);
    assert.equal((await s.request('/products/top')).status, 200);
    assert.equal((await s.request('/products/top')).status, 429);
    // Others have their own, whatever stands before the nearest proxy's word.
    assert.equal((await s.request('/products/top', { headers: { 'X-Forwarded-For': '127.0.0.1, 203.0.113.9' } })).headers['ratelimit-remaining'], '99');
    // Probes are not counted; what is not there is.
    for (const free of ['/health', '/health/live', '/health/ready', '/metrics']) {
        const a = await s.request(free);
        assert.equal(a.status, 200, free);
        assert.equal(a.headers['ratelimit-limit'], undefined);
    }
    assert.equal((await s.request('/nothing')).status, 429);
    assert.equal(await metric(s, 'empire_http_rate_limited_total'), 12);
    await s.stop();
});

test('the limit is 100 where nothing else is said, and X-Forwarded-For is not believed', async () => {
    const s = await Service.start(pg.url, [], {});
    const first = await s.request('/products/top', { headers: { 'X-Forwarded-For': '203.0.113.1' } });
    assert.equal(first.headers['ratelimit-remaining'], '99');
    assert.equal((await s.request('/products/top', { headers: { 'X-Forwarded-For': '203.0.113.2' } })).headers['ratelimit-remaining'], '98');
    await s.stop();
});

test('keys: made once, kept as hashes, needed for writes only', async () => {
    const made = empire(['key', '--name', 'ci']);
    assert.equal(made.code, 0, made.err);
    const key = /(emp_[\w-]{43})$/m.exec(made.out)[1], entry = /(ci:[0-9a-f]{64})$/m.exec(made.out)[1];
    assert.match(empire(['key']).err, /--name NAME/);
    assert.match(empire(['key', '--name', 'a b']).err, /NAME:HASH/);
    const s = await Service.start(pg.url, ['--access-log'], { EMPIRE_API_KEYS: entry, RATE_LIMIT: '50' });
    const post = (headers) => s.request('/orchestrator/start', { method: 'POST', body: '{"dryRun":true,"videoCount":1}', headers });
    const without = await post({});
    assert.equal(without.status, 401);
    assert.equal(without.headers['www-authenticate'], 'Bearer');
    assert.match(JSON.parse(without.body).detail, /needs an API key/);
    assert.match(JSON.parse((await post({ 'X-API-Key': 'wrong' })).body).detail, /not known/);
    assert.equal((await post({ Authorization: 'Basic eDp5' })).status, 401);
    assert.equal((await post({ Authorization: `Bearer ${key}`, 'X-API-Key': key })).status, 400, 'given twice');
    const bearer = await post({ Authorization: `bearer ${key}` });
    assert.equal(bearer.status, 202);
    assert.equal(bearer.headers['ratelimit-remaining'], '49', 'the holder of a key is a client of its own');
    assert.equal((await post({ 'X-API-Key': key })).status, 202);
    assert.equal((await s.request('/products/top')).status, 200);
    assert.doesNotMatch(s.log, new RegExp(key), 'no key in the log');
    await s.stop();
    const open = empire(['api', '--port', '0', '--host', '0.0.0.0'], { DATABASE_URL: pg.url });
    assert.equal(open.code, 1);
    assert.match(open.err, /not a loopback address and writes need no key/);
    const broken = empire(['api', '--port', '0'], { DATABASE_URL: pg.url, EMPIRE_API_KEYS: 'ci:123' });
    assert.equal(broken.code, 1);
    assert.match(broken.err, /API key 1 is not NAME:HASH/);
});

test('the overview is kept, with its age and a tag', async () => {
    const s = await Service.start(pg.url);
    const first = await s.request('/analytics/overview?period=7d');
    assert.equal(first.headers['cache-control'], 'private, max-age=300');
    const old = pg.sql("SELECT sum(views) FROM analytics_daily WHERE day > '2025-06-23'");
    pg.sql("UPDATE analytics_daily SET views = views + 1 WHERE day = '2025-06-30'");
    await sleep(1100);
    const second = await s.request('/analytics/overview?period=7d');
    assert.equal(second.body, first.body);
    assert.equal(JSON.parse(second.body).data.totals.views, Number(old));
    assert.equal(second.headers.age, '1');
    assert.notEqual((await s.request('/analytics/overview?period=30d')).body, first.body);
    const same = await s.request('/analytics/overview?period=7d', { headers: { 'If-None-Match': first.headers.etag } });
    assert.equal(same.status, 304);
    assert.equal(same.body, '');
    assert.equal(same.headers.etag, first.headers.etag);
    await s.stop();
    const fresh = await Service.start(pg.url, ['--answers-keep', '0s']);
    assert.equal((await fresh.json('/analytics/overview?period=7d')).body.data.totals.views, Number(old) + 4);
    pg.sql("UPDATE analytics_daily SET views = views - 1 WHERE day = '2025-06-30'");
    assert.equal((await fresh.json('/analytics/overview?period=7d')).body.data.totals.views, Number(old));
    await fresh.stop();
});

test('every answer says how it may be read, and has a name', async () => {
    const s = await Service.start(pg.url);
    for (const target of ['/products', '/health', '/nothing', '/metrics']) {
        const { headers } = await s.request(target);
        assert.equal(headers['x-content-type-options'], 'nosniff');
        assert.match(headers['content-security-policy'], /default-src 'none'/);
        assert.match(headers['x-request-id'], /^[0-9a-f]{8}-\d+$/);
    }
    assert.equal((await s.request('/health', { headers: { 'X-Request-Id': 'deploy-7.smoke:1' } })).headers['x-request-id'], 'deploy-7.smoke:1');
    assert.match((await s.request('/health', { headers: { 'X-Request-Id': 'x y' } })).headers['x-request-id'], /^[0-9a-f]{8}-/);
    await s.stop();
});

test('a query waits for a connection so long, then it is told', async () => {
    const s = await Service.start(pg.url, ['--db-connections', '1', '--db-pipeline', '1', '--db-wait', '300ms', '--query-timeout', '5s']);
    const lock = await pg.lock('products');
    const first = s.request('/products');
    await sleep(100);
    const second = await s.request('/products/top');
    assert.equal(second.status, 503);
    assert.match(JSON.parse(second.body).detail, /^timeout acquiring connection from pool$/);
    assert.ok(second.ms >= 290 && second.ms < 1500, `${second.ms} ms`);
    await lock.release();
    const late = await first;
    assert.equal(late.status, 200, late.body);
    assert.equal(await metric(s, 'empire_db_queries_total{outcome="no_connection"}'), 1);
    await s.stop();
});

/** Starts of workflows that do not end while `lock` is held: the insertion waits for it. */
const starts = (s, n) => Array.from({ length: n }, (_, i) =>
    s.request('/orchestrator/start', { method: 'POST', body: JSON.stringify({ name: `held-${n}-${i}`, dryRun: true }) }));
const connections = () => Number(pg.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'empire'"));
const ready = (s) => metric(s, 'empire_db_connections_ready');

test('the pool: few connections while they do, up to fifty when they are held up', async () => {
    const s = await Service.start(pg.url);
    await until('the kept ones are open', 5000, async () => await ready(s) === 8);
    assert.equal(await metric(s, 'empire_db_connections'), 50);
    await Promise.all(Array.from({ length: 60 }, () => s.request('/products')));
    assert.equal(await ready(s), 8, 'short queries open none');
    const lock = await pg.lock('workflows', 'SHARE');
    const held = starts(s, 100);
    await until('more are opened', 3000, async () => await ready(s) > 8);
    const other = await s.request('/products');
    assert.equal(other.status, 200, 'not behind a query that waits');
    assert.ok(other.ms < 1500, `${other.ms} ms`);
    held.push(...starts(s, 70));
    await until('the limit is reached', 3000, () => connections() === 50);
    await sleep(300);
    assert.equal(connections(), 50);
    const page = await s.request('/metrics');
    assert.match(page.body, /\nempire_db_connections_busy 50\n/);
    assert.match(page.body, /\nempire_workflow_metrics_up 0\n/);
    assert.ok(page.ms < 2000, `the page does not wait for a connection: ${page.ms} ms`);
    await lock.release();
    assert.deepEqual((await Promise.all(held)).filter((r) => r.status !== 202).map((r) => r.body), []);
    await s.stop();
});

test('the pool: the database gives fewer connections than the limit', async () => {
    pg.sql('CREATE ROLE small LOGIN CONNECTION LIMIT 10');
    assert.equal(empire(['migrate', '--grant-to', 'small'], { DATABASE_URL: pg.url }).code, 0);
    const s = await Service.start(pg.url.replace('//app@', '//small@'));
    const lock = await pg.lock('workflows', 'SHARE');
    const held = starts(s, 110);
    await until('ten are there', 3000, () => connections() === 10);
    await lock.release();
    assert.deepEqual((await Promise.all(held)).filter((r) => r.status !== 202).map((r) => r.body), []);
    await s.stop();
});

test('nothing is left behind', () => {
    pg.remove();
    assert.equal(existsSync(pg.dir), false);
});

await runProgram(pg, { seed: ['--products', '500', '--days', '30'] });
