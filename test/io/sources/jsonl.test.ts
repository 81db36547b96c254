import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Column } from '../../../src/arrow/columnType.js';
import { columnValues } from '../../../src/arrow/read.js';
import { listDataFiles } from '../../../src/io/files/dataFiles.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { jsonl } from '../../../src/io/sources/jsonl.js';
import { toBatches } from '../../../src/io/sources/toBatches.js';
import { testFolder } from '../../helpers/files/testFolder.js';

const QUESTION: Column = { name: 'question', type: 'string', help: '' };
const SCORES: Column = { name: 'scores', type: 'list<float64>', help: '', nullable: true };

const OPTIONS = jsonl.schema.parse({ path: 'rows.jsonl' });

async function read(paths: string[], columns: Column[], from = 0, batchRows = 3) {
  const read: Record<string, unknown>[] = [];
  const { files } = await listDataFiles(nodeFiles, paths, jsonl);
  const request = { paths: files, columns, from, batchRows };
  for await (const rows of toBatches(jsonl.open(nodeFiles, request, OPTIONS), request)) {
    const values = ['seq', ...columns.map(({ name }) => name)].map((name) => columnValues(rows, name));
    assert.ok(rows.numRows <= batchRows);
    for (let row = 0; row < rows.numRows; row++) {
      read.push({
        seq: values[0]![row],
        ...Object.fromEntries(columns.map(({ name }, at) => [name, values[at + 1]![row]])),
      });
    }
  }
  return read;
}

test('files in name order, blank lines and other keys ignored, missing keys null, seq from anywhere', async (t) => {
  const folder = await testFolder(t);
  const data = join(folder, 'data');
  await mkdir(data);
  await writeFile(join(data, 'b.jsonl'), '{"question":"d","scores":[1,null]}');
  await writeFile(
    join(data, 'a.jsonl'),
    '\ufeff{"question":"a","extra":1}\r\n\n{"question":"b\\u2028😀"}\n{"question":"c"}\n',
  );
  const all = [
    { seq: 0, question: 'a', scores: null },
    { seq: 1, question: 'b\u2028😀', scores: null },
    { seq: 2, question: 'c', scores: null },
    { seq: 3, question: 'd', scores: [1, null] },
  ];
  for (const from of [0, 1, 2, 3, 4, 9])
    assert.deepEqual(await read([data], [QUESTION, SCORES], from, 2), all.slice(from));
});

test('characters across chunk borders stay whole', async (t) => {
  const path = join(await testFolder(t), 'a.jsonl');
  const question = '😀€'.repeat(400_001);
  await writeFile(path, `${JSON.stringify({ question })}\n`.repeat(2));
  const rows = await read([path], [QUESTION]);
  assert.ok(rows.length === 2 && rows.every((row) => row.question === question));
});

test('says file, line and row, and the column of a value', async (t) => {
  const path = join(await testFolder(t), 'a.jsonl');
  await writeFile(path, '{"question":"a"}\n\nnot json\n');
  await assert.rejects(read([path], [QUESTION]), {
    code: 'ERR_DATA_INVALID',
    message:
      /a\.jsonl:3: found "not json", expected one JSON object a line; it is row 1 \(rows count from 0\)/,
  });
  await writeFile(path, '{"question":"a"}\n["list"]\n');
  await assert.rejects(read([path], [QUESTION]), /a\.jsonl:2: found/);
  await writeFile(path, '{"question":"a"}\n\n{"question":[7]}\n');
  await assert.rejects(
    read([path], [QUESTION]),
    /a\.jsonl:3: column "question", row 1: found \[7\], expected a string.* \(rows count from 0\)/,
  );
});

test('the head of a file tells which columns have values', async (t) => {
  const path = join(await testFolder(t), 'a.jsonl');
  const head = async (text: string): Promise<unknown> => {
    await writeFile(path, text);
    const request = { file: path, rowsMax: 2, charactersMax: 1 << 18 };
    const { rows, columns, isWhole, isSchema } = await jsonl.readHead(nodeFiles, request, OPTIONS);
    assert.equal(isSchema, false);
    return [rows, [...columns], isWhole];
  };
  assert.deepEqual(await head('{"a":1,"b":null}\n\n{"d":0}'), [2, ['a', 'd'], true]);
  // The last line is cut off where the file goes on.
  const long = JSON.stringify({ b: 'x'.repeat(1 << 18) });
  assert.deepEqual(await head(`{"a":1}\n${long}`), [1, ['a'], false]);
  assert.deepEqual(await head(`[{"a":1},\n${long}]`), [1, ['a'], false]);
  assert.deepEqual(await head('[{"a":1},\n{"b":2}]'), [2, ['a', 'b'], true]);
  assert.deepEqual(await head(''), [0, [], true]);
  // What would end the run there; of later rows only the names are looked at.
  await assert.rejects(head('{"a":1}\nnot json\n'), /a\.jsonl:2: found "not json"/);
  await assert.rejects(head('[{"a":1},'), /a\.jsonl:1: .*the file begins as one JSON array/);
  assert.deepEqual(await head('{"a":1}\n{}\nnot json\n{"e":1}\n'), [4, ['a', 'e'], true]);
});
