// 10. Two listeners, one event
const target = new EventTarget();
for (const [listener, microtask] of [['first', 'm1'], ['second', 'm2']]) {
  target.addEventListener('ring', () => {
    queueMicrotask(() => console.log(microtask));
    console.log(listener);
  });
}
target.dispatchEvent(new Event('ring'));
console.log('after');
