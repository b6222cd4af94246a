// Gestures on the waiting room, the desk and the lines.

import assert from 'node:assert/strict';
import path from 'node:path';

import { read } from '../../../tools/page/sights.mjs';

/** The last turn in which at least so many tasks ran. */
function turnOf({ recording }, least) {
  for (let i = recording.turnCount - 2; i >= 0; i -= 1) {
    const turn = recording.turn(i);
    const runs = turn.steps.filter((step) => step.phase === 'run' && step.work.type === 'item'
      && step.work.item.key.startsWith('#'));
    const names = new Set(runs.map((step) => step.work.item.key));
    if (names.size >= least && names.size === runs.length) return { turn, runs };
  }
  throw new Error(`no turn ran ${least} tasks`);
}

/** A task waits for a job: the loop goes on. */
async function offloading(house) {
  const program = await house.start('stall', '--work', '1', '--offload', '--seconds', '60');
  return { program, tab: await house.watching(program) };
}

/** A job as a row tells of it. */
function told(row, number, state, for_ns) {
  const place = 'src/disk.rs:8';
  return { number, name: `j${number}`, state, for_ns, task: null, born: place, pool: place };
}

/** The tour's recording with these jobs in its state. */
async function withJobs(house, jobs) {
  const file = JSON.parse((await house.recording()).text);
  file.glassloop.state.jobs = jobs(file.glassloop.state);
  const text = JSON.stringify(file);
  return house.opened({ recording: { file: house.write('jobs.trace.json', text), text } });
}

const desk = (tab) => tab.text('.desk');
const line = (tab) => tab.evaluate(() => [...document.querySelectorAll('.line .chip')]
  .map((node) => node.dataset.keys));

