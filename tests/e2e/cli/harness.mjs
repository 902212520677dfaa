// What the end-to-end tests of brunt share: runs of the program, folders, targets on loopback.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const LONGEST_RUN_MS = 20000;

let program;
let pace = 1; // of a slow build: limits of time are multiplied with it
export function setProgram(file, factor) {
    program = path.resolve(file);
    pace = factor;
}
export const programPath = () => program;
export const paced = (ms) => ms * pace;
export const isSlow = () => pace > 1; // a build with sanitizers
export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// ---- folders ------------------------------------------------------------------------------------

const folders = [];

/** A new folder with `files` ({name: content}) in it; removed at the end. */
export function folder(files = {}) {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'brunt-e2e-'));
    folders.push(dir);
    for (const [name, content] of Object.entries(files)) {
        mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
        writeFileSync(path.join(dir, name), content);
    }
    return dir;
}

export function removeFolders() {
    for (const dir of folders) rmSync(dir, { recursive: true, force: true });
}

/** Every file below `dir`, sorted, without what the sanitizers were told to write. */
export function filesOf(dir) {
    return readdirSync(dir, { recursive: true, withFileTypes: true })
        .filter((e) => e.isFile())
        .map((e) => path.relative(dir, path.join(e.path, e.name)))
        .filter((name) => !name.startsWith('sanitizer.'))
        .sort();
}

// ---- runs ---------------------------------------------------------------------------------------

const running = new Set();
export function killAll() {
    for (const child of running) child.kill('SIGKILL');
}

function sanitizerReports(dir) {
    return readdirSync(dir)
        .filter((name) => name.startsWith('sanitizer.'))
        .map((name) => readFileSync(path.join(dir, name), 'utf8'))
        .join('\n');
}

const killedIn = new Set(); // folders

/** A run of the program that goes on: `out` and `err` grow; end() gives {code, signal, out, err, ms}. */
export class Run {
    constructor(args, { dir = folder(), env = {}, stdio = ['ignore', 'pipe', 'pipe'], command = program, longest = LONGEST_RUN_MS } = {}) {
        this.dir = dir;
        this.out = '';
        this.err = '';
        this.started = Date.now();
        // Reports of sanitizers go to files: they must be found even where stderr is closed.
        const sanitizers = { ASAN_OPTIONS: `detect_leaks=1:log_path=${dir}/sanitizer`, UBSAN_OPTIONS: `print_stacktrace=1:log_path=${dir}/sanitizer` };
        const base = env === null ? {} : { PATH: process.env.PATH, HOME: dir, LC_ALL: 'C.UTF-8', ...env };
        this.child = spawn(command, args, { cwd: dir, env: { ...base, ...sanitizers }, stdio });
        running.add(this.child);
        this.child.stdout?.setEncoding('utf8').on('data', (text) => { this.out += text; });
        this.child.stderr?.setEncoding('utf8').on('data', (text) => { this.err += text; });
        const timer = setTimeout(() => { this.late = true; this.child.kill('SIGKILL'); }, paced(longest));
        this.closed = new Promise((done) => this.child.on('close', (code, signal) => {
            clearTimeout(timer);
            running.delete(this.child);
            done({ code, signal });
        }));
    }

    signal(name) {
        this.signalled ??= Date.now();
        this.child.kill(name);
    }

    /** Waits until stdout or stderr match. */
    async until(pattern) {
        const end = Date.now() + paced(8000);
        while (!pattern.test(this.out) && !pattern.test(this.err)) {
            if (Date.now() > end || this.child.exitCode !== null) throw new Error(`never seen: ${pattern}\n${this.out}${this.err}`);
            await sleep(10);
        }
    }

    async end({ killed = false } = {}) {
        const { code, signal } = await this.closed;
        // A kill may come in the middle of the leak check at the end, which then says that it lost a thread. What it
        // said is found by the runs that follow in that folder.
        if (killed) killedIn.add(this.dir);
        const cut = (line) => killedIn.has(this.dir) && /Unable to get registers from thread/.test(line);
        const reports = sanitizerReports(this.dir).split('\n').filter((line) => !cut(line)).join('\n');
        assert.equal(reports, '', 'the sanitizers are silent');
        assert.ok(!this.late, `it never ended: ${this.out}${this.err}`);
        if (!killed) assert.equal(signal, null, `ended by a signal: ${this.err}`);
        const now = Date.now();
        return { code, signal, out: this.out, err: this.err, dir: this.dir, ms: now - this.started, afterSignal: now - this.signalled };
    }
}

export const brunt = (args, options) => new Run(args, options).end();

