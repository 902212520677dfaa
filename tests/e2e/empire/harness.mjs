// What the end-to-end tests of empire share: processes, a private PostgreSQL, HTTP clients, a list of tests.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Calls `check` until it gives something true; throws when `ms` are over. */
export async function until(what, ms, check) {
    const end = Date.now() + ms;
    for (;;) {
        const value = await check();
        if (value) return value;
        if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
        await sleep(25);
    }
}

// ---- PostgreSQL ---------------------------------------------------------------------------------

/** A cluster of its own (tools/pg-private). Its data may be lost in a crash of the machine: fsync is off. */
export class Postgres {
    constructor() {
        this.dir = mkdtempSync(path.join(os.tmpdir(), 'empire-e2e-'));
        this.env = { ...process.env, PG_PRIVATE_OPTIONS: '-c fsync=off -c full_page_writes=off' };
    }
    run(command) {
        const done = spawnSync(path.join(root, 'tools/pg-private'), [command, this.dir], { env: this.env, encoding: 'utf8' });
        if (done.status !== 0) throw new Error(`pg-private ${command}: ${done.stderr || done.stdout}`);
        return done.stdout.trim();
    }
    start() {
        this.run('start');
        this.url = this.run('url');
    }
    stop() { this.run('stop'); }
    remove() {
        this.run('remove');
        rmSync(this.dir, { recursive: true, force: true });
    }
    /** Runs SQL and gives its unaligned output. */
    sql(text, url = this.url) {
        const done = spawnSync('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', text, url], { encoding: 'utf8' });
        if (done.status !== 0) throw new Error(`psql: ${done.stderr}`);
        return done.stdout.trim();
    }
    /** A session that holds a lock on `table` until release() is called. */
    async lock(table, mode = 'ACCESS EXCLUSIVE') {
        const child = spawn('psql', ['-X', '-q', '-A', '-t', this.url], { stdio: ['pipe', 'pipe', 'inherit'] });
        child.stdin.write(`BEGIN; LOCK TABLE ${table} IN ${mode} MODE; SELECT 'locked';\n`);
        await new Promise((done) => child.stdout.once('data', done));
        const ended = new Promise((done) => child.once('close', done));
        return { release: () => { child.stdin.end('ROLLBACK;\n'); return ended; } };
    }
}

// ---- empire -------------------------------------------------------------------------------------

let program;
export function setProgram(file) { program = path.resolve(file); }

/** Runs a command of empire to its end. */
export function empire(args, env = {}) {
    const done = spawnSync(program, args, { env: { PATH: process.env.PATH, ...env }, encoding: 'utf8', timeout: 60000 });
    return { code: done.status, out: done.stdout, err: done.stderr };
}

const running = new Set();

/** A running `empire api` on a free port. */
export class Service {
    /** Without a limit of the rate, unless `env` says otherwise: the tests are one client. */
    static async start(url, args = [], env = { RATE_LIMIT: '0' }) {
        const s = new Service();
        s.log = '';
        s.child = spawn(program, ['api', '--port', '0', ...args], { env: { PATH: process.env.PATH, DATABASE_URL: url, ...env },
            stdio: ['ignore', 'inherit', 'pipe'] });
        running.add(s.child);
        s.ended = new Promise((done) => s.child.once('close', (code, signal) => { running.delete(s.child); done({ code, signal }); }));
        s.child.stderr.on('data', (d) => { s.log += d; });
        let over = false;
        s.ended.then(() => { over = true; });
        await until('empire listens', 20000, () => {
            if (over) throw new Error(`empire ended: ${s.log}`);
            return /listening on http:/.test(s.log);
        });
        s.port = Number(/listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(s.log)[1]);
        return s;
    }
    signal(name = 'SIGTERM') { this.child.kill(name); }
    /** Stops it and demands a clean end. */
    async stop() {
        this.signal();
        const { code, signal } = await this.ended;
        if (code !== 0) throw new Error(`empire ended with ${code ?? signal}: ${this.log}`);
    }
    request(target, options = {}) { return request(this.port, target, options); }
    json(target, options = {}) { return request(this.port, target, options).then((r) => ({ ...r, body: JSON.parse(r.body) })); }
    raw(bytes, options = {}) { return raw(this.port, bytes, options); }
}

