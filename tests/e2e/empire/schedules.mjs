// End-to-end test of schedules, and of what operators do to runs: `empire schedule` and `empire workflow`.
//
//   node tests/e2e/empire/schedules.mjs PATH/TO/empire
//
// Makes a PostgreSQL cluster of its own and removes it. Nobody waits for a clock: what is to be due is made due in the table.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { empire, metric, Postgres, runProgram, Service, setProgram, sleep, test, until } from './harness.mjs';

if (process.argv.length !== 3) {
    console.error('usage: node schedules.mjs PATH/TO/empire');
    process.exit(2);
}
setProgram(process.argv[2]);

const pg = new Postgres();
const workers = new Set();

function worker(url = pg.url, processes = 1) {
    const child = spawn(path.resolve(process.argv[2]), ['worker', '--processes', String(processes)],
        { env: { PATH: process.env.PATH, DATABASE_URL: url }, stdio: ['ignore', 'inherit', 'pipe'] });
    workers.add(child);
    child.log = '';
    child.stderr.on('data', (d) => { child.log += d; });
    child.gone = new Promise((done) => child.once('close', (code, signal) => { workers.delete(child); done(signal ?? code); }));
    child.stop = async () => {
        child.kill('SIGTERM');
        assert.equal(await child.gone, 0, child.log);
    };
    return child;
}

/** A command that works, or one that fails with a line on stderr. */
function run(...args) {
    const { code, out, err } = empire(args, { DATABASE_URL: pg.url });
    assert.equal(code, 0, `${args.join(' ')}: ${err}`);
    return out;
}
function refused(code, pattern, ...args) {
    const done = empire(args, { DATABASE_URL: pg.url });
    assert.equal(done.code, code, `${args.join(' ')}: ${done.out}${done.err}`);
    assert.match(done.err, pattern);
    assert.equal(done.err.trimEnd().split('\n').length, 1, done.err);
}

const row = (id) => JSON.parse(pg.sql(`SELECT row_to_json(s) FROM wf_schedule s WHERE schedule_id = '${id}'`));
const count = (sql) => Number(pg.sql(sql));
const makeDue = (id) => pg.sql(`UPDATE wf_schedule SET next_at = now() - interval '1 second' WHERE schedule_id = '${id}'`);
const isTaken = (id) => count(`SELECT count(*) FROM wf_schedule WHERE schedule_id = '${id}' AND next_at > now()`) === 1;

test('two are there and off: an update publishes nothing by itself', async () => {
    const w = worker();
    await until('the worker is there', 20000, () => count('SELECT count(*) FROM wf_worker') === 1);
    const lines = run('schedule', 'list').trimEnd().split('\n');
    assert.match(lines[1], /^daily-control-loop +daily-control-loop +0 4 \* \* \* +paused +- +- +0 +0 +0$/);
    assert.match(lines[2], /^weekly-optimization +weekly-optimization +30 4 \* \* mon +paused +- +- +0 +0 +0$/);
    assert.equal(lines.length, 3);
    await w.stop();
    assert.equal(count('SELECT count(*) FROM wf_run'), 0);
});

