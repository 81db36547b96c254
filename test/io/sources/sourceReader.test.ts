import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { columnValues } from '../../../src/arrow/read.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { sourceReader } from '../../../src/io/sources/sourceReader.js';
import { testFolder } from '../../helpers/files/testFolder.js';

const TEXT = Array.from({ length: 10 }, (_, at) => `${JSON.stringify({ question: `q${at}` })}\n`).join('');

test('rows come from the position asked for first, no more than asked for, to the end', async (t) => {
  const folder = await testFolder(t);
  await writeFile(join(folder, 'a.jsonl'), TEXT);
  const jsonl = { path: 'a.jsonl', columns: { question: 'string' } } as const;
  const read = sourceReader({ jsonl, batchRows: 4 }, folder, nodeFiles);
  const seen: unknown[] = [];
  let position = 3;
  for (const rowsMax of [2, 4, 4, 4]) {
    const rows = await read(position, rowsMax);
    if (!rows) break;
    assert.ok(rows.numRows <= rowsMax);
    seen.push(...columnValues(rows, 'seq').map((seq, at) => [seq, columnValues(rows, 'question')[at]]));
    position += rows.numRows;
  }
  for (let rows = await read(position, 9); rows; rows = await read(position, 9)) {
    seen.push(...columnValues(rows, 'seq').map((seq, at) => [seq, columnValues(rows, 'question')[at]]));
    position += rows.numRows;
  }
  assert.deepEqual(
    seen,
    [3, 4, 5, 6, 7, 8, 9].map((at) => [at, `q${at}`]),
  );
});

test('a column may have another name in the file', async (t) => {
  const folder = await testFolder(t);
  await writeFile(join(folder, 'a.jsonl'), '{"problem": "1 + 1?", "answer": "2", "question": "no"}\n');
  const columns = { question: 'string', answer: 'string' } as const;
  const jsonl = { path: 'a.jsonl', columns, from: { question: 'problem' } };
  const rows = await sourceReader({ jsonl, batchRows: 4 }, folder, nodeFiles)(0, 4);
  const names = rows!.schema.fields.map(({ name }) => name);
  assert.deepEqual(names, ['seq', 'question', 'answer']);
  assert.deepEqual(
    names.map((name) => columnValues(rows!, name)[0]),
    [0, '1 + 1?', '2'],
  );
});

test('without a file there are positions alone', async () => {
  const rows = await sourceReader({ batchRows: 4 }, '/', nodeFiles)(5, 2);
  assert.deepEqual(columnValues(rows!, 'seq'), [5, 6]);
});
