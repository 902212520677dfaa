// deploy/ci: the workflow of GitHub and the job of GitLab, read from their files and executed step by step: every
// `run:` and `script:` as it stands, with the variables that a runner sets, the real brunt and a server on loopback.
//
//     node pipelines.mjs PATH/TO/brunt
//
// Replaced, by name, because they install, fetch or need the service behind them:
//     actions/checkout         the project's deploy/ci and a small brunt.yaml are put into a new folder
//     actions/cache            folders on this machine, found by key and by the beginning of a key
//     actions/upload-artifact  a folder on this machine
//     actions/github-script    its script runs here; `github` speaks HTTP with a local fake of GitHub's API
//     tools/setup, cmake       stand-ins that note how they were called; cmake "builds" the brunt that is there
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { readYaml } from './yaml.mjs';

const brunt = path.resolve(process.argv[2]);
const root = path.resolve(import.meta.dirname, '../../..');
const folders = [], servers = [];
after(() => {
    servers.forEach((s) => { s.closeAllConnections(); s.close(); });
    folders.forEach((dir) => rmSync(dir, { recursive: true, force: true }));
});

function folder() {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'brunt-pipeline-'));
    folders.push(dir);
    return dir;
}

async function serve(handler) {
    const server = http.createServer(handler);
    servers.push(server);
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${server.address().port}`;
}

/** The service that is tested: answers after `delay` ms. */
async function service() {
    const s = { delay: 60 }; // long against the noise of a busy machine
    s.url = await serve((request, response) => setTimeout(() => response.end('ok'), request.url === '/work' ? s.delay : 0));
    return s;
}

// ---- the machine of a runner ---------------------------------------------------------------------

const SCRIPT = `import http from 'k6/http';
import { sleep } from 'k6';
export default function () {
    for (let i = 0; i < 2; i++) http.get(__ENV.BASE_URL + '/work', { tags: { name: '/work' } });
    sleep(0.01);
}`;
// Requests enough to judge p95, iterations too few for the lag of a generator with sanitizers to be judged.
const CONFIG = `version: 1
environments: { staging: { base_url: "\${STAGING_URL}" } }
tests:
  baseline: { script: script.js, duration: 1s, load: { vus: 24 }, criteria: [ "p95 < 5s" ] }
  spike: { script: script.js, duration: 1s, load: { vus: 10 }, criteria: [ "p95 < 1us" ] }
`;
const TOOL = '#!/bin/sh\necho "${0##*/} $*" >> "$TOOLS_LOG"\n';

function put(file, text, mode = 0o644) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    chmodSync(file, mode);
}

/** What a checkout gives, with stand-ins for what installs and builds. */
function workspace() {
    const dir = folder();
    cpSync(path.join(root, 'deploy/ci'), path.join(dir, 'deploy/ci'), { recursive: true });
    put(path.join(dir, 'brunt.yaml'), CONFIG);
    put(path.join(dir, 'script.js'), SCRIPT);
    put(path.join(dir, 'tools/setup'), TOOL, 0o755);
    const build = `case "$*" in *--build*) mkdir -p build/release/bin; printf '#!/bin/sh\\nexec "${brunt}" "$@"\\n' > build/release/bin/brunt; chmod +x build/release/bin/brunt;; esac\n`;
    put(path.join(dir, 'bin/cmake'), TOOL + build, 0o755);
    return dir;
}

const toolsOf = (dir) => (existsSync(path.join(dir, 'tools.log')) ? readFileSync(path.join(dir, 'tools.log'), 'utf8').trim().split('\n') : []);

/** Runs `text` as a runner does; nothing of this test's own environment reaches it but the search path. */
function shell(dir, command, env) {
    return new Promise((done, fail) => {
        const child = spawn(command[0], command.slice(1), { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'],
            env: { PATH: `${dir}/bin:${process.env.PATH}`, HOME: dir, TOOLS_LOG: path.join(dir, 'tools.log'), CI: 'true', ...env } });
        let all = '';
        for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { all += text; });
        child.once('error', fail);
        child.once('close', (code) => done({ code, all }));
    });
}

/** A run that other programs of this machine disturbed says so and is made again, as its message asks for. */
async function untilEvidence(run, outcome) {
    let done = await run();
    for (let i = 0; i < 3 && outcome(done) === 'invalid'; i++) done = await run();
    return done;
}

// ---- GitHub --------------------------------------------------------------------------------------

/** The value of a text with ${{ }}; GitHub's || and && give values, == takes '' and null as the same. */
function evaluate(raw, scope) {
    const text = `${raw}`;
    const whole = /^\s*\$\{\{(.*)\}\}\s*$/s.exec(text);
    if (whole && !whole[1].includes('${{')) return expression(whole[1], scope);
    return text.replace(/\$\{\{(.*?)\}\}/gs, (_, inner) => expression(inner, scope) ?? '');
}

function expression(text, { contexts, functions }) {
    const code = text.replace(/'[^']*'|[a-z_][\w.-]*/gi, (token, at) => {
        if (token[0] === "'") return JSON.stringify(token.slice(1, -1));
        if (/^\s*\(/.test(text.slice(at + token.length))) return `functions.${token}`;
        return `value(${JSON.stringify(token)})`;
    });
    const value = (name) => name.split('.').reduce((at, key) => at?.[key], contexts) ?? '';
    return new Function('functions', 'value', `return (${code})`)(functions, value);
}

/** GitHub's API, as far as the comment needs it: pull requests of a commit, comments page by page. */
async function fakeGithub() {
    const api = { comments: [{ id: 1, user: { type: 'User' }, body: 'When is it merged?' }], calls: [] };
    const base = await serve((request, response) => {
        let body = '';
        request.setEncoding('utf8').on('data', (text) => { body += text; }).on('end', () => {
            const url = new URL(request.url, 'http://x'), { pathname } = url;
            const answer = (status, json) => response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(json));
            api.calls.push(`${request.method} ${pathname}`);
            if (request.headers.authorization !== 'token of-the-job') return answer(401, {});
            const sent = body ? JSON.parse(body) : {};
            if (sent.body?.length > 65536) return answer(422, {});
            if (request.method === 'GET' && pathname === '/repos/o/r/commits/c0ffee/pulls') return answer(200, [{ number: 6, state: 'closed' }, { number: 7, state: 'open' }]);
            if (pathname === '/repos/o/r/issues/7/comments' && request.method === 'GET') {
                const page = Number(url.searchParams.get('page') ?? 1), size = Number(url.searchParams.get('per_page'));
                return answer(200, api.comments.slice((page - 1) * size, page * size));
            }
            if (pathname === '/repos/o/r/issues/7/comments' && request.method === 'POST') {
                api.comments.push({ id: api.comments.length + 1, user: { type: 'Bot' }, body: sent.body });
                return answer(201, api.comments.at(-1));
            }
            const old = api.comments.find((c) => pathname === `/repos/o/r/issues/comments/${c.id}`);
            if (!old || request.method !== 'PATCH') return answer(404, {});
            old.body = sent.body;
            return answer(200, old);
        });
    });
    const call = (method, where) => async (args) => {
        const names = { ...args }, used = new Set();
        const at = where.replace(/\{(\w+)\}/g, (_, name) => { used.add(name); return names[name]; });
        const rest = Object.entries(names).filter(([name]) => !used.has(name));
        const query = method === 'GET' ? `?${new URLSearchParams(rest)}` : '';
        const answer = await fetch(`${base}${at}${query}`, { method, headers: { authorization: 'token of-the-job' },
            body: method === 'GET' ? undefined : JSON.stringify(Object.fromEntries(rest)) });
        if (!answer.ok) throw new Error(`${method} ${at}: ${answer.status}`);
        return { data: await answer.json() };
    };
    api.client = {
        rest: {
            issues: { listComments: call('GET', '/repos/{owner}/{repo}/issues/{issue_number}/comments'),
                createComment: call('POST', '/repos/{owner}/{repo}/issues/{issue_number}/comments'),
                updateComment: call('PATCH', '/repos/{owner}/{repo}/issues/comments/{comment_id}') },
            repos: { listPullRequestsAssociatedWithCommit: call('GET', '/repos/{owner}/{repo}/commits/{commit_sha}/pulls') },
        },
        async paginate(list, args) {
            const all = [];
            for (let page = 1, got; page === 1 || got.length === args.per_page; page++) all.push(...(got = (await list({ ...args, page })).data));
            return all;
        },
    };
    return api;
}

/** What outlives a job: caches, artefacts, the API. */
async function fakeHost() {
    return { caches: new Map(), artifacts: folder(), api: await fakeGithub(), runs: 0 };
}

const workflow = readYaml(path.join(root, 'deploy/ci/github-workflow.yml'));
const job = workflow.jobs['load-test'];

const actions = {
    'actions/checkout': () => {}, // the folder is there already
    'actions/cache/restore': (w, { path: what, key, 'restore-keys': begin }) => {
        const found = w.host.caches.has(key) ? key : [...w.host.caches.keys()].filter((k) => begin && k.startsWith(begin)).at(-1);
        if (found) cpSync(w.host.caches.get(found), path.join(w.dir, what), { recursive: true });
    },
    'actions/cache/save': (w, { path: what, key }) => {
        assert.ok(!w.host.caches.has(key), `the cache ${key} is there already and would not be saved`);
        const kept = path.join(folder(), 'kept');
        cpSync(path.join(w.dir, what), kept, { recursive: true });
        w.host.caches.set(key, kept);
    },
    'actions/cache': (w, args) => {
        actions['actions/cache/restore'](w, args);
        if (!w.host.caches.has(args.key)) w.atEnd.push(() => actions['actions/cache/save'](w, args));
    },
    'actions/upload-artifact': (w, { path: what, name, 'if-no-files-found': missing }) => {
        if (existsSync(path.join(w.dir, what))) cpSync(path.join(w.dir, what), path.join(w.host.artifacts, `${w.run}`, name), { recursive: true });
        else assert.equal(missing, 'ignore');
    },
    'actions/github-script': async (w, { script }) => {
        const AsyncFunction = (async () => {}).constructor;
        const context = { repo: { owner: 'o', repo: 'r' }, sha: 'c0ffee', payload: w.event };
        const core = { info: (text) => { w.log += `${text}\n`; } };
        const before = process.cwd();
        process.chdir(w.dir); // as the action has it; one job runs at a time
        try {
            await new AsyncFunction('github', 'context', 'core', 'require', script)(w.host.api.client, context, core, createRequire(path.join(w.dir, 'x.js')));
        } finally {
            process.chdir(before);
        }
    },
};

async function doStep(w, step, scope, env) {
    if (step.run) {
        const file = path.join(w.dir, '.step.sh');
        writeFileSync(file, step.run);
        assert.equal(job.defaults.run.shell, 'bash');
        const done = await shell(w.dir, ['bash', '--noprofile', '--norc', '-eo', 'pipefail', file], env);
        w.log += done.all;
        return done.code === 0;
    }
    const action = actions[step.uses.replace(/@.*/, '')];
    assert.ok(action, `${step.uses} has a stand-in`);
    const args = Object.fromEntries(Object.entries(step.with ?? {}).map(([k, v]) => [k, evaluate(v, scope)]));
    await action(w, args);
    return true;
}

/** The job for an event: { skipped } or { ok, outcome, steps: done or not, log, dir }. */
async function runGithub(host, name, { inputs = {}, event = {}, secrets = {} }) {
    const dir = workspace(), run = ++host.runs, steps = {}, done = [];
    const declared = name === 'workflow_dispatch' || name === 'workflow_call' ? workflow.on[name].inputs : {};
    const values = Object.fromEntries(Object.entries(declared).map(([k, v]) => [k, inputs[k] ?? v.default]));
    for (const key of Object.keys(inputs)) assert.ok(key in declared, `${name} has an input ${key}`);
    const github = { event_name: name, event, sha: 'c0ffee', repository: 'o/r', server_url: 'https://github.example', run_id: run, run_attempt: 1 };
    const w = { dir, host, run, event, log: '', atEnd: [] };
    const contexts = { inputs: values, github, secrets, runner: { arch: 'X64' }, steps };
    const hashFiles = (...files) => (files.some((f) => f.includes('*') || existsSync(path.join(dir, f))) ? 'hash' : '');
    const scope = { contexts, functions: { hashFiles, cancelled: () => false } };
    if (!expression(job.if, scope)) return { skipped: true };
    contexts.env = Object.fromEntries(Object.entries(job.env).map(([k, v]) => [k, `${evaluate(v, scope)}`]));
    let ok = true;
    for (const step of job.steps) {
        const always = /cancelled\(\)/.test(step.if ?? '');
        if (!(ok || always) || (step.if && !evaluate(step.if, scope))) continue;
        const output = path.join(dir, '.output');
        writeFileSync(output, '');
        const own = Object.fromEntries(Object.entries(step.env ?? {}).map(([k, v]) => [k, `${evaluate(v, scope)}`]));
        const good = await doStep(w, step, scope, { ...contexts.env, ...own, GITHUB_ACTIONS: 'true', GITHUB_EVENT_NAME: name, GITHUB_SHA: 'c0ffee',
            GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: path.join(dir, '.summary'), GITHUB_WORKSPACE: dir });
        const outputs = Object.fromEntries(readFileSync(output, 'utf8').split('\n').filter(Boolean).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
        if (step.id) steps[step.id] = { outputs };
        done.push(step.name ?? step.uses);
        ok &&= good;
    }
    if (ok) w.atEnd.forEach((save) => save());
    return { ok, outcome: evaluate(job.outputs.outcome, scope), done, log: w.log, dir, run,
        summary: existsSync(path.join(dir, '.summary')) ? readFileSync(path.join(dir, '.summary'), 'utf8') : '' };
}

const STEPS = job.steps.map((s) => s.name ?? s.uses);

describe('the workflow of GitHub, executed', { concurrency: 1 }, () => {
    test('from the first run to a regression', async () => {
        const host = await fakeHost(), target = await service();
        const secrets = { STAGING_URL: target.url };
        const report = (r) => readdirSync(path.join(host.artifacts, `${r.run}`, 'load-test-baseline')).sort();
        const run = (name, what) => untilEvidence(() => runGithub(host, name, { secrets, ...what }), (done) => done.outcome);
        const first = await run('workflow_dispatch', { inputs: { test: 'baseline', environment: 'staging' } });
        assert.ok(first.ok, first.log);
        assert.equal(first.outcome, 'no-baseline', first.log);
        assert.deepEqual(first.done, STEPS);
        assert.deepEqual(toolsOf(first.dir), ['setup build', 'cmake --preset release', 'cmake --build --preset release --target brunt']);
        assert.match(first.log, /^::warning title=brunt::baseline on staging: criteria met; no earlier run to compare with$/m);
        for (const name of ['baseline-junit.xml', 'baseline-summary.json', 'baseline.html', 'comment.md', 'outcome', 'preflight-staging.json'])
            assert.ok(report(first).includes(name), `${name} is an artefact`);
        assert.equal(host.api.comments.length, 2);
        assert.match(host.api.comments[1].body, /^<!-- brunt: baseline staging -->\n/);
        assert.match(first.summary, /<!-- brunt: baseline staging -->/);

        // By the clock, without inputs: the program and the history come from the cache, the comment is replaced.
        const weekly = await run('schedule', {});
        assert.ok(weekly.ok, weekly.log);
        assert.ok(['ok', 'inconclusive'].includes(weekly.outcome), weekly.outcome);
        assert.deepEqual(toolsOf(weekly.dir), ['setup build']);
        assert.equal(host.api.comments.length, 2);
        assert.match(host.api.comments[1].body, /^run \d+ against the (run before|last \d+ runs): /m);

        // After a deployment that made it slower: the job fails, what follows is done all the same.
        target.delay = 200;
        const deployed = { deployment: { environment: 'staging', sha: 'c0ffee' }, deployment_status: { state: 'success' } };
        const slower = await run('deployment_status', { event: deployed });
        assert.equal(slower.ok, false);
        assert.equal(slower.outcome, 'regressed', slower.log);
        assert.deepEqual(slower.done, STEPS);
        assert.match(slower.log, /^::error title=brunt::baseline on staging became slower/m);
        assert.match(host.api.comments[1].body, /REGRESSED/);
        assert.equal(host.api.comments[0].body, 'When is it merged?');
        assert.ok(report(slower).includes('comparison-baseline.md'));
        assert.equal([...host.caches.keys()].filter((k) => k.startsWith('brunt-history-staging-')).length, host.runs, 'each run keeps its history');
    });
    test('deployments that are none of its business', async () => {
        const host = await fakeHost();
        for (const [state, environment] of [['failure', 'staging'], ['success', 'production']]) {
            const event = { deployment: { environment }, deployment_status: { state } };
            assert.ok((await runGithub(host, 'deployment_status', { event })).skipped, `${state} ${environment}`);
        }
    });
    test('criteria that fail, by an event from outside; words of others are words', async () => {
        const host = await fakeHost(), target = await service();
        const event = { client_payload: { test: 'spike' } };
        const failed = await untilEvidence(() => runGithub(host, 'repository_dispatch', { event, secrets: { STAGING_URL: target.url } }), (done) => done.outcome);
        assert.equal(failed.ok, false);
        assert.equal(failed.outcome, 'failed', failed.log);
        assert.match(host.api.comments[1].body, /^<!-- brunt: spike staging -->/);
        const odd = { client_payload: { test: '$(touch pwned)', environment: 'staging"; touch pwned; "' } };
        const refused = await runGithub(host, 'repository_dispatch', { event: odd, secrets: { STAGING_URL: target.url } });
        assert.equal(refused.ok, false);
        assert.equal(refused.outcome, 'refused', refused.log);
        assert.ok(!existsSync(path.join(refused.dir, 'pwned')));
    });
    test('a target that is down: no report, no comment, but an outcome', async () => {
        const host = await fakeHost();
        const down = await runGithub(host, 'workflow_call', { secrets: { STAGING_URL: 'http://127.0.0.1:1' } });
        assert.equal(down.ok, false);
        assert.equal(down.outcome, 'refused', down.log);
        assert.match(down.log, /^::error title=brunt::preflight of staging says no/m);
        assert.deepEqual(host.api.calls, []);
    });
});

// ---- GitLab --------------------------------------------------------------------------------------

const pipeline = readYaml(path.join(root, 'deploy/ci/gitlab-ci.yml'));

/** before_script and script in one shell, as GitLab's runner has it: the first command that fails ends it. */
async function runGitlab(cache, source, own) {
    const { rules, variables, before_script: before, script, artifacts, cache: [kept] } = pipeline['load-test'];
    const predefined = { CI_COMMIT_SHA: 'c0ffee', CI_JOB_URL: 'https://gitlab.example/job/9', CI_PIPELINE_SOURCE: source, GITLAB_CI: 'true' };
    const env = { ...predefined, ...pipeline.variables, ...variables, ...own };
    const expand = (text) => text.replace(/\$(\w+)/g, (_, name) => env[name] ?? '');
    for (const [k, v] of Object.entries(env)) env[k] = expand(v);
    const wanted = rules.some(({ if: rule }) => rule.split('||').some((one) => /^ *\$CI_PIPELINE_SOURCE == "(\w+)" *$/.exec(one)[1] === source));
    if (!wanted) return { skipped: true };
    const dir = workspace(), slot = path.join(cache, expand(kept.key));
    if (existsSync(slot)) cpSync(slot, dir, { recursive: true });
    const done = await shell(dir, ['bash', '-eo', 'pipefail', '-c', [...before, ...script].join('\n')], env);
    for (const name of kept.paths) if (existsSync(path.join(dir, name))) cpSync(path.join(dir, name), path.join(slot, name), { recursive: true });
    const reports = artifacts.paths.flatMap((p) => (existsSync(path.join(dir, p)) ? readdirSync(path.join(dir, p)) : []));
    const junit = new RegExp(`^${artifacts.reports.junit.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`);
    return { ...done, dir, reports, junit: reports.filter((name) => junit.test(`reports/${name}`)) };
}

describe('the job of GitLab, executed', { concurrency: 1 }, () => {
    test('by schedule, then slower, then one that fails', async () => {
        const cache = folder(), target = await service();
        const own = { STAGING_URL: target.url };
        const outcome = ({ dir }) => readFileSync(path.join(dir, 'reports/outcome'), 'utf8').trim();
        assert.ok((await runGitlab(cache, 'push', own)).skipped);
        const run = (...args) => untilEvidence(() => runGitlab(cache, ...args), outcome);
        const first = await run('schedule', own);
        assert.equal(first.code, 0, first.all);
        assert.equal(outcome(first), 'no-baseline');
        assert.deepEqual(toolsOf(first.dir), ['setup build', 'cmake --preset release', 'cmake --build --preset release --target brunt']);
        assert.deepEqual(first.junit, ['baseline-junit.xml']);
        target.delay = 200;
        const slower = await run('web', own);
        assert.equal(slower.code, 1, slower.all);
        assert.equal(outcome(slower), 'regressed');
        assert.match(slower.all, /brunt: error: baseline on staging became slower/);
        const failed = await run('trigger', { ...own, LOAD_TEST: 'spike' });
        assert.equal(failed.code, 1, failed.all);
        assert.equal(outcome(failed), 'failed');
        assert.deepEqual(failed.junit, ['spike-junit.xml']);
    });
});
