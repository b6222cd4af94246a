// Main: puts the page together and draws it: one store, one loop of frames.
//
// Promises that a frame draws only what has changed, that it stops when its time is up and goes on
// with the rest in the next one, and that nothing is fetched from anywhere but the inspector.

import * as model from './views/model.js';
import { Alarm } from './views/alarm.js';
import { actsOf } from './views/acts.js';
import { Brush } from './views/brush.js';
import { Chapter } from './views/chapter.js';
import { Detail } from './views/detail.js';
import { Feed } from './views/feed.js';
import { listenForDrops, textOf } from './views/file.js';
import { Fly } from './views/fly.js';
import { listen as listenToTimeline } from './views/gestures.js';
import { Header } from './views/header.js';
import { Hover } from './views/hover.js';
import { fillHelp, listenForKeys } from './views/keys.js';
import { Lines } from './views/lines.js';
import { Faults } from './views/faults.js';
import { Pace } from './views/pace.js';
import { Player } from './views/player.js';
import { Ring } from './views/ring.js';
import { Room } from './views/room.js';
import { Scene } from './views/scene.js';
import { Sources, placesOf } from './views/source.js';
import { Store } from './views/store.js';
import { Story } from './views/story.js';
import { Tasks } from './views/tasks.js';
import { Timeline } from './views/timeline.js';
import { Address, applyView, readView, takeToken } from './views/url.js';

/** A frame draws no further panel when it has taken so long. */
const FRAME_MS = 12;
/** So many events are kept. */
const EVENTS_MAX = 1 << 20;
/** So many turns of a recording are in sight at first. */
const TURNS_IN_SIGHT = 40;

/** A program that has said nothing for so long may be gone. */
const SILENT_MS = 1500;

const littleMotion = matchMedia('(prefers-reduced-motion: reduce)');
const at = (id) => document.getElementById(id);
const token = takeToken();
const view = readView();
const store = new Store();
const failed = new Set();
const player = new Player(store);
const scene = new Scene(store);
const sources = new Sources(store);
const page = { store, player, scene, sources, model, open: openFile, say, chooseLoop };
page.feed = new Feed({ store, token, begin, ending });
page.cancel = (task) => page.feed.cancel(task);
page.spoken = at('spoken');
page.act = actsOf(page);

const timeline = new Timeline(at('timeline'), page);
const tasks = new Tasks(at('tasks'), page);
Object.assign(page, { timeline, tasks });
listenToTimeline(timeline);
const views = [
  new Header(at('header'), page), new Alarm(at('alarm'), page), new Pace(at('pace'), page),
  new Faults(at('faults'), page),
  new Ring(at('ring'), page),
  new Lines(at('lines'), page), new Room(at('room'), page), new Story(at('story'), page),
  timeline, new Brush(at('brush'), page), tasks, new Detail(at('detail'), page),
  new Chapter(at('chapter'), page),
  new Hover(at('panels'), page), new Address(store),
].map(ofPage);
const fly = ofPage(new Fly(at('place'), page));
/** Who flies is seen to leave one place for another: both must have been drawn. */
const flownOver = views.filter(({ panel }) => panel instanceof Lines || panel instanceof Room);

fillHelp(at('help'));
listenForKeys(page.act);
listenForDrops(at('drop'), openFile);
requestAnimationFrame(frame);
if (token) page.feed.connect();

function frame(nowMs) {
  // The next frame comes whatever becomes of this one.
  requestAnimationFrame(frame);
  safely('feed', () => page.feed.drain());
  if (page.wanted && store.hasEvents) showWanted();
  if (page.begins && store.hasEvents) readFromTheBeginning();
  // In small bites: a moment is asked for some times a second.
  safely('moments', () => store.moments?.catchUp());
  if (isRolling()) store.note('clock');
  store.noteHeld();
  safely('player', () => player.tick(nowMs));
  safely('scene', () => scene.tick(nowMs));
  draw(store.take());
}

/** Goes to the instant of the address, once that has come. */
function showWanted() {
  const { at: ns } = page.wanted;
  if (ns === null || store.endNs > ns) {
    if (ns !== null && ns >= store.beginNs) applyView(store, page.wanted);
    else if (ns !== null) say('The instant of the address is recorded no longer.');
    page.wanted = null;
  }
}

/** What a program that ends may still be asked for, and that it can't be any more. */
async function ending() {
  await sources.keep(placesOf(store));
  sources.ask = null;
}

/** A program that has waited for somebody who watches is read from its first event. */
function readFromTheBeginning() {
  page.begins = false;
  store.isReading = true;
  store.grain = 'sentence';
  store.follow();
  player.step(1, store.beginNs - 1);
}

