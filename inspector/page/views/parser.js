// Parser: reads large states beside the page, and hands them over in slices.
//
// It runs in a worker: a state of ten thousand tasks takes longer to read than a frame may last.
// Promises to send a slice only when it is asked for one, and that a newer text replaces an older
// one that nobody has taken.

/** So many rows are handed over at once. */
const SLICE = 400;
/** The long lists of a loop's row. */
const LISTS = ['tasks', 'timers', 'sources'];

let slices = [];

self.onmessage = ({ data }) => {
  if (data.text !== undefined) read(data.text, data.loop);
  const next = slices.shift();
  if (next) self.postMessage(next);
};

function read(text, loop) {
  let push = null;
  try {
    push = JSON.parse(text);
  } catch {
    return;
  }
  slices = [];
  const row = push.state?.loops?.find((one) => one.loop.number === loop);
  const lists = [];
  for (const name of row ? LISTS : []) {
    lists.push([name, row[name] ?? []]);
    row[name] = [];
  }
  slices.push({ push, loop });
  for (const [name, list] of lists) {
    for (let at = 0; at < list.length; at += SLICE) {
      slices.push({ name, rows: list.slice(at, at + SLICE) });
    }
  }
  slices.push({ done: true });
}
