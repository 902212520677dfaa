// deploy/compose: blue-green and canary, with stand-ins for docker and brunt that note what they are asked for.
//
//     node scripts.mjs
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

const root = path.resolve(import.meta.dirname, '../../..');
const folders = [];
after(() => folders.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

// docker notes its words; at a reload also what nginx would read. What matches FAIL does not succeed.
const docker = `#!/usr/bin/env bash
words="$*"; words=\${words#*--profile green }
echo "$words" >> "$LOG"
[ "$words" != "exec -T nginx nginx -s reload" ] || tr '\\n' ' ' < "$UPSTREAMS/current.conf" | sed 's/$/\\n/' >> "$LOG"
[ -z "\${FAIL_DOCKER:-}" ] || [[ ! $words =~ $FAIL_DOCKER ]]
`;
// brunt fails at its FAIL_BRUNT-th call.
const brunt = `#!/usr/bin/env bash
echo "brunt $* ($EMPIRE_URL)" >> "$LOG"
[ "$(grep -c ^brunt "$LOG")" != "\${FAIL_BRUNT:-0}" ]
`;

/** Runs a script from the state `current`; gives its status, the log and nginx's file afterwards. */
function run(script, args = [], env = {}, current) {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'empire-deploy-'));
    folders.push(dir);
    const upstreams = path.join(dir, 'upstreams'), file = path.join(upstreams, 'current.conf');
    mkdirSync(upstreams);
    if (current) writeFileSync(file, current);
    else copyFileSync(path.join(root, 'deploy/compose/upstreams/current.conf'), file);
    for (const [name, text] of [['docker', docker], ['brunt', brunt]]) {
        writeFileSync(path.join(dir, name), text);
        chmodSync(path.join(dir, name), 0o755);
    }
    writeFileSync(path.join(dir, 'log'), '');
    const done = spawnSync(path.join(root, 'deploy/compose', script), args, { cwd: dir, encoding: 'utf8', timeout: 30000,
        env: { PATH: `${dir}:${process.env.PATH}`, LOG: path.join(dir, 'log'), UPSTREAMS: upstreams, DRAIN: '0', CANARY_PAUSE: '0', EMPIRE_URL: '-', ...env } });
    return { code: done.status, all: done.stdout + done.stderr, log: readFileSync(path.join(dir, 'log'), 'utf8').trim().split('\n'),
        current: readFileSync(file, 'utf8') };
}

/** Per cents of green at each reload of nginx. */
const shares = (log) => log.filter((l) => l.startsWith('# ')).map((l) => {
    const sum = (colour) => [...l.matchAll(new RegExp(`api-${colour}-[12]:3000 weight=(\\d+)`, 'g'))].reduce((n, m) => n + Number(m[1]), 0);
    assert.equal(sum('blue') + sum('green'), 100, l);
    return sum('green');
});

test('blue-green: started, tried apart, swapped, tried in public, the old one stopped', () => {
    const { code, all, log, current } = run('blue-green');
    assert.equal(code, 0, all);
    assert.deepEqual(shares(log), [0, 100]);
    assert.equal(log[0], 'run --rm -T migrate', 'the schema first');
    assert.match(log[1], /^up -d --no-deps --wait --wait-timeout 60 api-green-1 api-green-2$/);
    assert.deepEqual(log.filter((l) => l.startsWith('brunt')).map((l) => /--base-url (\S+)/.exec(l)[1]), ['http://127.0.0.1:8081', 'http://127.0.0.1:8080']);
    assert.equal(log.at(-1), 'stop api-blue-1 api-blue-2');
    assert.match(current, /^# green 100\n/);
    assert.doesNotMatch(current, /blue-/);
    // And back again from there.
    const again = run('blue-green', [], {}, current);
    assert.equal(again.code, 0, again.all);
    assert.deepEqual(shares(again.log), [100, 0]);
    assert.equal(again.log.at(-1), 'stop api-green-1 api-green-2');
});

for (const [what, env, seen] of [['cannot migrate', { FAIL_DOCKER: 'migrate' }, [0]], ['does not start', { FAIL_DOCKER: '^up ' }, [0]], ['fails its smoke test', { FAIL_BRUNT: '1' }, [0, 0]],
    ['fails in public', { FAIL_BRUNT: '2' }, [0, 100, 0]]]) {
    test(`blue-green: a version that ${what} is rolled back`, () => {
        const { code, log, current, all } = run('blue-green', [], env);
        assert.equal(code, 1, all);
        assert.deepEqual(shares(log), seen);
        assert.match(current, /^# blue 100\n/);
        assert.equal(log.at(-1), 'stop api-green-1 api-green-2');
        assert.match(all, /rolling back to blue/);
    });
}

test('canary: 10, 24, 50, 100 % with a test and a smoke test each', () => {
    const { code, all, log, current } = run('canary');
    assert.equal(code, 0, all);
    assert.deepEqual(shares(log), [0, 10, 24, 50, 100]);
    assert.deepEqual(log.filter((l) => l.startsWith('brunt')).map((l) => l.split(' ')[1]), ['smoke', ...Array(4).fill(['test', 'smoke']).flat()]);
    assert.ok(log.filter((l) => l.startsWith('brunt test')).every((l) => l.includes('test baseline local') && l.endsWith('(http://127.0.0.1:8080)')));
    assert.match(current, /^# green 100\n/);
});

test('canary: a step that fails brings all traffic back', () => {
    const { code, log, current } = run('canary', [], { FAIL_BRUNT: '4' }); // smoke, test, smoke, then the test at 24 %
    assert.equal(code, 1);
    assert.deepEqual(shares(log), [0, 10, 24, 0]);
    assert.match(current, /^# blue 100\n/);
    assert.equal(log.at(-1), 'stop api-green-1 api-green-2');
});

test('nginx that refuses its configuration keeps the one before', () => {
    const { code, all, current } = run('blue-green', [], { FAIL_DOCKER: 'nginx -t' });
    assert.equal(code, 1);
    assert.match(all, /nginx does not take the old configuration/);
    assert.match(current, /^# blue 100\n/);
});

test('after an interruption somebody has to say where the traffic goes', () => {
    const half = '# blue 90, green 10\nupstream empire {}\n';
    const refused = run('canary', [], {}, half);
    assert.equal(refused.code, 1);
    assert.match(refused.all, /--to blue/);
    assert.deepEqual(refused.log, ['']);
    const repaired = run('canary', ['--to', 'blue'], {}, half);
    assert.equal(repaired.code, 0, repaired.all);
    assert.deepEqual(shares(repaired.log), [0]);
    assert.equal(run('canary', ['--fast']).code, 2);
});
