// Gestures on the detail: what is known of a task, and the answers to two questions.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { stopAt, whyRan, whyWaited, whyWaits } from '../../../inspector/page/model/index.js';
import { plural, shown } from '../../../inspector/page/views/words.js';
import { isAt, isAtEvent, read, rows, selected } from '../../../tools/page/sights.mjs';

/** Selects a task by its name, with a click. */
async function choose(tab, name) {
  const { key, at } = await tab.until(`${name} to be in the tree`, (wanted) => {
    const node = [...document.querySelectorAll('.task-rows .task-row')]
      .find((one) => one.querySelector('.task-name').textContent.endsWith(` ${wanted}`));
    if (!node) return null;
    const box = node.getBoundingClientRect();
    return { key: node.dataset.keys.split('\n')[0], at: { x: box.x + 150, y: box.y + 11 } };
  }, name);
  await tab.click(at.x, at.y);
  await selected(tab, key);
  return key;
}

/** A late run of a task: an instant just behind its begin. */
function ran({ recording, beginNs, endNs }, key) {
  const runs = [];
  recording.eachRun(beginNs, endNs, (at, took, item) => {
    if (item.key === key) runs.push({ at, took });
  });
  return runs.at(-3);
}

/** The run whose reason goes back the furthest. */
function longestAnswer(known) {
  let best = { steps: [] };
  for (const { id } of known.row.tasks) {
    const run = ran(known, id);
    if (!run) continue;
    const { steps } = whyRan(known.recording, known.names, id, run.at + 1);
    if (steps.length > best.steps.length) best = { id, at: run.at, steps };
  }
  return best;
}

/** The tour's recording, in which the server waits for a job: `{ recording, server }`. */
async function withJob(house) {
  const file = JSON.parse((await house.recording()).text);
  const { state } = file.glassloop;
  const server = state.tasks.find(({ name }) => name === 'server');
  const on = { kind: 'job', number: 7 };
  server.waits = [{ operation: 'offload', of: 'job `export`, running', on, at: 'src/disk.rs:9' }];
  state.jobs = [{
    ...on, name: 'export', state: 'running', for_ns: 3.2e9, task: server.id,
    born: 'src/disk.rs:8', pool: state.loop.made,
  }];
  const text = JSON.stringify(file);
  return { recording: { file: house.write('job.trace.json', text), text }, server };
}

