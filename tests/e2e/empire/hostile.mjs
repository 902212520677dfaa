// What nobody sends by accident: every parameter of every endpoint with values of the wrong type, size and encoding,
// bodies that are no bodies, heads that two programs would read in two ways, clients that are slow, silent or half gone.
// The service may refuse; it may not fail, grow, answer 500 or keep others waiting.
//
//   node tests/e2e/empire/hostile.mjs PATH/TO/empire
//
// Makes a PostgreSQL cluster of its own and removes it. Everything listens on 127.0.0.1 or a unix socket.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import net from 'node:net';
import { gzipSync } from 'node:zlib';
import { empire, metric, Postgres, runProgram, Service, setProgram, sleep, test, until } from './harness.mjs';

if (process.argv.length !== 3) {
    console.error('usage: node hostile.mjs PATH/TO/empire');
    process.exit(2);
}
setProgram(process.argv[2]);

const pg = new Postgres();
// Memory that a checking build keeps back to find mistakes is not the service's.
const checked = { RATE_LIMIT: '0', ASAN_OPTIONS: 'quarantine_size_mb=4:thread_local_quarantine_size_kb=64' };
let service, operations, calm;

const resident = () => metric(service, 'process_resident_memory_bytes');
const MB = 1024 * 1024;

// ---- bytes in, answers out ----------------------------------------------------------------------

/** Sends bytes as they are; resolves with all that came until the server closed, was silent for `quiet` ms, or `done` says so. */
function send(bytes, { quiet = 400, port = service.port, done = () => false, half = false } = {}) {
    return new Promise((resolve) => {
        const got = [];
        const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: half }, () => half ? socket.end(bytes) : socket.write(bytes));
        socket.setTimeout(quiet, () => socket.destroy());
        socket.on('data', (d) => { got.push(d); if (done(Buffer.concat(got))) socket.destroy(); });
        socket.on('end', () => socket.destroy());
        socket.on('error', () => {});
        socket.on('close', () => resolve(Buffer.concat(got)));
    });
}

/** The answers in a stream of bytes; throws when they are not well formed or not UTF-8. */
function answersIn(bytes, what) {
    const answers = [];
    while (bytes.length) {
        const end = bytes.indexOf('\r\n\r\n');
        assert.ok(end > 0, `${what}: no head in ${bytes.subarray(0, 80)}`);
        const lines = bytes.subarray(0, end).toString('latin1').split('\r\n');
        const status = /^HTTP\/1\.1 (\d{3}) [\w ]+$/.exec(lines[0]);
        assert.ok(status, `${what}: ${lines[0]}`);
        const headers = new Map();
        for (const line of lines.slice(1)) {
            const colon = /^([!-9;-~]+): ?([ -~]*)$/.exec(line);
            assert.ok(colon, `${what}: header ${JSON.stringify(line)}`);
            const name = colon[1].toLowerCase();
            assert.ok(!headers.has(name), `${what}: ${name} twice`);
            headers.set(name, colon[2]);
        }
        if (status[1] !== '100' && !headers.has('x-request-id')) {
            // The HTTP library's own page, before we were asked. It sends that head twice and closes.
            assert.equal(headers.get('connection'), 'close', what);
            assert.doesNotMatch(bytes.toString('latin1'), /x-request-id/i, `${what}: an answer of ours behind the library's`);
            return [...answers, { status: Number(status[1]), headers, body: '' }];
        }
        const n = status[1] === '100' ? 0 : Number(headers.get('content-length') ?? 0);
        const body = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(end + 4, end + 4 + n));
        if (status[1] !== '100') answers.push({ status: Number(status[1]), headers, body });
        bytes = bytes.subarray(end + 4 + n);
    }
    return answers;
}

/** True when one whole answer is there: the next need not be waited for. */
function isWhole(bytes) {
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const n = /content-length: (\d+)/i.exec(bytes.subarray(0, end).toString('latin1'));
    return bytes.length >= end + 4 + Number(n?.[1] ?? 0);
}

