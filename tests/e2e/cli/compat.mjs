// docs/k6-compat.json against the program: nothing is listed that is not there, nothing is there that is not listed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { brunt, folder, messages } from './harness.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const list = JSON.parse(readFileSync(path.join(ROOT, 'docs/k6-compat.json'), 'utf8'));
const REMEDY = 'docs/k6-compat.json is wrong: mend it (tools/k6-compat --update BRUNT does so for modules)';
const NOT_SUPPORTED = /not support|no extensions/;

const script = (text) => folder({ 'script.js': `${text}\nexport default function () {}` });
const inspect = (dir, env = {}) => brunt(['inspect', '--execution-requirements', 'script.js'], { dir, env });
const said = (done) => messages(done.err, 'info');
const wrong = (name, done) => `${name}: ${REMEDY}\n${done.out}${done.err}`;

function refused(name, done) {
    assert.notEqual(done.code, 0, wrong(name, done));
    assert.match(done.err, NOT_SUPPORTED, wrong(name, done));
}

async function checkModule(m) {
    const done = await inspect(script(`import * as m from '${m.name}'; console.log(JSON.stringify(Object.keys(m)));`));
    if (m.state === 'no') return refused(m.name, done);
    assert.equal(done.code, 0, wrong(m.name, done));
    const has = JSON.parse(said(done).at(-1)).filter((n) => n !== 'default').sort();
    const listed = Object.keys(m.exports).filter((e) => m.exports[e] === 'yes').sort();
    assert.deepEqual(has, listed, `${m.name}: ${REMEDY}`);
}

async function checkOption(o) {
    const done = await inspect(script(`export const options = ${JSON.stringify({ [o.name]: o.sample })};`));
    if (o.state === 'no') return refused(o.name, done);
    assert.equal(done.code, 0, wrong(o.name, done));
    assert.doesNotMatch(done.err, /unknown field/, wrong(o.name, done));
    const configured = folder({ 'script.js': 'export default function () {}', 'c.json': JSON.stringify({ [o.name]: o.sample }) });
    const fromFile = await brunt(['inspect', '--execution-requirements', '-c', 'c.json', 'script.js'], { dir: configured });
    assert.notEqual(JSON.parse(fromFile.out)[o.name] ?? null, null, wrong(o.name, fromFile));
    if (o.flag) {
        const flag = o.sample === true ? `--${o.flag}` : `--${o.flag}=${o.name === 'tags' ? 'a=b' : o.env}`;
        const packed = await brunt(['archive', flag, '-O', 'x.tar', 'script.js'], { dir: script('') });
        assert.equal(packed.code, 0, wrong(flag, packed));
        const metadata = execFileSync('tar', ['xOf', 'x.tar', 'metadata.json'], { cwd: packed.dir, encoding: 'utf8' });
        assert.notEqual(JSON.parse(metadata).options[o.name], null, wrong(flag, packed));
    }
    if (!o.variable) return;
    const fromEnv = await inspect(script(''), { [o.variable]: o.env });
    assert.equal(fromEnv.code, 0, wrong(o.variable, fromEnv));
    assert.notEqual(JSON.parse(fromEnv.out)[o.name] ?? null, null, wrong(o.variable, fromEnv));
}

/** Flags of the help by name; true for those that are refused. */
async function flagsOf(command) {
    const [taken, refusedOnes = ''] = (await brunt([command, '--help'])).out.split('Of k6, not supported yet:');
    const names = (text) => [...text.matchAll(/^ +(?:-\w, )?--([\w-]+)/gm)].map((m) => m[1]);
    return new Map([...names(taken).map((n) => [n, false]), ...names(refusedOnes).map((n) => [n, true])]);
}

export function compatTests() {
    test('the page is made from the list', () => {
        execFileSync(process.execPath, [path.join(ROOT, 'tools/k6-compat'), '--check']);
    });
    for (const m of list.modules) test(`module ${m.name}`, () => checkModule(m));
    for (const o of list.options) test(`option ${o.name}`, () => checkOption(o));

    test('globals', async () => {
        const names = list.globals.map((g) => g.name);
        const done = await inspect(script(`console.log(JSON.stringify([${names.map((n) => `typeof ${n}`)}]));`));
        const types = JSON.parse(said(done)[0]);
        const has = names.filter((_, i) => types[i] !== 'undefined');
        assert.deepEqual(has, list.globals.filter((g) => g.state === 'yes').map((g) => g.name), REMEDY);
    });

    test('flags', async () => {
        const run = await flagsOf('run');
        const known = new Map([...await flagsOf('archive'), ...await flagsOf('inspect'), ...run]);
        const listed = [...list.flags, ...list.options.filter((o) => o.flag).map((o) => ({ name: o.flag, state: o.state }))];
        for (const f of listed) {
            assert.ok(known.has(f.name), `--${f.name} is in no help: ${REMEDY}`);
            assert.equal(known.get(f.name), f.state === 'no', `--${f.name}: ${REMEDY}`);
        }
        const own = ['help', 'workers', 'max-body', 'no-cookies-reset', 'loop', 'map', 'module-cache', 'offline', 'lock',
            'vu-memory', 'vu-stack', 'record', 'store', 'target-version']; // brunt's own
        const unlisted = [...run.keys()].filter((n) => !own.includes(n) && !listed.some((f) => f.name === n));
        assert.deepEqual(unlisted, [], REMEDY);
    });

    test('commands', async () => {
        for (const c of list.commands) {
            const done = await brunt([c.name, '--help']);
            assert.equal(done.code === 0, c.state === 'yes', wrong(c.name, done));
        }
    });

    test('executors', async () => {
        const fields = { rate: 1, startRate: 1, duration: '1s', preAllocatedVUs: 1, stages: [{ duration: '1s', target: 1 }] };
        const own = { 'constant-vus': ['duration'], 'ramping-vus': ['stages'], 'constant-arrival-rate': ['rate', 'duration', 'preAllocatedVUs'],
            'ramping-arrival-rate': ['startRate', 'stages', 'preAllocatedVUs'] };
        for (const e of list.executors) {
            const scenario = { executor: e.name, ...Object.fromEntries((own[e.name] ?? []).map((k) => [k, fields[k]])) };
            const done = await inspect(script(`export const options = ${JSON.stringify({ scenarios: { s: scenario } })};`));
            assert.equal(done.code === 0, e.state === 'yes', wrong(e.name, done));
        }
    });

    test('metrics', async () => {
        const tries = list.metrics.map((m) => {
            const other = m.type === 'Gauge' ? 'Counter' : 'Gauge'; // a metric that exists cannot have another type
            return `try { new ${other}('${m.name}'); out.push('no'); } catch (e) { out.push('yes'); }`;
        });
        const done = await inspect(script(`import { Counter, Gauge } from 'k6/metrics'; const out = []; ${tries.join('\n')} console.log(out.join());`));
        const states = said(done)[0].split(',');
        list.metrics.forEach((m, i) => assert.equal(states[i], m.state, `${m.name}: ${REMEDY}`));
    });

    test('outputs', async () => {
        for (const o of list.outputs) {
            const done = await brunt(['run', '-q', '-o', o.name, 'script.js'], { dir: script('') });
            if (o.state === 'no') refused(o.name, done);
            else assert.equal(done.code, 0, wrong(o.name, done));
        }
    });
}
