// The model of the page: how a recording becomes turns, arrows, moments and a story.
//
// What the views use of it. No file here knows of a page; all of it runs in node as well. To read
// it, follow an event: event.js says what its bits mean, events.js holds it, cuts.js finds the
// turn that it belongs to and arrows.js the wake that led to it; recording.js ties these
// together. Whoever asks gets a turn from turns.js, its sentences from story.js, its events one by
// one from stops.js; why a task ran from cause.js, why it doesn't from wait_chain.js, and why it
// did not from next_wake.js; an instant from moments.js. file.js keeps it all.

export { whyRan } from './cause.js';
export { NOTHING, OUTCOMES, PHASES, itemOf, taskOf } from './event.js';
export { readFile, writeFile } from './file.js';
export { Moments } from './moments.js';
export { Names } from './names.js';
export { whyWaited } from './next_wake.js';
export { Recording } from './recording.js';
export { shortTime } from './short_time.js';
export { nextStop, stopAt, stopsOf } from './stops.js';
export { tellMissing, tellTurn } from './story.js';
export { underWayNs, underWaySince } from './under_way.js';
export { whyWaits } from './wait_chain.js';
