// k6/ws and k6/websockets against servers that are good, strange and hostile.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { assertQuiet, folder, listen, messages, runScript, serve, sleep } from './harness.mjs';
import { serveWebSockets } from './ws_server.mjs';

const summary = (done) => JSON.parse(readFileSync(path.join(done.dir, 'out.json'), 'utf8')).metrics;
const exported = ['--summary-export', 'out.json'];
const said = (done) => messages(done.err, 'info');
const legacy = (body, options = '') => `import ws from 'k6/ws'; import http from 'k6/http';
    export const options = { insecureSkipTLSVerify: true, ${options} };
    export default function () { ${body} }`;
const modern = (body, options = '', module = 'k6/websockets') => `import { WebSocket, Blob } from '${module}';
    export const options = { insecureSkipTLSVerify: true, ${options} };
    export default async function () { ${body} }`;
/** Opens a connection to `url` with both modules in turn and logs their events. */
const eventsOf = (url) => `import ws from 'k6/ws'; import { WebSocket } from 'k6/websockets';
    export default function () {
        const r = ws.connect('${url}', (s) => {
            s.on('open', () => { console.log('ws open'); s.send('hello'); });
            s.on('message', (m) => console.log('ws message', m));
            s.on('error', (e) => console.log('ws error', e.error()));
            s.on('close', (code) => console.log('ws close', code));
        });
        console.log('ws', r.status, r.error);
        const s = new WebSocket('${url}');
        s.onopen = () => { console.log('open'); s.send('hello'); };
        s.onmessage = (e) => console.log('message', e.data);
        s.onerror = (e) => console.log('error', e.error);
        s.onclose = (e) => console.log('close', e.code, e.reason, s.readyState);
    }`;

function certificate() {
    const dir = folder();
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
        '-keyout', 'key.pem', '-out', 'cert.pem', '-days', '2', '-subj', '/CN=localhost'], { cwd: dir, stdio: 'ignore' });
    return { key: readFileSync(path.join(dir, 'key.pem')), cert: readFileSync(path.join(dir, 'cert.pem')) };
}

/** What both modules say of a server, and the warnings. */
async function hostile(name) {
    const { url, seen } = await serveWebSockets();
    const done = await runScript(eventsOf(`${url}/${name}`));
    assert.equal(done.code, 0, done.err);
    return { said: said(done), warned: messages(done.err, 'warning'), err: done.err, seen };
}

