// 5. An async function is called
async function a1() {
  console.log('a1');
  await a2();
  console.log('after');
}
async function a2() {
  console.log('a2');
}
console.log('start');
setTimeout(() => console.log('timeout'), 0);
a1();
new Promise((resolve) => {
  console.log('promise');
  resolve();
}).then(() => console.log('then'));
console.log('end');
