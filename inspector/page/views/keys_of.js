// Keys: by which word a thing is known on the whole page: '#3.9', 'source 4', 'job 7'.
//
// It promises the same key for the same thing wherever it comes from: an event, or a row of the
// state. Hovering and selecting go by these words alone.

/** The key of who woke somebody. */
export function keyOfBy(by, names) {
  switch (by?.type) {
    case 'item': return by.item.key || null;
    case 'source': return `source ${by.index}`;
    case 'timer': return `timer ${names.place(by.place) ?? ''}`.trim();
    case 'phase': return `phase ${by.phase}`;
    case 'thread': return 'thread';
    case 'host': return 'host';
    default: return null;
  }
}

/** The key of a source in a row: its id is "4#7", of which the first is its place. */
export function keyOfSource(id) {
  return `source ${String(id).split('#')[0]}`;
}

/** The key of what a task waits on. */
export function keyOfWait(wait) {
  const on = wait.on;
  switch (on?.kind) {
    case 'source': return keyOfSource(on.id);
    case 'timer': return `timer ${wait.at ?? ''}`.trim();
    case 'task': return on.id;
    case 'tasks': return 'tasks';
    case 'thread': return 'thread';
    case 'job': return `job ${on.number}`;
    default: return `leaf ${wait.operation} ${wait.of}`;
  }
}

/** Whether a key is a task's. */
export function isTask(key) {
  return typeof key === 'string' && key.startsWith('#');
}
