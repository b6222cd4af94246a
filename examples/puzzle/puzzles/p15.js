// 15. A frame, a timeout and a promise
globalThis.requestAnimationFrame?.(() => console.log('frame')); // Node has none
setTimeout(() => console.log('timeout'), 0);
Promise.resolve().then(() => console.log('promise'));
