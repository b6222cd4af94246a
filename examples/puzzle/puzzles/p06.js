// 6. Two timeouts, a promise in each
for (const [timeout, promise] of [['t1', 'p1'], ['t2', 'p2']]) {
  setTimeout(() => {
    console.log(timeout);
    Promise.resolve().then(() => console.log(promise));
  }, 0);
}