export default {
  'the waiting room shows who waits, by what is waited for': async (house) => {
    const recording = await house.recording();
    const { row } = read(recording);
    const tab = await house.opened();
    const waiting = row.tasks.filter(({ state }) => state === 'waiting');
    await tab.until('everybody to be in the room', (keys) => {
      const there = [...document.querySelectorAll('.room .chip')]
        .map((node) => node.dataset.keys.split('\n')[0]);
      return keys.every((key) => there.includes(key));
    }, waiting.map(({ id }) => id));
    const chips = await tab.texts('.room .chip');
    assert.ok(chips.every((text) => text.startsWith('○ #')), 'a shape, a number, a name');
    const server = row.tasks.find(({ name }) => name === 'server');
    const box = await tab.evaluate((key) => [...document.querySelectorAll('.room .thing')]
      .find((node) => node.querySelector('.thing-title').textContent === key)?.textContent,
    server.waits[0].of);
    assert.ok(box.includes(`${server.id} server`), `${server.waits[0].of} has its waiter: ${box}`);
    assert.match(await tab.text('#room-title .sub'), /^\d+ tasks asleep, at no cost$/);
    // What nobody waits for takes nobody's place.
    assert.match(await tab.text('.room li:last-child'), /^Nobody waits for .*memory/);
    assert.ok(!(await tab.texts('.room li:not(:last-child)')).some((text) => /nobody/i.test(text)));
  },

  'hovering a waiting task says where in the source it waits': async (house) => {
    const { row } = read(await house.recording());
    const tab = await house.opened();
    const server = row.tasks.find(({ name }) => name === 'server');
    await tab.hover(`.room .chip[data-keys^="${server.id}\n"]`.replace('\n', '\\a '));
    await tab.until('its row to be lit', (key) => [...document.querySelectorAll('.task-row.is-lit')]
      .some((node) => node.dataset.keys.split('\n')[0] === key), server.id);
    const title = await tab.evaluate((key) => [...document.querySelectorAll('.room .chip')]
      .find((node) => node.dataset.keys.split('\n')[0] === key).title, server.id);
    assert.match(title, /^accept at .*tour\/server\.rs:\d+$/);
  },

  'a job stands in the waiting room, and how long it has run counts on': async (house) => {
    const { program, tab } = await offloading(house);
    const box = () => tab.until('the job to be in the room', () => {
      const found = [...document.querySelectorAll('.room .thing')].find((node) => (
        node.querySelector('.thing-title')?.textContent === 'job long sleep'));
      if (!found) return null;
      const chips = [...found.querySelectorAll('.chip')].map((node) => node.textContent);
      return { told: found.querySelector('.thing-detail').textContent, chips };
    });
    const seconds = ({ told }) => Number(/^running for ([\d.]+) s$/.exec(told)?.[1] ?? 0);
    const first = await tab.wait('a second', async () => {
      const now = await box();
      return seconds(now) >= 1 ? now : null;
    });
    assert.match(first.chips.join(), /^○ #\d+\.\d+ sleeper$/);
    await tab.wait('two more seconds', async () => seconds(await box()) > seconds(first) + 2);
    const isCalm = await tab.evaluate(() => document.querySelector('#alarm').hidden);
    assert.ok(isCalm, 'the loop goes on');
    const { jobs, now } = await program.row();
    assert.deepEqual([jobs.length, jobs[0].state, now.task], [1, 'running', null]);
    if (house.shots) await tab.shot(path.join(house.shots, 'job.png'));
  },

  'of many things the job that runs for long stands first': async (house) => {
    const tab = await withJobs(house, (row) => [
      told(row, 7, 'running', 3.2e9), told(row, 8, 'running', 5e6), told(row, 9, 'queued', 9e9),
    ]);
    const titles = await tab.until('the jobs to be there', () => {
      const found = [...document.querySelectorAll('.room .thing-title')]
        .map((node) => node.textContent);
      return found.includes('job j8') ? found : null;
    });
    assert.equal(titles[0], 'job j7');
    assert.ok(titles.indexOf('job j8') > 1, `${titles}`);
    assert.match(await tab.text('.room .thing-detail'), /^running for [\d.]+ (s|min.*)$/);
    // That nobody waits for one that is queued takes nobody's place.
    assert.match(await tab.text('.room li:last-child'), /^Nobody waits for .*job j9/);
  },

  'a recording that tells of no jobs has none': async (house) => {
    const tab = await withJobs(house, () => undefined);
    await tab.until('the room to be there', () => document.querySelector('.room .chip'));
    assert.ok(!(await tab.texts('.room .thing-title')).some((text) => text.startsWith('job')));
  },

  'the desk shows who runs': async (house) => {
    const { runs } = turnOf(read(await house.recording()), 2);
    const [run] = runs;
    const tab = await house.opened({ view: { at: run.at_ns + 1 } });
    await tab.until('the desk to be taken', (key) => {
      const node = document.querySelector('.desk');
      return node.classList.contains('is-running') && node.textContent.includes(key);
    }, run.work.item.key);
    assert.match(await desk(tab), /^▶ /);
  },

  'the ready line shows who was woken, in the order in which they run': async (house) => {
    const { runs } = turnOf(read(await house.recording()), 3);
    const tab = await house.opened({ view: { at: runs[0].at_ns } });
    const wanted = runs.slice(1).map((step) => step.work.item.key);
    await tab.until('the ready line to be there', (keys) => {
      const there = [...document.querySelectorAll('.line .chip')].map((node) => node.dataset.keys);
      return keys.every((key, i) => there[i] === key);
    }, wanted);
    assert.ok((await tab.texts('.line .chip')).every((text) => text.startsWith('◆ ')));
    // The first of the line is the next at the desk.
    await tab.keys('n');
    await tab.until('the next one to be at the desk', (key) => document
      .querySelector('.desk').textContent.includes(key), wanted[0]);
    assert.ok(!(await line(tab)).includes(wanted[0]), 'who is at the desk has left the line');
  },

  'who is woken flies from the waiting room to the line and on to the desk': async (house) => {
    const known = read(await house.recording());
    const { turn, runs } = turnOf(known, 2);
    const [{ work: { item: { key } } }] = runs;
    const tab = await house.opened({ view: { at: (turn.wait ?? turn).at_ns, step: 'event' } });
    await tab.until('it to wait', (who) => [...document.querySelectorAll('.room .chip')]
      .some((node) => node.dataset.keys.split('\n')[0] === who), key);
    // A flight is short: who flew is noted.
    await tab.evaluate(() => {
      window.flown = [];
      new MutationObserver((changes) => {
        for (const { addedNodes } of changes) {
          for (const node of addedNodes) {
            if (node.classList?.contains('flying')) window.flown.push(node.textContent);
          }
        }
      }).observe(document.body, { childList: true, subtree: true });
    });
    let told = await tab.text('#story .sub');
    const isAsleep = () => tab.evaluate((who) => [...document.querySelectorAll('.room .chip')]
      .some((node) => node.dataset.keys.split('\n')[0] === who), key);
    for (let i = 0; i < 40 && await isAsleep(); i += 1) {
      await tab.keys('n');
      told = await tab.until('a step', (before) => {
        const now = document.querySelector('#story .sub').textContent;
        return now === before ? null : now;
      }, told);
    }
    await tab.until('it to be in the line or at the desk', (who) => [...document
      .querySelectorAll('#lines .chip')].some((node) => node.dataset.keys === who), key);
    await tab.until('it to have flown', (who) => (
      window.flown.some((text) => text.includes(who))), key);
  },

  'the deferred line counts the calls that other threads have left': async (house) => {
    const known = read(await house.recording());
    const { recording, moments } = known;
    let found = null;
    const deferred = (ns) => {
      const { deferred: all } = moments.at(ns);
      return all?.length ?? all;
    };
    for (let i = recording.turnCount - 2; i > 0 && found === null; i -= 1) {
      const turn = recording.turn(i);
      for (const step of turn.steps) {
        if (deferred(step.at_ns) > 0) found = step.at_ns;
      }
    }
    assert.notEqual(found, null, 'the recording has an instant with a call in line');
    const tab = await house.opened({ view: { at: found } });
    const count = deferred(found);
    await tab.until('the deferred line to count them', (text) => [...document
      .querySelectorAll('.line-row')].at(-1).textContent === text,
    `Deferred◆ ${count} ${count === 1 ? 'call' : 'calls'}`);
  },
};
