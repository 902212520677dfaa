// The service against its own description: every endpoint is brought to every status that it is described with, and the
// answers are held against the schemas. Bounds of parameters and members come from the description, too.
//
//   node tests/e2e/empire/openapi.mjs PATH/TO/empire
//
// Makes a PostgreSQL cluster of its own and removes it. Everything listens on 127.0.0.1 or a unix socket.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { empire, Postgres, runProgram, Service, setProgram, test, until } from './harness.mjs';

if (process.argv.length !== 3) {
    console.error('usage: node openapi.mjs PATH/TO/empire');
    process.exit(2);
}
setProgram(process.argv[2]);

const pg = new Postgres();
const answers = [];
let document, operations, run;

const resolved = (part) => part.$ref ? resolved(part.$ref.split('/').slice(1).reduce((at, word) => at[word], document)) : part;
const query = (op) => (op.parameters ?? []).map(resolved).filter((p) => p.in === 'query');
const schemaOf = (op) => op.requestBody.content['application/json'].schema;

/** Sends one request of an operation and keeps the answer for the check. */
async function ask(s, op, { id, search = '', method = op.method, headers = {}, body = op.method === 'POST' ? JSON.stringify(valid(op)) : undefined } = {}) {
    const target = op.path.replace('{id}', id ?? (op.path.includes('workflows') ? run : '1')) + search;
    const a = await s.request(target, { method, headers, body });
    answers.push({ method, path: op.path, status: a.status, headers: a.headers, body: a.body });
    return a;
}

/** A body that fits; nothing outside is called. */
function valid(op) {
    const body = { dryRun: true };
    for (const name of schemaOf(op).required ?? []) body[name] = name === 'productId' ? 1 : schemaOf(op).properties[name].enum[0];
    return body;
}

const is = (a, status, what) => assert.equal(a.status, status, `${what}: ${a.body.slice(0, 300)}`);

test('the description is served', async () => {
    const s = await Service.start(pg.url);
    const a = await s.request('/openapi.json');
    is(a, 200, 'openapi.json');
    document = JSON.parse(a.body);
    operations = Object.entries(document.paths).flatMap(([p, item]) =>
        Object.entries(item).map(([m, op]) => ({ ...op, path: p, method: m.toUpperCase() })));
    assert.ok(operations.length > 20);
    await s.stop();
});

test('every operation does what it is for, 304, 400, 404, 405, 413, 422', async () => {
    const s = await Service.start(pg.url);
    run = JSON.parse((await s.request('/orchestrator/start', { method: 'POST', body: '{"dryRun":true,"videoCount":3}' })).body).data.id;
    for (const op of operations) {
        const what = `${op.method} ${op.path}`;
        const first = await ask(s, op);
        is(first, op.method === 'GET' ? 200 : 202, what);
        if (op.responses[304]) is(await ask(s, op, { headers: { 'If-None-Match': first.headers.etag } }), 304, what);
        is(await ask(s, op, { search: '?nope=1' }), 400, what);
        is(await ask(s, op, { method: 'DELETE' }), 405, what);
        if (op.responses[404]) {
            for (const id of ['4000000000', 'x', '0', '-1', '00000000-0000-4000-8000-000000000000']) {
                if (op.method === 'GET') is(await ask(s, op, { id }), 404, `${what} ${id}`);
            }
            if (op.method === 'POST') is(await ask(s, op, { body: JSON.stringify({ ...valid(op), productId: 4000000 }) }), 404, what);
        }
        if (op.method === 'GET') {
            const head = await s.request(op.path.replace('{id}', op.path.includes('workflows') ? run : '1'), { method: 'HEAD' });
            is(head, 200, `HEAD ${op.path}`);
            assert.equal(head.body, '');
            continue;
        }
        is(await ask(s, op, { body: ' '.repeat(65537) }), 413, what);
        const headers = { 'Idempotency-Key': `openapi${op.path}` };
        is(await ask(s, op, { headers }), 202, what);
        is(await ask(s, op, { headers, body: JSON.stringify({ ...valid(op), dryRun: false }) }), 422, what);
    }
    await s.stop();
});

