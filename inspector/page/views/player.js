// Player: moves the playhead: plays, steps, and plays one turn slowly.
//
// It promises that a step goes to the next thing that happened, also where two have the same
// instant, that stepping back is exact, and that slow motion shows a turn in five seconds, with
// some time for each phase.

import { angleAt, instantAt } from './geometry.js';
import { nextStop } from './model.js';
import { SPEEDS } from './store.js';

/** So long a turn takes in slow motion. */
const SLOW_MS = 5000;

export class Player {
  constructor(store) {
    this.store = store;
    this.progress = 0;
    this.slowTurn = -1;
    this.lastMs = 0;
  }

  /** Goes on by the time that has passed. */
  tick(nowMs) {
    const passed = Math.min(nowMs - this.lastMs, 100);
    this.lastMs = nowMs;
    const { store } = this;
    if (!store.isPlaying || !store.hasEvents) return;
    if (store.isSlow) {
      this.slowly(passed);
      return;
    }
    const ns = store.ns + passed * 1e6 * store.speed;
    if (ns >= store.endNs) this.end();
    else store.seek(ns);
  }

  slowly(passed) {
    const { store } = this;
    const { recording } = store;
    this.progress += (passed / SLOW_MS) * 360;
    if (this.progress >= 360) {
      if (this.slowTurn + 1 >= recording.turnCount) {
        this.end();
        return;
      }
      this.slowTurn += 1;
      this.progress -= 360;
      this.look(recording.turn(this.slowTurn));
    }
    const turn = recording.turn(Math.min(this.slowTurn, recording.turnCount - 1));
    store.seek(instantAt(turn, this.progress).ns);
  }

  /** Shows a turn with the end of the sleep before it. */
  look(turn) {
    const begin = Math.max(turn.wait?.at_ns ?? turn.at_ns, turn.at_ns - 2 * turn.took_ns);
    this.store.look(begin, turn.at_ns + 1.2 * turn.took_ns);
  }

  end() {
    this.store.isPlaying = false;
    this.store.isSlow = false;
    this.store.seek(this.store.endNs);
  }

  /** Pauses what goes on, or goes on with what is paused. */
  toggle(shownNs) {
    const { store } = this;
    if (!store.hasEvents) return;
    if (store.isAlong) {
      store.seek(shownNs);
      return;
    }
    store.isPlaying = !store.isPlaying;
    if (!store.isPlaying) store.isSlow = false;
    if (store.isPlaying && store.ns >= store.endNs) store.seek(store.beginNs);
    store.isFollowing = false;
    store.note('mode');
  }

  /** Plays the turn that is shown, from its beginning, in five seconds. */
  slowMotion(turnIndex) {
    const { store } = this;
    if (!store.hasEvents) return;
    this.slowTurn = Math.max(0, turnIndex);
    this.progress = 0;
    store.isPlaying = true;
    store.isSlow = true;
    const turn = store.recording.turn(this.slowTurn);
    store.seek(instantAt(turn, 0).ns);
    this.look(turn);
    store.note('mode');
  }

  faster(by) {
    const { store } = this;
    const at = SPEEDS.indexOf(store.speed) + by;
    store.speed = SPEEDS[Math.min(Math.max(at, 0), SPEEDS.length - 1)];
    store.note('mode');
  }

  /** Goes to the next stop (or back, for -1) at the grain that is chosen. */
  step(direction, shownNs) {
    const { store } = this;
    if (!store.hasEvents) return;
    const from = store.isFollowing ? { ns: shownNs } : { ns: store.ns, stop: store.stop };
    store.isPlaying = false;
    store.isSlow = false;
    const { recording, grain, tell } = store;
    const stop = nextStop(recording, from, direction, grain, tell) ?? from.stop;
    store.seek(stop?.ns ?? from.ns, stop);
  }
}

/** The angle of the clerk on the ring. */
export function clerkAngle(store, player, turn) {
  return store.isSlow ? instantAt(turn, player.progress).angle : angleAt(turn, store.ns);
}
