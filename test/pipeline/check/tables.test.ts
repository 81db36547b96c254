import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { tablesFrom } from '../../../src/pipeline/check/tables.js';
import { PIPELINES_FOLDER, checkText, problemsOf } from '../../helpers/runs/pipelineWorld.js';
import { tableOf } from '../../helpers/tableOf.js';

/** Mistakes in the files, with their places, and what the identity holds: sample.test. */

const TEXT = `name: drawn
limit: 4
steps:
  - sample:
      tables:
        - { path: a.csv, columns: { x: string } }
        - { path: a.csv, columns: { y: int32 }, from: { y: x } }
  - label: again
    sample: { memoryMiB: 8, tables: [{ path: a.csv, columns: { x: string } }] }
`;

test('the same columns of a file are read once, from the pipeline file’s folder', async () => {
  const asked: unknown[] = [];
  const table = tableOf({ x: ['1'] });
  const plan = await checkText(TEXT, [], {
    tables: async (...request) => {
      asked.push(request);
      return table;
    },
  });
  const path = join(PIPELINES_FOLDER, 'a.csv');
  assert.deepEqual(asked, [
    [path, { x: 'string' }, 256],
    [path, { x: 'int32' }, 256],
  ]);
  assert.equal(tablesFrom(plan.tables)('a.csv', { x: 'string' }), table);
  assert.throws(() => tablesFrom(plan.tables)('a.csv', { x: 'float64' }), { code: 'ERR_INVARIANT' });
});

test('a file that an earlier link of a chain writes is not missed, and one that a bug keeps from being read is no mistake of the file', async () => {
  const plan = await checkText(TEXT, [], { isPending: (path) => path.endsWith('a.csv') });
  assert.equal(plan.tables.size, 0);
  const tables = (): never => {
    throw new TypeError('a bug');
  };
  await assert.rejects(checkText(TEXT, [], { tables }), TypeError);
  assert.equal((await problemsOf(TEXT)).length, 3);
});
