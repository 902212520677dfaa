// Scripts of the kind that teams have: whole flows with libraries, data and several files, against a small shop.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertQuiet, brunt, folder, messages, serve } from './harness.mjs';

const library = (name) => readFileSync(path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../bench/scripts/lib', name), 'utf8');

/** A shop: a form with a token, sessions in cookies, an API with bearer tokens, uploads. */
function shop(request, response) {
    const chunks = [];
    request.on('data', (c) => chunks.push(c)).on('end', () => {
        const body = Buffer.concat(chunks), url = new URL(request.url, 'http://x'), text = body.toString('latin1');
        const json = (status, value) => response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
        if (url.pathname === '/login' && request.method === 'GET')
            return response.setHeader('Set-Cookie', 'pre=1; Path=/').end('<form method=post action=/login><input type=hidden name=csrf value="t-42"><input name=user><input name=pw type=password><button>Go</button></form>');
        if (url.pathname === '/login') {
            const ok = /csrf=t-42/.test(text) && /user=/.test(text) && /pre=1/.test(request.headers.cookie);
            return response.writeHead(ok ? 302 : 403, { 'Set-Cookie': 'session=s1; Path=/; HttpOnly', Location: '/home' }).end();
        }
        if (url.pathname === '/home') return response.end(/session=s1/.test(request.headers.cookie ?? '') ? '<h1>Hello</h1><a href="/item/7">seven</a>' : 'who?');
        if (url.pathname === '/token') return json(200, { access_token: `tok-${JSON.parse(text).user}`, items: [{ id: 1, n: 'a' }, { id: 2, n: 'b' }] });
        if (url.pathname === '/upload') return json(200, { type: request.headers['content-type'].split(';')[0], size: (/filename="pic.bin"\r\nContent-Type: image\/png\r\n\r\n([^]*?)\r\n--/.exec(text) ?? ['', ''])[1].length, title: /name="title"\r\n\r\nmine/.test(text) });
        if (url.pathname.startsWith('/item/')) return json(request.headers.authorization || url.pathname === '/item/7' ? 200 : 401, { id: Number(url.pathname.slice(6)), auth: request.headers.authorization, query: url.search });
        return response.writeHead(404).end('no');
    });
}

const SUMMARY = `exports.textSummary = function (data, options) {
    var lines = Object.keys(data.metrics).sort().map(function (name) {
        return (options.indent || '') + name + ': ' + Object.keys(data.metrics[name].values).join(' ');
    });
    return lines.join('\\n');
};`;

const scripts = {
    'a login with correlation, cookies and links': {
        'main.js': `import http from 'k6/http'; import { check, group, sleep, fail } from 'k6'; import { Trend, Rate, Counter, Gauge } from 'k6/metrics';
            const took = new Trend('login_time', true), failed = new Rate('login_failed'), seen = new Counter('seen'), last = new Gauge('last');
            export const options = { vus: 2, iterations: 4, thresholds: { checks: ['rate==1'], login_failed: ['rate<0.01'], 'http_req_duration{name:GET /item/:id}': ['p(95)<5000'], 'http_reqs{group:::shop::login}': ['count==16'], seen: [{ threshold: 'count==4', abortOnFail: true }] } };
            export default function () {
                group('shop', () => {
                    group('login', () => {
                        const page = http.get(__ENV.URL + '/login');
                        const csrf = page.html('input[name=csrf]').first().attr('value');
                        check(csrf, { 'has a token': (t) => t === 't-42' }) || fail('no token');
                        const res = http.post(__ENV.URL + '/login', { csrf, user: 'u' + __VU, pw: 'p' });
                        took.add(res.timings.duration); failed.add(res.status !== 200);
                        check(res, { 'at home': (r) => r.url.endsWith('/home') && r.html('h1').text() === 'Hello', 'session': () => http.cookieJar().cookiesForURL(__ENV.URL).session[0] === 's1' });
                        const item = res.clickLink({ selector: 'a' , params: { tags: { name: 'GET /item/:id' }, redirects: 0 } });
                        check(item, { item: (r) => r.json('id') === 7 && r.json().id === 7 }, { kind: 'item' });
                    });
                    seen.add(1); last.add(__ITER);
                });
                const again = http.get(__ENV.URL + '/login').submitForm({ fields: { user: 'x' } });
                check(again, { 'form submitted': (r) => r.status === 200 });
                sleep(0.01);
            }`,
    },
    'data from a CSV file, shared, and a library of functions': {
        'data/users.csv': 'name,password\n"Smith, J",p1\nDoe,p2\n',
        'lib/papaparse.js': library('papaparse.min.js'), 'lib/utils.js': library('utils.js'),
        'main.js': `import papaparse from './lib/papaparse.js'; import { uuidv4, randomIntBetween, randomItem, randomString, findBetween, normalDistributionStages } from './lib/utils.js';
            import { SharedArray } from 'k6/data'; import exec from 'k6/execution'; import { check } from 'k6'; import http from 'k6/http';
            const users = new SharedArray('users', () => papaparse.parse(open('./data/users.csv'), { header: true, skipEmptyLines: true }).data);
            const stages = normalDistributionStages(10, 20);
            export const options = { scenarios: { a: { executor: 'shared-iterations', vus: 2, iterations: 4, exec: 'login', tags: { team: 'red' }, env: { ROLE: 'admin' } }, b: { executor: 'per-vu-iterations', vus: 1, iterations: 2, startTime: '50ms', exec: 'other' }, c: { executor: 'constant-arrival-rate', rate: '20', timeUnit: '1s', duration: '1s', preAllocatedVUs: 2, exec: 'other' } },
                thresholds: { 'checks{scenario:a}': ['rate==1'], 'http_reqs{team:red}': ['count==4'], checks: ['rate==1'] } };
            export function setup() { return { token: http.post(__ENV.URL + '/token', JSON.stringify({ user: 'admin' })).json('access_token'), at: new Date(0) }; }
            export function login(data) {
                const user = users[exec.scenario.iterationInTest % users.length];
                const res = http.get(http.url\`\${__ENV.URL}/item/\${randomIntBetween(1, 9)}\`, { headers: { Authorization: 'Bearer ' + data.token } });
                check(res, { user: () => ['Smith, J', 'Doe'].includes(user.name), auth: (r) => r.json('auth') === 'Bearer tok-admin', role: () => __ENV.ROLE === 'admin',
                    uuid: () => /^[0-9a-f-]{36}$/.test(uuidv4()) && /^[0-9a-f-]{36}$/.test(uuidv4(true)), item: () => [1, 2].includes(randomItem([1, 2])), text: () => randomString(8).length === 8,
                    between: () => findBetween('<a>x</a>', '<a>', '</a>') === 'x', stages: () => stages.length === 17, vu: () => exec.vu.idInTest >= 1, scenario: () => exec.scenario.name === 'a' });
            }
            export function other(data) { check(data, { date: (d) => d.at.startsWith('19'), role: () => __ENV.ROLE === undefined }); }
            export function teardown(data) { if (!data.token) throw new Error('no data'); }`,
    },
    'batches, uploads and forms': {
        'pic.bin': Buffer.from([0, 255, 1, 254]).toString('latin1'),
        'main.js': `import http, { batch, file } from 'k6/http'; import { check } from 'k6'; import encoding from 'k6/encoding'; import crypto from 'k6/crypto';
            const pic = open('./pic.bin', 'b');
            export const options = { discardResponseBodies: true, iterations: 2, thresholds: { checks: ['rate==1'], 'http_req_failed{expected:no}': ['rate==0'] } };
            export default function () {
                const [a, b] = batch([['GET', __ENV.URL + '/item/7', null, { responseType: 'text', tags: { ctype: 'a' } }], __ENV.URL + '/home']);
                const c = http.batch({ one: { method: 'GET', url: __ENV.URL + '/nothing', params: { responseCallback: http.expectedStatuses(404), tags: { expected: 'no' } } } });
                const up = http.post(__ENV.URL + '/upload', { title: 'mine', f: file(pic, 'pic.bin', 'image/png') }, { responseType: 'text' });
                check(null, { text: () => a.json('id') === 7, none: () => b.body === null, named: () => c.one.status === 404, upload: () => up.json('type') === 'multipart/form-data' && up.json('size') > 0 && up.json('title') === true,
                    hash: () => crypto.sha256('a', 'hex') === 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb', b64: () => encoding.b64encode('hi') === 'aGk=' && encoding.b64decode('aGk=', 'std', 's') === 'hi' });
                const post = http.post(__ENV.URL + '/token', JSON.stringify({ user: 'é' }), { headers: { 'Content-Type': 'application/json' }, responseType: 'text' });
                check(post, { list: (r) => r.json('items.#.n').join() === 'a,b' && r.json('items.#(id==2).n') === 'b' });
            }`,
    },
    'a TypeScript project of several files': {
        'src/types.ts': 'export interface User { name: string; role?: Role }\nexport enum Role { Admin = "admin", Guest = "guest" }\nexport type Maybe<T> = T | undefined;',
        'src/client.ts': `import http, { RefinedResponse, ResponseType } from 'k6/http'; import { User, Role, type Maybe } from './types.ts';
            export class Client<T extends User = User> { private last: Maybe<RefinedResponse<ResponseType>>; constructor(private readonly base: string, public user: T) {}
                item(id: number): Record<string, unknown> { this.last = http.get(\`\${this.base}/item/\${id}\`, { headers: { Authorization: this.user.name } }); return this.last!.json() as Record<string, unknown>; }
                get role(): Role { return this.user.role ?? Role.Guest; } }`,
        'main.ts': `import { Options } from 'k6/options'; import { check } from 'k6'; import { Client } from './src/client.ts'; import { Role, User } from './src/types.ts';
            export const options: Options = { vus: 1, iterations: 2, thresholds: { checks: ['rate==1'] } } satisfies Options;
            const user: User = { name: 'ann', role: Role.Admin };
            export default function (): void { const c = new Client(__ENV.URL, user); check(c.item(3), { id: (b: any) => b.id === 3, auth: (b) => b!.auth === 'ann', role: () => c.role === Role.Admin && (<string>Role.Guest) === 'guest' }); }`,
    },
    'options from a file and from strings, a summary by a mapped library': {
        'cfg.json': '{"vus": "2", "iterations": 4, "thresholds": {"http_req_duration": []}}', 'vendor/k6-summary/0.1.0/index.js': SUMMARY,
        'main.js': `import { textSummary } from 'https://jslib.k6.io/k6-summary/0.1.0/index.js'; import { check } from 'k6';
            export let options = Object.assign({}, JSON.parse(open('./cfg.json')), { summaryTrendStats: ['avg', 'p(99)', 'count'] });
            for (const n of ['checks']) options.thresholds[n] = ['rate == 1'];
            let calls = 0;
            export default () => { calls++; check(calls, { 'state of a virtual user stays': (n) => n === __ITER + 1, plain: true, ['name ' + 1]: 1 }); };
            export function handleSummary(data) { return { stdout: textSummary(data, { indent: ' ' }), 'out/summary.json': JSON.stringify(data), './junit.xml': '<x/>' }; }`,
    },
};

export function fieldTests() {
    test('libraries of others are the files that were published', () => {
        const sums = library('SHA256SUMS').trim().split('\n').map((line) => line.split(/\s+/));
        assert.ok(sums.some(([, name]) => name === 'papaparse.min.js'));
        for (const [sum, name] of sums) assert.equal(createHash('sha256').update(library(name)).digest('hex'), sum, name);
    });
    const server = serve(shop);
    for (const [name, files] of Object.entries(scripts)) {
        test(name, async () => {
            const main = 'main.ts' in files ? 'main.ts' : 'main.js', dir = folder({ ...files, 'out/.keep': '' });
            const done = await brunt(['run', '-q', '--offline', '--map', 'https://jslib.k6.io/=vendor', '-e', `URL=${await server}`, main], { dir });
            assertQuiet(done);
            assert.deepEqual(messages(done.err, 'warning'), []);
            if (!name.includes('summary')) return;
            assert.match(done.out, / iteration_duration: avg p\(99\) count/);
            const data = JSON.parse(readFileSync(path.join(dir, 'out/summary.json'), 'utf8'));
            assert.equal(data.metrics.iterations.values.count, 4);
            assert.equal(data.metrics.checks.thresholds['rate == 1'].ok, true);
            assert.deepEqual(data.root_group.checks.map((c) => c.passes), [4, 4, 4]);
            assert.equal(readFileSync(path.join(dir, 'junit.xml'), 'utf8'), '<x/>');
        });
    }
}
