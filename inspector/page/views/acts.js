// Acts: what can be done on the page, by name: a key, a button and a menu do the same.
//
// Promises that each act says so where it can't be done.

import { chooseFile, save } from './file.js';
import { keyOfBy } from './keys_of.js';
import { openPerfetto } from './perfetto.js';
import { GRAINS } from './store.js';
import { zoom } from './gestures.js';

const PANELS = ['ring', 'place', 'story', 'time', 'tasks', 'detail'];

/** The acts of a page: `{ store, scene, player, timeline, tasks, feed, model, open, say }`. */
export function actsOf(page) {
  const { store, player } = page;
  const shownNs = () => {
    if (!store.isFollowing) return store.ns;
    return store.source === 'live' ? page.scene.turn?.at_ns ?? store.endNs : store.endNs;
  };
  const moved = (share) => {
    const { from, to } = store.view();
    const by = (to - from) * share;
    store.look(from + by, to + by);
  };
  const acts = {
    pause: () => player.toggle(shownNs()),
    next: () => player.step(1, shownNs()),
    back: () => player.step(-1, shownNs()),
    slow: () => player.slowMotion(page.scene.turnIndex),
    faster: () => player.faster(1),
    slower: () => player.faster(-1),
    follow: () => store.follow(),
    first: () => store.goTo(store.beginNs),
    last: () => (store.source === 'live' ? store.follow() : store.goTo(store.endNs)),
    left: () => moved(-0.15),
    right: () => moved(0.15),
    in: () => zoom(store, 0.6),
    out: () => zoom(store, 1 / 0.6),
    whole: () => store.look(store.beginNs, store.endNs),
    up: () => page.tasks.move(-1),
    down: () => page.tasks.move(1),
    filter: () => document.getElementById('filter').focus(),
    clear: () => store.select(null),
    open: () => chooseFile(page.open),
    help: () => document.getElementById('help').showModal(),
    why: () => question('why-ran'),
    whynot: () => question('why-not'),
    cause: () => cause(page),
    wake: () => wake(page),
    select: (key) => store.select(key),
    panel: (number) => document.getElementById(PANELS[number - 1])?.focus(),
    grain: (value) => {
      const next = GRAINS[(GRAINS.indexOf(store.grain) + 1) % GRAINS.length];
      store.grain = typeof value === 'string' ? value : next;
      store.note('mode', 'filter');
    },
    read: () => {
      store.isReading = !store.isReading;
      if (store.isReading) store.grain = 'sentence';
      store.note('mode', 'size');
    },
    speed: (value) => {
      store.speed = value;
      store.note('mode');
    },
    loop: (number) => page.chooseLoop(number),
    nextloop: () => {
      const numbers = store.loops.map((one) => one.number);
      const at = numbers.indexOf(store.loop?.number);
      if (numbers.length > 1) page.chooseLoop(numbers[(at + 1) % numbers.length]);
    },
    stop: () => order(page, store.row?.pace?.ordered ? '/resume' : '/pause'),
    item: () => order(page, '/step', { to: 'item' }),
    turn: () => order(page, '/step', { to: 'turn' }),
    fault: () => order(page, '/step', { to: 'lint' }),
    export: async () => save(`${nameOf(store)}.trace.json`, await traceOf(page)),
    perfetto: async () => {
      const said = await openPerfetto(nameOf(store), traceOf(page));
      if (said) page.say(said);
    },
  };
  return (name, value) => acts[name]?.(value);
}

/** Has the program's loop stop, step or go on, and the page go along. */
async function order({ store, feed, say }, path, more = {}) {
  if (store.source !== 'live' || store.feed.state !== 'open') return;
  if (!store.canControl) {
    say('Control is off: a program allows it by Builder::allow_control(true).');
    return;
  }
  const { answer, refusal } = await feed.order(path, more);
  if (refusal) {
    say(refusal);
    return;
  }
  if (store.row) store.row.pace = answer.ordered ? answer : null;
  store.follow();
  store.note('row');
}

function nameOf(store) {
  const program = store.process?.program ?? 'glassloop';
  return store.loop ? `${program}-loop-${store.loop.number}` : program;
}

/** The recording as a trace: whole from the program, where it still answers. */
async function traceOf(page) {
  const { store, feed, model } = page;
  if (store.source === 'file' && page.fileText) return page.fileText;
  if (store.feed.state === 'open') {
    const answer = await feed.ask(`/trace?loop=${store.loop?.number ?? 1}`).catch(() => null);
    if (answer?.ok) return answer.text();
  }
  return model.writeFile({
    recording: store.recording, names: store.names, row: store.row, process: store.process,
    loop: store.loop,
  });
}

/** Opens an answer of the detail, and goes there. */
function question(id) {
  const found = document.getElementById(id);
  if (!found) return;
  found.open = true;
  found.querySelector('summary').focus();
  found.scrollIntoView({ block: 'nearest' });
}

/** Goes on to what happens next to the selected task: its wake, or its run. */
function wake({ store, model, say }) {
  if (!store.selected || !store.hasEvents) return;
  const { recording, names, moments, selected } = store;
  const moment = store.isFollowing ? moments.at(store.endNs) : moments.at(store.ns, store.stop);
  const next = model.whyWaited(recording, names, moment, selected)?.next ?? null;
  if (next === null) say('Nothing of it is recorded behind this instant.');
  else store.goToEvent(next);
}

/** Goes to who woke the selected task last. */
function cause({ store }) {
  if (!store.selected || !store.hasEvents) return;
  const end = store.isFollowing ? store.endNs : store.ns;
  let found = null;
  for (const width of [1e6, 100e6, 10e9]) {
    store.recording.eachWake(end - width, end, (wake) => {
      if (wake.item.key === store.selected && wake.at_ns < end) found = { ...wake };
    });
    if (found) break;
  }
  if (!found) return;
  const by = keyOfBy(found.by, store.names);
  if (by?.startsWith('#')) store.select(by);
  store.goTo(found.at_ns);
}
