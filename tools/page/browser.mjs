// Browser: one Chromium, spoken to by the DevTools protocol over a pipe.
//
// It needs nothing but node and Chromium. Each tab has a profile of its own. What a page does
// wrong (an exception, an error on the console, a request that fails) is kept by its tab.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { Tab } from './tab.mjs';

/** So long an answer of the browser may take. */
const ANSWER_MS = 20_000;

export class Browser {
  /** Starts Chromium; `command` is its name, `under` the words of another command before it. */
  static async start(command, under = []) {
    const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'page-profile-'));
    const flags = [
      '--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-extensions',
      '--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding',
      '--force-color-profile=srgb', '--remote-debugging-pipe', `--user-data-dir=${profile}`,
      'about:blank',
    ];
    const [first, ...rest] = [...under, command, ...flags];
    const process = spawn(first, rest, {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], detached: true,
    });
    const browser = new Browser(process, profile);
    await browser.send('Target.setDiscoverTargets', { discover: true });
    // Windows that a page opens are held until who waits for them has looked.
    await browser.send('Target.setAutoAttach', {
      autoAttach: true, waitForDebuggerOnStart: true, flatten: true,
    });
    return browser;
  }

  constructor(process, profile) {
    Object.assign(this, { process, profile });
    this.asked = new Map();
    this.tabs = new Map();
    this.sessions = new Map();
    this.number = 0;
    this.heard = [];
    this.isClosed = false;
    const [, , , into, out] = process.stdio;
    this.into = into;
    out.on('data', (bytes) => this.read(bytes));
    process.on('exit', () => this.ended('Chromium has ended'));
    process.on('error', (error) => this.ended(error.message));
    into.on('error', () => {});
  }

  ended(why) {
    this.isClosed = true;
    for (const { reject } of this.asked.values()) reject(new Error(why));
    this.asked.clear();
  }

  /** Messages end with a zero. */
  read(bytes) {
    let rest = bytes;
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
      const text = Buffer.concat([...this.heard, rest.subarray(0, end)]).toString();
      this.heard = [];
      rest = rest.subarray(end + 1);
      this.take(JSON.parse(text));
    }
    if (rest.length > 0) this.heard.push(rest);
  }

  take({ id, error, result, method, params, sessionId }) {
    if (id !== undefined) {
      const asked = this.asked.get(id);
      this.asked.delete(id);
      if (error) asked?.reject(new Error(`${asked.method}: ${error.message}`));
      else asked?.resolve(result);
    } else if (method === 'Target.attachedToTarget') {
      this.attached(params);
    } else if (sessionId) {
      this.sessions.get(sessionId)?.(method, params);
    } else {
      for (const tab of this.tabs.values()) tab.onBrowser(method, params);
    }
  }

  /** Somebody new: a tab of ours, a window that one opened, or a worker. */
  attached({ sessionId, targetInfo }) {
    const opener = this.tabs.get(targetInfo.openerId);
    if (opener?.onWindow) {
      opener.onWindow(sessionId, targetInfo);
      return;
    }
    const waits = this.wanted?.get(targetInfo.targetId);
    if (waits) waits(sessionId);
    else {
      this.early ??= new Map();
      this.early.set(targetInfo.targetId, sessionId);
    }
    this.send('Runtime.runIfWaitingForDebugger', {}, sessionId).catch(() => {});
  }

  send(method, params = {}, sessionId = undefined) {
    if (this.isClosed) return Promise.reject(new Error('Chromium has ended'));
    this.number += 1;
    const id = this.number;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.asked.delete(id);
        reject(new Error(`${method}: no answer in ${ANSWER_MS / 1000} s`));
      }, ANSWER_MS);
      const done = (end) => (value) => {
        clearTimeout(timer);
        end(value);
      };
      this.asked.set(id, { method, resolve: done(resolve), reject: done(reject) });
      this.into.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  /** A new tab in a profile of its own: `{ width, height, scheme, motion }`. */
  async tab(look = {}) {
    const { browserContextId } = await this.send('Target.createBrowserContext');
    const { targetId } = await this.send('Target.createTarget', {
      url: 'about:blank', browserContextId, width: look.width ?? 1440, height: look.height ?? 900,
    });
    const sessionId = this.early?.get(targetId) ?? await new Promise((resolve) => {
      this.wanted ??= new Map();
      this.wanted.set(targetId, resolve);
    });
    const tab = new Tab(this, { targetId, sessionId, browserContextId });
    this.tabs.set(targetId, tab);
    this.sessions.set(sessionId, (method, params) => tab.on(method, params));
    await tab.begin(look);
    return tab;
  }

  async close() {
    if (!this.isClosed) await this.send('Browser.close').catch(() => {});
    if (this.process.exitCode === null) {
      await Promise.race([
        new Promise((resolve) => this.process.once('exit', resolve)),
        new Promise((resolve) => setTimeout(resolve, 3000).unref()),
      ]);
    }
    try {
      process.kill(-this.process.pid, 'SIGKILL');
    } catch { /* It has gone. */ }
    fs.rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