export default {
  'the detail tells of the selected task, with histograms': async (house) => {
    const { row } = read(await house.recording());
    const tab = await house.opened();
    const key = await choose(tab, 'tcp');
    const task = row.tasks.find(({ id }) => id === key);
    const text = await tab.text('.detail-body');
    assert.equal(await tab.text('#detail-title'), `task ${key} tcp`);
    assert.ok(text.includes(`○ waiting: it costs nothing`), text);
    const counts = `${plural(task.polls, 'poll')}, ${plural(task.wakes, 'wake')}, busy `;
    assert.ok(text.includes(counts), text);
    const figures = await tab.evaluate(() => [...document.querySelectorAll('#detail figure')]
      .map((node) => ({
        told: node.querySelector('figcaption').textContent,
        bars: [...node.querySelectorAll('.bar-of-time')]
          .map((bar) => Number(bar.getAttribute('height'))),
        title: node.querySelector('.bar-of-time title')?.textContent,
      })));
    assert.deepEqual(figures.map(({ told }) => told.split(/ \d/)[0]),
      ['How long it ran', 'How long it stood in line']);
    for (const { told, bars, title } of figures) {
      assert.match(told, /\d times; half below .*, 99 % below .*, longest /);
      assert.ok(bars.filter((high) => high > 0).length > 1, 'there are bars');
      assert.match(title, / took less than /);
    }
  },

  'the histograms of a task are asked for alone, again and again': async (house) => {
    const tab = await house.watching();
    const key = await choose(tab, 'ticker');
    await tab.until('bars of both', () => [...document.querySelectorAll('#detail figure')]
      .filter((node) => [...node.querySelectorAll('.bar-of-time')]
        .some((bar) => Number(bar.getAttribute('height')) > 0)).length === 2);
    const number = (await tab.texts('[aria-label="Which loop"] option:checked'))[0].match(/\d+/)[0];
    const asked = () => tab.requests.filter((one) => /\/state\?loop=/.test(one));
    await tab.wait('them to be asked for thrice', () => asked().length >= 3);
    const wanted = `/state?loop=${number}&task=${encodeURIComponent(key)}`;
    for (const one of asked()) assert.ok(one.endsWith(wanted), `${one} asks for more`);
  },

  'the detail shows the source line where the source can be read': async (house) => {
    const tab = await house.watching();
    await choose(tab, 'ticker');
    const found = await tab.until('the lines of the source', () => {
      const node = document.querySelector('#detail .source .code-line.is-it');
      return node && {
        place: node.closest('.source').querySelector('.place').textContent,
        text: node.textContent,
      };
    });
    const [file, line] = found.place.split(':');
    const wanted = fs.readFileSync(file, 'utf8').split('\n')[Number(line) - 1];
    assert.equal(found.text.replace(/^\d+/, '').trimEnd(), wanted.trimEnd());
  },

  'the key w answers why the task ran': async (house) => {
    const known = read(await house.recording());
    const { id, at, steps } = longestAnswer(known);
    const tab = await house.opened({ view: { at: at + 1, sel: id } });
    await selected(tab, id);
    await isAt(tab, at + 1 - known.beginNs);
    await tab.until('the answer', (count) => (
      document.querySelectorAll('#why-ran li').length >= count), Math.min(steps.length, 12));
    await tab.keys('w');
    await tab.until('the answer to have the focus', () => document.activeElement
      .closest('#why-ran')?.open && document.activeElement.tagName === 'SUMMARY');
    const wanted = steps.slice(0, 12).map(({ text }) => `⤷ ${shown(text)}.`);
    assert.ok(wanted.length > 0);
    assert.deepEqual((await tab.texts('#why-ran li')).slice(0, wanted.length), wanted);
    // A step of the answer leads to its instant.
    const last = `#why-ran li:nth-child(${wanted.length}) button`;
    await tab.press(last);
    await isAt(tab, steps[wanted.length - 1].at_ns - known.beginNs);
  },

  'the key y answers why the task is not running': async (house) => {
    const known = read(await house.recording());
    const tab = await house.opened();
    const key = await choose(tab, 'server');
    await tab.keys('y');
    await tab.until('the answer to have the focus', () => document.activeElement
      .closest('#why-not')?.open && document.activeElement.tagName === 'SUMMARY');
    const { lines } = whyWaits(known.row, key);
    assert.ok(lines.length > 0);
    assert.deepEqual(await tab.texts('#why-not li'), lines.map(({ text }) => shown(text)));
  },

  'the detail tells how long a job has run, where it came from and who waits for it': async (
    house,
  ) => {
    const { recording, server } = await withJob(house);
    const tab = await house.opened({ recording });
    await tab.press('.room .thing-head[data-keys="job 7"]');
    await tab.until('the job to be told of', () => (
      document.querySelector('#detail-title').textContent === 'Job export'));
    const job = await tab.text('.detail-body');
    assert.match(job, /^A thread has run it for 3\.[2-9]\d s, beside the loop\./);
    for (const part of [`${server.id} waits for it`, 'offloaded at', 'src/disk.rs:8',
      'Its pool is the loop\'s own.']) assert.ok(job.includes(part), `${part}: ${job}`);
    if (house.shots) await tab.shot(path.join(house.shots, 'job-detail.png'));
    await choose(tab, 'server');
    const task = await tab.text('.detail-body');
    const why = 'waits: offload of job export, running for 3.200 s at src/disk.rs:9';
    assert.ok(task.includes(why), task);
    const waits = await tab.texts('.task-row .task-waits');
    assert.ok(waits.some((text) => /^offload, running for 3\.[2-9]\d s: job export$/.test(text)));
  },

  'the key c goes to who woke the selected task': async (house) => {
    const known = read(await house.recording());
    const { id } = known.row.tasks.find(({ name }) => name === 'ticker');
    const { at } = ran(known, id);
    const tab = await house.opened({ view: { at, sel: id } });
    await selected(tab, id);
    let wake = null;
    known.recording.eachWake(known.beginNs, at, (one) => {
      if (one.item.key === id && one.at_ns < at) wake = one.at_ns;
    });
    await tab.keys('c');
    await isAt(tab, wake - known.beginNs);
  },

  'at a past instant the detail says what woke the task next, and C goes there': async (house) => {
    const known = read(await house.recording());
    const { id } = known.row.tasks.find(({ name }) => name === 'ticker');
    const { at, took } = ran(known, id);
    const ns = at + took + 1;
    const then = whyWaited(known.recording, known.names, known.moments.at(ns), id);
    assert.match(then.text, /^It waits until the timer of .*actions\.rs:\d+ is due: that wakes /);
    const tab = await house.opened({ view: { at: ns, sel: id } });
    await selected(tab, id);
    const says = (text) => tab.until(`the detail to say: ${text}`, (wanted) => (
      document.querySelector('#why-not .then')?.textContent === wanted), text);
    await says(`⤳ ${shown(then.text)}.C`);
    assert.ok(!(await tab.text('#why-not')).includes('newest state'), 'it is of that instant');
    await tab.press('#why-not .then button');
    await isAtEvent(tab, then.next);
    // It has been woken, and stands in line: the next is its run.
    const stop = stopAt(known.recording, then.next);
    const woken = whyWaited(known.recording, known.names, known.moments.at(stop.ns, stop), id);
    assert.match(woken.text, /^It stands in line: timer of /);
    await says(`⤳ ${shown(woken.text)}.C`);
    await tab.keys('C');
    await isAtEvent(tab, woken.next);
    await says(' It is running.');
  },

  'who is not woken any more waits for what the newest state says': async (house) => {
    const known = read(await house.recording());
    const { id } = known.row.tasks.find(({ name }) => name === 'server');
    let last = known.beginNs;
    known.recording.eachWake(known.beginNs, known.endNs, ({ item, run, run_at_ns: at }) => {
      if (item.key === id && run !== null) last = at + known.recording.events.took(run) + 1;
    });
    const tab = await house.opened({ view: { at: last + 1, sel: id } });
    await selected(tab, id);
    await tab.until('it to say so', () => (
      /^ Nothing wakes it up to the recording's end, .* later\.$/
        .test(document.querySelector('#why-not .then')?.textContent)));
    assert.equal(await tab.text('#why-not .sub'), 'as of the newest state:');
    const { lines } = whyWaits(known.row, id);
    assert.deepEqual(await tab.texts('#why-not li'), lines.map(({ text }) => shown(text)));
    await tab.keys('C');
    const note = await tab.until('a word', () => document.querySelector('#note')?.textContent);
    assert.equal(note, 'Nothing of it is recorded behind this instant.');
  },

  'tasks that wait for each other are told so': async (house) => {
    const { row, process } = read(await house.recording());
    const [one, other] = [structuredClone(row.tasks[0]), structuredClone(row.tasks[1])];
    const join = (awaited) => [{
      at: 'src/main.rs:7', of: `task ${awaited.id}`, on: { id: awaited.id, kind: 'task' },
      operation: 'join',
    }];
    Object.assign(one, { waits: join(other), state: 'waiting', parent: null });
    Object.assign(other, { waits: join(one), state: 'waiting', parent: null });
    const state = {
      process: { ...process, control: false }, host_queues: [],
      loops: [{ ...row, tasks: [one, other], timers: [], sources: [] }],
    };
    const program = await house.standIn({ state: () => state });
    const tab = await house.tab();
    await tab.go(program.watched);
    await tab.wait('the tasks', async () => (await rows(tab)).length === 2);
    await tab.keys('j', 'y');
    await tab.until('the circle to be told', () => document
      .querySelector('#why-not.is-cycle summary')
      ?.textContent.startsWith('✖ They wait for each other: none can run'));
    program.close();
  },
};
