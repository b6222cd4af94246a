// Detail: what is known of the selected thing, and the answers to two questions: why did it run,
// why is it not running.
//
// With nothing selected it tells of the loop. While the loop hangs it tells who holds it, whatever
// is selected. Promises an answer for every key that the page shows.

import { about, el } from './dom.js';
import { histogram } from './histogram.js';
import { jobOf, lastsNs } from './jobs.js';
import { isTask, keyOfSource } from './keys_of.js';
import { Whole, placeWithSource } from './source.js';
import {
  PICTURE, SIGN, STATE_MEANS, TERM, count, lasting, percent, plural, shortName, shown, stateOf,
  time,
} from './words.js';

/** So many steps of an answer are shown. */
const STEPS_MAX = 12;
/** While the page goes along, the detail changes this often. */
const EVERY_MS = 700;

export class Detail {
  topics = ['select', 'scene', 'row', 'mode', 'held'];

  constructor(root, { store, scene, sources, model, cancel }) {
    Object.assign(this, { root, store, scene, sources, model, cancel });
    this.drawnMs = -Infinity;
    this.whole = new Whole(store, sources);
    this.title = el('h2', { id: 'detail-title' }, 'Detail');
    this.body = el('div', { class: 'detail-body' });
    /** Answers that were folded by hand. */
    this.folded = new Set();
    this.isHeld = false;
    this.drawnKey = null;
    root.append(this.title, this.body);
    this.body.addEventListener('pointerdown', () => { this.isHeld = true; });
    for (const end of ['pointerup', 'pointercancel']) {
      addEventListener(end, () => setTimeout(() => { this.isHeld = false; }));
    }
  }

  draw(changed) {
    const nowMs = performance.now();
    const isStep = changed.has('scene') && !this.store.isFollowing;
    const isUrgent = changed.has('select') || changed.has('mode') || isStep
      || changed.has('held');
    // Who reads, presses or has the keyboard in it is not disturbed.
    if (this.isHeld) return true;
    if (!isUrgent && (nowMs - this.drawnMs < EVERY_MS || this.isInUse())) return false;
    this.drawnMs = nowMs;
    // Of what was shown already the same part stays in sight.
    const top = this.store.selected === this.drawnKey ? this.body.scrollTop : 0;
    this.drawnKey = this.store.selected;
    const parts = this.parts().flat().filter(Boolean);
    this.body.replaceChildren(...parts);
    this.body.scrollTop = top;
    return false;
  }

  isInUse() {
    const chosen = document.getSelection();
    const isRead = chosen && !chosen.isCollapsed && this.body.contains(chosen.anchorNode);
    return isRead || this.body.contains(document.activeElement);
  }

  /** An answer that can be folded, and stays as it was left. */
  answer(id, title, isOpen, className, ...children) {
    const open = isOpen && !this.folded.has(id);
    const node = el('details', { open, class: className, id }, title, ...children);
    node.addEventListener('toggle', () => {
      if (node.isConnected && node.open) this.folded.delete(id);
      else if (node.isConnected) this.folded.add(id);
    });
    return node;
  }

  parts() {
    const { store } = this;
    const stall = store.row?.stall ? this.stall(store.row.stall) : null;
    const key = store.selected;
    if (!store.row && !store.hasEvents) return [empty()];
    if (key === null) return [stall, this.loop()];
    if (isTask(key)) return [stall, this.task(key)];
    if (key.startsWith('source ')) return [stall, this.source(key)];
    if (key.startsWith('timer ')) return [stall, this.timer(key)];
    if (key.startsWith('job ')) return [stall, this.job(key)];
    return [stall, el('p', {}, key)];
  }

  stall(stall) {
    this.title.textContent = 'Detail';
    const who = about(el('strong', {}, shown(stall.item)), stall.task);
    return el('div', { class: 'stall' },
      el('p', {}, `${SIGN.fault} The loop is stuck. `, who,
        ` has held it for ${lasting(this.store.heldMs())}, since turn ${count(stall.turn)}, `
        + `in phase ${stall.phase}. Nothing else can run until it gives way.`),
      stall.thread ? el('p', {}, `Its thread: ${stall.thread}.`) : null,
      placeWithSource(this.sources, 'it hangs somewhere behind its last wait, at', stall.awaits),
      placeWithSource(stall.awaits ? null : this.sources, 'spawned at', stall.born));
  }

