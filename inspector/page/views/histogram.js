// Histogram: how often something took how long, as bars by powers of two.
//
// Promises a sentence beside the picture, and that the bars of two histograms can be compared: a
// bar's place is its time.

import { el, svg } from './dom.js';
import { count, plural, time } from './words.js';

const WIDTH = 240;
const HEIGHT = 46;

/** The upper end of a bucket: bucket i counts what took less than 2^i nanoseconds. */
function upper(i) {
  return 2 ** i;
}

/** A picture of a histogram of the state, or null if nothing was counted. */
export function histogram(title, of, means) {
  if (!of || of.count === 0) return null;
  const { buckets } = of;
  const words = `${plural(of.count, 'time')}; half below ${time(of.p50_ns)}, `
    + `99 % below ${time(of.p99_ns)}, longest ${time(of.max_ns)}`;
  const caption = el('figcaption', {}, el('b', {}, title), ` ${words}`);
  if (!buckets) return el('figure', { title: means }, caption);
  let first = buckets.findIndex((one) => one > 0);
  let last = buckets.length - 1;
  while (last > first && buckets[last] === 0) last -= 1;
  first = Math.max(0, Math.min(first, last - 7));
  const shown = buckets.slice(first, last + 1);
  const most = Math.max(...shown);
  const wide = WIDTH / Math.max(shown.length, 8);
  const bars = shown.map((one, i) => {
    const high = one === 0 ? 0 : Math.max(2, (Math.sqrt(one / most)) * (HEIGHT - 12));
    const bar = svg('rect', {
      x: (i * wide + 1).toFixed(1), y: (HEIGHT - 11 - high).toFixed(1),
      width: (wide - 2).toFixed(1), height: high.toFixed(1), class: 'bar-of-time',
    });
    bar.append(svg('title', {}, `${count(one)} took less than ${time(upper(first + i))}`));
    return bar;
  });
  const end = time(upper(last));
  const picture = svg('svg', {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'histogram', role: 'img',
    'aria-label': `${title}: ${words}`,
  }, ...bars,
  svg('text', { x: 0, y: HEIGHT - 1 }, time(upper(Math.max(0, first - 1)))),
  svg('text', { x: wide * shown.length, y: HEIGHT - 1, 'text-anchor': 'end' }, end));
  return el('figure', { title: means }, caption, picture);
}
