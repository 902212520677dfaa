// End-to-end test of `empire autoscale`: more processes under load, fewer after it, replacement of what dies or hangs, an
// end that loses no request.
//
//   node tests/e2e/empire/autoscale.mjs PATH/TO/empire
//
// Makes a PostgreSQL cluster of its own and removes it. Everything listens on 127.0.0.1 or a unix socket.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import http from 'node:http';
import net from 'node:net';
import { empire, Postgres, request, runProgram, setProgram, sleep, test, until } from './harness.mjs';

if (process.argv.length !== 3) {
    console.error('usage: node autoscale.mjs PATH/TO/empire');
    process.exit(2);
}
const program = process.argv[2];
setProgram(program);

const pg = new Postgres();
let scaler;

/** `empire autoscale` with short times, on free ports. */
async function start(args = []) {
    const child = spawn(program, ['autoscale', '--port', '0', '--admin-port', '0', '--db-connections', '2', ...args],
        { env: { PATH: process.env.PATH, DATABASE_URL: pg.url, RATE_LIMIT: '0' }, stdio: ['ignore', 'inherit', 'pipe'] });
    scaler = { child, log: '', ended: new Promise((done) => child.once('close', (code) => done(code))) };
    child.stderr.on('data', (d) => { scaler.log += d; });
    await until('two instances serve', 20000, () => (scaler.log.match(/listening on http:/g) ?? []).length >= 2);
    scaler.port = Number(/instances on http:\/\/127\.0\.0\.1:(\d+)/.exec(scaler.log)[1]);
    scaler.control = Number(/control port http:\/\/127\.0\.0\.1:(\d+)/.exec(scaler.log)[1]);
    await until('both are ready', 5000, async () => await figure('empire_autoscale_ready') === 2);
}

async function end() {
    scaler.child.kill('SIGTERM');
    assert.equal(await scaler.ended, 0, scaler.log);
}

const page = async (port = scaler.control) => (await request(port, '/metrics')).body.split('\n');
/** A figure of the control port's page. */
async function figure(name) {
    const line = (await page()).find((l) => l.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.split(' ').pop());
}
const event = (name) => figure(`empire_autoscale_events_total{event="${name}"}`);
const pids = async () => (await page()).map((l) => /instance_cpu_cores\{.*pid="(\d+)"/.exec(l)).filter(Boolean).map((m) => Number(m[1]));

/** Requests, each on a connection of its own, until stop() is called; counts answers and failures. */
function load(clients) {
    const it = { answers: 0, failures: [], on: true };
    const loops = Array.from({ length: clients }, async () => {
        while (it.on) {
            try {
                const a = await request(scaler.port, '/products/top');
                if (a.status === 200) it.answers++;
                else it.failures.push(`status ${a.status}`);
            } catch (e) {
                it.failures.push(String(e.code ?? e.message));
            }
        }
    });
    it.stop = async () => { it.on = false; await Promise.all(loops); };
    return it;
}

test('more processes under load, fewer after it', async () => {
    await start(['--max', '4', '--cpu', '10', '--interval', '300ms', '--up-pause', '500ms', '--down-pause', '800ms']);
    assert.equal(await figure('empire_autoscale_instances'), 2);
    const l = load(6);
    await until('four instances', 20000, async () => await figure('empire_autoscale_ready') === 4);
    assert.ok(await event('up') >= 2);
    // Each instance shows the autoscaler's figures, too; those of the load come from all four.
    assert.ok((await page(scaler.port)).some((l) => l === 'empire_autoscale_instances 4'));
    assert.equal((await pids()).length, 4);
    await l.stop();
    await until('two instances', 30000, async () => await figure('empire_autoscale_instances') === 2);
    assert.equal(await event('down'), await event('up'));
    await until('the others have ended', 15000, async () => (await pids()).length === 2);
    assert.equal(await event('restart'), 0);
    assert.deepEqual(l.failures, []);
    assert.ok(l.answers > 100);
    await end();
});

test('an instance is taken away under load without a failure', async () => {
    await start(['--min', '2', '--max', '3', '--cpu', '5', '--interval', '200ms', '--up-pause', '0s', '--down-pause', '300ms']);
    const busy = load(4);
    await until('three instances', 20000, async () => await figure('empire_autoscale_ready') === 3);
    await busy.stop();
    // A trickle, below the aim: the third goes while it is served.
    const failures = [];
    let answers = 0, on = true;
    const trickle = (async () => {
        while (on) {
            await request(scaler.port, '/health/live').then((a) => { answers++; if (a.status !== 200) failures.push(a.status); },
                (e) => failures.push(e.code ?? e.message));
            await sleep(15);
        }
    })();
    await until('two instances', 20000, async () => (await pids()).length === 2);
    on = false;
    await trickle;
    assert.deepEqual(failures, []);
    assert.ok(answers > 5);
    await end();
});

test('an instance that is killed is replaced; what waits at its socket is answered', async () => {
    await start(['--max', '2']);
    const before = await pids();
    assert.equal(before.length, 2);
    process.kill(before[0], 'SIGKILL');
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => request(scaler.port, '/health/live')));
    assert.ok(answers.every((a) => a.status === 'fulfilled' && a.value.status === 200), JSON.stringify(answers));
    await until('it is replaced', 10000, async () => await figure('empire_autoscale_ready') === 2 && await event('restart') === 1);
    const now = await pids();
    assert.ok(!now.includes(before[0]) && now.includes(before[1]));
    assert.match(scaler.log, /instance 0 was killed by signal 9/);
    await end();
});

