// 7. A promise is returned
const say = (word) => () => console.log(word);
Promise.resolve().then(() => {
  console.log('0');
  return Promise.resolve('4');
}).then((four) => console.log(four));
Promise.resolve().then(say('1')).then(say('2')).then(say('3')).then(say('5')).then(say('6'));