/** Runs `work` over all, eight at a time. */
async function each(all, work) {
    const list = [...all];
    let next = 0;
    await Promise.all(Array.from({ length: 8 }, async () => { while (next < list.length) await work(list[next++]); }));
    return list.length;
}

const bytes = (...parts) => Buffer.concat(parts.map((p) => Buffer.isBuffer(p) ? p : Buffer.from(p, 'utf8')));
const head = (line, ...fields) => `${line}\r\nHost: h\r\n${fields.map((f) => `${f}\r\n`).join('')}\r\n`;

function assertRefused(answer, what, allowed) {
    assert.ok(answer, `${what}: no answer`);
    assert.ok(allowed.includes(answer.status), `${what}: ${answer.status} ${answer.body.slice(0, 200)}`);
    if (answer.headers.get('content-type') === 'application/problem+json') assert.equal(JSON.parse(answer.body).status, answer.status);
}

// ---- values ---------------------------------------------------------------------------------------

const long = 'A'.repeat(5000);
// Already encoded, as they go into a target.
const values = ['', '%', '%0', '%zz', '%00', '1%00', '%0d%0aX-Evil:%201', '%0a', '%ff', '%ff%fe', '%c0%80', '%c3%28', '%ed%a0%80', '%f4%90%80%80',
    '-1', '0', '00', '+1', '%201', '1%20', '1.0', '1e3', '0x10', '1_000', 'NaN', 'Infinity', '-0', '9223372036854775807', '9223372036854775808',
    '18446744073709551616', '9'.repeat(60), '%EF%BC%91', '%D9%A1', 'null', 'true', '[]', '{}', '%7B%22a%22:1%7D', "'", "1'%20OR%20'1'='1", '1;DROP%20TABLE%20products',
    '1)%20UNION%20SELECT%201--', '$1', "$$x$$", 'E%27%5C%27', '..%2f..%2fetc%2fpasswd', '../../etc/passwd', '%2e%2e/', 'file:///etc/passwd', '%25s%25n%25x',
    '{{7*7}}', '${jndi:ldap://x}', '%3Cscript%3E', '|id', '%60id%60', long, '%41'.repeat(1500), '1,2', 'a=b', '1%26limit%3D2', '2025-02-30', '0000-00-00', '99999-01-01', '%E2%80%8B1'];

// ---- tests ----------------------------------------------------------------------------------------

test('the service is calm before', async () => {
    service = await Service.start(pg.url, ['--idle-timeout', '3s', '--request-timeout', '2s', '--max-connections', '2000'], checked);
    const document = JSON.parse((await service.request('/openapi.json')).body);
    operations = Object.entries(document.paths).flatMap(([path, item]) => Object.entries(item).map(([m, op]) => ({ path, method: m.toUpperCase(),
        queries: (op.parameters ?? []).map((p) => p.$ref ? document.components.parameters[p.$ref.split('/').pop()] : p).filter((p) => p.in === 'query'),
        members: Object.keys(op.requestBody?.content['application/json'].schema.properties ?? {}) })));
    assert.ok(operations.length > 20);
    await Promise.all(Array.from({ length: 200 }, (_, i) => service.request(`/products?limit=200&page=${1 + i % 2}`)));
    calm = await resident();
});

test('every parameter and segment of every endpoint, every value', async () => {
    const cases = [];
    for (const { path, method, queries } of operations) {
        const target = path.replace('{id}', '1');
        for (const v of values) {
            for (const { name } of queries) cases.push([method, `${target}?${name}=${v}`]);
            cases.push([method, `${target}?${v}`], [method, `${target}?x=${v}`], [method, `${target}/${v}`]);
            if (path.includes('{id}')) cases.push([method, path.replace('{id}', v)], [method, path.replace('{id}', `1${v}`)]);
        }
    }
    const count = await each(cases, async ([method, target]) => {
        const what = `${method} ${target.slice(0, 120)}`;
        const body = method === 'POST' ? 'Content-Length: 2' : 'X: y';
        const [a, ...more] = answersIn(await send(bytes(head(`${method} ${target} HTTP/1.1`, body), method === 'POST' ? '{}' : ''), { done: isWhole }), what);
        assert.equal(more.length, 0, what);
        // A few are right: an empty query, page=9..., the product 1.
        assertRefused(a, what, /\?$|=0*\d+$|\/\d+$/.test(target) ? [200, 202, 400, 404, 405] : [400, 404, 405, 414, 431]);
        assert.equal(a.headers.get('x-evil'), undefined, what);
    });
    assert.ok(count > 3000, `${count} cases`);
});

