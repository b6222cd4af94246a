// Keys: what each key does, and the card that shows them.
//
// Promises that everything can be done without a pointer, and that no key is taken while text is
// typed.

import { el } from './dom.js';
import { PICTURE, SIGN, STATE_MEANS } from './words.js';

/** Each key, what it does, and the name of the act. */
export const KEYS = [
  [' ', 'space', 'pause, or go on', 'pause'],
  ['n', 'n', 'step on', 'next'],
  ['p', 'p', 'step back', 'back'],
  ['g', 'g', 'what a step is: sentence, event, poll, phase, turn', 'grain'],
  ['t', 't', 'the program\'s text beside it, a sentence a step', 'read'],
  ['s', 's', 'slow motion: this turn in five seconds', 'slow'],
  ['<', '<', 'slower', 'slower'],
  ['>', '>', 'faster', 'faster'],
  ['f', 'f', 'go along with the loop; in a file, go to its end', 'follow'],
  ['Home', 'Home', 'the beginning of the recording', 'first'],
  ['End', 'End', 'the end of it', 'last'],
  ['ArrowLeft', '←', 'move the timeline back', 'left'],
  ['ArrowRight', '→', 'move it on', 'right'],
  ['+', '+', 'zoom in', 'in'],
  ['-', '-', 'zoom out', 'out'],
  ['0', '0', 'the whole recording', 'whole'],
  ['j', 'j, ↓', 'the next task', 'down'],
  ['k', 'k, ↑', 'the task before', 'up'],
  ['w', 'w', 'why did this run?', 'why'],
  ['y', 'y', 'why is this not running?', 'whynot'],
  ['c', 'c', 'go to the cause of the last run', 'cause'],
  ['C', 'C', 'go to what happens to it next', 'wake'],
  ['/', '/', 'filter the tasks', 'filter'],
  ['l', 'l', 'the next loop', 'nextloop'],
  ['x', 'x', 'stop the program\'s loop, or have it go on, where control is allowed', 'stop'],
  ['i', 'i', 'have it run one item', 'item'],
  ['u', 'u', 'have it run to the end of a turn', 'turn'],
  ['F', 'F', 'have it run until a lint finds a fault', 'fault'],
  ['o', 'o', 'open a recording', 'open'],
  ['e', 'e', 'export the recording', 'export'],
  ['P', 'P', 'open it in Perfetto', 'perfetto'],
  ['1', '1 to 6', 'go to a panel', 'panel'],
  ['?', '?', 'this card', 'help'],
  ['Escape', 'Esc', 'select nothing', 'clear'],
];

const ACTS = new Map(KEYS.map(([key, , , act]) => [key, act]));
ACTS.set('=', 'in');
ACTS.set('ArrowDown', 'down');
ACTS.set('ArrowUp', 'up');
ACTS.set('.', 'faster');
ACTS.set(',', 'slower');

/** Listens to the keyboard. */
export function listenForKeys(act) {
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // A card that is open has the keys.
    if (document.querySelector('dialog[open]')) return;
    const { target } = event;
    const isText = target.matches?.('input, textarea, select');
    if (isText) {
      if (event.key === 'Escape') target.blur();
      return;
    }
    if (/^[1-6]$/.test(event.key)) {
      act('panel', Number(event.key));
      event.preventDefault();
      return;
    }
    // A button keeps the keys that press it.
    if (event.key === ' ' && target.matches?.('button, summary')) return;
    const name = ACTS.get(event.key);
    if (!name) return;
    event.preventDefault();
    act(name);
  });
}

/** Fills the card. */
export function fillHelp(dialog) {
  const rows = KEYS.map(([, shown, means]) => el('tr', {},
    el('td', {}, el('kbd', {}, shown)), el('td', {}, means)));
  const states = Object.entries(STATE_MEANS).map(([state, means]) => el('li', {},
    el('span', { class: `ink-${state}` }, `${SIGN[state]} `), means));
  const close = el('button', { type: 'button', onclick: () => dialog.close() }, 'Close');
  dialog.append(
    el('h2', { id: 'help-title' }, 'How to read this page'),
    el('p', {}, PICTURE),
    el('ul', { class: 'plain' }, ...states),
    el('table', {}, el('tbody', {}, ...rows)),
    el('p', {}, 'Pointer: hover lights everything related. On the timeline: click goes there, drag '
      + 'moves, the wheel zooms, the wheel over the names scrolls; click an arrow to go to its '
      + 'cause. Drop a recording anywhere.'),
    close,
  );
}
