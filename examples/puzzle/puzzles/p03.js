// 3. An immediate and a timeout, when something was read
require('fs').readFile(__filename, () => {
  console.log('read');
  setTimeout(() => console.log('timeout'), 0);
  setImmediate(() => console.log('immediate'));
});
