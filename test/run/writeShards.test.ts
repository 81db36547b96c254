import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type Column,
  type Connect,
  createContext,
  deduplicate,
  generate,
  writeShards,
} from '../../src/index.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { readParquetBlocks } from '../../src/io/parquet/readParquet.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { questionModel } from '../helpers/questionModel.js';

/** The operators in a plain RxJS pipe, imported from the barrel as a program would. */

const NAMES = { generators: [{ model: 'tiny' }] };

test('writeShards: shards, lost rows and a manifest; a second run into the folder is the first one', async () => {
  const folder = join(temporaryFolder(), 'set');
  const columns: Column[] = [
    { name: 'seq', type: 'int32', help: 'Position.' },
    { name: 'question', type: 'string', help: 'The question.' },
  ];
  const context = createContext({ seed: 3, models: { tiny: questionModel() } });
  const options = { folder, identity: 'one', name: 'set', seed: 3, columns, limit: 10, shardRows: 2 };
  let asked = 0;
  const connect: Connect = (source, restored) => {
    asked += 1;
    return source.pipe(
      generate(NAMES, context),
      deduplicate({ similarityMin: null }, { ...context, restored }),
    );
  };
  const totals = await writeShards(options, connect);
  assert.deepEqual([totals.positions, totals.kept], [10, 5]);
  assert.deepEqual(readdirSync(folder).sort(), ['README.md', 'manifest.jsonl', 'rejects', 'shards', 'state']);
  assert.deepEqual(await writeShards(options, connect), totals);
  assert.equal(asked, 1);
  await assert.rejects(writeShards({ ...options, identity: 'other' }, connect), { code: 'ERR_RUN_FOLDER' });
  const paths = readdirSync(join(folder, 'shards'))
    .sort()
    .map((name) => join(folder, 'shards', name));
  assert.equal(paths.length, 3);
  const questions: unknown[] = [];
  for await (const { values } of readParquetBlocks(nodeFiles, { paths, columns }))
    questions.push(...values[1]!);
  assert.deepEqual(
    questions,
    [0, 1, 2, 3, 4].map((at) => `What is ${at} + 1?`),
  );
});
