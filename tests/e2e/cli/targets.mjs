// Targets that misbehave: a failed request is data, whatever the reason; the run goes on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertFails, deadUrl, folder, isSlow, messages, paced, programPath, Run, runScript, serveFaults } from './harness.mjs';

const script = `import http from 'k6/http';
export default function () {
    const r = http.get(__ENV.URL, { timeout: __ENV.TIMEOUT || '5s' });
    const next = __ENV.NEXT ? http.get(__ENV.NEXT).status : 0;
    console.log(JSON.stringify([r.status, r.error_code, r.error, r.body === null ? null : r.body.length, next]));
}`;

const cases = [
    // path, status, error_code, error
    ['ok', 200, 0, /^$/],
    ['close', 200, 0, /^$/],
    ['reset', 0, 1220, /reset by peer/],
    ['cut', 0, 1000, /unexpected EOF/],
    ['header', 0, 1000, /headers exceeded 1048576 bytes/],
    ['headers', 0, 1000, /more than 1000 header fields/],
    ['big', 0, 1000, /body exceeds the limit of 2097152 bytes/],
    ['bigchunks', 0, 1000, /body exceeds the limit of 2097152 bytes/],
    ['bigclose', 0, 1000, /body exceeds the limit of 2097152 bytes/],
    ['endless', 0, 1000, /body exceeds the limit/],
    ['overflow', 0, 1000, /bad Content-Length "9{23}"/],
    ['chunk', 0, 1000, /chunk/],
    ['chunkcut', 0, 1000, /unexpected EOF/],
    ['garbage', 0, 1000, /malformed HTTP response/],
    ['empty', 0, 1000, /EOF/],
    ['negative', 0, 1000, /bad Content-Length "-5"/],
    ['status', 0, 1000, /malformed HTTP status code/],
    ['nul', 0, 1000, /malformed MIME header line/],
];

async function ask(url, args = [], env = {}) {
    const done = await runScript(script, args, { env: { URL: url, ...env } });
    assert.equal(done.code, 0, done.err);
    const [answer] = messages(done.err, 'info');
    return { answer: JSON.parse(answer), warnings: messages(done.err, 'warning'), done };
}

export function targetTests() {
    for (const [path, status, code, pattern] of cases) {
        test(`a target that does: ${path}`, async () => {
            const base = await serveFaults();
            const { answer, warnings } = await ask(`${base}/${path}`, ['--max-body', '2'], { NEXT: `${base}/ok` });
            assert.equal(answer[0], status);
            assert.equal(answer[1], code);
            assert.match(answer[2], pattern);
            assert.equal(answer[4], 200, 'the next request is well');
            assert.deepEqual(warnings, status ? [] : ['Request Failed']);
        });
    }
    test('a body within the limit is kept', async () => {
        const { answer } = await ask(`${await serveFaults()}/big`, ['--max-body', '3']);
        assert.deepEqual(answer.slice(0, 4), [200, 0, '', 3 << 20]);
    });
    test('a target that does not answer', async () => {
        const { answer, done } = await ask(`${await serveFaults()}/hang`, [], { TIMEOUT: '300ms' });
        assert.deepEqual(answer.slice(0, 3), [0, 1050, 'request timeout']);
        assert.ok(done.ms < paced(3000));
    });
    test('a target that does not listen', async () => {
        const { answer, done } = await ask(`${await deadUrl()}/`);
        assert.deepEqual(answer.slice(0, 3), [0, 1212, 'dial: connection refused']);
        assert.match(done.out, /http_req_failed\.+: 100\.00% 1 out of 1/);
    });
    test('addresses that are none', async () => {
        for (const url of ['', 'nonsense', 'http://', 'ftp://127.0.0.1/', 'http://127.0.0.1:99999/', 'http://[::1', 'http://a b/', `http://127.0.0.1/${'x'.repeat(70000)}`]) {
            const done = await runScript(script, [], { env: { URL: url } });
            assert.equal(done.code, 0, `${url}: ${done.err}`);
            assert.match(done.err, /level=(error|warning|info)/);
        }
    });
    test('--throw makes a failed request an exception', async () => {
        const done = await runScript(script, ['--throw'], { env: { URL: `${await deadUrl()}/` } });
        assert.equal(done.code, 0);
        assert.match(messages(done.err)[0], /connection refused/);
    });
    test('no descriptors left: requests fail, the run goes on', async () => {
        const dir = folder({ 'script.js': `import http from 'k6/http'; import { sleep } from 'k6';
            export default function () { http.get(__ENV.URL); sleep(0.3); }` });
        const command = `ulimit -n 40; exec '${programPath()}' run -q -u 60 -i 60 script.js`;
        const done = await new Run(['-c', command], { dir, command: '/bin/sh', env: { URL: `${await serveFaults()}/hang2` } }).end();
        assert.equal(done.code, 0, done.err);
        assert.match(done.err, /too many open files/);
        assert.match(done.out, /http_reqs\.+: 60 /);
    });
    // An address sanitizer needs more address space than any limit that would be of use here.
    test('no memory left: one message', { skip: isSlow() }, async () => {
        const dir = folder({ 'script.js': 'export default function () {}' });
        const command = `ulimit -v 400000; exec '${programPath()}' run -q -u 20000 -d 1s --workers 1 script.js`;
        const done = await new Run(['-c', command], { dir, command: '/bin/sh' }).end({ killed: true });
        if (done.signal) assert.match(done.err, /^out of memory/m); // outside JavaScript there is no way on
        else assertFails(done, 255, /no memory for /);
    });
}
