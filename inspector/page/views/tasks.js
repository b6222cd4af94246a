// Tasks: the tree of who spawned whom, with a filter; as few rows in the document as can be seen.
//
// Promises the same height for ten tasks and ten thousand. States are those of the instant that is
// shown; counts and times are those of the newest state.

import { about, attribute, el, keyed, setText } from './dom.js';
import { jobOfWait, lastsNs } from './jobs.js';
import { keyOfWait } from './keys_of.js';
import { SORTS } from './store.js';
import {
  SIGN, STATE_MEANS, TERM, count, plural, shortName, shortPlace, shortSource, stateOf, time,
} from './words.js';

const ROW_HEIGHT = 22;
const STATE_ORDER = { fault: 0, running: 1, ready: 2, waiting: 3, done: 4 };

export class Tasks {
  topics = ['row', 'scene', 'select', 'filter', 'mode', 'size'];

  constructor(root, { store, scene }) {
    Object.assign(this, { root, store, scene });
    this.sub = el('span', { class: 'sub' });
    this.input = el('input', {
      type: 'search', placeholder: 'filter: name, #3.9, waiting, place', id: 'filter',
      'aria-label': 'Filter tasks ( / )', autocomplete: 'off', spellcheck: 'false',
    });
    this.input.addEventListener('input', () => {
      store.filter = this.input.value;
      store.note('filter');
    });
    this.sort = el('select', { 'aria-label': 'Sort tasks' });
    for (const [value, text] of Object.entries(SORTS)) {
      this.sort.append(el('option', { value }, text));
    }
    this.sort.addEventListener('change', () => {
      store.sort = this.sort.value;
      store.note('filter');
    });
    const title = el('h2', { id: 'tasks-title' }, 'Tasks ', this.sub);
    root.append(el('div', { class: 'bar' }, title, this.input, this.sort), head());
    this.body = el('div', {
      class: 'task-rows', role: 'tree', 'aria-label': 'Tasks', tabindex: '0',
    });
    this.spacer = el('div', { class: 'task-spacer' });
    this.body.append(this.spacer);
    root.append(this.body);
    this.body.addEventListener('scroll', () => this.drawRows(), { passive: true });
    new ResizeObserver(() => store.note('size')).observe(this.body);
    this.rows = [];
    this.stateOf = () => 'waiting';
  }

  draw(changed) {
    const { store } = this;
    if (document.activeElement !== this.input && this.input.value !== store.filter) {
      this.input.value = store.filter;
    }
    if (this.sort.value !== store.sort) this.sort.value = store.sort;
    // Along with a loop that answers, states are those of the row alone.
    const isRow = store.isFollowing && store.row?.as_of?.fresh !== false;
    const isNew = ['row', 'mode', 'filter', isRow ? 'row' : 'scene']
      .some((topic) => changed.has(topic));
    const nowMs = performance.now();
    const isUrgent = changed.has('filter') || changed.has('mode');
    // A large table is sorted a few times a second at most.
    if (isNew && (isUrgent || nowMs - (this.listedMs ?? -1e9) > 400)) {
      this.listedMs = nowMs;
      this.list();
    }
    this.drawRows();
  }

  list() {
    const { store } = this;
    const tasks = store.row?.tasks ?? unnamed(this.scene.moment);
    // A loop that does not answer has an old state, and new events.
    const isStale = store.row?.as_of?.fresh === false;
    const past = store.isFollowing && !isStale ? null : this.scene.moment?.tasks;
    this.then = isRowTold(store) ? null : thenTold(this.scene.waits, store.ns);
    const words = store.filter.toLowerCase().split(/\s+/).filter(Boolean);
    const stateOfTask = (task) => stateAt(task, past);
    const isWanted = (task) => {
      const text = texts(task, stateOfTask(task));
      return words.every((word) => text.includes(word));
    };
    this.stateOf = stateOfTask;
    if (store.sort === 'tree' && words.length === 0) this.rows = this.tree(tasks);
    else {
      const wanted = words.length > 0 ? tasks.filter(isWanted) : tasks;
      this.rows = sorted(wanted, store.sort, stateOfTask);
    }
    const note = words.length > 0 ? `${count(this.rows.length)} of ` : '';
    setText(this.sub, `${note}${plural(tasks.length, 'task')}`);
    this.spacer.style.height = `${this.rows.length * ROW_HEIGHT}px`;
  }

