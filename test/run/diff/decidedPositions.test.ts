import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../../src/io/files/files.js';
import { decidedPositions } from '../../../src/run/diff/decidedPositions.js';
import { readCommittedRows } from '../../../src/run/diff/readRun.js';
import { testFolder } from '../../helpers/files/testFolder.js';
import { writtenRun } from '../../helpers/runs/writtenRun.js';

test('kept and lost rows come merged by position, over commits and row groups', async (t) => {
  const folder = await writtenRun({
    ...{ folder: join(await testFolder(t), 'run'), rows: 30, commitRows: 7, rowGroupRows: 2 },
    columns: [{ name: 'text', type: 'string', help: '' }],
    row: (seq) =>
      seq % 3 === 0 ? { step: 's', kind: 'dropped', reason: 'r', question: null, reply: null } : [`t${seq}`],
  });
  const run = await readCommittedRows(nodeFiles, folder);
  const found: string[] = [];
  for await (const { seq, kept, lost } of decidedPositions(nodeFiles, run, run.columns))
    found.push(`${seq} ${kept.map(([, text]) => text).join()} ${lost.map(({ reason }) => reason).join()}`);
  assert.deepEqual(
    found,
    Array.from({ length: 30 }, (_, seq) => (seq % 3 === 0 ? `${seq}  r` : `${seq} t${seq} `)),
  );
});
