// End-to-end test of brunt: commands, flags, bad input, faults of the target, signals, outputs, reports.
//
//   node tests/e2e/cli/cli.mjs PATH/TO/brunt [PACE]
//
// PACE: factor of all time limits, for slow builds. Each run has a folder of its own; targets listen on
// 127.0.0.1. Every run must end by itself, without a sanitizer's report.
import { after, describe } from 'node:test';
import { closeServers, killAll, removeFolders, setProgram } from './harness.mjs';
import { commandTests } from './commands.mjs';
import { compatTests } from './compat.mjs';
import { configTests } from './config.mjs';
import { fieldProjectTests } from './field_projects.mjs';
import { fieldTests } from './field.mjs';
import { flagTests } from './flags.mjs';
import { historyTests } from './history.mjs';
import { guideTests } from './guide_tests.mjs';
import { hostileTests } from './hostile.mjs';
import { htmlTests } from './html.mjs';
import { http2Tests } from './http2.mjs';
import { loopTests } from './loops.mjs';
import { openTests } from './open.mjs';
import { moduleTests } from './modules.mjs';
import { notifyTests } from './notify.mjs';
import { outputTests } from './outputs.mjs';
import { preflightTests } from './preflight.mjs';
import { quickTests } from './quick.mjs';
import { scriptTests } from './scripts.mjs';
import { secretTests } from './secrets.mjs';
import { signalTests } from './signals.mjs';
import { targetTests } from './targets.mjs';
import { terminalTests } from './terminal.mjs';
import { testCommandTests } from './test_command.mjs';
import { tlsTests } from './tls.mjs';
import { websocketTests } from './websockets.mjs';

if (process.argv.length < 3) {
    console.error('usage: node cli.mjs PATH/TO/brunt [PACE]');
    process.exit(2);
}
setProgram(process.argv[2], Number(process.argv[3] ?? 1));

after(() => {
    killAll();
    closeServers();
    removeFolders();
});

const groups = {
    flagTests,
    commandTests,
    compatTests,
    configTests,
    scriptTests,
    secretTests,
    openTests,
    loopTests,
    preflightTests,
    quickTests,
    http2Tests,
    targetTests,
    notifyTests,
    outputTests,
    signalTests,
    terminalTests,
    testCommandTests,
    guideTests,
    tlsTests,
    moduleTests,
    websocketTests,
    historyTests,
    htmlTests,
    hostileTests,
    fieldTests,
    fieldProjectTests,
};
const wanted = process.argv[4];
for (const [name, tests] of Object.entries(groups)) {
    if (!wanted || name.startsWith(wanted)) describe(name, { concurrency: 3 }, tests);
}
