// Nothing is lost, nothing happens twice: 100 runs of 2 products each, while workers, the API and PostgreSQL are killed.
//   node crash.mjs EMPIRE
//
// What is checked afterwards: every run has ended once, as completed; every activity was scheduled once and closed
// once; every effect is there once, in the tables and at the stub, which counts publications by their keys.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { empire, killAll, Postgres, request, run, runAll, Service, setProgram, sleep, test, until, workersOf } from './harness.mjs';

setProgram(process.argv[2]);
const RUNS = 100, PRODUCTS = 2, PLATFORMS = ['tiktok', 'youtube', 'instagram', 'facebook'];

const pg = new Postgres();
pg.env.PG_PRIVATE_OPTIONS = ''; // what is committed stays: fsync is on

let stub, stubPort, api, supervisor;

const workerEnv = () => ({
    DATABASE_URL: pg.url,
    AI_BASE_URL: `http://127.0.0.1:${stubPort}/v1`, AI_API_KEY: 'a-secret-that-must-not-be-logged',
    PRODUCT_FEED_URL: `http://127.0.0.1:${stubPort}/products`, ANALYTICS_URL: `http://127.0.0.1:${stubPort}/analytics`,
    ...Object.fromEntries(PLATFORMS.map((p) => [`PUBLISH_URL_${p.toUpperCase()}`, `http://127.0.0.1:${stubPort}/publish/${p}`])),
});

const startWorkers = (processes) => run(['worker', '--processes', String(processes), '--max-activities', '50', '--breaker-pause', '1s'], workerEnv());

const count = (sql) => Number(pg.sql(sql));
const control = (body) => request(stubPort, '/control', { method: 'POST', body: JSON.stringify(body) });
const running = () => count("SELECT count(*) FROM wf_run WHERE status = 'running'");
const steps = () => count('SELECT count(*) FROM wf_event WHERE type = 12');

/** Ends leases now, so that the test need not wait for them. Rows that a worker is just answering are left to it. */
const endLeases = (where) => pg.sql(`UPDATE wf_task SET visible_at = now() - interval '1 second' WHERE task_id IN (SELECT task_id FROM wf_task WHERE lease IS NOT NULL AND (${where}) FOR UPDATE SKIP LOCKED)`);

