// 9. Fifty thousand microtasks
setTimeout(() => console.log('timeout'), 0);
function next(left) {
  if (left === 0) console.log('last');
  else queueMicrotask(() => next(left - 1));
}
next(50_000);
