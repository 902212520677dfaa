// Command lines: every form of a flag, and every way to get one wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertFails, assertQuiet, brunt, folder, messages, runScript } from './harness.mjs';

const NOTHING = 'export default function () {}';
const SHOW_ENV = 'export default function () { console.log(JSON.stringify([__ENV.A, __ENV.B])); }';

const once = (args, script = NOTHING) => runScript(script, args);

const rejected = [
    // flags, code, message
    [['-u', 'x'], 255, /invalid argument "x" for "-u, --vus" flag: strconv\.ParseInt: parsing "x": invalid syntax$/],
    [['-u', '1.5'], 255, /invalid argument "1.5" for "-u, --vus" flag/],
    [['-u', '99999999999999999999'], 255, /invalid argument "9{20}" for "-u, --vus" flag/],
    [['-u', '0'], 104, /number of VUs must be more than 0/],
    [['-u', '-1'], 104, /number of VUs must be more than 0/],
    [['-u', '0', '-d', '1s'], 104, /number of VUs must be more than 0/],
    [['-u', '100000000', '-d', '1s'], 104, /number of VUs exceeds 1000000/],
    [['-u', '20000', '-i', '3'], 104, /iterations \(3\) can't be less than the number of VUs \(20000\)/],
    [['-d', '0s'], 104, /duration must be at least 1s, but is 0s/],
    [['-d', '100ms'], 104, /duration must be at least 1s/],
    [['-d=-1s'], 104, /duration/],
    [['-d', 'soon'], 255, /invalid argument "soon" for "-d, --duration" flag: time: invalid duration "soon"$/],
    [['-d', '1'], 255, /invalid argument "1" for "-d, --duration" flag: time: missing unit in duration "1"$/],
    [['-d', '1x'], 255, /: time: unknown unit "x" in duration "1x"$/],
    [['-i', '0'], 104, /number of iterations \(0\)/],
    [['-i', '-3'], 104, /number of iterations \(-3\)/],
    [['-i', '9x'], 255, /invalid argument "9x" for "-i, --iterations" flag/],
    [['-s', '1s'], 104, /stage 1 doesn't have a target/],
    [['-s', '1s:x'], 255, /error for stage 0: strconv\.ParseInt: parsing "x": invalid syntax$/],
    [['-s', 'x:1'], 255, /error for stage 0: time: invalid duration "x"$/],
    [['-s', '1s:1', '-s', '1q:1'], 255, /error for stage 1: time: unknown unit "q" in duration "1q"$/],
    [['-s', ':'], 255, /stage 0 doesn't have a specified duration$/],
    [['-s', '1s:-2'], 104, /target for stage 1 can't be negative/],
    [['-s', '1s:1', '-d', '1s'], 104, /`duration` and `stages` options simultaneously/],
    [['-s', '1s:1', '-i', '1'], 104, /`iterations` and `stages` options simultaneously/],
    [['--tag', 'a'], 255, /error parsing tag 'a': invalid tag, empty value$/],
    [['--tag', '=b'], 255, /error parsing tag '=b': invalid tag, empty name$/],
    [['--tag', 'a='], 255, /error parsing tag 'a=': invalid tag, empty value$/],
    [['-e', '=x'], 255, /invalid environment variable name/],
    [['-e', '1A=x'], 255, /invalid environment variable name '1A'$/],
    [['-e', 'A B=x'], 255, /invalid environment variable name 'A B'/],
    [['--summary-trend-stats', 'foo'], 255, /invalid trend stat 'foo', unknown format$/],
    [['--summary-trend-stats', 'avg,p(101)'], 255, /p\(101\).*between 0 and 100/],
    [['--summary-trend-stats', 'p(-1)'], 255, /p\(-1\)/],
    [['--summary-time-unit', 'h'], 255, /invalid summary time unit 'h', use 's', 'ms' or 'us'$/],
    [['--summary-mode', 'loud'], 255, /summary mode 'loud'/],
    [['--workers', '0'], 255, /--workers: use 1 to 256/],
    [['--workers', 'all'], 255, /--workers: use 1 to 256/],
    [['--max-body', '0'], 255, /--max-body: use 1 to 65536/],
    [['--max-body', '-1'], 255, /--max-body: use 1 to 65536/],
    [['--min-iteration-duration', 'x'], 255, /--min-iteration-duration/],
    [['--rps', 'x'], 255, /--rps/],
    [['-o', 'csv2=x'], 255, /invalid output type 'csv2'/],
    [['-o', 'influxdb=http://x'], 255, /output 'influxdb' is not supported yet/],
    [['-o', 'csv=fileName'.concat('=x,saveInterval=soon')], 255, /saveInterval of the csv output: "soon"/],
    [['-o', 'csv=timeFormat=iso'], 255, /unknown CSV time format: "iso"/],
    [['-o', 'csv=name=x'], 255, /unknown key "name" as argument for csv/],
    [['-o', 'csv=fileName=x,y'], 255, /couldn't parse "y" as argument for csv/],
    [['--compatibility-mode', 'es3'], 104, /invalid compatibility mode "es3"/],
    [['--address', 'localhost:6565'], 255, /the flag --address is not supported yet \(the REST API\)/],
    [['-a:1'], 255, /the flag --address is not supported yet/],
    [['--paused'], 255, /the flag --paused is not supported yet/],
    [['--http-debug'], 255, /the flag --http-debug is not supported yet/],
    [['--http-debug=full'], 255, /the flag --http-debug is not supported yet/],
    [['--traces-output', 'otel'], 255, /the flag --traces-output is not supported yet/],
    [['--log-format', 'xml'], 255, /unknown log format 'xml': use text, json or raw/],
    [['--log-output', 'loki'], 255, /log output 'loki' is not supported/],
    [['--log-output', 'file=x,level=loud'], 255, /unknown log level 'loud'/],
    [['--quiet=maybe'], 255, /invalid argument "maybe" for "-q, --quiet" flag: strconv\.ParseBool: parsing "maybe": invalid syntax$/],
    [['--no-setup=2'], 255, /invalid argument "2" for "--no-setup" flag/],
    [['--frobnicate'], 255, /unknown flag: --frobnicate$/],
    [['--durration', '1s'], 255, /unknown flag: --durration \(did you mean --duration\?\)/],
    [['--'.concat('x'.repeat(500))], 255, /unknown flag: --x+$/],
    [['-Z'], 255, /unknown shorthand flag: 'Z' in -Z/],
    [['-qZ'], 255, /unknown shorthand flag: 'Z' in -qZ/],
    [['other.js'], 255, /accepts 1 arg\(s\), received 2: arg should either be/],
    [['--dns', 'ttl'], 255, /no value for key ttl$/],
    [['--dns', 'foo=1'], 255, /unknown DNS configuration field: foo$/],
    [['--dns', 'select=x'], 255, /x does not belong to DNSSelect values$/],
    [['--dns', 'policy=x'], 255, /x does not belong to DNSPolicy values$/],
    [['--dns', 'ttl=abc'], 255, /invalid DNS TTL: abc$/],
    [['--blacklist-ip', '1.2.3.4/99'], 255, /invalid CIDR address: 1\.2\.3\.4\/99$/],
    [['--block-hostnames', 'a*b'], 255, /invalid hostname pattern a\*b$/],
];

// Flags that are fine; the script must have run.
const accepted = [
    ['-u1', '-i2'], ['-u=2', '--iterations=2'], ['--vus', '2', '-i', '2'], ['-vi', '1'], ['--no-setup=false'], ['--quiet=TRUE'],
    ['-s', '100ms:1,100ms:0'], ['-s', '100ms:1', '--stage=100ms:0'], ['--tag', 'a=b=c', '--tag', 'd=e'], ['-e', 'A='], ['-e', 'A'],
    ['--summary-trend-stats', 'p(99.9),count,min'], ['--summary-trend-stats='], ['--summary-time-unit=us'], ['--workers', '3'],
    ['--no-usage-report', '--no-color', '--throw', '--discard-response-bodies', '--no-connection-reuse', '--no-vu-connection-reuse'],
    ['--paused=false', '--traces-output', 'none', '--profiling-enabled=false', '--compatibility-mode', 'base'], ['--batch', '3', '--batch-per-host', '2'],
    ['--rps', '1000'], ['--min-iteration-duration', '10ms'], ['--user-agent', ''], ['--system-tags', 'status,method'], ['--summary-export='],
];

export function flagTests() {
    for (const [args, code, pattern] of rejected) {
        test(`rejected: ${args.join(' ').slice(0, 60)}`, async () => assertFails(await once(args), code, pattern));
    }
    for (const args of accepted) {
        test(`accepted: ${args.join(' ').slice(0, 60)}`, async () => {
            const done = await once(args);
            assertQuiet(done);
            assert.match(done.out, /iterations\.+: [1-9]/);
        });
    }

    test('a flag without its value', async () => {
        assertFails(await brunt(['run', '-u']), 255, /flag needs an argument: 'u' in -u$/);
        assertFails(await brunt(['run', '--vus']), 255, /flag needs an argument: --vus$/);
    });

    test('commands', async () => {
        assertFails(await brunt(['frob']), 255, /unknown command "frob"; run 'brunt --help'/);
        assertFails(await brunt(['']), 255, /unknown command ""/);
        assertFails(await brunt(['run']), 255, /accepts 1 arg\(s\), received 0/);
        assertFails(await brunt(['--frob']), 255, /unknown command "--frob"/);
        for (const args of [[], ['--help'], ['-h'], ['help']]) {
            const done = await brunt(args);
            assertQuiet(done);
            assert.match(done.out, /brunt COMMAND/);
        }
        assert.match((await brunt(['version'])).out, /^brunt v\d+\.\d+\.\d+ /);
        assert.match((await brunt(['--version'])).out, /^brunt v/);
    });

    test('help of commands lists every flag once', async () => {
        for (const command of ['run', 'test']) {
            const done = await brunt([command, '--help']);
            assertQuiet(done);
            const flags = [...done.out.matchAll(/^ +(?:-\w, )?--([\w-]+)/gm)].map((m) => m[1]);
            assert.ok(flags.length > 5);
            assert.equal(new Set(flags).size, flags.length);
        }
    });

    test('-e and the environment', async () => {
        const env = { A: 'system', B: 'system' };
        const shown = async (args) => messages((await runScript(SHOW_ENV, args, { env })).err, 'info')[0];
        assert.equal(await shown([]), '["system","system"]');
        assert.equal(await shown(['-e', 'A=flag=x', '-e', 'B=']), '["flag=x",""]');
        assert.equal(await shown(['-e', 'A=1', '-e', 'A=2', '--include-system-env-vars=false']), '["2",null]');
    });

    test('--no-setup and --no-teardown', async () => {
        const script = `export function setup() { console.log('setup'); return 1; }
            export default function (data) { console.log('data ' + data); }
            export function teardown() { console.log('teardown'); }`;
        const said = async (args) => messages((await once(args, script)).err, 'info');
        assert.deepEqual(await said([]), ['setup', 'data 1', 'teardown']);
        assert.deepEqual(await said(['--no-setup']), ['data undefined', 'teardown']);
        assert.deepEqual(await said(['--no-teardown']), ['setup', 'data 1']);
        assert.deepEqual(await said(['--no-setup', '--no-teardown']), ['data undefined']);
    });

    test('thresholds and --no-thresholds', async () => {
        const script = `export const options = { thresholds: { iterations: ['count > 100'], checks: [] } };
            export default function () {}`;
        const done = await once([], script);
        assertFails(done, 99, /thresholds on metrics 'iterations' have been crossed/);
        assert.match(done.out, /✗ 'count > 100'/);
        assertQuiet(await once(['--no-thresholds'], script));
    });

    test('an empty environment, no HOME', async () => {
        for (const env of [null, { HOME: '' }, { HOME: '/nonexistent' }, { HOME: undefined }]) {
            const done = await runScript(NOTHING, [], { env });
            assertQuiet(done);
            assert.match(done.out, /iterations\.+: 1 /);
        }
    });

    test('a configuration file', async () => {
        const dir = folder({ 'good.json': '{"iterations": 3}', 'bad.json': '{"iterations": 3,\n "vus" 1}', 'list.json': '[1]', 'sub/x': '',
            'types.json': '{"iterations": "many"}', 'own/k6/config.json': '{"iterations": 4}' });
        const run = (args, env = {}) => runScript(NOTHING, args, { dir, env });
        assert.match((await run(['-c', 'good.json'])).out, /iterations\.+: 3 /);
        assert.match((await run([], { XDG_CONFIG_HOME: `${dir}/own` })).out, /iterations\.+: 4 /);
        assertFails(await run(['-c', 'none.json']), 104, /none\.json: no such file/);
        assertFails(await run(['-c', 'bad.json']), 104, /bad\.json:2:\d+: it is no JSON/);
        assertFails(await run(['-c', 'list.json']), 104, /list\.json: it is no JSON object/);
        assertFails(await run(['-c', 'sub']), 104, /cannot read sub: it is a folder/);
        assertFails(await run(['-c', 'types.json']), 104, /'iterations': "many" is not a whole number/);
    });
}
