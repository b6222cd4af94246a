// 12. Timeouts, the longest first
setTimeout(() => console.log('10'), 10);
setTimeout(() => console.log('5'), 5);
setTimeout(() => console.log('1'), 1);
setTimeout(() => console.log('0'), 0);
