// Builds the report's page: node build.mjs OUT_FOLDER
//
// Script and style are bundled by esbuild and put into src/report/template.html, so that OUT_FOLDER/report.html
// needs nothing else. The policy in the page names both by their hashes: no other script runs, nothing is
// fetched. @@BRUNT_RESULT@@ stays in the page; the program replaces it by the result's JSON.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const outFolder = resolve(process.argv[2] ?? join(here, 'dist'));

async function bundle(entry, loader) {
  const result = await build({
    entryPoints: [join(here, 'src', 'report', entry)],
    absWorkingDir: here,
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: ['es2022'],
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
    ...loader,
  });
  return result.outputFiles[0].text.trim();
}

function hash(text) {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

// Puts `value` at `mark`, which must stand exactly once; a replacement text's `$` means nothing.
function put(page, mark, value) {
  const parts = page.split(mark);
  if (parts.length !== 2) throw new Error(`template.html must hold ${mark} once, not ${parts.length - 1} times`);
  return parts.join(value);
}

const script = await bundle('main.ts');
const style = await bundle('style.css');
for (const [name, text, end] of [['script', script, '</script'], ['style', style, '</style']]) {
  if (text.toLowerCase().includes(end) || text.includes('@@')) throw new Error(`the ${name} cannot be put into a page`);
}

let page = readFileSync(join(here, 'src', 'report', 'template.html'), 'utf8');
page = put(page, '@@POLICY@@', `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; img-src data:; base-uri 'none'; form-action 'none'`);
page = put(page, '@@STYLE@@', style);
page = put(page, '@@SCRIPT@@', script);
if (page.split('@@BRUNT_RESULT@@').length !== 2) throw new Error('template.html must hold @@BRUNT_RESULT@@ once');

mkdirSync(outFolder, { recursive: true });
const file = join(outFolder, 'report.html');
writeFileSync(`${file}.tmp`, page);
renameSync(`${file}.tmp`, file);
