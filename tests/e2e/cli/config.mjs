// brunt config: all mistakes with their places, several files, the schema.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertFails, assertQuiet, brunt, folder } from './harness.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

const good = `version: 1
environments:
  here:
    base_url: http://127.0.0.1:3000
    headers: { Authorization: "Bearer \${TOKEN}", X-Trace: "id-\${TOKEN}-1" }
    secrets: [ TOKEN ]
    metrics: [ { process: empire, names: [ memory ] } ]
    window: "Mon-Fri 02:00-04:00 UTC"
    notice: 24h
  later:
    base_url: \${NEVER_SET}
tests:
  small:
    script: script.js
    duration: 5s
    load: { vus: 2 }
    criteria: [ "p95 < 500ms" ]
    endpoints: { "GET /products": [ "p95 < 200ms" ] }
`;
const script = 'export default function () {}\n';

const check = (files, args = [], options = {}) =>
    brunt(['config', 'check', ...args], { dir: folder({ 'script.js': script, ...files }), env: { TOKEN: 'secret-of-mine' }, ...options });

/** One mistake each: what is replaced in the good file by what, and the message that has to come. */
const mistakes = [
    ['a wrong unit', '"p95 < 500ms"', '"p95 < 500MB"', /brunt\.yaml:17:17: criterion "p95 < 500MB": unknown unit "MB" for p95; allowed: us, ms, s, min, h/],
    ['a unit that is missing', '"p95 < 500ms"', '"p95 < 500"', /brunt\.yaml:17:17: .*a unit is missing/],
    ['an unknown metric', '"p95 < 500ms"', '"eror_rate < 1%"', /brunt\.yaml:17:17: criterion "eror_rate < 1%": "eror_rate" is unknown; did you mean "error_rate"\?$/m],
    ['minutes where milliseconds were meant', '"p95 < 500ms"', '"p95 < 500m"', /brunt\.yaml:17:17: criterion "p95 < 500m": no request takes longer than 500m; did you mean 500ms\? \(m are minutes\)/],
    ['the same of an endpoint', '"p95 < 200ms"', '"p95 < 200 m"', /brunt\.yaml:18:37: criterion "p95\(GET \/products\) < 200 m": no request takes longer than 200 m; did you mean 200ms\?/],
    ['a limit of hours', '"p95 < 500ms"', '"p(99) < 61min"', /brunt\.yaml:17:17: .*no request takes longer than 61min; use at most 1h/],
    ['a missing script', 'script.js', 'nothing.js', /brunt\.yaml:14:13: the script nothing\.js of test "\w+" cannot be read: No such file or directory; its path is relative/],
    ['an environment without URL', 'base_url: http://127.0.0.1:3000\n    ', '', /brunt\.yaml:4:5: environment here has no base_url; add e\.g\. base_url/],
    ['a misspelt key', 'duration: 5s', 'druation: 5s', /brunt\.yaml:15:5: unknown key "druation" in a test; did you mean "duration"\?/],
    ['a window without zone', 'Mon-Fri 02:00-04:00 UTC', '02:00-04:00', /brunt\.yaml:8:13: window "02:00-04:00" must end with the zone UTC/],
    ['a source of metrics that is none', 'process: empire', 'page: /x', /brunt\.yaml:7:18: unknown key "page" in a source of metrics/],
    ['a criterion that no endpoint has', '"p95 < 200ms"', '"stable"', /brunt\.yaml:18:37: criterion "stable": of an endpoint only p95/],
];
const hookMistakes = [
    ['a hook that is none', 'tests:', 'notify: { url: "ftp://chat/x" }\ntests:', /brunt\.yaml:12:16: url of notify is no URL of http or https/],
    ['a hook that is missing', 'tests:', 'notify: { when: always }\ntests:', /brunt\.yaml:12:9: notify needs its url; write e\.g\. notify: \{ url: "\$\{HOOK_URL\}" \}/],
    ['no hooks at all', 'tests:', 'notify: { url: [] }\ntests:', /brunt\.yaml:12:16: there are no addresses/],
    ['a misspelt choice', 'tests:', 'notify: { url: "http://x/y", when: allways }\ntests:', /brunt\.yaml:12:36: when must be problem, failure, regression or always, not "allways"; did you mean "always"\?/],
    ['a page that is none', 'tests:', 'notify: { url: "http://x/y", report_url: here }\ntests:', /brunt\.yaml:12:42: report_url "here" is no URL/],
    ['an unknown key of notify', 'notice: 24h', 'notify: { url: "http://x/y", on: always }', /brunt\.yaml:9:34: unknown key "on" in notify; its keys are: url, when, report_url/],
];