/** Whether time goes on in sight. Who wants little motion sees it go on with each state. */
function isRolling() {
  const { feed } = store;
  return store.isAlong && feed.state === 'open'
    && performance.now() - feed.heardMs < SILENT_MS && !littleMotion.matches;
}

/** A panel that fails says so once, and the others go on. */
function safely(name, work) {
  try {
    return work();
  } catch (error) {
    if (!failed.has(name)) console.error(`${name}:`, error);
    failed.add(name);
    return false;
  }
}

/** A panel, with the topics that it is drawn for and those that it has not been drawn for yet. */
function ofPage(panel) {
  return { panel, topics: new Set(panel.topics), owed: new Set() };
}

/** Draws what has changed, until the time is up. Who was left out comes first next time. */
function draw(changed) {
  for (const one of [...views, fly]) {
    for (const topic of changed) {
      if (one.topics.has(topic)) one.owed.add(topic);
    }
  }
  if (changed.has('select') && store.selected) {
    timeline.showLane(store.selected);
    tasks.reveal();
  }
  const begin = performance.now();
  for (let left = views.length; left > 0; left -= 1) {
    const one = views.shift();
    views.push(one);
    drawOne(one);
    if (performance.now() - begin > FRAME_MS) break;
  }
  if (flownOver.every((one) => one.owed.size === 0)) drawOne(fly);
}

/** One that has more to do is owed it. */
function drawOne(one) {
  if (one.owed.size === 0) return;
  const { owed } = one;
  one.owed = new Set();
  if (safely(one.panel.constructor.name, () => one.panel.draw(owed))) {
    for (const topic of owed) one.owed.add(topic);
  }
}

/** A program has answered: its loop is the one that is watched. */
function begin(state, row) {
  const isSame = store.source === 'live' && store.process?.pid === state.process?.pid
    && store.loop?.number === row.loop.number;
  if (!isSame) {
    store.clear();
    page.feed.reset();
    start(new model.Recording({ eventsMax: EVENTS_MAX }), new model.Names());
    store.source = 'live';
    sources.clear();
  }
  sources.ask = (path) => page.feed.ask(path);
  store.process = state.process;
  store.loops = state.loops.map((one) => one.loop);
  store.loop = row.loop;
  store.row = row;
  store.rowCameMs = performance.now();
  store.canControl = state.process?.control === true;
  store.names.addState(row);
  document.title = `${state.process?.program ?? 'program'}: glassloop`;
  if (!isSame) applyView(store, { ...view, at: null, from: null });
  page.wanted = isSame ? null : view;
  page.begins = page.begins !== false && state.process?.waits === true && view.at === null;
  store.note('row', 'mode');
}

/** A recording that everything is drawn from. */
function start(recording, names) {
  store.recording = recording;
  store.names = names;
  store.moments = new model.Moments(recording);
  const stories = new model.Stories(recording, names);
  store.tell = (i) => stories.tell(i);
  scene.empty();
  store.note('mode', 'data', 'row');
}

async function openFile(file) {
  try {
    openText(await textOf(file), file.name);
  } catch (error) {
    say(`${file.name} can't be opened: ${error.message}`);
  }
}

function openText(text, name) {
  const found = model.readFile(text);
  page.feed.close();
  store.clear();
  start(found.recording, found.names);
  sources.ask = null;
  sources.clear();
  page.fileText = text;
  Object.assign(store, {
    source: 'file', sourceName: name, row: found.row ?? null, process: found.process ?? null,
    loop: found.loop ?? found.row?.loop ?? null, loops: [],
    underWay: found.underWay ?? null, canControl: false,
  });
  store.ns = store.endNs;
  store.isFollowing = true;
  store.spanWidth = spanOf(found.recording);
  document.title = `${name}: glassloop`;
  applyView(store, view);
  store.note('mode', 'row', 'data', 'time');
}

/** So wide that the last turns can be told apart. */
function spanOf(recording) {
  const first = recording.turnCount - TURNS_IN_SIGHT;
  return first <= 0 ? store.endNs - store.beginNs : store.endNs - recording.turn(first).at_ns;
}

function chooseLoop(number) {
  if (store.feed.state === 'done') say('The program has ended, and this loop was not watched.');
  else if (store.source === 'live') page.feed.choose(number);
}

/** Says something to the user, in words. */
function say(text) {
  const alarm = at('spoken');
  alarm.replaceChildren(text);
  const note = at('note') ?? document.body.appendChild(document.createElement('p'));
  note.id = 'note';
  note.textContent = text;
  clearTimeout(note.timer);
  note.timer = setTimeout(() => note.remove(), 8000);
}
