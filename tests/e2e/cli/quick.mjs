// brunt quick: both models, requests as flags say, targets from a file, output for people and programs, bad input.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { assertFails, brunt, deadUrl, folder, isSlow, Run, serve } from './harness.mjs';
import { freezeServer } from './open.mjs';

const root = path.resolve(import.meta.dirname, '../../..');
const schema = JSON.parse(readFileSync(path.join(root, 'docs/quick-result.schema.json'), 'utf8'));

/** What of the schema does not hold: the keywords that docs/quick-result.schema.json uses. */
function offences(value, rule, at = '$') {
    if (rule.$ref) return offences(value, schema.$defs[rule.$ref.split('/').pop()], at);
    if (rule.const !== undefined) return value === rule.const ? [] : [`${at} is not ${rule.const}`];
    if (rule.enum) return rule.enum.includes(value) ? [] : [`${at} is none of ${rule.enum}`];
    const kind = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
    const wanted = rule.type === 'integer' ? 'number' : rule.type;
    if (kind !== wanted || (rule.type === 'integer' && !Number.isInteger(value))) return [`${at} is no ${rule.type}`];
    if (kind === 'array') return value.flatMap((item, i) => offences(item, rule.items, `${at}[${i}]`));
    if (kind !== 'object') return [];
    const missing = (rule.required ?? []).filter((name) => !(name in value)).map((name) => `${at}.${name} is missing`);
    const unknown = rule.properties ?? {};
    return missing.concat(Object.entries(value).flatMap(([name, v]) => {
        const inner = unknown[name] ?? rule.additionalProperties;
        return inner ? offences(v, inner, `${at}.${name}`) : [];
    }));
}

/** A run with --json -; gives the result, checked against the schema. */
async function quick(args, code = 0) {
    const done = await brunt(['quick', '--quiet', '--workers', '1', '--json', '-', ...args]);
    assert.equal(done.code, code, done.err);
    const result = JSON.parse(done.out);
    assert.deepEqual(offences(result, schema), []);
    return result;
}

/** A target that keeps what it was asked. */
async function recorder() {
    const seen = [];
    const url = await serve((req, res) => {
        let body = '';
        req.on('data', (text) => { body += text; });
        req.on('end', () => { seen.push({ method: req.method, url: req.url, headers: req.headers, body }); res.end('ok'); });
    });
    return { url, seen };
}

