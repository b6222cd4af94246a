// Jobs: work that blocks, on threads of pools: what the state says of each, and for how long.
//
// A job goes on while the loop turns: its time is counted on from when the state was made, as long
// as the loop answers. A recording of a program that told of no jobs has none.

/** A job that has run for so long is looked for. */
const LONG_NS = 1e9;

/** What a wait is for, if that is a job of which the state tells. */
export function jobOfWait(row, wait) {
  if (wait.on?.kind !== 'job') return undefined;
  return row?.jobs?.find((job) => job.number === wait.on.number);
}

/** How long it has run or waited by now. */
export function lastsNs({ row, nowNs }, job) {
  if (row?.as_of?.fresh === false) return job.for_ns;
  return job.for_ns + Math.max(0, nowNs - (row?.clock_ns ?? nowNs));
}

/** Whether a thread is at it for long. */
export function isLong(job) {
  return job.state === 'running' && job.for_ns >= LONG_NS;
}