function goodServers() {
    test('messages of every size come back, and are counted', async () => {
        const { url, seen } = await serveWebSockets();
        const done = await runScript(legacy(`
            const sizes = [0, 1, 125, 126, 65535, 65536, 3000000];
            let got = 0;
            const res = ws.connect('${url}/echo', { tags: { kind: 'echo' } }, (s) => {
                s.on('open', () => sizes.forEach((n) => s.send('é'.repeat(n / 2) + (n % 2 ? 'x' : ''))));
                s.on('message', (m) => { if (++got === sizes.length) s.close(1000); });
                s.on('error', (e) => console.error(e.error()));
            });
            if (res.status !== 101 || got !== sizes.length) throw new Error(got + ' ' + res.status);`), exported);
        assertQuiet(done);
        const m = summary(done);
        assert.equal(m.ws_msgs_sent.count, 7);
        assert.equal(m.ws_msgs_received.count, 7);
        assert.equal(m.ws_sessions.count, 1);
        assert.ok(m.ws_session_duration.max >= m.ws_connecting.max);
        const bytes = 0 + 1 + 125 + 126 + 65535 + 65536 + 3000000;
        assert.ok(m.data_sent.count > bytes && m.data_sent.count < bytes + 2000, `${m.data_sent.count} sent`);
        assert.ok(m.data_received.count > bytes && m.data_received.count < bytes + 2000, `${m.data_received.count} received`);
        assert.deepEqual(seen.closes, [1000]);
        assert.match(seen.heads[0], /^GET \/echo HTTP\/1.1\r\nHost: 127.0.0.1:\d+\r\nUser-Agent: [^\r]+\r\nConnection: Upgrade\r\nSec-WebSocket-Key: [A-Za-z0-9+/]{22}==\r\nSec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n$/);
    });

    test('requests in handlers, cookies of the jar, headers and protocols', async () => {
        const web = await serve((req, res) => res.end('hello'));
        const { url, seen } = await serveWebSockets();
        const done = await runScript(legacy(`
            http.cookieJar().set('${url.replace('ws:', 'http:')}/', 'mine', '1');
            const params = { headers: { 'X-Mine': 'yes', 'Sec-WebSocket-Protocol': 'chat' } };
            ws.connect('${url}/headers', params, (s) => {
                s.on('message', (head) => console.log(http.get('${web}').body, /Cookie: mine=1/.test(head), /X-Mine: yes/.test(head), /Sec-WebSocket-Protocol: chat/.test(head)));
                s.on('close', (code) => console.log('close', code));
            });
            const again = ws.connect('${url}/headers', null, (s) => s.on('message', (head) => console.log(/seen=yes/.test(head))));
            console.log(again.headers['Set-Cookie'], again.headers.Upgrade);
            console.log(ws.connect('${url}/echo', { headers: { Upgrade: 'x' } }, () => {}).error);`));
        assertQuiet(done);
        assert.deepEqual(said(done), ['hello true true true', 'close 1000', 'true', 'seen=yes; Path=/ websocket', 'websocket: duplicate header not allowed: Upgrade']);
        assert.equal(seen.opened, 2);
    });

    test('over TLS, with HTTP/1.1 although the server offers more', async () => {
        const { url } = await serveWebSockets(certificate());
        const done = await runScript(eventsOf(`${url}/close`).replace('export default', 'export const options = { insecureSkipTLSVerify: true }; export default'));
        assert.deepEqual(said(done), ['ws open', 'ws error websocket: close 4001: enough', 'ws close 4001', 'ws 101 ',
            'open', 'error websocket: close 4001: enough', 'close 4001 enough 3'], done.err);
    });

    test('through a proxy, by CONNECT', async () => {
        const { url } = await serveWebSockets();
        const asked = [];
        const proxy = await listen(net.createServer((c) => {
            c.on('error', () => {});
            c.once('data', (head) => {
                asked.push(head.toString().split('\r\n')[0]);
                const up = net.connect(Number(url.split(':')[2]), '127.0.0.1', () => { c.write('HTTP/1.1 200 OK\r\n\r\n'); c.pipe(up).pipe(c); });
                up.on('error', () => c.destroy());
            });
        }));
        const done = await runScript(legacy(`
            ws.connect('ws://ws.test:81/echo', (s) => { s.on('open', () => s.send('hi')); s.on('message', (m) => { console.log(m); s.close(); }); });`),
        [], { env: { HTTP_PROXY: proxy } });
        assertQuiet(done);
        assert.deepEqual(said(done), ['hi']);
        assert.deepEqual(asked, ['CONNECT ws.test:81 HTTP/1.1']);
    });

    test('compression', async () => {
        const { url, seen } = await serveWebSockets();
        const done = await runScript(modern(`
            const s = new WebSocket('${url}/shout', null, { compression: 'deflate' });
            s.onopen = () => { console.log(s.extensions.join()); s.send('hello '.repeat(1000)); };
            s.onmessage = (e) => { console.log(e.data === 'HELLO '.repeat(1000)); s.close(); };`), exported);
        assertQuiet(done);
        assert.deepEqual(said(done), ['permessage-deflate; server_no_context_takeover; client_no_context_takeover', 'true']);
        assert.match(seen.heads[0], /Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n/);
        assert.ok(summary(done).data_sent.count < 1000);
    });

    test('pings, binary messages, blobs, bufferedAmount, protocols', async () => {
        const { url } = await serveWebSockets();
        const done = await runScript(modern(`
            await new Promise((resolve) => {
                const s = new WebSocket('${url}/echo', ['one', 'two']);
                s.onopen = () => { console.log(s.protocol); s.ping(); };
                s.addEventListener('pong', () => {
                    s.send('h\\ud800llo é');
                    console.log('buffered', s.bufferedAmount);
                });
                s.onmessage = (e) => { console.log(e.data, s.bufferedAmount); s.close(); };
                s.onclose = resolve;
            });
            const s = new WebSocket('${url}/binary');
            s.onmessage = async (e) => {
                console.log(e.data.size, (await e.data.bytes())[2]);
                try { s.send(new Blob(['x'])); } catch (err) { console.log(err.message); }
                s.close(3333, 'done');
            };
            s.onerror = (e) => console.log(e.error);
            s.onclose = (e) => console.log(e.code, e.reason);`), exported);
        assertQuiet(done);
        assert.deepEqual(said(done), ['one', 'buffered 10', 'h\ufffdllo é 0', '4 254', 'unsupported send type: use a string, an ArrayBuffer or a typed array',
            'websocket: close 3333: done', '3333 done']);
        assert.equal(summary(done).ws_msgs_sent.count, 4); // ping, text, and two closes
        assert.ok(summary(done).ws_ping.avg >= 0);
    });

    test('Blob.stream()', async () => {
        for (const first of ['', "import { ReadableStream } from 'k6/experimental/streams';"]) {
            const done = await runScript(`import { Blob } from 'k6/websockets'; ${first}
                export default async function () {
                    const stream = new Blob(['ab', new Uint8Array(100000).fill(7), new Uint8Array([1, 2]).buffer]).stream();
                    const reader = stream.getReader(), sizes = [];
                    let last;
                    for (let r = await reader.read(); !r.done; r = await reader.read()) {
                        sizes.push(r.value.length);
                        last = r.value.at(-1);
                    }
                    console.log(sizes.join(), last, stream.locked, await new Blob().stream().getReader().read());
                    ${first && 'console.log(stream instanceof ReadableStream);'}
                }`);
            assertQuiet(done);
            assert.deepEqual(said(done), ['65536,34468 2 true { value: null, done: true }', ...first ? ['true'] : []]);
        }
    });

    test('the experimental module says once that it is deprecated', async () => {
        const { url } = await serveWebSockets();
        const done = await runScript(modern(`const s = new WebSocket('${url}/echo'); s.onopen = () => s.close();`,
            'vus: 3, iterations: 6', 'k6/experimental/websockets'));
        assertQuiet(done);
        assert.equal(messages(done.err, 'warning').filter((w) => /deprecated/.test(w)).length, 1, done.err);
    });

    test('many virtual users, many messages', async () => {
        const { url, seen } = await serveWebSockets();
        const done = await runScript(modern(`
            const s = new WebSocket('${url}/echo');
            let got = 0;
            s.onopen = () => { for (let i = 0; i < 20; i++) s.send('message ' + i); };
            s.onmessage = (e) => { if (e.data !== 'message ' + got) throw new Error(e.data); if (++got === 20) s.close(); };`,
        'vus: 20, iterations: 200'), exported);
        assertQuiet(done);
        assert.equal(summary(done).ws_msgs_received.count, 4000);
        assert.equal(seen.opened, 200);
        assert.ok(seen.closes.every((code) => code === 1000));
    });
}

