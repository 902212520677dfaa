// deploy/ci: the script that pipelines call, the workflow, the comment on a pull request.
//
//     node ci.mjs PATH/TO/brunt
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { readYaml } from './yaml.mjs';

const brunt = path.resolve(process.argv[2]);
const root = path.resolve(import.meta.dirname, '../../..');
const ci = path.join(root, 'deploy/ci');
const folders = [];
after(() => folders.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

function folder() {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'brunt-ci-'));
    folders.push(dir);
    return dir;
}

/** deploy/ci/run with a stand-in for brunt that ends as `env` says. */
function run(args, env = {}, dir = folder()) {
    const log = path.join(dir, 'log');
    writeFileSync(log, '');
    const done = spawnSync(path.join(ci, 'run'), args, { cwd: dir, encoding: 'utf8',
        env: { PATH: process.env.PATH, BRUNT: path.join(import.meta.dirname, 'fake_brunt.sh'), FAKE_LOG: log, ...env } });
    const read = (name) => (existsSync(path.join(dir, name)) ? readFileSync(path.join(dir, name), 'utf8') : '');
    return { code: done.status, all: done.stdout + done.stderr, dir, read, outcome: read('reports/outcome').trim(),
        calls: read('log').split('\n').filter(Boolean).map((line) => line.split('\t')) };
}

describe('deploy/ci/run', () => {
    const cases = [
        // what brunt's commands end with, status, outcome
        [{}, 0, 'ok'],
        [{ FAKE_preflight: '1' }, 6, 'refused'],
        [{ FAKE_test: '1' }, 1, 'failed'],
        [{ FAKE_test: '1', FAKE_compare: '2' }, 1, 'failed'],
        [{ FAKE_test: '4' }, 4, 'invalid'],
        [{ FAKE_test: '5' }, 5, 'unavailable'],
        [{ FAKE_test: '6' }, 6, 'refused'],
        [{ FAKE_test: '104' }, 7, 'broken'],
        [{ FAKE_test: '139' }, 7, 'broken'],
        [{ FAKE_compare: '1' }, 1, 'regressed'],
        [{ FAKE_compare: '2' }, 0, 'inconclusive'],
        [{ FAKE_compare: '2', BRUNT_STRICT: 'yes' }, 2, 'inconclusive'],
        [{ FAKE_compare: '3' }, 0, 'no-baseline'],
        [{ FAKE_compare: '3', BRUNT_STRICT: 'yes' }, 3, 'no-baseline'],
        [{ FAKE_compare: '4' }, 4, 'invalid'],
        [{ FAKE_compare: '255' }, 7, 'broken'],
    ];
    for (const [env, code, outcome] of cases) {
        test(`${JSON.stringify(env)} is ${code}, ${outcome}`, () => {
            const done = run(['baseline', 'staging'], env);
            assert.equal(done.code, code, done.all);
            assert.equal(done.outcome, outcome);
        });
    }
    test('nothing goes on where it must not', () => {
        assert.deepEqual(run(['baseline', 'staging'], { FAKE_preflight: '1' }).calls.map((c) => c[0]), ['preflight']);
        assert.deepEqual(run(['baseline', 'staging'], { FAKE_test: '5' }).calls.map((c) => c[0]), ['preflight', 'test']);
        assert.deepEqual(run(['baseline', 'staging'], { FAKE_test: '1' }).calls.map((c) => c[0]), ['preflight', 'test', 'compare']);
    });
    test('all: each test is compared, the worst counts', () => {
        const done = run(['all', 'staging'], { FAKE_compare_baseline: '3', FAKE_compare_stress: '1' });
        assert.equal(done.outcome, 'regressed');
        assert.deepEqual(done.calls.filter((c) => c[0] === 'compare').map((c) => c[2]), ['baseline', 'stress']);
        assert.equal(run(['all', 'staging'], { FAKE_compare_baseline: '2', FAKE_compare_stress: '0' }).outcome, 'inconclusive');
        assert.equal(run(['all', 'staging'], { FAKE_compare_baseline: '3', FAKE_compare_stress: '2' }).outcome, 'inconclusive');
        const comment = done.read('reports/comment.md');
        assert.match(comment, /^<!-- brunt: all staging -->\n/);
        assert.match(comment, /report of baseline[^]*compared baseline[^]*report of stress[^]*compared stress/);
    });
    test('reports of an earlier run are not taken for this one', () => {
        const first = run(['all', 'staging']);
        const second = run(['baseline', 'staging'], {}, first.dir);
        assert.ok(!second.read('reports/comment.md').includes('stress'));
        assert.equal(run(['baseline', 'staging'], { FAKE_test: '5' }, first.dir).read('reports/comment.md').trim(), '<!-- brunt: baseline staging -->');
    });
    test('a comment is never too long, and cut between lines', () => {
        const comment = run(['baseline', 'staging'], { FAKE_LONG: '1' }).read('reports/comment.md');
        assert.ok(Buffer.byteLength(comment) < 65_000);
        assert.ok(Buffer.byteLength(comment) > 60_000);
        assert.match(comment, /\|\n\n\(Cut; the artefacts have everything\.\)\n$/);
        assert.ok(!comment.includes('\ufffd'));
    });
    test('words with blanks and signs reach brunt as they are', () => {
        const done = run(['base line', '$(touch pwned)'], { BRUNT_SCALE: '0.1 x' });
        const [preflight, started] = done.calls;
        assert.equal(preflight[1], '$(touch pwned)');
        assert.equal(started[1], 'base line');
        assert.equal(started[started.indexOf('--duration-scale') + 1], '0.1 x');
        assert.ok(!existsSync(path.join(done.dir, 'pwned')));
    });
    test('GitHub is told', () => {
        const dir = folder();
        const files = { GITHUB_OUTPUT: path.join(dir, 'output'), GITHUB_STEP_SUMMARY: path.join(dir, 'summary') };
        const done = run(['baseline', 'staging'], { GITHUB_ACTIONS: 'true', FAKE_compare: '1', ...files }, dir);
        assert.match(done.all, /^::error title=brunt::baseline on staging became slower/m);
        assert.equal(done.read('output'), 'outcome=regressed\nstatus=1\n');
        assert.match(done.read('summary'), /report of baseline/);
        const odd = run(['a%b', 'x\ny'], { GITHUB_ACTIONS: 'true', FAKE_preflight: '1' });
        assert.match(odd.all, /^::error title=brunt::preflight of x%0Ay says no/m);
    });
    test('usage', () => {
        const done = run(['baseline']);
        assert.equal(done.code, 7);
        assert.match(done.all, /deploy\/ci\/run TEST\|all ENVIRONMENT/);
    });
    test('every command and flag exists', () => {
        const { calls } = run(['baseline', 'staging'], { BRUNT_SCALE: '0.5' });
        assert.deepEqual([...new Set(calls.map((c) => c[0]))], ['preflight', 'test', 'compare']);
        for (const [command, ...args] of calls) {
            const help = spawnSync(brunt, [command, '--help'], { encoding: 'utf8' });
            assert.equal(help.status, 0, `brunt ${command}: ${help.stderr}`);
            for (const flag of args.filter((a) => a.startsWith('--'))) {
                assert.match(help.stdout, new RegExp(`^ .*${flag}[ ,]`, 'm'), `brunt ${command} has no ${flag}`);
            }
        }
        const help = spawnSync(brunt, ['test', '--help'], { encoding: 'utf8' }).stdout;
        for (const name of ['BRUNT_NOTIFY_URL', 'BRUNT_NOTIFY_ON', 'BRUNT_REPORT_URL', 'BRUNT_TARGET_VERSION', 'BRUNT_APPROVE', 'BRUNT_TOLD_AT']) {
            assert.ok(help.includes(`[${name}]`), `brunt test does not read ${name}`);
        }
    });
});

