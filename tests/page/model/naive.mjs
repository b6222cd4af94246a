// The naive model, which the real one is checked against: it takes all events at once, from the
// beginning, as inspector/src/turns.rs and arrows.rs do. It works on what the encoder takes, so it
// shares nothing with the page's code.

const HIGH = 2 ** 32;
const isWake = ({ kind }) => [5, 6, 7].includes(kind);
export const isQueued = ({ kind }) => kind === 5 || kind === 7;
export const isCall = (item) => item >> 60n === 3n;
const isItem = (by) => by >> 60n <= 7n;

function latest(low, next) {
  const number = Math.floor(next / HIGH) * HIGH + low;
  if (number < next) return number;
  return number >= HIGH ? number - HIGH : low;
}

/** The turns: `{ number, begun, wait, at, steps: [{ phase, at, type, item, count, wakes }] }`. */
export function cut(events, first, turnNow) {
  const turns = [];
  let turn = null;
  let open = [];
  const the = (at) => {
    turn ??= { number: 0, begun: false, wait: null, at, steps: [] };
    return turn;
  };
  const settle = () => {
    for (const [wake, number] of open) {
      const isHost = wake.phase === 'wait';
      const type = isHost ? 'host' : isItem(wake.by) ? 'after' : 'phase';
      const item = type === 'after' ? wake.by : null;
      const last = the(wake.at_ns).steps.at(-1);
      const isLast = last && last.type === type && last.phase === wake.phase
        && last.item === item && (last.count ?? 0) === 0;
      if (isLast) last.wakes.push(number);
      else turn.steps.push({ phase: wake.phase, at: wake.at_ns, type, item, wakes: [number] });
    }
    open = [];
  };
  const close = () => {
    settle();
    if (turn) turns.push(turn);
    turn = null;
  };
  const isUnderWay = () => turn && (turn.begun || turn.steps.some(({ phase }) => phase !== 'wait'));
  events.forEach((event, nth) => {
    const number = first + nth;
    const { phase, at_ns: at, kind, subject } = event;
    if (open.length > 0 && open.at(-1)[0].phase !== phase) settle();
    if (phase === 'wait' && isUnderWay()) close();
    if (isWake(event)) {
      open.push([event, number]);
      return;
    }
    const step = (more) => the(at).steps.push({ phase, at, item: null, number, ...more });
    if (kind === 1) {
      settle();
      if (turn?.wait) close();
      the(at).wait = at;
    } else if (kind === 2) {
      settle();
      if (isUnderWay()) close();
      Object.assign(the(at), { number: Number(subject), at, begun: true });
    } else if (kind === 4) {
      const wakes = open.map(([, wake]) => wake);
      open = [];
      step({ type: 'phase', count: Number(subject), wakes });
    } else if (kind === 8) {
      settle();
      step({ type: 'published', count: Number(subject), wakes: [] });
    } else if (kind === 3) {
      const isIts = ([wake]) => wake.by === subject && wake.at_ns >= at;
      const wakes = open.filter(isIts).map(([, wake]) => wake);
      open = open.filter((wake) => !isIts(wake));
      settle();
      step({ type: 'item', item: subject, wakes });
    }
  });
  close();
  return numbered(turns, turnNow);
}

function numbered(turns, turnNow) {
  let next = turnNow + 1;
  for (const turn of [...turns].reverse()) {
    if (turn.begun) next = latest(turn.number, next);
    turn.number = turn.begun ? next : Math.max(0, next - 1);
  }
  turns.forEach((turn, at) => {
    if (at > 0 && !turn.begun) turn.number = turns[at - 1].number + 1;
  });
  return turns;
}

/** The number of the wake that led to each run, by the number of the run; -1 if none is known. */
export function arrows(turns, events, first) {
  const of = (number) => events[number - first];
  const steps = turns.flatMap((turn) => turn.steps);
  const isRun = (step) => step.type === 'item' && step.phase === 'run';
  const queued = (step) => step.wakes.filter((wake) => isQueued(of(wake)));
  let [line, missing] = [0, 0];
  for (const step of steps) {
    if (isRun(step) && isCall(step.item)) {
      if (line === 0) missing += 1;
      else line -= 1;
    }
    line += queued(step).filter((wake) => isCall(of(wake).subject)).length;
  }
  const calls = Array(missing).fill(-1);
  const open = new Map();
  const causes = new Map();
  for (const step of steps) {
    if (step.type === 'item') causes.set(step.number, isRun(step) ? take(step) : -1);
    for (const wake of queued(step)) {
      const item = of(wake).subject;
      if (isCall(item)) {
        calls.push(wake);
        continue;
      }
      open.set(item, [...(open.get(item) ?? []), { wake, at: step.at }].slice(-2));
    }
  }
  return causes;

  function take(step) {
    if (isCall(step.item)) return calls.shift() ?? -1;
    const made = open.get(step.item) ?? [];
    if (made.length === 2 && made[1].at < step.at) made.shift();
    return made.shift()?.wake ?? -1;
  }
}