  task(key) {
    const { store } = this;
    const task = store.row?.tasks?.find((one) => one.id === key);
    const ended = store.row?.recorded?.ended?.find((one) => one.id === key);
    const name = store.names.task(key);
    this.title.textContent = name.replace(/`/g, '');
    const then = store.isFollowing ? null : this.scene.moment?.tasks.get(key);
    const stateName = then?.state ?? task?.state ?? (ended ? 'finished' : null);
    const state = stateName ? stateOf(stateName) : 'done';
    const since = then ? ` for ${time(Math.max(0, this.scene.moment.ns - then.since_ns))}` : '';
    const means = STATE_MEANS[state];
    const known = stateName ? `${SIGN[state]} ${means.replace(':', `${since}:`)}`
      : 'It is not in the newest state, nor among those that ended last.';
    return [
      el('p', { class: `ink-${state}` }, known),
      this.why(key),
      this.whyNot(key, task, state),
      task ? this.facts(task) : null,
      ended ? el('p', {}, `It ended after ${plural(ended.polls, 'poll')}.`) : null,
      this.places(task ?? ended),
      ...this.histograms(task),
      this.wokenBy(key),
      task && store.source === 'live' ? this.cancelling(task) : null,
    ].flat();
  }

  /** The pushes leave the bars out: they are asked for, of what is looked at. */
  histograms(task) {
    if (!task?.times) return [];
    const times = task.times.polls.buckets ? task.times : this.whole.of(task.id) ?? task.times;
    return [
      histogram('How long it ran', times.polls, TERM.poll),
      histogram('How long it stood in line', times.delays, TERM.delay),
    ];
  }

  facts(task) {
    const busy = task.times
      ? `, busy ${time(task.times.busy_ns)}, in line ${time(task.times.scheduled_ns)}, `
        + `waiting ${time(task.times.idle_ns)}` : '';
    const held = task.state === 'waiting' && task.wakers === 0
      ? `${SIGN.fault} nobody holds its waker: nothing can wake it`
      : `${plural(task.wakers, 'waker')} held`;
    const woken = task.woken_by ? `; last woken by ${shown(task.woken_by)}` : '';
    return el('p', { title: `${TERM.poll} ${TERM.waker}` },
      `${plural(task.polls, 'poll')}, ${plural(task.wakes, 'wake')}${busy}; ${held}${woken}.`,
      task.parent ? ' Spawned by ' : '',
      task.parent ? about(el('b', {}, task.parent), task.parent) : '');
  }

  places(task) {
    return task ? [
      placeWithSource(this.sources, 'waits at', task.awaits),
      placeWithSource(this.sources, 'spawned at', task.born),
    ] : [];
  }

  why(key) {
    const { store } = this;
    if (!store.hasEvents) return null;
    const before = store.isFollowing ? Infinity : store.ns;
    const { steps } = this.model.whyRan(store.recording, store.names, key, before);
    const items = steps.slice(0, STEPS_MAX).map((step) => {
      const button = el('button', { type: 'button', class: 'quiet', title: 'Go there' }, '⤷');
      button.addEventListener('click', () => store.goTo(step.at_ns));
      return about(el('li', {}, button, ` ${shown(step.text)}.`), ...(step.keys ?? []));
    });
    const more = steps.length - items.length;
    if (items.length === 0) items.push(el('li', {}, 'It has not run while it was recorded.'));
    if (more > 0) items.push(el('li', {}, `and so on, ${plural(more, 'step')} back`));
    const title = el('summary', {}, 'Why did it run?', el('kbd', {}, 'w'));
    return this.answer('why-ran', title, true, 'why', el('ol', {}, ...items));
  }

  whyNot(key, task, state) {
    const { store } = this;
    const then = this.then(key);
    const past = then ? this.thenTold(then) : [];
    const isTold = then?.isEnough || !task || !store.row?.tasks;
    if (!then && isTold) return null;
    const { items, isCycle } = isTold ? { items: [] } : this.whyNotNow(key);
    const text = isCycle ? `${SIGN.fault} They wait for each other: none can run `
      : 'Why is it not running? ';
    const title = el('summary', {}, text, el('kbd', {}, 'y'));
    const className = isCycle ? 'why is-cycle' : 'why';
    const list = items.length > 0 ? el('ul', {}, ...items) : null;
    return this.answer('why-not', title, state !== 'done', className, ...past, list);
  }

  /** What the recording says of it, where the playhead is in the past. */
  then(key) {
    const { store, scene } = this;
    if (!scene.moment || !isPast(store)) return null;
    const told = this.model.whyWaited(store.recording, store.names, scene.moment, key);
    if (!told) return null;
    const state = scene.moment.tasks.get(key)?.state;
    return { ...told, isEnough: told.next !== null || state === 'running' || state === 'done' };
  }

  /** Where it was not woken any more it waits for the same still. */
  thenTold({ text, keys, next, isEnough }) {
    const { store } = this;
    const button = el('button', {
      type: 'button', class: 'quiet', title: 'Go there', 'aria-keyshortcuts': 'Shift+C',
    }, '⤳');
    button.addEventListener('click', () => store.goToEvent(next));
    const told = about(el('p', { class: 'then' }, next === null ? null : button,
      ` ${shown(text)}.`, next === null ? null : el('kbd', {}, 'C')), ...keys);
    return [told, isEnough ? null : el('p', { class: 'sub' }, 'as of the newest state:')];
  }

  /** By the newest state. */
  whyNotNow(key) {
    const { store } = this;
    const { lines, isCycle } = this.model.whyWaits(store.row, key);
    const items = lines.slice(0, STEPS_MAX).map((line) => {
      const node = el('li', {}, shown(line.text));
      node.style.marginLeft = `${Math.min(line.depth ?? 0, 6) * 14}px`;
      return about(node, ...(line.keys ?? []));
    });
    return { items, isCycle };
  }

  /** Who woke it, counted over what is in sight. */
  wokenBy(key) {
    const { store } = this;
    if (!store.hasEvents) return null;
    const { from, to } = store.view();
    const share = (to - from) / Math.max(1, store.endNs - store.beginNs);
    if (store.recording.length * Math.min(share, 1) > 60_000) return null;
    const counts = new Map();
    store.recording.eachWake(from, to, (wake) => {
      if (wake.item.key !== key) return;
      const by = store.names.by(wake.by);
      counts.set(by, (counts.get(by) ?? 0) + 1);
    });
    if (counts.size === 0) return null;
    const list = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 5);
    const most = list[0][1];
    const rows = list.map(([by, times]) => {
      const bar = el('span', { class: 'by-bar' });
      bar.style.width = `${(times / most) * 90}px`;
      return el('li', {}, bar, ` ${plural(times, 'time')} by ${shown(by)}`);
    });
    return el('div', {}, el('b', {}, 'Woken in sight'), el('ul', { class: 'by' }, ...rows));
  }

  /** The button, or why there is none. */
  cancelling(task) {
    if (this.store.canControl) return this.cancelButton(task);
    return el('p', { class: 'sub' }, 'It can\'t be cancelled from here: control is off. A program '
      + 'allows it by Builder::allow_control(true).');
  }

  cancelButton(task) {
    const button = el('button', { type: 'button', class: 'danger' }, `Cancel ${task.id}`);
    const isAsked = this.asked?.id === task.id;
    button.disabled = isAsked;
    const said = el('span', { role: 'status' }, isAsked ? ` ${this.asked.said}` : '');
    button.addEventListener('click', async () => {
      this.asked = { id: task.id, said: 'It is being asked.' };
      this.asked.said = await this.cancel(task.id);
      this.store.note('select');
    });
    return el('p', {}, button, said);
  }

  source(key) {
    const source = this.store.row?.sources?.find((one) => keyOfSource(one.id) === key);
    this.title.textContent = this.store.names.source?.(key) ?? key;
    if (!source) return [el('p', {}, 'It is gone: the newest state does not have it.')];
    const waiters = source.waiters.map((one) => about(
      el('li', {}, `${one.task} waits to ${one.operation}`), one.task));
    const peer = source.peer ? `, connected to ${source.peer}` : '';
    return [
      el('p', {}, `A ${source.kind} source${peer}. The operating system tells the loop when it is `
        + `ready for ${source.interest}; it is ready for: ${source.readiness || 'nothing'}.`),
      el('ul', {}, ...(waiters.length > 0 ? waiters : [el('li', {}, 'nobody waits for it')])),
    ];
  }

  timer(key) {
    const place = key.slice('timer '.length);
    this.title.textContent = `Timers of ${place}`;
    const timers = (this.store.row?.timers ?? []).filter((one) => one.at === place);
    const rows = timers.slice(0, STEPS_MAX).map((one) => about(el('li', {},
      `${one.task ?? 'somebody'}: ${one.operation}, due in ${time(one.in_ns ?? Infinity)}`),
    one.task));
    return [
      el('p', {}, `${plural(timers.length, 'timer')} armed here at the newest state.`),
      el('ul', {}, ...rows), placeWithSource(this.sources, 'armed at', place),
    ];
  }

  job(key) {
    const { row, loop } = this.store;
    const job = jobOf(row, Number(key.slice('job '.length)));
    this.title.textContent = job ? `Job ${shortName(job.name)}` : 'A job';
    const untold = isAwaited(row, key) ? 'A task waits for it; the newest state says no more.'
      : 'It is over: the newest state does not have it.';
    if (!job) return [el('p', {}, untold)];
    const lasts = time(lastsNs({ row, nowNs: this.store.nowNs() }, job));
    const state = job.state === 'running' ? `A thread has run it for ${lasts}, beside the loop.`
      : `It has waited for a thread for ${lasts}: those of its pool are at other jobs.`;
    const isOwn = job.pool === loop?.made;
    return [
      shortName(job.name) === job.name ? null : el('p', { class: 'sub' }, job.name),
      el('p', { title: TERM.job }, state),
      el('ul', {}, job.task ? about(el('li', {}, `${job.task} waits for it`), job.task)
        : el('li', {}, 'no task of this loop waits for it')),
      placeWithSource(this.sources, 'offloaded at', job.born),
      isOwn ? el('p', {}, 'Its pool is the loop\'s own.')
        : placeWithSource(this.sources, 'its pool was made at', job.pool),
    ];
  }

  loop() {
    const { row, loop, recording } = this.store;
    this.title.textContent = loop ? `Loop ${loop.number} (${loop.thread ?? ''})` : 'The loop';
    const times = row?.recorded?.times;
    const counts = row?.counts;
    const wakes = counts?.wakes
      ? Object.entries(counts.wakes).filter(([, value]) => value > 0)
        .map(([by, value]) => `${count(value)} by ${by}`).join(', ') : '';
    return [
      el('p', { class: 'picture' }, PICTURE),
      el('p', {}, 'Select a task, a timer, a source or a job to learn about it. ',
        el('kbd', {}, '?'), ' shows all keys.'),
      times ? el('p', { title: TERM.busy },
        `Busy for ${percent(times.utilisation)} of ${time(times.elapsed_ns)}.`) : null,
      counts ? el('p', {}, `${plural(counts.spawned, 'task')} spawned, `
        + `${count(counts.finished)} finished, ${count(counts.panicked)} panicked, `
        + `${count(counts.cancelled)} cancelled; ${plural(counts.polls, 'poll')}; `
        + `woken ${wakes || 'never'}.`) : null,
      times ? histogram('How long a turn took', times.turns, TERM.turn) : null,
      times ? histogram('How long a poll took', times.polls, TERM.poll) : null,
      times ? histogram('How long the woken stood in line', times.delays, TERM.delay) : null,
      times ? histogram('How late timers were', times.lateness, 'From due to fired') : null,
      recording && loop?.made ? placeWithSource(this.sources, 'made at', loop.made) : null,
    ];
  }
}

/** Whether a task waits for what has this key, though the state tells of no such thing. */
function isAwaited(row, key) {
  const waits = ({ on }) => `${on?.kind} ${on?.number}` === key;
  return row?.tasks?.some((task) => task.waits.some(waits)) ?? false;
}

function isPast(store) {
  return store.hasEvents && !store.isFollowing && store.ns < store.endNs;
}

function empty() {
  return el('div', {}, el('p', { class: 'picture' }, PICTURE),
    el('p', {}, 'Nothing to show yet. Drop a recording here, or press o to open one.'));
}