describe('the workflow of GitHub', () => {
    const workflow = readYaml(path.join(ci, 'github-workflow.yml'));
    const text = readFileSync(path.join(ci, 'github-workflow.yml'), 'utf8');
    const { steps } = workflow.jobs['load-test'];
    test('when it runs', () => {
        assert.deepEqual(Object.keys(workflow.on), ['schedule', 'workflow_dispatch', 'workflow_call', 'repository_dispatch', 'deployment_status']);
        assert.equal(workflow.on.schedule[0].cron, '0 2 * * 1');
        assert.deepEqual(workflow.on.workflow_dispatch.inputs.test.options, ['baseline', 'stress', 'spike', 'soak', 'all']);
        for (const name of Object.keys(workflow.on.workflow_dispatch.inputs)) assert.ok(name in workflow.on.workflow_call.inputs, name);
        assert.match(workflow.jobs['load-test'].if, /state == 'success'.*environment != 'production'/s);
        assert.equal(workflow.concurrency['cancel-in-progress'], 'false');
    });
    test('no input of others is part of a command', () => {
        for (const step of steps) {
            assert.doesNotMatch(step.run ?? '', /\$\{\{/, step.name);
            assert.doesNotMatch(step.with?.script ?? '', /\$\{\{/, step.name);
        }
        assert.deepEqual(workflow.permissions, { contents: 'read', 'pull-requests': 'write' });
    });
    test('actions have versions, each step has one thing to do, and contexts are known', () => {
        for (const step of steps) {
            assert.ok(Boolean(step.uses) !== Boolean(step.run), JSON.stringify(step));
            if (step.uses) assert.match(step.uses, /^actions\/[a-z-]+(\/[a-z]+)?@v\d+$/);
        }
        for (const [, expression] of text.matchAll(/\$\{\{(.*?)\}\}/g)) {
            assert.match(expression.trim(), /^[!a-z]/i);
            for (const [name] of expression.replace(/'[^']*'/g, '').matchAll(/[a-z_][\w.-]*/gi)) {
                assert.match(name, /^(inputs|github|secrets|env|runner|steps|jobs)\.|^(hashFiles|cancelled)$/, expression);
            }
        }
        const ids = steps.map((s) => s.id).filter(Boolean);
        for (const [, id] of text.matchAll(/steps\.([\w-]+)\./g)) assert.ok(ids.includes(id), id);
        for (const [, name] of text.matchAll(/\binputs\.(\w+)/g)) assert.ok(name in workflow.on.workflow_call.inputs, name);
        for (const [, name] of text.matchAll(/\bsecrets\.(\w+)/g)) assert.ok(name in workflow.on.workflow_call.secrets, name);
    });
    test('files and targets that it names exist', () => {
        for (const [, name] of text.matchAll(/(?:^|[\s('])(?:\.\/)?((?:deploy|tools)\/[\w./-]+)/gm)) {
            assert.ok(existsSync(path.join(root, name)), name);
        }
        const presets = JSON.parse(readFileSync(path.join(root, 'CMakePresets.json'), 'utf8'));
        assert.ok(presets.configurePresets.some((p) => p.name === 'release'));
        assert.match(readFileSync(path.join(root, 'loadtest/brunt.yaml'), 'utf8'), /\$\{STAGING_URL\}/);
    });
    test('the history is kept whatever the outcome, the comment is made from the report', () => {
        const keep = steps.find((s) => s.uses?.startsWith('actions/cache/save'));
        const fetch = steps.find((s) => s.uses?.startsWith('actions/cache/restore'));
        assert.equal(keep.with.key, fetch.with.key);
        assert.ok(keep.with.key.startsWith(fetch.with['restore-keys']));
        assert.match(keep.if, /!cancelled\(\)/);
        assert.match(steps.find((s) => s.uses?.startsWith('actions/github-script')).with.script, /file: 'reports\/comment\.md'/);
    });
});

describe('the pipeline of GitLab', () => {
    const pipeline = readYaml(path.join(ci, 'gitlab-ci.yml'));
    test('runs the script, keeps history and reports', () => {
        const job = pipeline['load-test'];
        assert.deepEqual(job.script, ['deploy/ci/run "$LOAD_TEST" "$LOAD_ENVIRONMENT"']);
        assert.equal(job.artifacts.reports.junit, 'reports/*-junit.xml');
        assert.equal(job.artifacts.when, 'always');
        assert.deepEqual(job.cache[0].paths, [path.dirname(job.variables.BRUNT_STORE)]);
    });
});

describe('the comment on a pull request', () => {
    const comment = createRequire(import.meta.url)(path.join(ci, 'comment.cjs'));
    const marker = '<!-- brunt: baseline staging -->';

    async function post({ comments = [], payload = {}, pulls = [{ number: 7, state: 'open' }], body = `${marker}\n## report` } = {}) {
        const file = path.join(folder(), 'comment.md');
        writeFileSync(file, body);
        const done = [];
        const call = (name) => async (args) => { done.push([name, args]); return { data: pulls }; };
        const github = {
            paginate: async () => comments,
            rest: {
                issues: { listComments: null, createComment: call('create'), updateComment: call('update') },
                repos: { listPullRequestsAssociatedWithCommit: call('pulls') },
            },
        };
        await comment({ github, core: { info: () => {} }, file, context: { repo: { owner: 'o', repo: 'r' }, sha: 'abc', payload } });
        return done;
    }

    test('is made once and then replaced', async () => {
        const made = await post();
        assert.deepEqual(made.map(([name]) => name), ['pulls', 'create']);
        assert.equal(made[1][1].issue_number, 7);
        const again = await post({ comments: [{ id: 1, user: { type: 'Bot' }, body: 'other' }, { id: 2, user: { type: 'Bot' }, body: `${marker}\nold` }] });
        assert.deepEqual(again.map(([name]) => name), ['pulls', 'update']);
        assert.equal(again[1][1].comment_id, 2);
    });
    test('leaves what people wrote and other tests alone', async () => {
        const others = [{ id: 1, user: { type: 'User' }, body: `${marker}\nquoted` }, { id: 2, user: { type: 'Bot' }, body: '<!-- brunt: stress staging -->\n' }, { id: 3, user: null, body: null }];
        assert.deepEqual((await post({ comments: others })).map(([name]) => name), ['pulls', 'create']);
    });
    test('finds the pull request', async () => {
        assert.deepEqual((await post({ payload: { pull_request: { number: 9 } } })).map(([, args]) => args.issue_number), [9]);
        assert.equal((await post({ payload: { deployment: { sha: 'def' } } }))[0][1].commit_sha, 'def');
        assert.deepEqual((await post({ pulls: [{ number: 1, state: 'closed' }] })).map(([name]) => name), ['pulls']);
    });
    test('is nothing but a report', async () => {
        await assert.rejects(post({ body: 'hello' }), /does not begin with the marker/);
    });
});
