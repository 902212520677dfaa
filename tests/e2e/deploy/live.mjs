// deploy/compose for real, but for Docker: nginx with its configuration, empire's processes as instances, brunt's smoke tests,
// under load that must not notice. A stand-in for docker starts and stops what compose would.
//
//     node live.mjs PATH/TO/empire PATH/TO/brunt
//
// Everything listens on 127.0.0.1 or a unix socket, on ports that the kernel has chosen.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import http from 'node:http';
import { metric, Postgres, request, runProgram, setProgram, sleep, test, until } from '../empire/harness.mjs';

if (process.argv.length !== 4) {
    console.error('usage: node live.mjs PATH/TO/empire PATH/TO/brunt');
    process.exit(2);
}
if (spawnSync('nginx', ['-v']).status !== 0) {
    console.log('skipped: nginx is not installed');
    process.exit(77);
}
const [empireProgram, bruntProgram] = process.argv.slice(2).map((p) => path.resolve(p));
setProgram(empireProgram);
const root = path.resolve(import.meta.dirname, '../../..');
const dir = mkdtempSync(path.join(os.tmpdir(), 'empire-live-'));
const pg = new Postgres();
const ports = {}; // of instances, and of nginx

const freePort = () => new Promise((done) => {
    const s = net.createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)); });
});

// docker: what the scripts ask of it, with the image as a list of faults ("empire": none; "absent" does not start).
const docker = `#!/usr/bin/env bash
set -euo pipefail
words="$*"; words=\${words#*--profile green }
real() { sed -f "$LIVE/names.sed" "$UPSTREAMS/current.conf" > "$LIVE/nginx/upstreams/current.conf"; }
start() {
    local image=\${EMPIRE_IMAGE:-empire} name=$1 port
    [[ $name != *green* ]] || image=\${EMPIRE_IMAGE_GREEN:-empire}
    [ "$image" != absent ] || return 1
    [ "$image" != empire ] || image=
    port=$(cat "$LIVE/$name.port")
    EMPIRE_FAULTS=$image RATE_LIMIT=0 setsid "$EMPIRE" api --trust-forwarded --port "$port" >> "$LIVE/$name.log" 2>&1 < /dev/null &
    echo $! > "$LIVE/$name.pid"
    for _ in $(seq 200); do
        ! curl -fsS --max-time 5 "http://127.0.0.1:$port/health/ready" > /dev/null 2>&1 || return 0
        sleep 0.1
    done
    return 1
}
stop() {
    local file=$LIVE/$1.pid pid
    [ -f "$file" ] || return 0
    pid=$(cat "$file"); rm "$file"
    kill -TERM "$pid" 2> /dev/null || return 0
    while kill -0 "$pid" 2> /dev/null; do sleep 0.05; done
}
echo "$words" >> "$LIVE/log"
case $words in
    'run --rm -T migrate') "$EMPIRE" migrate ;;
    'up -d '*) for word in $words; do [[ $word != api-* ]] || start "$word"; done ;;
    'stop '*) for word in $words; do [[ $word != api-* ]] || stop "$word"; done ;;
    'exec -T nginx nginx -t') real; nginx -t -q -e stderr -p "$LIVE/nginx" -c nginx.conf ;;
    'exec -T nginx nginx -s reload') real; nginx -s reload -e stderr -p "$LIVE/nginx" -c nginx.conf ;;
    *) echo "docker: $words?" >&2; exit 64 ;;
esac
`;
// brunt: its smoke test is the real one; in place of a test of minutes some requests, and how many of them green answered.
const brunt = `#!/usr/bin/env bash
set -euo pipefail
green() {
    local n=0 v
    for i in 1 2; do
        v=$(curl -fsS "http://127.0.0.1:$(cat "$LIVE/api-green-$i.port")/metrics" | sed -n 's/^empire_http_requests_total{method="GET",route="\\/products\\/:",status="200"} //p')
        n=$((n + \${v:-0}))
    done
    echo $n
}
[ "$1" = test ] || exec "$BRUNT_REAL" "$@"
sleep 1 # a reload takes effect when nginx's new processes are there, and does not wait for them
before=$(green)
curl -fsS -o /dev/null "$EMPIRE_URL/products/[1-200]"
echo "green $(($(green) - before))" >> "$LIVE/log"
[ -z "\${SLOW_TEST:-}" ] || { touch "$LIVE/testing"; sleep "$SLOW_TEST"; }
`;

