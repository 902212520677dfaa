// End-to-end test of empire: commands, endpoints, errors, a database that goes away, a drain under load.
//
//   node tests/e2e/empire/empire.mjs PATH/TO/empire
//
// Makes a PostgreSQL cluster of its own and removes it. Everything listens on 127.0.0.1 or a unix socket.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { existsSync, readdirSync } from 'node:fs';
import { empire, metric, Postgres, request, runProgram, Service, setProgram, sleep, test, until } from './harness.mjs';

if (process.argv.length !== 3) {
    console.error('usage: node empire.mjs PATH/TO/empire');
    process.exit(2);
}
setProgram(process.argv[2]);

const migrations = readdirSync(new URL('../../../empire/db/migrations', import.meta.url)).length;
const pg = new Postgres();
let service; // of most tests

function assertProblem(answer, status, pattern) {
    assert.equal(answer.status, status, answer.body);
    assert.equal(answer.headers['content-type'], 'application/problem+json');
    const body = JSON.parse(answer.body);
    assert.deepEqual(Object.keys(body), ['type', 'title', 'status', 'detail']);
    assert.equal(body.type, 'about:blank');
    assert.equal(body.status, status);
    assert.match(body.detail, pattern);
}

function assertFails(done, code, pattern) {
    assert.equal(done.code, code, done.err);
    assert.match(done.err, pattern);
    assert.equal(done.err.trim().split('\n').length, 1, 'the error is one line');
}

// ---- commands -----------------------------------------------------------------------------------

test('help and version', () => {
    assert.match(empire(['--help']).out, /usage: empire COMMAND/);
    assert.match(empire(['api', '--help']).out, /--db-connections/);
    assert.match(empire(['version']).out, /^empire \d+\.\d+\.\d+\n$/);
});

test('usage errors are one line and exit with 2', () => {
    assertFails(empire([]), 2, /no command/);
    assertFails(empire(['serve']), 2, /unknown command 'serve'/);
    assertFails(empire(['api', '--prot', '1']), 2, /unknown flag '--prot'/);
    assertFails(empire(['api', '--port', '65536']), 2, /--port: '65536' is not a whole number from 0 to 65535/);
    assertFails(empire(['api', '--port']), 2, /--port needs a value/);
    assertFails(empire(['api'], { PORT: 'http' }), 2, /PORT: 'http' is not a whole number/);
    assertFails(empire(['api']), 2, /set DATABASE_URL/);
    assertFails(empire(['seed', '--days', '-1']), 2, /--days/);
});

test('a database that is not there is one clear line', () => {
    const env = { DATABASE_URL: 'postgresql://app:secret@/empire?host=/nonexistent' };
    for (const command of ['api', 'migrate', 'seed']) {
        const args = command === 'api' ? [command, '--port', '0'] : [command];
        const done = empire(args, env);
        assertFails(done, 1, /cannot connect to PostgreSQL: .*\/nonexistent/);
        assert.doesNotMatch(done.err, /secret/);
    }
    assertFails(empire(['migrate'], { DATABASE_URL: 'postgresql://u:secret@[/x' }), 1, /address is not valid/);
});

test('an unmigrated database is refused with the remedy', () => {
    assertFails(empire(['api', '--port', '0'], { DATABASE_URL: pg.url }), 1, /run 'empire migrate'/);
    assertFails(empire(['seed'], { DATABASE_URL: pg.url }), 1, /run 'empire migrate'/);
});

test('migrate: once, again, and newer than the program', () => {
    const env = { DATABASE_URL: pg.url };
    assert.match(empire(['migrate'], env).out, new RegExp(`: ${migrations} migrations applied`));
    assert.match(empire(['migrate'], env).out, /nothing to do/);
    pg.sql("INSERT INTO schema_migrations (version, name) VALUES (999, 'future')");
    assertFails(empire(['migrate'], env), 1, /use a newer empire/);
    pg.sql('DELETE FROM schema_migrations WHERE version = 999');
});

