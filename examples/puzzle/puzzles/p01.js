// 1. A script, a promise and a timeout
console.log('start');
setTimeout(() => console.log('timeout'), 0);
Promise.resolve().then(() => console.log('p1')).then(() => console.log('p2'));
console.log('end');
