import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { reportRun } from '../../../../src/run/report/page/reportRun.js';
import { verifyRun } from '../../../../src/run/verify/verifyRun.js';
import { makeRun } from '../../../helpers/runs/finishedRun.js';
import { testFolder } from '../../../helpers/files/testFolder.js';

test('a run of an older version gets its page and pictures, and verifies', async () => {
  const { run } = await makeRun(4);
  rmSync(join(run, 'report.html'));
  rmSync(join(run, 'pictures'), { recursive: true });
  const { page, bytes, pictures } = await reportRun(run);
  assert.equal(page, join(run, 'report.html'));
  assert.ok(bytes > 500_000 && pictures.length > 0);
  assert.deepEqual((await verifyRun(run)).findings, []);
});

test('a folder without a run, and the file of another run, are refused', async (t) => {
  await assert.rejects(reportRun(await testFolder(t)), { code: 'ERR_RUN_FOLDER' });
  const { run, folder } = await makeRun(3);
  const other = join(folder, 'other.yaml');
  writeFileSync(
    other,
    'name: other\nsource: { jsonl: { path: in.jsonl, columns: { question: string } } }\nsteps: [{ deduplicate: {} }]\n',
  );
  await assert.rejects(reportRun(run, { pipeline: other }), { code: 'ERR_RUN_FOLDER' });
});
