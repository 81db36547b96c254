import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rowWriter } from '../../../src/io/exports/rowWriter.js';
import { textColumn } from '../../../src/io/exports/prompts.js';

test('JSON lines: an object a line, whatever is in its texts', async () => {
  const pieces: Uint8Array[] = [];
  const file = { write: async (bytes: Uint8Array) => void pieces.push(bytes) };
  const writer = rowWriter('jsonl', file, [textColumn('a')], 3);
  const rows = [{ a: 'x\n"y"\u2028' }, { a: '😀', b: [{ c: null }] }];
  await writer.write(rows.slice(0, 1));
  await writer.write(rows.slice(1));
  await writer.end();
  const lines = Buffer.concat(pieces).toString().split('\n');
  assert.equal(lines.pop(), '');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    rows,
  );
});
