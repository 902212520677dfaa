// --loop and BRUNT_LOOP: the commands with each loop, against targets that behave and that do not.
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { assertFails, brunt, folder, Run, runScript, serve, serveFaults } from './harness.mjs';

const kinds = ['epoll', 'io_uring', 'auto'];

/** Why a run with io_uring cannot be had here: by the kernel's word or the build's; null if it can. */
async function refusal(url) {
    const done = await brunt(['quick', '--quiet', '--loop', 'io_uring', '-n', '1', url]);
    if (done.code === 0) return null;
    assertFails(done, 255, /io_uring.*--loop epoll/);
    return done.err;
}

/** What the descriptors of a run say that its loops are. */
function loopsOf(run) {
    const names = new Set();
    const folderOfFds = `/proc/${run.child.pid}/fd`;
    for (const fd of readdirSync(folderOfFds)) {
        try {
            const m = /^anon_inode:\[(eventpoll|io_uring)\]$/.exec(readlinkSync(`${folderOfFds}/${fd}`));
            if (m) names.add(m[1]);
        } catch { /* closed meanwhile */ }
    }
    return [...names];
}

const script = `import http from 'k6/http';
import { check } from 'k6';
export default function () {
    const url = __ENV.TARGET;
    check(http.get(url + '/small'), { small: (r) => r.status === 200 && r.body === 'hello' });
    check(http.get(url + '/big'), { big: (r) => r.body.length === 3000000 && r.body[2999999] === 'x' });
    check(http.post(url + '/echo', 'y'.repeat(2000000)), { echo: (r) => r.body === '2000000' });
    check(http.batch([url + '/small', url + '/big', url + '/small']), { batch: (rs) => rs.every((r) => r.status === 200) });
}`;

const faulty = `import http from 'k6/http';
export default function () {
    for (const name of ['reset', 'cut', 'empty', 'ok', 'bigclose'])
        console.log(name, http.get(__ENV.TARGET + '/' + name).error_code);
}`;

const target = () => serve((request, response) => {
    let n = 0;
    request.on('data', (bytes) => { n += bytes.length; });
    request.on('end', () => response.end(request.url === '/big' ? 'x'.repeat(3000000) : request.url === '/echo' ? String(n) : 'hello'));
});

export function loopTests() {
    for (const kind of kinds) {
        test(`run with ${kind}`, async (t) => {
            const url = await target();
            const why = kind === 'io_uring' && await refusal(url);
            if (why) return t.skip(why);
            const done = await runScript(script, ['--loop', kind, '-u', '4', '-i', '12', '-e', `TARGET=${url}`, '--workers', '2'], { env: { BRUNT_LOOP: 'nonsense' } });
            assert.equal(done.code, 0, done.err);
            assert.match(done.out, /checks_succeeded\.*: 100\.00% 48 out of 48/);
        });

        test(`faults with ${kind}`, async (t) => {
            const url = await serveFaults();
            const why = kind === 'io_uring' && await refusal(url + '/ok');
            if (why) return t.skip(why);
            const done = await runScript(faulty, ['--loop', kind, '-e', `TARGET=${url}`]);
            assert.equal(done.code, 0, done.err);
            const said = [...done.err.matchAll(/msg="(\w+) (\d+)" source=console/g)].map((m) => `${m[1]} ${m[2]}`);
            assert.deepEqual(said, ['reset 1220', 'cut 1000', 'empty 1000', 'ok 0', 'bigclose 0'], done.err);
        });

        test(`quick with ${kind}`, async (t) => {
            const url = await target();
            const why = kind === 'io_uring' && await refusal(url);
            if (why) return t.skip(why);
            const done = await brunt(['quick', '--quiet', '--json', '-', '-c', '300', '-n', '3000', '--workers', '1', url], { env: { BRUNT_LOOP: kind } });
            assert.equal(done.code, 0, done.err);
            assert.deepEqual(JSON.parse(done.out).status, { 200: 3000 });
        });
    }

    test('the loop is the one that was asked for', async (t) => {
        const url = await target();
        const why = await refusal(url);
        if (why) return t.skip(why);
        for (const [kind, wanted] of [['epoll', 'eventpoll'], ['io_uring', 'io_uring']]) {
            const run = new Run(['quick', '--loop', kind, '--no-tui', '-z', '3s', '-c', '2', url], { dir: folder() });
            await run.until(/req/);
            assert.deepEqual(loopsOf(run), [wanted]);
            run.signal('SIGINT');
            await run.end();
        }
    });

    test('another word', async () => {
        assertFails(await brunt(['quick', '--loop', 'kqueue', 'http://127.0.0.1:1/']), 255, /"kqueue" for --loop: use auto, epoll or io_uring/);
        assertFails(await runScript(script, ['--loop', '']), 255, /"" for --loop: use auto, epoll or io_uring/);
        assertFails(await runScript(script, [], { env: { BRUNT_LOOP: 'fast' } }), 255, /"fast" for BRUNT_LOOP: use auto, epoll or io_uring/);
    });
}
