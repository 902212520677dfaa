// Opens report pages in headless Chromium and reads what they show.
//
//     node test_report_page.mjs MAKE_PAGE FOLDER
//
// MAKE_PAGE is the program built from make_page.c; pages and the browser's profile go to FOLDER.
// Exit code 77: there is no Chromium on this machine, nothing was tested.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Chromium, findChromium } from './chromium.mjs';

const [makePage, folderName] = process.argv.slice(2);
const folder = resolve(folderName);
const command = findChromium();
if (!command) {
  console.log('skipped: no Chromium');
  process.exit(77);
}
const profile = join(folder, 'profile');
rmSync(profile, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const browser = new Chromium(command, profile);

const KINDS = ['good', 'bad', 'hostile', 'empty', 'ramp', 'spike', 'soak', 'compared', 'many'];
for (const kind of KINDS) execFileSync(makePage, [kind, folder]);
const fileOf = (kind) => join(folder, `${kind}.html`);

/** Opens the page of that kind, checks what holds for all, and gives its text and its document to `look`. */
async function open(kind, look, options = {}) {
  const url = pathToFileURL(fileOf(kind)).href;
  const page = await browser.open(url, options);
  try {
    const main = await page.evaluate('document.getElementById("page").outerHTML');
    const text = await page.evaluate('document.getElementById("page").innerText');
    const title = await page.evaluate('document.title');
    assert.deepEqual(page.messages, [], 'nothing is said on the console, and no policy is broken');
    assert.deepEqual(page.requests, [url], 'nothing but the file is asked for');
    await look({ page, main, text, title, file: readFileSync(fileOf(kind), 'utf8') });
  } finally {
    await page.close();
  }
}

const count = (text, part) => text.split(part).length - 1;

/** Canvases on which nothing was drawn. */
const BLANK = `[...document.querySelectorAll('canvas')].filter((c) => {
  const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
  return !data.some((v) => v !== 0);
}).length`;

/** Elements that stick out of the page, other than within what scrolls. */
const OUTSIDE = `[...document.querySelectorAll('main *')].filter((e) => !e.closest('.scroll, .u-wrap, .hidden, .ticks')
  && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map((e) => e.tagName + '.' + e.className)`;

/** Texts whose contrast with their background is below WCAG's 4.5 (3 for large ones). */
const FAINT = `(() => {
  const rgb = (c) => c.match(/[\\d.]+/g).map(Number);
  const part = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const ground = (e) => {
    for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] === 1) return c; }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('main *')].filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .filter((e) => !e.closest('.hidden')).map((e) => {
      const style = getComputedStyle(e);
      const [a, b] = [light(rgb(style.color)), light(ground(e))].sort((x, y) => y - x);
      const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
      return { text: e.textContent.slice(0, 30), ratio: (a + 0.05) / (b + 0.05), least: large ? 3 : 4.5 };
    }).filter((t) => t.ratio < t.least).map((t) => t.text + ' ' + t.ratio.toFixed(2));
})()`;

const tests = {
  'a good run': () => open('good', ({ main, title, file }) => {
    assert.match(main, /<p class="level">excellent<\/p>/);
    assert.match(main, /3 of 3 criteria passed/);
    assert.equal(count(main, '<canvas'), 3);
    assert.match(main, /Every request got an answer/);
    assert.equal(title, 'baseline · excellent · brunt report');
    assert.ok(file.length < 400_000);
    for (const id of ['comparison', 'capacity', 'recovery', 'target', 'preparation']) assert.ok(!main.includes(`id="${id}"`), `no ${id}`);
  }),
  'a bad run': () => open('bad', ({ main }) => {
    assert.match(main, /<p class="level">needs optimization<\/p>/);
    assert.equal(count(main, '<li class="failed">'), 2);
    assert.equal(count(main, '<li class="not-measured">'), 1);
    assert.match(main, /Shortened to 10 % of the test's length/);
    assert.match(main, /timeout acquiring connection from pool/);
    assert.match(main, /27\.5 % short/);
    assert.match(main, /products › top/);
    assert.match(main, /<code>p\(95\)&lt;400<\/code>/);
    // Paths below the target are shown without it.
    assert.match(main, /<\/span> \/analytics\/overview\?platform=all/);
  }),
  'a ramp: knee and breaking point': () => open('ramp', async ({ page, text }) => {
    assert.match(text, /Knee\s+75 virtual users \(68 to 84\), 344\/s/);
    assert.match(text, /Breaking point\s+130 virtual users \(122 to 147\), 424\/s/);
    assert.match(text, /collapse, 25\.00 % of the best goodput left/);
    assert.match(text, /410 iterations started per second hold, 420 do not\./);
    assert.equal(await page.evaluate('document.querySelectorAll("#search canvas").length'), 2);
    assert.equal(await page.evaluate('document.querySelectorAll("#capacity canvas").length'), 2);
    assert.equal(await page.evaluate('document.querySelectorAll("#capacity .scroll tbody tr").length'), 8);
    assert.equal(await page.evaluate(BLANK), 0);
  }),
  'a spike: recovery': () => open('spike', async ({ page, text, main }) => {
    assert.match(text, /As before after\s+42 s, to within 1 s/);
    assert.match(text, /81\.0 ms before \(as before up to 89\.0 ms\), up to 1\.90 s/);
    assert.equal(await page.evaluate('document.querySelectorAll("#recovery canvas").length'), 1);
    assert.match(text, /p95 of the probe, from the meant start, around the spike/);
    assert.match(main, /aria-label="Line chart: p95 [\d.]+ ms to [\d.]+ s, highest at 1:/);
  }),
  'a soak: memory with its slope': () => open('soak', async ({ page, text }) => {
    assert.match(text, /84\.2 MB\/h \(80\.9 MB\/h to 87\.4 MB\/h\)/);
    assert.match(text, /224 MB after 10 min of warm-up, 388 MB at the end, at most 400 MB/);
    assert.match(text, /Cache\s+filled by 38\.0 MB, to 63 % in 3 min; no part of the slope/);
    assert.match(text, /3 samples missed/);
    assert.equal(await page.evaluate('document.querySelectorAll("#target canvas").length'), 2);
    assert.equal(await page.evaluate(BLANK), 0);
  }),
  'a comparison: dots and whiskers': () => open('compared', async ({ page, text, main }) => {
    assert.match(text, /REGRESSED: p95 of GET \/products/);
    assert.match(text, /1\.43× 1\.32 to 1\.56 · detects 1\.15×/);
    assert.match(text, /1\.18× interval unknown/);
    assert.match(text, /Run 13 was left out/);
    assert.match(main, /<p class="compared">Against earlier runs/);
    const [one, dot, from, to] = await page.evaluate(`(() => {
      const row = document.querySelector('.comparison .regressed');
      const x = (s) => row.querySelector(s).getBoundingClientRect();
      return [x('.one').left, (x('.dot').left + x('.dot').right) / 2, x('.whisker').left, x('.whisker').right];
    })()`);
    assert.ok(one < from && from < dot && dot < to, 'worse is right of 1, the dot within its interval');
    // Where the alert begins: on the axis of all rows, and named above them.
    const alerts = await page.evaluate(`[...document.querySelectorAll('.comparison .alert')].map((e) => e.getBoundingClientRect().left)`);
    const rows = await page.evaluate('document.querySelectorAll(".comparison li").length');
    assert.equal(alerts.length, rows);
    const unit = (dot - one) / Math.log(1.43); // pixels of the axis
    const worse = alerts.filter((x) => Math.abs((x - one) / unit - Math.log(1.2)) < 0.02), fewer = alerts.filter((x) => x < one);
    assert.equal(worse.length, rows - 1, `${alerts}`);
    // Throughput as in the text: less is left, and there its alert begins.
    assert.ok(fewer.length === 1 && Math.abs((fewer[0] - one) / unit + Math.log(1.2)) < 0.02, `${alerts}`);
    const all = await page.evaluate(`(() => { // also what is as it was
      document.querySelectorAll('#comparison details').forEach((e) => { e.open = true; });
      return document.getElementById('comparison').innerText;
    })()`);
    assert.match(all, /throughput all requests \(more is better\)/);
    assert.match(all, /0\.87× 0\.80 to 0\.95 · detects 0\.87×/);
    const [less, from_less, to_less] = await page.evaluate(`(() => {
      const row = [...document.querySelectorAll('.comparison li')].find((e) => e.textContent.includes('throughput'));
      const x = (s) => row.querySelector(s).getBoundingClientRect();
      return [(x('.dot').left + x('.dot').right) / 2, x('.whisker').left, x('.whisker').right];
    })()`);
    assert.ok(from_less < less && less < to_less && to_less < one);
    assert.ok(Math.abs((less - one) / unit + Math.log(1.15)) < 0.02);
    assert.match(all, /error_rate GET \/products\s+now below 0\.04 %/);
    assert.match(text, /\+20 %/);
    assert.match(text, /right of it is more, which is worse but for what says “more is better”\./);
    assert.match(text, /Red line: worse by 20 %, where the alert begins\./);
    const ticks = await page.evaluate(`[...document.querySelectorAll('.ticks .tick')].map((e) => { const b = e.getBoundingClientRect(); return [b.left, b.right, e.textContent]; })`);
    ticks.sort((x, y) => x[0] - y[0]).slice(1).forEach(([left, , name], i) => assert.ok(left >= ticks[i][1], `${name} stands on ${ticks[i][2]}`));
    // The same logarithmic axis for all: log(1.43) and log(0.7) are as far from 1 as they should be.
    const better = await page.evaluate(`(() => { const b = document.querySelector('.comparison .improved .dot').getBoundingClientRect(); return (b.left + b.right) / 2; })()`);
    assert.ok(Math.abs((dot - one) / (one - better) - Math.log(1.43) / -Math.log(0.7)) < 0.05);
    assert.equal(await page.evaluate('document.querySelectorAll(".comparison .inconclusive .whisker").length'), 0);
  }),
  'what was done before the test': () => open('compared', ({ text, main }) => {
    assert.match(text, /Approved by\s+Ada: release 2\.1/);
    assert.match(text, /Stakeholders told\s+2026-09-21 14:13 UTC/);
    assert.match(text, /Preflight\s+not ready, 2026-09-22 14:13 UTC/);
    assert.match(text, /rollback\s+failed\s+answered: no answer/);
    assert.match(main, /accepted: &lt;b&gt;small/);
  }),
  'as much as there may be': () => open('many', ({ text, file }) => {
    assert.ok(file.length < 400_000, `${file.length} bytes`);
    // Long names make it less than what there would be room for otherwise.
    const [, shown] = /(\d+) of 200 endpoints are shown; all are in the JSON report/.exec(text);
    assert.ok(shown >= 10 && shown < 150, shown);
    assert.match(text, /\d+ of 403 figures are shown/);
    assert.match(text, /12 of 14 series are shown/);
  }),
  'texts from a hostile service': () => open('hostile', ({ main, title }) => {
    assert.notEqual(title, 'owned');
    assert.equal(count(main, '<img'), 0);
    assert.equal(count(main, '<b>'), 0);
    assert.equal(count(main, '<script'), 0);
    assert.ok(count(main, '&lt;img src=x') >= 6);
    assert.match(main, /\$\{1\}/);
  }),
  'a run without anything': () => open('empty', ({ main }) => {
    assert.match(main, /<p class="level">invalid<\/p>/);
    assert.match(main, /setup\(\) threw an exception/);
    assert.equal(count(main, '<canvas'), 0);
  }),
  'a phone: nothing sticks out': async () => {
    for (const kind of KINDS) {
      await open(kind, async ({ page }) => {
        assert.deepEqual(await page.evaluate(OUTSIDE), [], kind);
        assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 375, kind);
      }, { width: 375, height: 800 });
    }
  },
  'dark and light can be read': async () => {
    for (const scheme of ['light', 'dark']) {
      for (const kind of ['bad', 'compared', 'soak']) {
        await open(kind, async ({ page }) => {
          assert.deepEqual(await page.evaluate(FAINT), [], `${kind}, ${scheme}`);
          const page_ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
          assert.equal(page_ground, scheme === 'dark' ? 'rgb(17, 21, 27)' : 'rgb(246, 247, 249)');
        }, { scheme });
      }
    }
  },
  'print: everything open, within the paper, light even from a dark screen': async () => {
    for (const kind of ['bad', 'compared', 'ramp', 'soak']) {
      await open(kind, async ({ page }) => {
        await page.evaluate('dispatchEvent(new Event("beforeprint")); new Promise((done) => setTimeout(done, 100))');
        assert.equal(await page.evaluate('document.querySelectorAll("details:not([open])").length'), 0);
        assert.deepEqual(await page.evaluate(OUTSIDE), [], kind);
        assert.equal(await page.evaluate('getComputedStyle(document.querySelector("nav")).display'), 'none');
        assert.equal(await page.evaluate('getComputedStyle(document.body).color'), 'rgb(27, 35, 48)');
        assert.equal(await page.evaluate(BLANK), 0);
        assert.ok((await page.pdf()).length > 20_000);
      }, { medium: 'print', width: 740, scheme: 'dark' });
    }
  },
  'keyboard and names': () => open('ramp', async ({ page }) => {
    const unnamed = await page.evaluate(`[...document.querySelectorAll('section, [role=img], [role=region], nav')].filter((e) =>
      !e.getAttribute('aria-label') && !document.getElementById(e.getAttribute('aria-labelledby'))?.textContent && !e.querySelector('summary')).map((e) => e.outerHTML.slice(0, 60))`);
    assert.deepEqual(unnamed, []);
    assert.deepEqual(await page.evaluate(`[...document.querySelectorAll('.contents a')].filter((a) => !document.querySelector(a.getAttribute('href')))`), []);
    // By Tab to a heading that sorts, and Enter.
    let sorts = false;
    for (let i = 0; i < 60 && !sorts; i++) {
      await page.press('Tab');
      sorts = await page.evaluate('document.activeElement.closest("#endpoints th") !== null');
    }
    assert.ok(sorts, 'a heading is reached by Tab');
    await page.press('Enter');
    assert.equal(await page.evaluate('document.activeElement.closest("th").getAttribute("aria-sort")'), 'descending');
  }),
  'nothing is fetched': () => {
    const own = readFileSync(fileOf('empty'), 'utf8').replace(/<script type="application\/json".*?<\/script>/s, '');
    assert.doesNotMatch(own, /https?:\/\/|@import|<link|\ssrc=|url\((?!data:)/);
    assert.match(own, /default-src 'none'; script-src 'sha256-/);
  },
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
    console.log(`ok - ${name}`);
  } catch (error) {
    failed++;
    console.log(`not ok - ${name}\n${error.message.slice(0, 800)}`);
  }
}
await browser.close();
rmSync(profile, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
