// TLS from outside: whom `brunt run` and `brunt quick` trust, client certificates, versions, what goes wrong, and
// proxies that are spoken to in TLS. The authorities are made here.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { assertFails, assertQuiet, brunt, folder, listen, messages, runScript, serve } from './harness.mjs';

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Two authorities, and certificates of the first one; texts and the folder with the files. */
function makeCertificates() {
    const dir = folder({
        'server.cnf': 'subjectAltName=DNS:localhost,DNS:target.test,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n',
        'other.cnf': 'subjectAltName=DNS:other.test\nextendedKeyUsage=serverAuth\n',
        'client.cnf': 'extendedKeyUsage=clientAuth\n',
    });
    const openssl = (...args) => execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' });
    const authority = (name) => openssl('req', '-x509', ...CURVE, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', '2',
        '-subj', `/CN=${name}`);
    const certificate = (name) => {
        openssl('req', ...CURVE, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
        openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2',
            '-extfile', `${name}.cnf`, '-out', `${name}.pem`);
    };
    authority('ca');
    authority('stranger');
    for (const name of ['server', 'other', 'client']) certificate(name);
    const file = (name) => path.join(dir, name);
    const text = (name) => readFileSync(file(name), 'utf8');
    return { file, text, pair: (name) => ({ key: text(`${name}.key`), cert: text(`${name}.pem`) }) };
}

let made;
const certificates = () => (made ??= makeCertificates());

/** An https server with the certificate `name`, which says which client it met. */
async function serveTls(name, options = {}) {
    const server = https.createServer({ ...certificates().pair(name), ...options }, (req, res) => {
        res.end(`${req.socket.getPeerCertificate?.().subject?.CN ?? 'nobody'} ${req.socket.getProtocol?.()}`);
    });
    server.on('tlsClientError', () => {});
    return (await listen(server)).replace('http:', 'https:');
}

const askForClients = () => ({ ca: certificates().text('ca.pem'), requestCert: true, rejectUnauthorized: true });

/** What one http.get() of a script gives: {status, body, error, code, tls}. */
async function get(url, { options = '', params = '{}', trust = certificates().file('ca.pem'), env = {} } = {}) {
    const done = await runScript(`import http from 'k6/http';
        export const options = { ${options} };
        export default function () {
            const r = http.get('${url}/', ${params});
            console.log(JSON.stringify({ status: r.status, body: r.body, error: r.error, code: r.error_code, tls: r.tls_version }));
        }`, [], { env: { SSL_CERT_FILE: trust, ...env } });
    assert.equal(done.code, 0, done.err);
    return { ...JSON.parse(messages(done.err, 'info')[0]), log: done.err };
}

/** What `brunt quick` met: answers by status, errors by code. */
async function quick(url, ...flags) {
    const done = await brunt(['quick', '--quiet', '-c', '1', '-n', '2', '--json', 'out.json', ...flags, url]);
    const result = JSON.parse(readFileSync(path.join(done.dir, 'out.json'), 'utf8'));
    return { exit: done.code, requests: result.requests, errors: result.errors, text: done.out };
}

