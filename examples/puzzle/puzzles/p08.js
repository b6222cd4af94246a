// 8. An immediate in an immediate
setImmediate(() => {
  console.log('i1');
  setImmediate(() => console.log('i3'));
  process.nextTick(() => console.log('tick'));
  Promise.resolve().then(() => console.log('promise'));
});
setImmediate(() => console.log('i2'));