  /** The tree; its order is kept while the tasks are the same. */
  tree(tasks) {
    const { order } = this;
    const isSame = order?.ids.length === tasks.length
      && tasks.every((task, i) => task.id === order.ids[i]);
    if (!isSame) this.order = { ids: tasks.map((task) => task.id), places: asTree(tasks) };
    return this.order.places.map(({ at, depth }) => ({ task: tasks[at], depth }));
  }

  drawRows() {
    const top = this.body.scrollTop;
    const first = Math.max(0, Math.floor(top / ROW_HEIGHT) - 4);
    const seen = Math.ceil((this.body.clientHeight || 200) / ROW_HEIGHT) + 8;
    const rows = this.rows.slice(first, first + seen).map((row, i) => ({ ...row, at: first + i }));
    keyed(this.spacer, rows, (row) => row.task.id, makeRow, (node, row) => this.update(node, row));
    const { selected } = this.store;
    const isThere = rows.some(({ task }) => task.id === selected);
    attribute(this.body, 'aria-activedescendant', isThere ? `row-${selected.slice(1)}` : null);
  }

  update(node, { task, depth, at }) {
    const { store } = this;
    const state = this.stateOf(task);
    node.style.transform = `translateY(${at * ROW_HEIGHT}px)`;
    attribute(node, 'id', `row-${task.id.slice(1)}`);
    attribute(node, 'aria-selected', store.selected === task.id ? 'true' : 'false');
    attribute(node, 'aria-level', depth + 1);
    attribute(node, 'aria-posinset', at + 1);
    attribute(node, 'aria-setsize', this.rows.length);
    const [sign, name, polls, busy, delay, waits, place] = node.children;
    attribute(sign, 'class', `ink-${state}`);
    setText(sign, SIGN[state]);
    attribute(sign, 'title', STATE_MEANS[state]);
    name.firstChild.style.paddingLeft = `${Math.min(depth, 8) * 12}px`;
    setText(name.firstChild, `${task.id} `);
    setText(name.lastChild, shortName(task.name, 44));
    attribute(name, 'title', task.name);
    setText(polls, task.polls === null ? '' : count(task.polls));
    setText(busy, task.times ? time(task.times.busy_ns) : '');
    setText(delay, task.times?.delays?.p99_ns ? time(task.times.delays.p99_ns) : '');
    const wait = task.waits?.[0];
    const now = wait && state === 'waiting' ? told(task.waits, store) : '';
    setText(waits, this.then ? this.then.get(task.id) ?? '' : now);
    setText(place, task.awaits ?? task.born ? shortPlace(task.awaits ?? task.born) : '');
    attribute(place, 'title', task.awaits ? `waits at ${task.awaits}` : null);
    // The names of the columns are for the eye alone.
    attribute(node, 'aria-label', [
      `${task.id} ${task.name}, ${state}`, ...labelled([polls, busy, delay, waits, place]),
    ].join(', '));
    about(node, task.id, wait ? keyOfWait(wait) : null,
      task.awaits ? `place ${task.awaits}` : null);
  }

  /** Selects the row so many below the one that is selected. */
  move(by) {
    if (this.rows.length === 0) return;
    const at = this.rows.findIndex((row) => row.task.id === this.store.selected);
    const next = Math.min(Math.max(at < 0 ? 0 : at + by, 0), this.rows.length - 1);
    this.store.select(this.rows[next].task.id);
    this.reveal(next);
  }

  /** Scrolls to a row. */
  reveal(at = this.rows.findIndex((row) => row.task.id === this.store.selected)) {
    if (at < 0) return;
    const y = at * ROW_HEIGHT;
    const height = this.body.clientHeight;
    if (y < this.body.scrollTop) this.body.scrollTop = y;
    else if (y + ROW_HEIGHT > this.body.scrollTop + height) {
      this.body.scrollTop = y + ROW_HEIGHT - height;
    }
  }
}

/** The columns behind the sign and the name, and what they mean. */
const COLUMNS = [
  ['polls', TERM.polls], ['busy', 'How long it ran in all'], ['in line', TERM.late],
  ['waits on', 'What will wake it'], ['at', 'Where in the source it waits'],
];