test('an operator makes, changes, pauses and deletes them', () => {
    assert.match(run('schedule', 'set', 'nightly', '--cron', '*/5 * * * *', '--type', 'products-sync', '--dry-run'), /nightly is paused/);
    assert.match(run('schedule', 'resume', 'nightly'), /nightly is on, next at \d{4}-\d\d-\d\d \d\d:\d[05]:00 UTC/);
    assert.match(run('schedule', 'set', 'nightly', '--cron', '0 2 1 jan *', '--type', 'daily-control-loop', '--videos', '3', '--catch-up', '1h'), /on, next at \d{4}-01-01 02:00:00 UTC/);
    const now = row('nightly');
    assert.deepEqual(now.input, { videoCount: 3, dryRun: false });
    assert.equal(now.catch_up, '01:00:00');
    assert.match(run('schedule', 'pause', 'nightly'), /nightly is paused/);
    assert.equal(row('nightly').next_at, null);
    assert.match(run('schedule', 'delete', 'nightly'), /deleted/);
    refused(1, /there is no schedule 'nightly'/, 'schedule', 'delete', 'nightly');
    refused(1, /there is no schedule 'nightly'/, 'schedule', 'resume', 'nightly');
    refused(1, /there is no schedule 'nightly'/, 'schedule', 'pause', 'nightly');
    refused(1, /there is no schedule 'nightly'/, 'schedule', 'trigger', 'nightly');
    refused(1, /not a type that a schedule can start/, 'schedule', 'set', 'nightly', '--cron', '0 4 * * *');
    refused(1, /not a schedule's id/, 'schedule', 'set', 'a b', '--cron', '0 4 * * *', '--type', 'products-sync');
    refused(1, /--cron: '61' is not a minute/, 'schedule', 'set', 'nightly', '--cron', '61 4 * * *', '--type', 'products-sync');
    refused(1, /names no date at all/, 'schedule', 'set', 'nightly', '--cron', '0 4 30 2 *', '--type', 'products-sync');
    refused(2, /needs its times/, 'schedule', 'set', 'nightly');
    refused(2, /--catch-up: '1s' is not a duration/, 'schedule', 'set', 'nightly', '--cron', '@daily', '--catch-up', '1s');
    refused(2, /of which\?/, 'schedule', 'pause');
    refused(2, /what\? Use list, set/, 'schedule');
    refused(2, /'frob' is unknown/, 'schedule', 'frob');
    refused(2, /unknown flag '--cron'/, 'schedule', 'list', '--cron', '@daily');
});

test('shown in the API and on /metrics', async () => {
    const s = await Service.start(pg.url);
    run('schedule', 'resume', 'weekly-optimization');
    const { schedules } = (await s.json('/orchestrator/status')).body.data;
    assert.deepEqual(schedules.map((x) => [x.id, x.paused, x.cron]), [['daily-control-loop', true, '0 4 * * *'], ['weekly-optimization', false, '30 4 * * mon']]);
    assert.equal(schedules[0].nextAt, null);
    const next = new Date(schedules[1].nextAt);
    assert.ok(next > new Date() && next.getUTCDay() === 1 && next.getUTCHours() === 4 && next.getUTCMinutes() === 30, schedules[1].nextAt);
    assert.equal(await metric(s, 'empire_schedule_paused{schedule="daily-control-loop"}'), 1);
    assert.equal(await metric(s, 'empire_schedule_paused{schedule="weekly-optimization"}'), 0);
    assert.equal(await metric(s, 'empire_schedule_next_timestamp_seconds{schedule="weekly-optimization"}'), next / 1000);
    assert.equal(await metric(s, 'empire_schedule_next_timestamp_seconds{schedule="daily-control-loop"}'), undefined);
    pg.sql("UPDATE wf_schedule SET next_at = now() - interval '90 seconds' WHERE schedule_id = 'weekly-optimization'");
    const late = await metric(s, 'empire_schedule_late_seconds{schedule="weekly-optimization"}');
    assert.ok(late >= 90 && late < 120, `${late}`); // and no worker is there to take it
    const w = worker();
    await until('it is taken', 20000, () => isTaken('weekly-optimization'));
    assert.equal(await metric(s, 'empire_schedule_actions_total{schedule="weekly-optimization",outcome="started"}'), 1);
    assert.equal(await metric(s, 'empire_schedule_late_seconds{schedule="weekly-optimization"}'), 0);
    const run1 = row('weekly-optimization').last_run;
    assert.equal((await s.json(`/orchestrator/workflows/${run1}`)).body.data.type, 'weekly-optimization');
    await w.stop();
    await s.stop();
});

test('several workers, some killed: each due action is taken once', async () => {
    const ROUNDS = 9, id = 'weekly-optimization', before = row(id);
    const runsBefore = count(`SELECT count(*) FROM wf_run WHERE type = '${id}'`);
    let all = [worker(), worker(), worker()];
    for (let i = 0; i < ROUNDS; i++) {
        makeDue(id);
        if (i % 3 === 1) {
            await sleep(Math.random() * 300);
            all[0].kill('SIGKILL');
            all = [...all.slice(1), worker()];
        }
        await until(`action ${i} is taken`, 20000, () => isTaken(id));
    }
    const now = row(id);
    assert.equal(now.started - before.started + now.skipped - before.skipped, ROUNDS, JSON.stringify(now));
    assert.equal(count(`SELECT count(*) FROM wf_run WHERE type = '${id}'`) - runsBefore, now.started - before.started);
    assert.equal(now.missed, before.missed);
    assert.ok(now.started > before.started);
    for (const w of all) await w.stop();
});

test('a worker that is killed in the middle of an action', async () => {
    // It stands in the middle of the transaction, which waits for a table; it dies; the others pass over the locked row.
    const id = 'weekly-optimization';
    pg.sql(`SELECT wf_tell(run_id, 27, NULL, NULL) FROM wf_run WHERE status = 'running'`);
    const before = row(id), runs = count('SELECT count(*) FROM wf_run');
    const dying = worker(), other = worker();
    await until('they are there', 20000, () => count("SELECT count(*) FROM wf_worker WHERE seen_at > now() - interval '1 second'") === 2);
    const events = await pg.lock('wf_event', 'SHARE'); // may be read, not written to
    makeDue(id);
    await until('the action waits', 20000, () => count("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%wf_schedule_turn%'") >= 1);
    dying.kill('SIGKILL');
    other.kill('SIGKILL');
    await Promise.all([dying.gone, other.gone]);
    const next = worker();
    await sleep(700);
    assert.deepEqual([row(id).started, count('SELECT count(*) FROM wf_run')], [before.started, runs], 'nothing has happened yet');
    await events.release();
    await until('it is taken', 20000, () => isTaken(id));
    await sleep(1200); // whoever might take it again has had its turn
    assert.deepEqual([row(id).started, count('SELECT count(*) FROM wf_run')], [before.started + 1, runs + 1]);
    await next.stop();
});

test('the role of the workers takes what is due, and decides nothing', async () => {
    run('migrate', '--grant-to', 'empire_app');
    const url = pg.url.replace('//app@', '//empire_app@');
    const as = (...args) => empire(args, { DATABASE_URL: url });
    assert.equal(as('schedule', 'list').code, 0);
    assert.match(as('schedule', 'trigger', 'daily-control-loop').out, /started run/);
    for (const args of [['pause', 'weekly-optimization'], ['delete', 'weekly-optimization'], ['set', 'mine', '--cron', '@daily', '--type', 'products-sync']]) {
        const done = as('schedule', ...args);
        assert.equal(done.code, 1, done.out);
        assert.match(done.err, /permission denied for table wf_schedule/);
    }
    const before = row('weekly-optimization').started + row('weekly-optimization').skipped;
    makeDue('weekly-optimization');
    const w = worker(url);
    await until('it is taken', 20000, () => isTaken('weekly-optimization'));
    assert.equal(row('weekly-optimization').started + row('weekly-optimization').skipped, before + 1);
    await w.stop();
    assert.doesNotMatch(w.log, /permission denied/);
});

test('a text of times that cannot be read stops that schedule and nothing else', async () => {
    pg.sql(`INSERT INTO wf_schedule (schedule_id, type, queue, input, cron, catch_up, paused, next_at) VALUES
            ('broken', 'products-sync', 'daily-control-loop', '{}', 'at noon', '1 hour', false, now() - interval '1 second')`);
    const w = worker();
    await until('it is said', 20000, () => /schedule broken has no next time until it is set again: 'at noon'/.test(w.log));
    makeDue('weekly-optimization');
    await until('the other is taken', 20000, () => isTaken('weekly-optimization'));
    assert.equal(row('broken').next_at, null);
    await w.stop();
    assert.equal(w.log.split('schedule broken').length, 2, 'it is said once');
    run('schedule', 'delete', 'broken');
});

test('runs are listed, shown, cancelled and terminated', async () => {
    pg.sql("SELECT wf_tell(run_id, 27, NULL, NULL) FROM wf_run WHERE status = 'running'");
    const today = new Date().toISOString().slice(0, 10), workflow = `daily-control-loop-${today}`;
    const id = /started run (\S+)/.exec(run('schedule', 'trigger', 'daily-control-loop'))[1];
    assert.match(run('schedule', 'trigger', 'daily-control-loop'), new RegExp(`run ${id} is open: nothing started`));
    assert.match(run('workflow', 'list', '--status', 'running'), new RegExp(`^RUN .*\n${id}  ${workflow}  daily-control-loop  running  \\S+ \\S+  -\n$`));
    assert.match(run('workflow', 'show', workflow), new RegExp(`^run ${id} is running\n +1  \\S+ \\S+  WorkflowExecutionStarted  \\{"videoCount":50,"dryRun":false\\}\n$`));
    assert.match(run('workflow', 'cancel', workflow), /asked to cancel/);
    assert.match(run('workflow', 'show', id), /is running\n[^]*WorkflowExecutionCancelRequested/);
    const w = worker();
    await until('a worker ends it', 20000, () => / is cancelled\n/.test(run('workflow', 'show', id)));
    await w.stop();
    refused(1, /there is no open run/, 'workflow', 'cancel', workflow);
    // Stuck: nobody is there to decide.
    const stuck = /started run (\S+)/.exec(run('schedule', 'trigger', 'daily-control-loop'))[1];
    assert.match(run('workflow', 'terminate', workflow, '--reason', 'hangs in "video" \u001b[31m'), new RegExp(`run ${stuck} is terminated`));
    const shown = run('workflow', 'show', stuck);
    assert.match(shown, /is terminated\n[^]*WorkflowExecutionTerminated  \{"reason":"hangs in \\"video\\" \\u001b\[31m"\}/);
    assert.equal(pg.sql(`SELECT status FROM workflows WHERE id = '${stuck}'`), 'cancelled');
    assert.equal(run('workflow', 'list', '--type', 'daily-control-loop', '--limit', '1').split('\n').length, 3);
    refused(1, /there is no open run/, 'workflow', 'terminate', stuck);
    refused(1, /no run and no workflow 'nothing'/, 'workflow', 'show', 'nothing');
    refused(1, /there is no run 00000000/, 'workflow', 'show', '00000000-0000-4000-8000-000000000000');
    refused(1, /--status: 'open' is not/, 'workflow', 'list', '--status', 'open');
    refused(2, /--limit: '0' is not/, 'workflow', 'list', '--limit', '0');
    refused(2, /unexpected argument 'x'/, 'workflow', 'list', 'x');
    refused(2, /of which\?/, 'workflow', 'terminate');
    refused(2, /what\? Use list, show, cancel or terminate/, 'workflow');
});

await runProgram(pg, { seed: ['--products', '20', '--days', '2'], kill: () => { for (const w of workers) w.kill('SIGKILL'); } });
