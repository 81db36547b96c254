import '../../src/flow/steps/loadStepStreams.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastValueFrom, of, toArray } from 'rxjs';
import { seqBatch } from '../../src/arrow/columns.js';
import { mapRows } from '../../src/flow/steps/mapRows.js';
import { KEEP } from '../../src/flow/steps/outcome.js';
import { withResource } from '../../src/flow/withResource.js';

const shape = { step: 'x', reads: {}, writes: [] } as const;
const batch = { lo: 0, hi: 2, rows: seqBatch(0, 2), events: [] };

test('a resource is opened for each subscription and closed when it ends, also by an error', async () => {
  const calls: string[] = [];
  let opened = 0;
  const step = withResource(
    () => ++opened,
    (resource) => {
      calls.push(`use ${resource}`);
      return mapRows(shape, ({ seq }) => {
        if (seq === 1 && resource === 2) throw new Error('broken');
        return KEEP;
      });
    },
    (resource) => void calls.push(`close ${resource}`),
  );
  const stream = of(batch).pipe(step, toArray());
  assert.deepEqual(calls, []);
  await lastValueFrom(stream);
  await assert.rejects(lastValueFrom(stream), /broken/);
  assert.deepEqual(calls, ['use 1', 'close 1', 'use 2', 'close 2']);
});
