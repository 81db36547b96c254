import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { loadLanguageDetector } from '../../src/language/detectOther.js';
import { createLanguageThread } from '../../src/language/languageThread.js';

const TEXTS = [
  'Wie viele Äpfel hat Anna, wenn sie zwölf Äpfel kauft und davon fünf ihrem kleinen Bruder schenkt?',
  'How many apples does Anna have if she buys twelve apples and gives five of them to her brother?',
  'Combien de pommes restent quand trois enfants en prennent deux chacun dans un panier de dix?',
  '$x^2 + 1 = 0$',
  '',
  '一个篮子里有十个苹果，三个孩子每人拿走两个，还剩几个？',
];

test('the thread tells of each text what the detector tells, whether they come together or one by one', async () => {
  const detectOther = await loadLanguageDetector();
  const expected = TEXTS.map((text) => detectOther(text, ['en']));
  assert.deepEqual(expected.slice(0, 3), ['de', null, 'fr']);
  const thread = createLanguageThread(['en']);
  try {
    const together = await Promise.all(TEXTS.map((text) => thread.detectOther(text)));
    assert.deepEqual(together, expected);
    for (const [at, text] of TEXTS.entries()) assert.equal(await thread.detectOther(text), expected[at]);
  } finally {
    await thread.close();
  }
});

test('the texts of one turn travel in one message, and the answers of several messages go to who asked', async () => {
  const messages: string[][] = [];
  const echo = workerOf(
    "port.on('message', ({ texts }) => port.postMessage(texts.map((text) => text + '!')));",
  );
  const post = echo.postMessage.bind(echo);
  echo.postMessage = (task: { texts: string[] }) => {
    messages.push(task.texts);
    post(task);
  };
  const thread = createLanguageThread(['en'], () => echo);
  const first = [thread.detectOther('a'), thread.detectOther('b')];
  await Promise.resolve();
  const second = thread.detectOther('c');
  assert.deepEqual(await Promise.all([...first, second]), ['a!', 'b!', 'c!']);
  assert.deepEqual(messages, [['a', 'b'], ['c']]);
  await thread.close();
});

test('an answer that comes after the close is nobody’s', async () => {
  const idle = workerOf("port.on('message', () => undefined);");
  const thread = createLanguageThread(['en'], () => idle);
  const asked = thread.detectOther('a');
  await new Promise((resolve) => setImmediate(resolve));
  const closing = thread.close();
  idle.emit('message', [null]);
  await assert.rejects(asked, { code: 'ERR_CANCELLED' });
  await closing;
});

test('close rejects what waits, and what comes later', async () => {
  const thread = createLanguageThread(['en'], () => workerOf('setInterval(() => {}, 1000);'));
  const waiting = thread.detectOther('a');
  const rejected = assert.rejects(waiting, { code: 'ERR_CANCELLED' });
  await Promise.resolve();
  await thread.close();
  await rejected;
  await assert.rejects(thread.detectOther('b'), { code: 'ERR_CANCELLED' });
});

for (const [how, code] of [
  ['fails', "throw new Error('no memory');"],
  ['ends', 'process.exit(3);'],
]) {
  test(`a thread that ${how} rejects what waits, and what comes later`, async () => {
    const thread = createLanguageThread(['en'], () => workerOf(code!));
    await assert.rejects(thread.detectOther('a'), { code: 'ERR_INVARIANT', message: /no memory|code 3/ });
    await assert.rejects(thread.detectOther('b'), { code: 'ERR_INVARIANT' });
    await thread.close();
  });
}

function workerOf(code: string): Worker {
  return new Worker(`const port = require('node:worker_threads').parentPort;\n${code}`, { eval: true });
}
