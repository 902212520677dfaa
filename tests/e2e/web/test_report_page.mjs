// Opens report pages in headless Chromium and reads what they show.
//
//     node test_report_page.mjs MAKE_PAGE FOLDER
//
// MAKE_PAGE is the program built from make_page.c; pages and the browser's profile go to FOLDER.
// Exit code 77: there is no Chromium on this machine, nothing was tested.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [makePage, folderName] = process.argv.slice(2);
const folder = resolve(folderName);

function browser() {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    if (spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0) return name;
  }
  return null;
}

const chromium = browser();
if (!chromium) {
  console.log('skipped: no Chromium');
  process.exit(77);
}

const profile = join(folder, 'profile');
mkdirSync(folder, { recursive: true });

/** The page of that kind: its file, and its document after the script has run. */
function open(kind) {
  const file = join(folder, `${kind}.html`);
  execFileSync(makePage, [kind, folder]);
  const dom = execFileSync(chromium, ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
    '--disable-background-networking', '--disable-component-update', '--no-first-run', '--host-resolver-rules=MAP * ~NOTFOUND',
    `--user-data-dir=${profile}`, '--virtual-time-budget=5000', '--window-size=1200,1000', '--dump-dom',
    pathToFileURL(file).href], { encoding: 'utf8', timeout: 60_000, stdio: ['ignore', 'pipe', 'ignore'] });
  // What the script made, without the data it was made from.
  const main = dom.slice(dom.indexOf('<main'), dom.indexOf('</main>'));
  return { file: readFileSync(file, 'utf8'), dom, main, title: /<title>(.*?)<\/title>/s.exec(dom)?.[1] ?? '' };
}

const count = (text, part) => text.split(part).length - 1;

const tests = {
  'a good run': () => {
    const page = open('good');
    assert.match(page.main, /<p class="level">excellent<\/p>/);
    assert.match(page.main, /3 of 3 criteria passed/);
    assert.equal(count(page.main, '<canvas'), 3);
    assert.match(page.main, /Every request got an answer/);
    assert.equal(page.title, 'baseline · excellent · brunt report');
    assert.ok(page.file.length < 400_000);
  },
  'a bad run': () => {
    const page = open('bad');
    assert.match(page.main, /<p class="level">needs optimization<\/p>/);
    assert.equal(count(page.main, '<li class="failed">'), 2);
    assert.equal(count(page.main, '<li class="not-measured">'), 1);
    assert.match(page.main, /Shortened to 10 % of the test's length/);
    assert.match(page.main, /timeout acquiring connection from pool/);
    assert.match(page.main, /28\.3 % short/);
    assert.match(page.main, /products › top/);
    assert.match(page.main, /<code>p\(95\)&lt;400<\/code>/);
    // Paths below the target are shown without it.
    assert.match(page.main, /<\/span> \/analytics\/overview\?platform=all/);
  },
  'texts from a hostile service': () => {
    const page = open('hostile');
    assert.notEqual(page.title, 'owned');
    assert.equal(count(page.main, '<img'), 0);
    assert.equal(count(page.main, '<b>'), 0);
    assert.equal(count(page.main, '<script'), 0);
    assert.ok(count(page.main, '&lt;img src=x') >= 3);
    assert.match(page.main, /\$\{1\}/);
  },
  'a run without anything': () => {
    const page = open('empty');
    assert.match(page.main, /<p class="level">invalid<\/p>/);
    assert.match(page.main, /setup\(\) threw an exception/);
    assert.equal(count(page.main, '<canvas'), 0);
  },
  'nothing is fetched': () => {
    const { file } = open('empty');
    const own = file.replace(/<script type="application\/json".*?<\/script>/s, '');
    assert.doesNotMatch(own, /https?:\/\/|@import|<link|\ssrc=|url\((?!data:)/);
    assert.match(own, /default-src 'none'; script-src 'sha256-/);
  },
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    test();
    console.log(`ok - ${name}`);
  } catch (error) {
    failed++;
    console.log(`not ok - ${name}\n${error.message.slice(0, 400)}`);
  }
}
rmSync(profile, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
