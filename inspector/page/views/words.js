// Words: how times, counts and the loop's own terms are told.
//
// They promise a unit behind every number, and a sentence for every term that a newcomer may not
// know.

/** A time of so many nanoseconds, in three figures. */
export function time(ns) {
  if (!Number.isFinite(ns)) return 'never';
  if (ns < 0) return `-${time(-ns)}`;
  if (ns < 999.5) return `${Math.round(ns)} ns`;
  if (ns < 999.5e3) return `${figures(ns / 1e3)} µs`;
  if (ns < 999.5e6) return `${figures(ns / 1e6)} ms`;
  if (ns < 120e9) return `${figures(ns / 1e9)} s`;
  const minutes = Math.floor(ns / 60e9);
  return `${minutes} min ${Math.round((ns - minutes * 60e9) / 1e9)} s`;
}

/** How long something has lasted already: in steps that each panel can keep up with. */
export function lasting(ms) {
  if (ms < 1000) return `${Math.floor(ms / 100) * 100} ms`;
  if (ms < 10_000) return `${(Math.floor(ms / 500) / 2).toFixed(1)} s`;
  return ms < 120_000 ? `${Math.floor(ms / 1000)} s` : time(Math.floor(ms / 1000) * 1e9);
}

function figures(value) {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/** A count with thin spaces between the thousands. */
export function count(value) {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** "1 task", "12 tasks". */
export function plural(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A share of the whole, 0 to 1. */
export function percent(share) {
  const value = share * 100;
  if (value > 0 && value < 0.1) return '<0.1 %';
  if (value > 99 && value < 100) return `${Math.min(value, 99.9).toFixed(1)} %`;
  return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)} %`;
}

/** A sentence of the model as it is shown: with the sign for micro, names without marks. */
export function shown(text) {
  return text.replace(/(\d) us\b/g, '$1 µs').replace(/`/g, '');
}

/** What a loop does, as the scene has it: "Now: asleep, will wake in 1.2 s." */
export function nowSaid({ word, more }) {
  return `Now: ${word}${more ? `, ${shown(more)}` : ''}.`;
}

/** A name that may be a long path of types: its last parts. */
export function shortName(name, most = 34) {
  let text = name.replace(/::\{\{closure\}\}/g, '');
  if (text.length > most) text = text.replace(/\b[a-z0-9_]+::/g, '');
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** A place taken apart: `{ file, line }`; null if it is none. */
export function placeOf(place) {
  const parts = /^(.*):(\d+)$/.exec(place ?? '');
  return parts ? { file: parts[1], line: Number(parts[2]) } : null;
}

/** The file and line of a place: `x.rs:12` of `a/b/src/x.rs:12`. */
export function fileOf(place) {
  return place.split('/').at(-1);
}

/** A sentence with its places and sources shortened: `x.rs:12`, `tcp 3 127.0.0.1:80`. */
export function brief(text) {
  return text.replace(/\S*\/(\S+:\d+)/g, '$1').replace(/descriptor \d+ \(([^)]*)\)/g, '$1');
}

/** A name without its kind, and a call by its place: `#3.9 conn`, `call x.rs:12`. */
export function bare(name) {
  return shown(name).replace(/^task /, '')
    .replace(/^a call deferred at (.*)$/, (_, place) => `call ${fileOf(place)}`);
}

/** A place without most of its folders: `src/x.rs:12` of `a/b/src/x.rs:12`. */
export function shortPlace(place) {
  const parts = place.split('/');
  return parts.length > 2 ? `…/${parts.slice(-2).join('/')}` : place;
}

/** A source's name without its descriptor: `tcp 3 127.0.0.1:80`. */
export function shortSource(name) {
  return /^descriptor \d+ \((.*)\)$/.exec(name)?.[1] ?? name;
}

/** What each phase is for, in a sentence. */
export const PHASE_MEANS = {
  wait: 'wait: the loop sleeps in the operating system until something happens or a timer is due.',
  io: 'io: sockets and pipes that became ready wake who waits for them.',
  timers: 'timers: every timer that is due wakes who waits for it.',
  deferred: 'deferred: what other threads left for this loop joins the ready line.',
  run: 'run: who stands in the ready line runs, one after the other, each until it waits again.',
  flush: 'flush: what was written in this turn goes out, in one write a connection.',
  render: 'render: render callbacks run if a frame is due, then idle ones.',
  finish: 'finish: the turn is tidied up, and a snapshot is made if somebody looks.',
};

/** The picture that the page is. */
export const PICTURE = 'A clerk goes round a ring: the loop. Who has to wait sits in the waiting '
  + 'room. Who is woken steps into the ready line. One at a time comes to the desk and runs.';

/** Which of the four colours a phase has. */
export const PHASE_STATE = {
  wait: 'waiting',
  io: 'ready',
  timers: 'ready',
  deferred: 'ready',
  run: 'running',
  flush: 'running',
  render: 'running',
  finish: 'done',
};

/** The sign of a state: a shape beside its colour. */
export const SIGN = { running: '▶', ready: '◆', waiting: '○', done: '■', fault: '✖' };

/** What a state means. */
export const STATE_MEANS = {
  running: 'running: the loop does this now, and nothing else.',
  ready: 'ready: woken, and in line to run.',
  waiting: 'waiting: it costs nothing until something wakes it.',
  done: 'done: it has ended.',
  fault: 'fault: it panicked, or it holds the loop.',
};

/** One of the four states, of a state in a table. */
export function stateOf(name) {
  switch (name) {
    case 'running': return 'running';
    case 'ready': return 'ready';
    case 'waiting': return 'waiting';
    case 'panicked': return 'fault';
    default: return 'done';
  }
}

/** Terms, explained. */
export const TERM = {
  id: '#3.9 is row 3 of the table of tasks; 9 tells it from others that had that row.',
  turn: 'A turn is one round of the loop: wait, then eight phases at most, then round again.',
  arc: 'An arc is as long as its share of the time; what took little has a sliver, to be seen.',
  busy: 'The share of time that the loop did not sleep.',
  late: 'How long a woken task stood in line before it ran; 99 of 100 waited less.',
  poll: 'To poll a task is to run it until it has to wait again.',
  look: 'An inspector looked: this page does so a few times a second, and is told of as all else.',
  pending: 'Pending: it could not go on, told what it waits for, and gave the loop back.',
  polls: 'How often it ran.',
  wakes: 'How often it was woken.',
  delay: 'The time from being woken to running.',
  waker: 'A waker is the handle by which something wakes a task. Without one it sleeps for ever.',
  job: 'A job is work that blocks: it runs on a thread of a pool while the loop goes on.',
  deferred: 'A deferred call is a function that another thread left for this loop to call.',
};
