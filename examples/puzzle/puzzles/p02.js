// 2. Five ways to say later
setTimeout(() => console.log('timeout'), 0);
globalThis.setImmediate?.(() => console.log('immediate')); // a browser has none
globalThis.process?.nextTick(() => console.log('tick')); // nor ticks
Promise.resolve().then(() => console.log('promise'));
queueMicrotask(() => console.log('microtask'));
console.log('sync');
