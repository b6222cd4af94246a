// 13. What an await costs
async function waitFor(what, word) {
  await what;
  console.log(word);
}
waitFor(null, 'null');
waitFor({ then: (resolve) => resolve() }, 'own');
waitFor((async () => {})(), 'async');
const say = (word) => () => console.log(word);
Promise.resolve().then(say('m1')).then(say('m2')).then(say('m3'));