function interruptions() {
    test('an interrupted iteration closes its connections', async () => {
        const options = 'scenarios: { a: { executor: "constant-vus", vus: 2, duration: "1s", gracefulStop: "0s" } }';
        for (const [script, code] of [
            [legacy('ws.connect(__ENV.URL, (s) => { s.setInterval(() => s.send("x"), 20); }); console.log("after");', options), 1001],
            [modern('const s = new WebSocket(__ENV.URL); s.onclose = () => console.log("after");', options), 1000],
        ]) {
            const { url, seen } = await serveWebSockets();
            const done = await runScript(script, ['-e', `URL=${url}/silent`]);
            assert.equal(done.code, 0, done.err);
            assert.deepEqual(said(done), []);
            for (let i = 0; i < 200 && seen.gone < 2; i++) await sleep(10);
            assert.equal(seen.gone, 2);
            assert.deepEqual(seen.closes, [code, code]);
        }
    });

    test('an exception in a handler ends the iteration and the connection', async () => {
        const { url, seen } = await serveWebSockets();
        const done = await runScript(modern(`
            const s = new WebSocket('${url}/binary');
            s.onmessage = () => { throw new Error('mine'); };`), exported);
        assert.match(messages(done.err).join(), /mine/);
        assert.equal(summary(done).ws_session_duration.max > 0, true);
        for (let i = 0; i < 200 && seen.gone < 1; i++) await sleep(10);
        assert.equal(seen.gone, 1);
    });

    test('timers of the virtual user are not starved by messages', async () => {
        const { url } = await serveWebSockets();
        const done = await runScript(modern(`
            const s = new WebSocket('${url}/flood');
            let n = 0;
            s.binaryType = 'arraybuffer';
            s.onmessage = () => { n++; };
            setTimeout(() => { console.log(n > 0); s.close(); }, 100);`));
        assert.equal(done.code, 0, done.err);
        assert.deepEqual(said(done), ['true']);
    });
}

