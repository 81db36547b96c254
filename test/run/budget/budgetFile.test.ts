import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../../src/io/files/files.js';
import { readBudgetFile, writeBudgetFile } from '../../../src/run/budget/budgetFile.js';
import { temporaryFolder } from '../../helpers/commandLine.js';

test('what was spent is read as it was written; a folder without the file has spent nothing', async () => {
  const folder = temporaryFolder();
  assert.equal(await readBudgetFile(nodeFiles, folder), null);
  const spent = { 'money.USD': 1.25, requests: 3 };
  await writeBudgetFile(nodeFiles, folder, spent);
  assert.deepEqual(await readBudgetFile(nodeFiles, folder), spent);
});

test('a file that is empty, changed or holds something else is refused', async () => {
  const folder = temporaryFolder();
  for (const text of ['', '{}', '{"spent":{"requests":0}}', 'x'.repeat(100)]) {
    writeFileSync(join(folder, 'budget.json'), text);
    await assert.rejects(readBudgetFile(nodeFiles, folder), {
      code: 'ERR_DATA_INVALID',
      message: /budget\.json/,
    });
  }
});
