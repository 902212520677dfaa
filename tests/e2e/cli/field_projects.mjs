// The projects of field/: scripts as teams have them, over several files. Each runs as it is against the same shop, and
// is held to what it has to count, on both sides.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { brunt, folder, isSlow, messages } from './harness.mjs';
import { Shop } from './field_server.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const library = path.join(here, '../../../bench/scripts/lib');

/** Runs the project in a folder of its own; gives {code, out, err, ms, dir, shop, metrics, root}. */
async function run(name, { args = [], code = 0, prepare = () => {}, errors = [], warnings = [] } = {}) {
    const dir = folder(), shop = new Shop(), main = name === 'graphql' ? 'main.ts' : 'main.js';
    cpSync(path.join(here, 'field', name), dir, { recursive: true });
    prepare(dir);
    const done = await brunt(['run', '-q', '--summary-export', 'all.json', '-e', `URL=${await shop.start()}`, ...args, main], { dir });
    assert.equal(done.code, code, done.err);
    const said = messages(done.err);
    assert.equal(said.length, errors.length, done.err);
    for (const [i, pattern] of errors.entries()) assert.match(said[i], pattern);
    assert.deepEqual(messages(done.err, 'warning'), warnings);
    const { metrics, root_group: root } = JSON.parse(readFileSync(path.join(dir, 'all.json'), 'utf8'));
    return { ...done, shop, metrics, root };
}

/** Name of each check, with the groups it is in: [passes, fails]. */
function checksOf(group, prefix = '') {
    const own = Object.values(group.checks).map((c) => [prefix + c.name, [c.passes, c.fails]]);
    return Object.fromEntries([...own, ...Object.values(group.groups).flatMap((g) => Object.entries(checksOf(g, `${prefix}${g.name}: `)))]);
}

/** There are `count` checks, and all passed `times` times, or as often as `special` says of their name. */
function assertChecks({ root }, count, times, special = {}) {
    const checks = checksOf(root);
    assert.equal(Object.keys(checks).length, count, Object.keys(checks).join('\n'));
    for (const [name, result] of Object.entries(checks)) assert.deepEqual(result, [special[name] ?? times, 0], name);
}

