// Tab: a page under test: what a user does to it, and what a user sees of it.
//
// Gestures are the browser's own mouse, wheel, key and drag events. Nothing here sleeps: `until`
// looks again and again, for ten seconds at most.

import fs from 'node:fs';

/** So long a condition may take to hold, and so often it is looked at. */
const BOUND_MS = 10_000;
const LOOK_EVERY_MS = 40;

/** What keys are called by their codes, where that is not their letter. */
const CODES = {
  ' ': ['Space', 32], Enter: ['Enter', 13], Escape: ['Escape', 27], Tab: ['Tab', 9],
  Home: ['Home', 36], End: ['End', 35], ArrowLeft: ['ArrowLeft', 37], ArrowUp: ['ArrowUp', 38],
  ArrowRight: ['ArrowRight', 39], ArrowDown: ['ArrowDown', 40], Backspace: ['Backspace', 8],
};

export class Tab {
  constructor(browser, ids) {
    Object.assign(this, { browser, ...ids });
    /** What went wrong on the page, and what a test says may do so. */
    this.faults = [];
    this.allowed = [];
    this.requests = [];
    this.downloads = [];
    this.listeners = new Map();
    this.at = { x: 0, y: 0 };
  }

  send(method, params) {
    return this.browser.send(method, params, this.sessionId);
  }

  async begin({ width = 1440, height = 900, scheme = 'light', motion = 'no-preference' }) {
    for (const domain of ['Page', 'Runtime', 'Log', 'Network', 'DOM']) {
      await this.send(`${domain}.enable`);
    }
    await this.send('Emulation.setDeviceMetricsOverride', {
      width, height, deviceScaleFactor: 1, mobile: false,
    });
    await this.look({ scheme, motion });
    await this.send('Emulation.setFocusEmulationEnabled', { enabled: true });
  }

  /** What the user asked of the system: light or dark, much or little motion. */
  look({ scheme = 'light', motion = 'no-preference' }) {
    return this.send('Emulation.setEmulatedMedia', { features: [
      { name: 'prefers-color-scheme', value: scheme },
      { name: 'prefers-reduced-motion', value: motion },
    ] });
  }

  on(method, params) {
    const fault = faultOf(method, params);
    if (fault) this.faults.push(fault);
    if (method === 'Network.requestWillBeSent') this.requests.push(params.request.url);
    if (method === 'Network.webSocketCreated') this.requests.push(params.url);
    this.listeners.get(method)?.(params);
  }

  onBrowser(method, params) {
    if (method === 'Browser.downloadWillBegin') this.downloads.push({ ...params });
    if (method === 'Browser.downloadProgress') {
      const found = this.downloads.find((one) => one.guid === params.guid);
      if (found) found.state = params.state;
    }
  }

  /** A fault like this is none in this test: a program that is killed can't be reached. */
  allow(pattern) {
    this.allowed.push(pattern);
  }

  /** What went wrong and may not. */
  get wrongs() {
    return this.faults.filter((fault) => !this.allowed.some((pattern) => pattern.test(fault)));
  }

  async go(url) {
    await this.send('Page.navigate', { url });
    await this.until('the page to be loaded', () => document.readyState === 'complete'
      && document.querySelector('#header .program') !== null);
  }

  async reload() {
    await this.evaluate(() => { window.isOld = true; });
    await this.send('Page.reload');
    await this.until('the page to be loaded again', () => !window.isOld
      && document.querySelector('#header .program') !== null);
  }

  /** Runs a function in the page, with these arguments, and gives its value. */
  async evaluate(work, ...args) {
    const expression = `(${work})(...${JSON.stringify(args)})`;
    const { result, exceptionDetails: wrong } = await this.send('Runtime.evaluate', {
      expression, awaitPromise: true, returnByValue: true,
    });
    if (wrong) throw new Error(wrong.exception?.description ?? wrong.text);
    return result.value;
  }

  /** Waits until a function gives something true in the page; gives that. */
  async until(what, work, ...args) {
    return this.wait(what, () => this.evaluate(work, ...args));
  }

  /** The same of a function that runs here. */
  async wait(what, work) {
    const end = Date.now() + BOUND_MS;
    let last;
    do {
      // While the page is loaded anew there is nobody to ask.
      try {
        last = await work();
      } catch (error) {
        last = error.message;
        if (!/context|navigat|null|undefined/i.test(last)) throw error;
        last = false;
      }
      if (last) return last;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    } while (Date.now() < end);
    throw new Error(`waited ${BOUND_MS / 1000} s for ${what}`);
  }

  text(selector) {
    return this.evaluate((one) => document.querySelector(one)?.textContent ?? null, selector);
  }

  texts(selector) {
    return this.evaluate((one) => [...document.querySelectorAll(one)]
      .map((node) => node.textContent), selector);
  }

  /** Where an element is that the user could point at: `{ x, y, width, height }`. */
  async box(selector) {
    const box = await this.until(`${selector} to be in sight`, (one) => {
      // Words may go over two lines: the middle of both would be between them.
      const found = document.querySelector(one)?.getClientRects()[0];
      return found && found.width > 0 && found.height > 0
        ? { x: found.x, y: found.y, width: found.width, height: found.height } : null;
    }, selector);
    return { ...box, middle: { x: box.x + box.width / 2, y: box.y + box.height / 2 } };
  }

  // ---- gestures ----