test('empty tables have answers, too', async () => {
    const s = await Service.start(pg.url);
    assert.deepEqual((await s.json('/products')).body, { data: [], meta: { page: 1, limit: 50, total: 0, pages: 0 } });
    const overview = (await s.json('/analytics/overview')).body.data;
    assert.equal(overview.totals.views, 0);
    assert.equal(overview.endDate, null);
    assert.deepEqual((await s.json('/analytics/revenue')).body.data.days, []);
    const status = (await s.json('/orchestrator/status')).body;
    assert.deepEqual(status.data.schedules.map((x) => x.id), ['daily-control-loop', 'weekly-optimization']);
    assert.deepEqual({ data: { ...status.data, schedules: [] } },
        { data: { active: 0, backlog: { decisions: 0, activities: 0, oldestSeconds: 0 }, workers: [], schedules: [], workflows: [] } });
    await s.stop();
});

test('seed: once, again, other data, reset', () => {
    const env = { DATABASE_URL: pg.url };
    assert.match(empire(['seed', '--products', '500', '--days', '10'], env).out, /seeded 500 products and 10 days/);
    assert.match(empire(['seed', '--products', '500', '--days', '10'], env).out, /nothing to do/);
    assertFails(empire(['seed'], env), 1, /--reset/);
    assert.equal(empire(['seed', '--reset'], env).code, 0);
    assert.equal(pg.sql('SELECT count(*) FROM products'), '10000');
    assert.equal(pg.sql('SELECT count(*) FROM analytics'), '288000');
    // Deterministic: a fingerprint of the figures. It changes only together with SEED_VERSION.
    assert.equal(pg.sql("SELECT md5(string_agg(day || platform || views || revenue, ',' ORDER BY day, platform)) FROM analytics_daily"),
        '1a2ddabc15f96452d4821a8e835b22c5');
});

test('sums and counts stay exact under insert, update and delete', () => {
    const drift = `SELECT count(*) FROM (
        SELECT (created_at AT TIME ZONE 'UTC')::date AS day, platform, count(*), sum(views), sum(revenue) FROM analytics GROUP BY 1, 2
        EXCEPT SELECT day, platform, row_count, views, revenue FROM analytics_daily) x`;
    const counts = `SELECT (SELECT count(*) FROM products) - (SELECT sum(n) FROM counters WHERE name = 'products')`;
    pg.sql(`BEGIN;
        INSERT INTO analytics (product_id, platform, views, clicks, conversions, revenue, created_at)
            VALUES (1, 'tiktok', 5, 1, 0, 1.50, '2025-07-01'), (1, 'tiktok', 5, 1, 0, 1.50, '2025-06-30');
        UPDATE analytics SET views = views + 1, created_at = created_at - interval '1 day' WHERE id % 1000 = 1;
        DELETE FROM analytics WHERE id % 1000 = 2;
        DELETE FROM products WHERE id = 17;
        CREATE TABLE drift AS ${drift};
        CREATE TABLE counted AS ${counts};
        COMMIT`);
    assert.equal(pg.sql('SELECT * FROM drift'), '0');
    assert.equal(pg.sql('SELECT * FROM counted'), '0');
    pg.sql('DROP TABLE drift, counted');
    assert.equal(empire(['seed', '--reset'], { DATABASE_URL: pg.url }).code, 0);
});

// ---- endpoints ----------------------------------------------------------------------------------

test('the service starts and says where', async () => {
    service = await Service.start(pg.url);
    assert.match(service.log, /listening on http:\/\/127\.0\.0\.1:\d+, database app@\/.*\/sock database empire/);
});

test('GET /health', async () => {
    const { status, body } = await service.json('/health');
    assert.equal(status, 200);
    assert.equal(body.status, 'ok');
    assert.equal(body.database, 'up');
    assert.match(body.version, /^\d+\.\d+\.\d+$/);
    assert.ok(Number.isInteger(body.uptime_s));
});

