// HTTP/2 against node's server: sharing, bodies, goodbyes in the middle of a run, quick mode.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import path from 'node:path';
import { test } from 'node:test';
import { assertQuiet, brunt, folder, listen, messages, runScript, serve } from './harness.mjs';

function certificate() {
    const dir = folder();
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
        '-keyout', 'key.pem', '-out', 'cert.pem', '-days', '2', '-subj', '/CN=localhost'], { cwd: dir, stdio: 'ignore' });
    return { key: readFileSync(path.join(dir, 'key.pem')), cert: readFileSync(path.join(dir, 'cert.pem')) };
}

/** Starts a server; `sessions` counts its connections, `streams` the requests. */
async function serve2(handler, { tls = false, settings } = {}) {
    const seen = { sessions: 0, streams: 0 };
    const count = (req, res) => { seen.streams++; handler(req, res, seen); };
    const server = tls ? http2.createSecureServer({ ...certificate(), settings, allowHTTP1: true }, count) : http2.createServer({ settings }, count);
    server.on('session', (session) => { seen.sessions++; session.on('error', () => {}); });
    server.on('sessionError', () => {});
    const url = await listen(server);
    return { url: tls ? url.replace('http:', 'https:') : url, seen };
}

const hello = (req, res) => res.end('hello');
/** Answers with the length of the request's body. */
const measure = (req, res) => {
    let n = 0;
    req.on('data', (data) => { n += data.length; });
    req.on('end', () => res.end(String(n)));
};

const script = (body, options = '') => `import http from 'k6/http';
    export const options = { insecureSkipTLSVerify: true, ${options} };
    export default async function () { ${body} }`;
const summary = (done) => JSON.parse(readFileSync(path.join(done.dir, 'out.json'), 'utf8')).metrics;

export function http2Tests() {
    test('requests side by side share a connection', async () => {
        const { url, seen } = await serve2(hello, { tls: true });
        const done = await runScript(script(`
            const all = [];
            for (let i = 0; i < 50; i++) all.push(http.asyncRequest('GET', '${url}/'));
            const r = await Promise.all(all);
            if (!r.every((x) => x.proto === 'HTTP/2.0' && x.status_text === '200 OK' && x.body === 'hello')) throw new Error('answers');
            if (r.filter((x) => x.timings.connecting > 0).length !== 1) throw new Error('connecting');
            if (http.get('${url}/').timings.blocked !== 0) throw new Error('blocked');`));
        assertQuiet(done);
        assert.deepEqual(seen, { sessions: 1, streams: 51 });
    });

    test('trailers', async () => {
        const answer = (req, res) => {
            res.writeHead(200, { trailer: 'x-sum' });
            res.write('hello');
            res.addTrailers({ 'x-sum': '5', 'server-timing': 'db;dur=3' });
            res.end();
        };
        const { url } = await serve2(answer, { tls: true });
        const done = await runScript(script(`
            for (const [base, proto] of [['${url}', 'HTTP/2.0'], ['${await serve(answer)}', 'HTTP/1.1']]) {
                const r = http.get(base + '/');
                if (r.proto !== proto || r.body !== 'hello') throw new Error(r.proto + r.body + r.error);
                if (r.trailers['X-Sum'] !== '5' || r.trailers['Server-Timing'] !== 'db;dur=3') throw new Error(JSON.stringify(r.trailers));
            }`));
        assertQuiet(done);
    });

    test('bodies larger than the windows', async () => {
        const { url, seen } = await serve2(measure, { tls: true });
        const done = await runScript(script(`
            for (const size of [0, 1, 65535, 3000000]) {
                const r = http.post('${url}/', 'x'.repeat(size));
                if (r.body !== String(size)) throw new Error(r.body + ' ' + r.error);
            }`));
        assertQuiet(done);
        assert.equal(seen.sessions, 1);
    });

    test('a server that says goodbye now and then loses nothing', async () => {
        const { url, seen } = await serve2((req, res, s) => {
            res.end('hello');
            if (s.streams % 50 === 0) req.stream.session.close();
        }, { tls: true });
        const done = await runScript(script(`http.get('${url}/');`, 'vus: 4, iterations: 1000'), ['--summary-export', 'out.json']);
        assertQuiet(done);
        assert.equal(summary(done).http_req_failed.passes, 0);
        assert.ok(seen.sessions >= 15, `${seen.sessions} sessions`);
    });

    test('a server that breaks its connections fails what is on them, and no more', async () => {
        const { url } = await serve2((req, res, s) => {
            if (s.streams % 100 === 0) req.stream.session.destroy();
            else res.end('hello');
        }, { tls: true });
        const done = await runScript(script(`http.get('${url}/');`, 'vus: 2, iterations: 1000'), ['--summary-export', 'out.json']);
        assert.equal(done.code, 0);
        const { http_reqs: requests, http_req_failed: failed } = summary(done);
        assert.equal(requests.count, 1000);
        assert.ok(failed.passes >= 9 && failed.passes <= 10, `${failed.passes} failed`);
        assert.equal(messages(done.err, 'warning').length, failed.passes);
    });

    test('GODEBUG keeps to HTTP/1.1', async () => {
        const { url } = await serve2(hello, { tls: true });
        const done = await runScript(script(`if (http.get('${url}/').proto !== 'HTTP/1.1') throw new Error('proto');`),
            [], { env: { GODEBUG: 'http2client=0' } });
        assertQuiet(done);
    });

    test('quick mode, clear text and TLS', async () => {
        for (const tls of [false, true]) {
            const { url, seen } = await serve2(measure, { tls });
            const done = await brunt(['quick', '--quiet', '-c', '3', '--streams', '8', '-n', '600', '-d', 'body', '--json', 'out.json',
                ...(tls ? ['--http2', '--insecure'] : ['--h2c']), url]);
            assertQuiet(done);
            assert.deepEqual(seen, { sessions: 3, streams: 600 });
            const result = JSON.parse(readFileSync(path.join(done.dir, 'out.json'), 'utf8'));
            assert.equal(result.requests.total, 600);
        }
    });

    test('more streams than the server allows', async () => {
        const { url, seen } = await serve2(hello, { settings: { maxConcurrentStreams: 4 } });
        const done = await brunt(['quick', '--quiet', '-c', '1', '--streams', '16', '-n', '400', '--h2c', '--json', 'out.json', url]);
        assertQuiet(done);
        const result = JSON.parse(readFileSync(path.join(done.dir, 'out.json'), 'utf8'));
        assert.equal(result.requests.total, 400);
        assert.ok(seen.sessions >= 4 && seen.sessions <= 16, `${seen.sessions} sessions`);
    });

    test('a server that does not speak HTTP/2 is told apart', async () => {
        const url = await serve((req, res) => res.end('hello'));
        const done = await brunt(['quick', '--quiet', '-c', '1', '-n', '2', '--h2c', url]);
        assert.equal(done.code, 5);
        assert.match(done.out, /does the server speak HTTP\/2 without TLS\?/);
    });
}
