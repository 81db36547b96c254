import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastValueFrom, of } from 'rxjs';
import { seqBatch } from '../../../src/arrow/columns.js';
import type { Batch } from '../../../src/flow/batch.js';
import { mapRows } from '../../../src/flow/steps/mapRows.js';
import { KEEP } from '../../../src/flow/steps/outcome.js';
import { scanRows } from '../../../src/flow/steps/scanRows.js';
import { withResource } from '../../../src/flow/withResource.js';

// This file must load no source of batches before its first test.

const shape = { step: 'x', reads: {}, writes: [] } as const;
const batch: Batch = { lo: 0, hi: 2, rows: seqBatch(0, 2), events: [] };

test('steps are built without their streams; one that is used before they are loaded says what to import', () => {
  const scan = { init: () => 0, decide: () => ({ outcome: KEEP }), apply: () => {} };
  const steps = [
    mapRows(shape, () => KEEP),
    scanRows(shape, scan),
    withResource(
      () => 0,
      () => (source) => source,
      () => {},
    ),
  ];
  for (const step of steps)
    assert.throws(() => of(batch).pipe(step), { code: 'ERR_INVARIANT', message: /loadStepStreams\.js/ });
});

test('after that they stream', async () => {
  const step = mapRows(shape, ({ seq }) => (seq === 0 ? { kind: 'dropped', reason: 'first' } : KEEP));
  await import('../../../src/flow/steps/loadStepStreams.js');
  const out = await lastValueFrom(of(batch).pipe(step));
  assert.equal(out.rows.numRows, 1);
});
