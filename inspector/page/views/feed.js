// Feed: what comes from a running program: pushes of the state and of events.
//
// Promises that memory stays bounded however fast events come: what waits for longer than it can
// be taken is dropped, oldest first, and counted; `sent = drawn + dropped` once all is taken. When
// the connection ends, what was recorded stays, and it tries again.

import { nowOf } from './model.js';
import { Reader } from './reader.js';

const MAGIC = 0x31474c47;
const HEAD_BYTES = 32;
const EVENT_BYTES = 32;
/** So many bytes of events may wait. */
const WAITING_MAX = 48 << 20;
/** So long events are taken in a frame, and so many at once. */
const BUDGET_MS = 6;
const CHUNK_EVENTS = 4096;
/** A push in so many milliseconds. The program decides how often the state is in it. */
const EVERY_MS = 50;
const AGAIN_MS = [200, 500, 1000, 3000];
/** A loop that has been in one item for so long is at it still. */
const STILL_MS = 250;
/** Texts of this length are read in a worker. */
const LARGE_CHARS = 200_000;
/** After so many tries in vain the program counts as ended. */
const TRIES_MAX = 3;

export class Feed {
  constructor({ store, token, begin, ending }) {
    Object.assign(this, { store, token, begin, ending });
    this.waiting = [];
    this.waitingBytes = 0;
    this.reader = new Reader((push) => this.take(push));
    this.tries = 0;
    this.wantedLoop = null;
    this.reset();
  }

  reset() {
    this.isEnding = false;
    this.counts = { sent: 0, drawn: 0, dropped: 0 };
    this.waiting = [];
    this.waitingBytes = 0;
    /** The number of the next event; nobody knows it before the first. */
    this.next = null;
  }

  /** Asks over HTTP, with the token. */
  ask(path, options = {}) {
    const headers = { Authorization: `Bearer ${this.token}`, ...options.headers };
    return fetch(path, { ...options, headers });
  }

  /** Connects, to the loop that is wanted or the first one. */
  async connect() {
    this.close();
    this.tell({ state: 'connecting' });
    try {
      const answer = await this.ask('/state?fresh_ms=50');
      if (answer.status === 401) {
        // Another program has the port of one that has ended.
        this.tell({ state: this.store.source === 'live' ? 'ended' : 'refused' });
        return;
      }
      this.welcome(await answer.json());
    } catch {
      this.again();
      return;
    }
    this.open();
  }

  /** The first state: chooses the loop. */
  welcome(state) {
    const rows = (state.loops ?? []).sort((a, b) => a.loop.number - b.loop.number);
    const tasks = (row) => row.tasks?.length ?? 0;
    const largest = rows.reduce((a, b) => (a && tasks(a) >= tasks(b) ? a : b), null);
    const row = rows.find((one) => one.loop.number === this.wantedLoop) ?? largest;
    this.tries = 0;
    this.store.process ??= state.process;
    if (!row) return;
    this.wantedLoop = row.loop.number;
    this.begin(state, row);
  }