/** `brunt run` of a script text. */
export function runScript(text, args = [], options = {}) {
    const dir = options.dir ?? folder();
    writeFileSync(path.join(dir, 'script.js'), text);
    return brunt(['run', '-q', ...args, 'script.js'], { ...options, dir });
}

const goEscape = (text, hex) => ({ '\\a': '\\u0007', '\\v': '\\u000b' })[text] ?? (hex ? `\\u00${hex}` : text);
/** The messages of the level in a log of key=value lines. */
export function messages(err, level = 'error') {
    return err.split('\n')
        .map((line) => /^time="[^"]+" level=(\w+) msg=("(?:[^"\\]|\\.)*"|\S+)/.exec(line))
        .filter((m) => m && m[1] === level)
        .map((m) => m[2].startsWith('"') ? JSON.parse(m[2].replace(/\\(?:\\|x([0-9a-f]{2})|[av])/g, goEscape)) : m[2]);
}

/** It failed with `code` and exactly one message, which matches. */
export function assertFails(done, code, pattern) {
    assert.equal(done.code, code, `exit code\n${done.out}\n${done.err}`);
    const said = [...messages(done.err), ...done.err.split('\n').filter((line) => line.startsWith('brunt: '))];
    assert.equal(said.length, 1, `one message\n${done.err}`);
    assert.match(said[0], pattern);
}

/** It ended with `code` and complained about nothing. */
export function assertQuiet(done, code = 0) {
    assert.equal(done.code, code, done.err);
    assert.deepEqual(messages(done.err), []);
}

// ---- targets ------------------------------------------------------------------------------------

const servers = [];

export async function listen(server) {
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    servers.push(server);
    return `http://127.0.0.1:${server.address().port}`;
}

export function closeServers() {
    for (const server of servers) {
        server.close();
        server.closeAllConnections?.();
    }
}

/** An HTTP server that answers with `handler`; gives its base URL. */
export const serve = (handler) => listen(http.createServer({ keepAliveTimeout: 60000 }, handler));

const ok = 'HTTP/1.1 200 OK\r\n';
const MIB = 1 << 20;

/** What the server of faults does on each path. */
const faults = {
    ok: (c) => c.write(`${ok}Content-Length: 2\r\n\r\nok`),
    reset: (c) => {
        c.write(`${ok}Content-Length: 100\r\n\r\nhalf`);
        setTimeout(() => c.resetAndDestroy(), 30);
    },
    cut: (c) => c.end(`${ok}Content-Length: 100\r\n\r\nhalf`),
    header: (c) => c.write(`${ok}X-Big: ${'a'.repeat(MIB)}\r\nContent-Length: 2\r\n\r\nok`),
    headers: (c) => c.write(`${ok}${'X-A: b\r\n'.repeat(50000)}Content-Length: 2\r\n\r\nok`),
    big: (c) => c.write(`${ok}Content-Length: ${3 * MIB}\r\n\r\n${'x'.repeat(3 * MIB)}`),
    bigchunks: (c) => c.write(`${ok}Transfer-Encoding: chunked\r\n\r\n${`100000\r\n${'x'.repeat(MIB)}\r\n`.repeat(3)}0\r\n\r\n`),
    bigclose: (c) => c.end(`${ok}\r\n${'x'.repeat(3 * MIB)}`),
    endless: (c) => c.write(`${ok}Content-Length: 999999999999999\r\n\r\nxx`),
    overflow: (c) => c.write(`${ok}Content-Length: 99999999999999999999999\r\n\r\nxx`),
    chunk: (c) => c.write(`${ok}Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n`),
    chunkcut: (c) => c.end(`${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhel`),
    close: (c) => c.end(`${ok}\r\nuntil the end`),
    garbage: (c) => c.end('SSH-2.0-server\r\n'),
    empty: (c) => c.end(),
    negative: (c) => c.end(`${ok}Content-Length: -5\r\n\r\nx`),
    status: (c) => c.end('HTTP/1.1 99999 OK\r\nContent-Length: 1\r\n\r\nx'),
    nul: (c) => c.end(`${ok}X-A: a\0b\r\nContent-Length: 1\r\n\r\nx`),
    hang: () => {},
};

/** A server that does what the path says, however wrong. */
export function serveFaults() {
    const server = net.createServer((c) => {
        let text = '';
        c.on('error', () => {});
        c.on('data', (data) => {
            text += data;
            for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
                const name = text.split(' ')[1].slice(1);
                text = text.slice(end + 4);
                (faults[name] ?? faults.ok)(c);
            }
        });
    });
    return listen(server);
}

/** An address on which nobody listens. */
export async function deadUrl() {
    const server = net.createServer();
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${server.address().port}`;
    await new Promise((done) => server.close(done));
    return url;
}
