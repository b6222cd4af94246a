// 10. Two listeners, one event
const target = new EventTarget();
for (const [listener, microtask] of [['L1', 'm1'], ['L2', 'm2']]) {
  target.addEventListener('ring', () => {
    queueMicrotask(() => console.log(microtask));
    console.log(listener);
  });
}
target.dispatchEvent(new Event('ring'));
console.log('after');