function hostileServers() {
    const refused = ['ws 101 ', 'error websocket: bad handshake', 'close undefined  3'];
    test('a handshake that is wrong or refused', async () => {
        assert.deepEqual((await hostile('accept')).said, refused);
        assert.deepEqual((await hostile('refuse')).said, ['ws 403 ', ...refused.slice(1)]);
        assert.deepEqual((await hostile('extension')).said, ['ws 101 ', 'error websocket: invalid compression negotiation', refused[2]]);
    });

    test('a connection that is lost, or reset', async () => {
        const lost = 'websocket: close 1006 (abnormal closure): unexpected EOF';
        assert.deepEqual((await hostile('drop')).said, ['ws open', `ws error ${lost}`, 'ws close 1006', 'ws 101 ', 'open', `error ${lost}`, 'close 1006 unexpected EOF 3']);
        assert.deepEqual((await hostile('half')).said, ['ws open', `ws error ${lost}`, 'ws close 1006', 'ws 101 ', 'open', `error ${lost}`, 'close 1006 unexpected EOF 3']);
        assert.deepEqual((await hostile('reset')).said, ['ws open', 'ws close 1001', 'ws 101 ', 'open', 'close undefined  3']);
    });

    for (const [name, error, code] of [['opcode', 'bad opcode 3', 1002], ['masked', 'bad MASK', 1002], ['garbage', 'RSV1 set', 1002],
        ['utf8', 'invalid UTF-8 in a text message', 1007]]) {
        test(`a server that breaks the protocol: ${error}`, async () => {
            const got = await hostile(name);
            assert.deepEqual(got.said, ['ws open', 'ws close 1001', 'ws 101 ', 'open', 'close undefined  3']);
            assert.deepEqual(got.warned, Array(2).fill('WebSocket connection broken'));
            assert.equal(got.err.split(`websocket: ${error}`).length, 3, got.err);
            assert.ok(got.seen.closes.every((c) => c === code), String(got.seen.closes));
        });
    }

    for (const [name, pattern] of [['huge', /^error websocket: message is longer than the limit of 67108864 bytes$/],
        ['bomb', /^error websocket: compressed message unpacks to more than the limit/],
        ['pings', /^error websocket: the server sends pings and does not read the answers$/]]) {
        test(`a server that sends too much: ${name}`, async () => {
            const got = await hostile(name);
            const errors = got.said.filter((line) => /error/.test(line)).map((line) => line.replace(/^ws /, ''));
            assert.equal(errors.length, 2, got.err);
            for (const error of errors) assert.match(error, pattern);
        });
    }

    test('a flood that the script cannot keep up with ends', async () => {
        const { url } = await serveWebSockets();
        const web = await serve((req, res) => setTimeout(() => res.end('late'), 3000));
        const done = await runScript(legacy(`
            let n = 0;
            ws.connect('${url}/flood', (s) => {
                s.on('binaryMessage', () => { if (n++ === 0) http.get('${web}'); });
                s.on('error', (e) => console.log(e.error()));
            });`));
        assert.equal(done.code, 0, done.err);
        assert.match(said(done)[0], /^websocket: more than 64 MiB of messages wait for the script$/);
    });
}

export function websocketTests() {
    goodServers();
    interruptions();
    hostileServers();
}
