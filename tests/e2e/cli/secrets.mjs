// Secrets: where they come from, what scripts get, and that no log shows them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { assertFails, assertQuiet, folder, messages, paced, Run, runScript, serve, sleep } from './harness.mjs';

const SHOW = `import secrets from 'k6/secrets';
export default async function () { const v = await secrets.get('key'); console.log('it is', v, v.length); console.error({ v }); }`;
const STARS = '***SECRET_REDACTED***';

export function secretTests() {
    test('a secret of a flag is hidden in messages of every level', async () => {
        const done = await runScript(SHOW, ['--secret-source=mock=key=open-sesame']);
        assert.equal(done.code, 0, done.err);
        assert.deepEqual(messages(done.err, 'info'), [`it is ${STARS} 11`]);
        assert.doesNotMatch(done.err + done.out, /open-sesame/);
    });

    test('a secret of the variable is hidden in JSON and in the file of the console', async () => {
        const dir = folder();
        const json = await runScript(SHOW, ['--log-format', 'json'], { env: { K6_SECRET_SOURCE: 'mock=key=open-sesame' } });
        assert.equal(json.code, 0, json.err);
        assert.match(json.err, /it is \*\*\*SECRET_REDACTED\*\*\* 11/);
        assert.doesNotMatch(json.err, /open-sesame/);
        const file = await runScript(SHOW, ['--console-output', 'console.log', '--secret-source=mock=key=open-sesame'], { dir });
        assert.equal(file.code, 0, file.err);
        const text = readFileSync(path.join(dir, 'console.log'), 'utf8');
        assert.match(text, /it is \*\*\*SECRET_REDACTED\*\*\* 11/);
        assert.doesNotMatch(text, /open-sesame/);
    });

    test('an exception does not show it', async () => {
        const done = await runScript(`import secrets from 'k6/secrets';
            export default async function () { throw new Error('no: ' + await secrets.get('key')); }`, ['--secret-source=mock=key=open-sesame']);
        assert.match(done.err, /no: \*\*\*SECRET_REDACTED\*\*\*/);
        assert.doesNotMatch(done.err + done.out, /open-sesame/);
    });

    test('sources have names, one is the default, all virtual users may ask, init code too', async () => {
        const dir = folder({ 'secrets.txt': 'key=of-the-file\nother=x\n' });
        const done = await runScript(`import secrets from 'k6/secrets'; import { check } from 'k6';
            export const options = { vus: 5, iterations: 20, thresholds: { checks: ['rate==1'] } };
            const early = await secrets.source('f').get('other');
            export default async function () { check(await secrets.get('key'), { default: (v) => v === 'of-the-flag' });
                check(await secrets.source('f').get('key'), { file: (v) => v === 'of-the-file', early: () => early === 'x' }); }`,
        ['--secret-source=file=name=f,filename=secrets.txt', '--secret-source=mock=default,key=of-the-flag'], { dir });
        assertQuiet(done);
    });

    test('a secret of a url is asked for a few times, however many virtual users want it', async () => {
        let asked = 0;
        const url = await serve((request, response) => {
            asked++;
            response.end(JSON.stringify({ v: `${request.headers.authorization}:${request.url}` }));
        });
        const done = await runScript(`import secrets from 'k6/secrets'; import { check } from 'k6';
            export const options = { vus: 30, iterations: 90, thresholds: { checks: ['rate==1'] } };
            export async function setup() { return secrets.get('early'); }
            export default async function (early) { check(await secrets.get('late'), { late: (v) => v === 'Bearer t:/s/late', early: () => early === 'Bearer t:/s/early' }); }`,
        [`--secret-source=url=urlTemplate=${url}/s/{key},headers.Authorization=Bearer t,responsePath=v`, '--workers', '3']);
        assertQuiet(done);
        assert.ok(asked >= 2 && asked <= 11, `asked ${asked} times`);
    });

    test('secrets of a url in init code and in handleSummary()', async () => {
        const url = await serve((request, response) => {
            response.statusCode = request.url === '/none' ? 404 : 200;
            response.end(`of ${request.url}`);
        });
        const done = await runScript(`import secrets from 'k6/secrets';
            const early = (await secrets.get('early')).length;
            let none;
            try { none = await secrets.get('none'); } catch (e) { none = e.message; }
            export default function () { console.log(early, none); }
            export async function handleSummary() { return { stdout: 'late ' + (await secrets.get('late')).length }; }`,
        [`--secret-source=url=urlTemplate=${url}/{key}`]);
        assertQuiet(done);
        assert.deepEqual(messages(done.err, 'info'), ['9 status code 404: failed to get secret']);
        assert.match(done.out, /late 8/);
    });

    test('k6/secrets has a default export only', async () => {
        const done = await runScript(`import { get } from 'k6/secrets'; import secrets from 'k6/secrets';
            export default function () { console.log(get, typeof secrets.get, typeof secrets.source); }`);
        assert.deepEqual(messages(done.err, 'info'), ['null function function']);
    });

    test('waiting for a secret in init code can be interrupted', async () => {
        const url = await serve(() => {});
        const dir = folder({ 'script.js': `import secrets from 'k6/secrets'; await secrets.get('x'); export default function () {}` });
        const run = new Run(['run', '-q', `--secret-source=url=urlTemplate=${url}/{key}`, 'script.js'], { dir });
        await sleep(paced(400));
        run.signal('SIGINT');
        const done = await run.end({ killed: true });
        assert.ok(done.afterSignal < paced(1000), `took ${done.afterSignal} ms`);
    });

    for (const [source, message] of [
        ['mock', /couldn't parse secret source configuration "mock"/],
        ['vault=x', /no secret source for type "vault"/],
        ['file=nowhere.txt', /nowhere\.txt/],
        ['mock=hidden-value', /item 1 of a mock secret source needs =/],
    ]) {
        test(`--secret-source=${source} is refused`, async () => {
            assertFails(await runScript(SHOW, [`--secret-source=${source}`]), 255, message);
        });
    }
}
