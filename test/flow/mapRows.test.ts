import '../../src/flow/loadStepStreams.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastValueFrom, of, toArray } from 'rxjs';
import { columnValues } from '../../src/arrow/read.js';
import { seqBatch } from '../../src/arrow/columns.js';
import { RowError } from '../../src/errors.js';
import { mapRows } from '../../src/flow/mapRows.js';
import { drop, keep } from '../../src/flow/outcome.js';

const batchOf = (lo: number, hi: number) => ({ lo, hi, rows: seqBatch(lo, hi), events: [] });

const SHAPE = {
  step: 'halve',
  reads: { seq: 'int32' },
  writes: [{ name: 'half', type: 'float64', help: 'Half.' }],
} as const;

test('rows are kept with what they are given, dropped or rejected; batches stay in order though later ones are done first', async () => {
  const halve = mapRows(SHAPE, async ({ seq }) => {
    for (let turn = seq; turn < 6; turn++) await null;
    if (seq === 1) return drop('odd', 'it is one');
    if (seq === 4) throw new RowError('ROW_EMPTY', 'nothing');
    return keep({ half: seq / 2 });
  });
  const [first, second] = await lastValueFrom(of(batchOf(0, 3), batchOf(3, 6)).pipe(halve, toArray()));
  assert.deepEqual([first!.lo, first!.hi, second!.lo, second!.hi], [0, 3, 3, 6]);
  assert.deepEqual(columnValues(first!.rows, 'half'), [0, 1]);
  assert.deepEqual(columnValues(second!.rows, 'seq'), [3, 5]);
  assert.deepEqual(
    [...first!.events, ...second!.events].map((event) =>
      'reason' in event ? `${event.seq} ${event.kind} ${event.reason}` : '',
    ),
    ['1 dropped odd', '4 rejected ROW_EMPTY'],
  );
});

test('an error that is not the row’s ends the stream', async () => {
  const broken = mapRows(SHAPE, () => {
    throw new TypeError('a bug');
  });
  await assert.rejects(lastValueFrom(of(batchOf(0, 1)).pipe(broken)), TypeError);
});
