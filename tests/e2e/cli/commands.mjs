// The commands of k6 besides run: inspect, archive, new, version; completion and the manual page.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { assertFails, assertQuiet, brunt, filesOf, folder, messages, Run } from './harness.mjs';

const SCRIPT = `export const options = { vus: 2, duration: '90s', tags: { b: '<1>', a: '2' },
    thresholds: { checks: [{ threshold: 'rate>0.5' }, { threshold: 'rate>0', abortOnFail: true, delayAbortEval: 10000 }] } };
export default function () {}`;

const inspect = async (args, options) => {
    const done = await brunt(['inspect', ...args, 'script.js'], options);
    assertQuiet(done);
    return { text: done.out, json: JSON.parse(done.out) };
};

export function commandTests() {
    test('inspect: the options of the script alone', async () => {
        const dir = folder({ 'script.js': SCRIPT });
        const { text, json } = await inspect([], { dir, env: { K6_VUS: '7' } });
        assert.equal(json.vus, 2);
        assert.equal(json.duration, '1m30s');
        assert.equal(json.scenarios, null);
        assert.equal(json.systemTags, null);
        assert.deepEqual(json.thresholds, { checks: ['rate>0.5', { threshold: 'rate>0', abortOnFail: true, delayAbortEval: '10s' }] });
        assert.deepEqual(Object.entries(json.tags), [['a', '2'], ['b', '<1>']]);
        assert.match(text, /^ {4}"b": "\\u003c1\\u003e"$/m);
        assert.match(text, /^\{\n {2}"paused": null,\n {2}"vus": 2,\n/);
    });
    test('inspect --execution-requirements: all levels', async () => {
        const dir = folder({ 'script.js': SCRIPT });
        const { json } = await inspect(['--execution-requirements'], { dir, env: { K6_VUS: '7' } });
        assert.equal(json.vus, 7);
        assert.equal(json.scenarios.default.executor, 'constant-vus');
        assert.equal(json.totalDuration, '2m0s');
        assert.equal(json.maxVUs, 7);
        assert.equal(json.systemTags.length, 14);
    });
    test('inspect: -e, and what is wrong', async () => {
        const dir = folder({ 'script.js': 'export const options = { vus: Number(__ENV.N) }; export default function () {}', 'bad.js': 'export default', 'vus.js': 'export const options = { vus: "x" }; export default function () {}' });
        assert.equal((await inspect(['-e', 'N=5'], { dir })).json.vus, 5);
        assertFails(await brunt(['inspect', 'bad.js'], { dir }), 107, /could not initialize .bad\.js.*Line 1:15/);
        assertFails(await brunt(['inspect', 'vus.js'], { dir }), 104, /'vus': "x" is not a whole number/);
        assertFails(await brunt(['inspect'], { dir }), 255, /accepts 1 arg\(s\), received 0/);
        assertFails(await brunt(['inspect', 'none.js'], { dir }), 255, /couldn't be found/);
    });
    const PACKED = {
        'a/script.js': `import { twice } from '../lib/twice.js'; import exec from 'k6/execution';
            const text = open('./data.txt');
            export const options = { iterations: 9 };
            export default function () { console.log(twice(text), __ENV.WHO, __ENV.OTHER, exec.test.options.scenarios.default.iterations); }`,
        'a/data.txt': 'words', 'lib/twice.js': 'export const twice = (x) => x + x;',
    };
    const pack = async (args = [], options = {}) => {
        const dir = folder(PACKED);
        const done = await brunt(['archive', '-i', '1', '-e', 'WHO=me', ...args, 'a/script.js'], { dir, ...options });
        assertQuiet(done);
        return dir;
    };
    test('archive and run: modules, files, options, variables', async () => {
        const dir = await pack();
        const names = execFileSync('tar', ['tf', path.join(dir, 'archive.tar')], { encoding: 'utf8' }).trim().split('\n');
        const root = `file${dir}`;
        assert.deepEqual(names, ['metadata.json', 'data', `${root}/a/data.txt`, `${root}/a/script.js`, `${root}/lib/twice.js`]);
        for (const name of Object.keys(PACKED)) rmSync(path.join(dir, name));
        const said = async (args, env) => {
            const done = await brunt(['run', '-q', ...args, 'archive.tar'], { dir, env });
            assertQuiet(done);
            return messages(done.err, 'info');
        };
        assert.deepEqual(await said([]), ['wordswords me undefined 1']);
        assert.deepEqual(await said(['-e', 'WHO=you', '-i', '2'], { OTHER: 'x' }), Array(2).fill('wordswords you x 2'));
        assert.deepEqual(await said(['--include-system-env-vars=false'], { WHO: 'system' }), ['wordswords me undefined 1']);
        const shown = await brunt(['inspect', 'archive.tar'], { dir });
        assert.equal(JSON.parse(shown.out).iterations, 1);
        assert.equal(shown.err, '');
    });
    test('archive: -O, --exclude-env-vars, what is in the metadata', async () => {
        const dir = await pack(['-O', 'x.tar', '--exclude-env-vars', '--tag', 'a=b'], { env: { OTHER: 'secret' } });
        assert.deepEqual(filesOf(dir).filter((f) => f.endsWith('.tar')), ['x.tar']);
        const metadata = JSON.parse(execFileSync('tar', ['xOf', path.join(dir, 'x.tar'), 'metadata.json'], { encoding: 'utf8' }));
        assert.deepEqual(metadata.env, {});
        assert.equal(metadata.type, 'js');
        assert.equal(metadata.filename, `file://${dir}/a/script.js`);
        assert.equal(metadata.pwd, `file://${dir}/a/`);
        assert.equal(metadata.options.iterations, 1);
        assert.equal(metadata.options.scenarios, null);
        assert.deepEqual(metadata.options.tags, { a: 'b' });
    });
    test('secrets are there when a script is looked at or packed, and are not packed', async () => {
        const dir = folder({ 'script.js': `import secrets from 'k6/secrets';
            const vus = (await secrets.get('n')).length;
            export const options = { vus };
            export default function () {}` });
        const source = ['--secret-source', 'mock=n=hidden'];
        const shown = await brunt(['inspect', ...source, 'script.js'], { dir });
        assertQuiet(shown);
        assert.equal(JSON.parse(shown.out).vus, 6);
        assertQuiet(await brunt(['archive', ...source, 'script.js'], { dir }));
        assert.ok(!readFileSync(path.join(dir, 'archive.tar')).includes('hidden'));
        assertFails(await brunt(['archive', 'script.js'], { dir }), 107, /secret/);
    });
    test('archives and scripts from standard input', async () => {
        const dir = await pack();
        const tar = readFileSync(path.join(dir, 'archive.tar'));
        for (const name of Object.keys(PACKED)) rmSync(path.join(dir, name));
        const piped = (bytes, args) => {
            const run = new Run(args, { dir, stdio: ['pipe', 'pipe', 'pipe'] });
            run.child.stdin.on('error', () => {}).end(bytes);
            return run.end();
        };
        const done = await piped(tar, ['run', '-q', '-']);
        assertQuiet(done);
        assert.deepEqual(messages(done.err, 'info'), ['wordswords me undefined 1']);
        assertQuiet(await piped(tar, ['run', '-q', '--type', 'archive', '-']));
        assert.equal(JSON.parse((await piped(tar, ['inspect', '-'])).out).iterations, 1);
        const script = 'export const options = { vus: 7 }; export default function (): void { console.log(__ENV.X as string); }';
        assert.equal(JSON.parse((await piped(script, ['inspect', '-'])).out).vus, 7);
        assert.deepEqual(messages((await piped(script, ['run', '-q', '-u', '1', '-e', 'X=typed', '-'])).err, 'info'), ['typed']);
        assertFails(await piped(tar, ['run', '-q', '--type', 'js', '-']), 107, /metadata|Unexpected|unexpected|expecting/);
        assertFails(await piped(script, ['run', '-q', '--type', 'archive', '-']), 255, /the archive '-'/);
        assertFails(await piped('', ['run', '-q', '-']), 255, /no exported functions/);
    });
    test('archives that cannot be used', async () => {
        const dir = await pack();
        const whole = readFileSync(path.join(dir, 'archive.tar'));
        writeFileSync(path.join(dir, 'cut.tar'), whole.subarray(0, 700));
        assertFails(await brunt(['run', 'cut.tar'], { dir }), 255, /the archive 'cut\.tar': tar: it ends within a file/);
        execFileSync('tar', ['cf', 'other.tar', 'lib'], { cwd: dir });
        assertFails(await brunt(['run', 'other.tar'], { dir }), 255, /has no metadata\.json that is JSON/);
        assertFails(await brunt(['run', '--type', 'archive', 'a/script.js'], { dir }), 255, /has no metadata\.json/);
        assertFails(await brunt(['run', '--type', 'zip', 'a/script.js'], { dir }), 255, /unknown --type "zip": use js or archive/);
        assertFails(await brunt(['archive', '-d', '0s', 'a/script.js'], { dir }), 104, /duration must be at least 1s/);
        assertFails(await brunt(['archive'], { dir }), 255, /accepts 1 arg\(s\), received 0/);
    });
    test('new: templates run, files are kept', async () => {
        const dir = folder();
        const make = (args) => brunt(['new', ...args], { dir });
        assertQuiet(await make([]));
        assertQuiet(await make(['--template', 'protocol', 'p.js']));
        assertFails(await make([]), 255, /script\.js already exists: use --force/);
        assertQuiet(await make(['-f', '--template', 'p.js']));
        assert.equal(readFileSync(path.join(dir, 'script.js'), 'utf8'), readFileSync(path.join(dir, 'p.js'), 'utf8'));
        assertFails(await make(['--template', 'browser', 'b.js']), 255, /'browser' is not supported/);
        assertFails(await make(['--template', 'none', 'b.js']), 255, /invalid template 'none'/);
        const checked = await brunt(['inspect', '--execution-requirements', 'p.js'], { dir });
        assertQuiet(checked);
        assert.equal(JSON.parse(checked.out).maxVUs, 20);
    });
    test('completion and the manual page know every command and flag', async () => {
        const help = await brunt(['run', '--help']);
        const flags = [...help.out.matchAll(/^ +(?:-\w, )?--([\w-]+)/gm)].map((m) => m[1]);
        for (const args of [['completion', 'bash'], ['completion', 'zsh'], ['completion', 'fish'], ['man']]) {
            const done = await brunt(args);
            assertQuiet(done);
            const text = done.out.replaceAll('\\-', '-');
            for (const flag of flags) assert.ok(new RegExp(`(--|-l )${flag}\\b`).test(text), `${args}: --${flag}`);
            for (const command of ['run', 'quick', 'inspect', 'archive']) assert.ok(text.includes(command), `${args}: ${command}`);
        }
        const bash = await brunt(['completion', 'bash']);
        const complete = `${bash.out}\nCOMP_WORDS=(brunt run --summary-m); COMP_CWORD=2; _brunt; echo "\${COMPREPLY[@]}"`;
        assert.equal(execFileSync('bash', ['-c', complete], { encoding: 'utf8' }), '--summary-mode\n');
        assertFails(await brunt(['completion', 'csh']), 255, /needs one shell/);
    });
    test('help of a command; commands of k6 that are not there', async () => {
        const [one, other] = [await brunt(['help', 'run']), await brunt(['run', '--help'])];
        assertQuiet(one);
        assert.equal(one.out, other.out);
        assertFails(await brunt(['help', 'frob']), 255, /unknown command "frob"/);
        for (const name of ['cloud', 'deps', 'features', 'stats', 'x']) assertFails(await brunt([name]), 255, new RegExp(`"${name}" of k6 is not supported`));
    });
    test('version --json', async () => {
        const done = await brunt(['version', '--json']);
        assertQuiet(done);
        assert.match(JSON.parse(done.out).version, /^v\d+\.\d+\.\d+/);
    });
}
