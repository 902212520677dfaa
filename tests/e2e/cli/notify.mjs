// brunt test --notify: what webhooks get, when it is tried again, and what nobody gets to see.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { test } from 'node:test';
import { assertFails, assertQuiet, brunt, deadUrl, folder, listen, messages, serve } from './harness.mjs';

const script = `import http from 'k6/http';
import { sleep } from 'k6';
export default function () { http.get(__ENV.BASE_URL + '/page'); sleep(0.05); }`;
const config = `version: 1
environments: { here: { base_url: "\${TARGET}" } }
tests:
  good: { script: script.js, duration: 1s, load: { vus: 1 }, criteria: [ "p95 < 5s" ] }
  slow: { script: script.js, duration: 1s, load: { vus: 1 }, criteria: [ "p95 < 1us" ] }
`;
const SECRET = 'T0PS3CRETTOKEN';

/** A webhook that answers with each of `answers` in turn, the last again and again; `got` are the requests. */
async function hook(answers = [200]) {
    const got = [];
    const base = await serve((request, response) => {
        let body = '';
        request.setEncoding('utf8').on('data', (text) => { body += text; }).on('end', () => {
            const answer = answers[Math.min(got.length, answers.length - 1)];
            got.push({ url: request.url, headers: request.headers, body, at: Date.now() });
            if (answer === 'reset') request.socket.resetAndDestroy();
            else response.writeHead(answer.status ?? answer, answer.headers ?? {}).end('ok');
        });
    });
    return { base, url: `${base}/services/${SECRET}?key=${SECRET}`, got };
}

/** `notify`: parts of that name, of the file and of the environment. */
async function run(args, { env = {}, notify = {}, ...options } = {}) {
    const target = await serve((_request, response) => response.end('ok'));
    let text = config;
    if (notify.file) text = text.replace('\n', `\nnotify: ${notify.file}\n`);
    if (notify.here) text = text.replace('base_url:', `notify: ${notify.here}, base_url:`);
    return brunt(['test', ...args], { dir: folder({ 'brunt.yaml': text, 'script.js': script }), env: { TARGET: target, ...env }, ...options });
}

const hidden = (done) => {
    const all = done.out + done.err;
    assert.ok(!all.includes(SECRET), `the secret is shown: ${all}`);
};
const warnings = (done) => messages(done.err, 'warning');

