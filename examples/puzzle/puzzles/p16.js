// 16. A chain of immediates, and a timeout that is due
setTimeout(() => console.log('due'), 0);
function next([first, ...rest]) {
  if (first === undefined) return;
  setImmediate(() => {
    console.log(first);
    next(rest);
  });
}
next(['i1', 'i2', 'i3', 'i4', 'i5']);
const begun = Date.now();
while (Date.now() - begun < 5); // its millisecond has passed