function write(name, text, mode = 0o644) {
    writeFileSync(path.join(dir, name), text);
    chmodSync(path.join(dir, name), mode);
}

const env = (more = {}) => ({ PATH: `${dir}:${process.env.PATH}`, HOME: dir, LIVE: dir, EMPIRE: empireProgram, BRUNT_REAL: bruntProgram,
    UPSTREAMS: path.join(dir, 'upstreams'), DATABASE_URL: pg.url, DRAIN: '0.5', CANARY_PAUSE: '0', EMPIRE_URL: `http://127.0.0.1:${ports.public}`,
    PUBLIC_URL: `http://127.0.0.1:${ports.public}`, CANDIDATE_URL: `http://127.0.0.1:${ports.candidate}`, ...more });

/** Runs a script of deploy/compose; `started` gets the process, a group of its own. */
async function deploy(script, more = {}, started = () => {}) {
    write('log', '');
    const child = spawn(path.join(root, 'deploy/compose', script), [], { cwd: dir, env: env(more), detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let all = '';
    child.stdout.on('data', (d) => { all += d; });
    child.stderr.on('data', (d) => { all += d; });
    const ended = new Promise((done) => child.once('close', (code, signal) => done(signal ?? code)));
    await started(child);
    return { code: await ended, all: () => all, log: readFileSync(path.join(dir, 'log'), 'utf8').trim().split('\n') };
}

/** Requests through the public port until stop() is called, which demands that every one was answered well. */
function load() {
    const agent = new http.Agent({ keepAlive: true });
    const it = { answers: 0, failures: [], over: false };
    const users = Array.from({ length: 4 }, async () => {
        while (!it.over) {
            await request(ports.public, '/products?limit=5', { agent }).then((a) => { if (a.status === 200) it.answers++; else it.failures.push(a.status); },
                (e) => { if (!e.reused) it.failures.push(e.message); }); // nginx may close a connection that was idle: clients try again
            await sleep(15);
        }
    });
    it.stop = async () => { it.over = true; await Promise.all(users); agent.destroy(); };
    return it;
}

const isUp = (colour) => existsSync(path.join(dir, `api-${colour}-1.pid`)) || existsSync(path.join(dir, `api-${colour}-2.pid`));
const current = () => readFileSync(path.join(dir, 'upstreams/current.conf'), 'utf8').split('\n')[0];

async function assertServed(colour, work) {
    const users = load();
    let done;
    try { done = await work(); } finally { await users.stop(); }
    assert.deepEqual(users.failures, [], done?.all());
    assert.ok(users.answers > 20, `${users.answers} answers`);
    assert.equal(current(), `# ${colour} 100`, done.all());
    assert.ok(isUp(colour), `${colour} serves`);
    return done;
}

test('nginx with its configuration in front of two instances', async () => {
    for (const name of ['public', 'candidate', 'api-blue-1', 'api-blue-2', 'api-green-1', 'api-green-2']) ports[name] = await freePort();
    mkdirSync(path.join(dir, 'upstreams'));
    mkdirSync(path.join(dir, 'nginx/upstreams'), { recursive: true });
    copyFileSync(path.join(root, 'deploy/compose/upstreams/current.conf'), path.join(dir, 'upstreams/current.conf'));
    const instances = Object.keys(ports).filter((n) => n.startsWith('api-'));
    for (const name of instances) write(`${name}.port`, String(ports[name]));
    write('names.sed', instances.map((n) => `s/${n}:3000/127.0.0.1:${ports[n]}/\n`).join(''));
    write('docker', docker, 0o755);
    write('brunt', brunt, 0o755);
    const text = readFileSync(path.join(root, 'deploy/compose/nginx.conf'), 'utf8')
        .replace('listen 8080', `listen 127.0.0.1:${ports.public}`).replace('listen 8081', `listen 127.0.0.1:${ports.candidate}`)
        .replace('/tmp/nginx.pid', path.join(dir, 'nginx/pid'))
        .replace('http {', `http {\n${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((k) => `${k}_temp_path ${dir}/nginx/${k};`).join('\n')}\n`);
    write('nginx/nginx.conf', `${process.getuid() === 0 ? 'user root;\n' : ''}${text}`);
    const asked = (...words) => {
        const done = spawnSync(path.join(dir, 'docker'), ['compose', '-f', 'x', '--profile', 'green', ...words], { env: env(), encoding: 'utf8', timeout: 60000 });
        assert.equal(done.status, 0, done.stdout + done.stderr);
    };
    asked('up', '-d', 'api-blue-1', 'api-blue-2');
    asked('exec', '-T', 'nginx', 'nginx', '-t');
    const begun = spawnSync('nginx', ['-e', 'stderr', '-p', path.join(dir, 'nginx'), '-c', 'nginx.conf'], { encoding: 'utf8', stdio: ['ignore', 'ignore', 'ignore'] });
    assert.equal(begun.status, 0);
    await until('nginx answers', 10000, async () => (await request(ports.public, '/health').catch(() => ({}))).status === 200);
    assert.equal((await request(ports.public, '/metrics')).status, 404, 'not for users');
    for (let i = 0; i < 20; i++) await request(ports.public, '/products/1');
    for (const name of ['api-blue-1', 'api-blue-2']) {
        const n = await metric({ request: (t) => request(ports[name], t) }, 'empire_http_requests_total{method="GET",route="/products/:",status="200"}');
        assert.ok(n >= 8 && n <= 12, `${name} answered ${n} of 20`);
    }
    // What a client claims to be does not reach the service, and bodies over 64 KB end at nginx.
    assert.equal((await request(ports.public, '/orchestrator/start', { method: 'POST', body: 'x'.repeat(70000) })).status, 413);
});

test('blue-green: a good version takes over, and no request is lost', async () => {
    const { code, all, log } = await assertServed('green', () => deploy('blue-green', { EMPIRE_IMAGE_NEW: 'empire' }));
    assert.equal(code, 0, all());
    assert.equal(log.at(-1), 'stop api-blue-1 api-blue-2');
    assert.equal(isUp('blue'), false);
});

test('blue-green: a version whose smoke test fails gets no user', async () => {
    const { code, all } = await assertServed('green', () => deploy('blue-green', { EMPIRE_IMAGE_NEW: 'rate-limit=1' }));
    assert.equal(code, 1, all());
    assert.match(all(), /rolling back to green: the smoke test of blue failed/);
    assert.equal(isUp('blue'), false);
});

test('blue-green: a version that does not start', async () => {
    const { code, all } = await assertServed('green', () => deploy('blue-green', { EMPIRE_IMAGE_NEW: 'absent' }));
    assert.equal(code, 1, all());
    assert.match(all(), /blue does not become healthy/);
});

test('canary: the shares are those of the steps, and the end is blue-green\'s', async () => {
    await assertServed('blue', () => deploy('blue-green', {})); // so that green is the new one again
    const { code, all, log } = await assertServed('green', () => deploy('canary', { EMPIRE_IMAGE_NEW: 'empire' }));
    assert.equal(code, 0, all());
    const shares = log.filter((l) => l.startsWith('green ')).map((l) => Number(l.slice(6)) / 2);
    [10, 24, 50, 100].forEach((want, i) => assert.ok(Math.abs(shares[i] - want) <= 4, `shares ${shares}`));
});

test('Ctrl-C in the middle of a canary brings the old version back', async () => {
    await assertServed('blue', () => deploy('blue-green', {}));
    rmSync(path.join(dir, 'testing'), { force: true });
    const { code, all } = await assertServed('blue', () => deploy('canary', { SLOW_TEST: '60' }, async (child) => {
        await until('a test runs', 30000, () => existsSync(path.join(dir, 'testing')));
        assert.match(current(), /^# blue 90, green 10$/);
        process.kill(-child.pid, 'SIGINT'); // as a terminal does: to all of them
    }));
    assert.equal(code, 1, all());
    assert.match(all(), /rolling back to blue/);
    assert.equal(isUp('green'), false);
});

/** Ends what the stand-in has started: pids that are in its files. */
function kill() {
    const files = existsSync(dir) ? [...readdirSync(dir).filter((f) => f.endsWith('.pid')), 'nginx/pid'] : [];
    for (const file of files) {
        const name = path.join(dir, file);
        if (existsSync(name)) try { process.kill(Number(readFileSync(name, 'utf8')), 'SIGTERM'); } catch { /* it has ended */ }
    }
    rmSync(dir, { recursive: true, force: true });
}

await runProgram(pg, { seed: ['--products', '300', '--days', '5'], kill });