test('parameters are taken within their bounds and refused outside', async () => {
    const s = await Service.start(pg.url);
    for (const op of operations) {
        for (const p of query(op)) {
            const send = (value) => ask(s, op, { search: `?${p.name}=${encodeURIComponent(value)}` });
            const { type, minimum, maximum, enum: values } = p.schema;
            const good = type === 'integer' ? [minimum, maximum, p.schema.default] : values ?? [];
            const bad = type === 'integer' ? [minimum - 1, maximum + 1, 'x', '1.5', '1e1', '0x1', '+1', ' 1', ''] : ['x', '', '1', 'tiktok ', '30D'];
            for (const value of good) is(await send(value), 200, `${op.path}?${p.name}=${value}`);
            for (const value of bad) is(await send(value), 400, `${op.path}?${p.name}=${value}`);
            is(await ask(s, op, { search: `?${p.name}=${good[0] ?? '2025-06-01'}&${p.name}=${good[0] ?? '2025-06-01'}` }), 400, `${op.path} ${p.name} twice`);
        }
    }
    const revenue = operations.find((op) => op.path === '/analytics/revenue');
    is(await ask(s, revenue, { search: '?startDate=2024-07-01&endDate=2025-07-01' }), 200, '366 days');
    is(await ask(s, revenue, { search: '?startDate=2024-06-30&endDate=2025-07-01' }), 400, '367 days');
    await s.stop();
});

test('members of bodies are taken within their bounds and refused outside', async () => {
    const s = await Service.start(pg.url);
    const wrong = [null, [], {}, 'x', 1.5, 1e300, '\u0000', ''];
    for (const op of operations.filter((x) => x.method === 'POST')) {
        const schema = schemaOf(op);
        const send = (body) => ask(s, op, { body: JSON.stringify(body) });
        for (const [name, member] of Object.entries(schema.properties)) {
            const good = { integer: [member.minimum, member.default].filter((x) => x !== undefined), boolean: [true], string: member.enum ?? ['a.B-9_'] }[member.type];
            const bad = { integer: [member.minimum - 1, true, '1'], boolean: [0, 1, 'true'], string: [true, 1, 'no such', 'a/b', 'x'.repeat(41)] }[member.type];
            for (const value of good) is(await send({ ...valid(op), [name]: value }), 202, `${op.path} ${name} ${value}`);
            for (const value of [...bad, ...wrong]) {
                if (name === 'name' && value === 'x') continue;
                is(await send({ ...valid(op), [name]: value }), 400, `${op.path} ${name} ${JSON.stringify(value)}`);
            }
        }
        for (const name of schema.required ?? []) is(await send({ ...valid(op), [name]: undefined }), 400, `${op.path} without ${name}`);
        is(await send({ ...valid(op), more: 1 }), 400, `${op.path} with more`);
    }
    await s.stop();
});

test('401 without a key, 429 over the rate', async () => {
    const entry = /(x:[0-9a-f]{64})$/m.exec(empire(['key', '--name', 'x']).out)[1];
    const s = await Service.start(pg.url, [], { EMPIRE_API_KEYS: entry, RATE_LIMIT: '0' });
    for (const op of operations.filter((x) => x.security)) is(await ask(s, op), 401, op.path);
    await s.stop();
    const slow = await Service.start(pg.url, [], { RATE_LIMIT: '1' });
    await slow.request('/products/top');
    for (const op of operations) is(await ask(slow, op), op.responses[429] ? 429 : 200, op.path);
    await slow.stop();
});

test('503 without the database', async () => {
    const s = await Service.start(pg.url, ['--answers-keep', '0s']);
    pg.stop();
    await until('the database is seen to be down', 10000, async () => (await s.request('/health')).status === 503);
    for (const op of operations) is(await ask(s, op), op.responses[503] ? 503 : 200, op.path);
    await s.stop();
    pg.start();
});

test('all that was answered is as described, and all that is described was answered', () => {
    const file = path.join(pg.dir, 'openapi.json');
    writeFileSync(file, JSON.stringify(document));
    const done = spawnSync('/usr/bin/python3', ['-B', path.join(path.dirname(fileURLToPath(import.meta.url)), 'validate_answers.py'), file],
        { input: answers.map((a) => JSON.stringify(a)).join('\n'), encoding: 'utf8', maxBuffer: 1 << 26 });
    assert.equal(done.status, 0, `${done.stdout.slice(0, 6000)}${done.stderr}`);
    assert.match(done.stdout, /^\d{3,} answers, 0 faults/m);
});

test('nothing is left behind', () => {
    pg.remove();
    assert.equal(existsSync(pg.dir), false);
});

await runProgram(pg, { seed: ['--products', '500', '--days', '200'] });