function trustTests() {
    test('an authority that is known', async () => {
        const url = await serveTls('server');
        const r = await get(url);
        assert.deepEqual([r.status, r.body, r.error, r.code, r.tls], [200, 'nobody TLSv1.3', '', 0, 'tls1.3']);
        const q = await quick(url, '--cacert', certificates().file('ca.pem'));
        assert.equal(q.exit, 0, q.text);
        assert.deepEqual(q.errors, []);
    });

    test('one that is not known: 1310, unless nobody wants to know', async () => {
        const url = await serveTls('server'), trust = certificates().file('stranger.pem');
        const r = await get(url, { trust });
        assert.deepEqual([r.status, r.error, r.code], [0, 'x509: unknown authority', 1310]);
        assert.match(r.log, /tls: failed to verify certificate: x509: certificate signed by unknown authority/);
        assert.equal((await get(url, { trust, options: 'insecureSkipTLSVerify: true' })).status, 200);
        const q = await quick(url, '--cacert', trust);
        assert.equal(q.exit, 5);
        assert.match(JSON.stringify(q.errors), /unknown authority/);
        assert.equal((await quick(url, '--insecure')).exit, 0);
    });

    test('a certificate of another host: 1311', async () => {
        const url = await serveTls('other');
        const r = await get(url);
        assert.deepEqual([r.status, r.code], [0, 1311]);
        assert.match(r.error, /certificate doesn't match hostname/);
        assert.equal((await get(url, { options: 'insecureSkipTLSVerify: true' })).status, 200);
        const q = await quick(url, '--cacert', certificates().file('ca.pem'));
        assert.equal(q.exit, 5);
        assert.match(JSON.stringify(q.errors), /certificate/);
    });

    test('a file of authorities that is none ends the start', async () => {
        const url = await serveTls('server');
        assertFails(await brunt(['quick', '--quiet', '-n', '1', '--cacert', certificates().file('server.cnf'), url]), 255, /server\.cnf/);
    });
}

function agreementTests() {
    test('client certificates', async () => {
        const c = certificates(), url = await serveTls('server', askForClients());
        const auth = (domains) => `tlsAuth: [{ ${domains} cert: open('${c.file('client.pem')}'), key: open('${c.file('client.key')}') }]`;
        assert.equal((await get(url, { options: auth('') })).body, 'client TLSv1.3');
        assert.equal((await get(url, { options: auth("domains: ['127.0.0.1'],") })).body, 'client TLSv1.3');
        assert.equal((await get(url, { options: auth("domains: ['elsewhere.test'],") })).body, 'client TLSv1.3'); // as Go: any is better than none
        const without = await get(url);
        assert.equal(without.status, 0);
        assert.match(without.log, /remote error: tls: certificate required/);
        const flags = ['--cacert', c.file('ca.pem')];
        assert.equal((await quick(url, ...flags, '--cert', c.file('client.pem'), '--key', c.file('client.key'))).exit, 0);
        assert.equal((await quick(url, ...flags)).exit, 5);
    });

    test('versions', async () => {
        const old = await serveTls('server', { maxVersion: 'TLSv1.2' }), both = await serveTls('server');
        assert.equal((await get(old)).tls, 'tls1.2');
        assert.equal((await get(both, { options: "tlsVersion: 'tls1.2'" })).tls, 'tls1.2');
        assert.equal((await get(both, { options: "tlsVersion: { min: 'tls1.2', max: 'tls1.3' }" })).tls, 'tls1.3');
        const r = await get(old, { options: "tlsVersion: 'tls1.3'" });
        assert.equal(r.status, 0);
        assert.match(r.log, /tls: protocol version not supported|tls: server selected unsupported protocol version/);
        const bad = await runScript("export const options = { tlsVersion: 'tls9' }; export default function () {}");
        assert.notEqual(bad.code, 0);
        assert.match(bad.err, /tls9/);
    });
}

function failureTests() {
    test('a server that speaks no TLS: 1301', async () => {
        const url = (await serve((req, res) => res.end('clear'))).replace('http:', 'https:');
        const r = await get(url);
        assert.deepEqual([r.status, r.code], [0, 1301]);
        assert.equal((await quick(url, '--insecure')).exit, 5);
    });

    test('a handshake that stalls ends with the time of the request: 1050', async () => {
        const server = net.createServer((c) => c.on('error', () => {}).resume());
        const url = (await listen(server)).replace('http:', 'https:');
        const r = await get(url, { params: "{ timeout: '300ms' }" });
        assert.deepEqual([r.status, r.error, r.code], [0, 'request timeout', 1050]);
        assert.equal((await quick(url, '--insecure', '--timeout', '300ms')).exit, 5);
    });

    test('a server that leaves in the handshake', async () => {
        const server = net.createServer((c) => c.on('error', () => {}).once('data', () => c.destroy()));
        const url = (await listen(server)).replace('http:', 'https:');
        const r = await get(url);
        assert.equal(r.status, 0);
        assert.notEqual(r.code, 0);
    });
}

/** A proxy that is spoken to in TLS and sends everything to `target`; `seen` is what it was asked for. */
async function serveProxy(name, target) {
    const seen = [], to = new URL(target);
    const server = https.createServer(certificates().pair(name), (req, res) => {
        seen.push(`${req.method} ${req.url}`);
        res.end('by the proxy');
    });
    server.on('connect', (req, client, head) => {
        seen.push(`CONNECT ${req.url} ${req.headers['proxy-authorization'] ?? ''}`.trim());
        const up = net.connect(to.port, to.hostname, () => {
            client.write('HTTP/1.1 200 OK\r\n\r\n');
            up.write(head);
            up.pipe(client).pipe(up);
        });
        for (const end of [up, client]) end.on('error', () => { up.destroy(); client.destroy(); });
    });
    server.on('tlsClientError', () => {});
    return { url: (await listen(server)).replace('http:', 'https:'), seen };
}

function proxyTests() {
    test('an https proxy carries TLS in TLS, and clear requests', async () => {
        const proxy = await serveProxy('server', await serveTls('server'));
        const r = await get('https://target.test', { env: { HTTPS_PROXY: proxy.url.replace('//', '//joe:pw@') } });
        assert.deepEqual([r.status, r.body, r.error], [200, 'nobody TLSv1.3', '']);
        const clear = await get('http://target.test', { env: { HTTP_PROXY: proxy.url } });
        assert.deepEqual([clear.status, clear.body], [200, 'by the proxy']);
        assert.deepEqual(proxy.seen, ['CONNECT target.test:443 Basic am9lOnB3', 'GET http://target.test/']);
    });

    test('much in both directions through TLS in TLS', async () => {
        const server = https.createServer(certificates().pair('server'), (req, res) => {
            let n = 0;
            req.on('data', (data) => { n += data.length; });
            req.on('end', () => res.end('y'.repeat(n)));
        });
        const proxy = await serveProxy('server', (await listen(server)).replace('http:', 'https:'));
        const done = await runScript(`import http from 'k6/http';
            export default function () {
                const r = http.post('https://target.test/', 'x'.repeat(1000000));
                if (r.body !== 'y'.repeat(1000000)) throw new Error(r.error + r.body.length);
            }`, [], { env: { HTTPS_PROXY: proxy.url, SSL_CERT_FILE: certificates().file('ca.pem') } });
        assertQuiet(done);
    });

    test('an https proxy with a certificate of another host', async () => {
        const proxy = await serveProxy('other', 'http://127.0.0.1:1');
        for (const url of ['https://target.test', 'http://target.test']) {
            const r = await get(url, { env: { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url } });
            assert.deepEqual([r.status, r.code], [0, 1311]);
            assert.match(r.log, /proxyconnect tcp: tls: failed to verify certificate/);
        }
        assert.deepEqual(proxy.seen, []);
    });

    test('a proxy that does not answer is cut off by the time of the request', async () => {
        const server = net.createServer((c) => c.on('error', () => {}).resume());
        const proxy = await listen(server);
        const r = await get('https://target.test', { params: "{ timeout: '300ms' }", env: { HTTPS_PROXY: proxy } });
        assert.deepEqual([r.status, r.code], [0, 1050]);
    });
}

export function tlsTests() {
    trustTests();
    agreementTests();
    failureTests();
    proxyTests();
}
