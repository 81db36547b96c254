import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Column } from '../../../src/arrow/columnType.js';
import type { Block, SkippedLine } from '../../../src/io/sources/format.js';
import { readTextRows } from '../../../src/io/sources/textRows.js';
import { collect } from '../../helpers/texts/chunks.js';

const COLUMN: Column = { name: 'n', type: 'int32', help: '', nullable: true };

/** Records are numbers; a negative one cannot be read. */
async function read(
  options: { onBadLine?: 'stop' | 'skip' },
  records: readonly number[],
  from = 0,
): Promise<{ blocks: Block[]; skipped: SkippedLine[] }> {
  const skipped: SkippedLine[] = [];
  const request = {
    ...{ paths: ['a', 'b'], columns: [COLUMN], batchRows: 2, from },
    onSkipped: (line: SkippedLine) => void skipped.push(line),
  };
  const blocks = await collect(
    readTextRows(
      request,
      { path: 'a', columns: {}, ...options },
      {
        records: async function* (file) {
          yield records.map((value, at) => ({ line: at + 1, value: file === 'a' ? value : value + 100 }));
        },
        read: ({ value }) => (value < 0 ? { fault: `found ${value}` } : { values: [value] }),
      },
    ),
  );
  return { blocks, skipped };
}

test('rows are numbered over files; blocks end at batches and files', async () => {
  const { blocks } = await read({}, [1, 2, 3], 1);
  assert.deepEqual(
    blocks.map(({ file, row, values }) => [file, row, values[0]]),
    [
      ['a', 1, [2, 3]],
      ['b', 0, [101, 102]],
      ['b', 2, [103]],
    ],
  );
});

test('a bad record stops, or takes no position and is told, before `from` too', async () => {
  await assert.rejects(
    read({}, [1, -5]),
    /^ScaleQuestError: a:2: found -5; it is row 1 \(rows count from 0\)/,
  );
  const { blocks, skipped } = await read({ onBadLine: 'skip' }, [1, -5, 2], 1);
  assert.deepEqual(
    blocks.map(({ row, values }) => [row, values[0]]),
    [
      [1, [2]],
      [0, [101, 95]],
      [2, [102]],
    ],
  );
  assert.deepEqual(skipped, [{ file: 'a', line: 2, position: 1, message: 'found -5' }]);
});
