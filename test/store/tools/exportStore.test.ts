import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { storedHeadOf } from '../../../src/backends/cache/stored.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { exportStore } from '../../../src/store/tools/exportStore.js';
import { temporaryFolder } from '../../helpers/commandLine.js';
import { NOW_MS, fillRun, textOf } from '../storeReplies.js';

const MANY = 1500;

test('exportStore: every reply, as a Parquet file', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'store');
  const target = join(folder, 'replies.parquet');
  await fillRun(path, 'run', 0, MANY);
  assert.deepEqual(await exportStore(nodeFiles, path, target, storedHeadOf), { replies: MANY });
  const bytes = readFileSync(target);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  const rows = await parquetReadObjects({ file, compressors });
  assert.deepEqual(
    rows.map(({ reply }) => reply as string).sort(),
    Array.from({ length: MANY }, (_, n) => textOf(n)).sort(),
  );
  assert.deepEqual(
    { ...rows[0], key: 'k', reply: 'r' },
    {
      ...{ key: 'k', run: 'run', time: new Date(NOW_MS).toISOString(), kind: 'complete', model: 'solver' },
      ...{ tokens: 7, reply: 'r' },
    },
  );
});
