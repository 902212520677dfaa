// Headless Chromium by its DevTools protocol over a pipe: no driver, no port.
import { spawn, spawnSync } from 'node:child_process';

const LONGEST_MS = 60_000;

/** The name of a Chromium on this machine, or null. */
export function findChromium() {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    if (spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0) return name;
  }
  return null;
}

export class Chromium {
  #child;
  #next = 1;
  #waiting = new Map();
  #listeners = [];
  #rest = '';

  constructor(command, profile) {
    this.#child = spawn(command, ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--hide-scrollbars',
      '--disable-background-networking', '--disable-component-update', '--no-first-run', '--host-resolver-rules=MAP * ~NOTFOUND',
      `--user-data-dir=${profile}`, '--remote-debugging-pipe', 'about:blank'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    this.#child.stdio[4].setEncoding('utf8').on('data', (text) => this.#receive(text));
    this.#child.on('exit', (code) => this.#waiting.forEach(({ fail }) => fail(new Error(`Chromium ended with ${code}`))));
  }

  #receive(text) {
    const parts = (this.#rest + text).split('\0');
    this.#rest = parts.pop();
    for (const part of parts) {
      const message = JSON.parse(part);
      const waiting = this.#waiting.get(message.id);
      if (!waiting) {
        for (const listener of this.#listeners) listener(message);
        continue;
      }
      this.#waiting.delete(message.id);
      if (message.error) waiting.fail(new Error(`${waiting.method}: ${message.error.message}`));
      else waiting.done(message.result);
    }
  }

  send(method, params = {}, sessionId = undefined) {
    const id = this.#next++;
    this.#child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((done, fail) => {
      const timer = setTimeout(() => fail(new Error(`${method}: no answer`)), LONGEST_MS);
      const ended = (then) => (value) => { clearTimeout(timer); then(value); };
      this.#waiting.set(id, { method, done: ended(done), fail: ended(fail) });
    });
  }

  on(listener) {
    this.#listeners.push(listener);
  }

  /** A new page of that size, in a colour scheme and a medium ("screen", "print"); loaded. */
  async open(url, { width = 1200, height = 1000, scheme = 'light', medium = 'screen' } = {}) {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, targetId, sessionId);
    await page.prepare(url, { width, height, scheme, medium });
    return page;
  }

  async close() {
    const ended = new Promise((done) => this.#child.once('exit', done));
    await this.send('Browser.close').catch(() => this.#child.kill('SIGKILL'));
    await ended;
  }
}

class Page {
  messages = []; // of the console and of exceptions
  requests = []; // addresses that were asked for

  constructor(browser, targetId, sessionId) {
    Object.assign(this, { browser, targetId, sessionId });
    browser.on((m) => {
      if (m.sessionId !== sessionId) return;
      if (m.method === 'Runtime.exceptionThrown') this.messages.push(m.params.exceptionDetails.exception?.description ?? m.params.exceptionDetails.text);
      if (m.method === 'Runtime.consoleAPICalled') this.messages.push(m.params.args.map((a) => a.value ?? a.description).join(' '));
      if (m.method === 'Log.entryAdded') this.messages.push(m.params.entry.text);
      if (m.method === 'Network.requestWillBeSent') this.requests.push(m.params.request.url);
      if (m.method === 'Page.loadEventFired') this.loaded?.();
    });
  }

  send(method, params) {
    return this.browser.send(method, params, this.sessionId);
  }

  async prepare(url, { width, height, scheme, medium }) {
    for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await this.send(`${domain}.enable`);
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 600 });
    await this.send('Emulation.setEmulatedMedia', { media: medium, features: [{ name: 'prefers-color-scheme', value: scheme }] });
    const loaded = new Promise((done) => { this.loaded = done; });
    await this.send('Page.navigate', { url });
    await loaded;
    await this.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))');
  }

  /** The value of an expression in the page. */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  async press(key) {
    const code = { Tab: 9, Enter: 13 }[key];
    for (const type of ['keyDown', 'keyUp']) {
      await this.send('Input.dispatchKeyEvent', { type, key, code: key, windowsVirtualKeyCode: code, ...(key === 'Enter' && type === 'keyDown' ? { text: '\r' } : {}) });
    }
  }

  /** The whole page as PNG. */
  async screenshot() {
    const { cssContentSize: size } = await this.send('Page.getLayoutMetrics');
    const clip = { x: 0, y: 0, width: size.width, height: Math.min(size.height, 12000), scale: 1 };
    return Buffer.from((await this.send('Page.captureScreenshot', { clip, captureBeyondViewport: true })).data, 'base64');
  }

  async pdf() {
    return Buffer.from((await this.send('Page.printToPDF', { printBackground: false })).data, 'base64');
  }

  async close() {
    await this.browser.send('Target.closeTarget', { targetId: this.targetId });
  }
}
