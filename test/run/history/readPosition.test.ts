import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../../src/io/files/files.js';
import { readCommittedRows } from '../../../src/run/diff/readRun.js';
import { readPosition } from '../../../src/run/history/readPosition.js';
import { testFolder } from '../../helpers/files/testFolder.js';
import { writtenRun } from '../../helpers/runs/writtenRun.js';

test('a position is found in the files of its commit, kept, lost or not committed', async (t) => {
  const folder = await writtenRun({
    ...{ folder: join(await testFolder(t), 'run'), rows: 20, commitRows: 6, rowGroupRows: 2 },
    columns: [{ name: 'big', type: 'int64', help: '' }],
    row: (seq) =>
      seq === 13
        ? { step: 's', kind: 'rejected', reason: 'ROW_LENGTH', question: 'q', reply: 'r' }
        : [BigInt(seq)],
  });
  const run = await readCommittedRows(nodeFiles, folder);
  assert.deepEqual(await readPosition(nodeFiles, run, 7), {
    kept: [{ seq: 7, big: 7 }],
    lost: [],
    isCommitted: true,
  });
  const { kept, lost } = await readPosition(nodeFiles, run, 13);
  assert.deepEqual([kept, lost.map(({ step, reply }) => [step, reply])], [[], [['s', 'r']]]);
  assert.deepEqual(await readPosition(nodeFiles, run, 20), { kept: [], lost: [], isCommitted: false });
});
