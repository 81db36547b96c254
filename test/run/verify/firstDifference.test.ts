import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { buildRows } from '../../../src/arrow/build.js';
import type { Column } from '../../../src/arrow/columnType.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { openShardWriter } from '../../../src/io/parquet/shardWriter.js';
import { type RowDifference, firstDifference } from '../../../src/run/verify/firstDifference.js';
import { encoderHere } from '../../helpers/files/encoderHere.js';
import { testFolder } from '../../helpers/files/testFolder.js';

const COLUMNS: Column[] = [
  { name: 'text', type: 'string', help: '' },
  { name: 'numbers', type: 'list<float64>', help: '' },
];

type Row = [text: string, numbers: number[]];

async function compare(t: TestContext, left: Row[], right: Row[]): Promise<RowDifference | null> {
  const folder = await testFolder(t);
  const paths = ['left.parquet', 'right.parquet'].map((name) => join(folder, name));
  for (const [at, rows] of [left, right].entries()) {
    const batch = buildRows(
      COLUMNS,
      [rows.map(([text]) => text), rows.map(([, numbers]) => numbers)],
      rows.length,
    );
    const options = { schema: batch.schema, metadata: {}, rowGroupRows: 2, zstdLevel: 1 };
    const writer = openShardWriter(nodeFiles, options, encoderHere);
    await writer.open(paths[at]!);
    await writer.write(batch);
    await writer.finish();
    await writer.close();
  }
  return firstDifference(nodeFiles, paths[0]!, paths[1]!, COLUMNS);
}

const ROWS: Row[] = [
  ['a', [0]],
  ['b', [1.5]],
  ['c', []],
];

test('equal rows do not differ, in whatever row groups', async (t) => {
  assert.equal(await compare(t, ROWS, ROWS), null);
});

test('the first value that differs is named, also the sign of nothing', async (t) => {
  const other: Row[] = [ROWS[0]!, ['b', [1.25]], ['x', []]];
  assert.deepEqual(await compare(t, ROWS, other), {
    row: 1,
    column: 'numbers',
    found: '[1.5]',
    expected: '[1.25]',
  });
  const [signed] = [[['a', [-0]], ...ROWS.slice(1)] as Row[]];
  assert.deepEqual(await compare(t, ROWS, signed!), {
    row: 0,
    column: 'numbers',
    found: '[0]',
    expected: '[-0]',
  });
});

test('a file that is longer, and a long text from where it differs', async (t) => {
  const longer = { row: 2, column: null, found: 'the end', expected: 'a row' };
  assert.deepEqual(await compare(t, ROWS.slice(0, 2), ROWS), longer);
  const text = 'same '.repeat(50);
  const found = await compare(t, [[`${text}one`, []]], [[`${text}two`, []]]);
  assert.match(found!.found, /^….*one"$/);
  assert.match(found!.expected, /^….*two"$/);
});