const projects = {
    async 'a chat over k6/ws'() {
        const done = await run('chat');
        assertChecks(done, 4, 2);
        const { metrics, shop } = done;
        assert.equal(metrics.chat_sent.count, 10);
        assert.equal(shop.said, 10);
        assert.ok(metrics.chat_received.count >= 10 && metrics.chat_received.count <= 20, 'own messages, and those of the other while both are there');
        assert.equal(metrics.ws_sessions.count, 2);
        assert.equal(metrics['ws_msgs_sent{room:lobby}'].count, metrics.ws_msgs_sent.count);
        assert.equal(metrics.iterations.count, 2);
    },
    async 'rooms over k6/websockets'() {
        const done = await run('rooms');
        assertChecks(done, 3, 4, { 'still there': 12 });
        assert.equal(done.shop.said, 24);
        assert.equal(done.metrics.room_messages.count, 24);
        assert.equal(done.metrics.ws_sessions.count, 12);
    },
    async 'a session class over http'() {
        const inSteps = /^Exception during test "what goes wrong" run\. SyntaxError: /;
        const done = await run('session', { errors: [inSteps, inSteps] }), { metrics, shop } = done;
        assertChecks(done, 9, 2);
        assert.deepEqual(shop.seen, { 'POST /auth/login': 2, 'POST /api/orders': 2, 'PATCH /api/orders/N': 2, 'GET /api/orders/N': 4, 'HEAD /api/orders/N': 2, 'DELETE /api/orders/N': 2 });
        assert.equal(metrics['http_reqs{layer:api}'].count, 14);
        assert.equal(metrics.http_req_failed.passes, 0, 'with responseCallback null, nobody asks');
        assert.equal(shop.orders.size, 0);
    },
    async 'arrivals until a threshold aborts'() {
        const done = await run('capacity', { code: 99, errors: [/^thresholds on metrics 'http_req_failed\{kind:search\}' were crossed; at least one has abortOnFail enabled/] });
        const { metrics, shop } = done;
        assert.ok(done.ms < 60000 && metrics.iterations.count < 2000, 'long before the end');
        assert.ok(shop.failing);
        assert.equal(metrics['http_req_failed{kind:search}'].thresholds['rate<0.10'], true, 'crossed');
        assert.equal(metrics['http_req_failed{kind:health}'].value, 0);
        assert.equal(metrics.errors.passes, metrics['http_req_failed{kind:search}'].passes);
        assert.equal(checksOf(done.root).found[1], metrics.errors.passes);
    },
    async 'tokens that are renewed'() {
        const done = await run('tokens'), { metrics, shop } = done;
        assertChecks(done, 6, 15, { 'logged in': 3, 'setup: logged in': 1 });
        // Five uses each, two of a token: two renewals for each of the three users.
        assert.deepEqual(shop.seen, { 'POST /auth/login': 4, 'GET /api/me': 21, 'POST /auth/refresh': 6, 'POST /auth/logout': 1 });
        assert.equal(metrics.refreshes.count, 6);
        assert.equal(metrics['http_req_failed{step:use}'].passes, 6);
    },
    async 'forms that depend on each other'() {
        const done = await run('checkout');
        assertChecks(done, 10, 4);
        assert.deepEqual(done.shop.seen, { 'GET /shop': 4, 'GET /shop/item/N': 4, 'POST /shop/cart': 4, 'POST /shop/checkout': 4, 'GET /shop/thanks': 4 });
        assert.ok(done.shop.carts.size >= 4, 'a new session in each iteration');
    },
    async 'rows of a CSV file with pictures'() {
        const done = await run('imports', { prepare(dir) {
            cpSync(path.join(library, 'papaparse.min.js'), path.join(dir, 'lib/papaparse.js'));
            for (const [i, name] of ['eu', 'us'].entries()) writeFileSync(path.join(dir, 'data', `${name}.bin`), Buffer.from(Array.from({ length: 3000 }, (_, n) => (n * 7 + i) % 256)));
        } });
        assertChecks(done, 9, 3);
        assert.deepEqual(done.shop.seen, { 'POST /upload': 6, 'PUT /raw': 3 });
        assert.equal(done.metrics.iterations.count, 3);
    },
    async 'GraphQL in TypeScript'() {
        const done = await run('graphql', { warnings: ['Products: not logged in', 'Products: not logged in'] });
        assertChecks(done, 8, 2);
        assert.equal(done.shop.seen['POST /graphql'], 10);
        assert.equal(done.metrics.graphql_errors.count, 2);
        assert.equal(done.metrics['http_reqs{name:Login}'].count, 2);
    },
    async 'several journeys and reports of their own'() {
        const done = await run('journeys', { code: 99, args: ['-e', `PACE=${isSlow() ? 3 : 1}`], prepare: (dir) => mkdirSync(path.join(dir, 'results')), errors: [/^thresholds on metrics 'orders_placed' have been crossed$/] });
        const { metrics, shop, out, root } = done, read = (name) => readFileSync(path.join(done.dir, 'results', name), 'utf8');
        const checks = checksOf(root);
        assert.deepEqual(checks['buy: ordered'], [6, 0]);
        assert.deepEqual([checks['environment of its own'], checks.progress], [[1, 0], [1, 0]]);
        assert.deepEqual([checks['catalogue is there'][0] > 2, checks['catalogue is there'][1]], [true, 0]);
        assert.equal(metrics.orders_placed.count, 6);
        assert.equal(shop.orders.size, 6);
        assert.equal(metrics.stock_left.value, 5);
        assert.equal(metrics['basket_value{currency:EUR}'].min, 6.15);
        assert.equal(metrics['group_duration{group:::buy}'].count, 6);
        assert.match(out, /^FAIL orders_placed: count>1000\nPASS basket_value\{currency:EUR\}: max<=30$/m);
        assert.match(out, /^✓ buy > ordered \(6\/6\)$/m);
        assert.match(read('junit.xml'), /<testsuites tests="9" failures="1">\n <testsuite name="shop &#38; more">/);
        assert.match(read('junit.xml'), /<testcase name="orders_placed: count&#62;1000"><failure/);
        assert.match(read('summary.html'), /<tr><td>basket_value<\/td><td>trend<\/td><td>\{&#34;min&#34;:6\.15,/);
        assert.equal(JSON.parse(read('summary.json')).metrics['http_reqs{group:::buy::basket}'].values.count, 18);
        assert.deepEqual([...readFileSync(path.join(done.dir, 'results/raw.bin'))], [1, 2, 255]);
    },
    async 'pages in folders, invented people, and asynchronous requests'() {
        const done = await run('pages');
        const checks = checksOf(done.root);
        assert.deepEqual(Object.values(checks).filter(([, fails]) => fails), []);
        assert.deepEqual([checks['OrdersPage POST'], checks['OrdersPage GET'], checks['AccountPage GET'], checks.settled], [[16, 0], [16, 0], [4, 0], [4, 0]]);
        assert.equal(done.shop.orders.size, 16);
        assert.equal(done.metrics.time_per_order.avg > 0, true);
    },
};

export function fieldProjectTests() {
    for (const [name, project] of Object.entries(projects)) test(name, project);
}