  open() {
    const loop = this.wantedLoop === null ? '' : `&loop=${this.wantedLoop}`;
    const query = `every_ms=${EVERY_MS}&events=1${loop}`;
    const protocols = ['glassloop.v1', `glassloop.token.${this.token}`];
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}/live?${query}`, protocols);
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    socket.onopen = () => this.tell({ state: 'open', heardMs: performance.now() });
    socket.onmessage = ({ data }) => {
      if (socket !== this.socket) return;
      this.store.feed.heardMs = performance.now();
      if (typeof data === 'string') this.push(data);
      else this.events(data);
    };
    socket.onclose = () => {
      if (socket !== this.socket) return;
      // One that waits for who watches says that it ends.
      if (this.isEnding) this.tell({ state: 'done' });
      else this.again();
    };
  }

  close() {
    const socket = this.socket;
    this.socket = null;
    clearTimeout(this.timer);
    socket?.close();
  }

  /** Tries again after a while; what was recorded stays. */
  again() {
    this.socket = null;
    const wait = AGAIN_MS[Math.min(this.tries, AGAIN_MS.length - 1)];
    this.tries += 1;
    this.tell({ state: this.tries > TRIES_MAX ? 'ended' : 'lost' });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), wait);
  }

  tell(change) {
    Object.assign(this.store.feed, change);
    this.store.note('feed', 'mode');
  }

  /** A push: the state where it is time for it, and places that events name. */
  push(text) {
    if (text.length > LARGE_CHARS) {
      this.reader.read(text, this.wantedLoop);
      return;
    }
    try {
      this.take(JSON.parse(text));
    } catch (error) {
      console.error('feed:', error);
    }
  }

  take(push) {
    const { store } = this;
    store.feed.missed = push.missed ?? 0;
    if (push.state) this.state(push.state);
    // Behind the state, which may be the first of a loop.
    if (push.places) store.names?.addPlaces(push.places);
    if (push.ending) this.end(this.socket);
  }

  /** The program ends when this page goes: it takes along what it may still want. */
  async end(socket) {
    this.isEnding = true;
    await this.ending();
    if (socket !== this.socket) return;
    this.close();
    this.tell({ state: 'done' });
  }

  state({ loops = [], process, host_queues: hostQueues = [] }) {
    const { store } = this;
    // Of a program that had no loop the first one is watched.
    if (this.wantedLoop === null && loops.length > 0) {
      this.welcome({ loops, process });
      this.tell({ state: 'open', heardMs: performance.now() });
    }
    const row = loops.find((one) => one.loop.number === this.wantedLoop);
    if (process) store.process = process;
    store.hostQueues = hostQueues;
    if (loops.length !== store.loops.length) this.others(loops);
    if (row) {
      store.row = row;
      store.rowCameMs = performance.now();
      store.names?.addState(row);
      this.notePulse(row);
      const isStill = store.isSuspect && performance.now() - store.pulseMs > STILL_MS;
      store.recording?.setNow(isStill ? nowOf(row, store.nowNs()) : {});
    }
    store.note('row', 'feed', 'data');
  }

  /** A loop that answers, sleeps or is in another turn than before is alive. */
  notePulse(row) {
    const { store } = this;
    const isAlive = row.as_of?.fresh || row.now?.phase === 'wait' || !row.now?.phase
      || row.now.turn !== this.turnSeen;
    this.turnSeen = row.now?.turn;
    store.isSuspect = !isAlive;
    if (isAlive) store.pulseMs = performance.now();
    if (row.stall) {
      store.pulseMs = Math.min(store.pulseMs, performance.now() - row.stall.for_ms);
    }
  }

  /** Loops come and go. */
  others(loops) {
    const known = loops.map((one) => one.loop).sort((a, b) => a.number - b.number);
    // One that has ended is shown on, as long as it is looked at.
    const own = this.store.loop;
    this.store.loops = known.some((one) => one.number === own?.number) ? known : [own, ...known];
    this.store.note('mode');
  }

  /** A message of events waits until there is time. */
  events(buffer) {
    if (buffer.byteLength < HEAD_BYTES) return;
    const head = new DataView(buffer);
    if (head.getUint32(0, true) !== MAGIC) return;
    if (head.getUint32(4, true) !== this.wantedLoop) return;
    const first = head.getFloat64(8, true);
    const all = Math.floor((buffer.byteLength - HEAD_BYTES) / EVENT_BYTES);
    // What was overwritten before the page came was never on its way to it; and who connects again
    // is sent once more what is still held, with all that ever was overwritten counted as lost.
    const next = this.next ?? first;
    const known = Math.min(Math.max(next - first, 0), all);
    const count = all - known;
    const message = {
      first: first + known,
      lost: Math.max(first - next, 0),
      turnNow: head.getUint32(24, true) + head.getUint32(28, true) * 2 ** 32,
      bytes: new Uint8Array(buffer, HEAD_BYTES + known * EVENT_BYTES),
      at: 0,
    };
    this.next = Math.max(next, first + all);
    if (count > 0) {
      this.store.pulseMs = performance.now();
      this.store.isSuspect = false;
    }
    this.counts.sent += count + message.lost;
    this.counts.dropped += message.lost;
    this.waiting.push(message);
    this.waitingBytes += message.bytes.length;
    while (this.waitingBytes > WAITING_MAX && this.waiting.length > 1) this.drop();
    // A page out of sight has no frames.
    if (!document.hidden) return;
    this.drain();
    this.store.moments?.catchUp();
  }

  drop() {
    const message = this.waiting.shift();
    this.waitingBytes -= message.bytes.length - message.at;
    this.counts.dropped += Math.floor((message.bytes.length - message.at) / EVENT_BYTES);
  }

  /** Takes what waits, as much as there is time for. */
  drain() {
    this.reader.next();
    if (this.waiting.length === 0) return;
    const begin = performance.now();
    const { store } = this;
    while (this.waiting.length > 0 && performance.now() - begin < BUDGET_MS) {
      const message = this.waiting[0];
      const end = Math.min(message.bytes.length, message.at + CHUNK_EVENTS * EVENT_BYTES);
      const bytes = message.bytes.subarray(message.at, end);
      const done = message.at / EVENT_BYTES;
      store.recording?.append({
        first: message.first + done,
        lost: message.at === 0 ? message.lost : 0,
        turnNow: message.turnNow,
        bytes,
      });
      this.counts.drawn += Math.floor(bytes.length / EVENT_BYTES);
      this.waitingBytes -= end - message.at;
      message.at = end;
      if (end >= message.bytes.length) this.waiting.shift();
    }
    Object.assign(store.feed, this.counts);
    store.note('data', 'feed');
  }

  /** Another loop of the same process. */
  choose(number) {
    if (this.store.feed.state === 'done') return;
    this.wantedLoop = number;
    this.reset();
    this.connect();
  }

  /** Cancels a task; gives what to say. */
  async cancel(task) {
    const { refusal } = await this.order('/cancel', { task });
    return refusal ?? 'It was asked to end.';
  }

  /** Has something done to the loop that is watched: what was answered, or why it was not done. */
  async order(path, more) {
    const body = JSON.stringify({ loop: this.wantedLoop, ...more });
    try {
      const answer = await this.ask(path, { method: 'POST', body });
      const said = await answer.json().catch(() => ({}));
      return answer.ok ? { answer: said } : { refusal: `Refused: ${said.error ?? answer.status}.` };
    } catch {
      return { refusal: 'The program does not answer.' };
    }
  }
}