  mouse(type, more = {}) {
    return this.send('Input.dispatchMouseEvent', { type, ...this.at, ...more });
  }

  async move(x, y) {
    this.at = { x, y };
    await this.mouse('mouseMoved', { buttons: this.isDown ? 1 : 0 });
  }

  async click(x, y) {
    await this.move(x, y);
    await this.mouse('mousePressed', { button: 'left', buttons: 1, clickCount: 1 });
    await this.mouse('mouseReleased', { button: 'left', clickCount: 1 });
  }

  async drag(from, to) {
    await this.move(from.x, from.y);
    await this.mouse('mousePressed', { button: 'left', buttons: 1, clickCount: 1 });
    this.isDown = true;
    for (let i = 1; i <= 6; i += 1) {
      await this.move(from.x + ((to.x - from.x) * i) / 6, from.y + ((to.y - from.y) * i) / 6);
    }
    this.isDown = false;
    await this.mouse('mouseReleased', { button: 'left', clickCount: 1 });
  }

  async wheel(x, y, deltaY, deltaX = 0) {
    await this.move(x, y);
    await this.mouse('mouseWheel', { deltaX, deltaY });
  }

  async hover(selector) {
    const { x, y } = await this.reach(selector);
    await this.move(x, y);
  }

  async press(selector) {
    const { x, y } = await this.reach(selector);
    await this.click(x, y);
  }

  /** Scrolls to an element as who can't see it would; gives a point at which it is hit. */
  reach(selector) {
    return this.until(`${selector} to be where the pointer reaches it`, (one) => {
      const node = document.querySelector(one);
      // Words may go over two lines: the middle of both would be between them.
      const middle = () => {
        const box = node?.getClientRects()[0];
        return box && box.width > 0 && box.height > 0
          ? { x: box.x + box.width / 2, y: box.y + box.height / 2 } : null;
      };
      const isHit = (at) => at && node.contains(document.elementFromPoint(at.x, at.y));
      if (!isHit(middle())) node?.scrollIntoView({ block: 'nearest' });
      return isHit(middle()) ? middle() : null;
    }, selector);
  }

  /** Presses keys, one after the other: ' ', 'a', '?', 'Home'. */
  async keys(...names) {
    for (const key of names) {
      const [code, number] = CODES[key] ?? [undefined, undefined];
      const text = key === 'Enter' ? '\r' : key.length === 1 ? key : undefined;
      const shared = { key, code, windowsVirtualKeyCode: number };
      const type = text === undefined ? 'rawKeyDown' : 'keyDown';
      await this.send('Input.dispatchKeyEvent', { type, text, ...shared });
      await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...shared });
    }
  }

  type(text) {
    return this.keys(...text);
  }

  /** Drags a file over the page; lets it go if it is to be dropped. */
  async drop(file) {
    const data = { items: [], files: [file], dragOperationsMask: 1 };
    const at = { x: 500, y: 400, data };
    await this.send('Input.dispatchDragEvent', { type: 'dragEnter', ...at });
    await this.send('Input.dispatchDragEvent', { type: 'dragOver', ...at });
    await this.send('Input.dispatchDragEvent', { type: 'drop', ...at });
  }

  /** Where what the page saves goes to. */
  saveTo(folder) {
    return this.browser.send('Browser.setDownloadBehavior', {
      behavior: 'allow', browserContextId: this.browserContextId, downloadPath: folder,
      eventsEnabled: true,
    });
  }

  /** Has the window that the page opens next show this text in place of what is at that origin. */
  windows(origin, html) {
    return new Promise((resolve) => {
      this.onWindow = async (sessionId) => {
        this.browser.sessions.set(sessionId, (method, { requestId } = {}) => {
          if (method !== 'Fetch.requestPaused') return;
          this.browser.send('Fetch.fulfillRequest', {
            requestId, responseCode: 200, body: Buffer.from(html).toString('base64'),
            responseHeaders: [{ name: 'Content-Type', value: 'text/html' }],
          }, sessionId);
        });
        const patterns = [{ urlPattern: `${origin}/*` }];
        await this.browser.send('Fetch.enable', { patterns }, sessionId);
        await this.browser.send('Runtime.runIfWaitingForDebugger', {}, sessionId);
        const there = new Tab(this.browser, { sessionId });
        resolve(there);
      };
    });
  }

  async shot(file) {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' });
    fs.writeFileSync(file, Buffer.from(data, 'base64'));
  }

  async close() {
    const { targetId, browserContextId } = this;
    this.browser.tabs.delete(targetId);
    this.browser.sessions.delete(this.sessionId);
    const gone = this.browser.send('Target.disposeBrowserContext', { browserContextId });
    await gone.catch(() => {});
  }
}

/** What went wrong, in a line, or null. */
function faultOf(method, params) {
  if (method === 'Runtime.exceptionThrown') {
    const { exceptionDetails: wrong } = params;
    return `exception: ${wrong.exception?.description ?? wrong.text}`;
  }
  if (method === 'Runtime.consoleAPICalled' && /^(error|warning|assert)$/.test(params.type)) {
    return `console: ${params.args.map((arg) => arg.value ?? arg.description).join(' ')}`;
  }
  if (method === 'Page.javascriptDialogOpening') return `dialog: ${params.message}`;
  if (method === 'Log.entryAdded' && /^(error|warning)$/.test(params.entry.level)) {
    return `log: ${params.entry.text} ${params.entry.url ?? ''}`;
  }
  return null;
}
