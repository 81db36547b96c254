import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RowTable, TableRow } from '../../../src/page/view/rowTable.js';
import { type RowFilter, selectRows } from '../../../src/page/view/selectRows.js';

/** Rows of memory, in blocks of three, that notes which columns were read. */
function tableOf(rows: readonly TableRow[]): RowTable & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    rows: rows.length,
    async read(from, to, columns) {
      asked.push(`read ${columns.join()}`);
      return rows.slice(from, to);
    },
    async *scan(columns) {
      asked.push(`scan ${columns.join()}`);
      for (let from = 0; from < rows.length; from += 3) yield { from, rows: rows.slice(from, from + 3) };
    },
  };
}

const NONE: RowFilter = { text: '', textColumns: ['t'], range: null, equal: {}, sort: null };
const ROWS = [
  { t: 'Red apple', x: 5, k: 'a' },
  { t: 'green apple', x: null, k: 'b' },
  { t: 'red pear', x: 2, k: 'a' },
  { t: ['blue', 'APPLE red'], x: 9n, k: 'a' },
  { t: 'nothing', x: 2, k: 'b' },
];

async function numbers(filter: Partial<RowFilter>): Promise<number[]> {
  const { order, count } = await selectRows(tableOf(ROWS), { ...NONE, ...filter });
  assert.equal(order?.length ?? ROWS.length, count);
  return [...(order ?? [])];
}

test('words, ranges, values and orders select rows', async () => {
  assert.deepEqual(await selectRows(tableOf(ROWS), NONE), { order: null, count: 5 });
  assert.deepEqual(await numbers({ text: 'APPLE  red' }), [0, 3]);
  assert.deepEqual(await numbers({ range: { column: 'x', min: 2, max: 5 } }), [0, 2, 4]);
  assert.deepEqual(await numbers({ range: { column: 'x', min: 3, max: null } }), [0, 3]);
  assert.deepEqual(await numbers({ equal: { k: 'b' } }), [1, 4]);
  assert.deepEqual(await numbers({ sort: { column: 'x', isDescending: false } }), [2, 4, 0, 3, 1]);
  assert.deepEqual(await numbers({ sort: { column: 'x', isDescending: true } }), [3, 0, 2, 4, 1]);
  assert.deepEqual(
    await numbers({ text: 'red', equal: { k: 'a' }, sort: { column: 'x', isDescending: true } }),
    [3, 0, 2],
  );
});

test('texts are read only where the numbers have hits, and a search can be stopped', async () => {
  const table = tableOf(ROWS);
  await selectRows(table, { ...NONE, text: 'pear', range: { column: 'x', min: 100, max: null } });
  assert.deepEqual(table.asked, ['scan x']);
  const stop = new AbortController();
  const far = tableOf(Array.from({ length: 20_000 }, (_, at) => ({ t: `row ${at}` })));
  const looked: number[] = [];
  const { count } = await selectRows(
    far,
    { ...NONE, text: 'row' },
    (progress) => {
      looked.push(progress.looked);
      if (looked.length === 2) stop.abort();
    },
    stop.signal,
  );
  assert.deepEqual([looked, count], [[4096, 8192], 8192]);
});
