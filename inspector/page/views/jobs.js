// Jobs: work that blocks, on threads of pools: what the state says of each, and for how long.
//
// A job goes on while the loop turns: its time is counted on from when the state was made, as long
// as the loop answers. A recording of a program that told of no jobs has none.

/** A job that has run for so long is looked for. */
const LONG_NS = 1e9;

/** The jobs of each row by their numbers: many tasks may wait for as many. */
const byNumber = new WeakMap();

/** What a wait is for, if that is a job of which the state tells. */
export function jobOfWait(row, wait) {
  if (wait.on?.kind !== 'job') return undefined;
  return jobOf(row, wait.on.number);
}

/** The job with this number, if the state tells of it. */
export function jobOf(row, number) {
  if (!row?.jobs) return undefined;
  let jobs = byNumber.get(row.jobs);
  if (!jobs) {
    jobs = new Map(row.jobs.map((job) => [job.number, job]));
    byNumber.set(row.jobs, jobs);
  }
  return jobs.get(number);
}

/** How long it has run or waited by now. */
export function lastsNs({ row, nowNs }, job) {
  if (row?.as_of?.fresh === false) return job.for_ns;
  return job.for_ns + Math.max(0, nowNs - (row?.clock_ns ?? nowNs));
}

/** Those of the jobs that a thread is at for long, the longest first, at most so many. */
export function longest(jobs, max) {
  const isLong = (job) => job.state === 'running' && job.for_ns >= LONG_NS;
  return jobs.filter(isLong).sort((a, b) => b.for_ns - a.for_ns).slice(0, max);
}