test('every member of every body, and bodies that are none', async () => {
    const json = ['null', '[]', '{}', '""', '"x"', '-1', '0', '1.5', '1e999', '-1e999', '1e-999', '1E400', '9223372036854775808', '1'.repeat(400), '01', '+1', '0x1', 'NaN', 'Infinity', '.5', '1.',
        '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\\x41"', '"\u0001"', `"${long}"`, '[[1]]', '{"a":{}}', 'True', "'x'", '"daily-control-loop\\u0000"', '"\\"; DROP TABLE products; --"', '"../../x"', '"$(id)"', 'true false'];
    const raw = [bytes('\0'), bytes('{\0}'), bytes('{}', '\0'), Buffer.from([0xff, 0xfe, 0x7b, 0, 0x7d, 0]), bytes('\ufeff{}'), Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
        Buffer.from([0x7b, 0x22, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d]), bytes('['.repeat(10000)), bytes('{"dryRun":'.repeat(6000)), bytes(`{"dryRun":${'['.repeat(10000)}${']'.repeat(10000)}}`),
        bytes('['.repeat(10000), ']'.repeat(10000)), bytes('{', Array.from({ length: 5000 }, (_, i) => `"k${i}":1`).join(','), '}'), bytes('{"dryRun":true,"dryRun":false}'), bytes('{}{}'), bytes('{}garbage'),
        bytes('{"a":1'), bytes('{'), bytes('}'), bytes(','), bytes('{,}'), bytes('{"dryRun":true,}'), bytes('/*x*/{}'), bytes('[', '1,'.repeat(30000), '1]'), gzipSync('{}'), bytes(`{"${'k'.repeat(60000)}":1}`),
        bytes('a=b&c=d'), bytes('<x/>'), Buffer.alloc(65536, 0xff), bytes(`{"x":"${'\\u0000'.repeat(9000)}"}`), bytes('{"__proto__":{}}'), bytes('"'), bytes('{"\\u0000":1}')];
    const cases = [];
    for (const { path, members } of operations.filter((op) => op.method === 'POST')) {
        for (const member of members) for (const v of json) if (member !== 'name' || v !== '"x"') cases.push([path, bytes(`{"${member}":${v}}`)]);
        for (const b of raw) cases.push([path, b]);
    }
    const started = pg.sql("SELECT count(*) FROM wf_run");
    await each(cases, async ([path, body]) => {
        const what = `POST ${path} ${body.subarray(0, 60)}`;
        for (const framed of [bytes(head(`POST ${path} HTTP/1.1`, `Content-Length: ${body.length}`), body),
            bytes(head(`POST ${path} HTTP/1.1`, 'Transfer-Encoding: chunked'), `${body.length.toString(16)}\r\n`, body, '\r\n0\r\n\r\n')]) {
            const [a] = answersIn(await send(framed, { done: isWhole, quiet: 2000 }), what);
            assertRefused(a, what, [400]);
        }
    });
    assert.equal(pg.sql('SELECT count(*) FROM wf_run'), started, 'nothing was started');
});

