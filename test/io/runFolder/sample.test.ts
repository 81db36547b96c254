import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { SEQ_COLUMN } from '../../../src/arrow/columnType.js';
import { seqBatch } from '../../../src/arrow/columns.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { writeSample } from '../../../src/io/runFolder/sample.js';
import { openShardWriter } from '../../../src/io/parquet/shardWriter.js';
import { encoderHere } from '../../helpers/files/encoderHere.js';
import { testFolder } from '../../helpers/files/testFolder.js';

test('the first rows of the shards, in order, with their own seq', async (t) => {
  const folder = await testFolder(t);
  const options = { schema: seqBatch(0, 0).schema, metadata: {}, rowGroupRows: 4, zstdLevel: 1 };
  const writer = openShardWriter(nodeFiles, options, encoderHere);
  const shards = ['1', '2'].map((name) => join(folder, `${name}.parquet`));
  for (const [at, path] of shards.entries()) {
    await writer.open(path);
    await writer.write(seqBatch(at * 50, at * 50 + 6));
    await writer.finish();
  }
  await writer.close();
  assert.equal(await writeSample(nodeFiles, { folder, shards, columns: [SEQ_COLUMN], rowsMax: 8 }), 8);
  const lines = (await readFile(join(folder, 'sample.jsonl'), 'utf8')).trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [0, 1, 2, 3, 4, 5, 50, 51].map((seq) => ({ seq })),
  );
  assert.equal(await writeSample(nodeFiles, { folder, shards: [], columns: [SEQ_COLUMN] }), 0);
});