export function configTests() {
    test('a good file', async () => {
        const done = await check({ 'brunt.yaml': good });
        assertQuiet(done);
        assert.match(done.out, /brunt\.yaml:11:15: warning: the environment variable NEVER_SET is not set/);
        assert.match(done.out, /brunt\.yaml: fine: 2 environments, 1 test, 1 warning\n$/);
    });
    for (const [name, from, to, pattern] of [...mistakes, ...hookMistakes]) {
        test(name, async () => {
            const text = good.replace(from, to);
            assert.notEqual(text, good);
            const done = await check({ 'brunt.yaml': text });
            assert.equal(done.code, 104, done.out);
            assert.match(done.out, pattern);
            assert.match(done.out, /brunt\.yaml: 1 mistake, 1 warning\n$/);
            // A run says the same, in one message.
            const run = await brunt(['test', 'small', 'here'], { dir: done.dir, env: { TOKEN: 'secret-of-mine' } });
            assertFails(run, 104, pattern);
        });
    }
    test('the line and a caret below the place', async () => {
        const done = await check({ 'brunt.yaml': good.replace('"p95 < 500ms"', '"späť < 5ms", "p95 < 5 apples"') });
        const lines = done.out.split('\n');
        const at = lines.findIndex((line) => line.includes('5 apples": unknown unit'));
        const [, line, column] = /:(\d+):(\d+): /.exec(lines[at]);
        assert.ok(lines[at + 1].startsWith(`${line.padStart(7)} | `));
        assert.equal([...lines[at + 2]].indexOf('^'), '        | '.length + Number(column) - 1);
        assert.equal([...lines[at + 1]][[...lines[at + 2]].indexOf('^')], '"');
        const long = await check({ 'brunt.yaml': good.replace('"p95 < 500ms"', `${'"p95 < 5s", '.repeat(40)}"p95 < 5 apples"`) });
        const [source, caret] = long.out.split('\n').slice(-4, -2);
        assert.ok(source.length < 140 && source.slice(caret.indexOf('^')).startsWith('"p95 < 5 apples"'), `${source}\n${caret}`);
    });
    test('all mistakes at once, and as JSON', async () => {
        const text = mistakes.slice(4).reduce((all, [, from, to]) => all.replace(from, to), good.replace('500ms', '500MB'));
        const done = await check({ 'brunt.yaml': text });
        assert.equal(done.code, 104);
        assert.match(done.out, /: 6 mistakes, 1 warning\n$/);
        const json = JSON.parse((await check({ 'brunt.yaml': text }, ['--json'])).out);
        assert.equal(json.ok, false);
        assert.equal(json.problems.length, 7);
        assert.deepEqual(json.problems.map((p) => p.severity).filter((s) => s === 'warning'), ['warning']);
        const run = await brunt(['test', 'small', 'here'], { dir: done.dir });
        assertFails(run, 104, /\(and 5 more: brunt config check\)/);
    });
    test('a script that does not load', async () => {
        const broken = await check({ 'brunt.yaml': good, 'script.js': 'export default function ( {' });
        assert.equal(broken.code, 104);
        assert.match(broken.out, /brunt\.yaml:14:13: .*script\.js/);
        const throwing = await check({ 'brunt.yaml': good, 'script.js': 'throw new Error("no " + __ENV.BASE_URL);' });
        assert.equal(throwing.code, 104);
        assert.match(throwing.out, /no http:\/\/127\.0\.0\.1:3000/);
    });
    test('no YAML at all, no file', async () => {
        for (const text of ['', '{', '\0\x01', 'version: 1\n\ttests: {}\n', '- a\n']) {
            const done = await check({ 'brunt.yaml': text });
            assert.equal(done.code, 104);
            assert.match(done.out, /^brunt\.yaml:\d+:\d+: .*\n/);
        }
        assertFails(await check({}), 104, /brunt\.yaml/);
        assertFails(await check({}, ['none.yaml']), 104, /none\.yaml/);
    });
    test('several files are one; what two of them define is told with both places', async () => {
        const [environments, tests] = good.split(/(?=tests:)/);
        const files = { 'a.yaml': environments, 'b.yaml': `version: 1\n${tests}` };
        const fine = await check(files, ['a.yaml', 'b.yaml']);
        assertQuiet(fine);
        assert.match(fine.out, /a\.yaml, b\.yaml: fine: 2 environments, 1 test/);
        const list = await check(files, ['-c', 'a.yaml', '-c', 'b.yaml']);
        assertQuiet(list);
        const twice = { ...files, 'b.yaml': `version: 1\nenvironments:\n  here: { base_url: http://other }\n${tests}` };
        const done = await check(twice, ['a.yaml', 'b.yaml']);
        assert.equal(done.code, 104);
        assert.match(done.out, /b\.yaml:3:3: environment "here" is defined twice: here and at a\.yaml:3:3; remove one/);
    });
    test('show: variables put in, secrets hidden', async () => {
        const dir = folder({ 'brunt.yaml': good, 'script.js': script });
        const done = await brunt(['config', 'show', 'here'], { dir, env: { TOKEN: 'secret-of-mine' } });
        assertQuiet(done);
        assert.ok(!done.out.includes('secret-of-mine'));
        assert.match(done.out, /"Authorization": "\*\*\*SECRET_REDACTED\*\*\*"/);
        assert.match(done.out, /"X-Trace": "id-\*\*\*SECRET_REDACTED\*\*\*-1"/);
        assert.match(done.out, /window: \[ "Mon-Fri 02:00-04:00 UTC" \]/);
        assertFails(await brunt(['config', 'show', 'later'], { dir }), 104, /NEVER_SET/);
        assertFails(await brunt(['config', 'show', 'hree'], { dir }), 104, /did you mean "here"/);
    });
    test('usage', async () => {
        for (const args of [[], ['chek'], ['show'], ['schema', 'x']]) assertFails(await brunt(['config', ...args]), 104, /brunt config/);
        assertQuiet(await brunt(['config', '--help']));
    });
    test('the schema accepts and refuses what the program does', async () => {
        const dir = folder();
        const schema = await brunt(['config', 'schema'], { dir });
        assertQuiet(schema);
        writeFileSync(path.join(dir, 'schema.json'), schema.out);
        assert.deepEqual(JSON.parse(schema.out), JSON.parse(readFileSync(path.join(root, 'docs/brunt.schema.json'), 'utf8')));
        const valid = { good, stages: good.replace('duration: 5s\n    load: { vus: 2 }', 'load: { start_vus: 1, stages: [ { duration: 0s, target: 5 }, { duration: 1m30s, target: 0 } ] }') };
        // Not a matter of shape, so not of the schema: units, names of metrics, files.
        const shape = ['an environment without URL', 'a misspelt key', 'a window without zone', 'a source of metrics that is none', 'a criterion that no endpoint has'];
        const invalid = Object.fromEntries(mistakes.filter(([name]) => shape.includes(name) && !name.includes('endpoint')).map(([name, from, to]) => [name, good.replace(from, to)]));
        Object.assign(invalid, {
            'no version': good.replace('version: 1\n', ''),
            'vus and stages': good.replace('{ vus: 2 }', '{ vus: 2, stages: [ { duration: 1s, target: 1 } ] }'),
            'a duration without unit': good.replace('5s', '5'),
            'no criteria': good.replace('[ "p95 < 500ms" ]', '[]'),
            'two sources in one': good.replace('process: empire', 'process: empire, cgroup: /a'),
            'the name all': good.replace('  small:', '  all:'),
        });
        const files = [];
        for (const [kind, list] of Object.entries({ valid, invalid })) {
            for (const [name, text] of Object.entries(list)) {
                const file = path.join(dir, `${kind}-${name.replaceAll(' ', '-')}.yaml`);
                writeFileSync(file, text);
                files.push(file);
                const done = await brunt(['config', 'check', file], { dir: folder(), env: { TOKEN: 'secret-of-mine' } });
                if (kind === 'invalid') assert.equal(done.code, 104, `${name}: ${done.out}`);
            }
        }
        const validate = path.join(root, 'tests/e2e/cli/validate_yaml.py');
        const run = (list) => execFileSync('python3', ['-B', validate, path.join(dir, 'schema.json'), ...list], { encoding: 'utf8' }).trim().split('\n');
        const told = run([path.join(root, 'loadtest/brunt.yaml'), ...files]);
        assert.equal(told[0], 'valid');
        files.forEach((file, i) => assert.equal(told[i + 1].split(':')[0], path.basename(file).startsWith('valid') ? 'valid' : 'invalid', `${file}: ${told[i + 1]}`));
    });
    test('the example of the documentation is right', async () => {
        const page = readFileSync(path.join(root, 'docs/configuration.md'), 'utf8');
        const example = /## An example\n\n((?: {4}.*\n|\n)+)/.exec(page)[1].replaceAll(/^ {4}/gm, '');
        assert.match(example, /^version: 1\n/);
        const done = await check({ 'brunt.yaml': example, 'baseline.js': script, 'spike.js': script });
        assertQuiet(done);
        assert.match(done.out, /fine: 2 environments, 2 tests\n$/);
    });
    test('the file of the repository is fine and names its schema', async () => {
        const done = await brunt(['config', 'check', path.join(root, 'loadtest/brunt.yaml')]);
        assertQuiet(done);
        assert.match(readFileSync(path.join(root, 'loadtest/brunt.yaml'), 'utf8'), /^# yaml-language-server: \$schema=\.\.\/docs\/brunt\.schema\.json$/m);
    });
}
