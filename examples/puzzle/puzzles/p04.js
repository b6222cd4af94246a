// 4. Ticks and promises that make more of each other
Promise.resolve().then(() => {
  console.log('p1');
  process.nextTick(() => console.log('tick'));
}).then(() => console.log('p2'));
process.nextTick(() => {
  console.log('t1');
  Promise.resolve().then(() => console.log('p3'));
  process.nextTick(() => console.log('t2'));
});