test('GET /products', async () => {
    const first = (await service.json('/products')).body;
    assert.equal(first.data.length, 50);
    assert.deepEqual(first.meta, { page: 1, limit: 50, total: 10000, pages: 200 });
    const { body } = await service.json('/products?limit=7&page=3');
    assert.equal(body.data.length, 7);
    assert.deepEqual(body.meta, { page: 3, limit: 7, total: 10000, pages: 1429 });
    assert.deepEqual(body.data.map((p) => p.id), first.data.slice(14, 21).map((p) => p.id));
    const p = body.data[0];
    assert.deepEqual(Object.keys(p), ['id', 'externalId', 'name', 'category', 'price', 'commissionRate', 'rating', 'salesCount',
        'score', 'createdAt', 'updatedAt']);
    assert.equal(typeof p.price, 'number');
    assert.match(p.createdAt, /^2025-06-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
    assert.equal((await service.json('/products?page=1429&limit=7')).body.data.length, 4);
    const behind = (await service.json('/products?page=5000&limit=200')).body;
    assert.deepEqual(behind.data, []);
    assert.equal(behind.meta.total, 10000);
});

test('GET /products/top', async () => {
    const { body } = await service.json('/products/top');
    assert.equal(body.data.length, 10);
    const scores = body.data.map((p) => p.score);
    assert.deepEqual(scores, [...scores].sort((a, b) => b - a));
    assert.equal(scores[0], Number(pg.sql('SELECT max(score) FROM products')));
    assert.equal((await service.json('/products/top?limit=100')).body.data.length, 100);
});

test('a product is shown as its row is, whatever is in it', async () => {
    const name = '"quoted" \\ back\tslash </script> \u0001 ä 漢 \u{1f600} ' + 'long '.repeat(2000);
    const id = pg.sql(`INSERT INTO products (external_id, name, category, price, commission_rate, rating, sales_count, created_at, updated_at)
        VALUES ('x''1', $n$${name}$n$, 'b&c', 0.10, 0.1, 5, 3, '2001-02-03 04:05:06.78+02', '2001-02-03 00:00:00+00') RETURNING id`);
    const product = async () => (await service.json(`/products/${id}`)).body.data;
    assert.deepEqual(await product(), { id: Number(id), externalId: "x'1", name, category: 'b&c', price: 0.1, commissionRate: 0.1,
        rating: 5, salesCount: 3, score: 0.03, createdAt: '2001-02-03T02:05:06.78Z', updatedAt: '2001-02-03T00:00:00Z' });
    assert.match((await service.request(`/products/${id}`)).body, /"price":0\.10,"commissionRate":0\.1000,"rating":5\.0,/, 'digits as they are kept');
    pg.sql(`UPDATE products SET sales_count = 1000000, price = 99999999.99 WHERE id = ${id}`);
    assert.equal((await product()).score, 9999999999000);
    assert.equal((await service.json('/products/top?limit=1')).body.data[0].id, Number(id));
    pg.sql(`DELETE FROM products WHERE id = ${id}`);
    assert.equal((await service.request(`/products/${id}`)).status, 404);
});

test('GET /analytics/overview', async () => {
    const { data } = (await service.json('/analytics/overview')).body;
    assert.equal(data.period, '30d');
    assert.equal(data.platform, 'all');
    assert.equal(data.startDate, '2025-06-01');
    assert.equal(data.endDate, '2025-06-30');
    const [views, revenue] = pg.sql("SELECT sum(views), sum(revenue) FROM analytics WHERE created_at >= '2025-06-01Z'").split('|').map(Number);
    assert.equal(data.totals.views, views);
    assert.equal(data.totals.revenue, revenue);
    assert.deepEqual(data.platforms.map((p) => p.platform), ['facebook', 'instagram', 'tiktok', 'youtube']);
    const one = (await service.json('/analytics/overview?platform=youtube&period=7d')).body.data;
    assert.equal(one.platforms.length, 1);
    assert.equal(one.totals.views, Number(pg.sql("SELECT sum(views) FROM analytics WHERE created_at >= '2025-06-24Z' AND platform = 'youtube'")));
});

test('GET /analytics/revenue', async () => {
    for (const [period, days] of [['1d', 1], ['7d', 7], ['30d', 30], ['90d', 90]]) {
        const { data } = (await service.json(`/analytics/revenue?period=${period}`)).body;
        assert.equal(data.days.length, days);
        assert.equal(data.endDate, '2025-06-30');
        const sum = data.days.reduce((s, d) => s + d.revenue, 0);
        assert.ok(Math.abs(sum - data.revenue) < 0.01);
    }
    const range = (await service.json('/analytics/revenue?startDate=2025-06-29&endDate=2025-07-02')).body.data;
    assert.deepEqual(range.days.map((d) => d.date), ['2025-06-29', '2025-06-30', '2025-07-01', '2025-07-02']);
    assert.equal(range.days[3].revenue, 0);
    assert.equal(range.days[0].revenue, Number(pg.sql("SELECT sum(revenue) FROM analytics WHERE created_at::date = '2025-06-29'")));
    assert.equal((await service.json('/analytics/revenue?startDate=2024-01-01&endDate=2024-12-31')).body.data.days.length, 366);
});

test('POST /orchestrator/start and what it leaves', async () => {
    const before = (await service.json('/orchestrator/status')).body.data;
    assert.equal(before.active, 0);
    assert.equal(before.workflows.length, 20);
    const started = await service.json('/orchestrator/start', { method: 'POST', body: '{"type":"daily-control-loop","videoCount":3,"dryRun":true}' });
    assert.equal(started.status, 202);
    assert.equal(started.body.data.status, 'pending');
    assert.equal(started.body.data.videoCount, 3);
    assert.equal(started.body.data.dryRun, true);
    assert.equal(started.headers.location, `/orchestrator/workflows/${started.body.data.id}`);
    const shown = (await service.json(started.headers.location)).body;
    assert.deepEqual(shown, { data: { ...started.body.data, result: null, stepCount: 0, steps: [] } });
    // The same day gives the run that is open, whatever it is asked for now.
    const again = await service.json('/orchestrator/start', { method: 'POST' });
    assert.equal(again.status, 202);
    assert.deepEqual(again.body, started.body);
    // Another name, another type: runs of their own.
    const named = await service.json('/orchestrator/start', { method: 'POST', body: '{"name":"second"}' });
    assert.equal(named.status, 202);
    assert.notEqual(named.body.data.id, started.body.data.id);
    assert.equal(named.body.data.videoCount, 50);
    const weekly = await service.json('/orchestrator/start', { method: 'POST', body: '{"type":"weekly-optimization"}' });
    assert.equal(weekly.body.data.type, 'weekly-optimization');
    assert.equal(weekly.body.data.videoCount, 0);
    const after = (await service.json('/orchestrator/status')).body.data;
    assert.equal(after.active, 3);
    assert.equal(after.backlog.decisions, 3);
    assert.equal(after.workflows[0].id, weekly.body.data.id);
    // At the same time: one run.
    const burst = await Promise.all(Array.from({ length: 40 }, () => service.json('/orchestrator/start', { method: 'POST', body: '{"name":"burst"}' })));
    assert.deepEqual([...new Set(burst.map((r) => `${r.status} ${r.body.data.id}`))].length, 1);
    assert.equal(pg.sql("SELECT count(*) FROM wf_event WHERE run_id IN (SELECT run_id FROM wf_run WHERE workflow_id LIKE '%burst')"), '1');
    const page = (await service.request('/metrics')).body;
    assert.match(page, /\n# TYPE empire_workflow_backlog gauge\nempire_workflow_backlog\{task="activity"\} 0\nempire_workflow_backlog\{task="decision"\} 4\n/);
    assert.match(page, /\nempire_workflows\{status="pending"\} 4\n/);
    pg.sql("UPDATE wf_run SET status = 'completed'; UPDATE workflows SET status = 'completed' WHERE status = 'pending'; TRUNCATE wf_task");
    assert.equal((await service.json('/orchestrator/status')).body.data.active, 0);
});

test('HEAD gives the head of GET', async () => {
    const get = await service.request('/products?limit=3');
    const head = await service.request('/products?limit=3', { method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.equal(head.body, '');
    assert.equal(head.headers['content-length'], get.headers['content-length']);
});

// ---- errors -------------------------------------------------------------------------------------

test('wrong parameters are 400 and named', async () => {
    const cases = [
        ['/products?limt=3', /unknown parameter 'limt'/], ['/products?page=1&page=1', /'page' is given twice/],
        ['/products?page=0', /'page' must be/], ['/products?limit=201', /'limit' must be .* 1 to 200/],
        ['/products?limit=1e1', /'limit'/], ['/products?limit=-1', /'limit'/], ['/products?limit=+1', /'limit'/],
        ['/products?limit=%201', /'limit'/], ['/products?limit=', /'limit' has no value/], ['/products?limit', /'limit' has no value/],
        ['/products?page=99999999999999999999', /'page'/], ['/products?&', /without a name/],
        ['/products?limit=%zz', /not percent-encoded/], ['/products?limit=%1', /not percent-encoded/], ['/products?limit=%00', /not percent-encoded/],
        ['/products/top?limit=101', /'limit'/], ['/health?x=1', /unknown parameter 'x'/],
        [`/products?limit=${'1'.repeat(64)}`, /longer than 63/], [`/products?${'x'.repeat(64)}=1`, /unknown parameter/],
        ['/analytics/overview?platform=myspace', /'platform' must be tiktok/], ['/analytics/overview?period=2d', /'period' must be/],
        ['/analytics/revenue?period=7d&startDate=2025-01-01&endDate=2025-01-02', /does not go with/],
        ['/analytics/revenue?startDate=2025-01-01', /'endDate' is missing/], ['/analytics/revenue?endDate=2025-01-01', /'startDate' is missing/],
        ['/analytics/revenue?startDate=2025-02-29&endDate=2025-03-01', /'startDate': there is no such day/],
        ['/analytics/revenue?startDate=2025-1-1&endDate=2025-03-01', /'startDate' must be a date/],
        ['/analytics/revenue?startDate=2025-03-02&endDate=2025-03-01', /must not be after/],
        ['/analytics/revenue?startDate=2024-01-01&endDate=2025-01-01', /span more than 366/],
    ];
    for (const [target, pattern] of cases) assertProblem(await service.request(target), 400, pattern);
    assert.equal((await service.request('/%70roducts?li%6Dit=%31')).status, 200, 'escapes are decoded');
});

test('wrong bodies are 400 and named', async () => {
    const cases = [
        ['{', /not valid JSON: line 1/], ['[]', /must be a JSON object/], ['{"x":1}', /unknown member 'x'/],
        ['{"videoCount":"3"}', /'videoCount'/], ['{"videoCount":1.5}', /'videoCount'/], ['{"videoCount":0}', /'videoCount'/],
        ['{"videoCount":1001}', /'videoCount'/], ['{"dryRun":1}', /'dryRun'/], ['{"type":"weekly"}', /'type'/], ['{"type":null}', /'type'/],
        ['{"name":""}', /'name'/], ['{"name":"a b"}', /'name'/], ['{"name":7}', /'name'/], [`{"name":"${'n'.repeat(41)}"}`, /'name'/],
        ['{"dryRun":true,"dryRun":true}', /duplicate/], ['{} {}', /not valid JSON/], ['{"type":"\xff"}', /'type'|JSON/],
    ];
    for (const [body, pattern] of cases) {
        assertProblem(await service.request('/orchestrator/start', { method: 'POST', body }), 400, pattern);
    }
    assertProblem(await service.request('/orchestrator/start?dryRun=1', { method: 'POST' }), 400, /unknown parameter 'dryRun'/);
});

test('bodies over 64 KiB are 413', async () => {
    const exact = '{}'.padEnd(65536);
    assert.equal((await service.request('/orchestrator/start', { method: 'POST', body: exact })).status, 202);
    const early = await service.raw('POST /orchestrator/start HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n');
    assert.match(early, /^HTTP\/1\.1 413 /);
    const patient = await service.raw('POST /orchestrator/start HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n');
    assert.match(patient, /^HTTP\/1\.1 413 /);
    const chunk = `10000\r\n${'x'.repeat(65536)}\r\n`;
    const chunked = await service.raw(`POST /orchestrator/start HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}${chunk}0\r\n\r\n`);
    assert.match(chunked, /^HTTP\/1\.1 413 /);
    const endless = await service.raw(`POST /orchestrator/start HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(20)}`);
    assert.doesNotMatch(endless, /HTTP\/1\.1 2/);
    pg.sql("UPDATE workflows SET status = 'completed' WHERE status = 'pending'");
});

test('404, 405 with Allow', async () => {
    for (const target of ['/', '/nope', '/products/', '/products/top/x', '/PRODUCTS', `/${'x'.repeat(400)}`]) {
        assertProblem(await service.request(target), 404, /nothing at/);
    }
    assertProblem(await service.request('/orchestrator/workflows/1'), 404, /no such workflow/);
    assertProblem(await service.request('/orchestrator/workflows/00000000-0000-4000-8000-999999999999'), 404, /no such workflow/);
    const wrong = await service.request('/products', { method: 'DELETE' });
    assertProblem(wrong, 405, /allows GET, HEAD/);
    assert.equal(wrong.headers.allow, 'GET, HEAD');
    assert.equal((await service.request('/orchestrator/start')).headers.allow, 'POST');
    assertProblem(await service.request('/products', { method: 'PUT', body: 'x'.repeat(1000) }), 405, /allows/);
    assertProblem(await service.request('/products', { method: 'OPTIONS' }), 405, /allows/);
});

test('malformed HTTP', async () => {
    const both = 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n';
    const smuggled = await service.raw(`POST /orchestrator/start HTTP/1.1\r\nHost: x\r\n${both}GET /health HTTP/1.1\r\nHost: x\r\n\r\n`);
    assert.match(smuggled, /^HTTP\/1\.1 400 /);
    assert.match(smuggled, /do not go together/);
    assert.doesNotMatch(smuggled, /"status":"ok"/, 'nothing behind it is read');
    assert.match(await service.raw(`GET /products HTTP/1.1\r\nHost: x\r\n${both}`), /^HTTP\/1\.1 400 /);
    assert.match(await service.raw('GET /health HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400 /, 'no Host');
    assert.match(await service.raw(`GET /health HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(200000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
    for (const lengths of ['0\r\nContent-Length: 2', '2\r\nContent-Length: 2', '+2', '2, 2', '0x2']) {
        const got = await service.raw(`POST /orchestrator/start HTTP/1.1\r\nHost: x\r\nContent-Length: ${lengths}\r\n\r\n{}`);
        assert.doesNotMatch(got, /HTTP\/1\.1 2/, lengths);
    }
    for (const coding of ['gzip', 'gzip, chunked', 'chunked\r\nTransfer-Encoding: chunked']) {
        const got = await service.raw(`POST /orchestrator/start HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: ${coding}\r\n\r\n2\r\n{}\r\n0\r\n\r\n`);
        assert.match(got, /^HTTP\/1\.1 400 /, coding);
    }
    assert.match(await service.raw('GET /health HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n'), /^HTTP\/1\.1 400 /);
    assert.match(await service.raw('GET /products?limit=%0a HTTP/1.1\r\nHost: x\r\n\r\n'), /^HTTP\/1\.1 400 /);
    assert.match(await service.raw('GET /products#x HTTP/1.1\r\nHost: x\r\n\r\n'), /^HTTP\/1\.1 400 /);
    assert.match(await service.raw('GET http://x/health HTTP/1.1\r\nHost: x\r\n\r\n'), /^HTTP\/1\.1 200 /);
    await service.raw('\0\0\0\r\n\r\n');
    await service.raw('GET');
    const three = await service.raw('GET /health HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3));
    assert.equal(three.match(/HTTP\/1\.1 200/g).length, 3, 'pipelined requests');
    assert.equal((await service.request('/health')).status, 200);
});

test('GET /metrics', async () => {
    const { body, headers } = await service.request('/metrics');
    assert.match(headers['content-type'], /^text\/plain; version=0\.0\.4/);
    for (const line of body.trim().split('\n')) {
        assert.match(line, /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[0-9.e+]+)$/);
    }
    assert.ok(await metric(service, 'empire_http_requests_total{method="GET",route="/products",status="200"}') >= 4);
    assert.ok(await metric(service, 'empire_http_requests_total{method="POST",route="/orchestrator/start",status="413"}') >= 2);
    const count = await metric(service, 'empire_http_request_duration_seconds_count{method="GET",route="/products"}');
    assert.equal(await metric(service, 'empire_http_request_duration_seconds_bucket{method="GET",route="/products",le="+Inf"}'), count);
    assert.equal(await metric(service, 'empire_db_connections_ready'), 8);
    assert.equal(await metric(service, 'empire_http_requests_in_flight'), 1);
    assert.ok(await metric(service, 'process_resident_memory_bytes') > 1e6);
    assert.ok(await metric(service, 'process_open_fds') > 8);
});

// ---- time limits, full queue, clients that leave ------------------------------------------------

test('a slow database: time limit, full queue, a client that leaves', async () => {
    const s = await Service.start(pg.url, ['--query-timeout', '500ms', '--db-queue', '4', '--access-log']);
    let lock = await pg.lock('products');
    const answers = await Promise.all(Array.from({ length: 10 }, () => s.request('/products')));
    const full = answers.filter((a) => /too many requests/.test(a.body)), late = answers.filter((a) => /in time/.test(a.body));
    assert.equal(full.length, 6);
    assert.equal(late.length, 4);
    for (const a of answers) {
        assertProblem(a, 503, /./);
        assert.equal(a.headers['retry-after'], '1');
    }
    assert.ok(Math.max(...full.map((a) => a.ms)) < 300, 'a full queue refuses at once');
    assert.ok(Math.max(...late.map((a) => a.ms)) < 1500, 'the time limit holds');
    const leavers = Array.from({ length: 3 }, () => net.connect(s.port, '127.0.0.1', function () {
        this.write('GET /products HTTP/1.1\r\nHost: x\r\n\r\n');
    }));
    await sleep(150);
    for (const l of leavers) l.destroy();
    await lock.release();
    await until('the queue is empty', 3000, async () => await metric(s, 'empire_http_requests_in_flight') === 1);
    assert.equal((await s.request('/products')).status, 200);
    assert.match(s.log, /msg=request.*status=503 target=\/products/);
    await s.stop();
});

// ---- a database that goes away ------------------------------------------------------------------

/** Clients that ask without a pause until stop(); counts answers by status, and errors. */
function load(port, clients, targets) {
    const state = { stop: false, byStatus: {}, errors: [], slowest503: 0, reusedErrors: 0 };
    const agent = new http.Agent({ keepAlive: true, maxSockets: clients });
    async function client(i) {
        for (let n = i; !state.stop; n++) {
            try {
                const a = await request(port, targets[n % targets.length], { agent });
                state.byStatus[a.status] = (state.byStatus[a.status] ?? 0) + 1;
                if (a.status === 503) {
                    state.slowest503 = Math.max(state.slowest503, a.ms);
                    await sleep(5);
                }
            } catch (e) {
                state.errors.push(e.code ?? e.message);
                if (e.reused) state.reusedErrors++;
                await sleep(5);
            }
        }
    }
    const all = Promise.all(Array.from({ length: clients }, (_, i) => client(i)));
    state.end = async () => { state.stop = true; await all; agent.destroy(); };
    return state;
}

const readTargets = ['/products?limit=20', '/products/top', '/analytics/overview', '/orchestrator/status', '/analytics/revenue?period=7d'];

test('PostgreSQL stops and starts again under load', async () => {
    const clients = load(service.port, 16, readTargets);
    await sleep(300);
    pg.stop();
    await until('health says degraded', 2000, async () => (await service.request('/health')).status === 503);
    const health = JSON.parse((await service.request('/health')).body);
    assert.equal(health.status, 'degraded');
    assert.equal(health.database, 'down');
    assertProblem(await service.request('/products'), 503, /not available/);
    assertProblem(await service.request('/orchestrator/start', { method: 'POST' }), 503, /not available/);
    await sleep(300);
    pg.start();
    await until('health says ok', 5000, async () => (await service.request('/health')).status === 200);
    assert.equal((await service.request('/products')).status, 200);
    const ok = clients.byStatus[200];
    await sleep(200);
    await clients.end();
    assert.deepEqual(clients.errors, []);
    assert.deepEqual(Object.keys(clients.byStatus), ['200', '503']);
    assert.ok(clients.byStatus[200] > ok + 20, 'it serves again');
    assert.ok(clients.slowest503 < 1000, `a 503 took ${clients.slowest503} ms`);
    await until('all connections are back', 5000, async () => await metric(service, 'empire_db_connections_ready') === 8);
});

test('a lost connection costs reads nothing: they go to another one', async () => {
    const clients = load(service.port, 8, readTargets);
    for (let i = 0; i < 5; i++) {
        await sleep(60);
        pg.sql("SELECT pg_terminate_backend(min(pid)) FROM pg_stat_activity WHERE application_name = 'empire'");
    }
    await clients.end();
    assert.deepEqual(clients.errors, []);
    assert.deepEqual(Object.keys(clients.byStatus), ['200']);
    assert.ok(await metric(service, 'empire_db_connections_lost_total') >= 5);
});

// ---- ports and ends -----------------------------------------------------------------------------

test('a busy port is one clear line', () => {
    assertFails(empire(['api', '--port', String(service.port)], { DATABASE_URL: pg.url }), 1, /port \d+ on 127\.0\.0\.1 is in use/);
    assertFails(empire(['api', '--port', '0', '--host', '192.0.2.1'], { DATABASE_URL: pg.url }), 1, /not an address of this machine/);
});

test('SIGTERM: health says draining, requests there are finished', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    assert.equal((await request(service.port, '/health', { agent })).status, 200);
    const lock = await pg.lock('products');
    const waiting = service.request('/products');
    await until('the query runs', 2000, async () => await metric(service, 'empire_db_queries_in_flight') === 1);
    service.signal('SIGTERM');
    await sleep(150);
    const health = await request(service.port, '/health', { agent });
    assert.equal(health.status, 503);
    assert.equal(JSON.parse(health.body).status, 'draining');
    assert.equal(health.headers.connection, 'close');
    await assert.rejects(service.request('/health'), /ECONNREFUSED|ECONNRESET/, 'no new connections');
    await lock.release();
    assert.equal((await waiting).status, 200);
    agent.destroy();
    assert.deepEqual(await service.ended, { code: 0, signal: null });
});

test('SIGTERM under load: every request that was taken is answered', async () => {
    const s = await Service.start(pg.url, ['--threads', '2']);
    const clients = load(s.port, 32, readTargets);
    await sleep(400);
    const start = Date.now();
    s.signal('SIGTERM');
    assert.deepEqual(await s.ended, { code: 0, signal: null });
    assert.ok(Date.now() - start < 3000, 'it does not wait for the bound');
    await clients.end();
    assert.deepEqual(Object.keys(clients.byStatus), ['200']);
    assert.equal(clients.reusedErrors, 0, 'no connection broke between two requests');
});

test('SIGINT ends an idle service at once, idle connections or not', async () => {
    const s = await Service.start(pg.url);
    const idle = net.connect(s.port, '127.0.0.1');
    idle.on('error', () => {});
    await sleep(50);
    const start = Date.now();
    s.signal('SIGINT');
    assert.deepEqual(await s.ended, { code: 0, signal: null });
    assert.ok(Date.now() - start < 1500);
    idle.destroy();
});

test('a second signal ends a drain that cannot finish', async () => {
    const s = await Service.start(pg.url, ['--query-timeout', '30s']);
    const lock = await pg.lock('products');
    const waiting = s.request('/products').catch((e) => e);
    await until('the query runs', 2000, async () => await metric(s, 'empire_db_queries_in_flight') === 1);
    s.signal('SIGTERM');
    await sleep(200);
    s.signal('SIGTERM');
    assert.equal((await s.ended).code, 0);
    await waiting;
    await lock.release();
    assert.match(s.log, /1 requests unfinished/);
});

test('nothing is left behind', () => {
    pg.remove();
    assert.equal(existsSync(pg.dir), false);
});

await runProgram(pg);