test('an instance that hangs fails its health checks and is replaced', async () => {
    await start(['--max', '2', '--health-interval', '300ms', '--health-timeout', '200ms', '--health-grace', '100ms']);
    await sleep(1000);
    assert.equal(await event('unhealthy'), 0);
    const [hangs] = await pids();
    process.kill(hangs, 'SIGSTOP');
    await until('it is replaced', 15000, async () => await event('unhealthy') === 1 && await event('restart') === 1 &&
        await figure('empire_autoscale_ready') === 2);
    assert.ok(!(await pids()).includes(hangs));
    assert.ok(await figure('empire_autoscale_health_failures_total') >= 2);
    await end();
});

test('memory asks for more, too; faults reach all instances', async () => {
    await start(['--max', '3', '--interval', '300ms', '--up-pause', '0s', '--memory-limit', '64', '--memory', '100', '--cpu', '6400']);
    const set = await request(scaler.control, '/faults', { method: 'PUT', body: 'memory-leak=100000MB/h' });
    assert.equal(set.status, 200);
    await until('three instances', 30000, async () => await figure('empire_autoscale_ready') === 3);
    await request(scaler.control, '/faults', { method: 'PUT', body: '' });
    await end();
});

test('SIGTERM under load: no answer is cut short, and all processes end', async () => {
    await start(['--max', '2']);
    const all = await pids();
    const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
    const failures = [];
    let answers = 0, refused = 0;
    const loops = Array.from({ length: 8 }, async () => {
        for (;;) {
            try {
                const a = await request(scaler.port, '/products?limit=50', { agent });
                if (a.status === 200) answers++;
                else failures.push(a.status);
            } catch (e) {
                // Refused: it is over. A kept connection may end before its next request; that one was not accepted.
                if (e.code === 'ECONNREFUSED' || e.reused) { refused++; if (e.code === 'ECONNREFUSED') return; continue; }
                failures.push(e.code ?? e.message);
                return;
            }
        }
    });
    await sleep(700);
    const at = Date.now();
    await end();
    assert.ok(Date.now() - at < 10000);
    await Promise.all(loops);
    agent.destroy();
    assert.deepEqual(failures, []);
    assert.ok(answers > 50 && refused > 0);
    for (const pid of all) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});

test('the port must be free, also of a second autoscaler', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await new Promise((done) => server.once('listening', done));
    const port = server.address().port;
    const taken = empire(['autoscale', '--port', String(port)], { DATABASE_URL: pg.url });
    assert.equal(taken.code, 1);
    assert.match(taken.err, /is in use/);
    server.close();
    await start(['--max', '2']);
    assert.match(empire(['autoscale', '--port', String(scaler.port)], { DATABASE_URL: pg.url }).err, /is in use/);
    await end();
    assert.match(empire(['autoscale', '--min', '3', '--max', '2'], { DATABASE_URL: pg.url }).err, /--min is larger/);
});

await runProgram(pg, {
    seed: ['--products', '2000', '--days', '10'],
    kill: () => scaler?.child.kill('SIGKILL'),
    failed: () => console.log(scaler?.log.slice(-3000)),
});
