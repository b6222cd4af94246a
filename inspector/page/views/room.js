// Room: the waiting room: what is waited for, and who waits for it.
//
// Things keep their place while they live; those that nobody waits for stand together, at the end.
// Promises a bounded picture: what does not fit is counted. Who waits costs nothing: the calm grey
// says so.

import { about, attribute, el, keyed, setText, svg } from './dom.js';
import { lastsNs } from './jobs.js';
import { SIGN, STATE_MEANS, count, plural, shortPlace, shortSource, time } from './words.js';

const GROUPS_MAX = 60;
const TASKS_MAX = 6;
const FREE_MAX = 12;
/** So long a thing keeps its place when its last waiter has gone: most come back soon. */
const KEPT_MS = 4000;

/** A shape for each kind of thing that is waited for. */
const SHAPES = {
  source: 'M2 5h12v6h-12zM5 5v-3M11 5v-3M8 11v3',
  timer: 'M8 2a6 6 0 1 0 .01 0M8 5v3.4l2.4 1.6',
  task: 'M3 8h8M8 4l4 4-4 4',
  thread: 'M4 2c8 3-2 9 8 12M12 2c-8 3 2 9-8 12',
  job: 'M3 3h10v10h-10zM6 1v2M10 1v2M6 13v2M10 13v2',
  channel: 'M1 5h14M1 11h14M5 8h1M8 8h1M11 8h1',
  leaf: 'M8 3a3 3 0 1 1 0 6v1.5M8 13v.6',
};

const MEANS = {
  source: 'A source: a socket, pipe or signal that the operating system watches.',
  timer: 'A timer: the operating system wakes the loop when the first is due.',
  task: 'Another task: whoever waits is woken when it ends.',
  thread: 'Another thread: it calls the loop when it is done.',
  job: 'A job: work that blocks, on a thread of a pool. It calls the loop when it is done.',
  channel: 'A channel or a lock of the program.',
  later: 'The recording ends before these are woken: it does not say by what.',
  leaf: 'A future that is not of this loop: it does not say what it waits for.',
};

/** What is due for longer is held up. */
const LATE_NS = 20e6;

export class Room {
  topics = ['scene'];

  constructor(root, { store, scene }) {
    Object.assign(this, { root, store, scene });
    this.sub = el('span', { class: 'sub' });
    /** When each thing was last waited for. */
    this.waitedMs = new Map();
    this.list = el('ul', { class: 'room', 'aria-label': 'What is waited for, and by whom' });
    const title = el('h2', { id: 'room-title', title: STATE_MEANS.waiting },
      'Waiting room ', this.sub);
    root.append(title, this.list);
  }

  draw() {
    const { waits } = this.scene;
    const waiting = new Set(waits.flatMap((group) => group.tasks.map((task) => task.key)));
    const isPast = !this.isNow();
    setText(this.sub, waiting.size === 0 ? 'empty' : `${plural(waiting.size, 'task')} asleep, at `
      + `no cost${isPast ? '; by what woke them next' : ''}`);
    const { kept, free } = this.parted(waits);
    const things = kept.slice(0, GROUPS_MAX).map((group) => ({ group }));
    if (kept.length > GROUPS_MAX) things.push({ more: kept.length - GROUPS_MAX });
    if (free.length > 0) things.push({ free });
    keyed(this.list, things, (thing) => thing.group?.key ?? (thing.free ? 'free' : 'more'),
      (thing) => this.make(thing), (node, thing) => this.update(node, thing));
  }

  /** What is waited for, or was a moment ago, and what is not. */
  parted(waits) {
    const nowMs = performance.now();
    const since = this.store.isFollowing ? nowMs - KEPT_MS : nowMs;
    const old = this.waitedMs;
    this.waitedMs = new Map();
    for (const { key, tasks, job } of waits) {
      const isThere = tasks.length > 0 || job?.state === 'running';
      const lastMs = isThere ? nowMs : old.get(key) ?? -Infinity;
      if (lastMs >= since) this.waitedMs.set(key, lastMs);
    }
    const kept = waits.filter(({ key }) => this.waitedMs.has(key));
    const free = waits.filter(({ key }) => !this.waitedMs.has(key));
    return { kept, free };
  }