/** Any command of empire that goes on, its log kept; `ended` resolves with its exit status or signal. */
export function run(args, env) {
    const child = spawn(program, args, { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'inherit', 'pipe'] });
    const p = { child, log: '', pid: child.pid };
    running.add(child);
    child.stderr.on('data', (d) => { p.log += d; });
    p.ended = new Promise((done) => child.once('close', (code, signal) => { running.delete(child); done(signal ?? code); }));
    return p;
}

/** The pids of a supervisor's workers. */
export const workersOf = (p) => readFileSync(`/proc/${p.pid}/task/${p.pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

export function killAll() { for (const child of running) child.kill('SIGKILL'); }

// ---- HTTP ---------------------------------------------------------------------------------------

/** One request; resolves with status, headers, body and the milliseconds it took. */
export function request(port, target, { method = 'GET', headers = {}, body, agent = false } = {}) {
    const start = performance.now();
    return new Promise((resolve, reject) => {
        const req = http.request({ host: '127.0.0.1', port, path: target, method, headers, agent, timeout: 20000 }, (res) => {
            const parts = [];
            res.on('data', (d) => parts.push(d));
            res.on('aborted', () => reject(Object.assign(new Error('cut short'), { reused: req.reusedSocket })));
            res.on('end', () => resolve({ status: res.statusCode, headers: res.headers, body: Buffer.concat(parts).toString(),
                ms: performance.now() - start }));
        });
        req.on('timeout', () => req.destroy(new Error('no answer in 20 s')));
        req.on('error', (e) => reject(Object.assign(e, { reused: req.reusedSocket })));
        req.end(body);
    });
}

/** Sends bytes as they are; resolves with everything that came until the server closed or was silent for `quiet` ms. */
export function raw(port, bytes, { quiet = 300 } = {}) {
    return new Promise((resolve) => {
        let got = '';
        const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes));
        socket.setTimeout(quiet, () => socket.destroy());
        socket.on('data', (d) => { got += d; });
        socket.on('error', () => {});
        socket.on('close', () => resolve(got));
    });
}

/** The value of a line of the metrics page; undefined when it is not there. */
export async function metric(service, name) {
    const { body } = await service.request('/metrics');
    const line = body.split('\n').find((l) => l.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.slice(name.length + 1));
}

// ---- tests --------------------------------------------------------------------------------------

const tests = [];
export function test(name, run) { tests.push({ name, run }); }

/** Runs all tests in order; true when all passed. */
export async function runAll() {
    let failed = 0;
    const begin = Date.now();
    for (const { name, run } of tests) {
        const start = Date.now();
        try {
            await run();
            console.log(`ok    ${name} (${Date.now() - start} ms)`);
        } catch (e) {
            failed++;
            console.log(`FAIL  ${name}\n${e.stack}`);
        }
    }
    console.log(`${tests.length - failed} passed, ${failed} failed in ${((Date.now() - begin) / 1000).toFixed(1)} s`);
    return failed === 0;
}

/**
 * A whole test program: starts the cluster, with tables and test data if `seed` has the flags of `empire seed`, runs all
 * tests and exits. Whatever happens, and after a signal, nothing is left: `kill` ends what the file has started besides.
 */
export async function runProgram(pg, { seed, kill = () => {}, failed = () => {} } = {}) {
    const cleanUp = () => {
        kill();
        killAll();
        if (existsSync(pg.dir)) pg.remove();
    };
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { cleanUp(); process.exit(130); });
    let passed = false;
    try {
        pg.start();
        for (const command of seed ? [['migrate'], ['seed', ...seed]] : []) {
            const done = empire(command, { DATABASE_URL: pg.url });
            if (done.code !== 0) throw new Error(done.err);
        }
        passed = await runAll();
    } finally {
        if (!passed) failed();
        cleanUp();
    }
    process.exit(passed ? 0 : 1);
}
