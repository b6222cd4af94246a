// Geometry: where the phases of a turn lie on the ring, and where an instant does.
//
// It promises that each phase has an arc, however short it was, always in the same order; what is
// left of the ring is shared by time. Slow motion gives each phase some of its time, so that the
// eye sees microseconds as well as seconds.

import { PHASES } from './model.js';

/** So many degrees has a phase at least that took some time, and one that took none. */
const ON_RING = { some: 12, none: 7 };
/** The same in slow motion, where what is short must be seen as well. */
const IN_SLOW_MOTION = { some: 42, none: 4 };

/** The arcs of phases that took so long: `[{ phase, ns, from, to }]`, in degrees from the top. */
export function arcs(times, least = ON_RING) {
  const total = PHASES.reduce((sum, phase) => sum + (times[phase] ?? 0), 0);
  const floor = (phase) => (times[phase] > 0 || total === 0 ? least.some : least.none);
  const rest = 360 - PHASES.reduce((sum, phase) => sum + floor(phase), 0);
  let at = 0;
  return PHASES.map((phase) => {
    const ns = times[phase] ?? 0;
    const share = total > 0 ? ns / total : 1 / PHASES.length;
    const from = at;
    at += floor(phase) + rest * share;
    return { phase, ns, from, to: at };
  });
}

/** When each phase of a turn began and ended; one follows the other without a gap. */
export function segments(turn) {
  const begins = new Map();
  for (const step of turn.steps) {
    if (step.phase !== 'wait' && !begins.has(step.phase)) begins.set(step.phase, step.at_ns);
  }
  const end = turn.at_ns + turn.took_ns;
  const list = [];
  const wait = turn.wait ?? { at_ns: turn.at_ns, took_ns: 0 };
  list.push({ phase: 'wait', from: wait.at_ns, to: Math.max(wait.at_ns, turn.at_ns) });
  for (let i = 1; i < PHASES.length; i += 1) {
    const from = list[i - 1].to;
    let to = end;
    for (let next = i + 1; next < PHASES.length; next += 1) {
      const begin = begins.get(PHASES[next]);
      if (begin !== undefined) {
        to = begin;
        break;
      }
    }
    // A phase that did nothing took nothing that could be measured.
    if (!begins.has(PHASES[i]) && PHASES[i] !== 'io') to = from;
    list.push({ phase: PHASES[i], from, to: Math.max(from, Math.min(to, end)) });
  }
  return list;
}

/** How long each phase of a turn took. */
export function timesOf(turn) {
  return Object.fromEntries(segments(turn).map((part) => [part.phase, part.to - part.from]));
}

/** Where on the ring an instant of a turn is, in degrees. */
export function angleAt(turn, ns) {
  const parts = segments(turn);
  const ring = arcs(timesOf(turn));
  let at = 0;
  for (let i = 0; i < parts.length; i += 1) {
    if (ns < parts[i].from) break;
    const length = parts[i].to - parts[i].from;
    if (length <= 0 && i > 0) continue;
    const share = length > 0 ? Math.min((ns - parts[i].from) / length, 1) : 0;
    at = ring[i].from + share * (ring[i].to - ring[i].from);
  }
  return at;
}

/** The instant at a part of slow motion, 0 to 360, and where the clerk is then on the ring. */
export function instantAt(turn, progress) {
  const parts = segments(turn);
  const slow = arcs(timesOf(turn), IN_SLOW_MOTION);
  const i = Math.max(0, slow.findIndex((arc) => progress < arc.to));
  const { from, to } = slow[i];
  const share = Math.min(Math.max((progress - from) / (to - from), 0), 1);
  const arc = arcs(timesOf(turn))[i];
  return {
    ns: parts[i].from + share * (parts[i].to - parts[i].from),
    angle: arc.from + share * (arc.to - arc.from),
  };
}

/** The path of an arc between two radii. */
export function arcPath(from, to, inner, outer) {
  const end = Math.min(to, from + 359.9);
  const large = end - from > 180 ? 1 : 0;
  const a = point(from, outer);
  const b = point(end, outer);
  const c = point(end, inner);
  const d = point(from, inner);
  return `M${a}A${outer} ${outer} 0 ${large} 1 ${b}L${c}A${inner} ${inner} 0 ${large} 0 ${d}Z`;
}

function point(degrees, radius) {
  const [x, y] = polar(degrees, radius);
  return `${x.toFixed(2)} ${y.toFixed(2)}`;
}

/** A point on the ring. */
export function polar(degrees, radius) {
  const angle = ((degrees - 90) * Math.PI) / 180;
  return [Math.cos(angle) * radius, Math.sin(angle) * radius];
}
