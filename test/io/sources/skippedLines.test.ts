import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countSkipped } from '../../../src/io/sources/skippedLines.js';

const skippedAt = (position: number): { file: string; line: number; position: number; message: string } => ({
  ...{ file: 'a.jsonl', line: position + 1, position, message: `bad ${position}` },
});

test('those before a position count; at the end of the source all do', () => {
  const counter = countSkipped();
  for (const position of [0, 0, 3, 5]) counter.add(skippedAt(position));
  assert.deepEqual(
    [0, 1, 5, 6].map((position) => counter.before(position, false).lines),
    [0, 2, 3, 4],
  );
  const all = counter.before(5, true);
  assert.equal(all.lines, 4);
  assert.deepEqual(all.first[2], { file: 'a.jsonl', line: 4, message: 'bad 3' });
});

test('a hundred are listed and a thousand told, each once', () => {
  const counter = countSkipped();
  for (let at = 0; at < 600; at++) counter.add(skippedAt(at));
  assert.equal(counter.takeNew().length, 600);
  for (let at = 600; at < 3000; at++) counter.add(skippedAt(at));
  assert.deepEqual([counter.takeNew().length, counter.takeNew().length], [400, 0]);
  const { lines, first } = counter.before(3000, true);
  assert.deepEqual([lines, first.length], [3000, 100]);
});
