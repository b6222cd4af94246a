// Gestures on a program that idles, hangs, stops, ends, or has another loop; and what it is told.

import assert from 'node:assert/strict';
import path from 'node:path';
import { kill } from 'node:process';

import { Recording, writeFile } from '../../../inspector/page/model/index.js';
import { isAt, playhead, read, rows, selected } from '../../../tools/page/sights.mjs';

/** What a browser logs when nobody is there any more. */
const GONE = /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket connection/;

const alarm = (tab) => tab.evaluate(() => {
  const node = document.querySelector('#alarm');
  return node.hidden ? null : {
    text: [...node.querySelectorAll('p span')].map((part) => part.textContent).join(''),
    width: node.querySelector('.alarm-bar').getBoundingClientRect().width,
  };
});

/** Whether the alarm says something like that. */
const says = async (tab, pattern) => pattern.test((await alarm(tab))?.text ?? '');

/** The state of a loop that sleeps until a timer or a listener: the tour's, with that changed. */
async function idle(house, more = {}) {
  const { row, process } = read(await house.recording());
  const server = row.tasks.find(({ name }) => name === 'server');
  const listener = row.sources.find(({ id }) => id === server.waits[0].on.id);
  const ticker = row.tasks.find(({ name }) => name === 'ticker');
  const timer = row.timers.find(({ task }) => task === ticker.id) ?? row.timers[0];
  const due = { ...ticker.waits[0].on, at_ns: 6.2e9 };
  const waits = [{ ...ticker.waits[0], on: due }];
  return {
    process: { ...process, control: false, ...more }, host_queues: [],
    loops: [{
      ...row, stall: null, clock_ns: 5e9, sources: [listener],
      tasks: [server, { ...ticker, waits }],
      as_of: { ...row.as_of, fresh: true, age_ms: 0 },
      now: { phase: 'wait', turn: row.turn, item: null, task: null, awaits: null, born: null },
      timers: [{ ...timer, in_ns: 1_200_000_000, at_ns: 6.2e9 }],
    }],
  };
}

async function hanging(house) {
  const stall = await house.start('stall', '--work', '2', '--seconds', '60');
  const tab = await house.watching(stall);
  await tab.wait('the alarm', async () => (await alarm(tab))?.text.includes('sleeper'));
  return { stall, tab };
}

/** A recording that ends while the second of many workers is at work, for two seconds then. */
async function inTheMiddle(house) {
  const { recording, names, row, process, loop } = read(await house.hung());
  for (let i = recording.turnCount - 2; i > 0; i -= 1) {
    const turn = recording.turn(i);
    const runs = [];
    recording.eachRun(turn.at_ns, turn.at_ns + turn.took_ns, (at, took, item, outcome, number) => {
      if (at < turn.at_ns || item.kind !== 'task') return;
      runs.push({ at, took, item: { ...item }, number });
    });
    if (runs.length < 100 || runs.length > 101) continue;
    const [first, second, ...rest] = runs;
    const cut = new Recording();
    const bytes = recording.events.bytes().slice(0, (first.number + 1 - recording.first) * 32);
    cut.append({ first: recording.first, lost: recording.lost, turnNow: turn.number, bytes });
    cut.setNow({
      underWay: { item: second.item, phase: 'run', turn: turn.number },
      nowNs: first.at + first.took + 2e9,
    });
    const who = { item: names.item(second.item), task: second.item.key, turn: turn.number };
    const state = {
      ...row, stall: { ...row.stall, ...who, for_ms: 2000 }, now: { ...row.now, ...who },
    };
    const text = writeFile({ recording: cut, names, row: state, process, loop });
    const behind = rest.map(({ item }) => item.key);
    const [ran, hangs] = [first.item.key, second.item.key];
    return { file: house.write('middle.trace.json', text), ran, second: hangs, behind };
  }
  throw new Error('no turn ran all the workers');
}