  make({ group, free }) {
    if (free) {
      const node = el('li', { class: 'thing is-free' }, 'Nobody waits for ');
      node.list = el('span');
      node.append(node.list);
      return node;
    }
    if (!group) return el('li', { class: 'is-empty' });
    const picture = svg('svg', { viewBox: '0 0 16 16', class: 'shape', 'aria-hidden': 'true' },
      svg('path', { d: SHAPES[group.kind] ?? SHAPES.leaf }));
    const node = el('li', { class: 'thing' });
    node.parts = {
      title: el('span', { class: 'thing-title' }),
      detail: el('span', { class: 'thing-detail' }),
      tasks: el('span', { class: 'thing-tasks' }),
    };
    const head = el('span', { class: 'thing-head', title: MEANS[group.kind], tabindex: '0' },
      picture, node.parts.title, node.parts.detail);
    about(head, group.key.replace(/^join /, ''));
    node.append(head, node.parts.tasks);
    return node;
  }

  update(node, { group, more, free }) {
    if (free) {
      const things = free.slice(0, FREE_MAX).map((one) => ({ one }));
      if (free.length > FREE_MAX) things.push({ more: free.length - FREE_MAX });
      keyed(node.list, things, ({ one }) => one?.key ?? 'more', () => el('span'), drawFree);
      return;
    }
    if (!group) {
      setText(node, `and ${plural(more, 'thing')} more`);
      return;
    }
    const { title, detail, tasks } = node.parts;
    setText(title, shortSource(group.title));
    attribute(title, 'title', group.title);
    setText(detail, this.detail(group));
    const things = group.tasks.slice(0, TASKS_MAX).map((task) => ({ task }));
    if (group.tasks.length > TASKS_MAX) things.push({ more: group.tasks.length - TASKS_MAX });
    if (group.tasks.length === 0) things.push({ nobody: true });
    keyed(tasks, things, (thing) => thing.task?.key ?? (thing.more ? 'more' : 'nobody'),
      () => el('span'), drawWaiter);
  }

  /** What is asked of it, for a timer when it is due, and for a job how long it has run. */
  detail(group) {
    if (group.job) {
      const { row } = this.store;
      return `${group.detail} for ${time(lastsNs({ row, nowNs: this.store.nowNs() }, group.job))}`;
    }
    if (group.due === null) return group.detail;
    const { store, scene } = this;
    const left = group.due - (this.isNow() ? store.nowNs() : scene.moment.ns);
    if (left > 0) return `in ${time(left)}`;
    return left < -LATE_NS ? `late by ${time(-left)}` : 'now due';
  }

  isNow() {
    const { store, scene } = this;
    return store.isFollowing || !scene.moment || scene.moment.ns >= store.endNs;
  }
}

function drawFree(node, { one, more }) {
  setText(node, one ? shortSource(one.title) : `${count(more)} more`);
  attribute(node, 'title', one ? `${one.title}: ${MEANS[one.kind]}` : null);
  about(node, one?.key);
}

function drawWaiter(node, { task, more }) {
  if (!task) {
    attribute(node, 'class', 'is-empty');
    setText(node, more ? `+${count(more)}` : 'nobody waits for it');
    return;
  }
  attribute(node, 'class', 'chip is-waiting');
  attribute(node, 'tabindex', '0');
  setText(node, `${SIGN.waiting} ${task.key} ${task.name}`.trimEnd());
  const at = task.at ? ` at ${shortPlace(task.at)}` : '';
  attribute(node, 'title', `${task.how}${at}`);
  about(node, task.key, task.at ? `place ${task.at}` : null);
}
