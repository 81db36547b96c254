import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { batchOptions, checkAccount, sizeOption } from '../../../src/backends/batchApi/batchOptions.js';

test('a batch belongs to one account, and has bounds', () => {
  const shape = { replicas: z.array(z.string()), size: sizeOption('batch', 10, 'Ten.'), ...batchOptions };
  const schema = z
    .strictObject(shape)
    .refine(() => true)
    .superRefine(checkAccount);
  const { size: _, ...defaults } = { ...schema.safeParse({ replicas: ['a'], size: 10 }).data! };
  assert.deepEqual(
    [defaults.gatherMs, defaults.pollMs, defaults.retriesMax, defaults.unreachableMs],
    [5000, 30_000, 5, 3_600_000],
  );
  assert.match(schema.safeParse({ replicas: ['a', 'b'], size: 1 }).error!.message, /one url/);
  assert.equal(schema.safeParse({ replicas: ['a'], size: 11 }).success, false);
  assert.equal(shape.size.description, 'Most requests in one batch; its replies must fit into 64 MiB. Ten.');
});
