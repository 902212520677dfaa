// The block on a terminal: redrawn in place, never wider than the terminal, not torn by log lines.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { folder, programPath, Run } from './harness.mjs';

const script = `import { sleep } from 'k6';
export const options = { scenarios: {
    a_name_that_is_longer_than_any_column_for_names: { executor: 'constant-vus', vus: 2, duration: '1s' },
    short: { executor: 'shared-iterations', vus: 2, iterations: 20 },
    late: { executor: 'per-vu-iterations', vus: 1, iterations: 1, startTime: '500ms' } } };
export default function () { sleep(0.1); console.log('a line of the log'); }`;

const havePty = spawnSync('script', ['--version']).status === 0;

/** A run on a terminal of `columns`; everything that was written to it. */
async function onTerminal(columns, args = '', env = {}) {
    const dir = folder({ 'script.js': script });
    const command = `stty cols ${columns}; '${programPath()}' run ${args} script.js`;
    const done = await new Run(['-qec', command, '/dev/null'], { dir, command: 'script', env: { TERM: 'xterm', ...env } }).end();
    assert.equal(done.code, 0, done.out);
    return done.out.replaceAll('\r\n', '\n');
}

const plain = (text) => text.replace(/\x1b\[[0-9;]*m/g, '');

/** What stands on the screen in the end: carriage returns, cursor up and erase below are all that is used. */
function screenOf(text) {
    const rows = [''];
    let at = 0;
    for (const [part, up] of plain(text).matchAll(/\r\x1b\[(\d+)A\x1b\[J|\n|[^\n\r\x1b]+/g)) {
        if (up) {
            at -= Number(up);
            assert.ok(at >= 0, 'the cursor stays on the screen');
            rows.length = at;
            rows.push('');
        } else if (part === '\n') {
            at++;
            rows[at] ??= '';
        } else {
            rows[at] += part;
        }
    }
    return rows;
}

export function terminalTests() {
    for (const columns of [40, 60, 120]) {
        test(`${columns} columns`, { skip: !havePty }, async () => {
            const text = await onTerminal(columns);
            const block = plain(text).split('\n').filter((line) => /^(running|a_|short|late|    .*reqs)/.test(line.replace(/^.*\x1b\[J/, '')));
            assert.ok(block.length > 20);
            for (const line of block) assert.ok(line.replace(/^.*\x1b\[J/, '').length < columns, `too wide: ${line}`);
            const rows = screenOf(text);
            assert.equal(rows.filter((row) => row.startsWith('INFO')).length, rows.filter((row) => /a line of the log/.test(row)).length, 'log lines are whole');
            assert.equal(rows.filter((row) => row.startsWith('running')).length, 1, 'the block stands once');
            assert.ok(rows.find((row) => /^short +✓ \[=+\]/.test(row)));
            assert.ok(rows.some((row) => /TOTAL RESULTS/.test(row)));
        });
    }
    test('colours, and none with NO_COLOR or --no-color', { skip: !havePty }, async () => {
        assert.match(await onTerminal(100), /\x1b\[32m✓\x1b\[0m/);
        assert.doesNotMatch(await onTerminal(100, '--no-color'), /\x1b\[[0-9;]*m/);
        assert.doesNotMatch(await onTerminal(100, '', { NO_COLOR: '1' }), /\x1b\[[0-9;]*m/);
    });
    test('--quiet draws nothing', { skip: !havePty }, async () => {
        const text = await onTerminal(100, '--quiet');
        assert.doesNotMatch(text, /running \(|\x1b\[J/);
    });
}
