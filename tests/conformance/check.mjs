// Runs all cases of oracle/ and compares the outcome with known-failures.txt. Node >= 18, no packages.
//
//   node check.mjs --bin PATH [--jobs N] [--json FILE]     exit 0 when exactly the listed cases fail
//   node check.mjs --bin PATH --update                     rewrite the list
//
// A case that fails and is not listed is a mistake in the program; a case that is listed and passes must leave
// the list, so that the list cannot rot. Either is run once more, alone, before it counts: several cases measure
// time. A line of the list is `area/name  # reason`. --update keeps the reasons of cases that still fail, drops
// those that pass, and gives new ones a reason: the missing feature of their area, what brunt says is not
// supported, else the first difference.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const LIST = path.join(here, 'known-failures.txt');
const ORACLE = path.join(here, 'oracle', 'run.mjs');

// Metrics that brunt has beside k6's (docs/k6-compat.md, "Deliberate differences"): the cases do not know them.
const ADDED_METRICS = ['http_res_time'];

const HEADER = `# Cases of oracle/ that brunt does not pass yet, each with the reason.
# Checked by check.mjs: a listed case that passes fails the check as well, so remove its line with the fix.
# Written by: node tests/conformance/check.mjs --bin build/release/bin/brunt --update
`;

// What an area needs that brunt lacks. An area that is not here is supported; its failures are differences.
const MISSING = {
  crypto: 'k6/crypto',
  execution: 'k6/execution',
  html: 'k6/html and Response.html()',
  'http-auth': 'basic, digest and NTLM authentication',
  'http-batch': 'http.batch',
  'http-compression': 'compressed request and response bodies',
  'http-cookies': 'cookie jars',
  'http-forms': 'forms and file uploads',
  'http-redirects': 'redirects',
  http2: 'TLS and HTTP/2',
  outputs: 'live outputs other than JSON',
  'shared-data': 'SharedArray',
  'text-encoding': 'k6/encoding, TextEncoder and TextDecoder',
  'timers-async': 'timers and promises in iterations',
  tls: 'TLS',
  typescript: 'TypeScript',
  'url-grouping': 'http.url and URL grouping',
  webcrypto: 'webcrypto',
};

function parseArgs(argv) {
  const opt = { jobs: 2 };
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === '--bin') opt.bin = argv[++i];
    else if (argv[i] === '--jobs') opt.jobs = Number(argv[++i]);
    else if (argv[i] === '--json') opt.json = argv[++i];
    else if (argv[i] === '--update') opt.update = true;
    else fail(`unknown argument ${argv[i]}`);
  }
  if (!opt.bin) fail('--bin PATH is needed');
  if (!fs.existsSync(opt.bin)) fail(`${opt.bin} does not exist: build first`);
  return opt;
}

function fail(message) {
  console.error(`conformance: ${message}`);
  process.exit(2);
}

// Runs cases of the oracle; no filters: all. Resolves to [{id, ok, diff}]. Its output goes through a file: a
// pipe would be cut when the runner exits.
async function runOracle(bin, jobs, filters = []) {
  const args = [ORACLE, '--bin', bin, '--jobs', String(jobs), '--json'];
  for (const f of filters) args.push('--filter', f);
  for (const m of ADDED_METRICS) args.push('--added-metric', m);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'conformance-'));
  const file = path.join(folder, 'results.json');
  const out = fs.openSync(file, 'w');
  const code = await new Promise((resolve) => {
    spawn(process.execPath, args, { stdio: ['ignore', out, 'inherit'] }).on('close', resolve);
  });
  fs.closeSync(out);
  const text = fs.readFileSync(file, 'utf8');
  fs.rmSync(folder, { recursive: true });
  try {
    return JSON.parse(text).results;
  } catch {
    return fail(`the oracle's runner ended with ${code} and no result`);
  }
}

// Map of id to reason. A malformed or double line, or a case that does not exist, is an error.
function readList(ids) {
  const list = new Map();
  if (!fs.existsSync(LIST)) return list;
  fs.readFileSync(LIST, 'utf8').split('\n').forEach((line, i) => {
    if (!line.trim() || line.startsWith('#')) return;
    const m = /^(\S+)\s+#\s*(\S.*)$/.exec(line);
    const where = `known-failures.txt:${i + 1}`;
    if (!m) fail(`${where}: a line is 'area/name  # reason'`);
    if (list.has(m[1])) fail(`${where}: ${m[1]} is listed twice`);
    if (!ids.has(m[1])) fail(`${where}: no case ${m[1]}`);
    list.set(m[1], m[2]);
  });
  return list;
}

function reasonFor(result) {
  const area = result.id.split('/')[0];
  if (MISSING[area]) return `not supported yet: ${MISSING[area]}`;
  // brunt's own word for it, if it gave one.
  const said = result.diff.map((d) => /[^":]*\bnot support(?:ed)?\b[^"\n]*/.exec(d)).find(Boolean);
  if (said) return `not supported yet: ${said[0].trim().slice(0, 120)}`;
  const first = String(result.diff[0] ?? 'no result').replace(/\s+/g, ' ').trim();
  return `differs: ${first.length > 120 ? `${first.slice(0, 117)}...` : first}`;
}

function writeList(list, results) {
  const lines = results.filter((r) => !r.ok).sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((r) => `${r.id}  # ${list.get(r.id) ?? reasonFor(r)}`);
  fs.writeFileSync(`${LIST}.new`, `${HEADER}\n${lines.join('\n')}\n`);
  fs.renameSync(`${LIST}.new`, LIST);
  console.log(`conformance: ${lines.length} known failures written to ${path.relative(process.cwd(), LIST)}`);
}

// Surprises run once more, alone; the second outcome counts.
async function settle(opt, results, list) {
  const surprising = results.filter((r) => r.ok === list.has(r.id));
  if (!surprising.length || surprising.length > 30) return surprising;
  const again = new Map();
  for (const r of surprising) again.set(r.id, (await runOracle(opt.bin, 1, [`=${r.id}`]))[0]);
  for (let i = 0; i < results.length; i++) results[i] = again.get(results[i].id) ?? results[i];
  return results.filter((r) => r.ok === list.has(r.id));
}

function report(surprising) {
  for (const r of surprising) {
    if (r.ok) {
      console.log(`conformance: PASSES NOW ${r.id}: remove it from known-failures.txt`);
      continue;
    }
    console.log(`conformance: FAIL ${r.id}`);
    for (const line of r.diff.slice(0, 12)) console.log(`    ${line.slice(0, 400)}`);
    if (r.diff.length > 12) console.log(`    ... ${r.diff.length - 12} more differences`);
  }
}

const opt = parseArgs(process.argv.slice(2));
const results = await runOracle(opt.bin, opt.jobs);
const list = readList(new Set(results.map((r) => r.id)));
const surprising = await settle(opt, results, list);
if (opt.json) fs.writeFileSync(opt.json, JSON.stringify(results, null, 1));
if (opt.update) {
  writeList(list, results);
  process.exit(0);
}
report(surprising);
const passed = results.filter((r) => r.ok).length;
console.log(`conformance: ${results.length} cases, ${passed} passed, ${results.length - passed} failed, `
  + `${list.size} known, ${surprising.length} unexpected`);
process.exit(surprising.length ? 1 : 0);