export function quickTests() {
    test('a number of requests', async () => {
        const { url, seen } = await recorder();
        const r = await quick(['-n', '100', '-c', '4', `${url}/x`]);
        assert.equal(r.requests.total, 100);
        assert.equal(seen.length, 100);
        assert.deepEqual(r.status, { 200: 100 });
        assert.equal(r.requests.failed, 0);
        assert.equal(r.connections.opened, 4);
        assert.equal(r.connections.requests_on_reused, 96);
        assert.equal(r.load.model, 'closed');
        assert.ok(r.service_time.percentiles['99'] >= r.service_time.percentiles['50']);
    });

    test('the request is what the flags say', async () => {
        const { url, seen } = await recorder();
        await quick(['-n', '1', '-m', 'PUT', '-H', 'X-One: 1', '-H', 'x-two:2', '-d', 'text', '-T', 'text/plain', '-A', 'a/b',
            '-a', 'ann:s3cret', '--host', 'other.test', `${url}/p?q=1`]);
        const [q] = seen;
        assert.equal(`${q.method} ${q.url} ${q.body}`, 'PUT /p?q=1 text');
        assert.equal(q.headers.host, 'other.test');
        assert.equal(q.headers['x-one'] + q.headers['x-two'], '12');
        assert.equal(q.headers['content-type'], 'text/plain');
        assert.equal(q.headers.accept, 'a/b');
        assert.equal(q.headers['content-length'], '4');
        assert.equal(q.headers.authorization, `Basic ${Buffer.from('ann:s3cret').toString('base64')}`);
        assert.match(q.headers['user-agent'], /^brunt\//);
    });

    test('a body from a file makes a POST', async () => {
        const { url, seen } = await recorder();
        const dir = folder({ 'body.bin': 'from a file' });
        await quick(['-n', '1', '-D', path.join(dir, 'body.bin'), url]);
        assert.equal(`${seen[0].method} ${seen[0].body}`, 'POST from a file');
    });

    test('targets from a file are taken in turn', async () => {
        const { url, seen } = await recorder();
        const dir = folder({ targets: `# two of them\n${url}/a\n\nDELETE ${url}/b\n` });
        const r = await quick(['-n', '4', '-c', '1', '--targets', path.join(dir, 'targets')]);
        assert.equal(r.load.targets, 2);
        assert.deepEqual(seen.map((q) => `${q.method} ${q.url}`), ['GET /a', 'DELETE /b', 'GET /a', 'DELETE /b']);
    });

    test('without keep-alive each request has a connection', async () => {
        const { url, seen } = await recorder();
        const r = await quick(['-n', '6', '-c', '2', '--disable-keepalive', url]);
        assert.equal(r.connections.requests_on_new, 6);
        assert.equal(seen[0].headers.connection, 'close');
    });

    test('redirects are followed, or not', async () => {
        const url = await serve((req, res) => {
            if (req.url === '/from') res.writeHead(302, { Location: '/to' });
            res.end();
        });
        assert.deepEqual((await quick(['-n', '3', `${url}/from`])).status, { 200: 3 });
        assert.deepEqual((await quick(['-n', '3', '-r', '0', `${url}/from`])).status, { 302: 3 });
    });

    test('the open model starts by the clock', async () => {
        const { url, seen } = await recorder();
        const r = await quick(['-R', '100', '-z', '1s', '-c', '10', url]);
        assert.equal(r.load.model, 'open');
        assert.ok(Math.abs(r.requests.total - 100) <= 1, `${r.requests.total} requests`);
        assert.equal(seen.length, r.requests.total);
        assert.equal(r.requests.unstarted, 0);
    });

    test('a target that stands still is seen in every percentile', async () => {
        const server = await freezeServer(1000, 5000);
        const r = await quick(['-R', '200', '-z', '5s', '-c', '20', server.url]);
        server.stop();
        // With freeze F and cycle P the q-quantile is F - (1 - q) P; 1 % and what a busy machine adds.
        const slack = isSlow() ? 60 : 15;
        for (const [name, want] of [['90', 500], ['95', 750], ['99', 950]]) {
            const got = r.response_time.percentiles[name];
            assert.ok(Math.abs(got - want) <= 0.01 * want + slack, `p${name} is ${got} ms, want ${want}`);
        }
        // Twenty connections can wait at most: the service times know of the others only what is left.
        assert.ok(r.service_time.percentiles['90'] < slack, `service p90 ${r.service_time.percentiles['90']} ms`);
        assert.ok(r.requests.queued > 100);
    });

    test('failures are told by cause', async () => {
        const r = await quick(['-n', '5', '-c', '1', await deadUrl()], 5);
        assert.equal(r.requests.failed, 5);
        assert.deepEqual(r.errors, [{ code: 1212, text: 'dial: connection refused', count: 5 }]);
        assert.equal(r.generator.valid, false);
        const silent = await serve(() => {});
        const late = await quick(['-n', '2', '-c', '2', '-t', '200ms', silent], 5);
        assert.equal(late.requests.timeouts, 2);
        assert.equal(late.errors[0].code, 1050);
    });

    test('text for people names both times', async () => {
        const { url } = await recorder();
        const done = await brunt(['quick', '-z', '1100ms', '-R', '50', '--percentiles', '50,99.5', url]);
        assert.equal(done.code, 0, done.err);
        assert.match(done.out, /service time +response time\n +from sending to the end +from when the request was/);
        assert.match(done.out, /\n {2}p50 .*\n {2}p99\.5 /);
        assert.match(done.out, /\ngenerator +(healthy|INVALID)/);
        assert.doesNotMatch(done.out, /\x1b/);
        assert.match(done.err, / 1s .*requests/, 'a line a second');
    });

    test('the result goes into a file beside the text', async () => {
        const { url } = await recorder();
        const dir = folder();
        const done = await brunt(['quick', '--quiet', '-n', '3', '--json', path.join(dir, 'r.json'), url]);
        assert.match(done.out, /requests +3 /);
        assert.equal(JSON.parse(readFileSync(path.join(dir, 'r.json'), 'utf8')).requests.total, 3);
    });

    test('Ctrl-C ends with a report', async () => {
        const { url, seen } = await recorder();
        const run = new Run(['quick', '--quiet', '--json', '-', '-z', '60s', '-c', '2', url]);
        while (seen.length < 10) await new Promise((go) => setTimeout(go, 20));
        run.signal('SIGINT');
        const done = await run.end();
        assert.equal(done.code, 105, done.err);
        const r = JSON.parse(done.out);
        assert.equal(r.interrupted, true);
        assert.ok(r.requests.total >= 10);
    });

    test('bad input is one message', async () => {
        const dir = folder({ empty: '# nothing\n', wrong: 'GET http://ok.test/\nGET http://[bad/\n' });
        const cases = [
            [[], /URL is missing/],
            [['http://a/', 'http://b/'], /one URL only/],
            [['-c', '0', 'http://a/'], /--connections '0': use a whole number/],
            [['-n', 'many', 'http://a/'], /--requests 'many'/],
            [['-n', '5', '-z', '5s', 'http://a/'], /do not go together/],
            [['-z', 'soon', 'http://a/'], /--duration 'soon'/],
            [['-R', '-3', 'http://a/'], /--rate '-3'/],
            [['-t', 'x', 'http://a/'], /--timeout 'x'/],
            [['-H', 'no colon', 'http://a/'], /invalid header 'no colon'/],
            [['-m', 'G T', 'http://a/'], /method/],
            [['--percentiles', '50,x', 'http://a/'], /--percentiles/],
            [['--streams', '4', 'http://a/'], /--streams needs HTTP\/2/],
            [['-D', '/nonexistent', 'http://a/'], /nonexistent/],
            [['--cacert', path.join(dir, 'empty'), 'https://a/'], /authorities/],
            [['--targets', path.join(dir, 'empty')], /no target/],
            [['--targets', path.join(dir, 'wrong')], /wrong, line 2/],
            [['ftp://a/'], /ftp/],
            [['--nonsense', 'http://a/'], /unknown flag/],
        ];
        for (const [args, pattern] of cases) assertFails(await brunt(['quick', ...args]), 255, pattern);
    });
}
