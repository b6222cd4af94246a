// A producer that waits for its consumer: there is room for two between them.

import { setTimeout as sleep } from "node:timers/promises";

const ROOM = 2;
const THINGS = 6;
const progress = { made: 0 };

/** There is no queue that waits; this is one, for one producer and one consumer. */
class Queue {
  things = [];
  changed = () => {};

  async until(condition) {
    while (!condition()) await new Promise((resolve) => (this.changed = resolve));
  }

  async put(thing) {
    await this.until(() => this.things.length < ROOM);
    this.things.push(thing);
    this.changed();
  }

  async get() {
    await this.until(() => this.things.length > 0);
    const thing = this.things.shift();
    this.changed();
    return thing;
  }
}

async function produce(queue) {
  for (let number = 1; number <= THINGS; number++) {
    await queue.put(number);
    progress.made = number;
  }
  console.log("the producer is done");
  await queue.put(null); // so that the consumer ends, too
}

async function consume(queue) {
  for (let number; (number = await queue.get()) !== null; ) {
    // It takes its time; meanwhile the producer fills what room there is.
    await sleep(10);
    console.log(`consumed ${number}, made ${progress.made}`);
  }
  console.log("the consumer is done");
}

const queue = new Queue();
await Promise.all([produce(queue), consume(queue)]);