function head() {
  const column = ([text, title]) => el('span', { title }, text);
  return el('div', { class: 'task-row task-head', 'aria-hidden': 'true' },
    el('span'), ...[['task', `Its number and name. ${TERM.id}`], ...COLUMNS].map(column));
}

/** The cells that say something, each with the name of its column. */
function labelled(cells) {
  return cells.map(({ textContent }, i) => `${COLUMNS[i][0]} ${textContent}`)
    .filter((_, i) => cells[i].textContent !== '');
}

function makeRow() {
  const cells = [el('span'), el('span', { class: 'task-name' }, el('i'), el('span'))];
  for (let i = 0; i < 3; i += 1) cells.push(el('span', { class: 'number' }));
  cells.push(el('span', { class: 'task-waits' }), el('span', { class: 'task-at' }));
  return el('div', { class: 'task-row', role: 'treeitem' }, ...cells);
}

/** The tasks of a recording without a state: all that is known are their keys. */
function unnamed(moment) {
  return [...(moment?.tasks ?? [])].map(([id, task], birth) => ({
    id, birth, name: '', parent: null, state: task.state, polls: null, waits: [], times: null,
  }));
}

/** Whether the instant that is shown is that of the row. */
function isRowTold(store) {
  return store.isFollowing || store.ns >= store.endNs;
}

/** What tasks waited for at an instant of the past. */
function thenTold(waits, ns) {
  const then = new Map();
  for (const { title, due, tasks } of waits) {
    const when = due === null ? '' : `, in ${time(due - ns)}`;
    for (const { key } of tasks) then.set(key, `${shortSource(title)}${when}`);
  }
  return then;
}

function told([wait, ...rest], store) {
  const more = rest.length > 0 ? ` and ${rest.length} more` : '';
  const due = wait.on?.kind === 'timer' ? wait.on.at_ns : null;
  const now = store.nowNs();
  const job = jobOfWait(store.row, wait);
  if (job) {
    const lasts = time(lastsNs({ row: store.row, nowNs: now }, job));
    return `${wait.operation}, ${job.state} for ${lasts}: job ${shortName(job.name)}${more}`;
  }
  if (due === null) return `${wait.operation} ${wait.of}${more}`;
  return due > now ? `${wait.operation}, due in ${time(due - now)}${more}`
    : `${wait.operation}, a timer${more}`;
}

function stateAt(task, past) {
  const then = past?.get(task.id);
  if (then) return stateOf(then.state);
  return past && past.size > 0 && task.state === 'finished' ? 'done' : stateOf(task.state);
}

function texts(task, state) {
  const waits = (task.waits ?? []).map((wait) => `${wait.operation} ${wait.of} ${wait.at}`);
  return `${task.id} ${task.name} ${state} ${task.born} ${task.awaits} ${waits}`.toLowerCase();
}

/** The places of tasks as a tree: each below who spawned it, in the order of birth. */
function asTree(tasks) {
  const there = new Set(tasks.map((task) => task.id));
  const children = new Map();
  tasks.forEach((task, at) => {
    const parent = there.has(task.parent) ? task.parent : null;
    if (!children.has(parent)) children.set(parent, []);
    children.get(parent).push(at);
  });
  // The last of a list is told first.
  for (const list of children.values()) list.sort((a, b) => tasks[b].birth - tasks[a].birth);
  const places = [];
  const todo = (children.get(null) ?? []).map((at) => ({ at, depth: 0 }));
  while (todo.length > 0) {
    const place = todo.pop();
    const { id } = tasks[place.at];
    places.push(place);
    for (const at of children.get(id) ?? []) todo.push({ at, depth: place.depth + 1 });
    children.delete(id);
  }
  return places;
}

function sorted(tasks, sort, stateOfTask) {
  const value = {
    busy: (task) => -(task.times?.busy_ns ?? 0),
    delay: (task) => -(task.times?.delays?.p99_ns ?? 0),
    polls: (task) => -(task.polls ?? 0),
    state: (task) => STATE_ORDER[stateOfTask(task)],
    tree: (task) => task.birth,
  }[sort];
  return tasks.map((task) => ({ task, depth: 0 })).sort((a, b) => value(a.task) - value(b.task));
}
