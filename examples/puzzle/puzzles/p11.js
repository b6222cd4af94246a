// 11. A timeout that is armed late
setTimeout(() => console.log('0'), 0);
setTimeout(() => console.log('1'), 1);
setTimeout(() => console.log('5'), 5);
const begun = Date.now();
while (Date.now() - begun < 20);
setTimeout(() => console.log('late'), 0);
console.log('done');