export default {
  'the first paint of an idle loop says that it sleeps and when it will wake': async (house) => {
    const state = await idle(house);
    const program = await house.standIn({ state: () => state });
    const tab = await house.tab();
    await tab.go(program.watched);
    const middle = await tab.until('the middle of the ring to say so', () => {
      const { textContent: text } = document.querySelector('.ring-middle');
      return text.startsWith('○ asleep') ? text : null;
    });
    assert.match(middle, /^○ asleepwill wake in (1\.\d+ s|\d+ ms), for the timer of \w+\.rs:\d+, /);
    assert.match(middle, /, or when listener 0 is ready$/);
    await tab.until('the room to be there', () => (
      document.querySelectorAll('.room .chip').length >= 2));
    await tab.until('the ring to be all calm grey', () => (
      !document.querySelector('.arc[data-keys="phase wait"]').classList.contains('is-hollow')
      && document.querySelectorAll('.arc.is-hollow').length === 7));
    assert.match(await tab.text('.story-now'), /^Now: asleep, will wake in /);
    if (house.shots) await tab.shot(path.join(house.shots, 'idle.png'));
    program.close();
  },

  'a loop that hangs raises a red bar that grows': async (house) => {
    const { stall, tab } = await hanging(house);
    const first = await alarm(tab);
    assert.match(first.text, /^✖ task #\d+\.\d+ sleeper has held the loop for [\d.]+ m?s$/);
    const later = await tab.wait('the bar to grow', async () => {
      const now = await alarm(tab);
      return now.width > first.width + 100 ? now : null;
    });
    assert.notEqual(later.text, first.text, 'the words count on');
    const red = await tab.evaluate(() => getComputedStyle(document.querySelector('.alarm-bar'))
      .backgroundColor + getComputedStyle(document.querySelector('.alarm-bar')).backgroundImage);
    assert.match(red, /rgb\(200, 32, 42\)/);
    if (house.shots) await tab.shot(path.join(house.shots, 'stuck.png'));
    stall.end();
    tab.allow(GONE);
  },

  'all panels tell the same of how long the loop has been held': async (house) => {
    const { stall, tab } = await hanging(house);
    const seen = await tab.evaluate(() => new Promise((resolve) => {
      const places = ['#alarm p', '.ring-middle', '.desk', '.story-now', '#detail .stall'];
      const found = [];
      const begin = performance.now();
      const look = () => {
        found.push(places.map((one) => (
          /for ([\d.]+ (ms|s|min))/.exec(document.querySelector(one)?.textContent)?.[1])));
        if (performance.now() - begin < 2500) requestAnimationFrame(look);
        else resolve(found);
      };
      look();
    }));
    // A frame that is late draws the rest in the next one.
    const same = seen.filter(([first, ...others]) => first && others.every((one) => one === first));
    assert.ok(same.length > seen.length * 0.7, `${same.length} of ${seen.length} frames`);
    assert.ok(new Set(same.map(([first]) => first)).size > 2, 'it counts on');
    stall.end();
    tab.allow(GONE);
  },

  'the detail names the task that holds the loop while it lasts': async (house) => {
    const { stall, tab } = await hanging(house);
    const told = await tab.until('the detail to name it', () => (
      document.querySelector('#detail .stall')?.textContent));
    assert.match(told, /^✖ The loop is stuck\. task #\d+\.\d+ sleeper has held it for /);
    assert.match(told, /, in phase run\. Nothing else can run/);
    await tab.until('the ring and the desk to name it', () => (
      document.querySelector('.ring-middle').textContent.startsWith('✖ stuck')
      && /^✖ task #\d+\.\d+ sleeper/.test(document.querySelector('.desk').textContent)));
    // Whatever is selected, it stays.
    await tab.keys('j');
    await tab.until('another task to be selected', () => (
      document.querySelector('.task-row[aria-selected="true"]')));
    await tab.until('the detail to name it still', () => (
      document.querySelector('#detail .stall')?.textContent.includes('sleeper')));
    await tab.press('#alarm button');
    await tab.until('it to be shown', () => (
      /^task #\d+\.\d+ sleeper$/.test(document.querySelector('#detail-title').textContent)));
    stall.end();
    tab.allow(GONE);
  },

  'who stands in line behind the one that hangs is shown': async (house) => {
    const { file, ran, second, behind } = await inTheMiddle(house);
    const tab = await house.opened({ recording: { file } });
    await tab.until('the one that hangs to be at the desk', (key) => (
      document.querySelector('.desk').textContent.includes(`${key} `)), second);
    const line = await tab.until('the ready line to be long', () => {
      const chips = [...document.querySelectorAll('.line .chip')];
      return chips.length > 5 ? chips.map((node) => node.dataset.keys) : null;
    });
    assert.deepEqual(line, behind.slice(0, line.length), `${ran} has run, ${second} hangs`);
    assert.equal(await tab.evaluate(() => document.querySelector('.line').lastChild.textContent),
      `and ${behind.length - line.length} more`);
    // What is counted must be seen, too.
    const isSeen = await tab.evaluate(() => {
      const outer = document.querySelector('.line').getBoundingClientRect();
      const { bottom } = document.querySelector('.line').lastChild.getBoundingClientRect();
      return bottom <= outer.bottom + 1;
    });
    assert.ok(isSeen, 'how many more there are is in sight');
    assert.match(await tab.text('#ring-title'), /2\.\d+ s, and not over/);
    assert.equal(await tab.evaluate(() => document.querySelectorAll('.arc.is-fault').length), 1);
  },

  'when a loop goes on the page says whom it had waited for, and how long': async (house) => {
    const state = await idle(house);
    const [calm] = state.loops;
    const [server] = calm.tasks;
    const item = `task ${server.id} \`server\``;
    const now = {
      phase: 'run', turn: calm.turn + 1, item, task: server.id, awaits: null, born: null,
    };
    const begun = Date.now();
    let isHanging = true;
    const hangs = () => ({
      ...calm, now, as_of: { ...calm.as_of, fresh: false },
      stall: {
        ...now, for_ms: 1000 + Date.now() - begun, thread: null,
        awaits: server.awaits, born: server.born,
      },
    });
    const program = await house.standIn({
      state: () => ({ ...state, loops: [isHanging ? hangs() : calm] }),
    });
    const tab = await house.tab();
    await tab.go(program.watched);
    await tab.wait('the alarm', async () => /server has held the loop for \d/
      .test((await alarm(tab))?.text ?? ''));
    await tab.until('the detail to name it', () => document.querySelector('#detail .stall'));
    isHanging = false;
    await tab.wait('the end of it', () => says(
      tab, /It is over: task \S+ server had held the loop for [\d.]+ s/,
    ));
    await tab.until('the detail to name it no more', () => (
      document.querySelector('#detail .stall') === null));
    await tab.press('#alarm button');
    await selected(tab, server.id);
    program.close();
  },

  'what is drawn, sent and dropped is counted in sight': async (house) => {
    const tab = await house.watching();
    const counts = () => tab.evaluate(() => document.querySelector('.counts').textContent
      .replace(/\u202f/g, '').match(/\d+/g).map(Number));
    const [, first] = await counts();
    await tab.wait('all that was sent to be drawn or dropped', async () => {
      const [drawn, sent, dropped] = await counts();
      return sent > first + 200 && drawn + dropped === sent;
    });
    const said = (await tab.text('.counts')).replace(/\u202f/g, '');
    assert.match(said, /^\d+ of \d+ events drawn, \d+ dropped$/);
  },

  'a program that is stopped is told from a loop that hangs': async (house) => {
    const tour = await house.start('tour', '--seconds', '600');
    const tab = await house.watching(tour);
    kill(tour.pid, 'SIGSTOP');
    await tab.wait('the alarm', () => says(
      tab, /no heartbeat for .* s: the program is stopped or gone/,
    ));
    kill(tour.pid, 'SIGCONT');
    await tab.wait('the alarm to end', async () => await alarm(tab) === null);
    tour.end();
    tab.allow(GONE);
  },

  'a program that ends leaves its recording, and that can be used': async (house) => {
    const tour = await house.start('tour', '--seconds', '600');
    const tab = await house.watching(tour);
    tab.allow(GONE);
    tour.end();
    await tab.wait('the page to say that it has ended', async () => (
      /the program has ended.*what was recorded stays here/.test((await alarm(tab))?.text ?? '')));
    assert.equal(await tab.text('.feed-state'), '■ ended');
    const end = await playhead(tab);
    await tab.keys('p');
    await tab.wait('a step back', async () => await playhead(tab) < end);
    const at = await playhead(tab);
    await tab.keys('p');
    await tab.wait('another', async () => await playhead(tab) < at);
    await tab.keys('n');
    await isAt(tab, at);
    assert.ok((await tab.texts('.sentences li')).length > 0);
    await tab.keys('j', 'w');
    await tab.until('an answer', () => document.querySelector('#why-ran li'));
    // It can be kept: the page writes it by itself.
    await tab.saveTo(house.folder);
    await tab.keys('e');
    const file = await tab.wait('the file', async () => {
      const done = tab.downloads.find((one) => one.state === 'completed');
      return done ? path.join(house.folder, done.suggestedFilename) : null;
    });
    const other = await house.opened({ recording: { file } });
    const known = (await rows(tab)).length;
    await other.wait('all tasks to be there', async () => (await rows(other)).length === known);
  },

  'another loop of the process can be chosen': async (house) => {
    const tab = await house.watching();
    const title = () => tab.text('#detail-title');
    const first = await title();
    const choices = await tab.texts('[aria-label="Which loop"] option');
    assert.equal(choices.length, 2);
    const other = choices.map((text) => text.match(/\d+/)[0])
      .find((number) => !first.startsWith(`Loop ${number} `));
    await tab.keys('l');
    await tab.until('the other loop', (number) => (
      document.querySelector('#detail-title').textContent.startsWith(`Loop ${number} `))
      && document.querySelector('[aria-label="Which loop"]').value === number
      && document.querySelector('.feed-state').textContent === '● live', other);
    await tab.until('its own story', () => (
      document.querySelector('.sentences')?.textContent.includes('a call deferred')
      || document.querySelector('.story-before')?.textContent.includes('a call deferred')));
    await tab.keys('l');
    await tab.until('the first one again', (text) => (
      document.querySelector('#detail-title').textContent === text), first);
  },

  'no task can be cancelled where the program does not allow control': async (house) => {
    const tab = await house.watching();
    await tab.keys('j');
    await tab.until('the detail of a task', () => document.querySelector('#why-not'));
    assert.deepEqual(await tab.texts('#detail button.danger'), []);
    assert.match(await tab.text('#detail'), /control is off/, 'and the page says so');
  },

  'a task is cancelled by its button where control is allowed': async (house) => {
    const asked = [];
    const state = await idle(house, { control: true });
    const answers = [{ status: 200 }, { status: 405, error: 'control is off' }];
    const program = await house.standIn({
      state: () => state,
      cancel: (body) => {
        asked.push(body);
        return answers[asked.length - 1];
      },
    });
    const tab = await house.tab();
    await tab.go(program.watched);
    await tab.wait('the tasks', async () => (await rows(tab)).length === 2);
    await tab.keys('j');
    const [{ key }] = await rows(tab);
    await selected(tab, key);
    await tab.until('the button', (id) => document.querySelector('#detail button.danger')
      ?.textContent === `Cancel ${id}`, key);
    await tab.press('#detail button.danger');
    await tab.until('what became of it', () => (
      document.querySelector('#detail [role="status"]')?.textContent === ' It was asked to end.'));
    assert.deepEqual(asked, [{ loop: state.loops[0].loop.number, task: key }]);
    // Another one is refused, and the page says why; so does the browser.
    tab.allow(/405 .*\/cancel/);
    await tab.keys('j');
    const next = (await rows(tab))[1].key;
    await selected(tab, next);
    await tab.until('the button', (id) => document.querySelector('#detail button.danger')
      ?.textContent === `Cancel ${id}`, next);
    await tab.press('#detail button.danger');
    await tab.until('why not', () => document.querySelector('#detail [role="status"]')
      ?.textContent === ' Refused: control is off.');
    program.close();
  },

  'the loop is stopped, stepped and let go where control is allowed, and nowhere else': async (
    house,
  ) => {
    const without = await house.watching();
    assert.equal(await without.text('#pace:not([hidden])').catch(() => null), null);
    await without.keys('x');
    await without.until('why not', () => (
      document.querySelector('#note')?.textContent.includes('Control is off')));
    const asked = [];
    const state = await idle(house, { control: true });
    const [{ loop: { number } }] = state.loops;
    const at = (turn, within) => ({
      ordered: true, stopped: { turn, within, next: 'task #1.1 `second`', task: '#1.1', by: null },
    });
    const answers = {
      '/pause': () => at(7, false), '/resume': () => ({ ordered: false, stopped: null }),
      '/step': ({ to }) => at(8, to === 'item'),
    };
    const program = await house.standIn({
      state: () => state,
      order: (path, body) => {
        asked.push([path, body]);
        const answer = answers[path](body);
        state.loops[0].pace = answer.ordered ? answer : null;
        return { status: 200, answer };
      },
    });
    const tab = await house.tab();
    await tab.go(program.watched);
    const says = (text) => tab.until(text, (wanted) => (
      document.querySelector('#pace [role="status"]')?.textContent === wanted), text);
    await tab.until('the button', () => (
      document.querySelector('#pace:not([hidden]) button')?.textContent === 'stop the loop'));
    await tab.press('#pace button');
    await says('The loop stands behind turn 7; next is task #1.1 second.');
    assert.equal(await tab.text('#pace button[aria-pressed="true"]'), 'go on');
    await tab.keys('i');
    await says('The loop stands within turn 8, before task #1.1 second.');
    await tab.keys('u');
    await says('The loop stands behind turn 8; next is task #1.1 second.');
    await tab.keys('x');
    await says('');
    assert.deepEqual(asked, [
      ['/pause', { loop: number }], ['/step', { loop: number, to: 'item' }],
      ['/step', { loop: number, to: 'turn' }], ['/resume', { loop: number }],
    ]);
    program.close();
  },

  'what the lints have found is a line that opens, and goes to the task': async (house) => {
    const asked = [];
    const state = await idle(house, { control: true });
    const [row] = state.loops;
    const task = row.tasks[0].id;
    const program = await house.standIn({
      state: () => state,
      order: (path, body) => {
        asked.push([path, body]);
        return { status: 200, answer: { ordered: true, stopped: null } };
      },
    });
    const tab = await house.tab();
    await tab.go(program.watched);
    await tab.until('the state', () => document.querySelectorAll('.task-row').length > 0);
    assert.equal(await tab.text('#faults:not([hidden])').catch(() => null), null);
    const fault = {
      lint: 'lost-wake', task, subject: `task ${task} server`, place: 'src/main.rs:7',
      reason: 'waits, and nobody holds its waker any more', turn: 3, at_ns: 5e9, times: 2,
      why: 'Nobody holds its waker any more.', chapter: 'examples/ch04_a_waker_is_a_note.rs',
    };
    row.lint = { on: true, since_ns: 0, findings: [fault], more: 0 };
    await tab.until('the line', () => document.querySelector('#faults:not([hidden]) summary')
      ?.textContent.endsWith('1 fault found: lost-wake'));
    await tab.press('#faults summary');
    const text = await tab.text('#faults li');
    for (const part of ['lost-wake, 2 times', 'At src/main.rs:7.', 'See examples/ch04']) {
      assert.ok(text.includes(part), `${part}: ${text}`);
    }
    await tab.press('#faults li');
    await selected(tab, task);
    await tab.keys('F');
    await tab.until('the order', () => (
      document.querySelector('#pace [role="status"]')?.textContent.includes('has not stopped')));
    assert.deepEqual(asked, [['/step', { loop: row.loop.number, to: 'lint' }]]);
    program.close();
  },
};
