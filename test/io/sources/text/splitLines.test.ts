import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TextBlock } from '../../../../src/io/sources/text/readText.js';
import type { TextRecord } from '../../../../src/io/sources/text/records.js';
import { splitLines } from '../../../../src/io/sources/text/splitLines.js';
import { collect } from '../../../helpers/texts/chunks.js';

async function* blocksOf(
  texts: readonly string[],
  faults: TextBlock['faults'] = [],
): AsyncGenerator<TextBlock> {
  for (const text of texts) yield { text, faults };
}

async function split(texts: readonly string[], bytesMax = 1000): Promise<TextRecord[]> {
  return (await collect(splitLines(blocksOf(texts), bytesMax))).flat();
}

test('lines of every kind of end, with their numbers, wherever the pieces end', async () => {
  const expected = ['a', 'b', '', 'c\u2028d', 'e'].map((text, at) => ({ text, line: at + 1 }));
  const whole = 'a\r\nb\r\rc\u2028d\ne';
  for (let cut = 0; cut <= whole.length; cut++) {
    if (whole[cut - 1] === '\r' && whole[cut] === '\n') continue;
    assert.deepEqual(await split([whole.slice(0, cut), whole.slice(cut)]), expected);
  }
  assert.deepEqual(await split(['a\n']), [{ text: 'a', line: 1 }]);
  assert.deepEqual(await split([]), []);
});

test('a byte order mark at the start of a line is left out, one within stays', async () => {
  const texts = (await split(['\ufeffa\n\ufeffb\ufeff'])).map(({ text }) => text);
  assert.deepEqual(texts, ['a', 'b\ufeff']);
});

test('a line that is too long is a fault, and the next line is read', async () => {
  const records = await split(['short\n', 'x'.repeat(600), 'x'.repeat(600), '\nnext'], 1000);
  assert.deepEqual(
    records.map(({ line, text, fault }) => [line, text.length, fault !== undefined]),
    [
      [1, 5, false],
      [2, 200, true],
      [3, 4, false],
    ],
  );
});

test('bytes that are no text are a fault of their line', async () => {
  const blocks = blocksOf(['a\nb\nc'], [{ line: 1, message: 'bad' }]);
  const records = (await collect(splitLines(blocks, 1000))).flat();
  assert.deepEqual(records[1], { text: 'b', line: 2, fault: 'bad' });
  assert.equal(records[2]!.fault, undefined);
});