export function notifyTests() {
    test('a webhook gets the verdict', async () => {
        const { url, got } = await hook();
        const done = await run(['slow', 'here', '--notify', url, '--report-url', 'https://ci.example/run/7']);
        assertQuiet(done, 1);
        assert.deepEqual(warnings(done), []);
        assert.equal(got.length, 1);
        assert.equal(got[0].url, `/services/${SECRET}?key=${SECRET}`);
        assert.equal(got[0].headers['content-type'], 'application/json');
        const said = JSON.parse(got[0].body);
        assert.equal(said.schema, 'brunt.notification/1');
        assert.equal(said.environment, 'here');
        assert.equal(said.outcome, 'failed');
        assert.match(said.text, /^slow on here: (critical|needs optimization).*\n.*\n• p95 is .*\n/);
        assert.match(said.text, /Report: https:\/\/ci\.example\/run\/7$/);
        assert.equal(said.failed_criteria[0].text, 'p95 < 1us');
        assert.ok(said.action.evidence);
        hidden(done);
    });
    test('a chat gets blocks', async () => {
        const { url, got } = await hook();
        const done = await run(['slow', 'here', '--notify', `slack+${url}`]);
        assertQuiet(done, 1);
        const said = JSON.parse(got[0].body);
        assert.equal(said.blocks[0].type, 'header');
        assert.match(said.blocks[0].text.text, /^slow on here: /);
        assert.ok(said.blocks.slice(1).every((b) => b.type === 'section' && b.text.type === 'mrkdwn'));
        assert.ok(said.text.length > 20);
    });
    test('only problems, unless always is asked for', async () => {
        const { url, got } = await hook();
        assertQuiet(await run(['good', 'here', '--notify', url]));
        assert.equal(got.length, 0);
        assertQuiet(await run(['good', 'here', '--notify', url, '--notify-on', 'always']));
        assert.equal(JSON.parse(got[0].body).problem, false);
        assertQuiet(await run(['good', 'here'], { env: { BRUNT_NOTIFY_URL: `${url}  slack+${url}`, BRUNT_NOTIFY_ON: 'always' } }));
        assert.equal(got.length, 3);
    });
    test('the configuration says who is told, and when', async () => {
        const { url, got } = await hook();
        const file = '{ url: "${HOOK}", when: always, report_url: "https://ci.example/run/8" }';
        const done = await run(['good', 'here'], { env: { HOOK: url }, notify: { file } });
        assertQuiet(done);
        hidden(done);
        assert.equal(got.length, 1);
        assert.match(JSON.parse(got[0].body).text, /Report: https:\/\/ci\.example\/run\/8$/);
        // Only problems by default; several addresses, of which one is a chat and one is not there.
        const list = '{ url: [ "${HOOK}", "slack+${HOOK}", "${NEVER_SET:-}" ] }';
        assertQuiet(await run(['good', 'here'], { env: { HOOK: url }, notify: { file: list } }));
        assert.equal(got.length, 1);
        assertQuiet(await run(['slow', 'here'], { env: { HOOK: url }, notify: { file: list } }), 1);
        assert.deepEqual(got.slice(1).map(({ body }) => Boolean(JSON.parse(body).blocks)), [false, true]);
        // A failure is one, and no regression.
        assertQuiet(await run(['slow', 'here'], { env: { HOOK: url }, notify: { file: '{ url: "${HOOK}", when: failure }' } }), 1);
        assert.equal(got.length, 4);
        assertQuiet(await run(['slow', 'here'], { env: { HOOK: url }, notify: { file: '{ url: "${HOOK}", when: regression }' } }), 1);
        assert.equal(got.length, 4);
    });
    test('a regression is told where only regressions are wanted', async () => {
        const { url, got } = await hook();
        let wait = 2;
        const target = await serve((_request, response) => setTimeout(() => response.end('ok'), wait));
        const text = config.replace('\n', '\nnotify: { url: "${HOOK}", when: regression }\n').replaceAll('duration: 1s, load: { vus: 1 }', 'duration: 3s, load: { vus: 10 }');
        const dir = folder({ 'brunt.yaml': text, 'script.js': script });
        const again = () => brunt(['test', 'good', 'here', '--store', 'h.db', '--compare'], { dir, env: { TARGET: target, HOOK: url } });
        for (let i = 0; i < 3; i++) await again();
        assert.equal(got.length, 0);
        wait = 60;
        let last;
        for (let i = 0; i < 3 && got.length === 0; i++) last = await again();
        assert.equal(got.length, 1, last.out + last.err);
        assert.equal(last.code, 1);
        assert.equal(JSON.parse(got[0].body).comparison.answer, 'regressed');
    });
    test('an environment has its own, flags and variables beat both', async () => {
        const [one, two, three] = [await hook(), await hook(), await hook()];
        const notify = { file: '{ url: "${ONE}" }', here: '{ url: "${TWO}", when: always }' };
        const env = { ONE: one.url, TWO: two.url };
        const counts = () => [one, two, three].map(({ got }) => got.length);
        assertQuiet(await run(['good', 'here'], { env, notify }));
        assert.deepEqual(counts(), [0, 1, 0]);
        assertQuiet(await run(['good', 'here', '--notify', three.url], { env, notify }));
        assert.deepEqual(counts(), [0, 1, 1]);
        assertQuiet(await run(['good', 'here'], { env: { ...env, BRUNT_NOTIFY_URL: three.url }, notify }));
        assert.deepEqual(counts(), [0, 1, 2]);
        assertQuiet(await run(['good', 'here', '--notify-on', 'problem'], { env, notify }));
        assertQuiet(await run(['slow', 'here', '--notify', 'none'], { env, notify }), 1);
        assert.deepEqual(counts(), [0, 1, 2]);
        // What a pipeline sets to nothing is not set.
        assertQuiet(await run(['slow', 'here'], { env: { ...env, BRUNT_NOTIFY_URL: '', BRUNT_NOTIFY_ON: '' }, notify: { file: '{ url: "${ONE}" }' } }), 1);
        assert.deepEqual(counts(), [1, 1, 2]);
    });
    test('a hook of the configuration that fails is said and changes nothing', async () => {
        const flaky = await hook([503, 200]);
        const notify = { file: '{ url: "${HOOK}", when: always }' };
        const again = await run(['good', 'here'], { env: { HOOK: flaky.url }, notify });
        assertQuiet(again);
        assert.deepEqual(warnings(again), []);
        assert.equal(flaky.got.length, 2);
        const { base, url } = await hook([403]);
        for (const [name, code] of [['good', 0], ['slow', 1]]) {
            const done = await run([name, 'here', '-v'], { env: { HOOK: url }, notify });
            assert.equal(done.code, code);
            assert.deepEqual(warnings(done), [`the notification to ${base} was not delivered: status 403 (1 try)`]);
            hidden(done);
        }
    });
    test('a variable of the file that is not set is told when it is needed', async () => {
        const notify = { file: '{ url: "${HOOK}" }' };
        const missing = /brunt\.yaml:2:16: the environment variable HOOK is not set/;
        assertFails(await run(['good', 'here'], { notify }), 104, missing);
        assertQuiet(await run(['good', 'here', '--notify', 'none'], { notify }));
        const done = await run(['good', 'here'], { notify, env: { HOOK: `ftp://${SECRET}` } });
        assertFails(done, 104, /brunt\.yaml:2:16: url of notify is no URL of http or https \(it is not shown here/);
        hidden(done);
        const check = (...args) => brunt(['config', ...args], { dir: done.dir, env: { TARGET: 'http://127.0.0.1:1' } });
        const checked = await check('check');
        assert.equal(checked.code, 0);
        assert.match(checked.out, /brunt\.yaml:2:16: warning: the environment variable HOOK is not set/);
        const shown = await check('show', 'here');
        assert.equal(shown.code, 0);
        assert.match(shown.err, /nobody can be told: .*HOOK is not set/);
        const full = await brunt(['config', 'show', 'here'], { dir: done.dir, env: { TARGET: 'http://127.0.0.1:1', HOOK: `slack+https://me:${SECRET}@chat.example/${SECRET}` } });
        assertQuiet(full);
        assert.match(full.out, /\n {2}notify:\n {4}url: \[ "slack\+https:\/\/chat\.example\/\*\*\*SECRET_REDACTED\*\*\*" \]\n {4}when: problem\n/);
        hidden(full);
    });
    test('a target that does not answer is told', async () => {
        const { url, got } = await hook();
        const dead = await deadUrl();
        const done = await run(['slow', 'here', '--notify', url], { env: { TARGET: dead.replace('//', `//user:${SECRET}@`) } });
        assert.equal(done.code, 5);
        const said = JSON.parse(got[0].body);
        assert.match(said.headline, /the target does not answer/);
        assert.ok(!got[0].body.includes(SECRET));
    });
    test('it is tried again where that helps', async () => {
        const flaky = await hook(['reset', 503, 200]);
        const done = await run(['slow', 'here', '--notify', flaky.url]);
        assertQuiet(done, 1);
        assert.deepEqual(warnings(done), []);
        assert.equal(flaky.got.length, 3);
        assert.ok(flaky.got[1].at - flaky.got[0].at >= 900 && flaky.got[2].at - flaky.got[1].at >= 1900, 'it waits longer each time');
        const busy = await hook([{ status: 429, headers: { 'Retry-After': '0' } }, 200]);
        assertQuiet(await run(['slow', 'here', '--notify', busy.url]), 1);
        assert.equal(busy.got.length, 2);
        assert.ok(busy.got[1].at - busy.got[0].at < 900, 'Retry-After is followed');
    });
    test('failure is a warning, the verdict stays, and the address is not shown', async () => {
        const { base, url, got } = await hook([404]);
        const done = await run(['slow', 'here', '--notify', url, '-v']);
        assert.equal(done.code, 1);
        assert.equal(got.length, 1, 'once is enough');
        assert.deepEqual(warnings(done), [`the notification to ${base} was not delivered: status 404 (1 try)`]);
        hidden(done);
        const moved = await hook([{ status: 302, headers: { Location: `${base}/elsewhere` } }]);
        const redirected = await run(['slow', 'here', '--notify', moved.url]);
        assert.match(warnings(redirected)[0], /status 302 \(redirects are not followed\)/);
        assert.equal(got.length, 1);
        const dead = `${await deadUrl()}/${SECRET}`;
        const refused = await run(['good', 'here', '--notify', dead, '--notify-on', 'always']);
        assert.equal(refused.code, 0);
        assert.match(warnings(refused)[0], /not delivered: dial: connection refused \(3 tries\)/);
        hidden(refused);
    });
    test('a server that nobody vouches for does not get the message', async () => {
        const dir = folder();
        execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'key.pem',
            '-out', 'cert.pem', '-days', '2', '-subj', '/CN=hook', '-addext', 'subjectAltName=IP:127.0.0.1'], { cwd: dir, stdio: 'ignore' });
        const text = (name) => readFileSync(path.join(dir, name), 'utf8');
        let got = 0;
        const server = https.createServer({ key: text('key.pem'), cert: text('cert.pem') }, (request, response) => { got++; request.resume(); response.end(); });
        server.on('tlsClientError', () => {});
        const url = (await listen(server)).replace('http:', 'https:');
        const done = await run(['slow', 'here', '--notify', `${url}/${SECRET}`]);
        assert.equal(done.code, 1);
        assert.equal(got, 0);
        assert.match(warnings(done)[0], /not delivered: x509: unknown authority \(1 try\)/);
        hidden(done);
        assertQuiet(await run(['slow', 'here', '--notify', url], { env: { SSL_CERT_FILE: path.join(dir, 'cert.pem') } }), 1);
        assert.equal(got, 1);
    });
    test('a user in the address becomes a header', async () => {
        const { url, got } = await hook();
        const done = await run(['slow', 'here', '--notify', url.replace('//', `//me:${SECRET}@`)]);
        assert.equal(got[0].headers.authorization, `Basic ${Buffer.from(`me:${SECRET}`).toString('base64')}`);
        hidden(done);
    });
    test('what is wrong is told before the run, without the address', async () => {
        for (const url of [`ftp://example.com/${SECRET}`, SECRET, `slack+${SECRET}`, '']) {
            const done = await run(['good', 'here', '--notify', url]);
            assertFails(done, 104, /an address for notifications is no URL of http or https/);
            hidden(done);
        }
        assertFails(await run(['good', 'here', '--notify-on', 'never']), 104, /--notify-on: use problem, failure, regression or always/);
        assertFails(await run(['good', 'here', '--report-url', 'here']), 104, /--report-url: use a URL/);
    });
}
