// An answer that is late, a task that is cancelled and tidies up, and one that nobody disturbs.

import { EventEmitter, on } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

// What is to end early must be handed a signal, and hand it on.
async function answer(ms, value, signal) {
  await sleep(ms, undefined, { signal });
  return value;
}

async function tick(ticks, signal) {
  try {
    for (let number = 1; number < 1_000; number++) {
      ticks.emit("tick", number);
      await sleep(10, undefined, { signal });
    }
  } finally {
    console.log("the ticker has tidied up");
  }
}

const quick = answer(20, 42);

try {
  await answer(60_000, "never", AbortSignal.timeout(30));
} catch (error) {
  if (error.cause?.name !== "TimeoutError") throw error;
  console.log("the slow answer is late");
}

const controller = new AbortController();
const ticks = new EventEmitter();
const heard = on(ticks, "tick");
const ticker = tick(ticks, controller.signal);
console.log("tick", (await heard.next()).value[0]);
console.log("tick", (await heard.next()).value[0]);
controller.abort();
try {
  await ticker;
} catch (error) {
  if (error.name !== "AbortError") throw error;
  console.log("the ticker was cancelled");
}

console.log("the quick answer is", await quick);