test('heads that are read in two ways, or in none', async () => {
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n';
    const post = (...fields) => head('POST /orchestrator/start HTTP/1.1', ...fields);
    const unmatched = async () => (await service.request('/metrics')).body.split('\n').filter((l) => l.includes('route="unmatched",status="404"')).join();
    const before = await unmatched();
    // None of these may let the second request through.
    const shapes = [
        bytes(post('Content-Length: 0', `Content-Length: ${smuggled.length}`), smuggled),
        bytes(post(`Content-Length: ${smuggled.length}`, 'Content-Length: 0'), smuggled),
        bytes(post('Content-Length: 4', 'Transfer-Encoding: chunked'), '0\r\n\r\n', smuggled),
        bytes(post('Transfer-Encoding: chunked', 'Content-Length: 4'), '0\r\n\r\n', smuggled),
        bytes(post('Transfer-Encoding: identity', 'Content-Length: 0'), smuggled),
        bytes(post('Transfer-Encoding: chunked', 'Transfer-Encoding: identity'), '0\r\n\r\n', smuggled),
        bytes(post('Transfer-Encoding: gzip, chunked'), '0\r\n\r\n', smuggled),
        bytes(post('Transfer-Encoding: xchunked'), '0\r\n\r\n', smuggled),
        bytes(post('Transfer-Encoding: "chunked"'), '0\r\n\r\n', smuggled),
        bytes(post('Transfer-Encoding : chunked'), '0\r\n\r\n', smuggled),
        bytes(post('Transfer-Encoding:\u000bchunked'), '0\r\n\r\n', smuggled),
        bytes(post('Content-Length: -1'), smuggled),
        bytes(post('Content-Length: +0'), smuggled),
        bytes(post('Content-Length: 0x0'), smuggled),
        bytes(post('Content-Length: 0, 5'), smuggled),
        bytes(post('Content-Length: 18446744073709551616'), smuggled),
        bytes(post('Content-Length: 99999999999999999999999'), smuggled),
        bytes(post('Content-Length : 0'), smuggled),
        bytes('POST /orchestrator/start HTTP/1.1\r\nHost: h\r\nHost: i\r\nContent-Length: 0\r\n\r\n', smuggled),
        bytes(post('Transfer-Encoding: chunked'), 'zz\r\n', smuggled),
        bytes(post('Transfer-Encoding: chunked'), '-1\r\n', smuggled),
        bytes(post('Transfer-Encoding: chunked'), 'ffffffffffffffff0\r\n', smuggled),
        bytes(post('Transfer-Encoding: chunked'), '10000000000000000\r\n\r\n0\r\n\r\n', smuggled),
        bytes(post('Transfer-Encoding: chunked'), '2\r\n{}xx0\r\n\r\n', smuggled),
        bytes(post('Transfer-Encoding: chunked'), `2;${'e'.repeat(20000)}\r\n{}\r\n0\r\n\r\n`, smuggled),
        bytes('POST /orchestrator/start HTTP/1.1\nHost: h\nContent-Length: 0\nTransfer-Encoding: chunked\n\n', smuggled),
        // Second lines: the library loses the field, a proxy does not.
        bytes(post('Transfer-Encoding:\r\n chunked', 'Content-Length: 5'), '0\r\n\r\n', smuggled),
        bytes(post('Transfer-Encoding:\r\n\tchunked', 'Content-Length: 5'), '0\r\n\r\n', smuggled),
        bytes(post('Content-Length:\r\n 0'), smuggled),
        bytes(post(`X: a\rContent-Length: ${smuggled.length}`, 'Content-Length: 0'), smuggled),
        bytes('POST /orchestrator/start HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', smuggled),
        // A key that would be lost.
        bytes(post('Content-Length: 2', 'Idempotency-Key:\r\n a'), '{}'),
    ];
    await each(shapes.entries(), async ([i, shape]) => {
        const all = answersIn(await send(shape, { quiet: 700 }), `shape ${i}`);
        assert.ok(all.length <= 1, `shape ${i}: ${all.map((a) => a.status)}`);
        // The library says 500 itself, and closes, where a chunk's line is longer than its memory for a connection.
        const own = shape.includes('e'.repeat(20000)) && !all[0]?.headers.has('x-request-id');
        for (const a of all) assert.ok(a.status >= 400 && (a.status !== 500 || own), `shape ${i}: ${a.status}`);
    });
    assert.equal(await unmatched(), before, 'no smuggled request was seen');

    const garbage = [bytes('\r\n\r\n\r\n'), bytes('\0'.repeat(1000)), Buffer.from('16030100dc010000d803', 'hex'), bytes('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), bytes('GET\r\n\r\n'), bytes('GET /health\r\n\r\n'),
        bytes('GET /health HTTP/0.9\r\n\r\n'), bytes('GET /health HTTP/9.9\r\nHost: h\r\n\r\n'), bytes('GET /health HTTP/1.1\r\n\r\n'), bytes('GET  /health  HTTP/1.1\r\nHost: h\r\n\r\n'), bytes('GET /he\0alth HTTP/1.1\r\nHost: h\r\n\r\n'),
        bytes('GET /health HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n'), bytes('GET /health HTTP/1.1\r\nHost: h\r\n: empty\r\n\r\n'), bytes('GET /health HTTP/1.1\r\nHost: h\r\nA: b\r\n folded\r\n\r\n'), bytes('GET /health HTTP/1.1\r\n folded first: x\r\nHost: h\r\n\r\n'),
        bytes('GET /health HTTP/1.1\r\nHost: h\r\nA: \0\r\n\r\n'), bytes('GET /health HTTP/1.1\r\nHost: h\r\nA: b\rC: d\r\n\r\n'), bytes(head('OPTIONS * HTTP/1.1')), bytes(head('CONNECT h:80 HTTP/1.1')), bytes(head('TRACE /health HTTP/1.1')), bytes(head('GET http://[::1/health HTTP/1.1')),
        bytes(head('GET //health HTTP/1.1')), bytes(head('GET health HTTP/1.1')), bytes(head(`${'M'.repeat(9000)} / HTTP/1.1`)), bytes(head(`GET /${'p'.repeat(20000)} HTTP/1.1`)), bytes(head(`GET /?${'&'.repeat(9000)} HTTP/1.1`)), bytes(head('GET /health HTTP/1.1', `A: ${'x'.repeat(100000)}`)),
        bytes(head('GET /health HTTP/1.1', ...Array.from({ length: 3000 }, (_, i) => `H${i}: 1`))), bytes(head('GET /health HTTP/1.1', ...Array.from({ length: 50 }, () => 'X-API-Key: k'))), bytes(head('GET /health HTTP/1.1', 'Expect: 200-maybe')), bytes(head('GET /health HTTP/1.1', 'Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings')),
        bytes(head('GET /products/1 HTTP/1.1', `If-None-Match: ${'"x",'.repeat(2000)}`)), bytes(head('GET /products/1 HTTP/1.1', 'If-None-Match: W/W/W/"')), bytes(head('GET /health HTTP/1.1', 'X-Request-Id: \u00e4\u0007')), bytes(head('GET /health HTTP/1.1', 'Authorization: Bearer')), bytes(head('GET /health HTTP/1.1', `Authorization: Bearer ${long}`)),
        bytes(head('GET /health HTTP/1.1', 'X-Forwarded-For: ,,,,')), bytes(head('POST /products/sync HTTP/1.1', 'Content-Length: 2', `Idempotency-Key: ${long}`), '{}'), bytes(head('POST /products/sync HTTP/1.1', 'Content-Length: 2', 'Idempotency-Key: a', 'Idempotency-Key: b'), '{}')];
    // And noise, the same each time: mutations of a good request.
    let state = 12345;
    const random = (n) => { state = (Math.imul(state, 1103515245) + 12345) >>> 0; return (state >>> 8) % n; };
    const good = bytes(head('POST /publisher/publish HTTP/1.1', 'Content-Length: 55', 'X-API-Key: k', 'Idempotency-Key: i'), '{"productId":1,"platform":"tiktok", "dryRun":true     }');
    for (let i = 0; i < 400; i++) {
        const b = Buffer.from(good);
        for (let k = 0; k <= random(4); k++) b[random(b.length)] = random(256);
        garbage.push(random(4) ? b : b.subarray(0, random(b.length)));
    }
    await each(garbage.entries(), async ([i, b]) => {
        const what = `garbage ${i} ${JSON.stringify(b.subarray(0, 60).toString('latin1'))}`;
        for (const a of answersIn(await send(b, { quiet: 150, done: isWhole }), what)) assert.ok(a.status !== 500, `${what}: ${a.status}`);
    });
    assert.equal((await service.request('/health')).status, 200);
});

test('requests in a row are answered in order, also when one is refused', async () => {
    const one = (target) => head(`GET ${target} HTTP/1.1`);
    const row = ['/health', '/products?limit=1', '/nope', '/products?limit=x', '/analytics/overview', '/products/1'];
    const all = answersIn(await send(bytes(...Array.from({ length: 50 }, () => row.map(one).join(''))), { quiet: 1500 }), 'a row');
    assert.equal(all.length, 300);
    assert.deepEqual(all.slice(0, 6).map((a) => a.status), [200, 200, 404, 400, 200, 200]);
    assert.deepEqual(new Set(all.filter((_, i) => i % 6 === 1).map((a) => a.body)).size, 1);
});

test('half-closed clients and clients that leave cost nothing', async () => {
    // The library takes the end of a client's bytes for the client's end: there is the whole answer or none.
    for (const target of ['/health', '/products?limit=200', '/orchestrator/status', '/openapi.json']) {
        for (let i = 0; i < 20; i++) {
            const got = await send(bytes(head(`GET ${target} HTTP/1.1`)), { half: true, quiet: 2000 });
            if (got.length) assert.equal(answersIn(got, target)[0].status, 200, `${target} half closed`);
        }
    }
    await each(Array.from({ length: 300 }), () => new Promise((done) => {
        const socket = net.connect(service.port, '127.0.0.1', () => { socket.write(head('GET /products?limit=200 HTTP/1.1')); setTimeout(() => socket.resetAndDestroy(), 1); });
        socket.on('error', () => {});
        socket.on('close', done);
    }));
    await until('nothing is in flight', 5000, async () => await metric(service, 'empire_http_requests_in_flight') === 1);
});

/** A client that writes `parts`, one every `ms`; resolves with the seconds until the server ended it. */
function drip(parts, ms, { read = true } = {}) {
    const start = performance.now();
    return new Promise((resolve) => {
        const socket = net.connect(service.port, '127.0.0.1');
        const rest = [...parts];
        const timer = setInterval(() => { const next = rest.shift(); if (next !== undefined && !socket.destroyed) socket.write(next); }, ms);
        if (read) socket.resume();
        else socket.pause();
        socket.on('error', () => {});
        socket.on('close', () => { clearInterval(timer); resolve((performance.now() - start) / 1000); });
        setTimeout(() => socket.destroy(), 15000).unref();
    });
}

test('slow clients lose their place in time: heads, bodies, and answers that are not taken', async () => {
    const before = await metric(service, 'empire_http_timed_out_total');
    const slowHead = drip(`GET /health HTTP/1.1\r\nHost: h\r\nA: ${'x'.repeat(200)}`, 100);
    const slowBody = drip([head('POST /products/sync HTTP/1.1', 'Content-Length: 1000'), ...'x'.repeat(200)], 100);
    const slowChunks = drip([head('POST /products/sync HTTP/1.1', 'Transfer-Encoding: chunked'), ...Array.from({ length: 200 }, () => '1\r\n \r\n')], 100);
    const silent = drip([], 1000);
    const others = (async () => { for (let i = 0; i < 50; i++) { const a = await service.request('/products'); assert.equal(a.status, 200); assert.ok(a.ms < 1000, `${a.ms} ms`); } })();
    assert.ok(await slowHead < 6, 'head: 3 s');
    assert.ok(await slowBody < 5, 'body: 2 s');
    assert.ok(await slowChunks < 5, 'chunks: 2 s');
    assert.ok(await silent < 6, 'silent: 3 s');
    await others;
    assert.ok(await metric(service, 'empire_http_timed_out_total') >= before + 3);
    // 2,000 answers of 50 kB are asked for and none is read: memory stays, and the place is lost.
    const full = await resident();
    drip([head('GET /products?limit=200 HTTP/1.1').repeat(2000)], 10, { read: false });
    await sleep(1000);
    assert.ok(await resident() < full + 16 * MB);
    await until('its place is free', 6000, async () => await metric(service, 'empire_http_requests_in_flight') === 1);
});

test('a thousand connections that say nothing, while others are served', async () => {
    const before = await resident();
    const silent = await Promise.all(Array.from({ length: 1000 }, () => new Promise((done, fail) => {
        const socket = net.connect(service.port, '127.0.0.1', () => done(socket));
        socket.on('error', fail);
        socket.on('close', () => { socket.gone = true; });
    })));
    const answers = await Promise.all(Array.from({ length: 100 }, () => service.request('/products')));
    assert.ok(answers.every((a) => a.status === 200));
    assert.ok(await resident() < before + 64 * MB, 'at most 64 kB each');
    await until('they lose their places', 8000, () => silent.every((s) => s.gone));
});

test('when the places run out, the silent ones go first', async () => {
    const s = await Service.start(pg.url, ['--max-connections', '40', '--idle-timeout', '60s'], checked);
    const silent = Array.from({ length: 40 }, () => net.connect(s.port, '127.0.0.1'));
    for (const socket of silent) socket.on('error', () => {});
    await sleep(300);
    const a = await s.request('/products');
    assert.equal(a.status, 200);
    assert.ok(a.ms < 9000, `${a.ms} ms, not 60 s`);
    for (const socket of silent) socket.destroy();
    await s.stop();
    const few = await Service.start(pg.url, ['--connections-per-address', '5'], checked);
    const five = await Promise.all(Array.from({ length: 5 }, () => new Promise((done) => { const c = net.connect(few.port, '127.0.0.1', () => done(c)); })));
    await sleep(100);
    assert.equal((await send(bytes(head('GET /health HTTP/1.1')), { port: few.port, done: isWhole })).length, 0, 'the sixth is closed');
    for (const socket of five) socket.destroy();
    await until('there is room again', 3000, async () => (await send(bytes(head('GET /health HTTP/1.1')), { port: few.port, done: isWhole })).length > 0);
    await few.stop();
});

test('bodies that are not finished hold so much memory and no more', async () => {
    const s = await Service.start(pg.url, ['--held-mb', '1'], checked);
    const body = 'x'.repeat(60000), whole = bytes(head('POST /products/sync HTTP/1.1', `Content-Length: ${body.length}`), body);
    const [first] = answersIn(await send(whole, { port: s.port, done: isWhole, quiet: 2000 }), 'alone');
    assert.equal(first.status, 400, 'it is no JSON');
    const stalled = Array.from({ length: 16 }, () => { const c = net.connect(s.port, '127.0.0.1', () => c.write(whole.subarray(0, -1))); c.on('error', () => {}); return c; });
    await until('they are held', 5000, async () => await metric(s, 'empire_http_held_bytes') > 900000);
    const [refused] = answersIn(await send(whole, { port: s.port, done: isWhole, quiet: 2000 }), 'too much');
    assert.equal(refused.status, 503);
    assert.match(refused.body, /too many bodies and answers are held/);
    for (const c of stalled) c.destroy();
    await until('all is given back', 5000, async () => await metric(s, 'empire_http_held_bytes') === 0);
    const [again] = answersIn(await send(whole, { port: s.port, done: isWhole, quiet: 2000 }), 'again');
    assert.equal(again.status, 400);
    await s.stop();
});

test('afterwards it is as it was', async () => {
    assert.equal((await service.request('/health')).status, 200);
    const page = (await service.request('/metrics')).body;
    assert.doesNotMatch(page, /status="500"/);
    const now = await resident();
    assert.ok(now < calm + 64 * MB, `${(calm / MB).toFixed(0)} MB before, ${(now / MB).toFixed(0)} MB after`);
    await until('descriptors are back', 8000, async () => await metric(service, 'process_open_fds') < 40);
    assert.doesNotMatch(service.log, /level=error/, service.log.slice(-2000));
    await service.stop();
});

test('nothing is left behind', () => {
    pg.remove();
    assert.equal(existsSync(pg.dir), false);
});

await runProgram(pg, { seed: ['--products', '500', '--days', '30'] });
