// 14. An async function returns a promise
async function f() {
  return Promise.resolve();
}
f().then(() => console.log('f'));
const say = (word) => () => console.log(word);
Promise.resolve().then(say('1')).then(say('2')).then(say('3')).then(say('4'));
