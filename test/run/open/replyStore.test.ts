import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeReplies, exportReplies, pruneReplies } from '../../../src/index.js';
import { temporaryFolder } from '../../helpers/commandLine.js';

test('a store that is not there is said, and not made by looking at it', async () => {
  const path = join(temporaryFolder(), 'none');
  await assert.rejects(describeReplies(path), { code: 'ERR_STORE_OPEN' });
  await assert.rejects(pruneReplies(path, { damaged: true }), { code: 'ERR_STORE_OPEN' });
  await assert.rejects(exportReplies(path, `${path}.parquet`), { code: 'ERR_STORE_OPEN' });
  assert.equal(existsSync(path), false);
});