/** PostgreSQL without a farewell, and up again: as after a crash it recovers from its log. */
function crashPostgres() {
    const base = readFileSync(path.join(pg.dir, 'location'), 'utf8').trim();
    const pid = Number(readFileSync(path.join(base, 'data/postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(pid, 'SIGQUIT'); // what pg_ctl stop -m immediate sends
    return until('PostgreSQL is gone', 10000, () => { try { process.kill(pid, 0); return false; } catch { return true; } });
}

test('a world to work in', async () => {
    pg.start();
    const refused = (env, pattern) => {
        const { code, err } = empire(['worker'], { DATABASE_URL: pg.url, ...env });
        assert.equal(code, 1);
        assert.match(err, pattern);
        assert.doesNotMatch(err, /s3cret/);
    };
    refused({}, /run 'empire migrate'/);
    refused({ PUBLISH_URL_TIKTOK: 'ftp://host/s3cret' }, /the address of 'tiktok' is not http/);
    refused({ VIDEO_DIR: '/nowhere/videos' }, /VIDEO_DIR/);
    assert.equal(empire(['migrate'], { DATABASE_URL: pg.url }).code, 0);
    assert.equal(empire(['seed', '--products', '20', '--days', '2'], { DATABASE_URL: pg.url }).code, 0);
    stub = run(['stub', '--port', '0', '--products', '5', '--latency', '150ms', '--fail-every', '40'], {});
    await until('the stub listens', 10000, () => /listening/.test(stub.log));
    stubPort = Number(/127\.0\.0\.1:(\d+)/.exec(stub.log)[1]);
    api = await Service.start(pg.url);
});

test('a stale answer of a worker that was stopped changes nothing', async () => {
    // One worker is frozen in the middle of its activities; its leases are made to end; others do the work; then it wakes.
    await control({ latencyMs: 1500, failEvery: 0 });
    const frozen = run(['worker', '--processes', '1', '--max-activities', '50'], workerEnv());
    const started = await api.json('/orchestrator/start', { method: 'POST', body: `{"name":"stale","videoCount":${PRODUCTS}}` });
    assert.equal(started.status, 202);
    const id = started.body.data.id;
    await until('its scripts are being written', 15000, () => count(`SELECT count(*) FROM wf_task WHERE run_id = '${id}' AND activity = 'write-script' AND lease IS NOT NULL`) === PRODUCTS);
    frozen.child.kill('SIGSTOP');
    endLeases(`run_id = '${id}'`);
    await control({ latencyMs: 0 });
    const other = run(['worker', '--processes', '1'], workerEnv());
    await until('the other has ended the run', 15000, () => pg.sql(`SELECT status FROM wf_run WHERE run_id = '${id}'`) === 'completed');
    const history = pg.sql(`SELECT md5(string_agg(e::text, ',' ORDER BY event_id)) FROM wf_event e WHERE run_id = '${id}'`);
    frozen.child.kill('SIGCONT');
    await until('its stale answers are refused', 10000, () => count("SELECT coalesce(sum((s->>'v')::numeric), 0) FROM wf_worker, json_array_elements(samples) s WHERE s->>'m' = 'empire_workflow_stale_answers_total'") >= PRODUCTS);
    assert.equal(pg.sql(`SELECT md5(string_agg(e::text, ',' ORDER BY event_id)) FROM wf_event e WHERE run_id = '${id}'`), history);
    assert.equal(count(`SELECT count(*) FROM content WHERE run_id = '${id}' AND kind = 'script'`), PRODUCTS);
    for (const p of [frozen, other]) {
        p.child.kill('SIGTERM');
        assert.equal(await p.ended, 0, p.log);
    }
    await control({ latencyMs: 150, failEvery: 40 });
});

test('SIGTERM: what is not finished in time goes to others at once, and is not counted as an attempt', async () => {
    await control({ latencyMs: 4000, failEvery: 0 });
    const leaving = run(['worker', '--processes', '2', '--grace', '300ms'], workerEnv());
    const started = await api.json('/orchestrator/start', { method: 'POST', body: `{"name":"handover","videoCount":${PRODUCTS}}` });
    const id = started.body.data.id;
    const leased = () => count(`SELECT count(*) FROM wf_task WHERE run_id = '${id}' AND lease IS NOT NULL AND activity = 'sync-products'`);
    await until('its first activity is in work', 15000, () => leased() === 1);
    const begin = Date.now();
    leaving.child.kill('SIGTERM');
    assert.equal(await leaving.ended, 0, leaving.log);
    assert.ok(Date.now() - begin < 3500, 'it did not wait for the activity');
    assert.match(leaving.log, /1 activities unfinished/);
    assert.equal(leased(), 0);
    await control({ latencyMs: 0 });
    const next = run(['worker', '--processes', '1'], workerEnv());
    await until('another has ended the run', 15000, () => pg.sql(`SELECT status FROM wf_run WHERE run_id = '${id}'`) === 'completed');
    assert.equal(count(`SELECT max(attempt) FROM wf_event WHERE run_id = '${id}' AND type = 12`), 1);
    // Runs that were closed long ago are forgotten, their records stay.
    pg.sql(`UPDATE wf_run SET closed_at = closed_at - interval '31 days' WHERE run_id = '${id}'`);
    next.child.kill('SIGTERM');
    assert.equal(await next.ended, 0, next.log);
    const purging = run(['worker', '--processes', '1'], workerEnv());
    await until('the run is forgotten', 10000, () => count(`SELECT (SELECT count(*) FROM wf_run WHERE run_id = '${id}') + (SELECT count(*) FROM wf_event WHERE run_id = '${id}') + (SELECT count(*) FROM wf_effect WHERE run_id = '${id}')`) === 0);
    purging.child.kill('SIGTERM');
    assert.equal(await purging.ended, 0, purging.log);
    assert.equal((await api.json(started.headers.location)).body.data.status, 'completed');
    pg.sql(`DELETE FROM content WHERE run_id = '${id}'; DELETE FROM optimizations WHERE run_id = '${id}'; DELETE FROM analytics WHERE created_at > (SELECT created_at FROM workflows WHERE id = '${id}')`);
    await control({ latencyMs: 150, failEvery: 40 });
});

test('kills in the middle of 100 runs', async () => {
    supervisor = startWorkers(4);
    const started = await Promise.all(Array.from({ length: RUNS }, (_, i) =>
        api.json('/orchestrator/start', { method: 'POST', body: `{"name":"run-${i}","videoCount":${PRODUCTS}}` })));
    assert.ok(started.every((r) => r.status === 202));
    assert.equal(new Set(started.map((r) => r.body.data.id)).size, RUNS);

    await until('work goes on', 15000, () => steps() > 150);
    const killed = workersOf(supervisor);
    assert.equal(killed.length, 4);
    killed.slice(0, 2).forEach((pid) => process.kill(pid, 'SIGKILL'));
    api.signal('SIGKILL');
    assert.ok(running() > 50, 'killed in the middle');
    endLeases(killed.slice(0, 2).map((pid) => `leased_by LIKE '%:${pid}:%'`).join(' OR '));

    const before = steps();
    await until('work goes on after the workers', 15000, () => steps() > before + 100);
    await crashPostgres();
    await sleep(700);
    pg.run('start');
    assert.ok(running() > 0, 'killed in the middle');
    api = await Service.start(pg.url);
    const again = await api.json('/orchestrator/start', { method: 'POST', body: `{"name":"run-0","videoCount":${PRODUCTS}}` });
    assert.equal(again.status, 202);

    const after = steps();
    await until('work goes on after PostgreSQL', 20000, () => steps() > after + 20 || running() === 0);
    supervisor.child.kill('SIGKILL'); // its workers follow it
    await supervisor.ended;
    supervisor = startWorkers(4);
    await control({ latencyMs: 0 });
    await until('all runs have ended', 30000, () => {
        endLeases("leased_by NOT IN (SELECT worker_id FROM wf_worker WHERE seen_at > now() - interval '3 seconds')");
        return running() === 0;
    });
});

test('every run ended once, every effect happened once', async () => {
    const runs = count('SELECT count(*) FROM wf_run'); // the stale one, 100, and one more if run-0 had ended before it was asked again
    assert.ok(runs === RUNS + 1 || runs === RUNS + 2, `${runs} runs`);
    assert.equal(count("SELECT count(*) FROM wf_run WHERE status <> 'completed'"), 0);
    assert.equal(count('SELECT count(*) FROM wf_event WHERE type IN (2, 3, 4, 21, 27)'), runs);
    assert.equal(count("SELECT count(*) FROM workflows w JOIN wf_run r ON r.run_id = w.id WHERE w.status = 'completed' AND w.finished_at IS NOT NULL"), runs);
    assert.equal(count('SELECT count(*) FROM wf_task') + count('SELECT count(*) FROM wf_timer'), 0);
    // sync, rank, analytics, optimize; per product script, video and a post per platform.
    const perRun = 4 + PRODUCTS * (2 + PLATFORMS.length);
    assert.equal(count('SELECT count(*) FROM (SELECT run_id FROM wf_event WHERE type = 10 GROUP BY run_id HAVING count(*) = ' + perRun + ' AND count(DISTINCT name) = ' + perRun + ') x'), runs);
    assert.equal(count('SELECT count(*) FROM wf_event WHERE type = 12'), runs * perRun);
    assert.equal(count('SELECT count(*) FROM (SELECT run_id, ref FROM wf_event WHERE type IN (12, 13, 14) GROUP BY 1, 2 HAVING count(*) > 1) x'), 0);
    assert.equal(count('SELECT count(*) FROM wf_run r WHERE next_event_id <> (SELECT count(*) + 1 FROM wf_event e WHERE e.run_id = r.run_id)'), 0);
    // Rows: one per effect.
    assert.equal(count("SELECT count(*) FROM content WHERE run_id IS NOT NULL AND kind = 'script'"), runs * PRODUCTS);
    assert.equal(count("SELECT count(*) FROM content WHERE run_id IS NOT NULL AND kind = 'post'"), runs * PRODUCTS * PLATFORMS.length);
    assert.equal(count('SELECT count(*) FROM (SELECT run_id, activity_id FROM content WHERE run_id IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1) x'), 0);
    assert.equal(count('SELECT count(*) FROM optimizations'), runs);
    assert.equal(count("SELECT count(*) FROM analytics WHERE created_at > now() - interval '1 hour'"), runs * 2);
    // Outside: repeated requests there were, repeated publications not.
    const effects = JSON.parse((await request(stubPort, '/effects')).body);
    assert.equal(effects.unique, (runs + 1) * PRODUCTS * PLATFORMS.length); // and those of the run that is forgotten
    assert.equal(effects.unkeyed, 0);
    assert.ok(effects.failures > 0, 'the stub was to fail now and then');
    console.log(`      ${runs} runs, ${runs * perRun} steps, ${effects.repeated} publications repeated, ${effects.failures} failures programmed`);
});

test('the end is orderly, and nothing secret is said', async () => {
    let page;
    await until('only the living are counted', 15000, async () => {
        page = (await api.request('/metrics')).body;
        return /\nempire_workers 4\n/.test(page);
    });
    const families = page.split('\n').filter((l) => l.startsWith('# TYPE ')).map((l) => l.split(' ')[2]);
    assert.equal(new Set(families).size, families.length, 'each metric stands in one place');
    const series = page.split('\n').filter((l) => l && l[0] !== '#').map((l) => l.slice(0, l.lastIndexOf(' ')));
    assert.equal(new Set(series).size, series.length, 'each series is there once');
    assert.match(page, /\nempire_worker_slots\{task="activity"\} 200\n/);
    assert.match(page, /\nempire_workflow_backlog\{task="decision"\} 0\n/);
    assert.match(page, /\nempire_breaker_state\{worker="[^"]+",provider="ai"\} [012]\n/);
    assert.match(page, /\nempire_activities_total\{worker="[^"]+",type="publish",outcome="done"\} \d+\n/);
    assert.match(page, /\n# TYPE empire_workflow_schedule_to_start_seconds histogram\n/);
    const status = (await api.json('/orchestrator/status')).body.data;
    assert.equal(status.workers.length, 4);
    assert.equal(status.active, 0);
    const shown = (await api.json(`/orchestrator/workflows/${status.workflows[0].id}`)).body.data;
    assert.equal(shown.stepCount, 16);
    assert.deepEqual([...new Set(shown.steps.map((s) => s.state))].sort(), ['completed', 'skipped']);
    assert.equal(shown.steps.find((s) => s.type === 'render-video').reason, 'VIDEO_DIR is not set');
    const weekly = (await api.json('/orchestrator/start', { method: 'POST', body: '{"type":"weekly-optimization"}' })).body.data;
    const week = await until('the week ends', 10000, async () => {
        const { data } = (await api.json(`/orchestrator/workflows/${weekly.id}`)).body;
        return data.status === 'completed' && data;
    });
    assert.deepEqual(week.steps.map((s) => `${s.id} ${s.state}`), ['analytics completed', 'optimize completed']);
    assert.deepEqual(week.result.platforms.map((p) => p.platform), ['tiktok', 'youtube']); // what the stub has figures of
    assert.equal(pg.sql(`SELECT kind FROM optimizations WHERE run_id = '${weekly.id}'`), 'weekly');
    supervisor.child.kill('SIGTERM');
    assert.equal(await supervisor.ended, 0, supervisor.log);
    assert.equal(count('SELECT count(*) FROM wf_worker WHERE seen_at > now() - interval \'3 seconds\''), 0);
    stub.child.kill('SIGTERM');
    assert.equal(await stub.ended, 0);
    await api.stop();
    assert.doesNotMatch(supervisor.log + stub.log, /a-secret/);
});

let ok = false;
try {
    ok = await runAll();
    if (!ok) console.log([supervisor?.log, stub?.log].join('\n').split('\n').slice(-40).join('\n'));
} finally {
    killAll();
    pg.remove();
}
process.exit(ok ? 0 : 1);
