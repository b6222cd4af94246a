// Firefox: the page in another browser: it watches the tour, opens a recording, and says so.
//
// It speaks WebDriver BiDi over node's own WebSocket, and needs nothing else. Promises to fail if a
// panel stays empty, if a gesture has no effect, or if the console says anything.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import * as programs from './programs.mjs';

const BOUND_MS = 30_000;
const LOOK_EVERY_MS = 100;
/** The source of a place may be out of reach: that is no fault. */
const ALLOWED = /\/source\?/;
/** WebDriver's number of the Escape key. */
const ESCAPE = '\uE00C';

class Firefox {
  static async start(command) {
    const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'page-firefox-'));
    const child = spawn(command, [
      '--headless', '--no-remote', '--remote-debugging-port=0', '--profile', profile, 'about:blank',
    ], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    const firefox = new Firefox(child, profile);
    try {
      await firefox.connect();
    } catch (error) {
      firefox.close();
      throw error;
    }
    return firefox;
  }

  constructor(child, profile) {
    Object.assign(this, { child, profile, number: 0, asked: new Map(), faults: [] });
  }

  async connect() {
    const address = await new Promise((resolve, reject) => {
      let said = '';
      setTimeout(() => reject(new Error(`Firefox does not listen: ${said}`)), BOUND_MS).unref();
      this.child.on('error', reject);
      this.child.on('exit', () => reject(new Error(`Firefox has ended: ${said}`)));
      this.child.stderr.on('data', (bytes) => {
        said = (said + bytes).slice(-2000);
        const found = /BiDi listening on (ws:\/\/[\d.:]+)/.exec(said);
        if (found) resolve(`${found[1]}/session`);
      });
    });
    this.socket = new WebSocket(address);
    await new Promise((resolve, reject) => {
      this.socket.onopen = resolve;
      this.socket.onerror = () => reject(new Error(`no WebSocket at ${address}`));
    });
    this.socket.onmessage = ({ data }) => this.take(JSON.parse(data));
    const { capabilities } = await this.send('session.new', { capabilities: {} });
    this.version = capabilities.browserVersion;
    await this.send('session.subscribe', { events: ['log.entryAdded'] });
    const { contexts } = await this.send('browsingContext.getTree', {});
    this.context = contexts[0].context;
  }

  take({ id, type, result, message, method, params }) {
    if (method === 'log.entryAdded') {
      const { level, text } = params;
      const isFault = level === 'error' || level === 'warn';
      if (isFault && !ALLOWED.test(text)) this.faults.push(`${level}: ${text}`);
      return;
    }
    const asked = this.asked.get(id);
    this.asked.delete(id);
    if (type === 'error') asked?.reject(new Error(message));
    else asked?.resolve(result);
  }

  send(method, params) {
    this.number += 1;
    const id = this.number;
    return new Promise((resolve, reject) => {
      const late = () => reject(new Error(`${method}: no answer in ${BOUND_MS / 1000} s`));
      setTimeout(late, BOUND_MS).unref();
      this.asked.set(id, { resolve, reject });
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }

  go(url) {
    return this.send('browsingContext.navigate', { context: this.context, url, wait: 'complete' });
  }

  /** Runs a function in the page, with texts as arguments; gives its value, a text. */
  async evaluate(work, ...args) {
    const { result, exceptionDetails: wrong } = await this.send('script.callFunction', {
      functionDeclaration: String(work), awaitPromise: true, target: { context: this.context },
      arguments: args.map((value) => ({ type: 'string', value })),
    });
    if (wrong) throw new Error(wrong.text);
    return result.value;
  }

  /** Waits until a function gives something true in the page. */
  async until(what, work, ...args) {
    const end = Date.now() + BOUND_MS;
    while (Date.now() < end) {
      const found = await this.evaluate(work, ...args);
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    throw new Error(`waited ${BOUND_MS / 1000} s for ${what}`);
  }

  keys(...keys) {
    const actions = keys.flatMap((value) => [
      { type: 'keyDown', value }, { type: 'keyUp', value },
    ]);
    return this.send('input.performActions', {
      context: this.context, actions: [{ type: 'key', id: 'keyboard', actions }],
    });
  }

  async shot(file) {
    const { data } = await this.send('browsingContext.captureScreenshot', {
      context: this.context,
    });
    fs.writeFileSync(file, Buffer.from(data, 'base64'));
  }

  close() {
    this.socket?.close();
    try {
      process.kill(-this.child.pid, 'SIGKILL');
    } catch { /* It has gone. */ }
    fs.rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Runs in the page: which panels have nothing in them, as a text; '' is good. */
function emptyPanels() {
  const isPainted = (one) => {
    const canvas = document.querySelector(one);
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size > 4;
  };
  const wanted = {
    ring: () => document.querySelectorAll('.ring-picture .arc').length === 8,
    desk: () => document.querySelector('.desk').textContent !== '',
    room: () => document.querySelectorAll('.room .chip').length >= 5,
    story: () => document.querySelectorAll('.sentences li').length > 0,
    timeline: () => isPainted('.timeline-canvas'),
    strip: () => isPainted('.brush-canvas'),
    tasks: () => document.querySelectorAll('.task-rows .task-row').length >= 5,
    detail: () => document.querySelector('.detail-body').textContent.length > 40,
  };
  return Object.entries(wanted).filter(([, isFull]) => !isFull()).map(([name]) => name).join(', ');
}

async function look(firefox, tour) {
  await firefox.go(tour.url);
  const full = `() => (${emptyPanels})() === ''`;
  await firefox.until('the panels to be filled', full).catch(async (error) => {
    throw new Error(`${error.message}; empty: ${await firefox.evaluate(emptyPanels)}`);
  });
  await firefox.keys(' ', 'p', 'j', 'w');
  await firefox.until('the pause, and a task that is selected', () => (
    document.querySelector('.feed-state').textContent === '‖ paused'
    && document.querySelector('.task-row[aria-selected="true"]') !== null
    && document.querySelector('#why-ran') !== null));
  await firefox.keys('?');
  await firefox.until('the card', () => document.querySelector('#help').open);
  await firefox.keys(ESCAPE);
  await firefox.until('the card to go', () => !document.querySelector('#help').open);
  // A file as a drop gives it: the browser's own way to hand one over needs a user.
  await firefox.evaluate((text) => {
    const data = new DataTransfer();
    data.items.add(new File([text], 'tour.trace.json', { type: 'application/json' }));
    for (const type of ['dragenter', 'dragover', 'drop']) {
      document.body.dispatchEvent(new DragEvent(type, {
        dataTransfer: data, bubbles: true, cancelable: true,
      }));
    }
  }, await tour.trace());
  await firefox.until('the recording to be open', () => (
    document.querySelector('.feed-state').textContent === 'a recording'));
  await firefox.until('the panels to be filled by it', full);
}

async function main() {
  let firefox = null;
  let wrong = null;
  try {
    const tour = await programs.start(process.env.PAGE_PROGRAMS ?? '.', 'tour', '--seconds', '120');
    firefox = await Firefox.start(process.env.PAGE_FIREFOX ?? 'firefox-esr');
    await look(firefox, tour);
    if (process.env.PAGE_SHOTS) {
      fs.mkdirSync(process.env.PAGE_SHOTS, { recursive: true });
      await firefox.shot(path.join(process.env.PAGE_SHOTS, 'firefox.png'));
    }
    [wrong] = firefox.faults;
  } catch (error) {
    wrong = [error.message, ...firefox?.faults ?? []].join('; the page says: ');
  }
  firefox?.close();
  programs.endAll();
  console.log(wrong ? `FAILED  in Firefox\n        ${wrong}`
    : `firefox: ${firefox.version}, all panels filled, the console clean`);
  process.exit(wrong ? 1 : 0);
}

await main();
